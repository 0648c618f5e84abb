"""Names and colours of objects: of whatever words, and apart from those that there are."""

from __future__ import annotations

import itertools
import re
from typing import Container, Optional

from .tables import DEVICE_PATTERN, PALETTE


def usable_name(text: str) -> str:
    """`text` as an object's name: letters, digits, _ and -, beginning with a letter; empty where nothing is left."""
    name = re.sub(r"^[\W\d_]+", "", re.sub(r"[^\w\-]+", "_", text.strip()))[:64].rstrip("_")
    return f"{name}_" if re.fullmatch(DEVICE_PATTERN, name, re.IGNORECASE) else name


def free_name(name: str, taken: Container[str], number: int = 2) -> str:
    """`name`, with the first number from `number` on that makes it another where it is `taken` (case-folded names)."""
    free = name
    for count in itertools.count(number):
        if free.casefold() not in taken:
            break
        free = f"{name[:50]}_{count}"
    return free


def object_name(number: int, taken: Container[str]) -> str:
    """What the object of that number is called where nobody has said: `object<number>`, or the next that is not
    `taken` (case-folded names)."""
    return next(name for name in map("object{}".format, itertools.count(number)) if name not in taken)


def free_color(taken: Container[Optional[str]], number: int) -> str:
    """The first colour of the palette that is not `taken`; where all are, one for the object of that number."""
    return next((color for color in PALETTE if color not in taken), PALETTE[(number - 1) % len(PALETTE)])
