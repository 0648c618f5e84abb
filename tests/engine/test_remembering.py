"""An open shot keeps its plate, its pictures and what models made of them; an edit replaces the document only."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from engine.conftest import Document
from helpers.solving import StandIns
from wisp.engine import api, shots
from wisp.engine.shots import OpenShot
from wisp.models.store import Models, ModelStore
from wisp.weights.options import RunOptions


def opened(folder: Path, document: Document, models: Models) -> OpenShot:
    return OpenShot(api.Open(shot=document, root=str(folder), cache=str(folder / "cache")), models)


def edited(document: Document, **edge: float) -> Document:
    copy = deepcopy(document)
    copy["objects"][0]["edge"] = edge
    return copy


def clicked(document: Document, *points: Sequence[float]) -> Document:
    copy = deepcopy(document)
    for xy in points:
        copy["objects"][0]["prompts"].append({"frame": 1001, "kind": "point", "xy": list(xy)})
    return copy


def update(shot: OpenShot, document: Document, **more: Any) -> api.Updated:
    return shot.update(api.Update(shot_id="s", shot=document, **more))


def preview(shot: OpenShot, frame: int = 1001) -> Path:
    return Path(shot.preview(api.Preview(shot_id="s", frame=frame, object=3)).path)


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch, shot_folder: Path) -> list[str]:
    """What is listed and decoded of the plate from now on."""
    found: list[str] = []
    listing = os.scandir

    def scandir(place: Any = ".") -> Any:
        found.append(f"list {place}")
        return listing(place)

    monkeypatch.setattr(os, "scandir", scandir)
    monkeypatch.setattr(
        os, "listdir", lambda place=".": found.append(f"list {place}") or [e.name for e in listing(place)]
    )
    from wisp.plates import stills

    read_frame, header = stills.read_frame, stills.read_header
    monkeypatch.setattr(
        stills, "read_frame", lambda *args, **more: found.append(f"decode {args[0]}") or read_frame(*args, **more)
    )
    monkeypatch.setattr(
        stills, "read_header", lambda *args, **more: found.append(f"header {args[0]}") or header(*args, **more)
    )
    return found


def test_a_second_click_lists_no_folder_and_decodes_nothing(
    shot_folder: Path, document: Document, reads: list[str]
) -> None:
    shot = opened(shot_folder, document, ModelStore(RunOptions(device="cpu")))
    preview(shot)
    update(shot, clicked(document, (30, 32)))
    preview(shot)
    reads.clear()
    update(shot, clicked(document, (30, 32), (36, 30)))
    second = preview(shot)
    # The header is what the matte's own repeats of the plate's.
    assert [line for line in reads if not line.startswith("header")] == []
    update(shot, edited(document, grow=1.0))
    assert preview(shot) != second
    assert [line for line in reads if not line.startswith("header")] == []


def test_a_second_click_with_sam_2_encodes_nothing(shot_folder: Path, document: Document) -> None:
    pytest.importorskip("sam2")
    import torch
    from wisp.trackers.sam2.model import Sam2Model, construct
    from wisp.trackers.sam2.tracker import Sam2Tracker

    torch.manual_seed(0)
    model = Sam2Model(construct("tiny"), {}, Path(), torch.device("cpu"), None, "stand-in")
    models = StandIns()
    models.made = (Sam2Tracker("sam2", model), models.made[1])
    shot = opened(shot_folder, document, models)
    preview(shot)
    encoded = model.encoder.computed
    assert encoded > 0
    for points in ([(30, 32)], [(30, 32), (36, 30)]):
        update(shot, clicked(document, *points))
        preview(shot)
    assert model.encoder.computed == encoded


def test_another_plate_is_opened_and_the_same_one_is_kept(shot_folder: Path, document: Document) -> None:
    shot = opened(shot_folder, document, StandIns())
    source = shot._solver.source
    update(shot, edited(document, soften=2.0))
    update(shot, document, look_again=True)
    assert shot._solver.source is source
    shorter = deepcopy(document)
    shorter["plate"]["last"] -= 1
    update(shot, shorter)
    assert shot._solver.source is not source


def test_a_plate_written_anew_is_seen_when_asked_to_look_again(shot_folder: Path, document: Document) -> None:
    shot = opened(shot_folder, document, StandIns())
    before = preview(shot, 1003)
    assert update(shot, document).dirty == 11
    picture = shot_folder / "plate.1003.png"
    pixels = cv2.imread(str(picture))
    cv2.imwrite(str(picture), 255 - pixels)
    assert update(shot, document).dirty == 11, "an edit costs no look at the files"
    assert update(shot, document, look_again=True).dirty == 12
    assert preview(shot, 1003) != before


@pytest.fixture
def two_frames_a_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """States are looked up two frames at a time, and no time is left for more in an answer."""
    monkeypatch.setattr("wisp.engine.standing.STEP", 2)
    monkeypatch.setattr(shots, "UPDATE_SECONDS", 0.0)
    monkeypatch.setattr(shots, "STEP_SECONDS", 0.0)


@pytest.mark.usefixtures("two_frames_a_step")
def test_a_long_shot_is_answered_in_part_and_told_in_full_afterwards(shot_folder: Path, document: Document) -> None:
    shot = opened(shot_folder, document, StandIns())
    for frame in (1001, 1002):
        preview(shot, frame)
    (item,) = update(shot, edited(document)).status.objects
    assert item.frames == {"solved": "1001-1002", "unknown": "1003-1012"}
    assert not shot.status().complete
    told: list[api.ShotStatus] = []
    steps = shot.find_out(told.append)
    assert steps is not None
    assert sum(1 for _ in steps) == 6 and shot.find_out(told.append) is None
    (status,) = told
    assert status.complete and status.objects[0].frames == {"solved": "1001-1002", "dirty": "1003-1012"}


@pytest.mark.usefixtures("two_frames_a_step")
def test_what_was_computed_while_the_rest_was_looked_at_is_told_as_solved(
    shot_folder: Path, document: Document
) -> None:
    """A frame that was looked at, and then computed, before the status is told."""
    shot = opened(shot_folder, document, StandIns())
    (item,) = update(shot, edited(document)).status.objects
    assert item.frames == {"dirty": "1001-1002", "unknown": "1003-1012"}
    told: list[api.ShotStatus] = []
    steps = shot.find_out(told.append)
    assert steps is not None
    preview(shot, 1001)
    for _ in steps:
        pass
    assert told[0].objects[0].frames == {"dirty": "1002-1012", "solved": "1001"}
    assert update(shot, edited(document, gamma=2.0)).status.objects[0].frames["dirty"] == "1001-1002"


def test_an_undo_finds_what_was_solved_before(shot_folder: Path, document: Document) -> None:
    shot = opened(shot_folder, document, StandIns())
    first = preview(shot)
    update(shot, edited(document, gamma=2.0))
    preview(shot)
    status = update(shot, document).status
    assert status.objects[0].frames["solved"] == "1001"
    assert Path(status.objects[0].pattern % 1001) == first


def test_nothing_on_the_way_to_a_preview_grows_with_the_shot(tmp_path: Path) -> None:
    """Python steps counted, so that a busy machine does not matter: an edit and a preview of a shot twenty times as
    long take about as many."""

    def steps(count: int) -> int:
        folder = tmp_path / str(count)
        folder.mkdir()
        picture = folder / "p.00001.png"
        cv2.imwrite(str(picture), np.full((24, 16, 3), 90, np.uint8))
        for frame in range(2, count + 1):
            os.link(picture, folder / f"p.{frame:05d}.png")
        plate = {"path": "p.%05d.png", "first": 1, "last": count, "width": 16, "height": 24}
        box = {"frame": 5, "kind": "box", "xyxy": [2, 2, 12, 18]}
        document = {"wisp": 1, "plate": plate, "objects": [{"id": 3, "name": "hero", "prompts": [box]}]}
        shot = OpenShot(api.Open(shot=document, root=str(folder), cache=str(folder / "cache")), StandIns())
        preview(shot, 5)
        counted = 0

        def count_step(_frame: Any, event: str, _arg: Any) -> None:
            nonlocal counted
            counted += event == "call"

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(shots, "UPDATE_SECONDS", -1.0)  # one step, however fast the machine is
            sys.setprofile(count_step)
            try:
                update(shot, edited(document, grow=1.0))
                preview(shot, 5)
                update(shot, edited(document, grow=1.5))
                preview(shot, 5)
            finally:
                sys.setprofile(None)
        return counted

    short, long = steps(60), steps(1200)
    assert long < 1.3 * short, (short, long)
