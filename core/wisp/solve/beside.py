"""What was filmed beside a plate: the empty set (the clean plate), and of a pair the second plate and its backing.

Each is one picture for all frames or a sequence with the plate's frame numbers."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property, partial
from pathlib import Path

from ..errors import InputError
from ..heads.backings import alike, lit, silhouetted, taken_again, triangulated
from ..heads.band import Mask
from ..heads.clean_plate import Background, Laid, behind, differenced
from ..heads.compositing import Told
from ..plates import files_state, open_beside
from ..plates.clip import DisplayClip, FloatImage
from ..plates.colour import DisplayTransform, LinearLight, choose_colour
from ..plates.opening import Fence
from ..shot import BESIDE, PlateSpec

#: Raise when the same plates make another alpha, or lie otherwise.
BESIDE_SCHEMA = 4


@dataclass(frozen=True)
class Behind:
    """How the clean plate lies behind a frame whose alpha is by it: the identity of its picture, how that is `laid`
    there, and how far linear `light` is what mixes, 0..1."""

    clean: str
    laid: Laid
    light: float

    @property
    def text(self) -> str:
        """As a matte's stamp keeps it."""
        return json.dumps(asdict(self))

    @classmethod
    def of(cls, text: str) -> Behind | None:
        """What a stamp keeps; None where that is nothing."""
        if not text:
            return None
        values = json.loads(text)
        return cls(values["clean"], Laid(**{name: tuple(one) for name, one in values["laid"].items()}), values["light"])


class BesidePlate:
    """Opened where it is made. `files`: its pictures; `state` stands for all of them as they are, and reads none."""

    def __init__(
        self, spec: PlateSpec, key: str, path: Path, fence: Fence | None, should_stop: Callable[[], bool]
    ) -> None:
        """`key`: of `BESIDE`. InputError where it is not there; UsageError where it does not have the plate's size."""
        self.stored = spec.beside[key]
        #: What people call it.
        self.name = f"{BESIDE[key]} {self.stored}"
        self._look: Callable[[], str] = partial(files_state, path)
        self._seen = self._look()
        size = spec.width, spec.height
        self._plate = open_beside(path, self.name, size, spec.offset, fence=fence, should_stop=should_stop)
        self.files, self.state = self._plate.files, self._plate.state()
        named = spec.colorspace or self._plate.colorspace
        #: How models see it.
        self.colour = choose_colour(named, config=spec.ocio, view=spec.view, exposure=spec.exposure)
        self._clip = DisplayClip(self._plate, DisplayTransform(self.colour))

    def image(self, frame: int) -> FloatImage:
        """What it shows on a frame of the plate, as models see it. Raises InputError."""
        return self._clip.image(self._frame(frame))

    def light(self, frame: int) -> FloatImage:
        """The same in linear light, values above 1 included. Raises InputError, UsageError."""
        return self._linear(self._plate.read(self._frame(frame)).rgb)

    @cached_property
    def _linear(self) -> LinearLight:
        return LinearLight(self.colour)

    def identity(self, frame: int) -> str:
        """A hash of that picture. Raises InputError."""
        return self._plate.identity(self._frame(frame))

    def shows(self, frame: int) -> bool:
        """Whether there is a picture for that frame of the plate."""
        return len(self._plate.frames) == 1 or frame in self._plate.frames

    def has_changed(self) -> bool:
        """Whether its files are others now than when it was opened."""
        try:
            return self._look() != self._seen
        except InputError:
            return True

    def close(self) -> None:
        """Stop reading and drop what is kept."""
        self._clip.close()

    def _frame(self, frame: int) -> int:
        """The frame of the same number, or the only one."""
        if not self.shows(frame):
            raise InputError(
                f"The {self.name} has no frame {frame}.",
                hint="Give it with the plate's frame numbers, or one picture for all.",
                path=self.stored,
            )
        frames = self._plate.frames
        return frames[0] if len(frames) == 1 else frame


def backed(
    beside: Mapping[str, BesidePlate], image: FloatImage, alpha: FloatImage, frame: int, unknown: Mask, *, backlit: bool
) -> tuple[FloatImage, Behind]:
    """The head's `alpha` of a frame by what was filmed beside the plate, H x W in 0..1, and how that lies there;
    `image` H x W x 3 as models see it. InputError where that is not what it is said to be."""
    clean = beside["clean"]
    first = _behind(clean, image, alpha, frame, f"frame {frame}")
    if not first.seen.any():  # the object covers the picture
        told = Told(alpha, 1.0)
    elif backlit:
        told = _silhouetted(clean, first, image, alpha, frame, unknown)
    elif "second" in beside:
        told = _triangulated(beside, first, image, alpha, frame, unknown)
    else:
        told = differenced(image, alpha, first, unknown)
    return told.alpha, Behind(clean.identity(frame), first.laid, told.light)


def _triangulated(
    beside: Mapping[str, BesidePlate],
    first: Background,
    image: FloatImage,
    alpha: FloatImage,
    frame: int,
    unknown: Mask,
) -> Told:
    clean, taken, empty = (beside[key] for key in BESIDE)
    again = taken_again(image, taken.image(frame), alpha)
    backings = first, _behind(empty, again, alpha, frame, f"frame {frame} of the {taken.name}")
    if alike(*backings):
        raise InputError(
            f"The {clean.name} and the {empty.name} look alike on frame {frame}.",
            hint="A pair wants two backings that differ everywhere, such as black and white.",
            path=empty.stored,
        )
    found = triangulated(image, again, alpha, backings, unknown)
    if not found.fits:
        raise InputError(
            f"The {taken.name} does not show the same as the plate on frame {frame}: {100 * found.astray:.0f} % of the "
            "object differ by more than the backing.",
            hint="A pair wants the same pose, camera, light and exposure before both backings.",
            path=taken.stored,
        )
    return found.told


def _silhouetted(
    clean: BesidePlate, backing: Background, image: FloatImage, alpha: FloatImage, frame: int, unknown: Mask
) -> Told:
    if not lit(backing):
        raise InputError(
            f"The {clean.name} is too dark for a backlit plate on frame {frame}.",
            hint="The backing must be lit; raise the exposure, or leave out 'backlit'.",
            path=clean.stored,
        )
    found = silhouetted(image, alpha, backing, unknown)
    if not found.fits:
        raise InputError(
            f"The object is not dark before its backing on frame {frame}: {100 * found.astray:.0f} % of its inside are "
            "too bright.",
            hint="No light may fall on the object itself; leave out 'backlit' to take the clean plate as one.",
        )
    return found.told


def _behind(empty: BesidePlate, image: FloatImage, alpha: FloatImage, frame: int, over: str) -> Background:
    found = behind(image, empty.image(frame), alpha > 0.05)
    if not found.fits:
        raise InputError(
            f"The {empty.name} does not lie over {over}: {100 * found.astray:.0f} % of the background differ.",
            hint="Take one of the same set and camera, or leave it out.",
            path=empty.stored,
        )
    return found
