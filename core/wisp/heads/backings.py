"""Alpha from plates that were made for it: one object before two backings, or dark before a lit one.

A pair gives alpha without a word about the foreground's colour: what the second backing changes shines through
(Smith, Blinn, "Blue Screen Matting", SIGGRAPH 1996, theorem 4). A backlit plate does so for a foreground that is known
to be dark. In both the head says whose it is, and answers where the equation cannot.

Light is what mixes in a soft pixel, but pictures that were put together from layers often mix as they are encoded;
which of the two it was is told by the picture itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ..plates.clip import FloatImage
from .band import Mask, signed_distance
from .clean_plate import MISPLACED, Background, grainless, moved_by, others, placed_on, steepness
from .compositing import LIGHTS, LINEAR, Light, Told

#: Standard deviation of the head's alpha.
_DOUBT = 0.4
#: Of the logarithm of how much better encoded values explain the picture than light: what heads lean to them anyway,
#: what that counts beside colours, and the range in which both are taken in part.
_LEANING, _HEARSAY, _DOUBTFUL = 0.75, 0.1, 0.3
#: The object's inside: the head's alpha there, the pixels that it lies within the outline, and the fewest that tell.
_INSIDE, _DEEP, _FEWEST = 0.95, 3, 64
#: By which part of the longer side the camera may have drifted between two takes; more is another pose.
_DRIFT = 0.02
#: The second take may be exposed otherwise by this much, told by the inside where it is the same but for that.
_EXPOSURE = 0.15
#: Two backings that differ by less (of 0..1, root mean square of the channels) are alike.
_ALIKE = 0.15
#: An equation is off by more than noise where alpha leaves 0..1 by so much, or a colour is by so much no mixture; a
#: pair of which this share of the object is off shows two things.
_OFF, _OFF_COLOUR, _ASTRAY = 0.15, 0.12, 0.3
#: Alpha is 0 or 1 within so many standard deviations of it.
_ENDS = 2.0
#: Alpha is 1, too, where no more lacks than does in this share of the inside, but never where more than this lacks.
_MOST, _LEFT = 0.95, 0.08
#: Alpha from which on a wide area that the head has not seen may be another body.
_BODY = 0.9
#: A lit backing is at least so bright, as shown; no channel of a dark object is brighter than this share
#: of its light, nearly everywhere inside.
_LIT, _DARK = 0.35, 0.25


@dataclass(frozen=True)
class Backed:
    """What is `told` of alpha, and `astray`, the share of the object that is not as the kind of plate has it."""

    told: Told
    astray: float

    @property
    def fits(self) -> bool:
        """Whether the plates are what they were said to be."""
        return self.astray <= _ASTRAY


def taken_again(image: FloatImage, second: FloatImage, alpha: FloatImage) -> FloatImage:
    """The second plate brought over the picture by the object's inside: both H x W x 3 display RGB in 0..1.

    A small drift of the camera between the takes and another exposure are undone. Half-transparent objects have no
    inside that is the same in both; their exposure stays as it is.
    """
    inside = _inside(alpha)
    if inside.sum() < _FEWEST:
        return second
    placed = placed_on(image, second, inside, cv2.MOTION_EUCLIDEAN)
    height, width = alpha.shape
    corners = np.array([[[0, 0], [width, 0], [width, height], [0, height]]], np.float32)
    drift = np.linalg.norm(cv2.perspectiveTransform(corners, placed) - corners, axis=2).max()
    moved = second if drift > _DRIFT * max(width, height) else moved_by(second, placed)[0]
    now, then = image[inside], moved[inside]
    gain = float(np.median(now.sum(axis=1) / np.maximum(then.sum(axis=1), 1e-3)))
    left, before = (float(np.median(np.abs(now - by * then))) for by in (gain, 1.0))
    if abs(gain - 1) < _EXPOSURE and left < 0.7 * before:
        moved = np.clip(gain * moved, 0, 1)
    return np.asarray(moved, np.float32)


def alike(one: Background, other: Background) -> bool:
    """Whether two backings are too much alike for a pair."""
    seen = one.seen & other.seen
    return not seen.any() or float(np.sqrt(np.median(_square(one.image - other.image)[seen]) / 3)) < _ALIKE


def triangulated(
    image: FloatImage,
    second: FloatImage,
    alpha: FloatImage,
    backings: tuple[Background, Background],
    unknown: Mask | None = None,
) -> Backed:
    """Alpha of what stands before two backings. `image` and `second` H x W x 3, `alpha` the head's, H x W; `unknown`
    H x W, where what stands there is the object's for certain."""
    one, two = backings
    pictures = (image, second, one.image, two.image)
    noise = max(one.noise, two.noise)
    shown = [grainless(picture, noise) for picture in pictures]
    steep = sum(steepness(picture) for picture in shown)
    answers = []
    for light in LIGHTS:
        first, again, behind, beyond = (light.decode(picture) for picture in shown)
        contrast, change = behind - beyond, first - again
        size = np.maximum(_square(contrast), 1e-6)
        found = 1 - (contrast * change).sum(axis=2) / size
        # What no alpha explains, halved between both pictures, and seen as they are shown.
        rest = change - (1 - found)[..., None] * contrast
        slopes = [_slope(light, picture) for picture in shown]
        off = np.sqrt(_square(rest) / (_square(np.dstack(slopes[:2])) / 2 + 1e-6))
        noise2 = (4 * noise**2 + MISPLACED**2 * steep) * (np.mean([slope**2 for slope in slopes], axis=0))
        answers.append(_Answer(found.astype(np.float32), np.asarray(noise2 / size, np.float32), off))
    seen = one.seen & two.seen
    answer, share = _mixed(answers, alpha, seen, by_colour=True)
    wrong = (np.abs(answer.alpha - 0.5) > 0.5 + _OFF + 2 * np.sqrt(answer.variance)) | (answer.off > _OFF_COLOUR)
    object_ = seen & (alpha > 0.5) & (answer.variance < _DOUBT**2)
    astray = float(wrong[object_].mean()) if object_.any() else 0.0
    return Backed(Told(_decided(shown[0], shown[2], alpha, answer, seen, unknown, noise), share), astray)


def silhouetted(image: FloatImage, alpha: FloatImage, backing: Background, unknown: Mask | None = None) -> Backed:
    """Alpha of what is dark before a lit backing: see `triangulated`. How dark it is, its inside shows."""
    shown = [grainless(one, backing.noise) for one in (image, backing.image)]
    inside = _inside(alpha)
    answers = []
    for light in LIGHTS:
        first, behind = (light.decode(picture) for picture in shown)
        dark = np.median(first[inside], axis=0) if inside.sum() >= _FEWEST else np.zeros(3, np.float32)
        dark = np.minimum(dark, _DARK * behind)
        contrast, change = behind - dark, first - dark
        size = np.maximum(_square(contrast), 1e-6)
        found = 1 - (contrast * change).sum(axis=2) / size
        slopes = np.mean([_slope(light, picture) ** 2 for picture in shown], axis=0)
        noise2 = (2 * backing.noise**2 + MISPLACED**2 * steepness(shown[1])) * slopes
        answers.append(_Answer(found.astype(np.float32), np.asarray(noise2 / size, np.float32), np.zeros_like(alpha)))
    answer, share = _mixed(answers, alpha, backing.seen, by_colour=False)
    through = (LINEAR.decode(shown[0]) / np.maximum(LINEAR.decode(shown[1]), 1e-3)).max(axis=2)
    bright = float((through[inside] > _DARK).mean()) if inside.any() else 0.0
    decided = _decided(shown[0], shown[1], alpha, answer, backing.seen, unknown, backing.noise)
    return Backed(Told(decided, share), bright)


def lit(backing: Background) -> bool:
    """Whether a backing is bright enough for a silhouette."""
    return bool(backing.seen.any()) and float(np.median(backing.image[backing.seen].mean(axis=1))) >= _LIT


@dataclass(frozen=True)
class _Answer:
    """Of the equation in one light, each H x W: alpha, its variance, and by how much colours are no mixture."""

    alpha: FloatImage
    variance: FloatImage
    off: FloatImage


def _mixed(answers: list[_Answer], head: FloatImage, seen: Mask, *, by_colour: bool) -> tuple[_Answer, float]:
    """The answer in the light that is likely, or both in part where that is hard to tell: a sequence must not jump; and
    how far that is linear light.

    `by_colour`: by how well the soft pixels' colours are explained; beside that, or alone, by how near the head's alpha
    is.
    """
    linear, encoded = answers
    lower, upper = np.minimum(linear.alpha, encoded.alpha), np.maximum(linear.alpha, encoded.alpha)
    soft = seen & (lower < 0.9) & (upper > 0.1)
    heard = soft & (head > 0.05) & (head < 0.95)
    evidence = 0.0
    if heard.any():
        apart = [float(np.abs(each.alpha - head)[heard].mean()) + 1e-3 for each in answers]
        evidence = float(np.log(apart[0] / apart[1])) - _LEANING
    if by_colour and soft.any():
        off = [float((each.off[soft] ** 2).mean()) + 1e-8 for each in answers]
        evidence = float(np.log(off[0] / off[1])) + _HEARSAY * evidence
    share = float(np.clip(0.5 + evidence / _DOUBTFUL, 0, 1))
    one, other = ((each.alpha, each.variance, each.off) for each in answers)
    mixed = _Answer(*(np.asarray((1 - share) * a + share * b, np.float32) for a, b in zip(one, other, strict=True)))
    return mixed, 1 - share


def _decided(
    image: FloatImage,
    behind: FloatImage,
    head: FloatImage,
    answer: _Answer,
    seen: Mask,
    unknown: Mask | None,
    noise: float,
) -> FloatImage:
    """The equation's alpha as far as it is sure, the head's elsewhere, and where something else than the object is."""
    deviation = np.sqrt(answer.variance)
    found = np.clip(answer.alpha, 0, 1)
    inside = _inside(head)
    # What is left of drift and of shades of darkness is seen where the object surely is; more than that is see-through.
    left = min(float(np.quantile(1 - found[inside], _MOST)), _LEFT) if inside.any() else 0.0
    whole = found > 1 - np.maximum(_ENDS * deviation, left)
    found = np.where(found < _ENDS * deviation, 0, np.where(whole, 1, found))
    share = _DOUBT**2 / (_DOUBT**2 + answer.variance)
    mixed = share * found + (1 - share) * head
    near = seen & (-signed_distance(head > 0.5) < 0.1 * max(head.shape))
    noise2 = np.full(head.shape, noise**2, np.float32)
    # A body is opaque: what lets something by over a wide area is a veil, and the object's.
    theirs = others(image, head, behind, found > 0.1, found > _BODY, near, noise2, unknown)
    return np.asarray(np.where(seen & ~theirs, mixed, head), np.float32)


def _inside(alpha: FloatImage) -> Mask:
    return np.asarray(signed_distance(alpha > _INSIDE) > _DEEP)


def _square(colours: FloatImage) -> FloatImage:
    return np.asarray((colours**2).sum(axis=2), np.float32)


def _slope(light: Light, shown: FloatImage) -> FloatImage:
    """By how much light changes with what is shown, mean of the channels: H x W."""
    return np.asarray(light.slope(shown).mean(axis=2), np.float32)
