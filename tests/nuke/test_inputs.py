"""The node's further inputs: where no object can be, what surely belongs to one, the empty set."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from fake_nuke import FIRST
from fake_nuke.nodes import Format, Node
from fake_nuke.render import render
from wisp.plates.exr import read_channels
from wisp.shot import parse

FRAMES = range(1001, 1005)
SIZE = (128, 96)


def alpha_of(session: Any, rows: slice, columns: slice) -> Node:
    """A node with an alpha of one in that rectangle, row 0 at the top."""
    picture = np.zeros((SIZE[1], SIZE[0], 4), np.float32)
    picture[rows, columns, 3] = 1.0
    made: Node = session.host.make("Plates", session.host.root_group, name="Roto1")
    made.own = {"format": Format(*SIZE), "range": (1001, 1004), "pictures": lambda frame: picture}
    made.own["version"] = f"{rows} {columns}"  # of which the host's own hash is made
    return made


def empty_set() -> np.ndarray:
    return np.random.default_rng(7).random((SIZE[1], SIZE[0], 4)).astype(np.float32) * 0.05


def disc(frame: int) -> np.ndarray:
    picture = empty_set()
    cv2.circle(picture, (50 + 3 * (frame - 1001), 48), 20, (0.8, 0.5, 0.2, 0.0), -1)
    return picture


def still_of(session: Any, picture: np.ndarray) -> Node:
    """A node that gives one picture on every frame."""
    made: Node = session.host.make("Plates", session.host.root_group, name="Still1")
    made.own = {"format": Format(*SIZE), "range": (1001, 1004), "pictures": lambda frame: picture}
    made.own["version"] = float(picture.sum())
    return made


def node_with_box(session: Any, cache: Path) -> Any:
    group = session.wisp(session.plate(disc, SIZE), cache)
    session.host.viewer.ctrl_shift_drag(28, 26, 72, 70)
    group["wisp_set_box"].execute()
    session.idle()
    return group


def export(session: Any, group: Any) -> int:
    folder = session.module("solving").plate_folder(group)
    return int(session.module("plates").export(group, folder, 1001, 1004))


def test_an_input_is_rendered_once_and_told_to_the_engine(session: Any, tmp_path: Path) -> None:
    group = node_with_box(session, tmp_path)
    solving = session.module("solving")
    assert [node.name() for node in group.nodes() if node.Class() == "Input"] == list(session.module("graph").INPUTS)
    group.setInput(1, alpha_of(session, slice(0, 40), slice(None)))
    (item,) = solving.document(group)["objects"]
    assert item["garbage"] is None, "nothing is rendered yet"
    assert export(session, group) == 8 and export(session, group) == 0
    channels, _ = read_channels(Path(solving.plate_folder(group)) / "garbage.1002.exr")
    assert np.array_equal(channels["R"], (np.arange(96) < 40)[:, None].repeat(128, 1))
    document = solving.document(group)
    assert parse(document).objects[0].garbage == "garbage.%04d.exr" and document["objects"][0].get("core") is None

    # What is painted in anew is rendered anew; what is taken away counts no longer.
    group.input(1).own["version"] = 2
    assert export(session, group) in (8, 4)
    group.setInput(1, None)
    assert solving.document(group)["objects"][0]["garbage"] is None
    assert "garbage" not in session.objects(group)[0], "the node's prompts know nothing of it"


def test_the_core_belongs_to_the_objects_that_take_it(session: Any, tmp_path: Path) -> None:
    group = node_with_box(session, tmp_path)
    solving = session.module("solving")
    group.setInput(2, alpha_of(session, slice(40, 56), slice(40, 60)))
    group["wisp_add_object"].execute()
    session.sets(group, "wisp_object", 1)
    session.sets(group, "wisp_object_core", True)
    assert export(session, group) == 8
    assert [item.get("core") for item in solving.document(group)["objects"]] == [None, "core.%04d.exr"]
    session.sets(group, "wisp_object", 0)
    assert group["wisp_object_core"].value() is False
    session.undo()
    group.setInput(2, None)
    assert [item.get("core") for item in solving.document(group)["objects"]] == [None, None]


def test_the_empty_set_is_seen_in_colour_and_told_of_the_plate(session: Any, tmp_path: Path) -> None:
    group = node_with_box(session, tmp_path)
    solving = session.module("solving")
    group.setInput(3, still_of(session, empty_set()))
    assert solving.document(group)["plate"]["clean"] is None, "nothing is rendered yet"
    assert export(session, group) == 8 and export(session, group) == 0
    channels, _ = read_channels(Path(solving.plate_folder(group)) / "clean.1003.exr")
    seen = np.stack([channels[name] for name in "RGB"], axis=2)
    assert np.allclose(seen, empty_set()[..., :3], atol=1e-4), "its colours, not its alpha"
    shot = parse(solving.document(group))
    assert shot.plate.clean == "clean.%04d.exr" and shot.objects[0].garbage is None
    group.setInput(3, None)
    assert solving.document(group)["plate"]["clean"] is None


def test_the_background_is_uncovered_by_a_box(session: Any, tmp_path: Path) -> None:
    group = node_with_box(session, tmp_path)
    solving = session.module("solving")
    assert parse(solving.document(group)).solve.uncover is None
    session.sets(group, "wisp_uncover", False)
    assert parse(solving.document(group)).solve.uncover is False


def test_an_input_of_another_size_is_refused(session: Any, tmp_path: Path) -> None:
    group = node_with_box(session, tmp_path)
    roto = alpha_of(session, slice(0, 4), slice(0, 4))
    roto.own["format"] = Format(64, 48)
    group.setInput(1, roto)
    group["wisp_track_both"].execute()
    assert "The input Garbage is 64x48, the plate 128x96" in group["wisp_status"].value()


def test_where_nodes_are_few_there_is_one_input(start: Callable[..., Any], tmp_path: Path) -> None:
    session = start(unknowns=FIRST)
    session.host.env["nc"] = True
    group = session.wisp(session.plate(), tmp_path)
    session.host.env["nc"] = False
    assert [node.name() for node in group.nodes() if node.Class() == "Input"] == ["Plate"]


@pytest.mark.slow
def test_a_clean_plate_of_another_place_is_refused(with_engine: Any, tmp_path: Path) -> None:
    session, group = with_engine, node_with_box(with_engine, tmp_path / "cache")
    bars = np.zeros((SIZE[1], SIZE[0], 4), np.float32)
    bars[:, np.arange(SIZE[0]) % 32 < 16] = 0.9
    for picture, said in ((bars, "clean.%04d.exr does not lie over frame"), (empty_set(), "computed")):
        group.setInput(3, still_of(session, picture))
        session.idle()
        group["wisp_track_both"].execute()
        job = session.job(group)
        session.until(lambda job=job, said=said: job.finished and said in group["wisp_status"].value())
    session.until(lambda: all(group["wisp_cache_state"].getValueAt(frame) == 1 for frame in FRAMES))
    assert render(group, 1002)[50, 52, 3] > 0.9


@pytest.mark.slow
def test_mattes_obey_the_inputs(with_engine: Any, tmp_path: Path) -> None:
    session = with_engine
    group = node_with_box(session, tmp_path / "cache")
    group.setInput(1, alpha_of(session, slice(0, 40), slice(None)))
    group.setInput(2, alpha_of(session, slice(60, 80), slice(0, 10)))
    session.sets(group, "wisp_object_core", True)

    def track() -> np.ndarray:
        group["wisp_track_both"].execute()
        job = session.job(group)
        session.until(lambda: job.finished and "computed" in group["wisp_status"].value())
        session.until(lambda: all(group["wisp_cache_state"].getValueAt(frame) == 1 for frame in FRAMES))
        seen: np.ndarray = render(group, 1002)[..., 3]
        return seen

    alpha = track()
    assert alpha[:40].max() == 0.0 and alpha[50, 52] > 0.9 and (alpha[60:80, :10] == 1.0).all()
    group.setInput(1, alpha_of(session, slice(0, 55), slice(None)))
    session.idle()
    alpha = track()
    assert alpha[:55].max() == 0.0 and alpha[60, 52] > 0.9, "other pictures under the same names"
