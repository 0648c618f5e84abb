"""The only module that imports `nuke`. What is here wraps facts about the host that may differ between versions."""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Optional, Tuple

import nuke

from .vendor.client.coordinates import NukeFormat

#: Flags of knobs. Scripts keep `INVISIBLE`, `DO_NOT_WRITE` and `STARTLINE`; the others are to be set on every load.
INVISIBLE, DO_NOT_WRITE, STARTLINE = nuke.INVISIBLE, nuke.DO_NOT_WRITE, nuke.STARTLINE
NO_UNDO, SAVE_MENU = nuke.NO_UNDO, nuke.SAVE_MENU


class Sample(NamedTuple):
    """What the artist picked in a viewer: the four numbers of its sampler, and the format they refer to."""

    box: Any
    form: NukeFormat


class Cancelled(Exception):  # noqa: N818 (what happened, not a fault)
    """The artist has stopped a render of ours."""

    def __str__(self) -> str:
        return "Stopped while the plate was rendered"


def format_of(node: Any) -> NukeFormat:
    """A node's full-resolution format, whatever the proxy state."""
    form = node.format()
    return NukeFormat(form.width(), form.height(), form.x(), form.y(), form.pixelAspect())


def frame() -> int:
    """The frame that the artist looks at."""
    return int(nuke.frame())


def go(number: int) -> None:
    nuke.frame(number)


def message(text: str) -> None:
    """A sentence for the artist; in the terminal where there is no interface."""
    if nuke.GUI:
        nuke.message(text)
    else:
        nuke.tprint(text)


def viewer_sample() -> Optional[Sample]:
    """What is picked in the active viewer now; None without a viewer, a shown node or a pick."""
    viewer = nuke.activeViewer()
    if viewer is None or viewer.activeInput() is None:
        return None
    shown = viewer.node().input(viewer.activeInput())
    knob = viewer.node().knob("colour_sample_bbox")
    if shown is None or knob is None:
        return None
    box = numbers(knob, 4)
    return Sample(box, format_of(shown)) if any(box) else None


@contextlib.contextmanager
def undo_step(name: str) -> Iterator[None]:
    """Everything inside is one step of Nuke's undo."""
    step = nuke.Undo()
    step.begin(name)
    try:
        yield
    finally:
        step.end()


@contextlib.contextmanager
def without_undo() -> Iterator[None]:
    """What the artist must not find in the undo list."""
    nuke.Undo.disable()
    try:
        yield
    finally:
        nuke.Undo.enable()


@contextlib.contextmanager
def housekeeping() -> Iterator[None]:
    """What is no edit of the artist's: not in the undo list, and no reason to save the script."""
    modified = nuke.root().modified()
    try:
        with without_undo():
            yield
    finally:
        if not modified:
            nuke.root().setModified(False)


def text_of(knob: Any) -> str:
    """A text knob's text as it is stored: `value()` would evaluate it as Tcl."""
    return str(knob.getText() if hasattr(knob, "getText") else knob.toScript())


def script_path() -> str:
    """Where the script is saved; empty for one that is not."""
    return str(nuke.root().name() if nuke.root().name() != "Root" else "")


def create(kind: str, **knobs: Any) -> Any:
    """A node that touches neither the selection nor the panels."""
    return getattr(nuke.nodes, kind)(**knobs)


def try_to_create(kind: str, neighbour: Any) -> Any:
    """As `create_beside`; None where this host has no such class."""
    try:
        return create_beside(neighbour, kind)
    except (AttributeError, RuntimeError):
        return None


def create_beside(neighbour: Any, kind: str, **knobs: Any) -> Any:
    """A node in the group that another one is in: only there can the two be connected."""
    with parent_of(neighbour):
        return create(kind, **knobs)


def parent_of(node: Any) -> Any:
    """The group that a node is in; the script itself on its top level."""
    above, _, _ = node.fullName().rpartition(".")
    with nuke.root():
        return nuke.toNode(above) if above else nuke.root()


def knob(kind: str, *args: Any) -> Any:
    """A new knob of that class, as `String_Knob`."""
    return getattr(nuke, kind)(*args)


def choice(target: Any) -> int:
    """The index of what is chosen in a menu."""
    return int(target.getValue())


def offer(target: Any, choices: List[str], index: int) -> None:
    """Make these the choices of a menu, and choose one; what the host does with the former choice is not known.

    `choices`: none of them a number, because the host looks for an index among the words first.
    """
    if list(target.values()) != choices:
        target.setValues(choices)
    if choice(target) != index:
        target.setValue(index)


def numbers(target: Any, count: int) -> List[float]:
    """The components of a knob with several; some knobs shorten equal ones to a single number."""
    return [float(target.value(index)) for index in range(count)]


def as_script(target: Any) -> str:
    """What a script holds of a knob, with all its keys; the host's default may be the value of now."""
    return str(target.toScript(False, None))


def evaluated(target: Any) -> str:
    """A file knob's path on the present frame, with Tcl and frame number put in."""
    return str(target.getEvaluatedValue())


def absolute(path: str) -> str:
    """Where a relative path leads from the project's directory; as it is where the project has none."""
    return os.path.join(evaluated(root_knob("project_directory")), path).replace(os.sep, "/") if path else ""


def drive(node: Any, name: str, expression: str) -> None:
    """Let an expression drive a knob, or with `knob.index` one of its components."""
    target, _, index = name.partition(".")
    if index:
        node[target].setExpression(expression, int(index))
    else:
        node[target].setExpression(expression)


def declare_layer(channel: str) -> None:
    """Make a layer with one channel, as `matte_hero.alpha`, known to the script, so that a node may write to it.

    Every layer is made whole: whether the host adds channels to one that is there is not known.
    """
    if channel not in nuke.channels():
        nuke.Layer(channel.partition(".")[0], [channel])


def root_knob(name: str) -> Any:
    return nuke.root()[name]


def root_text(name: str) -> str:
    """The words of one of the script's settings; empty where this version has none of that name."""
    knob = nuke.root().knob(name)
    return str(knob.value()) if knob is not None else ""


#: The Writes of ours that are being rendered.
_own_writes: List[Any] = []


def execute(node: Any, first: int, last: int, view: str) -> None:
    """Render a Write of ours in one view. Raises Cancelled when the artist stopped it, RuntimeError when it failed."""
    _own_writes.append(node)
    try:
        nuke.execute(node, first, last, 1, [view])
    except RuntimeError as error:
        if str(error).lower().startswith("cancelled"):
            raise Cancelled() from None
        raise
    finally:
        _own_writes.pop()


def executes_own() -> bool:
    """Whether the render that goes on is ours, not the artist's."""
    return bool(_own_writes)


def views() -> List[str]:
    """The script's views; one for a picture without stereo."""
    return list(nuke.views())


def picture_hash(node: Any) -> List[int]:
    """The host's own hash of a node's picture on the present frame; empty where it has none to give."""
    try:
        return list(node.opHashes())
    except Exception:  # absent, or not valid for a node that was never looked at
        return []


def executing() -> bool:
    """Whether a render goes on."""
    return bool(nuke.executing()) if hasattr(nuke, "executing") else False


def all_nodes() -> Any:
    """The nodes on the script's top level."""
    return nuke.allNodes()


def selected(neighbour: Any = None) -> Any:
    """The nodes that are selected in the group that another one is in, or in the current group: every group has a
    selection of its own, and in which one the host runs a button is not known."""
    if neighbour is None:
        return nuke.selectedNodes()
    with parent_of(neighbour):
        return nuke.selectedNodes()


def selected_wisp_nodes() -> Any:
    """The Wisp nodes that are selected in the current group; where none is, in any."""
    nodes = wisp_nodes()
    return [node for node in nuke.selectedNodes() if node in nodes] or [
        node for node in nodes if node in selected(node)
    ]


def select(nodes: Any) -> None:
    """Select exactly these in the current group."""
    for node in nuke.selectedNodes():
        node.setSelected(False)
    for node in nodes:
        node.setSelected(True)


def copy(node: Any, path: Path) -> Path:
    """Write a node to a file, as for pasting; returns it. The selection stays."""
    with parent_of(node):
        before = nuke.selectedNodes()
        select([node])
        try:
            nuke.nodeCopy(path.as_posix())
        finally:
            select(before)
    return path


def paste(path: Path, neighbour: Any) -> Any:
    """Paste the nodes of a file into the group that another node is in; returns the last of them."""
    with parent_of(neighbour):
        nuke.nodePaste(path.as_posix())
        return nuke.selectedNodes()[-1]


def delete(node: Any) -> None:
    nuke.delete(node)


def executable_folder() -> str:
    """Nuke's own folder, which must not be on the engine's PATH."""
    return os.path.dirname(getattr(nuke, "EXE_PATH", ""))


def constant_keys(target: Any, values: Dict[int, int]) -> None:
    """Give an integer knob keys with constant interpolation: {frame: value}, written only where the value changes."""
    words: List[str] = []
    before: Optional[int] = None
    for number in sorted(values):
        if values[number] != before:
            words.append(f"x{number} {values[number]}")
            before = values[number]
    text = "{curve K " + " ".join(words) + "}" if words else "0"
    if as_script(target) != text:
        target.fromScript(text)


def _rotopaint() -> Any:
    """The part of the host about strokes and shapes, which some versions load on demand."""
    with contextlib.suppress(ImportError):
        importlib.import_module("nuke.rotopaint")
    module: Any = nuke
    return module.rotopaint


def add_roto_layer(painter: Any, name: str) -> None:
    """A layer of a RotoPaint node's curves."""
    curves = painter["curves"]
    layer = _rotopaint().Layer(curves)
    layer.name = name
    curves.rootLayer.append(layer)
    curves.changed()


def add_stroke(painter: Any, points: List[Tuple[float, float]]) -> None:
    """A stroke in a RotoPaint node's curves."""
    curves = painter["curves"]
    stroke = _rotopaint().Stroke(curves)
    for x, y in points:
        stroke.append(_rotopaint().AnimControlPoint(x, y))
    curves.rootLayer.append(stroke)
    curves.changed()


def zoom_and_center() -> Tuple[float, List[float]]:
    """What the host calls its zoom and centre: of the graph or of the viewer, as what has the focus may decide."""
    module: Any = nuke
    return float(module.zoom()), [float(number) for number in module.center()]


def progress_bar(title: str) -> Any:
    """A bar with a cancel button; None where the host gives none. It closes when nobody refers to it any more."""
    return nuke.ProgressTask(title) if nuke.GUI else None


def show_progress(bar: Any, done: int, total: int, words: str) -> None:
    if bar is not None:
        bar.setMessage(words)
        bar.setProgress(int(100 * done / total) if total else 0)


def was_cancelled(bar: Any) -> bool:
    return bar is not None and bool(bar.isCancelled())


def this_node() -> Any:
    """The node whose knob or callback runs."""
    return nuke.thisNode()


def this_knob() -> Any:
    return nuke.thisKnob()


def add_command(menu: str, name: str, work: Callable[[], None], keys: str = "") -> None:
    """An entry in one of the host's menus; `keys` is its hotkey."""
    nuke.menu(menu).addCommand(name, work, keys)


def add_panel(widget: str, title: str, name: str) -> None:
    """A dockable panel. `widget`: the class as text, which the host evaluates when somebody opens the panel."""
    import nukescripts  # exists in the interface only

    nukescripts.panels.registerWidgetAsPanel(widget, title, name)


def on_renders(before: Callable[[], None], after: Callable[[], None]) -> None:
    """Have these called around every render."""
    nuke.addBeforeRender(before)
    nuke.addAfterRender(after)


def off_renders(before: Callable[[], None], after: Callable[[], None]) -> None:
    """Have them called no more."""
    nuke.removeBeforeRender(before)
    nuke.removeAfterRender(after)


def on_script(save: Callable[[], None], close: Callable[[], None]) -> None:
    """Have these called before a script is saved and before it is closed."""
    nuke.addOnScriptSave(save)
    nuke.addOnScriptClose(close)


def about() -> str:
    """The host, its Python and the system, in one line."""
    return f"Nuke {getattr(nuke, 'NUKE_VERSION_STRING', '?')}, Python {sys.version.split()[0]}, {sys.platform}"


def limit() -> Optional[int]:
    """How many nodes Python reaches, where the edition of the host sets one."""
    return 10 if nuke.env["nc"] or nuke.env["indie"] else None


def has_interface() -> bool:
    """Whether there are viewers, panels and an event loop."""
    return bool(nuke.GUI)


def wisp_nodes() -> Any:
    """All Wisp nodes of the script, also those in other groups."""
    groups = nuke.allNodes("Group", nuke.root(), recurseGroups=True)
    return [node for node in groups if node.knob("wisp_uid") is not None]
