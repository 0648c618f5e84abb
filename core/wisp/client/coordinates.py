"""Maps between plate pixels and the coordinates of each host, as affine maps with inverses.

Plate pixels: origin at the top left of the display window, y down, pixel edges at integers (a pixel's
centre lies at +0.5), pixel aspect not applied.
Nuke: origin at the bottom left, y up, edges at integers as well.
Blender's sequencer preview (`view2d`): origin in the middle of the frame, y up, unit one pixel of the
render size at 100 %.
"""

from __future__ import annotations

import math
from typing import NamedTuple, Tuple

XY = Tuple[float, float]
Box = Tuple[float, float, float, float]


class Affine(NamedTuple):
    """The map x' = a x + b y + c, y' = d x + e y + f. Call it with a point."""

    a: float = 1.0
    b: float = 0.0
    c: float = 0.0
    d: float = 0.0
    e: float = 1.0
    f: float = 0.0

    def __call__(self, x: float, y: float) -> XY:
        return self.a * x + self.b * y + self.c, self.d * x + self.e * y + self.f

    def then(self, after: Affine) -> Affine:
        """The map that does this one first and `after` second."""
        return Affine(
            after.a * self.a + after.b * self.d,
            after.a * self.b + after.b * self.e,
            after.a * self.c + after.b * self.f + after.c,
            after.d * self.a + after.e * self.d,
            after.d * self.b + after.e * self.e,
            after.d * self.c + after.e * self.f + after.f,
        )

    def inverse(self) -> Affine:
        """The map back. ValueError when this one squashes the picture to a line or a point."""
        determinant = self.a * self.e - self.b * self.d
        if determinant == 0.0 or not math.isfinite(determinant):
            raise ValueError("the transform has a scale of zero and cannot be undone")
        a, b = self.e / determinant, -self.b / determinant
        d, e = -self.d / determinant, self.a / determinant
        return Affine(a, b, -(a * self.c + b * self.f), d, e, -(d * self.c + e * self.f))

    def box(self, x0: float, y0: float, x1: float, y1: float) -> Box:
        """The smallest upright box around the mapped rectangle: lowest x, lowest y, highest x, highest y."""
        corners = [self(x, y) for x in (x0, x1) for y in (y0, y1)]
        xs, ys = zip(*corners)
        return min(xs), min(ys), max(xs), max(ys)


def translation(x: float, y: float) -> Affine:
    """Move by (x, y)."""
    return Affine(c=x, f=y)


def scaling(x: float, y: float) -> Affine:
    """Stretch about the origin."""
    return Affine(a=x, e=y)


def rotation(angle: float) -> Affine:
    """Turn about the origin by `angle` radians, counter-clockwise where y points up."""
    cosine, sine = math.cos(angle), math.sin(angle)
    return Affine(cosine, -sine, 0.0, sine, cosine, 0.0)


def flip(height: float) -> Affine:
    """Exchange y down and y up in a picture of that height; its own inverse."""
    return Affine(e=-1.0, f=height)


class NukeFormat(NamedTuple):
    """What Nuke tells of a node's format: full-resolution size, the corner it starts at, pixel aspect."""

    width: float
    height: float
    x: float = 0.0
    y: float = 0.0
    pixel_aspect: float = 1.0


def plate_to_nuke(form: NukeFormat, proxy: float = 1.0) -> Affine:
    """Plate pixels to Nuke pixels as knobs hold them: pixel aspect not applied.

    `proxy` is the scale of the root's proxy setting for values given in proxy pixels; knobs such as
    XY_Knob and BBox_Knob hold full-resolution values, so 1.
    """
    return flip(form.height).then(translation(form.x, form.y)).then(scaling(proxy, proxy))


def sampler_to_plate(form: NukeFormat) -> Affine:
    """A corner of the viewer's `colour_sample_bbox` to plate pixels.

    The knob's numbers are normalised to half the displayed width about the picture's middle, so zoom, pan and
    proxy do not enter: x = (n/2 + 1/2) W, y (up) = n W aspect / 2 + H / 2.
    """
    half = form.width / 2.0
    to_pixels = scaling(half, half * form.pixel_aspect).then(translation(half, form.height / 2.0))
    return to_pixels.then(flip(form.height))


class StripTransform(NamedTuple):
    """A sequencer strip's transform: offsets in render pixels, rotation in radians, origin as a fraction."""

    offset_x: float = 0.0
    offset_y: float = 0.0
    scale_x: float = 1.0
    scale_y: float = 1.0
    rotation: float = 0.0
    origin_x: float = 0.5
    origin_y: float = 0.5
    flip_x: bool = False
    flip_y: bool = False


def plate_to_blender_frame(plate: XY, render: XY, strip: StripTransform) -> Affine:
    """Plate pixels to pixels of the rendered frame (origin bottom left, y up).

    `plate` and `render` are sizes (width, height). The strip scales and turns about its origin, is placed
    centred plus its offset, and its flips mirror the whole frame afterwards.
    """
    width, height = plate
    frame_width, frame_height = render
    pivot_x, pivot_y = width * strip.origin_x, height * strip.origin_y
    placed = (
        flip(height)
        .then(translation(-pivot_x, -pivot_y))
        .then(scaling(strip.scale_x, strip.scale_y))
        .then(rotation(strip.rotation))
        .then(translation(pivot_x, pivot_y))
        .then(translation((frame_width - width) / 2.0 + strip.offset_x, (frame_height - height) / 2.0 + strip.offset_y))
    )
    mirror_x = Affine(a=-1.0, c=frame_width) if strip.flip_x else Affine()
    mirror_y = flip(frame_height) if strip.flip_y else Affine()
    return placed.then(mirror_x).then(mirror_y)


def plate_to_blender_view(plate: XY, render: XY, strip: StripTransform, pixel_aspect: float = 1.0) -> Affine:
    """Plate pixels to the preview's `view2d` coordinates: the frame's pixels about the frame's middle, unsqueezed.

    `pixel_aspect`: of the rendered frame, width of a pixel by its height.
    """
    middle = translation(-render[0] / 2.0, -render[1] / 2.0)
    return plate_to_blender_frame(plate, render, strip).then(middle).then(scaling(pixel_aspect, 1.0))
