"""Alpha where the empty set is known: the picture is alpha times foreground plus the rest times the clean plate.

First the clean plate is brought over the picture: a small drift of the camera, another light. Then the compositing
equation is solved for alpha, with the head's alpha as what is expected: it decides where foreground and background
look alike, and inside the object, where the equation alone would tear holes.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ..plates.clip import FloatImage, resize
from .band import Mask, signed_distance
from .compositing import (
    ENCODED,
    LIGHTS,
    LINEAR,
    STEPS,
    Expected,
    Light,
    Pixels,
    Told,
    distances,
    foreground,
    likely,
    share_of_light,
)
from .guided_filter import affine_models, box_mean

#: Longer side in pixels of the pictures that are laid over each other, coarse to fine.
_GRIDS = (160, 640)
_ROUNDS = 40
#: Light is fitted again and again without what does not follow it.
_FITS = 5
#: Two pictures of one place differ by less than this (of 0..1) nearly everywhere, grain left out ...
_ALIKE = 0.06
#: ... and do not lie over each other where this share of the background does not.
_ASTRAY = 0.3
#: By how much the light may have changed.
_GAINS = (0.4, 2.5)
#: Light that explains less of the picture's contrast than this is no light, but another picture; contrast below the
#: least says nothing.
_EXPLAINED, _LEAST_CONTRAST = 0.5, 0.02
#: Colours that differ by more than so many times the noise are kept apart where grain is smoothed.
_GRAIN = 2.0
#: Picture noise is at least this, half an 8-bit step and the plate's rounding.
_LEAST_NOISE = 0.003
#: The share of a picture that must be background for a clean plate to be compared with it.
_ENOUGH = 0.005
#: Pixels by which the clean plate may lie beside the picture.
MISPLACED = 0.3
#: Half windows of the foreground's colours in turn, as parts of the longer side.
_WINDOWS = (0.02, 0.01, 0.01)
#: Standard deviation of the head's alpha at the mask's edge, and the pixels inwards and outwards over which it falls to
#: a third of that (more of them where the longer side has more than 1000); below the least the head's alpha stays.
_DOUBT, _INWARDS, _OUTWARDS, _LEAST_DOUBT = 0.25, 5.0, 40.0, 0.02
#: What differs from the background by so many times the noise stands before it, and is no part of the object that the
#: head has missed where it is so thick (half, as a part of the longer side, and in pixels at least).
_PLAIN, _SOLID, _LEAST_SOLID = 4.0, 0.025, 9
#: The head has seen nothing of the object where its alpha is below this.
_UNSEEN = 0.1
#: Alpha, and its distance from 1, from which on a pixel is soft, and about so many of those tell the light.
_SOFT, _TELLING = 0.1, 6000
#: Squared distance, in variances, from which on a colour is no mixture of foreground and background; and the gaps in
#: pixels that such a region may have and still be solid.
_UNLIKE, _GAPS = 6.0, 5
#: Half window in pixels of the colour models that alpha is compared with after each round: what differs from them is
#: half noise.
_LINES, _LINES_EPS = 2, 1e-4


@dataclass(frozen=True)
class Laid:
    """How a clean plate is brought over a picture: `placed`, row by row the 3 x 3 from the picture's pixels to its own,
    then the light of every channel as a `gain` and an `offset` of encoded values."""

    placed: tuple[float, ...] = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)
    gain: tuple[float, ...] = (1.0, 1.0, 1.0)
    offset: tuple[float, ...] = (0.0, 0.0, 0.0)

    def over(self, clean: FloatImage) -> tuple[FloatImage, Mask]:
        """The clean plate, H x W x 3 as encoded, as the picture would show it, and where it has pixels."""
        moved, inside = moved_by(clean, np.array(self.placed, np.float32).reshape(3, 3))
        return self.lit(moved), inside

    def lit(self, moved: FloatImage) -> FloatImage:
        """What has been moved already in the picture's light."""
        return np.dstack([by * moved[..., k] + self.offset[k] for k, by in enumerate(self.gain)])


@dataclass(frozen=True)
class Background:
    """The clean plate as it lies behind a picture: `image` H x W x 3, `seen` H x W where it has pixels, `noise`, the
    standard deviation of what both differ by where nothing stands before it, `astray`, the share of the background
    that is another, and how it was `laid` there."""

    image: FloatImage
    seen: Mask
    noise: float
    astray: float
    laid: Laid = Laid()

    @property
    def fits(self) -> bool:
        """Whether both show the same place."""
        return self.astray <= _ASTRAY


def behind(image: FloatImage, clean: FloatImage, subject: Mask) -> Background:
    """The clean plate brought over the picture: both H x W x 3 display RGB in 0..1, float32.

    `subject`: H x W, what stands before the background, roughly; where hardly any is left to compare, none of the clean
    plate is `seen`. A homography by enhanced correlation (Evangelidis,
    Psarakis, PAMI 2008), which does not mind gain and offset, then a gain and an offset per channel. Where less than
    half of the background is to be seen, an affine motion, which errs less on the other half.
    """
    height, width = subject.shape
    room = max(2, round(0.02 * max(height, width)))
    free = ~(cv2.dilate(subject.astype(np.uint8), np.ones((2 * room + 1,) * 2, np.uint8)) > 0)
    if free.mean() < 0.02:
        free = ~subject
    if free.mean() < _ENOUGH:
        return Background(clean, np.zeros_like(subject), _LEAST_NOISE, 0.0)
    placed = placed_on(image, clean, free, cv2.MOTION_HOMOGRAPHY)
    moved, inside = moved_by(clean, placed)
    known = free & inside
    if not known.any():
        return Background(moved, inside, _LEAST_NOISE, 1.0)
    laid = Laid(tuple(placed.ravel().tolist()), *light_between(moved[known], image[known]))
    lit = np.clip(laid.lit(moved), 0, 1)
    rest = np.abs(cv2.blur(image - lit, (5, 5))).mean(axis=2)
    astray = float((rest[known] > _ALIKE).mean())
    contrast = np.median(np.abs(image[known] - np.median(image[known], axis=0)))
    if contrast > _LEAST_CONTRAST and np.median(rest[known]) > (1 - _EXPLAINED) * contrast:
        astray = 1.0
    return Background(lit, inside, noise_of(image - lit, known), astray, laid)


def moved_by(clean: FloatImage, placed: NDArray[np.float32]) -> tuple[FloatImage, Mask]:
    """The clean plate under the picture's pixels, and where it has any."""
    height, width = clean.shape[:2]
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP  # linear would blur what the picture shows sharp
    moved = cv2.warpPerspective(clean, placed, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    seen = cv2.warpPerspective(np.ones((height, width), np.uint8), placed, (width, height), flags=flags)
    return moved, seen > 0


def placed_on(image: FloatImage, clean: FloatImage, free: Mask, most: int) -> NDArray[np.float32]:
    """3 x 3: from the picture's pixels to the clean plate's, found where it is `free`. What brings them no nearer is
    not taken. `most`: the most general of OpenCV's motions to look for."""
    height, width = free.shape
    found = np.eye(3, dtype=np.float32)
    motion = most if free.mean() > 0.5 else min(most, cv2.MOTION_AFFINE)  # ordered as they grow
    rows = 3 if motion == cv2.MOTION_HOMOGRAPHY else 2
    criteria = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, _ROUNDS, 1e-5)
    for long_side in _GRIDS:
        scale = min(1.0, long_side / max(height, width))
        size = (max(16, round(width * scale)), max(16, round(height * scale)))
        grid = np.diag([size[0] / width, size[1] / height, 1.0]).astype(np.float32)
        now, then = (resize(one, size) for one in (image, clean))
        mask = cv2.resize(free.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
        start = (grid @ found @ np.linalg.inv(grid)).astype(np.float32)
        first, second = (cv2.cvtColor(one, cv2.COLOR_RGB2GRAY) for one in (now, then))
        # What stands there without the mask knowing it must not pull.
        before = _misfit(now, then, start, mask > 0)
        known = mask * (before < max(4 * float(np.median(before[mask > 0])), _ALIKE)).astype(np.uint8)
        for used in (known, mask):
            with contextlib.suppress(cv2.error):  # nothing to hold on to, or nothing in common
                _, matrix = cv2.findTransformECC(first, second, start[:rows].copy(), motion, criteria, used, 3)
                moved = np.vstack([matrix, start[rows:]]).astype(np.float32)
                after = _misfit(now, then, moved, mask > 0)
                if np.median(after[mask > 0]) < np.median(before[mask > 0]):
                    start, before = moved, after
        found = (np.linalg.inv(grid) @ start @ grid).astype(np.float32)
    return np.asarray(found / found[2, 2], np.float32)


def _misfit(now: FloatImage, then: FloatImage, placed: NDArray[np.float32], free: Mask) -> FloatImage:
    """How far the two differ at every pixel of `now`, in one light; as far as may be beyond the border of `then`."""
    moved, seen = moved_by(then, placed)
    known = free & seen
    if known.sum() < 0.5 * free.sum():
        return np.ones(free.shape, np.float32)
    lit = np.clip(Laid((), *light_between(moved[known], now[known])).lit(moved), 0, 1)
    return np.where(seen, np.abs(now - lit).mean(axis=2), 1).astype(np.float32)


def noise_of(difference: FloatImage, known: Mask) -> float:
    """Its standard deviation, from half of the pixels, which are not those that differ by more than noise."""
    return max(1.4826 * float(np.median(np.abs(difference[known]))), _LEAST_NOISE) if known.any() else _LEAST_NOISE


def light_between(clean: FloatImage, image: FloatImage) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """What brings n pixels of the clean plate into the light of the picture's, each n x 3: a gain and an offset per
    channel, without what does not follow them."""
    gains, offsets = [], []
    for channel in range(3):
        x, y = clean[:, channel].astype(np.float64), image[:, channel].astype(np.float64)
        weight = np.ones_like(x)
        gain, offset = 1.0, 0.0
        for _ in range(_FITS):
            total = weight.sum()
            mx, my = (weight * x).sum() / total, (weight * y).sum() / total
            spread = (weight * (x - mx) ** 2).sum() / total
            gain = ((weight * (x - mx) * (y - my)).sum() / total + 1e-4) / (spread + 1e-4)  # flat plates keep gain 1
            gain = float(np.clip(gain, *_GAINS))
            offset = my - gain * mx
            rest = y - gain * x - offset
            scale = max(1.4826 * float(np.median(np.abs(rest))), _LEAST_NOISE)
            weight = 1 / (1 + (rest / (2 * scale)) ** 2) ** 2
        gains.append(gain)
        offsets.append(float(offset))
    return tuple(gains), tuple(offsets)


def differenced(image: FloatImage, alpha: FloatImage, background: Background, unknown: Mask | None = None) -> Told:
    """Alpha by the compositing equation, with a head's `alpha` as what is expected: H x W float32 in 0..1.

    Where something else that is not in the clean plate stands beside the object, the head's alpha stays. `unknown`:
    where it is not to be held to, H x W. The foreground's colour is that of its surroundings; alpha is the mean of what
    then is likely, in the light in which the soft pixels are.
    """
    image, behind = (grainless(one, background.noise) for one in (image, background.image))
    noise = noise_of(image - behind, background.seen & (alpha < 0.02))
    distance = signed_distance(alpha > 0.5)
    if not np.isfinite(distance).all():
        return Told(alpha, 1.0)
    lengths = np.where(distance > 0, _INWARDS, _OUTWARDS) * max(1.0, max(alpha.shape) / 1000)
    doubt = (_DOUBT * np.exp(-np.abs(distance) / lengths)).astype(np.float32)
    if unknown is not None:
        doubt[unknown] = _DOUBT
    misplaced = MISPLACED**2 * steepness(behind)
    noise2 = noise**2 + misplaced
    different = np.abs(image - behind).max(axis=2) > _PLAIN * np.sqrt(noise2)
    near = (doubt > _LEAST_DOUBT) & background.seen
    asked = near & ~others(image, alpha, behind, different, different, near, noise2, unknown)
    equation = _Equation(image, behind, alpha, doubt, noise**2 / 2, noise**2 / 2 + misplaced)
    share = equation.share_of_light(asked)
    result = np.zeros_like(alpha)
    for part, light in ((share, LINEAR), (1 - share, ENCODED)):
        if part > 0:
            result += np.float32(part) * equation.solved(asked, light)
    return Told(result, share)


@dataclass(frozen=True)
class _Equation:
    """Of a picture, H x W: what is seen and `behind`, the head's `alpha` and its `doubt`, and the variances of what is
    seen and, H x W, of what is behind."""

    image: FloatImage
    behind: FloatImage
    alpha: FloatImage
    doubt: FloatImage
    grain: float
    behind_error: FloatImage

    def share_of_light(self, asked: Mask) -> float:
        """How far soft pixels are mixed in linear light: 0..1."""
        soft = asked & (self.alpha > _SOFT) & (self.alpha < 1 - _SOFT)
        places = np.flatnonzero(soft)
        soft[:] = False
        soft.flat[places[:: 1 + len(places) // _TELLING]] = True
        return share_of_light(*(self.likely(self.alpha, _WINDOWS[0], soft, light)[1] for light in LIGHTS))

    def solved(self, asked: Mask, light: Light) -> FloatImage:
        """Alpha in that light: H x W."""
        result = self.alpha.copy()
        for part in _WINDOWS:
            result[asked] = self.likely(result, part, asked, light)[0]
            models = [box_mean(model, _LINES) for model in affine_models(self.image, result, _LINES, eps=_LINES_EPS)]
            smooth = np.clip((np.dstack(models[:3]) * self.image).sum(axis=2) + models[3], 0, 1)
            result[asked] = (result[asked] + smooth[asked]) / 2
        return result

    def likely(self, alpha: FloatImage, window: float, asked: Mask, light: Light) -> tuple[FloatImage, FloatImage]:
        """See there; the foreground is what `alpha` leaves of it around."""
        radius = max(2, round(window * max(alpha.shape)))
        pixels = Pixels(
            self.image[asked],
            self.behind[asked],
            *foreground(self.image, alpha, self.behind, radius, asked, light),
            self.grain,
            self.behind_error[asked],
        )
        return likely(pixels, light, Expected(self.alpha[asked], self.doubt[asked]))


def others(
    image: FloatImage,
    alpha: FloatImage,
    background: FloatImage,
    different: Mask,
    solid: Mask,
    near: Mask,
    noise2: FloatImage,
    unknown: Mask | None,
) -> Mask:
    """Where something else than the object stands before the background: H x W.

    `different`: what is not the background; `solid`: what of that may be a body. Its colours count where it is `near`
    the object. `unknown`: what a person
    has marked is the object's.
    """
    long_side = max(alpha.shape)
    foreign = solid.copy()
    foreign[near] &= _foreign(image, alpha, background, near, noise2, max(2, round(_WINDOWS[0] * long_side)))
    theirs = _others(different, foreign, alpha, max(_LEAST_SOLID, round(_SOLID * long_side)))
    return theirs if unknown is None else theirs & ~unknown


def _foreign(
    image: FloatImage, alpha: FloatImage, background: FloatImage, asked: Mask, noise2: FloatImage, radius: int
) -> Mask:
    """Which of the n pixels asked for are no mixture of the object's colours around and the background: n."""
    seen, behind = image[asked], background[asked]
    rest = np.full(len(seen), np.inf, np.float32)
    for light in LIGHTS:
        around = foreground(image, alpha, background, radius, asked, light)
        pixels = Pixels(seen, behind, *around, 0.0, noise2[asked])
        rest = np.minimum(rest, distances(pixels, light, STEPS[::4])[0].min(axis=0))
    return np.asarray(rest > _UNLIKE)


def _others(different: Mask, foreign: Mask, alpha: FloatImage, thick: int) -> Mask:
    """Where something else stands before the background, or is nearer than the object: H x W.

    `different`: what is not the background; `foreign`: what of that is no mixture of the object's colours. Something
    else is what is that and the head has not seen for more than `thick` pixels inwards, such as another person's body,
    with all that is foreign and hangs together with it, and what nowhere comes near the object; what is thin and hangs
    together with that, such as hair, may be the object's. So is where something stands in the clean plate alone: what
    is seen there is no mixture with it.
    """
    gap = np.ones((_GAPS, _GAPS), np.uint8)
    unseen = cv2.morphologyEx((foreign & (alpha < _UNSEEN)).astype(np.uint8), cv2.MORPH_CLOSE, gap)
    body = cv2.distanceTransform(unseen, cv2.DIST_L2, cv2.DIST_MASK_5) > thick
    _, regions = cv2.connectedComponents(foreign.astype(np.uint8), connectivity=8)
    whole = np.zeros(int(regions.max()) + 1, bool)
    whole[regions[body]] = True
    whole[0] = False
    closed = cv2.morphologyEx(different.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    own = signed_distance(alpha > 0.5)
    _, labels, boxes, _ = cv2.connectedComponentsWithStats(closed, connectivity=8)
    apart = boxes[:, cv2.CC_STAT_AREA] > thick**2
    apart[labels[own > -thick / 2]] = False
    apart[0] = False
    there = np.minimum(_away(body) - thick, _away(apart[labels]))
    return np.asarray((there < -own) | whole[regions])


def _away(mask: Mask) -> FloatImage:
    """Distance in pixels to the mask, infinite where there is none."""
    return np.asarray(np.maximum(-signed_distance(mask), 0), np.float32)


def grainless(picture: FloatImage, noise: float) -> FloatImage:
    """The picture without its grain, whose standard deviation is `noise`."""
    smooth: FloatImage = cv2.bilateralFilter(picture, 5, _GRAIN * noise, 1.2)
    return smooth


def steepness(picture: FloatImage) -> FloatImage:
    """The squared change of colour from pixel to pixel, mean of the channels."""
    down, across = (cv2.Sobel(picture, cv2.CV_32F, *way, ksize=3, scale=1 / 8) for way in ((0, 1), (1, 0)))
    steep: FloatImage = cv2.blur((down**2 + across**2).mean(axis=2), (3, 3))
    return steep
