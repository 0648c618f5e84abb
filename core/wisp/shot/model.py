"""What a shot holds: the plate, the objects with their prompts and edges, and the settings.

Values are checked when a part is made and when a document is read or written. In between they may be edited
freely, in any order. Text and booleans are never taken for numbers; 1001.0 is taken for 1001.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    StrictBool,
    ValidationError,
    ValidationInfo,
    create_model,
    field_validator,
    model_serializer,
    model_validator,
)

from ..client.frames import format_frames, within
from ..client.names import free_color, name_key, object_name
from ..client.tables import (
    BESIDE,
    DEVICE_PATTERN,
    EDGE,
    HEAD,
    MAX_ASPECT,
    MAX_FRAME,
    MAX_PIXELS,
    MAX_PROMPTS,
    MAX_SPANS,
    MAX_STOPS,
    MAX_STROKE_POINTS,
    NAME_PATTERN,
    OVERSCAN,
    PALETTE,
    STROKE_RADIUS,
    TRACKER,
    UNKNOWN_RADIUS,
    EdgeSetting,
)
from ..errors import UsageError
from ..frames import MAX_FRAMES
from .faults import explain_edit


def _a_number(value: Any) -> Any:
    if isinstance(value, bool | str | bytes):
        raise ValueError(f"a number is wanted, not {value!r}")
    return value


def _no_nul(path: str) -> str:
    if "\0" in path:
        raise ValueError("a path cannot hold a NUL character")
    return path


Whole = Annotated[int, BeforeValidator(_a_number)]
Number = Annotated[float, BeforeValidator(_a_number), Field(allow_inf_nan=False)]
Frame = Annotated[Whole, Field(ge=-MAX_FRAME, le=MAX_FRAME)]
Pixels = Annotated[Whole, Field(ge=1, le=MAX_PIXELS)]
Coordinate = Annotated[Number, Field(ge=-MAX_PIXELS, le=MAX_PIXELS)]
XY = tuple[Coordinate, Coordinate]
Positive = Annotated[Number, Field(gt=0.0)]
StoredPath = Annotated[str, Field(min_length=1), AfterValidator(_no_nul)]
Identifier = Annotated[str, Field(min_length=1)]
ApprovalName = Annotated[str, Field(pattern=r"^[0-9a-z]{1,32}$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Point(_Part):
    """A click: the object is here (include) or is not (exclude)."""

    frame: Frame
    kind: Literal["point"] = "point"
    xy: XY
    include: StrictBool = True


class Box(_Part):
    """A rectangle around the object: left, top, right, bottom."""

    frame: Frame
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
    """A painted line of the given radius (plate pixels) that keeps or removes what it covers. `softness`: over which
    share of the radius, from its rim inwards, it does so less and less."""

    frame: Frame
    kind: Literal["stroke"] = "stroke"
    xy: Annotated[list[XY], Field(min_length=1, max_length=MAX_STROKE_POINTS)]
    radius: Annotated[Positive, Field(le=MAX_PIXELS)] = STROKE_RADIUS
    include: StrictBool = True
    softness: Annotated[Number, Field(ge=0, le=1)] = 0.0

    @model_serializer(mode="wrap")
    def _as_before(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """A hard stroke is written, and its mattes are found, as before there were soft ones."""
        made: dict[str, Any] = handler(self)
        if not self.softness:
            made.pop("softness", None)
        return made


class Unknown(_Part):
    """A painted line of the given radius (plate pixels) under which alpha may be anything: only the head is told. It
    travels with the object to the other frames."""

    frame: Frame
    kind: Literal["unknown"] = "unknown"
    xy: Annotated[list[XY], Field(min_length=1, max_length=MAX_STROKE_POINTS)]
    radius: Annotated[Positive, Field(le=MAX_PIXELS)] = UNKNOWN_RADIUS


class MaskPrompt(_Part):
    """A picture file: inside where it is above one half. Its size must be the plate's."""

    frame: Frame
    kind: Literal["mask"] = "mask"
    path: StoredPath


class Text(_Part):
    """Words that name the object; a detector turns them into a box."""

    frame: Frame
    kind: Literal["text"] = "text"
    text: Annotated[str, Field(min_length=1)]


Prompt = Annotated[Point | Box | Stroke | Unknown | MaskPrompt | Text, Field(discriminator="kind")]


class _EdgeBase(_Part):
    @model_validator(mode="after")
    def _points_ordered(self) -> _EdgeBase:
        black, white = (float(getattr(self, name)) for name in ("black", "white"))
        if white <= black:
            raise ValueError("the white point must lie above the black point")
        return self


def _edge_field(setting: EdgeSetting) -> Any:
    """The type of an edge setting, with its limits."""
    limits: dict[str, Any] = {"gt" if setting.above else "ge": setting.lowest}
    if setting.highest is not None:
        limits["le"] = setting.highest
    return Annotated[Whole if setting.whole else Number, Field(description=setting.hint, **limits)]


if TYPE_CHECKING:

    class Edge(_EdgeBase):
        """How the finished matte differs from the solved one: the numbers of `wisp.client.tables.EDGE`."""

        def __init__(self, **settings: float) -> None: ...
        def __getattr__(self, name: str) -> float: ...

else:
    Edge = create_model(
        "Edge",
        __base__=_EdgeBase,
        __module__=__name__,
        __doc__="How the finished matte differs from the solved one. The defaults change nothing.",
        **{setting.key: (_edge_field(setting), setting.default) for setting in EDGE},
    )


_NAME = re.compile(NAME_PATTERN)
_DEVICES = re.compile(DEVICE_PATTERN, re.IGNORECASE)
_COLOR = re.compile(r"#[0-9a-fA-F]{6}")


def _joined(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The same frames as spans that neither overlap nor run backward, ascending."""
    found: list[tuple[int, int]] = []
    for first, last in sorted(spans):
        if found and first <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], last)
        else:
            found.append((first, last))
    return found


def _first_shared(first: int, last: int, joined: list[tuple[int, int]]) -> int | None:
    """The first frame of a span that is in one of these, too; they are as `_joined` gives them."""
    place = bisect_left(joined, first, key=lambda span: span[1])
    return max(first, joined[place][0]) if place < len(joined) and joined[place][0] <= last else None


def _one(prompt: Prompt) -> str:
    return "an unknown stroke" if prompt.kind == "unknown" else f"a {prompt.kind}"


class ObjectSpec(_Part):
    """One thing to extract. `first`/`last` bound the frames in which it may exist (None: the plate's).

    `region` (left, top, right, bottom; whole plate pixels) is the part of the plate that models are shown of it,
    and outside of which its matte is empty; None is the whole picture. `locks` are spans of frames whose mattes are
    approved: kept as they are. `approvals` are spans of those and the name under which their mattes are kept, which
    copies of the document share; a frame that was freed and is locked again gets another. `absent` are spans in which
    it is not to be seen: nothing is tracked into them, its matte is empty there, and behind them it is looked for.
    `ease`: over how many neighbouring frames painted strokes fade out. `garbage` and `core` are pictures (one, or a
    sequence with the plate's frame numbers) of what surely is not and surely is the object. `accepted` are frames and
    the fingerprints of their mattes that a person has found fine as they are: no check doubts those.
    """

    id: Annotated[Whole, Field(ge=1, le=2**31 - 1)]
    name: str
    color: str = PALETTE[0]
    enabled: StrictBool = True
    first: Frame | None = None
    last: Frame | None = None
    region: tuple[Whole, Whole, Whole, Whole] | None = None
    prompts: list[Prompt] = Field(default_factory=list)
    locks: list[tuple[Frame, Frame]] = Field(default_factory=list, max_length=MAX_SPANS)
    approvals: list[tuple[Frame, Frame, ApprovalName]] = Field(default_factory=list, max_length=MAX_SPANS)
    absent: list[tuple[Frame, Frame]] = Field(default_factory=list, max_length=MAX_SPANS)
    accepted: list[tuple[Frame, str]] = Field(default_factory=list, max_length=MAX_SPANS)
    ease: Annotated[Whole, Field(ge=0, le=100)] = 2
    edge: Edge = Field(default_factory=Edge)
    garbage: StoredPath | None = None
    core: StoredPath | None = None

    @field_validator("name")
    @classmethod
    def _usable_as_layer(cls, name: str) -> str:
        if not _NAME.fullmatch(name):
            raise ValueError(
                f"object name {name!r} must start with a letter and hold at most 64 letters, digits, _ and -"
            )
        if _DEVICES.fullmatch(name):
            raise ValueError(f"object name {name!r} is a device on Windows and cannot be a folder there")
        return name

    @field_validator("color")
    @classmethod
    def _hex(cls, color: str) -> str:
        if not _COLOR.fullmatch(color):
            raise ValueError(f"color {color!r} is not of the form #rrggbb")
        return color.lower()

    @field_validator("locks", "absent")
    @classmethod
    def _spans(cls, spans: list[tuple[int, int]], field: ValidationInfo) -> list[tuple[int, int]]:
        for first, last in spans:
            if last < first:
                kind = "lock" if field.field_name == "locks" else "absence"
                raise ValueError(f"the {kind} [{first}, {last}] ends before it begins")
        return spans

    @model_validator(mode="after")
    def _life(self) -> ObjectSpec:
        if self.first is not None and self.last is not None and self.last < self.first:
            raise ValueError(f"object '{self.name}' ends ({self.last}) before it begins ({self.first})")
        for first, last, _ in self.approvals:
            if last < first:
                raise ValueError(f"the approval [{first}, {last}] ends before it begins")
        gone = _joined(self.absent)
        for prompt in self.prompts:
            if _first_shared(prompt.frame, prompt.frame, gone) is not None:
                raise ValueError(
                    f"object '{self.name}' has {_one(prompt)} on frame {prompt.frame}, where it is said to be absent; "
                    "remove one of the two"
                )
        for first, last in self.locks:
            shared = _first_shared(first, last, gone)
            if shared is not None:
                raise ValueError(
                    f"object '{self.name}' is locked on frame {shared}, where it is said to be absent; "
                    "remove one of the two"
                )
        for frame, number in Counter(prompt.frame for prompt in self.prompts).items():
            if number > MAX_PROMPTS:
                raise ValueError(
                    f"object '{self.name}' has {number} prompts on frame {frame}, more than {MAX_PROMPTS}; "
                    "paint strokes or give a mask instead"
                )
        return self

    @property
    def keyframes(self) -> tuple[int, ...]:
        """Frames with prompts that a tracker hears, ascending."""
        return tuple(sorted({prompt.frame for prompt in self.prompts if not isinstance(prompt, Unknown)}))

    @property
    def is_blank(self) -> bool:
        """Whether nothing tells where it is, so that all of its mattes are empty."""
        return not (self.keyframes or self.locks)

    def exists(self, frame: int) -> bool:
        """Whether `frame` lies within the object's own first and last frame, and in no span of absence."""
        lives = (self.first is None or frame >= self.first) and (self.last is None or frame <= self.last)
        return lives and not within(frame, self.absent)


class PlateSpec(_Part):
    """Which pictures, and how a model sees them (an OCIO colour space, view and exposure in stops).

    `colorspace`, `view` None: chosen from the kind of file when the plate is opened, and recorded here.
    `ocio`: the OCIO configuration they are of, a built-in one or a file (None: Wisp's own); `$OCIO` goes before it.
    `offset` is added to the files' own numbers to give the plate's frame numbers.
    `layer` picks a layer, part or stereo view of a multi-layer EXR (None: the main picture).
    `clean`: a picture of the empty set, or a sequence with the plate's frame numbers, from about the same camera.
    `second`: the same still or performance before another backing, and `second_clean` that backing empty, both like
    `clean`: a pair that gives alpha by triangulation. `backlit`: the plate shows the object dark before `clean`, which
    alone is lit.
    `missing` says what a missing or unreadable frame does: `error` stops, `hold` repeats the frame before,
    `black` uses black, `skip` leaves it out.
    """

    path: StoredPath
    first: Frame
    last: Frame
    offset: Frame = 0
    width: Pixels
    height: Pixels
    pixel_aspect: Annotated[Number, Field(ge=1 / MAX_ASPECT, le=MAX_ASPECT)] = 1.0
    colorspace: str | None = None
    view: str | None = None
    ocio: str | None = None
    exposure: Annotated[Number, Field(ge=-MAX_STOPS, le=MAX_STOPS)] = 0.0
    layer: str | None = None
    missing: Literal["error", "hold", "black", "skip"] = "error"
    clean: StoredPath | None = None
    second: StoredPath | None = None
    second_clean: StoredPath | None = None
    backlit: bool = False

    @property
    def beside(self) -> dict[str, str]:
        """The stored paths of what was filmed beside the plate, by key of `BESIDE`."""
        return {key: stored for key in BESIDE if (stored := getattr(self, key)) is not None}

    def check_beside(self) -> None:
        """UsageError where the document names a part of what only works as a whole."""
        if (self.second is None) != (self.second_clean is None) or (self.second and self.clean is None):
            lacking = [BESIDE[key] for key in BESIDE if key not in self.beside]
            raise UsageError(
                f"A pair is two plates and both empty backings, but there is no {' and no '.join(lacking)}.",
                hint="Name the clean plate, the second plate and the second clean plate, or the clean plate alone.",
            )
        if self.backlit and self.clean is None:
            raise UsageError("A backlit plate needs its backing, empty.", hint="Name it as the clean plate.")
        if self.backlit and self.second is not None:
            raise UsageError("A plate is backlit or one of a pair, not both.", hint="Leave out 'backlit' or the pair.")

    def check_frames(self, frames: Iterable[int]) -> None:
        """UsageError where one of them is none of the shot's."""
        beyond = [frame for frame in frames if not self.first <= frame <= self.last]
        if beyond:
            raise UsageError(
                f"The shot has no frame {format_frames(beyond)}.", hint=f"It has {self.first}-{self.last}."
            )

    @model_validator(mode="after")
    def _ordered(self) -> PlateSpec:
        if self.last < self.first:
            raise ValueError(f"the plate ends ({self.last}) before it begins ({self.first})")
        if self.last - self.first >= MAX_FRAMES:
            raise ValueError(f"the plate has more than {MAX_FRAMES} frames ({self.first}-{self.last})")
        return self


class SolveSpec(_Part):
    """Which models compute the mattes, by registry id, and how.

    `uncover`: the background behind soft edges is taken from frames before that show it; None: for heads that were
    measured to gain by it. A clean plate goes before it.
    """

    tracker: Identifier = TRACKER
    head: Identifier = HEAD
    uncover: StrictBool | None = None
    precision: Literal["auto", "fp32", "bf16", "fp16"] = "auto"
    seed: Annotated[Whole, Field(ge=0, le=2**63 - 1)] = 0


class DeliverSpec(_Part):
    """Defaults for `wisp deliver`.

    `premultiply` is about the layout `rgba`: colour times alpha instead of the straight foreground colour.
    `exclusive`: where objects overlap, their delivered mattes together are at most 1.
    """

    layout: Literal["alpha", "layers", "rgba", "crypto"] = "alpha"
    compression: Literal["zip", "zips"] = "zips"
    premultiply: StrictBool = False
    exclusive: StrictBool = False


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
            if name_key(item.name) in names:
                raise ValueError(f"two objects are named '{item.name}'")
            ids.add(item.id)
            names.add(name_key(item.name))
            _check_region(item, self.plate)
            for prompt in item.prompts:
                if not self.plate.first <= prompt.frame <= self.plate.last:
                    raise ValueError(
                        f"object '{item.name}' has {_one(prompt)} on frame {prompt.frame}, outside the plate's "
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

    @property
    def locked(self) -> list[tuple[Any, ...]]:
        """Which frames of which objects are locked, and under which names: another list where one locks or frees."""
        return [(item.id, item.locks, item.approvals) for item in self.objects if item.locks]

    def add_object(self, name: str | None = None) -> ObjectSpec:
        """Append an object with the next free id, name and colour; returns it. UsageError for an unusable name."""
        number = max((item.id for item in self.objects), default=0) + 1
        taken = [item.name for item in self.objects]
        if name is not None and name_key(name) in map(name_key, taken):
            raise UsageError(f"There is already an object named '{name}'.", hint="Give each object its own name.")
        name = object_name(number, taken) if name is None else name
        color = free_color({item.color for item in self.objects}, number)
        try:
            spec = ObjectSpec(id=number, name=name, color=color)
        except ValidationError as error:
            raise UsageError(f"{explain_edit(error)}.", hint="Choose another name.") from None
        self.objects.append(spec)
        return spec


def _check_region(item: ObjectSpec, plate: PlateSpec) -> None:
    if item.region is None:
        return
    x0, y0, x1, y1 = item.region
    if not (0 <= x0 < x1 <= plate.width and 0 <= y0 < y1 <= plate.height):
        raise ValueError(
            f"the region {list(item.region)} of object '{item.name}' is not a rectangle inside the picture "
            f"({plate.width}x{plate.height})"
        )


def _inside(prompt: Point | Box | Stroke | Unknown | MaskPrompt | Text, owner: str, plate: PlateSpec) -> None:
    """A box or stroke must touch the picture; a point may lie beyond its border by `OVERSCAN`."""
    if isinstance(prompt, Point):
        x, y = prompt.xy
        fits = all(
            -OVERSCAN * side <= value <= (1 + OVERSCAN) * side for value, side in ((x, plate.width), (y, plate.height))
        )
    elif isinstance(prompt, Box):
        x0, y0, x1, y1 = prompt.xyxy
        fits = x0 < plate.width and y0 < plate.height and x1 > 0 and y1 > 0
    elif isinstance(prompt, Stroke | Unknown):
        r = prompt.radius
        fits = any(-r < x < plate.width + r and -r < y < plate.height + r for x, y in prompt.xy)
    else:
        return
    if not fits:
        raise ValueError(
            f"object '{owner}' has {_one(prompt)} on frame {prompt.frame} that lies outside the picture "
            f"({plate.width}x{plate.height}, pixels from the top left)"
        )
