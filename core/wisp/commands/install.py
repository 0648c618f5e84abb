"""Put a front-end where its host finds it, in place of an older one, or take it away."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from ..errors import InputError
from .report import print_text


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("host", choices=("nuke", "blender"), help="the program")
    parser.add_argument(
        "--to",
        type=Path,
        metavar="DIR",
        help="folder to put it in (default: ~/.nuke; for Blender the extensions of each version that was ever started)",
    )
    parser.add_argument("--remove", action="store_true", help="take the front-end away instead; nothing of it is left")


def run(args: argparse.Namespace) -> int:
    return _nuke(args.to, args.remove) if args.host == "nuke" else _blender(args.to, args.remove)


def _nuke(chosen: Path | None, away: bool) -> int:
    from ..install import install_nuke, remove

    place = chosen or Path.home() / ".nuke"
    if away:
        print_text(f"The plug-in {'was removed from' if remove(place / 'wisp') else 'is not in'} {place}.")
        print_text(f"Take the line with pluginAddPath and wisp out of {place / 'init.py'} if it is there.")
        return 0
    folder = install_nuke(place)
    print_text(f"The plug-in is in {folder}.\nAdd this line to {folder.parent / 'init.py'} if it is not there:")
    print_text(f'    nuke.pluginAddPath("./{folder.name}")')
    return 0


def _blender(chosen: Path | None, away: bool) -> int:
    from ..install import blender_repositories, install_blender, remove

    repositories = [chosen] if chosen else blender_repositories(os.environ)
    if not repositories:
        raise InputError(
            "No Blender 4.2 or later has been started by this user, so there is no folder for extensions.",
            hint="Start Blender once, or name the folder: --to DIR/extensions/user_default.",
        )
    for repository in repositories:
        if away:
            was = remove(repository / "wisp_roto")
            print_text(f"The extension {'was removed from' if was else 'is not in'} {repository}.")
        else:
            print_text(f"The extension is in {install_blender(repository)}.")
    if not away:
        print_text("Start Blender again, then switch on 'Wisp Roto' in Preferences > Add-ons.")
    return 0
