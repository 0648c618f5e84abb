"""The cache: found by content, linked instead of computed, whole or absent, index disposable."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from wisp.cache import Cache, MatteStamp, Shelf, object_folder, plate_key, read_matte
from wisp.errors import InputError
from wisp.plates.exr import read_channels
from wisp.plates.plate import PlateHeader, Window
from wisp.trackers.tracker import TrackedMask

HEADER = PlateHeader(display=Window(0, 0, 8, 6), data=Window(2, 1, 7, 5), fps=23.976, timecode="01:02:03:04")


def stamp(mark: str = "f" * 32) -> MatteStamp:
    return MatteStamp("hero", "solved", "tracked", 0.75, "flow + guided", "none", "Apache-2.0", mark)


def alpha(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random((6, 8), np.float32)


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Cache(tmp_path).shelf("plate-1")


def store(shelf: Shelf, frame: int = 1001, folder: str = "hero-1", mark: str = "f" * 32) -> Path:
    path = shelf.matte_path(folder, frame, 4)
    shelf.write_matte(path, alpha(), HEADER, stamp(mark))
    return path


def test_a_matte_is_half_float_with_red_green_and_blue_alike_and_says_what_it_is(shelf: Shelf) -> None:
    path = store(shelf)
    channels, header = read_channels(path)
    assert path.name == "alpha.1001.exr"
    assert set(channels) == {"R", "G", "B"} and channels["R"].dtype == np.float16
    for name in "RGB":
        np.testing.assert_array_equal(channels[name], alpha().astype(np.float16))
    assert header.display == HEADER.display == header.data
    assert header.timecode == "01:02:03:04"
    assert header.fps == pytest.approx(24000 / 1001)
    assert read_matte(path)[1] == stamp()


def test_compression_is_zips(shelf: Shelf) -> None:
    OpenEXR = pytest.importorskip("OpenEXR")
    header = OpenEXR.File(str(store(shelf)), header_only=True).header()
    assert header["compression"] == OpenEXR.ZIPS_COMPRESSION


def test_a_matte_is_found_by_its_fingerprint_also_from_another_process_start(shelf: Shelf, tmp_path: Path) -> None:
    path = store(shelf)
    assert shelf.find_matte("f" * 32) == path
    assert shelf.find_matte("0" * 32) is None
    assert Cache(tmp_path).shelf("plate-1").find_matte("f" * 32) == path


def test_the_index_may_be_deleted_or_ruined(shelf: Shelf, tmp_path: Path) -> None:
    path = store(shelf)
    index = tmp_path / "index.sqlite"
    index.unlink()
    assert Cache(tmp_path).shelf("plate-1").find_matte("f" * 32) == path
    index.write_bytes(b"this is no data base " * 100)
    assert Cache(tmp_path).shelf("plate-1").find_matte("f" * 32) == path


def test_a_matte_of_another_size_on_disk_than_written_does_not_count(shelf: Shelf) -> None:
    path = store(shelf)
    with path.open("ab") as stream:
        stream.write(b"x")
    assert shelf.find_matte("f" * 32) is None


def test_adopting_links_the_same_file_into_another_folder(shelf: Shelf) -> None:
    source = store(shelf)
    target = shelf.matte_path("hero-2", 1001, 4)
    assert shelf.adopt_matte("f" * 32, shelf.find_matte("f" * 32), target)
    assert target.read_bytes() == source.read_bytes()
    assert target.stat().st_ino == source.stat().st_ino
    source.unlink()
    assert shelf.find_matte("f" * 32) == target
    absent = shelf.find_matte("0" * 32)
    assert not shelf.adopt_matte("0" * 32, absent, shelf.matte_path("hero-2", 1002, 4))


def test_looking_makes_no_folder(tmp_path: Path) -> None:
    shelf = Cache(tmp_path / "absent").shelf("plate")
    assert shelf.find_matte("f" * 32) is None and shelf.stored_masks() == set()
    assert not (tmp_path / "absent").exists()


def test_masks_and_memories_come_back_as_half_floats(shelf: Shelf) -> None:
    logits = np.linspace(-12, 12, 12, dtype=np.float32).reshape(3, 4)
    shelf.write_mask("a" * 32, TrackedMask(logits, 0.5, "keyframe"))
    shelf.write_snapshot("a" * 32, {"memory": np.arange(5)})
    read = shelf.read_mask("a" * 32)
    np.testing.assert_array_equal(read.logits, logits.astype(np.float16).astype(np.float32))
    assert (read.confidence, read.state) == (0.5, "keyframe")
    assert shelf.stored_masks() == {"a" * 32} == shelf.stored_snapshots()
    np.testing.assert_array_equal(shelf.read_snapshot("a" * 32)["memory"], np.arange(5))


def test_a_damaged_mask_is_named_and_removed(shelf: Shelf) -> None:
    shelf.write_mask("a" * 32, TrackedMask(np.zeros((3, 4), np.float32), 0.5, "tracked"))
    path = shelf.folder / "masks" / f"{'a' * 32}.npz"
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(InputError, match="was damaged") as caught:
        shelf.read_mask("a" * 32)
    assert caught.value.path == str(path) and not path.exists()


def test_what_was_found_to_be_the_same_is_known_to_its_end(shelf: Shelf) -> None:
    assert shelf.same() == {}
    for mark, mask in (("a", "b"), ("b", "c"), ("s", "a"), ("twice", "y"), ("twice", "x")):
        shelf.note_same(mark, mask)
    assert shelf.same() == {"a": "c", "b": "c", "s": "c", "twice": "x"}
    shelf.note_same("c", "b")
    assert shelf.same() == {"a": "b", "b": "b", "c": "b", "s": "b", "twice": "x"}, "a ring has one name for all"
    assert shelf.stored_masks() == set()


def test_keys_depend_on_everything_they_stand_for() -> None:
    assert object_folder("hero", ["a", "b"]) != object_folder("hero", ["b", "a"])
    assert plate_key("sh010", (10, 10)) != plate_key("sh010", (10, 11))
    assert plate_key("sh 010/ä", 1).startswith("sh_010_ä-")
