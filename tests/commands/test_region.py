"""`wisp region`: a small subject gets a region of its own by the models that need no download, and loses it again."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from wisp.cli import main


@pytest.mark.slow
def test_a_region_is_fitted_around_a_small_subject_and_cleared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    noise = np.random.default_rng(7).integers(20, 60, (216, 384, 3), dtype=np.uint8)
    for frame in (1, 2, 3):
        cv2.circle(picture := noise.copy(), (100 + 6 * frame, 80), 14, (60, 90, 230), -1, cv2.LINE_AA)
        cv2.imwrite(str(tmp_path / f"p.{frame:04d}.png"), picture)
    out, shot = tmp_path / "out", tmp_path / "out" / "p.wisp"
    assert main(["matte", str(tmp_path / "p.%04d.png"), "--box", "1:90,64,122,96", "-o", str(out), "-q"]) == 0
    assert json.loads(shot.read_text("utf-8"))["objects"][0]["region"] is None, "not unasked"
    assert main(["region", str(shot)]) == 0
    x0, y0, x1, y1 = json.loads(shot.read_text("utf-8"))["objects"][0]["region"]
    assert x0 <= 92 and y0 <= 66 and x1 >= 132 and y1 >= 94 and (x1 - x0) * (y1 - y0) < 0.2 * 384 * 216
    assert f"object1: [{x0}, {y0}, {x1}, {y1}]" in capsys.readouterr().err
    assert main(["region", str(shot), "--clear", "-q"]) == 0
    assert json.loads(shot.read_text("utf-8"))["objects"][0]["region"] is None


def test_what_is_cleared_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    plate = {"path": "a.%04d.exr", "first": 1, "last": 9, "width": 320, "height": 180}
    objects = [{"id": number, "name": name, "region": [0, 0, 64, 64]} for number, name in ((1, "hero"), (2, "cup"))]
    Path("s.wisp").write_text(json.dumps({"wisp": 1, "plate": plate, "objects": objects}), "utf-8")
    assert main(["region", "s.wisp", "--clear", "--objects", "cup", "--json"]) == 0
    told = capsys.readouterr()
    assert json.loads(told.out) == {"event": "done", "cleared": ["cup"]}
    assert "the whole picture of cup" in told.err
    assert [item["region"] for item in json.loads(Path("s.wisp").read_text("utf-8"))["objects"]] == [
        [0, 0, 64, 64],
        None,
    ]
