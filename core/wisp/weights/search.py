"""Where weight files lie on this machine. Looking never downloads."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from ..errors import WeightsError
from .registry import ModelEntry, WeightFile

#: Where each platform keeps its caches, below the home folder.
CACHES = {"win32": "AppData/Local", "darwin": "Library/Caches", "linux": ".cache"}


def folders(given: Sequence[Path] = ()) -> tuple[Path, ...]:
    """Where weights are looked for, first match wins: `given` (`--weights`), `$WISP_WEIGHTS`, the user's cache."""
    listed = [Path(part) for part in os.environ.get("WISP_WEIGHTS", "").split(os.pathsep) if part]
    own = user_folder()
    return tuple(dict.fromkeys([*given, *listed, *([own] if own else [])]))


def user_folder() -> Path | None:
    """The user's own folder for fetched weights, by the custom of the platform; it need not exist.

    None where the user has no home at all (a service account in a container); then folders must be named.
    """
    named = Path(os.environ.get({"win32": "LOCALAPPDATA", "linux": "XDG_CACHE_HOME"}.get(sys.platform, ""), ""))
    if not named.is_absolute():
        try:
            named = Path.home() / CACHES.get(sys.platform, ".cache")
        except RuntimeError:
            return None
    return named / "wisp" / "weights"


def find(file: WeightFile, places: Sequence[Path]) -> Path | None:
    """The first `place/file` that exists. A folder that may not be looked into holds nothing."""
    return next((place / file.name for place in places if _is_file(place / file.name)), None)


def require(model: ModelEntry, file: WeightFile, places: Sequence[Path]) -> Path:
    """Like `find`; raises WeightsError that says where it looked and how to get the file."""
    path = find(file, places)
    if path is None:
        looked = ", ".join(str(place) for place in places) or "no folder (there is no home folder and none was named)"
        raise WeightsError(
            f"The weight file {file.name} of model {model.id!r} is not here; looked in {looked}.",
            hint=f"Fetch it with 'wisp models get {model.id}'. For a machine without internet run "
            f"'wisp models get {model.id} --to DIR' elsewhere, bring DIR here and give it with --weights DIR "
            "or WISP_WEIGHTS.",
        )
    return path


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a farm account may have somebody else's home, or a share that is away
        return False
