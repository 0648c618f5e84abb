"""Odd names, odd sizes, links out of the fence, and processes that are killed: the command line from end to end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from helpers.growing import files_below
from torture.conftest import Counter
from wisp.cache import read_matte
from wisp.cli import main
from wisp.errors import WispError
from wisp.plates import open_plate
from wisp.plates.opening import Fence

WORDS = [
    "take#2",
    "logo@2x",
    "My%20Project",
    "50%",
    "a%d",
    "[x]",
    "{object}",
    "a b",
    "shot-",
    "2024-01-31-",
    "été",
    "-",
    "$F4",
    "~",
    "a'b",
    'a"b',
    "*",
    "?",
    "t\udce9",
]


def write_pictures(folder: Path, name: str, frames: range, size: tuple[int, int] = (40, 24)) -> None:
    """`name` has the frame where `{:04d}` stands."""
    folder.mkdir(parents=True, exist_ok=True)
    base = (np.random.default_rng(2).random((size[1], size[0], 3)) * 90).astype(np.uint8)
    base[size[1] // 4 : -(size[1] // 4) or None, size[0] // 4 : -(size[0] // 4) or None] += 120
    for frame in frames:
        data = cv2.imencode(".png", base)[1]
        (folder / name.replace("{:04d}", f"{frame:04d}")).write_bytes(data.tobytes())


@pytest.mark.skipif(os.name != "posix", reason="other systems forbid most of these names")
def test_odd_names(tmp_path: Path, counter: Counter, times: Any, capsys: Any) -> None:
    random = np.random.default_rng(4)
    for turn in range(times(14, 200)):
        plate, folder, out = (WORDS[index] for index in random.integers(len(WORDS), size=3))
        source = tmp_path / str(turn) / folder
        write_pictures(source, f"{plate}.{{:04d}}.png", range(999, 1002))
        output = tmp_path / str(turn) / "out" / out
        spec = str(source) if turn % 2 else str(source / f"{plate}.%04d.png")
        code = main(["matte", spec, "--box", "8,4,32,20", "--head", "guided", "-o", str(output), "-q"])
        mattes = sorted(path.name for path in (output / "object1").glob("*.exr"))
        wanted = [f"object1.{frame:04d}.exr" for frame in (999, 1000, 1001)]
        counter.check(
            code == 0 and mattes == wanted, f"{spec!r} -> {output!r}: {code}, {capsys.readouterr().err[-200:]}"
        )


@pytest.mark.skipif(os.name != "posix", reason="other systems forbid these names")
def test_names_steer_no_terminal(tmp_path: Path, counter: Counter, capsys: Any) -> None:
    """Line breaks and terminal codes in names come out as escapes, in all that a person reads."""
    folder, output = tmp_path / "a\nb\x1b[2J", tmp_path / "o\x1b]0;t\x07\r"
    write_pictures(folder, "c\x1b[31m.{:04d}.png", range(1, 3))
    shot = output / "c\x1b[31m.wisp"
    for words in (
        ["matte", str(folder), "--box", "8,4,32,20", "--head", "guided", "-o", str(output)],
        ["status", str(shot)],
        ["solve", str(shot)],
        ["check", str(shot)],
        ["deliver", str(shot), "-o", str(output / "{object}.%04d.exr")],
        ["farm", "template", str(shot), "-o", str(output / "job\n.json")],
        ["farm", "submit", str(shot), "--to", "flamenco", "-o", str(output / "bundle\x1b")],
        ["deliver", str(folder), "-o", str(output / "{object}.%04d.exr")],
    ):
        code = main(words)
        said = "".join(capsys.readouterr())
        counter.check(code == (3 if words[1] == str(folder) and words[0] == "deliver" else 0), f"{words[:2]}: {code}")
        counter.check(bool(said) and all(c.isprintable() or c == "\n" for c in said), f"{words[:2]}: {said!r}")


@pytest.mark.skipif(os.name != "posix", reason="closes descriptors by a shell")
def test_a_command_without_streams_does_its_work(tmp_path: Path, counter: Counter) -> None:
    """Some schedulers start commands with closed descriptors: none of our files may get the number of one of them."""
    write_pictures(tmp_path / "p", "p.{:04d}.png", range(1, 4))
    words = ["matte", str(tmp_path / "p"), "--box", "8,4,32,20", "--head", "guided", "-o", str(tmp_path / "o")]
    shell = ["sh", "-c", 'exec "$0" "$@" <&- >&- 2>&-', sys.executable, "-m", "wisp"]
    counter.check(subprocess.run([*shell, *words], check=False).returncode == 0, "it failed")
    for frame in (1, 2, 3):
        counter.check(read_matte(tmp_path / "o" / "object1" / f"object1.{frame:04d}.exr")[0].max() > 0.5, str(frame))


SIZES = [(1, 1), (2, 2), (3, 3), (1, 50), (50, 1), (2, 200), (300, 2), (7, 5), (24, 1000), (15, 17), (100, 4)]


def test_plates_of_any_size(tmp_path: Path, counter: Counter, times: Any, capsys: Any) -> None:
    for width, height in SIZES[:: times(2, 1)]:
        for head in ("guided", "embedded")[: times(1, 2)]:
            folder = tmp_path / f"{width}x{height}{head}"
            write_pictures(folder, "p.{:04d}.png", range(1, 4), (width, height))
            box = f"0,0,{width},{height}"
            code = main(["matte", str(folder), "--box", box, "--head", head, "-o", str(folder / "o"), "-q"])
            counter.check(code == 0, f"{width}x{height}, {head}: {code}, {capsys.readouterr().err[-200:]}")


def test_nothing_outside_the_fence_is_read(tmp_path: Path, counter: Counter, times: Any) -> None:
    """Frames turn into links to a secret and back while they are read."""
    root, random = tmp_path / "root", np.random.default_rng(6)
    write_pictures(root, "p.{:04d}.png", range(1, 6))
    write_pictures(tmp_path / "secret", "s.{:04d}.png", range(1, 2))
    secret = tmp_path / "secret" / "s.0001.png"
    secret.write_bytes(cv2.imencode(".png", np.full((24, 40, 3), 255, np.uint8))[1].tobytes())
    plate = open_plate(root, fence=Fence([root]))
    good = (root / "p.0001.png").read_bytes()
    for turn in range(times(60, 5000)):
        frame = int(random.integers(1, 6))
        path = root / f"p.{frame:04d}.png"
        path.unlink()
        match random.integers(4):
            case 0:
                path.write_bytes(good)
            case 1:
                path.symlink_to(secret)
            case 2:
                path.symlink_to(Path("..") / "secret" / ".." / "secret" / "s.0001.png")
            case _:
                path.symlink_to(root / f"p.{frame % 5 + 1:04d}.png")
        try:
            counter.check(plate.read(frame).rgb.min() < 1, f"turn {turn}: the secret was read")
        except WispError:
            counter.check(True, "")


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no such signal here")
def test_killed_runs_leave_nothing_wrong(tmp_path: Path, counter: Counter, times: Any, capsys: Any) -> None:
    write_pictures(tmp_path / "plate", "p.{:04d}.png", range(1, 31), (160, 90))
    asked = ["matte", str(tmp_path / "plate"), "--box", "1:40,22,120,68", "--head", "guided"]
    assert main([*asked, "-o", str(tmp_path / "good"), "-q"]) == 0
    good = {path.name: read_matte(path)[0] for path in (tmp_path / "good" / "object1").glob("*.exr")}
    assert len(good) == 30
    random = np.random.default_rng(3)
    for turn in range(times(3, 60)):
        out = tmp_path / f"out{turn}"
        command = [sys.executable, "-m", "wisp.cli", *asked, "-o", str(out), "-q"]
        running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until = time.monotonic() + 60
        while not any(files_below(out, "*.npz")) and running.poll() is None and time.monotonic() < until:
            time.sleep(0.02)
        time.sleep(float(random.random()) * 0.6)
        running.kill()
        running.wait()
        for path in (out / "object1").glob("[!.]*.exr"):
            counter.check(
                np.array_equal(read_matte(path)[0], good[path.name]), f"turn {turn}: {path.name} after the kill"
            )
        code = main([*asked, "-o", str(out), "-q"])
        found = {path.name: read_matte(path)[0] for path in (out / "object1").glob("*.exr")}
        same = found.keys() == good.keys() and all(np.array_equal(found[name], good[name]) for name in good)
        left = [path.name for path in out.rglob(".*.tmp")]
        counter.check(code == 0 and same and not left, f"turn {turn}: {code}, {left}, {capsys.readouterr().err[-200:]}")
