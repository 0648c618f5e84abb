"""What lies above a node, as text that differs when its picture does."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, List


def nodes_above(node: Any) -> List[Any]:
    """All nodes that a picture is made of: `node` and what lies above it, each once, with what lies inside groups."""
    found: List[Any] = []
    waiting = [node]
    while waiting:
        one = waiting.pop()
        if one is None or one in found:
            continue
        found.append(one)
        waiting += [one.input(index) for index in range(one.inputs())]
        waiting += one.nodes() if hasattr(one, "nodes") else []
    return found


#: Knobs that change how a node looks in the graph and not its picture.
_LOOKS = re.compile(
    r"name|[xy]pos|selected|label|autolabel|help|icon|indicators|panel|bookmark|hide_input|dope_sheet|cached|updateUI"
    r"|on[A-Z]\w*|knobChanged|note_font\w*|tile_color|gl_color|postage_stamp\w*|lifetime\w*|useLifetime"
    r"|localizationPolicy|wisp_guide\w*|wisp_rendering"
)


def settings_of(node: Any) -> str:
    """A node's class, inputs and settings as text, without what only concerns its looks."""
    lines = [node.Class()] + [str(one and one.name()) for one in (node.input(index) for index in range(node.inputs()))]
    for name, target in sorted(node.knobs().items()):
        if _LOOKS.fullmatch(name) is None and hasattr(target, "toScript"):
            lines.append(f"{name} {target.toScript()}")
    return "\n".join(lines)


def file_state(node: Any, number: int) -> Any:
    """Size and time of the file that a Read reads on that frame, as far as its name tells; else None."""
    target = node.knob("file") if node.Class() == "Read" else None
    if target is None:
        return None
    name = re.sub(r"%(\d*)d|#+", lambda match: _padded(match, number), str(target.value()))
    try:
        state = Path(name).stat()
    except OSError:
        return None
    return state.st_size, state.st_mtime_ns


def _padded(match: Any, number: int) -> str:
    digits = match.group(1) if match.group(1) is not None else str(len(match.group(0)))
    return str(number).zfill(int(digits or 1))
