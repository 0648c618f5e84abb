"""The subject of a frame with nothing prompted: what is found, how it is told, and what is said of doubt."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from wisp import shot as documents
from wisp.bench.subject import evaluate
from wisp.bench.subject import main as bench
from wisp.cli import main
from wisp.trackers.flow.subject import CLEAR, SURE, Candidate, doubtful

SIZE, CENTRE, RADIUS = (256, 144), (160, 80), 40


@pytest.fixture(autouse=True)
def plate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bright disc before a grey ground."""
    monkeypatch.chdir(tmp_path)
    Path("plates").mkdir()
    rng = np.random.default_rng(3)
    picture = np.full((SIZE[1], SIZE[0], 3), 90, np.uint8)
    cv2.circle(picture, CENTRE, RADIUS, (40, 90, 230), -1, cv2.LINE_AA)
    noise = rng.integers(-6, 7, picture.shape)
    cv2.imwrite("plates/sh010.1001.png", np.clip(picture + noise, 0, 255).astype(np.uint8))


def inside(outline: list[list[list[float]]]) -> np.ndarray:
    mask = np.zeros((SIZE[1], SIZE[0]), np.uint8)
    cv2.fillPoly(mask, [np.rint(np.array(part)).astype(np.int32) for part in outline], 1)
    return mask > 0


def test_the_subject_becomes_an_object_with_its_prompts(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["matte", "plates/sh010.%04d.png", "--subject", "1", "-o", "out", "--json"]) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    told = [event for event in events if event["event"] == "candidate"]
    assert [event["number"] for event in told] == list(range(1, len(told) + 1)) and len(told) <= 3
    sure = [event["confidence"] for event in told]
    assert sure == sorted(sure, reverse=True)
    truth = cv2.circle(np.zeros((SIZE[1], SIZE[0]), np.uint8), CENTRE, RADIUS, 1, -1) > 0
    best = max((inside(event["outline"]) & truth).sum() / (inside(event["outline"]) | truth).sum() for event in told)
    assert best > 0.8, best
    (item,) = documents.load("out/sh010.wisp").objects
    box, point = item.prompts
    assert item.name == "subject" and list(box.xyxy) == told[0]["xyxy"] and list(point.xy) == told[0]["xy"]
    assert Path("out/subject/subject.1001.exr").exists()

    assert main(["detect", "out/sh010.wisp", "--subject", "--frame", "1001", "-q"]) == 0
    shot = documents.load("out/sh010.wisp")
    assert [one.name for one in shot.objects] == ["subject"], "what is there already is not made twice"
    shot.objects[0].prompts.pop()
    documents.save(shot, "out/sh010.wisp")
    capsys.readouterr()
    assert main(["detect", "out/sh010.wisp", "--subject"]) == 0
    shot = documents.load("out/sh010.wisp")
    assert [one.name for one in shot.objects] == ["subject", "subject_2"]
    clear = sure[0] >= SURE and (len(sure) < 2 or sure[0] - sure[1] >= CLEAR)
    said = capsys.readouterr().err
    assert ("in doubt" in said) != clear, "doubt is said where nobody has chosen"
    assert "Candidate 1 is the object 'subject_2' now." in said
    assert not any(event.get("level") == "warning" for event in events), "whoever has chosen is not warned"


def test_what_says_no_frame_is_on_the_first_that_has_a_picture(capsys: pytest.CaptureFixture[str]) -> None:
    picture = Path("plates/sh010.1001.png")
    for frame in (1003, 1004):
        Path(f"plates/sh010.{frame}.png").write_bytes(picture.read_bytes())
    for policy, prompt in (("skip", ["--subject"]), ("black", ["--box", "120,40,200,120"])):
        options = ["--frames", "1002-1004", "--missing", policy, "-o", policy, "-q"]
        assert main(["matte", "plates/sh010.%04d.png", *prompt, *options]) == 0, capsys.readouterr().err
        (item,) = documents.load(f"{policy}/sh010.wisp").objects
        assert {prompt.frame for prompt in item.prompts} == {1003}
    shot = documents.load("black/sh010.wisp")
    shot.objects.clear()
    documents.save(shot, "black/sh010.wisp")
    assert main(["detect", "black/sh010.wisp", "--subject", "-q"]) == 0, capsys.readouterr().err
    assert {prompt.frame for prompt in documents.load("black/sh010.wisp").objects[0].prompts} == {1003}
    assert main(["detect", "black/sh010.wisp", "--subject", "--frame", "1002", "-q"]) == 9
    assert "Frame 1002 of the plate is missing, and black." in capsys.readouterr().err
    gap, beyond = ["skip/sh010.wisp", "--frames", "1002-1003", "-q"], ["skip/sh010.wisp", "--frames", "1002-1005", "-q"]
    for command in (["solve"], ["check"], ["deliver", "-o", "out"], ["deliver", "-o", "out", "--layout", "shapes"]):
        capsys.readouterr()
        assert main([*command, *gap]) == 0, capsys.readouterr().err
        assert main([*command, *beyond]) == 2, "what is no gap of the shot is not left out unsaid"
        assert "no frame 1002,1005" in capsys.readouterr().err
    assert [path.name for path in sorted(Path("out/subject").iterdir())] == ["subject.1003.exr"]


@pytest.mark.parametrize("grey", [0, 128])
def test_where_nothing_stands_out_nothing_is_taken(grey: int, capsys: pytest.CaptureFixture[str]) -> None:
    cv2.imwrite("plates/sh010.1001.png", np.full((SIZE[1], SIZE[0], 3), grey, np.uint8))
    assert main(["matte", "plates/sh010.%04d.png", "--subject", "-o", "out", "-q"]) == 9
    assert "Nothing stands out on frame 1001." in capsys.readouterr().err
    assert not list(Path().glob("out/**/*.exr"))


def test_what_cannot_be_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["matte", "plates/sh010.%04d.png", "-o", "out", "-q"]) == 2
    assert "--subject" in capsys.readouterr().err
    assert main(["matte", "plates/sh010.%04d.png", "--subject", "4"]) == 2
    assert "1, 2 or 3" in capsys.readouterr().err
    plate = {"path": "plates/sh010.%04d.png", "first": 1001, "last": 1001, "width": SIZE[0], "height": SIZE[1]}
    documents.save(documents.parse({"wisp": 1, "plate": plate, "objects": []}), "sh010.wisp")
    before = Path("sh010.wisp").read_text()
    assert main(["detect", "sh010.wisp", "--frame", "1001"]) == 2
    assert "--frame" in capsys.readouterr().err
    assert main(["detect", "sh010.wisp", "--subject", "--objects", "nobody"]) == 2
    assert "--objects" in capsys.readouterr().err
    assert main(["detect", "sh010.wisp", "--subject", "--frame", "7"]) == 2
    assert "no frame 7" in capsys.readouterr().err and Path("sh010.wisp").read_text() == before


def test_doubt_is_a_low_or_a_close_first() -> None:
    def of(confidence: float) -> Candidate:
        return Candidate((0.0, 0.0, 1.0, 1.0), (0.5, 0.5), np.ones((1, 1), np.float32), confidence, True)

    assert doubtful([]) and doubtful([of(SURE - 0.01)]) and doubtful([of(0.9), of(0.9 - CLEAR / 2)])
    assert not doubtful([of(SURE)]) and not doubtful([of(0.9), of(0.9 - 2 * CLEAR)])


@pytest.mark.slow
def test_a_real_dog_is_the_subject(shared: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (row,) = evaluate(shared / "data" / "clips", ["davis_dog"])
    assert row.first > 0.75 and row.best >= row.first and not row.doubtful
    bench([str(shared / "data" / "clips"), "--names", "davis_car_shadow", "--json"])
    assert json.loads(capsys.readouterr().out)["first"] > 0.8
