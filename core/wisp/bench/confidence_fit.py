"""How much each sign of an error counts for a matte's confidence, fitted on composites with known alpha.

`python -m wisp.bench.confidence_fit SUBJECTS BACKGROUNDS [--head ID ...]` prints what `wisp.heads.confidence` keeps.
Nothing that heads are measured on belongs into these folders. Composites in which much is missing far from the mask are
left out: no sign tells of a part that a tracker has lost, but the tracker's own doubt.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from ..heads.band import logits_of, signed_distance
from ..heads.confidence import Weights, signs
from ..heads.head import Head
from ..models.build import load_head
from ..plates.clip import FloatImage, resize
from ..train.photographs import PhotographSource
from ..train.scenes import Sample
from ..weights.options import RunOptions
from .stills import PictureClip

#: Side of a composite, how many, and how many pixels are drawn from each.
_SIZE, _SAMPLES, _PIXELS = 448, 54, 20_000
_SEED = 77771
_KINDS = ("exact", "slight", "coarse")
#: Pixels from the mask's edge from which on an error is a lost part, and the mean error there that leaves one out.
_FAR, _MISSED = 30, 0.004
#: An expected error's variance grows with it, and begins at this.
_FLOOR, _ROUNDS = 0.01, 3


def fit(samples: Sequence[Sample], heads: Sequence[Head]) -> Weights:
    """The weights that give the errors of these heads on these samples in the mean: least squares, none below 0."""
    rng = np.random.default_rng(0)
    rows, errors = [], []
    for head in heads:
        for sample in samples:
            for row, error in _drawn(rng, sample, head):
                rows.append(row)
                errors.append(error)
    told, wrong = np.concatenate(rows), np.concatenate(errors)
    belief = np.ones(len(wrong))
    for _ in range(_ROUNDS):
        weights, _ = nnls(told * belief[:, None], wrong * belief)
        belief = 1 / np.sqrt(told @ weights + _FLOOR)
    return Weights(*(round(float(weight), 3) for weight in weights))


def _drawn(
    rng: np.random.Generator, sample: Sample, head: Head
) -> Iterator[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """The signs (n x 5, in the order of `Weights`) and the errors of pixels of a sample; nothing of one left out."""
    logits = logits_of(sample.mask)
    alpha = head.matte(PictureClip(sample.image), 1, {1: logits})[1]
    error = np.abs(alpha - sample.alpha)
    far = np.abs(signed_distance(sample.mask)) > _FAR
    if far.any() and error[far].mean() > _MISSED:
        return
    lost = cv2.dilate((far & (error > 0.25)).astype(np.uint8), np.ones((25, 25), np.uint8)) > 0
    known = np.flatnonzero(~lost)
    chosen = rng.choice(known, min(_PIXELS, known.size), replace=False)
    softness, cells = signs(sample.image, alpha, sample.mask)
    size = (alpha.shape[1], alpha.shape[0])
    wide: dict[str, FloatImage] = {name: resize(plane, size) for name, plane in cells.items()}
    wide["softness"] = softness
    wide["unexplained"] = wide["unexplained"] * softness
    told = np.stack([wide[name].ravel()[chosen] for name in Weights._fields], axis=1)
    yield told.astype(np.float64), error.ravel()[chosen].astype(np.float64)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a row for each head and one for all of them together."""
    parser = argparse.ArgumentParser(prog="python -m wisp.bench.confidence_fit", description=__doc__.splitlines()[0])
    parser.add_argument("subjects", type=Path, help="a folder of NAME.jpg with NAME.alpha.png")
    parser.add_argument("backgrounds", type=Path, help="pictures in any depth of folders")
    parser.add_argument("--head", action="append", help="id of a head (default: embedded and guided)")
    options = parser.parse_args(arguments)
    source = PhotographSource(options.subjects, options.backgrounds, _SIZE, _SEED)
    samples = [source(number, _KINDS[number % len(_KINDS)]) for number in range(_SAMPLES)]
    heads = [load_head(name, RunOptions()) for name in options.head or ("embedded", "guided")]
    for head in heads:
        print(f'"{head.id}": {fit(samples, [head])}')
    print(f"all of them: {fit(samples, heads)}")


if __name__ == "__main__":
    main()
