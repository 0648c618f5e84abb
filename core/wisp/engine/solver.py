"""The solver that the engine uses."""

from __future__ import annotations

from pathlib import Path

from ..heads.head import Head
from ..shot import Shot
from ..solve import Solver
from ..trackers.tracker import Tracker
from ..weights.options import RunOptions
from .models import ModelStore


class StoreSolver(Solver):
    """A solver that takes its models from a store, so that a changed document does not load them again."""

    def __init__(self, shot: Shot, base: Path, cache: Path, options: RunOptions, store: ModelStore) -> None:
        super().__init__(shot, base, cache, options)
        self._store = store

    @property
    def tracker(self) -> Tracker:
        """The tracker, loaded when first needed."""
        return self._store.tracker(self.shot.solve.tracker, self._options)

    @property
    def head(self) -> Head:
        """The head, loaded when first needed."""
        return self._store.head(self.shot.solve.head, self._options)
