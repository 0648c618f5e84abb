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

from ..client.events import Event, RegionFitted
from ..client.requests import Region
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
    from ..solve.region import fit_regions

    shot = documents.load(args.shot)
    chosen = [shot.object_named(name) for name in args.objects or [one.name for one in shot.objects if one.enabled]]
    found: dict[int, list[int] | None] = {item.id: None for item in chosen}
    with Reporter(as_json=args.json, quiet=args.quiet) as reporter, interruptible() as interrupt:

        def listen(event: Event) -> None:
            if isinstance(event, RegionFitted):
                found[event.id] = event.region
            reporter(event)

        if not args.clear:
            try:
                fit_regions(solver_of(args, shot), Region(list(found)), listen, interrupt)
            except CancelledError as stop:
                reporter.say(str(stop), warning=True)
                return interrupt.exit_code
        with documents.editing(args.shot):
            shot = documents.load(args.shot)  # as others may have edited it meanwhile
            for item in shot.objects:
                if item.id in found:
                    region = found[item.id]
                    item.region = None if region is None else (region[0], region[1], region[2], region[3])
            documents.save(shot, args.shot)
    return 0
