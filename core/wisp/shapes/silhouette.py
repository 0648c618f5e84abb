"""Shapes as a Silhouette `.fxs` file (XML), and back.

After what exporters in the field write: image coordinates have their origin in the middle of the picture, y down, the
picture's height as their unit, x times the pixel aspect; a point is `(x,y),(x,y),(x,y)`: itself, its in and its out
handle, all as places. Frames count from the session's first one. A layer may carry `transform.matrix`, keyed, in the
same coordinates. Not opened in Silhouette.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from operator import itemgetter
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from .lives import EVER, Frames, Step, above_zero, common, spans
from .model import Key, ShapedObject, Shapes, Span, Spline, keys_along, transformed

_PAIR = re.compile(r"\(([^(),]+),([^(),]+)\)")
_NUMBER = re.compile(r"[-+]?[\d.]+(?:[eE][-+]?\d+)?")
_SUBTRACT = "Subtract"
#: Modes that are one for what is full or empty.
_ADDING = ("Add", "Max")


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
    _constant(properties, "mode", _SUBTRACT if spline.role == "hole" else "Add")
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
    """The closed Bezier shapes of all layers, an object per layer. What is hidden or transparent is no part of it;
    other kinds of shapes and open ones are told as left out. InputError for anything else, and for what is inverted,
    blended or moved in a way of which splines cannot be made."""
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise InputError(f"{source} declares XML entities, which no Silhouette file has.", path=source)
    try:
        root = ET.fromstring(text)
        width, height = int(root.get("width", "0")), int(root.get("height", "0"))
        first = int(root.get("sessionStartFrame", root.get("workRangeStart", "1")))
        last = int(root.get("workRangeEnd", first))
    except (ET.ParseError, ValueError) as error:
        raise InputError(f"{source} is no Silhouette file: {error}.", path=source) from None
    if root.tag != "Silhouette" or width < 1 or height < 1:
        raise InputError(f"{source} is no Silhouette file of shapes: it names no size.", path=source)
    reader = _Reader(source, (width, height), first, pixel_aspect)
    reader.read_members("roto", list(root), (), [EVER])
    if not reader.objects:
        raise InputError(
            f"{source} has no visible, closed Bezier shape.", hint="Convert the shapes to Bezier.", path=source
        )
    return Shapes(width, height, first, last, tuple(reader.objects), tuple(reader.left_out))


@dataclass(frozen=True)
class _Move:
    """The transform of a layer or a shape. `affine`: K x 2 x 3, one for each of the `frames`, in plate pixels."""

    frames: tuple[int, ...]
    affine: NDArray[np.float64]

    def at(self, frame: int) -> NDArray[np.float64]:
        numbers = self.affine.reshape(len(self.frames), 6).T
        return np.array([np.interp(frame, self.frames, row) for row in numbers]).reshape(2, 3)


def _moved(spline: Spline, move: _Move, frame: int) -> NDArray[np.float64]:
    return transformed(spline.at(frame), move.at(frame))


@dataclass
class _Reader:
    """What was found in a file so far. `size`: of the plate, pixels; `first`: the session's first frame."""

    source: str | Path
    size: tuple[int, int]
    first: int
    pixel_aspect: float
    objects: list[ShapedObject] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    def read_members(
        self, name: str, members: Sequence[ET.Element], moves: tuple[_Move, ...], lives: Sequence[Frames]
    ) -> None:
        """Add the shapes among what a layer holds as an object, and the layers among it as others. `moves`: the
        transforms of the layers that it is in, the innermost first; `lives`: the frames on which they are seen."""
        layers = [node for node in members if node.tag == "Layer" or node.get("type") == "Layer"]
        shapes = [node for node in members if node not in layers and node.get("type")]
        found = []
        for number, node in enumerate(reversed(shapes), 1):
            alive = common(lives, self._lives(node))
            if not alive:
                continue
            spline = self._spline(node, number, moves)
            if spline is None:
                self.left_out.append(f"the open or other shape {node.get('label') or number} of {name}")
                continue
            found.append((spline, alive))
        if found:
            self.objects.append(ShapedObject(name, spans(found)))
        for node in layers:
            alive = common(lives, self._lives(node))
            if not alive:
                continue
            if self._is_inverted(node) or self._mode(node) not in _ADDING:
                raise self._refusal(node, "is inverted, or blended as shapes are not")
            inside = node.findall("Properties/Property[@id='objects']/*")
            self.read_members(node.get("label") or "roto", inside, (*self._moves(node), *moves), alive)

    def _spline(self, node: ET.Element, number: int, moves: tuple[_Move, ...]) -> Spline | None:
        """A shape in plate pixels; None where it is no closed Bezier."""
        keyed = {frame: path for frame, entry in self._entries(node, "path") for path in entry.findall("Path")}
        if node.get("type") != "Shape" or node.get("shape_type", "Bezier") != "Bezier" or not keyed:
            return None
        if any(path.get("closed", "True").lower() != "true" for path in keyed.values()):
            return None
        mode = self._mode(node)
        if self._is_inverted(node):
            raise self._refusal(node, "is inverted")
        if mode not in (*_ADDING, _SUBTRACT):
            raise self._refusal(node, f"has the mode {mode}")
        keys = tuple(Key(frame, self._points(path)) for frame, path in keyed.items())
        spline = Spline(number, "hole" if mode == _SUBTRACT else "add", keys)
        for move in (*self._moves(node), *moves):
            frames = sorted({key.frame for key in spline.keys} | set(move.frames))
            spline = Spline(spline.id, spline.role, keys_along(partial(_moved, spline, move), frames))
        return spline

    def _points(self, path: ET.Element) -> NDArray[np.float64]:
        rows = [[[float(x), float(y)] for x, y in _PAIR.findall(point.text or "")] for point in path.findall("Point")]
        places = np.array(rows, np.float64).reshape(len(rows), 3, 2) / [self.pixel_aspect, 1.0] * self.size[1]
        xy = places[:, 0] + [self.size[0] / 2, self.size[1] / 2]
        return np.column_stack([xy, places[:, 1] - places[:, 0], places[:, 2] - places[:, 0], np.zeros(len(xy))])

    def _entries(self, node: ET.Element, name: str) -> list[tuple[int, ET.Element]]:
        """The values of a property with their frames, ascending; a constant one has that of the session's start. All go
        linearly from one to the next: one that is held is there again on the last frame before that."""
        found = node.findall(f"Properties/Property[@id='{name}']/*")
        keyed = [(self.first + round(float(entry.get("frame", "0"))), entry) for entry in found]
        keyed.sort(key=itemgetter(0))
        held = [
            (after - 1, entry)
            for (frame, entry), (after, _) in pairwise(keyed)
            if entry.get("interp") == "hold" and after - 1 > frame
        ]
        return sorted([*keyed, *held], key=itemgetter(0))

    def _lives(self, node: ET.Element) -> list[Frames]:
        """The frames on which it is neither hidden nor transparent."""
        if node.get("hidden", "False").lower() == "true":
            return []
        return above_zero([Step(frame, float(entry.text or 0)) for frame, entry in self._entries(node, "opacity")])

    def _is_inverted(self, node: ET.Element) -> bool:
        return any((entry.text or "").strip().lower() == "true" for _, entry in self._entries(node, "invert"))

    def _mode(self, node: ET.Element) -> str:
        """How it is laid over what is below it; several modes where it changes."""
        return " and ".join(sorted({(entry.text or "").strip() for _, entry in self._entries(node, "mode")})) or "Add"

    def _moves(self, node: ET.Element) -> list[_Move]:
        """Its own transform, if it has one."""
        keyed = {}
        for given in node.findall("Properties/Property"):
            name = given.get("id", "")
            for frame, entry in self._entries(node, name) if name.startswith("transform.") else ():
                numbers = [float(number) for number in _NUMBER.findall(entry.text or "")]
                if name == "transform.matrix":
                    keyed[frame] = self._affine(node, numbers)
                # An anchor alone moves nothing.
                elif name != "transform.anchor" and set(numbers) - {1.0 if "scale" in name else 0.0}:
                    raise self._refusal(node, f"is moved by {name}")
        return [_Move(tuple(keyed), np.array([*keyed.values()]))] if keyed else []

    def _affine(self, node: ET.Element, numbers: Sequence[float]) -> NDArray[np.float64]:
        """A matrix of 16 numbers, column by column, in plate pixels."""
        matrix = np.array(numbers, np.float64).reshape(4, 4).T
        if np.abs(matrix[3] - [0, 0, 0, 1]).max() > 1e-6:
            raise self._refusal(node, "is moved in perspective")
        unit = np.array([self.size[1] / self.pixel_aspect, self.size[1]])
        middle = np.array(self.size) / 2
        linear = matrix[:2, :2] * unit[:, None] / unit
        return np.column_stack([linear, middle - linear @ middle + matrix[:2, 3] * unit])

    def _refusal(self, node: ET.Element, why: str) -> InputError:
        what = f"{(node.get('type') or node.tag).lower()} {node.get('label')}"
        return InputError(
            f"The {what} in {self.source} {why}, of which no splines can be made.",
            hint="Render it, and give it as a matte sequence.",
            path=self.source,
        )
