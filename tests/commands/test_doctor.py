"""`wisp doctor`: one page that says what is installed, works and is missing, and can be pasted anywhere."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from wisp import __version__
from wisp.cli import main
from wisp.install import install_blender
from wisp.view import libraries


@pytest.fixture
def private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Every place that a person can set lies in a folder whose name is nobody else's business."""
    folder = tmp_path / "alice" / "unannounced-film" / "tools" / "wisp"
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("WISP_WEIGHTS", str(folder))
    monkeypatch.setenv("WISP_CACHE", str(folder))
    monkeypatch.setenv("OCIO", str(folder / "config.ocio"))
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


@pytest.fixture(autouse=True)
def loadable(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The window's libraries that cannot be loaded; none, whatever this machine has, until a test names some."""
    lacking: list[str] = []
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr(libraries, "_loads", lambda name: name not in lacking)
    return lacking


def page(capsys: pytest.CaptureFixture[str], *words: str, code: int = 2) -> str:
    """The configuration that `private` names is not there, hence 2."""
    assert main(["doctor", "--device", "cpu", *words]) == code
    return capsys.readouterr().out


def test_it_tells_versions_device_weights_places_and_faults(private: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = json.loads(page(capsys, "--json"))
    assert rows["wisp"] == __version__ and rows["device"] == "cpu"
    assert rows["numpy"][0].isdigit()
    assert "wisp models get sam2.1-tiny" in rows["weights sam2.1-tiny"]
    assert rows["cache"].endswith(": writable")
    assert "config.ocio" in rows["colour"], "the configuration that is not there is named"
    faults = [line for line in page(capsys).splitlines() if line.startswith("!")]
    assert any("colour" in line for line in faults)
    assert not any("cache" in line for line in faults)


def test_it_tells_nobody_who_works_where_unless_asked(private: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = page(capsys)
    assert "alice" not in told and "unannounced-film" not in told
    assert str(private) in page(capsys, "--paths")


def test_a_place_that_cannot_be_written_is_a_fault(private: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("--cache", "/proc/nowhere/cache")
    assert [line for line in page(capsys, *words).splitlines() if line.startswith("!") and "NOT writable" in line]


def test_the_report_has_no_path_and_is_shown_before_it_is_written(
    private: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    target = tmp_path / "report.txt"
    shown = page(capsys, "--report", str(target)).replace(str(target), "")
    written = target.read_text()
    assert shown.startswith(written) and __version__ in written
    assert "alice" not in written and "unannounced-film" not in written


def test_a_system_without_qts_libraries_gets_a_sentence_and_an_exit_code(
    loadable: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DISPLAY", ":0")
    for name in ("QT_QPA_PLATFORM", "WAYLAND_DISPLAY", "XDG_SESSION_TYPE"):
        monkeypatch.delenv(name, raising=False)
    assert "Nothing needs to be done" in page(capsys, code=0)
    loadable.append("libxcb-cursor.so.0")
    told = page(capsys, code=5)
    assert told.rstrip().endswith("sudo apt install libxcb-cursor0")
    assert main(["view", "x.wisp"]) == 5
    assert "libxcb-cursor0" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("environment", "lacks"),
    [
        ({"DISPLAY": ":0"}, ["libxcb-cursor.so.0"]),
        ({}, ["libxcb-cursor.so.0"]),
        ({"WAYLAND_DISPLAY": "wayland-0"}, []),
        ({"XDG_SESSION_TYPE": "wayland", "DISPLAY": ":0"}, []),
        ({"QT_QPA_PLATFORM": "offscreen", "DISPLAY": ":0"}, []),
        ({"QT_QPA_PLATFORM": "xcb", "WAYLAND_DISPLAY": "wayland-0"}, ["libxcb-cursor.so.0"]),
        ({"QT_QPA_PLATFORM": "wayland-egl;xcb:arguments"}, []),
    ],
)
def test_only_the_libraries_of_the_platform_that_qt_takes_are_asked_for(
    loadable: list[str], environment: dict[str, str], lacks: list[str]
) -> None:
    loadable.append("libxcb-cursor.so.0")
    assert libraries.missing(environment) == lacks
    loadable.append("libEGL.so.1")
    assert libraries.missing(environment) == ["libEGL.so.1", *lacks]


def test_front_ends_are_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BLENDER_USER_EXTENSIONS", str(tmp_path))
    folder = install_blender(tmp_path / "user_default")
    assert json.loads(page(capsys, "--json", code=0))["blender"].endswith("this one")
    (folder / "engine.json").write_text('{"python": "/gone/python"}')
    assert "Run `wisp install blender` again" in page(capsys, code=3)
