"""Find the Python interpreter that runs the engine. Never searches PATH or a registry silently."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import List, Mapping, Optional

from .folders import config_folder

#: Options every engine starts with: -I ignores PYTHON* variables and the working folder (a host's PYTHONHOME
#: stops another interpreter from starting), -u and utf8 keep the pipe prompt and the same on every system.
OPTIONS = ("-I", "-u", "-X", "utf8")


class EngineNotFound(Exception):  # noqa: N818 (it says what is the matter better than NotFoundError)
    """There is no engine where it was looked for. The text names each place and what to do."""


def find_python(chosen: str = "", near: Optional[Path] = None, environment: Optional[Mapping[str, str]] = None) -> Path:
    """The engine's interpreter.

    Looked for in this order: `chosen` (the host's own setting), the variable WISP_ENGINE, `python` in the user's
    settings file (see `settings_file`), a `.venv` in `near` or a folder above it. A place may be an interpreter or
    the folder of a virtual environment. A place that is named but holds no interpreter is an error, not skipped.
    """
    environment = os.environ if environment is None else environment
    settings = settings_file(environment)
    for source, place in (
        ("the engine setting", chosen),
        ("the variable WISP_ENGINE", environment.get("WISP_ENGINE", "")),
        (f"'python' in {settings}", _from_settings(settings)),
    ):
        if place:
            python = _interpreter(Path(os.path.expanduser(place)))
            if python is None:
                raise EngineNotFound(f"{source} names {place}, where there is no Python interpreter.")
            return python
    for folder in _upwards(near):
        python = _interpreter(folder / ".venv")
        if python is not None:
            return python
    raise EngineNotFound(
        "No engine is set. Install Wisp in a virtual environment, then name its interpreter in the settings of this "
        f"plug-in, in the variable WISP_ENGINE, or as 'python' in {settings}."
    )


def command(python: Path) -> List[str]:
    """The command line that starts the engine with that interpreter."""
    return [str(python), *OPTIONS, "-m", "wisp", "serve", "--stdio"]


def settings_file(environment: Mapping[str, str]) -> Path:
    """Where a user names the engine once for all hosts: a JSON object with the key `python`."""
    return config_folder(environment) / "engine.json"


def _from_settings(path: Path) -> str:
    try:
        settings = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return ""
    except (OSError, ValueError) as error:
        raise EngineNotFound(f"The settings file {path} cannot be read: {error}.") from None
    python = settings.get("python", "") if isinstance(settings, dict) else None
    if not isinstance(python, str):
        raise EngineNotFound(f"The settings file {path} must hold an object with the text 'python'.")
    return python


def _interpreter(place: Path) -> Optional[Path]:
    """`place` if it is a file, else the interpreter of the virtual environment there."""
    for path in (place, place / "bin" / "python", place / "Scripts" / "python.exe"):
        if path.is_file():
            return path
    return None


def _upwards(near: Optional[Path]) -> List[Path]:
    if near is None:
        return []
    near = near.resolve()
    return [near, *near.parents]
