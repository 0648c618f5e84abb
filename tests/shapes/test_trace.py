"""From mattes to shapes: what was drawn comes out, with few points and few keys."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wisp.shapes.check import measure
from wisp.shapes.contours import contours
from wisp.shapes.raster import areas, cuts, fill
from wisp.shapes.splines import crossing_sides, flatten
from wisp.shapes.trace import Options, trace

WIDTH, HEIGHT = 320, 240
Y, X = np.mgrid[:HEIGHT, :WIDTH] + 0.5
FRAMES = range(1001, 1021)


def ellipse(x: float, y: float, a: float, b: float) -> np.ndarray:
    return ((X - x) ** 2 / a**2 + (Y - y) ** 2 / b**2 < 1).astype(np.float32)


def box(corners: list[tuple[float, float]]) -> np.ndarray:
    return fill(cuts(np.array([corners]), WIDTH, HEIGHT), WIDTH, HEIGHT).astype(np.float32)


def ring(frame: int) -> np.ndarray:
    """An ellipse that moves and grows, with a hole from the sixth frame on."""
    t = frame - 1001
    hole = ellipse(80 + 4 * t, 120, 15, 15) if t >= 5 else 0.0
    return ellipse(80 + 4 * t, 120, 60, 40 + t) - hole


def turning(frame: int) -> np.ndarray:
    angle = np.radians(2 * (frame - 1001))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return box([tuple(turn @ p + (160, 120)) for p in np.array([[-70, -40], [70, -40], [70, 40], [-70, 40]])])


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_outlines_hold_exactly_the_pixels_of_at_least_one_half(seed: int) -> None:
    random = np.random.default_rng(seed)
    alpha = cv2.GaussianBlur(random.random((30, 40)).astype(np.float32), (0, 0), random.uniform(0.3, 3.0))
    alpha = (alpha - alpha.min()) / np.ptp(alpha)
    found = contours(alpha)
    inside = fill(np.concatenate([cuts(made.xy[None], 40, 30) for made in found]), 40, 30)
    assert (inside == (alpha >= 0.5)).all()
    assert sum(areas(cuts(made.xy[None], 40, 30), 40, 30, 1)[0] * np.sign(made.area) for made in found) == inside.sum()


@pytest.mark.parametrize("drawn", [ring, turning])
def test_a_plain_motion_takes_few_points_and_few_keys(drawn) -> None:
    item = trace("one", FRAMES, drawn)
    found = measure(item, FRAMES, drawn, 1.5)
    assert found.worst_iou >= 0.98 and found.near >= 0.95 and not found.crossing
    assert found.points <= 12
    assert found.keys <= len(FRAMES) / 4


def test_a_hole_that_appears_begins_a_span_and_the_part_goes_on() -> None:
    item = trace("one", FRAMES, ring)
    assert [(span.first, span.last) for span in item.spans] == [(1001, 1005), (1006, 1020)]
    before, after = item.spans
    assert [(spline.id, spline.role) for spline in before.splines] == [(1, "add")]
    assert [(spline.id, spline.role) for spline in after.splines] == [(1, "add"), (2, "hole")]
    assert len(before.splines[0].keys[0].points) == len(after.splines[0].keys[0].points)
    for span in item.spans:
        for spline in span.splines:
            assert (spline.keys[0].frame, spline.keys[-1].frame) == (span.first, span.last)


def test_corners_stay_corners() -> None:
    item = trace("one", FRAMES, turning)
    (spline,) = item.spans[0].splines
    for frame in (1001, 1010, 1020):
        angle = np.radians(2 * (frame - 1001))
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        for corner in [(-70, -40), (70, -40), (70, 40), (-70, 40)]:
            place = turn @ corner + (160, 120)
            assert np.hypot(*(spline.at(frame)[:, :2] - place).T).min() < 4.0


def test_the_same_mattes_give_the_same_shapes() -> None:
    one, two = (trace("one", FRAMES, ring) for _ in range(2))
    for first, second in zip(one.spans, two.spans, strict=True):
        for a, b in zip(first.splines, second.splines, strict=True):
            assert all((x.points == y.points).all() for x, y in zip(a.keys, b.keys, strict=True))


def test_moving_one_point_moves_nothing_but_its_two_segments() -> None:
    item = trace("one", FRAMES, turning)
    (spline,) = item.spans[0].splines
    points = spline.keys[0].points.copy()
    before = flatten(points[:, :6], 12)
    points[2, 0] += 5
    moved = np.abs(flatten(points[:, :6], 12) - before).max(axis=1) > 0
    assert moved.any() and not moved[: 12 * 1].any() and not moved[12 * 3 :].any()


def test_options_are_obeyed() -> None:
    def bumpy(frame: int) -> np.ndarray:
        angle = np.arctan2(Y - 120, X - 160)
        radius = 70 + 12 * np.sin(7 * angle + 0.1 * (frame - 1001))
        return (np.hypot(X - 160, Y - 120) < radius).astype(np.float32)

    def points_and_keys(options: Options) -> tuple[int, int]:
        found = measure(trace("one", FRAMES, bumpy, options), FRAMES, bumpy, options.tolerance)
        return found.points, found.keys

    plain = points_and_keys(Options())
    loose = points_and_keys(Options(tolerance=4.0))
    assert loose[0] <= plain[0] and loose[1] <= plain[1] and loose != plain
    assert points_and_keys(Options(points=8))[0] <= 8
    item = trace("one", FRAMES, turning, Options(every=5))
    assert item.key_frames() == (1001, 1006, 1011, 1016, 1020)


def test_an_object_that_leaves_comes_back_and_touches_the_border() -> None:
    def passing(frame: int) -> np.ndarray:
        t = frame - 1001
        return np.zeros((HEIGHT, WIDTH), np.float32) if 8 <= t < 12 else ellipse(30 * t - 40, 120, 50, 40)

    item = trace("one", FRAMES, passing)
    found = measure(item, FRAMES, passing, 1.5)
    assert found.worst_iou >= 0.97
    for frame in range(1009, 1013):
        assert item.splines(frame) == ()


def test_nothing_at_all_is_no_span() -> None:
    item = trace("one", FRAMES, lambda _: np.zeros((HEIGHT, WIDTH), np.float32))
    assert item.spans == ()
    assert measure(item, FRAMES, lambda _: np.zeros((HEIGHT, WIDTH), np.float32), 1.5).worst_iou == 1.0


def test_a_soft_edge_becomes_feather_and_a_sharp_one_does_not() -> None:
    soft = cv2.GaussianBlur(ellipse(160, 120, 70, 60), (0, 0), 4.0)
    item = trace("one", range(1, 2), lambda _: soft)
    widths = item.spans[0].splines[0].keys[0].points[:, 6]
    # From 0.9 to 0.1 a Gaussian step takes 2.56 sigma.
    assert (np.abs(widths - 4.0 * 2.56 / 0.8) < 3.0).all()
    sharp = trace("one", range(1, 2), lambda _: ellipse(160, 120, 70, 60))
    assert not sharp.spans[0].splines[0].keys[0].points[:, 6].any()


def test_crossing_sides_are_found() -> None:
    square = np.array([[0, 0], [10, 0], [10, 10], [0, 10]], float)
    assert crossing_sides(square) is None
    assert crossing_sides(square[[0, 2, 1, 3]]) is not None


def test_a_speck_of_pixels_is_no_shape() -> None:
    def speck(frame: int) -> np.ndarray:
        made = np.zeros((HEIGHT, WIDTH), np.float32)
        made[100, 100] = 1.0
        return made

    assert trace("one", FRAMES, speck).spans == ()


def test_slits_take_no_points() -> None:
    """An ellipse cut by fine ropes, as spray or wire does it, is one plain shape."""

    def roped(frame: int) -> np.ndarray:
        made = ellipse(160, 120, 100, 80)
        for rope in range(4):
            made[60 + frame % 3 : 200, 100 + 30 * rope] = 0.0
        return made

    item = trace("one", FRAMES[:6], roped)
    found = measure(item, FRAMES[:6], roped, 1.5)
    assert found.worst_iou >= 0.98 and found.points <= 40 and not found.crossing


def limbs(frame: int) -> np.ndarray:
    """Thin limbs that swing through each other, from frame to frame by more than their width."""
    made = ellipse(160, 60, 40, 30)
    for limb in range(3):
        angle = np.radians(90 + 50 * np.sin(0.9 * (frame - 1001) + 2.0 * limb))
        foot = (160 + 130 * np.cos(angle), 60 + 130 * np.sin(angle))
        across = np.array([-np.sin(angle), np.cos(angle)]) * 7
        made = np.maximum(made, box([(160 + across[0], 60 + across[1]), tuple(foot + across), tuple(foot - across)]))
    return made


@pytest.mark.parametrize("options", [Options(), Options(points=12), Options(every=5), Options(tolerance=4.0)])
def test_no_spline_crosses_itself_whatever_is_asked(options: Options) -> None:
    item = trace("one", FRAMES[:9], limbs, options)
    found = measure(item, FRAMES[:9], limbs, options.tolerance)
    assert not found.crossing
    if options.by_match:
        assert found.worst_iou >= 1 - 0.02 * options.tolerance / 1.5 and found.near >= 0.95


@pytest.mark.parametrize(
    ("clip", "part"),
    [
        ("clips/davis_car_shadow", slice(10)),
        ("davis_train/mallard-fly", slice(10)),
        ("davis_train/bus", slice(35, 39)),
        ("davis_train/elephant", slice(28, 33)),
    ],
)
def test_real_mattes_keep_to_the_bounds(shared, clip: str, part: slice) -> None:
    paths = sorted((shared / "data" / clip / "masks").glob("*.png"))[part]
    masks = [(cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) > 127).astype(np.float32) for path in paths]
    frames = range(len(masks))
    found = measure(trace("one", frames, masks.__getitem__), frames, masks.__getitem__, 1.5)
    assert found.worst_iou >= 0.98 and found.near >= 0.95 and not found.crossing


def test_the_points_of_a_span_are_those_of_its_own_frames() -> None:
    """A bump that goes around needs its points elsewhere on every frame; where spans begin on every frame for a part
    that comes and goes, no span carries what the others need, and no points are heaped on one place."""
    y, x = np.mgrid[:160, :200] + 0.5

    def matte(frame: int) -> np.ndarray:
        made = (x - 80) ** 2 + (y - 80) ** 2 < 50**2
        for turn in (0.9 * frame, 0.9 * frame + 2.0):
            made |= (np.abs(x - 80 - 52 * np.cos(turn)) < 7) & (np.abs(y - 80 - 52 * np.sin(turn)) < 7)
        if frame % 2:
            made |= (x - 180) ** 2 + (y - 20) ** 2 < 14**2
        return made.astype(np.float32)

    item = trace("o", range(7), matte)
    for frame in range(7):
        mine = max(item.splines(frame), key=lambda spline: len(spline.keys[0].points))
        alone = max(trace("o", [frame], matte).splines(frame), key=lambda spline: len(spline.keys[0].points))
        assert len(mine.keys[0].points) <= len(alone.keys[0].points) + 2
        for spline in item.splines(frame):
            places = spline.at(frame)[:, :2]
            around = np.hypot(*(np.roll(places, -1, axis=0) - places).T).sum()
            assert len(places) <= max(4, around / 3)
