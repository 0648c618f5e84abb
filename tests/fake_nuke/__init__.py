"""A small stand-in for the `nuke` module: a model of documented behaviour, not Nuke. `FakeNuke` is one session.

It models what the plug-in uses: knobs (Tcl-evaluated text, keys, expressions), groups and contexts, callbacks, the
main-thread queue, undo, a viewer's sampler, renders, and scripts as Tcl text. What it says proves nothing about a
real Nuke; it keeps the plug-in from relying on what the documentation rules out.
"""

from .session import FakeNuke, WouldDeadlock, WrongThread

__all__ = ["FakeNuke", "WouldDeadlock", "WrongThread"]
