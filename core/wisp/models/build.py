"""Models by their registry id: found, checked, allowed, built."""

from __future__ import annotations

import functools
import hashlib
import importlib
import importlib.resources
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from ..detectors.detector import Detector
from ..errors import UsageError, WeightsError
from ..heads.clip_matter import Windows
from ..heads.head import Head
from ..trackers.tracker import Tracker
from ..weights import search
from ..weights.hashes import LocalFile, file_state, is_open_to_all, judge, remembered_sha256
from ..weights.licences import require_allowed, terms
from ..weights.options import RunOptions
from ..weights.registry import Kind, ModelEntry, entry_as

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class LocatedModel:
    """A model whose files are all on this machine, checked and allowed."""

    entry: ModelEntry
    #: By the builder's name for them, as in `ModelEntry.files`.
    files: Mapping[str, LocalFile]

    @property
    def weights_sha256(self) -> str:
        """Stamps of the files (see `LocalFile.stamp`) joined by `+`; empty for a model without weights."""
        return "+".join(file.stamp for file in self.files.values())


@dataclass(frozen=True)
class ModelStamp:
    """What a result depends on and is stamped with, known without loading weights."""

    id: str
    #: `weights_sha256`, or the algorithm's own version for a model without weights.
    version: str
    #: SHA-256 with `unlisted:` or `unverified:` before it where it is not the registry's; empty without weights.
    weights_sha256: str
    licence: str
    #: `Tracker.segments`; False for a head.
    segments: bool
    #: In which frames are matted together, for a head that is a clip matter.
    windows: Windows | None = None


def load_tracker(model_id: str, options: RunOptions) -> Tracker:
    """Build the tracker `model_id`. Never downloads.

    Raises UsageError (no such tracker, or a package is not installed), WeightsError (missing, wrong or not
    allowed) and what the builder raises.
    """
    return cast(Tracker, _build(entry_as(model_id, "tracker"), "tracker", options))


def load_head(model_id: str, options: RunOptions) -> Head:
    """Build the head `model_id`; raises like `load_tracker`."""
    return cast(Head, _build(entry_as(model_id, "head"), "head", options))


def load_detector(model_id: str, options: RunOptions) -> Detector:
    """Build the detector `model_id`; raises like `load_tracker`."""
    return cast(Detector, _build(entry_as(model_id, "detector"), "detector", options))


def model_stamp(model_id: str, kind: Kind, options: RunOptions) -> ModelStamp:
    """The stamp of a model used as `kind`; one without any weights is asked for its version, which is quick.

    Raises like `load_tracker`.
    """
    model = entry_as(model_id, kind)
    if model.files:
        sha256 = locate(model, options).weights_sha256
        windows = Windows(int(model.parameters["window"])) if "window" in model.parameters else None
        return ModelStamp(model.id, sha256, sha256, model.licence, model.segments, windows)
    if model.bundled:
        return ModelStamp(model.id, bundled_version(model), "", model.licence, model.segments)
    built = cast(Tracker | Head, _build(model, kind, options))
    return ModelStamp(model.id, built.version, "", model.licence, model.segments)


def bundled_version(model: ModelEntry) -> str:
    """Names the weights of `model` that come with Wisp by their hash, and what is made of them by its revision."""
    weights = importlib.resources.files("wisp").joinpath(model.bundled)
    return f"{model.id}-{model.revision}-{hashlib.sha256(weights.read_bytes()).hexdigest()[:12]}"


def locate(model: ModelEntry, options: RunOptions) -> LocatedModel:
    """The model's files, checked against the registry and the licence policy, without building anything.

    Raises WeightsError for a file that is missing, wrong or not allowed.
    """
    require_allowed(model, options)
    places = search.folders(options.weights)
    files = {}
    for role, wanted in model.files.items():
        path = search.require(model, wanted, places)
        found = judge(wanted, path, remembered_sha256(path), allow_unverified=options.allow_unverified)
        if found.trust != "verified":
            _say_once(
                logging.WARNING, f"{path} is not known to be the published {wanted.name}; results say {found.stamp}."
            )
        if is_open_to_all(path.parent):
            _say_once(logging.WARNING, f"Every account of this machine may replace the weights in {path.parent}.")
        files[role] = found
    return LocatedModel(model, files)


def _build(model: ModelEntry, kind: Kind, options: RunOptions) -> object:
    states = {wanted: file_state(wanted) for wanted in _found(model, options)}
    files = {role: file.path for role, file in locate(model, options).files.items()}
    if files:
        _say_once(logging.INFO if model.commercial == "yes" else logging.WARNING, terms(model))
    module_name, function_name = model.builders[kind].split(":")
    try:
        built: object = getattr(importlib.import_module(module_name), function_name)(model, files, options)
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] == "wisp":
            raise
        raise UsageError(
            f"The {kind} {model.id!r} needs the Python package {error.name!r}, which is not installed.",
            hint=f"Install it: {model.install}" if model.install else "Reinstall Wisp.",
        ) from error
    for path, state in states.items():
        if file_state(path) != state:
            raise WeightsError(f"{path} was changed while it was loaded.", hint="Run the command again.", path=path)
    return built


def _found(model: ModelEntry, options: RunOptions) -> list[Path]:
    """The files of the model that are here, before anything is hashed or loaded."""
    places = search.folders(options.weights)
    return [path for file in model.files.values() if (path := search.find(file, places)) is not None]


@functools.cache
def _say_once(level: int, text: str) -> None:
    """Once per process: a shot asks for the same model several times."""
    log.log(level, "%s", text)
