"""Long shots and wide files: memory, open files and the time of a frame stay flat, and answers stay quick."""

from __future__ import annotations

import os
import time
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import OpenEXR
import pytest
from helpers.solving import HEIGHT, STAND_INS, WIDTH, box, shot, solver, write_plate_frame
from torture.conftest import Counter
from wisp.client.events import Event, FrameDone, Progress
from wisp.engine import api
from wisp.engine.shots import OpenShot
from wisp.plates import open_plate

#: Pictures that repeat over a long shot, as hard links.
PICTURES = 7


def resident_megabytes() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def write_long_plate(folder: Path, last: int) -> None:
    for frame in range(1, PICTURES + 1):
        write_plate_frame(folder, frame, seed=frame)
    for frame in range(PICTURES + 1, last + 1):
        os.link(folder / f"plate.{(frame - 1) % PICTURES + 1:04d}.exr", folder / f"plate.{frame:04d}.exr")


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="looks at memory and open files through /proc")
def test_long_shots_stay_flat(tmp_path: Path, counter: Counter, times: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    last = times(600, 10_000)
    # What is kept on purpose is bounded by bytes, and would hold all of pictures this small.
    monkeypatch.setattr("wisp.plates.clip.affordable_bytes", lambda: 2**20)
    monkeypatch.setattr("wisp.solve.source.ALPHA_BYTES", 2**18)
    write_long_plate(tmp_path / "plates", last)
    document = shot(box(1), plate={"first": 1, "last": last})
    #: Of every hundredth step: memory, open files, processor time.
    seen: list[tuple[float, int, float]] = []
    steps = 0

    def listen(event: Event) -> None:
        nonlocal steps
        steps += isinstance(event, Progress | FrameDone)
        if isinstance(event, FrameDone) and event.frame % 100 == 0:
            seen.append((resident_megabytes(), len(list(Path("/proc/self/fd").iterdir())), time.process_time()))

    solver(document, tmp_path).run(on_event=listen)
    counter.check(len(seen) == last // 100, f"{len(seen)} samples of {last} frames")
    memory, files, seconds = map(np.array, zip(*seen, strict=True))
    counter.check(memory[-1] - memory[len(memory) // 4] < 40.0, f"MB every hundredth frame: {memory.round()}")
    # What tests before this one left to the garbage collector may be closed meanwhile: only a rise is a leak.
    counter.check((files - np.minimum.accumulate(files)).max() <= 4, f"open files: {files}")
    share = np.diff(seconds)
    early, late = np.median(share[: max(1, len(share) // 4)]), np.median(share[-max(1, len(share) // 4) :])
    counter.check(late < 2.5 * early, f"seconds per hundred frames: {share.round(2)}")
    assert steps

    # What a host calls while somebody works.
    data = document.model_dump(mode="json")
    cache = str(tmp_path / "cache")
    opened = OpenShot(api.Open(shot=data, root=str(tmp_path), cache=cache), STAND_INS)
    for turn in range(5):
        edited = deepcopy(data)
        edited["objects"][0]["edge"]["grow"] = 0.25 * (turn + 1)
        begin = time.process_time()
        opened.update(api.Update(shot_id="s", shot=edited))
        spent = time.process_time() - begin
        counter.check(spent < 0.25, f"update of {last} frames: {spent:.2f} s")
        begin = time.process_time()
        opened.preview(api.Preview(shot_id="s", frame=last - turn, object=1))
        spent = time.process_time() - begin
        counter.check(spent < 0.25, f"preview of frame {last - turn}: {spent:.2f} s")


def wide(folder: Path, kind: str, count: int) -> Path:
    """An EXR of so many channels or parts."""
    folder.mkdir()
    pixels = np.full((HEIGHT, WIDTH), 0.25, np.float16)
    header = {"compression": OpenEXR.ZIPS_COMPRESSION, "type": OpenEXR.scanlineimage}
    path = folder / "wide.0001.exr"
    if kind == "channels":
        names = (f"layer{number // 3:05d}.{'RGB'[number % 3]}" for number in range(count))
        OpenEXR.File(header, dict.fromkeys(names, pixels)).write(str(path))
    else:
        parts = [OpenEXR.Part(dict(header), dict.fromkeys("RGB", pixels), f"part{number}") for number in range(count)]
        OpenEXR.File(parts).write(str(path))
    return path


@pytest.mark.parametrize(("kind", "few", "many"), [("channels", 20_000, 60_000), ("parts", 5_000, 15_000)])
def test_wide_files_are_read_in_seconds(
    kind: str, few: int, many: int, tmp_path: Path, counter: Counter, times: Any
) -> None:
    path = wide(tmp_path / kind, kind, times(few, many))
    begin = time.process_time()
    plate = open_plate(path)
    frame = plate.read(1)
    spent = time.process_time() - begin
    counter.check(spent < times(20, 60), f"{spent:.1f} s")
    counter.check(bool((frame.rgb == 0.25).all()), "other pixels")
    counter.check(len(plate.notes) == 1 and len(plate.notes[0]) < 500, f"{plate.notes}")
    try:
        open_plate(path, layer="nothing")
    except Exception as error:
        counter.check("more." in str(error) and len(str(error)) < 500 + len(str(path)), str(error)[:300])
