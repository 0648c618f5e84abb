"""Mattes of things that move while the shutter is open: stills' own subjects, smeared, over another still's picture.

Alpha is known, being the mean of the subject's at all moments of the exposure. Masks are what trackers give: where the
smeared alpha is above one half, or where the subject was in the middle of the exposure. A camera mixes light; layers
that are put together in 8 bits are mostly mixed as encoded: both are measured.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Literal

import cv2
import numpy as np

from ..finish.foreground import foreground_colour
from ..heads.band import Mask
from ..metrics.matting import mad
from ..plates.clip import FloatImage, resize
from ..train.camera import composite, smeared
from ..train.layers import Layer

#: A picture and its true alpha.
Subject = tuple[FloatImage, FloatImage]
#: A head, as what gives alpha from a picture and a mask.
Matting = Callable[[FloatImage, Mask], FloatImage]
Outline = Literal["smear", "middle"]

#: Shutters in degrees, and pixels that subjects move from one frame to the next.
SHUTTERS = (180, 360)
#: What is mixed -> whether that is linear light.
MIXED = {"light": True, "encoded": False}
_SPEED = 28.0
#: How far out of focus the picture behind is, in pixels.
_BEHIND = 1.5
#: Alphas between which a pixel lies in the smear.
_SOFT = (0.02, 0.98)


@dataclass(frozen=True)
class Shot:
    """A frame with its truth: RGB and alpha as float 0..1; `band`: the smear."""

    image: FloatImage
    alpha: FloatImage
    band: Mask
    masks: dict[Outline, Mask]


@dataclass(frozen=True)
class Blurred:
    """MAD times 1000 in the smear, mean over shots, of a head or of the mask itself. `mixed`: of `MIXED`."""

    name: str
    mixed: str
    shutter: int
    outline: Outline
    mad: float


def shots(subjects: Sequence[Subject], shutter: int, *, linear: bool) -> Iterator[Shot]:
    """Every subject, each moved another way, over the next one's picture. `shutter` in degrees; `linear`: whether light
    is mixed, or encoded values."""
    for number, (image, alpha) in enumerate(subjects):
        way, angle = _SPEED * shutter / 360, 2.4 * number
        layer = Layer(foreground_colour(image, alpha) * alpha[..., None], alpha)
        moved = smeared(layer, (way * np.cos(angle), way * np.sin(angle)))
        other = np.ascontiguousarray(subjects[(number + 1) % len(subjects)][0][:, ::-1])
        behind = cv2.GaussianBlur(resize(other, (alpha.shape[1], alpha.shape[0])), (0, 0), _BEHIND)
        yield Shot(
            composite(moved, behind, linear=linear),
            moved.alpha,
            (moved.alpha > _SOFT[0]) & (moved.alpha < _SOFT[1]),
            {"smear": moved.alpha >= 0.5, "middle": alpha >= 0.5},
        )


def blurred(subjects: Sequence[Subject], heads: Mapping[str, Matting]) -> list[Blurred]:
    """The mask and every head, for each way of mixing, each shutter and each kind of mask."""
    errors: dict[tuple[str, str, int, Outline], list[float]] = {}
    for mixed, shutter in product(MIXED, SHUTTERS):
        for shot in shots(subjects, shutter, linear=MIXED[mixed]):
            for outline, mask in shot.masks.items():
                mattes = {"the mask": mask.astype(np.float32)}
                mattes |= {name: matted(shot.image, mask) for name, matted in heads.items()}
                for name, alpha in mattes.items():
                    errors.setdefault((name, mixed, shutter, outline), []).append(mad(alpha, shot.alpha, shot.band))
    return [Blurred(*key, float(np.mean(found))) for key, found in errors.items()]


def table(rows: Sequence[Blurred]) -> str:
    """A line for the mask and for every head in each way of mixing, a column for each shutter and kind of mask."""
    columns = list(dict.fromkeys((row.shutter, row.outline) for row in rows))
    found = {(row.name, row.mixed, row.shutter, row.outline): row.mad for row in rows}
    lines = ["MAD in the smear of moving subjects", f"{'':22}" + "".join(f"{s:>5}° {o:8}" for s, o in columns)]
    for name, mixed in dict.fromkeys((row.name, row.mixed) for row in rows):
        lines.append(f"{name:12} {mixed:9}" + "".join(f"{found[name, mixed, *column]:13.1f}  " for column in columns))
    return "\n".join(lines)
