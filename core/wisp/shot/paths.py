"""Paths as a document stores them: relative to its folder where they can be, with forward slashes."""

from __future__ import annotations

import os
from pathlib import Path


def relative_path(path: str | Path, document: str | Path) -> str:
    """`path` as the document should store it: relative when on the same drive, with forward slashes.

    Links are kept as they are where that leads to the same place, so that `plates/` may be a link to another
    disk; they are followed where `..` would not lead back through them. The file need not exist.
    """
    place = Path(path).absolute()
    folder = Path(document).resolve().parent
    try:
        stored = os.path.relpath(place, Path(document).absolute().parent)
        if resolve_path(stored, document).parent.resolve() != place.parent.resolve():
            stored = os.path.relpath(place.parent.resolve() / place.name, folder)
    except ValueError:  # another drive on Windows
        return place.as_posix()
    return Path(stored).as_posix()


def resolve_path(stored: str, document: str | Path) -> Path:
    """The place that a stored path means. Inverse of `relative_path`."""
    return Path(os.path.normpath(Path(document).resolve().parent / stored))
