# SPDX-License-Identifier: GPL-3.0-or-later
"""What is stored in the blend file, on every strip: objects, prompts, settings.

Coordinates are plate pixels: origin top left, y down, pixel edges at integers. Frames are the plate's own, so that
prompts survive whatever is done to the strip. Run state is not stored; it lives in `session`.
"""

import contextlib
import math
import uuid

import bpy
from bpy.props import (
    BoolProperty,
    CollectionProperty,
    EnumProperty,
    FloatProperty,
    FloatVectorProperty,
    IntProperty,
    IntVectorProperty,
    PointerProperty,
    StringProperty,
)

from . import compat, compositing, document, engine, mattes, places
from .client.client import Signal
from .client.frames import format_frames, frames_in, spans
from .client.states import corrected
from .client.tables import BESIDE, EDGE, HEAD, MAX_STOPS, MISSING, PALETTE, STROKE_RADIUS, TRACKER, UNCOVER
from .plates import Refusal, size_of

KINDS = (
    ("point", "Point", "A click on the object or beside it"),
    ("box", "Box", "A rectangle around the object"),
    ("stroke", "Scribble", "A painted line that keeps or removes what it covers"),
    ("unknown", "Unknown", "A painted line under which the matte may be anything"),
    ("lasso", "Lasso", "An outline whose inside is kept or removed"),
    ("mask", "Mask Picture", "A picture of the plate's size: white is the object"),
)
OUTPUTS = (
    ("mask", "Mask on Plate", "The plate itself is cut out by a mask modifier"),
    ("cutout", "Cut-Out Strip", "A second strip of the plate, cut out, lies over the untouched plate"),
    ("matte", "Matte Strip", "The matte is shown as a black and white strip"),
    *(
        [("compositor", "Compositor Modifier", "The plate is cut out by a node group that you may go on with")]
        if compositing.HAS_MODIFIER
        else []
    ),
)
#: A setting that reaches documents has changed; the output of a strip with this data has.
document_changed, output_changed = Signal(), Signal()


def edited(_self, _context) -> None:
    """A setting that reaches the document has changed."""
    document_changed.emit()


def output_chosen(self, _context) -> None:
    """Another output is chosen for the plate."""
    output_changed.emit(self)


def models_of(kind: str):
    """A search function: the ids of the engine's models of that kind which are on this machine."""

    def search(_self, _context, text: str) -> list[str]:
        told = engine.client.engine.get("models", ())
        return [each["id"] for each in told if kind in each["kinds"] and each["available"] and text in each["id"]]

    return search


def resolved(path: str) -> str:
    """A path as it was chosen in the host, absolute; from the plate's folder where it is of what was put there."""
    return places.resolved(path).as_posix() if path else ""


class WispPrompt(bpy.types.PropertyGroup):
    """One prompt. `xy` holds its points as text, `x,y x,y`; a box has two, its corners; `text`: the
    path of a mask picture."""

    frame: IntProperty()
    kind: EnumProperty(items=KINDS)
    include: BoolProperty(default=True)
    radius: FloatProperty(default=STROKE_RADIUS, min=0.5)
    softness: FloatProperty(min=0.0, max=1.0)
    xy: StringProperty()
    text: StringProperty()

    @property
    def mask_path(self) -> str:
        """Of a mask picture: absolute, or from the plate's folder."""
        return resolved(self.text)

    @property
    def points(self) -> list[tuple[float, float]]:
        pairs = (pair.split(",") for pair in self.xy.split())
        return [(float(x), float(y)) for x, y in pairs]

    @points.setter
    def points(self, points) -> None:
        self.xy = " ".join(f"{x:.3f},{y:.3f}" for x, y in points)


class WispObject(bpy.types.PropertyGroup):
    """One thing to extract. `locks`: plate frames whose mattes are approved, `1-5,8`; `approvals`: under which names
    those are kept, `4e07:1-5,8`; `life`: those that it may be seen on, nothing for all; `absent`: those of them that it
    is not to be seen on; `region`: what of the picture models see of it, `left top right bottom` in plate pixels,
    nothing for all; `accepted`: those whose mattes were found fine, with the mattes' fingerprints,
    `1003:0f3a 1007:77b2`."""

    name: StringProperty(name="Name", default="object", update=edited)
    number: IntProperty()
    color: FloatVectorProperty(name="Color", subtype="COLOR_GAMMA", size=3, min=0.0, max=1.0)
    enabled: BoolProperty(name="Enabled", default=True, update=edited, description="Part of the matte")
    prompts: CollectionProperty(type=WispPrompt)
    locks: StringProperty()
    approvals: StringProperty()
    life: StringProperty()
    absent: StringProperty()
    region: StringProperty()
    accepted: StringProperty()
    garbage: StringProperty(
        name="Garbage Matte",
        subtype="FILE_PATH",
        options=compat.BLEND_RELATIVE,
        update=edited,
        description="White is surely not the object: one picture, or a sequence as name.####.exr",
    )
    core: StringProperty(
        name="Core Matte",
        subtype="FILE_PATH",
        options=compat.BLEND_RELATIVE,
        update=edited,
        description="White is surely the object: one picture, or a sequence as name.####.exr",
    )

    @property
    def garbage_path(self) -> str:
        """Absolute, or from the plate's folder; or nothing."""
        return resolved(self.garbage)

    @property
    def core_path(self) -> str:
        """Absolute, or from the plate's folder; or nothing."""
        return resolved(self.core)

    @property
    def keyframes(self) -> list[int]:
        """Plate frames with prompts, ascending."""
        return sorted({prompt.frame for prompt in self.prompts})

    @property
    def approved(self) -> list[list]:
        """Spans of locked plate frames and the name under which their mattes are kept, as in a document."""
        named = (one.partition(":") for one in self.approvals.split())
        return [[*span, name] for name, _, frames in named for span in spans(frames_in(frames))]

    @approved.setter
    def approved(self, stored) -> None:
        frames: dict[str, list[int]] = {}
        for first, last, name in stored:
            frames.setdefault(name, []).extend(range(first, last + 1))
        self.approvals = " ".join(f"{name}:{format_frames(own)}" for name, own in frames.items())

    @property
    def fine(self) -> dict[int, str]:
        """Plate frame -> the fingerprint of the matte that was found fine as it is."""
        pairs = (one.partition(":") for one in self.accepted.split())
        return {int(frame): mark for frame, _, mark in pairs}

    @fine.setter
    def fine(self, marks) -> None:
        self.accepted = " ".join(f"{frame}:{mark}" for frame, mark in sorted(marks.items()))

    @property
    def corrected(self) -> set[int]:
        """Keyframes that mend what was tracked."""
        said = {"lasso": "mask"}
        return corrected([{"frame": one.frame, "kind": said.get(one.kind, one.kind)} for one in self.prompts])

    def add_prompt(self, kind: str, frame: int, points, include: bool = True, radius: float = STROKE_RADIUS):
        """Append a prompt. A frame has at most one box: a new one takes its place."""
        if kind == "box":
            old = [i for i, prompt in enumerate(self.prompts) if (prompt.kind, prompt.frame) == ("box", frame)]
            for index in reversed(old):
                self.prompts.remove(index)
        prompt = self.prompts.add()
        prompt.kind, prompt.frame, prompt.include, prompt.radius = kind, frame, include, radius
        prompt.points = points
        return prompt


def _edge_property(setting):
    """The property of an edge setting."""
    bounds = dict(zip(("min", "max", "soft_min", "soft_max"), (*setting.limits, *setting.usual), strict=True))
    kind = IntProperty if setting.whole else FloatProperty
    return kind(name=setting.label.title(), default=setting.default, update=edited, description=setting.hint, **bounds)


WispObject.__annotations__.update({setting.key: _edge_property(setting) for setting in EDGE})


class WispStrip(bpy.types.PropertyGroup):
    """What Wisp knows of a strip. `role` is empty for plates, else `matte` or `cutout`, which carry the plate's uid.

    `last_number`: the highest that an object ever had. `shown_from`: the folder of the mattes that are shown, and of
    roto that was taken, by which a copy of the plate finds them. `size`: width and height of the pictures on which all
    was drawn; 0: not known.
    """

    uid: StringProperty()
    role: StringProperty()
    last_number: IntProperty()
    shown_from: StringProperty()
    size: IntVectorProperty(size=2)
    objects: CollectionProperty(type=WispObject)
    active: IntProperty(name="Active Object")
    output: EnumProperty(name="Output", items=OUTPUTS, default="mask", update=output_chosen)
    bypass: BoolProperty(
        name="Show Plate", update=output_chosen, description="Show the whole plate while you work; saving ends it"
    )
    tracker: StringProperty(name="Following Model", default=TRACKER, update=edited, search=models_of("tracker"))
    head: StringProperty(name="Edge Model", default=HEAD, update=edited, search=models_of("head"))
    uncover: BoolProperty(
        name="Uncover Background",
        default=True,
        update=edited,
        description=UNCOVER[:-1],
    )
    clean: StringProperty(
        name="Clean Plate",
        subtype="FILE_PATH",
        options=compat.BLEND_RELATIVE,
        update=edited,
        description="The empty set, in the plate's size and colour: one picture, or a sequence as name.####.exr "
        "with the plate's frame numbers",
    )
    second: StringProperty(
        name="Second Plate",
        subtype="FILE_PATH",
        options=compat.BLEND_RELATIVE,
        update=edited,
        description="The same still or performance before another backing: with both backings empty, too, the matte "
        "comes from what shines through",
    )
    second_clean: StringProperty(
        name="Second Clean Plate",
        subtype="FILE_PATH",
        options=compat.BLEND_RELATIVE,
        update=edited,
        description="That other backing, empty",
    )
    backlit: BoolProperty(
        name="Backlit",
        default=False,
        update=edited,
        description="The object is dark before the clean plate, which alone is lit",
    )
    colorspace: StringProperty(
        name="Colour Space",
        update=edited,
        description="Of the plate's numbers, by its name in the engine's OpenColorIO, such as ACEScg; nothing: as its "
        "files say",
    )
    view: StringProperty(
        name="Display View", update=edited, description="Through which the models see the plate; nothing: the usual one"
    )
    exposure: FloatProperty(
        name="Exposure",
        update=edited,
        min=-MAX_STOPS,
        max=MAX_STOPS,
        description="Stops that the models see the plate brighter; the plate itself stays",
    )
    layer: StringProperty(
        name="Layer",
        update=edited,
        description="Of a multi-layer EXR: a layer, part or stereo view; nothing: the picture",
    )
    missing: EnumProperty(
        name="Missing Frames",
        items=[(key, *words) for key, words in MISSING.items()],
        default=next(iter(MISSING)),
        update=edited,
    )

    @property
    def drawn(self) -> bool:
        """Whether something lies at a place in the picture."""
        return any(len(item.prompts) or item.region for item in self.objects)

    @property
    def beside_paths(self) -> dict[str, str]:
        """What was filmed beside the plate, absolute, by the document's key."""
        return {key: resolved(path) for key in BESIDE if (path := getattr(self, key))}

    @property
    def active_object(self):
        """The object that gestures go to, or None."""
        return self.objects[self.active] if 0 <= self.active < len(self.objects) else None

    def object_numbered(self, number: int):
        """The object of that number, or None."""
        return next((item for item in self.objects if item.number == number), None)

    @property
    def shown_objects(self) -> tuple[int, ...]:
        """The numbers of the objects whose mattes are shown: what has no prompts has no matte."""
        return tuple(item.number for item in self.objects if item.enabled and len(item.prompts))

    def add_object(self, name: str = ""):
        """Append an object with a new number, name and colour, and make it the active one.

        A number is never given again, not even after undo: files of the one before may still be there.
        """
        on_disk = mattes.MatteFolder(places.here().plate(self.uid)).last_number() if self.uid else 0
        number = max((self.last_number, on_disk, *(item.number for item in self.objects))) + 1
        self.last_number = number
        item = self.objects.add()
        item.number = number
        item.name = name or f"object{number}"
        item.color = document.rgb(PALETTE[(number - 1) % len(PALETTE)])
        self.active = len(self.objects) - 1
        return item


def around(points) -> str:
    """The region of whole pixels around points, as an object stores it."""
    xs, ys = zip(*points, strict=True)
    return " ".join(map(str, (math.floor(min(xs)), math.floor(min(ys)), math.ceil(max(xs)), math.ceil(max(ys)))))


def find(uid: str):
    """(scene, plate strip) of that uid, or (None, None). Strips are looked up each time: undo replaces them."""
    if uid:
        for scene, strip in plates():
            if strip.wisp.uid == uid:
                return scene, strip
    return None, None


def plates():
    """(scene, strip) of every plate of this file that has a uid; what is linked from another file is not ours."""
    for scene in compat.own_scenes():
        for strip in compat.all_strips(scene):
            wisp = strip.wisp
            if wisp.uid and not wisp.role:
                yield scene, strip


def own(strip):
    """The strip's data, ready to be edited: with a uid that no other plate has.

    Splitting and duplicating copy the uid; the copies share their mattes until one of them is edited. It then starts
    with the mattes that it shows.
    """
    wisp = strip.wisp
    if not wisp.drawn:
        with contextlib.suppress(Refusal):  # the panel says why
            wisp.size = size_of(strip)
    users = sum(other.wisp.uid == wisp.uid for _, other in plates())
    if not wisp.uid or users > 1:
        wisp.uid = uuid.uuid4().hex[:12]
    return wisp


_register, _unregister = bpy.utils.register_classes_factory((WispPrompt, WispObject, WispStrip))


def register() -> None:
    _register()
    compat.STRIP.wisp = PointerProperty(type=WispStrip)


def unregister() -> None:
    del compat.STRIP.wisp
    _unregister()
