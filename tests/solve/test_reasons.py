"""The record of what solved frames were made of: several writers, damage, and what outlives what."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
from wisp.solve.reasons import Ingredients, Record


def solved(*frames: int, mark: str = "a") -> Ingredients:
    return Ingredients(
        {frame: f"{mark}{frame}" for frame in frames}, {1: "p"}, dict.fromkeys(frames, "x"), {"head": mark}
    )


def test_a_later_solve_takes_its_frames_from_an_earlier_one(tmp_path: Path) -> None:
    record = Record(tmp_path / "record")
    assert record.read() == []
    record.add(solved(1, 2, 3))
    record.add(solved(2, 3, mark="b"))
    assert [(list(item.marks), item.settings["head"]) for item in record.read()] == [([1], "a"), ([2, 3], "b")]
    record.add(solved(1, mark="c"))
    assert [item.settings["head"] for item in record.read()] == ["b", "c"]
    assert len(list((tmp_path / "record").iterdir())) == 1


def test_writers_at_the_same_time_lose_nothing(tmp_path: Path) -> None:
    """Eight writers, each with frames of its own, all starting together, three times over."""
    folder = tmp_path / "record"
    gate = threading.Barrier(8)

    def write(number: int) -> None:
        for turn in range(3):
            gate.wait()
            Record(folder).add(solved(10 * number + turn))

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kept = sorted(frame for item in Record(folder).read() for frame in item.marks)
    assert kept == [10 * number + turn for number in range(8) for turn in range(3)]
    Record(folder).add(solved(999))
    assert len(list(folder.iterdir())) == 1


def test_an_entry_that_two_writers_took_loses_what_either_solved_anew(tmp_path: Path) -> None:
    """Both read the first solve before either wrote."""
    folder = tmp_path / "record"
    Record(folder).add(solved(1, 2, 3))
    (first,) = folder.iterdir()
    before = first.read_bytes()
    Record(folder).add(solved(1, mark="b"))
    first.write_bytes(before)  # the second writer's view: the first one's file is not there yet
    (other,) = (place for place in folder.iterdir() if place != first)
    hidden = other.rename(tmp_path / "hidden.json")
    Record(folder).add(solved(2, mark="c"))
    hidden.rename(other)
    by_head = {item.settings["head"]: sorted(item.marks) for item in Record(folder).read()}
    assert by_head == {"a": [3], "b": [1], "c": [2]}


def test_a_damaged_file_hides_no_other(tmp_path: Path) -> None:
    folder = tmp_path / "record"
    Record(folder).add(solved(1))
    for name, content in (("bad.json", "{"), ("odd.json", "[1]"), ("null.json", "null")):
        (folder / name).write_text(content)
    assert [list(item.marks) for item in Record(folder).read()] == [[1]]
    Record(folder).add(solved(2))
    assert [list(item.marks) for item in Record(folder).read()] == [[1], [2]]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with names are not known here")
def test_a_pipe_in_its_place_is_no_record_and_holds_nobody_up(tmp_path: Path) -> None:
    record = Record(tmp_path / "record")
    record.add(solved(1))
    os.mkfifo(tmp_path / "record" / "pipe.json")
    assert [list(item.marks) for item in record.read()] == [[1]]
