"""Paths as a document stores them: relative to its folder where they can be, with forward slashes.

A byte of a name that is no UTF-8 is stored as the character U+F700 plus its value: a document is text.
"""

from __future__ import annotations

import os
from pathlib import Path

#: What Python makes of such a byte (PEP 383) -> what is stored, and back.
_TO_TEXT = {0xDC00 + byte: 0xF700 + byte for byte in range(0x80, 0x100)}
_FROM_TEXT = {stored: byte for byte, stored in _TO_TEXT.items()}


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
        return place.as_posix().translate(_TO_TEXT)
    return Path(stored).as_posix().translate(_TO_TEXT)


def resolve_path(stored: str, document: str | Path) -> Path:
    """The place that a stored path means. Inverse of `relative_path`."""
    return Path(os.path.normpath(Path(document).resolve().parent / stored.translate(_FROM_TEXT)))
