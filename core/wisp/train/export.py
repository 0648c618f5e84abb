"""Trained weights as files that Wisp can load: safetensors, with where they come from written into them."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..atomic import replacing, spare_others
from ..errors import InputError
from .config import TrainConfig, config_of

if TYPE_CHECKING:
    from torch import Tensor

#: Of the entry in a file's header.
_KEY = "wisp"


@dataclass(frozen=True)
class Provenance:
    """Under which terms weights may be used and what they were made from."""

    licence: str
    attribution: str
    data: str
    settings: TrainConfig
    step: int

    def as_metadata(self) -> dict[str, str]:
        """For the header of a safetensors file, which holds text only and keeps no order: one entry, so that the
        same weights always give the same file."""
        return {_KEY: json.dumps(dataclasses.asdict(self))}


def blended(before: Mapping[str, Tensor], after: Mapping[str, Tensor], share: float) -> dict[str, Tensor]:
    """Weights between those before and after fine-tuning: such blends keep what was known and still gain (Wortsman et
    al., "Robust fine-tuning of zero-shot models", CVPR 2022). `share`: of `after`, 0..1."""
    return {name: before[name].lerp(value, share) for name, value in after.items()}


def export(
    path: Path, weights: Mapping[str, Tensor], provenance: Provenance, beside: Mapping[str, Tensor] | None = None
) -> str:
    """Write `weights`, and the tensors `beside` them that stay as they were, to `path`; its SHA-256.

    Raises OutputError where that fails, or where something is there that is no such file.
    """
    from safetensors.torch import save

    tensors = {name: value.contiguous() for name, value in {**(beside or {}), **weights}.items()}
    content = save(tensors, metadata=provenance.as_metadata())
    spare_others(path, lambda start: _KEY.encode() in start)
    with replacing(path) as temporary:
        temporary.write_bytes(content)
    return hashlib.sha256(content).hexdigest()


def read_provenance(path: Path) -> Provenance:
    """What `export` wrote about the weights at `path`. Raises InputError for a file that is not such a one."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            values = json.loads((file.metadata() or {})[_KEY])
    except (OSError, SafetensorError, KeyError) as error:
        raise InputError(f"{path} does not hold weights that Wisp exported.", path=path) from error
    return Provenance(**values | {"settings": config_of(values["settings"], str(path))})


def data_since(before: Path, data: str) -> str:
    """The names of all data of weights that were taught `data` after those at `before`, which may be anybody's."""
    try:
        earlier = read_provenance(before).data
    except InputError:
        return data
    return ", ".join(dict.fromkeys([*earlier.split(", "), *data.split(", ")]))


def registry_entry(path: Path, model_id: str, sha256: str, provenance: Provenance, variant: str | None = None) -> str:
    """The lines of `registry.toml` that make the exported weights a model of their own.

    `variant`: of the SAM 2.1 encoder, for SAM2Matting's heads; without it an embedded head.
    """
    if variant is None:
        builders, role, tracker = '{ head = "wisp.heads.embedded:build" }', "weights", "flow"
        parameters = "uncovers = true\n"
    else:
        builders = '{ tracker = "wisp.trackers.sam2:build", head = "wisp.heads.sam2matting:build" }'
        role, tracker, parameters = "checkpoint", model_id, f'parameters = {{ variant = "{variant}" }}\n'
    return (
        f'[[file]]\nname = "{path.name}"\nsize = {path.stat().st_size}\nsha256 = "{sha256}"\n\n'
        f'[[model]]\nid = "{model_id}"\ntitle = "{model_id}"\nbuilders = {builders}\ntracker = "{tracker}"\n'
        f'{parameters}files = {{ {role} = "{path.name}" }}\nlicence = "{provenance.licence}"\ncommercial = "ask"\n'
        f'attribution = "{provenance.attribution}"\nnote = "Trained on {provenance.data}."\n'
    )
