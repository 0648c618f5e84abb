"""Review: the check's doubts as a walk, frames found fine, in and out, prompts carried from frame to frame."""

from __future__ import annotations

import contextlib
import json
import math
from pathlib import Path
from typing import Any

import pytest
from helpers.hand import FRAMES, Hand, disc
from wisp import shot as documents
from wisp.client.events import Verdict
from wisp.client.requests import Check
from wisp.errors import WispError
from wisp.panel.carrying import carried, placed
from wisp.panel.qt import Qt
from wisp.view.window import Window

FIRST = FRAMES[0]
CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def solved(window: Window, hand: Hand) -> None:
    hand.key(Qt.Key.Key_B)
    x, y = disc(FIRST)
    hand.drag((x - 30, y - 30), (x, y), (x + 30, y + 30))
    window.editor.track("track-both")
    hand.wait(lambda: not window.editor.session.busy and window.editor.session.mattes.lanes[1].solved == set(FRAMES))


def test_a_check_marks_frames_and_the_keys_walk_through_them(window: Window, hand: Hand) -> None:
    """The check's reason stays when the frame is looked at; fine as it is, the frame is passed over, also by a check of
    the saved shot; computed anew, it is doubted again."""
    editor, session = window.editor, window.editor.session
    editor.live.setChecked(False)
    solved(window, hand)
    hand.key(Qt.Key.Key_C)
    hand.wait(lambda: not session.busy)
    assert "8 frames judged" in editor.status.text()
    frame = FRAMES[3]
    said = Verdict("object1", 1, frame, "judged", 0.8, True, ("it flickers",))
    session._handle(said)
    hand.key(Qt.Key.Key_BracketRight)
    assert editor.frame == frame and "it flickers" in editor.status.text()
    hand.wait(lambda: session.mattes.fingerprint(1, frame) is not None)
    assert session.mattes.lanes[1].suspicious == {frame: "it flickers"}, "reading the matte does not clear it"

    hand.key(Qt.Key.Key_Y)
    assert "fine" in editor.status.text() and editor.commands["accept"].isChecked()
    hand.wait(lambda: session.mattes.lanes[1].suspicious == {})
    (accepted,) = documents.parse(editor.edits.document).objects[0].accepted
    assert accepted == (frame, session.mattes.fingerprint(1, frame))
    told: list[Verdict] = []
    assert session.run(Check(), lambda event: told.append(event) if isinstance(event, Verdict) else None)
    hand.wait(lambda: not session.busy)
    (verdict,) = [one for one in told if one.frame == frame]
    assert verdict.state == "accepted" and not verdict.suspicious

    editor.edge.rows["grow"].number.setValue(3.0)
    editor.track("track-both")
    hand.wait(lambda: not session.busy and not session.mattes.lanes[1].dirty)
    hand.wait(lambda: session.mattes.fingerprint(1, frame) not in (None, accepted[1]))
    assert not editor.edits.accepted(1, frame, session.mattes.fingerprint(1, frame)), "it is another matte now"


def test_what_is_fine_can_be_doubted_again_and_undone(window: Window, hand: Hand) -> None:
    editor = window.editor
    editor.live.setChecked(False)
    hand.click(*disc(FIRST))
    hand.key(Qt.Key.Key_Y)
    assert editor.status.words.styleSheet() and "no matte" in editor.status.text()
    editor.session.mattes.note_track_state(1, FIRST, "lost", 0.0, "mark")
    hand.key(Qt.Key.Key_Y)
    hand.wait(lambda: FIRST not in editor.session.mattes.lanes[1].suspicious)
    hand.key(Qt.Key.Key_Z, CONTROL)
    assert editor.session.mattes.lanes[1].suspicious == {FIRST: "lost"}


@pytest.mark.slow
def test_in_and_out_bound_what_is_tracked(window: Window, hand: Hand) -> None:
    editor = window.editor
    editor.live.setChecked(False)
    hand.click(*disc(FIRST))
    editor.go(FRAMES[3])
    hand.key(Qt.Key.Key_O)
    assert editor.edits.span == (FIRST, FRAMES[3])
    hand.key(Qt.Key.Key_T)
    hand.wait(lambda: not editor.session.busy and bool(editor.session.mattes.lanes[1].solved))
    assert editor.session.mattes.lanes[1].solved == set(FRAMES[:4])
    editor.go(FRAMES[5])
    hand.key(Qt.Key.Key_I)
    assert editor.edits.span == (FRAMES[5], FRAMES[-1]), "an out before the new in is forgotten"
    editor.go(FIRST)
    hand.key(Qt.Key.Key_F)
    hand.wait(lambda: not editor.session.busy and FRAMES[-1] in editor.session.mattes.lanes[1].solved)
    assert FRAMES[4] not in editor.session.mattes.lanes[1].solved
    hand.key(Qt.Key.Key_I, SHIFT)
    assert editor.edits.span_text is None


def test_a_span_is_absent_and_present_again(window: Window, hand: Hand) -> None:
    editor = window.editor
    editor.live.setChecked(False)
    hand.click(*disc(FIRST))
    hand.key(Qt.Key.Key_X, SHIFT)
    assert "Mark the span" in editor.status.text()
    editor.go(FRAMES[2])
    hand.key(Qt.Key.Key_I)
    editor.go(FRAMES[5])
    hand.key(Qt.Key.Key_O)
    hand.key(Qt.Key.Key_X, SHIFT)
    assert editor.edits.objects[0]["absent"] == [[FRAMES[2], FRAMES[5]]]
    hand.key(Qt.Key.Key_X, SHIFT)
    assert editor.edits.objects[0]["absent"] == []
    hand.click(100, 100)
    hand.key(Qt.Key.Key_X, SHIFT)
    assert f"frame {FRAMES[5]}" in editor.status.text() and editor.edits.objects[0]["absent"] == []


def test_prompts_are_pasted_on_another_frame_in_one_step(window: Window, hand: Hand) -> None:
    editor = window.editor
    editor.live.setChecked(False)
    hand.click(60, 64)
    hand.click(20, 20, Qt.MouseButton.RightButton)
    hand.key(Qt.Key.Key_C, CONTROL)
    hand.key(Qt.Key.Key_End)
    hand.key(Qt.Key.Key_V, CONTROL)
    there = editor.edits.prompts(1, FRAMES[-1])
    assert [(one["xy"], one["include"]) for one in there] == [
        (one["xy"], one["include"]) for one in editor.edits.prompts(1, FIRST)
    ]
    hand.key(Qt.Key.Key_Z, CONTROL)
    assert editor.edits.keyframes(1) == [FIRST]


def test_pasted_prompts_are_scaled_to_the_plate() -> None:
    drawn = [
        {"frame": 1, "kind": "point", "xy": [10.0, 20.0], "include": True},
        {"frame": 1, "kind": "box", "xyxy": [0.0, 10.0, 50.0, 60.0]},
        {"frame": 1, "kind": "stroke", "xy": [[1.0, 2.0], [3.0, 4.0]], "radius": 5.0, "include": False},
    ]
    point, box, stroke = placed(carried(drawn, (100, 50), "/a"), 7, (200, 100), "/b")
    assert (point["frame"], point["xy"], box["xyxy"]) == (7, [20.0, 40.0], [0.0, 20.0, 100.0, 120.0])
    assert stroke["xy"] == [[2.0, 4.0], [6.0, 8.0]] and stroke["radius"] == 10.0 and drawn[0]["xy"] == [10.0, 20.0]
    mask = [{"frame": 1, "kind": "mask", "path": "prompts/a.png"}]
    (same,) = placed(carried(mask, (100, 50), "/a"), 3, (100, 50), "/b")
    assert same["path"] == "/a/prompts/a.png"
    (home,) = placed(carried(mask, (100, 50), "/a"), 3, (100, 50), "/a")
    assert home["path"] == "prompts/a.png"
    with pytest.raises(ValueError, match="does not fit 200x100"):
        placed(carried(mask, (100, 50), "/a"), 3, (200, 100), "/b")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "[]",
        "[" * 100_000,
        '{"wisp-prompts": 3, "size": [1, 1]}',
        '{"wisp-prompts": [{}], "size": [0, 0]}',
        '{"wisp-prompts": [{}], "size": [NaN, 1]}',
        '{"wisp-prompts": [{}], "size": 5}',
        '{"wisp-prompts": [], "size": [100, 50]}',
    ],
)
def test_a_clipboard_of_other_things_is_said(text: str) -> None:
    with pytest.raises(ValueError, match="No prompts were copied"):
        placed(text, 1, (100, 50), str(Path("/a")))


WHOLE: list[dict[str, Any]] = [
    {"kind": "point", "xy": [1, 2.5], "include": False},
    {"kind": "box", "xyxy": [0, 1, 2, 3]},
    {"kind": "stroke", "xy": [[1, 2]], "radius": 3, "include": True, "softness": 0.5},
    {"kind": "unknown", "xy": [[1, 2], [3, 4]], "radius": 3},
    {"kind": "mask", "path": "m.png"},
    {"kind": "text", "text": "the dog"},
]
#: A value of each key, and values that no prompt has there.
WRONG = {
    "kind": ["foo", None, []],
    "xy": [[math.nan, 1.0], [1.0], "ab", 5, [[1.0, "2"]], [], [[-500.0, -500.0]], [-500.0, 1.0], [10**400, 1]],
    "xyxy": [[0, 0, 5], [0, 0, 5, 5, 5], [5, 0, 5, 5], [0, 0, math.inf, 5], [200, 0, 300, 5], 5, "abcd"],
    "include": [1, "yes"],
    "radius": [0, -1, "6", math.nan, True],
    "softness": [-0.1, 1.1, "soft"],
    "path": [5, "", "a\0b", None],
    "text": ["", 5],
    "more": [1],
}


@pytest.mark.parametrize("whole", WHOLE, ids=[one["kind"] for one in WHOLE])
def test_what_is_no_prompt_of_a_shot_is_not_pasted(whole: dict[str, Any]) -> None:
    """Just what a document takes is pasted."""
    plate = {"path": "p.%04d.png", "first": 1, "last": 9, "width": 100, "height": 50}
    spoilt = [{**whole, key: value} for key in (*whole, "more") for value in WRONG[key]]
    spoilt += [{name: value for name, value in whole.items() if name != key} for key in whole]
    for prompt in (whole, *spoilt):
        text = json.dumps({"wisp-prompts": [WHOLE[0], prompt], "size": [100, 50]})
        pasted, objects = [], [{"id": 1, "name": "a", "prompts": [dict(prompt, frame=3)]}]
        with contextlib.suppress(ValueError):
            pasted = placed(text, 3, (100, 50), "/a")
        taken = False
        with contextlib.suppress(WispError):
            documents.parse({"wisp": 1, "plate": plate, "objects": objects})
            taken = True
        assert len(pasted) == 2 * taken, prompt
    with pytest.raises(ValueError, match="nothing was pasted"):
        placed(json.dumps({"wisp-prompts": spoilt[:1], "size": [100, 50]}), 3, (100, 50), "/a")


def test_what_is_too_small_for_this_plate_is_not_pasted() -> None:
    for prompt in ({"kind": "box", "xyxy": [1, 1, 2, 2]}, {"kind": "stroke", "xy": [[1, 1]], "radius": 1.0}):
        with pytest.raises(ValueError, match="does not fit this plate"):
            placed(json.dumps({"wisp-prompts": [prompt], "size": [100_000, 50_000]}), 1, (10, 5), "/a")
