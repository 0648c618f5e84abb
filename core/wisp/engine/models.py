"""Models stay loaded between shots, documents and jobs, until the engine has been idle for a while."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, cast

from ..weights.options import RunOptions

if TYPE_CHECKING:
    from ..heads.head import Head
    from ..trackers.tracker import Tracker

Model = TypeVar("Model")


class ModelStore:
    """Loaded models by kind, registry id and options. Used by the worker thread only, but for `names`."""

    def __init__(self) -> None:
        self._loaded: dict[tuple[str, str, RunOptions], Any] = {}

    def tracker(self, model_id: str, options: RunOptions) -> Tracker:
        """The tracker of that id, loaded if need be; raises what loading raises."""
        from ..weights.models import load_tracker

        return self._get("tracker", model_id, options, load_tracker)

    def head(self, model_id: str, options: RunOptions) -> Head:
        """The head of that id, loaded if need be; raises what loading raises."""
        from ..weights.models import load_head

        return self._get("head", model_id, options, load_head)

    def names(self) -> list[str]:
        """Ids of the models in memory, each once."""
        return sorted({model_id for _, model_id, _ in list(self._loaded)})

    def drop(self) -> None:
        """Forget all models and give their memory back to the device."""
        self._loaded.clear()
        gc.collect()
        torch = sys.modules.get("torch")
        if torch is not None and torch.cuda.is_available():
            torch.cuda.empty_cache()

    def _get(self, kind: str, model_id: str, options: RunOptions, load: Callable[[str, RunOptions], Model]) -> Model:
        key = (kind, model_id, options)
        if key not in self._loaded:
            self._loaded[key] = load(model_id, options)
        return cast(Model, self._loaded[key])
