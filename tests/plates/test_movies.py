"""Movies: frame-exact seeks against sequential decoding; matrices, depth, damage, time code."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from wisp.errors import FrameReadError, InputError, UsageError
from wisp.plates import open_plate

av = pytest.importorskip("av", reason="needs PyAV (the movies extra)")

from av.stream import Disposition  # noqa: E402
from wisp.plates.movies import MoviePlate, _rgb, advance_timecode  # noqa: E402 - needs PyAV


def encode(
    path: Path,
    pictures: list[np.ndarray],
    codec: str,
    pix_fmt: str,
    *,
    rate: Fraction | int = 24,
    rotation: int = 0,
    metadata: dict[str, str] | None = None,
    options: dict[str, str] | None = None,
) -> Path:
    """A movie of 8-bit RGB pictures, without colour tags."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate, options=options or {})
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = pix_fmt
        stream.metadata.update(metadata or {})
        if rotation:
            stream.set_display_rotation(rotation)
        for index, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts = index
            frame.time_base = Fraction(1) / rate
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def numbered_pictures(count: int, size: tuple[int, int] = (64, 96)) -> list[np.ndarray]:
    """Pictures whose brightness tells their index, through any lossy codec: 16 + 4 n."""
    return [np.full((*size, 3), 16 + 4 * index, np.uint8) for index in range(count)]


def index_of(rgb: np.ndarray) -> int:
    return round((float(rgb.mean()) * 255 - 16) / 4)


@pytest.mark.slow
@pytest.mark.parametrize(("clip", "count"), [("juggle_mp4", 247), ("dog_training_mp4", 289)])
def test_random_seeks_equal_sequential_decoding(shared: Path, clip: str, count: int) -> None:
    path = shared / f"data/clips/{clip}/clip.mp4"
    plate = open_plate(path)
    assert plate.frames == tuple(range(1, count + 1))
    assert plate.padding == 4
    assert (plate.width, plate.height) == (1280, 720)
    wanted = random.Random(7).sample(plate.frames, 24)
    with av.open(str(path)) as container:
        sequential = {
            number: frame.to_ndarray(format="rgb24")
            for number, frame in enumerate(container.decode(video=0), start=1)
            if number in wanted
        }
    for number in wanted:
        rgb = plate.read(number).rgb
        assert rgb.dtype == np.float32
        np.testing.assert_array_equal(np.round(rgb * 255).astype(np.uint8), sequential[number])


@pytest.mark.parametrize(
    ("name", "codec", "pix_fmt", "options"),
    [
        ("long.mp4", "libx264", "yuv420p", {"g": "20", "bf": "3"}),
        ("long.mkv", "libx264", "yuv420p", {"g": "20", "bf": "3"}),
        ("web.webm", "libvpx-vp9", "yuv420p", {"cpu-used": "8"}),
        ("master.mov", "prores_ks", "yuv422p10le", {}),
        ("avid.mxf", "mpeg2video", "yuv420p", {"g": "12", "b": "4000000"}),
        ("old.avi", "mpeg4", "yuv420p", {"g": "12", "b": "4000000"}),
        ("anim.mov", "qtrle", "rgb24", {}),
    ],
)
def test_every_frame_by_number_in_any_order(
    tmp_path: Path, name: str, codec: str, pix_fmt: str, options: dict[str, str]
) -> None:
    plate = open_plate(encode(tmp_path / name, numbered_pictures(50), codec, pix_fmt, options=options))
    assert plate.frames == tuple(range(1, 51))
    order = list(plate.frames)
    random.Random(2).shuffle(order)
    for number in [*order, *reversed(plate.frames)]:
        assert index_of(plate.read(number).rgb) == number - 1


def test_first_frames_and_ranges(tmp_path: Path) -> None:
    path = encode(tmp_path / "clip.mp4", numbered_pictures(10), "libx264", "yuv420p")
    plate = open_plate(path, first=1001, frames=[1003, 1004, 1500])
    assert plate.frames == (1003, 1004)
    assert plate.expected == (1003, 1004, 1500)
    assert index_of(plate.read(1003).rgb) == 2
    assert open_plate(f"{path} 2-6x2").frames == (2, 4, 6)
    part = open_plate(f"{path} 3-5", first=1001)
    assert part.frames == part.expected == (1001, 1002, 1003) and index_of(part.read(1001).rgb) == 2
    assert (part.offset, plate.offset) == (998, 1000)
    assert open_plate(f"{path} 3-5", offset=998).frames == part.frames
    with pytest.raises(InputError, match=r"has none of the frames 50.*1-10"):
        open_plate(path, frames=[50])
    with pytest.raises(FrameReadError, match="no such frame"):
        plate.read(999)
    with pytest.raises(UsageError, match="only EXR"):
        open_plate(path, layer="right")


@pytest.mark.parametrize("codec", ["libx264", "prores_ks"])
def test_untagged_hd_is_rec709(tmp_path: Path, codec: str) -> None:
    """A flat colour, converted to Y'CbCr by the Rec. 709 matrix and written without any tag."""
    pix_fmt = "yuv420p" if codec == "libx264" else "yuv422p10le"
    colour = np.array([200, 30, 40])
    path = tmp_path / ("hd.mp4" if codec == "libx264" else "hd.mov")
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=24)
        stream.width, stream.height, stream.pix_fmt = 1280, 720, pix_fmt
        rgb = av.VideoFrame.from_ndarray(np.full((720, 1280, 3), colour, np.uint8), format="rgb24")
        frame = rgb.reformat(format=pix_fmt, dst_colorspace="ITU709")
        frame.colorspace = 2
        frame.pts = 0
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    mean = open_plate(path).read(1).rgb.mean(axis=(0, 1)) * 255
    np.testing.assert_allclose(mean, colour, atol=4)  # the Rec. 601 matrix gives 183, 11, 40


def test_ten_bit_sources_give_more_than_256_values(tmp_path: Path) -> None:
    ramp = np.repeat(np.linspace(0, 1023, 1024).astype(np.uint16)[None], 64, axis=0)
    path = tmp_path / "deep.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=24)
        stream.width, stream.height, stream.pix_fmt = 1024, 64, "gbrp10le"
        frame = av.VideoFrame(1024, 64, "gbrp10le")
        for plane in frame.planes:
            rows = np.zeros((64, plane.line_size // 2), np.uint16)
            rows[:, :1024] = ramp
            plane.update(rows.tobytes())
        frame.pts = 0
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    rgb = open_plate(path).read(1).rgb
    assert rgb.dtype == np.float32
    assert len(np.unique(rgb[0, :, 0])) > 1000
    np.testing.assert_allclose(rgb[0, :, 1], ramp[0] / 1023, atol=1e-3)


def flat(form: str, codes: tuple[int, ...], color_range: int) -> np.ndarray:
    """What a frame is read as, every sample of a plane of which has the same code."""
    frame = av.VideoFrame(64, 32, form)
    for plane, code in zip(frame.planes, codes, strict=True):
        kind = np.uint16 if form[-2:] == "le" else np.uint8
        plane.update(np.full(plane.buffer_size // np.dtype(kind).itemsize, code, kind).tobytes())
    frame.color_range = color_range
    rgb = _rgb(frame)
    assert (rgb == rgb[0, 0]).all()
    return rgb[0, 0]


@pytest.mark.parametrize("share", [0.0, 0.25, 0.5, 1.0])
@pytest.mark.parametrize("bits", [8, 9, 10, 12, 14, 16])
def test_levels_of_every_depth(bits: int, share: float) -> None:
    depth, most = ("", 255) if bits == 8 else (f"{bits}le", 2**bits - 1)
    unit, near = 2 ** (bits - 8), 0.5 / 255 if bits == 8 else 1e-4
    grey, luma = round(share * most), round((16 + 219 * share) * unit)
    for chroma in ("420", "422", "444"):
        limited = flat(f"yuv{chroma}p{depth}", (luma, 128 * unit, 128 * unit), 1)
        full = flat(f"yuv{chroma}p{depth}", (grey, 128 * unit, 128 * unit), 2)
        np.testing.assert_allclose(limited, (luma / unit - 16) / 219, atol=near)
        np.testing.assert_allclose(full, grey / most, atol=near)
    np.testing.assert_allclose(flat(f"gbrp{depth}", (grey,) * 3, 2), grey / most, atol=near)
    np.testing.assert_allclose(flat(f"gray{depth}", (grey,), 0), grey / most, atol=near)


def test_whiter_than_white_is_white() -> None:
    assert flat("yuv444p10le", (1019, 512, 512), 1).tolist() == [1, 1, 1]


def test_a_damaged_middle_marks_frames_bad_and_the_rest_is_read(tmp_path: Path) -> None:
    noise = np.random.default_rng(0)
    pictures = [noise.integers(0, 256, (64, 96, 3), dtype=np.uint8) for _ in range(12)]
    path = encode(tmp_path / "m.mov", pictures, "png", "rgb24")
    plate = open_plate(path)
    good = {number: plate.read(number).rgb for number in plate.frames}
    content = bytearray(path.read_bytes())
    start = content.index(b"\x89PNG", content.index(b"\x89PNG", len(content) // 2) + 1)
    content[start : start + 400] = bytes(400)
    path.write_bytes(content)
    plate = open_plate(path)
    assert plate.frames == tuple(range(1, 13))
    bad = []
    for number in plate.frames:
        try:
            np.testing.assert_array_equal(plate.read(number).rgb, good[number])
        except FrameReadError as error:
            assert f"frame {number}" in str(error)
            bad.append(number)
    assert len(bad) == 1
    assert 5 <= bad[0] <= 9


def test_what_is_no_movie_raises_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("not a movie")
    (tmp_path / "empty.mov").touch()
    for name in ("text.mp4", "empty.mov"):
        with pytest.raises(FrameReadError) as caught:
            open_plate(tmp_path / name)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("degrees", [90, -90, 180])
def test_display_rotation(tmp_path: Path, degrees: int) -> None:
    picture = np.zeros((64, 96, 3), np.uint8)
    picture[:32, :48] = 255  # bright top left quarter
    plate = open_plate(encode(tmp_path / "r.mp4", [picture] * 3, "libx264", "yuv420p", rotation=degrees))
    rgb = plate.read(2).rgb
    upright = np.rot90(picture, degrees // 90)
    assert rgb.shape == upright.shape == (plate.height, plate.width, 3)
    assert np.abs(rgb * 255 - upright).mean() < 6


def test_time_code_of_each_frame(tmp_path: Path) -> None:
    path = encode(
        tmp_path / "tc.mov",
        numbered_pictures(30),
        "prores_ks",
        "yuv422p10le",
        metadata={"timecode": "01:00:00:20"},
    )
    plate = open_plate(path)
    assert plate.fps == 24.0
    assert plate.header(1).timecode == "01:00:00:20"
    assert plate.header(5).timecode == "01:00:01:00"


def drop_frame_codes() -> list[str]:
    """All codes of 21 minutes at 29.97, by leaving out the numbers that the rule leaves out."""
    return [
        f"00:{minute:02d}:{second:02d};{frame:02d}"
        for minute in range(21)
        for second in range(60)
        for frame in range(30)
        if not (second == 0 and frame < 2 and minute % 10)
    ]


def test_drop_frame_arithmetic() -> None:
    codes = drop_frame_codes()
    for frames in [0, 1, *range(1795, 1805), *range(17975, 17990), len(codes) - 1, *range(0, len(codes), 777)]:
        assert advance_timecode("00:00:00;00", frames, 29.97) == codes[frames]
    assert advance_timecode(codes[1799], 5, 29.97) == codes[1804]
    assert advance_timecode("23:59:59:23", 1, 24.0) == "00:00:00:00"


def test_identity_follows_content_and_frame(tmp_path: Path) -> None:
    make: Callable[[str, int], Path] = lambda name, count: encode(  # noqa: E731
        tmp_path / name, numbered_pictures(count), "libx264", "yuv420p"
    )
    plate, longer = open_plate(make("a.mp4", 5)), open_plate(make("b.mp4", 6))
    moved = tmp_path / "moved.mp4"
    moved.write_bytes((tmp_path / "a.mp4").read_bytes())
    again = open_plate(moved, first=11)
    assert plate.identity(1) != plate.identity(2)
    assert plate.identity(1) != longer.identity(1)
    assert plate.identity(2) == again.identity(12)


def with_matrix(path: Path, a: int, b: int, c: int, d: int) -> Path:
    """An MP4 file whose track is shown by this matrix ("Track Header Box" of ISO/IEC 14496-12, version 0)."""
    data = bytearray(path.read_bytes())
    at = data.index(b"tkhd") + 44
    for place, value in ((0, a), (4, b), (12, c), (16, d)):
        data[at + place : at + place + 4] = struct.pack(">i", value << 16)
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("matrix", "shown"),
    [
        ((1, 0, 0, 1), lambda rows: rows),
        ((-1, 0, 0, 1), np.fliplr),
        ((1, 0, 0, -1), np.flipud),
        ((-1, 0, 0, -1), lambda rows: np.rot90(rows, 2)),
        ((0, 1, -1, 0), lambda rows: np.rot90(rows, -1)),
        ((0, -1, 1, 0), lambda rows: np.rot90(rows, 1)),
        ((0, 1, 1, 0), lambda rows: rows.swapaxes(0, 1)),
        ((0, -1, -1, 0), lambda rows: np.rot90(rows.swapaxes(0, 1), 2)),
    ],
)
def test_the_display_matrix_as_players_apply_it(tmp_path: Path, matrix: tuple[int, ...], shown: Callable) -> None:
    picture = np.full((48, 64, 3), 40, np.uint8)
    picture[:20, :24], picture[30:, :10] = 200, 120
    movie = with_matrix(encode(tmp_path / "m.mp4", [picture] * 3, "libx264", "yuv444p", options={"qp": "4"}), *matrix)
    plate = open_plate(movie)
    np.testing.assert_allclose(plate.read(2).rgb, shown(picture / 255.0), atol=0.06)
    assert (plate.width, plate.height) == plate.read(1).rgb.shape[1::-1]


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("b.avi", "libx264"),
        ("b.mkv", "libx264"),
        ("b.mp4", "libx264"),
        ("b.ts", "libx264"),
        ("b.mts", "libx264"),
        ("b.mxf", "libx264"),
        ("d.avi", "mpeg4"),
        ("d.ts", "mpeg2video"),
        ("d.mpg", "mpeg2video"),
        ("d.mxf", "mpeg2video"),
    ],
)
@pytest.mark.parametrize("group", ["8", "100"])
def test_bidirectional_frames_in_any_container(tmp_path: Path, name: str, codec: str, group: str) -> None:
    form, options = ("yuv444p", {"qp": "6"}) if codec == "libx264" else ("yuv420p", {"b": "4000000"})
    options = {**options, "bf": "2", "g": group}
    plate = open_plate(encode(tmp_path / name, numbered_pictures(40), codec, form, rate=25, options=options))
    assert plate.frames == tuple(range(1, 41))
    order = [*plate.frames, *random.Random(3).sample(plate.frames, 40), *reversed(plate.frames)]
    assert [index_of(plate.read(frame).rgb) for frame in order] == [frame - 1 for frame in order]


@pytest.mark.parametrize(
    ("codec", "between", "is_counted"),
    [("mpeg2video", "2", False), ("libx264", "0", False), ("libx264", "2", True)],
)
def test_an_mxf_is_counted_only_where_it_keeps_no_times_of_showing(
    tmp_path: Path, codec: str, between: str, is_counted: bool
) -> None:
    """Counting decodes from the beginning."""
    options = {"bf": between, "g": "6"}
    path = encode(tmp_path / "c.mxf", numbered_pictures(12), codec, "yuv420p", rate=25, options=options)
    assert open_plate(path)._counted == is_counted


@pytest.mark.parametrize("name", ["b.mp4", "b.mkv", "b.ts"])
def test_a_frame_far_from_the_beginning_is_found_from_its_key_frame(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = {"bf": "3", "g": "8", "keyint_min": "8"}
    plate = open_plate(encode(tmp_path / name, numbered_pictures(56), "libx264", "yuv420p", options=options))
    decoded: list[int] = []
    keep = MoviePlate._keep
    monkeypatch.setattr(
        MoviePlate, "_keep", lambda self, time, frame: (decoded.append(time), keep(self, time, frame))[1]
    )
    assert index_of(plate.read(56).rgb) == 55
    assert len(decoded) == 8


def test_a_damaged_first_frame_leaves_the_others(tmp_path: Path) -> None:
    path = encode(tmp_path / "m.mov", numbered_pictures(4), "png", "rgb24")
    content = bytearray(path.read_bytes())
    start = content.index(b"\x89PNG")
    content[start : start + 60] = bytes(60)
    path.write_bytes(content)
    plate = open_plate(path)
    assert plate.frames == (1, 2, 3, 4)
    assert [index_of(plate.read(frame).rgb) for frame in (2, 3, 4)] == [1, 2, 3]
    with pytest.raises(FrameReadError, match="frame 1"):
        plate.read(1)


def test_a_cover_picture_is_no_plate(tmp_path: Path) -> None:
    path = tmp_path / "cover.mp4"
    with av.open(str(path), "w") as container:
        cover, film = container.add_stream("png", rate=1), container.add_stream("libx264", rate=24)
        cover.width = cover.height = 32
        cover.pix_fmt, cover.disposition = "rgb24", Disposition.attached_pic
        film.height, film.width, film.pix_fmt = 64, 96, "yuv420p"
        container.mux(cover.encode(av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")))
        for picture in numbered_pictures(3):
            container.mux(film.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(film.encode(None))
    with_cover_first(path)
    with av.open(str(path)) as container:
        assert container.streams.video[0].width == 32
    plate = open_plate(path)
    assert (plate.width, plate.frames) == (96, (1, 2, 3))
    assert index_of(plate.read(3).rgb) == 2


def with_cover_first(path: Path) -> None:
    """The user data of an MP4 file, which holds its cover, moved before its tracks."""
    content = path.read_bytes()
    start = content.index(b"moov") - 4
    end = start + int.from_bytes(content[start : start + 4])
    boxes, place = [], start + 8
    while place < end:
        size = int.from_bytes(content[place : place + 4])
        boxes.append(content[place : place + size])
        place += size
    boxes.sort(key=lambda box: box[4:8] != b"udta")
    path.write_bytes(content[: start + 8] + b"".join(boxes) + content[end:])


@pytest.mark.parametrize(("name", "codec"), [("t.mov", "mpeg4"), ("t.mkv", "mpeg4"), ("t.mxf", "mpeg2video")])
def test_a_time_code_wherever_the_container_keeps_it(tmp_path: Path, name: str, codec: str) -> None:
    pictures = numbered_pictures(3, (96, 128))
    metadata = {} if name.endswith("mxf") else {"timecode": "10:00:00:05"}
    with av.open(str(tmp_path / name), "w") as container:
        container.metadata.update({"timecode": "10:00:00:05"} if name.endswith("mxf") else {})
        stream = container.add_stream(codec, rate=25)
        stream.height, stream.width, stream.pix_fmt = 96, 128, "yuv420p"
        stream.metadata.update(metadata)
        for picture in pictures:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    plate = open_plate(tmp_path / name)
    assert [plate.header(frame).timecode for frame in (1, 3)] == ["10:00:00:05", "10:00:00:07"]


def test_a_variable_rate_is_said(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "v.mkv"), "w") as container:
        stream = container.add_stream("ffv1", rate=25)
        stream.height, stream.width, stream.pix_fmt = 64, 96, "bgr0"
        for time, picture in zip((0, 1, 5, 6, 9), numbered_pictures(5), strict=True):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = time, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    plate = open_plate(tmp_path / "v.mkv")
    assert "variable frame rate" in plate.notes[0]
    assert [index_of(plate.read(frame).rgb) for frame in plate.frames] == [0, 1, 2, 3, 4]
    even = open_plate(encode(tmp_path / "e.mkv", numbered_pictures(5), "ffv1", "bgr0", rate=Fraction(24000, 1001)))
    assert even.notes == ()
