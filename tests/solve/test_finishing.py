"""Finishing on cached alpha: no head runs again, parts equal the whole, hosts are told of the finished files."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.solving import HEIGHT, WIDTH, ChainTracker, SmoothHead, box, shot, solver, write_plate_frame
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from wisp.cache import MatteStamp, read_matte
from wisp.client.events import FrameDone
from wisp.errors import CancelledError, InputError, UsageError
from wisp.finish.stabilise import REACH, View, stabilise
from wisp.plates.exr_writer import write_exr
from wisp.plates.plate import Window
from wisp.solve import Solver

FRAMES = range(1010, 1019)
STEADY = {"edge": {"stabilise": 1.0}}
STROKE = {"frame": 1014, "kind": "stroke", "xy": [[3, 3], [9, 3]], "radius": 2.0, "include": False}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A plate that stands still, so that neighbours are trusted, while the tracker's masks change."""
    for frame in FRAMES:
        write_plate_frame(tmp_path / "plates", frame, seed=1)
    return tmp_path


def document(*more: dict, **item: Any):
    return shot(box(1010), *more, plate={"first": FRAMES[0], "last": FRAMES[-1]}, item=item)


def alphas(made: Solver, frames=FRAMES) -> dict[int, np.ndarray]:
    return {frame: read_matte(made.work("hero").path(frame))[0] for frame in frames}


def grey(path: Path, values: np.ndarray) -> None:
    half = values.astype(np.float16)
    write_exr(path, {"R": half, "G": half, "B": half}, display=Window(0, 0, WIDTH, HEIGHT))


def test_a_stabilised_matte_is_made_of_solved_neighbours(folder: Path, tracker: ChainTracker, head: SmoothHead) -> None:
    plain = solver(document(), folder)
    plain.run()
    solved = alphas(plain)
    head.frames.clear()
    steady = solver(document(**STEADY), folder)
    summary = steady.run()
    assert (head.frames, tracker.steps[len(FRAMES) :]) == ([], [])
    assert (summary.tracked, summary.matted) == (0, len(FRAMES))
    clip = steady.clip
    views = {frame: View(alpha, clip.image(frame, (WIDTH, HEIGHT))) for frame, alpha in solved.items()}
    for frame, alpha in alphas(steady).items():
        near = [views[other] for other in FRAMES if 0 < abs(other - frame) <= REACH]
        expected = stabilise(views[frame], near, 1.0)
        np.testing.assert_allclose(alpha, expected, atol=1e-3)
    assert any(np.abs(alpha - solved[frame]).max() > 0.005 for frame, alpha in alphas(steady).items())
    np.testing.assert_array_equal(alphas(solver(document(), folder))[1012], solved[1012])


def test_parts_equal_the_whole_and_need_only_their_surroundings(
    folder: Path, tracker: ChainTracker, head: SmoothHead
) -> None:
    whole = solver(document(**STEADY), folder)
    whole.run()
    expected = {frame: path.read_bytes() for frame in FRAMES for path in [whole.work("hero").path(frame)]}
    for path in sorted((folder / "cache").rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    head.frames.clear()
    solver(document(**STEADY), folder).run([1014])
    assert head.frames == [1012, 1013, 1014, 1015, 1016]
    for part in ([1018, 1017], [1010, 1011, 1012], [1013], [1015, 1016]):
        solver(document(**STEADY), folder).run(part)
    assert sorted(head.frames) == list(FRAMES), "each alpha is solved once"
    again = solver(document(**STEADY), folder)
    assert {frame: again.work("hero").path(frame).read_bytes() for frame in FRAMES} == expected


def test_hosts_are_told_of_finished_files(folder: Path, tracker: ChainTracker, head: SmoothHead) -> None:
    made = solver(document(**STEADY), folder)
    told: list[FrameDone] = []
    made.run(on_event=lambda event: told.append(event) if isinstance(event, FrameDone) else None)
    assert sorted(event.frame for event in told) == list(FRAMES)
    assert {event.path for event in told} == {str(made.work("hero").path(frame)) for frame in FRAMES}
    for event in told:
        stamp = read_matte(Path(event.path))[1]
        assert stamp is not None and stamp.fingerprint == made.work("hero").marks[event.frame]
        assert (stamp.frame_state, stamp.confidence) == (event.state, event.confidence)


def test_a_stopped_run_goes_on_to_the_same_pixels(folder: Path, tracker: ChainTracker, head: SmoothHead) -> None:
    made = solver(document(**STEADY), folder)
    stops = 0
    while made.status().objects[0].of("dirty"):
        countdown = iter(range(3))
        with contextlib.suppress(CancelledError):
            made.run(should_stop=lambda countdown=countdown: next(countdown, None) is None)
        made = solver(document(**STEADY), folder)
        stops += 1
    assert stops > 3
    resumed = alphas(made)
    for path in sorted((folder / "cache").rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    fresh = solver(document(**STEADY), folder)
    fresh.run()
    for frame, alpha in alphas(fresh).items():
        np.testing.assert_array_equal(alpha, resumed[frame])


def test_paint_stays_exact_under_the_stabiliser(folder: Path, tracker: ChainTracker, head: SmoothHead) -> None:
    made = solver(document(STROKE, **STEADY), folder)
    made.run()
    alpha = alphas(made)[1014]
    assert not alpha[3, 3:9].any() and alpha[12, 20] > 0


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    edge=st.fixed_dictionaries(
        {},
        optional={
            "grow": st.floats(-6, 6),
            "soften": st.floats(0, 12),
            "black": st.floats(0, 0.45),
            "white": st.floats(0.5, 1),
            "gamma": st.floats(0.3, 4),
            "fill_holes": st.floats(0, 30),
            "remove_specks": st.floats(0, 30),
            "frame_edge": st.integers(0, 6),
            "stabilise": st.floats(0, 1),
        },
    ),
    keep=st.tuples(st.floats(2, 22), st.floats(2, 14)),
    remove=st.tuples(st.floats(2, 22), st.floats(2, 14)),
    radius=st.floats(1, 5),
)
def test_what_is_painted_is_exact_in_the_finished_matte_whatever_the_edge(
    folder: Path,
    tracker: ChainTracker,
    head: SmoothHead,
    edge: dict[str, float],
    keep: tuple[float, float],
    remove: tuple[float, float],
    radius: float,
) -> None:
    strokes = [
        {"frame": 1014, "kind": "stroke", "xy": [keep], "radius": radius},
        {"frame": 1014, "kind": "stroke", "xy": [remove], "radius": radius, "include": False},
    ]
    made = solver(document(*strokes, edge=edge), folder)
    alpha = read_matte(made.preview(1014, "hero"))[0]
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH] + 0.5
    from_keep, from_remove = (np.hypot(x - at[0], y - at[1]) for at in (keep, remove))
    kept = (from_keep <= radius - 0.01) & (from_remove > radius + 0.01)  # the later stroke covers the earlier one
    assert (alpha[kept] == 1).all() and (alpha[from_remove <= radius - 0.01] == 0).all()


def test_a_moved_edge_meets_paint_gently(folder: Path, tracker: ChainTracker, head: SmoothHead) -> None:
    removed = dict(STROKE, xy=[[12, 8]], radius=2.0)
    plain, shaped = (solver(document(removed, edge=edge), folder) for edge in ({}, {"white": 0.9}))
    row = [read_matte(made.preview(1014, "hero"))[0][7, 12:22] for made in (plain, shaped)]
    assert not row[1][:2].any() and (np.diff(row[1]) >= 0).all()
    assert 0 < row[1][2] < row[1][3] < row[1][-1] and np.ptp(row[0][3:]) == 0


def test_core_and_garbage_are_pictures_or_sequences(folder: Path, tracker: ChainTracker, head: SmoothHead) -> None:
    plain = solver(document(), folder)
    plain.run()
    core, garbage = np.zeros((HEIGHT, WIDTH)), np.zeros((HEIGHT, WIDTH))
    core[2:5], garbage[4:7] = 1, 0.5
    grey(folder / "core.exr", core)
    for frame in FRAMES:
        grey(folder / "out" / f"g.{frame}.exr", garbage * (frame != 1012))
    head.frames.clear()
    held = document(core="core.exr", garbage="out/g.%04d.exr")
    solver(held, folder).run()
    assert head.frames == list(FRAMES), "the head is told of them, too"
    for frame, alpha in alphas(solver(held, folder)).items():
        solved = solver(held, folder).work("hero").solved_alpha(frame)[0]
        expected = np.maximum(solved, core) * (1 - garbage * (frame != 1012))
        np.testing.assert_allclose(alpha, expected, atol=1e-3)
    grey(folder / "out" / "g.1015.exr", garbage * 0)
    assert solver(held, folder).status().objects[0].of("dirty") == (1015,)


def test_holdouts_that_do_not_fit_are_named(folder: Path, tracker: ChainTracker, head: SmoothHead) -> None:
    with pytest.raises(InputError):
        solver(document(core="nowhere.exr"), folder).status()
    grey(folder / "g.1010.exr", np.zeros((HEIGHT, WIDTH)))
    grey(folder / "g.1011.exr", np.zeros((HEIGHT, WIDTH)))
    with pytest.raises(InputError, match="garbage matte of 'hero' has no frame 1012"):
        solver(document(garbage="g.%04d.exr"), folder).status()
    write_exr(folder / "small.exr", {"A": np.zeros((4, 4), np.float16)}, display=Window(0, 0, 4, 4))
    with pytest.raises(UsageError, match="4x4 but the plate is 24x16"):
        solver(document(core="small.exr"), folder).run()


def test_a_locked_frame_stays_as_it_was_approved_and_its_neighbours_look_at_it(
    folder: Path, tracker: ChainTracker, head: SmoothHead
) -> None:
    solver(document(), folder).run()
    approved = alphas(solver(document(), folder))[1014]
    locked = solver(document(locks=[(1014, 1014)], **STEADY), folder)
    locked.run()
    np.testing.assert_array_equal(alphas(locked)[1014], approved)
    assert locked.work("hero").finishing.window(1014) == (1014,)
    assert 1014 in locked.work("hero").finishing.window(1013)


def test_outside_its_life_an_object_is_empty_and_no_neighbour(
    folder: Path, tracker: ChainTracker, head: SmoothHead
) -> None:
    grey(folder / "core.exr", np.ones((HEIGHT, WIDTH)))
    made = solver(document(last=1014, core="core.exr", **STEADY), folder)
    made.run()
    assert alphas(made)[1014].all() and not alphas(made)[1015].any()
    assert made.work("hero").finishing.window(1014) == (1012, 1013, 1014)


def test_no_neighbour_lies_beyond_an_absence(folder: Path, tracker: ChainTracker, head: SmoothHead) -> None:
    work = solver(document(absent=[(1013, 1015)], **STEADY), folder).work("hero")
    assert work.finishing.window(1012) == (1010, 1011, 1012)
    assert work.finishing.window(1016) == (1016, 1017, 1018)


def test_a_lost_object_is_no_neighbour_and_has_none(folder: Path, tracker: ChainTracker, head: SmoothHead) -> None:
    made = solver(document(**STEADY), folder)
    made.run()
    work = made.work("hero")

    def solved(frame: int) -> tuple[np.ndarray, MatteStamp]:
        alpha, stamp = np.ones((HEIGHT, WIDTH), np.float32), work.solved_alpha(frame)[1]
        return (alpha, stamp) if frame < 1014 else (0 * alpha, replace(stamp, track_state="lost"))

    for frame in FRAMES:
        finished = work.finishing.apply(frame, solved, made.clip)
        np.testing.assert_array_equal(finished, np.float32(frame < 1014))
