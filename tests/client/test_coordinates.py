"""Maps between plate pixels and the hosts' coordinates: known numbers, and round trips for any numbers."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wisp.client.coordinates import (
    Affine,
    NukeFormat,
    StripTransform,
    plate_to_blender_frame,
    plate_to_blender_view,
    plate_to_nuke,
    rotation,
    sampler_to_plate,
    scaling,
    translation,
)

coordinates = st.floats(-1e4, 1e4)
sizes = st.integers(1, 16384)
scales = st.floats(0.05, 20.0) | st.floats(-20.0, -0.05)
formats = st.builds(
    NukeFormat, sizes, sizes, st.integers(-500, 500), st.integers(-500, 500), st.sampled_from([0.5, 1.0, 1.46, 2.0])
)
strips = st.builds(
    StripTransform,
    coordinates,
    coordinates,
    scales,
    scales,
    st.floats(-7.0, 7.0),
    st.floats(0.0, 1.0),
    st.floats(0.0, 1.0),
    st.booleans(),
    st.booleans(),
)
sizes2 = st.tuples(sizes, sizes)


def returns(there: Affine, x: float, y: float) -> None:
    """There and back again is where one was, to a thousandth of a pixel."""
    back = there.inverse()
    assert back(*there(x, y)) == pytest.approx((x, y), abs=1e-3)
    assert there(*back(x, y)) == pytest.approx((x, y), abs=1e-3)


@given(formats, st.sampled_from([1.0, 0.5, 0.25]), coordinates, coordinates)
def test_nuke_and_back(form: NukeFormat, proxy: float, x: float, y: float) -> None:
    returns(plate_to_nuke(form, proxy), x, y)
    returns(sampler_to_plate(form), x / 1e4, y / 1e4)


@given(sizes2, sizes2, strips, coordinates, coordinates)
def test_blender_and_back(
    plate: tuple[int, int], render: tuple[int, int], strip: StripTransform, x: float, y: float
) -> None:
    returns(plate_to_blender_frame(plate, render, strip), x, y)
    returns(plate_to_blender_view(plate, render, strip), x, y)


def test_nuke_corners_and_pixel_centres() -> None:
    to_nuke = plate_to_nuke(NukeFormat(1920, 1080))
    assert to_nuke(0, 0) == (0, 1080)  # the plate's top left is Nuke's top left, which is high up
    assert to_nuke(0, 1080) == (0, 0)
    assert to_nuke(10.5, 0.5) == (10.5, 1079.5)  # the centre of row 0 is the centre of Nuke's row 1079


def test_nuke_box_swaps_its_ends() -> None:
    """A box x, y, r, t in Nuke is left, height - top, right, height - bottom on the plate."""
    to_plate = plate_to_nuke(NukeFormat(1920, 1080)).inverse()
    assert to_plate.box(100, 200, 300, 500) == (100, 580, 300, 880)


def test_nuke_offset_proxy_and_pixel_aspect() -> None:
    form = NukeFormat(1000, 500, x=40, y=-20, pixel_aspect=2.0)
    assert plate_to_nuke(form)(10, 100) == (50, 380)
    assert plate_to_nuke(form, proxy=0.5)(10, 100) == (25, 190)


def test_sampler_of_a_saved_script() -> None:
    """A one-pixel sample that Nuke saved for a 1920x1080 viewer: pixel (1814, 328) counted from the bottom left."""
    to_plate = sampler_to_plate(NukeFormat(1920, 1080))
    box = to_plate.box(0.8895833492, -0.2208333313, 0.890625, -0.2197916657)
    assert box == pytest.approx((1814, 1080 - 329, 1815, 1080 - 328), abs=1e-3)


def test_blender_centres_an_unmoved_strip() -> None:
    view = plate_to_blender_view((800, 450), (1920, 1080), StripTransform())
    assert view(400, 225) == (0, 0)
    assert view(0, 0) == (-400, 225)
    frame = plate_to_blender_frame((1920, 1080), (1920, 1080), StripTransform())
    assert frame(3, 4) == (3, 1076)


def test_blender_order_of_operations() -> None:
    """Scale, then turn about the origin, then move, then mirror the whole frame."""
    strip = StripTransform(offset_x=30, offset_y=-10, scale_x=2.0, scale_y=3.0, rotation=math.pi / 2)
    view = plate_to_blender_view((100, 100), (200, 200), strip)
    # 10 right and 5 up of the middle: scaled to (20, 15), turned to (-15, 20), moved to (15, 10)
    assert view(60, 45) == pytest.approx((15, 10))
    mirrored = plate_to_blender_view((100, 100), (200, 200), strip._replace(flip_x=True, flip_y=True))
    assert mirrored(60, 45) == pytest.approx((-15, -10))


def test_blender_turns_about_the_strip_origin() -> None:
    strip = StripTransform(rotation=1.234, scale_x=0.3, scale_y=4.0, origin_x=0.25, origin_y=1.0)
    frame = plate_to_blender_frame((100, 80), (100, 80), strip)
    assert frame(25, 0) == pytest.approx((25, 80))  # the origin itself stays where it is


@pytest.mark.parametrize("strip", [StripTransform(scale_x=0.0), StripTransform(scale_y=0.0)])
def test_a_squashed_strip_is_refused(strip: StripTransform) -> None:
    with pytest.raises(ValueError, match="scale of zero"):
        plate_to_blender_view((100, 100), (100, 100), strip).inverse()


@given(coordinates, coordinates, scales, scales, st.floats(-7, 7))
def test_then_is_one_after_the_other(x: float, y: float, sx: float, sy: float, angle: float) -> None:
    first, second = translation(3, -4).then(scaling(sx, sy)), rotation(angle)
    assert first.then(second)(x, y) == pytest.approx(second(*first(x, y)), abs=1e-6)
