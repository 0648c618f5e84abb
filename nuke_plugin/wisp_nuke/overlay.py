"""What the artist is about to pick, drawn over the viewer: behind a switch, and only where it is proven to lie right.

The host says where its picture lies by `zoom()` and `center()`, which are documented for the graph; whether they tell
of the viewer is not known. So nothing is drawn until two picks, apart from each other, were where these numbers have
them; the first that is elsewhere ends it for the session. Every event stays the host's: nothing here takes one.

Beside the prompts it shows the mattes as they come, in their objects' colours, before the node itself does.
"""

from __future__ import annotations

import contextlib
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from . import edits, graph, host, state
from .vendor.client.coordinates import NukeFormat, sampler_to_plate
from .vendor.client.engine_path import EngineNotFound

XY = Tuple[float, float]
#: Screen pixels that a pick may be off, besides the one of the picture that it means; picks that are nearer to each
#: other than `APART` prove the same thing.
OFF, APART = 3.0, 20.0
DISPROVED = "The overlay is off: this Nuke does not tell where its viewer's picture lies. Picking goes on without it."


class Placement(NamedTuple):
    """Where the picture lies in a viewer: screen pixels per pixel, the place in its middle (the host's pixels, square,
    y up), the widget's size, and the picture's format."""

    zoom: float
    center: XY
    size: XY
    form: NukeFormat

    def to_screen(self, x: float, y: float) -> XY:
        """Plate pixels to pixels of the widget."""
        across = (x * self.form.pixel_aspect - self.center[0]) * self.zoom + self.size[0] / 2.0
        return across, (y - self.form.height + self.center[1]) * self.zoom + self.size[1] / 2.0

    def to_plate(self, x: float, y: float) -> XY:
        """Pixels of the widget to plate pixels."""
        across = ((x - self.size[0] / 2.0) / self.zoom + self.center[0]) / self.form.pixel_aspect
        return across, (y - self.size[1] / 2.0) / self.zoom + self.form.height - self.center[1]


class Pointer(NamedTuple):
    """The mouse over a viewer: which widget, where in it, and where a drag that makes a region began."""

    widget: Any
    xy: XY
    start: Optional[XY] = None


class Shown(NamedTuple):
    """What is drawn: prompts with the colour of their object, over all of the picture its mattes' images, and what the
    frame may be about."""

    prompts: List[Dict[str, Any]]
    color: str
    mattes: List[Any]
    candidates: List[Any]


class Overlay:
    """What is known of where viewers' pictures lie, and the window that is drawn in."""

    def __init__(self) -> None:
        self._pointer: Optional[Pointer] = None
        #: Where a mouse button was last let go.
        self._released: Optional[Pointer] = None
        #: Where picks were that agreed; None once one did not.
        self._agreed: Optional[List[XY]] = []
        self.window: Any = None

    def wanted(self, group: Any) -> bool:
        """Whether the node asks for it and it is not disproved."""
        return self._agreed is not None and bool(group["wisp_overlay"].value())

    def proven(self) -> bool:
        return self._agreed is not None and len(self._agreed) >= 2

    def pointer(self, widget: Any, xy: XY, pressed: bool = False, released: bool = False) -> None:
        """The mouse has moved over a viewer, or a drag with Ctrl and Shift has begun or ended."""
        before = self._pointer
        start = xy if pressed else (before.start if before is not None and before.widget is widget else None)
        self._pointer = Pointer(widget, xy, None if released else start)
        if released:
            self._released = self._pointer

    def settle(self, group: Any, mode: str, picked: Optional[host.Sample]) -> None:
        """All that it does in a turn of the host's idle loop, for the node that is picked for."""
        if not self.wanted(group):
            self.hide()
            return
        words = self.check(picked) if picked is not None else None
        if words is not None:
            with state.writing(group):
                group["wisp_status"].setValue(words)
        else:
            self.show(group, mode != "Remove -")

    def check(self, picked: host.Sample) -> Optional[str]:
        """Compare a pick with where it should have been; a sentence where that ends the overlay."""
        if self._agreed is None or self._released is None:
            return None
        here = self._released.xy
        placed = _placement(self._released.widget, picked.form)
        x0, y0, x1, y1 = sampler_to_plate(picked.form).box(*picked.box)
        corners = [placed.to_screen(x, y) for x in (x0, x1) for y in (y0, y1)]
        if min(_distance(corner, here) for corner in corners) > OFF + 1.5 * placed.zoom:
            self._agreed = None
            self.hide()
            return DISPROVED
        if all(_distance(known, here) >= APART for known in self._agreed):
            self._agreed.append(here)
        return None

    def drawn(self, group: Any, include: bool) -> List[Dict[str, Any]]:
        """The prompts that it shows: those of this frame, and what a pick where the mouse is would give."""
        item, frame = edits.active(group), host.frame()
        found = [one for one in item["prompts"] if one["frame"] == frame] if item is not None else []
        if self._pointer is None:
            return found
        placed = _placement(self._pointer.widget, edits.form_of(group))
        x, y = placed.to_plate(*self._pointer.xy)
        if self._pointer.start is not None:
            x0, y0 = placed.to_plate(*self._pointer.start)
            box = [min(x0, x), min(y0, y), max(x0, x), max(y0, y)]
            return [*found, {"frame": frame, "kind": "box", "xyxy": box}]
        return [*found, {"frame": frame, "kind": "point", "xy": [x, y], "include": include}]

    def show(self, group: Any, include: bool) -> None:
        """Draw over the viewer that the mouse is in. With an interface only."""
        if self._pointer is None or not self.proven():
            self.hide()
            return
        if self.window is None:
            self.window = _make_window()
        item = edits.active(group)
        color = item["color"] if item is not None else "#33c26b"
        shown = Shown(self.drawn(group, include), color, _tint(group), edits.candidates(group))
        self.window.place(self._pointer.widget, _placement(self._pointer.widget, edits.form_of(group)), shown)

    def hide(self) -> None:
        if self.window is not None:
            self.window.hide()


def _tint(group: Any) -> List[Any]:
    """The mattes of the frame as pictures, once a shot is open; not where the node's own output tints, or the artist
    wants none. A process that cannot be started is no reason to draw nothing."""
    mine = state.of(group)
    tints = graph.OUTPUTS[host.choice(group["wisp_output"])].startswith("Tint")
    if mine.session is None or tints or float(group["wisp_tint_opacity"].value()) <= 0:
        return []
    if mine.tint is None:
        from . import pictures  # needs Qt

        with contextlib.suppress(edits.Refusal, EngineNotFound, OSError):
            mine.tint = pictures.Tint(group)
    return list(mine.tint.images(group)) if mine.tint is not None else []


def _placement(widget: Any, form: NukeFormat) -> Placement:
    zoom, center = host.zoom_and_center()
    return Placement(max(zoom, 1e-6), (center[0], center[1]), (float(widget.width()), float(widget.height())), form)


def _distance(one: XY, other: XY) -> float:
    return max(abs(one[0] - other[0]), abs(one[1] - other[1]))


def _make_window() -> Any:
    """A window that lets every event through; its class can only be made where Qt is."""
    from .vendor.panel.paint import paint_badge, paint_candidate, paint_prompts
    from .vendor.panel.qt import Qt, QtCore, QtGui, QtWidgets

    class Window(QtWidgets.QWidget):
        def __init__(self) -> None:
            flags = Qt.WindowType.Tool | Qt.WindowType.FramelessWindowHint | Qt.WindowType.WindowTransparentForInput
            super().__init__(None, flags)
            self.setAttribute(Qt.WidgetAttribute.WA_TranslucentBackground)
            self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
            self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            self.placed: Optional[Placement] = None
            self.shown = Shown([], "", [], [])

        def place(self, over: Any, placed: Placement, shown: Shown) -> None:
            corner = over.mapToGlobal(QtCore.QPoint(0, 0))
            self.setGeometry(corner.x(), corner.y(), over.width(), over.height())
            self.placed, self.shown = placed, shown
            self.show()
            self.update()

        def paintEvent(self, _: Any) -> None:  # noqa: N802 (Qt's name)
            if self.placed is None:
                return
            placed, painter = self.placed, QtGui.QPainter(self)
            painter.translate(*placed.to_screen(0.0, 0.0))
            painter.scale(placed.zoom * placed.form.pixel_aspect, placed.zoom)
            for image in self.shown.mattes:
                painter.drawImage(QtCore.QRectF(0.0, 0.0, placed.form.width, placed.form.height), image)
            for one in reversed(self.shown.candidates):
                paint_candidate(painter, one, placed.zoom, under_mouse=False)
            paint_prompts(painter, self.shown.prompts, self.shown.color, placed.zoom)
            painter.resetTransform()
            for one in self.shown.candidates:
                paint_badge(painter, QtCore.QPointF(*placed.to_screen(*one.xy)), str(one.number))
            painter.end()

    return Window()
