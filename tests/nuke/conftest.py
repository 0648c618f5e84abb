"""The plug-in as `wisp install nuke` leaves it, in a session of the stand-in host."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fake_nuke import FakeNuke
from fake_nuke.nodes import Format, Node
from wisp.install import install_nuke

SIZE = (64, 48)
FRAMES = (1001, 1004)


@pytest.fixture(scope="session")
def plugin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The installed folder."""
    return install_nuke(tmp_path_factory.mktemp("dot-nuke"))


class Session:
    """A host with the plug-in: `host` is the stand-in, `module(name)` one of the plug-in's modules."""

    def __init__(self, host: FakeNuke) -> None:
        self.host = host

    def module(self, name: str) -> Any:
        return importlib.import_module(f"wisp_nuke.{name}")

    def plate(self, pictures: Callable[[int], np.ndarray] | None = None, size: tuple[int, int] = SIZE) -> Node:
        """A node that gives a grey plate, or these pictures (RGBA, row 0 at the top)."""
        plate = self.host.make("Plates", self.host.root_group, name="Plate1")
        grey = np.full((size[1], size[0], 4), 0.25, np.float32)
        plate.own = {"format": Format(*size), "range": FRAMES, "pictures": pictures or (lambda frame: grey)}
        return plate

    def wisp(self, plate: Node | None = None, cache: Path | None = None) -> Any:
        """A Wisp node on a plate, shown in the viewer."""
        source = plate or self.plate()
        group = self.module("node").create(source)
        if cache is not None:
            group["wisp_cache_dir"].setValue(cache.as_posix())
        self.host.view(source)
        self.host.frame(FRAMES[0])
        return group


@pytest.fixture
def start(plugin: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Session]]:
    """Starts sessions: `start()` with the plug-in, `start(with_plugin=False)` without."""
    monkeypatch.setenv("WISP_DEVICE", "cpu")

    def begin(gui: bool = True, with_plugin: bool = True) -> Session:
        _unload()
        host = FakeNuke(gui)
        monkeypatch.setitem(sys.modules, "nuke", host)
        if with_plugin and str(plugin) not in sys.path:
            sys.path.insert(0, str(plugin))
        if not with_plugin and str(plugin) in sys.path:
            sys.path.remove(str(plugin))
        if with_plugin:
            # Nothing of the panels: a Qt timer has no loop to run in here.
            follow = importlib.import_module("wisp_nuke.follow")
            monkeypatch.setattr(follow, "watch", lambda: None)
        return Session(host)

    yield begin
    if "wisp_nuke.engine" in sys.modules:
        sys.modules["wisp_nuke.engine"].stop()
    _unload()
    if str(plugin) in sys.path:
        sys.path.remove(str(plugin))


def _unload() -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == "wisp_nuke"]:
        del sys.modules[name]


@pytest.fixture
def session(start: Callable[..., Session]) -> Session:
    return start()
