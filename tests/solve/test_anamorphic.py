"""A squeezed plate reaches models with square pixels, and comes back as it was squeezed."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from wisp import shot as documents
from wisp.cache import read_matte
from wisp.client.events import Candidate
from wisp.client.requests import Subject
from wisp.errors import UsageError
from wisp.plates.clip import MOST_ASPECT, SquareClip, unsqueezing
from wisp.solve import solver_of
from wisp.solve.prompts import frame_prompts, stretched
from wisp.solve.subject import find_subject
from wisp.trackers.tracker import FramePrompts
from wisp.weights.options import RunOptions

SIZE, FRAMES = (320, 160), (1, 2, 3)


def picture(frame: int) -> np.ndarray:
    """An ellipse that moves over a textured ground, square pixels; BGR, 8 bits."""
    noise = np.random.default_rng(5).integers(0, 50, (SIZE[1] // 4, SIZE[0] // 4, 3)).astype(np.uint8)
    made = cv2.resize(noise, SIZE, interpolation=cv2.INTER_CUBIC) + 50
    cv2.ellipse(made, (140 + 6 * frame, 80), (60, 40), 0, 0, 360, (40, 80, 230), -1, cv2.LINE_AA)
    return np.asarray(made, np.uint8)


def solver(folder: Path, width: int, aspect: float, box: tuple[float, float, float, float], head: str = "guided"):
    plates = folder / f"w{width}"
    plates.mkdir(exist_ok=True)
    for frame in FRAMES:
        squeezed = cv2.resize(picture(frame), (width, SIZE[1]), interpolation=cv2.INTER_AREA)
        cv2.imwrite(str(plates / f"p.{frame:04d}.png"), squeezed)
    plate = {"path": f"w{width}/p.%04d.png", "first": 1, "last": 3, "width": width, "height": SIZE[1]}
    prompts = [{"frame": 1, "kind": "box", "xyxy": list(box)}]
    item = {"id": 1, "name": "hero", "color": "#33c26b", "prompts": prompts}
    document = {"wisp": 1, "plate": {**plate, "pixel_aspect": aspect}, "objects": [item], "solve": {"head": head}}
    return solver_of(documents.parse(document), folder, folder / "cache", RunOptions(device="cpu"))


BOX = (84.0, 38.0, 208.0, 122.0)
SQUEEZED = (42.0, 38.0, 104.0, 122.0)


@pytest.mark.slow
def test_a_squeezed_clip_agrees_with_the_unsqueezed_one(tmp_path: Path) -> None:
    square, odd = solver(tmp_path, SIZE[0], 1.0, BOX), solver(tmp_path, SIZE[0] // 2, 2.0, SQUEEZED)
    for one in (square, odd):
        one.run()
    for frame in FRAMES:
        wide, narrow = (read_matte(one.work("hero").path(frame))[0] for one in (square, odd))
        assert narrow.shape == (SIZE[1], SIZE[0] // 2), "mattes have the plate's size"
        again = cv2.resize(wide, (SIZE[0] // 2, SIZE[1]), interpolation=cv2.INTER_AREA)
        assert np.abs(again - narrow).mean() < 0.01, frame
        inside, found = again > 0.5, narrow > 0.5
        assert (inside & found).sum() / (inside | found).sum() > 0.96, frame


def test_only_squeezed_plates_have_other_fingerprints(tmp_path: Path) -> None:
    """What was solved with square pixels is found again; another aspect is another matte."""
    marks = [
        dict(solver(tmp_path, SIZE[0], aspect, BOX).work("hero").marks) for aspect in (1.0, 1.004, 1000.0, 2.0, 0.5)
    ]
    assert marks[0] == marks[1] == marks[2] and marks[0] != marks[3] != marks[4]
    square, odd = solver(tmp_path, SIZE[0], 1.0, BOX), solver(tmp_path, SIZE[0], 0.5, BOX)
    assert square.clip_of(None) is square.clip
    seen = odd.clip_of(None)
    assert isinstance(seen, SquareClip) and seen.size == (SIZE[0], 2 * SIZE[1]) and odd.clip_of(None) is seen
    assert seen.image(1).shape == (2 * SIZE[1], SIZE[0], 3) and seen.image(1, (40, 40)).shape == (40, 40, 3)


def test_prompts_are_stretched_with_the_picture() -> None:
    mask = np.zeros((4, 6), bool)
    mask[1, 2] = True
    line = np.array([[1.0, 2.0], [3.0, 2.0]], np.float32)
    given = FramePrompts(
        np.array([[1.5, 1.0]], np.float32), np.ones(1, np.int32), (0, 0, 3, 4), mask, ((line, 2.0, True),)
    )
    made = stretched(given, (2.0, 1.0), (12, 4))
    assert made.points.tolist() == [[3.0, 1.0]] and made.box == (0, 0, 6, 4)
    assert made.mask is not None and made.mask.shape == (4, 12) and made.mask[1, 4:6].all() and made.mask.sum() == 2
    ((moved, radius, include),) = made.strokes
    assert moved.tolist() == [[2.0, 2.0], [6.0, 2.0]] and radius == pytest.approx(2.0 * 2**0.5) and include
    assert stretched(given, (1.0, 1.0), (6, 4)) is given


def test_points_in_the_overscan_speak_for_the_border_or_for_nothing() -> None:
    points = [
        documents.Point(frame=1, xy=(-30.0, 20.0)),
        documents.Point(frame=1, xy=(400.0, -5.0), include=False),
        documents.Point(frame=1, xy=(3.0, 4.0), include=False),
    ]
    item = documents.ObjectSpec(id=1, name="hero", color="#33c26b", prompts=points)
    told = frame_prompts(item, 1, SIZE, Path)
    assert told.points.tolist() == [[0.0, 20.0], [3.0, 4.0]] and told.labels.tolist() == [1, 0]


@pytest.mark.parametrize(
    ("aspect", "stretch"), [(1.0, (1, 1)), (2.0, (2, 1)), (0.5, (1, 2)), (1.005, (1, 1)), (MOST_ASPECT * 1.1, (1, 1))]
)
def test_nothing_is_ever_shrunk(aspect: float, stretch: tuple[float, float]) -> None:
    assert unsqueezing(aspect) == stretch


@pytest.mark.slow
def test_the_subject_is_told_in_plate_pixels(tmp_path: Path) -> None:
    found: list[Candidate] = []
    odd = solver(tmp_path, SIZE[0] // 2, 2.0, SQUEEZED)
    find_subject(odd, Subject(1), lambda event: found.append(event) if isinstance(event, Candidate) else None)
    best = min(found, key=lambda one: float(np.abs(np.array(one.xyxy) - SQUEEZED).max()))
    assert np.abs(np.array(best.xyxy) - SQUEEZED).max() < 12, best
    with pytest.raises(UsageError, match="no frame 9"):
        find_subject(odd, Subject(9))
