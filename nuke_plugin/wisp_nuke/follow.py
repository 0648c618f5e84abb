"""What happens after a change, and while the host is idle: knobs, handles, guides, panels and engine keep up.

Changes are noticed by comparing what the knobs hold with what was last seen, whoever has changed them: the artist, a
program, undo, another script.
"""

from __future__ import annotations

import contextlib
import sys
import traceback
from typing import Any, Iterator, List, Optional, Set

from . import edits, graph, guides, handles, host, knobs, node, report, several, solving, state, viewer_pick
from .engine import ENGINE

#: Milliseconds between looks at the engine's messages, the frame and the knobs.
INTERVAL = 100
#: What the solved mattes depend on besides prompts.
_SETTINGS = knobs.that_change(knobs.MATTES)
#: What is picked in the viewers of this Nuke.
PICKS = viewer_pick.Picks()


def look(group: Any, held: Optional[bool] = None) -> None:
    """Take what has changed in a node's knobs, and make them fit what is stored. `held`: a mouse button is down (None:
    ask); what is dragged is stored once it is released, as one step of undo."""
    mine = state.of(group)
    if mine.writing or node.newer(group) is not None or not _take_source(group, mine):
        return
    _choose_mode(group, mine)
    try:
        _catch_up(group, mine)
    except edits.Refusal:  # what nobody has asked for just now is said when somebody does
        return
    if not (viewer_pick.mouse_held() if held is None else held):
        _take(group, mine)
        _catch_up(group, mine)
    settings = [group[name].value() for name in _SETTINGS]
    settings += [group.input(index) is not None for index in range(1, len(graph.INPUTS))]
    if mine.settings not in (None, settings):
        solving.send_edits(group)
        if _panel() is not None:
            _panel().settings_changed(group)
    mine.settings = settings


def idle() -> None:
    """One turn of the host's idle loop. What goes wrong with one node leaves the others, and what is unforeseen is said
    once."""
    nodes = host.wisp_nodes()
    _forget_gone(nodes)
    for work in (ENGINE.poll, solving.look_for_cancel, several.ROUND.turn, report.look):
        with _said_once():
            work()
    held = viewer_pick.mouse_held()
    picked = None if held else PICKS.fresh()
    nodes = [one for one in nodes if node.newer(one) is None]
    picking = [one for one in nodes if host.choice(one["wisp_mode"])]
    PICKS.watch(bool(picking))
    if not picking:
        PICKS.overlay.hide()
    for group in nodes:
        with _said_once(group):
            try:
                settle(group, held, picked)
            except (edits.Refusal, OSError) as fault:
                if picked is not None and host.choice(group["wisp_mode"]):
                    solving.set_status(group, str(fault))


#: The unforeseen faults that were said.
_said: Set[str] = set()


@contextlib.contextmanager
def _said_once(group: Any = None) -> Iterator[None]:
    """An unforeseen fault of what is inside is said, for a node in its status line too, and goes no further: once, not
    ten times a second."""
    try:
        yield
    except Exception as fault:
        say_once(fault, group)


def say_once(fault: Exception, group: Any = None) -> None:
    """Write the fault's traceback where the host shows what goes wrong, and a sentence into the node, if any."""
    words = "".join(traceback.format_exception(type(fault), fault, fault.__traceback__))
    with contextlib.suppress(Exception):  # the node itself may be what is wrong
        words = words if group is None else f"{group.fullName()}: {words}"
    if words in _said:
        return
    _said.add(words)
    print(words, file=sys.stderr)
    if group is not None:
        what = f"{type(fault).__name__}: {fault}"
        with contextlib.suppress(Exception):
            solving.set_status(group, f"A fault of Wisp with this node, {what}. Press 'Report a problem'.")


def settle(group: Any, held: bool = False, picked: Optional[host.Sample] = None) -> None:
    """All that a node waits for. In `nuke -t`, where nothing is ever idle, a script calls it after setting knobs.

    Nodes are made and removed only here, never while the host calls back, nor while it renders.
    """
    if host.executing():
        return
    mine = state.of(group)
    node.show_for(group, graph.VIEWERS)  # a render that failed does not say so
    solving.show_new(group)
    if mine.export is not None:
        mine.export.step()
    look(group, held)
    if held or group.input(0) is None:
        return
    mode = host.choice(group["wisp_mode"])
    if mode:
        PICKS.overlay.settle(group, knobs.MODES[mode], picked)
    if picked is not None and mode:
        viewer_pick.apply(group, knobs.MODES[mode], picked)
        look(group, held)
    _lay_out(group, mine)
    if host.has_interface():
        guides.refresh(group)


class Turns:
    """Has `idle` called from Qt's event loop, once it was told to. With an interface only."""

    def __init__(self) -> None:
        self._timer: Any = None

    def watch(self) -> None:
        """From now on."""
        if self._timer is None:
            from .vendor.panel.qt import QtCore

            self._timer = QtCore.QTimer()
            self._timer.timeout.connect(self._idle_safely)
            self._timer.start(INTERVAL)

    def _idle_safely(self) -> None:
        with _said_once():
            idle()


TURNS = Turns()


def in_panel(group: Any) -> bool:
    """Whether a panel shows the node, and so its progress."""
    return _panel() is not None and bool(_panel().shows(group))


def forget(uid: str) -> None:
    """The node of that identity is gone: panels leave it, and what goes on for it ends."""
    if _panel() is not None:
        _panel().forget(uid)
    state.forget(uid)


def _forget_gone(nodes: List[Any]) -> None:
    """The host need not have said that a node went: undo of its making does not. These are all there are."""
    there = {state.uid_of(one) for one in nodes}
    for uid, _ in state.known():
        if uid not in there:
            forget(uid)


def _take_source(group: Any, mine: state.NodeState) -> bool:
    """Notice another input; whether there is one."""
    source = group.input(0)
    if source is not None and (mine.source is None or mine.source != source):
        mine.source = source
        if (group["wisp_first"].value(), group["wisp_last"].value()) == (1, 1):
            with state.guarded(group):
                node.read_range(group)
    return source is not None


def _choose_mode(group: Any, mine: state.NodeState) -> None:
    """Picks belong to one node: where its mode goes on, that of all others goes off."""
    mode = host.choice(group["wisp_mode"])
    if mode and not mine.mode:
        for other in host.wisp_nodes():
            if other != group and host.choice(other["wisp_mode"]):
                with state.writing(other):
                    other["wisp_mode"].setValue(0)
                    state.of(other).mode = 0
    if mode != mine.mode:
        PICKS.watch(bool(mode))
        PICKS.fresh()  # what is picked already does not count
    mine.mode = mode


def _catch_up(group: Any, mine: state.NodeState) -> None:
    """Make knobs, handles, engine and panels fit the prompts, the frame and the chosen object. Raises Refusal where
    the prompts cannot be shown."""
    prompts = host.text_of(group["wisp_prompts"]), edits.size_of(group)
    view = host.frame(), host.choice(group["wisp_object"])
    if mine.shown == (prompts, view):
        return
    others = mine.shown is None or mine.shown[0] != prompts
    edits.show_object(group)
    handles.show(group)
    mine.shown = prompts, (view[0], host.choice(group["wisp_object"]))
    if others:
        solving.send_edits(group)
        if _panel() is not None:
            _panel().prompts_changed(group)


def _take(group: Any, mine: state.NodeState) -> None:
    """Store what was changed in the knobs of the active object, and handles that were moved."""
    try:
        held = edits.object_knobs(group)
        if mine.object_knobs not in (None, held):
            mine.object_knobs = held
            edits.write_object(group)
            mine.shown = None  # a name that cannot be is put right
        handles.write_moved(group)
    except edits.Refusal as refusal:
        solving.set_status(group, str(refusal))


def _lay_out(group: Any, mine: state.NodeState) -> None:
    """Make the inside fit the objects, and the settings that nodes depend on."""
    try:
        objects = edits.stored(group)["objects"]
    except edits.Refusal:  # it stays as it was last
        return
    asked = host.text_of(group["wisp_prompts"]), group["wisp_layers"].value()
    if mine.laid_out != asked:
        node.rearrange(group, objects)
        mine.laid_out = asked


def _panel() -> Any:
    """The panel's module, once somebody has opened one: it needs Qt."""
    return sys.modules.get(__package__ + ".panel")
