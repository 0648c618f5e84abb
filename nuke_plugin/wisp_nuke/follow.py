"""What happens after a change, and while the host is idle: knobs, handles, guides, panels and engine keep up."""

from __future__ import annotations

import sys
import traceback
from typing import Any, Dict, Set, Tuple

from . import edits, engine, guides, handles, host, node, publish, solving, viewer_pick

#: Milliseconds between looks at the engine's messages, the frame and the viewer.
INTERVAL = 100
#: Nodes whose handles or edge settings were moved by hand and not yet stored.
_moved: Set[str] = set()
#: Node -> the prompts' text and the frame that its handles were last made for.
_followed: Dict[str, Tuple[str, int]] = {}
_timer: Any = None
_said: Set[str] = set()


def prompts_changed(group: Any) -> None:
    """The prompts are others than before, by whatever: a button, a pick, undo, the panel."""
    edits.show_object(group)
    handles.show(group)
    solving.tell(group)
    if _panel() is not None:
        _panel().prompts_changed(group)


def object_chosen(group: Any) -> None:
    """Another object may be the active one."""
    edits.show_object(group)
    handles.show(group)


def moved(group: Any) -> None:
    """A handle or an edge setting is being dragged: store it once the mouse is released, as one step of undo."""
    _moved.add(solving.uid_of(group))
    if not host.has_interface():
        store_moved(group)


def store_moved(group: Any) -> None:
    _moved.discard(solving.uid_of(group))
    handles.take(group)
    edits.take_object(group)


def in_panel(group: Any) -> bool:
    """Whether a panel shows the node, and so its progress."""
    return _panel() is not None and bool(_panel().shows(group))


def idle() -> None:
    """One turn of the host's idle loop. Raises nothing that belongs to one node only."""
    engine.poll()
    solving.look_for_cancel()
    publish.look()
    held = viewer_pick.mouse_held()
    picked = viewer_pick.fresh(held)
    for group in [one for one in host.wisp_nodes() if node.newer(one) is None]:
        asked = solving.uid_of(group) in _moved or (picked and host.choice(group["wisp_mode"]) > 0)
        try:
            _look_after(group, held, picked)
        except (edits.Refusal, OSError) as fault:
            if asked:  # what nobody has asked for just now is said when somebody does
                solving.say(group, str(fault))


def watch() -> None:
    """Have `idle` called from Qt's event loop from now on. With an interface only."""
    global _timer
    if _timer is None:
        from .vendor.panel.qt import QtCore

        viewer_pick.watch()
        _timer = QtCore.QTimer()
        _timer.timeout.connect(_idle_safely)
        _timer.start(INTERVAL)


def _idle_safely() -> None:
    """A fault is said once, not ten times a second."""
    try:
        idle()
    except Exception:
        words = traceback.format_exc()
        if words not in _said:
            _said.add(words)
            print(words, file=sys.stderr)


def _look_after(group: Any, held: bool, picked: bool) -> None:
    uid = solving.uid_of(group)
    if group["wisp_rendering"].value() and not host.executing():
        rendering(group, False)  # a render that failed does not say so
    if held or group.input(0) is None:
        return
    if uid in _moved:
        store_moved(group)
    mode = host.choice(group["wisp_mode"])
    if picked and mode:
        viewer_pick.apply(group, node.MODES[mode])
    state = (host.text_of(group["wisp_prompts"]), host.frame())
    if _followed.get(uid) != state:
        _followed[uid] = state
        object_chosen(group)
    guides.refresh(group)


def rendering(group: Any, on: bool) -> None:
    """While the host renders, guides are off and an unsolved frame is a failure in the interface too."""
    with host.housekeeping():
        group["wisp_rendering"].setValue(on)


def choose_mode(group: Any) -> None:
    """Picks belong to one node: the mode of all others goes off, and what is picked already does not count."""
    if host.choice(group["wisp_mode"]):
        with host.housekeeping():
            for other in host.wisp_nodes():
                if other != group and host.choice(other["wisp_mode"]):
                    other["wisp_mode"].setValue(0)
        viewer_pick.arm()


def forget(group: Any) -> None:
    """The node is gone."""
    uid = solving.uid_of(group)
    _followed.pop(uid, None)
    _moved.discard(uid)
    solving.forget(uid)


def _panel() -> Any:
    """The panel's module, once somebody has opened one: it needs Qt."""
    return sys.modules.get(__package__ + ".panel")
