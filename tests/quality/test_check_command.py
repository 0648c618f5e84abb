"""`wisp check` on a solved shot: table, JSON, sheet, exit code."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import pytest
from quality.conftest import FIRST, LAST, disk
from wisp.cli import main
from wisp.solve import Solver

Make = Callable[..., Solver]


def test_table_names_the_worst_first_with_reasons(
    solved: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    solved({1006: disk(1006, radius=8), 1003: None})
    assert main(["check", str(tmp_path / "sh.wisp"), "--worst", "2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert lines[0].startswith("! ") and "hero   1006  area fell" in lines[0]
    assert "1006" in lines[2] and "not solved 1003" in lines[2]


def test_json_has_a_row_per_frame_and_nothing_else_on_stdout(
    solved: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    solved({1006: disk(1006, radius=8)})
    assert main(["check", str(tmp_path / "sh.wisp"), "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    frames = [row for row in rows if row["event"] == "frame"]
    assert [row["frame"] for row in frames] == list(range(FIRST, LAST + 1))
    (bad,) = [row for row in frames if row["frame"] == 1006]
    assert bad["suspicious"] and bad["reasons"] and Path(bad["path"]).is_file()
    assert rows[-1]["event"] == "done" and rows[-1]["judged"] == len(frames)


@pytest.mark.parametrize(("radius", "code"), [(20, 0), (8, 9)])
def test_fail_on_suspicious_exits_with_9(solved: Make, tmp_path: Path, radius: float, code: int) -> None:
    solved({1006: disk(1006, radius=radius)})
    assert main(["check", str(tmp_path / "sh.wisp"), "--fail-on", "suspicious", "-q"]) == code


def test_frames_that_are_not_solved_are_no_success_where_it_matters(
    solved: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = solved({})
    for frame in (1003, 1004):
        made.work("hero").path(frame).unlink()
    assert main(["check", str(tmp_path / "sh.wisp"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["unsolved"] == 2
    assert main(["check", str(tmp_path / "sh.wisp"), "--fail-on", "suspicious"]) == 9
    said = capsys.readouterr().err
    assert "none suspicious; 2 not solved" in said and "2 frames not solved, and so not judged" in said


def test_sheet_has_one_captioned_row_per_frame(solved: Make, tmp_path: Path) -> None:
    solved({1006: disk(1006, radius=8)})
    sheet = tmp_path / "worst.png"
    heights = []
    for count in (1, 3):
        assert main(["check", str(tmp_path / "sh.wisp"), "--sheet", str(sheet), "--worst", str(count), "-q"]) == 0
        picture = cv2.imread(str(sheet))
        heights.append(picture.shape[0])
        assert picture.shape[1] == 3 * (420 + 6) + 6
    row = 420 * 96 // 160
    assert heights[1] - heights[0] > 2 * (row + 20), "a caption stands under every row"
