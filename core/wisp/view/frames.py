"""Plates and mattes for the canvas."""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path

from ..panel.frames import FrameSource, Matte
from ..panel.qt import QtGui
from ..shot import Shot
from .pictures import Pictures

_Format = QtGui.QImage.Format


class ShotFrames(FrameSource):
    """The pictures of a shot; see `Pictures`."""

    def __init__(self, shot: Shot, root: Path) -> None:
        self._pictures = Pictures(shot, root)

    def plate(self, frame: int) -> QtGui.QImage:
        """See `FrameSource.plate`. Raises WispError."""
        pixels = self._pictures.plate(frame)
        height, width = pixels.shape[:2]
        return QtGui.QImage(pixels.data, width, height, 4 * width, _Format.Format_RGB32).copy()

    def mark(self, frame: int) -> Hashable:
        """See `FrameSource.mark`. Raises WispError."""
        return self._pictures.mark(frame)

    def matte(self, path: str) -> Matte:
        """See `FrameSource.matte`. Raises FrameReadError."""
        pixels, state, confidence, fingerprint = self._pictures.matte(Path(path))
        height, width = pixels.shape
        alpha = QtGui.QImage(pixels.data, width, height, width, _Format.Format_Grayscale8).copy()
        return Matte(alpha, state, confidence, fingerprint)
