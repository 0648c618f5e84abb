"""Turn the text prompts of a shot into boxes: prompts like any other, shown, editable, good for every tracker.

  wisp detect shots/sh010.wisp
  wisp detect shots/sh010.wisp --all --threshold 0.4

Text that already has a box on its frame is left alone; delete the box to have it looked for again.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ..client.jobs import Detect, Detected
from ..client.tables import DETECTOR, THRESHOLD
from .options import add_model_options, add_output_options, checked, set_up_logging, solver_of
from .report import report_job
from .solve import object_ids

if TYPE_CHECKING:
    from ..shot import Shot
    from ..solve import Listener, Solver


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shot", type=Path, help="the document, NAME.wisp; it is changed")
    parser.add_argument("--objects", nargs="+", metavar="NAME", help="only these (default: all that are enabled)")
    add_detector_options(parser)
    add_model_options(parser)
    add_output_options(parser)


def add_detector_options(parser: argparse.ArgumentParser) -> None:
    """How words become boxes."""
    group = parser.add_argument_group("words to boxes")
    group.add_argument("--detector", metavar="ID", default=DETECTOR, help=f"looks for the words (default: {DETECTOR})")
    group.add_argument("--all", action="store_true", help="everything that answers, each as an object of its own")
    group.add_argument(
        "--threshold",
        type=_score,
        default=THRESHOLD,
        metavar="S",
        help=f"score from which a box counts, 0 to 1 (default: {THRESHOLD})",
    )


def _score(text: str) -> float:
    try:
        score = float(text)
    except ValueError:
        score = -1.0
    if not 0.0 <= score <= 1.0:
        raise argparse.ArgumentTypeError(f"'{text[:40]}' is not a number from 0 to 1")
    return score


def run(args: argparse.Namespace) -> int:
    set_up_logging(args.verbose)
    from .. import shot as documents

    shot = documents.load(args.shot)

    def work(listener: Listener, should_stop: Callable[[], bool]) -> Detected:
        end = add_boxes(args, shot, solver_of(args, shot), listener, should_stop, object_ids(shot, args.objects))
        if end.boxes:
            documents.save(shot, args.shot)
        return end

    return report_job(args.json, args.quiet, work)


def add_boxes(
    args: argparse.Namespace,
    shot: Shot,
    solver: Solver,
    listener: Listener,
    should_stop: Callable[[], bool],
    objects: list[int] | None = None,
) -> Detected:
    """Give the text prompts of `objects` (ids; None: the enabled ones) their boxes, in the document."""
    from ..solve.words import detect

    asked = Detect(objects, detector=args.detector, threshold=args.threshold, every=args.all)
    found, end = detect(solver, checked(asked), listener, should_stop)
    shot.objects = found.objects
    return end
