"""Roto that comes in: which frames become masks, that tracking from them gives the same object, and the band."""

from __future__ import annotations

import json
import re
from pathlib import Path

import cv2
import numpy as np
import pytest
from wisp import shot as documents
from wisp.cli import main
from wisp.client.ends import RotoTaken
from wisp.client.events import Event, RotoRead
from wisp.client.requests import Roto
from wisp.errors import CancelledError, InputError
from wisp.plates.exr import read_channels
from wisp.shapes.formats import FORMATS
from wisp.shapes.model import Key, ShapedObject, Shapes, Span, Spline
from wisp.shapes.roto import KeyChoice, chosen, read_roto, take
from wisp.shapes.trace import trace

WIDTH, HEIGHT, COUNT = 160, 120, 8
Y, X = np.mgrid[:HEIGHT, :WIDTH] + 0.5


def disc(frame: int) -> np.ndarray:
    t = frame - 1001
    return ((X - 50 - 3 * t) ** 2 + (Y - 60) ** 2 < (25 + t) ** 2).astype(np.float32)


@pytest.fixture
def plate(tmp_path: Path) -> Path:
    """A textured disc that moves over texture, and its mattes beside it."""
    random = np.random.default_rng(1)
    ground = cv2.GaussianBlur(random.random((HEIGHT, WIDTH, 3)), (0, 0), 2) * 0.5
    skin = cv2.GaussianBlur(random.random((HEIGHT, WIDTH, 3)), (0, 0), 2) * 0.5 + 0.5
    for folder in ("plate", "matte"):
        (tmp_path / folder).mkdir()
    for frame in range(1001, 1001 + COUNT):
        mask = disc(frame)[..., None]
        moved = np.roll(skin, 3 * (frame - 1001), axis=1)
        picture = mask * moved + (1 - mask) * ground
        cv2.imwrite(str(tmp_path / "plate" / f"p.{frame}.png"), np.rint(picture * 255).astype(np.uint8))
        cv2.imwrite(str(tmp_path / "matte" / f"m.{frame}.png"), (disc(frame) * 255).astype(np.uint8))
    item = trace("disc", range(1001, 1001 + COUNT), disc)
    shapes = Shapes(WIDTH, HEIGHT, 1001, 1000 + COUNT, (item,))
    for suffix in ("nk", "json"):
        (tmp_path / f"roto.{suffix}").write_text(FORMATS[suffix].write(shapes, 1.0))
    return tmp_path


def test_which_frames_become_keyframes(plate: Path) -> None:
    frames = range(1001, 1001 + COUNT)
    (item,), *_ = read_roto(str(plate / "roto.nk"), (WIDTH, HEIGHT), 1.0, frames)
    assert item.name == "disc" and item.shown == tuple(frames)
    assert chosen(item, KeyChoice()) == item.keys and item.keys[0] == 1001 and item.keys[-1] == 1000 + COUNT
    assert chosen(item, KeyChoice.parse("every:3")) == (1001, 1004, 1007)
    assert chosen(item, KeyChoice.parse("most:2")) == (1001, 1000 + COUNT)
    (mattes,), *_ = read_roto(str(plate / "matte" / "m.%04d.png"), (WIDTH, HEIGHT), 1.0, frames)
    assert mattes.name == "m" and mattes.keys == tuple(frames)
    for frame in frames:
        assert (mattes.mask(frame) == (disc(frame) > 0)).all()


def masks(plate: Path, source: str) -> tuple[RotoTaken, dict[str, dict[int, np.ndarray]]]:
    """How taking roto ended, and the masks of each object by frame."""
    told: list[RotoRead] = []

    def hear(event: Event) -> None:
        if isinstance(event, RotoRead):
            told.append(event)

    asked = Roto(str(plate / source), str(plate / "masks"))
    taken = take(asked, (WIDTH, HEIGHT), 1.0, range(1001, 1001 + COUNT), hear)
    return taken, {read.object: {at: cv2.imread(path, 0) > 0 for at, path in read.masks} for read in told}


def test_objects_whose_names_become_the_same_stay_apart(plate: Path) -> None:
    made = json.loads((plate / "roto.json").read_text())
    (item,) = made["objects"]
    moved = json.loads(json.dumps(item))
    for key in (key for span in moved["spans"] for one in span["splines"] for key in one["keys"]):
        for point in key["points"]:
            point["xy"][1] += 20
    made["objects"] = [item | {"name": "Layer 1"}, moved | {"name": "Layer_1"}, item | {"name": "layer/1"}]
    made["objects"] += [item | {"name": "1"}, item | {"name": "con"}]
    (plate / "same.json").write_text(json.dumps(made))
    _, found = masks(plate, "same.json")
    assert list(found) == ["Layer_1", "Layer_1_2", "layer_1_3", "roto", "con_"]
    first, second = (np.flatnonzero(found[name][1001].any(1))[0] for name in ("Layer_1", "Layer_1_2"))
    assert second == first + 20


def test_a_single_matte_is_of_the_frame_that_it_is_numbered_with(plate: Path) -> None:
    _, found = masks(plate, "matte/m.1004.png")
    assert list(found["m"]) == [1004]
    for name in ("m.2004.png", "still.png"):
        (plate / name).write_bytes((plate / "matte" / "m.1004.png").read_bytes())
    with pytest.raises(InputError, match="shows nothing on 1001-1008"):
        masks(plate, "m.2004.png")
    assert list(masks(plate, "still.png")[1]["still"]) == [1001]
    assert list(masks(plate, "matte/m.####.png 1003-1004")[1]["m"]) == [1003, 1004]


def ends(source: Path, band: float | None = None) -> list[tuple[int, int, list[list[int]], list[int]]]:
    """Of each object: the first and the last frame that it may be on, absence between them, and frames of masks."""
    told: list[Event] = []
    asked = Roto(str(source), str(source.parent / "masks"), band=band)
    take(asked, (WIDTH, HEIGHT), 1.0, range(1001, 1001 + COUNT), told.append)
    found = [event for event in told if isinstance(event, RotoRead)]
    return [(read.first, read.last, read.absent, [frame for frame, _ in read.masks]) for read in found]


def test_a_shape_is_there_wherever_nothing_says_otherwise(tmp_path: Path) -> None:
    points = np.zeros((4, 7))
    points[:, :2] = [[20, 20], [60, 20], [60, 60], [20, 60]]
    item = ShapedObject("box", (Span(1005, 1005, (Spline(1, "add", (Key(1005, points),)),)),))
    text = FORMATS["nk"].write(Shapes(WIDTH, HEIGHT, 1005, 1005, (item,)), 1.0)
    place = tmp_path / "one.nk"

    def lives(life: str) -> list[tuple[int, int, list[list[int]], list[int]]]:
        place.write_text(re.sub(r"ltn \w+ ltm \w+ ltt \w+", life, text))
        return ends(place)

    assert lives("ltn 1005 ltm 1005") == [(1001, 1008, [], [1005])]
    assert ends(place, band=4.0) == [(1001, 1008, [], list(range(1001, 1009)))]
    assert lives("opc {{1002 0} {1003 1}}") == [(1003, 1008, [], [1003, 1005])]
    assert lives("opc {{1003 1} {1004 0} {1006 0} {1007 1}}") == [(1001, 1008, [[1004, 1006]], [1007])]
    place.write_text(re.sub(r"ltn \w+ ltm \w+ ltt \w+", "", text).replace("x447b4000", "1"))
    assert ends(place) == [(1001, 1008, [], [1001])], "a key before the plate holds"


def test_empty_mattes_say_that_nothing_is_there_and_missing_ones_nothing(plate: Path) -> None:
    assert ends(plate / "matte" / "m.1004.png") == [(1001, 1008, [], [1004])]
    assert ends(plate / "matte" / "m.1004.png", band=4.0) == [(1004, 1004, [], [1004])]
    for frame in (1002, 1005):
        cv2.imwrite(str(plate / "matte" / f"m.{frame}.png"), np.zeros((HEIGHT, WIDTH), np.uint8))
    (plate / "matte" / "m.1007.png").unlink()
    (plate / "matte" / "m.1008.png").unlink()
    (plate / "matte" / "m.1001.png").unlink()
    assert ends(plate / "matte" / "m.%04d.png") == [(1003, 1008, [[1005, 1005]], [1003, 1004, 1006])]
    assert ends(plate / "matte" / "m.%04d.png", 4.0) == [(1003, 1006, [[1005, 1005]], [1003, 1004, 1006])]


def test_what_is_not_read_is_said(plate: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stroke = "{cubiccurve Brush1 512 catmullrom {cc {f 2080} {p {1 2 1}}} {a}}"
    text = (plate / "roto.nk").read_text().replace("    {a}\n", f"    {{a}}\n {stroke}\n", 1)
    (plate / "more.nk").write_text(text)
    taken, found = masks(plate, "more.nk")
    assert taken.sentence == "1 object taken; left out: the stroke Brush1 of disc" and list(found) == ["disc"]
    assert RotoTaken(1, ["a", "b", "c", "d", "e"]).lack == "left out: a, b, c and 2 more"
    assert run(plate, "--roto", str(plate / "more.nk")) == 0
    assert "Warning: Not all of" in (said := capsys.readouterr().err) and "the stroke Brush1 of disc" in said


def run(plate: Path, *more: str) -> int:
    return main(["matte", str(plate / "plate" / "p.%04d.png"), "-o", str(plate / "out"), "-q", *more])


@pytest.mark.parametrize("source", ["roto.nk", "roto.json", "matte/m.%04d.png"])
def test_shapes_out_and_in_again_are_the_same_object(plate: Path, source: str) -> None:
    assert run(plate, "--roto", str(plate / source)) == 0
    (document,) = (plate / "out").glob("*.wisp")
    (item,) = documents.load(document).objects
    assert {prompt.kind for prompt in item.prompts} == {"mask"}
    for frame in range(1001, 1001 + COUNT):
        alpha = read_channels(plate / "out" / item.name / f"{item.name}.{frame}.exr")[0]["A"]
        made, truth = alpha >= 0.5, disc(frame) > 0
        assert (made & truth).sum() / (made | truth).sum() >= 0.97, frame


def test_finishing_leaves_everything_but_the_band(plate: Path) -> None:
    assert run(plate, "--roto", str(plate / "matte" / "m.%04d.png"), "--finish", "5") == 0
    for frame in range(1001, 1001 + COUNT):
        alpha = read_channels(plate / "out" / "m" / f"m.{frame}.exr")[0]["A"]
        away = np.hypot(X - 50 - 3 * (frame - 1001), Y - 60) - (25 + frame - 1001)
        assert (alpha[away < -7] == 1).all() and (alpha[away > 7] == 0).all()
        edge = alpha[np.abs(away) < 3]
        assert ((edge > 0.02) & (edge < 0.98)).any(), "a finished edge is soft"


def test_what_is_wrong_is_said(plate: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = json.loads((plate / "roto.json").read_text())
    other["plate"]["width"] = 999
    (plate / "other.json").write_text(json.dumps(other))
    for source, code, says in (
        ("other.json", 3, "999x120"),
        ("none.nk", 3, "Cannot read"),
        ("nowhere/m.%04d.png", 3, "nowhere"),
    ):
        assert run(plate, "--roto", str(plate / source)) == code
        assert says in capsys.readouterr().err
    assert run(plate, "--roto", str(plate / "roto.nk"), "--roto-keys", "some") == 2
    assert run(plate, "--box", "1,1,50,50", "--finish", "5") == 2
    assert not (plate / "out").exists()


@pytest.mark.parametrize("heard", [1, COUNT + 1, 2 * COUNT + 1, 3 * COUNT - 1])
def test_stop_is_heard_from_frame_to_frame(plate: Path, tmp_path: Path, heard: int) -> None:
    """While the roto is read, while its masks are written, and while the band around them is."""
    told: list[Event] = []
    asked = Roto(str(plate / "roto.json"), str(tmp_path / "out"), band=4.0)
    with pytest.raises(CancelledError):
        take(asked, (WIDTH, HEIGHT), 1.0, range(1001, 1001 + COUNT), told.append, lambda: len(told) >= heard)
    assert len(told) == heard
    assert len(list((tmp_path / "out").rglob("*_core.*"))) == max(0, heard - 2 * COUNT)
