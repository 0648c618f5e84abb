"""What commands have edited in a shot, to be undone: the documents before each edit, in the shot's cache."""

from __future__ import annotations

import contextlib
import hashlib
import json
from pathlib import Path
from typing import Any

from .. import shot as documents
from ..atomic import replacing
from ..client.folders import own_folder
from ..errors import OutputError, UsageError

#: So many edits can be undone.
LENGTH = 100


class History:
    """The documents before each edit of one shot, and after each that was taken back."""

    def __init__(self, cache: Path, shot: Path) -> None:
        """`cache`: the shot's, where the history is kept; `shot`: its document."""
        self._path, self._shot = own_folder(cache, shot) / "edits.json", shot
        self._kept: dict[str, Any] = {"past": [], "future": [], "now": ""}
        with contextlib.suppress(OSError, ValueError):  # a history that is lost loses no work
            self._kept = json.loads(self._path.read_text("utf-8"))

    def note(self, what: str, before: str | None) -> None:
        """An edit was made and written. `before`: the document's text until then, None where there was none; an edit
        that left it as it was is none."""
        now = documents.text_of(self._shot)
        if before is None or now is None or now == before:
            return
        if _digest(before) != self._kept["now"]:  # edited by something else since: earlier steps lead nowhere
            self._kept["past"] = []
        self._kept["past"] = [*self._kept["past"], [what, before]][-LENGTH:]
        self._kept["future"] = []
        self._write(now)

    def travel(self, action: str) -> str:
        """`undo` or `redo` one edit; returns what it was. UsageError where there is none."""
        source, target = ("past", "future") if action == "undo" else ("future", "past")
        now = self._shot.read_text("utf-8-sig")
        if not self._kept[source]:
            raise UsageError(
                f"There is nothing to {action} in {self._shot}.",
                hint="What wisp prompt, absent, region, detect and batch edit can be; a window has its own undo.",
            )
        if _digest(now) != self._kept["now"]:
            raise UsageError(
                f"{self._shot} was changed by something else since its last edit by a command.",
                hint=f"Take that change back where it was made, then {action}; or go on: later edits can be undone.",
            )
        what, text = self._kept[source].pop()
        self._kept[target].append([what, now])
        documents.write_text(text, self._shot)
        self._write(text)
        return str(what)

    def _write(self, now: str) -> None:
        self._kept["now"] = _digest(now)
        with contextlib.suppress(OSError, OutputError):  # the edit itself is written; it just cannot be undone
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with replacing(self._path) as temporary:
                temporary.write_text(json.dumps(self._kept), encoding="utf-8")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
