"""One running engine: its process, and messages as lines of JSON."""

from __future__ import annotations

import json
from typing import Any, Dict, Optional

from .pipe import Pipe
from .tables import MAX_LINE

Message = Dict[str, Any]


class TooLong(ValueError):  # noqa: N818 (what the message is)
    """A message beyond MAX_LINE."""


class Connection(Pipe):
    """Garbage on the pipe does no harm: a line that is not a JSON object is turned into a `log` message."""

    def post(self, message: Message) -> None:
        """Send one message. ValueError when it cannot be a line: not JSON, NaN; TooLong beyond MAX_LINE."""
        line = json.dumps(message, separators=(",", ":"), allow_nan=False).encode("ascii")
        if len(line) > MAX_LINE:
            raise TooLong(f"{len(line) / 2**20:.1f} MB are more than the engine takes at once, {MAX_LINE // 2**20} MB.")
        self.send(line)

    def fetch(self, timeout: float = 0.0) -> Optional[Message]:
        """The next message, or None when none came within `timeout` seconds. Raises Closed after the last one."""
        line = self.receive(timeout)
        if line is None:
            return None
        try:
            message = json.loads(line.decode("utf-8"))
            if not isinstance(message, dict):
                raise ValueError("not an object")
        except (ValueError, RecursionError):
            text = f"the engine wrote a line that is no message: {line[:200]!r}"
            return {"method": "log", "params": {"level": "warning", "text": text}}
        return message
