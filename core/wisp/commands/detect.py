"""Turn the text prompts of a shot into boxes: prompts like any other, shown, editable, good for every tracker.

  wisp detect shots/sh010.wisp
  wisp detect shots/sh010.wisp --all --threshold 0.4

Text that already has a box on its frame is left alone; delete the box to have it looked for again.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from .options import add_model_options, add_output_options, run_options, set_up_logging, solver_of
from .report import Reporter

if TYPE_CHECKING:
    from ..shot import Shot
    from ..solve import Solver

DETECTOR = "grounding-dino-tiny"


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
        "--threshold", type=float, metavar="S", help="score from which a box counts, 0 to 1 (default: 0.3)"
    )


def run(args: argparse.Namespace) -> int:
    set_up_logging(args.verbose)
    from .. import shot as documents

    shot = documents.load(args.shot)
    with Reporter(as_json=args.json, quiet=args.quiet) as reporter:
        found = resolve(args, shot, solver_of(args, shot), reporter, args.objects)
        if found:
            documents.save(shot, args.shot)
        else:
            reporter.say("No text prompt is waiting for a box.")
    return 0


def resolve(
    args: argparse.Namespace, shot: Shot, solver: Solver, reporter: Reporter, objects: Sequence[str] | None = None
) -> int:
    """Give the text prompts of `objects` (names; None: the enabled ones) their boxes, in the document.

    Returns how many. Loads nothing where there is nothing to do.
    """
    from ..models.build import load_detector
    from ..solve.prompts import unresolved_text
    from ..solve.words import THRESHOLD, resolve_text

    if not any(unresolved_text(item) for item in shot.objects):
        return 0
    detector = load_detector(args.detector, run_options(args, shot.solve.precision, shot.solve.seed))
    found = resolve_text(
        shot,
        solver.clip,
        detector,
        objects=objects,
        every=args.all,
        threshold=THRESHOLD if args.threshold is None else args.threshold,
    )
    for item in found:
        box, score = item.detection.xyxy, item.detection.score
        corners = ",".join(f"{value:.0f}" for value in box)
        others = f"; {item.others} more like it (--all takes each)" if item.others else ""
        reporter.emit("box", object=item.object, frame=item.frame, text=item.text, xyxy=box, score=round(score, 4))
        reporter.say(f"{item.object}: {item.text!r} on frame {item.frame} is box {corners} ({score:.2f}){others}")
    return len(found)
