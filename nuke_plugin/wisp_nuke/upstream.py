"""What lies above a node, as text that differs when its picture does."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, List

from . import graph, host, knobs
from .vendor.client.frames import FrameName

#: Nodes that show another frame than the one that is asked for.
_TIME = ("TimeOffset", "FrameHold", "Retime", "TimeWarp", "TimeClip", "FrameRange", "AppendClip", "OFlow2", "Kronos")
#: What may be the name of a node in an expression or in Tcl, before the name of its knob.
_REFERRED = re.compile(r"([A-Za-z_]\w*)\.[A-Za-z_]")


def nodes_above(node: Any) -> List[Any]:
    """All nodes that a picture is made of: `node` and what lies above it, each once, with what lies inside groups, and
    those whose knobs expressions of these refer to. Of what lies inside Wisp nodes only the mattes."""
    found: List[Any] = []
    waiting = [node]
    while waiting:
        one = waiting.pop()
        if one is None or one in found:
            continue
        found.append(one)
        waiting += [one.input(index) for index in range(one.inputs())]
        if one.Class() == "Input":
            waiting.append(host.parent_of(one).input(int(one["number"].value())))
        if is_wisp(one):
            waiting += [inner for inner in one.nodes() if graph.is_matte(inner.name())]
        elif hasattr(one, "nodes"):
            waiting += one.nodes()
        waiting += [host.node_beside(one, name) for name in sorted(set(_REFERRED.findall(settings_of(one))))]
    return found


def wisp_nodes_above(sources: List[Any]) -> List[Any]:
    """The Wisp nodes that pictures of these nodes are made of."""
    return [one for source in sources for one in nodes_above(source) if is_wisp(one)]


def shifts_time(nodes: List[Any]) -> bool:
    """Whether a frame of the picture may be made of files of other frames."""
    return any(one.Class() in _TIME or _text_of(one, "frame") for one in nodes)


#: Knobs that change how a node looks in the graph and not its picture.
_LOOKS = re.compile(
    r"name|[xy]pos|selected|label|autolabel|help|icon|indicators|panel|bookmark|hide_input|dope_sheet|cached|updateUI"
    r"|on[A-Z]\w*|knobChanged|note_font\w*|tile_color|gl_color|postage_stamp\w*|lifetime\w*|useLifetime"
    r"|localizationPolicy"
)
#: Knobs of a Wisp node that its picture depends on in a render, besides its mattes.
_OUTPUT = (*knobs.that_change(knobs.PICTURE), "disable")


def is_wisp(node: Any) -> bool:
    return node.knob("wisp_uid") is not None


def settings_of(node: Any) -> str:
    """A node's class, inputs and settings as text, without what only concerns its looks."""
    lines = [node.Class()] + [str(one and one.name()) for one in (node.input(index) for index in range(node.inputs()))]
    wisp = is_wisp(node)
    for name, target in sorted(node.knobs().items()):
        counts = name in _OUTPUT if wisp else _LOOKS.fullmatch(name) is None
        if counts and hasattr(target, "toScript"):
            lines.append(f"{name} {host.as_script(target)}")
    return "\n".join(lines)


def file_state(node: Any, number: int, shifted: bool) -> Any:
    """Size and time of the files that a Read may read on that frame; None for what is no Read.

    Each view has its own where the name says so (`%V`). Where the frame may be another one (`shifted`), or Tcl makes
    the name, every file of the folder counts.
    """
    target = node.knob("file") if node.Class() == "Read" else None
    if target is None:
        return None
    text = host.absolute(str(target.value()))
    if "[" in text:
        return _folder(host.absolute(host.evaluated(target)))
    if shifted:
        return _folder(text)
    views = host.views() if "%V" in text or "%v" in text else [""]
    names = [text.replace("%V", view).replace("%v", view[:1]) for view in views]
    return [stat_of(_on_frame(name, number)) or stat_of(name) for name in names]


def stat_of(name: str) -> Any:
    """Size and time of a file; None where there is none."""
    try:
        state = Path(name).stat()
    except OSError:
        return None
    return state.st_size, state.st_mtime_ns


def _folder(name: str) -> Any:
    """Names, sizes and times of all files beside a file."""
    try:
        return [(one.name, *(stat_of(str(one)) or ())) for one in sorted(Path(name).parent.iterdir())]
    except OSError:
        return None


def _text_of(node: Any, name: str) -> str:
    target = node.knob(name) if node.Class() == "Read" else None
    return str(target.value()) if target is not None else ""


def _on_frame(path: str, number: int) -> str:
    """The file of a frame: the number's place is in the file's name, else in that of a folder above."""
    folder, slash, name = path.rpartition("/")
    pattern = FrameName.parse(name)
    if pattern is not None:
        return folder + slash + pattern.name(number)
    whole = FrameName.parse(path)
    return path if whole is None else whole.name(number)
