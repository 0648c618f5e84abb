"""What Nuke calls: tiny, and never raising into the host."""

from __future__ import annotations

import sys
import traceback
import uuid
from typing import Any, Callable

from . import actions, engine, host, node


def pressed(name: str) -> None:
    """A button of the node that is current in the host."""
    _safely(lambda group: actions.press(group, name))


def on_create() -> None:
    """A node was made, loaded or pasted: older ones are brought up to date, copies get an identity of their own."""
    _safely(_created)


def knob_changed() -> None:
    """A knob of the node changed; the host also reports moves and panels by this way."""
    _safely(_changed)


def _created(group: Any) -> None:
    fault = node.upgrade(group)
    if fault is not None:
        actions.say(group, fault)
        return
    uid = group["wisp_uid"].value()
    if not uid or any(other is not group and other["wisp_uid"].value() == uid for other in host.wisp_nodes()):
        group["wisp_uid"].setValue(uuid.uuid4().hex)


def _changed(group: Any) -> None:
    knob = host.this_knob()
    if knob is None:
        return
    untouched = group["wisp_first"].value() == 1 and group["wisp_last"].value() == 1
    if knob.name() == "inputChange" and untouched:
        node.take_range(group)
    elif knob.name() == "wisp_object":
        actions.show_name(group)
    elif knob.name() == "wisp_object_name":
        actions.rename(group)
    elif knob.name() == "wisp_prompts" and "wisp_nuke.panel" in sys.modules:
        sys.modules["wisp_nuke.panel"].prompts_changed(group)


def _safely(work: Callable[[Any], None]) -> None:
    group = host.this_node()
    try:
        work(group)
        if host.has_interface():
            engine.watch()
    except Exception:
        traceback.print_exc(file=sys.stderr)
