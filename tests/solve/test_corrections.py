"""Corrections that stick: paint is obeyed exactly through any number of solves; locked frames are never touched."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np
import pytest
from helpers.solving import (
    FIRST,
    HEIGHT,
    LAST,
    WIDTH,
    ChainTracker,
    SmoothHead,
    box,
    point,
    shot,
    solver,
    write_plate_frame,
)
from numpy.typing import NDArray
from wisp.cache import read_matte
from wisp.client.locks import with_locks
from wisp.shot import MaskPrompt, ObjectSpec, Stroke
from wisp.solve.approvals import note_locked, settle_locks
from wisp.solve.paint import Paint

KEEP = {"frame": 1010, "kind": "stroke", "xy": [[6, 8]], "radius": 3.0}
REMOVE = {"frame": 1010, "kind": "stroke", "xy": [[18, 8]], "radius": 2.0, "include": False}
Y, X = np.mgrid[0:HEIGHT, 0:WIDTH] + 0.5
KEPT, REMOVED = np.hypot(X - 6, Y - 8) <= 3, np.hypot(X - 18, Y - 8) <= 2


def alpha(made, frame: int) -> NDArray[np.float32]:
    return read_matte(made.work("hero").path(frame))[0]


def test_strokes_are_obeyed_exactly_where_they_were_painted(
    folder: Path, tracker: ChainTracker, head: SmoothHead
) -> None:
    made = solver(shot(box(1001), KEEP, REMOVE), folder)
    made.run()
    result = alpha(made, 1010)
    assert (result[KEPT] == 1).all() and (result[REMOVED] == 0).all()
    elsewhere = result[~KEPT & ~REMOVED]
    assert ((elsewhere > 0) & (elsewhere < 1)).all()


def test_painted_pixels_are_identical_after_five_solves_with_other_edits(
    folder: Path, tracker: ChainTracker, head: SmoothHead
) -> None:
    edits: list[dict] = []
    for extra in (point(1005), box(1020), point(1012), box(1003, x=4), point(1010)):
        edits.append(extra)
        made = solver(shot(box(1001), KEEP, REMOVE, *edits), folder)
        made.run()
        result = alpha(made, 1010)
        assert (result[KEPT] == 1).all() and (result[REMOVED] == 0).all()


def test_paint_eases_out_over_the_neighbours_and_dirties_only_them(
    folder: Path, tracker: ChainTracker, head: SmoothHead
) -> None:
    made = solver(shot(box(1001), box(1010), box(1011), KEEP, item={"ease": 3}), folder)
    plain = solver(shot(box(1001), box(1010), box(1011)), folder)
    plain.run()
    made.run()
    raised = [float((alpha(made, f) - alpha(plain, f))[KEPT].mean()) for f in range(1006, 1016)]
    assert raised[0] == 0 and raised[-1] == 0, "beyond the ease nothing changes"
    assert raised[4] == max(raised)
    assert raised[3] > raised[2] > 0


class MovingClip:
    """A textured ground that moves 6 pixels to the right per frame."""

    frames = tuple(range(5))
    width, height = 160, 120

    def image(self, frame: int, size: tuple[int, int] | None = None) -> NDArray[np.float32]:
        noise = np.random.default_rng(3).random((160, 260), dtype=np.float32)
        texture = cv2.normalize(cv2.GaussianBlur(noise, (0, 0), 3), None, 0, 1, cv2.NORM_MINMAX)
        picture = np.repeat(texture[:120, 60 - 6 * frame : 220 - 6 * frame, None], 3, 2)
        return picture if size is None else cv2.resize(picture, size)


def test_paint_moves_with_what_was_painted() -> None:
    item = ObjectSpec(id=1, name="hero", ease=2, prompts=[Stroke(frame=2, xy=[(60, 60)], radius=10)])
    layer = Paint(item, MovingClip().frames).obey(np.zeros((120, 160), np.float32), MovingClip(), 3)
    y, x = np.nonzero(layer > 0.3)
    assert x.mean() == pytest.approx(66, abs=1.5) and y.mean() == pytest.approx(60, abs=1.5)
    assert layer.max() == pytest.approx(2 / 3)


def test_a_soft_stroke_does_less_towards_its_rim_and_lies_over_what_was_painted_before() -> None:
    soft = Stroke(frame=2, xy=[(60, 60)], radius=20, softness=0.5)
    y, x = np.mgrid[0:120, 0:160] + 0.5
    away = np.hypot(x - 60, y - 60)
    ramp = np.clip((20 - away) / 10, 0, 1)

    def painted(*strokes: Stroke, below: float) -> NDArray[np.float32]:
        item = ObjectSpec(id=1, name="hero", ease=2, prompts=list(strokes))
        return Paint(item, MovingClip().frames).obey(np.full((120, 160), below, np.float32), MovingClip(), 2)

    assert np.abs(painted(soft, below=0.0) - ramp).max() < 0.11, "a pixel of rounding"
    assert np.abs(painted(soft, below=0.4) - (0.4 + 0.6 * ramp)).max() < 0.07
    assert (painted(soft, below=0.0)[away < 9] == 1).all() and (painted(soft, below=0.4)[away > 20] == 0.4).all()
    away_stroke = Stroke(frame=2, xy=[(60, 60)], radius=40, include=False)
    assert np.abs(painted(away_stroke, soft, below=0.4)[away < 40] - ramp[away < 40]).max() < 0.11
    assert (painted(soft, away_stroke, below=0.4)[away < 39] == 0).all(), "the later one covers it"


def test_the_nearest_paint_lies_on_top() -> None:
    strokes = [Stroke(frame=f, xy=[(1, 1)]) for f in (3, 5, 9)]
    item = ObjectSpec(id=1, name="hero", ease=3, prompts=strokes)
    assert Paint(item, range(20)).layers(5) == [(3, 0.5), (5, 1.0)]
    assert Paint(item, range(20)).layers(4) == [(3, 0.75), (5, 0.75)]
    assert Paint(item, range(20)).layers(15) == []


def test_paint_stops_where_a_mask_was_given() -> None:
    strokes = [Stroke(frame=f, xy=[(1, 1)]) for f in (4, 6)]
    item = ObjectSpec(id=1, name="hero", ease=3, prompts=[*strokes, MaskPrompt(frame=6, path="m.png")])
    paint = Paint(item, range(20))
    assert sorted(paint.layers(5)) == [(4, 0.75), (6, 0.75)]
    assert paint.layers(6) == [(6, 1.0)] and paint.layers(7) == [(6, 0.75)]
    assert paint.layers(3) == [(6, 0.25), (4, 0.75)]
    before = ObjectSpec(id=1, name="hero", ease=3, prompts=[strokes[0], MaskPrompt(frame=3, path="m.png")])
    assert Paint(before, range(20)).layers(3) == Paint(before, range(20)).layers(2) == []


def test_locked_frames_keep_their_pixels_through_other_edits(
    folder: Path, tracker: ChainTracker, head: SmoothHead
) -> None:
    first = solver(shot(box(1001)), folder)
    first.run()
    approved = {frame: alpha(first, frame) for frame in (1015, 1016)}
    locks = {"locks": [[1015, 1016]]}
    for edit in (box(1005, x=5), point(1012), box(1016, x=9)):
        head.frames.clear()
        made = solver(shot(box(1001), edit, item=locks), folder)
        made.run()
        for frame, pixels in approved.items():
            np.testing.assert_array_equal(alpha(made, frame), pixels)
            assert frame not in head.frames
        _, stamp = read_matte(made.work("hero").path(1015))
        assert stamp is not None and stamp.frame_state == "locked"


@pytest.mark.parametrize("change", ["trimmed", "rendered anew", "a handle before"])
def test_locked_frames_keep_their_pixels_whatever_becomes_of_the_first_frame(
    folder: Path, tracker: ChainTracker, head: SmoothHead, change: str
) -> None:
    first = solver(shot(box(1010)), folder)
    first.run()
    approved = alpha(first, 1015)
    locks = {"locks": [[1015, 1015]]}
    solver(shot(box(1010), item=locks), folder).run()
    plate = {"trimmed": {"first": 1005}, "a handle before": {"first": 1000}}.get(change, {})
    if change != "trimmed":
        write_plate_frame(folder / "plates", 1000 if plate else 1001, seed=99)
    other = solver(shot(box(1010, x=9), plate=plate, item={"name": "other"}), folder)
    other.run()
    assert not np.array_equal(read_matte(other.works[0].path(1015))[0], approved)
    made = solver(shot(box(1010, x=9), plate=plate, item=locks), folder)
    made.run()
    np.testing.assert_array_equal(alpha(made, 1015), approved)
    _, stamp = read_matte(made.work("hero").path(1015))
    assert stamp is not None and stamp.frame_state == "locked"


def named(*frames: int) -> dict:
    """Locked as the editors do it."""
    return with_locks({}, frames, True)


@pytest.mark.parametrize("theirs", [{"name": "villain"}, {}, named(1003)])
def test_other_documents_on_the_same_plate_leave_locked_frames_alone(
    folder: Path, tracker: ChainTracker, head: SmoothHead, theirs: dict
) -> None:
    first = solver(shot(box(1001, x=2)), folder)
    first.run()
    approved, ours = alpha(first, 1003), named(1003)
    solver(shot(box(1001, x=2), item=ours), folder).run()
    solver(shot(box(1001, x=12)), folder).run()
    other = solver(shot(box(1001, x=12), item=theirs), folder)
    other.run()
    assert not np.array_equal(read_matte(other.works[0].path(1003))[0], approved)
    made = solver(shot(box(1001, x=12), item=ours), folder)
    made.run()
    np.testing.assert_array_equal(alpha(made, 1003), approved)
    _, stamp = read_matte(made.work("hero").path(1003))
    assert stamp is not None and stamp.object == "hero"


def test_unlocking_that_is_taken_back_brings_the_approved_matte_back(
    folder: Path, tracker: ChainTracker, head: SmoothHead
) -> None:
    first = solver(shot(box(1001)), folder)
    first.run()
    approved, locked = alpha(first, 1003), named(1003)
    solver(shot(box(1001), item=locked), folder).run()
    freed = solver(shot(box(1001, x=9), item=with_locks(locked, [1003], False)), folder)
    freed.run()
    then = alpha(freed, 1003)
    assert not np.array_equal(then, approved)
    again = solver(shot(box(1001, x=9), item=locked), folder)
    again.run()
    np.testing.assert_array_equal(alpha(again, 1003), approved)
    anew = solver(shot(box(1001, x=9), item=named(1003)), folder)
    anew.run()
    np.testing.assert_array_equal(alpha(anew, 1003), then)


def test_a_plate_of_another_size_has_locked_mattes_of_its_own(
    folder: Path, tracker: ChainTracker, head: SmoothHead
) -> None:
    solver(shot(box(1001)), folder).run()
    made = solver(shot(box(1001), item=named(1003)), folder)
    made.run()
    locked, small = made.shot.objects[0].model_dump(include={"locks", "approvals"}), alpha(made, 1003)
    for frame in range(FIRST, LAST + 1):
        write_plate_frame(folder / "plates", frame, seed=frame, size=(48, 32))
    proxy = solver(shot(box(1001), plate={"width": 48, "height": 32}, item=locked), folder)
    proxy.run()
    assert alpha(proxy, 1003).shape == (32, 48)
    for frame in range(FIRST, LAST + 1):
        write_plate_frame(folder / "plates", frame, seed=frame)
    again = solver(shot(box(1001, x=9), item=locked), folder)
    again.run()
    np.testing.assert_array_equal(alpha(again, 1003), small)


def test_a_matte_that_was_damaged_is_not_frozen(folder: Path, tracker: ChainTracker, head: SmoothHead) -> None:
    first = solver(shot(box(1001)), folder)
    first.run()
    seen, path = alpha(first, 1003), first.work("hero").path(1003)
    state, content = path.stat(), bytearray(path.read_bytes())
    content[-40] ^= 255
    path.write_bytes(content)
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    made = solver(shot(box(1001), item=named(1003)), folder)
    assert list(note_locked(made))
    made.run()
    np.testing.assert_array_equal(alpha(made, 1003), seen)


def test_what_was_not_kept_at_once_is_frozen_by_the_next_solve(
    folder: Path, tracker: ChainTracker, head: SmoothHead
) -> None:
    first = solver(shot(box(1001)), folder)
    first.run()
    made = solver(shot(box(1001), item=named(*range(1001, 1011))), folder)
    next(note_locked(made))
    assert len(list((folder / "cache" / "locked").rglob("*.exr"))) == 1
    made.run()
    assert sorted(made.work("hero").frozen) == list(range(1001, 1011))


def test_what_is_locked_is_what_the_document_shows_not_what_was_made_last(
    folder: Path, tracker: ChainTracker, head: SmoothHead
) -> None:
    first = solver(shot(box(1001)), folder)
    first.run()
    seen, locked = alpha(first, 1003), named(1003)
    undone = solver(shot(box(1001), point(1003)), folder)
    assert not np.array_equal(read_matte(undone.preview(1003, "hero"))[0], seen)
    told = solver(shot(box(1001), item=locked), folder)
    assert list(note_locked(told))
    assert told.status().objects[0].of("solved") == told.plate.frames, "nothing is to do yet"
    later = solver(shot(box(1001, x=9), item=locked), folder)
    later.run()
    np.testing.assert_array_equal(alpha(later, 1003), seen)


@pytest.mark.parametrize("enabled", [True, False])
def test_what_is_to_be_solved_anew_is_locked_as_it_was_last_solved(
    folder: Path, tracker: ChainTracker, head: SmoothHead, enabled: bool
) -> None:
    """And not as it was before, where the document goes back to that after it was locked."""
    solver(shot(box(1001)), folder).run()
    last = solver(shot(box(1001, x=9)), folder)
    last.run()
    seen, locked = alpha(last, 1003), named(1003)
    assert list(note_locked(solver(shot(box(1001, x=5), item={**locked, "enabled": enabled}), folder)))
    made = solver(shot(box(1001), item=locked), folder)
    made.run()
    np.testing.assert_array_equal(alpha(made, 1003), seen)


def test_a_locked_frame_guides_its_neighbours(folder: Path, tracker: ChainTracker, head: SmoothHead) -> None:
    solver(shot(box(1001)), folder).run()
    made = solver(shot(box(1001), item={"locks": [[1015, 1015]]}), folder)
    settle_locks(made)
    work = made.work("hero")
    assert work.plan.keyframes == (1001, 1015) and work.plan.starts_afresh(1015)
    assert set(made.status().objects[0].of("dirty")) == set(range(1002, 1041)) - {1015}


def test_unlocking_returns_a_frame_to_the_solver_and_a_later_lock_keeps_what_is_there_then(
    folder: Path, tracker: ChainTracker, head: SmoothHead
) -> None:
    solver(shot(box(1001)), folder).run()
    solver(shot(box(1001), item={"locks": [[1015, 1015]]}), folder).run()
    other = solver(shot(box(1001, x=9)), folder)
    other.run()
    pixels = alpha(other, 1015)
    again = solver(shot(box(1001, x=9), item={"locks": [[1015, 1015]]}), folder)
    again.run()
    np.testing.assert_array_equal(alpha(again, 1015), pixels)


def test_a_lock_on_a_frame_never_solved_is_solved_first(folder: Path, tracker: ChainTracker, head: SmoothHead) -> None:
    made = solver(shot(box(1001), item={"locks": [[1015, 1015]]}), folder)
    made.run()
    pixels = alpha(made, 1015)
    later = solver(shot(box(1001, x=9), item={"locks": [[1015, 1015]]}), folder)
    later.run()
    np.testing.assert_array_equal(alpha(later, 1015), pixels)
