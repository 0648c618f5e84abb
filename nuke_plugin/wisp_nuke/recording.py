"""What is asked of the host and what it answers, as a recording that can be replayed where there is no host.

`Recorder` stands before the module `nuke` and writes down every call, with its answer or its exception. `Replay` stands
in its place and answers the same calls in the same order.
"""

from __future__ import annotations

import builtins
import inspect
import json
import re
from typing import Any, Callable, Dict, List, Optional

#: What differs from run to run: folders of the moment and identities.
_PASSING = re.compile(r"[^\s\"]*wisp-acceptance-\w+|[0-9a-f]{32}")
_NUMBERED = re.compile(r"~\d+")
_PLAIN = (str, int, float, bool, type(None))


class Mismatch(AssertionError):  # noqa: N818 (what happened, not a fault)
    """The recording has another call at this place."""


class Recorder:
    """`module` as it is, with `calls` written down: dictionaries of plain values, fit for JSON."""

    def __init__(self, module: Any) -> None:
        self.calls: List[Dict[str, Any]] = []
        #: Written into every call: what it was made for.
        self.point = ""
        self._inside = False
        self._open: List[Dict[str, Any]] = []
        self._given: Dict[Any, Any] = {}
        self._names: Dict[str, str] = {}
        self._objects: List[Any] = []
        self._proxies: Dict[int, Any] = {}
        self.module = self.wrapped(module)

    def wrapped(self, value: Any) -> Any:
        """Whatever is no plain value gives its answers through us, too."""
        if isinstance(value, _PLAIN):
            return value
        if type(value) in (list, tuple):
            return type(value)(self.wrapped(one) for one in value)
        if isinstance(value, dict):
            return {key: self.wrapped(one) for key, one in value.items()}
        if id(value) not in self._proxies:
            self._objects.append(value)  # kept: its id must stay its own
            self._proxies[id(value)] = _proxy_of(value)(self, value, len(self._objects) - 1)
        return self._proxies[id(value)]

    def asked(self, proxy: Proxy, how: str, name: str, args: Any, kwargs: Any, work: Callable[[], Any]) -> Any:
        """Do it and write it down; what the host calls back meanwhile is its own doing, and not written down."""
        if self._inside:
            return self.wrapped(work())
        call: Dict[str, Any] = {"point": self.point, "on": proxy._number, "do": how, "name": name}
        call["args"], call["kwargs"] = self.plain(args), self.plain(kwargs)
        self.calls.append(call)
        self._inside = True
        self._open.append(call)
        try:
            found = self.wrapped(work())
        except BaseException as error:
            names = [one.__name__ for one in type(error).__mro__ if one is not object]
            call["raises"] = [names, self._steady(str(error))]
            raise
        finally:
            self._inside = False
            self._open.pop()
        call["gives"] = self.plain(found)
        return found

    def _steady(self, text: str) -> str:
        """Text in which what differs from run to run has a number instead."""
        return _PASSING.sub(lambda match: self._names.setdefault(match.group(0), f"~{len(self._names)}"), text)

    def bare(self, value: Any) -> Any:
        """What the host is given for a value: its own object for a proxy, and for a function of ours one that also
        writes down when the host calls it."""
        if isinstance(value, Proxy):
            return value._target
        if type(value) in (list, tuple):
            return type(value)(self.bare(one) for one in value)
        if not inspect.isfunction(value):
            return value
        if value not in self._given:

            def called(*args: Any) -> Any:
                self._open[-1].setdefault("called", []).append(value.__name__)
                self._inside = False
                try:
                    return value(*args)
                finally:
                    self._inside = True

            self._given[value] = called
        return self._given[value]

    def plain(self, value: Any) -> Any:
        """A value as JSON has it; objects by their number and class."""
        if isinstance(value, str):
            return self._steady(value)
        if isinstance(value, _PLAIN):
            return value
        if isinstance(value, (list, tuple)):
            return [self.plain(one) for one in value]
        if isinstance(value, dict):
            return {str(key): self.plain(one) for key, one in value.items()}
        if isinstance(value, Proxy):
            return {"object": value._number, "class": type(value).__name__}
        return {"given": getattr(value, "__name__", type(value).__name__)}


class Proxy:
    """Stands for one object of the host."""

    _recorder: Recorder
    _target: Any
    _number: int

    def __init__(self, recorder: Recorder, target: Any, number: int) -> None:
        self.__dict__.update(_recorder=recorder, _target=target, _number=number)

    def __getattr__(self, name: str) -> Any:
        target = self._target
        if not inspect.isroutine(getattr(target, name, None)):
            return self._recorder.asked(self, "get", name, [], {}, lambda: getattr(target, name))

        bare = self._recorder.bare

        def call(*args: Any, **kwargs: Any) -> Any:
            def work() -> Any:
                given = [bare(one) for one in args]
                return getattr(target, name)(*given, **{key: bare(one) for key, one in kwargs.items()})

            return self._recorder.asked(self, "call", name, args, kwargs, work)

        return call

    def __setattr__(self, name: str, value: Any) -> None:
        target = self._target
        self._recorder.asked(self, "set", name, [value], {}, lambda: setattr(target, name, self._recorder.bare(value)))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        target, given = self._target, [self._recorder.bare(one) for one in args]
        return self._recorder.asked(self, "call", "", args, kwargs, lambda: target(*given, **kwargs))

    def __getitem__(self, key: Any) -> Any:
        return self._recorder.asked(self, "item", "", [key], {}, lambda: self._target[key])

    def __iter__(self) -> Any:
        return iter(self._recorder.asked(self, "all", "", [], {}, lambda: list(self._target)))

    def __enter__(self) -> Any:
        return self._recorder.asked(self, "enter", "", [], {}, self._target.__enter__)

    def __exit__(self, *_: Any) -> None:
        self._recorder.asked(self, "exit", "", [], {}, lambda: self._target.__exit__(None, None, None))

    def __eq__(self, other: object) -> bool:
        return bool(self._target == (other._target if isinstance(other, Proxy) else other))

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(self._target)


class Replay:
    """Answers as the recording does; `module` is what stands for `nuke`. Raises Mismatch for any other call."""

    def __init__(self, calls: List[Dict[str, Any]]) -> None:
        self._calls = calls
        self.place = 0
        self.point = ""
        self._known: Dict[int, Any] = {}
        self._functions: Dict[str, Any] = {}
        self.module = self._object({"object": 0, "class": "module"})

    def _object(self, what: Dict[str, Any]) -> Any:
        number = int(what["object"])
        if number not in self._known:
            self._known[number] = type(str(what["class"]), (Answering,), {})(self, number)
        return self._known[number]

    def answer(self, on: int, how: str, name: str, args: Any, kwargs: Any) -> Any:
        asked = {"on": on, "do": how, "name": name, "args": self._plain(args), "kwargs": self._plain(kwargs)}
        found = self._calls[self.place] if self.place < len(self._calls) else {}
        if any(_same(found.get(key)) != _same(value) for key, value in asked.items()):
            raise Mismatch(f"call {self.place}: asked {asked}, the recording has {found}")
        self.place += 1
        self._functions.update((one.__name__, one) for one in args if inspect.isfunction(one))
        for called in found.get("called", []):
            self._functions[called]()
        if "raises" in found:
            kinds, text = found["raises"]
            raise next(getattr(builtins, kind) for kind in kinds if hasattr(builtins, kind))(text)
        return self._given(found["gives"])

    def next_is(self, on: int, how: str, name: str) -> bool:
        """Whether the recording goes on with that."""
        found = self._calls[self.place] if self.place < len(self._calls) else {}
        return (found.get("on"), found.get("do"), found.get("name")) == (on, how, name)

    def _given(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._given(one) for one in value]
        if isinstance(value, dict):
            return (
                self._object(value)
                if set(value) == {"object", "class"}
                else {k: self._given(v) for k, v in value.items()}
            )
        return value

    def _plain(self, value: Any) -> Any:
        if isinstance(value, _PLAIN):
            return value
        if isinstance(value, (list, tuple)):
            return [self._plain(one) for one in value]
        if isinstance(value, dict):
            return {str(key): self._plain(one) for key, one in value.items()}
        if isinstance(value, Answering):
            return {"object": value._number, "class": type(value).__name__}
        return {"given": getattr(value, "__name__", type(value).__name__)}


class Answering:
    """An object of a recording."""

    _replay: Replay
    _number: int

    def __init__(self, replay: Replay, number: int) -> None:
        self.__dict__.update(_replay=replay, _number=number)

    def __getattr__(self, name: str) -> Any:
        replay, number = self._replay, self._number
        if replay.next_is(number, "get", name):
            return replay.answer(number, "get", name, [], {})
        return lambda *args, **kwargs: replay.answer(number, "call", name, args, kwargs)

    def __setattr__(self, name: str, value: Any) -> None:
        self._replay.answer(self._number, "set", name, [value], {})

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._replay.answer(self._number, "call", "", args, kwargs)

    def __getitem__(self, key: Any) -> Any:
        return self._replay.answer(self._number, "item", "", [key], {})

    def __iter__(self) -> Any:
        return iter(self._replay.answer(self._number, "all", "", [], {}))

    def __enter__(self) -> Any:
        return self._replay.answer(self._number, "enter", "", [], {})

    def __exit__(self, *_: Any) -> None:
        self._replay.answer(self._number, "exit", "", [], {})


def steady(text: str) -> str:
    """Text without what differs from run to run, also where a recording has numbers for it."""
    return _NUMBERED.sub("~", _PASSING.sub("~", text))


def _same(value: Any) -> str:
    """A value as text that is equal in every run."""
    return steady(json.dumps(value, sort_keys=True))


def differences(some: List[Dict[str, Any]], others: List[Dict[str, Any]]) -> List[str]:
    """Where two recordings of the same points part, one sentence for each point: the first call that differs."""
    found: List[str] = []
    for point in dict.fromkeys(call["point"] for call in some):
        one, other = ([_told(call) for call in calls if call["point"] == point] for calls in (some, others))
        parted: Optional[int] = next((i for i, (a, b) in enumerate(zip(one, other)) if a != b), None)
        if parted is not None:
            found.append(f"{point}: {one[parted]} against {other[parted]}")
        elif len(one) != len(other):
            found.append(f"{point}: {len(one)} calls against {len(other)}")
    return found


def _told(call: Dict[str, Any]) -> Any:
    """A call without the numbers of objects, which depend on what was asked before."""

    def anonymous(value: Any) -> Any:
        if isinstance(value, list):
            return [anonymous(one) for one in value]
        if isinstance(value, str):
            return steady(value)
        if isinstance(value, dict):
            return "object" if "object" in value else {key: anonymous(one) for key, one in value.items()}
        return value

    return [anonymous(call.get(key)) for key in ("do", "name", "args", "kwargs", "gives", "raises")]


_classes: Dict[str, Any] = {}


def _proxy_of(value: Any) -> Any:
    """A proxy class of the same name: the host's classes are told apart by it."""
    name = type(value).__name__
    return _classes.setdefault(name, type(name, (Proxy,), {}))
