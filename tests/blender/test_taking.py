"""What comes from elsewhere becomes the strip's data as it becomes a document's."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from wisp.client.events import PromptsCarried, RotoRead

from blender_addon import document, taking

FOLDER = Path("/mattes/plate")


class Prompts(list[Any]):
    """Of an object: `remove` is told a place, as the host's collections are."""

    def remove(self, place: int) -> None:
        del self[place]


def item(name: str, number: int, absent: str = "", locks: str = "") -> Any:
    made = SimpleNamespace(name=name, number=number, absent=absent, locks=locks, prompts=Prompts(), color=[0.0] * 3)

    def add_prompt(kind: str, frame: int, points: Any, include: bool = True, radius: float = 6.0) -> Any:
        made.prompts.append(
            SimpleNamespace(
                kind=kind, frame=frame, points=points, include=include, radius=radius, text="", softness=0.0
            )
        )
        return made.prompts[-1]

    made.add_prompt = add_prompt
    return made


def strip(*objects: Any) -> Any:
    made = SimpleNamespace(objects=list(objects), shown_from="")

    def add_object(name: str) -> Any:
        made.objects.append(item(name, 10 + len(made.objects)))
        return made.objects[-1]

    made.add_object = add_object
    return made


def carried(name: str, frame: int, *prompts: dict[str, Any]) -> PromptsCarried:
    parts = {"color": "#ff0080", "edge": {"grow": -2.5, "frame_edge": 2}}
    said = prompts or ({"kind": "point", "xy": [1.0, 2.0], "include": True},)
    return PromptsCarried(name, frame, [{**one, "frame": frame} for one in said], 0.9, False, parts)


def held(wisp: Any) -> list[tuple[str, list[tuple[str, int]]]]:
    return [(one.name, [(each.kind, each.frame) for each in one.prompts]) for one in wisp.objects]


def test_carried_prompts_go_to_the_object_of_the_name_that_documents_have() -> None:
    wisp = strip(item("Hair", 3), item("the hair", 5))
    taken = taking.take_carried(wisp, [carried("hair", 1), carried("the_hair", 1), carried("hair", 4)], FOLDER)
    assert held(wisp) == [("Hair", [("point", 1), ("point", 4)]), ("the hair", [("point", 1)])]
    assert [(number, one.frame) for number, one in taken] == [(3, 1), (5, 1), (3, 4)]
    assert wisp.objects[0].color == [0.0] * 3, "its colour and edge are its own"


def test_carried_prompts_take_the_place_of_those_of_their_frame_and_leave_the_others() -> None:
    hair = item("hair", 1)
    for kind, frame in (("lasso", 1), ("box", 2), ("point", 1), ("stroke", 3)):
        hair.add_prompt(kind, frame, [(0.0, 0.0)])
    wisp = strip(hair)
    mask = {"kind": "mask", "path": str(FOLDER / "prompts" / "hair.png")}
    stroke = {"kind": "stroke", "xy": [[1.0, 2.0], [3.0, 4.0]], "radius": 9.0, "include": False, "softness": 0.5}
    box = {"kind": "box", "xyxy": [1.0, 2.0, 3.0, 4.0]}
    taking.take_carried(wisp, [carried("hair", 1, mask, stroke), carried("hair", 2, box)], FOLDER)
    assert held(wisp) == [("hair", [("stroke", 3), ("mask", 1), ("stroke", 1), ("box", 2)])]
    _, picture, line, corners = hair.prompts
    assert picture.text == "prompts/hair.png" and wisp.shown_from == str(FOLDER)
    assert (line.points, line.radius, line.include, line.softness) == ([(1.0, 2.0), (3.0, 4.0)], 9.0, False, 0.5)
    assert corners.points == [(1.0, 2.0), (3.0, 4.0)]


def test_nothing_is_carried_to_frames_on_which_the_object_is_absent() -> None:
    hair = item("hair", 1, absent="1-9", locks="5")
    hair.add_prompt("point", 7, [(0.0, 0.0)])
    wisp = strip(hair)
    taken = taking.take_carried(wisp, [carried("hair", frame) for frame in (4, 5, 7)], FOLDER)
    assert [one.frame for _, one in taken] == [5, 7], "a lock and a prompt say that it is there"
    assert held(wisp) == [("hair", [("point", 5), ("point", 7)])] and 4 in document.absent_frames(hair)


def test_an_object_that_is_made_has_colour_and_edge_of_the_other_shot() -> None:
    wisp = strip(item("hair", 1))
    taken = taking.take_carried(wisp, [carried("hand", 1), carried("hand", 2)], FOLDER)
    assert held(wisp) == [("hair", []), ("hand", [("point", 1), ("point", 2)])]
    hand = wisp.objects[1]
    assert [number for number, _ in taken] == [hand.number] * 2
    assert hand.color == document.rgb("#ff0080") and (hand.grow, hand.frame_edge) == (-2.5, 2)


def test_roto_keeps_its_pictures_and_absence() -> None:
    wisp = strip()
    read = RotoRead("box", [(2, str(FOLDER / "prompts" / "box.png"))], 2, 9, [[4, 5]], "/roto/core.%04d.png")
    taking.take_roto(wisp, [read], FOLDER)
    (box,) = wisp.objects
    assert (box.life, box.absent, box.core, box.garbage) == ("2-9", "4-5", "/roto/core.%04d.png", "")
    assert [(one.frame, one.text) for one in box.prompts] == [(2, "prompts/box.png")]
