"""What comes into a shot from elsewhere, and how its plate is seen: real files, through the window."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from helpers.hand import FRAMES, SIZE, Hand, disc
from wisp.cache import read_matte
from wisp.errors import WispError
from wisp.view.window import Window

FIRST = FRAMES[0]


def picture(path: Path, centre: tuple[float, float], radius: int = 28) -> Path:
    """A white disc on black, of the plate's size."""
    path.parent.mkdir(parents=True, exist_ok=True)
    drawn = np.zeros((SIZE[1], SIZE[0]), np.uint8)
    cv2.circle(drawn, (round(centre[0]), round(centre[1])), radius, 255, -1)
    cv2.imwrite(str(path), drawn)
    return path


def test_a_mask_from_elsewhere_is_a_keyframe_that_the_engine_may_read(
    window: Window, hand: Hand, tmp_path: Path
) -> None:
    editor = window.editor
    window.add_mask(picture(tmp_path / "elsewhere" / "mask.png", disc(FIRST)))
    assert [one["kind"] for one in editor.edits.prompts(1, FIRST)] == ["mask"]
    hand.wait(lambda: editor.session.matte_path(1, FIRST) is not None and not editor.session.previewing)
    alpha, _ = read_matte(Path(editor.session.matte_path(1, FIRST) or ""))
    truth = cv2.imread(str(tmp_path / "elsewhere" / "mask.png"), 0) > 127
    assert np.abs(alpha - truth).mean() < 0.03


def test_a_mask_of_another_size_is_refused(window: Window, hand: Hand, tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "small.png"), np.full((10, 10), 255, np.uint8))
    with pytest.raises(WispError, match="10x10"):
        window.add_mask(tmp_path / "small.png")
    assert window.editor.edits.objects == []


def test_garbage_and_core_are_obeyed_and_taken_away(window: Window, hand: Hand, tmp_path: Path) -> None:
    editor = window.editor
    with pytest.raises(WispError, match="no object"):
        window.set_holdout("core", picture(tmp_path / "mattes" / "core.png", (160, 20), 10))
    window.add_mask(picture(tmp_path / "elsewhere" / "mask.png", disc(FIRST)))
    window.set_holdout("core", tmp_path / "mattes" / "core.png")
    garbage = [picture(tmp_path / "mattes" / f"bad.{frame}.png", disc(FIRST), 12) for frame in FRAMES]
    window.set_holdout("garbage", garbage[0])
    assert editor.edits.objects[0]["garbage"].endswith("bad.%04d.png"), "one of several means all of them"
    hand.wait(lambda: editor.session.matte_path(1, FIRST) is not None and not editor.session.previewing)

    def at(x: float, y: float) -> float:
        alpha, _ = read_matte(Path(editor.session.matte_path(1, FIRST) or ""))
        return float(alpha[round(y), round(x)])

    x, y = disc(FIRST)
    hand.wait(lambda: at(160, 20) == 1.0 and at(x, y) == 0.0)
    window.commands["no-holdouts"].trigger()
    assert editor.edits.objects[0]["core"] is None and editor.edits.objects[0]["garbage"] is None


def test_roto_of_another_program_comes_in(window: Window, hand: Hand, tmp_path: Path) -> None:
    for frame in FRAMES[:3]:
        picture(tmp_path / "roto" / f"hero.{frame}.png", disc(frame))
    window.add_roto(tmp_path / "roto" / f"hero.{FIRST}.png")
    (item,) = window.editor.edits.objects
    assert item["name"] == "hero" and window.editor.edits.keyframes(1) == list(FRAMES[:3])
    window.add_roto(tmp_path / "roto" / f"hero.{FIRST}.png")
    assert [one["name"] for one in window.editor.edits.objects] == ["hero", "hero_2"]
    window.editor.commands["undo"].trigger()
    assert len(window.editor.edits.objects) == 1
    with pytest.raises(WispError):
        window.add_roto(tmp_path / "none.nk")


def test_exposure_changes_what_is_seen_and_a_wrong_name_is_said(window: Window, hand: Hand) -> None:
    editor = window.editor

    def brightness() -> float:
        plate = editor.loader.get(("plate", FIRST))
        return -1.0 if plate is None else plate.pixelColor(60, 64).lightnessF()

    before = brightness()
    dialog = window.plate_settings()
    dialog.view.setCurrentText("no such view")
    dialog.accept()
    assert dialog.isVisible() and "no such view" in dialog.words.text()
    dialog.view.setCurrentText("ACES 1.0 - SDR Video")
    dialog.colorspace.setCurrentText("sRGB - Texture")
    dialog.exposure.setValue(-3.0)
    dialog.missing.setCurrentIndex(dialog.missing.findData("hold"))
    dialog.accept()
    assert not dialog.isVisible()
    plate = editor.edits.document["plate"]
    assert (plate["exposure"], plate["missing"]) == (-3.0, "hold")
    hand.wait(lambda: 0 <= brightness() < 0.7 * before)
    dialog = window.plate_settings()
    assert dialog.exposure.value() == -3.0
    dialog.reject()
