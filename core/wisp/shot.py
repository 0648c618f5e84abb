"""The shot document: plate, objects, prompts and settings as one readable JSON file, `NAME.wisp`.

Coordinates are plate pixels of the full display window: origin top-left, y down, pixel edges at
integers (a pixel's centre lies at +0.5), pixel aspect not applied. Frames are the plate's own numbers.
Paths are stored relative to the document where they can be, with forward slashes.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from .atomic import replacing
from .errors import InputError, UsageError

#: The document's major version. Raise it, and add a function to `_UPGRADES`, when old readers would misread.
VERSION = 1

Coordinate = Annotated[float, Field(allow_inf_nan=False)]
XY = tuple[Coordinate, Coordinate]
Fraction01 = Annotated[float, Field(ge=0.0, le=1.0, allow_inf_nan=False)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", validate_assignment=True)


class Point(_Part):
    """A click: the object is here (include) or is not (exclude)."""

    frame: int
    kind: Literal["point"] = "point"
    xy: XY
    include: bool = True


class Box(_Part):
    """A rectangle around the object: left, top, right, bottom."""

    frame: int
    kind: Literal["box"] = "box"
    xyxy: tuple[Coordinate, Coordinate, Coordinate, Coordinate]

    @field_validator("xyxy")
    @classmethod
    def _ordered(cls, xyxy: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
        x0, y0, x1, y1 = xyxy
        if x1 <= x0 or y1 <= y0:
            raise ValueError("a box needs left < right and top < bottom")
        return xyxy


class Stroke(_Part):
    """A painted line of the given radius (plate pixels) that keeps or removes what it covers."""

    frame: int
    kind: Literal["stroke"] = "stroke"
    xy: Annotated[list[XY], Field(min_length=1)]
    radius: Annotated[float, Field(gt=0.0, allow_inf_nan=False)] = 6.0
    include: bool = True


class MaskPrompt(_Part):
    """A picture file: inside where it is above one half. Its size must be the plate's."""

    frame: int
    kind: Literal["mask"] = "mask"
    path: Annotated[str, Field(min_length=1)]


class Text(_Part):
    """Words that name the object; a detector turns them into a box."""

    frame: int
    kind: Literal["text"] = "text"
    text: Annotated[str, Field(min_length=1)]


Prompt = Annotated[Point | Box | Stroke | MaskPrompt | Text, Field(discriminator="kind")]


class Edge(_Part):
    """How the finished edge differs from the solved one. The defaults change nothing.

    `grow` and `soften` in plate pixels (negative grow shrinks); `black`, `white` are the alpha values that
    become 0 and 1; `gamma` bends what lies between (above 1 brightens).
    """

    grow: Coordinate = 0.0
    soften: Annotated[float, Field(ge=0.0, allow_inf_nan=False)] = 0.0
    black: Fraction01 = 0.0
    white: Fraction01 = 1.0
    gamma: Annotated[float, Field(gt=0.0, allow_inf_nan=False)] = 1.0

    @model_validator(mode="after")
    def _points_ordered(self) -> Edge:
        if self.white <= self.black:
            raise ValueError("the white point must lie above the black point")
        return self


_NAME = re.compile(r"[^\W\d][\w\-]*")
_COLOR = re.compile(r"#[0-9a-fA-F]{6}")
#: Colours given to new objects in turn: far apart in hue, readable over skin, grass and sky.
PALETTE = ("#33c26b", "#e8543f", "#3f8ae8", "#e8b23f", "#a35be8", "#3fd0d8", "#e85ba8", "#9ccc3c")


class ObjectSpec(_Part):
    """One thing to extract. `first`/`last` bound the frames in which it may exist (None: the plate's)."""

    id: Annotated[int, Field(ge=1)]
    name: str
    color: str = PALETTE[0]
    enabled: bool = True
    first: int | None = None
    last: int | None = None
    prompts: list[Prompt] = Field(default_factory=list)
    locks: list[tuple[int, int]] = Field(default_factory=list)
    edge: Edge = Field(default_factory=Edge)

    @field_validator("name")
    @classmethod
    def _usable_as_layer(cls, name: str) -> str:
        if not _NAME.fullmatch(name):
            raise ValueError(f"object name '{name}' must start with a letter and hold only letters, digits, _ and -")
        return name

    @field_validator("color")
    @classmethod
    def _hex(cls, color: str) -> str:
        if not _COLOR.fullmatch(color):
            raise ValueError(f"color '{color}' is not of the form #rrggbb")
        return color.lower()

    @field_validator("locks")
    @classmethod
    def _spans(cls, locks: list[tuple[int, int]]) -> list[tuple[int, int]]:
        for first, last in locks:
            if last < first:
                raise ValueError(f"the lock [{first}, {last}] ends before it begins")
        return locks

    @model_validator(mode="after")
    def _life(self) -> ObjectSpec:
        if self.first is not None and self.last is not None and self.last < self.first:
            raise ValueError(f"object '{self.name}' ends ({self.last}) before it begins ({self.first})")
        return self

    @property
    def keyframes(self) -> tuple[int, ...]:
        """Frames with prompts, ascending."""
        return tuple(sorted({prompt.frame for prompt in self.prompts}))

    def exists(self, frame: int) -> bool:
        """Whether `frame` lies within the object's own first and last frame."""
        return (self.first is None or frame >= self.first) and (self.last is None or frame <= self.last)


class PlateSpec(_Part):
    """Which pictures, and how a model sees them (an OCIO colour space, view and exposure in stops).

    `colorspace`, `view` None: chosen from the kind of file when the plate is opened, and recorded here.
    `offset` is added to the files' own numbers to give the plate's frame numbers.
    `layer` picks a layer, part or stereo view of a multi-layer EXR (None: the main picture).
    `missing` says what a missing or unreadable frame does: `error` stops, `hold` repeats the frame before,
    `black` uses black, `skip` leaves it out.
    """

    path: Annotated[str, Field(min_length=1)]
    first: int
    last: int
    offset: int = 0
    width: Annotated[int, Field(ge=1)]
    height: Annotated[int, Field(ge=1)]
    pixel_aspect: Annotated[float, Field(gt=0.0, allow_inf_nan=False)] = 1.0
    colorspace: str | None = None
    view: str | None = None
    exposure: Coordinate = 0.0
    layer: str | None = None
    missing: Literal["error", "hold", "black", "skip"] = "error"

    @model_validator(mode="after")
    def _ordered(self) -> PlateSpec:
        if self.last < self.first:
            raise ValueError(f"the plate ends ({self.last}) before it begins ({self.first})")
        return self


class SolveSpec(_Part):
    """Which models compute the mattes, by registry id, and how."""

    tracker: str = "flow"
    head: str = "guided"
    precision: Literal["auto", "fp32", "bf16", "fp16"] = "auto"
    seed: Annotated[int, Field(ge=0)] = 0


class DeliverSpec(_Part):
    """Defaults for `wisp deliver`."""

    layout: Literal["alpha", "layers"] = "alpha"
    compression: Literal["zip", "zips"] = "zips"
    premultiply: bool = False


class Shot(_Part):
    """The saved document. `wisp` is its major version."""

    wisp: Literal[1] = 1
    plate: PlateSpec
    objects: list[ObjectSpec] = Field(default_factory=list)
    solve: SolveSpec = Field(default_factory=SolveSpec)
    deliver: DeliverSpec = Field(default_factory=DeliverSpec)

    @model_validator(mode="after")
    def _consistent(self) -> Shot:
        ids: set[int] = set()
        names: set[str] = set()
        for item in self.objects:
            if item.id in ids:
                raise ValueError(f"two objects have the id {item.id}")
            if item.name.casefold() in names:
                raise ValueError(f"two objects are named '{item.name}'")
            ids.add(item.id)
            names.add(item.name.casefold())
            for prompt in item.prompts:
                if not self.plate.first <= prompt.frame <= self.plate.last:
                    raise ValueError(
                        f"object '{item.name}' has a {prompt.kind} on frame {prompt.frame}, outside the plate's "
                        f"{self.plate.first}-{self.plate.last}"
                    )
                _inside(prompt, item.name, self.plate)
        return self

    def object_named(self, name: str) -> ObjectSpec:
        """The object of that name; UsageError lists the names there are."""
        for item in self.objects:
            if item.name == name:
                return item
        known = ", ".join(item.name for item in self.objects) or "none"
        raise UsageError(f"There is no object '{name}' in the shot.", hint=f"It has: {known}.")

    def add_object(self, name: str | None = None) -> ObjectSpec:
        """Append an object with the next free id and the next colour; returns it."""
        number = max((item.id for item in self.objects), default=0) + 1
        spec = ObjectSpec(id=number, name=name or f"object{number}", color=PALETTE[(number - 1) % len(PALETTE)])
        if any(item.name.casefold() == spec.name.casefold() for item in self.objects):
            raise UsageError(f"There is already an object named '{spec.name}'.", hint="Give each object its own name.")
        self.objects.append(spec)
        return spec


def _inside(prompt: Point | Box | Stroke | MaskPrompt | Text, owner: str, plate: PlateSpec) -> None:
    """A point must lie in the picture; a box or stroke must touch it (an artist may draw past the border)."""
    if isinstance(prompt, Point):
        x, y = prompt.xy
        fits = 0 <= x <= plate.width and 0 <= y <= plate.height
    elif isinstance(prompt, Box):
        x0, y0, x1, y1 = prompt.xyxy
        fits = x0 < plate.width and y0 < plate.height and x1 > 0 and y1 > 0
    elif isinstance(prompt, Stroke):
        r = prompt.radius
        fits = any(-r < x < plate.width + r and -r < y < plate.height + r for x, y in prompt.xy)
    else:
        return
    if not fits:
        raise ValueError(
            f"object '{owner}' has a {prompt.kind} on frame {prompt.frame} that lies outside the picture "
            f"({plate.width}x{plate.height})"
        )


#: version -> function that turns a document of that version into the next one, as plain dicts.
_UPGRADES: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}


def upgrade(document: dict[str, Any], source: str = "the shot") -> dict[str, Any]:
    """Bring an older document to the current version. UsageError for a newer or unversioned one."""
    version = document.get("wisp")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise UsageError(f"{source} is not a Wisp shot: its 'wisp' version is {version!r}.", hint="Expected a number.")
    if version > VERSION:
        raise UsageError(
            f"{source} was written by a newer Wisp (document version {version}; this one reads up to {VERSION}).",
            hint="Update Wisp to open it.",
        )
    while version < VERSION:
        document = _UPGRADES[version](document)
        version += 1
    return document


def parse(document: dict[str, Any], source: str = "the shot") -> Shot:
    """A validated shot from a plain document. UsageError names every faulty key and place."""
    try:
        return Shot.model_validate(upgrade(document, source))
    except ValidationError as error:
        raise UsageError(f"{source} is not valid: {_explain(error)}.", hint="Mend the named keys.") from None


def _explain(error: ValidationError) -> str:
    """One clause per fault: the place, then what is wrong there."""
    clauses = []
    for fault in error.errors(include_url=False):
        place = ".".join(str(step) for step in fault["loc"] if step not in {"point", "box", "stroke", "mask", "text"})
        message = "unknown key" if fault["type"] == "extra_forbidden" else fault["msg"].removeprefix("Value error, ")
        clauses.append(f"{place}: {message}" if place else message)
    return "; ".join(clauses)


def load(path: str | Path) -> Shot:
    """Read a shot document. InputError if it cannot be read, UsageError if it is not valid."""
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise InputError(f"The shot {path} does not exist.", hint="Check the path.", path=path) from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"The shot {path} cannot be read: {error}.", path=path) from None
    try:
        document = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise UsageError(f"The shot {path} is not valid JSON: {error}.", path=path) from None
    if not isinstance(document, dict):
        raise UsageError(f"The shot {path} is not a JSON object.", path=path)
    return parse(document, str(path))


def dump(shot: Shot) -> str:
    """The document as text: stable order, one prompt per line, so that a diff is readable."""
    return _layout(shot.model_dump(mode="json")) + "\n"


def _layout(value: Any, indent: str = "") -> str:
    """JSON with nested objects broken over lines, but flat lists and small leaf objects on one line."""
    inner = indent + "  "
    nested = isinstance(value, dict) and any(isinstance(item, dict | list) and item for item in value.values())
    if nested and "kind" not in value:
        rows = [f"{inner}{json.dumps(key)}: {_layout(item, inner)}" for key, item in value.items()]
        return "{\n" + ",\n".join(rows) + f"\n{indent}}}"
    if isinstance(value, list) and any(isinstance(item, dict) for item in value):
        return "[\n" + ",\n".join(inner + _layout(item, inner) for item in value) + f"\n{indent}]"
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def save(shot: Shot, path: str | Path) -> None:
    """Write the document whole or not at all. OutputError if the place cannot be written."""
    with replacing(path) as temporary:
        temporary.write_text(dump(shot), encoding="utf-8")


def relative_path(path: str | Path, document: str | Path) -> str:
    """`path` as the document should store it: relative when on the same drive, with forward slashes."""
    try:
        return Path(os.path.relpath(path, Path(document).resolve().parent)).as_posix()
    except ValueError:  # another drive on Windows
        return Path(path).resolve().as_posix()


def resolve_path(stored: str, document: str | Path) -> Path:
    """The place that a stored path means. Inverse of `relative_path`."""
    return Path(os.path.normpath(Path(document).resolve().parent / stored))


def json_schema() -> dict[str, Any]:
    """The document's JSON Schema (draft 2020-12)."""
    return Shot.model_json_schema()
