"""Outlines as mask pictures beside the document."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import List, Tuple

from .paint import path_of
from .qt import QtCore, QtGui


def save_outline(outline: List[Tuple[float, float]], frame: int, size: Tuple[int, int], root: Path) -> str:
    """A closed outline (plate pixels) as a picture of the plate's size under `root`/prompts, named after its content.

    Returns its path relative to `root`. Raises OSError where it cannot be stored.
    """
    image = QtGui.QImage(size[0], size[1], QtGui.QImage.Format.Format_Grayscale8)
    image.fill(0)
    painter = QtGui.QPainter(image)
    path = path_of(outline)
    path.closeSubpath()
    painter.fillPath(path, QtGui.QColor("#ffffff"))
    painter.end()
    relative = f"prompts/{hashlib.sha1(repr(outline).encode()).hexdigest()[:10]}.{frame}.png"
    place = root / relative
    place.parent.mkdir(parents=True, exist_ok=True)
    # Whole or not at all; of a picture that is saved by its name, Qt does not notice that the disk is full.
    file = QtCore.QSaveFile(str(place))
    written = file.open(QtCore.QIODevice.OpenModeFlag.WriteOnly) and image.save(file, "PNG")  # type: ignore[call-overload]
    if not (written and file.commit()):
        raise OSError(f"{place}: {file.errorString()}")
    return relative
