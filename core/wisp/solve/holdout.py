"""Core and garbage mattes: pictures of what surely is and surely is not the object."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from pathlib import Path

from ..errors import InputError, UsageError
from ..fingerprint import fingerprint
from ..plates.clip import FloatImage
from ..plates.identity import file_identity
from ..plates.opening import Fence
from ..plates.sequences import MOVIE_SUFFIXES, Files, find
from ..plates.stills import read_coverage


class Holdout:
    """A sequence with the plate's frame numbers, or one picture for all frames."""

    def __init__(self, stored: str, what: str, locate: Callable[[str], Path], fence: Fence | None = None) -> None:
        """InputError where it is not there; UsageError for a movie. `locate` resolves stored paths."""
        self._what = what
        self._fence = fence
        self._again: Callable[[], Holdout] = lambda: Holdout(stored, what, locate, fence)
        self._found: Files = find(locate(stored))
        self._identities: dict[Path, str] = {}
        if next(iter(self._found.files.values())).suffix.lower() in MOVIE_SUFFIXES:
            raise UsageError(f"The {what} is a movie, {stored}.", hint="Give a picture or a sequence of pictures.")

    def path(self, frame: int) -> Path:
        """The file for `frame`; InputError where the sequence has none."""
        files = self._found.files
        still = len(files) == 1 and Path(self._found.path) in files.values()
        path = next(iter(files.values())) if still else files.get(frame)
        if path is None:
            raise InputError(
                f"The {self._what} has no frame {frame} ({self._found.path}).",
                hint="Render it for every frame of the shot, or give one picture for all.",
                path=self._found.path,
            )
        return path

    def identity(self, frame: int) -> str:
        """A hash of the file for `frame`, asked once. Raises FrameReadError."""
        path = self.path(frame)
        if path not in self._identities:
            self._identities[path] = file_identity(path)
        return self._identities[path]

    @cached_property
    def state(self) -> str:
        """Stands for all its files as they are; reads none of them."""
        files = [(frame, path.stat()) for frame, path in self._found.files.items()]
        return fingerprint([[frame, found.st_size, found.st_mtime_ns] for frame, found in files])

    def has_changed(self) -> bool:
        """Whether its files are others now than when `state` was asked for."""
        try:
            return "state" in vars(self) and self._again().state != self.state
        except (InputError, OSError):
            return True

    def read(self, frame: int, width: int, height: int) -> FloatImage:
        """Its values on `frame`, 0..1. FrameReadError; UsageError for another size than the plate's."""
        return read_coverage(self.path(frame), width, height, self._fence)
