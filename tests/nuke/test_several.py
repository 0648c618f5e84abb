"""Several nodes solved one after another by one command, with the real engine; the report for those who help."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from fake_nuke import FIRST
from fake_nuke.render import render

#: What is not known of the host has no part in this.
pytestmark = pytest.mark.parametrize("unknowns", [FIRST], ids=["first"])
SIZE, FRAMES = (128, 96), (1001, 1002)


def node_on(session: Any, cache: Path, x: int, prompted: bool = True) -> Any:
    """A node on a disc at that column, with a box around it."""

    def picture(frame: int) -> np.ndarray:
        noise = np.random.default_rng(7).random((SIZE[1], SIZE[0], 4)).astype(np.float32) * 0.05
        cv2.circle(noise, (x, 48), 18, (0.8, 0.6, 0.2, 0.0), -1)
        return noise

    plate = session.plate(picture, SIZE)
    plate.own["range"] = FRAMES
    group = session.wisp(plate, cache)
    if prompted:
        session.host.viewer.ctrl_shift_drag(x - 20, 28, x + 20, 68)
        group["wisp_set_box"].execute()
    return group


def keyed(group: Any) -> list[int]:
    return [frame for frame in FRAMES if group["wisp_cache_state"].getValueAt(frame) == 1]


@pytest.mark.slow
def test_nodes_are_solved_one_after_another_and_how_each_ended_is_told(with_engine: Any, tmp_path: Path) -> None:
    session = with_engine
    session.module("menus").install()
    command = session.host.menus["Nuke"]
    several = session.module("several")
    command["Wisp/Track all nodes, one after another"]()
    assert session.host.said[-1] == "The script has no Wisp node."
    first, bare, last = (
        node_on(session, tmp_path / "cache", x, prompted) for x, prompted in ((40, True), (60, False), (80, True))
    )
    command["Wisp/Track all nodes, one after another"]()
    seen = set()
    busy = session.module("solving").busy
    while several.ROUND.goes_on:
        session.idle()
        seen.add(tuple(busy(one) for one in (first, bare, last)))
        if busy(last):
            assert keyed(first) == list(FRAMES), "one after the other"
    assert (True, False, False) in seen and (False, False, True) in seen and (True, False, True) not in seen
    assert keyed(first) == keyed(last) == list(FRAMES) and keyed(bare) == []
    for group, x in ((first, 40), (last, 80)):
        assert render(group, 1002)[48, x, 3] > 0.9
    ends = session.host.said[-1].splitlines()
    assert [line.split(":")[0] for line in ends] == [first.name(), bare.name(), last.name()]
    assert "2 mattes computed" in ends[0] and "Draw a prompt first" in ends[1] and "2 mattes computed" in ends[2]

    # Of those that are selected one is deleted while it waits, and a stop ends the round.
    for one in (first, last):
        one.setSelected(True)
    session.host.view(first)
    (tmp_path / "gate").touch()
    for group in (first, last):
        session.sets(group, "wisp_edge_grow", 2.0)
    command["Wisp/Track all nodes, one after another"]()
    session.until(lambda: busy(first))
    command["Wisp/Track all nodes, one after another"]()
    assert "one after another; wait" in session.host.said[-1]
    session.host.delete(last)
    command["Wisp/Stop tracking nodes"]()
    session.until(lambda: not several.ROUND.goes_on)
    assert list(several.ROUND.ends) == [first.name()]


def test_nodes_of_one_name_are_told_apart_by_their_groups(session: Any, tmp_path: Path) -> None:
    bare = session.wisp(cache=tmp_path / "cache")
    with session.host.nodes.Group(name="Shot"):
        session.module("node").create(name=bare.name())
    session.module("menus").install()
    session.host.menus["Nuke"]["Wisp/Track all nodes, one after another"]()
    session.rests()
    ends = [line.split(":")[0] for line in session.host.said[-1].splitlines()]
    assert ends == ["Shot.Wisp1", "Wisp1"]


@pytest.mark.slow
def test_in_a_terminal_a_script_waits_for_all_nodes(with_engine: Any, tmp_path: Path) -> None:
    session = with_engine
    session.host.GUI = False
    nodes = [node_on(session, tmp_path / "cache", x) for x in (40, 80)]
    several = session.module("several")
    several.ROUND.begin(nodes)
    several.ROUND.wait()
    assert [keyed(group) for group in nodes] == [list(FRAMES)] * 2


@pytest.mark.slow
def test_a_problem_is_reported_without_a_path(start: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    private = tmp_path / "alice" / "unannounced-film"
    private.mkdir(parents=True)
    for name in ("HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(private))
    monkeypatch.setenv("WISP_ENGINE", sys.executable)
    session = start()
    group = session.wisp(cache=private / "cache")
    client = session.module("engine").ENGINE.client()
    place = f'File "{private}/lib/wisp/solve/run.py", line 12, in begin'
    fault = f"Traceback (most recent call last):\n  {place}\nwisp.errors.InputError: {private}/plate.exr is broken\n"
    session.until(lambda: client.state == "ready")
    with client.log.open("a") as log:
        log.write(fault)
    said = len(session.host.said)
    group["wisp_report"].execute()
    group["wisp_report"].execute()
    assert group["wisp_status"].value() == "The report is being made."
    session.until(lambda: len(session.host.said) > said)
    (shown,) = session.host.said[said:]
    page, _, place = shown.partition("This page holds no path")
    assert "wisp/solve/run.py, line 12, in begin" in page and "InputError" in page
    assert "torch" in page and "device" in page and "Nuke" in page and sys.platform in page
    assert "alice" not in page and "unannounced-film" not in page and str(tmp_path) not in page
    (file,) = private.rglob("wisp-report.txt")
    assert str(file) in place and file.read_text("utf-8").strip() == page.strip()


def test_nodes_of_one_cache_keep_versions_and_choices_apart(with_engine: Any, tmp_path: Path) -> None:
    own = []
    for x in (40, 80):
        group = node_on(with_engine, tmp_path / "cache", x, prompted=False)
        own.append(Path(with_engine.module("solving").session_of(group).places.own))
    assert own[0] != own[1] and own[0].parent == own[1].parent == tmp_path / "cache" / "shots"
