"""The front-ends as folders that a host can load: their own code with what they share."""

from __future__ import annotations

import contextlib
import json
import re
import runpy
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from .errors import InputError, OutputError

_PACKAGE = Path(__file__).resolve().parent
#: Beside the package where it is installed, else at the root of the checkout.
_SOURCES = (_PACKAGE / "front_ends" / "nuke_plugin", _PACKAGE.parents[1] / "nuke_plugin")
_ICONS = (_PACKAGE / "panel" / "icons", _PACKAGE.parents[1] / "icons" / "png")
_EXTENSION = _PACKAGE.parents[1] / "blender_addon" / "package.py"
#: Blender's name for what was installed from disk, and for the folder of a version's settings.
_REPOSITORY, _VERSION = "user_default", re.compile(r"\d+\.\d+")
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
    with _replacing(folder / "wisp", "plug-in") as fresh:
        shutil.copytree(source, fresh, ignore=_SKIP)
        vendor = fresh / "wisp_nuke" / "vendor"
        for room in ("client", "panel"):
            shutil.copytree(_PACKAGE / room, vendor / room, ignore=_SKIP)
        (vendor / "__init__.py").write_text('"""Shared with the other front-ends; put here by `wisp install`."""\n')
        icons = next((place for place in _ICONS if place.is_dir()), None)
        if icons is not None:
            shutil.copytree(icons, vendor / "panel" / "icons", dirs_exist_ok=True)
    return folder / "wisp"


def install_blender(folder: Path) -> Path:
    """Lay out the extension as `folder`/wisp_roto, replacing what is there; returns that folder.

    `folder` is a repository of extensions, see `blender_repositories`. `engine.json` as for Nuke. Raises InputError
    where the extension's source is missing, OutputError where `folder` cannot be written.
    """
    if not _EXTENSION.is_file():
        raise InputError(
            "This installation of Wisp does not carry the Blender extension.",
            hint="Install its zip in Blender (Preferences > Get Extensions > Install from Disk), or use a checkout.",
            path=_EXTENSION,
        )
    with _replacing(folder / "wisp_roto", "extension") as fresh:
        runpy.run_path(str(_EXTENSION))["stage"](fresh)
    return folder / "wisp_roto"


def blender_repositories(environment: Mapping[str, str], system: str = sys.platform) -> list[Path]:
    """Where the Blenders of this user keep extensions that were installed from disk, the oldest version first.

    One for each version from 4.2 on that has been started; that of BLENDER_USER_EXTENSIONS or BLENDER_USER_RESOURCES
    alone where one is set. `system` as `sys.platform` tells it.
    """
    if extensions := environment.get("BLENDER_USER_EXTENSIONS"):
        return [Path(extensions) / _REPOSITORY]
    if resources := environment.get("BLENDER_USER_RESOURCES"):
        return [Path(resources) / "extensions" / _REPOSITORY]
    home = Path(environment.get("USERPROFILE" if system == "win32" else "HOME") or Path.home())
    if system == "win32":
        root = Path(environment.get("APPDATA") or home / "AppData" / "Roaming") / "Blender Foundation" / "Blender"
    elif system == "darwin":
        root = home / "Library" / "Application Support" / "Blender"
    else:
        root = Path(environment.get("XDG_CONFIG_HOME") or home / ".config") / "blender"
    found = {tuple(map(int, path.name.split("."))): path for path in root.glob("*") if _VERSION.fullmatch(path.name)}
    return [found[version] / "extensions" / _REPOSITORY for version in sorted(found) if version >= (4, 2)]


@contextlib.contextmanager
def _replacing(target: Path, what: str) -> Iterator[Path]:
    """A new folder that takes the place of `target` at the end, with the engine named in it."""
    fresh = target.parent / ".wisp-new"
    try:
        shutil.rmtree(fresh, ignore_errors=True)
        target.parent.mkdir(parents=True, exist_ok=True)
        yield fresh
        (fresh / "engine.json").write_text(json.dumps({"python": sys.executable}) + "\n", encoding="utf-8")
        if target.exists():
            shutil.rmtree(target)
        fresh.replace(target)
    except OSError as error:
        raise OutputError(f"The {what} cannot be put in {target}: {error}.", path=target) from None
