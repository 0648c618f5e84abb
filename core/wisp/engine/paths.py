"""Which files a host's documents may name: a document from elsewhere must not read what its host did not offer."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable
from pathlib import Path

from ..errors import UsageError, WispError
from ..plates.opening import Fence
from ..plates.plate import heed
from ..plates.sequences import find
from ..shot import BESIDE, MaskPrompt, Shot


def folder(text: str, what: str) -> Path:
    """An absolute folder given by a host, resolved. UsageError names `what` it was given for."""
    path = _resolved(text, what)
    absolute(text, what)
    return path


def absolute(text: str | None, what: str) -> None:
    """UsageError where a host names a file otherwise than by its whole path; None is none at all."""
    if text is not None and not Path(text).is_absolute():
        raise UsageError(f"The {what} '{text}' is not an absolute path.", hint="Give the whole path.", path=text)


class Roots:
    """The folders that a shot's pictures may be read from."""

    def __init__(self, base: Path, readable: Iterable[Path]) -> None:
        """`base`: what relative paths refer to, itself readable. All resolved."""
        self._base = base
        #: The same folders for whoever opens a file later: it may have become a link by then.
        self.fence = Fence((base, *readable))

    def check(self, shot: Shot, should_stop: Callable[[], bool] = lambda: False) -> None:
        """UsageError for the first path of the document that leads out of the folders."""
        self.check_plate(shot, should_stop)
        self.check_mattes(shot)

    def check_plate(self, shot: Shot, should_stop: Callable[[], bool] = lambda: False) -> None:
        """UsageError where the plate lies outside the folders, or one of its frames leads there; CancelledError."""
        self.check_picture(shot.plate.path, "plate", should_stop)
        for key, stored in shot.plate.beside.items():
            self.check_picture(stored, BESIDE[key], should_stop)

    def check_mattes(self, shot: Shot) -> None:
        """UsageError for the first mask, core or garbage matte that leads out of the folders."""
        for item in shot.objects:
            for prompt in item.prompts:
                if isinstance(prompt, MaskPrompt):
                    self.check_picture(prompt.path, f"mask of '{item.name}' on frame {prompt.frame}")
            for matte, what in ((item.garbage, "garbage matte"), (item.core, "core matte")):
                if matte is not None:
                    self.check_picture(matte, f"{what} of '{item.name}'")

    def check_picture(self, stored: str, what: str, should_stop: Callable[[], bool] = lambda: False) -> None:
        """UsageError unless the file or sequence, links followed, lies in one of the folders.

        Of a sequence, or a folder of pictures, each frame that is a symbolic link is followed too.
        """
        path = _resolved(self._base / stored, what)
        self._inside(path, stored, what)
        frames: Iterable[Path] = ()
        with contextlib.suppress(WispError):  # what is not there is reported when the plate is opened
            frames = find(self._base / stored).files.values()
        for frame in frames:
            heed(should_stop)
            if frame.is_symlink():
                self._inside(_resolved(frame, what), str(frame), what)

    def _inside(self, path: Path, named: str, what: str) -> None:
        if not self.fence.holds(path):
            raise UsageError(
                f"The {what} '{named}' lies outside the folders that were opened with the shot.",
                hint=f"Move it there, or name its folder {path.parent} in 'readable'.",
                path=path,
            )


def _resolved(path: str | Path, what: str) -> Path:
    """The real place of a path: links followed, `..` removed. UsageError for what is no path at all."""
    try:
        os.fsencode(path)
        return Path(path).resolve()
    except (ValueError, OSError, RuntimeError) as error:  # NUL, a lone surrogate; a loop of links
        raise UsageError(f"The {what} {str(path)!r} is not a usable path: {error}.") from None
