"""What the window has done by commands of their own: an object found by words, heads compared on a sheet."""

from __future__ import annotations

from pathlib import Path

import cv2
import pytest
from detectors.conftest import weights
from helpers.hand import FRAMES, Hand
from wisp.view.compare import CompareHeads
from wisp.view.window import Window

__all__ = ["weights"]

FIRST = FRAMES[0]


def leftovers(window: Window) -> list[str]:
    """Passing copies of the document that nobody took away."""
    return [path.name for path in window.opened.root.glob("*~.wisp")]


@pytest.mark.slow
def test_words_become_a_box(window: Window, hand: Hand, weights: Path) -> None:
    window.editor.live.setChecked(False)
    options = ["--weights", str(weights), "--allow-unverified-weights", "--device", "cpu", "--threshold", "0"]
    window.find_by_words("the runner", *options)
    assert "the runner" in window.editor.status.text()
    hand.wait(lambda: bool(window.editor.edits.objects))
    (item,) = window.editor.edits.objects
    (box,) = item["prompts"]
    assert item["name"] == "the_runner" and (box["kind"], box["frame"]) == ("box", FIRST)
    assert leftovers(window) == []


def test_words_without_a_detector_say_how_to_get_it(window: Window, hand: Hand, tmp_path: Path) -> None:
    window.editor.live.setChecked(False)
    (tmp_path / "none").mkdir()
    window.find_by_words("the runner", "--weights", str(tmp_path / "none"))
    hand.wait(lambda: "grounding-dino-tiny" in window.editor.status.text())
    assert window.editor.session.failed and window.editor.edits.objects == [] and leftovers(window) == []


@pytest.mark.slow
def test_heads_are_compared_while_the_window_goes_on(window: Window, hand: Hand) -> None:
    window.editor.live.setChecked(False)
    hand.click(60, 64)
    hand.wait(lambda: bool(window.editor.session.models))
    dialog = window.compare_heads()
    assert isinstance(dialog, CompareHeads)
    for box in dialog.boxes:
        box.setChecked(box.text() in ("guided", "closed-form"))
    dialog.start_button.click()
    assert not dialog.start_button.isEnabled()
    hand.click(90, 90)
    hand.wait(lambda: not dialog.command.running and dialog.sheet.pixmap() is not None)
    hand.wait(lambda: not dialog.sheet.pixmap().isNull() or dialog.words.text() not in ("", "Matting"))
    assert dialog.sheet.pixmap().width() > 300, dialog.words.text()
    sheet = cv2.imread(str(window.opened.cache / "compare.png"))
    assert (sheet.shape[1], sheet.shape[0]) == (dialog.sheet.width(), dialog.sheet.height())
    assert len(window.editor.edits.prompts(1, FIRST)) == 2 and leftovers(window) == []
    dialog.close()


@pytest.mark.slow
def test_a_comparison_is_stopped_by_closing_its_window(window: Window, hand: Hand) -> None:
    window.editor.live.setChecked(False)
    hand.click(60, 64)
    hand.wait(lambda: bool(window.editor.session.models))
    dialog = window.compare_heads()
    dialog.start()
    command = dialog.command
    ended: list[str] = []
    command.ended.connect(ended.append)
    hand.wait(lambda: command.running)
    dialog.close()
    assert ended == ["Stopped."] and leftovers(window) == []
