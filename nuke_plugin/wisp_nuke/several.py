"""Several nodes solved one after another, while the artist goes on or nobody is there."""

from __future__ import annotations

from typing import Any, Dict, List, Optional

from . import edits, host, node, solving, state
from .engine import ENGINE
from .vendor.client.engine_path import EngineNotFound
from .vendor.client.errors import EngineError


class Round:
    """Nodes that wait for their turn, by identity: some may be deleted before."""

    def __init__(self) -> None:
        self._waiting: List[str] = []
        self._now: Optional[str] = None
        #: Name of a node, with the groups that it is in -> how it ended.
        self.ends: Dict[str, str] = {}

    @property
    def goes_on(self) -> bool:
        return self._now is not None or bool(self._waiting)

    def begin(self, groups: List[Any]) -> None:
        """Have all their frames solved, one node after the other; nothing while others wait."""
        if not self.goes_on:
            self.ends = {}
            self._waiting = [state.uid_of(group) for group in groups]

    def stop(self) -> None:
        """The node at work stops, and no other one begins."""
        self._waiting = []
        group = state.node_of(self._now)
        if group is not None:
            solving.stop(group)

    def turn(self) -> None:
        """Go on to the next node where the one at work has ended. As often as the host is idle."""
        if self._now is not None:
            group = state.node_of(self._now)
            if group is not None and not _rests(group):
                return
            self._now = None
            if group is not None:
                self.ends[group.fullName()] = str(group["wisp_status"].value())
            if not self._waiting:
                host.message("\n".join(f"{name}: {words}" for name, words in self.ends.items()))
        while self._waiting and self._now is None:
            self._begin_next()

    def wait(self) -> None:
        """Until all have ended; for scripts without an event loop."""

        def ended() -> bool:
            self.turn()
            return not self.goes_on

        ENGINE.wait(ended, timeout=float("inf"))

    def _begin_next(self) -> None:
        uid = self._waiting.pop(0)
        group = state.node_of(uid)
        if group is None:
            return
        self._now = uid
        try:
            solving.track(group, "both")
        except (edits.Refusal, EngineNotFound, EngineError, RuntimeError, OSError) as error:
            solving.set_status(group, str(error))


def _rests(group: Any) -> bool:
    """Whether nothing goes on for a node, and it shows what there is."""
    session = state.of(group).session
    return not solving.busy(group) and (session is None or session.settled)


#: The one of this Nuke.
ROUND = Round()


def begin() -> None:
    """Solve the Wisp nodes that are selected, if they are several; else all of the script."""
    nodes = [one for one in host.wisp_nodes() if node.newer(one) is None]
    chosen = [one for one in host.selected_wisp_nodes() if one in nodes]
    nodes = sorted(chosen if len(chosen) > 1 else nodes, key=lambda one: str(one.fullName()))
    if ROUND.goes_on:
        host.message("Nodes are being tracked one after another; wait, or choose 'Stop tracking nodes'.")
    elif not nodes:
        host.message("The script has no Wisp node.")
    else:
        ROUND.begin(nodes)
