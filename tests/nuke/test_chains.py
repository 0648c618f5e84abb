"""Wisp nodes inside other groups, one below the other, and beside renders of the artist's."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from fake_nuke.render import render
from wisp.plates.exr import read_channels


def inside(session: Any) -> tuple[Any, Any]:
    """A group on a plate, and the Wisp node in it."""
    host = session.host
    outer = host.nodes.Group(name="Comp")
    outer.setInput(0, session.plate())
    with outer:
        group = session.module("node").create(host.nodes.Input(name="Input1"))
        host.nodes.Output(name="Output1").setInput(0, group)
    group["wisp_first"].setValue(1001)
    group["wisp_last"].setValue(1004)
    return outer, group


def two(session: Any) -> tuple[Any, Any]:
    """A node with a prompt, and another one below it."""
    session.module("menus").install()
    upper = session.wisp()
    session.host.viewer.ctrl_click(10, 5)
    upper["wisp_add_pos"].execute()
    lower = session.module("node").create(upper)
    session.rests()
    return upper, lower


def write(session: Any, source: Any, folder: Path) -> Any:
    """The artist's Write."""
    made = session.host.nodes.Write(name="Artists", file_type="exr", raw=True, create_directories=True)
    made["file"].setValue((folder / "out.%04d.exr").as_posix())
    made.setInput(0, source)
    return made


def test_an_unsolved_frame_of_a_node_in_a_group_stops_a_render(session: Any, tmp_path: Path) -> None:
    session.module("menus").install()
    outer, group = inside(session)
    with pytest.raises(RuntimeError, match="has not been solved"):
        session.host.execute(write(session, outer, tmp_path), 1001, 1001)
    group["wisp_strict"].setValue(False)
    session.solved(group, {"hero": np.ones((48, 64), np.float32)}, tmp_path)
    group["wisp_output"].setValue(3)
    session.host.execute(write(session, outer, tmp_path), 1001, 1001)
    assert not np.allclose(render(outer, 1001)[..., :3], 0.25), "tinted for the artist, untinted in the render"
    channels, _ = read_channels(tmp_path / "out.1001.exr")
    assert (channels["R"] == 0.25).all()


def test_a_copy_of_a_group_has_nodes_of_their_own(session: Any, tmp_path: Path) -> None:
    outer, group = inside(session)
    session.host.chosen = [outer]
    session.host.nodeCopy(str(tmp_path / "copy.nk"))
    session.host.nodePaste(str(tmp_path / "copy.nk"))
    uids = {session.module("state").uid_of(one) for one in session.module("host").wisp_nodes()}
    assert len(uids) == 2 and session.module("state").uid_of(group) in uids


def test_what_a_node_in_a_group_leaves_lies_beside_it(session: Any, tmp_path: Path) -> None:
    outer, group = inside(session)
    session.solved(group, {"hero": np.full((48, 64), 0.5, np.float32)}, tmp_path, range(1001, 1005))
    baked = session.module("bake").bake(group)
    assert baked.parent is outer
    assert np.array_equal(render(baked, 1002), render(group, 1002))
    session.host.frame(1001)
    painter = session.module("strokes").paint(group)
    assert painter.parent is outer and painter.input(0) is group.input(0)
    assert session.module("strokes").paint(group) is painter


def test_a_change_above_the_group_around_a_node_renders_again(session: Any, tmp_path: Path) -> None:
    outer, group = inside(session)
    export = session.module("plates").export
    assert export(group, str(tmp_path), 1001, 1004) == 4
    grade = session.host.nodes.Grade(whitepoint=0.5)
    grade.setInput(0, outer.input(0))
    outer.setInput(0, grade)
    assert export(group, str(tmp_path), 1001, 1004) == 4


@pytest.mark.parametrize("gui", [True, False])
def test_an_unsolved_node_above_stops_no_plate_and_leaves_no_marks_in_it(start: Any, gui: bool, tmp_path: Path) -> None:
    session = start(gui=gui)
    if gui:
        session.module("menus").install()
    upper = session.wisp()
    lower = session.module("node").create(upper)
    upper["wisp_output"].setValue(3)
    session.solved(upper, {"hero": np.ones((48, 64), np.float32)}, tmp_path / "m")
    assert session.module("plates").export(lower, str(tmp_path / "p"), 1001, 1004) == 4
    channels, _ = read_channels(tmp_path / "p" / "plate.1001.exr")
    assert (channels["R"] == 0.25).all() and upper["wisp_rendering"].value() == 0


def test_of_a_node_above_only_what_it_gives_makes_a_plate_stale(session: Any, tmp_path: Path) -> None:
    upper, lower = two(session)

    def export() -> int:
        return int(session.module("plates").export(lower, str(tmp_path / "p"), 1001, 1004))

    assert export() == 4
    session.host.frame(1003)
    session.rests()
    session.sets(upper, "wisp_publish_frames", "1001-1002")
    session.module("solving").set_status(upper, "Tracking")
    assert export() == 0
    session.sets(upper, "wisp_output", 1)
    assert export() == 4
    session.solved(upper, {"hero": np.ones((48, 64), np.float32)}, tmp_path / "m")
    assert export() > 0 and export() == 0


def test_our_renders_concern_nobody_else(session: Any, tmp_path: Path) -> None:
    """One render for what fits into a moment; no other Wisp node is told of it."""
    session.module("menus").install()
    group = session.wisp()
    other = session.module("node").create(group.input(0))
    seen: list[str] = []
    session.host.addBeforeRender(lambda: seen.append(other["wisp_rendering"].toScript()))
    session.module("plates").PATIENCE = 60.0
    assert session.module("plates").export(group, str(tmp_path), 1001, 1004) == 4
    assert seen == ["0", "0"], "a first frame, to see how long one takes, and the others"


def test_nothing_is_done_while_the_artist_renders(session: Any, tmp_path: Path) -> None:
    session.module("menus").install()
    session.module("plates").PATIENCE = 0.0
    group = session.wisp(cache=tmp_path / "cache")
    gone: list[bool] = []
    session.module("solving").export_plates(group, lambda: gone.append(True))
    session.idle()
    pictures = group.input(0).own["pictures"]
    idle = session.module("follow").idle

    def turn(frame: int) -> Any:
        group["wisp_layers"].setValue(True)
        idle()
        return pictures(frame)

    artists = write(session, group.input(0), tmp_path)
    group.input(0).own["pictures"] = turn
    session.host.execute(artists, 1001, 1002)
    group.input(0).own["pictures"] = pictures
    assert session.module("state").of(group).laid_out[1] is False, "laid out afterwards"
    session.until(lambda: bool(gone))
    assert gone == [True] and session.module("state").of(group).laid_out[1] is True


def test_mattes_that_come_while_the_artist_renders_are_shown_afterwards(session: Any) -> None:
    group, shown = session.wisp(), []
    solving, host = session.module("solving"), session.module("host")
    solving.show_solved = lambda *_: shown.append(1)
    state = session.module("state").of(group)
    state.session = SimpleNamespace(busy=False, previewing=False, close=lambda: None, update=lambda: None)
    host.executing = lambda: True
    solving.show_known(group)
    session.rests()
    assert shown == [] and state.unshown
    host.executing = lambda: False
    session.rests()
    assert shown == [1] and not state.unshown
