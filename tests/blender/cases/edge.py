"""Each setting of the Edge panel does to the matte that is shown what its label says, without tracking again."""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np

from . import stage

COUNT = 5
#: Middle (x, y) and radius: a disc that begins in the picture's border, a hole in it, and a speck beside it.
DISC, HOLE, SPECK, BORDER = ((20.0, 32.0), 24.0), ((24.0, 32.0), 4.0), ((90.0, 20.0), 3.5), 3


def disc(middle: tuple[float, float], radius: float) -> np.ndarray:
    ys, xs = np.mgrid[0 : stage.HEIGHT, 0 : stage.WIDTH] + 0.5
    return (xs - middle[0]) ** 2 + (ys - middle[1]) ** 2 < radius**2


def clip() -> list[Any]:
    """Still pictures whose border is black, and roto whose edge jumps out and in from frame to frame."""
    rest = (~disc(*HOLE), disc(*SPECK))
    colour = np.where(((disc(*DISC) & rest[0]) | rest[1])[..., None], np.array([220.0, 40.0, 30.0]), 100.0)
    grain = np.random.default_rng(1).normal(scale=14.0, size=(stage.HEIGHT, stage.WIDTH, 3))
    picture = np.clip(colour + grain, 0, 255)
    picture[:, :BORDER] = 0
    paths = [stage.FOLDER / "edge" / f"edge.{1001 + i}.png" for i in range(COUNT)]
    for number, path in enumerate(paths):
        stage.write_png(path, picture.astype(np.uint8))
        roto = (disc(DISC[0], DISC[1] + 3 * (number % 2)) & rest[0]) | rest[1]
        roto[:, :BORDER] = False
        stage.write_png(stage.FOLDER / "roto" / f"edge.{1001 + number}.png", np.where(roto, 255, 0).astype(np.uint8))
    return paths


def run() -> None:
    strip = stage.select(stage.image_strip(clip()))
    bpy.context.scene.frame_set(1)
    strip.wisp.head = "guided"
    for frame in range(1001, 1001 + COUNT):
        bpy.ops.wisp.add_mask(filepath=str(stage.FOLDER / "roto" / f"edge.{frame}.png"), frame=frame)
    plain = mattes(strip)
    levels(strip, plain)
    moved(strip, plain)
    islands(strip, plain)
    border(strip, plain)
    flicker(strip, plain)
    assert np.array_equal(mattes(strip), plain), "nothing of it stays"


def mattes(strip: Any, **settings: float) -> np.ndarray:
    """COUNT x height x width, as they are shown with these settings; what was tracked is kept."""
    item = strip.wisp.objects[0]
    before = {name: getattr(item, name) for name in settings}
    for name, value in settings.items():
        setattr(item, name, value)
    assert bpy.ops.wisp.track(wait=True) == {"FINISHED"}
    message = stage.addon("runs").run_of(strip.wisp.uid).message
    assert not settings or message.startswith("0 masks tracked"), message
    folder = stage.addon("mattes").MatteFolder(stage.addon("places").here().plate(strip.wisp.uid))
    found = [stage.addon("pictures").read_matte(folder.union_path(1001 + i)) for i in range(COUNT)]
    shown = stage.render(1)[..., 3]
    assert np.abs(shown - np.clip(found[0], 0, 1)).max() < 0.01, "the strip shows another matte"
    for name, value in before.items():
        setattr(item, name, value)
    return np.stack(found)


def levels(strip: Any, plain: np.ndarray) -> None:
    """Black and white point cut alpha off, gamma bends what lies between."""
    soft = (plain > 0.05) & (plain < 0.95)
    assert soft.sum() > 100
    cut = mattes(strip, black=0.3, white=0.7)
    stage.near(cut, np.clip((plain - 0.3) / 0.4, 0, 1), 0.01, "black and white point")
    bent = mattes(strip, gamma=2.0)
    stage.near(bent[soft], plain[soft] ** 0.5, 0.01, "gamma")


def moved(strip: Any, plain: np.ndarray) -> None:
    """The edge moves by parts of a pixel, out and in; softened it is wider and stays in its place."""
    right = np.s_[::2, 28:37, 30:64]  # the frames whose roto is right; rows about the middle, the disc's right edge

    def place(found: np.ndarray) -> float:
        return float(found[right].sum(2).mean())

    at = place(plain)
    for grow in (0.5, 1.5, -0.5, -1.0):
        stage.near(place(mattes(strip, grow=grow)) - at, grow, 0.25, f"grown by {grow}")
    softened = mattes(strip, soften=6.0)
    stage.near(place(softened), at, 0.4, "softened in its place")

    def width(found: np.ndarray) -> float:
        return float(((found[right] > 0.1) & (found[right] < 0.9)).sum(2).mean())

    assert width(softened) > width(plain) + 2, (width(softened), width(plain))


def islands(strip: Any, plain: np.ndarray) -> None:
    """A hole is filled, a speck goes; the rest stays. On the frames whose roto is right: where it is off by as much as
    the hole is wide, what is in it is only half found."""
    plain = plain[::2]
    hole, speck = disc(HOLE[0], 2.0), disc(SPECK[0], 2.0)
    assert plain[:, hole].max() < 0.5 and plain[:, speck].min() > 0.5
    filled = mattes(strip, fill_holes=14)[::2]
    assert filled[:, hole].min() > 0.9 and filled[:, speck].min() > 0.5
    cleaned = mattes(strip, remove_specks=14)[::2]
    assert cleaned[:, speck].max() < 0.1 and cleaned[:, hole].max() < 0.5
    inside = disc(DISC[0], 18.0) & ~disc(HOLE[0], 8.0)
    inside[:, : 2 * BORDER] = False
    assert np.abs(cleaned - plain)[:, inside].max() < 0.02


def border(strip: Any, plain: np.ndarray) -> None:
    """What a bad border of the picture took away is made of what lies inside of it."""
    rows = np.s_[::2, 26:38]
    assert plain[rows][:, :, 0].mean() < 0.6
    mended = mattes(strip, frame_edge=BORDER + 2)
    assert mended[rows][:, :, : BORDER + 2].min() > 0.9


def flicker(strip: Any, plain: np.ndarray) -> None:
    """What changes from frame to frame in a still edge becomes less."""
    steady = mattes(strip, stabilise=1.0)

    def unrest(found: np.ndarray) -> float:
        return float(np.abs(np.diff(found, axis=0)).sum())

    assert unrest(steady) < 0.7 * unrest(plain), (unrest(steady), unrest(plain))
