"""The measured spread of the edge: softness of the subject and error of the mask in one number."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from wisp.bench.stills import read_stills
from wisp.heads.band import mask_from_logits, signed_distance
from wisp.heads.edge_spread import _spread, edge_profile, edge_spread, likely_spread


@pytest.mark.parametrize("blur", [1.5, 3.0, 6.0])
def test_finds_the_blur_of_the_subject(scene, blur):
    image, _, mask = scene(blur)
    assert edge_spread(image, mask) == pytest.approx(blur, rel=0.25)


def test_the_profile_of_a_blurred_edge_is_the_normal_distribution():
    image = np.zeros((200, 200, 3), np.float32)
    image[:, 100:] = (0.8, 0.6, 0.2)
    image = cv2.GaussianBlur(image, (0, 0), 3) + np.float32(0.1)
    mask = np.zeros((200, 200), bool)
    mask[:, 100:] = True
    profile = edge_profile(image, signed_distance(mask), 12)
    assert profile is not None
    np.testing.assert_allclose(np.interp([-3, 0, 3], np.arange(24) - 11.5, profile), [0.159, 0.5, 0.841], atol=0.01)


def test_an_inaccurate_mask_spreads_a_sharp_edge(scene):
    image, _, mask = scene(0.7)
    y, x = np.mgrid[:300, :400].astype(np.float32)
    waves = cv2.remap(mask.astype(np.uint8), x + 5 * np.sin(y / 9), y + 5 * np.cos(x / 7), cv2.INTER_NEAREST) > 0
    exact, wavy = edge_spread(image, mask), edge_spread(image, waves)
    assert exact is not None
    assert wavy is not None
    assert exact < 1.2
    assert wavy > 2 * exact


def test_scales_with_the_picture(scene):
    image, _, mask = scene(2.0)
    small = edge_spread(image, mask)
    large = edge_spread(
        cv2.resize(image, (2000, 1500), interpolation=cv2.INTER_LINEAR),
        cv2.resize(mask.astype(np.float32), (2000, 1500), interpolation=cv2.INTER_LINEAR) > 0.5,
    )
    assert small is not None
    assert large == pytest.approx(5 * small, rel=0.2)


def test_coarse_masks_of_real_pictures_spread_wider_than_exact_ones(shared):
    for still in read_stills(shared / "data" / "stills"):
        exact, coarse = (edge_spread(still.image, still.masks[kind]) for kind in ("exact", "coarse"))
        assert exact is not None
        assert coarse is not None
        assert coarse > 0.95 * exact, still.name


@pytest.mark.parametrize("fill", [False, True])
def test_nothing_to_measure_without_an_outline(fill):
    image = np.random.default_rng(0).random((40, 40, 3), np.float32)
    assert edge_spread(image, np.full((40, 40), fill)) is None


def test_nothing_to_measure_without_contrast():
    mask = np.zeros((120, 120), bool)
    mask[30:90, 30:90] = True
    assert edge_spread(np.full((120, 120, 3), 0.5, np.float32), mask) is None


def test_a_rough_profile_is_as_wide_as_all_of_it() -> None:
    """That of a frame of hair, whose strands are few: where they leave a gap it falls for a pixel, and what is between
    two gaps is not its edge."""
    outside = [0.261, 0.364, 0.465, 0.522, 0.58, 0.646, 0.623, 0.659, 0.645, 0.683, 0.685, 0.719]
    inside = [0.819, 0.895, 0.919, 0.942, 0.966, 0.952, 0.964, 0.964, 0.967, 0.97, 0.976, 0.994]
    found = _spread(np.array([*outside, *inside]))
    assert found is not None and found > 4


def test_a_profile_that_rises_nowhere_measures_nothing() -> None:
    assert _spread(np.linspace(1, 0, 24)) is None
    assert _spread(np.full(24, 0.5)) is None


def test_hair_that_moves_is_about_as_soft_on_every_frame(shared: Path) -> None:
    """What is measured sets a filter's windows: where it jumps from frame to frame, so does the matte."""
    folder = shared / "data" / "clips" / "made_hair_small"
    for size in (1.0, 0.25):
        spreads = []
        for path in sorted((folder / "frames").iterdir()):
            picture = cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB).astype(np.float32) / 255
            alpha = cv2.imread(str(folder / "alpha" / path.name), -1).astype(np.float32) / 65535
            logits = cv2.resize((alpha >= 0.5) - np.float32(0.5), None, fx=size, fy=size, interpolation=cv2.INTER_AREA)
            spreads.append(likely_spread(picture, mask_from_logits(logits, *alpha.shape[::-1]), logits.shape))
        middle = np.median(spreads)
        assert min(spreads) > 0.3 * middle and max(spreads) < 2.5 * middle, spreads


def test_where_nothing_can_be_measured_the_grid_decides():
    image, mask = np.full((120, 160, 3), 0.5, np.float32), np.zeros((120, 160), bool)
    mask[60, 80] = True
    assert likely_spread(image, mask, (120, 160)) == 1.0
    assert likely_spread(image, mask, (12, 16)) == 5.0
