"""Fit each object's region: the part of the plate that models are shown of it.

A network that looks at a square of fixed size sees a small subject in a large plate coarsely; shown only the
subject's surroundings, held fixed over the shot, it sees every pixel. Tracks the shot once, then stores the region with
each object that gains at least 1.35 times the resolution. `wisp prompt SHOT undo` takes it back.

  wisp region sh010.wisp
  wisp region sh010.wisp --clear
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..client.ends import Done
from ..client.events import Event, RegionFitted
from ..client.requests import Region
from .options import add_model_options, add_output_options, cache_folder, set_up_logging, solver_of
from .report import report_job

if TYPE_CHECKING:
    from ..solve import Listener


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shot", type=Path, help="the document, NAME.wisp; it is changed")
    parser.add_argument("--objects", nargs="+", metavar="NAME", help="only these (default: all that are enabled)")
    parser.add_argument("--clear", action="store_true", help="show models the whole picture again")
    add_model_options(parser)
    add_output_options(parser)


def run(args: argparse.Namespace) -> int:
    set_up_logging(args.verbose)
    from .. import shot as documents
    from ..solve.fitting import fit_regions
    from .history import History

    shot = documents.load(args.shot)
    chosen = [shot.object_named(name) for name in args.objects or [one.name for one in shot.objects if one.enabled]]
    found: dict[int, list[int] | None] = {item.id: None for item in chosen}
    names = ", ".join(repr(item.name) for item in chosen)

    def work(listener: Listener, should_stop: Callable[[], bool]) -> Done:
        def listen(event: Event) -> None:
            if isinstance(event, RegionFitted):
                found[event.id] = event.region
            listener(event)

        end = (
            RegionsCleared([item.name for item in chosen])
            if args.clear
            else fit_regions(solver_of(args, shot), Region(list(found)), listen, should_stop)
        )
        with documents.editing(args.shot):
            before = documents.text_of(args.shot)
            now = documents.load(args.shot)  # as others may have edited it meanwhile
            for item in now.objects:
                if item.id in found:
                    region = found[item.id]
                    item.region = None if region is None else (region[0], region[1], region[2], region[3])
            documents.save(now, args.shot)
            what = f"{names} shown whole" if args.clear else f"region of {names} fitted"
            History(cache_folder(args, args.shot), args.shot).note(what, before)
        return end

    return report_job(args.json, args.quiet, work)


@dataclass(frozen=True)
class RegionsCleared(Done):
    """End of `--clear`."""

    cleared: list[str]

    @property
    def sentence(self) -> str:
        return f"Models are shown the whole picture of {', '.join(self.cleared) or 'nothing: there is no object'}."
