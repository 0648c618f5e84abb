"""The frame to correct next, from what a tracker said."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from wisp.client.suggest import mended, suggest, uncertainty


def said(*confidences: float) -> dict[int, tuple[str, float]]:
    return {frame: ("tracked", value) for frame, value in enumerate(confidences, 1)}


def test_where_a_doubtful_stretch_begins_comes_before_one_frame_that_is_worse() -> None:
    words = said(*[1.0] * 20, *[0.5] * 9, *[1.0] * 20, 0.4, *[1.0] * 20)
    assert suggest(words, [1]) in (21, 22)


def test_what_is_wrong_from_the_start_is_corrected_early_and_not_where_it_is_worst() -> None:
    words = said(1.0, *[0.85] * 60, 0.6, 0.6, *[0.85] * 10)
    frame = suggest(words, [1])
    assert frame is not None and 2 <= frame <= 20


def test_a_keyframe_is_never_named_and_ends_the_reach_of_a_correction() -> None:
    words = said(1.0, 0.6, 0.6, 0.2, 0.6, 0.6, 0.6, 0.6, 0.6)
    assert suggest(words, [1, 4]) == 5
    assert suggest(words, [1, 4, 5]) == 6


def test_before_the_first_keyframe_a_correction_counts_in_full() -> None:
    words = said(*[0.6] * 9, 1.0, *[1.0] * 5, 0.6)
    frame = suggest(words, [10])
    assert frame is not None and 5 <= frame < 10


@given(
    st.lists(st.floats(0, 1), min_size=1, max_size=60),
    st.sets(st.integers(1, 60), max_size=4),
)
def test_no_other_frame_would_mend_more(confidences: list[float], keyframes: set[int]) -> None:
    """The search stops early; looking at every frame finds nothing better."""
    words = said(*confidences)
    frames, corrected = sorted(words), sorted(keyframes)
    doubts = [0.0 if frame in corrected else uncertainty(*words[frame]) for frame in frames]
    gains = [mended(frames, doubts, place, corrected) for place in range(len(frames))]
    frame = suggest(words, keyframes)
    assert (frame is None) == (max(doubts) == 0)
    assert frame is None or gains[frames.index(frame)] >= max(gains) * (1 - 1e-6)


def test_what_is_sure_absent_or_drawn_needs_nothing() -> None:
    words = {1: ("keyframe", 0.3), 2: ("tracked", 1.0), 3: ("absent", 0.0)}
    assert suggest(words, [1]) is None
    assert suggest({}, []) is None


def test_a_lost_object_and_a_candidate_are_doubtful_whatever_their_confidence() -> None:
    words = {**said(*[0.95] * 10), 8: ("candidate", 0.9), 9: ("lost", 0.0)}
    assert suggest(words, [1]) in (8, 9)
