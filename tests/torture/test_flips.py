"""Bits of the cache and of deliveries are flipped, files exchanged and cut: no matte is ever wrong."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.solving import box, shot, solver, write_plate
from torture.conftest import Counter
from wisp.cache import read_matte
from wisp.deliver import Delivery

LAST = 1008


@pytest.fixture
def made(tmp_path: Path) -> Path:
    write_plate(tmp_path / "plates", last=LAST)
    return tmp_path


def document() -> Any:
    edge = {"grow": 0.5, "fill_holes": 2.0}
    return shot(box(1001), plate={"last": LAST}, item={"edge": edge})


def mattes(folder: Path) -> list[np.ndarray]:
    work = solver(document(), folder).work("hero")
    return [read_matte(work.matte(frame))[0] for frame in range(1001, LAST + 1)]


def attack(random: np.random.Generator, files: list[Path]) -> str:
    """One file is damaged in one of the ways in which disks, copies and people damage files; says what was done."""
    path = files[random.integers(len(files))]
    data = bytearray(path.read_bytes())
    kind = ["flip", "zeros", "cut", "exchange", "empty", "longer"][random.integers(6)]
    if kind == "exchange":
        data = bytearray(files[random.integers(len(files))].read_bytes())
    elif data:
        place = int(random.integers(len(data)))
        if kind == "flip":
            data[place] ^= 1 << int(random.integers(8))
        elif kind == "zeros":
            data[place : place + 64] = bytes(len(data[place : place + 64]))
        elif kind == "cut":
            del data[place:]
        elif kind == "empty":
            data.clear()
        else:
            data += b"more"
    path.unlink()  # mattes are linked from several folders: only this name is damaged
    path.write_bytes(data)
    return f"{kind} of {path.name}"


def test_damaged_caches_give_right_mattes(made: Path, counter: Counter, times: Any, caplog: Any) -> None:
    caplog.set_level(logging.CRITICAL)
    solver(document(), made).run()
    truth = mattes(made)
    random = np.random.default_rng(7)
    for turn in range(times(40, 1500)):
        files = [path for path in sorted((made / "cache").rglob("*")) if path.suffix in (".exr", ".npz", ".sqlite")]
        done = [attack(random, files) for _ in range(1 + turn % 3)]
        try:
            solver(document(), made).run()
            found = mattes(made)
        except Exception as error:
            counter.check(False, f"turn {turn}: {done}: {type(error).__name__}: {error}")
            continue
        counter.check(all(map(np.array_equal, found, truth)), f"turn {turn}: {done}: other pixels")


def test_damaged_caches_are_never_delivered(made: Path, counter: Counter, times: Any, caplog: Any) -> None:
    caplog.set_level(logging.CRITICAL)
    solver(document(), made).run()
    random = np.random.default_rng(8)
    Delivery(solver(document(), made), made / "good").write()
    truth = [read_matte(path)[0] for path in sorted((made / "good" / "hero").glob("*.exr"))]
    assert len(truth) == LAST - 1000
    for turn in range(times(25, 800)):
        done = attack(random, sorted((made / "cache").glob("*/hero-*/*.exr")))
        Delivery(solver(document(), made), made / f"out{turn}").write()
        found = [read_matte(path)[0] for path in sorted((made / f"out{turn}" / "hero").glob("*.exr"))]
        counter.check(len(found) == len(truth) and all(map(np.array_equal, found, truth)), f"turn {turn}: {done}")


def test_damaged_deliveries_are_not_taken_for_whole(made: Path, counter: Counter, times: Any) -> None:
    solver(document(), made).run()
    Delivery(solver(document(), made), made / "out").write()
    files, random = sorted((made / "out" / "hero").glob("*.exr")), np.random.default_rng(9)
    good = {path: path.read_bytes() for path in files}
    for turn in range(times(40, 1000)):
        done = attack(random, files)
        changed = [path for path in files if path.read_bytes() != good[path]]
        delivery = Delivery(solver(document(), made), made / "out", overwrite=True)
        counter.check(delivery.skipped == len(files) - len(changed), f"turn {turn}: {done}")
        delivery.write()
