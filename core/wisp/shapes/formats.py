"""The formats that shapes are written in and read from, by the suffix of the file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..atomic import ordinary
from ..errors import InputError, UsageError
from . import after_effects, nuke, silhouette, svg
from .model import Shapes, check, parse


@dataclass(frozen=True)
class Format:
    """`write`: shapes and the plate's pixel aspect to text. `read`: text, its source, the plate's size (width, height),
    pixel aspect and first frame to shapes."""

    what: str
    write: Callable[[Shapes, float], str]
    read: Callable[[str, str | Path, tuple[int, int], float, int], Shapes]


FORMATS: dict[str, Format] = {
    "json": Format("the plain document", lambda made, _: made.dump(), lambda text, source, *_: parse(text, source)),
    "nk": Format("Nuke Roto nodes", nuke.write, lambda text, source, size, *_: nuke.read(text, source, size)),
    "fxs": Format(
        "Silhouette", silhouette.write, lambda text, source, _, aspect, *__: silhouette.read(text, source, aspect)
    ),
    "jsx": Format(
        "After Effects masks",
        lambda made, _: after_effects.write(made),
        lambda text, source, *_: after_effects.read(text, source),
    ),
    "svg": Format(
        "a drawing", lambda made, _: svg.write(made), lambda text, source, _, __, frame: svg.read(text, source, frame)
    ),
}


def format_of(path: Path) -> Format:
    """By its suffix. UsageError names those there are."""
    try:
        return FORMATS[path.suffix.lower().removeprefix(".")]
    except KeyError:
        known = ", ".join(f".{suffix} ({made.what})" for suffix, made in FORMATS.items())
        raise UsageError(f"'{path}' ends in no format of shapes.", hint=f"There are {known}.") from None


def read_shapes(path: Path, size: tuple[int, int], pixel_aspect: float = 1.0, first: int = 1) -> Shapes:
    """The shapes in a file, for a plate of that size. InputError where it cannot be read or is for another plate."""
    reader = format_of(path)
    try:
        text = ordinary(path).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is no text"
        raise InputError(f"Cannot read {path}: {why}.", hint="Check the path.", path=path) from None
    try:
        with np.errstate(all="ignore"):  # what comes of numbers out of bounds is seen by the check
            found = reader.read(text, path, size, pixel_aspect, first)
    except (ValueError, TypeError, LookupError, ArithmeticError, RecursionError) as error:
        raise InputError(
            f"{path} is damaged, or written in a way that is not read: {error}.",
            hint="Export it again, or in another format.",
            path=path,
        ) from None
    check(found, path)
    if (found.width, found.height) != size:
        raise InputError(
            f"The shapes in {path} are for a plate of {found.width}x{found.height}, and this one is "
            f"{size[0]}x{size[1]}.",
            hint="Export them at the plate's size.",
            path=path,
        )
    return found
