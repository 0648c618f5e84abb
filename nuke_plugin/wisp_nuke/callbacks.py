"""What Nuke calls: tiny, and never raising into the host."""

from __future__ import annotations

import sys
import traceback
import uuid
from typing import Any, Callable

from . import actions, edits, follow, guides, host, node, solving

#: Knobs of the active object that are stored at once; those that are dragged wait for the mouse.
_OBJECT = ("wisp_object_name", "wisp_object_color", "wisp_object_enabled")
_DRAGGED = ("wisp_box", "wisp_point_", "wisp_edge_")
#: Knobs that the solved mattes depend on.
_SETTINGS = ("wisp_tracker", "wisp_head", "wisp_first", "wisp_last")


def pressed(name: str) -> None:
    """A button of the node that is current in the host."""
    _safely(lambda group: actions.press(group, name))


def on_create() -> None:
    """A node was made, loaded or pasted: older ones are brought up to date, copies get an identity of their own."""
    _safely(_created)


def on_destroy() -> None:
    """A node is deleted."""
    _safely(follow.forget)


def knob_changed() -> None:
    """A knob of the node changed; the host also reports moves and panels by this way."""
    _safely(_changed)


def before_render() -> None:
    """A render begins in the interface: what only the artist may see goes off."""
    for group in host.wisp_nodes():
        follow.rendering(group, True)


def after_render() -> None:
    """A render has ended."""
    for group in host.wisp_nodes():
        follow.rendering(group, False)


def before_close() -> None:
    """The script is about to be closed, and its nodes with it."""
    for group in host.wisp_nodes():
        follow.forget(group)


def before_save() -> None:
    """The script is about to be saved: the guides of this session stay out of it."""
    for group in host.wisp_nodes():
        guides.forget(group)


def _created(group: Any) -> None:
    fault = node.newer(group)
    if fault is not None:
        solving.say(group, fault)
        return
    with host.housekeeping():
        node.upgrade(group)
    uid = group["wisp_uid"].value()
    if not uid or any(other != group and other["wisp_uid"].value() == uid for other in host.wisp_nodes()):
        group["wisp_uid"].setValue(uuid.uuid4().hex)
    guides.forget(group)
    follow.rendering(group, False)
    with host.housekeeping():
        group["wisp_mode"].setValue(0)  # what a viewer of this script has picked is not meant as a prompt


def _changed(group: Any) -> None:
    if host.keeps_house() or node.newer(group) is not None:
        return
    knob = host.this_knob()
    name = knob.name() if knob is not None else ""
    if name == "inputChange":
        if group["wisp_first"].value() == 1 and group["wisp_last"].value() == 1:
            node.take_range(group)
    elif not name.startswith("wisp_") or group.input(0) is None:
        return
    elif name == "wisp_prompts":
        follow.prompts_changed(group)
    elif name == "wisp_object":
        follow.object_chosen(group)
    elif name in _OBJECT:
        actions.attempt(group, edits.take_object)
        edits.show_object(group)
    elif name.startswith(_DRAGGED):
        follow.moved(group)
    elif name == "wisp_mode":
        follow.choose_mode(group)
    elif name == "wisp_layers":
        with host.housekeeping():
            node.rebuild(group, node.present_mattes(group, edits.stored(group)["objects"]))
    elif name in _SETTINGS:
        solving.tell(group)


def _safely(work: Callable[[Any], None]) -> None:
    group = host.this_node()
    try:
        work(group)
        if host.has_interface():
            follow.watch()
    except edits.Refusal as refusal:
        solving.say(group, str(refusal))
    except Exception:
        traceback.print_exc(file=sys.stderr)
