"""The window can be read and fits: sizes of text, contrast, a small screen."""

from __future__ import annotations

import re

import pytest
from PySide6 import QtTest
from wisp.client.mattes import Lane
from wisp.panel.qt import Qt, QtCore, QtWidgets
from wisp.panel.theme import FAILURE, STYLE
from wisp.panel.timeline import FOOT, LANE, RULER
from wisp.view.window import Window


def luminance(color: str) -> float:
    """Relative luminance, WCAG 2.2."""
    parts = (int(color[i : i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, WCAG 2.2: 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("ground", ["#2a2a2e", "#232327", "#1f1f22", "#3a3a40", "#46464d"])
@pytest.mark.parametrize("text", ["#d8d8de", "#ffffff"])
def test_text_stands_out_from_every_ground(text: str, ground: str) -> None:
    assert ground in STYLE and text in STYLE
    assert contrast(text, ground) >= 4.5


@pytest.mark.parametrize(("text", "ground"), [("#9a9aa2", "#232327"), (FAILURE, "#2a2a2e"), ("#f0c060", "#141416")])
def test_the_ruler_an_error_and_a_note_stand_out(text: str, ground: str) -> None:
    assert contrast(text, ground) >= 4.5


def test_no_text_is_smaller_than_ten_pixels(window: Window) -> None:
    assert min(int(size) for size in re.findall(r"font-size: (\d+)px", STYLE)) >= 10
    for one in window.findChildren(QtWidgets.QWidget):
        assert one.fontInfo().pixelSize() >= 10, one


def test_the_window_fits_a_small_screen(window: Window) -> None:
    window.resize(1280, 720)
    QtWidgets.QApplication.processEvents()
    assert (window.width(), window.height()) == (1280, 720)
    editor = window.editor
    for part in (editor.toolbar, editor.canvas, editor.objects, editor.edge, editor.models, editor.timeline):
        corner = part.mapTo(window, part.rect().bottomRight())
        assert corner.x() <= 1280 and corner.y() <= 720 and part.height() >= part.minimumSizeHint().height(), part
    assert editor.canvas.width() * editor.canvas.height() > 0.5 * 1280 * 720, "most of it is the picture"


def test_many_objects_leave_the_window_its_size(window: Window) -> None:
    editor, timeline = window.editor, window.editor.timeline
    window.resize(1024, 700)
    for _ in range(20):
        editor.edits.add_object()
    QtWidgets.QApplication.processEvents()
    assert (window.width(), window.height()) == (1024, 700) and editor.canvas.height() > 300

    def click(y: int) -> None:
        none = Qt.KeyboardModifier.NoModifier
        QtTest.QTest.mouseClick(timeline, Qt.MouseButton.LeftButton, none, QtCore.QPoint(40, y))

    click(timeline.height() - FOOT - LANE // 2)
    assert editor.edits.active == 20, "the new object is the last lane that is seen"
    editor.choose(1)
    assert (
        timeline.scroll_bar.value() == 0 and editor.objects.list.visualItemRect(editor.objects.list.item(0)).top() >= 0
    )
    click(RULER + LANE + LANE // 2)
    assert editor.edits.active == 2
    for number in range(1, 21):
        editor.choose(number)
        item = editor.objects.list.currentItem()
        assert editor.objects.list.viewport().rect().contains(editor.objects.list.visualItemRect(item).center())


def test_a_timeline_paints_what_is_known_once(window: Window) -> None:
    """Scrubbing a long shot paints no lane anew."""
    timeline, asked = window.editor.timeline, []
    window.editor.edits.add_object()
    timeline.show_lanes({1: Lane({1001}, {1002}, {1001: "lost"})}, lambda number: {asked.append(number) or 1001})
    before = timeline.grab().toImage()
    for frame in (1004, 1002, 1001):
        timeline.show_frame(frame)
        assert (timeline.grab().toImage() == before) == (frame == 1001)
    assert asked == [1]
