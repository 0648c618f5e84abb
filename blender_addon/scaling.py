# SPDX-License-Identifier: GPL-3.0-or-later
"""All that was drawn on a proxy, fitted to the plate's pictures of another size, or the other way round."""

import hashlib
import math
from pathlib import Path

import bpy
import numpy as np

from . import active, model, pictures, places, plates, session
from .active import OnPlate, reporting
from .client.tables import EDGE
from .document import PICTURES
from .taking import keep_pictures, kept


class WISP_OT_scale_prompts(OnPlate, bpy.types.Operator):
    """Fit all that was drawn on this strip to its pictures, which have another size now"""

    bl_idname = "wisp.scale_prompts"
    bl_label = "Scale Prompts"
    bl_options = {"REGISTER", "UNDO"}

    @reporting
    def execute(self, context):
        _, strip = active.target(context)
        size, before = plates.size_of(strip), tuple(strip.wisp.size)
        if size == before or not (all(before) and strip.wisp.drawn):
            raise plates.Refusal("The prompts were drawn on pictures of this size.")
        home = places.here()
        source = home.plate(strip.wisp.uid)
        wisp = model.own(strip)
        pictured = [prompt for item in wisp.objects for prompt in item.prompts if prompt.kind == "mask"]
        target = home.plate(wisp.uid)
        masks = [_resized(source / prompt.mask_path, size, target) for prompt in pictured]  # where one fails, all stays
        for prompt, mask in zip(pictured, masks, strict=True):
            prompt.text = kept(str(mask), target)
        if pictured:
            keep_pictures(wisp, target)
        for item in wisp.objects:
            _scale(item, size[0] / before[0], size[1] / before[1])
        wisp.size = size
        held = ", ".join(item.name for item in wisp.objects if item.core or item.garbage)
        if held:
            self.report({"WARNING"}, f"Core and garbage mattes of {held} have to be rendered at this size")
        session.schedule_update()
        session.redraw()
        return {"FINISHED"}


def _scale(item, x: float, y: float) -> None:
    """Places, radii, the region, and what of the edge is in pixels."""
    both = math.sqrt(x * y)
    for prompt in item.prompts:
        prompt.points = [(px * x, py * y) for px, py in prompt.points]
        prompt.radius *= both
    if item.region:
        left, top, right, bottom = (int(value) for value in item.region.split())
        item.region = model.around([(left * x, top * y), (right * x, bottom * y)])
    for setting in EDGE:
        if setting.unit == "px":
            value = getattr(item, setting.key) * both
            setattr(item, setting.key, round(value) if setting.whole else value)


def _resized(path: Path, size: tuple[int, int], folder: Path) -> Path:
    """A mask picture in that size, in a plate's folder. Raises plates.Refusal, OSError."""
    key = hashlib.sha256(f"{path} {size}".encode()).hexdigest()[:16]
    target = folder / PICTURES / f"mask.{key}.png"
    try:
        image = bpy.data.images.load(str(path), check_existing=False)
    except RuntimeError:
        raise plates.Refusal(f"The mask picture {path} cannot be read, so nothing was scaled. Put it back.") from None
    try:
        image.scale(*size)
        pixels = np.empty(len(image.pixels), np.float32)
        image.pixels.foreach_get(pixels)
    finally:
        bpy.data.images.remove(image)
    pictures.write_mask(target, pixels.reshape(size[1], size[0], -1)[::-1, :, 0] > 0.5)
    return target


register, unregister = bpy.utils.register_classes_factory((WISP_OT_scale_prompts,))
