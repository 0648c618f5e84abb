"""The two eyes of stereo plates: which layer or which files are the other view of a picture."""

from __future__ import annotations

import re
from pathlib import Path

from ..errors import UsageError
from .exr import layer_names
from .sequences import EXR_SUFFIXES, VIEW_FIELDS, find, is_there

#: What a view may be called in names of layers, files and folders, and how the other one is.
_OTHER = {"left": "right", "right": "left", "l": "r", "r": "l"}
_WORD = re.compile(r"(?<![^\W_])(left|right|l|r)(?![^\W_])", re.IGNORECASE)


def other_view(path: str, layer: str | None, view: str) -> tuple[str, str | None]:
    """Path and layer of the view called `view` of a plate, which is opened by a path and a layer: a view or part of the
    same EXR files, else the files that have `right` or `r` in their path where these have `left` or `l`, or the other
    way round.

    UsageError where there is no such view, or it is the plate itself; InputError where there is no plate.
    """
    first = next(iter(find(path).files.values()))
    layers = layer_names(first) if first.suffix.lower() in EXR_SUFFIXES else ()
    for name in (None if layer is None else swapped(layer, view), view):
        if name is not None and name != layer and name in layers:
            return path, name
    for field, eyes in VIEW_FIELDS.items():
        now, then = (path.replace(field, eye) for eye in (eyes[0], view))
        if then != now and is_there(then):
            return then, layer
    parts = Path(path).parts
    folders = range(len(parts) - 2, -1, -1)
    for places in ({len(parts) - 1}, set(range(len(parts))), *({place} for place in folders)):
        found = str(Path(*(swapped(part, view) if at in places else part for at, part in enumerate(parts))))
        if found != str(Path(path)) and is_there(found):
            return found, layer
    known = ", ".join(name for name in layers if "." not in name)
    named = "The files of views have left and right, or l and r, in their path."
    raise UsageError(f"{path} has no other view '{view}'.", hint=f"Its files hold {known}." if known else named)


def swapped(text: str, view: str) -> str:
    """The name with the other view's words where it has those of this one."""

    def other(match: re.Match[str]) -> str:
        word = match[0]
        meant = _OTHER[word.lower()]
        if meant[0] != view.lower()[:1]:
            return word
        return meant.upper() if word.isupper() else meant.title() if word[0].isupper() else meant

    return _WORD.sub(other, text) if view.lower() in _OTHER else text
