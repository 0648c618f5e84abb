from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from wisp.contact_sheet import (
    GridRow,
    Row,
    contact_sheet,
    cut_out,
    difference,
    picture_grid,
    to_linear,
    to_srgb,
    write_png,
)
from wisp.errors import UsageError


def _row(frame: int = 1001, **pictures: np.ndarray) -> Row:
    plate = np.full((90, 160, 3), 0.5, np.float32)
    return Row(frame, plate, pictures.pop("alpha", np.zeros((90, 160), np.float32)), **pictures)


def test_srgb_curve_has_its_published_values() -> None:
    """IEC 61966-2-1: the ends, the joint, and mid-grey 0.18 at 0.4614."""
    linear = np.array([0.0, 0.0031308, 0.18, 1.0], np.float32)
    assert to_srgb(linear) == pytest.approx([0.0, 0.04045, 0.46136, 1.0], abs=2e-5)
    assert to_linear(to_srgb(linear)) == pytest.approx(linear, abs=1e-6)


def test_cut_out_mixes_in_linear_light() -> None:
    white, black = np.ones((4, 4, 3), np.float32), np.zeros((4, 4, 3), np.float32)
    half = np.full((4, 4), 0.5, np.float32)
    assert cut_out(white, half, black) == pytest.approx(0.7354, abs=1e-4)


def test_cut_out_without_coverage_is_the_background() -> None:
    plate = np.random.default_rng(0).random((30, 40, 3), np.float32)
    nothing, everything = np.zeros((30, 40), np.float32), np.ones((30, 40), np.float32)
    behind = np.full((30, 40, 3), 0.25, np.float32)
    assert cut_out(plate, nothing, behind) == pytest.approx(behind, abs=1e-6)
    assert cut_out(plate, everything, behind) == pytest.approx(plate, abs=1e-6)
    assert len(np.unique(cut_out(plate, nothing))) == 2  # the chequerboard's two greys


def test_difference_is_red_for_too_much_blue_for_too_little() -> None:
    truth = np.array([[0.5, 0.5, 0.5]], np.float32)
    too_much, right, too_little = difference(np.array([[0.9, 0.5, 0.1]], np.float32), truth)[0]
    assert not right.any()
    assert too_much[0] > 2 * too_much[2]
    assert too_little[2] > 2 * too_little[0]


@pytest.mark.parametrize(("given", "columns"), [((), 3), (("mask",), 4), (("truth",), 5), (("mask", "truth"), 6)])
def test_columns_follow_what_is_given(given: tuple[str, ...], columns: int) -> None:
    row = _row(**{name: np.zeros((90, 160), np.float32) for name in given})
    sheet = contact_sheet([row, row], cell_width=160)
    assert sheet.dtype == np.uint8
    assert sheet.shape[1] == columns * 166 + 6
    assert sheet.shape[0] >= 2 * 96


def test_matte_appears_in_its_cell() -> None:
    alpha = np.zeros((90, 160), np.float32)
    alpha[:, 80:] = 1
    sheet = contact_sheet([_row(alpha=alpha)], cell_width=160)
    cell = sheet[-96:-6, 172:332]
    assert (cell[:, 80:] == 255).all()
    assert (cell[:, :80] == 0).all()


def test_pictures_of_another_size_are_refused() -> None:
    with pytest.raises(UsageError, match="Frame 1001: the truth"):
        contact_sheet([_row(truth=np.zeros((45, 80), np.float32))])
    with pytest.raises(UsageError, match="at least one"):
        contact_sheet([])


def test_png_holds_the_sheet(tmp_path: Path) -> None:
    sheet = np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8)
    write_png(tmp_path / "made/sheet.png", sheet)
    assert np.array_equal(cv2.imread(str(tmp_path / "made/sheet.png"))[..., ::-1], sheet)


def test_a_label_can_be_read_on_any_picture() -> None:
    """Letters and their dark rim lie over each other along the whole word."""
    red = np.zeros((140, 280, 3), np.float32)
    red[..., 0] = 1
    sheet = picture_grid(["plate"], [GridRow("leopard_whiskers", [red])], cell_width=280)[-146:-6, 6:286]
    ends = [np.flatnonzero(found.any(axis=0))[[0, -1]] for found in ((sheet > 150).all(2), (sheet < 100).all(2))]
    assert np.abs(ends[0] - ends[1]).max() <= 2
