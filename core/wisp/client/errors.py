"""Failures as the host sees them."""

from __future__ import annotations

from typing import Any, Callable, Dict, Optional


class EngineError(Exception):
    """A request failed. `kind`: what sort of fault, as the engine names it (`usage`, `input`, `weights`, ...)."""

    def __init__(
        self, message: str, code: int = 0, kind: str = "unexpected", hint: str = "", path: Optional[str] = None
    ) -> None:
        super().__init__(f"{message} {hint}".strip())
        self.message = message
        self.code = code
        self.kind = kind
        self.hint = hint
        self.path = path


class EngineGone(EngineError):  # noqa: N818 (a state of the engine)
    """The engine has stopped, or never started; what was asked of it will not be answered."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message, kind="gone", hint=hint)


Result = Callable[[Dict[str, Any]], None]
Failure = Callable[[EngineError], None]


def as_error(error: Dict[str, Any]) -> EngineError:
    """The `error` of an answer, whose details lie under `data`, or the params of `job/error` as an exception."""
    data = error.get("data") or error
    return EngineError(
        error.get("message", "The engine failed without saying why."),
        error.get("code", 0),
        data.get("kind", "unexpected"),
        data.get("hint", ""),
        data.get("path"),
    )


def ignore(*_: object) -> None:
    """The callback for what nobody waits for."""
