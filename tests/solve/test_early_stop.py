"""An edit's consequences end where the tracker is again in a state in which it was before, and nowhere else."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from helpers.solving import (
    FIRST,
    LAST,
    STAND_INS,
    BriefTracker,
    ChainTracker,
    SmoothHead,
    box,
    outline,
    point,
    shot,
    solver,
    write_plate,
    write_plate_frame,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from wisp.cache import read_matte
from wisp.client.events import Event, Progress
from wisp.errors import CancelledError
from wisp.shot import Shot
from wisp.solve import Solver

ALL = tuple(range(FIRST, LAST + 1))


def stroke(frame: int) -> dict:
    return {"frame": frame, "kind": "stroke", "xy": [[6, 8]], "radius": 3.0}


@pytest.fixture
def brief(tracker: ChainTracker, monkeypatch: pytest.MonkeyPatch) -> BriefTracker:
    """The tracker with the short memory instead of the one that never forgets."""
    made = BriefTracker()
    monkeypatch.setattr(STAND_INS, "made", (made, STAND_INS.made[1]))
    return made


def pixels(made: Solver) -> dict[int, bytes]:
    return {frame: read_matte(made.work("hero").path(frame))[0].tobytes() for frame in made.plate.frames}


def from_scratch(document: Shot, folder: Path) -> dict[int, bytes]:
    cache = folder / "scratch"
    shutil.rmtree(cache, ignore_errors=True)
    made = solver(document, folder, cache)
    made.run()
    return pixels(made)


def test_tracking_stops_where_the_state_is_what_it_was_and_later_files_stay(
    folder: Path, brief: BriefTracker, head: SmoothHead
) -> None:
    first = solver(shot(box(1001), outline(folder, 1010), outline(folder, 1030)), folder)
    first.run()
    old = {frame: first.work("hero").path(frame) for frame in ALL}
    before = {frame: (path.read_bytes(), path.stat().st_mtime_ns) for frame, path in old.items()}
    brief.steps.clear()
    head.frames.clear()
    document = shot(box(1001), outline(folder, 1010), point(1015), outline(folder, 1030))
    edited = solver(document, folder)
    events: list[Event] = []
    summary = edited.run(on_event=events.append)
    # From where a memory is kept to the third frame after the correction, and as far on the way back.
    assert brief.steps == [*range(1010, 1019), *range(1015, 1011, -1)]
    assert sorted(head.frames) == list(range(1011, 1030)), "shares between two keyframes go by distance from both"
    assert {frame: (path.read_bytes(), path.stat().st_mtime_ns) for frame, path in old.items()} == before
    for frame in (*range(1001, 1011), *range(1030, 1041)):
        assert edited.work("hero").path(frame).samefile(old[frame])
    assert (summary.tracked, summary.matted, summary.cached) == (13, 19, 21)
    last = [event for event in events if isinstance(event, Progress)][-1]
    assert last.done == last.total
    assert edited.status().objects[0].of("dirty") == ()
    assert pixels(edited) == from_scratch(document, folder)


def test_after_the_last_keyframe_mattes_stay_too(folder: Path, brief: BriefTracker, head: SmoothHead) -> None:
    solver(shot(box(1001), box(1010)), folder).run()
    head.frames.clear()
    edited = solver(shot(box(1001), box(1010), point(1015)), folder)
    edited.run()
    assert sorted(head.frames) == list(range(1011, 1018))


def test_a_change_that_reaches_far_is_followed_to_its_end(
    folder: Path, tracker: ChainTracker, head: SmoothHead
) -> None:
    solver(shot(box(1001)), folder).run()
    tracker.steps.clear()
    solver(shot(box(1001), point(1017)), folder).run()
    assert tracker.steps == [*range(1017, 1041), *range(1017, 1001, -1)]


def test_a_correction_that_finds_nothing_to_correct_is_an_affair_of_its_own_frame(
    folder: Path, brief: BriefTracker, head: SmoothHead
) -> None:
    solver(shot(box(1001), outline(folder, 1010)), folder).run()
    brief.steps.clear()
    head.frames.clear()
    document = shot(box(1001), outline(folder, 1010), stroke(1026), stroke(1027))
    edited = solver(document, folder)
    summary = edited.run()
    assert brief.steps == [1026, 1027]
    assert summary.matted == len(range(1024, 1030)), "where the paint reaches"
    assert head.frames == [], "paint lies over the solved alpha"
    assert pixels(edited) == from_scratch(document, folder)


def test_between_keyframes_such_a_correction_counts_because_the_way_back_may_say_otherwise(
    folder: Path, brief: BriefTracker, head: SmoothHead
) -> None:
    solver(shot(box(1001), box(1030)), folder).run()
    brief.steps.clear()
    edited = solver(shot(box(1001), stroke(1017), box(1030)), folder)
    edited.run()
    assert brief.steps == [1017, *range(1017, 1013, -1)]
    assert edited.work("hero").plan.recipes[1017].backward is None


def test_a_plate_frame_written_anew_with_the_same_pixels_costs_one_step(
    folder: Path, brief: BriefTracker, head: SmoothHead
) -> None:
    document = shot(box(1001))
    solver(document, folder).run()
    write_plate_frame(folder / "plates", 1017, seed=1017, comments="rendered again")
    brief.steps.clear()
    edited = solver(document, folder)
    assert edited.status().objects[0].of("dirty") == tuple(range(1017, 1041))
    summary = edited.run()
    assert brief.steps == [1017]
    assert (summary.tracked, summary.matted) == (1, 1)


@pytest.mark.parametrize("stop", range(1, 24, 4))
def test_a_run_stopped_around_the_end_of_the_consequences_goes_on_to_the_same_pixels(
    folder: Path, brief: BriefTracker, head: SmoothHead, stop: int
) -> None:
    document = shot(box(1001), box(1010), point(1015), stroke(1020), box(1030))
    solver(shot(box(1001), box(1010), box(1030)), folder).run()
    left = iter(range(stop))
    with pytest.raises(CancelledError):
        solver(document, folder).run(should_stop=lambda: next(left, None) is None)
    resumed = solver(document, folder)
    resumed.run()
    assert pixels(resumed) == from_scratch(document, folder)


EDITS = st.lists(
    st.tuples(st.integers(1001, 1008), st.sampled_from((box, point, stroke)), st.booleans()), min_size=2, max_size=4
)


@settings(max_examples=10, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(kind=st.sampled_from((ChainTracker, BriefTracker)), segments=st.booleans(), edits=EDITS)
def test_any_edits_one_after_another_end_in_the_pixels_of_a_solve_from_nothing(
    tmp_path: Path,
    tracker: ChainTracker,
    head: SmoothHead,
    monkeypatch: pytest.MonkeyPatch,
    kind: Callable[[], ChainTracker | BriefTracker],
    segments: bool,
    edits: list[tuple[int, Callable[[int], dict], bool]],
) -> None:
    """Each edit adds a prompt, or takes the one before away again."""
    made = kind()
    made.segments = tracker.segments = segments
    monkeypatch.setattr(STAND_INS, "made", (made, STAND_INS.made[1]))
    if not (tmp_path / "plates").exists():
        write_plate(tmp_path / "plates", 1001, 1008)
    shutil.rmtree(tmp_path / "cache", ignore_errors=True)
    prompts = [box(1003)]
    for frame, prompt, undo in edits:
        if undo and len(prompts) > 1:
            prompts.pop()
        else:
            prompts.append(prompt(frame))
        document = shot(*prompts, plate={"last": 1008})
        edited = solver(document, tmp_path)
        edited.run()
        assert pixels(edited) == from_scratch(document, tmp_path)
