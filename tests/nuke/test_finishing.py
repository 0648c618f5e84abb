"""What is painted and set in the node is in the mattes that the real engine makes of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from fake_nuke import FIRST, rotopaint
from fake_nuke.render import render
from helpers.growing import files_below

#: What is not known of the host has no part in this.
pytestmark = pytest.mark.parametrize("unknowns", [FIRST], ids=["first"])
FRAME = 1001
STRANDS = (40, 46, 52, 58)


def disc(frame: int) -> np.ndarray:
    """A bright disc with strands below it, over noise, RGBA, linear."""
    noise = np.random.default_rng(7).random((96, 128, 4)).astype(np.float32) * 0.05
    cv2.circle(noise, (50, 48), 20, (0.8, 0.6, 0.2, 0.0), -1)
    for x in STRANDS:
        noise[66:86, x] = (0.8, 0.6, 0.2, 0.0)
    return noise


@pytest.fixture
def solved(with_engine: Any, tmp_path: Path) -> Callable[[], np.ndarray]:
    """Solves the first frame of a node with a box around the disc, and gives its alpha."""
    session = with_engine
    group = session.wisp(session.plate(disc, (128, 96)), tmp_path / "cache")
    session.sets(group, "wisp_last", FRAME)
    session.host.viewer.ctrl_shift_drag(28, 26, 72, 70)
    group["wisp_set_box"].execute()

    solve = solver(session, group)
    solve.group, solve.session = group, session  # type: ignore[attr-defined]
    return solve


def solver(session: Any, group: Any, frames: Iterable[int] = (FRAME,)) -> Callable[[], np.ndarray]:
    """Solves these frames of a node, and gives the alpha of the first."""

    def solve() -> np.ndarray:
        session.idle()
        session.until(lambda: session.module("state").of(group).session is None or not _unsent(session, group))
        group["wisp_track_both"].execute()
        session.until(lambda: not session.module("solving").busy(group))
        assert "computed" in group["wisp_status"].value(), group["wisp_status"].value()
        session.until(lambda: all(group["wisp_cache_state"].getValueAt(frame) == 1 for frame in frames))
        alpha: np.ndarray = render(group, FRAME)[..., 3]
        return alpha

    return solve


def _unsent(session: Any, group: Any) -> bool:
    return not session.module("state").of(group).session.settled


def painted(solve: Any, layer: str, points: list[tuple[float, float]], size: float, hardness: float = 1.0) -> None:
    """A stroke in that layer of the node's RotoPaint is collected."""
    curves = solve.session.module("strokes").paint(solve.group)["curves"]
    made = rotopaint.Stroke(curves)
    for point in points:
        made.append(rotopaint.AnimControlPoint(*point))
    made.getAttributes().set("bs", size)
    made.getAttributes().set("h", hardness)
    next(one for one in curves.rootLayer if one.name == layer).append(made)
    solve.group["wisp_collect_strokes"].execute()


@pytest.mark.slow
def test_the_edge_moves_by_parts_of_a_pixel(solved: Any) -> None:
    areas = []
    for grow in (-0.5, 0.0, 0.25, 0.5, 1.0):
        solved.session.sets(solved.group, "wisp_edge_grow", grow)
        areas.append(solved().sum())
    around = 2 * np.pi * 20
    moved = np.diff(areas) / around
    assert moved == pytest.approx([0.5, 0.25, 0.25, 0.5], abs=0.1), moved


@pytest.mark.slow
def test_a_soft_brush_takes_away_softly_and_what_it_covers_firmly_stays_so(solved: Any) -> None:
    before = solved()
    assert before[38:58, 40:60].min() > 0.9
    painted(solved, "drop", [(50, 48), (50.5, 48)], 20, hardness=0.2)
    after = solved()
    ring = after[47, 50:60]
    assert after[47, 50] < 0.02 and ring[-1] > 0.7 and (np.diff(ring) >= -0.02).all(), "from the middle to the rim"
    assert ((ring > 0.1) & (ring < 0.9)).sum() >= 4
    assert np.abs(after - before)[:, 62:].mean() < 0.01, "and hardly anything beside it"


@pytest.mark.slow
def test_alpha_may_be_anything_under_an_unknown_stroke(solved: Any) -> None:
    """Strands of the disc's colour stand out of it, too thin for the mask: found where the band says so."""
    before = solved()[72:86]
    painted(solved, "unknown", [(38, 20), (60, 20)], 24)
    after = solved()[72:86]
    strands, between = after[:, STRANDS].mean(), after[:, (43, 49, 55)].mean()
    assert before[:, STRANDS].mean() < 0.2 and strands > before[:, STRANDS].mean() + 0.2, (
        before[:, STRANDS].mean(),
        strands,
    )
    assert strands > between + 0.2, (strands, between)
    assert np.abs(after - before)[:, 90:].max() < 0.02


@pytest.mark.slow
def test_holes_and_specks_go_and_an_edge_is_softened(with_engine: Any, tmp_path: Path) -> None:
    """The disc has a hole, and a speck lies beside it; a roto says so of both."""

    def pierced(frame: int) -> np.ndarray:
        picture = disc(frame)
        cv2.circle(picture, (50, 48), 5, (0.02, 0.02, 0.02, 0.0), -1)
        cv2.circle(picture, (110, 20), 4, (0.8, 0.6, 0.2, 0.0), -1)
        return picture

    def roto(frame: int) -> np.ndarray:
        return np.dstack([np.zeros((96, 128, 3), np.float32), (pierced(frame)[..., 0] > 0.4).astype(np.float32)])

    session = with_engine
    group = session.wisp(session.plate(pierced, (128, 96)), tmp_path / "cache")
    session.sets(group, "wisp_last", FRAME)
    session.plate(roto, (128, 96)).setSelected(True)
    group["wisp_mask_selected"].execute()
    solve = solver(session, group)
    looks = []
    for name, value in {"gamma": 1.0, "fill_holes": 20.0, "remove_specks": 16.0, "soften": 4.0}.items():
        session.sets(group, "wisp_edge_" + name, value)
        alpha = solve()
        looks.append((alpha[48, 50] > 0.9, alpha[20, 110] > 0.9, int(((alpha > 0.05) & (alpha < 0.95)).sum())))
    assert [(hole, speck) for hole, speck, _ in looks] == [(False, True), (True, True), (True, False), (True, False)]
    assert looks[3][2] > 2 * looks[2][2], "soft over more pixels"


@pytest.mark.slow
def test_the_pictures_border_is_mended(with_engine: Any, tmp_path: Path) -> None:
    def cut(frame: int) -> np.ndarray:
        picture = np.roll(disc(frame), -40, axis=1)
        picture[:, :3] = 0.0
        return picture

    session = with_engine
    group = session.wisp(session.plate(cut, (128, 96)), tmp_path / "cache")
    session.sets(group, "wisp_last", FRAME)
    session.host.viewer.ctrl_shift_drag(0, 26, 32, 70)
    group["wisp_set_box"].execute()
    solve = solver(session, group)
    assert solve()[48, :3].max() < 0.1
    session.sets(group, "wisp_edge_frame_edge", 5)
    assert solve()[48, :8].min() > 0.9


@pytest.mark.slow
def test_flicker_is_taken_out(with_engine: Any, tmp_path: Path) -> None:
    """On the middle frame the disc is half as bright on one side."""

    def flickers(frame: int) -> np.ndarray:
        picture = disc(frame)
        if frame == FRAME + 1:
            picture[30:66, 64:72] *= 0.25
        return picture

    session = with_engine
    group = session.wisp(session.plate(flickers, (128, 96)), tmp_path / "cache")
    session.sets(group, "wisp_last", FRAME + 2)
    session.host.viewer.ctrl_shift_drag(28, 26, 72, 70)
    group["wisp_set_box"].execute()
    solve = solver(session, group, range(FRAME, FRAME + 3))
    solve()

    def dip() -> float:
        one, two, three = (render(group, FRAME + step)[40:56, 62:70, 3] for step in range(3))
        return float(np.abs(two - (one + three) / 2).mean())

    before = dip()
    session.sets(group, "wisp_edge_stabilise", 1.0)
    solve()
    assert before > 0.05 and dip() < before / 4


@pytest.mark.slow
def test_what_lies_between_in_and_out_is_solved_and_only_on_the_side_that_is_asked(
    with_engine: Any, tmp_path: Path
) -> None:
    session = with_engine
    group = session.wisp(session.plate(disc, (128, 96)), tmp_path / "cache")
    for knob, frame in (("wisp_first", 1001), ("wisp_last", 1003)):
        session.sets(group, knob, frame)
    session.host.frame(1002)
    session.host.viewer.ctrl_shift_drag(28, 26, 72, 70)
    group["wisp_set_box"].execute()

    def solved_after(button: str) -> list[int]:
        group[button].execute()
        session.idle()
        session.until(lambda: not session.module("solving").busy(group))
        session.until(lambda: session.module("state").of(group).session.settled)
        return [frame for frame in range(1000, 1006) if group["wisp_cache_state"].getValueAt(frame) == 1]

    def rendered() -> list[int]:
        return sorted(int(path.name.split(".")[1]) for path in tmp_path.rglob("plate.*.exr"))

    assert (solved_after("wisp_track_this"), rendered()) == ([1002], [1002]), "one frame does not wait for the others"
    assert (solved_after("wisp_track_back"), rendered()) == ([1001, 1002], [1001, 1002])
    assert session.module("solving").document(group)["plate"]["missing"] == "skip"
    assert solved_after("wisp_track_fwd") == [1001, 1002, 1003], "frame 1004 is beyond out"
    assert rendered() == [1001, 1002, 1003]
    assert session.module("solving").document(group)["plate"]["missing"] == "error"


@pytest.mark.slow
def test_one_frame_of_a_copy_takes_none_of_what_is_solved_away(with_engine: Any, tmp_path: Path) -> None:
    """The copy has its mattes, and has to render its plate anew."""
    session = with_engine
    group = session.wisp(session.plate(disc, (128, 96)), tmp_path / "cache")
    session.sets(group, "wisp_last", FRAME + 2)
    session.host.viewer.ctrl_shift_drag(28, 26, 72, 70)
    group["wisp_set_box"].execute()
    frames = range(FRAME, FRAME + 3)
    solver(session, group, frames)()
    group.setSelected(True)
    session.host.nodeCopy(str(tmp_path / "copy.nk"))
    session.host.nodePaste(str(tmp_path / "copy.nk"))
    copy = session.host.toNode("Wisp2")
    copy.setInput(0, group.input(0))
    session.rests()
    session.host.frame(FRAME + 1)
    copy["wisp_track_this"].execute()
    session.idle()
    session.until(lambda: not session.module("solving").busy(copy))
    session.until(lambda: session.module("state").of(copy).session.settled)
    session.rests()
    assert all(copy["wisp_cache_state"].getValueAt(frame) == 1 for frame in frames)


@pytest.mark.slow
def test_what_is_approved_goes_along_into_another_cache(with_engine: Any, tmp_path: Path) -> None:
    session = with_engine
    group = session.wisp(session.plate(disc, (128, 96)), tmp_path / "cache")
    session.sets(group, "wisp_last", FRAME + 1)
    session.host.viewer.ctrl_shift_drag(28, 26, 72, 70)
    group["wisp_set_box"].execute()
    solve = solver(session, group, range(FRAME, FRAME + 2))
    solve()
    session.module("edits").edit(group, "lock", lambda shot: shot.toggle_lock(FRAME + 1))
    session.rests()
    session.until(lambda: session.module("state").of(group).session.settled)
    approved = [render(group, FRAME + step)[..., 3].copy() for step in range(2)]
    session.sets(group, "wisp_edge_grow", -6.0)
    session.sets(group, "wisp_cache_dir", (tmp_path / "else").as_posix())
    solve()
    edited = [render(group, FRAME + step)[..., 3] for step in range(2)]
    assert np.abs(edited[0] - approved[0]).max() > 0.3
    assert np.array_equal(edited[1], approved[1])


@pytest.mark.slow
def test_a_region_is_fitted_around_a_small_subject_and_goes_again(with_engine: Any, tmp_path: Path) -> None:
    def small(frame: int) -> np.ndarray:
        picture = np.random.default_rng(7).random((360, 640, 4)).astype(np.float32) * 0.05
        cv2.circle(picture, (300 + 30 * (frame - FRAME), 200), 20, (0.8, 0.6, 0.2, 0.0), -1)
        return picture

    session = with_engine
    group = session.wisp(session.plate(small, (640, 360)), tmp_path / "cache")
    session.sets(group, "wisp_last", FRAME + 2)

    def press() -> str:
        group["wisp_fit_region"].execute()
        session.idle()
        session.until(lambda: not session.module("solving").busy(group))
        return str(group["wisp_status"].value())

    assert "Draw the object first" in press()
    session.host.viewer.ctrl_shift_drag(276, 136, 324, 184)
    group["wisp_set_box"].execute()
    assert press() == "1 region fitted."
    x0, y0, x1, y1 = session.objects(group)[0]["region"]
    assert 200 < x0 < 280 and 380 < x1 < 460 and 140 < y0 < 180 and 220 < y1 < 260, "around all its masks"
    solver(session, group, range(FRAME, FRAME + 3))()
    assert render(group, FRAME + 2)[200, 360, 3] > 0.9
    press()
    assert session.objects(group)[0]["region"] is None
    session.undo()
    assert session.objects(group)[0]["region"] == [x0, y0, x1, y1]


@pytest.mark.slow
def test_what_an_engine_had_finished_when_it_was_killed_is_kept_and_a_track_goes_on(
    with_engine: Any, tmp_path: Path
) -> None:
    session = with_engine
    group = session.wisp(session.plate(disc, (128, 96)), tmp_path / "cache")
    session.host.viewer.ctrl_shift_drag(28, 26, 72, 70)
    group["wisp_set_box"].execute()
    stored = session.objects(group)
    gate = tmp_path / "gate"
    gate.touch()
    group["wisp_track_both"].execute()
    session.until(lambda: any(files_below(tmp_path / "cache", "alpha.*.exr")))
    session.module("engine").ENGINE.client().kill()
    session.until(lambda: not session.module("solving").busy(group))
    assert "starts again" in group["wisp_status"].value() and session.objects(group) == stored
    gate.unlink()
    group["wisp_track_both"].execute()
    session.until(lambda: not session.module("solving").busy(group))
    computed, kept = re.search(r"(\d+) mattes? computed, (\d+) kept", group["wisp_status"].value()).groups()  # type: ignore[union-attr]
    assert int(kept) >= 1 and int(computed) + int(kept) == 4
    session.until(lambda: all(group["wisp_cache_state"].getValueAt(frame) == 1 for frame in range(FRAME, FRAME + 4)))
