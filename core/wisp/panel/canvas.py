"""The picture with its prompts: zoom, pan, and the mouse handed on in plate pixels."""

from __future__ import annotations

import math
from typing import Any, Dict, List, Optional, Tuple

from ..client.events import Candidate
from .gestures import BOX, BRUSHES, GRAB, LASSO, STROKE, Gestures
from .paint import BADGE, paint_badge, paint_candidate, paint_prompts, path_of
from .qt import Qt, QtCore, QtGui, QtWidgets, position

_Button, _Modifier = Qt.MouseButton, Qt.KeyboardModifier
SMALLEST, LARGEST = 0.02, 40.0


class Canvas(QtWidgets.QWidget):
    """Shows one picture in plate pixels, square unless the pixel aspect says otherwise.

    Left adds, right or Alt+left takes away, drag draws a box, Shift+drag a stroke, wheel zooms at the cursor,
    middle pans, Ctrl+wheel changes the brush.
    """

    edited = QtCore.Signal()
    hovered = QtCore.Signal(object)
    #: One of those on offer, by its place; None for none of them.
    candidate_chosen = QtCore.Signal(object)

    def __init__(self, gestures: Gestures, parent: Optional[QtWidgets.QWidget] = None) -> None:
        super().__init__(parent)
        self.gestures = gestures
        self.frame = gestures.edits.first
        #: How wide the plate's pixels are shown, by their height.
        self.pixel_aspect = gestures.edits.pixel_aspect
        self.unsqueezed = True
        self._picture: Optional[QtGui.QImage] = None
        #: What is shown left of the wipe's line, and where that line is: a fraction of the width; None without a wipe.
        self._other: Optional[QtGui.QImage] = None
        self.wipe: Optional[float] = None
        self._wiping = False
        #: What may be meant, shown until one is chosen.
        self._candidates: List[Candidate] = []
        self._offered = ""
        self._note = ""
        self._zoom = 1.0
        self._offset = QtCore.QPointF(0.0, 0.0)
        self._fitted = True
        self._pan_from: Optional[QtCore.QPointF] = None
        self._mouse: Optional[QtCore.QPointF] = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(240, 160)
        self.setCursor(Qt.CursorShape.CrossCursor)

    # -- what is shown ------------------------------------------------------------------------------------

    def show_picture(
        self, picture: Optional[QtGui.QImage], note: str = "", other: Optional[QtGui.QImage] = None
    ) -> None:
        """Show a picture of the plate's size (None: an empty ground), with a sentence over it if there is one, and
        `other` left of the wipe's line."""
        self._picture, self._note, self._other = picture, note, other
        self.update()

    @property
    def candidates(self) -> List[Candidate]:
        """What is on offer, the likeliest first."""
        return self._candidates

    def offer(self, candidates: List[Candidate], words: str = "") -> None:
        """Show them with their numbers, and a sentence over the picture; the next click chooses. None: show none."""
        self._candidates, self._offered = candidates, words
        self.update()

    @property
    def note(self) -> str:
        """The sentence over the picture."""
        return self._offered if self._candidates else self._note

    def set_wipe(self, on: bool) -> None:
        """With a wipe or without."""
        self.wipe = 0.5 if on else None
        self.update()

    # -- where things are ---------------------------------------------------------------------------------

    @property
    def zoom(self) -> float:
        """Screen pixels per plate pixel, vertically."""
        return self._zoom

    def to_screen(self, x: float, y: float) -> QtCore.QPointF:
        return QtCore.QPointF(x * self._zoom * self.pixel_aspect, y * self._zoom) + self._offset

    def to_plate(self, point: QtCore.QPointF) -> Tuple[float, float]:
        place = point - self._offset
        return place.x() / (self._zoom * self.pixel_aspect), place.y() / self._zoom

    def fit(self) -> None:
        """The whole picture in the middle."""
        width, height = self.gestures.edits.size
        width = int(width * self.pixel_aspect)
        margin = 12
        self._zoom = max(min((self.width() - margin) / width, (self.height() - margin) / height), SMALLEST)
        self._offset = QtCore.QPointF(self.width() - width * self._zoom, self.height() - height * self._zoom) / 2.0
        self._fitted = True
        self.update()

    def unsqueeze(self, on: bool) -> None:
        """Show pixels as wide as they are meant to be, or square as they are stored."""
        self.unsqueezed = on
        self.pixel_aspect = self.gestures.edits.pixel_aspect if on else 1.0
        self.fit()

    def zoom_at(self, factor: float, point: QtCore.QPointF) -> None:
        """Zoom so that what lies under `point` stays there."""
        wanted = min(max(self._zoom * factor, SMALLEST), LARGEST)
        self._offset = point - (point - self._offset) * (wanted / self._zoom)
        self._zoom = wanted
        self._fitted = False
        self.update()

    def resize_brush(self, factor: float) -> None:
        """A brush so many times as wide, within what a hand can use."""
        self.gestures.radius = round(min(max(self.gestures.radius * factor, 1.0), 500.0), 1)
        self.update()

    def soften_brush(self, step: float) -> None:
        """A brush with a softer rim, by a share of its radius, or a harder one below 0."""
        self.gestures.softness = round(min(max(self.gestures.softness + step, 0.0), 1.0), 2)
        self.update()

    # -- Qt's events --------------------------------------------------------------------------------------

    def resizeEvent(self, event: Any) -> None:
        super().resizeEvent(event)
        if self._fitted:
            self.fit()

    def wheelEvent(self, event: Any) -> None:
        turn = event.angleDelta().y() or event.angleDelta().x()
        if event.modifiers() & _Modifier.ControlModifier:
            self.resize_brush(1.15 ** (turn / 120.0))
        else:
            self.zoom_at(1.2 ** (turn / 120.0), position(event))
        event.accept()

    def tabletEvent(self, event: Any) -> None:
        """Only how hard the pen presses is told here: what is not accepted comes as the mouse's event, too."""
        kinds = QtCore.QEvent.Type
        if event.type() == kinds.TabletPress or (event.type() == kinds.TabletMove and self.gestures.active):
            self.gestures.pressure = float(event.pressure())
        event.ignore()

    def mousePressEvent(self, event: Any) -> None:
        self.setFocus()
        point = position(event)
        if event.button() == _Button.MiddleButton:
            self._pan_from = point
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
        elif event.button() == _Button.LeftButton and self._on_wipe(point):
            self._wiping = True
        elif self._candidates and event.button() == _Button.LeftButton:
            self.candidate_chosen.emit(self._candidate_at(point))
        elif event.button() in (_Button.LeftButton, _Button.RightButton):
            modifiers = event.modifiers()
            exclude = event.button() == _Button.RightButton or bool(modifiers & _Modifier.AltModifier)
            stroke = bool(modifiers & _Modifier.ShiftModifier)
            self.gestures.press(self.to_plate(point), self.frame, self._zoom, exclude, stroke)
            self.update()

    def mouseMoveEvent(self, event: Any) -> None:
        point = position(event)
        self._mouse = point
        if self._pan_from is not None:
            self._offset += point - self._pan_from
            self._pan_from = point
            self._fitted = False
        if self._wiping:
            self.wipe = min(max(self.to_plate(point)[0] / self.gestures.edits.size[0], 0.0), 1.0)
        self.gestures.move(self.to_plate(point), self.frame, self._zoom)
        self.hovered.emit(self.to_plate(point))
        self.update()

    def mouseReleaseEvent(self, event: Any) -> None:
        if event.button() == _Button.MiddleButton:
            self._pan_from = None
            self.setCursor(Qt.CursorShape.CrossCursor)
        elif self._wiping:
            self._wiping = False
        elif self.gestures.release(self.to_plate(position(event)), self.frame, self._zoom):
            self.edited.emit()
        self.gestures.pressure = 1.0
        self.update()

    def leaveEvent(self, _event: Any) -> None:
        self._mouse = None
        self.hovered.emit(None)
        self.update()

    def paintEvent(self, _event: Any) -> None:
        painter = QtGui.QPainter(self)
        painter.fillRect(self.rect(), QtGui.QColor("#1b1b1d"))
        width, height = self.gestures.edits.size
        area = QtCore.QRectF(self.to_screen(0, 0), self.to_screen(width, height))
        if self._picture is not None:
            # Enlarged pixels are meant to be seen as such.
            painter.setRenderHint(QtGui.QPainter.RenderHint.SmoothPixmapTransform, self._zoom < 2.0)
            painter.drawImage(area, self._picture)
            self._paint_other(painter, area)
        else:
            painter.fillRect(area, QtGui.QColor("#26262a"))
        painter.setPen(QtGui.QColor("#3a3a40"))
        painter.drawRect(area)
        self._paint_prompts(painter)
        self._paint_candidates(painter)
        self._paint_brush(painter)
        if self.wipe is not None:
            self._paint_wipe(painter)
        if self.note:
            self._paint_note(painter)
        painter.end()

    def _paint_prompts(self, painter: QtGui.QPainter) -> None:
        edits = self.gestures.edits
        painter.save()
        painter.translate(self._offset)
        painter.scale(self._zoom * self.pixel_aspect, self._zoom)
        ordered = sorted(edits.objects, key=lambda item: bool(item["id"] == edits.active))
        for item in ordered:
            if item.get("enabled", True):
                bright = item["id"] == edits.active
                prompts = [one for one in edits.prompts(item["id"], self.frame) if one is not self.gestures.held]
                paint_prompts(painter, prompts, item["color"], self._zoom, bright)
        if self.gestures.draft is not None:
            active = edits.object(edits.active)
            draft: List[Dict[str, Any]] = [*self.gestures.drawn, self.gestures.draft]
            paint_prompts(painter, draft, active["color"] if active else "#33c26b", self._zoom)
        painter.restore()

    def _candidate_at(self, point: QtCore.QPointF) -> Optional[int]:
        """The place of the candidate there on the screen: the one whose number it is, else of several the smallest,
        which could not be reached otherwise."""
        for number, badge in enumerate(self._badges()):
            apart = point - badge
            if math.hypot(apart.x(), apart.y()) <= BADGE / 2:
                return number
        place = QtCore.QPointF(*self.to_plate(point))
        there = [
            (_area(one), number)
            for number, one in enumerate(self._candidates)
            if any(path_of(part).contains(place) for part in one.outline)
        ]
        return min(there)[1] if there else None

    def _paint_candidates(self, painter: QtGui.QPainter) -> None:
        if not self._candidates:
            return
        under = self._candidate_at(self._mouse) if self._mouse is not None else None
        painter.save()
        painter.translate(self._offset)
        painter.scale(self._zoom * self.pixel_aspect, self._zoom)
        for number in reversed(range(len(self._candidates))):
            paint_candidate(painter, self._candidates[number], self._zoom, number == under)
        painter.restore()
        for one, place in zip(self._candidates, self._badges()):
            paint_badge(painter, place, str(one.number))

    def _badges(self) -> List[QtCore.QPointF]:
        """Where the candidates' numbers are on the screen; none hides another."""
        taken: List[QtCore.QPointF] = []
        for one in self._candidates:
            place = self.to_screen(*one.xy)
            while any((place - other).manhattanLength() < BADGE for other in taken):
                place += QtCore.QPointF(BADGE, 0.0)
            taken.append(place)
        return taken

    def _wipe_handle(self) -> QtCore.QPointF:
        """In the middle of the wipe's line, on the screen."""
        width, height = self.gestures.edits.size
        return self.to_screen((self.wipe or 0.0) * width, height / 2.0)

    def _on_wipe(self, point: QtCore.QPointF) -> bool:
        apart = point - self._wipe_handle()
        return self.wipe is not None and max(abs(apart.x()), abs(apart.y())) <= GRAB

    def _paint_other(self, painter: QtGui.QPainter, area: QtCore.QRectF) -> None:
        if self.wipe is not None and self._other is not None:
            painter.save()
            painter.setClipRect(QtCore.QRectF(area.left(), area.top(), area.width() * self.wipe, area.height()))
            painter.drawImage(area, self._other)
            painter.restore()

    def _paint_wipe(self, painter: QtGui.QPainter) -> None:
        handle = self._wipe_handle()
        painter.save()
        painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing)
        for width, color in ((3.0, "#000000"), (1.4, "#f2f2f4")):
            painter.setPen(QtGui.QPen(QtGui.QColor(color), width))
            painter.setBrush(QtGui.QColor("#3a3a40"))
            top = self.to_screen(0, 0).y()
            painter.drawLine(QtCore.QPointF(handle.x(), top), QtCore.QPointF(handle.x(), 2 * handle.y() - top))
            painter.drawEllipse(handle, 7.0, 7.0)
        painter.restore()

    def _paint_brush(self, painter: QtGui.QPainter) -> None:
        """A cross-hair over the whole picture for boxes, the brush's size for strokes."""
        if self._mouse is None or self._pan_from is not None:
            return
        painter.save()
        painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing)
        painter.setPen(QtGui.QPen(QtGui.QColor(255, 255, 255, 110), 1.0))
        if self.gestures.tool in BRUSHES:
            radius = self.gestures.radius * self._zoom
            painter.drawEllipse(self._mouse, radius * self.pixel_aspect, radius)
            if self.gestures.tool == STROKE and self.gestures.softness:
                painter.setPen(QtGui.QPen(QtGui.QColor(255, 255, 255, 60), 1.0))
                hard = radius * (1.0 - self.gestures.softness)
                painter.drawEllipse(self._mouse, hard * self.pixel_aspect, hard)
        elif self.gestures.tool in (BOX, LASSO) and not self.gestures.active:
            painter.setPen(QtGui.QPen(QtGui.QColor(255, 255, 255, 60), 1.0))
            painter.drawLine(QtCore.QPointF(self._mouse.x(), 0), QtCore.QPointF(self._mouse.x(), self.height()))
            painter.drawLine(QtCore.QPointF(0, self._mouse.y()), QtCore.QPointF(self.width(), self._mouse.y()))
        painter.restore()

    def _paint_note(self, painter: QtGui.QPainter) -> None:
        text = painter.fontMetrics().boundingRect(
            QtCore.QRect(0, 0, max(100, self.width() - 80), 400), int(Qt.TextFlag.TextWordWrap), self.note
        )
        box = QtCore.QRect(16, 16, text.width() + 20, text.height() + 14)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QtGui.QColor(20, 20, 22, 215))
        painter.drawRoundedRect(box, 5, 5)
        painter.setPen(QtGui.QColor("#f0c060"))
        painter.drawText(box.adjusted(10, 7, -10, -7), int(Qt.TextFlag.TextWordWrap), self.note)


def _area(candidate: Candidate) -> float:
    x0, y0, x1, y1 = candidate.xyxy
    return (x1 - x0) * (y1 - y0)
