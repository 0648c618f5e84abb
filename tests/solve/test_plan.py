"""Passes and fingerprints: what depends on what, checked on random shots against the plain definition."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wisp.solve.plan import Chains, TrackPlan


def plan(
    frames: range = range(1, 11),
    prompts: dict[int, str] | None = None,
    defining: set[int] | None = None,
    segments: bool = True,
    identity: Callable[[int], str] = lambda frame: f"plate{frame}",
    base: tuple[str, ...] = ("flow", "1"),
    same: Mapping[str, str] | None = None,
) -> TrackPlan:
    prompts = {1: "box"} if prompts is None else prompts
    starts = frozenset(prompts if defining is None else defining)
    return TrackPlan(frames, prompts, starts, base, segments, identity, same or {})


def dirty(before: TrackPlan, after: TrackPlan) -> set[int]:
    """Frames whose mask can differ."""
    old, new = before.recipes, after.recipes
    return {
        frame
        for frame in set(old) | set(new)
        if frame not in old or frame not in new or old[frame].fingerprint != new[frame].fingerprint
    }


def test_one_keyframe_goes_forward_and_backward_from_it() -> None:
    made = plan(prompts={4: "box"})
    assert [(p.direction, tuple(p.frames)) for p in made.passes] == [
        ("forward", tuple(range(4, 11))),
        ("backward", (4, 3, 2, 1)),
    ]
    assert made.recipes[7].weight == 1 and not made.recipes[7].backward
    assert made.recipes[2].weight == 0 and not made.recipes[2].forward


def test_between_keyframes_both_passes_are_blended_by_distance() -> None:
    made = plan(prompts={2: "box", 6: "box"})
    assert [made.recipes[frame].weight for frame in (2, 3, 4, 5, 6)] == [1, 0.75, 0.5, 0.25, 1]
    assert all(made.recipes[frame].forward and made.recipes[frame].backward for frame in (3, 4, 5))


def test_a_tracker_that_remembers_everything_runs_one_pass_each_way_from_the_first_keyframe() -> None:
    made = plan(prompts={3: "box", 8: "box"}, segments=False)
    assert [(p.direction, tuple(p.frames)) for p in made.passes] == [
        ("forward", tuple(range(3, 11))),
        ("backward", (3, 2, 1)),
    ]


def test_without_prompts_there_is_nothing_to_do() -> None:
    assert plan(prompts={}).passes == () and plan(prompts={}).recipes == {}


def test_a_new_defining_keyframe_touches_only_its_neighbourhood() -> None:
    before = plan(prompts={1: "box", 5: "box", 9: "box"})
    after = plan(prompts={1: "box", 5: "box", 7: "box", 9: "box"})
    assert dirty(before, after) == {6, 7, 8}


def test_a_correction_is_carried_on_until_the_next_keyframe_that_starts_afresh() -> None:
    before = plan(prompts={1: "box", 8: "box"})
    after = plan(prompts={1: "box", 4: "points", 8: "box"}, defining={1, 8})
    assert dirty(before, after) == {2, 3, 4, 5, 6, 7}


def test_a_replaced_plate_frame_dirties_only_what_depends_on_it() -> None:
    prompts = {1: "box", 4: "box", 8: "box"}
    before = plan(prompts=prompts)
    after = plan(prompts=prompts, identity=lambda frame: f"plate{frame}" + ("new" if frame == 6 else ""))
    assert dirty(before, after) == {5, 6, 7}


@pytest.mark.parametrize("segments", [True, False])
def test_another_model_dirties_everything(segments: bool) -> None:
    assert dirty(plan(segments=segments), plan(segments=segments, base=("flow", "2"))) == set(range(1, 11))


@given(
    keyframes=st.sets(st.integers(1, 30), min_size=1, max_size=6),
    afresh=st.sets(st.integers(1, 30)),
    segments=st.booleans(),
)
def test_every_frame_gets_a_mask_from_passes_that_reach_it(
    keyframes: set[int], afresh: set[int], segments: bool
) -> None:
    made = plan(range(1, 31), dict.fromkeys(keyframes, "p"), afresh & keyframes, segments)
    assert set(made.recipes) == set(range(1, 31))
    reached = {"forward": set(), "backward": set()}
    for planned in made.passes:
        assert planned.frames[0] in keyframes
        reached[planned.direction].update(planned.frames)
        assert len(set(map(planned.mark, range(len(planned.frames))))) == len(planned.frames)
    for frame, recipe in made.recipes.items():
        assert recipe.forward or recipe.backward
        assert not recipe.forward or frame in reached["forward"]
        assert not recipe.backward or frame in reached["backward"]
        assert 0 <= recipe.weight <= 1
    assert len({recipe.fingerprint for recipe in made.recipes.values()}) == 30


@given(
    keyframes=st.sets(st.integers(1, 30), min_size=1, max_size=6),
    changed=st.integers(1, 30),
    segments=st.booleans(),
)
def test_an_edit_and_its_undo_give_the_first_fingerprints_again(
    keyframes: set[int], changed: int, segments: bool
) -> None:
    prompts = dict.fromkeys(keyframes, "p")
    first = plan(range(1, 31), prompts, segments=segments)
    edited = plan(range(1, 31), {**prompts, changed: "other"}, segments=segments)
    assert changed in dirty(first, edited)
    assert dirty(first, plan(range(1, 31), prompts, segments=segments)) == set()


def absent(prompts: dict[int, str], first: int, last: int) -> TrackPlan:
    """Ten frames without those from `first` to `last`."""
    life = [frame for frame in range(1, 11) if not first <= frame <= last]
    resumed = [last + 1] if first > 1 and last < 10 else []
    starts = frozenset(prompts)
    return TrackPlan(life, prompts, starts, ("flow", "1"), True, "plate{}".format, {}, resumed=resumed)


def test_an_absence_is_never_entered_and_changes_only_what_lies_behind_it() -> None:
    before, after = plan(prompts={1: "box"}), absent({1: "box"}, 4, 6)
    assert after.forward.frames == [1, 2, 3, 7, 8, 9, 10]
    assert dirty(before, after) == set(range(4, 11))
    assert after.recipe(5) is None


def test_a_pass_that_comes_back_over_an_absence_changes_too() -> None:
    before, after = plan(prompts={10: "box"}), absent({10: "box"}, 4, 6)
    assert dirty(before, after) == set(range(1, 7))


@given(st.sets(st.integers(1, 10), min_size=1), st.integers(2, 9), st.integers(0, 3))
def test_chains_that_are_kept_give_the_marks_of_fresh_ones(keyframes: set[int], first: int, more: int) -> None:
    last = min(9, first + more)
    prompts = {frame: f"box{frame}" for frame in keyframes if not first <= frame <= last}
    if not prompts:
        return
    chains = Chains()
    whole = TrackPlan(range(1, 11), prompts, frozenset(prompts), ("f",), True, "plate{}".format, {}, chains)
    assert whole.recipes
    life = [frame for frame in range(1, 11) if not first <= frame <= last]
    made = [
        TrackPlan(life, prompts, frozenset(prompts), ("f",), True, "plate{}".format, {}, kept, (last + 1,))
        for kept in (chains, Chains())
    ]
    assert made[0].recipes == made[1].recipes


def test_a_longer_life_of_the_object_leaves_the_masks_before_its_end_as_they_are() -> None:
    """Also of a tracker that hears all keyframes at once: the plate's length is what it weighs them by."""
    short, longer = (plan(range(1, last), {3: "box"}, segments=False) for last in (11, 15))
    assert short.recipe(8) == longer.recipe(8) is not None
