"""Frames are locked and freed in a document, and keep the names of their mattes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from wisp.client.locks import with_locks

frames = st.sets(st.integers(-6, 12), max_size=6)


def test_what_is_locked_together_has_one_name_and_what_is_locked_again_another() -> None:
    item = with_locks({"locks": [[20, 21]]}, [4, 5, 6], True)
    assert item["locks"] == [[4, 6], [20, 21]] and [one[:2] for one in item["approvals"]] == [[4, 6]]
    freed = with_locks(item, [5], False)
    name = item["approvals"][0][2]
    assert freed == {"locks": [[4, 4], [6, 6], [20, 21]], "approvals": [[4, 4, name], [6, 6, name]]}
    again = with_locks(freed, [4, 5, 20], True)
    assert again["locks"] == item["locks"] and again["approvals"][0] == [4, 4, name]
    assert again["approvals"][1][:2] == [5, 5] and again["approvals"][1][2] != name
    assert with_locks(again, range(30), False) == {"locks": [], "approvals": []}
    passing = with_locks({}, (frame for frame in (4, 5)), True)
    assert [one[:2] for one in passing["approvals"]] == passing["locks"] == [[4, 5]], "of an iterator, too"


@given(st.lists(st.tuples(frames, st.booleans()), max_size=6))
def test_names_are_of_locked_frames_alone_and_each_frame_has_one(steps: list[tuple[set[int], bool]]) -> None:
    item: dict[str, list] = {}
    held: set[int] = set()
    for chosen, on in steps:
        before = {frame: name for first, last, name in item.get("approvals", []) for frame in range(first, last + 1)}
        item = with_locks(item, chosen, on)
        stayed = held - chosen if not on else held
        held = held | chosen if on else held - chosen
        named = [(frame, name) for first, last, name in item["approvals"] for frame in range(first, last + 1)]
        assert sorted(frame for frame, _ in named) == sorted(held)
        assert {frame: name for frame, name in named if frame in stayed} == {f: before[f] for f in stayed}
        assert sorted(f for first, last in item["locks"] for f in range(first, last + 1)) == sorted(held)
