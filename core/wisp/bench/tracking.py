"""How well a tracker keeps objects, on clips with a true mask for every frame.

`wisp bench tracking CLIPS_DIR [--sheet FILE.png]` prints a table for the embedded tracker, and leaves pictures of it to
look at. A clip is a folder with `frames/NNNNN.jpg|png` and `masks/NNNNN.png` (above one half is inside).

Keyframes are true masks at the first frame, every n-th one and, so that every frame lies between two, the last one;
with no spacing there is one prompt on the first frame only. Scores are means over the frames that are not keyframes.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from ..contact_sheet import GridRow, picture_grid, write_png
from ..errors import FrameReadError, InputError
from ..metrics.tracking import boundary_f, jaccard
from ..trackers import flow
from ..trackers.blend import blend
from ..trackers.tracker import FramePrompts, TrackedMask, Tracker

FirstPrompt = Literal["box", "mask"]
Mask = NDArray[np.bool_]
#: Below this overlap with the truth a mask is no longer the object.
LOST_BELOW = 0.3
#: The frames of a clip that a sheet shows.
SHEET = ("second frame", "middle", "last", "worst")
_OBJECT = 1


class FolderClip:
    """A `Clip` of the numbered 8-bit pictures in a folder, already display-referred."""

    def __init__(self, folder: Path, frames: Sequence[int] | None = None) -> None:
        self._files = {int(path.stem): path for path in sorted(folder.iterdir()) if path.suffix in {".jpg", ".png"}}
        if not self._files:
            raise InputError(
                f"There are no pictures in {folder}.", hint="Expected NNNNN.jpg or NNNNN.png.", path=folder
            )
        self.frames: Sequence[int] = tuple(sorted(self._files)) if frames is None else tuple(frames)
        first = self.image(self.frames[0])
        self.height, self.width = first.shape[:2]

    @lru_cache(maxsize=4)  # noqa: B019 - a clip lives as long as its evaluation
    def image(self, frame: int, size: tuple[int, int] | None = None) -> NDArray[np.float32]:
        """See `Clip.image`."""
        path = self._files[frame]
        picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
        if picture is None:
            raise FrameReadError(path, "it is not a picture", frame=frame)
        if size is not None:
            picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
        image: NDArray[np.float32] = cv2.cvtColor(picture, cv2.COLOR_BGR2RGB).astype(np.float32) / 255.0
        return image


@dataclass(frozen=True)
class Row:
    """One clip's result.

    A call of `lost` is right where the object is absent, or where holding the last believed mask would overlap it
    by less than LOST_BELOW. `lost_precision`: the share of calls that are right, None without calls. `lost_recall`:
    the share of right calls among these and the believed masks that are wrong (J < LOST_BELOW), None without either.
    `astray`: the share of frames with J < LOST_BELOW that are not called lost.
    """

    clip: str
    frames: int
    j: float
    f: float
    lost_precision: float | None
    lost_recall: float | None
    astray: float
    ms_per_frame: float

    @property
    def jf(self) -> float:
        return (self.j + self.f) / 2.0


def evaluate(
    clips: Path,
    keyframe_every: int | None,
    first_prompt: FirstPrompt,
    *,
    tracker: Tracker | None = None,
    names: Sequence[str] | None = None,
    frames: slice = slice(None),
    sheet: list[GridRow] | None = None,
) -> list[Row]:
    """One row per clip with true masks below the folder `clips`, by name.

    `keyframe_every`: None prompts the first frame only. `first_prompt`: what the first frame is given; later keyframes
    are true masks. `names`, `frames`: only these clips, only this slice of their frames. `sheet` gets a row of pictures
    for each clip: what was found in green and the truth's outline in white, under the names of `SHEET`.
    Raises InputError where there is no such clip.
    """
    folders = clip_folders(clips, names)
    tracker = tracker or flow.FlowTracker()
    return [_row(folder, keyframe_every, first_prompt, tracker, frames, sheet) for folder in folders]


def clip_folders(clips: Path, names: Sequence[str] | None = None) -> list[Path]:
    """The clips with true masks below a folder, by name; InputError where there is none."""
    known = sorted(clips.iterdir()) if clips.is_dir() else []
    folders = [f for f in known if (f / "masks").is_dir() and (names is None or f.name in names)]
    if not folders:
        raise InputError(
            f"There are no clips with masks in {clips}.", hint="Expected CLIP/frames and CLIP/masks.", path=clips
        )
    return folders


def _row(
    folder: Path,
    every: int | None,
    first_prompt: FirstPrompt,
    tracker: Tracker,
    part: slice,
    sheet: list[GridRow] | None,
) -> Row:
    numbers = tuple(FolderClip(folder / "frames").frames)[part]
    clip = FolderClip(folder / "frames", numbers)
    truth = {number: read_mask(folder / "masks" / f"{number:05d}.png") for number in numbers}
    keyframes = [numbers[0]] if every is None else sorted({*numbers[::every], numbers[-1]})
    prompts = {number: mask_prompt(truth[number]) for number in keyframes}
    if first_prompt == "box":
        prompts[numbers[0]] = _box_prompt(truth[numbers[0]])

    started = time.perf_counter()
    masks, steps = solve(tracker, clip, prompts)
    seconds = time.perf_counter() - started

    scored = [number for number in numbers if number not in keyframes]
    found = {number: full_size(masks[number], clip) for number in numbers}
    j = [jaccard(found[number], truth[number]) for number in scored]
    f = [boundary_f(found[number], truth[number]) for number in scored]
    precision, recall = _lost(masks, found, truth)
    if sheet is not None:
        shown = [scored[0], scored[len(scored) // 2], scored[-1], scored[int(np.argmin(j))]]
        pictures = [_overlay(clip.image(number), found[number], truth[number]) for number in shown]
        said = [f"{number}: J {j[scored.index(number)]:.2f}, {masks[number].state}" for number in shown]
        sheet.append(GridRow(folder.name, pictures, said))
    astray = [overlap < LOST_BELOW and masks[n].state != "lost" for n, overlap in zip(scored, j, strict=True)]
    return Row(
        folder.name,
        len(scored),
        float(np.mean(j)),
        float(np.mean(f)),
        precision,
        recall,
        float(np.mean(astray)),
        1000.0 * seconds / steps,
    )


def _overlay(picture: NDArray[np.float32], found: Mask, truth: Mask) -> NDArray[np.float32]:
    shown = np.where(found[..., None], 0.5 * picture + np.array([0, 0.4, 0], np.float32), picture).astype(np.float32)
    outlines, _ = cv2.findContours(truth.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    return np.asarray(cv2.drawContours(np.ascontiguousarray(shown), outlines, -1, (1.0, 1.0, 1.0), 2), np.float32)


def solve(
    tracker: Tracker, clip: FolderClip, prompts: Mapping[int, FramePrompts]
) -> tuple[dict[int, TrackedMask], int]:
    """Masks of all frames from the first prompted one on, as a shot is solved, and how many steps that took.

    One pass goes forward; from every later prompted frame's mask one goes back to the prompted frame before it, and
    between the two both are blended by distance.
    """
    numbers = [number for number in clip.frames if number >= min(prompts)]
    masks = _run(tracker, clip, prompts, numbers)
    steps = len(numbers)
    keyframes = sorted(prompts)
    for earlier, later in pairwise(keyframes):
        between = [number for number in numbers if earlier < number <= later][::-1]
        tracked = mask_prompt(full_size(masks[later], clip))
        anchor = dataclasses.replace(tracked, given=prompts[later].mask is not None)
        behind = _run(tracker, clip, {later: anchor}, between)
        steps += len(between)
        for number in between[1:]:
            masks[number] = blend(masks[number], behind[number], (later - number) / (later - earlier))
    return masks, steps


def _run(
    tracker: Tracker, clip: FolderClip, prompts: Mapping[int, FramePrompts], frames: Sequence[int]
) -> dict[int, TrackedMask]:
    running = tracker.start(clip, {_OBJECT: prompts}, frames)
    return {frame: running.step(frame)[_OBJECT] for frame in frames}


def _lost(
    masks: Mapping[int, TrackedMask], found: Mapping[int, Mask], truth: Mapping[int, Mask]
) -> tuple[float | None, float | None]:
    """(precision, recall) of the calls of `lost`; see `Row`."""
    calls = right = missed = 0
    believed: Mask | None = None
    for number in sorted(masks):
        if masks[number].state != "lost":
            believed = found[number]
            missed += jaccard(believed, truth[number]) < LOST_BELOW
            continue
        calls += 1
        absent = not truth[number].any()
        right += absent or believed is None or jaccard(believed, truth[number]) < LOST_BELOW
    return right / calls if calls else None, right / (right + missed) if right + missed else None


def full_size(mask: TrackedMask, clip: FolderClip) -> Mask:
    """The mask at the clip's own size."""
    logits = cv2.resize(mask.logits, (clip.width, clip.height), interpolation=cv2.INTER_LINEAR)
    inside: Mask = logits > 0
    return inside


def read_mask(path: Path) -> Mask:
    """A true mask from a file. Raises InputError."""
    picture = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if picture is None:
        raise InputError(f"The true mask {path} cannot be read.", path=path)
    mask: Mask = picture > 127
    return mask


def mask_prompt(mask: Mask) -> FramePrompts:
    """The mask as a keyframe."""
    return FramePrompts(np.zeros((0, 2), np.float32), np.zeros(0, np.int32), mask=mask)


def _box_prompt(mask: Mask) -> FramePrompts:
    """The true mask's rectangle, as an artist would draw it."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    box = (float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1))
    return FramePrompts(np.zeros((0, 2), np.float32), np.zeros(0, np.int32), box=box)


def table(rows: Sequence[Row]) -> str:
    """The rows and their means as aligned text."""
    heads = f"{'J':>6} {'F':>6} {'J&F':>6} {'astray':>6} {'lost P':>7} {'lost R':>7} {'ms':>6}"
    lines = [f"{'clip':24} {'frames':>6} {heads}"]
    for row in rows:
        p, r = (f"{value:7.2f}" if value is not None else "      -" for value in (row.lost_precision, row.lost_recall))
        lines.append(
            f"{row.clip:24} {row.frames:6d} {row.j:6.3f} {row.f:6.3f} {row.jf:6.3f} {row.astray:6.3f} {p} {r} "
            f"{row.ms_per_frame:6.0f}"
        )
    j, f = float(np.mean([row.j for row in rows])), float(np.mean([row.f for row in rows]))
    lines.append(f"{'mean':24} {'':6} {j:6.3f} {f:6.3f} {(j + f) / 2:6.3f}")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    """`wisp bench tracking CLIPS_DIR [--every N ...] [--first box|mask] [--json] [--sheet FILE.png]`."""
    parser = argparse.ArgumentParser(prog="wisp bench tracking")
    parser.add_argument("clips", type=Path)
    parser.add_argument(
        "--every", type=int, nargs="*", default=[0, 20, 10], help="keyframe spacings; 0: first frame only"
    )
    parser.add_argument("--first", choices=("box", "mask"), default="mask")
    parser.add_argument("--json", action="store_true", help="one line of JSON for each spacing instead of tables")
    parser.add_argument("--sheet", type=Path, metavar="FILE.png", help="pictures of every clip, by the first spacing")
    options = parser.parse_args(arguments)
    for number, every in enumerate(options.every):
        sheet: list[GridRow] | None = [] if options.sheet is not None and number == 0 else None
        rows = evaluate(options.clips, every or None, options.first, sheet=sheet)
        if sheet is not None:
            write_png(options.sheet, picture_grid(SHEET, sheet, cell_width=480))
        if options.json:
            print(json.dumps(_summary(rows, every, options.first)), flush=True)
            continue
        print(
            f"keyframes: {f'every {every} frames and the last' if every else 'the first frame'} ({options.first} first)"
        )
        print(table(rows), flush=True)


def _summary(rows: Sequence[Row], every: int, first: FirstPrompt) -> dict[str, object]:
    j, f, astray = (float(np.mean([getattr(row, name) for row in rows])) for name in ("j", "f", "astray"))
    clips = [dataclasses.asdict(row) for row in rows]
    return {"every": every, "first": first, "j": j, "f": f, "jf": (j + f) / 2, "astray": astray, "clips": clips}


if __name__ == "__main__":
    main()
