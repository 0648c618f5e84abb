"""Functions that the host calls: for nodes of a class, or of any.

What the host's own module documents: those of the exact class run before those for `*`, each list in the order of
registration; the same function with the same arguments is in a list once, and registering it again moves it to the end;
`args` that are no tuple are wrapped; `kwargs` must be a dictionary.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

#: `addX` and `removeX` exist for each: name -> the class that is meant where none is named.
KINDS = {
    **dict.fromkeys(("OnCreate", "OnUserCreate", "OnDestroy", "KnobChanged"), "*"),
    **dict.fromkeys(("BeforeRender", "AfterRender"), "Write"),
    **dict.fromkeys(("OnScriptLoad", "OnScriptSave", "OnScriptClose"), "Root"),
}
Entry = tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]


class Callbacks:
    """The lists of one kind, by class."""

    def __init__(self, default: str) -> None:
        self._default = default
        self._lists: dict[str, list[Entry]] = {}

    def add(self, call: Callable[..., Any], args: Any = (), kwargs: Any = None, nodeClass: str = "") -> None:
        entry = self._entry(call, args, kwargs)
        entries = self._lists.setdefault(nodeClass or self._default, [])
        if entry in entries:
            entries.remove(entry)
        entries.append(entry)

    def remove(self, call: Callable[..., Any], args: Any = (), kwargs: Any = None, nodeClass: str = "") -> None:
        """Take it out; nothing where it is not in."""
        entry = self._entry(call, args, kwargs)
        entries = self._lists.get(nodeClass or self._default, [])
        if entry in entries:
            entries.remove(entry)

    def run(self, kind: str) -> None:
        """Call those for the class `kind`, then those for any."""
        for call, args, kwargs in [*self._lists.get(kind, []), *self._lists.get("*", [])]:
            call(*args, **kwargs)

    @staticmethod
    def _entry(call: Callable[..., Any], args: Any, kwargs: Any) -> Entry:
        kwargs = {} if kwargs is None else kwargs
        if not callable(call):
            raise ValueError("call must be a callable")
        if not isinstance(kwargs, dict):
            raise ValueError("kwargs must be a dictionary")
        return call, args if isinstance(args, tuple) else (args,), kwargs
