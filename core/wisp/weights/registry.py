"""Which models exist and which files they need: `registry.toml` as Python values."""

from __future__ import annotations

import functools
import importlib.resources
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from ..errors import UsageError

Kind = Literal["tracker", "head", "clip-matter", "detector"]
#: `ask`: the terms do not settle it; write to the authors.
Commercial = Literal["yes", "no", "ask"]


@dataclass(frozen=True)
class WeightFile:
    """One published file. `size` in bytes and `sha256` are None where this version of Wisp does not know them."""

    name: str
    size: int | None = None
    sha256: str | None = None
    #: Hub repository, the commit it is pinned to, and the file's path in it.
    repo: str | None = None
    revision: str | None = None
    path: str | None = None
    #: Direct address, for files that are on no hub.
    url: str | None = None
    #: A page from which a person can download the file where a program cannot.
    page: str | None = None


@dataclass(frozen=True)
class ModelEntry:
    """One model: what it can be used as, what builds it, what it needs and under which terms."""

    id: str
    title: str
    #: What the model can be used as -> "module:function", called with (entry, files, options).
    builders: Mapping[Kind, str]
    licence: str
    commercial: Commercial
    attribution: str
    #: The builder's name for a file, for example "checkpoint" -> the file.
    files: Mapping[str, WeightFile] = field(default_factory=lambda: MappingProxyType({}))
    #: For the builder only, for example {"variant": "base-plus"}.
    parameters: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    #: What a user may choose, as `ID:SETTING=VALUE`: setting -> its values, the default first. The choice is passed
    #: to the builder among the parameters, and is part of the id, so that results of different settings never mix.
    settings: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    #: Weights that come with Wisp, a path in the package: the version has their hash, known without loading the model.
    bundled: str = ""
    #: Of bundled weights: raise where the same ones give another result.
    revision: int = 1
    #: `Tracker.segments`, here too so that a plan can be made without loading the tracker.
    segments: bool = False
    #: Of a head whose mattes gain from the uncovered background: so they are made where nobody says otherwise.
    uncovers: bool = False
    #: Megabytes that it takes beside its weights, as measured: `float32` and `half`, for one object at the network's
    #: own size, the fastest way and, where there is one, the most sparing; `plate`, of a head, for each megapixel.
    memory: Mapping[str, Sequence[float]] = field(default_factory=lambda: MappingProxyType({}))
    #: The tracker that a head is paired with unless another is asked for.
    tracker: str | None = None
    #: The command that installs a package this model needs beyond Wisp's own requirements.
    install: str | None = None
    note: str = ""

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """What the model can be used as."""
        return tuple(self.builders)


def entry(model_id: str) -> ModelEntry:
    """The model called `model_id`. Raises UsageError listing the known ids."""
    for known in entries():
        if known.id == model_id:
            return known
    raise UsageError(f"There is no model {model_id!r}.", hint=f"Known: {_ids(entries())}.")


def entries(kind: Kind | None = None) -> tuple[ModelEntry, ...]:
    """All models, or those that can be used as `kind`, in the order of the registry."""
    return tuple(known for known in _registry() if kind is None or kind in known.builders)


def model_of(path: Path) -> str | None:
    """The id of the first model that a file of that name is of; None where it is of none."""
    return next((known.id for known in entries() if any(f.name == path.name for f in known.files.values())), None)


def entry_as(model_id: str, kind: Kind) -> ModelEntry:
    """The model called `model_id`, to be used as `kind`; its id may be followed by settings (`mam:guidance=alpha`).

    Raises UsageError listing the ids of that kind, or the settings of the model.
    """
    usable = entries(kind)
    name, *chosen = model_id.split(":")
    for known in usable:
        if known.id == name:
            return _with_settings(known, chosen)
    raise UsageError(f"There is no {kind} {model_id!r}.", hint=f"Known {kind}s: {_ids(usable)}.")


def _with_settings(model: ModelEntry, chosen: Sequence[str]) -> ModelEntry:
    """The model with these settings (`SETTING=VALUE` each), under the one id that stands for them."""
    values = {name: known[0] for name, known in model.settings.items()}
    for text in chosen:
        name, _, value = text.partition("=")
        if value not in model.settings.get(name, ()):
            known_settings = ", ".join(f"{name}={'|'.join(known)}" for name, known in model.settings.items())
            raise UsageError(
                f"The model {model.id!r} has no setting {text!r}.", hint=f"It has: {known_settings or 'none'}."
            )
        values[name] = value
    told = [f"{name}={value}" for name, value in values.items() if value != model.settings[name][0]]
    parameters = MappingProxyType({**model.parameters, **values})
    return replace(model, id=":".join([model.id, *told]), parameters=parameters)


def files() -> tuple[WeightFile, ...]:
    """Every weight file of every model, each once."""
    return tuple({file.name: file for known in entries() for file in known.files.values()}.values())


@functools.cache
def _registry() -> tuple[ModelEntry, ...]:
    return parse(importlib.resources.files(__package__).joinpath("registry.toml").read_text("utf-8"))


def parse(text: str) -> tuple[ModelEntry, ...]:
    """The models of a registry in the form of `registry.toml`, in its order."""
    table = tomllib.loads(text)
    published = {row["name"]: WeightFile(**row) for row in table["file"]}
    return tuple(_entry(row, published) for row in table["model"])


def _entry(row: dict[str, Any], published: Mapping[str, WeightFile]) -> ModelEntry:
    values = dict(row)
    values["builders"] = MappingProxyType(row["builders"])
    values["memory"] = MappingProxyType({name: tuple(known) for name, known in row.get("memory", {}).items()})
    values["parameters"] = MappingProxyType(row.get("parameters", {}))
    values["settings"] = MappingProxyType({name: tuple(known) for name, known in row.get("settings", {}).items()})
    values["files"] = MappingProxyType({role: published[name] for role, name in row.get("files", {}).items()})
    return ModelEntry(**values)


def _ids(known: tuple[ModelEntry, ...]) -> str:
    return ", ".join(model.id for model in known)
