"""Shapes as a Silhouette `.fxs` file (XML), and back.

After what exporters in the field write: image coordinates have their origin in the middle of the picture, y down, the
picture's height as their unit, x times the pixel aspect; a point is `(x,y),(x,y),(x,y)`: itself, its in and its out
handle, all as places. Frames count from the session's first one. Not opened in Silhouette.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from .model import Key, ShapedObject, Shapes, Span, Spline

_PAIR = re.compile(r"\(([^(),]+),([^(),]+)\)")


def write(shapes: Shapes, pixel_aspect: float = 1.0) -> str:
    """A layer per object, a shape per spline and span; where it does not exist its opacity is held at 0."""
    root = ET.Element(
        "Silhouette",
        width=str(shapes.width),
        height=str(shapes.height),
        workRangeStart=str(shapes.first),
        workRangeEnd=str(shapes.last),
        sessionStartFrame=str(shapes.first),
    )
    for item in shapes.objects:
        layer = ET.SubElement(root, "Layer", type="Layer", label=item.name, expanded="True")
        properties = ET.SubElement(layer, "Properties")
        _constant(properties, "color", "(1.000000,1.000000,1.000000)")
        _constant(properties, "invert", "false")
        _constant(properties, "mode", "Add")
        objects = ET.SubElement(properties, "Property", id="objects", constant="True", expanded="True")
        for span in item.spans:
            for spline in reversed(span.splines):  # the first in the list lies on top
                _shape(objects, item, span, spline, shapes, pixel_aspect)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode") + "\n"


def _shape(
    parent: ET.Element, item: ShapedObject, span: Span, spline: Spline, shapes: Shapes, pixel_aspect: float
) -> None:
    label = f"{item.name}_{spline.id}_{span.first}"
    shape = ET.SubElement(
        parent, "Object", type="Shape", label=label, shape_type="Bezier", hidden="False", locked="False"
    )
    properties = ET.SubElement(shape, "Properties")
    opacity = ET.SubElement(properties, "Property", id="opacity")
    steps = {shapes.first: 0, span.first: 100} | ({span.last + 1: 0} if span.last < shapes.last else {})
    for frame, value in sorted(steps.items()):
        ET.SubElement(opacity, "Key", frame=str(frame - shapes.first), interp="hold").text = str(value)
    _constant(properties, "motionBlur", "false")
    _constant(properties, "outlineColor", "(1.000000,0.000000,0.000000)")
    _constant(properties, "mode", "Subtract" if spline.role == "hole" else "Add")
    _constant(properties, "invert", "false")
    path = ET.SubElement(properties, "Property", id="path")
    for key in spline.keys:
        node = ET.SubElement(path, "Key", frame=str(key.frame - shapes.first), interp="linear")
        drawn = ET.SubElement(node, "Path", closed="True", type="Bezier")
        xy = key.points[:, :2]
        places = np.stack([xy, xy + key.points[:, 2:4], xy + key.points[:, 4:6]], axis=1)
        places = (places - [shapes.width / 2, shapes.height / 2]) / shapes.height * [pixel_aspect, 1.0]
        for row in places:
            ET.SubElement(drawn, "Point").text = ",".join(f"({x:.8f},{y:.8f})" for x, y in row)


def _constant(parent: ET.Element, name: str, value: str) -> None:
    ET.SubElement(ET.SubElement(parent, "Property", constant="True", id=name), "Value").text = value


def read(text: str, source: str | Path, pixel_aspect: float = 1.0) -> Shapes:
    """The closed Bezier shapes of all layers, an object per layer. InputError for anything else."""
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise InputError(f"{source} declares XML entities, which no Silhouette file has.", path=source)
    try:
        root = ET.fromstring(text)
        width, height = int(root.get("width", "0")), int(root.get("height", "0"))
        start = int(root.get("sessionStartFrame", root.get("workRangeStart", "1")))
    except (ET.ParseError, ValueError) as error:
        raise InputError(f"{source} is no Silhouette file: {error}.", path=source) from None
    if root.tag != "Silhouette" or width < 1 or height < 1:
        raise InputError(f"{source} is no Silhouette file of shapes: it names no size.", path=source)
    last = int(root.get("workRangeEnd", start))
    objects = []
    for layer in (node for node in root.iter() if node.tag == "Layer" or node.get("type") == "Layer"):
        found = []
        for number, shape in enumerate(reversed(layer.findall("Properties/Property[@id='objects']/Object")), 1):
            if shape.get("type") == "Shape" and shape.get("shape_type", "Bezier") == "Bezier":
                try:
                    found += _spans(shape, number, (width, height), start, last, pixel_aspect)
                except (ValueError, TypeError) as error:
                    raise InputError(
                        f"The shape {shape.get('label')} in {source} is damaged: {error}.", path=source
                    ) from None
        if found:
            objects.append(ShapedObject(layer.get("label") or "roto", _joined(found)))
    if not objects:
        raise InputError(f"{source} has no closed Bezier shape.", hint="Convert the shapes to Bezier.", path=source)
    return Shapes(width, height, start, last, tuple(objects))


def _spans(
    shape: ET.Element, number: int, size: tuple[int, int], start: int, last: int, pixel_aspect: float
) -> list[Span]:
    """The shape alone, over the frames on which it is not transparent."""
    keys = []
    for node in shape.findall("Properties/Property[@id='path']/Key"):
        path = node.find("Path")
        if path is None or path.get("closed", "True").lower() != "true":
            continue
        rows = [[[float(x), float(y)] for x, y in _PAIR.findall(point.text or "")] for point in path.findall("Point")]
        places = np.array(rows, np.float64).reshape(len(rows), 3, 2) / [pixel_aspect, 1.0] * size[1]
        places += [size[0] / 2, size[1] / 2]
        keys.append(Key(start + round(float(node.get("frame", "0"))), _points(places)))
    if not keys:
        return []
    mode = shape.findtext("Properties/Property[@id='mode']/Value", "Add").strip()
    spline = Spline(number, "hole" if mode == "Subtract" else "add", tuple(sorted(keys, key=lambda key: key.frame)))
    steps = [
        (start + round(float(node.get("frame", "0"))), float(node.text or 0))
        for node in shape.findall("Properties/Property[@id='opacity']/Key")
    ]
    shown = [(frame, value > 0) for frame, value in sorted(steps)] or [(start, True)]
    shown[0] = (min(start, shown[0][0]), shown[0][1])
    ends = [frame for frame, _ in shown[1:]] + [max(last, keys[-1].frame) + 1]
    return [
        Span(first, stop - 1, (spline,))
        for (first, seen), stop in zip(shown, ends, strict=True)
        if seen and stop > first
    ]


def _points(places: NDArray[np.float64]) -> NDArray[np.float64]:
    xy = places[:, 0]
    return np.column_stack([xy, places[:, 1] - xy, places[:, 2] - xy, np.zeros(len(xy))])


def _joined(found: list[Span]) -> tuple[Span, ...]:
    """Single shapes with lives of their own, as spans in which the same ones exist."""
    starts = sorted({span.first for span in found} | {span.last + 1 for span in found})
    spans: list[Any] = []
    for first, stop in pairwise(starts):
        alive = [span.splines[0] for span in found if span.first <= first and span.last >= stop - 1]
        if alive:
            spans.append(Span(first, stop - 1, tuple(alive)))
    return tuple(spans)
