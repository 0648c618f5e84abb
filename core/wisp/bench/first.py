"""The first matte: what one box or one click on a picture gives, against GrabCut from the same box.

`wisp bench first STILLS_DIR` prints a line a still: J of the tracker's first mask from a box (drawn with a jitter of
3 %) and from one click in the middle of the object, J of OpenCV's GrabCut (Rother et al., SIGGRAPH 2004) from that
box, and the MAD times 1000 of the default head's matte from either prompt.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ..heads.band import mask_from_logits
from ..heads.head import Head
from ..metrics.matting import mad
from ..metrics.tracking import jaccard
from ..models.build import load_head, load_tracker
from ..plates.clip import FloatImage
from ..trackers.tracker import FramePrompts, Tracker
from ..weights.options import RunOptions
from .clicks import first_prompt
from .stills import PictureClip, Still, read_stills

_ITERATIONS = 5
_OBJECT, _FRAME = 1, 1


@dataclass(frozen=True)
class Row:
    """One still: overlaps 0..1, MAD times 1000."""

    still: str
    j_box: float
    j_click: float
    j_grabcut: float
    mad_box: float
    mad_click: float


def evaluate(folder: Path, seed: int = 1) -> list[Row]:
    """A row a still, with the built-in tracker and head. Raises InputError where there are none."""
    options = RunOptions()
    tracker, head = load_tracker("flow", options), load_head("embedded", options)
    return [_row(still, tracker, head, seed) for still in read_stills(folder)]


def _row(still: Still, tracker: Tracker, head: Head, seed: int) -> Row:
    truth = still.alpha > 0.5
    boxed = first_prompt(truth, "box", np.random.default_rng(seed))
    assert boxed.box is not None
    found = [_first(still, prompt, tracker, head) for prompt in (boxed, first_prompt(truth, "click"))]
    (box_mask, box_alpha), (click_mask, click_alpha) = found
    return Row(
        still.name,
        jaccard(box_mask, truth),
        jaccard(click_mask, truth),
        jaccard(_grabcut(still.image, boxed.box), truth),
        mad(box_alpha, still.alpha),
        mad(click_alpha, still.alpha),
    )


def _first(still: Still, prompts: FramePrompts, tracker: Tracker, head: Head) -> tuple[NDArray[np.bool_], FloatImage]:
    clip = PictureClip(still.image)
    walk = tracker.start(clip, {_OBJECT: {_FRAME: prompts}}, clip.frames)
    logits = walk.step(_FRAME)[_OBJECT].logits
    mask = mask_from_logits(logits, clip.width, clip.height)
    return mask, head.matte(clip, _FRAME, {_OBJECT: logits})[_OBJECT]


def _grabcut(image: FloatImage, box: tuple[float, float, float, float]) -> NDArray[np.bool_]:
    picture = cv2.cvtColor(np.rint(image * 255).astype(np.uint8), cv2.COLOR_RGB2BGR)
    height, width = picture.shape[:2]
    # A rectangle that is the whole picture leaves GrabCut no background to learn.
    x0, y0, x1, y1 = np.clip(np.rint(box).astype(int), 1, [width - 1, height - 1] * 2).tolist()
    labels = np.zeros(picture.shape[:2], np.uint8)
    models = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.setRNGSeed(0)
    cv2.grabCut(picture, labels, (x0, y0, x1 - x0, y1 - y0), *models, _ITERATIONS, cv2.GC_INIT_WITH_RECT)
    return np.asarray((labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD))


def means(rows: Sequence[Row]) -> dict[str, float]:
    """Of every figure, by its field's name."""
    return {one.name: float(np.mean([getattr(row, one.name) for row in rows])) for one in fields(Row)[1:]}


def table(rows: Sequence[Row]) -> str:
    """Aligned text, the means last."""
    lines = [f"{'still':18} {'J box':>6} {'click':>6} {'GrabCut':>8} {'MAD box':>8} {'click':>7}"]
    for name, values in [(row.still, vars(row)) for row in rows] + [("mean", means(rows))]:
        lines.append(
            f"{name:18} {values['j_box']:6.3f} {values['j_click']:6.3f} {values['j_grabcut']:8.3f} "
            f"{values['mad_box']:8.1f} {values['mad_click']:7.1f}"
        )
    return "\n".join(lines)


def main(argv: Sequence[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="wisp bench first", description=__doc__)
    parser.add_argument("folder", type=Path, help="folder of stills")
    print(table(evaluate(parser.parse_args(argv).folder)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
