"""Objects in colour: linear light in EXR, as displayed elsewhere, straight or premultiplied."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import OpenEXR
import OpenImageIO as oiio  # noqa: N813
import PyOpenColorIO as ocio  # noqa: N813
import pytest
from helpers.delivering import stand_ins
from helpers.solving import HEIGHT, WIDTH, box, shot, solver
from wisp.cache import read_matte
from wisp.deliver import Delivery, Style
from wisp.errors import UsageError
from wisp.finish.despill import despilled
from wisp.finish.foreground import foreground_colour
from wisp.plates.colour import srgb_decode, srgb_encode
from wisp.plates.exr import read_channels
from wisp.solve import Solver


def planes(path: Path) -> tuple[np.ndarray, np.ndarray]:
    channels, _ = read_channels(path)
    assert set(channels) == set("RGBA")
    return np.dstack([channels[name] for name in "RGB"]).astype(np.float32), channels["A"].astype(np.float32)


def test_straight_and_premultiplied_colour_in_exr(brief: Solver, tmp_path: Path) -> None:
    alpha = read_matte(brief.work("hero").path(1012))[0]
    expected = foreground_colour(brief.plate.read(1012).rgb, alpha)
    for premultiply, factor in ((False, 1), (True, alpha[..., None])):
        style = Style(layout="rgba", format="exr32", premultiply=premultiply)
        Delivery(brief, str(tmp_path / f"{premultiply}"), style, objects=["hero"], frames=[1012]).write()
        rgb, stored = planes(tmp_path / f"{premultiply}" / "hero" / "hero.1012.exr")
        np.testing.assert_array_equal(stored, alpha)
        np.testing.assert_allclose(rgb, expected * factor, atol=1e-6)


def test_a_screens_light_is_taken_out_where_that_is_asked(brief: Solver, tmp_path: Path) -> None:
    found = {}
    for screen in (None, "green", "blue"):
        out, style = tmp_path / str(screen), Style(layout="rgba", format="exr32", despill=screen)
        delivery = Delivery(brief, str(out), style, objects=["hero"], frames=[1012])
        assert delivery.write() == 1
        found[screen], _ = planes(out / "hero" / "hero.1012.exr")
    assert np.array_equal(found["green"], despilled(found[None], "green")) and (found["green"] < found[None]).any()
    assert np.array_equal(found["blue"], despilled(found[None], "blue")) and (found["blue"] < found[None]).any()
    with pytest.raises(Exception, match="would be overwritten"):
        Delivery(brief, str(tmp_path / "None"), Style(layout="rgba", format="exr32", despill="blue"), objects=["hero"])
    with pytest.raises(UsageError, match="no colour"):
        Style(layout="layers", despill="green")


def test_the_colour_of_the_kind_of_file_is_part_of_what_is_there(brief: Solver, tmp_path: Path) -> None:
    out, chosen = str(tmp_path / "out"), {"objects": ["hero"], "frames": [1012]}
    assert Delivery(brief, out, Style(layout="rgba"), **chosen).write() == 1
    assert Delivery(brief, out, Style(layout="rgba"), **chosen).skipped == 1
    with pytest.raises(Exception, match="would be overwritten"):
        Delivery(brief, out, Style(layout="rgba", premultiply=True), **chosen)


def test_a_display_referred_plate_is_unmixed_in_linear_light(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_ins(monkeypatch)
    codes = np.random.default_rng(8).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
    (tmp_path / "plates").mkdir()
    for frame in (1001, 1002):
        cv2.imwrite(str(tmp_path / "plates" / f"plate.{frame}.png"), codes[..., ::-1])
    plate = {"path": "plates/plate.%04d.png", "last": 1002}
    made = solver(shot(box(1001), plate=plate), tmp_path)
    made.run()
    alpha = read_matte(made.work("hero").path(1001))[0]
    linear = foreground_colour(srgb_decode(codes.astype(np.float32) / 255), alpha)
    for kind, suffix in (("exr32", "exr"), ("png", "png"), ("tiff", "tif")):
        Delivery(made, str(tmp_path / kind), Style(layout="rgba", format=kind), frames=[1001]).write()
        path = tmp_path / kind / "hero" / f"hero.1001.{suffix}"
        if kind == "exr32":
            np.testing.assert_allclose(planes(path)[0], linear, atol=1e-6)
            continue
        config = oiio.ImageSpec()
        config["oiio:UnassociatedAlpha"] = 1
        source = oiio.ImageInput.open(str(path), config)
        assert str(source.spec().format) == "uint16" and source.spec().nchannels == 4
        pixels = source.read_image(oiio.FLOAT)
        np.testing.assert_allclose(pixels[..., 3], alpha, atol=1 / 65535)
        np.testing.assert_allclose(pixels[..., :3], np.clip(srgb_encode(linear), 0, 1), atol=1 / 65535)


@pytest.mark.parametrize("kind", ["png", "tiff"])
def test_alpha_alone_is_one_grey_channel_of_sixteen_bits(kind: str, brief: Solver, tmp_path: Path) -> None:
    Delivery(brief, str(tmp_path / "out"), Style(format=kind), frames=[1012], objects=["hero"]).write()
    (path,) = (tmp_path / "out" / "hero").iterdir()
    source = oiio.ImageInput.open(str(path))
    assert (source.spec().nchannels, str(source.spec().format)) == (1, "uint16")
    np.testing.assert_allclose(
        source.read_image(oiio.FLOAT)[..., 0], read_matte(brief.work("hero").path(1012))[0], atol=1 / 65535
    )


def test_camera_log_is_delivered_in_linear_light_and_shown_as_the_plate_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the library's own transforms."""
    stand_ins(monkeypatch)
    monkeypatch.delenv("OCIO", raising=False)
    coded = np.random.default_rng(3).uniform(0.1, 0.8, (HEIGHT, WIDTH, 3)).astype(np.float32)
    (tmp_path / "plates").mkdir()
    for frame in (1001, 1002):
        OpenEXR.File({}, {"RGB": coded}).write(str(tmp_path / "plates" / f"plate.{frame}.exr"))
    space, config = "ARRI LogC4", "studio-config-v4.0.0_aces-v2.0_ocio-v2.5"
    plate = {"path": "plates/plate.%04d.exr", "last": 1002, "colorspace": space, "ocio": config}
    made = solver(shot(box(1001), plate=plate), tmp_path)
    made.run()
    alpha = read_matte(made.work("hero").path(1001))[0]
    library = ocio.Config.CreateFromBuiltinConfig(config)
    linear = coded.copy()
    library.getProcessor(space, "ACEScg").getDefaultCPUProcessor().applyRGB(linear)
    expected = foreground_colour(linear, alpha)
    Delivery(made, str(tmp_path / "exr"), Style(layout="rgba", format="exr32"), frames=[1001]).write()
    np.testing.assert_allclose(planes(tmp_path / "exr/hero/hero.1001.exr")[0], expected, rtol=1e-3, atol=1e-4)
    shown = expected.copy()
    view = ocio.DisplayViewTransform(src="ACEScg", display="sRGB - Display", view="Un-tone-mapped")
    library.getProcessor(view).getDefaultCPUProcessor().applyRGB(shown)
    Delivery(made, str(tmp_path / "png"), Style(layout="rgba", format="png"), frames=[1001]).write()
    picture = cv2.imread(str(tmp_path / "png/hero/hero.1001.png"), cv2.IMREAD_UNCHANGED)[..., 2::-1] / 65535
    np.testing.assert_allclose(picture, np.clip(shown, 0, 1), atol=1e-4)
