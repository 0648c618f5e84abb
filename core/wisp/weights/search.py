"""Where weight files lie on this machine. Looking never downloads."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from ..client.folders import cache_folder
from ..errors import WeightsError
from .registry import ModelEntry, WeightFile


def folders(given: Sequence[Path] = ()) -> tuple[Path, ...]:
    """Where weights are looked for, first match wins: `given` (`--weights`), `$WISP_WEIGHTS`, the user's cache."""
    listed = [Path(part) for part in os.environ.get("WISP_WEIGHTS", "").split(os.pathsep) if part]
    own = user_folder()
    return tuple(dict.fromkeys([*given, *listed, *([own] if own else [])]))


def user_folder() -> Path | None:
    """The user's own folder for fetched weights, by the custom of the platform; it need not exist.

    None where the user has no home at all (a service account in a container); then folders must be named.
    """
    found = cache_folder(os.environ) / "weights"
    return found if found.is_absolute() else None


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
