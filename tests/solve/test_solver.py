"""The way through on a small real plate: what is computed, what is found again, what an edit costs."""

from __future__ import annotations

import argparse
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from helpers.solving import (
    FIRST,
    LAST,
    STAND_INS,
    ApartSmoothHead,
    ChainTracker,
    SmoothHead,
    box,
    outline,
    point,
    shot,
    solver,
    write_plate_frame,
)
from wisp.cache import read_matte
from wisp.client.events import Event, FrameDone, Notice, Progress, Started
from wisp.commands.options import add_model_options, solver_at
from wisp.deliver import Delivery
from wisp.device import Memory, MemoryPlan
from wisp.errors import CancelledError, FrameReadError, InputError, MemoryLimitError, UsageError
from wisp.shot import load, save
from wisp.shot.model import Unknown

ALL = tuple(range(FIRST, LAST + 1))


def mattes(made) -> dict[int, np.ndarray]:
    return {frame: read_matte(made.work("hero").path(frame))[0] for frame in made.plate.frames}


def stop_after(count: int) -> Callable[[], bool]:
    left = iter(range(count))
    return lambda: next(left, None) is None


def test_an_object_that_nothing_was_drawn_for_is_told(folder: Path, tracker: ChainTracker, head: SmoothHead) -> None:
    document = shot(box(1010))
    document.add_object("later")
    scribbled = document.add_object("unsure")
    scribbled.prompts.append(Unknown(frame=1010, xy=[(3.0, 3.0), (6.0, 6.0)], radius=2.0))
    blank = ["'later' has no prompt: its mattes are empty.", "'unsure' has no prompt: its mattes are empty."]
    events: list[Event] = []
    made = solver(document, folder)
    made.run([1010, 1011], on_event=events.append)
    assert [event.message for event in events if isinstance(event, Notice)] == blank
    events.clear()
    Delivery(made, str(folder / "out"), frames=[1010]).write(events.append)
    assert [event.message for event in events if isinstance(event, Notice)] == blank


def test_approved_mattes_that_are_in_another_cache_are_told(
    folder: Path, tracker: ChainTracker, head: SmoothHead
) -> None:
    document = shot(box(1010))
    made = solver(document, folder)
    made.run([1010, 1011])
    document.objects[0].locks = [(1011, 1011)]
    document.objects[0].approvals = [(1011, 1011, "a" * 16)]
    told: list[str] = []

    def listen(event: Event) -> None:
        if isinstance(event, Notice):
            told.append(event.message)

    for _ in range(2):
        solver(document, folder).run([1010, 1011], on_event=listen)
    assert not told, "what it shows is frozen"
    solver(document, folder, folder / "elsewhere").run([1010, 1011], on_event=listen)
    assert len(told) == 1 and "'hero' is locked on 1011, but its approved mattes are not in this cache" in told[0]


def test_every_frame_gets_a_matte_with_its_number_and_events_tell_of_it(
    folder: Path, tracker: ChainTracker, head: SmoothHead
) -> None:
    events: list[Event] = []
    made = solver(shot(box(1010)), folder)
    summary = made.run(on_event=events.append)
    assert (summary.matted, summary.cached) == (len(ALL), 0)
    assert sorted(event.frame for event in events if isinstance(event, FrameDone)) == list(ALL)
    assert isinstance(events[0], Started) and events[0].matte == len(ALL)
    last = [event for event in events if isinstance(event, Progress)][-1]
    assert last.done == last.total
    assert all(made.work("hero").path(frame).name == f"alpha.{frame}.exr" for frame in ALL)
    _, stamp = read_matte(made.work("hero").path(1010))
    assert stamp is not None and (stamp.frame_state, stamp.object) == ("corrected", "hero")


class WaitingHead(ApartSmoothHead):
    """Goes on with a frame only when the tracker has come to the next one."""

    def __init__(self, tracker: ChainTracker) -> None:
        super().__init__()
        self.tracker = tracker

    def matte(self, clip, frame, logits):
        end = time.monotonic() + 20
        while frame < LAST and self.tracker.steps[-1] <= frame:
            assert time.monotonic() < end, f"the tracker waits for the matte of {frame}"
            time.sleep(0.001)
        return super().matte(clip, frame, logits)


def test_a_head_that_can_mattes_a_frame_while_the_tracker_is_at_the_next(
    folder: Path, tracker: ChainTracker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(STAND_INS, "made", (tracker, SmoothHead()))
    plain = solver(shot(box(1001)), folder)
    plain.run()
    expected = mattes(plain)
    shutil.rmtree(folder / "cache")
    tracker.steps.clear()
    monkeypatch.setattr(STAND_INS, "made", (tracker, WaitingHead(tracker)))
    events: list[Event] = []
    made = solver(shot(box(1001)), folder)
    made.run(on_event=events.append)
    assert [event.frame for event in events if isinstance(event, FrameDone)] == list(ALL)
    for frame, alpha in mattes(made).items():
        np.testing.assert_array_equal(alpha, expected[frame])


def test_what_a_head_fails_at_beside_the_tracker_is_said_and_the_frames_before_are_kept(
    folder: Path, tracker: ChainTracker, monkeypatch: pytest.MonkeyPatch
) -> None:
    class FailingHead(ApartSmoothHead):
        def matte(self, clip, frame, logits):
            if frame in (1010, 1011):
                raise MemoryLimitError(f"The head has no memory left on frame {frame}.")
            return super().matte(clip, frame, logits)

    monkeypatch.setattr(STAND_INS, "made", (tracker, FailingHead()))
    made = solver(shot(box(1001)), folder)
    with pytest.raises(MemoryLimitError, match="no memory left on frame 1010"):  # the first, whatever failed after it
        made.run()
    kept = {frame for frame in ALL if made.work("hero").path(frame).exists()}
    assert set(range(1001, 1010)) <= kept and 1010 not in kept


def test_a_second_run_computes_nothing(folder: Path, tracker: ChainTracker, head: SmoothHead) -> None:
    solver(shot(box(1010)), folder).run()
    tracker.steps.clear()
    head.frames.clear()
    summary = solver(shot(box(1010)), folder).run()
    assert (summary.tracked, summary.matted, summary.cached) == (0, 0, len(ALL))
    assert tracker.steps == [] == head.frames


def test_a_run_does_all_its_work_although_the_files_are_looked_at_anew_meanwhile(
    folder: Path, tracker: ChainTracker, head: SmoothHead
) -> None:
    made = solver(shot(box(1010)), folder)

    def look_again(event: Event) -> None:
        if isinstance(event, Progress) and event.frame == 1012:
            made.shelf.look_again()

    assert made.run(on_event=look_again).matted == len(ALL)
    assert len(mattes(made)) == len(ALL)


@pytest.mark.parametrize("segments", [True, False])
@pytest.mark.parametrize("stop", [1, 7, 20, 37, 55, 70])
def test_a_stopped_run_goes_on_to_the_same_pixels(
    folder: Path, tracker: ChainTracker, head: SmoothHead, stop: int, segments: bool
) -> None:
    tracker.segments = segments
    prompts = (box(1005), point(1015), box(1025), point(1033))
    whole = solver(shot(*prompts), folder / "plates" / "..")
    whole.run()
    expected = mattes(whole)
    shutil.rmtree(folder / "cache")
    tracker.steps.clear()
    with pytest.raises(CancelledError):
        solver(shot(*prompts), folder).run(should_stop=stop_after(stop))
    before = len(tracker.steps)
    resumed = solver(shot(*prompts), folder)
    resumed.run()
    for frame, alpha in mattes(resumed).items():
        np.testing.assert_array_equal(alpha, expected[frame])
    total = sum(len(planned.frames) for planned in resumed.work("hero").plan.passes)
    assert len(tracker.steps) <= total + 1, "a stopped run repeats at most its anchor"
    assert before > 0


def test_a_killed_run_repeats_only_what_its_last_kept_memory_does_not_cover(
    folder: Path, tracker: ChainTracker, head: SmoothHead
) -> None:
    made = solver(shot(box(1001)), folder)

    def die(event: Event) -> None:
        if isinstance(event, Progress) and event.frame == 1030:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        made.run(on_event=die)
    tracker.steps.clear()
    solver(shot(box(1001)), folder).run()
    assert tracker.steps == list(range(1017, 1041))


def test_a_subset_gives_the_same_pixels_as_the_whole(folder: Path, tracker: ChainTracker, head: SmoothHead) -> None:
    prompts = (box(1005), point(1015), box(1025))
    part = solver(shot(*prompts), folder)
    part.run(frames=[1012, 1020])
    done = {frame: read_matte(part.work("hero").path(frame))[0] for frame in (1012, 1020)}
    assert sum(part.work("hero").path(frame).exists() for frame in ALL) == 2
    part.run()
    for frame, alpha in done.items():
        np.testing.assert_array_equal(mattes(part)[frame], alpha)


def test_an_edit_recomputes_only_what_it_reaches_and_leaves_the_other_files_alone(
    folder: Path, tracker: ChainTracker, head: SmoothHead
) -> None:
    before = solver(shot(box(1001), outline(folder, 1020), outline(folder, 1040)), folder)
    before.run()
    old = {frame: before.work("hero").path(frame) for frame in ALL}
    bytes_before = {frame: path.read_bytes() for frame, path in old.items()}
    head.frames.clear()
    after = solver(shot(box(1001), outline(folder, 1020), outline(folder, 1030), outline(folder, 1040)), folder)
    assert set(after.status().objects[0].of("dirty")) == set(range(1021, 1040))
    after.run()
    assert set(head.frames) == set(range(1021, 1040))
    assert {frame: path.read_bytes() for frame, path in old.items()} == bytes_before
    for frame in (*range(1001, 1021), 1040):
        assert after.work("hero").path(frame).read_bytes() == bytes_before[frame]


def test_a_later_box_is_read_together_with_what_was_followed_to_it(
    folder: Path, tracker: ChainTracker, head: SmoothHead
) -> None:
    """So a change of the first one reaches beyond it, which one of a mask stops."""
    for later, reached in ((box(1020), range(1001, 1041)), (outline(folder, 1020), range(1001, 1020))):
        solver(shot(box(1001), later), folder).run()
        moved = solver(shot(box(1001, x=3), later), folder)
        assert moved.status().objects[0].of("dirty") == tuple(reached)


def test_undo_has_the_earlier_result_at_once(folder: Path, tracker: ChainTracker, head: SmoothHead) -> None:
    solver(shot(box(1001)), folder).run()
    solver(shot(box(1001), box(1020)), folder).run()
    tracker.steps.clear()
    undone = solver(shot(box(1001)), folder)
    for path in undone.work("hero").path(1001).parent.iterdir():
        path.unlink()  # only the other edit's folder still holds the first frame
    undone.work("hero").adopt(undone.plate.frames)
    assert undone.work("hero").path(1001).exists()
    assert solver(shot(box(1001)), folder).run().matted == len(ALL) - 1
    assert tracker.steps == []


def test_an_edge_setting_tracks_and_mattes_nothing_again(folder: Path, tracker: ChainTracker, head: SmoothHead) -> None:
    solver(shot(box(1001)), folder).run()
    tracker.steps.clear()
    head.frames.clear()
    summary = solver(shot(box(1001), item={"edge": {"gamma": 2.0}}), folder).run()
    assert (summary.tracked, summary.matted) == (0, len(ALL)) and (tracker.steps, head.frames) == ([], [])


def test_a_replaced_plate_frame_is_noticed_and_a_moved_folder_is_not(
    folder: Path, tracker: ChainTracker, head: SmoothHead
) -> None:
    prompts = (box(1001), outline(folder, 1020), outline(folder, 1040))
    solver(shot(*prompts), folder).run()
    write_plate_frame(folder / "plates", 1030, seed=99)
    assert set(solver(shot(*prompts), folder).status().objects[0].of("dirty")) == set(range(1021, 1040))
    write_plate_frame(folder / "plates", 1030, seed=1030)
    moved = folder.parent / "moved elsewhere"
    shutil.move(folder, moved)
    assert solver(shot(*prompts), moved).status().objects[0].of("dirty") == ()


def test_a_frame_that_is_written_anew_while_it_is_solved_is_never_kept_for_the_one_before(
    folder: Path, tracker: ChainTracker, head: SmoothHead
) -> None:
    fresh = solver(shot(box(1001)), folder)
    before = (folder / "plates" / "plate.1012.exr").read_bytes()

    def render(event: Event) -> None:
        if isinstance(event, FrameDone) and event.frame == 1005:
            write_plate_frame(folder / "plates", 1012, seed=99)

    with pytest.raises(InputError, match="Frame 1012 of the plate was written anew"):
        fresh.run(on_event=render)
    (folder / "plates" / "plate.1012.exr").write_bytes(before)
    again, undisturbed = solver(shot(box(1001)), folder), solver(shot(box(1001)), folder, folder / "other")
    again.run()
    undisturbed.run()
    assert all(np.array_equal(mattes(again)[frame], alpha) for frame, alpha in mattes(undisturbed).items())


def test_several_objects_are_solved_together_and_apart_alike(
    folder: Path, tracker: ChainTracker, head: SmoothHead
) -> None:
    second = {"id": 2, "name": "prop", "prompts": [box(1012, x=5)]}
    both = solver(shot(box(1001), others=[second]), folder)
    both.run()
    together = {name: read_matte(both.work(name).path(1020))[0] for name in ("hero", "prop")}
    shutil.rmtree(folder / "cache")
    for name in ("prop", "hero"):
        solver(shot(box(1001), others=[second]), folder).run(objects=[name])
    for name, alpha in together.items():
        np.testing.assert_array_equal(read_matte(both.work(name).path(1020))[0], alpha)


def test_an_object_that_is_named_twice_is_worked_on_once(folder: Path, tracker: ChainTracker, head: SmoothHead) -> None:
    made = solver(shot(box(1001)), folder)
    assert made.names([1, 1]) == ["hero"]
    assert made.run(range(1001, 1004), ["hero", "hero"]).matted == 3


def test_outside_its_life_an_object_has_an_empty_matte(folder: Path, tracker: ChainTracker, head: SmoothHead) -> None:
    made = solver(shot(box(1010), item={"first": 1008, "last": 1012}), folder)
    made.run()
    states = {frame: read_matte(made.work("hero").path(frame)) for frame in ALL}
    assert {frame for frame, (alpha, _) in states.items() if alpha.any()} == set(range(1008, 1013))
    assert states[1001][1] is not None and states[1001][1].frame_state == "placeholder"
    assert set(tracker.steps) == set(range(1008, 1013))


def test_track_only_and_matte_only_make_the_whole_between_them(
    folder: Path, tracker: ChainTracker, head: SmoothHead
) -> None:
    made = solver(shot(box(1010)), folder)
    assert made.run(stages=["matte"]).matted == 0
    assert made.run(stages=["track"]).matted == 0 and head.frames == []
    tracker.steps.clear()
    assert made.run(stages=["matte"]).matted == len(ALL) and tracker.steps == []


def test_a_preview_computes_one_frame_near_a_keyframe_and_refuses_a_far_one(
    folder: Path, tracker: ChainTracker, head: SmoothHead
) -> None:
    made = solver(shot(box(1010)), folder)
    assert made.preview(1012, "hero").exists()
    assert tracker.steps == [1010, 1011, 1012] and head.frames == [1012]
    with pytest.raises(UsageError, match="untracked frames away"):
        made.preview(1040, "hero")
    with pytest.raises(UsageError, match=r"No prompt of 'hero' reaches frame 1012"):
        solver(shot(), folder).preview(1012, "hero")


def test_looking_again_at_what_is_there_writes_nothing(folder: Path, tracker: ChainTracker, head: SmoothHead) -> None:
    made = solver(shot(box(1001)), folder)
    made.run(range(1001, 1006))
    before = sorted(folder.glob("cache/**/*"))
    for _ in range(3):
        made.preview(1003, "hero")
    assert sorted(folder.glob("cache/**/*")) == before


def test_another_precision_makes_other_mattes(folder: Path, tracker: ChainTracker, head: SmoothHead) -> None:
    document = folder / "shot.wisp"
    save(shot(box(1001)), document)
    parser = argparse.ArgumentParser()
    add_model_options(parser)

    def mark(*options: str) -> str:
        args = parser.parse_args(list(options))
        args.cache = None
        return solver_at(args, load(document), document, STAND_INS).work("hero").marks[1003]

    assert len({mark(), mark("--precision", "fp32"), mark("--precision", "fp16")}) == 3
    assert mark("--precision", "auto") == mark()


def test_an_unreadable_plate_frame_stops_the_run_and_keeps_what_is_done(
    folder: Path, tracker: ChainTracker, head: SmoothHead
) -> None:
    damaged = folder / "plates" / "plate.1030.exr"
    good = damaged.read_bytes()
    damaged.write_bytes(good[: len(good) // 2])
    made = solver(shot(box(1001)), folder)
    with pytest.raises((FrameReadError, InputError), match="1030"):
        made.run()
    finished = sum(made.work("hero").path(frame).exists() for frame in ALL)
    damaged.write_bytes(good)
    again = solver(shot(box(1001)), folder)
    again.run()
    assert len(mattes(again)) == len(ALL)
    assert finished in (0, 29)


def test_frames_that_the_plate_has_not_are_refused(folder: Path, tracker: ChainTracker, head: SmoothHead) -> None:
    with pytest.raises(UsageError, match="no frame 1041-1042"):
        solver(shot(box(1001)), folder).run(frames=[1040, 1041, 1042])


def test_a_plate_of_another_size_than_the_shot_is_refused(
    folder: Path, tracker: ChainTracker, head: SmoothHead
) -> None:
    with pytest.raises(UsageError, match="24x16, but the shot was made for 48x32"):
        solver(shot(box(1001), plate={"width": 48, "height": 32}), folder).run()


def test_renumbered_plates_keep_their_new_numbers(folder: Path, tracker: ChainTracker, head: SmoothHead) -> None:
    made = solver(shot(box(5), plate={"first": 1, "last": 40, "offset": -1000}), folder)
    made.run()
    assert made.plate.frames == tuple(range(1, 41))
    assert made.work("hero").path(7).name == "alpha.0007.exr"


def test_a_plate_whose_first_frame_comes_later_keeps_its_numbers(
    folder: Path, tracker: ChainTracker, head: SmoothHead
) -> None:
    document = shot(box(5), plate={"path": "plates/plate.%04d.exr 1001-1040", "first": 2, "last": 40, "offset": -1000})
    first = folder / "plates/plate.1001.exr"
    content = first.read_bytes()
    first.unlink()
    before = solver(document, folder).source
    assert before.plate.frames == tuple(range(2, 41))
    second = before.identity(2)
    first.write_bytes(content)
    assert before.has_changed()
    now = solver(document, folder).source
    assert (now.plate.frames, now.identity(2)) == (before.plate.frames, second)


def reasons(made) -> dict[int, str]:
    return {status.frame: status.why for status in made.status().objects[0].frames if status.state == "dirty"}


def test_status_says_why_each_frame_is_dirty(folder: Path, tracker: ChainTracker, head: SmoothHead) -> None:
    first = solver(shot(box(1001), outline(folder, 1020)), folder)
    assert set(reasons(first).values()) == {"not solved yet"}
    first.run()
    added = solver(shot(box(1001), outline(folder, 1020), outline(folder, 1030)), folder)
    assert reasons(added) == dict.fromkeys(range(1021, 1041), "prompt added at 1030")
    added.run(frames=range(1001, 1030))
    assert reasons(added) == dict.fromkeys(range(1030, 1041), "prompt added at 1030")
    added.run()
    assert reasons(solver(shot(box(1001), outline(folder, 1020)), folder)) == {}
    moved = solver(shot(box(1001, x=3), outline(folder, 1020), outline(folder, 1030)), folder)
    assert reasons(moved) == dict.fromkeys(range(1001, 1020), "prompt changed at 1001")
    edged = solver(shot(box(1001), outline(folder, 1020), outline(folder, 1030), item={"edge": {"grow": 1.0}}), folder)
    assert set(reasons(edged).values()) == {"edge changed"}
    write_plate_frame(folder / "plates", 1010, seed=5)
    assert reasons(solver(shot(box(1001), outline(folder, 1020), outline(folder, 1030)), folder)) == dict.fromkeys(
        range(1002, 1020), "plate frame 1010 changed"
    )
    write_plate_frame(folder / "plates", 1010, seed=1010)
    for copy in (folder / "cache").rglob("alpha.1005.exr"):
        copy.unlink()
    assert reasons(solver(shot(box(1001), outline(folder, 1020), outline(folder, 1030)), folder)) == {
        1005: "its file is gone"
    }


def test_a_changed_model_is_named_as_the_reason(folder: Path, tracker: ChainTracker, head: SmoothHead) -> None:
    solver(shot(box(1001)), folder).run()
    other = shot(box(1001))
    other.solve.head = "another"
    assert set(reasons(solver(other, folder)).values()) == {"head changed"}


def memory(needs: int, free: int, total: int = 100) -> MemoryPlan:
    return MemoryPlan("It", "cpu", needs, needs // 2, Memory(free, total))


def test_the_need_is_told_before_a_shot_and_the_sparing_way_taken_where_it_must_be(
    folder: Path, tracker: ChainTracker, head: SmoothHead, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(head, "sparing", False, raising=False)
    events: list[Event] = []
    monkeypatch.setattr(STAND_INS, "plan", memory(needs=50, free=60))
    made = solver(shot(box(1010)), folder)
    made.run([FIRST], on_event=events.append)
    assert not [event for event in events if isinstance(event, Notice)], "a preview does not tell it"
    made.run([FIRST, FIRST + 1], on_event=events.append)
    assert [event.level for event in events if isinstance(event, Notice)] == ["info"]
    assert not head.sparing
    monkeypatch.setattr(STAND_INS, "plan", memory(needs=50, free=40))
    made.run(on_event=events.append)
    assert [event.level for event in events if isinstance(event, Notice)] == ["info", "warning"]
    assert head.sparing


def test_what_cannot_fit_is_refused_and_what_was_done_is_kept(
    folder: Path, tracker: ChainTracker, head: SmoothHead, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = solver(shot(box(1010)), folder)
    made.run([FIRST])
    tracker.steps.clear()
    monkeypatch.setattr(STAND_INS, "plan", memory(needs=300, free=100))
    with pytest.raises(MemoryLimitError, match="has"):
        made.run()
    assert tracker.steps == []
    assert made.run([FIRST]).cached == 1


def test_a_quick_preview_is_looked_at_and_the_frame_still_to_be_solved(
    folder: Path, tracker: ChainTracker, head: SmoothHead
) -> None:
    made = shot(box(1010))
    made.solve.head = "sam2matting-sam2.1-tiny"
    whole = solver(made, folder)
    path = whole.preview(1010, "hero", quick=True)
    assert read_matte(path)[1].model.endswith(":result=fast")  # type: ignore[union-attr]
    assert 1010 in whole.status().objects[0].of("dirty")
    steps = len(tracker.steps)
    whole.run([1010])
    assert len(tracker.steps) == steps, "the mask is the same"
    solved = whole.preview(1010, "hero", quick=True)
    assert solved == whole.work("hero").path(1010) != path, "what is solved is shown as it is"
    assert not whole.preview(1011, "hero").samefile(whole.preview(1012, "hero", quick=True))
    assert whole.status().objects[0].of("solved") == (1010, 1011)
    made.solve.head = "sam2matting-sam2.1-tiny:result=exact"
    exact = solver(made, folder).preview(1012, "hero", quick=True)
    assert read_matte(exact)[1].model.endswith(":result=exact"), "who asks for a result is shown that"  # type: ignore[union-attr]


def test_where_an_object_is_absent_nothing_is_tracked_and_the_matte_is_empty(
    folder: Path, tracker: ChainTracker, head: SmoothHead
) -> None:
    gone = [FIRST + 2, FIRST + 3]
    made = solver(shot(box(FIRST), item={"absent": [gone]}), folder)
    told: list[Event] = []
    summary = made.run(on_event=told.append)
    assert summary.tracked == LAST - FIRST + 1 - len(gone)
    states = {event.frame: (event.state, event.track_state) for event in told if isinstance(event, FrameDone)}
    assert {frame: states[frame] for frame in gone} == dict.fromkeys(gone, ("placeholder", "absent"))
    assert all(states[frame][1] != "absent" for frame in states if frame not in gone)
    assert not any(read_matte(made.work("hero").path(frame))[0].any() for frame in gone)
    before = solver(shot(box(FIRST)), folder)
    assert before.work("hero").marks[FIRST + 1] == made.work("hero").marks[FIRST + 1]
    assert all(before.work("hero").marks[f] != made.work("hero").marks[f] for f in range(FIRST + 2, LAST + 1))
