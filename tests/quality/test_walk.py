"""A perfect matte raises no suspicion; every planted fault is found on its frame and named in words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from quality.conftest import FIRST, HEIGHT, LAST, WIDTH, disk
from wisp.cache import read_matte
from wisp.client.events import Verdict
from wisp.errors import UsageError
from wisp.quality import check_shot
from wisp.solve import Solver, solver_of
from wisp.weights.options import RunOptions

Make = Callable[..., Solver]


def verdicts(solver: Solver, **choice: object) -> dict[int, Verdict]:
    return {item.frame: item for item in check_shot(solver, **choice)}


def test_true_mattes_raise_no_suspicion(solved: Make) -> None:
    found = verdicts(solved())
    assert sorted(found) == list(range(FIRST, LAST + 1))
    assert not any(item.suspicious for item in found.values()), found


def test_a_matte_that_shrinks_for_one_frame_is_the_worst_and_told_by_its_area(solved: Make) -> None:
    found = verdicts(solved({1006: disk(1006, radius=10)}))
    assert max(found.values(), key=lambda item: item.score).frame == 1006
    assert found[1006].suspicious
    assert "area fell by 7" in " ".join(found[1006].reasons)  # 1 - (10 / 20)^2 = 75 %, and the soft edge
    assert "from frame 1005" in " ".join(found[1006].reasons)
    assert not found[1004].suspicious and not found[1010].suspicious


def test_a_matte_on_the_wrong_thing_is_told_by_its_colours(solved: Make) -> None:
    wrong = {frame: disk(frame, y=-100) + disk(frame, x=50 + 55, y=48) for frame in range(1006, LAST + 1)}
    found = verdicts(solved(wrong))
    assert all(found[frame].suspicious for frame in wrong)
    assert "unlike those on keyframe 1001" in " ".join(found[LAST].reasons)


def test_an_empty_matte_is_told_and_a_lost_one_by_its_tracker(solved: Make) -> None:
    nothing = np.zeros((HEIGHT, WIDTH), np.float32)
    found = verdicts(solved({1005: nothing, 1009: nothing}, lost=(1009,)))
    assert found[1005].suspicious and found[1005].reasons[0] == "the matte is empty"
    assert found[1009].suspicious and found[1009].reasons[0] == "the tracker lost the object"


def test_an_object_that_comes_back_is_judged_again(solved: Make) -> None:
    nothing = np.zeros((HEIGHT, WIDTH), np.float32)
    gone = range(1003, 1010)
    found = verdicts(solved(dict.fromkeys(gone, nothing)))
    assert {frame for frame, item in found.items() if item.suspicious} == set(gone)


def test_what_comes_back_from_an_absence_is_not_compared_with_what_went(solved: Make) -> None:
    """The object of the shot stands 40 pixels further, which without the absence would be a jump."""
    away = range(1004, 1009)
    there = {frame: disk(frame, x=90) for frame in range(1009, LAST + 1)}
    said = " ".join(
        reason for item in verdicts(solved(there, absent=[(1004, 1008)])).values() for reason in item.reasons
    )
    assert "from frame 1003" not in said and not any(f"frame {frame}" in said for frame in away)


def test_a_full_matte_is_told(solved: Make) -> None:
    found = verdicts(solved({1007: np.ones((HEIGHT, WIDTH), np.float32)}))
    assert found[1007].suspicious
    assert "covers the whole picture" in " ".join(found[1007].reasons)


def test_a_matte_that_stands_still_is_told_more_and_more(solved: Make) -> None:
    found = verdicts(solved({frame: disk(1001) for frame in range(1002, LAST + 1)}))
    assert found[LAST].suspicious
    assert found[LAST].score > found[1004].score > found[1002].score


def test_small_changes_add_up_along_the_way(solved: Make) -> None:
    """The matte grows by little on every frame: no jump anywhere, and still it ends up wrong."""
    found = verdicts(
        solved({frame: disk(frame, radius=20 + 1.5 * (frame - FIRST)) for frame in range(FIRST, LAST + 1)})
    )
    assert "add up" in " ".join(found[LAST].reasons)
    assert found[LAST].suspicious and not found[1002].suspicious


def test_before_the_first_keyframe_the_frame_after_is_the_measure(solved: Make) -> None:
    found = verdicts(solved({1003: disk(1003, radius=9)}, keyframe=1008))
    assert sorted(found) == list(range(FIRST, LAST + 1)), "each frame once, though the walk goes both ways"
    assert found[1003].suspicious
    assert "from frame 1004" in " ".join(found[1003].reasons)


def test_unsolved_frames_are_named_and_not_judged(solved: Make) -> None:
    found = verdicts(solved({1004: None}))
    assert found[1004].state == "unsolved" and found[1004].score == 0 and found[1004].path is None
    assert found[1004].reasons == ("not solved",)
    assert found[1005].state == "judged" and not found[1005].suspicious


def test_a_frames_score_does_not_depend_on_what_is_asked(solved: Make) -> None:
    solver = solved({1006: disk(1006, radius=10)})
    everything = verdicts(solver)
    some = verdicts(solver, frames=[1006, 1008])
    assert some == {frame: everything[frame] for frame in (1006, 1008)}


def test_strangers_are_refused_by_name(solved: Make) -> None:
    solver = solved()
    with pytest.raises(UsageError, match="no frame 999"):
        verdicts(solver, frames=[999])
    with pytest.raises(UsageError, match="nobody"):
        verdicts(solver, objects=["nobody"])


def test_verdicts_stream(solved: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first verdict is there before the second matte is read: nothing waits for the end of the clip."""
    read: list[Path] = []
    monkeypatch.setattr("wisp.quality.walk.read_matte", lambda path: read.append(path) or read_matte(path))
    walk = check_shot(solved())
    assert next(walk).frame == FIRST
    assert len(read) == 1


def test_a_locked_frame_is_not_judged(solved: Make) -> None:
    solver = solved({1006: disk(1006, radius=8)})
    path = solver.works[0].path(1006)
    solver.shot.objects[0].locks.append((1006, 1006))
    locked = solver_of(solver.shot, path.parents[3], path.parents[2], RunOptions())
    (work,) = locked.works
    work.locks.freeze(1006, path)
    frozen = solver_of(solver.shot, path.parents[3], path.parents[2], RunOptions())
    found = verdicts(frozen)
    assert found[1006].state == "locked" and not found[1006].suspicious
