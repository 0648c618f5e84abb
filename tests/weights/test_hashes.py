"""Hashes and the memory of them."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from weights.stand_ins import GOOD, OTHER
from wisp.errors import WeightsError
from wisp.weights.hashes import is_open_to_all, judge, remembered_sha256, sha256_of
from wisp.weights.registry import WeightFile

FILE = WeightFile("hero.pt", len(GOOD), hashlib.sha256(GOOD).hexdigest())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "hero.pt"
    path.write_bytes(GOOD)
    return path


def test_sha256(path: Path) -> None:
    seen: list[int] = []
    assert sha256_of(path, seen.append) == hashlib.sha256(GOOD).hexdigest()
    assert seen[-1] == len(GOOD)


def test_memory_is_used_until_the_file_changes(path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    good = remembered_sha256(path)
    with monkeypatch.context() as patched:
        patched.setattr("wisp.weights.hashes.sha256_of", lambda _: pytest.fail("the file was read again"))
        assert remembered_sha256(path) == good
    path.write_bytes(GOOD[:-1])
    assert remembered_sha256(path) == hashlib.sha256(GOOD[:-1]).hexdigest()
    assert [entry.name for entry in home.iterdir()] == ["hashes.json"]


@pytest.mark.skipif(os.name != "posix", reason="keeps no time of the last change of state")
def test_a_time_that_was_put_back_hides_nothing(path: Path, home: Path) -> None:
    remembered_sha256(path)
    status = path.stat()
    path.write_bytes(OTHER)  # same size
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert remembered_sha256(path) == hashlib.sha256(OTHER).hexdigest()


@pytest.mark.skipif(os.name != "posix", reason="no such permissions")
def test_a_folder_that_all_may_write_is_known(tmp_path: Path) -> None:
    for mode, is_open in ((0o755, False), (0o777, True), (0o1777, False)):
        tmp_path.chmod(mode)
        assert is_open_to_all(tmp_path) is is_open
    assert not is_open_to_all(tmp_path / "absent")


@pytest.mark.parametrize("junk", ["", "[]", "{", '{"%s": [1, 2]}', '{"%s": "x"}', "\x00"])
def test_damaged_memory_is_no_obstacle(path: Path, home: Path, junk: str) -> None:
    home.mkdir(parents=True)
    (home / "hashes.json").write_text(junk.replace("%s", str(path)))
    assert remembered_sha256(path) == hashlib.sha256(GOOD).hexdigest()


def test_memory_that_cannot_be_written_is_no_obstacle(path: Path, home: Path) -> None:
    home.parent.mkdir(parents=True)
    home.write_text("a file where the folder should be")
    assert remembered_sha256(path) == hashlib.sha256(GOOD).hexdigest()


def test_judge(path: Path) -> None:
    good = sha256_of(path)
    assert judge(FILE, path, good).stamp == good
    assert judge(WeightFile("hero.pt"), path, good).stamp == f"unlisted:{good}"
    path.write_bytes(OTHER)
    wrong = sha256_of(path)
    with pytest.raises(WeightsError, match=rf"SHA-256 is {wrong} instead of {good}"):
        judge(FILE, path, wrong)
    assert judge(FILE, path, wrong, allow_unverified=True).stamp == f"unverified:{wrong}"
    path.write_bytes(GOOD[:10])
    with pytest.raises(WeightsError, match="it has 10 bytes instead of 300,000"):
        judge(FILE, path, sha256_of(path))


def test_unreadable_file(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="Cannot read"):
        sha256_of(tmp_path)
