"""How prompts look on the canvas and in the guide pictures: in plate pixels, with widths in screen pixels.

Colour is never the only cue: points to keep carry a plus, points to remove a minus.
"""

from __future__ import annotations

from typing import Any, Dict, List

from ..client.events import Candidate
from ..client.tables import PAINTED, PALETTE
from .qt import Qt, QtCore, QtGui

#: Width of a candidate's number in its disc, screen pixels.
BADGE = 27.0
KEEP, DROP, ANYTHING = "#3ddc84", "#ff5a4d", "#9aa0a6"


def paint_prompts(
    painter: QtGui.QPainter, prompts: List[Dict[str, Any]], color: str, scale: float, bright: bool = True
) -> None:
    """Paint prompts with a painter whose units are plate pixels, y down; `scale` is screen pixels per unit.

    `color`: the object's; `bright`: whether it is the active one (others at 40 %).
    """
    painter.save()
    painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing)
    painter.setOpacity(1.0 if bright else 0.4)
    for prompt in prompts:
        kind = prompt["kind"]
        if kind == "point":
            _point(painter, QtCore.QPointF(*prompt["xy"]), prompt.get("include", True), scale)
        elif kind == "box":
            _box(painter, QtCore.QRectF(*_rectangle(prompt["xyxy"])), QtGui.QColor(color), scale)
        elif kind in PAINTED:
            include = prompt.get("include", True)
            mark = QtGui.QColor(ANYTHING if kind == "unknown" else color if include else DROP)
            _stroke(painter, prompt["xy"], prompt.get("radius", PAINTED[kind]), mark, scale, include)
        elif kind == "lasso":
            _outline(painter, prompt["xy"], QtGui.QColor(color), scale)
    painter.restore()


def paint_candidate(painter: QtGui.QPainter, candidate: Candidate, scale: float, under_mouse: bool) -> None:
    """Paint what may be meant as an area, fuller where the mouse is over it; units as of `paint_prompts`."""
    color = QtGui.QColor(PALETTE[(candidate.number - 1) % len(PALETTE)])
    inside = QtGui.QColor(color)
    inside.setAlpha(130 if under_mouse else 60)
    painter.save()
    painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing)
    for part in candidate.outline:
        path = path_of(part)
        path.closeSubpath()
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(_pen(QtGui.QColor(0, 0, 0, 170), 4.0 / scale))
        painter.drawPath(path)
        painter.setBrush(inside)
        painter.setPen(_pen(color, 2.0 / scale))
        painter.drawPath(path)
    painter.restore()


def paint_badge(painter: QtGui.QPainter, place: QtCore.QPointF, text: str) -> None:
    """A number in a disc; `place` and all sizes in screen pixels."""
    painter.save()
    painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing)
    painter.setPen(_pen("#ffffff", 1.5))
    painter.setBrush(QtGui.QColor(20, 20, 22, 230))
    painter.drawEllipse(place, BADGE / 2 - 0.5, BADGE / 2 - 0.5)
    font = painter.font()
    font.setPixelSize(16)
    font.setBold(True)
    painter.setFont(font)
    area = QtCore.QRectF(place.x() - BADGE / 2, place.y() - BADGE / 2, BADGE, BADGE)
    painter.drawText(area, int(Qt.AlignmentFlag.AlignCenter), text)
    painter.restore()


def path_of(points: Any) -> QtGui.QPainterPath:
    """A polyline through `points`; a single one becomes a dot."""
    path = QtGui.QPainterPath(QtCore.QPointF(*points[0]))
    for point in points[1:]:
        path.lineTo(QtCore.QPointF(*point))
    if len(points) == 1:
        path.lineTo(QtCore.QPointF(points[0][0] + 0.01, points[0][1]))
    return path


def _pen(color: Any, width: float, style: Any = Qt.PenStyle.SolidLine) -> QtGui.QPen:
    return QtGui.QPen(QtGui.QColor(color), width, style, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)


def _rectangle(xyxy: Any) -> List[float]:
    return [xyxy[0], xyxy[1], xyxy[2] - xyxy[0], xyxy[3] - xyxy[1]]


def _point(painter: QtGui.QPainter, centre: QtCore.QPointF, include: bool, scale: float) -> None:
    radius, arm = 7.0 / scale, 3.6 / scale
    painter.setBrush(QtGui.QColor(0, 0, 0, 150))
    for pen in (_pen("#000000", 4.5 / scale), _pen(KEEP if include else DROP, 2.2 / scale)):
        painter.setPen(pen)
        painter.drawEllipse(centre, radius, radius)
    painter.setPen(_pen("#ffffff", 1.8 / scale))
    painter.drawLine(centre - QtCore.QPointF(arm, 0), centre + QtCore.QPointF(arm, 0))
    if include:
        painter.drawLine(centre - QtCore.QPointF(0, arm), centre + QtCore.QPointF(0, arm))


def _box(painter: QtGui.QPainter, box: QtCore.QRectF, color: QtGui.QColor, scale: float) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(_pen(QtGui.QColor(0, 0, 0, 170), 3.5 / scale))
    painter.drawRect(box)
    painter.setPen(_pen(color, 1.8 / scale, Qt.PenStyle.DashLine))
    painter.drawRect(box)
    side = 3.5 / scale
    painter.setPen(_pen("#000000", 1.0 / scale))
    painter.setBrush(color)
    for corner in (box.topLeft(), box.topRight(), box.bottomLeft(), box.bottomRight()):
        painter.drawRect(QtCore.QRectF(corner.x() - side, corner.y() - side, 2 * side, 2 * side))


def _stroke(
    painter: QtGui.QPainter, points: Any, radius: float, color: QtGui.QColor, scale: float, include: bool
) -> None:
    path = path_of(points)
    band = QtGui.QColor(color)
    band.setAlpha(110)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(_pen(band, 2.0 * radius))
    painter.drawPath(path)
    painter.setPen(_pen("#ffffff", 1.4 / scale, Qt.PenStyle.SolidLine if include else Qt.PenStyle.DotLine))
    painter.drawPath(path)


def _outline(painter: QtGui.QPainter, points: Any, color: QtGui.QColor, scale: float) -> None:
    path = path_of(points)
    path.closeSubpath()
    inside = QtGui.QColor(color)
    inside.setAlpha(70)
    painter.setBrush(inside)
    painter.setPen(_pen(color, 1.6 / scale, Qt.PenStyle.DashLine))
    painter.drawPath(path)
