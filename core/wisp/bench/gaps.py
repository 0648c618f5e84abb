"""Whether an object that was hidden is found again: something is pasted over it for a while, on clips with true masks.

`wisp bench gaps CLIPS_DIR [--frames 10] [--clips NAME ...] [--json]`. From the first frame's true mask; after a
third of the clip a textured disk slides over the object within three frames, stays over it, and slides away. Its
texture is a piece of the next clip's first picture.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ..metrics.tracking import jaccard
from ..trackers.flow import FlowTracker
from ..trackers.tracker import TrackedMask, Tracker
from .tracking import FolderClip, Mask, clip_folders, full_size, mask_prompt, read_mask, solve

#: In so many frames the disk slides over the object, and away again.
_SLIDE = 3
#: An object of which less than this share is to be seen is hidden; from this share on it is to be found.
_HIDDEN, _SEEN = 0.05, 0.8
#: J from which a find is right, and below which it is something else.
_RIGHT, _WRONG = 0.5, 0.1
#: A find within so many frames after the object is to be seen again counts.
_SOON = 10


@dataclass(frozen=True)
class Gap:
    """One clip. `hidden`: frames on which the object is covered; `false_hidden`: those of them with a mask that is not
    called lost. `after`: the frames asked about behind the gap; `wrong_after`: those with a mask of something else.
    `found_after`: frames until a right mask, None where there was none soon. `believed_wrong`: of all wrong masks,
    those that are no candidates any more."""

    clip: str
    hidden: int
    false_hidden: int
    after: int
    wrong_after: int
    found_after: int | None
    believed_wrong: int
    j_after: float


class CoveredClip(FolderClip):
    """A clip with a disk in front of the object for a while."""

    def __init__(self, folder: Path, texture: NDArray[np.float32], gap: int) -> None:
        super().__init__(folder / "frames")
        self.whole = {frame: read_mask(folder / "masks" / f"{frame:05d}.png") for frame in self.frames}
        self._texture = texture
        start = len(self.frames) // 3
        self._gap = range(start, min(len(self.frames) - 1, start + gap))
        self._discs = {self.frames[place]: self._disc(place) for place in self._gap}

    def image(  # type: ignore[override]  # the folder keeps its last pictures, this does not
        self, frame: int, size: tuple[int, int] | None = None
    ) -> NDArray[np.float32]:
        """See `Clip.image`."""
        picture = super().image(frame, None)
        cover = getattr(self, "_discs", {}).get(frame)
        if cover is not None:
            alpha = cv2.GaussianBlur(cover.astype(np.float32), (0, 0), 1.5)[..., None]
            picture = picture * (1 - alpha) + cv2.resize(self._texture, picture.shape[1::-1]) * alpha
        return picture if size is None else np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA))

    def truth(self, frame: int) -> Mask:
        """What is to be seen of the object."""
        cover = self._discs.get(frame)
        return self.whole[frame] if cover is None else self.whole[frame] & ~cover

    def hidden(self, frame: int) -> bool:
        return bool(self.truth(frame).sum() < _HIDDEN * max(1, self.whole[frame].sum()))

    @property
    def behind(self) -> list[int]:
        """The frames after the gap on which the object is to be found."""
        last = max((f for f in self.frames if self.hidden(f) and self.whole[f].any()), default=self.frames[-1])
        seen = [f for f in self.frames if f > last and self.truth(f).sum() >= _SEEN * max(1, self.whole[f].sum())]
        return seen[:_SOON]

    def _disc(self, place: int) -> Mask:
        mask = self.whole[self.frames[place]]
        rows, columns = np.nonzero(mask)
        if not len(rows):
            return np.zeros_like(mask)
        centre = np.array([columns.min() + columns.max(), rows.min() + rows.max()]) / 2
        radius = 1.05 * float(np.hypot(columns - centre[0], rows - centre[1]).max()) + 4
        away = max(0, _SLIDE - (place - self._gap.start), _SLIDE - (self._gap.stop - 1 - place)) / _SLIDE
        side = -1 if place - self._gap.start < _SLIDE else 1
        x, y = np.arange(mask.shape[1])[None], np.arange(mask.shape[0])[:, None]
        covered: Mask = np.hypot(x - centre[0] - side * away * 2 * radius, y - centre[1]) <= radius
        return covered


def evaluate(
    clips: Path, gap: int = 10, *, tracker: Tracker | None = None, names: Sequence[str] | None = None
) -> list[Gap]:
    """One result per clip whose object was hidden and came back. Raises InputError."""
    every, results = clip_folders(clips), []
    for place, folder in enumerate(every):
        if names is None or folder.name in names:
            other = FolderClip(every[(place + 1) % len(every)] / "frames")
            texture = other.image(other.frames[0])
            clip = CoveredClip(folder, texture[: texture.shape[0] // 2, : texture.shape[1] // 2], gap)
            result = _result(folder.name, clip, tracker or FlowTracker())
            results += [result] if result else []
    return results


def _result(name: str, clip: CoveredClip, tracker: Tracker) -> Gap | None:
    first, behind = clip.frames[0], clip.behind
    hidden = [frame for frame in clip.frames if clip.hidden(frame) and clip.whole[frame].any()]
    if not hidden or not behind or not clip.truth(first).any():
        return None
    masks, _ = solve(tracker, clip, {first: mask_prompt(clip.truth(first))})
    j = {frame: jaccard(full_size(masks[frame], clip), clip.truth(frame)) for frame in behind}
    false = [frame for frame in hidden if _told(masks[frame])]
    wrong = [frame for frame in behind if _told(masks[frame]) and j[frame] < _WRONG]
    right = [count for count, frame in enumerate(behind) if j[frame] >= _RIGHT]
    believed = sum(masks[frame].state != "candidate" for frame in (*false, *wrong))
    mean = float(np.mean(list(j.values())))
    found = right[0] if right else None
    return Gap(name, len(hidden), len(false), len(behind), len(wrong), found, believed, mean)


def _told(mask: TrackedMask) -> bool:
    return mask.state != "lost" and bool((mask.logits > 0).any())


def rates(results: Sequence[Gap]) -> dict[str, float]:
    """Over all clips: the share found again, the share of hidden frames with a false mask and of later frames with a
    wrong one, and the share of both that is believed."""
    hidden, after = (max(1, sum(getattr(one, name) for one in results)) for name in ("hidden", "after"))
    false, wrong, believed = (
        sum(getattr(one, name) for one in results) for name in ("false_hidden", "wrong_after", "believed_wrong")
    )
    return {
        "found": sum(one.found_after is not None for one in results) / max(1, len(results)),
        "false_hidden": false / hidden,
        "wrong_after": wrong / after,
        "believed_wrong": believed / (hidden + after),
        "j_after": float(np.mean([one.j_after for one in results])) if results else 0.0,
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """`wisp bench gaps CLIPS_DIR [--frames N] [--clips NAME ...] [--json]`."""
    parser = argparse.ArgumentParser(prog="wisp bench gaps")
    parser.add_argument("clips", type=Path)
    parser.add_argument("--frames", type=int, default=10, help="length of the gap, sliding included (default: 10)")
    parser.add_argument("--clips", nargs="+", metavar="NAME", dest="names", help="only these")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    results = evaluate(options.clips, options.frames, names=options.names)
    told = rates(results)
    if options.json:
        print(json.dumps({"rates": told, "clips": [asdict(one) for one in results]}))
        return
    print(f"{'clip':24} {'hidden':>6} {'false':>6} {'after':>6} {'wrong':>6} {'found':>6} {'J':>6}")
    for one in results:
        found = "-" if one.found_after is None else str(one.found_after)
        print(
            f"{one.clip:24} {one.hidden:6d} {one.false_hidden:6d} {one.after:6d} {one.wrong_after:6d} {found:>6} "
            f"{one.j_after:6.3f}"
        )
    print(
        f"found again {told['found']:.0%}; of hidden frames {told['false_hidden']:.1%} have a mask, of those after "
        f"{told['wrong_after']:.1%} a wrong one; believed {told['believed_wrong']:.1%}; J after {told['j_after']:.3f}"
    )


if __name__ == "__main__":
    main()
