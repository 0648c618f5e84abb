"""The way through: plate -> track -> alpha -> cache, computing only what is missing or dirty."""

from .events import Event, FrameDone, Listener, Notice, Progress, Started
from .solver import FrameStatus, ObjectStatus, ShotStatus, Solver, Summary

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
    "Started",
    "Summary",
]
