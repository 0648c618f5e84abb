"""Strokes, shapes and layers of a RotoPaint node, as `nuke.rotopaint` gives them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple


class Position(NamedTuple):
    x: float
    y: float
    z: float = 0.0


class AnimControlPoint:
    """A point that may move over time; here it stays."""

    def __init__(self, x: float, y: float) -> None:
        self._position = Position(x, y)

    def getPosition(self, time: float) -> Position:  # noqa: N802
        return self._position


class ShapeControlPoint:
    """A point of a shape with its tangents; here it has none."""

    def __init__(self, x: float, y: float) -> None:
        self.center = AnimControlPoint(x, y)


class AnimAttributes:
    kBrushSizeAttribute, kVisibleAttribute = "bs", "vis"  # noqa: N815
    kHardnessAttribute, kOpacityAttribute = "h", "opc"  # noqa: N815
    kLifeTimeTypeAttribute, kLifeTimeNAttribute, kLifeTimeMAttribute = "ltt", "ltn", "ltm"  # noqa: N815

    def __init__(self) -> None:
        self._values = {"bs": 15.0, "vis": 1.0, "h": 1.0, "opc": 1.0, "ltt": 0.0, "ltn": 0.0, "ltm": 0.0}

    def set(self, name: str, value: float) -> None:
        self._values[name] = value

    def getValue(self, time: float, name: str) -> float:  # noqa: N802
        return self._values[name]


class _Curve:
    def __init__(self, curves: Any = None) -> None:
        self.name = ""
        self._curves = curves
        self._points: list[Any] = []
        self._attributes = AnimAttributes()

    def append(self, point: Any) -> None:
        self._points.append(point)
        if hasattr(self._curves, "edits"):
            self._curves.edits += 1

    def getAttributes(self) -> AnimAttributes:  # noqa: N802
        return self._attributes

    def __iter__(self) -> Iterator[Any]:
        return iter(self._points)

    def __len__(self) -> int:
        return len(self._points)


class Stroke(_Curve):
    """A painted line."""


class Shape(_Curve):
    """A closed outline."""


class Layer(_Curve):
    """Strokes, shapes and layers, in their order."""
