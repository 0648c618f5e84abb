"""Models stay loaded between shots, documents and jobs, until somebody drops them."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Protocol, TypeVar, cast

from ..detectors.detector import Detector
from ..device import MemoryPlan
from ..heads.head import Head
from ..shot import SolveSpec
from ..trackers.tracker import Tracker
from ..weights.options import RunOptions
from .build import ModelStamp, load_detector, load_head, load_tracker, model_stamp
from .needs import memory_plan

Model = TypeVar("Model")


class Models(Protocol):
    """What a solver needs of models: those that a shot's settings name."""

    def tracker(self, solve: SolveSpec) -> Tracker:
        """The tracker, loaded if need be. Raises UsageError and WeightsError."""
        ...

    def head(self, solve: SolveSpec) -> Head:
        """The head, loaded if need be. Raises UsageError and WeightsError."""
        ...

    def detector(self, model_id: str, solve: SolveSpec) -> Detector:
        """That detector, loaded if need be. Raises UsageError and WeightsError."""
        ...

    def stamps(self, solve: SolveSpec) -> tuple[ModelStamp, ModelStamp]:
        """What tracker and head are, checked but not loaded. Raises UsageError and WeightsError."""
        ...

    def memory_plan(self, solve: SolveSpec, size: tuple[int, int]) -> MemoryPlan | None:
        """What they need of the device for plates of that size (width, height), see `needs.memory_plan`."""
        ...


class ModelStore:
    """`Models` of the registry, by kind, id and options. Used by one thread only, but for `names`."""

    def __init__(self, options: RunOptions) -> None:
        """Precision and seed are always the shot's."""
        self._options = options
        self._loaded: dict[tuple[str, str, RunOptions], Any] = {}
        self._stamps: dict[tuple[str, str, RunOptions], ModelStamp] = {}

    def tracker(self, solve: SolveSpec) -> Tracker:
        """See `Models.tracker`."""
        return self._get(self._loaded, "tracker", solve.tracker, self._how(solve), load_tracker)

    def head(self, solve: SolveSpec) -> Head:
        """See `Models.head`."""
        return self._get(self._loaded, "head", solve.head, self._how(solve), load_head)

    def detector(self, model_id: str, solve: SolveSpec) -> Detector:
        """See `Models.detector`."""
        return self._get(self._loaded, "detector", model_id, self._how(solve), load_detector)

    def stamps(self, solve: SolveSpec) -> tuple[ModelStamp, ModelStamp]:
        """See `Models.stamps`."""
        how = self._how(solve)
        return (
            self._get(self._stamps, "tracker", solve.tracker, how, lambda name, o: model_stamp(name, "tracker", o)),
            self._get(self._stamps, "head", solve.head, how, lambda name, o: model_stamp(name, "head", o)),
        )

    def memory_plan(self, solve: SolveSpec, size: tuple[int, int]) -> MemoryPlan | None:
        """See `Models.memory_plan`."""
        return memory_plan(solve.tracker, solve.head, self._how(solve), size)

    def names(self) -> list[str]:
        """Ids of the models in memory, each once."""
        return sorted({model_id for _, model_id, _ in list(self._loaded)})

    def drop(self) -> None:
        """Forget all models and give their memory back to the device."""
        self._loaded.clear()
        self._stamps.clear()
        gc.collect()
        torch = sys.modules.get("torch")
        if torch is not None and torch.cuda.is_available():
            torch.cuda.empty_cache()

    def _how(self, solve: SolveSpec) -> RunOptions:
        return replace(self._options, precision=solve.precision, seed=solve.seed)

    def _get(
        self,
        kept: dict[tuple[str, str, RunOptions], Any],
        kind: str,
        model_id: str,
        options: RunOptions,
        make: Callable[[str, RunOptions], Model],
    ) -> Model:
        key = (kind, model_id, options)
        if key not in kept:
            kept[key] = make(model_id, options)
        return cast(Model, kept[key])
