"""What a compositor sees: the object's colour and alpha over another background, beside the true ones.

Stills whose true colours are known (`fg.png` beside `alpha.png`) are unmixed and put over the next still's picture, out
of focus. What is wrong shows in the soft band: fringes of the old background, and holes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ..finish.foreground import foreground_colour
from ..heads.band import Mask
from ..plates.clip import FloatImage, resize

#: The object's colour from a picture and an alpha.
Unmixing = Callable[[FloatImage, FloatImage], FloatImage]

_BEHIND = 3.0
#: Standard deviation in pixels of SSIM's window, and its two constants for values in 0..1 (Wang et al., 2004).
_WINDOW, _C1, _C2 = 1.5, 0.01**2, 0.03**2


@dataclass(frozen=True)
class Subject:
    """A picture and its truth: RGB and alpha as float 0..1; `colour`: the object's own; `band`: where alpha is soft."""

    image: FloatImage
    alpha: FloatImage
    colour: FloatImage
    band: Mask


@dataclass(frozen=True)
class Over:
    """Means over the pictures: PSNR in dB and SSIM in the band, of an alpha and a way to find the colour."""

    alpha: str
    colour: str
    psnr: float
    ssim: float


def unmixings() -> Mapping[str, Unmixing]:
    """The ways to find the colour: the plate's as it is, ours, and PyMatting's where it is installed."""
    known: dict[str, Unmixing] = {"plate": lambda image, _alpha: image, "wisp": foreground_colour}
    try:
        from pymatting import estimate_foreground_cf, estimate_foreground_ml
    except ImportError:
        return known

    def ours(estimate: Callable[..., NDArray[np.float64]]) -> Unmixing:
        return lambda image, alpha: estimate(image.astype(np.float64), alpha.astype(np.float64)).astype(np.float32)

    return known | {"pymatting ml": ours(estimate_foreground_ml), "pymatting cf": ours(estimate_foreground_cf)}


def over(subjects: Sequence[Subject], alphas: Mapping[str, Sequence[FloatImage]]) -> list[Over]:
    """The true alpha with each way to find the colour, then each of `alphas` (by name, one per subject) with ours."""
    ways = unmixings()
    truth = [subject.alpha for subject in subjects]
    wanted = [("true", truth, name) for name in ways] + [(name, found, "wisp") for name, found in alphas.items()]
    rows = []
    for name, found, way in wanted:
        scores = list(_scores(subjects, found, ways[way]))
        psnr, ssim = np.mean(scores, axis=0).tolist()
        rows.append(Over(name, way, psnr, ssim))
    return rows


def _scores(
    subjects: Sequence[Subject], alphas: Sequence[FloatImage], unmix: Unmixing
) -> Iterator[tuple[float, float]]:
    for number, (subject, alpha) in enumerate(zip(subjects, alphas, strict=True)):
        height, width = alpha.shape
        other = resize(subjects[(number + 1) % len(subjects)].image, (width, height))
        behind = cv2.GaussianBlur(other, (0, 0), _BEHIND)
        truth = _composite(subject.colour, subject.alpha, behind)
        made = _composite(unmix(subject.image, alpha), alpha, behind)
        error = float(np.square(made - truth)[subject.band].mean())
        yield -10 * np.log10(max(error, 1e-10)), float(similarity(made, truth)[subject.band].mean())


def _composite(colour: FloatImage, alpha: FloatImage, behind: FloatImage) -> FloatImage:
    return np.asarray(alpha[..., None] * colour + (1 - alpha[..., None]) * behind, np.float32)


def similarity(one: FloatImage, other: FloatImage) -> FloatImage:
    """SSIM of every pixel, mean over channels: H x W in -1..1, 1 where both are alike. Both H x W x 3 in 0..1.

    Wang, Bovik, Sheikh, Simoncelli, "Image Quality Assessment", TIP 2004, equation 13.
    """

    def mean(values: FloatImage) -> FloatImage:
        return np.asarray(cv2.GaussianBlur(values, (0, 0), _WINDOW), np.float32)

    a, b = mean(one), mean(other)
    aa, bb, ab = mean(one * one) - a * a, mean(other * other) - b * b, mean(one * other) - a * b
    found = (2 * a * b + _C1) * (2 * ab + _C2) / ((a * a + b * b + _C1) * (aa + bb + _C2))
    return np.asarray(found.mean(axis=2), np.float32)


def table(rows: Sequence[Over]) -> str:
    """The rows as aligned text."""
    lines = [f"{'over another background':24} {'colour':14} {'PSNR':>6} {'SSIM':>6}   in the soft band"]
    lines += [f"{row.alpha + ' alpha':24} {row.colour:14} {row.psnr:6.2f} {row.ssim:6.4f}" for row in rows]
    return "\n".join(lines)
