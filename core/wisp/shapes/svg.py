"""Shapes as an SVG picture for a look: fills, outlines and points, animated where there is more than one key; and back.

The picture's unit is a plate pixel, a second is 24 frames. Browsers mix `d` linearly from key to key, as the document
says.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..shot import PALETTE
from .contours import signed_area
from .lives import EVER, Frames, spans
from .model import Key, ShapedObject, Shapes, Span, Spline, transformed
from .splines import flatten
from .svg_style import Styles, affine, name_of, tag_of

_NAMESPACE = "http://www.w3.org/2000/svg"
_FPS = 24.0
#: How far the handles of a quarter of a circle reach, in radii.
_ARC = 0.5522847498
#: Elements that a drawing only refers to, that say something of it, or that change others.
_UNDRAWN = {
    *("", "animate", "clipPath", "defs", "desc", "filter", "linearGradient", "marker", "mask", "metadata", "namedview"),
    *("pattern", "radialGradient", "script", "set", "style", "symbol", "title"),
}
#: Animations that no drawing may have, and those that Wisp writes: of paths, and of when they are seen.
_MOVES, _CHANGES = ("animateMotion", "animateTransform"), ("animate", "set")
_HIDDEN = ("hidden", "collapse")
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_STEP = re.compile(r"([A-Za-z])([^A-Za-z]*(?:[eE][-+]?\d+[^A-Za-z]*)*)")


def write(shapes: Shapes) -> str:
    """One drawing of all objects."""
    seconds = max(1, shapes.last - shapes.first) / _FPS
    ET.register_namespace("", _NAMESPACE)
    root = ET.Element(
        f"{{{_NAMESPACE}}}svg",
        {
            "viewBox": f"0 0 {shapes.width} {shapes.height}",
            "width": str(shapes.width),
            "height": str(shapes.height),
            "data-first": str(shapes.first),
            "data-last": str(shapes.last),
        },
    )
    size = max(shapes.width, shapes.height) / 400
    marker = ET.SubElement(
        root, "marker", id="point", markerWidth=f"{2 * size:g}", markerHeight=f"{2 * size:g}", refX="1", refY="1"
    )
    marker.set("viewBox", "0 0 2 2")
    marker.set("markerUnits", "userSpaceOnUse")
    ET.SubElement(marker, "rect", width="2", height="2", fill="#fff", stroke="#000")
    marker[0].set("stroke-width", "0.4")
    for number, item in enumerate(shapes.objects):
        colour = PALETTE[number % len(PALETTE)]
        group = ET.SubElement(root, "g", id=item.name)
        veil = ET.SubElement(group, "mask", id=f"mask-{number}")
        lines = []
        for span in item.spans:
            for spline in span.splines:
                path = ET.SubElement(veil, "path", fill="#000" if spline.role == "hole" else "#fff")
                _draw(path, span, spline, shapes, seconds)
                lines.append((span, spline))
        plain = {"width": str(shapes.width), "height": str(shapes.height), "fill": colour}
        ET.SubElement(group, "rect", plain | {"fill-opacity": "0.35", "mask": f"url(#mask-{number})"})
        for span, spline in lines:
            path = ET.SubElement(group, "path", fill="none", stroke=colour)
            path.set("stroke-width", f"{size / 2:g}")
            for where in ("start", "mid"):
                path.set(f"marker-{where}", "url(#point)")
            path.set("data-role", spline.role)
            path.set("data-id", str(spline.id))
            path.set("data-span", f"{span.first} {span.last}")
            _draw(path, span, spline, shapes, seconds)
    return ET.tostring(root, encoding="unicode") + "\n"


def _draw(path: ET.Element, span: Span, spline: Spline, shapes: Shapes, seconds: float) -> None:
    path.set("d", _path(spline.keys[0].points))
    length = max(1, shapes.last - shapes.first)

    def share(frame: int) -> str:
        return f"{min(1.0, max(0.0, (frame - shapes.first) / length)):.6f}"

    if len(spline.keys) > 1:
        keys = list(spline.keys)
        if keys[0].frame > shapes.first:
            keys.insert(0, Key(shapes.first, keys[0].points))
        if keys[-1].frame < shapes.last:
            keys.append(Key(shapes.last, keys[-1].points))
        moving = ET.SubElement(path, "animate", attributeName="d", dur=f"{seconds:g}s", repeatCount="indefinite")
        moving.set("keyTimes", ";".join(share(key.frame) for key in keys))
        moving.set("values", ";".join(_path(key.points) for key in keys))
    if span.first > shapes.first or span.last < shapes.last:
        steps = {0.0: span.first <= shapes.first}
        if span.first > shapes.first:
            steps[(span.first - shapes.first) / length] = True
        if span.last < shapes.last:
            steps[(span.last + 1 - shapes.first) / length] = False
        seen = ET.SubElement(path, "animate", attributeName="visibility", dur=f"{seconds:g}s")
        seen.set("repeatCount", "indefinite")
        seen.set("calcMode", "discrete")
        seen.set("keyTimes", ";".join(f"{at:.6f}" for at in steps))
        seen.set("values", ";".join("visible" if shown else "hidden" for shown in steps.values()))


def _path(points: NDArray[np.float64]) -> str:
    after = np.roll(points, -1, axis=0)
    rows = np.column_stack([points[:, :2] + points[:, 4:6], after[:, :2] + after[:, 2:4], after[:, :2]])
    start = f"M{points[0, 0]:.3f} {points[0, 1]:.3f}"
    return start + "".join("C" + " ".join(f"{value:.3f}" for value in row) for row in rows) + "Z"


def read(text: str, source: str | Path, frame: int = 1) -> Shapes:
    """The closed paths of lines and cubics, rectangles, circles, ellipses and polygons in a drawing whose unit is the
    plate's pixel: an object per group, and one of what lies beside groups. Transforms are obeyed, what is hidden is no
    part of it, open paths and other elements are told as left out. Paths inside others are holes, paths in these parts
    again. They are there on every frame, with a key on `frame`. InputError for what is no such drawing, or clipped,
    masked, animated or styled in it as is not read."""
    if "<!ENTITY" in text:
        raise InputError(f"{source} declares XML entities.", path=source)
    try:
        root = ET.fromstring(text)
    except ET.ParseError as error:
        raise InputError(f"{source} is no SVG: {error}.", path=source) from None
    if tag_of(root) != "svg":
        raise InputError(f"{source} is no SVG.", path=source)
    styles = Styles(root, source)
    box = [float(value) for value in _NUMBER.findall(root.get("viewBox", ""))]
    if len(box) != 4:
        sizes = styles.sizes(styles.of(root), (0, 0))
        box = [0, 0, sizes.get("width", 0), sizes.get("height", 0)]
    width, height = round(box[2]), round(box[3])
    if width < 1 or height < 1:
        raise InputError(f"{source} names no size.", hint="Give it a viewBox of the plate's size.", path=source)
    first = int(root.get("data-first", frame))
    last = int(root.get("data-last", first))
    reader = _Reader(source, "data-first" in root.attrib, first, last, (box[2], box[3]), styles)
    reader.read_all(root, affine(1, 0, 0, 1, -box[0], -box[1]))
    if not reader.objects:
        raise InputError(
            f"{source} has no visible, closed path.", hint="Close the paths; strokes are not read.", path=source
        )
    return Shapes(width, height, first, reader.last, tuple(reader.objects), tuple(reader.left_out))


_Found = tuple[Spline, Frames]


class _Seen(NamedTuple):
    """How an element is seen. `here`: its place to pixels of the plate (3 x 3); `visible`: what its parts inherit."""

    style: dict[str, str]
    here: NDArray[np.float64]
    visible: bool


@dataclass
class _Reader:
    """What was found in a drawing so far. `is_own`: Wisp wrote it, and says what role each path has. `first`, `last`:
    its frames; `box`: its width and height."""

    source: str | Path
    is_own: bool
    first: int
    last: int
    box: tuple[float, float]
    styles: Styles
    objects: list[ShapedObject] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    def read_all(self, root: ET.Element, origin: NDArray[np.float64]) -> None:
        """Add the objects of a drawing. `origin`: to pixels of the plate (3 x 3)."""
        whole = self._enter(root, _Seen({}, origin, True))
        if whole is None:
            return
        groups = [node for node in root if tag_of(node) == "g"]
        loose = [node for node in root if tag_of(node) != "g"]
        for name, nodes in [(name_of(root), loose), *((name_of(group), [group]) for group in groups)]:
            found: list[_Found] = []
            for node in nodes:
                self._gather(node, whole, found)
            if found:
                made = spans([(spline, [life]) for spline, life in found])
                if not self.is_own:
                    made = tuple(Span(span.first, span.last, _with_roles(span.splines)) for span in made)
                self.objects.append(ShapedObject(name or f"object{len(self.objects) + 1}", made))

    def _enter(self, node: ET.Element, above: _Seen) -> _Seen | None:
        """An element in `above`; None where nothing of it can be seen. InputError where it is clipped, masked, animated
        or moved as is not read."""
        tag = tag_of(node)
        if tag in _UNDRAWN:
            return None
        style = self.styles.of(node)
        if style.get("display", "").lower() == "none" or _is_zero(style.get("opacity", "1")):
            return None
        clipped = any(style.get(name, "none") != "none" for name in ("clip-path", "mask"))
        if clipped and self.is_own and tag == "rect":  # the tint of an object
            return None
        if clipped or any(tag_of(part) in (_MOVES if self.is_own else (*_MOVES, *_CHANGES)) for part in node):
            raise InputError(
                f"The {tag} '{name_of(node)}' in {self.source} is clipped, masked or animated, which is not read.",
                hint="Take that off, or convert it to a path.",
                path=self.source,
            )
        visible = style.get("visibility", "visible" if above.visible else "hidden").lower() not in _HIDDEN
        return _Seen(style, above.here @ self.styles.transform(node, style), visible)

    def _gather(self, node: ET.Element, above: _Seen, found: list[_Found]) -> None:
        """Add the closed shapes of an element in `above`, and of what it holds."""
        tag, seen = tag_of(node), self._enter(node, above)
        if seen is None:
            return
        if tag in _HOLDERS:
            for part in node:
                self._gather(part, seen, found)
        elif not seen.visible:
            return
        elif tag in _DRAWN:
            found += self._splines(node, seen, len(found))
        else:
            self.left_out.append(f"the {tag} {name_of(node)}".rstrip())

    def _splines(self, node: ET.Element, seen: _Seen, known: int) -> list[_Found]:
        """Its closed parts with the frames on which they are there, numbered after those that are `known`."""
        moving = next((part for part in node if part.get("attributeName") == "d"), None)
        span = node.get("data-span")
        first, last = (int(value) for value in span.split()) if span else EVER
        if moving is None:
            path = _DRAWN[tag_of(node)](seen.style, self.styles.sizes(seen.style, self.box))
            keyed = [(max(first, self.first), _closed(path, self.source))]
        else:
            times = [float(value) for value in moving.get("keyTimes", "").split(";")]
            paths = [_closed(value, self.source) for value in moving.get("values", "").split(";")]
            length = max(1, self.last - self.first)
            keyed = [(round(self.first + at * length), made) for at, made in zip(times, paths, strict=True)]
            keyed = [(at, made) for at, made in keyed if first <= at <= last]
        if any(is_open for _, (_, is_open) in keyed):
            self.left_out.append(f"an open path of {name_of(node) or tag_of(node)}")
        return [
            (
                Spline(
                    int(node.get("data-id", known + part + 1)),
                    "hole" if node.get("data-role") == "hole" else "add",
                    tuple({at: Key(at, transformed(made[part], seen.here[:2])) for at, (made, _) in keyed}.values()),
                ),
                (first, last),
            )
            for part in range(len(keyed[0][1][0]))
        ]


def _is_zero(number: str) -> bool:
    found = _NUMBER.match(number.strip())
    return found is not None and float(found[0]) == 0


def _rectangle(sizes: Mapping[str, float]) -> str:
    x, y, width, height = (sizes.get(name, 0.0) for name in ("x", "y", "width", "height"))
    rx = min(sizes.get("rx", sizes.get("ry", 0.0)), width / 2)
    ry = min(sizes.get("ry", sizes.get("rx", 0.0)), height / 2)
    if not rx or not ry:
        return f"M{x} {y}h{width}v{height}h{-width}z" if min(width, height) > 0 else ""
    return _rounded(x, y, width - 2 * rx, height - 2 * ry, rx, ry)


def _ellipse(sizes: Mapping[str, float], rx: float, ry: float) -> str:
    x, y = sizes.get("cx", 0.0) - rx, sizes.get("cy", 0.0) - ry
    return _rounded(x, y, 0, 0, rx, ry) if min(rx, ry) > 0 else ""


def _rounded(x: float, y: float, width: float, height: float, rx: float, ry: float) -> str:
    """A path of four straight sides, which may have no length, and four quarters of an ellipse between them."""
    made = f"M{x + rx} {y}"
    for side, along, dx, dy in (("h", width, 1, 0), ("v", height, 0, 1), ("h", -width, -1, 0), ("v", -height, 0, -1)):
        # From going along (dx, dy) the corner turns to the right hand, which is (-dy, dx).
        end = (dx * rx - dy * rx, dy * ry + dx * ry)
        one = (dx * rx * _ARC, dy * ry * _ARC)
        two = (end[0] + dy * rx * _ARC, end[1] - dx * ry * _ARC)
        made += (f"{side}{along}" if along else "") + "c" + " ".join(f"{value:.6f}" for value in (*one, *two, *end))
    return made + "z"


#: Elements that hold others, and what makes a path of those that are drawn.
_HOLDERS = ("g", "a", "switch")
_DRAWN: dict[str, Callable[[Mapping[str, str], Mapping[str, float]], str]] = {
    "path": lambda style, _: style.get("d", ""),
    "rect": lambda _, sizes: _rectangle(sizes),
    "circle": lambda _, sizes: _ellipse(sizes, sizes.get("r", 0.0), sizes.get("r", 0.0)),
    "ellipse": lambda _, sizes: _ellipse(sizes, sizes.get("rx", 0.0), sizes.get("ry", 0.0)),
    "polygon": lambda style, _: f"M{style.get('points', '')}Z",
}


def _closed(path: str, source: str | Path) -> tuple[list[NDArray[np.float64]], bool]:
    """The closed subpaths of a path of M, L, H, V, C and Z, absolute or relative, and whether others are open."""
    is_open = False
    found: list[NDArray[np.float64]] = []
    at, start = np.zeros(2), np.zeros(2)
    places: list[NDArray[np.float64]] = []

    def segment(one: NDArray[np.float64], two: NDArray[np.float64], end: NDArray[np.float64]) -> None:
        nonlocal at
        places.extend([one, two, end])
        at = end

    for command, rest in _STEP.findall(path):
        values = np.array([float(value) for value in _NUMBER.findall(rest)])
        relative, kind = command.islower(), command.upper()
        if kind == "Z":
            if np.abs(at - start).max() > 1e-3:
                segment(at, start, start)
            if len(places) >= 7:
                rows = np.array(places[1:]).reshape(-1, 3, 2)
                rows[-1, 2] = places[0]
                found.append(_points(np.array(places[0]), rows))
            places, at = [start], start  # it may go on from there
            continue
        if kind not in "MLHVC":
            raise InputError(
                f"{source} has a path with '{command}', which is not read.", hint="Convert it to cubics.", path=source
            )
        size = {"M": 2, "L": 2, "H": 1, "V": 1, "C": 6}[kind]
        for row in values[: len(values) // size * size].reshape(-1, size):
            if kind == "C":
                one, two, end = (at + pair if relative else pair for pair in row.reshape(3, 2))
                segment(one, two, end)
                continue
            base = at if relative else np.zeros(2)
            end = base + row if kind in "ML" else at.copy()
            if kind in "HV":
                axis = "HV".index(kind)
                end[axis] = row[0] + (at[axis] if relative else 0.0)
            if kind == "M":
                is_open |= len(places) > 1
                start, at, places = end, end, [end]
                kind = "L"
            else:
                segment(at, end, end)
    return found, is_open or len(places) > 1


def _points(start: NDArray[np.float64], rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Start and segments (out handle, in handle, end as places) as points."""
    xy = np.concatenate([start[None], rows[:-1, 2]])
    out = rows[:, 0] - xy
    into = np.roll(rows[:, 1] - rows[:, 2], 1, axis=0)
    return np.column_stack([xy, into, out, np.zeros(len(xy))])


def _with_roles(alive: tuple[Spline, ...]) -> tuple[Spline, ...]:
    """What lies for the most part within an odd number of others is a hole; larger ones come first."""
    drawn = [(spline, flatten(spline.keys[0].points[:, :6])) for spline in alive]
    drawn.sort(key=lambda one: -abs(signed_area(one[1])))
    result = []
    for place, (spline, polygon) in enumerate(drawn):
        sample = polygon[:: max(1, len(polygon) // 32)]
        depth = sum(float(_inside(sample, larger).mean()) > 0.5 for _, larger in drawn[:place])
        result.append(Spline(spline.id, "hole" if depth % 2 else "add", spline.keys))
    return tuple(result)


def _inside(points: NDArray[np.float64], polygon: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which of the points lie in a closed polygon, by the even-odd rule."""
    if (points.max(axis=0) < polygon.min(axis=0)).any() or (points.min(axis=0) > polygon.max(axis=0)).any():
        return np.zeros(len(points), np.bool_)
    x, y = points[:, :1], points[:, 1:]
    (ax, ay), (bx, by) = polygon.T, np.roll(polygon, -1, axis=0).T
    crossed = (ay > y) != (by > y)
    right = x < ax + (y - ay) / np.where(ay == by, 1.0, by - ay) * (bx - ax)
    return np.asarray((crossed & right).sum(axis=1) % 2 == 1)
