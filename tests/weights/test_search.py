"""The search path."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from wisp.errors import WeightsError
from wisp.weights import search
from wisp.weights.registry import WeightFile, entry

FILE = WeightFile("a.pt")


@pytest.fixture
def places(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """A folder per step of the path, each with its own a.pt."""
    folders = {"given": tmp_path / "g", "first": tmp_path / "e1", "second": tmp_path / "e2", "own": home}
    for name, folder in folders.items():
        folder.mkdir(parents=True)
        (folder / "a.pt").write_text(name)
    monkeypatch.setenv("WISP_WEIGHTS", os.pathsep.join([str(folders["first"]), str(folders["second"])]))
    return folders


def test_order_is_given_environment_own(places: dict[str, Path]) -> None:
    for name in ("given", "first", "second", "own"):
        found = search.find(FILE, search.folders([places["given"]]))
        assert found is not None
        assert found.read_text() == name
        found.unlink()
    assert search.find(FILE, search.folders([places["given"]])) is None


def test_a_folder_named_twice_is_searched_once(places: dict[str, Path]) -> None:
    assert search.folders([places["second"]]) == (places["second"], places["first"], places["own"])


def test_a_folder_that_cannot_be_looked_into_is_passed_over(places: dict[str, Path]) -> None:
    unusable = Path("/", "x" * 300)  # a name longer than file systems allow: asking for it is an error
    with pytest.raises(OSError):
        (unusable / "a.pt").stat()
    assert search.find(FILE, [unusable, places["given"]]) == places["given"] / "a.pt"


def test_no_home_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("os.path.expanduser", lambda path: path)  # as it does where there is none
    assert search.user_folder() is None
    assert search.folders() == ()
    with pytest.raises(WeightsError, match="no home folder and none was named"):
        search.require(entry("sam2.1-tiny"), FILE, search.folders())


def test_missing_file_says_where_and_how(places: dict[str, Path]) -> None:
    model = entry("sam2matting-sam2.1-base-plus")
    with pytest.raises(WeightsError) as caught:
        search.require(model, model.files["checkpoint"], search.folders())
    message = str(caught.value)
    assert "SAM2Matting-SAM2.1Base+.pt" in message
    for name in ("first", "second", "own"):
        assert str(places[name]) in message
    assert "'wisp models get sam2matting-sam2.1-base-plus'" in message
    assert "--to DIR" in message
    assert caught.value.exit_code == 4


@pytest.mark.parametrize(
    ("platform", "name", "below"),
    [
        ("linux", "XDG_CACHE_HOME", ".cache"),
        ("win32", "LOCALAPPDATA", "AppData/Local"),
        ("darwin", "", "Library/Caches"),
    ],
)
def test_custom_of_the_platform(
    platform: str, name: str, below: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.platform", platform)
    for variable in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(variable, str(tmp_path))
    if name:
        monkeypatch.setenv(name, str(tmp_path / "named"))
        assert search.user_folder() == tmp_path / "named" / "wisp" / "weights"
        monkeypatch.setenv(name, "relative")  # to be ignored, by the freedesktop.org specification
    assert search.user_folder() == tmp_path / below / "wisp" / "weights"
