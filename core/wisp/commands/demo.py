"""Make a clip whose mattes are known, matte it, measure the result, and leave a contact sheet."""

from __future__ import annotations

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("rest", nargs=argparse.REMAINDER, metavar="...", help="options of the demo, as of `wisp matte`")


def run(args: argparse.Namespace) -> int:
    from ..demo.run import main

    return main(args.rest)
