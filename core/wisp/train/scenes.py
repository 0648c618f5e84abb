"""Whole made pictures with their truth: a subject over a background, seen by a camera, with a tracker's mask."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ..heads.band import Mask
from ..plates.clip import FloatImage
from .camera import composite, exposed, recorded, straight_colour
from .layers import random_layer
from .masks import guidance_mask
from .palette import random_palette, related_palette
from .textures import texture


@dataclass(frozen=True)
class Sample:
    """One picture to learn from, all H x W.

    `image`: display-referred RGB (x 3) in 0..1. `alpha`: the exact alpha, float32 in 0..1. `mask`: what a
    tracker hands over. `foreground`: un-premultiplied display RGB of the subject, black where alpha is 0,
    as it was before the camera; None where it is not known.
    """

    image: FloatImage
    alpha: FloatImage
    mask: Mask
    foreground: FloatImage | None = None


def made_sample(seed: int | tuple[int, ...], size: int = 192, mask_kind: str | None = None) -> Sample:
    """The made picture number `seed`, `size` pixels square: the same for ever on one version of the generator.

    The subject covers between 3 and 97 % of it. `mask_kind` as in `guidance_mask`; it changes only the mask.
    """
    rng = np.random.default_rng(seed)
    margin = 8  # filters of the lens must not see the canvas's end
    whole = size + 2 * margin
    palette = random_palette(rng)
    while True:
        shot = exposed(rng, random_layer(rng, whole, palette))
        layer = shot.layer
        inner = layer.alpha[margin:-margin, margin:-margin]
        if 0.03 < float((inner >= 0.5).mean()) < 0.97:
            break
    behind = random_palette(rng) if rng.random() < 0.65 else related_palette(rng, palette, rng.uniform(0.03, 0.2))
    background = texture(rng, whole, behind)
    if rng.random() < 0.2:  # a stranger of the subject's kind and colours, which is not the subject
        stranger = exposed(rng, random_layer(rng, whole, palette if rng.random() < 0.6 else behind))
        background = composite(stranger.layer, background, linear=False)
    if rng.random() < 0.35:
        background = cv2.GaussianBlur(background, (0, 0), float(np.exp(rng.uniform(np.log(0.6), np.log(7)))))
    picture = recorded(rng, composite(layer, background, linear=rng.random() < 0.35))
    inside = (slice(margin, -margin),) * 2
    alpha = np.ascontiguousarray(layer.alpha[inside])
    return Sample(
        image=np.ascontiguousarray(picture[inside]),
        alpha=alpha,
        mask=guidance_mask(rng, np.ascontiguousarray(shot.outline[inside]), mask_kind),
        foreground=np.ascontiguousarray(straight_colour(layer)[inside]),
    )


@dataclass(frozen=True)
class MadeSource:
    """Made samples by number, `size` pixels square; other seeds give other pictures."""

    size: int
    seed: int = 0

    def __call__(self, number: int, mask_kind: str | None = None) -> Sample:
        return made_sample((self.seed, number), self.size, mask_kind)
