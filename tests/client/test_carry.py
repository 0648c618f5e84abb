"""Frames that got carried prompts in doubt are marked, on the object that got them and on no other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from wisp.client.carry import DOUBT, asked, carry
from wisp.client.ends import Carried
from wisp.client.events import PromptsCarried
from wisp.client.mattes import Mattes
from wisp.client.tables import INDEX


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


def test_the_mattes_of_another_shot_are_found_where_its_host_has_them(tmp_path: Path) -> None:
    def cache_for(document: str, cache: str) -> str | None:
        place = tmp_path / document
        place.parent.mkdir(parents=True)
        (tmp_path / cache).mkdir(parents=True, exist_ok=True)
        (tmp_path / cache / INDEX).touch()
        return asked(place, tmp_path).cache

    blender, nuke = "show/wisp/mattes/shot/1a2b/shot.wisp", "comp/wisp-cache/plates-1a2b/prompts.wisp"
    for document, cache in [("a/a.wisp", "a/wisp-cache"), (blender, "show/wisp/cache"), (nuke, "comp/wisp-cache")]:
        assert cache_for(document, cache) == str(tmp_path / cache)
    (tmp_path / "b").mkdir()
    assert asked(tmp_path / "b" / "b.wisp", tmp_path).cache is None
