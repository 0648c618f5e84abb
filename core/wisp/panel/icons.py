"""The tools' pictures."""

from __future__ import annotations

from pathlib import Path

from .qt import QtGui

_HERE = Path(__file__).resolve()
#: Beside this file where Wisp is installed, else at the root of the checkout.
_FOLDERS = (_HERE.with_name("icons"), *(parent / "icons" / "png" for parent in list(_HERE.parents)[2:4]))


def icon(name: str) -> QtGui.QIcon:
    """The icon of a tool, as `track-forward`, for plain and for dense screens; an empty one where it is missing."""
    found = QtGui.QIcon()
    for folder in _FOLDERS:
        for path in sorted(folder.glob(name + "-*.png")):
            found.addFile(str(path))
        if not found.isNull():
            break
    return found
