"""`--head gvm` from the plate to the files, on small random networks."""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from gvm_stand_ins import write_networks
from wisp import shot as documents
from wisp.cache import read_matte
from wisp.cli import main
from wisp.client.events import Event, FrameDone
from wisp.device import Memory
from wisp.errors import CancelledError
from wisp.heads.gvm import memory
from wisp.solve import Solver, solver_of
from wisp.weights.options import RunOptions

FRAMES = range(1001, 1008)
BOX = "1001:8,6,32,28"


def write_frame(frame: int, shade: int) -> None:
    rng = np.random.default_rng(shade)
    image = rng.integers(0, 60, (32, 48, 3)) + 30
    image[8:26, 10 + frame - 1001 : 30 + frame - 1001] += 130
    cv2.imwrite(f"plates/sh.{frame}.png", image.astype(np.uint8))


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("weights")
    write_networks(folder)
    return folder


@pytest.fixture
def plate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, weights: Path) -> str:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WISP_WEIGHTS", str(weights))
    Path("plates").mkdir()
    for frame in FRAMES:
        write_frame(frame, shade=1)
    return "plates/sh.%04d.png"


def matte(plate: str, *words: str) -> int:
    given = ["--box", BOX, "--head", "gvm:window=4", "--device", "cpu", "--cache", "cache", "-o", "out"]
    return main(["matte", plate, *given, *words])


def solver(cache: str) -> Solver:
    return solver_of(documents.load(Path("out/sh.wisp")), Path("out"), Path(cache), RunOptions(device="cpu"))


def mattes(solved: Solver) -> dict[int, bytes]:
    (work,) = solved.works
    paths = {frame: work.path(frame) for frame in FRAMES}
    return {frame: read_matte(path)[0].tobytes() for frame, path in paths.items() if path.exists()}


def test_from_plate_to_mattes(plate: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert matte(plate, "--json") == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    needs = next(i for i, event in enumerate(events) if "needs about" in json.dumps(event))
    steps = next(i for i, event in enumerate(events) if event["event"] == "progress")
    assert needs < steps, "the need is told before anything is computed"
    alphas = {frame: read_matte(Path(f"out/object1/object1.{frame}.exr"))[0] for frame in FRAMES}
    for frame, alpha in alphas.items():
        assert alpha.shape == (32, 48)
        assert 0 <= alpha.min() < alpha.max() <= 1, frame
    stamp = read_matte(next(Path("cache").glob("*/*/alpha.1004.exr")))[1]
    assert stamp is not None
    assert stamp.model == "flow + gvm:window=4"
    assert stamp.weights_sha256.count("unlisted:") == 4


def test_stopped_and_continued_and_in_pieces_is_the_same_to_the_bit(plate: str) -> None:
    assert matte(plate, "-q") == 0
    expected = mattes(solver("cache"))
    assert sorted(expected) == list(FRAMES)

    done: list[int] = []

    def note(event: Event) -> None:
        if isinstance(event, FrameDone):
            done.append(event.frame)

    with pytest.raises(CancelledError):
        solver("other").run(on_event=note, should_stop=lambda: len(done) >= 3)
    kept = {path: path.stat().st_mtime_ns for path in Path("other").glob("*/*/alpha.*.exr")}
    assert len(kept) == len(done) == 3
    solver("other").run(frames=[1007, 1006])
    solver("other").run()
    assert mattes(solver("other")) == expected
    assert {path: path.stat().st_mtime_ns for path in kept} == kept, "finished frames stay"


def test_a_changed_frame_makes_its_windows_dirty_and_no_others(plate: str) -> None:
    """Windows of 4 from 1001 and 1004: alpha of the second one's frames depends on the last picture, no mask does."""
    assert matte(plate, "-q") == 0
    write_frame(1007, shade=2)
    (status,) = solver("cache").status().objects
    assert status.of("dirty") == (1004, 1005, 1006, 1007)


def test_what_the_device_cannot_hold_is_refused_before_tracking(
    plate: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(memory, "memory_of", lambda device: Memory(1_000_000, 1_000_000))
    assert matte(plate, "-q") == 6
    assert "gvm needs about" in capsys.readouterr().err
    assert not list(Path("cache").glob("**/*.npz"))


def test_a_missing_package_is_named_with_its_command(
    plate: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *more: None if name == "diffusers" else found(name))
    assert matte(plate, "-q") == 2
    assert "pip install 'wisp-roto[gvm]'" in capsys.readouterr().err


def test_a_copy_of_the_published_folder_is_taken_as_it_is(
    weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("unet", "vae"):
        published = tmp_path / "hub" / name
        published.mkdir(parents=True)
        shutil.copy(weights / f"gvm-{name}.json", published / "config.json")
        shutil.copy(weights / f"gvm-{name}.safetensors", published / "diffusion_pytorch_model.safetensors")
    assert main(["models", "get", "gvm", "--from", str(tmp_path / "hub"), "--to", str(tmp_path / "here")]) == 0
    for path in (tmp_path / "here").iterdir():
        assert path.read_bytes() == (weights / path.name).read_bytes()
    assert len(list((tmp_path / "here").iterdir())) == 4
    assert main(["models", "get", "gvm", "--to", str(tmp_path / "other")]) == 4
    assert "huggingface.co/geyongtao/gvm" in capsys.readouterr().err


def test_rooms_stay_light_without_the_packages() -> None:
    program = (
        "import sys, wisp.cli, wisp.heads.gvm, wisp.detectors.sam3;"
        "print([name for name in ('torch', 'diffusers', 'transformers', 'tokenizers') if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=True)
    assert run.stdout.strip() == "[]"
