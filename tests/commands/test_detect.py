"""Words on the command line, through the real detector at a tiny size, to boxes in the shot and mattes on disk."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from detectors.conftest import detector, small_view, weights
from wisp import shot as documents
from wisp.cli import main
from wisp.detectors.grounding_dino import GroundingDino
from wisp.solve import solver_of
from wisp.weights.options import RunOptions

__all__ = ["detector", "small_view", "weights"]

pytestmark = pytest.mark.usefixtures("small_view")

SIZE = (96, 64)
PATTERN = "plates/sh010.%04d.png"


def picture(frame: int) -> np.ndarray:
    """A bright disk that moves over a dark textured ground; BGR, 8 bits."""
    noise = np.random.default_rng(1).integers(0, 40, (SIZE[1], SIZE[0], 3))
    y, x = np.mgrid[0 : SIZE[1], 0 : SIZE[0]] + 0.5
    disk = np.hypot(x - 30 - 2 * frame, y - 32) < 16
    return np.where(disk[..., None], noise + 190, noise + 30).astype(np.uint8)


@pytest.fixture(autouse=True)
def plate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("plates").mkdir()
    for frame in range(3):
        cv2.imwrite(PATTERN % (1001 + frame), picture(frame))


def wisp(weights: Path, *words: str) -> int:
    return main([*words, "--weights", str(weights), "--allow-unverified-weights", "--device", "cpu"])


def expected_box(detector: GroundingDino, path: str, frame: int) -> list[float]:
    """What the detector finds in the very picture that the command shows it."""
    solver = solver_of(documents.load(path), Path(path).parent, Path("cache"), RunOptions(device="cpu"))
    return list(detector.detect(solver.clip.image(frame), "the runner")[0].xyxy)


def boxes(path: str) -> dict[str, list[tuple[int, list[float]]]]:
    return {
        item.name: [(prompt.frame, list(prompt.xyxy)) for prompt in item.prompts if prompt.kind == "box"]
        for item in documents.load(path).objects
    }


def test_text_becomes_a_box_and_the_box_becomes_mattes(
    weights: Path, detector: GroundingDino, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["matte", PATTERN, "-o", "out", "--object", "hero", "--text", "1002:The runner", "--json"]
    assert wisp(weights, *words) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (box,) = [event for event in events if event["event"] == "box"]
    assert (box["object"], box["frame"], box["text"]) == ("hero", 1002, "The runner")
    ((frame, corners),) = boxes("out/sh010.wisp")["hero"]
    assert frame == 1002
    assert corners == pytest.approx(expected_box(detector, "out/sh010.wisp", 1002), abs=0.051)
    assert len(list(Path("out/hero").glob("*.exr"))) == 3
    stamps = {path: path.stat().st_mtime_ns for path in Path("out").rglob("*.exr")}
    assert wisp(weights, *words) == 0, "the same command again"
    assert {path: path.stat().st_mtime_ns for path in Path("out").rglob("*.exr")} == stamps


def test_nothing_found_exits_9_and_writes_nothing(weights: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert wisp(weights, "matte", PATTERN, "-o", "out", "--text", "a dog", "--threshold", "1.0", "-q") == 9
    text = capsys.readouterr().err
    assert "'a dog': the best guess scores" in text and "below 1.00" in text and "draw a box" in text
    assert not Path("out").exists()


def test_missing_weights_exit_4(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert wisp(tmp_path, "matte", PATTERN, "-o", "out", "--text", "a dog", "-q") == 4
    assert "wisp models get grounding-dino-tiny" in capsys.readouterr().err


def test_a_shot_with_text_asks_for_detect_and_then_solves(weights: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["matte", PATTERN, "-o", "out", "--box", "1001:12,14,48,50", "-q"]) == 0
    shot = documents.load("out/sh010.wisp")
    shot.objects[0].prompts = [documents.Text(frame=1001, text="a dog")]
    documents.save(shot, "out/sh010.wisp")
    assert main(["solve", "out/sh010.wisp", "-q"]) == 2
    assert "Run 'wisp detect SHOT'" in capsys.readouterr().err
    assert wisp(weights, "detect", "out/sh010.wisp", "--all", "--threshold", "0") == 0
    found = boxes("out/sh010.wisp")
    assert len(found) > 1 and all(len(own) == 1 for own in found.values())
    assert capsys.readouterr().err.count("'a dog' on frame 1001 is box") == len(found)
    before = Path("out/sh010.wisp").read_bytes()
    assert wisp(weights, "detect", "out/sh010.wisp") == 0
    assert "No text prompt is without a box" in capsys.readouterr().err
    assert Path("out/sh010.wisp").read_bytes() == before
    assert main(["prompt", "out/sh010.wisp", "undo", "-q"]) == 0 and boxes("out/sh010.wisp") == {"object1": []}
    assert main(["prompt", "out/sh010.wisp", "redo", "-q"]) == 0 and Path("out/sh010.wisp").read_bytes() == before
    assert main(["solve", "out/sh010.wisp", "--objects", "object1", "-q"]) == 0
