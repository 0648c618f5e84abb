"""Every icon has its pictures; they are whole, current, and not cut off at the border."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np
import pytest

ICONS = Path(__file__).parent.parent.parent / "icons"
SOURCES = sorted(ICONS.glob("*.svg"))
WANTED = {
    *("point-add", "point-remove", "box", "stroke", "lasso", "unknown", "object"),
    *("track-forward", "track-backward", "track-both", "track-frame", "stop", "lock", "absent", "wipe"),
    *("plate", "matte", "tint", "cutout", "checker", "difference", "doubt", "wisp"),
}
ACCENT = "#33c26b"


def pictures(name: str) -> dict[int, np.ndarray]:
    """The committed PNGs of an icon by size, RGBA."""
    sizes = (24, 48, 256) if name == "wisp" else (24, 48)
    found = {}
    for size in sizes:
        picture = cv2.imread(str(ICONS / "png" / f"{name}-{size}.png"), cv2.IMREAD_UNCHANGED)
        assert picture is not None, f"{name}-{size}.png is missing"
        found[size] = cv2.cvtColor(picture, cv2.COLOR_BGRA2RGBA)
    return found


@pytest.fixture(scope="module")
def renderer() -> ModuleType:
    pytest.importorskip("PySide6.QtSvg", reason="rendering icons needs PySide6 (the gui extra)")
    spec = importlib.util.spec_from_file_location("icons_render", ICONS / "render.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_all_icons_are_there_and_no_picture_without_a_source() -> None:
    assert {source.stem for source in SOURCES} == WANTED
    for picture in (ICONS / "png").glob("*.png"):
        assert picture.stem.rsplit("-", 1)[0] in WANTED


@pytest.mark.parametrize("name", sorted(WANTED))
def test_pictures_are_whole(name: str) -> None:
    for size, picture in pictures(name).items():
        assert picture.shape == (size, size, 4)
        alpha = picture[..., 3]
        assert 0.1 < np.mean(alpha > 128) < 0.9
        border = np.concatenate([alpha[0], alpha[-1], alpha[:, 0], alpha[:, -1]])
        assert border.max() < 64, "something is cut off at the border"


@pytest.mark.parametrize("grey", [0x32, 0xC4])
@pytest.mark.parametrize("name", sorted(WANTED))
def test_icons_stand_out_from_dark_and_light_panels(name: str, grey: int) -> None:
    """At 16 pixels a tenth of the area or more differs from the panel by 40 levels of 255."""
    picture = cv2.resize(pictures(name)[48].astype(np.float32), (16, 16), interpolation=cv2.INTER_AREA)
    over = picture[..., :3] * picture[..., 3:] / 255 + grey * (1 - picture[..., 3:] / 255)
    luma = over @ np.array([0.2126, 0.7152, 0.0722])
    assert np.mean(np.abs(luma - grey) > 40) > 0.1


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.stem)
def test_sources_keep_to_the_grid_and_the_palette(source: Path) -> None:
    text = source.read_text("utf-8")
    assert "<title>" in text
    if source.stem == "wisp":
        return
    assert 'viewBox="0 0 24 24"' in text
    assert set(re.findall(r"#[0-9a-f]{6}", text)) <= {ACCENT, "#15181b", "#f2f4f5", "#6d757c"}


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.stem)
def test_pictures_are_current(source: Path, renderer: ModuleType, tmp_path: Path) -> None:
    """Rendering again gives the committed picture, but for what another version of Qt rounds otherwise."""
    for size, committed in pictures(source.stem).items():
        place = tmp_path / f"{size}.png"
        assert renderer.render(source, size).save(str(place))
        fresh = cv2.cvtColor(cv2.imread(str(place), cv2.IMREAD_UNCHANGED), cv2.COLOR_BGRA2RGBA)
        difference = np.abs(fresh.astype(int) - committed.astype(int))
        assert difference.mean() < 1.0
        assert np.mean(difference.max(axis=2) > 32) < 0.02


def test_a_file_that_is_no_svg_is_named(renderer: ModuleType, tmp_path: Path) -> None:
    broken = tmp_path / "broken.svg"
    broken.write_text("<p>no picture</p>")
    with pytest.raises(ValueError, match=r"broken\.svg"):
        renderer.render(broken, 24)
