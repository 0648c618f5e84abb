"""Pictures of the nodes that the plug-in builds, as arrays: enough to see whether the graph means what it should."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from wisp.plates.colour import srgb_decode, srgb_encode
from wisp.plates.exr import read_channels

from . import knobs as k
from .expressions import evaluate
from .nodes import Group, Node

Picture = NDArray[np.float32]


def render(node: Node | None, frame: int) -> Picture:
    """RGBA float32, height x width x 4, of a node on a frame. RuntimeError as a render fails."""
    if node is None:
        raise RuntimeError("an input is not connected")
    if isinstance(node, Group):
        return render(next(one for one in node.nodes() if one.Class() == "Output"), frame)
    if number(node, "disable", frame):
        return render(node.input(0), frame)
    return _RULES[node.Class()](node, frame)


def beyond(node: Node, frame: int, margin: int) -> Picture:
    """As `render`, with so many pixels around the format: what a larger data window holds there."""
    node.session.margin = margin
    try:
        return render(node, frame)
    finally:
        node.session.margin = 0


def _framed(node: Node, picture: Picture, **how: Any) -> Picture:
    """A picture of the format's size with the margin that is asked for: black, as outside a data window."""
    margin = node.session.margin
    return np.pad(picture, ((margin, margin), (margin, margin), (0, 0)), **how) if margin else picture


def plane(node: Node | None, channel: str, frame: int) -> Picture:
    """A channel beyond RGBA, as a Copy above has written it. RuntimeError where nothing did."""
    if node is None:
        raise RuntimeError(f"there is no channel {channel}")
    if isinstance(node, Group):
        return plane(next(one for one in node.nodes() if one.Class() == "Output"), channel, frame)
    if node.Class() == "Copy" and node["to0"].value() == channel:
        assert node["from0"].value() == "rgba.red"
        return render(node.input(1), frame)[..., 0]
    return plane(node.input(int(number(node, "which", frame)) if node.Class() == "Switch" else 0), channel, frame)


def write(node: Node, frame: int) -> None:
    """What a Write does: 8-bit PNG, at proxy size where the proxy is on."""
    picture = render(node.input(0), frame)
    if node.session.root_group["proxy"].value():
        picture = cv2.resize(picture, None, fx=0.5, fy=0.5)
    name = node["file"].value()
    path = Path(name % frame if "%" in name else name)
    if node["create_directories"].value():
        path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.round(np.clip(picture[..., 2::-1], 0, 1) * 255).astype(np.uint8))


def number(node: Node, name: str, frame: int) -> Any:
    knob = node[name]
    assert isinstance(knob, k.ArrayKnob)
    return knob.getValueAt(frame)


def _input(node: Node, frame: int) -> Picture:
    assert node.parent is not None
    return render(node.parent.input(0), frame)


def _plates(node: Node, frame: int) -> Picture:
    """Its pictures have `own["overscan"]` more pixels on every side than its format."""
    picture = np.asarray(node.own["pictures"](frame), np.float32)
    cut = node.own.get("overscan", 0) - node.session.margin
    if cut >= 0:
        return picture[cut : picture.shape[0] - cut, cut : picture.shape[1] - cut]
    return np.pad(picture, ((-cut, -cut), (-cut, -cut), (0, 0)))


def _constant(node: Node, frame: int) -> Picture:
    return _framed(node, np.full((256, 256, 4), number(node, "color", frame), np.float32))


def _read(node: Node, frame: int) -> Picture:
    name = node["file"].value()
    path = Path(name % frame if "%" in name else name)
    if not path.is_file():
        raise RuntimeError(f"{node.fullName()}: {path}: no such file")
    if path.suffix == ".png":
        picture = cv2.imread(str(path), cv2.IMREAD_UNCHANGED).astype(np.float32) / 255
        alpha = picture[..., 3] if picture.shape[2] == 4 else np.ones(picture.shape[:2], np.float32)
        rgb = picture[..., 2::-1]
        return _framed(node, np.dstack([rgb if node["raw"].value() else srgb_decode(rgb), alpha]))
    channels, _ = read_channels(path)
    planes = [channels[name].astype(np.float32) for name in "RGB"]
    return _framed(node, np.dstack([*planes, np.zeros_like(planes[0])]))


def _expression(node: Node, frame: int) -> Picture:
    below = render(node.input(0), frame)
    names: dict[str, Any] = {name: below[..., index] for index, name in enumerate("rgba")}
    out = below.copy()
    for index in range(4):
        text = node[f"expr{index}"].getText() or "rgba"[index]
        out[..., index] = evaluate(text, node.parent_value(frame), node.session.GUI, names)
    return out


def _switch(node: Node, frame: int) -> Picture:
    return render(node.input(int(number(node, "which", frame))), frame)


def _merge(node: Node, frame: int) -> Picture:
    below, above = render(node.input(0), frame), render(node.input(1), frame)
    if node["operation"].value() == "max":
        return np.maximum(below, above)
    assert node["operation"].value() == "over"
    out = above + below * (1 - above[..., 3:])
    if node["output"].value() == "rgb":
        out[..., 3] = below[..., 3]
    return out


def _grade(node: Node, frame: int) -> Picture:
    black, white = number(node, "blackpoint", frame), number(node, "whitepoint", frame)
    out = render(node.input(0), frame).copy()
    graded = (out[..., :3] - black) / (white - black)
    if node["black_clamp"].value():
        graded = np.maximum(graded, 0)
    if node["white_clamp"].value():
        graded = np.minimum(graded, 1)
    out[..., :3] = np.sign(graded) * np.abs(graded) ** (1 / number(node, "gamma", frame))
    return out


def _crop(node: Node, frame: int) -> Picture:
    """To the whole format only; outside it is black, or goes on with the border where `crop` is off."""
    form = node.input(0).format()  # type: ignore[union-attr]
    assert node["box"].value() == [0, 0, form.width(), form.height()], "only a crop to the format is modelled"
    margin, picture = node.session.margin, render(node.input(0), frame)
    inside = picture[margin : picture.shape[0] - margin, margin : picture.shape[1] - margin]
    return _framed(node, inside) if node["crop"].value() else _framed(node, inside, mode="edge")


def _dilate(node: Node, frame: int) -> Picture:
    """Whole pixels, by a square; negative sizes shrink."""
    size = int(number(node, "size", frame))
    side = np.ones((2 * abs(size) + 1,) * 2, np.uint8)
    picture = render(node.input(0), frame)
    return np.asarray((cv2.dilate if size > 0 else cv2.erode)(picture, side), np.float32) if size else picture


def _at_zero(node: Node, frame: int) -> Picture:
    assert number(node, "size", frame) == 0, "only a size of zero is modelled"
    return render(node.input(0), frame)


def _invert(node: Node, frame: int) -> Picture:
    return 1 - render(node.input(0), frame)


def _copy(node: Node, frame: int) -> Picture:
    """Channels beyond RGBA are not part of the picture here: see `plane`."""
    index = {"rgba.red": 0, "rgba.alpha": 3}
    out = render(node.input(0), frame).copy()
    if node["to0"].value() not in index:
        return out
    out[..., index[node["to0"].value()]] = render(node.input(1), frame)[..., index[node["from0"].value()]]
    return out


def _premult(node: Node, frame: int) -> Picture:
    out = render(node.input(0), frame).copy()
    out[..., :3] *= out[..., 3:]
    return out


def _assert(node: Node, frame: int) -> Picture:
    if not evaluate(node["expression"].getText(), node.parent_value(frame), node.session.GUI, {}):
        raise RuntimeError(node["message"].value())
    return render(node.input(0), frame)


def _colorspace(node: Node, frame: int) -> Picture:
    out = render(node.input(0), frame).copy()
    assert (node["colorspace_in"].value(), node["colorspace_out"].value()) == ("Linear", "sRGB")
    out[..., :3] = srgb_encode(out[..., :3])
    return out


_RULES = {
    "Input": _input,
    "Plates": _plates,
    "Constant": _constant,
    "Read": _read,
    "Expression": _expression,
    "Switch": _switch,
    "Merge2": _merge,
    "Grade": _grade,
    "Crop": _crop,
    "OneView": lambda node, frame: render(node.input(0), frame),
    "Dilate": _dilate,
    "Blur": _at_zero,
    "Invert": _invert,
    "Copy": _copy,
    "Premult": _premult,
    "Multiply": lambda node, frame: render(node.input(0), frame) * number(node, "value", frame),
    "Assert": _assert,
    "Colorspace": _colorspace,
    "Output": lambda node, frame: render(node.input(0), frame),
}
