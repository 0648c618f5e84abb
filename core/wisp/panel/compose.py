"""Plate and mattes as one picture to look at. Qt's painter only."""

from __future__ import annotations

from typing import List, NamedTuple, Optional

from .qt import QtCore, QtGui

PLATE, MATTE, TINT, CUTOUT, CHECKER = "plate", "matte", "tint", "cutout", "checker"
MODES = (PLATE, MATTE, TINT, CUTOUT, CHECKER)

_Mode = QtGui.QPainter.CompositionMode
_Format = QtGui.QImage.Format


class Layer(NamedTuple):
    """One object's alpha (8-bit grey) and colour."""

    alpha: QtGui.QImage
    color: str


def compose(
    mode: str, plate: Optional[QtGui.QImage], size: QtCore.QSize, layers: List[Layer], opacity: float = 0.55
) -> QtGui.QImage:
    """The picture of a mode, RGB32 of `size`. `opacity`: of the tint. Without a plate the ground is dark grey."""
    if mode == MATTE:
        return union(layers, size)
    if plate is None:
        picture = QtGui.QImage(size, _Format.Format_RGB32)
        picture.fill(QtGui.QColor("#202020"))
    elif mode == PLATE:
        return plate
    else:
        picture = plate
    if mode == TINT:
        if layers:
            picture = QtGui.QImage(picture)  # Qt copies on the first stroke; the plate stays as it is
            painter = QtGui.QPainter(picture)
            painter.setOpacity(opacity)
            for layer in layers:
                painter.drawImage(0, 0, _stencil(_filled(layer.color, size), layer.alpha))
            painter.end()
    elif mode in (CUTOUT, CHECKER):
        cut = _stencil(picture.convertToFormat(_Format.Format_ARGB32_Premultiplied), union(layers, size))
        picture = _checkerboard(size) if mode == CHECKER else _filled("#000000", size)
        painter = QtGui.QPainter(picture)
        painter.drawImage(0, 0, cut)
        painter.end()
    return picture


def union(layers: List[Layer], size: QtCore.QSize) -> QtGui.QImage:
    """The largest alpha of all layers as a grey picture, RGB32: two soft edges that touch must not add up."""
    picture = _filled("#000000", size)
    painter = QtGui.QPainter(picture)
    painter.setCompositionMode(_Mode.CompositionMode_Lighten)
    for layer in layers:
        painter.drawImage(0, 0, layer.alpha)
    painter.end()
    return picture


def _stencil(picture: QtGui.QImage, alpha: QtGui.QImage) -> QtGui.QImage:
    """`picture` where `alpha` (grey) is, premultiplied."""
    cut = picture.convertToFormat(_Format.Format_ARGB32_Premultiplied)
    cut.setAlphaChannel(alpha.convertToFormat(_Format.Format_Grayscale8))
    return cut


def _filled(color: str, size: QtCore.QSize) -> QtGui.QImage:
    picture = QtGui.QImage(size, _Format.Format_RGB32)
    picture.fill(QtGui.QColor(color))
    return picture


def _checkerboard(size: QtCore.QSize) -> QtGui.QImage:
    """Squares of a fiftieth of the width, in two greys."""
    side = max(4, size.width() // 50)
    picture = _filled("#8c8c8c", size)
    painter = QtGui.QPainter(picture)
    for row in range(0, size.height(), side):
        for column in range((row // side) % 2 * side, size.width(), 2 * side):
            painter.fillRect(column, row, side, side, QtGui.QColor("#5c5c5c"))
    painter.end()
    return picture
