"""The files that pictures come from: nothing may ever be written over them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ..errors import OutputError
from ..frames import FrameName


class Sources:
    """A plate's and its masks' files, known by where they really lie, whatever a path to them is spelled like."""

    def __init__(self, files: Iterable[Path], pattern: str = "") -> None:
        """`pattern`: how a sequence is called; its missing frames are not to be filled either."""
        self._files = {identity for file in files if (identity := _identity(file)) is not None}
        path = Path(pattern)
        self._name = FrameName.parse(path.name)
        self._folder = _identity(path.parent) if self._name is not None else None

    def refuse(self, targets: Iterable[Path]) -> None:
        """OutputError for the first of these that is one of the files, or would be taken for one."""
        folders: dict[Path, tuple[int, int] | None] = {}
        for target in targets:
            parent = target.parent
            if parent not in folders:
                folders[parent] = _identity(parent)
            within = self._folder is not None and folders[parent] == self._folder
            stands_for = within and self._name is not None and self._name.number(target.name) is not None
            if stands_for or _identity(target) in self._files:
                raise OutputError(
                    f"{target} is, or would become, a picture that the shot is made from; those are never replaced.",
                    hint="Choose another place or name.",
                    path=target,
                )


def _identity(path: Path) -> tuple[int, int] | None:
    """Device and inode, links followed; None where there is nothing."""
    try:
        state = path.stat()
    except (OSError, ValueError):
        return None
    return state.st_dev, state.st_ino
