"""A small stand-in for the `nuke` module: a model of documented behaviour, not Nuke. `FakeNuke` is one session.

It models what the plug-in uses: knobs (Tcl-evaluated text, keys, expressions), groups and contexts, callbacks, the
main-thread queue, undo, a viewer's sampler, renders, and scripts as Tcl text. `facts` holds what is known of the host
as tables: what is not in them is refused, so that a guess fails; and what nobody could tell is `facts.Unknowns`, of
which every one may be either way. What all this says proves nothing about a real Nuke; it keeps the plug-in from
relying on what is ruled out.
"""

from .facts import EACH, FIRST, SECOND, Unknowns
from .knobs import Refused
from .session import FakeNuke, WouldDeadlock, WrongThread

__all__ = ["EACH", "FIRST", "SECOND", "FakeNuke", "Refused", "Unknowns", "WouldDeadlock", "WrongThread"]
