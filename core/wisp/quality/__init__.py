"""Looks at solved mattes without truth: which frames a person should look at, and why."""

from .check import check
from .verdict import worst
from .walk import check_shot

__all__ = ["check", "check_shot", "worst"]
