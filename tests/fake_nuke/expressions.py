"""Nuke's expressions, as far as the plug-in uses them, evaluated on numbers or arrays."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

_PARENT = re.compile(r"parent\.(\w+)(?:\.([rgba]))?")


def evaluate(text: str, parent: Callable[[str, str | None], Any], gui: bool, names: Mapping[str, Any]) -> Any:
    """`parent(knob, component)` gives values of the group's knobs; `names` e.g. pixels r, g, b, a."""
    values: dict[str, Any] = dict(names)

    def refer(match: re.Match[str]) -> str:
        name = f"p{len(values)}"
        values[name] = parent(match[1], match[2])
        return name

    python = _PARENT.sub(refer, text).replace("$gui", str(int(gui)))
    python = python.replace("&&", " and ").replace("||", " or ")
    python = re.sub(r"!(?!=)", " not ", python).strip()
    if re.search(r"[^\w\s.+\-*/()<>=]", python):
        raise ValueError(f"the stand-in does not know the expression {text!r}")
    result = eval(python, {"__builtins__": {}}, values)
    return float(result) if isinstance(result, bool) else result
