"""How much work a shot is: a robot user prompts the first frame, then corrects the worst frame, round by round.

`wisp bench clicks CLIPS_DIR [--rounds 6] [--start box|click|mask] [--pick worst suggest spaced] [--plot FILE.png]
[--json]`. As in the interactive track of DAVIS (Caelles et al., 2018) the robot sees the truth: each round it clicks
the middle of the largest error, on the frame with the lowest J (`worst`), on the one that `wisp suggest` names, which
sees no truth (`suggest`), or, with as many clicks, on frames equally far apart (`spaced`). Scores are means over all
frames.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from ..atomic import replacing
from ..client.suggest import suggest
from ..metrics.tracking import boundary_f, jaccard
from ..trackers.flow import FlowTracker
from ..trackers.tracker import FramePrompts, Tracker
from .tracking import FolderClip, Mask, clip_folders, full_size, mask_prompt, read_mask, solve

Start = Literal["box", "click", "mask"]
Pick = Literal["worst", "suggest", "spaced"]
PICKS: tuple[Pick, ...] = ("worst", "suggest", "spaced")


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
    pick: Pick = "worst",
) -> list[Round]:
    """`rounds` + 1 results per clip: after the first prompt, then after each correction. Raises InputError."""
    folders = clip_folders(clips, names)
    tracker = tracker or FlowTracker()
    return [result for folder in folders for result in _clip(folder, rounds, start, tracker, frames, pick)]


def _clip(folder: Path, rounds: int, start: Start, tracker: Tracker, part: slice, pick: Pick) -> list[Round]:
    numbers = tuple(FolderClip(folder / "frames").frames)[part]
    robot = _Robot(tracker, FolderClip(folder / "frames", numbers), folder / "masks", start)
    results = []
    for turn in range(rounds + 1):
        if turn and pick == "spaced":  # frames equally far apart are others for each number of clicks
            robot.begin()
            for place in range(1, turn + 1):
                robot.correct(numbers[round(2 * place * (len(numbers) - 1) / (2 * turn + 1))])
        elif turn:
            robot.correct(robot.suggested if pick == "suggest" else robot.worst)
        results.append(robot.scores(folder.name, turn + 1))
    return results


class _Robot:
    """Who prompts and corrects one clip, and knows the truth."""

    def __init__(self, tracker: Tracker, clip: FolderClip, truth: Path, start: Start) -> None:
        self._tracker, self._clip, self._start = tracker, clip, start
        self._truth = {number: read_mask(truth / f"{number:05d}.png") for number in clip.frames}
        self.begin()

    def begin(self) -> None:
        """Only the first prompt, on the first frame."""
        first = self._clip.frames[0]
        self._prompts = {first: first_prompt(self._truth[first], self._start)}
        self._seconds = 0.0
        self._solve()

    def correct(self, frame: int) -> None:
        """One click there, and everything is solved anew."""
        self._prompts[frame] = clicked(self._prompts.get(frame), self._found[frame], self._truth[frame])
        self._solve()

    def _solve(self) -> None:
        began = time.perf_counter()
        self._masks, _ = solve(self._tracker, self._clip, self._prompts)
        self._seconds += time.perf_counter() - began
        self._found = {number: full_size(mask, self._clip) for number, mask in self._masks.items()}
        self._j = {number: jaccard(self._found[number], truth) for number, truth in self._truth.items()}

    @property
    def worst(self) -> int:
        """The frame with the lowest J."""
        return min(self._j, key=lambda number: (self._j[number], number))

    @property
    def suggested(self) -> int:
        """The frame that `wisp suggest` would name; where it names none, the one furthest from all prompts."""
        said = {number: (mask.state, mask.confidence) for number, mask in self._masks.items()}
        frame = suggest(said, self._prompts)
        if frame is not None:
            return frame
        return max(said, key=lambda number: (min(abs(number - given) for given in self._prompts), -number))

    def scores(self, name: str, interactions: int) -> Round:
        f = [boundary_f(self._found[number], truth) for number, truth in self._truth.items()]
        j = float(np.mean(list(self._j.values())))
        return Round(name, interactions, j, float(np.mean(f)), self._seconds)


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
    """`wisp bench clicks CLIPS_DIR [--rounds N] [--start box|click|mask] [--pick ...] [--plot FILE] [--json]`."""
    parser = argparse.ArgumentParser(prog="wisp bench clicks")
    parser.add_argument("clips", type=Path)
    parser.add_argument("--rounds", type=int, default=3, help="corrections after the first prompt (default: 3)")
    parser.add_argument("--start", choices=("box", "click", "mask"), default="box")
    parser.add_argument("--pick", nargs="+", choices=PICKS, default=["worst"], help="which frame is corrected")
    parser.add_argument("--clips", nargs="+", metavar="NAME", dest="names", help="only these clips")
    parser.add_argument("--plot", type=Path, metavar="FILE.png", help="draw the curves")
    parser.add_argument("--json", action="store_true", help="a line of JSON for each way to pick instead of tables")
    options = parser.parse_args(arguments)
    curves = {}
    for pick in options.pick:
        results = evaluate(options.clips, options.rounds, options.start, names=options.names, pick=pick)
        points = curves[pick] = curve(results)
        area = area_under(points)
        if options.json:
            rows = [asdict(result) for result in results]
            found = {"start": options.start, "pick": pick, "area": area, "curve": points, "clips": rows}
            print(json.dumps(found), flush=True)
            continue
        print(f"{'interactions':>12} {'J':>6} {'F':>6} {'J&F':>6} {'s a clip':>8}   (start: {options.start}, {pick})")
        for point in points:
            print(
                f"{point['interactions']:12.0f} {point['j']:6.3f} {point['f']:6.3f} {point['jf']:6.3f}"
                f" {point['seconds']:8.1f}"
            )
        print(f"area under the curve (J&F): {area:.3f}", flush=True)
    if options.plot is not None:
        with replacing(options.plot) as temporary:
            temporary.write_bytes(drawn(curves, f"J&F, start: {options.start}"))
        print(f"Wrote {options.plot}", file=sys.stderr)


def area_under(points: Sequence[dict[str, float]]) -> float:
    """The mean J&F over the numbers of interactions."""
    return float(np.mean([point["jf"] for point in points]))


_INK, _FAINT = (60, 60, 60), (225, 225, 225)
_COLOURS = ((90, 140, 40), (50, 80, 220), (200, 120, 40), (60, 160, 220))


def drawn(curves: Mapping[str, Sequence[dict[str, float]]], title: str) -> bytes:
    """The curves, J&F against interactions and against seconds of computing, as a PNG's bytes."""
    width, height, edge = 480, 360, 52
    picture = np.full((height, 2 * width, 3), 255, np.uint8)
    values = [point["jf"] for points in curves.values() for point in points]
    low = max(0.0, np.floor(20 * min(values) - 0.5) / 20)
    high = min(1.0, max(low + 0.05, np.ceil(20 * max(values)) / 20))
    for panel, (key, told) in enumerate((("interactions", "interactions"), ("seconds", "seconds a clip"))):
        left = panel * width + edge
        right, top, bottom = left + width - 2 * edge, edge, height - edge
        most = max(1.0, *(point[key] for points in curves.values() for point in points))
        for line in np.arange(low, high + 0.001, 0.05 if high - low > 0.06 else 0.01):
            y = round(bottom - (line - low) / (high - low) * (bottom - top))
            cv2.line(picture, (left, y), (right, y), _FAINT, 1, cv2.LINE_AA)
            _write(picture, f"{line:.2f}", (left - 40, y + 4))
        for tick in np.unique(np.round(np.linspace(0, most, 5)).astype(int)):
            _write(picture, str(tick), (round(left + tick / most * (right - left)) - 4, bottom + 18))
        _write(picture, told, (left + (right - left) // 2 - 40, bottom + 38))
        for place, (name, points) in enumerate(curves.items()):
            colour = _COLOURS[place % len(_COLOURS)]
            xy = [
                (
                    round(left + point[key] / most * (right - left)),
                    round(bottom - (point["jf"] - low) / (high - low) * (bottom - top)),
                )
                for point in points
            ]
            cv2.polylines(picture, [np.array(xy, np.int32)], False, colour, 2, cv2.LINE_AA)
            for at in xy:
                cv2.circle(picture, at, 4, colour, -1, cv2.LINE_AA)
            _write(picture, f"{name} {area_under(points):.3f}", (right - 110, bottom - 14 - 18 * place), colour)
    _write(picture, title, (edge, 28), _INK)
    done, encoded = cv2.imencode(".png", picture)
    assert done
    return encoded.tobytes()


def _write(picture: NDArray[np.uint8], text: str, at: tuple[int, int], colour: tuple[int, int, int] = _INK) -> None:
    cv2.putText(picture, text, at, cv2.FONT_HERSHEY_SIMPLEX, 0.42, colour, 1, cv2.LINE_AA)


if __name__ == "__main__":
    main()
