"""The plug-in as `wisp install nuke` leaves it, in a session of the stand-in host."""

from __future__ import annotations

import importlib
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from fake_nuke import FIRST, SECOND, FakeNuke, Unknowns
from fake_nuke.nodes import Format, Node
from helpers import gated_engine
from wisp.install import install_nuke
from wisp.plates.exr_writer import write_exr
from wisp.plates.plate import Window

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

    def sets(self, group: Any, name: str, value: Any) -> None:
        """The user changes a knob in the node's panel; then the host is idle."""
        self.host.user_sets(group[name], value)
        self.idle()

    def drags(self, group: Any, name: str, values: Iterable[Any]) -> None:
        """The user drags a knob or a handle through these values, and lets go."""
        self.module("viewer_pick").mouse_held = lambda: True
        for value in values:
            self.host.user_sets(group[name], value)
            self.idle(held=True)
        self.idle()

    def rests(self) -> None:
        """The host is idle for a while."""
        for _ in range(3):
            self.idle()

    def undo(self) -> None:
        """The user takes the last step back; then the host is idle."""
        self.host.undo.undo()
        self.idle()

    def idle(self, held: bool = False) -> None:
        """One turn of the host's idle loop; `held`: with a mouse button down."""
        self.module("viewer_pick").mouse_held = lambda: held
        self.module("follow").idle()

    def until(self, condition: Callable[[], bool], timeout: float = 600.0) -> None:
        """Let the host be idle until something holds."""
        deadline = time.monotonic() + timeout
        while not condition():
            assert time.monotonic() < deadline, "still waiting"
            self.idle()
            time.sleep(0.01)

    def job(self, group: Any) -> Any:
        """The job that the node has started, once its plate is rendered."""
        mine = self.module("state").of(group)
        self.until(lambda: mine.export is None)
        return mine.session._job

    def objects(self, group: Any) -> list[dict[str, Any]]:
        """What the node stores."""
        found: list[dict[str, Any]] = self.module("edits").stored(group)["objects"]
        return found

    def prompts(self, group: Any, index: int = 0) -> list[dict[str, Any]]:
        """The prompts of one object."""
        return list(self.objects(group)[index]["prompts"])

    def solved(self, group: Any, mattes: dict[str, np.ndarray], folder: Path, frames: Iterable[int] = (1001,)) -> None:
        """Give the node these objects with these mattes on these frames, as if they had been computed."""
        graph, node = self.module("graph"), self.module("node")
        while len(self.objects(group)) < len(mattes):
            group["wisp_add_object"].execute()
        found = []
        for number, (name, alpha) in enumerate(mattes.items(), 1):
            self.sets(group, "wisp_object", number - 1)
            self.sets(group, "wisp_object_name", name)
            for frame in frames:
                self.matte(folder, name, frame, alpha)
            pattern = (folder / f"{name}.%04d.exr").as_posix()
            found.append(graph.Mattes(pattern, True, graph.channel_of(name, number), number))
        self.idle()
        node.rebuild(group, found)
        node.show_states(group, [dict.fromkeys(frames, 1)] * len(found), [True] * len(found))

    def matte(self, folder: Path, name: str, frame: int, alpha: np.ndarray) -> None:
        """A matte as the cache holds it."""
        folder.mkdir(exist_ok=True)
        half = alpha.astype(np.float16)
        window = Window(0, 0, alpha.shape[1], alpha.shape[0])
        write_exr(folder / f"{name}.{frame}.exr", dict.fromkeys("RGB", half), display=window, data=window)

    def wisp(self, plate: Node | None = None, cache: Path | None = None) -> Any:
        """A Wisp node on a plate, shown in the viewer."""
        source = plate or self.plate()
        group = self.module("node").create(source)
        group.showControlPanel()
        if cache is not None:
            group["wisp_cache_dir"].setValue(cache.as_posix())
        self.host.view(source)
        self.host.frame(FRAMES[0])
        return group


@pytest.fixture(params=[FIRST, SECOND], ids=["first", "second"])
def unknowns(request: pytest.FixtureRequest) -> Unknowns:
    """What nobody could tell of the host: everything must hold either way."""
    found: Unknowns = request.param
    return found


@pytest.fixture
def start(plugin: Path, unknowns: Unknowns, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Session]]:
    """Starts sessions: `start()` with the plug-in, `start(with_plugin=False)` without."""
    monkeypatch.setenv("WISP_DEVICE", "cpu")

    def begin(gui: bool = True, with_plugin: bool = True, unknowns: Unknowns = unknowns) -> Session:
        _unload()
        host = FakeNuke(gui, unknowns)
        monkeypatch.setitem(sys.modules, "nuke", host)
        panels = SimpleNamespace(registerWidgetAsPanel=lambda *args: host.said.append(f"panel {args[1]}"))
        monkeypatch.setitem(sys.modules, "nukescripts", SimpleNamespace(panels=panels))
        if with_plugin and str(plugin) not in sys.path:
            sys.path.insert(0, str(plugin))
        if not with_plugin and str(plugin) in sys.path:
            sys.path.remove(str(plugin))
        if with_plugin:
            # Nothing of the panels: a Qt timer has no loop to run in here.
            follow = importlib.import_module("wisp_nuke.follow")
            monkeypatch.setattr(follow.TURNS, "watch", lambda: None)
            _watch_the_viewer(host, follow.PICKS)
            follow.unguarded_say_once, follow.say_once = follow.say_once, _raise
            importlib.import_module("wisp_nuke.viewer_pick").mouse_held = lambda: False
        return Session(host)

    yield begin
    if "wisp_nuke.engine" in sys.modules:
        sys.modules["wisp_nuke.engine"].ENGINE.stop()
    _unload()
    if str(plugin) in sys.path:
        sys.path.remove(str(plugin))


def _raise(fault: Exception, group: Any = None) -> None:
    """Tests see what is unforeseen."""
    raise fault


def _watch_the_viewer(host: FakeNuke, pick: Any) -> None:
    """Releases reach the plug-in without Qt, while it watches."""
    pick.real_watch = pick.watch

    def watch(wanted: bool) -> None:
        if wanted != bool(host.on_release):
            pick.fresh()
            host.on_release[:] = [pick.released] if wanted else []

    pick.watch = watch


def _unload() -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == "wisp_nuke"]:
        del sys.modules[name]


@pytest.fixture
def session(start: Callable[..., Session]) -> Session:
    return start()


@pytest.fixture
def with_engine(start: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A session whose engine is a real one with small models."""
    for name in ("XDG_STATE_HOME", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    session = start(unknowns=FIRST)
    command = [sys.executable, gated_engine.__file__, str(tmp_path / "gate")]
    monkeypatch.setattr(session.module("engine").engine_path, "command", lambda _: command)
    return session
