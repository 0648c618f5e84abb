"""What is wrong with a document, in words that name the key."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

#: Kind of a fault -> what the value has to be; in braces what pydantic says of the limit.
_WANTED = {
    "less_than_equal": "at most {le}",
    "greater_than_equal": "at least {ge}",
    "less_than": "less than {lt}",
    "greater_than": "more than {gt}",
    "finite_number": "a number",
    "float_type": "a number",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "bool_type": "true or false",
    "string_type": "text",
    "list_type": "a list",
    "tuple_type": "a list",
    "literal_error": "one of {expected}",
}
#: Keys that hold numbers of one kind -> what each of these is.
_ONE_OF = {"xy": "a coordinate", "xyxy": "a coordinate"}
#: So much of a wrong value is shown.
_SHOWN = 40


def explain(error: ValidationError) -> str:
    """One clause per fault of a file: the place, as in `objects.0.prompts.2.xy.0`, then what is wrong there."""
    return "; ".join(map(_clause, error.errors(include_url=False)))


def explain_edit(error: ValidationError) -> str:
    """The same, as sentences but for the last full stop, of what a person typed or did, who has seen no place in a
    file: `grow is at most 100, not 150`."""
    return ". ".join(dict.fromkeys(map(_plainly, error.errors(include_url=False))))


def _clause(fault: ErrorDetails) -> str:
    place = ".".join(str(step) for step in _place(fault["loc"]))
    message = _wanted(fault) or _message(fault)
    return f"{place}: {message}" if place else message


def _plainly(fault: ErrorDetails) -> str:
    wanted = _wanted(fault)
    if wanted:
        key = next((str(step) for step in reversed(fault["loc"]) if isinstance(step, str)), "it")
        return f"{_ONE_OF.get(key, key)} is {wanted}"
    message = _message(fault)
    return message[0].upper() + message[1:]


def _wanted(fault: ErrorDetails) -> str:
    """What the value has to be and what it is; nothing for a fault that has a sentence of its own."""
    if fault["type"] not in _WANTED:
        return ""
    limits = {key: value if isinstance(value, str) else _shown(value) for key, value in fault.get("ctx", {}).items()}
    return f"{_WANTED[fault['type']].format(**limits)}, not {_shown(fault['input'])}"


def _shown(value: Any) -> str:
    """A value as a person writes it: whole numbers without a point, and nothing of any length."""
    text = repr(int(value) if isinstance(value, float) and value.is_integer() else value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


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
