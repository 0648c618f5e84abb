"""A shot that is saved elsewhere keeps its pictures and what was approved."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from wisp import shot as documents
from wisp.client.locks import LOCKED, with_locks
from wisp.client.shot_edits import ShotEdits
from wisp.errors import OutputError
from wisp.plates import open_plate
from wisp.shot import ObjectSpec
from wisp.view.fitting import fit_to_plate, follow_fit
from wisp.view.places import OpenedShot, new_shot, open_target
from wisp.view.saving import save_as


@pytest.mark.parametrize("draft", [True, False])
def test_saved_elsewhere_it_finds_its_clean_plates_and_locked_mattes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, draft: bool
) -> None:
    monkeypatch.delenv("WISP_CACHE", raising=False)
    here, there = tmp_path / "a", tmp_path / "b" / "c"
    here.mkdir()
    for name in ("plate.1001.png", "clean.png", "second.png", "second_clean.png"):
        assert cv2.imwrite(str(here / name), np.zeros((8, 8, 3), np.uint8))
    document = new_shot(open_plate(here / "plate.%04d.png"), here / "shot.wisp", str(here / "plate.%04d.png"))
    document.plate.clean, document.plate.second, document.plate.second_clean = (
        "clean.png",
        "second.png",
        "second_clean.png",
    )
    locked = with_locks({}, [1001], True)
    document.objects.append(ObjectSpec(id=1, name="hero", **locked))
    cache = here / "wisp-cache"
    kept = Path(LOCKED) / locked["approvals"][0][2] / "alpha.1001.exr"
    (cache / kept).parent.mkdir(parents=True)
    (cache / kept).write_bytes(b"approved")

    opened = OpenedShot(document, here / "shot.wisp", cache, draft, None)
    moved = save_as(opened, document.model_dump(mode="json"), there / "shot.wisp")

    saved = documents.load(there / "shot.wisp")
    assert saved == moved.shot
    for key, stored in saved.plate.beside.items():
        assert documents.resolve_path(stored, moved.path).resolve() == here / f"{key}.png"
    assert documents.resolve_path(saved.plate.path, moved.path).resolve().parent == here
    assert (moved.cache / kept).read_bytes() == b"approved"
    assert opened.shot.plate.clean == "clean.png", "the one that is open is not changed"


def test_what_somebody_else_has_written_meanwhile_is_not_wiped(tmp_path: Path) -> None:
    assert cv2.imwrite(str(tmp_path / "plate.1001.png"), np.zeros((8, 8, 3), np.uint8))
    place = tmp_path / "shot.wisp"
    documents.save(new_shot(open_plate(tmp_path / "plate.%04d.png"), place, str(tmp_path / "plate.%04d.png")), place)
    opened = open_target(place)
    document = opened.shot.model_dump(mode="json")
    opened = save_as(opened, {**document, "objects": [{"id": 1, "name": "ours"}]}, place)
    opened = save_as(opened, {**document, "objects": [{"id": 1, "name": "ours"}]}, place)
    theirs = documents.load(place)
    theirs.objects.append(ObjectSpec(id=2, name="theirs"))
    documents.save(theirs, place)
    with pytest.raises(OutputError, match="changed by somebody else"):
        save_as(opened, document, place)
    assert [item.name for item in documents.load(place).objects] == ["ours", "theirs"]
    assert save_as(opened, document, tmp_path / "other.wisp").path.exists()


@pytest.fixture
def plate(tmp_path: Path) -> Path:
    """Two frames of 8 x 8."""
    (tmp_path / "plates").mkdir()
    for frame in (1001, 1002):
        add_frame(tmp_path / "plates", frame)
    return tmp_path / "plates" / "plate.%04d.png"


def add_frame(folder: Path, frame: int, side: int = 8) -> None:
    assert cv2.imwrite(str(folder / f"plate.{frame}.png"), np.zeros((side, side, 3), np.uint8))


@pytest.fixture
def drawn(plate: Path, tmp_path: Path) -> OpenedShot:
    """The plate's draft with a prompt on its second frame; `user` has its drafts."""
    opened = open_target(plate, environment=user(tmp_path))
    prompts = [{"kind": "point", "frame": 1002, "xy": [4, 4]}]
    document = {**opened.shot.model_dump(mode="json"), "objects": [{"id": 1, "name": "hero", "prompts": prompts}]}
    return save_as(opened, document, opened.path)


def user(folder: Path) -> dict[str, str]:
    return {name: str(folder / "user") for name in ("XDG_CACHE_HOME", "LOCALAPPDATA", "HOME")}


def test_a_draft_has_the_frames_that_its_plate_has_now(drawn: OpenedShot, plate: Path, tmp_path: Path) -> None:
    add_frame(plate.parent, 1003)
    again = open_target(plate, environment=user(tmp_path))
    assert (again.shot.plate.first, again.shot.plate.last, again.note) == (1001, 1003, "")
    assert again.shot.objects == drawn.shot.objects
    for frame in (1002, 1003):
        (plate.parent / f"plate.{frame}.png").unlink()
    again = open_target(plate, environment=user(tmp_path))
    assert again.shot.plate.last == 1002, "where something is drawn"


def test_a_draft_stays_when_its_plate_has_another_size(drawn: OpenedShot, plate: Path, tmp_path: Path) -> None:
    for frame in (1001, 1002):
        add_frame(plate.parent, frame, 16)
    again = open_target(plate, environment=user(tmp_path))
    assert again.shot == drawn.shot
    assert fit_to_plate(again.shot, again.path).objects[0].prompts[0].xy == (8, 8)  # type: ignore[union-attr]


def test_a_draft_that_cannot_be_read_is_put_aside(drawn: OpenedShot, plate: Path, tmp_path: Path) -> None:
    text = drawn.path.read_text()
    for damaged in (text[: len(text) // 2], text.replace('"wisp": 1', '"wisp": 99')):
        drawn.path.write_text(damaged)
        again = open_target(plate, environment=user(tmp_path))
        assert again.shot.objects == [] and not again.path.exists()
        (aside,) = (one for one in again.path.parent.glob("*.wisp") if str(one) in again.note)
        assert aside.read_text() == damaged
    assert len(list(drawn.path.parent.glob("*.wisp"))) == 2


def test_no_place_for_drafts_is_said(plate: Path, tmp_path: Path) -> None:
    (tmp_path / "user").write_text("a file")
    with pytest.raises(OutputError, match="not saved yet"):
        open_target(plate, environment=user(tmp_path))


def masked(folder: Path, column: int, path: str) -> OpenedShot:
    """A shot in `folder` whose object is a mask at `path` there, from `column` on."""
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    add_frame(folder, 1001)
    mask = np.zeros((8, 8), np.uint8)
    mask[:, column:] = 255
    assert cv2.imwrite(str(folder / path), mask)
    place = folder / f"{folder.name}.wisp"
    document = new_shot(open_plate(folder / "plate.%04d.png"), place, str(folder / "plate.%04d.png"))
    values = document.model_dump(mode="json")
    prompts = [{"kind": "mask", "frame": 1001, "path": path}]
    documents.save(documents.edited(dict(values, objects=[{"id": 1, "name": "hero", "prompts": prompts}])), place)
    return open_target(place)


def columns(shot: documents.Shot, place: Path, number: int = 0) -> int:
    """How many columns the mask of an object has inside."""
    stored = shot.objects[number].prompts[0].path  # type: ignore[union-attr]
    return int((cv2.imread(str(documents.resolve_path(stored, place)), cv2.IMREAD_GRAYSCALE)[0] > 127).sum())


def test_masks_of_one_name_in_two_folders_stay_two_when_they_are_scaled(tmp_path: Path) -> None:
    opened = masked(tmp_path, 2, "girl/mask.1001.png")
    masked(tmp_path, 6, "boy/mask.1001.png")
    prompts = [{"kind": "mask", "frame": 1001, "path": "boy/mask.1001.png"}]
    values = opened.shot.model_dump(mode="json")
    values["objects"].append({"id": 2, "name": "boy", "prompts": prompts})
    add_frame(tmp_path, 1001, 16)
    scaled = fit_to_plate(documents.edited(values), opened.path)
    assert [columns(scaled, opened.path, number) for number in (0, 1)] == [12, 4]


def test_a_step_of_undo_is_fitted_to_the_plate_although_its_mask_is_gone(tmp_path: Path) -> None:
    opened = masked(tmp_path, 2, "now.png")
    edits = ShotEdits(opened.shot.model_dump(mode="json"))
    for path in ("gone.png", "now.png"):
        edits.set_object(1, prompts=[{"kind": "mask", "frame": 1001, "path": path}], region=[2, 2, 6, 6])
    before = documents.edited(edits.document)
    add_frame(tmp_path, 1001, 16)
    now = fit_to_plate(before, opened.path)
    edits.convert(now.model_dump(mode="json"), follow_fit(opened.path, before.plate, now.plate), dict)
    assert columns(documents.edited(edits.document), opened.path) == 12
    edits.undo()
    (there,) = edits.document["objects"]
    assert (there["prompts"][0]["path"], there["region"]) == ("gone.png", [4, 4, 12, 12])
    edits.undo()
    assert columns(documents.edited(edits.document), opened.path) == 12


def test_saved_beside_another_shot_it_leaves_that_shots_masks_alone(tmp_path: Path) -> None:
    ours = masked(tmp_path / "ours", 2, "prompts/drawn.1001.png")
    theirs = masked(tmp_path / "theirs", 6, "prompts/drawn.1001.png")
    for _ in range(2):  # again, as when it is saved again: the same place
        moved = save_as(ours, ours.shot.model_dump(mode="json"), theirs.path.with_name("copy.wisp"))
        assert columns(moved.shot, moved.path) == 6 and columns(theirs.shot, theirs.path) == 2
        assert len(list((theirs.path.parent / "prompts").rglob("*.png"))) == 2


def test_two_windows_on_one_plate_do_not_wipe_what_the_other_has_drawn(drawn: OpenedShot, plate: Path, tmp_path: Path):
    one, other = (open_target(plate, environment=user(tmp_path)) for _ in range(2))
    ours = one.shot.model_dump(mode="json")
    ours["objects"][0]["name"] = "ours"
    one = save_as(one, ours, one.path)
    with pytest.raises(OutputError, match="changed by somebody else"):
        save_as(other, other.shot.model_dump(mode="json"), other.path)
    ours["objects"][0]["name"] = "ours_still"
    save_as(one, ours, one.path)
    assert open_target(plate, environment=user(tmp_path)).shot.objects[0].name == "ours_still"


def test_a_draft_whose_plate_has_got_gaps_holds_them_as_a_new_one_would(
    drawn: OpenedShot, plate: Path, tmp_path: Path
) -> None:
    assert drawn.shot.plate.missing == "error"
    add_frame(plate.parent, 1005)
    again = open_target(plate, environment=user(tmp_path))
    assert (again.shot.plate.last, again.shot.plate.missing) == (1005, "hold")


def test_drafts_do_not_depend_on_where_one_is(plate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))
    names = dict.fromkeys(("XDG_CACHE_HOME", "LOCALAPPDATA"), "relative")
    assert open_target(plate, environment=names).path.is_relative_to(tmp_path / "home")
