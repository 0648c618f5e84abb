"""Plates and mattes as pictures for the canvas, through the same readers and colour as the models' view."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..panel.frames import FrameSource, Matte
from ..panel.qt import QtGui
from ..shot import Shot

if TYPE_CHECKING:
    from ..plates.clip import DisplayClip

_Format = QtGui.QImage.Format


class ShotFrames(FrameSource):
    """The pictures of a shot. The plate is opened when the first one is asked for, in the loader's thread.

    Whatever the shot does about missing frames, here one that cannot be read is shown as such.
    """

    def __init__(self, shot: Shot, root: Path) -> None:
        self._shot = shot
        self._root = root
        self._clip: DisplayClip | None = None

    def plate(self, frame: int) -> QtGui.QImage:
        """See `FrameSource.plate`. Raises WispError."""
        if self._clip is None:
            self._clip = self._open()
        return picture(self._clip.image(frame))

    def matte(self, path: str) -> Matte:
        """See `FrameSource.matte`. Raises FrameReadError."""
        from ..cache import read_matte

        alpha, stamp = read_matte(Path(path))
        if stamp is None:
            return Matte(grey(alpha))
        return Matte(grey(alpha), stamp.track_state, stamp.confidence)

    def _open(self) -> DisplayClip:
        from ..plates import open_plate
        from ..plates.clip import DisplayClip
        from ..plates.colour import DisplayTransform, choose_colour

        spec = self._shot.plate
        path = self._root / spec.path
        plate = open_plate(path, layer=spec.layer)
        if spec.offset:
            plate = open_plate(path, layer=spec.layer, first=plate.frames[0] + spec.offset)
        colour = choose_colour(spec.colorspace or plate.colorspace, view=spec.view, exposure=spec.exposure)
        # The canvas keeps its own pictures, a sixth of the size of these.
        return DisplayClip(plate, DisplayTransform(colour), cache_bytes=2**26)


def picture(rgb: NDArray[np.float32]) -> QtGui.QImage:
    """RGB in 0..1, height x width x 3, as RGB32."""
    height, width = rgb.shape[:2]
    pixels = np.empty((height, width, 4), np.uint8)
    pixels[..., 2::-1] = rgb * np.float32(255.0) + np.float32(0.5)
    pixels[..., 3] = 255
    return QtGui.QImage(pixels.data, width, height, 4 * width, _Format.Format_RGB32).copy()


def grey(alpha: NDArray[np.float32]) -> QtGui.QImage:
    """Alpha in 0..1, height x width, as 8-bit grey."""
    height, width = alpha.shape
    pixels = np.clip(alpha * np.float32(255.0) + np.float32(0.5), 0, 255).astype(np.uint8)
    return QtGui.QImage(pixels.data, width, height, width, _Format.Format_Grayscale8).copy()
