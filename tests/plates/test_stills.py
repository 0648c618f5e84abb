"""Stills at full depth, against OpenCV as a second reader; masks."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import OpenImageIO as oiio  # noqa: N813
import pytest
from PIL import Image
from wisp.errors import FrameReadError, UsageError
from wisp.plates import stills
from wisp.plates.exr_writer import write_exr
from wisp.plates.plate import Window


def write(path: Path, pixels: np.ndarray, kind: object = oiio.UINT8, **attributes: object) -> None:
    """Write height x width x channels by OpenImageIO."""
    spec = oiio.ImageSpec(pixels.shape[1], pixels.shape[0], pixels.shape[2], kind)
    for name, value in attributes.items():
        spec[name.replace("__", ":")] = value
    output = oiio.ImageOutput.create(str(path))
    assert output.open(str(path), spec), output.geterror()
    assert output.write_image(pixels), output.geterror()
    output.close()


@pytest.fixture
def codes() -> np.ndarray:
    return np.random.default_rng(3).integers(0, 65536, (24, 40, 3), dtype=np.uint16)


def test_png16_keeps_every_code_value(tmp_path: Path, codes: np.ndarray) -> None:
    codes[0, 0] = (0, 1, 65535)
    cv2.imwrite(str(tmp_path / "deep.png"), codes[..., ::-1])
    frame = stills.read_frame(tmp_path / "deep.png", 5)
    assert frame.rgb.dtype == np.float32
    np.testing.assert_array_equal(np.round(frame.rgb.astype(np.float64) * 65535).astype(np.uint16), codes)
    assert len(np.unique(frame.rgb)) > 256
    assert frame.rgb.min() == 0.0
    assert frame.rgb.max() == 1.0


def test_colour_under_transparent_alpha_is_kept(tmp_path: Path, codes: np.ndarray) -> None:
    rgba = np.dstack([codes, np.zeros(codes.shape[:2], np.uint16)])
    cv2.imwrite(str(tmp_path / "clear.png"), rgba[..., [2, 1, 0, 3]])
    frame = stills.read_frame(tmp_path / "clear.png", 1)
    np.testing.assert_allclose(frame.rgb, codes / 65535.0, atol=1e-7)


def test_jpeg_matches_a_second_reader(shared: Path) -> None:
    path = shared / "data/clips/davis_dog/frames/00000.jpg"
    frame = stills.read_frame(path, 0)
    other = cv2.imread(str(path))[..., ::-1]
    np.testing.assert_allclose(frame.rgb * 255, other, atol=2.01)  # decoders may round differently
    assert np.abs(frame.rgb * 255 - other).mean() < 0.1


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_as_a_second_reader_has_it(tmp_path: Path, orientation: int) -> None:
    picture = np.zeros((32, 64, 3), np.uint8)
    picture[:16, :32] = (255, 0, 0)
    picture[16:, 32:] = (0, 0, 255)
    path = tmp_path / "turned.jpg"
    write(path, picture, Orientation=orientation, CompressionQuality=100)
    frame = stills.read_frame(path, 1)
    other = cv2.imread(str(path))[..., ::-1]
    assert frame.rgb.shape == other.shape
    assert np.abs(frame.rgb * 255 - other).mean() < 1.0
    header = stills.read_header(path)
    assert (header.display.height, header.display.width) == other.shape[:2]


@pytest.mark.parametrize("bits", [8, 10, 12, 16])
def test_dpx_at_every_depth(tmp_path: Path, bits: int) -> None:
    levels = 2**bits - 1
    ramp = np.linspace(0, 1, 64, dtype=np.float32)
    exact = np.round(ramp * levels) / levels
    pixels = np.repeat(exact.astype(np.float32)[None, :, None], 3, axis=2)
    path = tmp_path / "scan.dpx"
    write(path, pixels, oiio.UINT8 if bits == 8 else oiio.UINT16, oiio__BitsPerSample=bits)
    frame = stills.read_frame(path, 1)
    np.testing.assert_allclose(frame.rgb, pixels, atol=1.0 / levels)
    assert frame.rgb[0, 0, 0] == 0.0
    assert frame.rgb[0, -1, 0] == pytest.approx(1.0, abs=1e-6)
    assert stills.suggested_colorspace(path) == "compositing_log"


def test_dpx_header_tells_rate_and_time_code(tmp_path: Path) -> None:
    spec = oiio.ImageSpec(8, 4, 3, oiio.UINT16)
    spec["dpx:FrameRate"] = 25.0
    spec["dpx:Transfer"] = "ITU-R 709-4"
    spec.attribute("smpte:TimeCode", oiio.TypeDesc("timecode"), (0x10203004, 0))
    output = oiio.ImageOutput.create(str(tmp_path / "t.dpx"))
    assert output.open(str(tmp_path / "t.dpx"), spec)
    output.write_image(np.zeros((4, 8, 3), np.float32))
    output.close()
    header = stills.read_header(tmp_path / "t.dpx")
    assert (header.fps, header.timecode, header.pixel_aspect) == (25.0, "10:20:30:04", 1.0)
    assert stills.suggested_colorspace(tmp_path / "t.dpx") == "sRGB - Texture"


@pytest.mark.parametrize(
    ("codes", "colorspace"),
    [
        ((0, 1, 3, 13, 255), "compositing_log"),  # user defined, printing density, logarithmic, ADX, undefined
        ((2,), "scene_linear"),
        (
            (4, 5, 6, 7, 8, 9, 10),
            "sRGB - Texture",
        ),  # video: unspecified, 274M, 709, 601 of 625 and 525 lines, NTSC, PAL
    ],
)
def test_what_a_dpx_header_says_of_its_values(tmp_path: Path, codes: tuple[int, ...], colorspace: str) -> None:
    path = tmp_path / "t.dpx"
    write(path, np.full((4, 8, 3), 0.5, np.float32), oiio.UINT16, oiio__BitsPerSample=10)
    content = bytearray(path.read_bytes())
    for code in codes:
        content[801] = code  # "transfer characteristic" of the first image element, SMPTE ST 268-1
        path.write_bytes(content)
        assert stills.suggested_colorspace(path) == colorspace, code


@pytest.mark.parametrize("suffix", ["tif", "tga", "webp", "bmp", "ppm"])
def test_other_formats(tmp_path: Path, suffix: str) -> None:
    picture = np.random.default_rng(1).integers(0, 256, (16, 20, 3), dtype=np.uint8)
    path = tmp_path / f"picture.{suffix}"
    write(path, picture, compression="lossless" if suffix == "webp" else "none")
    frame = stills.read_frame(path, 1)
    np.testing.assert_allclose(frame.rgb * 255, picture, atol=2.0 if suffix == "webp" else 1e-4)
    assert stills.suggested_colorspace(path) == "sRGB - Texture"


def test_float_tiff_is_as_stored(tmp_path: Path) -> None:
    values = np.array([[[-0.5, 0.25, 7.5], [np.nan, np.inf, 0.0]]], np.float32)
    write(tmp_path / "scene.tif", values, oiio.FLOAT)
    frame = stills.read_frame(tmp_path / "scene.tif", 1)
    assert frame.rgb[0, 0].tolist() == [-0.5, 0.25, 7.5]
    assert frame.rgb[0, 1].tolist() == [0.0, 65504.0, 0.0]
    assert frame.nonfinite == 2
    assert stills.suggested_colorspace(tmp_path / "scene.tif") == "scene_linear"


def test_a_matte_holds_nothing_but_coverage(tmp_path: Path) -> None:
    values = np.array([[-0.5, 0.25, 7.5], [np.nan, np.inf, 0.0]], np.float32)
    for suffix in ("tif", "exr"):
        write(tmp_path / f"matte.{suffix}", np.dstack([values] * 3), oiio.FLOAT)
        coverage = stills.read_coverage(tmp_path / f"matte.{suffix}", 3, 2)
        assert coverage.tolist() == [[0.0, 0.25, 1.0], [0.0, 1.0, 0.0]]


def test_grey_fills_all_channels(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "grey.png"), np.full((4, 6), 51, np.uint8))
    np.testing.assert_allclose(stills.read_frame(tmp_path / "grey.png", 1).rgb, 0.2, atol=1e-7)


@pytest.mark.parametrize("suffix", ["png", "jpg", "tif"])
@pytest.mark.parametrize("share", [0.0, 0.2, 0.7])
def test_a_cut_file_raises(tmp_path: Path, codes: np.ndarray, suffix: str, share: float) -> None:
    path = tmp_path / f"cut.{suffix}"
    cv2.imwrite(str(path), (codes >> 8).astype(np.uint8))
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(FrameReadError) as caught:
        stills.read_frame(path, 1)
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_file_of_another_kind_raises(tmp_path: Path) -> None:
    (tmp_path / "text.png").write_text("not a picture")
    with pytest.raises(FrameReadError):
        stills.read_header(tmp_path / "text.png")
    with pytest.raises(FrameReadError, match="does not exist"):
        stills.read_header(tmp_path / "none.png")


# --- masks -----------------------------------------------------------------------------------------


@pytest.fixture
def mask() -> np.ndarray:
    mask = np.zeros((12, 18), np.bool_)
    mask[3:9, 4:11] = True
    return mask


def test_mask_from_grey_png(tmp_path: Path, mask: np.ndarray) -> None:
    cv2.imwrite(str(tmp_path / "m.png"), np.where(mask, 128, 127).astype(np.uint8))
    read = stills.read_mask(tmp_path / "m.png", 18, 12)
    assert read.dtype == np.bool_
    np.testing.assert_array_equal(read, mask)


def test_mask_from_alpha_or_else_from_colour(tmp_path: Path, mask: np.ndarray) -> None:
    white = np.full((*mask.shape, 3), 255, np.uint8)
    shape = np.where(mask, 255, 0).astype(np.uint8)
    opaque = np.full(mask.shape, 255, np.uint8)
    cv2.imwrite(str(tmp_path / "alpha.png"), np.dstack([white, shape]))
    cv2.imwrite(str(tmp_path / "opaque.png"), np.dstack([shape, shape, shape, opaque]))
    for name in ("alpha.png", "opaque.png"):
        np.testing.assert_array_equal(stills.read_mask(tmp_path / name, 18, 12), mask)


def test_mask_from_exr_with_a_smaller_data_window(tmp_path: Path, mask: np.ndarray) -> None:
    part = mask[3:9, 4:11].astype(np.float32)
    data = Window(4, 3, 11, 9)
    display = Window(0, 0, 18, 12)
    write_exr(tmp_path / "a.exr", {"A": part}, display=display, data=data)
    write_exr(tmp_path / "rgb.exr", dict.fromkeys("RGB", part), display=display, data=data)
    write_exr(tmp_path / "layer.exr", {"matte.hero": part}, display=display, data=data)
    for name in ("a.exr", "rgb.exr", "layer.exr"):
        np.testing.assert_array_equal(stills.read_mask(tmp_path / name, 18, 12), mask)


def test_mask_faults_are_told(tmp_path: Path, mask: np.ndarray) -> None:
    cv2.imwrite(str(tmp_path / "m.png"), np.where(mask, 255, 0).astype(np.uint8))
    with pytest.raises(UsageError, match="18x12 but the plate is 20x12"):
        stills.read_mask(tmp_path / "m.png", 20, 12)
    cv2.imwrite(str(tmp_path / "empty.png"), np.zeros((12, 18), np.uint8))
    with pytest.raises(UsageError, match="empty"):
        stills.read_mask(tmp_path / "empty.png", 18, 12)
    with pytest.raises(FrameReadError):
        stills.read_mask(tmp_path / "none.png", 18, 12)


def labels(path: Path, indices: np.ndarray, palette: list[int]) -> None:
    picture = Image.fromarray(indices.astype(np.uint8), "P")
    picture.putpalette(palette)
    picture.save(path)


def test_every_index_of_a_label_map_but_0_counts(tmp_path: Path) -> None:
    indices = np.zeros((6, 8), np.uint8)
    indices[1:3, 1:3], indices[4, 5] = 1, 8
    labels(tmp_path / "m.png", indices, [0, 0, 0, 128, 0, 0] + [0, 128, 0] * 6 + [64, 0, 0])
    np.testing.assert_array_equal(stills.read_mask(tmp_path / "m.png", 8, 6), indices != 0)
    assert set(np.unique(stills.read_coverage(tmp_path / "m.png", 8, 6))) == {0.0, 1.0}


def test_a_palette_of_greys_is_a_picture(tmp_path: Path) -> None:
    indices = np.array([[0, 1, 2, 3]], np.uint8)
    labels(tmp_path / "m.png", indices, [255] * 3 + [200] * 3 + [10] * 3 + [0] * 3)
    np.testing.assert_array_equal(stills.read_mask(tmp_path / "m.png", 4, 1), [[True, True, False, False]])


def test_indices_that_look_alike_are_labels_all_the_same(tmp_path: Path) -> None:
    indices = np.array([[0, 7, 7, 0]], np.uint8)
    labels(tmp_path / "m.png", indices, [0] * 24)
    np.testing.assert_array_equal(stills.read_mask(tmp_path / "m.png", 4, 1), indices != 0)


def test_a_gif_is_a_mask(tmp_path: Path) -> None:
    """Its reader names an alpha channel that is not there."""
    grey = np.zeros((6, 8), np.uint8)
    grey[2:4] = 255
    Image.fromarray(grey).save(tmp_path / "m.gif")
    np.testing.assert_array_equal(stills.read_mask(tmp_path / "m.gif", 8, 6), grey > 0)
    labels(tmp_path / "l.gif", grey // 255 * 3, [0, 0, 0, 128, 0, 0, 0, 128, 0, 0, 0, 90])
    np.testing.assert_array_equal(stills.read_mask(tmp_path / "l.gif", 8, 6), grey > 0)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_mask_of_nothing_but_0_and_1(tmp_path: Path, dtype: type) -> None:
    values = np.zeros((6, 8), dtype)
    values[2:4, 3:7] = 1
    cv2.imwrite(str(tmp_path / "m.png"), values)
    np.testing.assert_array_equal(stills.read_mask(tmp_path / "m.png", 8, 6), values == 1)


@pytest.mark.parametrize("constant", [0, 128, 255])
def test_an_alpha_that_is_the_same_everywhere_is_no_mask(tmp_path: Path, constant: int) -> None:
    grey = np.zeros((6, 8), np.uint8)
    grey[2:4] = 255
    cv2.imwrite(str(tmp_path / "m.png"), np.dstack([grey, grey, grey, np.full_like(grey, constant)]))
    np.testing.assert_array_equal(stills.read_mask(tmp_path / "m.png", 8, 6), grey > 0)
    planes = {**dict.fromkeys("RGB", grey / 255.0), "A": np.full(grey.shape, constant / 255.0)}
    write_exr(tmp_path / "m.exr", planes, display=Window(0, 0, 8, 6))
    np.testing.assert_array_equal(stills.read_mask(tmp_path / "m.exr", 8, 6), grey > 0)


def test_a_doubt_is_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    values = np.zeros((6, 8), np.uint8)
    values[0], values[1] = 1, 255
    cv2.imwrite(str(tmp_path / "m.png"), values)
    assert stills.read_mask(tmp_path / "m.png", 8, 6).sum() == 8
    assert "holds the values [0, 1, 255]" in caplog.text
