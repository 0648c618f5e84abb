"""Frames that got carried prompts in doubt are marked, on the object that got them and on no other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from wisp.client.carry import DOUBT, carry
from wisp.client.ends import Carried
from wisp.client.events import PromptsCarried
from wisp.client.mattes import Mattes


class Session:
    """What `carry` needs of one: it ends at once with three frames of an object."""

    def __init__(self) -> None:
        self.mattes = Mattes(set)

    def run(self, _asked: Any, told: Callable[[Any], None], ended: Callable[..., None]) -> bool:
        for frame, doubtful in ((7, True), (8, False), (9, True)):
            told(PromptsCarried("Hero", frame, [], 0.5, doubtful, {}))
        ended(Carried(3, 2), "")
        return True


def test_frames_that_took_nothing_are_not_marked(tmp_path: Path) -> None:
    session = Session()

    def take(found: list[PromptsCarried]) -> list[tuple[int, PromptsCarried]]:
        return [(4, one) for one in found if one.frame < 9]

    assert carry(session, tmp_path / "other.wisp", tmp_path, take)  # type: ignore[arg-type]
    assert session.mattes.lanes.keys() == {4} and session.mattes.lanes[4].suspicious == {7: DOUBT}
