"""Two passes that meet between keyframes."""

from __future__ import annotations

import numpy as np
import pytest
from wisp.trackers.blend import blend
from wisp.trackers.tracker import MaskState, TrackedMask


def half_plane(edge: float, confidence: float = 1.0, state: MaskState = "tracked") -> TrackedMask:
    """Inside left of column `edge`, as a signed distance."""
    logits = np.broadcast_to(edge - (np.arange(40, dtype=np.float32) + 0.5), (10, 40)).astype(np.float32)
    return TrackedMask(logits, confidence, state)


def lost() -> TrackedMask:
    return TrackedMask(np.full((10, 40), -16.0, np.float32), 0.0, "lost")


def edge_of(mask: TrackedMask) -> int:
    return int((mask.logits[0] > 0).sum())


def test_outlines_meet_at_the_weighted_middle():
    assert edge_of(blend(half_plane(18), half_plane(22), 0.5)) == 20
    assert edge_of(blend(half_plane(18), half_plane(22), 0.75)) == 19
    assert edge_of(blend(half_plane(18), half_plane(22), 1.0)) == 18
    assert edge_of(blend(half_plane(18), half_plane(22), 0.0)) == 22


def test_a_doubtful_pass_says_less():
    assert edge_of(blend(half_plane(18, 0.5), half_plane(22, 1.0), 0.5)) == 21


def test_where_both_agree_the_result_agrees():
    a, b = half_plane(10), half_plane(30)
    result = blend(a, b, 0.3).logits > 0
    assert (result[(a.logits > 0) & (b.logits > 0)]).all()
    assert not result[(a.logits <= 0) & (b.logits <= 0)].any()


def test_a_lost_pass_has_no_say():
    found = half_plane(18, 0.5)
    assert blend(lost(), found, 0.9) is found
    assert blend(found, lost(), 0.1) is found


def test_two_lost_passes_stay_lost():
    result = blend(lost(), lost(), 0.5)
    assert result.state == "lost"
    assert (result.logits < 0).all()


def test_masks_of_unequal_size_are_brought_to_the_first_ones():
    fine = TrackedMask(np.repeat(np.repeat(half_plane(18).logits, 2, 0), 2, 1), 1.0, "tracked")
    result = blend(half_plane(18), fine, 0.5)
    assert result.logits.shape == (10, 40)
    assert edge_of(result) == 18


def test_confidence_is_the_weighted_mean():
    assert blend(half_plane(18, 0.8), half_plane(18, 0.4), 0.75).confidence == pytest.approx(0.7)
