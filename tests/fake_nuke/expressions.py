"""Nuke's expressions, as far as the plug-in uses them, evaluated on numbers or arrays."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np

#: What a name stands for; KeyError for what is not known.
Names = Callable[[str], Any]
_TOKEN = re.compile(r"\s*(\d+\.?\d*(?:e[-+]?\d+)?|\.\d+|[$A-Za-z_][\w.$]*|&&|\|\||[=!<>]=|[-+*/()<>!?:,])")
_LEVELS: tuple[dict[str, Callable[[Any, Any], Any]], ...] = (
    {"||": np.logical_or},
    {"&&": np.logical_and},
    {"==": np.equal, "!=": np.not_equal},
    {"<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal},
    {"+": np.add, "-": np.subtract},
    {"*": np.multiply, "/": np.divide},
)
_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "max": np.maximum,
    "min": np.minimum,
    "abs": np.abs,
    "pow": np.power,
    "clamp": lambda value, low=0.0, high=1.0: np.clip(value, low, high),
}


def evaluate(text: str, names: Names) -> Any:
    """The value: a float, or an array where a name stands for one. ValueError for what the stand-in does not know."""
    result = _Reader(text, names).whole()
    return result if isinstance(result, np.ndarray) and result.ndim else float(result)


class _Reader:
    def __init__(self, text: str, names: Names) -> None:
        self._text, self._names = text, names
        self._tokens: list[str] = []
        at = 0
        while text[at:].strip():
            match = _TOKEN.match(text, at)
            if match is None:
                raise ValueError(f"the stand-in does not know the expression {text!r}")
            self._tokens.append(match[1])
            at = match.end()

    def whole(self) -> Any:
        value = self._choice()
        if self._tokens:
            raise ValueError(f"the stand-in does not know the expression {self._text!r}")
        return value

    def _next(self, *wanted: str) -> str:
        if self._tokens and self._tokens[0] in wanted:
            return self._tokens.pop(0)
        return ""

    def _need(self, wanted: str) -> None:
        if not self._next(wanted):
            raise ValueError(f"{wanted!r} is missing in the expression {self._text!r}")

    def _choice(self) -> Any:
        truth = self._level(0)
        if not self._next("?"):
            return truth
        yes = self._choice()
        self._need(":")
        return np.where(truth, yes, self._choice())

    def _level(self, level: int) -> Any:
        if level == len(_LEVELS):
            return self._single()
        value = self._level(level + 1)
        while operator := self._next(*_LEVELS[level]):
            value = _LEVELS[level][operator](value, self._level(level + 1))
        return value

    def _single(self) -> Any:
        if self._next("-"):
            return -self._single()
        if self._next("!"):
            return np.logical_not(self._single())
        if self._next("("):
            value = self._choice()
            self._need(")")
            return value
        if not self._tokens:
            raise ValueError(f"the expression {self._text!r} ends early")
        token = self._tokens.pop(0)
        if token[0].isdigit() or token[0] == ".":
            return float(token)
        if self._next("("):
            arguments = [self._choice()]
            while self._next(","):
                arguments.append(self._choice())
            self._need(")")
            return _FUNCTIONS[token](*arguments)
        try:
            value = self._names(token)
        except KeyError:
            raise ValueError(f"the stand-in does not know {token!r} in {self._text!r}") from None
        return np.asarray(value, float) if not isinstance(value, np.ndarray) else value
