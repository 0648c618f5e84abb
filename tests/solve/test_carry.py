"""Prompts and mattes of one eye in the other one, and of one take in another: made scenes with known disparity."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import wisp
from numpy.typing import NDArray
from wisp import shot as documents
from wisp.cli import main
from wisp.errors import InputError, UsageError
from wisp.motion.flow import pixel_grid
from wisp.plates.exr_writer import write_exr
from wisp.plates.plate import Window
from wisp.plates.stills import read_mask
from wisp.scripting.shots import OpenShot
from wisp.solve.carry import SURE, enlarged

FRAMES = (1001, 1002)
WIDTH, HEIGHT, MARGIN = 384, 216, 100
#: How far the ground and the object lie to the left in the right eye, pixels.
GROUND, OBJECT = -3, 34
Picture = NDArray[np.uint8]


def texture(seed: int, fine: float, tone: tuple[int, int, int]) -> NDArray[np.float32]:
    rng = np.random.default_rng(seed)
    grain = cv2.GaussianBlur(rng.normal(size=(HEIGHT, WIDTH + 2 * MARGIN)).astype(np.float32), (0, 0), fine)
    grain = (grain - grain.min()) / (grain.max() - grain.min())
    return (np.array(tone, np.float32) * (0.5 + grain[..., None])).clip(0, 255)


BEHIND, BEFORE = texture(1, 3.0, (120, 110, 60)), texture(2, 2.0, (70, 110, 190))


def scene(frame: int, eye: int, gain: float = 1.0, object_at: int = 0) -> tuple[Picture, NDArray[np.bool_]]:
    """The picture (BGR) of an eye (0 left, 1 right), and where the object is."""
    alpha = np.zeros((HEIGHT, WIDTH + 2 * MARGIN), np.float32)
    centre = (MARGIN + 210 + 3 * (frame - FRAMES[0]) + object_at, 110)
    cv2.ellipse(alpha, centre, (46, 70), 0, 0, 360, 1.0, -1, cv2.LINE_AA)
    behind, before, inside = (
        plane[:, MARGIN + eye * shift : MARGIN + eye * shift + WIDTH]
        for plane, shift in ((BEHIND, GROUND), (np.roll(BEFORE, object_at, 1), OBJECT), (alpha, OBJECT))
    )
    picture = (behind * (1 - inside[..., None]) + before * inside[..., None]) * gain
    noise = np.random.default_rng([frame, eye]).normal(0, 2, picture.shape)
    return np.clip(picture + noise, 0, 255).astype(np.uint8), inside > 0.5


def box_of(inside: NDArray[np.bool_]) -> tuple[float, float, float, float]:
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    return float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1)


def overlap(one: NDArray[np.bool_], two: NDArray[np.bool_]) -> float:
    return float((one & two).sum() / max((one | two).sum(), 1))


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WISP_DEVICE", "cpu")


def plates(name: str, picture: Callable[[int], Picture]) -> str:
    pattern = f"{name}.%04d.png"
    Path(pattern).parent.mkdir(parents=True, exist_ok=True)
    for frame in FRAMES:
        cv2.imwrite(pattern % frame, picture(frame))
    return pattern


def left_eye(document: str = "sh010.wisp") -> OpenShot:
    shot = wisp.open(plates("plates/left/sh010_left", lambda frame: scene(frame, 0)[0]), document=document)
    plates("plates/right/sh010_right", lambda frame: scene(frame, 1, gain=1.15)[0])
    return shot


def test_prompts_of_one_eye_find_their_object_in_the_other(capsys: pytest.CaptureFixture[str]) -> None:
    shot = left_eye()
    _, inside = scene(1001, 0)
    hero = shot.object("hero").box(box_of(inside), 1001).point((210, 110), 1001).point((40, 40), 1001, include=False)
    hero.stroke([(190, 90), (220, 130)], 1002, radius=5).edge(grow=1.5)
    shot.save()
    assert main(["prompt", "sh010.wisp", "carry", "--view", "right", "--json"]) == 0
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    carried = [one for one in told if one["event"] == "carried"]
    assert [(one["frame"], one["doubtful"]) for one in carried] == [(1001, False), (1002, False)], carried
    other = documents.load("sh010_right.wisp")
    assert other.plate.path == "plates/right/sh010_right.%04d.png"
    (item,) = other.objects
    box, keep, drop, stroke = item.prompts
    _, truth = scene(1001, 1)
    assert np.allclose(box.xyxy, box_of(truth), atol=2.0), (box.xyxy, box_of(truth))
    assert np.allclose(keep.xy, (210 - OBJECT, 110), atol=1.0) and keep.include
    assert np.allclose(drop.xy, (40 - GROUND, 40), atol=1.5) and not drop.include
    assert np.allclose(stroke.xy, [(190 - OBJECT, 90), (220 - OBJECT, 130)], atol=1.0) and stroke.frame == 1002
    assert item.edge.grow == 1.5 and item.color == shot.document.objects[0].color

    hero.delete()
    shot.object("hero").point((212, 112), 1001)
    shot.save()
    assert main(["prompt", "sh010.wisp", "carry", "--to", "sh010_right.wisp", "-q"]) == 0
    again = documents.load("sh010_right.wisp").objects[0].prompts
    assert [(one.kind, one.frame) for one in again] == [("stroke", 1002), ("point", 1001)], "only carried frames change"
    assert main(["prompt", "sh010_right.wisp", "undo", "-q"]) == 0
    assert documents.load("sh010_right.wisp") == other


def test_a_solved_frame_is_carried_as_a_mask_and_both_mattes_agree() -> None:
    shot = left_eye()
    _, inside = scene(1001, 0)
    shot.object("hero").box(box_of(inside), 1001).point((210, 110), 1001)
    shot.models(head="guided").solve()
    shot.save()
    other = shot.other_view("right")
    found = other.carry(shot.path, frames="1001-1002")
    assert [one.frame for one in found] == list(FRAMES)
    assert all([prompt["kind"] for prompt in one.prompts] == ["mask"] for one in found)
    assert all(one.sure > 0.8 and not one.doubtful for one in found)
    other.solve()
    for frame in FRAMES:
        left, right = shot.matte("hero", frame) > 0.5, other.matte("hero", frame) > 0.5
        _, truth = scene(frame, 1)
        (prompt,) = [one for one in other.object("hero").prompts if one.frame == frame]
        mask = read_mask(documents.resolve_path(prompt.path, other.path), WIDTH, HEIGHT)
        own = overlap(left, scene(frame, 0)[1])
        assert overlap(mask, truth) > min(0.97, own - 0.01), (frame, overlap(mask, truth), own)
        assert overlap(right, truth) > min(0.97, own - 0.02), (frame, overlap(right, truth), own)
        assert overlap(np.roll(left, -OBJECT, axis=1), right) > 0.95, "both mattes agree"
    assert other.save() == Path("sh010_right.wisp") and wisp.open(other.path).document == other.document


def test_what_is_not_seen_there_is_in_doubt(capsys: pytest.CaptureFixture[str]) -> None:
    shot = left_eye()
    shot.object("hero").box(box_of(scene(1001, 0)[1]), 1001)
    shot.save()
    noise = np.random.default_rng(5).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    elsewhere = plates("other/b", lambda frame: cv2.GaussianBlur(noise, (0, 0), 2.5))
    take = wisp.open(elsewhere, document="take2.wisp")
    take.save()
    assert main(["prompt", "sh010.wisp", "carry", "--to", "take2.wisp"]) == 0
    assert "in doubt, look at them: 1001" in capsys.readouterr().err
    (told,) = wisp.open("take2.wisp").carry("sh010.wisp")
    assert told.doubtful and told.sure < SURE


def test_another_take_of_another_size_and_other_numbers() -> None:
    shot = left_eye()
    shot.object("hero").box(box_of(scene(1001, 0)[1]), 1001)
    shot.save()

    def half(frame: int) -> Picture:
        picture = scene(frame, 0, gain=0.9, object_at=-20)[0]
        return cv2.resize(picture, (WIDTH // 2, HEIGHT // 2), interpolation=cv2.INTER_AREA)

    take = wisp.open(plates("take2/b", half), document="take2.wisp")
    (told,) = take.carry("sh010.wisp", shift=1)
    truth = np.array(box_of(scene(1002, 0, object_at=-20)[1])) / 2
    assert told.frame == 1002 and np.allclose(told.prompts[0]["xyxy"], truth, atol=2.5), (told, truth)
    with pytest.raises(UsageError, match="no frame 1009"):
        take.carry("sh010.wisp", shift=8)
    with pytest.raises(UsageError, match="no prompts to carry"):
        take.carry("sh010.wisp", frames=1002)
    with pytest.raises(InputError, match="does not exist"):
        take.carry("nosuch.wisp")


def test_views_of_one_file_and_what_is_none() -> None:
    Path("stereo").mkdir()
    for frame in FRAMES:
        eyes = {"left": scene(frame, 0)[0], "right": scene(frame, 1)[0]}
        channels = {
            f"{eye}.{name}": (picture[..., place] / 255.0).astype(np.float32) ** 2.2
            for eye, picture in eyes.items()
            for name, place in (("R", 2), ("G", 1), ("B", 0))
        }
        write_exr(f"stereo/s.{frame}.exr", channels, display=Window(0, 0, WIDTH, HEIGHT))
    shot = wisp.open("stereo/s.%04d.exr", document="s.wisp")
    shot.object("hero").box(box_of(scene(1001, 0)[1]), 1001)
    shot.save()
    right = shot.other_view("right")
    assert right.document.plate.layer == "right" and right.document.plate.path == shot.document.plate.path
    (told,) = right.carry("s.wisp")
    assert np.allclose(told.prompts[0]["xyxy"], box_of(scene(1001, 1)[1]), atol=2.0)
    with pytest.raises(UsageError, match=r"no other view 'middle'.*left, right"):
        shot.other_view("middle")
    shot = left_eye("v.wisp")
    named = wisp.open("plates/%V/sh010_%V.%04d.png", document="named.wisp")
    assert named.document.plate.width == WIDTH and named.other_view("right").document.plate.path.endswith(
        "plates/right/sh010_right.%04d.png"
    )
    assert named.other_view("right").path == Path("named_right.wisp")
    assert main(["matte", "plates/%V/sh010_%V.%04d.png", "--box", "164,40,256,180", "--frames", "1001", "-q"]) == 0
    assert main(["prompt", "sh010_left_mattes/sh010_left.wisp", "carry", "--view", "right", "-q"]) == 0
    eye = documents.load("sh010_left_mattes/sh010_right.wisp")
    assert [prompt.kind for prompt in eye.objects[0].prompts] == ["mask"], "what is solved comes as a mask"
    alone = wisp.open(plates("mono/m", lambda frame: scene(frame, 0)[0]), document="m.wisp")
    with pytest.raises(UsageError, match="no other view 'right'"):
        alone.other_view("right")


@pytest.mark.parametrize("size", [(4096, 2304), (300, 200)])
def test_what_stands_still_is_carried_to_its_own_place_up_to_the_borders(size: tuple[int, int]) -> None:
    width, height = size
    still = enlarged(pixel_grid(27, 48).copy(), size, size)
    np.testing.assert_allclose(still, pixel_grid(height, width), atol=1e-2)
    moved = enlarged(pixel_grid(27, 48) + np.float32(2), size, (width // 2, height // 2))
    assert moved[0, 0] == pytest.approx([2 * width / 48 + 0.5, 2 * height / 27 + 0.5], abs=1e-2)
