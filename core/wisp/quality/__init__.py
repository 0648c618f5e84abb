"""Looks at solved mattes without truth: which frames a person should look at, and why."""

from .verdict import SUSPICIOUS, FrameVerdict, worst
from .walk import check_shot

__all__ = ["SUSPICIOUS", "FrameVerdict", "check_shot", "worst"]
