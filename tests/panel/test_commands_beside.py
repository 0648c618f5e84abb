"""What the window has its engine do beside solving: an object found by words, heads compared on a sheet."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from detectors.conftest import weights
from helpers.hand import FRAMES, SIZE, Hand, disc
from wisp.client.events import Candidate
from wisp.client.shot_edits import Refused
from wisp.panel.compare import CompareHeads
from wisp.panel.fetch import GetModels
from wisp.panel.qt import Qt
from wisp.view.window import Window

__all__ = ["weights"]

FIRST = FRAMES[0]


@pytest.fixture
def detector(weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tiny detector is where the window's engine looks for weights."""
    monkeypatch.setenv("WISP_WEIGHTS", str(weights))


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """The window's engine may not use the network."""
    monkeypatch.setenv("WISP_OFFLINE", "1")


@pytest.mark.slow
def test_words_become_a_box(detector: None, window: Window, hand: Hand) -> None:
    window.editor.live.setChecked(False)
    window.editor.beside.find_by_words("the runner", threshold=0.0)
    assert "the runner" in window.editor.status.text()
    hand.wait(lambda: bool(window.editor.edits.objects))
    (item,) = window.editor.edits.objects
    (box,) = item["prompts"]
    assert item["name"] == "the_runner" and (box["kind"], box["frame"]) == ("box", FIRST)
    hand.wait(lambda: not window.editor.session.busy)
    assert window.editor.session.message == "1 box found"


def test_words_without_a_detector_say_how_to_get_it(window: Window, hand: Hand) -> None:
    window.editor.live.setChecked(False)
    window.editor.beside.find_by_words("the runner")
    hand.wait(lambda: "grounding-dino-tiny" in window.editor.status.text())
    assert window.editor.session.failed and window.editor.edits.objects == []


@pytest.mark.slow
def test_heads_are_compared_while_the_window_goes_on(window: Window, hand: Hand) -> None:
    window.editor.live.setChecked(False)
    hand.click(60, 64)
    hand.wait(lambda: bool(window.editor.session.models))
    dialog = window.editor.beside.compare()
    assert isinstance(dialog, CompareHeads)
    for box in dialog.boxes:
        box.setChecked(box.text() in ("guided", "closed-form"))
    dialog.start_button.click()
    assert not dialog.start_button.isEnabled()
    hand.click(90, 90)
    hand.wait(lambda: not dialog.running and dialog.sheet.pixmap() is not None)
    hand.wait(lambda: not dialog.sheet.pixmap().isNull() or dialog.words.text() not in ("", "Matting"))
    assert dialog.sheet.pixmap().width() > 300, dialog.words.text()
    sheet = cv2.imread(str(Path(window.opened.places.own) / "compare.png"))
    assert (sheet.shape[1], sheet.shape[0]) == (dialog.sheet.width(), dialog.sheet.height())
    assert len(window.editor.edits.prompts(1, FIRST)) == 2
    dialog.close()


@pytest.mark.slow
def test_a_comparison_is_stopped_by_closing_its_window(window: Window, hand: Hand) -> None:
    window.editor.live.setChecked(False)
    hand.click(60, 64)
    hand.wait(lambda: bool(window.editor.session.models))
    dialog = window.editor.beside.compare()
    dialog.start()
    assert dialog.running and window.editor.session.busy
    dialog.close()
    hand.wait(lambda: not window.editor.session.busy)
    assert window.editor.session.message.startswith("Stopped")
    assert not (Path(window.opened.places.own) / "compare.png").exists()


def test_models_are_offered_with_size_and_terms_and_without_a_network_a_sentence_helps(
    offline: None, monkeypatch: pytest.MonkeyPatch, window: Window, hand: Hand
) -> None:
    hand.wait(lambda: bool(window.editor.session.models))
    hand.wait(lambda: window.editor.models.more.isVisibleTo(window.editor.models))
    shown = []
    monkeypatch.setattr(
        window.editor.beside, "get_models", lambda: shown.append(GetModels(window.editor.session, window))
    )
    window.editor.models.more.click()
    (dialog,) = shown
    texts = [dialog.list.item(row).text() for row in range(dialog.list.count())]
    place = next(row for row, text in enumerate(texts) if "216 MB, CC-BY-NC-SA-4.0" in text)
    dialog.list.setCurrentRow(place)
    assert "NON-COMMERCIAL" in dialog.terms.text()
    dialog.get_button.click()
    assert dialog.fetching and not dialog.get_button.isEnabled()
    hand.wait(lambda: not dialog.fetching)
    assert "WISP_OFFLINE is set" in dialog.words.text()
    assert dialog.get_button.isEnabled(), "it can be tried again"
    dialog.close()


def test_a_subject_is_found_and_chosen_by_a_click(window: Window, hand: Hand) -> None:
    editor = window.editor
    editor.live.setChecked(False)
    hand.key(Qt.Key.Key_J, Qt.KeyboardModifier.ControlModifier)
    hand.wait(lambda: bool(editor.canvas.candidates))
    assert "Click what you mean" in editor.canvas.note and not editor.edits.objects, "nothing is taken unasked"
    first, before = editor.canvas.candidates[0], editor.canvas.grab().toImage()
    assert [one.number for one in editor.canvas.candidates] == list(range(1, 1 + len(editor.canvas.candidates)))
    hand.click(*disc(FIRST))
    (item,) = editor.edits.objects
    assert item["name"] == "subject" and [prompt["kind"] for prompt in item["prompts"]] == ["box", "point"]
    x0, y0, x1, y1 = item["prompts"][0]["xyxy"]
    assert (
        x0 < disc(FIRST)[0] < x1
        and y0 < disc(FIRST)[1] < y1
        and {prompt["frame"] for prompt in item["prompts"]} == {FIRST}
    )
    assert not editor.canvas.candidates and editor.canvas.grab().toImage() != before and first.frame == FIRST
    editor.commands["undo"].trigger()
    assert not editor.edits.objects, "one step takes all of it back"


def test_candidates_go_by_number_and_by_escape_and_with_their_frame(window: Window, hand: Hand) -> None:
    editor = window.editor
    editor.live.setChecked(False)
    outline = [[[10.0, 10.0], [90.0, 10.0], [90.0, 90.0], [10.0, 90.0]]]
    one = Candidate(1, FIRST, (10.0, 10.0, 90.0, 90.0), (45.0, 45.0), 0.4, True, outline)
    small = [[[40.0, 40.0], [60.0, 40.0], [60.0, 60.0], [40.0, 60.0]]]
    two = Candidate(2, FIRST, (40.0, 40.0, 60.0, 60.0), (50.0, 50.0), 0.3, False, small)
    for leave in (
        lambda: hand.key(Qt.Key.Key_Escape),
        lambda: hand.key(Qt.Key.Key_Right),
        lambda: hand.click(150, 100),
    ):
        editor.go(FIRST)
        editor.canvas.offer([one, two])
        leave()
        assert not editor.canvas.candidates and not editor.edits.objects
    editor.go(FIRST)
    editor.canvas.offer([one, two])
    hand.click(50, 50)
    assert editor.edits.objects[0]["prompts"][0]["xyxy"] == [40.0, 40.0, 60.0, 60.0], (
        "the smaller of two under the mouse"
    )
    editor.canvas.offer([one, two])
    hand.key(Qt.Key.Key_1)
    assert editor.edits.objects[1]["prompts"][0]["xyxy"] == [10.0, 10.0, 90.0, 90.0]


@pytest.mark.slow
def test_a_region_is_fitted_around_a_small_subject_and_taken_away(window: Window, hand: Hand) -> None:
    editor, session = window.editor, window.editor.session
    editor.live.setChecked(False)
    hand.key(Qt.Key.Key_B, Qt.KeyboardModifier.ControlModifier)
    assert "Draw the object first" in editor.status.text()
    x, y = disc(FIRST)
    hand.key(Qt.Key.Key_B)
    hand.drag((x - 30, y - 30), (x, y), (x + 30, y + 30))
    hand.key(Qt.Key.Key_B, Qt.KeyboardModifier.ControlModifier)
    hand.wait(lambda: not session.busy)
    x0, y0, x1, y1 = editor.edits.objects[0]["region"]
    last = disc(FRAMES[-1])
    assert x0 <= x - 28 and last[0] + 28 <= x1 and y0 <= min(y, last[1]) - 28 and max(y, last[1]) + 28 <= y1
    assert "1 region fitted" in session.message
    editor.commands["undo"].trigger()
    assert not editor.edits.objects[0].get("region")
    editor.commands["redo"].trigger()
    hand.key(Qt.Key.Key_B, Qt.KeyboardModifier.ControlModifier)
    assert not editor.edits.objects[0]["region"] and not session.busy


@pytest.mark.parametrize("away", ["absent", "switched off"])
def test_what_is_found_where_the_active_object_does_not_show_is_another_one(
    window: Window, hand: Hand, away: str
) -> None:
    editor, edits = window.editor, window.editor.edits
    editor.live.setChecked(False)
    edits.add_object()
    if away == "absent":
        edits.toggle_absent(FIRST)
    else:
        edits.set_object(1, enabled=False)
    editor.canvas.offer([Candidate(1, FIRST, (10.0, 10.0, 90.0, 90.0), (45.0, 45.0), 0.4, True, [])])
    editor.beside.choose_candidate(0)
    assert [(item["name"], len(item["prompts"])) for item in edits.objects] == [("object1", 0), ("subject", 2)]


def test_nothing_is_pasted_or_taken_from_a_file_into_an_object_that_is_switched_off(
    window: Window, hand: Hand, tmp_path: Path
) -> None:
    editor, edits = window.editor, window.editor.edits
    editor.live.setChecked(False)
    hand.click(60, 64)
    editor.commands["copy"].trigger()
    edits.set_object(1, enabled=False)
    before = edits.document
    editor.commands["paste"].trigger()
    assert "object1 is switched off" in editor.status.text()
    mask = tmp_path / "mask.png"
    cv2.imwrite(str(mask), np.full((SIZE[1], SIZE[0]), 255, np.uint8))
    with pytest.raises(Refused, match="object1 is switched off"):
        window.add_mask(mask)
    assert edits.document == before
