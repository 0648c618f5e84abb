"""The background uncovered in a shot: what a frame depends on, what waits for what, and that it helps."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import wisp
from helpers.solving import FIRST, LAST, ChainTracker, SmoothHead, box, point, shot, solver
from wisp.bench.stills import PictureClip
from wisp.cache import read_matte
from wisp.shot import Shot
from wisp.solve.uncover import REACH, Uncovering

HEIGHT, WIDTH, COUNT, PAN = 150, 280, 16, 8


def uncovering(*prompts: dict, **plate: str | int) -> Shot:
    return shot(*prompts, plate=plate, uncover=True)


def truth() -> np.ndarray:
    """A body with see-through hair, which stands in the middle."""
    rng = np.random.default_rng(2)
    alpha = np.zeros((4 * HEIGHT, 4 * WIDTH), np.float32)
    for angle in rng.uniform(0, 2 * np.pi, 800):
        end = np.array([560, 300]) + rng.uniform(140, 260) * np.array([np.cos(angle), np.sin(angle)])
        cv2.line(alpha, (560, 300), tuple(end.astype(int).tolist()), 1.0, 3)
    cv2.circle(alpha, (560, 300), 130, 1.0, -1)
    return cv2.resize(alpha, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)


@pytest.fixture
def panned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Before a wall along which the camera pans."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WISP_DEVICE", "cpu")
    Path("plates").mkdir()
    rng, alpha = np.random.default_rng(1), truth()[..., None]
    wide = (WIDTH + PAN * COUNT, HEIGHT)
    rough = sum(cv2.resize(rng.random((HEIGHT // k, wide[0] // k, 3)), wide) * k for k in (3, 10, 50))
    wall = 20 + 210 * (rough - rough.min()) / np.ptp(rough)
    for number in range(COUNT):
        behind = wall[:, PAN * number : PAN * number + WIDTH]
        picture = alpha * np.array([30, 70, 140]) + (1 - alpha) * behind + rng.normal(scale=1, size=behind.shape)
        cv2.imwrite(f"plates/a.{number:04d}.png", np.clip(picture, 0, 255).round().astype(np.uint8))
    cv2.imwrite("mask.png", np.uint8(255 * (truth() > 0.5)))
    return "plates/a.%04d.png"


def opened(plate: str, name: str, *, uncover: bool) -> wisp.OpenShot:
    made = wisp.open(plate, document=f"{name}.wisp", cache=name).models(uncover=uncover)
    hero = made.object("hero")
    for frame in range(COUNT):
        hero.mask(Path("mask.png"), frame)
    return made


def error(made: wisp.OpenShot, frame: int) -> float:
    soft = (truth() > 0.02) & (truth() < 0.98)
    return float(((made.matte("hero", frame) - truth())[soft] ** 2).mean())


def test_soft_hair_becomes_better_and_a_part_of_the_shot_gives_what_all_of_it_gives(panned: str) -> None:
    plain, told, part = (opened(panned, name, uncover=name != "plain") for name in ("plain", "told", "part"))
    plain.solve("6-9")
    assert told.solve().matted == COUNT
    assert part.solve("7").matted == 1
    assert all(error(told, frame) < 0.75 * error(plain, frame) for frame in range(6, 10))
    np.testing.assert_array_equal(part.matte("hero", 7), told.matte("hero", 7))


def test_hair_that_never_moves_is_not_taken_for_what_is_behind_it() -> None:
    """Much of it lies outside the mask, in every frame at the same place."""
    alpha, rng = truth(), np.random.default_rng(1)
    wall = cv2.resize(rng.random((HEIGHT // 5, WIDTH // 5, 3)), (WIDTH, HEIGHT))
    picture = alpha[..., None] * [0.1, 0.3, 0.6] + (1 - alpha[..., None]) * (0.1 + 0.8 * wall)
    clip = PictureClip(*(np.float32(picture + rng.normal(scale=0.004, size=picture.shape)) for _ in range(COUNT)))
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    body = np.where(np.hypot(x - WIDTH / 2, y - HEIGHT / 2) < 33, np.float32(8), np.float32(-8))
    told = Uncovering(clip.frames, clip.frames).told(alpha, 14, clip, lambda _frame: body)
    soft = (alpha > 0.02) & (alpha < 0.98)
    assert np.abs(told - alpha)[soft].mean() < 0.03  # 0.35 where it is


def test_a_frame_depends_on_those_within_reach(folder: Path, tracker: ChainTracker, head: SmoothHead) -> None:
    made = solver(uncovering(box(FIRST)), folder)
    work = made.work("hero")
    middle = 1020
    assert work.mask_frames(middle) == (middle, *range(middle - REACH, middle))
    assert made.run([middle]).matted == 1
    assert tracker.steps == list(range(FIRST, middle + 1)), "no mask of a frame behind is waited for"


@pytest.mark.parametrize("frame", [1005, 1035])
def test_a_correction_reaches_further_behind_what_it_changes_and_changes_nothing_before(
    frame: int, folder: Path, tracker: ChainTracker, head: SmoothHead
) -> None:
    dirty = []
    for build in (shot, uncovering):
        solver(build(box(FIRST), box(1020)), folder).run()
        dirty.append(solver(build(box(FIRST), box(1020), point(frame)), folder).status().objects[0].of("dirty"))
    plain, told = dirty
    assert plain and told == tuple(range(plain[0], min(plain[-1] + REACH, LAST) + 1)) and plain[0] > FIRST


def test_a_look_at_one_frame_tracks_no_further_and_solves_it_where_those_before_are_tracked(
    folder: Path, tracker: ChainTracker, head: SmoothHead
) -> None:
    """From a keyframe backwards those before are not: the frame is then still to be solved."""
    made = solver(uncovering(box(1020)), folder)
    made.preview(1022, "hero", quick=True)
    assert set(tracker.steps) == {1020, 1021, 1022} and made.status().objects[0].of("solved") == ()
    doubt, _ = read_matte(made.doubt(1022, "hero"))
    assert doubt.shape == (16, 24) and doubt.max() > 0, "what is looked at is doubted, too"
    made.run(stages=["track"])
    tracker.steps.clear()
    made.preview(1022, "hero", quick=True)
    assert made.status().objects[0].of("solved") == (1022,) and not tracker.steps
    forward = solver(uncovering(box(FIRST)), folder)
    forward.preview(1004, "hero", quick=True)
    assert forward.status().objects[0].of("solved") == (1004,) and tracker.steps == list(range(FIRST, 1005))


@pytest.mark.parametrize(
    ("head", "said", "uncovered"),
    [
        ("embedded", None, True),
        ("embedded", False, False),
        ("sam2matting-sam2.1-tiny", None, False),
        ("sam2matting-sam2.1-tiny", True, True),
    ],
)
def test_it_is_for_the_heads_that_were_measured_to_gain_unless_something_else_is_said(
    head: str, said: bool | None, uncovered: bool, folder: Path, tracker: ChainTracker
) -> None:
    made = shot(box(FIRST))
    made.solve.head, made.solve.uncover = head, said
    assert (solver(made, folder).work("hero").mask_frames(1003) != (1003,)) == uncovered


def test_a_clean_plate_goes_before(folder: Path, tracker: ChainTracker, head: SmoothHead) -> None:
    clean = {"clean": "plates/plate.1001.exr"}
    told, plain = (
        solver(made, folder).work("hero") for made in (uncovering(box(FIRST), **clean), shot(box(FIRST), plate=clean))
    )
    assert dict(told.marks) == dict(plain.marks) and told.path(1005) == plain.path(1005)


def test_a_plate_that_begins_elsewhere_has_other_mattes_where_other_frames_are_looked_behind(
    folder: Path, tracker: ChainTracker, head: SmoothHead
) -> None:
    def mark(first: int) -> str:
        return solver(uncovering(box(1010), first=first), folder).work("hero").marks[1030]

    assert mark(1001) == mark(1004) != mark(1002)


@pytest.mark.parametrize("life", [range(10), range(3, 6)])
def test_frames_lean_on_each_other(life: range) -> None:
    near = Uncovering(range(100), life)
    for frame in life:
        assert near.frames(frame) == tuple(k for k in life if 0 < frame - k <= REACH)
        assert all(frame in near.seen_from(other) for other in near.frames(frame))
        assert all(frame in near.frames(other) for other in near.seen_from(frame))
