"""Models by their registry id: found, checked, allowed, built."""

from __future__ import annotations

import importlib
import logging
from dataclasses import dataclass
from typing import cast

from ..errors import UsageError
from ..heads.head import Head
from ..trackers.tracker import Tracker
from . import search
from .hashes import LocalFile, judge, remembered_sha256
from .licences import require_allowed, terms
from .options import RunOptions
from .registry import Kind, ModelEntry, entry, entry_as

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class LoadedModel:
    """A model with its files on this machine: what a builder needs, and what a matte is stamped with."""

    entry: ModelEntry
    files: tuple[LocalFile, ...]

    @property
    def weights_sha256(self) -> str:
        """Stamps of the files (see `LocalFile.stamp`), joined by `+`; `none` for a model without weights."""
        return "+".join(file.stamp for file in self.files) or "none"

    @property
    def licence(self) -> str:
        return self.entry.licence


def load_tracker(model_id: str, options: RunOptions) -> Tracker:
    """Build the tracker `model_id`. Never downloads.

    Raises UsageError (no such tracker, or a package is not installed), WeightsError (missing, wrong or not
    allowed) and what the builder raises.
    """
    return cast(Tracker, _build(model_id, "tracker", options))


def load_head(model_id: str, options: RunOptions) -> Head:
    """Build the head `model_id`; raises like `load_tracker`."""
    return cast(Head, _build(model_id, "head", options))


def locate(model_id: str, options: RunOptions) -> LoadedModel:
    """The model's files, checked against the registry and the licence policy, without building anything.

    Raises UsageError for an unknown id, WeightsError for a file that is missing, wrong or not allowed.
    """
    return _locate(entry(model_id), options)


def _locate(model: ModelEntry, options: RunOptions) -> LoadedModel:
    require_allowed(model, options)
    places = search.folders(options.weights)
    files = []
    for wanted in model.files:
        path = search.require(model, wanted, places)
        found = judge(wanted, path, remembered_sha256(path), allow_unverified=options.allow_unverified)
        if found.trust == "unverified":
            log.warning("%s is not the published %s; results are stamped %s.", path, wanted.name, found.stamp)
        elif found.trust == "unlisted":
            log.warning("The hash of %s is not known to this version; results are stamped %s.", path, found.stamp)
        files.append(found)
    return LoadedModel(model, tuple(files))


def _build(model_id: str, kind: Kind, options: RunOptions) -> object:
    model = entry_as(model_id, kind)
    loaded = _locate(model, options)
    if model.files:
        log.log(logging.INFO if model.commercial == "yes" else logging.WARNING, "%s", terms(model))
    module_name, function_name = model.builders[kind].split(":")
    try:
        build = getattr(importlib.import_module(module_name), function_name)
        return build(model, loaded.files, options)
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] == "wisp":
            raise
        raise UsageError(
            f"The {kind} {model_id!r} needs the Python package {error.name!r}, which is not installed.",
            hint=f"Install it: {model.install}" if model.install else "Reinstall Wisp.",
        ) from error
