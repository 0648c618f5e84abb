"""How much work a shot is: a robot user prompts the first frame, then corrects the worst frame, round by round.

`wisp bench clicks CLIPS_DIR [--rounds 6] [--start box|click|mask] [--json]`. As in the interactive track of
DAVIS (Caelles et al., 2018) the robot sees the truth: each round it clicks the middle of the largest error on the frame
with the lowest J. Scores are means over all frames.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from ..metrics.tracking import boundary_f, jaccard
from ..trackers.flow import FlowTracker
from ..trackers.tracker import FramePrompts, Tracker
from .tracking import FolderClip, Mask, clip_folders, full_size, mask_prompt, read_mask, solve

Start = Literal["box", "click", "mask"]


@dataclass(frozen=True)
class Round:
    """Scores of a clip after so many interactions, and the seconds of computing up to here."""

    clip: str
    interactions: int
    j: float
    f: float
    seconds: float


def evaluate(
    clips: Path,
    rounds: int,
    start: Start,
    *,
    tracker: Tracker | None = None,
    names: Sequence[str] | None = None,
    frames: slice = slice(None),
) -> list[Round]:
    """`rounds` + 1 results per clip: after the first prompt, then after each correction. Raises InputError."""
    folders = clip_folders(clips, names)
    return [result for folder in folders for result in _clip(folder, rounds, start, tracker or FlowTracker(), frames)]


def _clip(folder: Path, rounds: int, start: Start, tracker: Tracker, part: slice) -> list[Round]:
    numbers = tuple(FolderClip(folder / "frames").frames)[part]
    clip = FolderClip(folder / "frames", numbers)
    truth = {number: read_mask(folder / "masks" / f"{number:05d}.png") for number in numbers}
    prompts = {numbers[0]: first_prompt(truth[numbers[0]], start)}
    results, seconds = [], 0.0
    for turn in range(rounds + 1):
        began = time.perf_counter()
        masks, _ = solve(tracker, clip, prompts)
        seconds += time.perf_counter() - began
        found = {number: full_size(masks[number], clip) for number in numbers}
        j = {number: jaccard(found[number], truth[number]) for number in numbers}
        f = [boundary_f(found[number], truth[number]) for number in numbers]
        results.append(Round(folder.name, turn + 1, float(np.mean(list(j.values()))), float(np.mean(f)), seconds))
        worst = min(numbers, key=lambda number: (j[number], number))
        prompts[worst] = clicked(prompts.get(worst), found[worst], truth[worst])
    return results


def first_prompt(truth: Mask, start: Start, rng: np.random.Generator | None = None) -> FramePrompts:
    """A box (with `rng`: each side off by a normal 3 % of the box), a click in the middle, or the mask itself."""
    if start == "mask":
        return mask_prompt(truth)
    if start == "click":
        return clicked(None, np.zeros_like(truth), truth)
    rows, columns = np.flatnonzero(truth.any(axis=1)), np.flatnonzero(truth.any(axis=0))
    box = np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1], np.float64)
    if rng is not None:
        box += rng.normal(0, 0.03, 4) * np.tile([box[2] - box[0], box[3] - box[1]], 2)
    x0, y0, x1, y1 = (float(value) for value in box)
    return FramePrompts(np.zeros((0, 2), np.float32), np.zeros(0, np.int32), box=(x0, y0, x1, y1))


def clicked(before: FramePrompts | None, found: Mask, truth: Mask) -> FramePrompts:
    """`before` with one more click: in the middle of the largest connected error."""
    wrong = {True: _largest(truth & ~found), False: _largest(found & ~truth)}
    include = bool(wrong[True].sum() >= wrong[False].sum())
    before = before or FramePrompts(np.zeros((0, 2), np.float32), np.zeros(0, np.int32))
    if not wrong[include].any():
        return before
    depth = cv2.distanceTransform(np.pad(wrong[include], 1).astype(np.uint8), cv2.DIST_L2, 5)[1:-1, 1:-1]
    row, column = np.unravel_index(int(depth.argmax()), depth.shape)
    points = np.vstack([before.points, np.array([[column + 0.5, row + 0.5]], np.float32)]).astype(np.float32)
    labels = np.append(before.labels, np.int32(include)).astype(np.int32)
    return FramePrompts(points, labels, before.box, before.mask, before.strokes)


def _largest(mask: Mask) -> NDArray[np.bool_]:
    count, parts, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    if count < 2:
        return np.zeros_like(mask)
    largest: NDArray[np.bool_] = parts == 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    return largest


def curve(results: Sequence[Round]) -> list[dict[str, float]]:
    """Means over clips after each number of interactions."""
    curves = []
    for count in sorted({result.interactions for result in results}):
        here = [result for result in results if result.interactions == count]
        j, f, seconds = (float(np.mean([getattr(result, name) for result in here])) for name in ("j", "f", "seconds"))
        curves.append({"interactions": count, "j": j, "f": f, "jf": (j + f) / 2, "seconds": seconds})
    return curves


def main(arguments: Sequence[str] | None = None) -> None:
    """`wisp bench clicks CLIPS_DIR [--rounds N] [--start box|click|mask] [--json]`."""
    parser = argparse.ArgumentParser(prog="wisp bench clicks")
    parser.add_argument("clips", type=Path)
    parser.add_argument("--rounds", type=int, default=3, help="corrections after the first prompt (default: 3)")
    parser.add_argument("--start", choices=("box", "click", "mask"), default="box")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    results = evaluate(options.clips, options.rounds, options.start)
    points = curve(results)
    area = float(np.mean([point["jf"] for point in points]))
    if options.json:
        rows = [asdict(result) for result in results]
        print(json.dumps({"start": options.start, "area": area, "curve": points, "clips": rows}))
        return
    print(f"{'interactions':>12} {'J':>6} {'F':>6} {'J&F':>6} {'s a clip':>8}   (start: {options.start})")
    for point in points:
        print(
            f"{point['interactions']:12.0f} {point['j']:6.3f} {point['f']:6.3f} {point['jf']:6.3f}"
            f" {point['seconds']:8.1f}"
        )
    print(f"area under the curve (J&F): {area:.3f}")


if __name__ == "__main__":
    main()
