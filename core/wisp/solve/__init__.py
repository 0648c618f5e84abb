"""The way through: plate -> track -> alpha -> cache, computing only what is missing or dirty."""

from .events import Event, FrameDone, Listener, Notice, Progress, Started
from .run import Stage, Summary
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
