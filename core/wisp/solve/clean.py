"""The clean plate of a shot: the empty set, one picture for all frames or a sequence with the plate's frame numbers."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from ..errors import InputError, UsageError
from ..plates import open_plate
from ..plates.clip import DisplayClip, FloatImage
from ..plates.colour import DisplayTransform, choose_colour
from ..plates.opening import Fence
from ..shot import PlateSpec


class CleanPlate:
    """Opened where it is made. `files`: its pictures; `state` stands for all of them as they are, and reads none."""

    def __init__(self, spec: PlateSpec, path: Path, fence: Fence | None, should_stop: Callable[[], bool]) -> None:
        """InputError where it is not there; UsageError where it does not have the plate's size."""
        self._spec = spec
        self._opening = partial(open_plate, path, fence=fence, should_stop=should_stop)
        self._plate = self._opening()
        self.files, self.state = self._plate.files, self._plate.state()
        found, wanted = ((one.width, one.height) for one in (self._plate, spec))
        if found != wanted:
            raise UsageError(
                f"The clean plate {spec.clean} is {found[0]}x{found[1]} but the plate is {wanted[0]}x{wanted[1]}.",
                hint="Give it in the plate's size.",
            )
        named = spec.colorspace or self._plate.colorspace
        colour = choose_colour(named, config=spec.ocio, view=spec.view, exposure=spec.exposure)
        self._clip = DisplayClip(self._plate, DisplayTransform(colour))

    def image(self, frame: int) -> FloatImage:
        """What stands behind a frame of the plate, as models see it. Raises InputError."""
        return self._clip.image(self._frame(frame))

    def identity(self, frame: int) -> str:
        """A hash of that picture. Raises InputError."""
        return self._plate.identity(self._frame(frame))

    def has_changed(self) -> bool:
        """Whether its files are others now than when it was opened."""
        try:
            return self._opening().state() != self.state
        except InputError:
            return True

    def close(self) -> None:
        """Stop reading and drop what is kept."""
        self._clip.close()

    def _frame(self, frame: int) -> int:
        """The frame of the same number, or the only one."""
        frames = self._plate.frames
        if len(frames) == 1:
            return frames[0]
        if frame not in frames:
            raise InputError(
                f"The clean plate {self._spec.clean} has no frame {frame}.",
                hint="Give it with the plate's frame numbers, or one picture for all.",
                path=self._spec.clean,
            )
        return frame
