"""The first matte: prompts as a hand gives them, and figures that tell a good mask from a bad one."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from wisp.bench import first

SIDE = 96


@pytest.fixture
def stills(tmp_path: Path) -> Path:
    """An orange bust before blue, cut by the lower border."""
    rows, columns = np.mgrid[0:SIDE, 0:SIDE]
    head = np.hypot(rows - 40, columns - 48) < 18
    body = (rows > 55) & (np.abs(columns - 48) < 30)
    alpha = cv2.GaussianBlur((head | body).astype(np.float32), (0, 0), 0.8)
    noise = np.random.default_rng(0).normal(0, 6, (SIDE, SIDE, 3))
    picture = alpha[..., None] * [40, 120, 230] + (1 - alpha[..., None]) * [200, 120, 40] + noise
    folder = tmp_path / "bust"
    folder.mkdir()
    cv2.imwrite(str(folder / "image.png"), np.uint8(np.clip(picture, 0, 255)))
    cv2.imwrite(str(folder / "alpha.png"), np.uint8(alpha * 255))
    cv2.imwrite(str(folder / "trimap.png"), np.uint8(np.where((alpha > 0.01) & (alpha < 0.99), 128, alpha * 255)))
    for name in ("mask.png", "mask_coarse.png"):
        cv2.imwrite(str(folder / name), np.uint8(alpha > 0.5) * 255)
    return tmp_path


def test_a_bust_is_found_down_to_the_border_that_cuts_it(stills: Path) -> None:
    (row,) = first.evaluate(stills)
    assert [line.split()[0] for line in first.table([row]).splitlines()] == ["still", "bust", "mean"]
    assert row.j_box > 0.9 and row.j_click > 0.9
    assert row.mad_box < 40 and 0 <= row.j_grabcut <= 1
    assert first.means([row])["j_box"] == row.j_box


@pytest.mark.slow
def test_first_masks_of_real_pictures(shared: Path, tmp_path: Path) -> None:
    """Half of these subjects are cut by the picture's border: a box gave 0.72, a click 0.35 before such were taught.
    At half the size, which a tracker hardly sees."""
    for path in (shared / "data" / "stills").glob("[abr]*/*.png"):
        small = cv2.resize(
            cv2.imread(str(path), cv2.IMREAD_UNCHANGED), None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA
        )
        (tmp_path / path.parent.name).mkdir(exist_ok=True)
        cv2.imwrite(str(tmp_path / path.parent.name / path.name), small)
    rows = first.evaluate(tmp_path)
    found = first.means(rows)
    assert found["j_box"] > 0.83 and found["j_click"] > 0.74
    assert found["j_box"] > found["j_grabcut"]
