"""Show what is done and what is not: per object, which frames are solved, dirty or out of reach of any prompt."""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from ..client.frames import within
from ..frames import format_frames
from .options import add_model_options, add_output_options, set_up_logging, solver_of
from .report import print_text

if TYPE_CHECKING:
    from ..shot import ObjectSpec
    from ..solve import ObjectStatus

#: Signs in a line.
WIDTH = 60
_SIGNS = (("dirty", "-"), ("solved", "#"), ("empty", "."))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shot", type=Path, help="the document, NAME.wisp")
    add_model_options(parser)
    add_output_options(parser)


def run(args: argparse.Namespace) -> int:
    set_up_logging(args.verbose)
    from .. import shot as documents

    shot = documents.load(args.shot)
    report = solver_of(args, shot).status()
    for item in report.objects:
        states = {state: format_frames(item.of(state)) for state in ("solved", "dirty", "empty")}
        if args.json:
            print(json.dumps({"event": "object", "name": item.name, "folder": str(item.pattern.parent), **states}))
            for status in item.frames:
                print(json.dumps({"event": "frame", "object": item.name, **asdict(status)}))
        else:
            print_text(f"{item.name}: " + "; ".join(f"{state} {spans}" for state, spans in states.items() if spans))
            for row in lane(item, next(one for one in shot.objects if one.name == item.name)):
                print_text(f"  {row}")
            for why, frames in _reasons(item).items():
                print_text(f"  {format_frames(frames)}: {why}")
            there = item.pattern.parent.is_dir() or not item.of("solved")
            print_text(f"  {item.pattern.parent}{'' if there else ' (to be filled by wisp solve, from the cache)'}")
    if not report.objects and not args.json:
        print_text("The shot has no enabled object.")
    return 0


def lane(item: ObjectStatus, spec: ObjectSpec) -> list[str]:
    """An object's frames as a line of at most `WIDTH` signs, first and last frame beside it, and what a person said of
    them in lines below: `#` solved, `-` to do, `.` no prompt reaches it; `K` keyframe; `L` locked, `A` absent. A sign
    for several frames says what there is most to do about."""
    if not item.frames:
        return []
    step = math.ceil(len(item.frames) / WIDTH)
    parts = [item.frames[start : start + step] for start in range(0, len(item.frames), step)]
    line = "".join(next(sign for state, sign in _SIGNS if any(one.state == state for one in part)) for part in parts)
    keys = {prompt.frame for prompt in spec.prompts}

    def signs(sign_of: Callable[[list[int]], str]) -> str:
        return "".join(sign_of([one.frame for one in part]) for part in parts).rstrip()

    def approved(numbers: list[int]) -> str:
        said = (("L", spec.locks), ("A", spec.absent))
        return next((sign for sign, spans in said if any(within(number, spans) for number in numbers)), " ")

    before = f"{item.frames[0].frame} "
    row = f"{before}{line} {item.frames[-1].frame}" + (f"  ({step} frames a sign)" if step > 1 else "")
    below = (signs(lambda numbers: " " if keys.isdisjoint(numbers) else "K"), signs(approved))
    return [row, *(" " * len(before) + marks for marks in below if marks)]


def _reasons(item: ObjectStatus) -> dict[str, list[int]]:
    """Why frames are dirty -> which."""
    reasons: dict[str, list[int]] = {}
    for status in item.frames:
        if status.state == "dirty":
            reasons.setdefault(status.why, []).append(status.frame)
    return reasons
