"""What the plug-in remembers of each node for as long as the session lasts. Nothing of it is in the script."""

from __future__ import annotations

import contextlib
import tempfile
from typing import Any, Dict, Iterator, List, Optional, Tuple

from . import host


class NodeState:
    """Of one node. Everything here can be lost at any time: it is made again from the node's knobs."""

    def __init__(self) -> None:
        #: Depth of our own writing: what changes meanwhile is not the artist's doing.
        self.writing = 0
        #: The prompts' text and the size that it was read for, with what it says.
        self.read: Optional[Tuple[Any, Dict[str, Any]]] = None
        #: Text, size, frame and choice that knobs and handles were last made for.
        self.shown: Any = None
        #: What the knobs of the active object, and the settings, held when they were last looked at.
        self.object_knobs: Optional[Dict[str, Any]] = None
        self.settings: Any = None
        self.source: Any = None
        self.mode = 0
        #: The prompts' text and the setting that the inside was last made to fit; the objects in it, as text by id.
        self.laid_out: Any = None
        self.objects: Dict[int, str] = {}
        #: Of objects that were deleted before any engine ran, as text: where their mattes lie, and what the keys said.
        self.deleted: Dict[str, Tuple[str, Dict[int, int]]] = {}
        #: What the handles stand for: see `handles.Shown`.
        self.handles: Any = None
        #: Frame -> look of the guide picture that is painted for it; what the last turn saw.
        self.painted: Dict[int, str] = {}
        self.guides: Optional[tempfile.TemporaryDirectory[str]] = None
        self.looked: Any = None
        self.settled = False
        #: The shot in the engine, once it was asked for, and the bar of what it works at.
        self.session: Any = None
        #: Whether mattes have come that the node does not show yet.
        self.unshown = False
        self.bar: Any = None
        #: The mattes as pictures, where the overlay shows them.
        self.tint: Any = None
        #: What is being rendered for the engine, and whether all of the plate was when it was last asked for.
        self.export: Any = None
        self.whole = True
        #: What a frame may be about; the first is the one that was taken.
        self.candidates: List[Any] = []
        #: Per frame, what the host called the plate's picture when it was last rendered.
        self.hashes: Dict[int, List[int]] = {}

    def close(self) -> None:
        """End what goes on for the node: its job, and what reads its mattes; its guide pictures go."""
        if self.session is not None:
            self.session.close()
        if self.tint is not None:
            self.tint.close()
        if self.guides is not None:
            self.guides.cleanup()


_states: Dict[str, NodeState] = {}


def uid_of(group: Any) -> str:
    """The node's identity."""
    return host.text_of(group["wisp_uid"])


def of(group: Any) -> NodeState:
    """What is remembered of a node."""
    return _states.setdefault(uid_of(group), NodeState())


def node_of(uid: Optional[str]) -> Any:
    """The node of that identity; None where the script has none."""
    return None if uid is None else next((group for group in host.wisp_nodes() if uid_of(group) == uid), None)


def at(uid: str) -> Optional[NodeState]:
    """What is remembered under that identity, if anything."""
    return _states.get(uid)


def known() -> List[Tuple[str, NodeState]]:
    """All that is remembered, by identity."""
    return list(_states.items())


def forget(uid: str) -> None:
    """The node is gone: what goes on for it ends, and nothing is written into it any more."""
    mine = _states.pop(uid, None)
    if mine is not None:
        mine.close()


@contextlib.contextmanager
def guarded(group: Any) -> Iterator[None]:
    """Our own writing in a node's knobs: callbacks do not take it for the artist's doing."""
    mine = of(group)
    mine.writing += 1
    try:
        yield
    finally:
        mine.writing -= 1


@contextlib.contextmanager
def writing(group: Any) -> Iterator[None]:
    """As `guarded`, and no edit: neither in the undo list nor a reason to save the script."""
    with guarded(group), host.housekeeping():
        yield
