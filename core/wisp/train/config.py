"""The settings of one training run: a TOML or JSON file, kept beside the result."""

from __future__ import annotations

import dataclasses
import json
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ..errors import InputError, UsageError


@dataclass(frozen=True)
class TrainConfig:
    """Everything a run depends on besides its data. Lengths in pixels."""

    #: What is trained: the embedded head's network, or SAM2Matting's heads on a frozen encoder.
    recipe: Literal["embedded", "sam2matting"] = "embedded"
    seed: int = 0
    steps: int = 6000
    batch: int = 16
    #: Side of a crop (embedded) or of the whole picture that the encoder sees (sam2matting).
    crop: int = 96
    #: Pictures made or composed before they are used again, in other flips and colours.
    samples: int = 6000
    learning_rate: float = 2e-3
    warm_up: int = 200
    weight_decay: float = 0.01
    #: Share of the running average of the weights that a step keeps.
    ema: float = 0.998
    clip_norm: float = 1.0
    #: Precision of the convolutions; weights and losses are float32 always.
    precision: Literal["fp32", "bf16"] = "bf16"
    #: Weights of the parts of the loss, by the recipe's names for them; others keep the recipe's own.
    loss_weights: dict[str, float] = dataclasses.field(default_factory=dict)
    checkpoint_every: int = 250
    validate_every: int = 1000
    #: Held-out pictures at a validation.
    validation: int = 48

    def __post_init__(self) -> None:
        for name in ("steps", "batch", "crop", "samples", "checkpoint_every", "validate_every", "validation"):
            if getattr(self, name) < 1:
                raise UsageError(f"The setting '{name}' is {getattr(self, name)}, but must be 1 or more.")
        if self.crop % 32:
            raise UsageError(f"The setting 'crop' is {self.crop}, but must be a multiple of 32.")
        if not 0 <= self.ema < 1:
            raise UsageError(f"The setting 'ema' is {self.ema}, but must lie in 0..1, without 1.")

    def dump(self) -> str:
        """As JSON, every setting named."""
        return json.dumps(dataclasses.asdict(self), indent=2) + "\n"


def load_config(path: Path) -> TrainConfig:
    """Settings from `.toml` or `.json`; what it does not name keeps its default.

    Raises InputError for a file that cannot be read, UsageError naming an unknown or wrong setting.
    """
    try:
        text = path.read_text("utf-8")
        values: Any = tomllib.loads(text) if path.suffix == ".toml" else json.loads(text)
    except (OSError, ValueError) as error:
        raise InputError(f"Cannot read the settings in {path}: {error}.", path=path) from error
    return config_of(values, str(path))


def config_of(values: Any, origin: str) -> TrainConfig:
    """Settings from a mapping; `origin` names it in errors. Raises UsageError."""
    known = {field.name: field for field in dataclasses.fields(TrainConfig)}
    if not isinstance(values, dict):
        raise UsageError(f"{origin} does not hold a table of settings.")
    for name, value in values.items():
        if name not in known:
            raise UsageError(f"{origin} has an unknown setting {name!r}.", hint=f"Known: {', '.join(known)}.")
        default = getattr(TrainConfig(), name)
        fits = isinstance(value, (int, float) if isinstance(default, float) else type(default))
        if not fits or isinstance(value, bool):
            raise UsageError(f"The setting {name!r} in {origin} is {value!r}, not a {type(default).__name__}.")
    for name, allowed in (("recipe", ("embedded", "sam2matting")), ("precision", ("fp32", "bf16"))):
        if values.get(name, allowed[0]) not in allowed:
            raise UsageError(f"The setting {name!r} in {origin} is {values[name]!r}, not one of {', '.join(allowed)}.")
    return TrainConfig(**values)
