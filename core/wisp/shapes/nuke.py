"""Shapes as Nuke `Roto` nodes in a `.nk` script, and back.

The syntax of the `curves` knob is not documented; this is how real scripts look. A float is `x` and its
single-precision bits in hexadecimal, or decimal. A shape is
`{curvegroup NAME FLAGS bezier {{cc {f 8192} POINTS} FEATHER} TRANSFORM {a ..}}`; a point is in tangent,
position, out tangent, tangents relative to it. `{px TIME {x y} ..}` has all points at one key, `{p {X Y} ..}` general
ones, where X is a number or a curve `{{time value} ..}`. The second `cc` is the feather's: positions are offsets from
the shape's points; `idem` says that there is none. Attributes `{a ..}` of shapes and layers that count here: `vis`
visible, `opc` opacity, `inv` inverted, `bm` blending mode, `ltt`, `ltn` and `ltm` lifetime. Nuke's origin is the lower
left corner of the format; pixel aspect is the format's business. Not opened in Nuke; no real script with several keys
was at hand, nor what it says where they are linear.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..client.names import free_name
from ..errors import InputError
from .lives import EVER, Frames, Step, above_zero, common, spans
from .model import Key, ShapedObject, Shapes, Span, Spline, keys_along

_LAYER = "{a}"
#: `bm`: how a shape is laid over those below it; of what is full or empty the larger (4) is the union, too. Others,
#: such as the smaller (5) and the difference (13), are no roles of splines.
_ADD, _MAX, _SUBTRACT = 0, 4, 12
#: `ltt`: lifetime, of which 4 is a range of frames.
_RANGE = 4
#: Of a transform's numbers, after its `t`: rotation, scale and skew.
_TURNING = slice(7, None)
#: The attributes that count: of when it is seen, and of how it is laid over others.
_LIFETIME, _SEEN = ("ltt", "ltn", "ltm"), ("vis", "opc")
_ATTRIBUTES = (*_LIFETIME, *_SEEN, "inv", "bm")
#: Of a `cubiccurve`: the pin of a transform, which is never painted.
_PIN = 1 << 18
#: A script of more characters than this, or braces nested deeper, is not read.
_MOST_TEXT, _DEEPEST = 200_000_000, 100


def write(shapes: Shapes, pixel_aspect: float = 1.0) -> str:
    """A script of one `Roto` node per object, of the plate's format, named as it is as far as Nuke allows: letters of
    ASCII, digits and underscores."""
    names: list[str] = []
    for item in shapes.objects:
        names.append(free_name(_name(item.name), names))
    nodes = [
        _node(item, name, shapes, pixel_aspect, column)
        for column, (item, name) in enumerate(zip(shapes.objects, names, strict=True))
    ]
    return "set cut_paste_input [stack 0]\nversion 13.2 v4\n" + "".join(nodes)


def _node(item: ShapedObject, name: str, shapes: Shapes, pixel_aspect: float, column: int) -> str:
    size = f"{shapes.width} {shapes.height}"
    middle = f"{_number(shapes.width / 2)} {_number(shapes.height / 2)}"
    drawn = [
        _shape(spline, span, f"{name}_{spline.id}_{span.first}", shapes)
        for span in item.spans
        for spline in reversed(span.splines)  # the first in the list lies on top
    ]
    return (
        f"Roto {{\n inputs 0\n output alpha\n cliptype none\n"
        f' format "{size} 0 0 {size} {pixel_aspect:g} wisp_{shapes.width}x{shapes.height}"\n'
        f" curves {{{{{{v x3f99999a}}\n  {{f 0}}\n  {{n\n   {{layer Root\n    {{f 2097152}}\n    {{t {middle}}}\n"
        f"    {_LAYER}\n" + "\n".join(drawn) + "}}}}\n"
        f" name {name}\n xpos {110 * column}\n ypos 0\n}}\n"
    )


def _shape(spline: Spline, span: Span, name: str, shapes: Shapes) -> str:
    times = [key.frame for key in spline.keys]
    flipped = np.stack([_flipped(key.points, shapes.height) for key in spline.keys])  # keys x M x 4 x 2
    centre = flipped[0, :, 1].mean(axis=0)
    feathered = np.abs(flipped[:, :, 3]).max() > 0
    curve = _curve(times, flipped[:, :, :3])
    feather = np.stack([flipped[:, :, 0], flipped[:, :, 3], flipped[:, :, 2]], axis=2)
    second = f"\n      {_curve(times, feather)}}}" if feathered else "     idem}"
    mode = _SUBTRACT if spline.role == "hole" else _ADD
    first, last = _number(span.first), _number(span.last)
    return (
        f"    {{curvegroup {name} 512 bezier\n     {{{curve}{second}\n"
        f"     {{tx {_number(times[0])} {_number(centre[0])} {_number(centre[1])}}}\n"
        f"     {{a bm {mode} osf 0 str 1 sb 1 ltn {first} ltm {last} ltt {_number(_RANGE)} tt x40800000}}}}"
    )


def _flipped(points: NDArray[np.float64], height: int) -> NDArray[np.float64]:
    """In tangent, position, out tangent, feather offset of each point, y up (M x 4 x 2).

    Nuke's feather goes outwards from full at the shape: the shape is drawn in by half of the feather's width.
    """
    inward, outward = _normals(points)
    xy = points[:, :2] + inward * points[:, 6:] / 2
    made = np.stack([points[:, 2:4], xy, points[:, 4:6], outward * points[:, 6:]], axis=1)
    made[..., 1] *= -1
    made[:, 1, 1] += height
    return made


def _normals(points: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Unit vectors into and out of the spline at its points, y down."""
    along = points[:, 4:6] - points[:, 2:4]
    flat = np.hypot(along[:, 0], along[:, 1]) < 1e-6
    beside = np.roll(points[:, :2], -1, axis=0) - np.roll(points[:, :2], 1, axis=0)
    along = np.where(flat[:, None], beside, along)
    along = along / np.maximum(np.hypot(along[:, 0], along[:, 1]), 1e-9)[:, None]
    after = np.roll(points[:, :2], -1, axis=0)
    turn = np.sign(float((after[:, 0] * points[:, 1] - points[:, 0] * after[:, 1]).sum())) or 1.0
    left = np.stack([along[:, 1], -along[:, 0]], axis=1) * turn
    return left, -left


def _curve(times: Sequence[int], points: NDArray[np.float64]) -> str:
    pairs = points.reshape(len(times), -1, 2)
    if len(times) == 1:
        rows = [f"{{{_number(x)} {_number(y)}}}" for x, y in pairs[0]]
        head = f"px {_number(times[0])}"
    else:
        rows = [f"{{{_keys(times, pairs[:, k, 0])} {_keys(times, pairs[:, k, 1])}}}" for k in range(pairs.shape[1])]
        head = "p"
    lines = "".join(f"\n        {row}" for row in rows)
    return f"{{cc\n       {{f 8192}}\n       {{{head}{lines}}}}}"


def _keys(times: Sequence[int], values: NDArray[np.float64]) -> str:
    if np.ptp(values) == 0:
        return _number(values[0])
    keys = " ".join(f"{{{_number(time)} {_number(value)}}}" for time, value in zip(times, values, strict=True))
    return f"{{{keys}}}"


def _number(value: float) -> str:
    value = float(np.float32(value))
    if value == 0:
        return "0"
    return f"x{struct.unpack('>I', struct.pack('>f', value))[0]:x}"


def _name(name: str) -> str:
    return re.sub(r"\W", "_", name, flags=re.ASCII) or "shapes"


# Reading -----------------------------------------------------------------------------------------------------------

Tree = list[Any]
#: A brace, text in quotes, or a word; a backslash takes the meaning from what follows.
_TOKEN = re.compile(r'[{}]|"(?:\\.|[^"\\])*"|(?:\\.|[^\s{}])+', re.DOTALL)


def read(text: str, source: str | Path, size: tuple[int, int]) -> Shapes:
    """The closed Bezier shapes of all `Roto` and `RotoPaint` nodes in a script, an object per node. `size`: width and
    height of the plate; a node that names its format is of that size. Disabled nodes and what is not visible are no
    part of it; strokes, B-splines and open shapes are told as left out. Between keys everything goes linearly, whatever
    the script says; a shape that no lifetime ends is there on every frame. InputError for text that is no such script,
    and for what is inverted, linked, or blended in a way of which splines cannot be made.
    """
    if len(text) > _MOST_TEXT:
        raise InputError(f"{source} is too large for a roto script.", path=source)
    tree = _parse(text, source)
    objects: list[ShapedObject] = []
    left_out: list[str] = []
    keyed: set[int] = set()
    for body in _nodes(tree):
        knobs = {str(name): value for name, value in zip(body[::2], body[1::2], strict=False)}
        if knobs.get("disable") in ("true", "1"):
            continue
        width, height = _format(knobs.get("format"), size)
        if (width, height) != size:
            raise InputError(
                f"A Roto node in {source} is {width}x{height}, but the plate is {size[0]}x{size[1]}.",
                hint="Export it at the plate's format.",
                path=source,
            )
        name = str(knobs.get("name", "roto"))
        above = _Above(name, source, height)
        found: list[_Found] = []
        for branch in knobs.get("curves", []):
            if isinstance(branch, list):
                _gather(branch, above, found, left_out)
        if found and isinstance(knobs.get("disable"), list):
            raise above.refusal("knob 'disable'", "is animated or linked")
        if found:
            keyed |= {key.frame for spline, _ in found for key in spline.keys}
            objects.append(ShapedObject(name, spans(found)))
    if not objects:
        raise InputError(
            f"{source} has no visible, closed Bezier shape in a Roto or RotoPaint node that is enabled.",
            hint="Close the splines; strokes and B-splines are not read.",
            path=source,
        )
    return Shapes(*size, min(keyed), max(keyed), tuple(objects), tuple(left_out))


def _parse(text: str, source: str | Path) -> Tree:
    stack: list[Tree] = [[]]
    for token in _TOKEN.findall(text):
        if token == "{":
            stack.append([])
            if len(stack) > _DEEPEST:
                raise InputError(f"{source} has braces that are nested too deeply.", path=source)
        elif token == "}":
            if len(stack) == 1:
                raise InputError(f"{source} is damaged: a brace closes that was never opened.", path=source)
            done = stack.pop()
            stack[-1].append(done)
        else:
            stack[-1].append(token.strip('"'))
    if len(stack) > 1:
        raise InputError(f"{source} is damaged or incomplete: a brace is not closed.", path=source)
    return stack[0]


def _nodes(tree: Tree) -> Iterator[Tree]:
    for name, body in pairwise(tree):
        if name in ("Roto", "RotoPaint") and isinstance(body, list):
            yield body
    for part in tree:
        if isinstance(part, list):
            yield from _nodes(part)


def _format(text: Any, size: tuple[int, int]) -> tuple[int, int]:
    parts = text.split() if isinstance(text, str) else []
    return (int(parts[0]), int(parts[1])) if len(parts) >= 2 and parts[0].isdigit() and parts[1].isdigit() else size


_Found = tuple[Spline, list[Frames]]


class _Above(NamedTuple):
    """What a shape gets from the layers and the node that it is in. `height`: of the plate, pixels; `transforms`: those
    of the layers, the innermost first."""

    node: str
    source: str | Path
    height: int
    transforms: tuple[Tree, ...] = ()
    lives: Sequence[Frames] = (EVER,)

    def refusal(self, what: str, why: str) -> InputError:
        return InputError(
            f"The {what} of {self.node} in {self.source} {why}, of which no splines can be made.",
            hint="Render the node, and give its alpha as a matte sequence.",
            path=self.source,
        )


def _gather(tree: Tree, above: _Above, found: list[_Found], left_out: list[str]) -> None:
    """Add the shapes under a branch of the `curves`, the lowest first, and the names of what is no closed Bezier."""
    inside = [part for part in tree if isinstance(part, list)]
    kind, name = (str(part) if isinstance(part, str) else "" for part in (*tree, "", "")[:2])
    if kind not in ("layer", "curvegroup", "cubiccurve"):
        for part in reversed(inside):
            _gather(part, above, found, left_out)
        return
    given = next((part for part in inside if part and part[0] == "a"), ["a"])
    pairs = zip(given[1::2], given[2::2], strict=False)
    values = {str(key): value for key, value in pairs if key in _ATTRIBUTES}
    lives = common(above.lives, _lives(values))
    if not lives:
        return
    chain = (*(part for part in inside if part and part[0] == "t"), *above.transforms)
    changing = [key for key, number in values.items() if key not in _SEEN and _only(number) is None]
    inverted, mode = _only(values.get("inv", "0")), round(_only(values.get("bm", "0")) or 0)
    if kind == "layer":
        if _is_linked([*values.values()]):
            raise above.refusal(f"layer {name}", "follows an expression")
        if changing:
            raise above.refusal(f"layer {name}", f"changes its attribute '{changing[0]}' over time")
        if inverted or mode not in (_ADD, _MAX):
            raise above.refusal(f"layer {name}", "is inverted, or blended as shapes are not")
        for part in reversed(inside):
            _gather(part, above._replace(transforms=chain, lives=lives), found, left_out)
        return
    flags, spline = (str(part) if isinstance(part, str) else "" for part in (*tree, "", "", "", "")[2:4])
    if kind == "cubiccurve":
        if not int(_value(flags)) & _PIN:
            left_out.append(f"the stroke {name} of {above.node}")
        return
    curves = next((part for part in inside if part and isinstance(part[0], list) and part[0][:1] == ["cc"]), [])
    keys = _shape_keys(curves, chain, above.height) if spline == "bezier" and curves else ()
    if not keys:
        left_out.append(f"the {'open shape' if spline == 'bezier' else 'B-spline'} {name} of {above.node}")
        return
    if _is_linked([*chain, curves, *values.values()]):
        raise above.refusal(f"shape {name}", "follows an expression")
    if changing:
        raise above.refusal(f"shape {name}", f"changes its attribute '{changing[0]}' over time")
    if inverted:
        raise above.refusal(f"shape {name}", "is inverted")
    if mode not in (_ADD, _MAX, _SUBTRACT):
        raise above.refusal(f"shape {name}", f"has the blending mode {mode}")
    found.append((Spline(len(found) + 1, "hole" if mode == _SUBTRACT else "add", keys), lives))


def _lives(values: dict[str, Any]) -> list[Frames]:
    """The frames on which something of these attributes is seen: within its lifetime, visible and not transparent, as
    far as they are not linked, and the lifetime does not change."""
    life = [_only(values.get(name, "0")) for name in _LIFETIME]
    kind, low, high = (0, 0, 0) if None in life else (round(number or 0) for number in life)
    lives = [{1: (EVER[0], high), 2: (low, low), 3: (low, EVER[1]), _RANGE: (low, high)}.get(kind, EVER)]
    for name in _SEEN:
        if not _is_linked(values.get(name, "1")):
            steps = [Step(round(time or 0), value) for time, value in _keyed(values.get(name, "1"))]
            lives = common(lives, above_zero(sorted(steps)))
    return lives


def _shape_keys(curves: Tree, chain: Sequence[Tree], height: int) -> tuple[Key, ...]:
    """The keys of a closed Bezier, in order, in pixels of a plate of that height; none of an open curve. `chain`: the
    transforms on it, the innermost first."""
    outline = _Curve(curves[0])
    feather = _Curve(curves[1]) if len(curves) > 1 and isinstance(curves[1], list) else None
    if outline.count < 6 or outline.count % 3 or outline.is_open:
        return ()
    times = {*outline.times, *(feather.times if feather else ()), *(time for part in chain for time in _times(part))}
    # A key between two frames is seen on neither, but bends the way on both of its sides.
    frames = sorted({side for time in times or (0.0,) for side in (math.floor(time), math.ceil(time))})

    def course(frame: int) -> NDArray[np.float64]:
        rows = outline.at(frame).reshape(-1, 3, 2)
        wide = feather.at(frame).reshape(-1, 3, 2)[:, 1] if feather else np.zeros((len(rows), 2))
        if len(wide) != len(rows):
            wide = np.zeros((len(rows), 2))
        xy, ends = rows[:, 1], [rows[:, 1] + rows[:, 0], rows[:, 1] + rows[:, 2], rows[:, 1] + wide / 2]
        for part in chain:
            matrix, shift = _matrix(part, frame)
            xy = xy @ matrix.T + shift
            ends = [end @ matrix.T + shift for end in ends]
        offset = ends[2] - xy
        points = np.column_stack([ends[2], ends[0] - xy, ends[1] - xy, 2 * np.hypot(offset[:, 0], offset[:, 1])])
        points[:, [1, 3, 5]] *= -1
        points[:, 1] += height
        return points

    # Only moving takes what goes straight to what goes straight.
    if any(len(_keyed(number)) > 1 for part in chain for number in part[_TURNING]):
        return keys_along(course, frames)
    return tuple(Key(frame, course(frame)) for frame in frames)


class _Curve:
    """The points of one `cc`, each number a constant or a curve in time."""

    def __init__(self, tree: Tree) -> None:
        parts = {part[0]: part for part in tree if isinstance(part, list) and part}
        flags = parts.get("f", ["f", "8192"])
        self.is_open = bool(int(_value(flags[1] if len(flags) > 1 else "0")) & 32)
        rows = parts.get("px") or parts.get("p") or []
        points = [[_keyed(number) for number in row[:2]] for row in rows[1:] if isinstance(row, list)]
        alone = [_value(part) for part in rows[1:2] if isinstance(part, str)]
        found = {time for point in points for number in point for time, _ in number if time is not None}
        self.times: tuple[float, ...] = tuple(sorted(found)) or tuple(alone)
        self.count = len(points)
        self._points = np.array(
            [[[_at(number, time) for number in point] for point in points] for time in self.times or (0.0,)]
        )

    def at(self, time: float) -> NDArray[np.float64]:
        """All its pairs of numbers: n x 2."""
        place = float(np.interp(time, self.times, range(len(self.times)))) if self.times else 0.0
        one, two = self._points[math.floor(place)], self._points[math.ceil(place)]
        return np.asarray(one + (place - math.floor(place)) * (two - one))


_Keyed = list[tuple[float | None, float]]


def _keyed(number: Any) -> _Keyed:
    """A number as its keys: of a constant one without a time; of `{{time value ..} ..}` one each; of `{=expression
    value}` the value that it had."""
    if isinstance(number, str):
        return [(None, _value(number))]
    keys = [part for part in number if isinstance(part, list)]
    if keys and all(len(key) >= 2 for key in keys):
        return [(_value(key[0]), _value(key[1])) for key in keys]
    if len(keys) == 1:
        return _keyed(keys[0])
    plain = [part for part in number if isinstance(part, str) and not part.startswith("=")]
    return [(None, _value(plain[0]) if plain else 0.0)]


def _only(number: Any) -> float | None:
    """The value that it has on every frame; None where it follows an expression, or has several."""
    values = {value for _, value in _keyed(number)}
    return None if _is_linked(number) or len(values) > 1 else values.pop()


def _is_linked(tree: Any) -> bool:
    """Whether a number in it follows an expression, whose values no script has."""
    return tree.startswith("=") if isinstance(tree, str) else any(_is_linked(part) for part in tree)


def _at(number: _Keyed, time: float) -> float:
    if number[0][0] is None:
        return number[0][1]
    return float(np.interp(time, [key or 0.0 for key, _ in number], [value for _, value in number]))


def _value(token: Any) -> float:
    """A float token; 0 for what is none."""
    if not isinstance(token, str):
        return _keyed(token)[0][1] if isinstance(token, list) and token else 0.0
    try:
        if re.fullmatch(r"x[0-9a-fA-F]{1,8}", token):
            made: float = struct.unpack(">f", bytes.fromhex(token[1:].zfill(8)))[0]
        else:
            made = float(token)
    except ValueError:
        return 0.0
    return made if math.isfinite(made) else 0.0


def _times(transform: Tree) -> list[float]:
    return [time for number in transform[1:] for time, _ in _keyed(number) if time is not None]


def _matrix(transform: Tree, time: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """A `t` list: centre x, y, z, translation x, y, z, rotation x, y, z (degrees), scale x, y, z, skew."""
    numbers = [_at(_keyed(number), time) for number in transform[1:]]
    standard = [0.0] * 9 + [1.0, 1.0, 1.0, 0.0]
    numbers += standard[len(numbers) :]
    centre, moved = np.array(numbers[:2]), np.array(numbers[3:5])
    angle = math.radians(numbers[8])
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    matrix = turn @ np.array([[1.0, numbers[12]], [0.0, 1.0]]) @ np.diag(numbers[9:11])
    return matrix, centre + moved - matrix @ centre
