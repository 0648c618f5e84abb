"""Matte a shot with several heads, side by side on one sheet; with the truth, as a table of errors too.

  wisp compare shots/sh010.wisp --heads guided,embedded,closed-form -o heads.png
  wisp compare shots/sh010.wisp --heads guided,mam,mam:guidance=alpha --frames 1001-1020 --truth truth.%04d.png -o h.png

The shot is not changed. Each head gets the same masks and leaves its mattes in the cache. Under every frame the place
where the heads differ most is enlarged.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..atomic import spare_others
from ..errors import CancelledError, OutputError, UsageError
from ..frames import format_frames, parse_frames
from .options import add_model_options, add_output_options, set_up_logging, solver_of
from .report import Reporter, interruptible

if TYPE_CHECKING:
    from ..contact_sheet import FloatImage
    from ..metrics import ClipReport
    from ..plates.plate import Plate
    from ..shot import Shot
    from ..solve import Solver

#: Frames on the sheet; the table is about all that were asked for.
ROWS = 4


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shot", type=Path, help="the document, NAME.wisp")
    parser.add_argument("--heads", required=True, metavar="A,B,..", help="head ids, with settings if wanted")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FILE.png", help="the sheet")
    parser.add_argument("--frames", metavar="R", help=f"default: {ROWS} over the shot, or all that have a truth")
    parser.add_argument("--objects", nargs="+", metavar="NAME", help="only these (default: all that are enabled)")
    parser.add_argument(
        "--truth", metavar="PATTERN", help="the true mattes of the one object, by the same frame numbers"
    )
    parser.add_argument("--truth-first", type=int, metavar="N", help="renumber the truth: its first frame is N")
    parser.add_argument("--rows", type=int, default=ROWS, metavar="N", help=f"frames on the sheet (default: {ROWS})")
    parser.add_argument(
        "--show", choices=("checker", "black", "matte"), default="checker", help="what of a matte (default: checker)"
    )
    add_model_options(parser)
    parser.add_argument("--overwrite", action="store_true", help="replace the sheet")
    add_output_options(parser)


def run(args: argparse.Namespace) -> int:
    set_up_logging(args.verbose)
    from .. import shot as documents
    from ..compare import comparison_rows, score, sheet, solve_heads, spread
    from ..contact_sheet import write_png
    from ..weights.registry import entry_as

    shot = documents.load(args.shot)
    heads = list(dict.fromkeys(entry_as(head.strip(), "head").id for head in args.heads.split(",")))
    if not args.overwrite:
        spare_others(args.output, lambda _: False, "Say --overwrite, or choose another name.")
    elif args.output.exists() and args.output.samefile(args.shot):
        raise OutputError(f"{args.output} is the shot itself.", hint="Choose another name.", path=args.output)

    def solver_for(document: Shot) -> Solver:
        return solver_of(args, document)

    solver = solver_for(shot)
    solver.sources.refuse([args.output])
    objects = args.objects or [item.name for item in shot.objects if item.enabled]
    truth = _truth(args, objects)
    frames = _frames(args, solver, objects, truth)
    read = truth.alpha if truth is not None else None
    with Reporter(as_json=args.json, quiet=args.quiet) as reporter, interruptible() as interrupt:
        try:
            items = solve_heads(shot, heads, solver_for, frames, objects, on_event=reporter, should_stop=interrupt)
        except CancelledError as stop:
            reporter.say(str(stop), warning=True)
            return interrupt.exit_code
        rows = []
        for item in items:
            if read is not None:
                _table(args, score(item, read, item.frames))
            rows += comparison_rows(item, spread(item.frames, args.rows), solver.clip.image, read, args.show)
        title = f"{args.shot.stem}  {format_frames(frames)}  tracker {shot.solve.tracker}"
        write_png(args.output, sheet(heads, rows, truth=truth is not None, title=title))
        reporter.emit("sheet", path=str(args.output), heads=heads, frames=format_frames(frames))
        reporter.say(f"Sheet: {args.output}")
    return 0


class _Truth:
    """The true mattes, by frame."""

    def __init__(self, plate: Plate) -> None:
        self._plate = plate
        self.frames = frozenset(plate.frames)

    def alpha(self, frame: int) -> FloatImage:
        return self._plate.read(frame).rgb[..., 0]


def _truth(args: argparse.Namespace, objects: Sequence[str]) -> _Truth | None:
    from ..plates import open_plate

    if args.truth is None:
        return None
    if len(objects) != 1:
        raise UsageError(
            f"--truth is about one object, but there are {len(objects)}.", hint="Choose it with --objects NAME."
        )
    return _Truth(open_plate(args.truth, first=args.truth_first))


def _frames(args: argparse.Namespace, solver: Solver, objects: Sequence[str], truth: _Truth | None) -> list[int]:
    """What to matte: what was asked for, else where there is truth, else a few frames over the shot.

    UsageError where that is nothing, or where an asked frame has no truth.
    """
    from ..compare import spread

    reached = set.intersection(*(set(solver.work(name).marks) for name in objects)) if objects else set()
    if args.frames:
        asked = parse_frames(args.frames)
        unknown = sorted(set(asked) - truth.frames) if truth is not None else []
        if unknown:
            raise UsageError(f"The truth {args.truth} has no frame {format_frames(unknown)}.", hint="Leave it out.")
        frames = [frame for frame in asked if frame in reached]
    else:
        known = sorted(reached if truth is None else reached & truth.frames)
        frames = known if truth is not None else spread(known, args.rows)
    if not frames:
        raise UsageError(
            f"There is no frame of {args.shot} to compare.", hint="Draw a prompt, or check --frames and --truth."
        )
    return frames


def _table(args: argparse.Namespace, reports: Mapping[str, ClipReport]) -> None:
    """One line per head, the means over the compared frames."""
    from .metrics import COLUMNS, cells

    width = max(map(len, reports))
    if not args.json:
        print(" " * width + "".join(f"{name:>10}" for name in COLUMNS))
    for head, report in reports.items():
        if args.json:
            print(json.dumps({"event": "head", "head": head, **report.means}), flush=True)
        else:
            print(f"{head:<{width}}" + cells(report.means))
