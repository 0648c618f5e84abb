"""The front-ends as folders that a host can load: their own code with what they share in `vendor`."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

from .errors import InputError, OutputError

_PACKAGE = Path(__file__).resolve().parent
#: Beside the package where it is installed, else at the root of the checkout.
_SOURCES = (_PACKAGE / "front_ends" / "nuke_plugin", _PACKAGE.parents[1] / "nuke_plugin")
_ICONS = (_PACKAGE / "panel" / "icons", _PACKAGE.parents[1] / "icons" / "png")
_SKIP = shutil.ignore_patterns("__pycache__", "ruff.toml", "*.pyc")


def install_nuke(folder: Path) -> Path:
    """Copy the plug-in to `folder`/wisp, replacing what is there; returns that folder.

    `engine.json` in it names this interpreter as the engine's. Raises InputError where the plug-in's source is
    missing, OutputError where `folder` cannot be written.
    """
    source = next((place for place in _SOURCES if place.is_dir()), None)
    if source is None:
        raise InputError(
            "This installation of Wisp does not carry the Nuke plug-in.",
            hint="Install from a checkout.",
            path=_SOURCES[0],
        )
    target = folder / "wisp"
    fresh = folder / ".wisp-new"
    vendor = fresh / "wisp_nuke" / "vendor"
    try:
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.copytree(source, fresh, ignore=_SKIP)
        for room in ("host", "panel"):
            shutil.copytree(_PACKAGE / room, vendor / room, ignore=_SKIP)
        (vendor / "__init__.py").write_text('"""Shared with the other front-ends; put here by `wisp install`."""\n')
        icons = next((place for place in _ICONS if place.is_dir()), None)
        if icons is not None:
            shutil.copytree(icons, vendor / "panel" / "icons", dirs_exist_ok=True)
        (fresh / "engine.json").write_text(json.dumps({"python": sys.executable}) + "\n", encoding="utf-8")
        if target.exists():
            shutil.rmtree(target)
        fresh.replace(target)
    except OSError as error:
        raise OutputError(f"The plug-in cannot be put in {target}: {error}.", path=target) from None
    return target
