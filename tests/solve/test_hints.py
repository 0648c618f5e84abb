"""What a head is told beside the mask: unknown strokes that travel with the object, core and garbage."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import wisp
from helpers.solving import HEIGHT, WIDTH, ChainTracker, SmoothHead, box, point, shot, solver
from wisp.errors import InputError, UsageError
from wisp.heads import embedded
from wisp.plates.colour import srgb_decode, srgb_encode
from wisp.shot import PlateSpec
from wisp.solve.beside import BesidePlate

RED, BLUE = np.array([40, 50, 205], np.float32), np.array([180, 65, 25], np.float32)
#: Of the object's centre: how far it goes between two frames.
STEP = 9
FIRST, LAST = 1, 8


def stroke(frame: int, *xy: list[float], radius: float = 3) -> dict:
    return {"frame": frame, "kind": "unknown", "xy": list(xy), "radius": radius}


def truth(frame: int) -> np.ndarray:
    """A disc of radius 22 with a veil on its right: 50 pixels of half alpha in stripes, far wider than a head looks."""
    alpha, x = np.zeros((120, 240), np.float32), 50 + STEP * (frame - FIRST)
    cv2.circle(alpha, (x, 60), 22, 1.0, -1, cv2.LINE_AA)
    for row in range(46, 76, 4):
        cv2.line(alpha, (x + 15, row), (x + 70, row), 0.5, 2)
    return alpha


@pytest.fixture
def plate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WISP_DEVICE", "cpu")
    Path("plates").mkdir()
    wall = np.random.default_rng(7).normal(scale=4, size=(120, 240, 1)).astype(np.float32)
    for frame in range(FIRST, LAST + 1):
        alpha = truth(frame)[..., None]
        speckles = np.roll(wall, STEP * (frame - FIRST), axis=1)
        picture = alpha * (RED + 2 * speckles) + (1 - alpha) * (BLUE + wall)
        cv2.imwrite(f"plates/a.{frame:04d}.png", np.clip(picture, 0, 255).round().astype(np.uint8))
        cv2.imwrite(f"plates/disc.{frame:04d}.png", disc(frame).astype(np.uint8) * 255)
    return "plates/a.%04d.png"


def disc(frame: int) -> np.ndarray:
    mask = np.zeros((120, 240), np.uint8)
    cv2.circle(mask, (50 + STEP * (frame - FIRST), 60), 22, 1, -1)
    return mask > 0


def veil(frame: int) -> np.ndarray:
    """Where the veil is, beyond what any head finds by itself."""
    area = np.zeros((120, 240), bool)
    x = 50 + STEP * (frame - FIRST)
    area[44:78, x + 30 : x + 72] = True
    return area


def errors(opened: wisp.OpenShot) -> list[float]:
    return [
        float(((opened.matte("hero", frame) - truth(frame))[veil(frame)] ** 2).mean())
        for frame in range(FIRST, LAST + 1)
    ]


def test_a_stroke_on_one_frame_brings_the_veil_of_all_frames(plate: str) -> None:
    opened = wisp.open(plate)
    opened.object("hero").mask(Path("plates/disc.0004.png"), 4)
    opened.solve()
    without = errors(opened)
    opened.object("hero").unknown([(95, 52), (145, 52), (95, 68), (145, 68)], 4, radius=14)
    assert opened.document.objects[0].keyframes == (4,)
    summary = opened.solve()
    assert (summary.tracked, summary.matted) == (0, LAST - FIRST + 1)
    told = errors(opened)
    assert all(now < 0.4 * before for before, now in zip(without, told, strict=True)), (without, told)
    again = wisp.open(plate)
    again.object("hero").mask(Path("plates/disc.0004.png"), 4).unknown(
        [(95, 52), (145, 52), (95, 68), (145, 68)], 4, radius=14
    )
    assert again.solve("8").cached == 1


def test_a_shot_without_hints_is_known_as_before(folder: Path, tracker: ChainTracker, head: SmoothHead) -> None:
    made = solver(shot(box(1001), point(1010)), folder)
    work = made.work("hero")
    assert work.hints.content(1005, lambda frame: str(frame)) == [] and work.hints.request() == []
    assert work.mask_frames(1005) == (1005,)


def test_unknown_strokes_are_for_the_head_alone_and_reach_from_the_nearest_painted_frames(
    folder: Path, tracker: ChainTracker, head: SmoothHead
) -> None:
    solver(shot(box(1001), point(1010)), folder).run()
    tracker.steps.clear()
    made = solver(shot(box(1001), point(1010), stroke(1005, [5, 5]), stroke(1030, [9, 9], [12, 9])), folder)
    hints = made.work("hero").hints
    assert [hints.leans_on(frame) for frame in (1001, 1005, 1006, 1029, 1030, 1040)] == [
        (1005,),
        (1005,),
        (1005, 1030),
        (1005, 1030),
        (1030,),
        (1030,),
    ]
    assert made.run().matted == 40 and tracker.steps == []
    changed = solver(shot(box(1001), point(1010), stroke(1005, [5, 5]), stroke(1030, [9, 9])), folder)
    assert changed.status().objects[0].of("dirty") == tuple(range(1006, 1041))


def test_a_stroke_behind_a_frame_is_waited_for(folder: Path, tracker: ChainTracker, head: SmoothHead) -> None:
    made = solver(shot(box(1001), stroke(1006, [5, 5])), folder)
    assert made.run([1003]).matted == 1
    assert tracker.steps == list(range(1001, 1007)), "the stroke's own frame says where the object was"
    assert made.run([1003]).cached == 1


def test_an_object_outside_its_region_has_nothing_unknown(
    folder: Path, tracker: ChainTracker, head: SmoothHead
) -> None:
    made = solver(shot(box(1001), stroke(1001, [8, 8], radius=40), item={"region": [4, 2, 20, 14]}), folder)
    unknown = made.work("hero").hints.unknown(1001, made.clip, made.work("hero").plate_mask)
    assert unknown.shape == (HEIGHT, WIDTH) and unknown[2:14, 4:20].all() and unknown.sum() == 12 * 16


def test_a_head_begins_with_what_core_and_garbage_say(
    folder: Path, tracker: ChainTracker, head: SmoothHead, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[np.ndarray] = []
    plain = head.matte

    def matte(clip, frame, logits):
        seen.extend(logits.values())
        return plain(clip, frame, logits)

    monkeypatch.setattr(head, "matte", matte)
    core, garbage = np.zeros((HEIGHT, WIDTH), np.uint8), np.zeros((HEIGHT, WIDTH), np.uint8)
    core[2:6, 3:9], garbage[8:12, 10:20] = 255, 255
    cv2.imwrite(str(folder / "core.png"), core)
    cv2.imwrite(str(folder / "garbage.png"), garbage)
    solver(shot(box(1001), item={"core": "core.png", "garbage": "garbage.png"}), folder).run([1001])
    ((mask,),) = [seen]
    assert mask.shape == (HEIGHT, WIDTH)
    assert (mask[core > 0] > 0).all() and (mask[garbage > 0] < 0).all()


def test_a_clean_plate_in_the_document_is_part_of_every_matte(plate: str, monkeypatch: pytest.MonkeyPatch) -> None:
    carried: list[float] = []
    along = embedded.carried_alpha
    monkeypatch.setattr(embedded, "_coarse_share", lambda *_: 1.0)
    monkeypatch.setattr(embedded, "carried_alpha", lambda *planes: carried.append(1.0) or along(*planes))
    wall = np.random.default_rng(7).normal(scale=4, size=(120, 240, 1)).astype(np.float32)
    cv2.imwrite("plates/clean.png", np.clip(0.95 * (BLUE + wall) + 4, 0, 255).round().astype(np.uint8))
    opened = wisp.open(plate)
    opened.object("hero").mask(Path("plates/disc.0004.png"), 4)
    opened.solve("3-5")
    without = [errors_on(opened, frame) for frame in (3, 4, 5)]
    assert len(carried) == 3

    opened.clean_plate("plates/clean.png")
    assert opened.solve("3-5").matted == 3
    assert len(carried) == 3  # what the equation is to tell is not made up of the colours before
    told = [errors_on(opened, frame) for frame in (3, 4, 5)]
    assert all(now < 0.6 * before for now, before in zip(told, without, strict=True)), (without, told)
    assert (opened.matte("hero", 4)[:, :20] < 0.01).all()


def errors_on(opened: wisp.OpenShot, frame: int) -> float:
    return float(((opened.matte("hero", frame) - truth(frame)) ** 2).mean())


def test_a_clean_plate_of_another_place_or_size_is_refused_in_one_sentence(plate: str) -> None:
    tiles = np.random.default_rng(3).integers(0, 256, (6, 12, 3)).astype(np.uint8)
    cv2.imwrite("plates/other.png", cv2.resize(tiles, (240, 120), interpolation=cv2.INTER_NEAREST))
    cv2.imwrite("plates/small.png", np.zeros((60, 120, 3), np.uint8))
    cv2.imwrite("plates/set.0001.png", np.zeros((120, 240, 3), np.uint8))
    cv2.imwrite("plates/set.0002.png", np.zeros((120, 240, 3), np.uint8))
    for name, kind, says in (
        ("other.png", InputError, "does not lie over frame 4"),
        ("small.png", UsageError, "120x60 but the plate is 240x120"),
        ("set.%04d.png", InputError, "has no frame 4"),
        ("none.png", InputError, "none.png"),
    ):
        opened = wisp.open(plate)
        opened.clean_plate(f"plates/{name}")
        opened.object("hero").mask(Path("plates/disc.0004.png"), 4)
        with pytest.raises(kind, match=says):
            opened.solve("4")


def test_where_the_object_covers_the_picture_a_clean_plate_has_nothing_to_say(plate: str) -> None:
    cv2.imwrite("plates/clean.png", np.full((120, 240, 3), BLUE).round().astype(np.uint8))
    cv2.imwrite("plates/all.png", np.full((120, 240), 255, np.uint8))
    opened = wisp.open(plate)
    opened.clean_plate("plates/clean.png")
    opened.object("hero").mask(Path("plates/all.png"), 4)
    opened.solve("4")
    assert (opened.matte("hero", 4) == 1).all()


def test_a_movie_filmed_beside_a_movie_is_numbered_as_that_is(tmp_path: Path) -> None:
    av = pytest.importorskip("av", reason="needs the extra [movies]")
    with av.open(str(tmp_path / "clean.mkv"), "w") as container:
        stream = container.add_stream("ffv1", rate=24)
        stream.width, stream.height, stream.pix_fmt = 32, 32, "bgr0"
        for level in range(10, 60, 10):
            picture = np.full((32, 32, 3), level, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    for offset in (0, 1000):
        spec = PlateSpec(path="plate.mkv", first=1, last=5, width=32, height=32, offset=offset, clean="clean.mkv")
        beside = BesidePlate(spec, "clean", tmp_path / "clean.mkv", None, lambda: False)
        shown = [round(255 * float(beside.image(offset + number).mean())) for number in (1, 5)]
        assert shown == [10, 50] and not beside.shows(offset + 6) and not beside.has_changed()
        beside.close()


def wall(grey: float) -> np.ndarray:
    """An evenly painted backing, with a fall-off."""
    fall = 1 - 0.1 * np.abs(np.linspace(-1, 1, 240, dtype=np.float32))[None, :, None]
    return np.float32(grey) * fall * np.ones((120, 240, 3), np.float32)


def film(
    name: str,
    backing: np.ndarray,
    colour: np.ndarray = RED,
    first: int = FIRST,
    last: int = LAST,
    *,
    light: bool = False,
) -> None:
    """The performance before a backing, as a sequence, and the backing empty. `light`: mixed as a camera does it."""
    grain = np.random.default_rng(len(name)).normal(scale=1, size=(2, 120, 240, 3))
    speckles = np.random.default_rng(7).normal(scale=9, size=(120, 240, 3))
    cv2.imwrite(f"plates/{name}_clean.png", np.clip(backing + grain[0], 0, 255).round().astype(np.uint8))
    for frame in range(first, last + 1):
        alpha = truth(frame)[..., None]
        own = np.clip(colour * (1 + np.roll(speckles, STEP * (frame - FIRST), axis=1) / 100), 0, 255)
        picture = alpha * own + (1 - alpha) * backing + grain[1]
        if light:
            mixed = alpha * srgb_decode(own / 255) + (1 - alpha) * srgb_decode(backing / 255)
            picture = 255 * srgb_encode(mixed) + grain[1]
        cv2.imwrite(f"plates/{name}.{frame:04d}.png", np.clip(picture, 0, 255).round().astype(np.uint8))


def told(plate: str, **filmed: object) -> wisp.OpenShot:
    opened = wisp.open(plate)
    opened.object("hero").mask(Path("plates/disc.0004.png"), 4)
    return opened.clean_plate(**filmed) if filmed else opened  # type: ignore[arg-type]


def test_a_pair_gives_the_veil_and_an_edit_of_either_file_mattes_anew(plate: str) -> None:
    film("dark", wall(20))
    film("light", wall(215))
    alone = told("plates/dark.%04d.png")
    alone.solve("3-5")
    before = [errors_on(alone, frame) for frame in (3, 4, 5)]
    light = {"second": "plates/light.%04d.png", "second_clean": "plates/light_clean.png"}
    pair = {"path": "plates/dark_clean.png", **light}
    opened = told("plates/dark.%04d.png", **pair)
    assert opened.solve("3-5").matted == 3
    found = [errors_on(opened, frame) for frame in (3, 4, 5)]
    assert all(now < 0.1 * then for now, then in zip(found, before, strict=True)), (found, before)
    assert told("plates/dark.%04d.png", **pair).solve("3-5").cached == 3
    place = opened.save("pair.wisp")
    assert wisp.open(place).document.plate.beside == {"clean": pair["path"], **light}

    # A frame of the second take matters to that frame alone; its backing to all.
    film("light", wall(216), first=4, last=4)
    cv2.imwrite("plates/light_clean.png", np.clip(wall(215), 0, 255).round().astype(np.uint8))
    again = told("plates/dark.%04d.png", **pair)
    assert again.solve("3-5").matted == 3
    film("light", wall(215), first=4, last=4)
    cv2.imwrite("plates/light_clean.png", np.clip(wall(215), 0, 255).round().astype(np.uint8))
    assert told("plates/dark.%04d.png", **pair).solve("3-5").matted == 1


def test_a_backlit_plate_gives_alpha_without_a_second_take(plate: str) -> None:
    film("lit", wall(240), colour=0.04 * RED, light=True)
    alone = told("plates/lit.%04d.png")
    alone.solve("4")
    opened = told("plates/lit.%04d.png", path="plates/lit_clean.png", backlit=True)
    assert opened.solve("4").matted == 1
    assert errors_on(opened, 4) < 0.3 * errors_on(alone, 4)


def test_a_pair_that_is_none_is_refused_in_one_sentence(plate: str) -> None:
    film("dark", wall(20))
    film("light", wall(215))
    film("grey", wall(35))
    grey = {"second": "plates/grey.%04d.png", "second_clean": "plates/grey_clean.png"}
    dark, light = "plates/dark_clean.png", {"second": "plates/light.%04d.png", "second_clean": "plates/light_clean.png"}
    cv2.imwrite("plates/small.png", np.zeros((60, 120, 3), np.uint8))
    for frame in range(FIRST, LAST + 1):  # the performance a few frames later
        other = cv2.imread(f"plates/light.{min(frame + 2, LAST):04d}.png")
        cv2.imwrite(f"plates/late.{frame:04d}.png", other)
    for filmed, kind, says in (
        ({"path": dark, "second": light["second"]}, UsageError, "but there is no second clean plate"),
        ({"path": None, **light}, UsageError, "but there is no clean plate"),
        ({"path": dark, **light, "second": "plates/none.png"}, InputError, "none.png"),
        ({"path": dark, **light, "second": "plates/small.png"}, UsageError, "second plate .*small.png is 120x60"),
        ({"path": dark, **grey}, InputError, "look alike"),
        ({"path": dark, **light, "second": "plates/late.%04d.png"}, InputError, "does not show the same as the plate"),
        ({"path": None, "backlit": True}, UsageError, "needs its backing"),
        ({"path": dark, **light, "backlit": True}, UsageError, "not both"),
        ({"path": dark, "backlit": True}, InputError, "too dark for a backlit plate"),
    ):
        with pytest.raises(kind, match=says):
            told("plates/dark.%04d.png", **filmed).solve("4")
    with pytest.raises(InputError, match="not dark before its backing"):
        told("plates/light.%04d.png", path="plates/light_clean.png", backlit=True).solve("4")
