"""`wisp doctor`: one page that says what is installed, works and is missing, and can be pasted anywhere."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from wisp import __version__
from wisp.cli import main


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


def page(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(["doctor", "--device", "cpu", *words]) == 0
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
