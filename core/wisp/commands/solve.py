"""Compute what is missing or out of date in a shot, into its cache. Finished frames are never computed again.

wisp solve shots/sh010.wisp
wisp solve shots/sh010.wisp --frames 1001-1020 --objects hero --track-only
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..client.ends import Solved
from ..client.events import Notice
from ..frames import named_frames
from .options import add_model_options, add_output_options, set_up_logging, solver_of
from .report import report_job

if TYPE_CHECKING:
    from ..shot import Shot
    from ..solve import Listener


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


def object_ids(shot: Shot, names: Sequence[str] | None) -> list[int] | None:
    """The objects of `--objects` by id. UsageError for a name that there is not."""
    return None if names is None else [shot.object_named(name).id for name in names]


def run(args: argparse.Namespace) -> int:
    set_up_logging(args.verbose)
    from .. import shot as documents
    from ..solve import Stage

    shot = documents.load(args.shot)
    frames = named_frames(args.frames)
    stages: Sequence[Stage] = ("track",) if args.track_only else ("matte",) if args.matte_only else ("track", "matte")

    def work(listener: Listener, should_stop: Callable[[], bool]) -> Solved:
        solver = solver_of(args, shot)
        for sentence in solver.plate.notes:
            listener(Notice("info", sentence))
        return solver.run(frames, args.objects, stages=stages, on_event=listener, should_stop=should_stop).end()

    return report_job(args.json, args.quiet, work)
