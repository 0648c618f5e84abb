"""What lies above a node, as text that differs when its picture does."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, List, Tuple

from . import graph, host, knobs
from .vendor.client.frames import FrameName

#: Classes of nodes that make a frame of other frames of what is above them.
_TIME = (
    *("TimeOffset", "FrameHold", "Retime", "TimeWarp", "TimeClip", "FrameRange", "AppendClip"),
    *("OFlow", "OFlow2", "Kronos", "F_Kronos", "FrameBlend", "TimeBlur", "TimeEcho", "TemporalMedian"),
    *("MotionBlur", "MotionBlur2D", "F_MotionBlur", "VectorGenerator", "F_VectorGenerator", "SmartVector"),
    *("Denoise", "Denoise2", "F_ReduceNoise", "F_DeFlicker", "F_DeFlicker2", "ScanlineRender", "ScanlineRender2"),
)
#: The path to a knob in an expression or in Tcl, `Blur1.size`, `parent.Group1.Blur1.size.w` or `root.fps` for instance.
_PATH = re.compile(r"(?<![\w.])[A-Za-z_]\w*(?:\.\w+)+")


def nodes_above(node: Any) -> List[Any]:
    """All nodes that a picture is made of: `node` and what lies above it, each once, with what lies inside groups, and
    those whose knobs expressions of these refer to. Of what lies inside Wisp nodes only the mattes; of groups around a
    node that its expressions refer to nothing but themselves."""
    found: List[Any] = []
    around: List[Any] = []
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
        seen_from = [one]
        while seen_from:
            place = seen_from.pop()
            targets = [_followed(place, path)[0] for path in _paths(settings_of(place))]
            outer = _groups_around(place) if targets else []
            for target in targets:
                if target not in outer:
                    waiting.append(target)
                elif target != outer[-1] and target not in around:  # of the script single settings, see `settings_of`
                    around.append(target)
                    seen_from.append(target)
    return found + [one for one in around if one not in found]


def _paths(text: str) -> List[str]:
    return sorted(set(_PATH.findall(text)))


def _groups_around(node: Any) -> List[Any]:
    """From the group that a node is in to the script itself."""
    found = [host.parent_of(node)]
    while host.parent_of(found[-1]) != found[-1]:
        found.append(host.parent_of(found[-1]))
    return found


def _followed(node: Any, path: str) -> Tuple[Any, str]:
    """The node that a path leads to, as an expression of `node` has it, and the knob's name on it; None and nothing
    where there is no such node."""
    names = path.split(".")
    at = node if names[0] in ("this", "parent", "root") else host.parent_of(node)
    for index, name in enumerate(names):
        if name == "parent":
            following = host.parent_of(at)
        elif name == "root":
            following = _groups_around(at)[-1]
        else:
            following = at if name == "this" else at.node(name) if hasattr(at, "node") else None
        if following is None:
            return (at, name) if index else (None, "")
        at = following
    return at, ""


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
    """A node's class, inputs and settings as text, without what only concerns its looks; with those of the script that
    its expressions refer to."""
    lines = [node.Class()] + [str(one and one.name()) for one in (node.input(index) for index in range(node.inputs()))]
    wisp = is_wisp(node)
    for name, target in sorted(node.knobs().items()):
        counts = name in _OUTPUT if wisp else _LOOKS.fullmatch(name) is None
        if counts and hasattr(target, "toScript"):
            lines.append(f"{name} {host.as_script(target)}")
    for path in _paths("\n".join(lines)):
        at, name = _followed(node, path)
        # The frame that the artist looks at is not the one that is rendered.
        if at is not None and at == _groups_around(node)[-1] and name != "frame" and not _LOOKS.fullmatch(name):
            target = at.knob(name)
            lines += [f"{path} {host.as_script(target)}"] if hasattr(target, "toScript") else []
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
