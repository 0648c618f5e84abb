"""Saves the file of `ramp`, for other versions to open."""

from . import ramp


def run() -> None:
    ramp.make()
