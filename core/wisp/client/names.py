"""Names and colours of objects: of whatever words, and apart from those that there are."""

from __future__ import annotations

import itertools
import re
from typing import Container, Iterable, List, Optional

from .tables import DEVICE_PATTERN, PALETTE


def usable_name(text: str) -> str:
    """`text` as an object's name: letters, digits, _ and -, beginning with a letter; empty where nothing is left. What
    a document takes for a name stays as it is."""
    name = re.sub(r"[^\w\-]+", "_", re.sub(r"^[\W\d_]+|[^\w\-]+$", "", text))[:64]
    return f"{name}_" if re.fullmatch(DEVICE_PATTERN, name, re.IGNORECASE) else name


def usable_names(texts: Iterable[str], otherwise: str) -> List[str]:
    """Each text as an object's name, no two alike; `otherwise`: what one is called of which nothing is left."""
    names: List[str] = []
    for text in texts:
        names.append(free_name(usable_name(text) or otherwise, names))
    return names


def name_key(name: str) -> str:
    """What no two objects of a shot have alike: to folders, names that differ in upper and lower case alone are one."""
    return name.casefold()


def given_name(text: str, own: str, others: Iterable[str]) -> str:
    """What an object that is called `own` is to be called for whom the text of its field is `text`, beside others of
    these names.

    ValueError, a sentence, where it cannot be called so."""
    if text == own:  # nobody has typed anything
        return own
    name = usable_name(text)
    if not name:
        raise ValueError(f"An object's name begins with a letter, unlike {text!r}: choose another.")
    if name_key(name) in map(name_key, others):
        raise ValueError(f"There is already an object named like {name!r}: choose another name.")
    return name


def free_name(name: str, taken: Iterable[str], number: int = 2) -> str:
    """`name`, with the first number from `number` on that makes it another where there is one like it in `taken`."""
    keys, free = set(map(name_key, taken)), name
    for count in itertools.count(number):
        if name_key(free) not in keys:
            break
        free = f"{name[:50]}_{count}"
    return free


def object_name(number: int, taken: Iterable[str]) -> str:
    """What the object of that number is called where nobody has said: `object<number>`, or the next that is none of
    `taken`."""
    keys = set(map(name_key, taken))
    return next(name for name in map("object{}".format, itertools.count(number)) if name not in keys)


def free_color(taken: Container[Optional[str]], number: int) -> str:
    """The first colour of the palette that is not `taken`; where all are, one for the object of that number."""
    return next((color for color in PALETTE if color not in taken), PALETTE[(number - 1) % len(PALETTE)])
