"""The loader of pictures: what is read again, and that nobody waits for it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest
from wisp.panel import frames
from wisp.panel.frames import Failed, FrameSource, Loader
from wisp.panel.qt import QtCore, QtGui, QtWidgets


class Pictures(FrameSource):
    """Pictures of one colour each, as the test has them; `reads` says which were read."""

    def __init__(self) -> None:
        self.colors: dict[int, str] = {1: "#102030"}
        self.reads: list[int] = []
        self.gate = threading.Event()
        self.gate.set()

    def plate(self, frame: int) -> QtGui.QImage:
        self.reads.append(frame)
        self.gate.wait(60)
        image = QtGui.QImage(4, 4, QtGui.QImage.Format.Format_RGB32)
        image.fill(QtGui.QColor(self.colors[frame]))
        return image

    def mark(self, frame: int) -> str | None:
        return self.colors.get(frame)


@pytest.fixture
def pictures(app: QtWidgets.QApplication, monkeypatch: pytest.MonkeyPatch) -> Pictures:
    monkeypatch.setattr(frames, "TRUSTED", 0.0)
    return Pictures()


@pytest.fixture
def loader(pictures: Pictures) -> Iterator[Loader]:
    loader = Loader(pictures)
    yield loader
    pictures.gate.set()
    loader.close()


def wait(until: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not until():
        QtWidgets.QApplication.processEvents()
        time.sleep(0.002)
        assert time.monotonic() < deadline


def color(loader: Loader, frame: int) -> str:
    found = loader.get(("plate", frame))
    return found.pixelColor(0, 0).name() if isinstance(found, QtGui.QImage) else ""


def test_only_what_has_changed_is_read_again(pictures: Pictures, loader: Loader) -> None:
    pictures.colors[2] = "#405060"
    for _ in range(2):
        loader.want([("plate", 1), ("plate", 2)])
        wait(lambda: color(loader, 2) == "#405060")
    pictures.colors[1] = "#aabbcc"
    loader.want([("plate", 1), ("plate", 2)])
    wait(lambda: color(loader, 1) == "#aabbcc")
    assert pictures.reads == [1, 2, 1]


def test_what_could_not_be_read_is_tried_again(pictures: Pictures, loader: Loader) -> None:
    loader.want([("plate", 7)])
    wait(lambda: isinstance(loader.get(("plate", 7)), Failed))
    pictures.colors[7] = "#112233"
    loader.want([("plate", 7)])
    wait(lambda: color(loader, 7) == "#112233")


def test_what_was_just_read_is_trusted(pictures: Pictures, loader: Loader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "TRUSTED", 3600.0)
    for _ in range(2):
        loader.want([("plate", 7), ("plate", 1)])
        wait(lambda: color(loader, 1) != "")
    assert pictures.reads == [7, 1]


def test_nobody_waits_for_a_read_that_is_wanted_no_more(pictures: Pictures, loader: Loader) -> None:
    told: list[object] = []
    loader.loaded.connect(told.append, QtCore.Qt.ConnectionType.QueuedConnection)
    pictures.gate.clear()
    loader.want([("plate", 1)])
    wait(lambda: pictures.reads == [1])
    loader.close()
    assert not pictures.gate.is_set(), "it is still being read"
    pictures.gate.set()
    loader._thread.join(60)
    QtWidgets.QApplication.processEvents()
    assert told == [] and not loader._thread.is_alive()
