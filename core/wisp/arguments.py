"""What a script gives: taken in any usual form, and what is of another type than a method says told in a sentence."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Sequence
from functools import cache, wraps
from inspect import isfunction, signature
from typing import Annotated, Any, TypeVar

from pydantic import BeforeValidator, ConfigDict, PlainValidator, ValidationError, validate_call

from .errors import UsageError
from .frames import format_frames, no_frames, parse_frames

Made = TypeVar("Made", bound=type)
Called = TypeVar("Called", bound=Callable[..., Any])


def _frame(value: Any) -> int:
    """One frame, as a number or as typed."""
    try:
        (named,) = parse_frames(value) if isinstance(value, str) else (operator.index(value),)
    except (TypeError, ValueError):
        raise UsageError(f"{value!r} is not one frame.", hint='Give a number, as in 1001 or "1001".') from None
    return named


def frames_of(value: Any) -> tuple[int, ...] | None:
    """A range as typed, one number, or numbers; None: all. UsageError where it is none of these, or empty."""
    if value is None:
        return None
    if isinstance(value, str):
        return parse_frames(value)
    try:
        named = tuple(operator.index(number) for number in (value if isinstance(value, Iterable) else (value,)))
    except TypeError:
        raise UsageError(
            f"{value!r} are not frames.", hint='Give a number, several, or a range as text: "1001-1050x2".'
        ) from None
    if not named:
        raise no_frames()
    return named


def range_text(frames: Range) -> str | None:
    """A range as text; None: all."""
    named = frames_of(frames)
    return None if named is None else format_frames(named)


def _listed(value: Any) -> Any:
    """Arrays and other sequences as lists of plain numbers; one name as a list of it."""
    if isinstance(value, str):
        return [value]
    plain = value.tolist() if hasattr(value, "tolist") else value
    return list(plain) if isinstance(plain, Iterable) else plain


Frame = Annotated[int, PlainValidator(_frame)]
Range = Annotated[str | int | Iterable[int] | None, PlainValidator(frames_of)]
Names = Annotated[Sequence[str], BeforeValidator(_listed)]
Numbers = Annotated[Sequence[float], BeforeValidator(_listed)]
Line = Annotated[Sequence[Numbers], BeforeValidator(_listed)]


def checked(method: Called) -> Called:
    """The same, but for arguments that are of another type than they say: UsageError instead of what comes of it."""

    @wraps(method)
    def call(*given: Any, **named: Any) -> Any:
        try:
            return _validated(method)(*given, **named)
        except ValidationError as error:
            fault = error.errors(include_url=False)[0]
            place, *rest = fault["loc"]
            names = list(signature(method).parameters)
            steps = [
                names[place] if isinstance(place, int) else place,
                *(step for step in rest if isinstance(step, int)),
            ]
            raise UsageError(
                f"{method.__name__}: '{'.'.join(map(str, steps))}' {_said(fault['type'], fault['msg'])}.",
                hint=f"See {method.__module__}.{method.__qualname__}.",
            ) from None

    return call  # type: ignore[return-value]


@cache
def _validated(method: Callable[..., Any]) -> Callable[..., Any]:
    """Only when it is called: types are named before they are there."""
    return validate_call(config=ConfigDict(arbitrary_types_allowed=True))(method)


def _said(kind: str, message: str) -> str:
    if kind in ("unexpected_keyword_argument", "extra_forbidden", "unexpected_positional_argument"):
        return "is no argument of it"
    if kind.startswith("missing"):
        return "is missing"
    return f"is wrong: {message[0].lower()}{message[1:]}"


def all_checked(made: Made) -> Made:
    """All methods of a class that are not its own affair."""
    for name, method in list(vars(made).items()):
        if isfunction(method) and not name.startswith("_"):
            setattr(made, name, checked(method))
    return made
