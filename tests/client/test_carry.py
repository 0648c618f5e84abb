"""Carried prompts are marked on the object that got them, however its name is written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from wisp.client.carry import DOUBT, carry
from wisp.client.ends import Carried
from wisp.client.events import PromptsCarried
from wisp.client.mattes import Mattes


class Session:
    """What `carry` needs of one: it ends at once with two frames of an object."""

    def __init__(self) -> None:
        self.mattes = Mattes(set)

    def run(self, _asked: Any, told: Callable[[Any], None], ended: Callable[..., None]) -> bool:
        for frame, doubtful in ((7, True), (8, False)):
            told(PromptsCarried("Hero", frame, [], 0.5, doubtful, {}))
        ended(Carried(2, 1), "")
        return True


def test_an_object_of_the_name_in_other_letters_is_the_same(tmp_path: Path) -> None:
    session = Session()
    assert carry(session, tmp_path / "other.wisp", tmp_path, lambda _: {"hand": 1, "hero": 4})  # type: ignore[arg-type]
    assert session.mattes.lanes.keys() == {4} and session.mattes.lanes[4].suspicious == {7: DOUBT}
