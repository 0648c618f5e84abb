"""Put a front-end where its host finds it."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from ..errors import InputError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("host", choices=("nuke", "blender"), help="the program")
    parser.add_argument(
        "--to",
        type=Path,
        metavar="DIR",
        help="folder to put it in (default: ~/.nuke; for Blender the extensions of each version that was ever started)",
    )


def run(args: argparse.Namespace) -> int:
    return _nuke(args.to) if args.host == "nuke" else _blender(args.to)


def _nuke(chosen: Path | None) -> int:
    from ..install import install_nuke

    folder = install_nuke(chosen or Path.home() / ".nuke")
    print(f"The plug-in is in {folder}.\nAdd this line to {folder.parent / 'init.py'} if it is not there:")
    print(f'    nuke.pluginAddPath("./{folder.name}")')
    return 0


def _blender(chosen: Path | None) -> int:
    from ..install import blender_repositories, install_blender

    repositories = [chosen] if chosen else blender_repositories(os.environ)
    if not repositories:
        raise InputError(
            "No Blender 4.2 or later has been started by this user, so there is no folder for extensions.",
            hint="Start Blender once, or name the folder: --to DIR/extensions/user_default.",
        )
    for repository in repositories:
        print(f"The extension is in {install_blender(repository)}.")
    print("Start Blender again, then switch on 'Wisp Roto' in Preferences > Add-ons.")
    return 0
