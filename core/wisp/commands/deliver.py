"""Write a solved shot's mattes as files for others, with the plate's frame numbers, windows and metadata.

wisp deliver sh010.wisp -o delivery                                one sequence per object
wisp deliver sh010.wisp -o delivery/sh010_{object}.%04d.exr        the same, named by you
wisp deliver sh010.wisp -o delivery/sh010.%04d.exr --layout layers all objects as layers matte.<object>
"""

from __future__ import annotations

import argparse
from pathlib import Path

from ..errors import CancelledError
from ..frames import parse_frames
from .options import add_model_options, add_output_options, set_up_logging, solver_of
from .report import Reporter, interruptible
from .solve import add_selection_options


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shot", type=Path, help="the document, NAME.wisp")
    parser.add_argument(
        "-o", "--output", required=True, metavar="PATTERN", help="a name with %%04d or ####, or a folder"
    )
    parser.add_argument("--layout", choices=("alpha", "layers"), help="(default: the shot's)")
    parser.add_argument("--format", choices=("exr", "png"), default="exr", help="half-float EXR, or 16-bit grey PNG")
    parser.add_argument("--compression", choices=("zip", "zips"), help="of EXR, both lossless (default: the shot's)")
    add_selection_options(parser)
    parser.add_argument("--overwrite", action="store_true", help="replace files of other content")
    add_model_options(parser)
    add_output_options(parser)


def run(args: argparse.Namespace) -> int:
    set_up_logging(args.verbose)
    from .. import shot as documents
    from ..deliver import Delivery

    shot = documents.load(args.shot)
    solver = solver_of(args, shot)
    with Reporter(as_json=args.json, quiet=args.quiet) as reporter, interruptible() as interrupt:
        delivery = Delivery(
            solver,
            args.output,
            layout=args.layout or shot.deliver.layout,
            suffix=args.format,
            stem=args.shot.stem,
            compression=args.compression or shot.deliver.compression,
            frames=parse_frames(args.frames) if args.frames else None,
            objects=args.objects,
            overwrite=args.overwrite,
        )
        try:
            written = delivery.write(reporter, interrupt)
        except CancelledError as stop:
            reporter.say(str(stop), warning=True)
            return interrupt.exit_code
    reporter.emit("done", written=written, skipped=delivery.skipped)
    reporter.say(f"{written} files written, {delivery.skipped} were there already.")
    return 0
