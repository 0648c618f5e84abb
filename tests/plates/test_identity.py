"""Content identity: what changes it, what does not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from wisp.errors import FrameReadError
from wisp.plates.identity import BLOCK_BYTES, BLOCKS, WHOLE_UP_TO, file_identity


def write(path: Path, content: bytes, mtime: int = 1_700_000_000) -> Path:
    path.write_bytes(content)
    os.utime(path, (mtime, mtime))
    return path


def test_small_files_are_known_by_content_alone(tmp_path: Path) -> None:
    first = file_identity(write(tmp_path / "a", b"x" * 1000))
    assert file_identity(write(tmp_path / "b", b"x" * 1000, mtime=5)) == first
    assert file_identity(write(tmp_path / "c", b"x" * 999 + b"y")) != first
    assert len(first) == 32


def test_every_byte_counts_up_to_the_limit(tmp_path: Path) -> None:
    content = bytearray(WHOLE_UP_TO)
    first = file_identity(write(tmp_path / "a", content))
    content[WHOLE_UP_TO // 2 + 12345] = 1
    assert file_identity(write(tmp_path / "b", content)) != first


def test_large_files_are_known_by_size_time_and_blocks(tmp_path: Path) -> None:
    size = WHOLE_UP_TO + 1_000_000
    content = bytearray(size)
    first = file_identity(write(tmp_path / "a", content))
    assert file_identity(write(tmp_path / "moved", content)) == first
    assert file_identity(write(tmp_path / "touched", content, mtime=1_700_000_001)) != first
    assert file_identity(write(tmp_path / "longer", content + b"\0")) != first
    for block in (0, 1, BLOCKS // 2, BLOCKS - 1):
        changed = bytearray(content)
        changed[block * (size - BLOCK_BYTES) // (BLOCKS - 1)] = 1
        assert file_identity(write(tmp_path / f"block{block}", changed)) != first


def test_a_changed_file_is_not_remembered(tmp_path: Path) -> None:
    path = write(tmp_path / "a", b"one")
    first = file_identity(path)
    assert file_identity(write(path, b"two", mtime=1_700_000_002)) != first


def test_a_missing_file_raises(tmp_path: Path) -> None:
    with pytest.raises(FrameReadError, match="does not exist"):
        file_identity(tmp_path / "none")
