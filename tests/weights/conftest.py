"""An empty home, a small registry and a file server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from weights.file_server import FileServer
from weights.stand_ins import REGISTRY
from wisp.weights import registry
from wisp.weights.search import user_folder


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Nothing of the user's own machine is seen or touched; returns the weights folder of the empty home."""
    for name in ("WISP_WEIGHTS", "WISP_OFFLINE", "WISP_LICENCE"):
        monkeypatch.delenv(name, raising=False)
    cache = tmp_path / "home"
    monkeypatch.setenv("HOME", str(cache))
    monkeypatch.setenv("LOCALAPPDATA", str(cache))
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    folder = user_folder()
    assert folder is not None and cache in folder.parents
    return folder


@pytest.fixture
def small_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Replace the registry by a made-up one whose files are small."""
    models = registry.parse(REGISTRY)
    monkeypatch.setattr(registry, "_registry", lambda: models)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FileServer]:
    """A running file server; proxies of the environment are left aside."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    running = FileServer()
    yield running
    running.close()
