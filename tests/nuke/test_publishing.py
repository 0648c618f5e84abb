"""What is published, with the real engine: movies with alpha, and what the plate says of itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from fake_nuke import FIRST
from wisp.plates.exr import read_channels

#: What is not known of the host has no part in this.
pytestmark = pytest.mark.parametrize("unknowns", [FIRST], ids=["first"])
SIZE, FRAMES = (128, 96), range(1001, 1004)


def disc(frame: int) -> np.ndarray:
    noise = np.random.default_rng(7).random((SIZE[1], SIZE[0], 4)).astype(np.float32) * 0.05
    cv2.circle(noise, (50 + 3 * (frame - 1001), 48), 20, (0.8, 0.6, 0.2, 0.0), -1)
    return noise


def metadata(frame: int) -> dict[str, Any]:
    """As a Read of the host tells it."""
    return {
        "input/timecode": f"01:02:03:{frame - 1000:02d}",
        "input/frame_rate": 24.0,
        "input/filename": f"/films/unannounced/plate.{frame}.exr",
        "exr/reelName": "A001",
        "nuke/node_hash": f"{frame:x}",
    }


@pytest.fixture
def group(with_engine: Any, tmp_path: Path) -> Any:
    """A solved node."""
    session = with_engine
    plate = session.plate(disc, SIZE)
    plate.own["range"], plate.own["metadata"] = (FRAMES[0], FRAMES[-1]), metadata
    made = session.wisp(plate, tmp_path / "cache")
    made.session_of_test = session
    session.host.viewer.ctrl_shift_drag(28, 26, 72, 70)
    made["wisp_set_box"].execute()
    session.sets(made, "wisp_object_name", "disc")
    session.sets(made, "wisp_publish_dir", (tmp_path / "out").as_posix())
    track(made)
    return made


def track(group: Any) -> None:
    group["wisp_track_both"].execute()
    ended(group)
    group.session_of_test.until(lambda: all(group["wisp_cache_state"].getValueAt(frame) == 1 for frame in FRAMES))


def ended(group: Any) -> None:
    session = group.session_of_test
    session.until(lambda: not session.module("solving").busy(group))


def published(group: Any, layout: int, label: str) -> Path:
    """The folder of the version that the button writes."""
    session = group.session_of_test
    session.sets(group, "wisp_publish_layout", layout)
    session.sets(group, "wisp_publish_format", label)
    group["wisp_publish"].execute()
    ended(group)
    status = group["wisp_status"].value()
    assert status.startswith("Published "), status
    return Path(status[len("Published ") :].split(":")[0])


@pytest.mark.slow
def test_a_node_publishes_a_movie_with_alpha(group: Any) -> None:
    import av

    session = group.session_of_test
    before = set(session.host.root_group.nodes())
    folder = published(group, 1 + 1, "Movie: ProRes 4444")
    assert [path.name for path in folder.rglob("*.*") if path.is_file()] == ["disc.mov"]
    assert set(session.host.root_group.nodes()) == before, "no node reads a movie"
    with av.open(str(folder / "disc" / "disc.mov")) as movie:
        (stream,) = movie.streams.video
        pictures = [picture.to_ndarray(format="rgba64le") for picture in movie.decode(stream)]
        assert stream.metadata.get("timecode", movie.metadata.get("timecode")) == "01:02:03:01"
    assert len(pictures) == len(FRAMES)
    for frame, picture in zip(FRAMES, pictures, strict=True):
        alpha, (x, y) = picture[..., 3] / 65535.0, (50 + 3 * (frame - 1001), 48)
        assert alpha[y, x] > 0.9 and alpha[8, 8] < 0.02 and alpha[y, x + 26] < 0.1
    file = folder / "disc" / "disc.mov"
    before_it = file.read_bytes()
    folder = published(group, 0, "PNG, 16 bit")
    assert folder.name == "Wisp1_v002" and file.read_bytes() == before_it, "a version of its own"
    assert len(list(folder.glob("disc/disc.*.png"))) == len(FRAMES)
    session.sets(group, "wisp_publish_layout", 3)
    group["wisp_publish"].execute()
    assert "'Cryptomatte' cannot be PNG, 16 bit" in group["wisp_status"].value()


@pytest.mark.slow
def test_time_code_and_metadata_of_the_plate_are_kept(group: Any) -> None:
    folder = published(group, 0, "EXR, half float")
    for frame in FRAMES:
        channels, header = read_channels(folder / "disc" / f"disc.{frame}.exr")
        assert all(plane.dtype == np.float16 for plane in channels.values()), "half float"
        assert header.timecode == f"01:02:03:{frame - 1000:02d}" and header.fps == 24
        assert header.attributes["reelName"] == "A001"
        assert "unannounced" not in str(header.attributes), "where the plate lies is nobody's business"


@pytest.mark.slow
def test_a_view_is_chosen_and_a_wrong_one_is_said(group: Any) -> None:
    from wisp.shot import parse

    session = group.session_of_test
    solving = session.module("solving")
    assert solving.document(group)["plate"]["view"] is None
    session.sets(group, "wisp_view", "no such view")
    group["wisp_track_both"].execute()
    session.until(lambda: "no such view" in group["wisp_status"].value() and not solving.busy(group))
    session.sets(group, "wisp_colorspace", "ACEScg")
    session.sets(group, "wisp_view", "ACES 1.0 - SDR Video")
    assert parse(solving.document(group)).plate.view == "ACES 1.0 - SDR Video"
    session.until(lambda: not any(group["wisp_cache_state"].getValueAt(frame) for frame in FRAMES))
    track(group)
    session.sets(group, "wisp_view", "Un-tone-mapped")
    session.until(lambda: not any(group["wisp_cache_state"].getValueAt(frame) for frame in FRAMES))


@pytest.mark.slow
def test_what_the_host_notes_of_its_nodes_computes_nothing_again(group: Any) -> None:
    session = group.session_of_test
    group.input(0).own["metadata"] = lambda frame: {**metadata(frame), "nuke/node_hash": f"{7 * frame:x}"}
    group["wisp_refresh_plates"].execute()
    session.until(lambda: session.module("state").of(group).export is None)
    track(group)
    assert "0 masks tracked, 0 mattes computed, 3 kept" in group["wisp_status"].value()
