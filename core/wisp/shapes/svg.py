"""Shapes as an SVG picture for a look: fills, outlines and points, animated where there is more than one key; and back.

The picture's unit is a plate pixel, a second is 24 frames. Browsers mix `d` linearly from key to key, as the document
says.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..shot import PALETTE
from .contours import signed_area
from .model import Key, ShapedObject, Shapes, Span, Spline
from .raster import cuts, fill
from .splines import flatten

_NAMESPACE = "http://www.w3.org/2000/svg"
_FPS = 24.0
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
    """The closed paths of lines and cubics in a drawing whose unit is the plate's pixel, an object per group or one in
    all. Paths inside others are holes, paths in these parts again. Still ones get a key on `frame`."""
    if "<!ENTITY" in text:
        raise InputError(f"{source} declares XML entities.", path=source)
    try:
        root = ET.fromstring(text)
    except ET.ParseError as error:
        raise InputError(f"{source} is no SVG: {error}.", path=source) from None
    if not root.tag.endswith("svg"):
        raise InputError(f"{source} is no SVG.", path=source)
    numbers = [float(value) for value in _NUMBER.findall(root.get("viewBox", ""))]
    if len(numbers) != 4:
        numbers = [0, 0, *(float((_NUMBER.findall(root.get(name, "0")) or ["0"])[0]) for name in ("width", "height"))]
    width, height = round(numbers[2]), round(numbers[3])
    if width < 1 or height < 1:
        raise InputError(f"{source} names no size.", hint="Give it a viewBox of the plate's size.", path=source)
    first = int(root.get("data-first", frame))
    last = int(root.get("data-last", first))
    objects = []
    groups = [node for node in root if node.tag.endswith("}g") or node.tag == "g"] or [root]
    for number, group in enumerate(groups, 1):
        found: list[tuple[Span, bool]] = []
        for node in group.iter():
            if node.tag.rpartition("}")[2] == "path" and (node.get("data-span") or not root.get("data-first")):
                found += _splines(node, len(found), first, last, source)
        if found:
            objects.append(ShapedObject(group.get("id") or f"object{number}", _spanned(found, width, height)))
    if not objects:
        raise InputError(f"{source} has no closed path.", hint="Close the paths; strokes are not read.", path=source)
    return Shapes(width, height, first, last, tuple(objects))


def _splines(node: ET.Element, known: int, first: int, last: int, source: str | Path) -> list[tuple[Span, bool]]:
    """A path's closed parts, each alone in its span, and whether the drawing says what role it has."""
    moving = next((part for part in node if part.get("attributeName") == "d"), None)
    span_first, span_last = (int(value) for value in (node.get("data-span") or f"{first} {last}").split())
    if moving is None:
        keyed = [(span_first, _closed(node.get("d", ""), source))]
    else:
        times = [float(value) for value in moving.get("keyTimes", "").split(";")]
        paths = [_closed(value, source) for value in moving.get("values", "").split(";")]
        keyed = [(round(first + at * max(1, last - first)), made) for at, made in zip(times, paths, strict=True)]
        keyed = [(at, made) for at, made in keyed if span_first <= at <= span_last]
    role = node.get("data-role")
    result = []
    for part in range(len(keyed[0][1])):
        keys = tuple(Key(at, made[part]) for at, made in keyed)
        number = int(node.get("data-id", known + part + 1))
        spline = Spline(number, "hole" if role == "hole" else "add", keys)
        result.append((Span(span_first, span_last, (spline,)), role is not None))
    return result


def _closed(path: str, source: str | Path) -> list[NDArray[np.float64]]:
    """The closed subpaths of a path of M, L, H, V, C and Z, absolute or relative."""
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
            places, at = [], start
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
                start, at, places = end, end, [end]
                kind = "L"
            else:
                segment(at, end, end)
    return found


def _points(start: NDArray[np.float64], rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Start and segments (out handle, in handle, end as places) as points."""
    xy = np.concatenate([start[None], rows[:-1, 2]])
    out = rows[:, 0] - xy
    into = np.roll(rows[:, 1] - rows[:, 2], 1, axis=0)
    return np.column_stack([xy, into, out, np.zeros(len(xy))])


def _spanned(found: list[tuple[Span, bool]], width: int, height: int) -> tuple[Span, ...]:
    starts = sorted({span.first for span, _ in found} | {span.last + 1 for span, _ in found})
    spans = []
    for first, stop in pairwise(starts):
        alive = [(span.splines[0], told) for span, told in found if span.first <= first and span.last >= stop - 1]
        if alive:
            spans.append(Span(first, stop - 1, tuple(_with_roles(alive, width, height))))
    return tuple(spans)


def _with_roles(alive: list[tuple[Spline, bool]], width: int, height: int) -> list[Spline]:
    """What lies within an odd number of others is a hole; larger ones come first."""
    if all(told for _, told in alive):
        return [spline for spline, _ in alive]
    polygons = {id(spline): flatten(spline.keys[0].points[:, :6]) for spline, _ in alive}
    ordered = sorted((spline for spline, _ in alive), key=lambda made: -abs(signed_area(polygons[id(made)])))
    masks = [fill(cuts(polygons[id(spline)][None], width, height), width, height) for spline in ordered]
    result = []
    for place, spline in enumerate(ordered):
        x, y = np.clip(polygons[id(spline)].mean(axis=0), 0, (width - 1, height - 1)).astype(int)
        depth = sum(bool(mask[y, x]) for mask in masks[:place])
        result.append(Spline(spline.id, "hole" if depth % 2 else "add", spline.keys))
    return result
