"""How numbers are put into sentences."""

from __future__ import annotations


def counted(number: int, thing: str) -> str:
    """`1 frame`, `2 frames`."""
    return f"{number} {thing}{'' if number == 1 else 's'}"
