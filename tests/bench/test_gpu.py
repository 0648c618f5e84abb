"""The measurement of a GPU: nothing is lost, whatever a part does; and every part runs, on a CPU and tiny."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from wisp.bench import gpu

#: A stand-in for the measuring process: one part gives a row, one hangs after a row, one takes the process with it.
WORKER = """
import json, os, sys, time
for part in sys.argv[1:]:
    print("a library's noise")
    print(json.dumps({"row": {"what": part, "value": 1.5}}), flush=True)
    if part == "parity":
        time.sleep(600)
    if part == "trackers":
        print("the device fell off", file=sys.stderr, flush=True)
        os._exit(9)
    print(json.dumps({"fault": "no such thing"} if part == "clicks" else {"done": part}), flush=True)
"""


def worker(parts: list[str]) -> list[str]:
    return [sys.executable, "-c", WORKER, *parts]


def test_a_part_that_hangs_or_crashes_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpu, "PARTS", {name: (title, 5.0) for name, (title, _) in gpu.PARTS.items()})
    parts = ["machine", "parity", "trackers", "clicks", "training"]
    found = gpu.run(tmp_path, minutes=5.0, parts=parts, worker=worker)  # type: ignore[arg-type]
    assert set(found["rows"]) == set(parts)
    assert set(found["seconds"]) == {"machine", "training"}
    assert "was ended" in found["not_measured"]["parity"]
    assert "the device fell off" in found["not_measured"]["trackers"]
    assert found["not_measured"]["clicks"] == "no such thing"
    assert json.loads((tmp_path / "gpu.json").read_text()) == found
    page = (tmp_path / "gpu.md").read_text()
    assert "| training | 1.5 |" in page
    assert "Not measured to the end: no such thing." in page


def test_what_no_time_is_left_for_is_named(tmp_path: Path) -> None:
    found = gpu.run(tmp_path, minutes=0.0, parts=["machine", "training"], worker=worker)  # type: ignore[arg-type]
    assert found["rows"] == {"machine": [{"what": "machine", "value": 1.5}]} or not found["rows"]
    assert "no time left" in found["not_measured"]["training"]


def test_a_machine_without_a_gpu_is_told_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    torch = pytest.importorskip("torch")
    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU")
    assert gpu.main(["-o", str(tmp_path)]) == 5
    assert "There is no device 'cuda' here" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("parts", [list(gpu.PARTS)[:6], list(gpu.PARTS)[6:]])
def test_every_part_runs(tmp_path: Path, shared: Path, monkeypatch: pytest.MonkeyPatch, parts: list[str]) -> None:
    # What a GPU may take at most for each says nothing of a processor with other work.
    monkeypatch.setattr(gpu, "PARTS", {name: (title, 400.0) for name, (title, _) in gpu.PARTS.items()})
    parts = [part for part in parts if part != "sam2matting B+"]  # the same code as T, in a size that takes long
    found = gpu.run(tmp_path, minutes=14.0, device="cpu", golden=shared, parts=parts, small=True)
    assert found["not_measured"] == {}
    assert set(found["rows"]) == set(parts)
    for row in found["rows"].get("parity", []):
        assert row["passes"], row
