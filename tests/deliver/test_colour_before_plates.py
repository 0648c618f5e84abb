"""The object's own colour where the empty set is known: pictures whose true colour is known, solved and delivered."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import OpenEXR
import pytest
import wisp
from wisp.finish.foreground import foreground_colour
from wisp.plates.colour import srgb_decode, srgb_encode
from wisp.plates.exr import read_channels

SIZE = (120, 200)
#: Writes one frame: its name, what it shows as encoded, and the grain's seed; returns the file.
Film = Callable[[str, np.ndarray, int], str]
#: Stops by which the scene-linear plate is darker than models shall see it.
STOPS = 2.0


def noise(seed: int, size: float, channels: int = 3) -> np.ndarray:
    """Spots of about that size, mean 0, deviation 1."""
    found = cv2.GaussianBlur(np.random.default_rng(seed).normal(size=(*SIZE, channels)), (0, 0), size)
    return (found / found.std()).astype(np.float32)


def alpha() -> np.ndarray:
    """A disc with a wide soft rim."""
    y, x = np.indices(SIZE) + 0.5
    return np.clip((38 - np.hypot(x - 90, y - 60)) / 16, 0, 1).astype(np.float32)


#: Where the rim lets half of what is behind it through, and more.
SOFT = (alpha() > 0.2) & (alpha() < 0.6)
COLOUR = np.clip(np.float32([0.62, 0.3, 0.2]) + 0.03 * noise(1, 2), 0, 1)
SET = np.clip(np.float32([0.35, 0.55, 0.45]) + 0.25 * noise(2, 3), 0, 1)
DARK, LIGHT = (np.clip(grey + 0.01 * noise(3, 9), 0, 1) for grey in (0.12, 0.85))


def mixed(backing: np.ndarray, *, light: bool) -> np.ndarray:
    """The disc before it, as encoded; `light`: mixed as a camera does it."""
    share = alpha()[..., None]
    if light:
        return srgb_encode(share * srgb_decode(COLOUR) + (1 - share) * srgb_decode(backing))
    return share * COLOUR + (1 - share) * backing


def png(name: str, encoded: np.ndarray, seed: int) -> str:
    grain = np.random.default_rng(seed).normal(scale=0.004, size=encoded.shape)
    codes = np.clip(255 * (encoded + grain), 0, 255).round().astype(np.uint8)
    cv2.imwrite(f"{name}.1001.png", codes[..., ::-1])
    return f"{name}.1001.png"


def exr(name: str, encoded: np.ndarray, seed: int) -> str:
    """The same scene-linear and under-exposed."""
    grain = np.random.default_rng(seed).normal(scale=0.004, size=encoded.shape)
    linear = (srgb_decode((encoded + grain).astype(np.float32)) / 2**STOPS).astype(np.float32)
    OpenEXR.File({}, {"RGB": linear}).write(f"{name}.1001.exr")
    return f"{name}.1001.exr"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WISP_DEVICE", "cpu")
    monkeypatch.setenv("WISP_CACHE", "cache")
    monkeypatch.delenv("OCIO", raising=False)
    cv2.imwrite("disc.png", (alpha() > 0.5).astype(np.uint8) * 255)


def opened(plate: str, **beside: str) -> wisp.OpenShot:
    found = wisp.open(plate)
    found.object("disc").mask(Path("disc.png"), 1001)
    if plate.endswith(".exr"):
        found.edit(lambda edits: edits.set_plate(exposure=STOPS, colorspace="Linear Rec.709 (sRGB)"))
    return found.clean_plate(**beside) if beside else found  # type: ignore[arg-type]


def colour(shot: wisp.OpenShot, out: str, *, exclusive: bool = False) -> np.ndarray:
    """The delivered one, linear light."""
    shot.deliver(out, layout="rgba", format="exr32", exclusive=exclusive)
    channels, _ = read_channels(Path(out) / "disc" / "disc.1001.exr")
    return np.dstack([channels[name] for name in "RGB"]).astype(np.float32)


def estimated(shot: wisp.OpenShot) -> np.ndarray:
    """What the plate alone tells, with the same alpha."""
    return foreground_colour(srgb_decode(shot.picture(1001)), shot.matte("disc", 1001))


def error(linear: np.ndarray) -> float:
    """Mean error of the colour in the rim, as encoded."""
    return float(np.abs(srgb_encode(np.clip(linear, 0, 1)) - COLOUR)[SOFT].mean())


@pytest.mark.parametrize("light", [True, False], ids=["light", "encoded"])
@pytest.mark.parametrize("film", [png, exr])
def test_before_a_clean_plate_it_is_the_objects_and_nothing_of_the_set(film: Film, light: bool) -> None:
    plate, clean = film("a", mixed(SET, light=light), 5), film("set", 0.97 * SET + 0.01, 6)
    shot = opened(plate, path=clean)
    shot.solve()
    exposed = 2**STOPS if film is exr else 1
    assert error(exposed * colour(shot, "out")) < 0.035 < 0.1 < error(estimated(shot))
    # Who opens the document later knows how the clean plate lay, and so does every format.
    again = wisp.open(shot.save("a.wisp"))
    again.deliver("again", layout="rgba", format="png")
    codes = cv2.imread("again/disc/disc.1001.png", cv2.IMREAD_UNCHANGED)[..., 2::-1] / 65535
    assert error(srgb_decode(codes.astype(np.float32))) < 0.035


@pytest.mark.parametrize("light", [True, False], ids=["light", "encoded"])
def test_of_a_pair_it_is_what_the_dark_backing_does_not_show(light: bool) -> None:
    takes = {name: png(name, mixed(wall, light=light), 7) for name, wall in (("dark", DARK), ("light", LIGHT))}
    walls = [png(f"{name}_clean", wall, 8) for name, wall in (("dark", DARK), ("light", LIGHT))]
    shot = opened(takes["dark"], path=walls[0], second=takes["light"], second_clean=walls[1])
    shot.solve()
    found = error(colour(shot, "out"))
    assert found < 0.012 and found < 0.6 * error(estimated(shot))


def test_it_stays_where_an_edge_setting_takes_alpha_away() -> None:
    shot = opened(png("a", mixed(SET, light=True), 5), path=png("set", SET, 6))
    shot.solve()
    whole = shot.matte("disc", 1001)
    shot.object("disc").edge(grow=-3.0)
    shot.solve()
    cut = shot.matte("disc", 1001)
    assert cut[SOFT].mean() < 0.7 * whole[SOFT].mean()
    assert error(colour(shot, "out")) < 0.035 < 0.1 < error(estimated(shot))


def test_it_stays_where_another_object_takes_alpha_away() -> None:
    shot = opened(png("a", mixed(SET, light=True), 5), path=png("set", SET, 6))
    shot.object("twin").mask(Path("disc.png"), 1001)
    shot.solve()
    shared, inside = colour(shot, "shared", exclusive=True), alpha() == 1
    assert read_channels(Path("shared/disc/disc.1001.exr"))[0]["A"][inside].max() < 0.6
    assert np.abs(srgb_encode(shared) - COLOUR)[inside].mean() < 0.01 and error(shared) < 0.035


def test_a_locked_matte_that_an_edge_setting_made_is_of_the_plate_alone() -> None:
    """With less alpha than the equation gave, it would tell another colour; what it gave, a lock does not keep."""
    shot = opened(png("a", mixed(SET, light=True), 5), path=png("set", SET, 6))
    shot.object("disc").edge(grow=-3.0)
    shot.solve()
    shot.object("disc").lock("1001")
    shot.solve()
    np.testing.assert_allclose(colour(shot, "locked"), estimated(shot), atol=1e-6)


def test_a_matte_without_plates_or_locked_before_another_is_of_the_plate_alone() -> None:
    plate = png("a", mixed(SET, light=True), 5)
    shot = opened(plate)
    shot.solve()
    np.testing.assert_allclose(colour(shot, "alone"), estimated(shot), atol=1e-6)
    files = [*Path("alone").glob("**/*.exr"), *Path("cache").glob("**/*.exr")]
    assert len(files) > 1 and not any("wisp/behind" in read_channels(file)[1].attributes for file in files)

    shot.clean_plate(png("set", SET, 6)).solve()
    shot.object("disc").lock("1001")
    shot.solve()
    assert np.abs(colour(shot, "locked") - estimated(shot)).max() > 0.05
    shot.clean_plate(png("darker", 0.9 * SET, 6)).solve()
    np.testing.assert_allclose(colour(shot, "other"), estimated(shot), atol=1e-6)
    for later in (1002, 1003):
        shutil.copy("set.1001.png", f"later.{later}.png")
    shot.clean_plate("later.%04d.png")
    np.testing.assert_allclose(colour(shot, "later"), estimated(shot), atol=1e-6)
