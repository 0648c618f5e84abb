"""The way through: plate -> track -> alpha -> cache, computing only what is missing or dirty."""

from .events import Event, FrameDone, Listener, Notice, Progress, Stage, Started
from .run import Summary
from .solver import FrameStatus, ObjectStatus, ShotStatus, Solver

__all__ = [
    "Event",
    "FrameDone",
    "FrameStatus",
    "Listener",
    "Notice",
    "ObjectStatus",
    "Progress",
    "ShotStatus",
    "Solver",
    "Stage",
    "Started",
    "Summary",
]
