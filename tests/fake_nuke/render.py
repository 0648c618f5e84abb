"""Pictures of the nodes that the plug-in builds, as arrays: enough to see whether the graph means what it should."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from wisp.plates.colour import srgb_decode, srgb_encode
from wisp.plates.exr import read_channels
from wisp.plates.exr_writer import write_exr
from wisp.plates.plate import Window

from . import knobs as k
from .expressions import evaluate
from .facts import METADATA
from .nodes import Group, Node

Picture = NDArray[np.float32]
#: Channel -> its plane, all of one size.
Stream = dict[str, Picture]
RGBA = ("rgba.red", "rgba.green", "rgba.blue", "rgba.alpha")


def render(node: Node | None, frame: int) -> Picture:
    """RGBA float32, height x width x 4, of a node on a frame. RuntimeError as a render fails."""
    planes = stream(node, frame)
    return np.dstack([planes[name] for name in RGBA]).astype(np.float32)


def plane(node: Node | None, channel: str, frame: int) -> Picture:
    """One channel. RuntimeError where nothing above has made it."""
    planes = stream(node, frame)
    if channel not in planes:
        raise RuntimeError(f"there is no channel {channel}")
    return planes[channel]


def beyond(node: Node, frame: int, margin: int) -> Picture:
    """As `render`, with so many pixels around the format: what a larger data window holds there."""
    node.session.margin = margin
    try:
        return render(node, frame)
    finally:
        node.session.margin = 0


def stream(node: Node | None, frame: int) -> Stream:
    """All channels of a node on a frame."""
    if node is None:
        raise RuntimeError("an input is not connected")
    if isinstance(node, Group):
        return stream(next(one for one in node.children if one.Class() == "Output"), frame)
    if number(node, "disable", frame):
        return stream(node.input(0), frame)
    return _RULES[node.Class()](node, frame)


def write(node: Node, frame: int) -> None:
    """What a Write does: half EXR of rgb, or 8-bit PNG, in sRGB where not raw; at proxy size where the proxy is on."""
    planes = stream(node.input(0), frame)
    picture = np.dstack([planes[name] for name in RGBA[:3]]).astype(np.float32)
    if node.session.root_group["proxy"].value():
        picture = cv2.resize(picture, None, fx=0.5, fy=0.5)
    name = node["file"].value()
    path = Path(name % frame if "%" in name else name)
    if node["create_directories"].value():
        path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".exr":
        window = Window(0, 0, picture.shape[1], picture.shape[0])
        channels = {name: picture[..., index].astype(np.float16) for index, name in enumerate("RGB")}
        path.unlink(missing_ok=True)
        write_exr(path, channels, display=window, data=window, attributes=_attributes(node, frame))
    else:
        if not node["raw"].value():
            picture = srgb_encode(picture)
        cv2.imwrite(str(path), np.round(np.clip(picture[..., ::-1], 0, 1) * 255).astype(np.uint8))


def _attributes(node: Node, frame: int) -> dict[str, Any]:
    """What a Write puts into an EXR's header of the metadata that comes from above (`own["metadata"]`)."""
    above: Node | None = node
    while above is not None and "metadata" not in above.own:
        above = above.parent.input(int(above["number"].value())) if above.Class() == "Input" else above.input(0)  # type: ignore[union-attr]
    told: dict[str, Any] = above.own["metadata"](frame) if above is not None else {}
    much = METADATA.index(node["metadata"].value())
    headers = {"input/timecode": "timeCode", "input/frame_rate": "framesPerSecond"}
    found = {headers[key]: value for key, value in told.items() if key in headers and much > 0}
    for key, value in told.items():
        group, _, name = key.partition("/")
        if group == "exr" and much > 1:
            found[name] = value
        elif (group == "input" and much > 3) or (group not in ("exr", "input") and much > 2):
            found[f"nuke/{key}"] = value
    return found


def number(node: Node, name: str, frame: int) -> Any:
    knob = node[name]
    assert isinstance(knob, k.ArrayKnob)
    return knob.getValueAt(frame)


def _split(picture: Picture) -> Stream:
    return {name: np.ascontiguousarray(picture[..., index]) for index, name in enumerate(RGBA)}


def _framed(node: Node, planes: Stream, **how: Any) -> Stream:
    """Planes of the format's size with the margin that is asked for: black, as outside a data window."""
    margin = node.session.margin
    return {name: np.pad(one, margin, **how) for name, one in planes.items()} if margin else planes


def _inside(node: Node, planes: Stream) -> Stream:
    margin = node.session.margin
    return {name: one[margin : one.shape[0] - margin, margin : one.shape[1] - margin] for name, one in planes.items()}


def _chosen(node: Node, planes: Stream) -> list[str]:
    """The channels of a stream that a node's `channels` knob means."""
    words = node["channels"].value()
    if words == "all":
        return list(planes)
    return [name for name in RGBA if words == "rgba" or name != "rgba.alpha"] if words in ("rgb", "rgba") else []


def _each(node: Node, frame: int, work: Callable[[Picture], Picture]) -> Stream:
    planes = stream(node.input(0), frame)
    return {**planes, **{name: work(planes[name]) for name in _chosen(node, planes)}}


def _input(node: Node, frame: int) -> Stream:
    assert node.parent is not None
    return stream(node.parent.input(int(node["number"].value())), frame)


def _plates(node: Node, frame: int) -> Stream:
    """Its pictures have `own["overscan"]` more pixels on every side than its format."""
    picture = np.asarray(node.own["pictures"](frame), np.float32)
    cut = node.own.get("overscan", 0) - node.session.margin
    if cut >= 0:
        return _split(picture[cut : picture.shape[0] - cut, cut : picture.shape[1] - cut])
    return _split(np.pad(picture, ((-cut, -cut), (-cut, -cut), (0, 0))))


def _constant(node: Node, frame: int) -> Stream:
    form, knob = node.format(), node["color"]
    blank = np.ones((form.height(), form.width()), np.float32)
    return _framed(node, {name: blank * knob.getValueAt(frame, index) for index, name in enumerate(RGBA)})


def _read(node: Node, frame: int) -> Stream:
    name = node["file"].value()
    path = Path(name % frame if "%" in name else name)
    if not path.is_file():
        if node["on_error"].value() == "black":
            return _split(np.zeros((1, 1, 4), np.float32))
        raise RuntimeError(f"{node.fullName()}: {path}: no such file")
    if path.suffix == ".png":
        picture = cv2.imread(str(path), cv2.IMREAD_UNCHANGED).astype(np.float32) / 255
        alpha = picture[..., 3] if picture.shape[2] == 4 else np.ones(picture.shape[:2], np.float32)
        rgb = picture[..., 2::-1]
        return _framed(node, _split(np.dstack([rgb if node["raw"].value() else srgb_decode(rgb), alpha])))
    channels, _ = read_channels(path)
    short = {"R": "rgba.red", "G": "rgba.green", "B": "rgba.blue", "A": "rgba.alpha"}
    planes = {short.get(name, name): one.astype(np.float32) for name, one in channels.items()}
    blank = np.zeros_like(next(iter(planes.values())))
    return _framed(node, {**dict.fromkeys(RGBA, blank), **planes})


def _expression(node: Node, frame: int) -> Stream:
    below = stream(node.input(0), frame)
    pixels = dict(zip("rgba", (below[name] for name in RGBA), strict=True))
    known = node.names(frame)
    found = dict(below)
    for index, name in enumerate(RGBA):
        text = node[f"expr{index}"].getText()
        if text:
            value = evaluate(text, lambda word: pixels[word] if word in pixels else known(word))
            found[name] = np.broadcast_to(np.asarray(value, np.float32), below[name].shape)
    return found


def _switch(node: Node, frame: int) -> Stream:
    return stream(node.input(int(number(node, "which", frame))), frame)


def _merge(node: Node, frame: int) -> Stream:
    below, above = stream(node.input(0), frame), stream(node.input(1), frame)
    shape = below["rgba.red"].shape
    if above["rgba.red"].shape != shape:  # a picture that is not there is black
        above = {name: np.zeros(shape, np.float32) for name in above}
    alpha = above["rgba.alpha"]
    rules = {
        "max": np.maximum,
        "screen": lambda b, a: a + b - a * b,
        "over": lambda b, a: a + b * (1 - alpha),
        "mask": lambda b, a: b * alpha,
        "stencil": lambda b, a: b * (1 - alpha),
    }
    touched = RGBA if node["output"].value() == "rgba" else RGBA[:3]
    assert node["output"].value() in ("rgba", "rgb")
    return {**below, **{name: rules[node["operation"].value()](below[name], above[name]) for name in touched}}


def _grade(node: Node, frame: int) -> Stream:
    black, white, gamma = (number(node, name, frame) for name in ("blackpoint", "whitepoint", "gamma"))

    def work(plane: Picture) -> Picture:
        graded = (plane - black) / (white - black)
        if node["black_clamp"].value():
            graded = np.maximum(graded, 0)
        if node["white_clamp"].value():
            graded = np.minimum(graded, 1)
        return np.asarray(np.sign(graded) * np.abs(graded) ** (1 / gamma), np.float32)

    return _each(node, frame, work)


def _crop(node: Node, frame: int) -> Stream:
    """To the whole format only; outside it is black, or goes on with the border where `crop` is off."""
    form = node.input(0).format()  # type: ignore[union-attr]
    assert node["box"].getValueAt(frame) == [0, 0, form.width(), form.height()], "only a crop to the format is modelled"
    inside = _inside(node, stream(node.input(0), frame))
    return _framed(node, inside) if node["crop"].value() else _framed(node, inside, mode="edge")


def _dilate(node: Node, frame: int) -> Stream:
    """Whole pixels, by a square; negative sizes shrink."""
    size = int(number(node, "size", frame))
    side = np.ones((2 * abs(size) + 1,) * 2, np.uint8)
    change = cv2.dilate if size > 0 else cv2.erode
    return _each(node, frame, lambda plane: np.asarray(change(plane, side), np.float32) if size else plane)


def _blur(node: Node, frame: int) -> Stream:
    assert number(node, "size", frame) == 0, "only a size of zero is modelled"
    return stream(node.input(0), frame)


def _copy(node: Node, frame: int) -> Stream:
    found, above = dict(stream(node.input(0), frame)), stream(node.input(1), frame)
    for index in range(4):
        source, target = (node[f"{way}{index}"].value() for way in ("from", "to"))
        if target != "none" and not target.startswith("-"):
            found[target] = above.get(source, np.zeros_like(found["rgba.red"]))
    return found


def _premult(node: Node, frame: int) -> Stream:
    planes = stream(node.input(0), frame)
    return {**planes, **{name: planes[name] * planes["rgba.alpha"] for name in RGBA[:3]}}


def _assert(node: Node, frame: int) -> Stream:
    if not number(node, "expression", frame):
        raise RuntimeError(node["message"].value())
    return stream(node.input(0), frame)


def _multiply(node: Node, frame: int) -> Stream:
    value = number(node, "value", frame)
    return _each(node, frame, lambda plane: plane * value)


def _through(node: Node, frame: int) -> Stream:
    return stream(node.input(0), frame)


_RULES: dict[str, Callable[[Node, int], Stream]] = {
    "Input": _input,
    "Plates": _plates,
    "Constant": _constant,
    "Read": _read,
    "Expression": _expression,
    "Switch": _switch,
    "Merge2": _merge,
    "Grade": _grade,
    "Crop": _crop,
    "OneView": _through,
    "TimeOffset": lambda node, frame: stream(node.input(0), frame - int(number(node, "time_offset", frame))),
    "FrameHold": lambda node, frame: stream(node.input(0), int(number(node, "first_frame", frame))),
    "Dot": _through,
    "NoOp": _through,
    "Dilate": _dilate,
    "Blur": _blur,
    "Invert": lambda node, frame: _each(node, frame, lambda plane: 1 - plane),
    "Copy": _copy,
    "Premult": _premult,
    "Multiply": _multiply,
    "Assert": _assert,
    "Output": _through,
}
