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
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ..errors import CancelledError, UsageError
from ..frames import parse_frames
from .options import add_model_options, add_output_options, set_up_logging, solver_of
from .report import Reporter, interruptible
from .solve import add_selection_options

if TYPE_CHECKING:
    from ..solve import Solver

#: What shapes come in (`shapes.formats` has the writers; this page is read before anything heavy is imported).
SHAPE_FORMATS = ("json", "nk", "fxs", "jsx", "svg")


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
        choices=("alpha", "layers", "rgba", "crypto", "shapes"),
        help="(default: the shot's; shapes for a name that ends in one of their formats)",
    )
    parser.add_argument(
        "--format",
        choices=("exr", "exr32", "png", "tiff", "mov", "mkv", "webm", *SHAPE_FORMATS),
        help="EXR of half or float values, 16-bit PNG or TIFF, or a movie: ProRes 4444, FFV1 (lossless), VP9; of "
        "shapes: plain JSON, Nuke, Silhouette, After Effects, SVG "
        "(default: what PATTERN ends in; for a folder exr, or all formats of shapes)",
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
    from ..deliver import Delivery, Style
    from ..deliver.naming import named_format

    shot = documents.load(args.shot)
    solver = solver_of(args, shot)
    defaults = shot.deliver
    named = Path(args.output).suffix.lower().removeprefix(".")
    if args.layout == "shapes" or (args.layout is None and named in SHAPE_FORMATS):
        return _deliver_shapes(args, solver, defaults.exclusive if args.exclusive is None else args.exclusive)
    if args.format in SHAPE_FORMATS:
        raise UsageError(f"The format {args.format} is of shapes.", hint="Say --layout shapes.")
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


def _deliver_shapes(args: argparse.Namespace, solver: Solver, exclusive: bool) -> int:
    import dataclasses

    from ..deliver.shapes import ShapesDelivery
    from ..shapes.trace import Options

    if args.format is not None and args.format not in SHAPE_FORMATS:
        raise UsageError(
            f"The format {args.format} holds pictures, not shapes.", hint=f"There are {', '.join(SHAPE_FORMATS)}."
        )
    if args.confidence or args.premult is not None:
        raise UsageError("Shapes have neither colour nor confidence.", hint="Leave the option out.")
    with Reporter(as_json=args.json, quiet=args.quiet) as reporter, interruptible() as interrupt:
        delivery = ShapesDelivery(
            solver,
            args.output,
            Options(args.tolerance, args.points, args.keys),
            format=args.format,
            stem=args.shot.stem,
            frames=parse_frames(args.frames) if args.frames else None,
            objects=args.objects,
            exclusive=exclusive,
            overwrite=args.overwrite,
            version=args.version,
        )
        try:
            figures, written = delivery.write(reporter, interrupt)
        except CancelledError as stop:
            reporter.say(str(stop), warning=True)
            reporter.emit("stopped", code=interrupt.exit_code, message=str(stop))
            return interrupt.exit_code
        for found in figures:
            reporter.emit("shapes", **dataclasses.asdict(found))
            reporter.say(found.sentence())
        paths = [str(path) for path in delivery.paths.values()]
        skipped = len(paths) - written
        folders = list(dict.fromkeys(str(path.parent) for path in delivery.paths.values()))
        reporter.emit("done", written=written, skipped=skipped, version=delivery.version, folders=folders)
        reporter.say(f"{written} files written, {skipped} were there already: {', '.join(paths)}")
    return 0
