"""A window on a small real shot, without a screen."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
pytest.importorskip("PySide6", reason="the window needs PySide6 (the gui extra)")

from helpers import gated_engine
from helpers.hand import FRAMES, SIZE, Hand, disc
from wisp.client import engine_path, session
from wisp.client.client import Client
from wisp.panel.qt import QtCore, QtWidgets
from wisp.view.places import open_target
from wisp.view.window import Window, application


@pytest.fixture
def plates(tmp_path: Path) -> Path:
    """Eight frames of a bright disc that moves to the right over noise."""
    folder = tmp_path / "plates"
    folder.mkdir()
    noise = np.random.default_rng(7).integers(20, 60, (SIZE[1], SIZE[0], 3), dtype=np.uint8)
    for frame in FRAMES:
        picture = noise.copy()
        x, y = disc(frame)
        cv2.circle(picture, (round(x), round(y)), 28, (90, 180, 240), -1, cv2.LINE_AA)
        cv2.imwrite(str(folder / f"sh010.{frame}.png"), picture)
    return folder


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> QtWidgets.QApplication:
    """The application; drafts, logs and locks are this test's own."""
    for name in ("XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    monkeypatch.setenv("WISP_DEVICE", "cpu")
    # A busy machine may take longer to stop than a person waits before the engine is ended.
    monkeypatch.setattr(session, "PATIENCE", 120.0)
    return application()


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    """A file: while it exists, the work of the window's engine waits. See `helpers.gated_engine`."""
    return tmp_path / "gate"


@pytest.fixture
def window(app: QtWidgets.QApplication, plates: Path, gate: Path) -> Iterator[Window]:
    """A window on the plates, with an engine of its own."""
    command = engine_path.command(Path(sys.executable))
    command = [*command[: command.index("-m")], gated_engine.__file__, str(gate)]
    opened = Window(open_target(plates / "sh010.1001.png"), Client(command, "wisp-view"))
    opened.show()
    yield opened
    opened.editor.edits.mark_saved()
    opened.close()
    # One that stays would lie over the windows of the tests after it, and take their mouse.
    assert not [one for one in app.topLevelWidgets() if one.isVisible()], "all goes with the window"
    opened.deleteLater()  # every widget that stays makes all windows after it slower to lay out
    QtCore.QCoreApplication.sendPostedEvents(None, QtCore.QEvent.Type.DeferredDelete)


@pytest.fixture
def hand(window: Window) -> Hand:
    """A hand over the window, once the first picture is there."""
    hand = Hand(window)
    hand.wait(lambda: window.editor.loader.get(("plate", FRAMES[0])) is not None)
    return hand
