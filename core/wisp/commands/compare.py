"""Matte a shot with several heads, side by side on one sheet; with the truth, as a table of errors too.

  wisp compare shots/sh010.wisp --heads guided,embedded,closed-form -o heads.png
  wisp compare shots/sh010.wisp --heads guided,mam,mam:guidance=alpha --frames 1001-1020 --truth truth.%04d.png -o h.png

The shot is not changed. Each head gets the same masks and leaves its mattes in the cache. Under every frame the place
where the heads differ most is enlarged.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..client.ends import Compared
from ..client.events import Event, HeadErrors
from ..client.requests import Compare
from ..client.tables import LOOKS
from ..errors import OutputError
from .options import (
    add_model_options,
    add_output_options,
    at_least,
    frame_number,
    request_of,
    set_up_logging,
    solver_of,
)
from .report import report_job
from .solve import object_ids

if TYPE_CHECKING:
    from ..solve import Listener

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
    parser.add_argument(
        "--truth-first",
        type=frame_number,
        metavar="N",
        help="renumber the truth: its first frame is N",
    )
    parser.add_argument(
        "--rows", type=at_least(1), default=ROWS, metavar="N", help=f"frames on the sheet (default: {ROWS})"
    )
    parser.add_argument(
        "--show",
        choices=LOOKS,
        default=LOOKS[0],
        help="what of a matte (default: checker); wipe: the first head's left of a line, this one's right of it; "
        "difference: from the first head's, red more, blue less",
    )
    add_model_options(parser)
    parser.add_argument("--overwrite", action="store_true", help="replace the sheet")
    add_output_options(parser)


def run(args: argparse.Namespace) -> int:
    set_up_logging(args.verbose)
    from .. import shot as documents
    from ..compare import compare

    shot = documents.load(args.shot)
    if args.output.exists() and args.output.samefile(args.shot):
        raise OutputError(f"{args.output} is the shot itself.", hint="Choose another name.", path=args.output)
    solver = solver_of(args, shot)
    table: list[HeadErrors] = []

    def work(listener: Listener, should_stop: Callable[[], bool]) -> Compared:
        def listen(event: Event) -> None:
            listener(event)
            if isinstance(event, HeadErrors):
                table.append(event)

        others = {"heads": args.heads.split(","), "output": str(args.output), "name": args.shot.stem}
        asked = request_of(Compare, args, objects=object_ids(shot, args.objects), **others)
        return compare(solver, asked, listen, should_stop)

    code = report_job(args.json, args.quiet, work)
    if table and not args.json:
        _print(table)
    return code


def _print(table: Sequence[HeadErrors]) -> None:
    """One line per head, the means over the compared frames."""
    from ..metrics import METRICS
    from .metrics import cells

    width = max(len(row.head) for row in table)
    print(" " * width + "".join(f"{name:>10}" for name in METRICS))
    for row in table:
        print(f"{row.head:<{width}}" + cells(row.errors))
