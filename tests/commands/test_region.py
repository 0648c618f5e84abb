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
