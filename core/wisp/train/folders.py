"""A studio's own mattes as samples: cut-outs to be laid over backgrounds, or plates with finished mattes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

from ..errors import InputError
from ..plates import open_plate
from ..plates.clip import FloatImage, resize
from ..plates.colour import DisplayTransform, choose_colour
from ..plates.stills import read_coverage
from .camera import composite, exposed, recorded
from .layers import Layer
from .masks import guidance_mask
from .palette import random_palette
from .scenes import Sample
from .textures import texture

_PICTURES = {".png", ".jpg", ".jpeg", ".tif", ".tiff", ".exr", ".dpx"}
#: Every so many cut-outs or shots, in order of their names, one is kept for validation.
HELD_OUT_EVERY = 10


@dataclass(frozen=True)
class _Subject:
    """A picture and its alpha on disk."""

    colour: Path
    alpha: Path


@dataclass(frozen=True)
class FolderSource:
    """Samples from `folder`, `size` pixels square; sample number n is the same as long as the files are.

    Either `fg/` (un-premultiplied colour), `alpha/` with the same names and, unless made ones will do, `bg/`; or
    `plate/` and `matte/` with the same names, in sub-folders per shot if there are several. `held_out` takes every
    tenth cut-out or shot, one at least, instead of the others; of a single shot, pictures. Raises InputError where the
    folder has neither, or a file lacks its partner.
    """

    folder: Path
    size: int
    seed: int = 0
    held_out: bool = False

    def __post_init__(self) -> None:
        self._subjects()

    def __call__(self, number: int, mask_kind: str | None = None) -> Sample:
        rng = np.random.default_rng((self.seed, number))
        subjects = self._subjects()
        subject = subjects[rng.integers(len(subjects))]
        layer = self._part_of(rng, subject)
        if self._composes:
            shot = exposed(rng, Layer(layer.colour * layer.alpha[..., None], layer.alpha))
            layer, outline = shot.layer, shot.outline
            picture = recorded(rng, composite(layer, self._background(rng), linear=rng.random() < 0.35))
        else:
            picture, outline = layer.colour, layer.alpha
        return Sample(picture, layer.alpha, guidance_mask(rng, outline, mask_kind))

    @property
    def _composes(self) -> bool:
        return (self.folder / "alpha").is_dir()

    @property
    def seen(self) -> bool:
        """Whether what is held out is of a subject that is trained on, too: there is no other."""
        return len(self._shots()) == 1

    def _shots(self) -> tuple[tuple[_Subject, ...], ...]:
        return _shots(self.folder, *(("fg", "alpha") if self._composes else ("plate", "matte")))

    def _subjects(self) -> tuple[_Subject, ...]:
        shots = self._shots()
        parts = tuple((subject,) for subject in shots[0]) if self.seen else shots
        kept = set(range(HELD_OUT_EVERY - 1, len(parts), HELD_OUT_EVERY)) or {len(parts) - 1}
        chosen = tuple(s for n, part in enumerate(parts) for s in part if (n in kept) == self.held_out)
        return chosen or shots[0]  # a single picture: better seen in training than not validated at all

    def _part_of(self, rng: np.random.Generator, subject: _Subject) -> Layer:
        """A square of it around a soft place, scaled and mirrored at random: straight colour and alpha."""
        colour = _display(subject.colour)
        alpha = _alpha(subject.alpha, colour.shape[1], colour.shape[0])
        side = min(*alpha.shape, round(self.size * np.exp(rng.uniform(np.log(0.8), np.log(2.0)))))
        places = np.argwhere((alpha > 0.02) & (alpha < 0.98))
        if len(places) < 10:
            places = np.argwhere(alpha != cv2.erode(alpha, np.ones((3, 3), np.uint8)))
        centre = places[rng.integers(len(places))] if len(places) else np.array(alpha.shape) // 2
        top, left = (
            int(np.clip(c - side // 2 + rng.integers(-side // 4, side // 4 + 1), 0, extent - side))
            for c, extent in zip(centre, alpha.shape, strict=True)
        )
        at = (slice(top, top + side), slice(left, left + side))
        square = (self.size, self.size)
        part = Layer(resize(colour[at], square), resize(np.ascontiguousarray(alpha[at]), square))
        if rng.random() < 0.5:
            part = Layer(np.ascontiguousarray(part.colour[:, ::-1]), np.ascontiguousarray(part.alpha[:, ::-1]))
        return part

    def _background(self, rng: np.random.Generator) -> FloatImage:
        files = _pictures(self.folder / "bg")
        if not files:
            return texture(rng, self.size, random_palette(rng))
        picture = _display(files[rng.integers(len(files))])
        side = min(*picture.shape[:2], round(self.size * np.exp(rng.uniform(np.log(0.8), np.log(3.0)))))
        top, left = (int(rng.integers(extent - side + 1)) for extent in picture.shape[:2])
        return resize(picture[top : top + side, left : left + side], (self.size, self.size))


@lru_cache(maxsize=64)
def _shots(folder: Path, colour: str, alpha: str) -> tuple[tuple[_Subject, ...], ...]:
    """Pictures that belong together: those of a sub-folder, or all frames beside each other; each cut-out by itself."""
    found: dict[Path, list[_Subject]] = {}
    for subject in _pairs(folder, colour, alpha):
        place = subject.colour.relative_to(folder / colour)
        alone = colour == "fg" and len(place.parts) == 1
        found.setdefault(place if alone else place.parent, []).append(subject)
    return tuple(map(tuple, found.values()))


def _pairs(folder: Path, colour: str, alpha: str) -> tuple[_Subject, ...]:
    """Pictures under `folder/colour` with their partners under `folder/alpha`; file types may differ."""
    partners = {path.relative_to(folder / alpha).with_suffix(""): path for path in _pictures(folder / alpha)}
    found = []
    for path in _pictures(folder / colour):
        name = path.relative_to(folder / colour).with_suffix("")
        if name not in partners:
            raise InputError(f"{path} has no alpha of that name in {folder / alpha}.", path=path)
        found.append(_Subject(path, partners[name]))
    if not found:
        raise InputError(
            f"{folder} holds no training data.",
            hint="Expected fg/, alpha/ and perhaps bg/, or plate/ and matte/, with pictures of the same names.",
            path=folder,
        )
    return tuple(found)


@lru_cache(maxsize=64)
def _pictures(folder: Path) -> tuple[Path, ...]:
    if not folder.is_dir():
        return ()
    return tuple(sorted(path for path in folder.rglob("*") if path.suffix.lower() in _PICTURES))


@lru_cache(maxsize=8)
def _display(path: Path) -> FloatImage:
    """The picture as a model would see it."""
    plate = open_plate(path)
    return DisplayTransform(choose_colour(plate.colorspace))(plate.read(plate.frames[0]).rgb)


@lru_cache(maxsize=8)
def _alpha(path: Path, width: int, height: int) -> FloatImage:
    return read_coverage(path, width, height)
