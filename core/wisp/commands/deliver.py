"""Write a solved shot's mattes as files for others, with the plate's frame numbers, windows and metadata.

wisp deliver sh010.wisp -o delivery                                one sequence per object
wisp deliver sh010.wisp -o delivery/sh010_{object}.%04d.exr        the same, named by you
wisp deliver sh010.wisp -o delivery/sh010.%04d.exr --layout layers all objects as layers matte.<object>
wisp deliver sh010.wisp -o delivery --layout rgba --version next   the objects in colour, in a folder v001, v002, ...
wisp deliver sh010.wisp -o delivery/cut.mov --layout rgba           a ProRes 4444 movie
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Literal

from ..errors import CancelledError
from ..frames import parse_frames
from .options import add_model_options, add_output_options, set_up_logging, solver_of
from .report import Reporter, interruptible
from .solve import add_selection_options


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shot", type=Path, help="the document, NAME.wisp")
    parser.add_argument(
        "-o",
        "--output",
        required=True,
        metavar="PATTERN",
        help="a name with %%04d or ####, and {object} and {version} where needed; a movie's name; or a folder",
    )
    parser.add_argument("--layout", choices=("alpha", "layers", "rgba", "crypto"), help="(default: the shot's)")
    parser.add_argument(
        "--format",
        choices=("exr", "exr32", "png", "tiff", "mov", "mkv", "webm"),
        help="EXR of half or float values, 16-bit PNG or TIFF, or a movie: ProRes 4444, FFV1 (lossless), VP9 "
        "(default: what PATTERN ends in; exr for a folder)",
    )
    parser.add_argument("--compression", choices=("zip", "zips"), help="of EXR, both lossless (default: the shot's)")
    colour = parser.add_mutually_exclusive_group()
    colour.add_argument("--premult", action="store_true", default=None, help="rgba: colour times alpha")
    colour.add_argument("--straight", action="store_false", dest="premult", help="rgba: un-premultiplied colour")
    parser.add_argument(
        "--exclusive",
        action=argparse.BooleanOptionalAction,
        help="where objects overlap, their mattes add up to at most 1 (default: the shot's)",
    )
    parser.add_argument("--confidence", action="store_true", help="also a layer conf.<object> in EXR")
    parser.add_argument(
        "--version", type=_version, metavar="next|N", help="number the delivery; no version is ever overwritten"
    )
    add_selection_options(parser)
    parser.add_argument("--overwrite", action="store_true", help="replace files of other content")
    add_model_options(parser)
    add_output_options(parser)


def _version(text: str) -> int | Literal["next"]:
    if text == "next":
        return "next"
    if not text.removeprefix("v").isdigit() or int(text.removeprefix("v")) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is neither 'next' nor a number from 1 on")
    return int(text.removeprefix("v"))


def run(args: argparse.Namespace) -> int:
    set_up_logging(args.verbose)
    from .. import shot as documents
    from ..deliver import Delivery, Style
    from ..deliver.naming import named_format

    shot = documents.load(args.shot)
    solver = solver_of(args, shot)
    defaults = shot.deliver
    with Reporter(as_json=args.json, quiet=args.quiet) as reporter, interruptible() as interrupt:
        delivery = Delivery(
            solver,
            args.output,
            Style(
                layout=args.layout or defaults.layout,
                format=args.format or named_format(args.output),
                compression=args.compression or defaults.compression,
                premultiply=defaults.premultiply if args.premult is None else args.premult,
                exclusive=defaults.exclusive if args.exclusive is None else args.exclusive,
                confidence=args.confidence,
            ),
            stem=args.shot.stem,
            frames=parse_frames(args.frames) if args.frames else None,
            objects=args.objects,
            overwrite=args.overwrite,
            version=args.version,
        )
        try:
            written = delivery.write(reporter, interrupt)
        except CancelledError as stop:
            reporter.say(str(stop), warning=True)
            reporter.emit("stopped", code=interrupt.exit_code, message=str(stop))
            return interrupt.exit_code
    folders = [str(folder) for folder in delivery.folders]
    reporter.emit("done", written=written, skipped=delivery.skipped, version=delivery.version, folders=folders)
    reporter.say(f"{written} files written, {delivery.skipped} were there already: {', '.join(folders)}")
    return 0
