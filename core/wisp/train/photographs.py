"""Samples from pictures: photographed, rendered and painted subjects, scaled, coloured anew, over other pictures."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..finish.foreground import foreground_colour
from ..plates.clip import FloatImage
from .camera import Exposed, composite, exposed, recorded
from .layers import Layer, random_layer, veiled, whiskered
from .masks import guidance_mask
from .palette import random_palette
from .scenes import Sample, made_sample
from .textures import fractal_noise, texture

#: How often a sample is all made, and else the subject is not a made one, the background is a photograph, another
#: subject stands in it; and how often a subject that is not a made one is a rendered one, where there are any.
_MADE, _REAL_SUBJECT, _REAL_BACKGROUND, _STRANGER, _RENDERED = 0.27, 0.85, 0.8, 0.15, 0.52
#: Share of a subject that must be soft for it to be called translucent, and how often a tracker sees all of such a one.
_TRANSLUCENT, _WHOLE = 0.6, 0.6
#: How often another one is given a few fine strands more than its photograph has.
_WHISKERED = 0.3
#: Pixels around a sample that only filters see.
_MARGIN = 8


@dataclass(frozen=True)
class PhotographSource:
    """Samples `size` pixels square: sample number n is the same as long as the files are.

    `subjects`: a folder of NAME.jpg with NAME.alpha.png. `backgrounds`: pictures in any depth of folders. `renders`: a
    folder of PNG with straight colour and alpha (see `render_scenes`). Other seeds give other pictures of the same
    things. Raises InputError where a folder holds nothing.
    """

    subjects: Path
    backgrounds: Path
    size: int
    seed: int = 0
    renders: Path | None = None

    def __call__(self, number: int, mask_kind: str | None = None) -> Sample:
        rng = np.random.default_rng((self.seed, number))
        if rng.random() < _MADE:
            return made_sample((self.seed, number), self.size, mask_kind)
        whole = self.size + 2 * _MARGIN
        while True:
            shot = self._subject(rng, whole)
            inner = shot.outline[_MARGIN:-_MARGIN, _MARGIN:-_MARGIN]
            if 0.02 < float((inner >= 0.5).mean()) < 0.98:
                break
        layer = shot.layer
        behind = self._background(rng, whole, layer)
        picture = composite(layer, behind, linear=rng.random() < 0.5)
        inside = (slice(_MARGIN, -_MARGIN),) * 2
        picture = recorded(rng, picture) if rng.random() < 0.5 else np.round(255 * picture) / np.float32(255)
        alpha, outline = (np.ascontiguousarray(plane[inside]) for plane in (layer.alpha, shot.outline))
        return Sample(np.ascontiguousarray(picture[inside]), alpha, guidance_mask(rng, outline, mask_kind))

    def _subject(self, rng: np.random.Generator, side: int) -> Exposed:
        if rng.random() >= _REAL_SUBJECT:
            return exposed(rng, random_layer(rng, side, random_palette(rng)))
        rendered = self.renders is not None and rng.random() < _RENDERED
        if self.renders is not None and rendered:
            cut = _rendered(_chosen(rng, _renders(self.renders)))
        else:
            cut = _straight(_chosen(rng, _subjects(self.subjects)))
        layer = _cut_out(rng, cut, side)
        if not cut.translucent and rng.random() < _WHISKERED:
            layer = whiskered(rng, layer)
        shot = exposed(rng, veiled(rng, layer) if rng.random() < 0.05 else layer, focused=rng.random() < 0.8)
        if cut.translucent and rng.random() < _WHOLE:
            shot = Exposed(shot.layer, np.minimum(4 * shot.outline, 1))
        return shot

    def _background(self, rng: np.random.Generator, side: int, layer: Layer) -> FloatImage:
        if rng.random() < _REAL_BACKGROUND:
            path = _chosen(rng, _pictures(self.backgrounds))
            picture = _part(rng, _display(path), side)
        else:
            picture = texture(rng, side, random_palette(rng))
        if rng.random() < _STRANGER:
            picture = composite(self._subject(rng, side).layer, picture, linear=False)
        picture = _recoloured(rng, picture)
        if rng.random() < 0.3:  # towards the subject's own colours
            weight = layer.alpha.sum() + 1
            mean = layer.colour.sum(axis=(0, 1)) / weight
            picture = picture + rng.uniform(0.3, 0.95) * (mean - picture.mean(axis=(0, 1)))
        if rng.random() < 0.35:
            picture = cv2.GaussianBlur(picture, (0, 0), float(np.exp(rng.uniform(np.log(0.6), np.log(7)))))
        return np.asarray(np.clip(picture, 0, 1), np.float32)


def _chosen(rng: np.random.Generator, paths: tuple[Path, ...]) -> Path:
    return paths[rng.integers(len(paths))]


@dataclass(frozen=True)
class _Cut:
    """A subject: un-premultiplied colour, also a little beyond its edge, alpha, and the soft places (n x 2, y and x).

    `translucent`: most of it is soft, as a veil or a glass is; hair is not.
    """

    colour: FloatImage
    alpha: FloatImage
    places: NDArray[np.int32]
    translucent: bool

    @classmethod
    def of(cls, colour: FloatImage, alpha: FloatImage) -> _Cut:
        soft = (alpha > 0.03) & (alpha < 0.97)
        places = np.argwhere(soft).astype(np.int32)
        if not len(places):  # all or nothing: a part of it is no sample by itself, and is drawn anew
            places = np.array([[side // 2 for side in alpha.shape]], np.int32)
        return cls(colour, alpha, places, bool(soft.sum() > _TRANSLUCENT * (alpha > 0.03).sum()))


def _cut_out(rng: np.random.Generator, cut: _Cut, side: int) -> Layer:
    """A square of a subject around a soft place, turned, scaled, bent and coloured at random."""
    colour, alpha, places = cut.colour, cut.alpha, cut.places
    centre = places[rng.integers(len(places))][::-1].astype(np.float64)
    scale = np.exp(rng.uniform(np.log(0.55), np.log(1.9)))
    angle = rng.normal(scale=0.35) if rng.random() < 0.8 else rng.uniform(0, 2 * np.pi)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    stretch = np.diag(np.exp(rng.normal(scale=0.1, size=2)) / scale * [rng.choice([-1, 1]), 1])
    grid = np.stack(np.meshgrid(np.arange(side), np.arange(side)), axis=-1) - side / 2
    places_from = grid @ (turn @ stretch).T + centre + rng.uniform(-side / 3, side / 3, 2) / scale
    if rng.random() < 0.3:
        bend = rng.uniform(2, 12) / scale
        cells = rng.uniform(1.5, 5)
        shifts = [fractal_noise(rng, side, cells, 2.5, 2) - 0.5 for _ in range(2)]
        places_from = places_from + bend * np.stack(shifts, axis=-1)
    x, y = (np.ascontiguousarray(places_from[..., n], np.float32) for n in range(2))
    if scale < 0.85:
        blur = 0.45 / scale
        colour, alpha = cv2.GaussianBlur(colour, (0, 0), blur), cv2.GaussianBlur(alpha, (0, 0), blur)
    warped = [cv2.remap(part, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101) for part in (colour, alpha)]
    straight, alpha = np.clip(warped[0], 0, 1), np.clip(warped[1], 0, 1)
    if rng.random() < 0.12:  # another material of the same shape
        light = straight.mean(axis=2, keepdims=True)
        straight = texture(rng, side, random_palette(rng)) * (0.4 + light)
    straight = _recoloured(rng, np.asarray(straight, np.float32))
    return Layer(np.asarray(straight * alpha[..., None], np.float32), np.asarray(alpha, np.float32))


def _part(rng: np.random.Generator, picture: FloatImage, side: int) -> FloatImage:
    """A square of a picture at a random place, size and hand."""
    extent = min(*picture.shape[:2], round(side * np.exp(rng.uniform(np.log(0.6), np.log(2.5)))))
    top, left = (int(rng.integers(length - extent + 1)) for length in picture.shape[:2])
    part = picture[top : top + extent, left : left + extent]
    part = cv2.resize(part, (side, side), interpolation=cv2.INTER_AREA if extent > side else cv2.INTER_CUBIC)
    part = np.rot90(part, int(rng.choice([0, 0, 0, 1, 2, 3])))
    return np.ascontiguousarray(np.clip(part[:, ::-1] if rng.random() < 0.5 else part, 0, 1), np.float32)


def _recoloured(rng: np.random.Generator, picture: FloatImage) -> FloatImage:
    """Other light, tint, contrast and saturation."""
    gain = np.exp(rng.normal(scale=0.2) + rng.normal(scale=0.08, size=3))
    grey = picture.mean(axis=2, keepdims=True)
    picture = grey + (picture - grey) * rng.uniform(0.3, 1.5)
    picture = np.clip(picture * gain, 0, 1) ** np.exp(rng.normal(scale=0.25))
    return np.asarray(picture, np.float32)


@lru_cache(maxsize=16)
def _straight(path: Path) -> _Cut:
    """A photographed subject; its own colour is un-mixed from the photograph."""
    alpha = cv2.imread(str(path.with_suffix(".alpha.png")), cv2.IMREAD_GRAYSCALE)
    if alpha is None:
        raise InputError(f"{path} has no {path.stem}.alpha.png beside it.", path=path)
    matte = alpha.astype(np.float32) / 255
    return _Cut.of(foreground_colour(_display(path), matte), matte)


@lru_cache(maxsize=64)
def _rendered(path: Path) -> _Cut:
    """A rendered subject, its colour carried on to where there is nothing."""
    picture = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if picture is None or picture.shape[2:] != (4,):
        raise InputError(f"{path} is not a picture with alpha.", path=path)
    whole = cv2.cvtColor(picture, cv2.COLOR_BGRA2RGBA) / np.float32(np.iinfo(picture.dtype).max)
    colour, alpha = whole[..., :3], np.ascontiguousarray(whole[..., 3])
    for radius in (2, 8, 32):
        near = cv2.blur(alpha, (2 * radius + 1,) * 2)[..., None]
        around = cv2.blur(whole[..., :3] * alpha[..., None], (2 * radius + 1,) * 2) / np.maximum(near, 1e-4)
        unseen = (alpha < 0.01)[..., None] & (near > 1e-3) & (colour.max(axis=2, keepdims=True) == 0)
        colour = np.where(unseen, around, colour)
    return _Cut.of(np.ascontiguousarray(colour, np.float32), alpha)


@lru_cache(maxsize=128)
def _display(path: Path) -> FloatImage:
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if picture is None:
        raise InputError(f"{path} is not a picture.", path=path)
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB) / np.float32(255), np.float32)


@lru_cache(maxsize=4)
def _subjects(folder: Path) -> tuple[Path, ...]:
    return _found(folder, tuple(sorted(folder.glob("*.jpg"))))


@lru_cache(maxsize=4)
def _renders(folder: Path) -> tuple[Path, ...]:
    return _found(folder, tuple(path for path in sorted(folder.glob("*.png")) if ".part" not in path.suffixes))


@lru_cache(maxsize=4)
def _pictures(folder: Path) -> tuple[Path, ...]:
    return _found(folder, tuple(sorted(path for path in folder.rglob("*") if path.suffix in (".jpg", ".png"))))


def _found(folder: Path, paths: tuple[Path, ...]) -> tuple[Path, ...]:
    if not paths:
        raise InputError(f"{folder} holds no pictures.", path=folder)
    return paths
