"""`wisp batch`: a list of shots, of which one is broken, run, stopped by nothing, and run again."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from wisp import shot as documents
from wisp.cli import main


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two frames of a bright disc, in the present folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WISP_DEVICE", "cpu")
    Path("plates").mkdir()
    for frame in (1001, 1002):
        picture = np.full((64, 96, 3), 40, np.uint8)
        cv2.circle(picture, (26 + frame - 1001, 32), 14, (90, 180, 240), -1, cv2.LINE_AA)
        cv2.imwrite(f"plates/sh010.{frame}.png", picture)
    return tmp_path


def test_a_list_is_run_and_run_again(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [
        "shot,object,box,point,head,deliver",
        'plates/sh010.%04d.png,hero,"10,16,42,48","26,32;4,4,-",guided,out/{object}.%04d.exr',
        "absent.wisp,,,,,",
    ]
    Path("night.csv").write_text("\n".join(rows), "utf-8")
    assert main(["batch", "night.csv", "--json", "-q"]) == 3, "the code of the one that failed"
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    shots = [event for event in events if event["event"] == "shot"]
    assert [(shot["shot"], shot["state"]) for shot in shots] == [
        ("plates/sh010.%04d.png", "done"),
        ("absent.wisp", "failed"),
    ]
    assert "does not exist" in shots[1]["message"] and events[-1]["failed"] == 1
    assert len(list(Path("out").glob("hero.*.exr"))) == 2
    page = Path("night_batch/index.html").read_text("utf-8")
    assert "1 of 2 shots done" in page and "absent.wisp does not exist" in page
    assert cv2.imread("night_batch/001_sh010.png") is not None and "001_sh010.png" in page
    stamps = {path: path.stat().st_mtime_ns for path in Path().rglob("*.exr")}
    document = Path("sh010_mattes/sh010.wisp").read_bytes()
    assert main(["batch", "night.csv", "-q"]) == 3
    assert {path: path.stat().st_mtime_ns for path in Path().rglob("*.exr")} == stamps
    assert Path("sh010_mattes/sh010.wisp").read_bytes() == document
    assert main(["batch", "sh010_mattes", "-o", "again", "--deliver", "{shot}_files", "--layout", "layers", "-q"]) == 0
    assert len(list(Path("sh010_files").glob("*.exr"))) == 2


def test_two_shots_of_one_name_are_not_delivered_over_each_other(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["plates/sh010.%04d.png", "--object", "hero", "--box", "1001:10,16,42,48", "--head", "guided"]
    for place in ("a", "b"):
        assert main(["matte", *asked, "-o", f"shots/{place}", "-q"]) == 0
    out = ["--deliver", "out/{shot}/{object}.%04d.exr", "--overwrite", "-q"]
    assert main(["batch", "shots", *out]) == 2
    assert "shots/a/sh010.wisp of this list is delivered to the same files" in capsys.readouterr().err
    assert main(["batch", "shots", *out[:1], "out/{folder}_{shot}/{object}.%04d.exr", "-q"]) == 0
    assert sorted(path.name for path in Path("out").iterdir()) == ["a_sh010", "b_sh010", "sh010"]
    assert main(["batch", "shots", "--deliver", "all", "--layout", "layers", "-q"]) == 2, "one file for all objects"


def test_the_objects_of_a_plate_are_rows_and_its_shot_lies_beside_the_list(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [
        "shot,object,box,head,deliver",
        'plates/sh010.%04d.png,hero,"10,16,42,48",guided,out/{object}.%04d.png',
        'plates/sh010.%04d.png,hero,"1002:10,16,42,48",,',
        'plates/sh010.%04d.png,wall,"60,4,90,60",,',
        'other/sh010.%04d.png,hero,"10,16,42,48",guided,more/{object}.%04d.exr',
    ]
    shutil.copytree("plates", "other")
    Path("night.csv").write_text("\n".join(rows), "utf-8")
    Path("elsewhere").mkdir()
    monkeypatch.chdir("elsewhere")
    assert main(["batch", "../night.csv", "-q"]) == 0
    shot = documents.load("../sh010_mattes/sh010.wisp")
    assert [(item.name, len(item.prompts)) for item in shot.objects] == [("hero", 2), ("wall", 1)]
    assert len(list(Path("../out").glob("*.png"))) == 4 and len(list(Path("../more").glob("*.exr"))) == 2
    assert documents.load("../other_sh010_mattes/sh010.wisp").object_named("hero").prompts
    assert main(["batch", "../night.csv", "-q"]) == 0
    Path("../out/hero.1001.png").write_bytes(b"somebody's work")
    assert main(["batch", "../night.csv", "-q"]) == 8 and "would be overwritten" in capsys.readouterr().err
    assert main(["batch", "../night.csv", "--overwrite", "-q"]) == 0
    Path("../night.csv").write_text("\n".join(rows).replace("60,4,90,60", "40,5,60,40"), "utf-8")
    assert main(["batch", "../night.csv", "--overwrite", "-q"]) == 2
    assert "'wall' has other prompts" in capsys.readouterr().err
    assert documents.load("../sh010_mattes/sh010.wisp") == shot
    for words in (["delete", "wall"], ["undo"]):
        assert main(["prompt", "../sh010_mattes/sh010.wisp", *words, "-q"]) == 0
    assert documents.load("../sh010_mattes/sh010.wisp") == shot
    Path("../night.csv").write_text("\n".join(rows).replace("wall", "door"), "utf-8")
    assert main(["batch", "../night.csv", "--overwrite", "-q"]) == 0
    assert main(["prompt", "../sh010_mattes/sh010.wisp", "undo", "-q"]) == 0, "what a list adds, too"
    assert documents.load("../sh010_mattes/sh010.wisp") == shot


def test_plates_of_one_name_have_a_shot_each(folder: Path) -> None:
    """As of a show: every shot has its plate in a folder of that name; a plate may be named by its folder."""
    places = ["sh010/plate", "sh020/plate", "sh030/plate", "other/sh030/plate"]
    for place in places:
        shutil.copytree("plates", place)
    rows = [f'{place},hero,"10,16,42,48",guided' for place in places]
    Path("night.csv").write_text("\n".join(["shot,object,box,head", *rows]), "utf-8")
    for _ in range(2):
        assert main(["batch", "night.csv", "-q"]) == 0
    kept = [Path(name, "sh010.wisp") for name in ("sh010_mattes", "plate_sh010_mattes")]
    kept += [Path(f"{name}sh030_plate_sh010_mattes", "sh010.wisp") for name in ("", "other_")]
    assert {*Path().rglob("*.wisp")} == {*kept}
    plates = [documents.resolve_path(documents.load(place).plate.path, place) for place in kept]
    assert plates == [folder / place for place in places]


def test_masks_lie_where_the_list_says(folder: Path) -> None:
    mask = np.zeros((64, 96), np.uint8)
    mask[18:46, 12:40] = 255
    Path("deep").mkdir()
    cv2.imwrite("deep/m.png", mask)
    Path("deep/night.csv").write_text("shot,object,mask,head\n../plates/sh010.%04d.png,hero,1001:m.png,guided\n")
    for _ in range(2):
        assert main(["batch", "deep/night.csv", "-q"]) == 0
    (prompt,) = documents.load("deep/sh010_mattes/sh010.wisp").objects[0].prompts
    assert prompt.kind == "mask" and prompt.path == "../m.png"


@pytest.mark.parametrize(
    ("text", "code", "sentence"),
    [
        (None, 3, "does not exist"),
        ("", 2, "is empty"),
        ("shot,deliver\na.wisp,x\na.wisp,y\n", 2, "say 'x' and 'y' in the column 'deliver'"),
        ("shot\n\n", 2, "is empty"),
        ("shot,colour\na.wisp,red\n", 2, "has a column 'colour'"),
        ("object\nhero\n", 2, "names no shot in line 2"),
        ("shot\na.wisp\n", 3, "a.wisp does not exist"),
    ],
)
def test_what_is_no_list(
    text: str | None, code: int, sentence: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if text is not None:
        Path("l.csv").write_text(text, "utf-8")
    assert main(["batch", "l.csv", "-q"]) == code
    assert sentence in capsys.readouterr().err


def test_an_empty_folder_and_a_page_of_somebody_else(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["batch", "plates", "-q"]) == 3 and "no shot below plates" in capsys.readouterr().err
    Path("l.csv").write_text("shot\na.wisp\n", "utf-8")
    Path("l_batch").mkdir()
    Path("l_batch/index.html").write_text("precious")
    assert main(["batch", "l.csv", "-q"]) == 8 and "index.html" in capsys.readouterr().err
    assert Path("l_batch/index.html").read_text() == "precious"
