"""Write a solved shot's mattes as files for others, with the plate's frame numbers, windows and metadata.

wisp deliver sh010.wisp -o delivery                                one sequence per object
wisp deliver sh010.wisp -o delivery/sh010_{object}.%04d.exr        the same, named by you
wisp deliver sh010.wisp -o delivery/sh010.%04d.exr --layout layers all objects as layers matte.<object>
wisp deliver sh010.wisp -o delivery --layout rgba --version next   the objects in colour, in a folder v001, v002, ...
wisp deliver sh010.wisp -o delivery/cut.mov --layout rgba           a ProRes 4444 movie
wisp deliver sh010.wisp -o delivery --layout shapes                 splines with keys: JSON, Nuke, Silhouette, ...
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ..client.ends import Delivered
from ..client.requests import Deliver
from ..client.tables import LAYOUTS, PICTURE_FORMATS, SCREENS, SHAPE_FORMATS
from .options import add_model_options, add_output_options, request_of, set_up_logging, solver_of
from .report import report_job
from .solve import add_selection_options, object_ids

if TYPE_CHECKING:
    from ..solve import Listener


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shot", type=Path, help="the document, NAME.wisp")
    parser.add_argument(
        "-o",
        "--output",
        required=True,
        metavar="PATTERN",
        help="a name with %%04d or ####, and {object} and {version} where needed; a movie's name; or a folder",
    )
    parser.add_argument(
        "--layout",
        choices=LAYOUTS,
        help="(default: the shot's; shapes for a name that ends in one of their formats)",
    )
    parser.add_argument(
        "--format",
        choices=(*PICTURE_FORMATS, *SHAPE_FORMATS),
        help="EXR of half or float values, 16-bit PNG or TIFF, or a movie: ProRes 4444, FFV1 (lossless), VP9; of "
        "shapes: plain JSON, Nuke, Silhouette, After Effects, SVG "
        "(default: what PATTERN ends in; for a folder exr, or all formats of shapes)",
    )
    parser.add_argument("--compression", choices=("zip", "zips"), help="of EXR, both lossless (default: the shot's)")
    colour = parser.add_mutually_exclusive_group()
    colour.add_argument(
        "--premult", action="store_true", dest="premultiply", default=None, help="rgba: colour times alpha"
    )
    colour.add_argument("--straight", action="store_false", dest="premultiply", help="rgba: un-premultiplied colour")
    parser.add_argument(
        "--exclusive",
        action=argparse.BooleanOptionalAction,
        help="where objects overlap, their mattes add up to at most 1 (default: the shot's)",
    )
    parser.add_argument("--confidence", action="store_true", help="a layer conf.<object> in EXR: 1 - expected error")
    parser.add_argument("--despill", choices=SCREENS, help="rgba: take this screen's light out of the object's colour")
    parser.add_argument(
        "--version", type=_version, metavar="next|N", help="number the delivery; no version is ever overwritten"
    )
    shapes = parser.add_argument_group("shapes", "animated splines instead of pictures")
    shapes.add_argument(
        "--tolerance",
        type=_positive,
        default=1.5,
        metavar="PX",
        help="how far off the outline may be, in plate pixels; more needs fewer points and keys (default: 1.5)",
    )
    shapes.add_argument("--points", type=_count, metavar="N", help="at most so many per object (default: as needed)")
    shapes.add_argument(
        "--keys", type=_keys, metavar="every:N|auto", help="a key each N frames, or as few as will do (default: auto)"
    )
    add_selection_options(parser)
    parser.add_argument("--overwrite", action="store_true", help="replace files of other content")
    add_model_options(parser)
    add_output_options(parser)


def _positive(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.05 <= value <= 1000:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number of pixels from 0.05 to 1000")
    return value


def _count(text: str) -> int:
    if not text.isdigit() or int(text) < 4:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number from 4 on")
    return int(text)


def _keys(text: str) -> int | None:
    if text == "auto":
        return None
    number = text.removeprefix("every:")
    if number == text or not number.isdigit() or int(number) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is neither 'auto' nor 'every:N'")
    return int(number)


def _version(text: str) -> int | Literal["next"]:
    if text == "next":
        return "next"
    if not text.removeprefix("v").isdigit() or int(text.removeprefix("v")) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is neither 'next' nor a number from 1 on")
    return int(text.removeprefix("v"))


def run(args: argparse.Namespace) -> int:
    set_up_logging(args.verbose)
    from .. import shot as documents
    from ..deliver import deliver

    shot = documents.load(args.shot)
    solver = solver_of(args, shot)

    def work(listener: Listener, should_stop: Callable[[], bool]) -> Delivered:
        asked = request_of(Deliver, args, objects=object_ids(shot, args.objects), name=args.shot.stem)
        return deliver(solver, asked, listener, should_stop)

    return report_job(args.json, args.quiet, work)
