"""The prompt timeline: per object a lane of what is solved, dirty, locked, lost and suspicious, with its keyframes."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Optional, Set

from ..client.frames import spans
from ..client.session import Lane
from ..client.states import STATES, corrected, drawn_states
from .qt import Qt, QtCore, QtGui, QtWidgets, position
from .shot_edits import ShotEdits

RULER, LANE, HEAD, PAD = 20, 20, 96, 8
EMPTY = "#2c2c31"
_COLOR = {key: state.color for key, state in STATES.items()}


class Timeline(QtWidgets.QWidget):
    """A ruler and one lane per object. A click or drag asks for a frame, a click on a name for that object."""

    frame_asked = QtCore.Signal(int)
    object_asked = QtCore.Signal(int)

    def __init__(self, edits: ShotEdits, parent: Optional[QtWidgets.QWidget] = None) -> None:
        super().__init__(parent)
        self.edits = edits
        self.frame = edits.first
        self.lanes: Dict[int, Lane] = {}
        #: Where the tracker lost an object, by its id.
        self.lost: Callable[[int], Set[int]] = lambda _number: set()
        self.setMouseTracking(True)
        self.setSizePolicy(QtWidgets.QSizePolicy.Policy.Expanding, QtWidgets.QSizePolicy.Policy.Fixed)

    def refresh(self, frame: Optional[int] = None) -> None:
        """Show that frame; the number of lanes may have changed."""
        if frame is not None:
            self.frame = frame
        self.updateGeometry()
        self.update()

    # -- where things are ---------------------------------------------------------------------------------

    def sizeHint(self) -> QtCore.QSize:
        return QtCore.QSize(400, RULER + LANE * max(1, len(self.edits.objects)) + 6)

    def minimumSizeHint(self) -> QtCore.QSize:
        return QtCore.QSize(200, self.sizeHint().height())

    def x_of(self, frame: float) -> float:
        """Left edge of a frame's cell."""
        count = self.edits.last - self.edits.first + 1
        return HEAD + (frame - self.edits.first) * (self.width() - HEAD - PAD) / count

    def frame_at(self, x: float) -> int:
        count = self.edits.last - self.edits.first + 1
        frame = self.edits.first + int((x - HEAD) * count // max(1, self.width() - HEAD - PAD))
        return min(max(frame, self.edits.first), self.edits.last)

    def _object_at(self, y: float) -> Optional[Dict[str, Any]]:
        index = int((y - RULER) // LANE)
        return self.edits.objects[index] if 0 <= index < len(self.edits.objects) else None

    # -- Qt's events --------------------------------------------------------------------------------------

    def mousePressEvent(self, event: Any) -> None:
        point = position(event)
        item = self._object_at(point.y())
        if item is not None:
            self.object_asked.emit(item["id"])
        if point.x() >= HEAD:
            self.frame_asked.emit(self.frame_at(point.x()))

    def mouseMoveEvent(self, event: Any) -> None:
        point = position(event)
        if event.buttons() & Qt.MouseButton.LeftButton and point.x() >= HEAD:
            self.frame_asked.emit(self.frame_at(point.x()))
        self.setToolTip(self._words(point))

    def _words(self, point: QtCore.QPointF) -> str:
        item = self._object_at(point.y())
        if item is None or point.x() < HEAD:
            return ""
        frame, lane = self.frame_at(point.x()), self.lanes.get(item["id"])
        words = [f"{item['name']}, frame {frame}", *(STATES[key].label for key in drawn_states(item, frame))]
        if lane is not None:
            unsolved = "dirty" if frame in lane.dirty else "no prompt reaches it"
            words.append("solved" if frame in lane.solved else unsolved)
            if frame in self.lost(item["id"]):
                words.append("lost")
            if frame in lane.suspicious:
                words.append("suspicious: " + lane.suspicious[frame])
        return ", ".join(words)

    def paintEvent(self, _event: Any) -> None:
        painter = QtGui.QPainter(self)
        painter.fillRect(self.rect(), QtGui.QColor("#232327"))
        self._paint_ruler(painter)
        painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing)
        for index, item in enumerate(self.edits.objects):
            self._paint_lane(painter, item, RULER + index * LANE)
        if not self.edits.objects:
            painter.setPen(QtGui.QColor("#9a9aa2"))
            painter.drawText(QtCore.QRectF(8, RULER, self.width(), LANE), "no object yet")
        self._paint_span(painter)
        left, right = self.x_of(self.frame), self.x_of(self.frame + 1)
        middle = (left + right) / 2
        painter.setPen(QtGui.QPen(QtGui.QColor("#f2f2f4"), 1.4))
        painter.drawLine(QtCore.QPointF(middle, 3), QtCore.QPointF(middle, self.height() - 3))
        self._paint_current(painter, middle)
        painter.end()

    def _paint_ruler(self, painter: QtGui.QPainter) -> None:
        font = painter.font()
        font.setPixelSize(10)
        painter.setFont(font)
        cell = self.x_of(self.edits.first + 1) - self.x_of(self.edits.first)
        step = next((n for n in _steps() if n * cell >= 48), 1)
        for frame in range(self.edits.first - self.edits.first % step, self.edits.last + 1, step):
            if frame >= self.edits.first:
                x = self.x_of(frame + 0.5)
                painter.setPen(QtGui.QColor("#55555c"))
                painter.drawLine(QtCore.QPointF(x, RULER - 5), QtCore.QPointF(x, RULER - 1))
                painter.setPen(QtGui.QColor("#9a9aa2"))
                painter.drawText(QtCore.QRectF(x - 30, 1, 60, 13), int(Qt.AlignmentFlag.AlignCenter), str(frame))

    def _paint_span(self, painter: QtGui.QPainter) -> None:
        """What lies before in and behind out is dimmed."""
        first, last = self.edits.span
        painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing, False)
        for start, end in ((self.edits.first, first), (last + 1, self.edits.last + 1)):
            if start < end:
                left, right = self.x_of(start), self.x_of(end)
                painter.fillRect(QtCore.QRectF(left, 0, right - left, self.height()), QtGui.QColor(16, 16, 18, 165))
        painter.setPen(QtGui.QPen(QtGui.QColor("#e8b23f"), 1.4))
        for edge, marked in ((first, self.edits.mark_in), (last + 1, self.edits.mark_out)):
            if marked is not None:
                painter.drawLine(QtCore.QPointF(self.x_of(edge), 1), QtCore.QPointF(self.x_of(edge), self.height() - 1))

    def _paint_lane(self, painter: QtGui.QPainter, item: Dict[str, Any], top: float) -> None:
        active = item["id"] == self.edits.active
        row = QtCore.QRectF(0, top, self.width(), LANE)
        if active:
            painter.fillRect(row, QtGui.QColor("#34343b"))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QtGui.QColor(item["color"]))
        painter.setOpacity(1.0 if item.get("enabled", True) else 0.35)
        painter.drawRoundedRect(QtCore.QRectF(8, top + 5, 10, 10), 2, 2)
        painter.setPen(QtGui.QColor("#f0f0f2" if active else "#b4b4bc"))
        name = painter.fontMetrics().elidedText(item["name"], Qt.TextElideMode.ElideRight, HEAD - 32)
        painter.drawText(QtCore.QRectF(24, top, HEAD - 28, LANE), int(Qt.AlignmentFlag.AlignVCenter), name)
        lane = self.lanes.get(item["id"], Lane(set(), set(), {}))
        bar = (top + 4, LANE - 8)
        painter.fillRect(self._cells(self.edits.first, self.edits.last, *bar), QtGui.QColor(EMPTY))
        for state, frames, pattern in (  # what is not well is hatched: colour is not the only cue
            ("tracked", lane.solved, None),
            ("lost", lane.solved & self.lost(item["id"]), Qt.BrushStyle.DiagCrossPattern),
            ("dirty", lane.dirty, Qt.BrushStyle.BDiagPattern),
        ):
            for first, last in spans(frames):
                painter.fillRect(self._cells(first, last, *bar), QtGui.QColor(_COLOR[state]))
                if pattern is not None:
                    painter.fillRect(self._cells(first, last, *bar), QtGui.QBrush(QtGui.QColor(0, 0, 0, 110), pattern))
        for first, last in item.get("absent", []):  # a thin line through an empty lane: nothing is there
            painter.fillRect(self._cells(first, last, *bar), QtGui.QColor(_COLOR["absent"]))
            painter.fillRect(self._cells(first, last, top + LANE / 2 - 0.5, 1), QtGui.QColor(item["color"]))
        for first, last in item.get("locks", []):
            painter.fillRect(self._cells(first, last, top + LANE - 5, 3), QtGui.QColor(_COLOR["locked"]))
        for frame in lane.suspicious:
            painter.fillRect(self._cells(frame, frame, top + 2, 3), QtGui.QColor(_COLOR["suspicious"]))
        mended = corrected(item.get("prompts", []))
        for frame in self.edits.keyframes(item["id"]):
            state = "corrected" if frame in mended else "keyframe"
            self._paint_diamond(painter, self.x_of(frame + 0.5), top + LANE / 2, state)
        painter.setOpacity(1.0)

    def _cells(self, first: int, last: int, top: float, height: float) -> QtCore.QRectF:
        left = self.x_of(first)
        return QtCore.QRectF(left, top, max(2.0, self.x_of(last + 1) - left), height)

    def _paint_diamond(self, painter: QtGui.QPainter, x: float, y: float, state: str) -> None:
        """A corrected keyframe has a point in it."""
        painter.setPen(QtGui.QPen(QtGui.QColor("#101012"), 1.0))
        painter.setBrush(QtGui.QColor(_COLOR[state]))
        corners = [QtCore.QPointF(x + dx, y + dy) for dx, dy in ((0, -5), (5, 0), (0, 5), (-5, 0))]
        painter.drawPolygon(QtGui.QPolygonF(corners))
        if state == "corrected":
            painter.setBrush(QtGui.QColor("#101012"))
            painter.drawEllipse(QtCore.QPointF(x, y), 1.0, 1.0)

    def _paint_current(self, painter: QtGui.QPainter, middle: float) -> None:
        text = str(self.frame)
        width = painter.fontMetrics().boundingRect(text).width() + 12
        left = min(max(middle - width / 2, HEAD - 20), self.width() - width - 2)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QtGui.QColor("#f2f2f4"))
        box = QtCore.QRectF(left, 1, width, 14)
        painter.drawRoundedRect(box, 3, 3)
        painter.setPen(QtGui.QColor("#18181a"))
        painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), text)


def _steps() -> List[int]:
    return [n * 10**power for power in range(7) for n in (1, 2, 5)]
