"""The only module that imports `nuke`. What is here wraps facts about the host that may differ between versions."""

from __future__ import annotations

import contextlib
import os
from typing import Any, Callable, Iterator, NamedTuple, Optional

import nuke

from .vendor.host.coordinates import NukeFormat

#: Flags of knobs that the artist does not see.
HIDDEN = nuke.INVISIBLE | nuke.ALWAYS_SAVE


class Sample(NamedTuple):
    """What the artist picked in a viewer: the four numbers of its sampler, and the format they refer to."""

    box: Any
    form: NukeFormat


class Cancelled(Exception):  # noqa: N818 (what happened, not a fault)
    """The artist has stopped a render."""


def on_main(work: Callable[..., Any], *args: Any) -> None:
    """Do it on the main thread: at once without an interface, where nothing would ever empty the queue."""
    if nuke.GUI:
        nuke.executeInMainThread(work, args=args)
    else:
        work(*args)


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
    """What was picked in the active viewer; None without a viewer, a shown node or a pick."""
    viewer = nuke.activeViewer()
    if viewer is None or viewer.activeInput() is None:
        return None
    shown = viewer.node().input(viewer.activeInput())
    knob = viewer.node().knob("colour_sample_bbox")
    if shown is None or knob is None:
        return None
    box = [float(number) for number in knob.value()]
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
def not_undoable() -> Iterator[None]:
    """Housekeeping that the artist must not find in the undo list."""
    nuke.Undo.disable()
    try:
        yield
    finally:
        nuke.Undo.enable()


def text_of(knob: Any) -> str:
    """A text knob's text as it is stored: `value()` would evaluate it as Tcl."""
    return str(knob.getText() if hasattr(knob, "getText") else knob.toScript())


def script_path() -> str:
    """Where the script is saved; empty for one that is not."""
    return str(nuke.root().name() if nuke.root().name() != "Root" else "")


def create(kind: str, **knobs: Any) -> Any:
    """A node that touches neither the selection nor the panels."""
    return getattr(nuke.nodes, kind)(**knobs)


def knob(kind: str, *args: Any) -> Any:
    """A new knob of that class, as `String_Knob`."""
    return getattr(nuke, kind)(*args)


def root_knob(name: str) -> Any:
    return nuke.root()[name]


def execute(node: Any, first: int, last: int) -> None:
    """Render a Write. Raises Cancelled when the artist stopped it, RuntimeError when it failed."""
    try:
        nuke.execute(node, first, last, 1)
    except RuntimeError as error:
        if str(error).lower().startswith("cancelled"):
            raise Cancelled() from None
        raise


def selected() -> Any:
    """The nodes that are selected."""
    return nuke.selectedNodes()


def delete(node: Any) -> None:
    nuke.delete(node)


def executable_folder() -> str:
    """Nuke's own folder, which must not be on the engine's PATH."""
    return os.path.dirname(getattr(nuke, "EXE_PATH", ""))


def constant_keys(target: Any, values: Any) -> None:
    """Give an integer knob keys with constant interpolation: {frame: value}, written only where the value changes."""
    target.clearAnimated()
    target.setValue(0)
    if not values:
        return
    target.setAnimated()
    before = None
    for number in sorted(values):
        if values[number] != before:
            target.setValueAt(values[number], number)
            before = values[number]
    for curve in target.animations():
        curve.changeInterpolation(list(curve.keys()), nuke.CONSTANT)


def this_node() -> Any:
    """The node whose knob or callback runs."""
    return nuke.thisNode()


def this_knob() -> Any:
    return nuke.thisKnob()


def has_interface() -> bool:
    """Whether there are viewers, panels and an event loop."""
    return bool(nuke.GUI)


def wisp_nodes() -> Any:
    """All Wisp nodes on the script's top level."""
    return [node for node in nuke.allNodes("Group", nuke.root()) if node.knob("wisp_uid") is not None]
