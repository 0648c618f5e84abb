"""Prompts as typed on the command line: `--box 1001:X0,Y0,X1,Y1`, `--point X,Y,-`, and so on."""

from __future__ import annotations

import argparse
import re
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from ..client.tables import PAINTED, PROMPTS
from ..errors import UsageError
from ..shot import Box, MaskPrompt, Point, Prompt, Stroke, Text, Unknown
from ..shot.faults import explain_edit

_FRAME = re.compile(r"(-?\d+):(.*)", re.DOTALL)
_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_STROKE = re.compile(rf"(?P<path>[^@]+?)(?:@(?P<radius>{_NUMBER}))?(?P<minus>,-)?")


@dataclass
class TypedObject:
    """An object and its prompts in the order in which they were typed: (option, text)."""

    name: str | None = None
    prompts: list[tuple[str, str]] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)


class _Collect(argparse.Action):
    """Keeps `--object` and the prompts after it together."""

    def __call__(
        self, _parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, _option: str | None = None
    ) -> None:
        objects: list[TypedObject] = getattr(namespace, "objects", None) or []
        namespace.objects = objects
        if self.dest == "object":
            objects.append(TypedObject(values))
        else:
            if not objects:
                objects.append(TypedObject())
            if self.dest == "absent":
                objects[-1].absent.append(values)
            else:
                objects[-1].prompts.append((self.dest, values))


def add_prompt_options(parser: argparse.ArgumentParser) -> None:
    """The prompt options; they collect into `args.objects`."""
    group = parser.add_argument_group(
        "prompts",
        "F is the plate's frame number; without 'F:' the prompt is on the first frame. Coordinates are plate pixels "
        "from the top left. Repeat as often as you like, on any frames.",
    )
    parser.set_defaults(objects=[])
    options = {kind.key: (f"F:{kind.typed}", kind.hint) for kind in PROMPTS}
    for name, (metavar, text) in {
        "object": ("NAME", "start an object; the prompts after it belong to it"),
        **options,
        "absent": ("R", "it is not to be seen on these frames: 1040-1060"),
    }.items():
        group.add_argument(f"--{name}", action=_Collect, metavar=metavar, help=text, default=argparse.SUPPRESS)


def parse_prompt(option: str, text: str, default_frame: int) -> Prompt:
    """The prompt that `--option text` means. UsageError quotes what cannot be understood."""
    match = _FRAME.fullmatch(text)
    frame, value = (int(match[1]), match[2]) if match else (default_frame, text)
    try:
        return _PARSERS[option](frame, value)
    except ValidationError as error:
        raise UsageError(f"'--{option} {text}' cannot be used: {explain_edit(error)}.", hint="See --help.") from None
    except ValueError as error:
        raise UsageError(f"'--{option} {text}' cannot be understood: {error}.", hint="See --help.") from None


def _numbers(text: str, count: int) -> list[float]:
    parts = [part.strip() for part in text.split(",")]
    if len(parts) != count or not all(re.fullmatch(_NUMBER, part) for part in parts):
        raise ValueError(f"expected {count} numbers with commas between, got '{text}'")
    return [float(part) for part in parts]


def _box(frame: int, text: str) -> Prompt:
    x0, y0, x1, y1 = _numbers(text, 4)
    return Box(frame=frame, xyxy=(x0, y0, x1, y1))


def _point(frame: int, text: str) -> Prompt:
    include = not text.rstrip().endswith(",-")
    x, y = _numbers(text if include else text.rstrip()[:-2], 2)
    return Point(frame=frame, xy=(x, y), include=include)


def _stroke(frame: int, text: str) -> Prompt:
    xy, radius, include = _line(text, PAINTED["stroke"])
    return Stroke(frame=frame, xy=xy, radius=radius, include=include)


def _unknown(frame: int, text: str) -> Prompt:
    xy, radius, plain = _line(text, PAINTED["unknown"])
    if not plain:
        raise ValueError("nothing can be taken away from it")
    return Unknown(frame=frame, xy=xy, radius=radius)


def _line(text: str, usual: float) -> tuple[list[tuple[float, float]], float, bool]:
    """Its points, its radius, and whether it ends without a minus."""
    match = _STROKE.fullmatch(text.strip())
    if match is None:
        raise ValueError("expected X,Y/X,Y/..")
    xy = [(x, y) for x, y in (_numbers(pair, 2) for pair in match["path"].split("/"))]
    return xy, float(match["radius"]) if match["radius"] else usual, match["minus"] is None


def _mask(frame: int, text: str) -> Prompt:
    return MaskPrompt(frame=frame, path=text)


def _text(frame: int, text: str) -> Prompt:
    return Text(frame=frame, text=text)


_PARSERS = {"box": _box, "point": _point, "stroke": _stroke, "unknown": _unknown, "mask": _mask, "text": _text}
