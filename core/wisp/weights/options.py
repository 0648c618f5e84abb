"""How a model is to be run: the choices of one invocation, handed to every model that is built."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import UsageError


def _commercial_policy() -> bool:
    """The studio's setting. A misspelt value is refused: silently ignoring it would break a licence."""
    value = os.environ.get("WISP_LICENCE", "").strip().lower()
    if value not in ("", "commercial"):
        raise UsageError(
            f"WISP_LICENCE is {value!r}, but the only known policy is 'commercial'.",
            hint="Set it to 'commercial' or remove it.",
        )
    return value == "commercial"


@dataclass(frozen=True)
class RunOptions:
    """Device, precision, seed, and which weights may be used."""

    #: `auto`, `cpu`, `cuda`, `cuda:N` or `mps`; see `wisp.device.resolve_device`.
    device: str = "auto"
    precision: str = "auto"
    seed: int = 0
    #: Folders given with `--weights`, searched before `$WISP_WEIGHTS` and the user's cache.
    weights: tuple[Path, ...] = ()
    #: Accept files whose SHA-256 is not the registry's (own training, tests). Every matte is stamped with it.
    allow_unverified: bool = False
    #: Refuse weights that are not cleared for commercial work. Taken from `WISP_LICENCE` unless given.
    commercial: bool = field(default_factory=_commercial_policy)
