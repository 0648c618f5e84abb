"""Compute what is missing or out of date in a shot, into its cache. Finished frames are never computed again.

wisp solve shots/sh010.wisp
wisp solve shots/sh010.wisp --frames 1001-1020 --objects hero --track-only
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from ..errors import CancelledError
from ..frames import parse_frames
from .options import add_model_options, add_output_options, set_up_logging, solver_of
from .report import Reporter, interruptible


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shot", type=Path, help="the document, NAME.wisp")
    add_selection_options(parser)
    stage = parser.add_mutually_exclusive_group()
    stage.add_argument("--track-only", action="store_true", help="only the masks")
    stage.add_argument("--matte-only", action="store_true", help="only mattes whose masks are there")
    add_model_options(parser)
    add_output_options(parser)


def add_selection_options(parser: argparse.ArgumentParser) -> None:
    """Which frames and objects."""
    parser.add_argument("--frames", metavar="R", help="1001-1100, 1001-1100x2 or 1001,1005,1010-1020 (default: all)")
    parser.add_argument("--objects", nargs="+", metavar="NAME", help="only these (default: all that are enabled)")


def run(args: argparse.Namespace) -> int:
    set_up_logging(args.verbose)
    from .. import shot as documents
    from ..solve import Stage

    shot = documents.load(args.shot)
    frames = parse_frames(args.frames) if args.frames else None
    stages: Sequence[Stage] = ("track",) if args.track_only else ("matte",) if args.matte_only else ("track", "matte")
    with Reporter(as_json=args.json, quiet=args.quiet) as reporter, interruptible() as interrupt:
        solver = solver_of(args, shot)
        reporter.notes(solver.plate.notes)
        try:
            summary = solver.run(frames, args.objects, stages=stages, on_event=reporter, should_stop=interrupt)
        except CancelledError as stop:
            reporter.say(str(stop), warning=True)
            reporter.emit("stopped", code=interrupt.exit_code, message=str(stop))
            return interrupt.exit_code
    reporter.emit("done", tracked=summary.tracked, matted=summary.matted, cached=summary.cached)
    reporter.say(f"{summary.tracked} masks tracked, {summary.matted} mattes computed, {summary.cached} kept.")
    return 0
