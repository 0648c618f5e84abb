"""EXR in and out, against a set of awkward and damaged files, a second reader, and our own round trips."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import numpy as np
import OpenEXR
import OpenImageIO as oiio  # noqa: N813
import pytest
from conftest import shared_folder
from wisp.errors import FrameReadError, OutputError, UsageError
from wisp.plates import exr
from wisp.plates.exr_writer import _ends_where_it_should, write_exr
from wisp.plates.plate import HALF_MAX, Window


def _manifest(kind: str) -> list[str]:
    path = shared_folder() / "data/exr/manifest.json"
    items = json.loads(path.read_text())["items"] if path.is_file() else []
    return [item["file"] for item in items if item["file"].startswith(kind)]


DEEP = {"valid/11.deep.exr", "valid/Trunks.exr", "valid/tinydeep.exr"}
INCOMPLETE = {"valid/partial.exr"}
LUMA_CHROMA = {"valid/Rec709_YC.exr", "valid/comp_b44.exr"}
#: A file in the damaged set whose pixels are all there: only its type attribute lies.
WHOLE_THOUGH_ODD = {"damaged/scanline_with_tiledimage_type.exr"}
READABLE = sorted((set(_manifest("valid")) - DEEP - INCOMPLETE) | (WHOLE_THOUGH_ODD & set(_manifest("damaged"))))
#: Which channels make the picture, where they are not R, G, B.
GREY = {
    "valid/GrayRampsHorizontal.exr": "Y",
    "valid/WideFloatRange.exr": "G",
    "valid/Garden.exr": "Y",
    "valid/Fog.exr": "Y",
    "valid/v1.7.test.tiled.exr": "G",
}
PREFIXED = {"valid/cryptoasset.exr": ("uCryptoAsset.red", "uCryptoAsset.green", "uCryptoAsset.blue")}


def each(names: Iterable[str]) -> pytest.MarkDecorator:
    """One test per file; without the set one that says so, or fails where only the set's list is missing."""
    return pytest.mark.parametrize("name", sorted(names) or ["manifest.json"])


@pytest.fixture
def exr_set(shared: Path) -> Path:
    return shared / "data/exr"


def by_second_reader(path: Path, channels: tuple[str, ...]) -> np.ndarray:
    """The display window's pixels as OpenImageIO reads them, pasted by looking up every coordinate."""
    source = oiio.ImageInput.open(str(path))
    assert source is not None, oiio.geterror()
    spec = source.spec()
    pixels = source.read_image(oiio.FLOAT)
    names = list(spec.channelnames)
    ys = np.arange(spec.full_y, spec.full_y + spec.full_height) - spec.y
    xs = np.arange(spec.full_x, spec.full_x + spec.full_width) - spec.x
    inside = ((ys >= 0) & (ys < spec.height))[:, None] & ((xs >= 0) & (xs < spec.width))[None, :]
    pasted = pixels[np.clip(ys, 0, spec.height - 1)][:, np.clip(xs, 0, spec.width - 1)]
    picture = np.where(inside[..., None], pasted, 0.0)[..., [names.index(name) for name in channels]]
    return picture.astype(np.float32)


# --- the whole set ---------------------------------------------------------------------------------


def test_the_set_is_complete(exr_set: Path) -> None:
    assert len(_manifest("valid")) == 31
    assert len(_manifest("damaged")) == 30
    assert len(READABLE) == 28


@each(set(READABLE) - LUMA_CHROMA)
def test_pixels_equal_those_of_a_second_reader(exr_set: Path, name: str) -> None:
    channels = PREFIXED.get(name, (GREY[name],) * 3 if name in GREY else ("R", "G", "B"))
    expected = by_second_reader(exr_set / name, channels)
    frame = exr.read_frame(exr_set / name, 7)
    assert frame.number == 7
    assert frame.rgb.dtype == np.float32
    assert frame.nonfinite == np.count_nonzero(~np.isfinite(expected))
    cleaned = np.nan_to_num(expected, nan=0.0, posinf=HALF_MAX, neginf=-HALF_MAX)
    if name == "valid/Fog.exr":  # tells apart the left and the right view
        assert not np.array_equal(frame.rgb, exr.read_frame(exr_set / name, 7, layer="right").rgb)
    np.testing.assert_array_equal(frame.rgb, cleaned)
    assert exr.read_header(exr_set / name) == frame.header


@each(READABLE)
def test_frame_covers_the_display_window(exr_set: Path, name: str) -> None:
    frame = exr.read_frame(exr_set / name, 1)
    display = frame.header.display
    assert frame.rgb.shape == (display.height, display.width, 3)
    assert np.isfinite(frame.rgb).all()


@each(DEEP & set(_manifest("valid")))
def test_deep_files_are_refused_by_one_sentence(exr_set: Path, name: str) -> None:
    for read in (exr.read_header, lambda path: exr.read_frame(path, 1)):
        with pytest.raises(FrameReadError, match="deep samples"):
            read(exr_set / name)


@each(set(_manifest("damaged")) - WHOLE_THOUGH_ODD)
def test_damaged_files_raise_one_sentence(exr_set: Path, name: str, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(FrameReadError) as caught:
        exr.read_frame(exr_set / name, 12)
    message = str(caught.value)
    assert message.startswith(f"Cannot read {exr_set / name}: ")
    assert "\n" not in message
    assert capfd.readouterr().out == ""


def test_missing_chunks_are_refused(exr_set: Path) -> None:
    with pytest.raises(FrameReadError, match="damaged or incomplete"):
        exr.read_frame(exr_set / "valid/partial.exr", 1)


def test_damaged_files_cost_little_time_and_memory(exr_set: Path) -> None:
    program = """
        import resource, sys, time
        from pathlib import Path
        from wisp.errors import FrameReadError
        from wisp.plates import exr
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for path in sorted(Path(sys.argv[1]).glob("*.exr")):
            try:
                exr.read_frame(path, 1)
            except FrameReadError:
                pass
        print(time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
    """
    limit = 4 * 2**30
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program), str(exr_set / "damaged")],
        capture_output=True,
        text=True,
        timeout=60,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)),
    )
    assert done.returncode == 0, done.stderr
    seconds, kilobytes = (float(word) for word in done.stdout.split())
    assert seconds < 10
    assert kilobytes < 64 * 1024


def test_where_no_room_is_left_the_file_is_named_as_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # a module compiled meanwhile would be cut off for everybody
    noise = np.random.default_rng(1).random((64, 64), np.float32)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, limits[1]))
    try:
        with pytest.raises(OutputError, match=r"a\.exr") as caught:
            write_exr(tmp_path / "a.exr", {"A": noise}, display=Window(0, 0, 64, 64))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert ".tmp" not in str(caught.value) and ".." not in str(caught.value)
    assert not list(tmp_path.iterdir())


# --- windows, non-finite values, luma/chroma, layers ----------------------------------------------


def test_disjoint_windows_show_only_background(exr_set: Path) -> None:
    frame = exr.read_frame(exr_set / "valid/t09.exr", 1)
    assert frame.rgb.shape == (300, 200, 3)
    assert not frame.rgb.any()


def test_one_shared_pixel_lands_in_the_corner(exr_set: Path) -> None:
    frame = exr.read_frame(exr_set / "valid/t13.exr", 1)
    whole = exr.read_frame(exr_set / "valid/t01.exr", 1)
    assert frame.rgb[0, 0].tolist() == whole.rgb[299, 399].tolist()
    assert np.count_nonzero(frame.rgb.any(axis=2)) == 1


def test_header_tells_windows_and_aspect(exr_set: Path) -> None:
    header = exr.read_header(exr_set / "valid/t15.exr")
    assert header.display == Window(-40, -40, 441, 331)
    assert header.data == Window(0, 0, 400, 300)
    assert header.pixel_aspect == 1.5


def test_every_half_value_survives_and_the_rest_is_counted(exr_set: Path) -> None:
    frame = exr.read_frame(exr_set / "valid/AllHalfValues.exr", 1)
    halves = np.arange(65536, dtype=np.uint16).view(np.float16)
    expected = halves[np.isfinite(halves)].astype(np.float32)
    assert set(np.unique(expected)) == set(np.unique(frame.rgb))
    assert frame.nonfinite == 3 * 2048


def test_luma_chroma_keeps_its_own_samples(exr_set: Path) -> None:
    path = exr_set / "valid/Rec709_YC.exr"
    stored = OpenEXR.File(str(path), separate_channels=True).parts[0].channels
    luma = stored["Y"].pixels.astype(np.float64)
    rgb = exr.read_frame(path, 1).rgb.astype(np.float64)
    np.testing.assert_allclose(rgb @ [0.2126, 0.7152, 0.0722], luma, rtol=2e-3, atol=1e-4)
    bright = luma[::2, ::2] > 0.05
    for channel, chroma in ((0, "RY"), (2, "BY")):
        derived = (rgb[..., channel] / luma - 1.0)[::2, ::2]
        np.testing.assert_allclose(derived[bright], stored[chroma].pixels.astype(float)[bright], atol=1e-3)


def test_luma_chroma_matches_the_same_picture_in_rgb(exr_set: Path) -> None:
    """comp_b44 is the picture of comp_zips, one pixel smaller, as lossy luma/chroma."""
    chroma = exr.read_frame(exr_set / "valid/comp_b44.exr", 1).rgb
    full = exr.read_frame(exr_set / "valid/comp_zips.exr", 1).rgb[: chroma.shape[0], : chroma.shape[1]]
    difference = np.abs(np.log2(np.maximum(chroma, 1e-2)) - np.log2(np.maximum(full, 1e-2)))
    assert np.median(difference) < 0.02
    assert np.percentile(difference, 95) < 0.3


def test_luminance_weights_of_rec709_primaries() -> None:
    weights = exr._luminance_weights(None)
    np.testing.assert_allclose(weights, (0.2126, 0.7152, 0.0722), atol=1e-4)


def test_stereo_views_by_name(exr_set: Path) -> None:
    path = exr_set / "valid/Fog.exr"
    np.testing.assert_array_equal(exr.read_frame(path, 1, layer="left").rgb, by_second_reader(path, ("Y", "Y", "Y")))
    np.testing.assert_array_equal(exr.read_frame(path, 1, layer="right").rgb, by_second_reader(path, ("right.Y",) * 3))


def test_unknown_layer_lists_the_choices(exr_set: Path) -> None:
    with pytest.raises(FrameReadError, match=r"no layer 'middle'.*left, rgba.*right") as caught:
        exr.read_header(exr_set / "valid/Fog.exr", layer="middle")
    assert "right.Y" in str(caught.value)


def _multipart(path: Path) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(4)
    planes = {name: rng.random((6, 8), dtype=np.float32) for name in "abcdefg"}
    beauty = {"R": planes["a"], "G": planes["b"], "B": planes["c"]}
    matte = {"matte.hero": planes["d"], "matte.dog": planes["e"]}
    depth = {"Z": planes["f"]}
    parts = [
        OpenEXR.Part({"name": name, "type": OpenEXR.scanlineimage}, channels)
        for name, channels in (("depth", depth), ("beauty", beauty), ("mattes", matte))
    ]
    OpenEXR.File(parts).write(str(path))
    return planes


def test_parts_and_layers_by_choice(tmp_path: Path) -> None:
    planes = _multipart(tmp_path / "parts.exr")
    main = exr.read_frame(tmp_path / "parts.exr", 1).rgb
    np.testing.assert_array_equal(main, np.stack([planes["a"], planes["b"], planes["c"]], axis=2))
    for layer, plane in (("matte.hero", "d"), ("matte.dog", "e"), ("depth", "f"), ("Z", "f")):
        grey = exr.read_frame(tmp_path / "parts.exr", 1, layer=layer).rgb
        np.testing.assert_array_equal(grey, np.repeat(planes[plane][..., None], 3, axis=2))
    assert {"depth", "beauty", "matte.hero", "matte.dog"} <= set(exr.layer_names(tmp_path / "parts.exr"))


def test_a_picture_beats_a_data_layer(tmp_path: Path) -> None:
    grey = np.full((4, 5), 0.25, np.float32)
    normals = {f"N.{axis}": np.ones((4, 5), np.float32) for axis in "xyz"}
    write_exr(tmp_path / "y.exr", {"Y": grey, **normals}, display=Window(0, 0, 5, 4))
    assert exr.read_frame(tmp_path / "y.exr", 1).rgb.max() == 0.25
    assert exr.read_frame(tmp_path / "y.exr", 1, layer="N").rgb.min() == 1.0


# --- refusing before allocating --------------------------------------------------------------------


def _with_data_window(path: Path, window: tuple[int, int, int, int]) -> None:
    """Write a good file, then change only the bytes of its data window."""
    write_exr(path, {"R": np.zeros((4, 4), np.float32)}, display=Window(0, 0, 4, 4))
    content = bytearray(path.read_bytes())
    start = content.index(b"dataWindow\0box2i\0") + len(b"dataWindow\0box2i\0") + 4
    content[start : start + 16] = np.array(window, "<i4").tobytes()
    path.write_bytes(content)


@pytest.mark.parametrize("window", [(0, 0, 99_999, 99_999), (-2_000_000, 0, 100, 100), (0, 0, 3, 50_000_000)])
def test_huge_windows_are_refused(tmp_path: Path, window: tuple[int, int, int, int]) -> None:
    _with_data_window(tmp_path / "bomb.exr", window)
    with pytest.raises(FrameReadError, match=r"is impossible|damaged"):
        exr.read_frame(tmp_path / "bomb.exr", 1)
    with pytest.raises(FrameReadError, match=r"is impossible|damaged"):
        exr.read_channels(tmp_path / "bomb.exr")


@pytest.mark.parametrize("name", ["a.exr", "stripes.exr", "cryptoasset.exr", "v1.7.test.tiled.exr", "rgbaz.exr"])
def test_overwritten_bytes_raise_nothing_else(exr_set: Path, tmp_path: Path, name: str) -> None:
    content = (exr_set / "valid" / name).read_bytes()
    rng = np.random.default_rng(len(content))
    refused = 0
    for _ in range(150):
        damaged = bytearray(content)
        for place in rng.integers(0, rng.choice([400, len(content)]), rng.choice([1, 4])):
            damaged[place] = rng.choice([0, 127, 128, 255])
        (tmp_path / "damaged.exr").write_bytes(damaged[: rng.choice([len(damaged), rng.integers(len(damaged))])])
        try:
            exr.read_frame(tmp_path / "damaged.exr", 1)
        except FrameReadError:
            refused += 1
    assert 50 < refused <= 150


def test_huge_tiles_are_refused(exr_set: Path, tmp_path: Path) -> None:
    content = bytearray((exr_set / "valid/v1.7.test.tiled.exr").read_bytes())
    start = content.index(b"tiles\0tiledesc\0") + len(b"tiles\0tiledesc\0") + 4
    content[start : start + 8] = np.array([12, 16_711_704], "<u4").tobytes()
    (tmp_path / "tiles.exr").write_bytes(content)
    with pytest.raises(FrameReadError, match="tile size of 12x16711704 pixels is impossible"):
        exr.read_frame(tmp_path / "tiles.exr", 1)


def test_a_channel_name_that_is_no_text(exr_set: Path, tmp_path: Path) -> None:
    content = (exr_set / "valid/cryptoasset.exr").read_bytes().replace(b"uCryptoAsset00.red", b"uCryptoAsset00.r\xb0d")
    (tmp_path / "name.exr").write_bytes(content)
    with pytest.raises(FrameReadError, match="header is damaged"):
        exr.read_frame(tmp_path / "name.exr", 1)


def test_non_finite_values_inside_a_smaller_data_window(tmp_path: Path) -> None:
    plane = np.array([[np.nan, 1.0], [np.inf, -np.inf]], np.float16)
    path = tmp_path / "n.exr"
    write_exr(path, dict.fromkeys("RGB", plane), display=Window(0, 0, 5, 4), data=Window(2, 1, 4, 3))
    raw, _ = exr.read_channels(path)
    assert np.isnan(raw["R"][0, 0])
    frame = exr.read_frame(path, 1)
    assert frame.nonfinite == 9
    assert frame.rgb[1:3, 2:4, 1].tolist() == [[0.0, 1.0], [HALF_MAX, -HALF_MAX]]


def test_a_file_that_is_not_there_or_not_exr(tmp_path: Path) -> None:
    with pytest.raises(FrameReadError, match="does not exist"):
        exr.read_header(tmp_path / "none.exr")
    (tmp_path / "empty.exr").touch()
    with pytest.raises(FrameReadError, match="empty"):
        exr.read_header(tmp_path / "empty.exr")
    (tmp_path / "text.exr").write_text("not a picture")
    with pytest.raises(FrameReadError, match="not an OpenEXR file"):
        exr.read_header(tmp_path / "text.exr")


# --- standard output -------------------------------------------------------------------------------


def test_other_threads_may_print_while_a_damaged_file_is_read(exr_set: Path, capfd: pytest.CaptureFixture[str]) -> None:
    stop = threading.Event()
    printed = 0

    def printer() -> None:
        nonlocal printed
        while not stop.is_set():
            print("event")
            printed += 1

    def reader() -> None:
        for _ in range(50):
            with pytest.raises(FrameReadError):
                exr.read_frame(exr_set / "damaged/unfinished_multipart.exr", 1)

    before = sys.stdout
    threads = [threading.Thread(target=reader) for _ in range(3)]
    printing = threading.Thread(target=printer)
    printing.start()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stop.set()
    printing.join()
    assert sys.stdout is before
    lines = capfd.readouterr().out.splitlines()
    assert set(lines) == {"event"}
    assert len(lines) == printed


# --- writing ---------------------------------------------------------------------------------------


@pytest.fixture
def picture() -> np.ndarray:
    return np.random.default_rng(1).normal(0.3, 1.0, (20, 30)).astype(np.float32)


@pytest.mark.parametrize("compression", ["none", "zips", "zip", "piz", "rle"])
def test_round_trip_with_negative_data_window(tmp_path: Path, picture: np.ndarray, compression: str) -> None:
    display, data = Window(10, 5, 74, 53), Window(-5, -3, 25, 17)
    path = tmp_path / "matte.exr"
    write_exr(path, {"A": picture}, display=display, data=data, pixel_aspect=2.0, compression=compression)
    channels, header = exr.read_channels(path)
    assert channels["A"].dtype == np.float16
    np.testing.assert_array_equal(channels["A"], picture.astype(np.float16))
    assert (header.display, header.data, header.pixel_aspect) == (display, data, 2.0)
    seen = exr.read_frame(path, 1).rgb[..., 0]
    np.testing.assert_array_equal(seen[:12, :15], picture.astype(np.float16)[8:, 15:])
    assert not seen[12:].any()
    assert not seen[:, 15:].any()
    np.testing.assert_array_equal(seen, by_second_reader(path, ("A",))[..., 0])


def test_float_and_integers_keep_their_type(tmp_path: Path, picture: np.ndarray) -> None:
    ids = np.arange(600, dtype=np.uint32).reshape(20, 30) + 2**31
    write_exr(tmp_path / "f.exr", {"Z": picture, "id": ids}, display=Window(0, 0, 30, 20), half=False)
    channels, _ = exr.read_channels(tmp_path / "f.exr")
    assert channels["Z"].dtype == np.float32
    np.testing.assert_array_equal(channels["Z"], picture)
    np.testing.assert_array_equal(channels["id"], ids)


def test_half_never_turns_infinite(tmp_path: Path) -> None:
    values = np.array([[1e6, -1e6, 65504.0, 70000.0]], np.float32)
    write_exr(tmp_path / "h.exr", {"A": values}, display=Window(0, 0, 4, 1))
    assert exr.read_channels(tmp_path / "h.exr")[0]["A"].tolist() == [[65504.0, -65504.0, 65504.0, 65504.0]]


def test_attributes_round_trip(tmp_path: Path, picture: np.ndarray) -> None:
    attributes = {
        "framesPerSecond": Fraction(24000, 1001),
        "timeCode": "01:02:03;04",
        "wisp/object": "héros",
        "wisp/fingerprint": "0123",
        "wisp/count": 3,
        "wisp/score": 0.5,
    }
    write_exr(tmp_path / "a.exr", {"A": picture}, display=Window(0, 0, 30, 20), attributes=attributes)
    header = exr.read_header(tmp_path / "a.exr")
    assert header.timecode == "01:02:03;04"
    assert header.fps == pytest.approx(24000 / 1001)
    assert header.attributes["wisp/object"] == "héros"
    assert header.attributes["wisp/count"] == 3
    assert header.attributes["wisp/score"] == 0.5
    source = oiio.ImageInput.open(str(tmp_path / "a.exr")).spec()
    assert source.getattribute("wisp/fingerprint") == "0123"
    assert source.getattribute("smpte:TimeCode")[0] == 0x01020344  # binary-coded decimals; 0x40 is the drop flag


@pytest.mark.parametrize(
    ("fps", "exact"),
    [(23.976, Fraction(24000, 1001)), (24.0, 24), (29.97, Fraction(30000, 1001)), (12.5, Fraction(25, 2))],
)
def test_frame_rates_become_exact(tmp_path: Path, picture: np.ndarray, fps: float, exact: Fraction) -> None:
    write_exr(tmp_path / "r.exr", {"A": picture}, display=Window(0, 0, 30, 20), attributes={"framesPerSecond": fps})
    assert OpenEXR.File(str(tmp_path / "r.exr"), header_only=True).header()["framesPerSecond"] == exact


@each(set(READABLE) & set(_manifest("valid")))
def test_attributes_of_any_plate_can_be_written_again(exr_set: Path, tmp_path: Path, name: str) -> None:
    header = exr.read_header(exr_set / name)
    alpha = np.zeros((header.data.height, header.data.width), np.float16)
    again = tmp_path / "again.exr"
    write_exr(
        again,
        {"A": alpha},
        display=header.display,
        data=header.data,
        pixel_aspect=header.pixel_aspect,
        attributes=header.attributes,
    )
    copied = exr.read_header(again)
    assert (copied.display, copied.data, copied.pixel_aspect) == (header.display, header.data, header.pixel_aspect)
    assert {key: str(value) for key, value in copied.attributes.items()} == {
        key: str(value) for key, value in header.attributes.items()
    }


def test_an_array_that_does_not_fit_is_refused(tmp_path: Path, picture: np.ndarray) -> None:
    with pytest.raises(UsageError, match="Channel 'A'"):
        write_exr(tmp_path / "x.exr", {"A": picture}, display=Window(0, 0, 31, 20))
    assert not list(tmp_path.iterdir())


def test_writing_is_whole_or_not_at_all(tmp_path: Path, picture: np.ndarray) -> None:
    path = tmp_path / "m.exr"
    write_exr(path, {"A": picture}, display=Window(0, 0, 30, 20))
    before = path.read_bytes()
    with pytest.raises(OutputError):
        write_exr(path, {"A": picture}, display=Window(0, 0, 30, 20), attributes={"wisp/bad": object()})
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["m.exr"]


@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.95, 0.9995])
def test_a_half_written_file_is_not_read(tmp_path: Path, picture: np.ndarray, share: float) -> None:
    path = tmp_path / "cut.exr"
    write_exr(path, {"A": picture}, display=Window(0, 0, 30, 20))
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(FrameReadError):
        exr.read_channels(path)
    with pytest.raises(FrameReadError):
        exr.read_frame(path, 1)


@pytest.mark.parametrize("compression", ["none", "rle", "zips", "zip", "piz", "pxr24", "b44", "dwaa", "dwab"])
def test_a_written_file_is_known_to_be_whole_and_a_cut_one_not(compression: str, tmp_path: Path) -> None:
    path = tmp_path / "a.exr"
    planes = {name: np.random.default_rng(1).random((70, 33)).astype(np.float16) for name in "RGB"}
    shown = Window(-3, 5, 30, 75)
    write_exr(path, planes, display=shown, compression=compression, attributes={"wisp/object": "hero"})
    assert _ends_where_it_should(path)
    whole = path.read_bytes()
    for size in (0, 3, 8, 20, 300, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:size])
        assert not _ends_where_it_should(path), size
