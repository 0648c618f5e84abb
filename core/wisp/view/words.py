"""Find an object by words: a detector turns them into a box on the frame."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import WispError
from ..panel.qt import QtCore
from ..panel.shot_edits import ShotEdits, usable_name
from .command import ShotCommand
from .places import OpenedShot


class FindByWords(QtCore.QObject):
    """One search. `ended`: how it ended, in one sentence, and whether it failed; the box is then a prompt."""

    ended = QtCore.Signal(str, bool)

    def __init__(self, opened: OpenedShot, edits: ShotEdits, parent: QtCore.QObject | None = None) -> None:
        super().__init__(parent)
        self._edits = edits
        self._box: list[float] = []
        self.command = ShotCommand(opened, self)
        self.command.told.connect(self._told)
        self.command.ended.connect(self._ended)

    def start(self, words: str, frame: int, *options: str) -> None:
        """Look for `words` on that frame. `options`: of `wisp detect`."""
        self._words, self._frame = words, frame
        prompt = {"frame": frame, "kind": "text", "text": words}
        document = dict(self._edits.document, objects=[{"id": 1, "name": "sought", "prompts": [prompt]}])
        try:
            self.command.start("detect", *options, document=document)
        except WispError as error:
            self.ended.emit(str(error), True)

    def _told(self, event: Mapping[str, Any]) -> None:
        if event.get("event") == "box":
            self._box = [float(value) for value in event["xyxy"]]

    def _ended(self, reason: str) -> None:
        if reason or not self._box:
            self.ended.emit(reason or f"Nothing on frame {self._frame} answers to {self._words!r}.", True)
            return
        item = self._edits.object(self._edits.active)
        if item is None or item.get("prompts"):
            self._edits.add_object(usable_name(self._words) or None)
        self._edits.add_prompt({"frame": self._frame, "kind": "box", "xyxy": [round(v, 1) for v in self._box]})
        self.ended.emit(f"{self._words!r} is this box.", False)
