"""`wisp view` and `wisp install` as commands."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.hand import FRAMES
from wisp.cli import main
from wisp.client.frames import as_sequence
from wisp.panel.qt import QtCore, QtWidgets


def test_without_a_display_it_says_what_to_use(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("QT_QPA_PLATFORM", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    assert main(["view", "x.wisp"]) == 5
    assert "wisp matte" in capsys.readouterr().err


def test_a_plate_that_is_not_there(app: QtWidgets.QApplication, tmp_path: Path) -> None:
    assert main(["view", str(tmp_path / "none.%04d.exr")]) == 3


def test_the_window_opens_and_closes(app: QtWidgets.QApplication, plates: Path) -> None:
    QtCore.QTimer.singleShot(500, app.closeAllWindows)
    assert main(["view", str(plates)]) == 0


def test_one_picture_of_many_means_all(plates: Path, tmp_path: Path) -> None:
    assert as_sequence(plates / f"sh010.{FRAMES[2]}.png") == plates / "sh010.%04d.png"
    alone = tmp_path / "still.0001.png"
    alone.write_bytes(b"")
    assert as_sequence(alone) == alone and as_sequence(plates) == plates


def test_install_tells_what_to_add(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["install", "nuke", "--to", str(tmp_path)]) == 0
    assert 'nuke.pluginAddPath("./wisp")' in capsys.readouterr().out
    assert (tmp_path / "wisp" / "menu.py").is_file()
