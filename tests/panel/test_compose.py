"""The pictures of the modes, against the same arithmetic on arrays."""

from __future__ import annotations

import numpy as np
import pytest
from wisp.panel import compose
from wisp.panel.compose import Layer
from wisp.panel.qt import QtCore, QtGui

RNG = np.random.default_rng(3)
PLATE = RNG.random((40, 60, 3), np.float32)
A, B = RNG.random((2, 40, 60), np.float32)
SIZE = QtCore.QSize(60, 40)


def picture(rgb: np.ndarray) -> QtGui.QImage:
    """RGB in 0..1, height x width x 3, as a front-end hands a plate over."""
    height, width = rgb.shape[:2]
    values = np.full((height, width, 4), 255, np.uint8)
    values[..., 2::-1] = np.rint(rgb * 255)
    return QtGui.QImage(values.data, width, height, 4 * width, QtGui.QImage.Format.Format_RGB32).copy()


def grey(alpha: np.ndarray) -> QtGui.QImage:
    """Alpha in 0..1, height x width, as a front-end hands a matte over."""
    height, width = alpha.shape
    values = np.rint(alpha * 255).astype(np.uint8)
    return QtGui.QImage(values.data, width, height, width, QtGui.QImage.Format.Format_Grayscale8).copy()


def pixels(image: QtGui.QImage) -> np.ndarray:
    """RGB 0..255, height x width x 3."""
    image = image.convertToFormat(QtGui.QImage.Format.Format_RGB32)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : 4 * image.width()].reshape(image.height(), image.width(), 4)[..., 2::-1].astype(float)


def shown(mode: str, *layers: Layer) -> np.ndarray:
    return pixels(compose.compose(mode, picture(PLATE), SIZE, list(layers)))


def test_pictures_keep_their_values() -> None:
    assert np.abs(pixels(picture(PLATE)) - 255 * PLATE).max() <= 0.5 + 1e-3
    assert np.abs(pixels(grey(A)) - 255 * A[..., None]).max() <= 0.5 + 1e-3


def test_a_matte_is_the_union_of_its_layers() -> None:
    found = shown(compose.MATTE, Layer(grey(A), "#ff0000"), Layer(grey(B), "#00ff00"))
    assert np.abs(found - 255 * (1 - (1 - A) * (1 - B))[..., None]).max() <= 1.5


def test_a_cutout_is_plate_times_alpha() -> None:
    assert np.abs(shown(compose.CUTOUT, Layer(grey(A), "#ff0000")) - 255 * PLATE * A[..., None]).max() <= 2


def test_a_tint_mixes_the_colour_in_by_alpha() -> None:
    weight = 0.55 * A[..., None]
    wanted = 255 * (PLATE * (1 - weight) + np.array([1.0, 0.0, 0.0]) * weight)
    assert np.abs(shown(compose.TINT, Layer(grey(A), "#ff0000")) - wanted).max() <= 3


def test_a_checkerboard_shows_where_alpha_is_not() -> None:
    found = shown(compose.CHECKER, Layer(grey(np.zeros_like(A)), "#ff0000"))
    assert {tuple(value) for value in found.reshape(-1, 3)} == {(140.0,) * 3, (92.0,) * 3}


@pytest.mark.parametrize("mode", compose.MODES)
def test_the_plate_is_left_as_it_was(mode: str) -> None:
    plate = picture(PLATE)
    compose.compose(mode, plate, SIZE, [Layer(grey(A), "#ff0000")])
    assert np.array_equal(pixels(plate), pixels(picture(PLATE)))
