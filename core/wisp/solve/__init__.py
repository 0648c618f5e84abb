"""The way through: plate -> track -> alpha -> cache, computing only what is missing or dirty."""

from __future__ import annotations

from pathlib import Path

from ..cache import Cache
from ..models.store import ModelStore
from ..shot import Shot
from ..weights.options import RunOptions
from .progress import Listener, Stage
from .run import Summary
from .solver import Solver
from .source import Source
from .status import FrameStatus, ObjectStatus, ShotStatus

__all__ = [
    "FrameStatus",
    "Listener",
    "ObjectStatus",
    "ShotStatus",
    "Solver",
    "Source",
    "Stage",
    "Summary",
    "solver_of",
]


def solver_of(shot: Shot, base: Path, cache: Path, options: RunOptions) -> Solver:
    """A solver with a plate, models and a cache of its own. `base`: the folder that the shot's relative paths refer
    to; `cache`: the cache's folder."""
    return Solver(shot, Source(shot.plate, base), ModelStore(options), Cache(cache))
