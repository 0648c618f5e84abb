"""The robot user of `wisp bench clicks`."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from trackers.moving import MovingDisk
from wisp.bench.clicks import clicked, evaluate, first_prompt, main
from wisp.errors import InputError


@pytest.fixture
def clips(tmp_path: Path) -> Path:
    made = MovingDisk(lambda t: (60.0 + 6.0 * t, 68.0), 5, first=0)
    for name in ("frames", "masks"):
        (tmp_path / "disk" / name).mkdir(parents=True)
    for frame in made.frames:
        picture = np.rint(made.image(frame)[..., ::-1] * 255).astype(np.uint8)
        cv2.imwrite(str(tmp_path / "disk" / "frames" / f"{frame:05d}.png"), picture)
        cv2.imwrite(str(tmp_path / "disk" / "masks" / f"{frame:05d}.png"), made.truth(frame).astype(np.uint8) * 255)
    return tmp_path


def test_a_click_lies_in_the_middle_of_the_largest_error() -> None:
    truth = np.zeros((40, 60), bool)
    truth[10:31, 10:31] = True
    assert clicked(None, np.zeros_like(truth), truth).points.tolist() == [[20.5, 20.5]]
    found = truth.copy()
    found[2:11, 45:54] = True
    more = clicked(first_prompt(truth, "box"), found, truth)
    assert more.points.tolist() == [[49.5, 6.5]] and more.labels.tolist() == [0]
    assert more.box == (10, 10, 31, 31)
    assert len(clicked(None, truth, truth).points) == 0


def test_rounds_are_counted_and_printed_as_json(clips: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main([str(clips), "--rounds", "1", "--start", "mask", "--json"])
    told = json.loads(capsys.readouterr().out)
    assert [point["interactions"] for point in told["curve"]] == [1, 2]
    assert told["curve"][0]["j"] > 0.9
    assert told["area"] == pytest.approx(np.mean([point["jf"] for point in told["curve"]]))


def test_a_folder_without_clips_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no clips with masks"):
        evaluate(tmp_path, 1, "box")
