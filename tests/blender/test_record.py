"""What a plate's folder tells about its frames while no engine runs."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from wisp.client.tables import BESIDE

from blender_addon import mattes, pictures, record

FRAMES = range(1001, 1006)
BOX = {"frame": 1001, "kind": "box", "xyxy": [1.0, 1.0, 5.0, 5.0]}
LASSO = {"frame": 1001, "kind": "mask", "path": "/one/place/lasso.12.png"}


def shot() -> dict[str, Any]:
    objects = [{"id": n, "name": f"o{n}", "prompts": [dict(BOX), dict(LASSO)], "edge": {"grow": 0.0}} for n in (1, 2)]
    return {"wisp": 1, "plate": {}, "objects": objects, "solve": {"tracker": "flow", "head": "guided"}}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Object 1 is solved on all frames but 1004 and 1005, of which prompts reach 1004 alone; object 2 on none."""
    made = mattes.MatteFolder(tmp_path)
    for frame in (1001, 1002, 1003):
        pictures.write_matte(made.object_path(1, frame), np.zeros((2, 2), np.float32))
    record.write_shot(tmp_path, shot())
    record.write_status(tmp_path, {1: {1001, 1002, 1003}, 2: set()}, {1: {1004}, 2: {1001}})
    return tmp_path


def test_frames_are_as_the_engine_left_them(folder: Path) -> None:
    known = record.read(folder, shot(), FRAMES)
    assert known == {1: ({1001, 1002, 1003}, {1004}, {}), 2: (set(), {1001}, {})}


def test_a_file_that_is_gone_is_to_be_computed(folder: Path) -> None:
    mattes.MatteFolder(folder).object_path(1, 1002).unlink()
    known = record.read(folder, shot(), FRAMES)
    assert known[1][:2] == ({1001, 1003}, {1002, 1004})


def test_a_file_that_was_to_be_computed_anew_is_not_solved(folder: Path) -> None:
    record.write_status(folder, {1: {1001, 1003}, 2: set()}, {1: {1002}, 2: set()})
    known = record.read(folder, shot(), FRAMES)
    assert known[1][:2] == ({1001, 1003}, {1002})


@pytest.mark.parametrize("change", ["prompt", "edge", "tracker", *BESIDE])
def test_another_document_makes_its_objects_dirty(folder: Path, change: str) -> None:
    now = shot()
    if change == "prompt":
        now["objects"][0]["prompts"][0]["xyxy"] = [1.0, 1.0, 5.0, 6.0]
    elif change == "edge":
        now["objects"][0]["edge"]["grow"] = 2.0
    elif change in BESIDE:
        now["plate"][change] = "/set/empty.png"
    else:
        now["solve"]["tracker"] = "sam2"
    known = record.read(folder, now, FRAMES)
    assert known[1][:2] == (set(), set(FRAMES))
    assert known[2].dirty == (set(FRAMES) if change in ("tracker", *BESIDE) else {1001})


def test_names_and_folders_do_not_count() -> None:
    now = copy.deepcopy(shot())
    now["objects"][0]["name"] = "hero"
    now["objects"][0]["prompts"][1]["path"] = "/another/place/lasso.12.png"
    assert record.outdated(shot(), now) == set()


@pytest.mark.parametrize("content", [None, "", "[1]", "{"])
def test_without_a_readable_record_everything_is_to_be_computed(folder: Path, content: str | None) -> None:
    for name in ("shot.wisp", "status.json"):
        (folder / name).unlink()
        if content is not None:
            (folder / name).write_text(content)
    known = record.read(folder, shot(), FRAMES)
    assert {number: lane.dirty for number, lane in known.items()} == {1: set(FRAMES), 2: set(FRAMES)}


def test_an_object_without_prompts_has_nothing_to_compute(folder: Path) -> None:
    now = shot()
    now["objects"].append({"id": 3, "name": "o3", "prompts": [], "edge": {}})
    assert record.read(folder, now, FRAMES)[3].dirty == set()
