"""`python -m wisp.demo`: a made clip with known mattes, matted and measured, on any machine and without downloads."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_options(parser: argparse.ArgumentParser) -> None:
    """The demo's own options; others go to `wisp matte`."""
    parser.epilog = "Any other option goes to `wisp matte`, for example --head closed-form."
    parser.add_argument("-o", "--output", type=Path, default=Path("wisp-demo"), help="folder (default: wisp-demo)")
    parser.add_argument("--frames", type=int, default=24, metavar="N", help="length of the clip (default: 24)")
    parser.add_argument("--size", default="640x360", metavar="WxH", help="of the clip (default: 640x360)")
    parser.add_argument("--rows", type=int, default=5, metavar="N", help="frames on the contact sheet (default: 5)")
