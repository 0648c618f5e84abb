"""The frame to correct next, from what a tracker said."""

from __future__ import annotations

from wisp.client.suggest import suggest


def said(*confidences: float) -> dict[int, tuple[str, float]]:
    return {frame: ("tracked", value) for frame, value in enumerate(confidences, 1)}


def test_the_middle_of_what_is_doubtful_comes_before_one_frame_that_is_worse() -> None:
    words = said(*[1.0] * 20, *[0.5] * 9, *[1.0] * 20, 0.4, *[1.0] * 20)
    assert suggest(words, [1]) == 25


def test_a_keyframe_is_never_named_and_ends_the_reach_of_a_correction() -> None:
    words = said(1.0, 0.6, 0.6, 0.2, 0.6, 0.6, 0.6, 0.6, 0.6)
    assert suggest(words, [1, 4]) == 7


def test_what_is_sure_absent_or_drawn_needs_nothing() -> None:
    words = {1: ("keyframe", 0.3), 2: ("tracked", 1.0), 3: ("absent", 0.0)}
    assert suggest(words, [1]) is None
    assert suggest({}, []) is None


def test_a_lost_object_and_a_candidate_are_doubtful_whatever_their_confidence() -> None:
    words = {**said(*[0.95] * 10), 8: ("candidate", 0.9), 9: ("lost", 0.0)}
    assert suggest(words, [1]) in (8, 9)
