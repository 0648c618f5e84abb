"""Look through solved mattes and say which frames a person should look at, and why.

wisp check shots/sh010.wisp
wisp check shots/sh010.wisp --sheet worst.png --worst 12
wisp check shots/sh010.wisp --frames 1001-1050 --json --fail-on suspicious

Nothing is computed anew and nothing is changed. Frames that are not solved are named, not judged.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..client.ends import Checked
from ..client.events import Event, Verdict
from ..client.requests import Check
from ..client.wording import counted
from ..errors import QualityError
from ..frames import format_frames
from .options import add_model_options, add_output_options, at_least, request_of, set_up_logging, solver_of
from .report import print_text, report_job
from .solve import add_selection_options, object_ids

if TYPE_CHECKING:
    from ..solve import Listener

#: The table names so many reasons per frame; `--json` has them all.
_REASONS = 3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shot", type=Path, help="the document, NAME.wisp")
    add_selection_options(parser)
    parser.add_argument("--worst", type=at_least(1), default=10, metavar="N", help="show so many frames (default: 10)")
    parser.add_argument("--sheet", type=Path, metavar="FILE.png", help="write a contact sheet of the worst frames")
    parser.add_argument("--fail-on", choices=("suspicious",), help="exit with 9 when any frame is, or is not solved")
    add_model_options(parser)
    add_output_options(parser)


def run(args: argparse.Namespace) -> int:
    set_up_logging(args.verbose)
    from .. import shot as documents
    from ..quality import check, worst

    shot = documents.load(args.shot)
    sheet = None if args.sheet is None else str(args.sheet)
    solver = solver_of(args, shot)
    verdicts: list[Verdict] = []
    ends: list[Checked] = []

    def work(listener: Listener, should_stop: Callable[[], bool]) -> Checked:
        def listen(event: Event) -> None:
            listener(event)
            if isinstance(event, Verdict):
                verdicts.append(event)

        asked = request_of(Check, args, objects=object_ids(shot, args.objects), sheet=sheet)
        ends.append(check(solver, asked, listen, should_stop))
        return ends[0]

    code = report_job(args.json, args.quiet, work)
    if code == 0 and not args.json:
        for line in (*(() if args.quiet else _table(worst(verdicts, args.worst))), *_summary(verdicts)):
            print_text(line)
    suspicious = sum(item.suspicious for item in verdicts)
    if code == 0 and args.fail_on and suspicious:
        judged = sum(item.state == "judged" for item in verdicts)
        raise QualityError(
            f"{args.shot}: {suspicious} of {counted(judged, 'frame')} suspicious.",
            hint="Look at the worst, draw a prompt where the object goes wrong, and solve again.",
            path=args.shot,
        )
    if code == 0 and args.fail_on and ends[0].unsolved:
        raise QualityError(
            f"{args.shot}: {counted(ends[0].unsolved, 'frame')} not solved, and so not judged.",
            hint="Run wisp solve first, or name the others with --frames.",
            path=args.shot,
        )
    return code


def _table(shown: Sequence[Verdict]) -> list[str]:
    """The frames to look at first, with what is wrong there."""
    lines = []
    width = max((len(item.object) for item in shown), default=0)
    for item in shown:
        mark = "!" if item.suspicious else " "
        why = "; ".join(item.reasons[:_REASONS]) or "nothing to say against it"
        lines.append(f"{mark} {item.score:.2f}  {item.object:{width}} {item.frame:6d}  {why}")
    return lines


def _summary(verdicts: Sequence[Verdict]) -> list[str]:
    """One line per object: what is suspicious, what is locked, what could not be judged."""
    lines = []
    for name in dict.fromkeys(item.object for item in verdicts):
        own = [item for item in verdicts if item.object == name]
        parts = {
            "suspicious": [item.frame for item in own if item.suspicious],
            **{state: [item.frame for item in own if item.state == state] for state in ("locked", "accepted")},
        }
        for item in own:
            if item.state == "unsolved":
                parts.setdefault(item.reasons[0], []).append(item.frame)
        judged = sum(item.state == "judged" for item in own)
        told = [f"{what} {format_frames(sorted(frames))}" for what, frames in parts.items() if frames]
        lines.append(f"{name}: " + "; ".join([f"{counted(judged, 'frame')} judged", *(told or ["none suspicious"])]))
    return lines or ["The shot has no enabled object."]
