"""Stored paths lead back to where they came from, wherever the document and its links lie."""

from __future__ import annotations

from pathlib import Path

import pytest
from wisp.shot import relative_path, resolve_path


@pytest.mark.parametrize(
    ("path", "stored"),
    [
        ("job/plates/sh010.%04d.exr", "plates/sh010.%04d.exr"),
        ("job/roto.1080.exr", "roto.1080.exr"),
        ("other/plate.mov", "../other/plate.mov"),
        ("job/with blank/ä.####.exr", "with blank/ä.####.exr"),
        ("job/./plates/../a.exr", "a.exr"),
    ],
)
def test_paths_are_relative_to_the_document(tmp_path: Path, path: str, stored: str) -> None:
    (tmp_path / "job" / "plates").mkdir(parents=True)
    document = tmp_path / "job" / "sh010.wisp"
    assert relative_path(tmp_path / path, document) == stored
    assert resolve_path(stored, document) == (tmp_path / path).resolve()


def test_relative_arguments_are_relative_to_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert relative_path("plates/a.exr", "job/sh010.wisp") == "../plates/a.exr"
    assert resolve_path("../plates/a.exr", "job/sh010.wisp") == tmp_path / "plates" / "a.exr"


def test_an_absolute_path_stays(tmp_path: Path) -> None:
    place = tmp_path / "elsewhere" / "a.exr"
    assert resolve_path(place.as_posix(), tmp_path / "job" / "sh010.wisp") == place


@pytest.fixture
def linked(tmp_path: Path) -> Path:
    """`real/shots`, `disk`, a link `work` to `real`, and a link `real/plates` to `disk`."""
    (tmp_path / "real" / "shots").mkdir(parents=True)
    (tmp_path / "disk").mkdir()
    (tmp_path / "disk" / "a.exr").write_text("picture")
    try:
        (tmp_path / "work").symlink_to(tmp_path / "real", target_is_directory=True)
        (tmp_path / "real" / "plates").symlink_to(tmp_path / "disk", target_is_directory=True)
    except OSError as error:
        pytest.skip(f"this system makes no links here: {error}")
    return tmp_path


def test_a_linked_folder_of_plates_stays_a_link(linked: Path) -> None:
    for root in ("work", "real"):
        assert relative_path(linked / root / "plates" / "a.exr", linked / root / "sh010.wisp") == "plates/a.exr"
        assert (
            relative_path(linked / root / "plates" / "a.exr", linked / root / "shots" / "sh010.wisp")
            == "../plates/a.exr"
        )


@pytest.mark.parametrize("plate", ["work/plates/a.exr", "real/plates/a.exr", "disk/a.exr", "real/../disk/a.exr"])
@pytest.mark.parametrize("document", ["work/sh010.wisp", "real/shots/sh010.wisp", "work/shots/sh010.wisp"])
def test_stored_paths_lead_to_the_file_through_any_links(linked: Path, plate: str, document: str) -> None:
    stored = relative_path(linked / plate, linked / document)
    assert resolve_path(stored, linked / document).read_text() == "picture"
    assert "\\" not in stored


def test_a_document_that_is_a_link_belongs_to_its_target(linked: Path) -> None:
    real = linked / "real" / "shots" / "sh010.v003.wisp"
    real.write_text("{}")
    current = linked / "current.wisp"
    current.symlink_to(real)
    stored = relative_path(linked / "disk" / "a.exr", current)
    assert resolve_path(stored, real).read_text() == "picture"
