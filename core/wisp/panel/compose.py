"""Plate and mattes as one picture to look at. Qt's painter only."""

from __future__ import annotations

from functools import lru_cache
from typing import List, NamedTuple, Optional

from .qt import QtCore, QtGui

PLATE, MATTE, TINT, CUTOUT, CHECKER = "plate", "matte", "tint", "cutout", "checker"
DIFFERENCE, DOUBT = "difference", "doubt"
MODES = (PLATE, MATTE, TINT, CUTOUT, CHECKER, DIFFERENCE, DOUBT)
#: The colour of doubt, and how much stronger it is shown than the error that is to be expected.
DOUBTED, DOUBT_GAIN = "#ff3b30", 4
#: The mattes of the frame before and of the one after, over the present one.
BEFORE, AFTER = "#ff5a4d", "#4d9bff"

_Mode = QtGui.QPainter.CompositionMode
_Format = QtGui.QImage.Format


class Layer(NamedTuple):
    """One object's alpha (8-bit grey) and colour."""

    alpha: QtGui.QImage
    color: str


def compose(
    mode: str, plate: Optional[QtGui.QImage], size: QtCore.QSize, layers: List[Layer], opacity: float = 0.55
) -> QtGui.QImage:
    """The picture of a mode, opaque, of `size`. `opacity`: of the tint. Without a plate the ground is dark grey."""
    if mode == DOUBT:
        return doubted(plate, size, [])
    if mode == MATTE:
        return union(layers, size)
    if plate is None:
        plate = _filled("#202020", size)
    if mode == PLATE:
        return plate
    if mode == TINT:
        return tinted(plate, layers, opacity)
    cut = _stencil(plate, union(layers, size))
    painter = QtGui.QPainter(cut)
    painter.setCompositionMode(_Mode.CompositionMode_DestinationOver)
    if mode == CHECKER:
        painter.drawImage(0, 0, _checkerboard(size.width(), size.height()))
    else:
        painter.fillRect(cut.rect(), QtGui.QColor("#000000"))
    painter.end()
    return cut


def union(layers: List[Layer], size: QtCore.QSize) -> QtGui.QImage:
    """All layers as one 8-bit grey alpha: 1 - product of (1 - alpha), as `wisp.finish.exclusive.union` has it."""
    if len(layers) == 1:
        return layers[0].alpha
    picture = QtGui.QImage(size, _Format.Format_Grayscale8)
    picture.fill(0)
    painter = QtGui.QPainter(picture)
    painter.setCompositionMode(_Mode.CompositionMode_Screen)
    for layer in layers:
        painter.drawImage(0, 0, layer.alpha)
    painter.end()
    return picture


def difference(layers: List[Layer], others: List[Layer], size: QtCore.QSize) -> QtGui.QImage:
    """How far two alphas are apart, as 8-bit grey: black where they are the same."""
    picture = union(layers, size).convertToFormat(_Format.Format_RGB32)
    painter = QtGui.QPainter(picture)
    painter.setCompositionMode(_Mode.CompositionMode_Difference)
    painter.drawImage(0, 0, union(others, size).convertToFormat(_Format.Format_RGB32))
    painter.end()
    return picture


def doubted(plate: Optional[QtGui.QImage], size: QtCore.QSize, errors: List[QtGui.QImage]) -> QtGui.QImage:
    """The plate without colour, red where mattes are not to be believed. `errors`: those to be expected of alpha, 8-bit
    grey, 255 for 1; shown `DOUBT_GAIN` times."""
    ground = _filled("#202020", size) if plate is None else plate
    grey = ground.convertToFormat(_Format.Format_Grayscale8).convertToFormat(_Format.Format_RGB32)
    layers = []
    for error in errors:
        gained = QtGui.QImage(size, _Format.Format_Grayscale8)
        gained.fill(0)
        painter = QtGui.QPainter(gained)
        painter.setCompositionMode(_Mode.CompositionMode_Plus)
        for _ in range(DOUBT_GAIN):
            painter.drawImage(0, 0, error)
        painter.end()
        layers.append(Layer(gained, DOUBTED))
    return tinted(grey, layers, 1.0)


def tinted(plate: QtGui.QImage, layers: List[Layer], opacity: float) -> QtGui.QImage:
    """`plate` under its layers' colours."""
    if not layers:
        return plate
    # A matte is grey and could not take colour; what lets through has to go on doing so. Of a picture that is of the
    # right kind Qt makes a copy on the first stroke.
    picture = plate.convertToFormat(
        _Format.Format_ARGB32_Premultiplied if plate.hasAlphaChannel() else _Format.Format_RGB32
    )
    painter = QtGui.QPainter(picture)
    painter.setOpacity(opacity)
    for layer in layers:
        painter.drawImage(0, 0, _stencil(_filled(layer.color, plate.size()), layer.alpha))
    painter.end()
    return picture


def _stencil(picture: QtGui.QImage, alpha: QtGui.QImage) -> QtGui.QImage:
    """`picture` (opaque) where `alpha` (8-bit grey) is, premultiplied."""
    cut = picture.convertToFormat(_Format.Format_ARGB32_Premultiplied)
    mask = QtGui.QImage(alpha)
    mask.reinterpretAsFormat(_Format.Format_Alpha8)
    painter = QtGui.QPainter(cut)
    painter.setCompositionMode(_Mode.CompositionMode_DestinationIn)
    painter.drawImage(0, 0, mask)
    painter.end()
    return cut


def _filled(color: str, size: QtCore.QSize) -> QtGui.QImage:
    picture = QtGui.QImage(size, _Format.Format_RGB32)
    picture.fill(QtGui.QColor(color))
    return picture


@lru_cache(maxsize=2)
def _checkerboard(width: int, height: int) -> QtGui.QImage:
    """Squares of a fiftieth of the width, in two greys."""
    side = max(4, width // 50)
    picture = _filled("#8c8c8c", QtCore.QSize(width, height))
    painter = QtGui.QPainter(picture)
    for row in range(0, height, side):
        for column in range((row // side) % 2 * side, width, 2 * side):
            painter.fillRect(column, row, side, side, QtGui.QColor("#5c5c5c"))
    painter.end()
    return picture
