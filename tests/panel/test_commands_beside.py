"""What the window has its engine do beside solving: an object found by words, heads compared on a sheet."""

from __future__ import annotations

from pathlib import Path

import cv2
import pytest
from detectors.conftest import weights
from helpers.hand import FRAMES, Hand
from wisp.panel.compare import CompareHeads
from wisp.panel.fetch import GetModels
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
    sheet = cv2.imread(str(window.opened.cache / "compare.png"))
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
    assert not (window.opened.cache / "compare.png").exists()


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
