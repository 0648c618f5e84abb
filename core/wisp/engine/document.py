"""`docs/protocol.md` from `engine/api.py`: python -m wisp.engine.document > docs/protocol.md"""

from __future__ import annotations

import inspect
import json
import sys
from typing import Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from ..client.notifications import NOTIFICATIONS
from . import api

_INTRODUCTION = """# Engine protocol, version VERSION

<!-- Generated from core/wisp/engine/api.py by `python -m wisp.engine.document`; do not edit. -->

A host starts the engine as a child process (`wisp serve --stdio`) and talks JSON-RPC 2.0 with it: one JSON object per
line, UTF-8, at most LIMIT MiB a line; requests on the engine's stdin, answers and notifications on its stdout. Nothing
else appears on stdout; stderr and the log file are for people.

- Pixels never cross the pipe: paths of files in the cache do. Paths have forward slashes.
- Closing stdin ends the engine at once. What it has finished is on disk, whole.
- Requests marked *at once* are answered whatever work goes on; the others in order, between the frames of a running
  job.
- Every request needs an `id`; one without is ignored. Parameters go by name. Unknown parameters are errors; a host
  must pass over unknown notifications and unknown keys in results.
- Frames are the plate's own numbers. Coordinates in the shot document are plate pixels: origin top-left, y down, pixel
  edges at integers.

```
-> {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"protocol": VERSION, "client": "my host 1.0"}}
<- {"jsonrpc": "2.0", "id": 1, "result": {"protocol": VERSION, "device": "auto", ...}}
-> {"jsonrpc": "2.0", "id": 2, "method": "open", "params": {"shot": {...}, "root": "/sh010", "cache": "/sh010/wisp"}}
<- {"jsonrpc": "2.0", "id": 2, "result": {"shot_id": "shot-1", "status": {...}}}
-> {"jsonrpc": "2.0", "id": 3, "method": "solve", "params": {"shot_id": "shot-1", "frames": "1001-1100"}}
<- {"jsonrpc": "2.0", "id": 3, "result": {"job": "job-1"}}
<- {"jsonrpc": "2.0", "method": "job/progress", "params": {"job": "job-1", "stage": "track", "frame": 1001, ...}}
<- {"jsonrpc": "2.0", "method": "job/frame", "params": {"job": "job-1", "object": "hero", "id": 1, "frame": 1001, ...}}
<- {"jsonrpc": "2.0", "method": "job/done", "params": {"job": "job-1", ...}}
```
"""


def text() -> str:
    """The whole document."""
    limit = str(api.MAX_LINE // 1024 // 1024)
    parts = [_INTRODUCTION.replace("VERSION", str(api.PROTOCOL)).replace("LIMIT", limit), "## Requests\n"]
    for method in api.METHODS.values():
        when = " (*at once*)" if method.at_once else ""
        parts.append(f"### {method.name}{when}\n\n{_purpose(method.params)}\n")
        parts.append(_parameters(method.params))
        parts.append(f"Result: {_purpose(method.result)}\n")
        parts.append(_keys(method.result))
    parts.append("## Notifications\n")
    for name, params in api.NOTIFICATIONS.items():
        parts.append(f"### {name}\n\n{_purpose(params)}\n")
        parts.append(_keys(params))
    parts.append(
        "## Events of a job\n\nEach has the key `job` beside its own. The same events are the lines of `--json`.\n"
    )
    for name, events in NOTIFICATIONS.items():
        parts.append(f"### {name}\n")
        for event in events:
            parts.append(f"{_purpose(event)}\n")
            rows = [f"| `{key}` | {_type(hint)} | {meaning} |" for key, (hint, meaning) in api.described(event).items()]
            parts.append(_table("| Key | Type | Meaning |", rows))
    parts.append("## Parts of results\n")
    for part in (api.ShotStatus, api.ObjectStatus, api.ModelInfo, api.JobStatus):
        parts.append(f"### {part.__name__}\n\n{_purpose(part)}\n")
        parts.append(_keys(part))
    parts.append("## Errors\n")
    parts.append(
        f"`error` has `code`, `message` (one sentence) and `data`: {_purpose(api.Fault)}\n\n" + _keys(api.Fault)
    )
    rows = [f"| {code} | {meaning} |" for code, meaning in api.ERRORS.items()]
    parts.append("\n".join(["| Code | Meaning |", "|---|---|", *rows]) + "\n")
    return "\n".join(part for part in parts if part)


def _purpose(message: type) -> str:
    return inspect.getdoc(message) or ""


def _parameters(message: type[api.Message]) -> str:
    """A Markdown table of what a request takes."""
    rows = [
        f"| `{name}` | {_type(field.annotation)} | {_need(field)} | {field.description or ''} |"
        for name, field in message.model_fields.items()
    ]
    return _table("| Parameter | Type | Default | Meaning |", rows)


def _keys(message: type[api.Message]) -> str:
    """A Markdown table of what a result or notification holds; every key is always there."""
    rows = [
        f"| `{name}` | {_type(field.annotation)} | {field.description or ''} |"
        for name, field in message.model_fields.items()
    ]
    return _table("| Key | Type | Meaning |", rows)


def _table(heading: str, rows: list[str]) -> str:
    """The table, or nothing where there are no rows."""
    rule = "|" + "---|" * (heading.count("|") - 1)
    return "\n".join([heading, rule, *rows]) + "\n" if rows else ""


def _type(annotation: Any) -> str:
    """A type as a reader of JSON calls it."""
    plain = {str: "text", int: "integer", float: "number", bool: "true or false", type(None): "null", Any: "any"}
    if annotation in plain:
        return plain[annotation]
    if inspect.isclass(annotation) and issubclass(annotation, api.Message):
        return f"[{annotation.__name__}](#{annotation.__name__.lower()})"
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (list, tuple):
        return f"list of {_type(arguments[0])}"
    if origin is dict:
        return "object" if arguments[1] is Any else f"object of {_type(arguments[1])}"
    if origin is Literal:
        return ", ".join(f'`"{choice}"`' for choice in arguments)
    return " or ".join(_type(choice) for choice in arguments)


def _need(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    default = field.get_default(call_default_factory=True)
    return "null" if default is None else f"`{json.dumps(default)}`"


if __name__ == "__main__":
    sys.stdout.write(text())
