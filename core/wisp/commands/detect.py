"""Turn the text prompts of a shot into boxes: prompts like any other, shown, editable, good for every tracker.

  wisp detect shots/sh010.wisp
  wisp detect shots/sh010.wisp --all --threshold 0.4
  wisp detect shots/sh010.wisp --subject        no words: the likeliest subject becomes an object
  wisp detect shots/sh010.wisp --subject 2 --frame 1010

Text that already has a box on its frame is left alone; delete the box to have it looked for again. What else a subject
may be is listed; where that is in doubt, it is said. Another candidate becomes another object: `wisp prompt SHOT delete
NAME` takes away the one that was not meant, `wisp prompt SHOT undo` what the last command added.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ..client.ends import Detected, Done, SubjectFound
from ..client.events import Candidate, Event, Notice
from ..client.names import free_name
from ..client.requests import Detect, Subject
from ..client.tables import DETECTOR, THRESHOLD
from ..errors import UsageError
from .options import (
    add_model_options,
    add_output_options,
    cache_folder,
    checked,
    frame_number,
    set_up_logging,
    solver_of,
)
from .report import report_job
from .solve import object_ids

if TYPE_CHECKING:
    from ..shot import Shot
    from ..solve import Listener, Solver


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shot", type=Path, help="the document, NAME.wisp; it is changed")
    parser.add_argument("--objects", nargs="+", metavar="NAME", help="only these (default: all that are enabled)")
    add_detector_options(parser)
    parser.add_argument("--frame", type=frame_number, metavar="F", help="of --subject (default: the first there is)")
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

    group.add_argument(
        "--subject",
        type=_candidate,
        nargs="?",
        const=0,
        metavar="N",
        help="without words: what the first frame is about, or its N-th candidate, as an object with a box and a point",
    )


def _candidate(text: str) -> int:
    if text not in ("1", "2", "3"):
        raise argparse.ArgumentTypeError(f"'{text[:40]}' is no candidate: 1, 2 or 3")
    return int(text)


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
    from .history import History

    if args.subject is None and args.frame is not None:
        raise UsageError("--frame says where --subject looks; words have frames of their own.", hint="Say --subject.")
    if args.subject is not None and args.objects:
        raise UsageError("--subject makes an object of its own; --objects is about words.", hint="Leave one out.")
    before = documents.text_of(args.shot)
    shot = documents.load(args.shot)

    def save(what: str) -> None:
        with documents.editing(args.shot):
            documents.check_unchanged(args.shot, before)
            documents.save(shot, args.shot)
            History(cache_folder(args, args.shot), args.shot).note(what, before)

    def work(listener: Listener, should_stop: Callable[[], bool]) -> Done:
        if args.subject is not None:
            frame = solver_of(args, shot).plate.pictured[0] if args.frame is None else args.frame
            told = add_subject(args, shot, frame, solver_of(args, shot), listener, should_stop)
            save(f"subject of frame {frame} added")
            return told
        end = add_boxes(args, shot, solver_of(args, shot), listener, should_stop, object_ids(shot, args.objects))
        if end.boxes:
            save(end.sentence)
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


def add_subject(
    args: argparse.Namespace,
    shot: Shot,
    frame: int,
    solver: Solver,
    listener: Listener,
    should_stop: Callable[[], bool],
) -> SubjectFound:
    """Give the shot an object for what the frame is about, or for the candidate that `--subject` names; none where an
    object has just these prompts already."""
    from ..shot import Box, Point, Prompt
    from ..solve.subject import find_subject

    found: list[Candidate] = []

    def listen(event: Event) -> None:
        listener(event)
        if isinstance(event, Candidate):
            found.append(event)

    end = find_subject(solver, Subject(frame), listen, should_stop)
    if args.subject > len(found):
        raise UsageError(
            f"There is no candidate {args.subject} on frame {frame}.", hint=f"There are {len(found)}, listed above."
        )
    if end.doubtful and not args.subject:
        text = f"It is not certain what the subject of frame {frame} is: the likeliest of {len(found)} is taken. "
        listener(Notice("warning", text + "Choose another with --subject N."))
    chosen = found[max(args.subject, 1) - 1]
    prompts: list[Prompt] = [Box(frame=frame, xyxy=chosen.xyxy), Point(frame=frame, xy=chosen.xy)]
    same = next((item.name for item in shot.objects if item.prompts == prompts), None)
    if same is not None:
        listener(Notice("info", f"The object '{same}' is candidate {chosen.number} already."))
        return end
    item = shot.add_object(free_name("subject", [one.name for one in shot.objects]))
    item.prompts += prompts
    listener(Notice("info", f"Candidate {chosen.number} is the object '{item.name}' now."))
    return end
