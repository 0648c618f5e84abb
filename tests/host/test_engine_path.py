"""Finding the engine: the order of places, and a clear word where there is none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from wisp.host import engine_path
from wisp.host.engine_path import EngineNotFound, find_python


def interpreter(folder: Path) -> Path:
    """A virtual environment's interpreter; its content does not matter here."""
    python = folder / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.touch()
    return python


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """An environment with a home of its own and no engine."""
    monkeypatch.setenv("HOME", str(tmp_path))
    return {"HOME": str(tmp_path), "APPDATA": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path / "config")}


def test_order_of_places(tmp_path: Path, home: dict[str, str]) -> None:
    beside = interpreter(tmp_path / "checkout" / ".venv")
    near = tmp_path / "checkout" / "nuke_plugin" / "wisp_nuke"
    near.mkdir(parents=True)
    assert find_python(near=near, environment=home) == beside

    named = interpreter(tmp_path / "settings")
    settings = engine_path.settings_file(home)
    settings.parent.mkdir(parents=True)
    settings.write_text(json.dumps({"python": str(named)}))
    assert find_python(near=near, environment=home) == named

    home["WISP_ENGINE"] = str(interpreter(tmp_path / "variable").parent.parent)  # a folder will do
    assert find_python(near=near, environment=home) == tmp_path / "variable" / "bin" / "python"

    chosen = interpreter(tmp_path / "chosen")
    assert find_python(str(chosen), near, home) == chosen


def test_a_named_place_without_an_interpreter_is_not_skipped(tmp_path: Path, home: dict[str, str]) -> None:
    interpreter(tmp_path / ".venv")
    home["WISP_ENGINE"] = str(tmp_path / "gone")
    with pytest.raises(EngineNotFound, match=r"WISP_ENGINE names .*gone"):
        find_python(near=tmp_path, environment=home)


@pytest.mark.parametrize("content", ["{", "[]", '{"python": 3}'])
def test_a_damaged_settings_file_is_named(home: dict[str, str], content: str) -> None:
    settings = engine_path.settings_file(home)
    settings.parent.mkdir(parents=True)
    settings.write_text(content)
    with pytest.raises(EngineNotFound, match=r"engine\.json"):
        find_python(environment=home)


def test_nothing_anywhere_says_what_to_do(home: dict[str, str]) -> None:
    with pytest.raises(EngineNotFound, match=r"Install Wisp.*WISP_ENGINE.*engine\.json"):
        find_python(environment=home)
