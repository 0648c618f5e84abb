"""The prompt timeline: per object a lane of what is solved, dirty, locked, lost and suspicious, with its keyframes."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Optional, Set, Tuple

from ..client.frames import spans
from ..client.mattes import Lane
from ..client.shot_edits import ShotEdits
from ..client.states import STATES, UNREACHED, corrected, drawn_states
from .qt import Qt, QtCore, QtGui, QtWidgets, position

RULER, LANE, HEAD, PAD, FOOT = 20, 20, 96, 10, 6
#: Lanes: so many are shown at most, and can be seen at least; the others by scrolling.
MOST, LEAST = 8, 3
EMPTY = "#2c2c31"
_COLOR = {key: state.color for key, state in STATES.items()}
#: What fills a lane, the later over the former; what is not well is hatched: colour is not the only cue.
_PATTERN = {
    "tracked": Qt.BrushStyle.NoBrush,
    "lost": Qt.BrushStyle.DiagCrossPattern,
    "dirty": Qt.BrushStyle.BDiagPattern,
}
_DIAMOND = QtGui.QPolygonF([QtCore.QPointF(x, y) for x, y in ((0, -5), (5, 0), (0, 5), (-5, 0))])
_WEDGE = QtGui.QPolygonF([QtCore.QPointF(x, y) for x, y in ((-5, 1), (5, 1), (0, 11))])

Spans = List[List[int]]


class Timeline(QtWidgets.QWidget):
    """A ruler and one lane per object. A click or drag asks for a frame, a click on a name for that object."""

    frame_asked = QtCore.Signal(int)
    object_asked = QtCore.Signal(int)

    def __init__(self, edits: ShotEdits, parent: Optional[QtWidgets.QWidget] = None) -> None:
        super().__init__(parent)
        self.edits = edits
        self.frame = edits.first
        self._lanes: Dict[int, Lane] = {}
        #: Where the tracker lost an object, by its id.
        self._lost: Callable[[int], Set[int]] = lambda _number: set()
        #: Object -> state -> first and last frames, of the lanes that were painted since they were told.
        self._runs: Dict[int, Dict[str, Spans]] = {}
        self._active = edits.active
        self.scroll_bar = QtWidgets.QScrollBar(Qt.Orientation.Vertical, self)
        self.scroll_bar.setSingleStep(LANE)
        self.scroll_bar.valueChanged.connect(lambda *_: self._repaint())
        #: All but the mark of the frame, which alone is another while scrubbing.
        self._picture: Optional[QtGui.QPixmap] = None
        self.setMouseTracking(True)
        self.setSizePolicy(QtWidgets.QSizePolicy.Policy.Expanding, QtWidgets.QSizePolicy.Policy.Maximum)

    def show_frame(self, frame: int) -> None:
        """Mark that frame."""
        self.frame = frame
        self.update()

    def refresh(self) -> None:
        """The lanes may be others, and another one the active one, which is then scrolled to."""
        self.updateGeometry()
        self._fit()
        self._repaint()

    def show_lanes(self, lanes: Dict[int, Lane], lost: Callable[[int], Set[int]]) -> None:
        """What is known of every object, by its id, and where the tracker lost it."""
        self._lanes, self._lost, self._runs = lanes, lost, {}
        self._repaint()

    # -- where things are ---------------------------------------------------------------------------------

    def sizeHint(self) -> QtCore.QSize:
        return QtCore.QSize(400, self._height(MOST))

    def minimumSizeHint(self) -> QtCore.QSize:
        return QtCore.QSize(200, self._height(LEAST))

    def _height(self, most: int) -> int:
        """With all lanes, or so many."""
        return RULER + LANE * min(max(1, len(self.edits.objects)), most) + FOOT

    def _fit(self) -> None:
        """Scroll over what there is no room for."""
        room = self.height() - RULER - FOOT
        hidden = LANE * len(self.edits.objects) - room
        self.scroll_bar.setGeometry(self.width() - PAD, RULER, PAD, room)
        self.scroll_bar.setRange(0, max(0, hidden))
        self.scroll_bar.setPageStep(room)
        self.scroll_bar.setVisible(hidden > 0)
        if self._active != self.edits.active:
            self._active = self.edits.active
            ids = [item["id"] for item in self.edits.objects]
            top = LANE * ids.index(self._active) if self._active in ids else 0
            self.scroll_bar.setValue(max(min(self.scroll_bar.value(), top), top + LANE - room))

    def x_of(self, frame: float) -> float:
        """Left edge of a frame's cell."""
        count = self.edits.last - self.edits.first + 1
        return HEAD + (frame - self.edits.first) * (self.width() - HEAD - PAD) / count

    def _scale(self) -> Tuple[float, float]:
        """Where frame 0 would begin, and how wide a frame is."""
        return self.x_of(0), self.x_of(1) - self.x_of(0)

    def frame_at(self, x: float) -> int:
        count = self.edits.last - self.edits.first + 1
        frame = self.edits.first + int((x - HEAD) * count // max(1, self.width() - HEAD - PAD))
        return min(max(frame, self.edits.first), self.edits.last)

    def _object_at(self, y: float) -> Optional[Dict[str, Any]]:
        index = int((y - RULER + self.scroll_bar.value()) // LANE)
        return self.edits.objects[index] if y >= RULER and index < len(self.edits.objects) else None

    # -- Qt's events --------------------------------------------------------------------------------------

    def resizeEvent(self, _event: Any) -> None:
        self._fit()
        self._repaint()

    def wheelEvent(self, event: Any) -> None:
        self.scroll_bar.setValue(self.scroll_bar.value() - LANE * event.angleDelta().y() // 120)

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
        frame, lane = self.frame_at(point.x()), self._lanes.get(item["id"])
        words = [f"{item['name']}, frame {frame}", *(STATES[key].label for key in drawn_states(item, frame))]
        if lane is not None:
            unsolved = "dirty" if frame in lane.dirty else UNREACHED
            words.append("solved" if frame in lane.solved else unsolved)
            if frame in self._lost(item["id"]):
                words.append("lost")
            if frame in lane.suspicious:
                words.append("suspicious: " + lane.suspicious[frame])
        return ", ".join(words)

    def paintEvent(self, _event: Any) -> None:
        if self._picture is None:
            ratio = self.devicePixelRatioF()
            self._picture = QtGui.QPixmap(self.size() * ratio)
            self._picture.setDevicePixelRatio(ratio)
            self._paint_all(QtGui.QPainter(self._picture))
        painter = QtGui.QPainter(self)
        painter.drawPixmap(0, 0, self._picture)
        painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing)
        middle = self.x_of(self.frame + 0.5)
        painter.setPen(QtGui.QPen(QtGui.QColor("#f2f2f4"), 1.4))
        painter.drawLine(QtCore.QPointF(middle, 3), QtCore.QPointF(middle, self.height() - 3))
        self._paint_current(painter, middle)
        painter.end()

    def _repaint(self) -> None:
        """Paint everything anew."""
        self._picture = None
        self.update()

    def _paint_all(self, painter: QtGui.QPainter) -> None:
        painter.fillRect(self.rect(), QtGui.QColor("#232327"))
        self._paint_ruler(painter)
        painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing)
        painter.setClipRect(0, RULER, self.width(), self.height() - RULER)
        for index, item in enumerate(self.edits.objects):
            top = RULER + index * LANE - self.scroll_bar.value()
            if RULER - LANE < top < self.height():
                self._paint_lane(painter, item, top)
        painter.setClipping(False)
        if not self.edits.objects:
            painter.setPen(QtGui.QColor("#9a9aa2"))
            painter.drawText(QtCore.QRectF(8, RULER, self.width(), LANE), "no object yet")
        self._paint_span(painter)
        painter.end()

    def _paint_ruler(self, painter: QtGui.QPainter) -> None:
        _set_font(painter)
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
        bar = (top + 4, LANE - 8)
        painter.setPen(Qt.PenStyle.NoPen)
        self._paint_cells(painter, [[self.edits.first, self.edits.last]], EMPTY, *bar)
        runs = self._runs_of(item["id"])
        for state, pattern in _PATTERN.items():
            self._paint_cells(painter, runs[state], _COLOR[state], *bar, pattern)
        absent = item.get("absent", [])  # a thin line through an empty lane: nothing is there
        self._paint_cells(painter, absent, _COLOR["absent"], *bar)
        self._paint_cells(painter, absent, item["color"], top + LANE / 2 - 0.5, 1)
        self._paint_cells(painter, item.get("locks", []), _COLOR["locked"], top + LANE - 5, 3)
        self._paint_doubts(painter, runs["suspicious"], top)
        mended = corrected(item.get("prompts", []))
        for frame in self.edits.keyframes(item["id"]):
            state = "corrected" if frame in mended else "keyframe"
            self._paint_diamond(painter, self.x_of(frame + 0.5), top + LANE / 2, state)
        painter.setOpacity(1.0)

    def _runs_of(self, number: int) -> Dict[str, Spans]:
        """What is known of an object, as first and last frames of each state."""
        if number not in self._runs:
            lane = self._lanes.get(number, Lane(set(), set(), {}))
            self._runs[number] = {
                "tracked": spans(lane.solved),
                "lost": spans(lane.solved & self._lost(number)),
                "dirty": spans(lane.dirty),
                "suspicious": spans(lane.suspicious),
            }
        return self._runs[number]

    def _paint_cells(
        self,
        painter: QtGui.QPainter,
        frames: Spans,
        color: str,
        top: float,
        height: float,
        pattern: Qt.BrushStyle = Qt.BrushStyle.NoBrush,
    ) -> None:
        """All of a state at once: a lane may have thousands of them."""
        left, cell = self._scale()
        cells = [
            QtCore.QRectF(left + first * cell, top, max(2.0, (last - first + 1) * cell), height)
            for first, last in frames
        ]
        painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing, False)
        painter.setBrush(QtGui.QColor(color))
        painter.drawRects(cells)
        if pattern != Qt.BrushStyle.NoBrush:
            painter.setBrush(QtGui.QBrush(QtGui.QColor(0, 0, 0, 110), pattern))
            painter.drawRects(cells)
        painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing)

    def _paint_doubts(self, painter: QtGui.QPainter, frames: Spans, top: float) -> None:
        """A bar on top, with wedges that point at where doubt begins, as many as there is room for."""
        self._paint_cells(painter, frames, _COLOR["suspicious"], top + 1, 3)
        painter.setPen(QtGui.QPen(QtGui.QColor("#101012"), 1.0))
        painter.setBrush(QtGui.QColor(_COLOR["suspicious"]))
        left, cell = self._scale()
        reached = 0.0
        for first, _ in frames:
            x = left + (first + 0.5) * cell
            if x >= reached:
                painter.drawPolygon(_WEDGE.translated(x, top))
                reached = x + _WEDGE.boundingRect().width()

    def _paint_diamond(self, painter: QtGui.QPainter, x: float, y: float, state: str) -> None:
        """A corrected keyframe has a point in it."""
        painter.setPen(QtGui.QPen(QtGui.QColor("#101012"), 1.0))
        painter.setBrush(QtGui.QColor(_COLOR[state]))
        painter.drawPolygon(_DIAMOND.translated(x, y))
        if state == "corrected":
            painter.setBrush(QtGui.QColor("#101012"))
            painter.drawEllipse(QtCore.QPointF(x, y), 1.0, 1.0)

    def _paint_current(self, painter: QtGui.QPainter, middle: float) -> None:
        _set_font(painter)
        text = str(self.frame)
        width = painter.fontMetrics().boundingRect(text).width() + 12
        left = min(max(middle - width / 2, HEAD - 20), self.width() - width - 2)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QtGui.QColor("#f2f2f4"))
        box = QtCore.QRectF(left, 1, width, 14)
        painter.drawRoundedRect(box, 3, 3)
        painter.setPen(QtGui.QColor("#18181a"))
        painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), text)


def _set_font(painter: QtGui.QPainter) -> None:
    font = painter.font()
    font.setPixelSize(10)
    painter.setFont(font)


def _steps() -> List[int]:
    return [n * 10**power for power in range(7) for n in (1, 2, 5)]
