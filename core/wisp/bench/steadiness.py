"""How steady mattes are over time, on clips with true alpha: heads, frames near by, and the stabiliser after them.

`wisp bench steadiness CLIPS_DIR`. A clip is a folder with `frames/NNNNN.png` and `alpha/NNNNN.png` (8 or 16 bits).
Heads get the truth as a mask of a quarter of its size, so that what flickers is theirs. dtSSD x 100, MAD x 1000.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..finish.stabilise import REACH, View, stabilise
from ..heads.band import SURE
from ..metrics.matting import mad
from ..metrics.temporal import dtssd
from ..models.build import load_head
from ..plates.clip import FloatImage
from ..solve.uncover import Uncovering
from ..weights.options import RunOptions
from .stills import PictureClip

#: The mask's side, as a part of the picture's.
_GRID = 4


def run(clips: Path, heads: Sequence[str] = ("embedded", "guided")) -> dict[str, dict[str, float]]:
    """Mean dtSSD and MAD by head; under `HEAD, uncovered` with the background from frames before, and under
    `..., stabilised` after the stabiliser at full strength.

    Raises InputError where no clip has a true alpha.
    """
    folders = sorted(place.parent for place in clips.glob("*/alpha") if place.is_dir())
    if not folders:
        raise InputError(f"There are no clips with alpha in {clips}.", hint="Expected CLIP/alpha.", path=clips)
    rows: dict[str, list[tuple[float, float]]] = {}
    for folder in folders:
        pictures, truth = _read(folder)
        for name in heads:
            masks = [_mask(alpha) for alpha in truth]
            mattes = _matted(name, pictures, masks)
            uncovered = _uncovered(mattes, pictures, masks)
            for told, found in (
                (name, mattes),
                (f"{name}, stabilised", _stabilised(mattes, pictures)),
                (f"{name}, uncovered", uncovered),
                (f"{name}, uncovered, stabilised", _stabilised(uncovered, pictures)),
            ):
                error = float(np.mean([mad(one, true) for one, true in zip(found, truth, strict=True)]))
                rows.setdefault(told, []).append((dtssd(found, truth), error))
    return {
        told: {"dtssd": float(np.mean([row[0] for row in found])), "mad": float(np.mean([row[1] for row in found]))}
        for told, found in rows.items()
    }


def _read(folder: Path) -> tuple[list[FloatImage], list[FloatImage]]:
    pictures, truth = [], []
    for path in sorted((folder / "alpha").iterdir()):
        alpha: NDArray[np.unsignedinteger[Any]] | None = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        picture = cv2.imread(str(folder / "frames" / path.name), cv2.IMREAD_COLOR)
        if alpha is None or picture is None:
            raise InputError(f"Frame {path.name} of {folder} is missing or not a picture.", path=path)
        truth.append((alpha / np.iinfo(alpha.dtype).max).astype(np.float32))
        pictures.append(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB).astype(np.float32) / 255)
    return pictures, truth


def _mask(alpha: FloatImage) -> NDArray[np.float32]:
    """The truth as a tracker's logits."""
    height, width = alpha.shape
    inside = (alpha >= 0.5).astype(np.float32)
    mask = cv2.resize(inside, (width // _GRID, height // _GRID), interpolation=cv2.INTER_AREA)
    return np.asarray((mask - 0.5) * 2 * SURE, np.float32)


def _matted(name: str, pictures: Sequence[FloatImage], masks: Sequence[NDArray[np.float32]]) -> list[FloatImage]:
    head = load_head(name, RunOptions())
    return [head.matte(PictureClip(one), 1, {1: mask})[1] for one, mask in zip(pictures, masks, strict=True)]


def _uncovered(
    mattes: Sequence[FloatImage], pictures: Sequence[FloatImage], masks: Sequence[NDArray[np.float32]]
) -> list[FloatImage]:
    clip = PictureClip(*pictures)
    near = Uncovering(clip.frames, clip.frames)
    return [near.told(mattes[frame - 1], frame, clip, lambda other: masks[other - 1]) for frame in clip.frames]


def _stabilised(mattes: Sequence[FloatImage], pictures: Sequence[FloatImage]) -> list[FloatImage]:
    views = [View(alpha, picture) for alpha, picture in zip(mattes, pictures, strict=True)]
    return [
        stabilise(view, [*views[max(0, at - REACH) : at], *views[at + 1 : at + 1 + REACH]], 1.0)
        for at, view in enumerate(views)
    ]


def main(argv: Sequence[str] | None = None) -> int:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(prog="wisp bench steadiness", description=__doc__)
    parser.add_argument("clips", type=Path)
    print(json.dumps(run(parser.parse_args(argv).clips), indent=1))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
