"""The cache: found by content, linked instead of computed, whole or absent, index disposable."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import numpy as np
import pytest
from wisp.cache import Cache, DamagedMaskError, MatteStamp, Shelf, index, object_folder, plate_key, read_matte
from wisp.errors import FrameReadError, InputError
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
    shelf.adopt_mattes([("f" * 32, source, target)])
    assert target.read_bytes() == source.read_bytes()
    assert target.stat().st_ino == source.stat().st_ino
    source.unlink()
    assert shelf.find_matte("f" * 32) == target
    assert shelf.find_mattes(["0" * 32, "f" * 32]) == {"f" * 32: target}


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


# Nothing in the cache is believed -------------------------------------------------------------------------------


def flip(path: Path, place: int, bit: int = 0) -> None:
    """One bit of the file; its size, and its time as far as a file system lets one, stay."""
    state = path.stat()
    data = bytearray(path.read_bytes())
    data[place] ^= 1 << bit
    path.write_bytes(data)
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))


def test_no_flipped_bit_goes_unnoticed(shelf: Shelf, tmp_path: Path) -> None:
    path = store(shelf)
    good = path.read_bytes()
    for place in range(0, len(good), 7):
        flip(path, place, place % 8)
        assert Cache(tmp_path).shelf("plate-1").find_matte("f" * 32, sure=True) is None
        with pytest.raises(FrameReadError):
            read_matte(path)
        path.write_bytes(good)
        (tmp_path / "index.sqlite").unlink()
    assert Cache(tmp_path).shelf("plate-1").find_matte("f" * 32, sure=True) == path


def test_another_frames_file_in_its_place_is_not_it(shelf: Shelf, tmp_path: Path) -> None:
    one, other = store(shelf), store(shelf, 1002, mark="e" * 32)
    one.write_bytes(other.read_bytes())
    fresh = Cache(tmp_path).shelf("plate-1")
    assert fresh.find_matte("f" * 32) is None and fresh.was_damaged("f" * 32)
    assert fresh.find_matte("e" * 32) == other


@pytest.mark.parametrize(
    "row", ["{outside}", "../{name}/alpha.1001.exr", "plate-1/../../x.exr", "plate-1/hero-1/a.txt"]
)
def test_an_index_row_leads_nowhere_else(shelf: Shelf, tmp_path: Path, row: str) -> None:
    path = store(shelf)
    outside = tmp_path.parent / "outside.exr"
    outside.write_bytes(path.read_bytes())
    path.unlink()
    connection = sqlite3.connect(tmp_path / "index.sqlite", isolation_level=None)
    place = row.format(outside=outside, name=tmp_path.parent.name)
    connection.execute("UPDATE mattes SET path = ?, state = ''", (place,))
    connection.close()
    assert Cache(tmp_path).shelf("plate-1").find_matte("f" * 32) is None


def test_a_link_is_no_matte(shelf: Shelf, tmp_path: Path) -> None:
    path = store(shelf)
    path.rename(tmp_path / "elsewhere.exr")
    path.symlink_to(tmp_path / "elsewhere.exr")
    assert Cache(tmp_path).shelf("plate-1").find_matte("f" * 32) is None


def test_mattes_that_were_written_while_the_index_was_busy_are_known_to_others_afterwards(
    shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index.MatteIndex._open, "__defaults__", (0.1,))
    store(shelf)
    other = sqlite3.connect(tmp_path / "index.sqlite", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    second = store(shelf, 1002, mark="a" * 32)
    assert shelf.find_matte("a" * 32) == second, "this process goes on"
    other.execute("COMMIT")
    other.close()
    third = store(shelf, 1003, mark="b" * 32)
    shelf.flush()
    anew = Cache(tmp_path).shelf("plate-1")
    assert (anew.find_matte("a" * 32), anew.find_matte("b" * 32)) == (second, third)


@pytest.mark.skipif(os.name == "nt", reason="there are no group's rights")
def test_who_may_write_into_the_folder_may_write_the_index(shelf: Shelf, tmp_path: Path) -> None:
    for mode, wanted in ((0o2775, 0o664), (0o755, 0o644)):
        tmp_path.chmod(mode)
        store(Cache(tmp_path).shelf("plate-1"))
        assert (tmp_path / "index.sqlite").stat().st_mode & 0o777 == wanted


def test_mattes_whose_rows_could_not_be_written_are_found_in_their_own_folder(
    shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index.MatteIndex._open, "__defaults__", (0.1,))
    earlier = store(shelf, 1001)
    holder = sqlite3.connect(tmp_path / "index.sqlite", isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")  # held for as long as the writer lives
    lost = [store(shelf, frame, mark=mark * 32) for frame, mark in ((1002, "a"), (1003, "b"))]
    store(shelf, 1001, mark="c" * 32)  # in the place of one that has a row
    shelf.flush()
    holder.execute("COMMIT")
    holder.close()
    cache = Cache(tmp_path)
    anew = cache.shelf("plate-1")
    assert anew.find_matte("a" * 32, "hero-2") is None, "another object's"
    assert anew.find_mattes(["a" * 32, "b" * 32], "hero-1") == {"a" * 32: lost[0], "b" * 32: lost[1]}
    assert anew.find_matte("c" * 32, "hero-1", sure=True) == earlier and anew.find_matte("f" * 32, "hero-1") is None
    assert Cache(tmp_path).shelf("plate-1").find_matte("a" * 32) == lost[0], "the index knows it from now on"


def test_a_folder_is_looked_through_once_until_others_may_have_written(
    shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store(shelf)
    cache = Cache(tmp_path)
    read: list[Path] = []
    monkeypatch.setattr(Path, "glob", lambda self, pattern: read.append(self) or iter(()))
    for _ in range(3):
        cache.shelf("plate-1").find_mattes(["a" * 32, "b" * 32], "hero-1")
        cache.shelf("plate-1").find_matte("a" * 32, "hero-1")
    assert read == [shelf.folder / "hero-1"]
    cache.look_again()
    cache.shelf("plate-1").find_matte("a" * 32, "hero-1")
    assert len(read) == 2


def test_a_ruined_index_is_made_anew_on_disk(shelf: Shelf, tmp_path: Path) -> None:
    path, index = store(shelf), tmp_path / "index.sqlite"
    for ruin in (b"this is no data base " * 500, index.read_bytes()[:100] + b"\xff" * 20_000, b"\0" * 10, b""):
        index.write_bytes(ruin)
        assert Cache(tmp_path).shelf("plate-1").find_matte("f" * 32) == path
        rows = sqlite3.connect(index).execute("SELECT fingerprint FROM mattes").fetchall()
        assert rows == [("f" * 32,)], ruin[:20]


@pytest.mark.parametrize("seed", range(4))
def test_a_mask_of_whatever_damage_counts_as_absent(shelf: Shelf, seed: int) -> None:
    logits = np.linspace(-12, 12, 48, dtype=np.float32).reshape(6, 8)
    shelf.write_mask("a" * 32, TrackedMask(logits, 0.5, "tracked"))
    path = shelf.folder / "masks" / f"{'a' * 32}.npz"
    good, random = path.read_bytes(), np.random.default_rng(seed)
    wrong = 0
    for place in random.integers(0, len(good), 60):
        bad = bytearray(good)
        bad[place] ^= 1 << int(random.integers(8))
        path.write_bytes(bad)
        try:
            read = shelf.read_mask("a" * 32)
        except DamagedMaskError:
            assert not path.exists()
        else:  # the flipped bit says nothing about the content: a time, a version
            wrong += not np.array_equal(read.logits, logits.astype(np.float16).astype(np.float32))
    assert wrong == 0


def test_another_mask_in_its_place_counts_as_absent(shelf: Shelf) -> None:
    for mark in "ab":
        shelf.write_mask(mark * 32, TrackedMask(np.zeros((3, 4), np.float32), 0.5, "tracked"))
        shelf.write_snapshot(mark * 32, {"memory": np.arange(3)})
    folder = shelf.folder / "masks"
    for name in ("{}.npz", "{}.state.npz"):
        (folder / name.format("a" * 32)).write_bytes((folder / name.format("b" * 32)).read_bytes())
    with pytest.raises(DamagedMaskError):
        shelf.read_mask("a" * 32)
    with pytest.raises(DamagedMaskError):
        shelf.read_snapshot("a" * 32)
    assert shelf.stored_masks() == shelf.stored_snapshots() == {"b" * 32}
    (folder / f"{'b' * 32}.state.npz").write_bytes((folder / f"{'b' * 32}.npz").read_bytes())
    with pytest.raises(DamagedMaskError):
        shelf.read_snapshot("b" * 32)
