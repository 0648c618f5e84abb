"""What clean plates, pairs and backlit plates bring: stills' own subjects filmed anew, with drift and grain.

The error that is left in the soft band, beside that of the head on the same picture; and how near the object over
another set comes to the truth there, with its colour as estimated from the plate alone and as known backings have it.
Everything is mixed twice: in linear light, as a camera does it, and as it is encoded, as layers often are. The clean
plate is of another light, the backings of a pair are dark and light, unevenly so.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from ..finish.foreground import foreground_before, foreground_colour
from ..heads.backings import silhouetted, taken_again, triangulated
from ..heads.band import Mask
from ..heads.clean_plate import Background, behind, differenced
from ..heads.compositing import Told
from ..metrics.matting import mse
from ..plates.clip import FloatImage, resize
from ..plates.colour import srgb_decode, srgb_encode
from .motion_blur import MIXED, Matting

KINDS = ("clean plate", "pair", "backlit")
#: The longer side that subjects are filmed at, and how far in pixels and degrees the camera drifts.
_SIDE, _DRIFT, _TURN = 640, 2.5, 0.2
_GRAIN = 0.006
#: By how much the other set is out of focus, in pixels.
_FOCUS = 3.0
#: Encoded grey of a pair's backings and of a lit one, and what is left of the object's light before that.
_DARK, _LIGHT, _LIT, _SHADE = 0.08, 0.85, 0.95, 0.02


class Subject(NamedTuple):
    """Of one still, float 0..1: its true alpha, its own colour, where alpha is soft, and a mask by name of its kind."""

    alpha: FloatImage
    colour: FloatImage
    band: Mask
    masks: Mapping[str, Mask]


class Takes(NamedTuple):
    """What is filmed: the plate, its empty backing, and of a pair the second plate and its backing."""

    plate: FloatImage
    clean: FloatImage
    second: FloatImage | None = None
    second_clean: FloatImage | None = None


@dataclass(frozen=True)
class Row:
    """Of one head from one kind of mask, for one of `KINDS` and of `MIXED`, in the band: MSE x 1000 of the head's alpha
    `alone` and as `told`; PSNR in dB over another set by that, with the colour as `estimated` and as `known`."""

    head: str
    mask: str
    kind: str
    mixed: str
    alone: float
    told: float
    estimated: float
    known: float


def beside(
    subjects: Sequence[Subject], photographs: Sequence[FloatImage], heads: Mapping[str, tuple[Matting, Matting]]
) -> list[Row]:
    """Means over the subjects. `photographs`: one per subject, taken as the set that a clean plate shows. `heads`: how
    each mattes alone, and what it expects before plates tell."""
    small = [_small(subject) for subject in subjects]
    rows = []
    for kind, mixed in itertools.product(KINDS, MIXED):
        filmed = [take(kind, one, photographs[number], number, linear=MIXED[mixed]) for number, one in enumerate(small)]
        seen = [_shaded(one) if kind == "backlit" else one for one in small]
        others = [
            cv2.GaussianBlur(resize(photographs[number - len(small) + 1], one.alpha.shape[1::-1]), (0, 0), _FOCUS)
            for number, one in enumerate(small)
        ]
        for head, mattings in heads.items():
            for mask in small[0].masks:
                scores = [
                    _scores(
                        kind,
                        one,
                        takes,
                        other,
                        [m(takes.plate, one.masks[mask]) for m in mattings],
                        linear=MIXED[mixed],
                    )
                    for one, takes, other in zip(seen, filmed, others, strict=True)
                ]
                rows.append(Row(head, mask, kind, mixed, *np.mean(scores, axis=0).tolist()))
    return rows


def take(kind: str, subject: Subject, photograph: FloatImage, number: int, *, linear: bool = True) -> Takes:
    """The subject filmed; `linear`: mixed in linear light, otherwise in encoded values. `number` is the seed."""
    rng = np.random.default_rng((97, number))
    size = subject.alpha.shape[1::-1]
    if kind == "clean plate":
        backing = resize(photograph, size)
        return Takes(_filmed(rng, subject, backing, linear=linear), _recorded(rng, _drifted(rng, backing), light=True))
    if kind == "backlit":
        backing = _wall(rng, size, _LIT)
        return Takes(_filmed(rng, _shaded(subject), backing, linear=linear), _recorded(rng, _drifted(rng, backing)))
    one, two = _wall(rng, size, _DARK), _wall(rng, size, _LIGHT)
    plate, second = (_filmed(rng, subject, wall, linear=linear, grain=False) for wall in (one, two))
    second = _drifted(rng, second)
    return Takes(*(_recorded(rng, each) for each in (plate, _drifted(rng, one), second, _drifted(rng, two))))


def told(kind: str, takes: Takes, alpha: FloatImage) -> tuple[Told, Background]:
    """The head's alpha as the takes have it, and the backing as it lies behind the plate."""
    first = behind(takes.plate, takes.clean, alpha > 0.05)
    if kind == "backlit":
        return silhouetted(takes.plate, alpha, first).told, first
    if takes.second is None or takes.second_clean is None:
        return differenced(takes.plate, alpha, first), first
    again = taken_again(takes.plate, takes.second, alpha)
    second = behind(again, takes.second_clean, alpha > 0.05)
    return triangulated(takes.plate, again, alpha, (first, second)).told, first


def _scores(
    kind: str, subject: Subject, takes: Takes, other: FloatImage, mattes: Sequence[FloatImage], *, linear: bool
) -> tuple[float, float, float, float]:
    """The figures of a `Row`."""
    alone, expected = mattes
    (alpha, light), backing = told(kind, takes, expected)
    picture, behind = srgb_decode(takes.plate), srgb_decode(backing.image)
    colours = foreground_colour(picture, alpha), foreground_before(picture, alpha, behind, light)
    truth = _mixed(subject.colour, subject.alpha, other, linear=linear)
    made = [_mixed(srgb_encode(colour), alpha, other, linear=linear) for colour in colours]
    errors = [float(np.square(np.clip(one, 0, 1) - truth)[subject.band].mean()) for one in made]
    estimated, known = (-10 * np.log10(max(error, 1e-10)) for error in errors)
    return mse(alone, subject.alpha, subject.band), mse(alpha, subject.alpha, subject.band), estimated, known


def _shaded(subject: Subject) -> Subject:
    return subject._replace(colour=srgb_encode(_SHADE * srgb_decode(subject.colour)))


def _small(subject: Subject) -> Subject:
    height, width = subject.alpha.shape
    scale = min(1.0, _SIDE / max(height, width))
    size = (round(width * scale), round(height * scale))

    def half(mask: Mask) -> Mask:
        return np.asarray(resize(mask.astype(np.float32), size) > 0.5)

    masks = {name: half(mask) for name, mask in subject.masks.items()}
    return Subject(resize(subject.alpha, size), resize(subject.colour, size), half(subject.band), masks)


def _wall(rng: np.random.Generator, size: tuple[int, int], grey: float) -> FloatImage:
    """An evenly painted wall with a fall-off of light and a little of its surface."""
    width, height = size
    y, x = np.mgrid[:height, :width].astype(np.float32)
    fall = 1 - 0.15 * ((x / width - rng.uniform(0.3, 0.7)) ** 2 + (y / height - rng.uniform(0.3, 0.7)) ** 2)
    surface = cv2.GaussianBlur(rng.normal(size=(height, width)).astype(np.float32), (0, 0), 6)
    wall = grey * fall + 0.02 * surface / surface.std() * grey
    tinted = np.clip(wall[..., None] * np.array([1.0, 0.98, 0.96], np.float32), 0, 1)
    return np.asarray(tinted, np.float32)


def _filmed(
    rng: np.random.Generator, subject: Subject, backing: FloatImage, *, linear: bool, grain: bool = True
) -> FloatImage:
    mixed = _mixed(subject.colour, subject.alpha, backing, linear=linear)
    return _recorded(rng, mixed) if grain else mixed


def _mixed(colour: FloatImage, alpha: FloatImage, backing: FloatImage, *, linear: bool) -> FloatImage:
    share = alpha[..., None]
    if linear:
        return srgb_encode(share * srgb_decode(colour) + (1 - share) * srgb_decode(backing))
    return np.asarray(share * colour + (1 - share) * backing, np.float32)


def _drifted(rng: np.random.Generator, picture: FloatImage) -> FloatImage:
    height, width = picture.shape[:2]
    turned: NDArray[np.float64] = cv2.getRotationMatrix2D((width / 2, height / 2), rng.uniform(-_TURN, _TURN), 1.0)
    turned[:, 2] += rng.uniform(-_DRIFT, _DRIFT, 2)
    moved = cv2.warpAffine(picture, turned, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
    return np.asarray(moved, np.float32)


def _recorded(rng: np.random.Generator, picture: FloatImage, *, light: bool = False) -> FloatImage:
    """With grain, in 8 bits; `light`: in another one."""
    if light:
        picture = np.asarray(picture * rng.uniform(0.94, 1.06, 3) + rng.uniform(-0.01, 0.01), np.float32)
    grain = rng.normal(scale=_GRAIN, size=picture.shape)
    return (np.round(255 * np.clip(picture + grain, 0, 1)) / 255).astype(np.float32)


def table(rows: Sequence[Row]) -> str:
    """The rows as aligned text."""
    names = f"{'filmed beside':14} {'mixed':8} {'head':12} {'mask':7}"
    figures = f"{'alone':>7} {'told':>7} {'ratio':>6} {'estimated':>9} {'known':>6}"
    lines = [f"{names} {figures}   in the soft band: MSE of alpha; PSNR over another set by the colour"]
    for row in rows:
        ratio = row.told / max(row.alone, 1e-9)
        names = f"{row.kind:14} {row.mixed:8} {row.head:12} {row.mask:7}"
        lines.append(f"{names} {row.alone:7.2f} {row.told:7.2f} {ratio:6.3f} {row.estimated:9.2f} {row.known:6.2f}")
    return "\n".join(lines)
