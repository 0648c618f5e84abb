"""What the window keeps of one shot alone: apart from that of others of the same cache, along when it is saved."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from wisp.errors import OutputError, WispError
from wisp.panel.versions import keep, versions
from wisp.plates import open_plate
from wisp.view import saving
from wisp.view.places import OpenedShot, new_shot, open_target
from wisp.view.saving import save_as, take_own_along


@pytest.fixture(autouse=True)
def own_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    """Caches beside their shots unless a test says otherwise."""
    monkeypatch.delenv("WISP_CACHE", raising=False)


@pytest.fixture
def plate(tmp_path: Path) -> Path:
    """A frame of 8 x 8."""
    (tmp_path / "plates").mkdir()
    assert cv2.imwrite(str(tmp_path / "plates" / "sh010.1001.png"), np.zeros((8, 8, 3), np.uint8))
    return tmp_path / "plates" / "sh010.%04d.png"


def saved(plate: Path, place: Path, environment: dict[str, str] | None = None) -> OpenedShot:
    """A shot of the plate at that place."""
    place.parent.mkdir(parents=True, exist_ok=True)
    draft = OpenedShot(new_shot(open_plate(plate), place, str(plate)), place, place.parent / "none", True)
    save_as(draft, draft.shot.model_dump(mode="json"), place)
    return open_target(place, environment=environment or {})


def drafted(plate: Path, tmp_path: Path) -> OpenedShot:
    return open_target(plate, environment={"XDG_CACHE_HOME": str(tmp_path / "user"), "LOCALAPPDATA": str(tmp_path)})


def solve(opened: OpenedShot, name: str) -> None:
    """Have a version with an object of that name."""
    matte = opened.cache / f"{name}.exr"
    matte.parent.mkdir(parents=True, exist_ok=True)
    matte.write_text(name)
    keep(Path(opened.places.own), {"objects": [{"name": name}]}, {(1, 1001): str(matte)})


def kept(opened: OpenedShot) -> list[str]:
    return [one.objects[0]["name"] for one in versions(Path(opened.places.own))]


def test_shots_of_one_cache_have_what_is_theirs(plate: Path, tmp_path: Path) -> None:
    left, right = (saved(plate, tmp_path / "a" / f"{eye}.wisp") for eye in ("left", "right"))
    everybodys = {"WISP_CACHE": str(tmp_path / "fast")}
    shows = [saved(plate, tmp_path / show / "shot.wisp", everybodys) for show in ("b", "c")]
    assert left.cache == right.cache and shows[0].cache == shows[1].cache
    for opened, name in ((left, "left"), (shows[0], "b")):
        solve(opened, name)
    assert [kept(one) for one in (left, right, *shows)] == [["left"], [], ["b"], []]
    (tmp_path / "a").rename(tmp_path / "moved")
    assert kept(open_target(tmp_path / "moved" / "left.wisp", environment={})) == ["left"]


def test_it_goes_along_with_the_mattes_and_never_to_another_shot(plate: Path, tmp_path: Path) -> None:
    draft, other = drafted(plate, tmp_path), saved(plate, tmp_path / "a" / "sh010.wisp")
    solve(draft, "drafted")

    def save(opened: OpenedShot, place: Path) -> OpenedShot:
        now = save_as(opened, opened.shot.model_dump(mode="json"), place)
        take_own_along(opened, now)
        return now

    here = save(draft, tmp_path / "a" / "new.wisp")
    assert kept(here) == ["drafted"] and kept(other) == [], "a shot of the draft's name is another one"
    assert Path(versions(Path(here.places.own))[0].matte(1, 1001) or "").read_text() == "drafted"
    solve(other, "other")
    assert kept(save(here, tmp_path / "a" / "sh010.wisp")) == ["other"], "what is there stays"
    assert kept(save(here, tmp_path / "a" / "third.wisp")) == ["drafted"]
    assert kept(save(here, tmp_path / "b" / "new.wisp")) == [], "the mattes of its versions are not there"


def test_what_cannot_go_along_leaves_nothing_half(plate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    draft = drafted(plate, tmp_path)
    solve(draft, "drafted")
    now = save_as(draft, draft.shot.model_dump(mode="json"), tmp_path / "a.wisp")

    def full(*_: object) -> None:
        raise WispError("Cannot write: No space left on device.")

    monkeypatch.setattr(saving, "link_or_copy", full)
    with pytest.raises(WispError, match="No space"):
        take_own_along(draft, now)
    assert not Path(now.places.own).exists() and kept(draft) == ["drafted"]


def test_a_full_disk_does_not_cut_the_masks_of_what_was_saved_there_before(plate: Path, tmp_path: Path) -> None:
    resource = pytest.importorskip("resource", reason="POSIX has limits of files")
    shot = saved(plate, tmp_path / "a" / "a.wisp")
    mask = tmp_path / "a" / "prompts" / "m.png"
    mask.parent.mkdir()
    noise = np.random.default_rng(0).integers(0, 2, (2, 64, 64), np.uint8) * 255
    cv2.imwrite(str(mask), noise[0])
    document = shot.shot.model_dump(mode="json")
    drawn = {"kind": "mask", "frame": 1001, "path": "prompts/m.png"}
    document["objects"] = [{"id": 1, "name": "hero", "prompts": [drawn]}]
    save_as(shot, document, tmp_path / "b" / "b.wisp")
    copy = tmp_path / "b" / "prompts" / "m.png"
    before = copy.read_bytes()
    cv2.imwrite(str(mask), noise[1])
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (64, limits[1]))
        with pytest.raises(OutputError):
            save_as(shot, document, tmp_path / "b" / "b.wisp")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert copy.read_bytes() == before
    assert [path.name for path in (tmp_path / "b").rglob("*.png")] == ["m.png"], "and nothing half lies about"
