"""The Recipe protocol: what is trained, what it is fed with and blamed for. The trainer knows nothing else of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from torch import Tensor, nn

from ..contact_sheet import Row

#: Named tensors of one step, on the training device.
Batch = Mapping[str, Tensor]


@dataclass(frozen=True)
class Validation:
    """Errors on held-out pictures by name, lower is better, and a few of the pictures to look at.

    `references`: the same errors of simpler methods, by their name.
    """

    errors: Mapping[str, float]
    references: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    rows: tuple[Row, ...] = ()


class Recipe(Protocol):
    """One kind of training."""

    def network(self) -> nn.Module:
        """What is trained, freshly initialised by torch's random generator."""
        ...

    def batch(self, step: int) -> Batch:
        """The data of a step: depends on the step's number and the configuration alone, so that a run can go on."""
        ...

    def losses(self, network: nn.Module, batch: Batch) -> dict[str, Tensor]:
        """Scalars by name, already weighted; their sum is made small."""
        ...

    def validate(self, network: nn.Module) -> Validation:
        """Errors of the evaluated network on the pictures that are held out."""
        ...
