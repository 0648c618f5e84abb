"""The front-ends as folders that a host can load: their own code with what they share."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from .errors import OutputError

_PACKAGE = Path(__file__).resolve().parent
_CHECKOUT = _PACKAGE.parents[1]
#: Where an installed Wisp has what lies in other folders of the checkout.
_CARRIED = _PACKAGE / "front_ends"
_INSTALLED = _CARRIED.is_dir()
_NUKE = (_CARRIED if _INSTALLED else _CHECKOUT) / "nuke_plugin"
_BLENDER = (_CARRIED if _INSTALLED else _CHECKOUT) / "blender_addon"
_LICENCE = (_CARRIED if _INSTALLED else _CHECKOUT) / "LICENSE"
_ICONS = _PACKAGE / "panel" / "icons" if _INSTALLED else _CHECKOUT / "icons" / "png"
#: Blender's name for what was installed from disk, and for the folder of a version's settings.
_REPOSITORY, _VERSION = "user_default", re.compile(r"\d+\.\d+")
#: In a front-end that was put in place: which interpreter runs its engine.
_ENGINE = "engine.json"
_SKIP = shutil.ignore_patterns("__pycache__", "ruff.toml", "package.py", ".*")


def install_nuke(folder: Path) -> Path:
    """Copy the plug-in to `folder`/wisp, replacing what is there; returns that folder.

    `engine.json` in it names this interpreter as the engine's. Raises OutputError where `folder` cannot be written.
    """
    with _replacing(folder / "wisp", "plug-in") as fresh:
        stage_nuke(fresh)
    return folder / "wisp"


def install_blender(folder: Path) -> Path:
    """Lay out the extension as `folder`/wisp_roto, replacing what is there; returns that folder.

    `folder` is a repository of extensions, see `blender_repositories`. `engine.json` and errors as for Nuke.
    """
    with _replacing(folder / "wisp_roto", "extension") as fresh:
        stage_blender(fresh)
    return folder / "wisp_roto"


def remove(folder: Path) -> bool:
    """Take away what `install_nuke` or `install_blender` made; False where there was nothing.

    Raises OutputError where it cannot be removed, or where the folder is not one of theirs.
    """
    if not folder.exists():
        return False
    if not (folder / _ENGINE).is_file():
        raise OutputError(f"{folder} was not put there by `wisp install`: it is left alone.", path=folder)
    try:
        shutil.rmtree(folder)
    except OSError as error:
        raise OutputError(f"{folder} cannot be removed: {error}.", path=folder) from None
    return True


class FrontEnd(NamedTuple):
    """A front-end in place: the host's name, its folder, and the interpreter of the engine it was given."""

    host: str
    folder: Path
    python: Path


def in_place(environment: Mapping[str, str]) -> list[FrontEnd]:
    """What `wisp install` has put where hosts of this user look by themselves."""
    places = [("nuke", Path.home() / ".nuke" / "wisp")]
    places += [("blender", folder / "wisp_roto") for folder in blender_repositories(environment)]
    found = []
    for host, folder in places:
        with contextlib.suppress(OSError, ValueError, KeyError):
            named = json.loads((folder / _ENGINE).read_text(encoding="utf-8"))["python"]
            found.append(FrontEnd(host, folder, Path(named)))
    return found


def stage_nuke(folder: Path) -> None:
    """Make `folder` the plug-in: its own code, the client's side of the engine, the panel and its icons."""
    shutil.copytree(_NUKE, folder, ignore=_SKIP)
    vendor = folder / "wisp_nuke" / "vendor"
    for room in ("client", "panel"):
        shutil.copytree(_PACKAGE / room, vendor / room, ignore=_SKIP)
    (vendor / "__init__.py").write_text('"""Shared with the other front-ends; put here by `wisp install`."""\n')
    shutil.copytree(_ICONS, vendor / "panel" / "icons", dirs_exist_ok=True)


def stage_blender(folder: Path) -> None:
    """Make `folder` the extension: the add-on, the client's side of the engine, the icons."""
    shutil.copytree(_BLENDER, folder, ignore=_SKIP)
    shutil.copytree(_PACKAGE / "client", folder / "client", ignore=_SKIP)
    shutil.copy(_LICENCE, folder / "client" / "LICENSE")  # that part stays under Wisp's own licence
    (folder / "icons").mkdir()
    for picture in sorted(_ICONS.glob("*-48.png")):
        shutil.copy(picture, folder / "icons")


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
        named = Path(environment.get("XDG_CONFIG_HOME", ""))
        root = (named if named.is_absolute() else home / ".config") / "blender"
    found = {tuple(map(int, path.name.split("."))): path for path in root.glob("*") if _VERSION.fullmatch(path.name)}
    return [found[version] / "extensions" / _REPOSITORY for version in sorted(found) if version >= (4, 2)]


@contextlib.contextmanager
def _replacing(target: Path, what: str) -> Iterator[Path]:
    """A new folder that takes the place of `target` at the end, with the engine named in it."""
    fresh = target.parent / ".wisp-new"
    if target.exists() and not (target / _ENGINE).is_file() and not (target.is_dir() and not any(target.iterdir())):
        raise OutputError(
            f"{target} was not put there by `wisp install`: it is left alone.",
            hint="Move it away, or install elsewhere.",
            path=target,
        )
    try:
        shutil.rmtree(fresh, ignore_errors=True)
        target.parent.mkdir(parents=True, exist_ok=True)
        yield fresh
        (fresh / _ENGINE).write_text(json.dumps({"python": sys.executable}) + "\n", encoding="utf-8")
        if target.exists():
            shutil.rmtree(target)
        fresh.replace(target)
    except OSError as error:
        raise OutputError(f"The {what} cannot be put in {target}: {error}.", path=target) from None
