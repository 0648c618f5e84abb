"""Movies, decoded again: what of colour and alpha survives, and that a movie is whole or not there."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
from wisp.deliver import Delivery, Style
from wisp.deliver.naming import Format
from wisp.errors import CancelledError, UsageError
from wisp.solve import Solver

av = pytest.importorskip("av", reason="needs the extra [movies]")
from wisp.deliver.movies import writing  # noqa: E402 - only where PyAV is

SIZE = (160, 96)
COUNT = 5


def pictures() -> list[np.ndarray]:
    """Soft colours with a soft moving disc as alpha."""
    y, x = np.indices(SIZE[::-1]) + 0.5
    made = []
    for frame in range(COUNT):
        alpha = np.clip((30 - np.hypot(x - 60 - 6 * frame, y - 48)) / 12 + 0.5, 0, 1)
        made.append(np.dstack([x / SIZE[0], y / SIZE[1], 0.5 + 0 * x, alpha]).astype(np.float32))
    return made


def decoded(path: Path) -> list[np.ndarray]:
    """All frames, height x width x 4. The default VP9 decoder drops alpha; libvpx's own keeps it."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        if stream.codec_context.name != "vp9":
            white = 65535 if stream.pix_fmt.startswith("gb") else 255 * 256  # FFmpeg's own for Y'CbCr
            scale = np.float32([white, white, white, 65535])
            return [
                frame.to_ndarray(format="rgba64le").astype(np.float32) / scale for frame in container.decode(stream)
            ]
        decoder = av.CodecContext.create("libvpx-vp9", "r")
        frames = [frame for packet in container.demux(stream) for frame in decoder.decode(packet)]
        return [frame.to_ndarray(format="rgba").astype(np.float32) / 255 for frame in frames]


#: Largest and mean error of alpha, mean error of colour that are accepted: about twice what was measured.
TOLERANCES: dict[Format, tuple[float, float, float]] = {
    "mov": (0.003, 0.0008, 0.004),
    "mkv": (1 / 65535, 1 / 65535, 1 / 65535),
    "webm": (0.06, 0.006, 0.012),
}


@pytest.mark.parametrize("suffix", TOLERANCES)
def test_colour_and_alpha_come_back(suffix: Format, tmp_path: Path) -> None:
    path = tmp_path / f"out.{suffix}"
    source = pictures()
    with writing(path, suffix, SIZE, 23.976, "mark", pixel_aspect=1.0, timecode="01:00:00:00") as movie:
        for picture in source:
            movie.add(picture)
    assert [item.name for item in tmp_path.iterdir()] == [path.name]
    back = decoded(path)
    assert len(back) == COUNT
    error = np.abs(np.stack(back) - np.stack(source))
    alpha_most, alpha_mean, colour_mean = TOLERANCES[suffix]
    print(suffix, error[..., 3].max(), error[..., 3].mean(), error[..., :3].mean())
    assert error[..., 3].max() <= alpha_most
    assert error[..., 3].mean() <= alpha_mean
    assert error[..., :3].mean() <= colour_mean
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert float(stream.average_rate) == pytest.approx(24000 / 1001, rel=1e-3)
        if suffix == "mov":
            assert stream.metadata["timecode"] == "01:00:00:00"


@pytest.mark.parametrize("suffix", ["mov", "webm"])
@pytest.mark.parametrize("grey", [0.0, 0.5, 1.0])
def test_levels_are_those_of_video(suffix: Format, grey: float, tmp_path: Path) -> None:
    path = tmp_path / f"out.{suffix}"
    with writing(path, suffix, SIZE, 24, "mark", pixel_aspect=1.0, timecode=None) as movie:
        movie.add(np.full((*SIZE[::-1], 4), (grey, grey, grey, 1), np.float32))
    with av.open(str(path)) as container:
        frame = next(container.decode(video=0))
    deep = frame.format.components[0].bits > 8
    rows = np.frombuffer(frame.planes[0], np.uint16 if deep else np.uint8).reshape(frame.height, -1)
    unit = 2 ** (frame.format.components[0].bits - 8)
    assert float(rows[:, : frame.width].mean()) / unit == pytest.approx(
        16 + 219 * grey, abs=0.5 if suffix == "webm" else 0.1
    )


def test_a_shot_becomes_a_movie_of_its_frames(brief: Solver, tmp_path: Path) -> None:
    style = Style(layout="rgba", format="mkv")
    steps: list[int] = []
    delivery = Delivery(brief, str(tmp_path / "out"), style, objects=["hero"], frames=range(1010, 1016))
    assert delivery.write(lambda event: steps.append(event.frame)) == 1
    assert steps == list(range(1010, 1016))
    assert len(decoded(tmp_path / "out" / "hero" / "hero.mkv")) == 6


def test_a_movie_that_is_stopped_is_not_there(brief: Solver, tmp_path: Path) -> None:
    stop = threading.Event()
    delivery = Delivery(brief, str(tmp_path / "out"), Style(format="mov"), objects=["hero"], frames=range(1010, 1016))
    with pytest.raises(CancelledError, match="Stopped at frame 1010"):
        delivery.write(lambda _: stop.set(), stop.is_set)
    assert list((tmp_path / "out").rglob("*.*")) == []


def test_a_movie_has_no_gaps_and_no_frame_numbers(brief: Solver, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot leave out frame 1011"):
        Delivery(brief, str(tmp_path), Style(format="mov"), objects=["hero"], frames=[1010, 1012])
    with pytest.raises(UsageError, match="no frame numbers"):
        Delivery(brief, str(tmp_path / "a.%04d.mov"), Style(format="mov"), objects=["hero"])
