"""Fit each object's region: the part of the plate that models are shown of it.

A network that looks at a square of fixed size sees a small subject in a large plate coarsely; shown only the
subject's surroundings, held fixed over the shot, it sees every pixel. Tracks the shot once, then stores the region with
each object that gains at least 1.35 times the resolution.

  wisp region sh010.wisp
  wisp region sh010.wisp --clear
"""

from __future__ import annotations

import argparse
from pathlib import Path

from ..errors import CancelledError
from .options import add_model_options, add_output_options, set_up_logging, solver_of
from .report import Reporter, interruptible


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shot", type=Path, help="the document, NAME.wisp; it is changed")
    parser.add_argument("--objects", nargs="+", metavar="NAME", help="only these (default: all that are enabled)")
    parser.add_argument("--clear", action="store_true", help="show models the whole picture again")
    add_model_options(parser)
    add_output_options(parser)


def run(args: argparse.Namespace) -> int:
    set_up_logging(args.verbose)
    from .. import shot as documents

    shot = documents.load(args.shot)
    names = args.objects or [item.name for item in shot.objects if item.enabled]
    for name in names:
        shot.object_named(name).region = None
    with Reporter(as_json=args.json, quiet=args.quiet) as reporter, interruptible() as interrupt:
        if not args.clear:
            solver = solver_of(args, shot)
            try:
                found = {name: solver.fit_region(name, reporter, interrupt) for name in names}
            except CancelledError as stop:
                reporter.say(str(stop), warning=True)
                return interrupt.exit_code
            for name, region in found.items():
                shot.object_named(name).region = (region.x0, region.y0, region.x1, region.y1) if region else None
                reporter.emit("region", object=name, region=region)
                reporter.say(f"{name}: {list(region) if region else 'the whole picture is as good'}")
        documents.save(shot, args.shot)
    return 0
