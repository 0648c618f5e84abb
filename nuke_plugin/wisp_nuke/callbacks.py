"""What Nuke calls: tiny, and never raising into the host.

Nothing relies on being called: whether the host does so for changes by programs, with closed panels or inside another
callback differs between versions. Everything is noticed by `follow` while the host is idle; callbacks only hasten it.
"""

from __future__ import annotations

import sys
import traceback
import uuid
from typing import Any, Callable

from . import actions, edits, follow, graph, guides, host, knobs, node, solving, state

#: Knobs whose change is looked at before the host is idle again, and what the host reports by this way besides knobs.
_LOOKED_AT = ("wisp_prompts", "wisp_mode", *knobs.that_change(knobs.MATTES), "inputChange")
_MOVED = ("wisp_box", "wisp_point_", "wisp_edge_", "wisp_object")


def pressed(name: str) -> None:
    """A button of the node that is current in the host."""
    _safely(lambda group: actions.press(group, name))


def on_create() -> None:
    """A node was made, loaded or pasted: older ones are brought up to date, copies get an identity of their own."""
    _safely(_created)


def on_destroy() -> None:
    """A node is deleted."""
    _safely(lambda group: follow.forget(state.uid_of(group)))


def knob_changed() -> None:
    """A knob of the node changed; the host also reports moves and panels by this way."""
    _safely(_changed)


def before_render() -> None:
    """A render of the artist's begins in the interface: what only the artist may see goes off."""
    if not host.executes_own():
        _of_each(lambda group: node.show_for(group, graph.RENDER))


def after_render() -> None:
    """A render has ended."""
    if not host.executes_own():
        _of_each(lambda group: node.show_for(group, graph.VIEWERS))


def before_close() -> None:
    """The script is about to be closed, and its nodes with it."""
    _of_each(lambda group: follow.forget(state.uid_of(group)))


def before_save() -> None:
    """The script is about to be saved: the guides of this session stay out of it."""
    _of_each(guides.forget)


def _created(group: Any) -> None:
    if group.knob("wisp_schema") is None:
        return
    fault = node.newer(group)
    if fault is not None:
        solving.set_status(group, fault)
        return
    uid = state.uid_of(group)
    if not uid or any(other != group and state.uid_of(other) == uid for other in host.wisp_nodes()):
        group["wisp_uid"].setValue(uuid.uuid4().hex)
    with state.writing(group):
        node.upgrade(group)
        for knob in ("wisp_rendering", "wisp_mode"):  # of the session that it was saved in
            group[knob].setValue(0)
    guides.forget(group)


def _changed(group: Any) -> None:
    knob = host.this_knob()
    name = knob.name() if knob is not None else ""
    looked_at = name in _LOOKED_AT or name.startswith(_MOVED)
    if looked_at and group.knob("wisp_uid") is not None and state.uid_of(group):
        follow.look(group)


def _of_each(work: Callable[[Any], None]) -> None:
    """Do it with every node; a fault of one keeps neither the others from it nor the host from going on."""
    for group in host.wisp_nodes():
        try:
            work(group)
        except Exception as fault:
            follow.say_once(fault, group)


def _safely(work: Callable[[Any], None]) -> None:
    group = host.this_node()
    try:
        work(group)
        if host.has_interface():
            follow.TURNS.watch()
    except edits.Refusal as refusal:
        solving.set_status(group, str(refusal))
    except Exception:
        traceback.print_exc(file=sys.stderr)
