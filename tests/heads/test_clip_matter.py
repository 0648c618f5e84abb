"""Windows at fixed places, cross-faded, behind the Head protocol."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from sam2_stand_ins import ArrayClip
from wisp.heads.clip_matter import ClipMatterHead, Windows, gate
from wisp.plates.clip import Clip, FloatImage


class Counting:
    """A matter whose alpha tells the window that a frame was seen in."""

    id, version = "counting", "1"

    def __init__(self, length: int) -> None:
        self.windows = Windows(length)
        self.asked: list[tuple[int, ...]] = []

    def announce(self, clip: Clip) -> str:
        return ""

    def matte(self, clip: Clip, frames: Sequence[int]) -> Sequence[FloatImage]:
        self.asked.append(tuple(frames))
        return [np.full((6, 8), frames[0] / 2000, np.float32) for _ in frames]


def clip_of(count: int, width: int = 16, height: int = 12) -> ArrayClip:
    return ArrayClip(np.zeros((count, height, width, 3), np.uint8))


INSIDE = np.full((3, 4), 2.0, np.float32)


@pytest.mark.parametrize(
    ("length", "count", "starts"),
    [(8, 20, (0, 6, 12)), (8, 21, (0, 6, 12, 13)), (8, 8, (0,)), (8, 3, (0,)), (4, 1, (0,)), (2, 4, (0, 1, 2))],
)
def test_windows_lie_at_fixed_places(length: int, count: int, starts: tuple[int, ...]) -> None:
    assert Windows(length).starts(count) == starts


@pytest.mark.parametrize("length", [2, 4, 8, 16])
@pytest.mark.parametrize("count", [1, 2, 7, 8, 9, 21, 40])
def test_shares_add_up_and_every_frame_has_one(length: int, count: int) -> None:
    windows = Windows(length)
    for position in range(count):
        weights = windows.weights(count, position)
        assert sum(weights.values()) == pytest.approx(1)
        assert all(0 < weight <= 1 for weight in weights.values())
        assert all(start <= position < start + length for start in weights)


def test_shares_go_over_linearly() -> None:
    assert [Windows(8).weights(20, position) for position in (5, 6, 7, 8)] == [
        {0: 1.0},
        {0: pytest.approx(2 / 3), 6: pytest.approx(1 / 3)},
        {0: pytest.approx(1 / 3), 6: pytest.approx(2 / 3)},
        {6: 1.0},
    ]


def test_alpha_depends_on_the_windows_of_a_frame_and_on_no_other() -> None:
    frames = tuple(range(1001, 1021))
    assert Windows(8).context(frames, 1003) == tuple(range(1001, 1009))
    assert Windows(8).context(frames, 1007) == tuple(range(1001, 1015))
    assert Windows(8).context((5,), 5) == (5,)


def test_each_window_is_computed_once_in_either_direction() -> None:
    matter = Counting(8)
    clip = clip_of(20)
    head = ClipMatterHead(matter)
    for frame in clip.frames:
        head.matte(clip, frame, {1: INSIDE, 2: INSIDE})
    assert [asked[0] for asked in matter.asked] == [1001, 1007, 1013]
    for frame in reversed(clip.frames):
        head.matte(clip, frame, {1: INSIDE})
    assert [asked[0] for asked in matter.asked] == [1001, 1007, 1013], "three are kept"


def test_long_shots_keep_three_windows() -> None:
    head = ClipMatterHead(Counting(4))
    clip = clip_of(40)
    for frame in clip.frames:
        head.matte(clip, frame, {1: INSIDE})
    assert len(head._recent) == 3


def test_nothing_is_computed_for_an_object_that_is_not_there() -> None:
    matter = Counting(4)
    clip = clip_of(4)
    alphas = ClipMatterHead(matter).matte(clip, 1001, {1: -INSIDE})
    assert alphas[1].shape == (12, 16) and not alphas[1].any()
    assert matter.asked == []


def test_a_mask_says_whose_alpha_is_meant() -> None:
    clip = clip_of(4, 160, 120)
    left = np.full((12, 16), -2.0, np.float32)
    left[:, :5] = 2.0
    for gated, far in ((True, 0.0), (False, 1001 / 2000)):
        alpha = ClipMatterHead(Counting(4), gated=gated).matte(clip, 1001, {1: left})[1]
        assert alpha[60, 20] == pytest.approx(1001 / 2000)
        assert alpha[60, 150] == pytest.approx(far)


def test_a_gate_leaves_the_mask_and_its_surroundings_alone() -> None:
    """Full up to 1 % of the diagonal from the mask, nothing from 3 % on, and never rising outwards."""
    logits = np.full((300, 400), -1.0, np.float32)
    logits[:, :100] = 1.0
    row = gate(logits, (300, 400))[150]
    assert (row[:105] == 1).all()
    assert (row[116:] == 0).all()
    assert 0 < row[110] < 1
    assert (np.diff(row) <= 0).all()
