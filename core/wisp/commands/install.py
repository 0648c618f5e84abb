"""Put the Nuke plug-in where Nuke finds it. Blender's add-on is installed from its own package in Blender."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("host", choices=("nuke",), help="the program")
    parser.add_argument("--to", type=Path, metavar="DIR", help="folder to put it in (default: ~/.nuke)")


def run(args: argparse.Namespace) -> int:
    from ..install import install_nuke

    folder = install_nuke(args.to or Path.home() / ".nuke")
    print(f"The plug-in is in {folder}.\nAdd this line to {folder.parent / 'init.py'} if it is not there:")
    print(f'    nuke.pluginAddPath("./{folder.name}")')
    return 0
