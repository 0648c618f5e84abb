"""What is wrong with a document, in words that name the key."""

from __future__ import annotations

from pydantic import ValidationError
from pydantic_core import ErrorDetails


def explain(error: ValidationError) -> str:
    """One clause per fault: the place, as in `objects.0.prompts.2.xy.0`, then what is wrong there."""
    return "; ".join(_clause(fault) for fault in error.errors(include_url=False))


def _clause(fault: ErrorDetails) -> str:
    place = ".".join(str(step) for step in _place(fault["loc"]))
    message = _message(fault)
    return f"{place}: {message}" if place else message


def _place(location: tuple[int | str, ...]) -> list[int | str]:
    """`location` without the kind of prompt that pydantic puts after a prompt's number: it is no key."""
    return [
        step
        for index, step in enumerate(location)
        if not (index >= 2 and location[index - 2] == "prompts" and isinstance(location[index - 1], int))
    ]


def _message(fault: ErrorDetails) -> str:
    if fault["type"] == "extra_forbidden":
        return "unknown key"
    if fault["type"] == "missing":
        return "the key is missing"
    if fault["type"] == "union_tag_not_found":
        return "the key 'kind' is missing"
    if fault["type"] == "union_tag_invalid":
        return f"kind '{fault['ctx']['tag']}' is none of {fault['ctx']['expected_tags']}"
    return fault["msg"].removeprefix("Value error, ")
