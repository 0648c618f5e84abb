"""Prompts of the other eye and of another take, with the real engine: they find their object in this plate."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from fake_nuke import FIRST
from fake_nuke.render import render
from trackers.moving import SIZE, MovingDisk
from wisp.metrics import jaccard

#: What is not known of the host has no part in this.
pytestmark = pytest.mark.parametrize("unknowns", [FIRST], ids=["first"])
#: The disc lies so many pixels further to the left in the right eye, and in the second take.
DISPARITY = 26
#: From frame 1001 on as the left eye sees it, from 1101 on as the right one does: with one skin.
BOTH = MovingDisk(lambda t: (120.0 + 3.0 * (t % 100) - DISPARITY * (t // 100), 68.0), 200, radius=26.0, first=1001)
LEFT, RIGHT = 0, 100


def node_on(session: Any, clip: MovingDisk, cache: Path, shift: int = 0, view: str = "", first: int = 1001) -> Any:
    """A node on three frames of that clip, `shift` frames later in it, in a stereo script below a OneView."""

    def picture(frame: int) -> np.ndarray:
        return np.dstack([clip.image(frame + shift), np.zeros(SIZE[::-1], np.float32)]).astype(np.float32)

    plate = session.plate(picture, SIZE)
    plate.own["range"] = (first, first + 2)
    if view:
        one = session.host.nodes.OneView(view=view)
        one.setInput(0, plate)
        plate = one
    return session.wisp(plate, cache)


def wait(session: Any, group: Any) -> None:
    session.idle()
    session.until(lambda: not session.module("solving").busy(group))


def select(session: Any, *nodes: Any) -> None:
    for one in list(session.host.selectedNodes()):
        one.setSelected(False)
    for one in nodes:
        one.setSelected(True)


@pytest.mark.slow
@pytest.mark.parametrize("moved", [False, True], ids=["another", "moved"])
def test_carried_masks_go_along_into_another_cache(with_engine: Any, tmp_path: Path, moved: bool) -> None:
    session = with_engine
    session.host.script_views = ["left", "right"]
    left = node_on(session, BOTH, tmp_path / "left", LEFT, "left")
    right = node_on(session, BOTH, tmp_path / "right", RIGHT, "right")
    select(session, left, right)
    session.host.view(left)
    session.host.viewer.ctrl_shift_drag(92, SIZE[1] - 96, 148, SIZE[1] - 40)
    left["wisp_set_box"].execute()
    left["wisp_track_both"].execute()
    wait(session, left)
    right["wisp_carry"].execute()
    wait(session, right)
    paths = [prompt["path"] for item in session.objects(right) for prompt in item["prompts"] if "path" in prompt]
    assert paths and all(path.startswith("../masks/") for path in paths)
    if moved:
        (tmp_path / "right").rename(tmp_path / "else")
    session.sets(right, "wisp_cache_dir", (tmp_path / "else").as_posix())
    right["wisp_track_both"].execute()
    wait(session, right)
    assert "computed" in right["wisp_status"].value()


@pytest.mark.slow
def test_prompts_of_one_eye_find_their_object_in_the_other(with_engine: Any, tmp_path: Path) -> None:
    session = with_engine
    session.host.script_views = ["left", "right"]
    left = node_on(session, BOTH, tmp_path / "left", LEFT, "left")
    right = node_on(session, BOTH, tmp_path / "right", RIGHT, "right")
    right["wisp_carry"].execute()
    assert "Select the one Wisp node" in right["wisp_status"].value()
    select(session, left, right)
    right["wisp_carry"].execute()
    assert f"{left.name()} has no prompts" in right["wisp_status"].value()

    session.host.view(left)
    session.host.viewer.ctrl_shift_drag(92, SIZE[1] - 96, 148, SIZE[1] - 40)
    left["wisp_set_box"].execute()
    session.sets(left, "wisp_object_name", "hero")
    left["wisp_track_both"].execute()
    wait(session, left)
    assert (render(left, 1001)[..., 3] > 0.5).sum() > 1500
    right["wisp_carry"].execute()
    wait(session, right)
    assert "Prompts of 1 frame carried" in right["wisp_status"].value(), right["wisp_status"].value()
    (item,) = session.objects(right)
    (mask,) = item["prompts"]
    assert (item["name"], item["color"]) == ("hero", session.objects(left)[0]["color"])
    assert (mask["kind"], mask["frame"]) == ("mask", 1001), "what is solved there comes as a mask"
    place = Path(session.module("solving").plate_folder(right)) / mask["path"]
    carried = cv2.imread(str(place), cv2.IMREAD_GRAYSCALE) > 127
    assert jaccard(carried, BOTH.truth(1001 + RIGHT)) > 0.85
    assert jaccard(carried, BOTH.truth(1001 + LEFT)) < 0.5
    right["wisp_track_both"].execute()
    wait(session, right)
    assert jaccard(render(right, 1003)[..., 3] > 0.5, BOTH.truth(1003 + RIGHT)) > 0.85
    session.undo()
    assert session.objects(right) == [], "one step of undo"


@pytest.mark.slow
def test_prompts_of_another_take_come_in_by_its_document(with_engine: Any, tmp_path: Path) -> None:
    """Other frame numbers and another place; drawn but not solved, so they come as they were drawn."""
    session = with_engine
    take = node_on(session, BOTH, tmp_path / "take1", LEFT + 990, first=11)
    session.host.frame(11)
    session.host.view(take)
    session.host.viewer.ctrl_click(120, SIZE[1] - 1 - 68)
    take["wisp_add_pos"].execute()
    solving = session.module("solving")
    folder = Path(solving.plate_folder(take))
    session.module("plates").export(take, str(folder), 11, 13)
    document = folder / "take1.wisp"
    document.write_text(json.dumps(solving.document(take)))

    group = node_on(session, BOTH, tmp_path / "take2", RIGHT)
    for named, words in (("", "Name the other shot"), ((tmp_path / "none.wisp").as_posix(), "There is no file")):
        session.sets(group, "wisp_carry_from", named)
        group["wisp_carry_file"].execute()
        assert words in group["wisp_status"].value()
    session.sets(group, "wisp_carry_from", document.as_posix())
    session.sets(group, "wisp_carry_shift", 990)
    group["wisp_carry_file"].execute()
    wait(session, group)
    (item,) = session.objects(group)
    (point,) = item["prompts"]
    assert (point["kind"], point["frame"]) == ("point", 1001), group["wisp_status"].value()
    assert np.allclose(point["xy"], [120.5 - DISPARITY, 68.5], atol=2.0), point
    lane = session.module("state").of(group).session.mattes.lanes[item["id"]]
    assert 1001 not in lane.suspicious

    # What is nowhere in this plate is carried with doubt, and walked to.
    elsewhere = node_on(session, MovingDisk(lambda t: (-90.0, 68.0), 3, radius=26.0, first=1001), tmp_path / "take3")
    session.sets(elsewhere, "wisp_carry_from", document.as_posix())
    session.sets(elsewhere, "wisp_carry_shift", 990)
    elsewhere["wisp_carry_file"].execute()
    wait(session, elsewhere)
    assert "1 in doubt" in elsewhere["wisp_status"].value(), elsewhere["wisp_status"].value()
    session.host.frame(1003)
    elsewhere["wisp_prev_doubt"].execute()
    assert session.host.frame() == 1001 and "in doubt" in elsewhere["wisp_status"].value()
