"""`wisp prompt`: a shot edited by words, checked, and undone."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest
import wisp
from wisp import shot as documents
from wisp.cli import main
from wisp.errors import OutputError
from wisp.shot import document

SHOT = "s.wisp"


@pytest.fixture(autouse=True)
def shot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A shot without objects; nothing here looks at its plate."""
    monkeypatch.chdir(tmp_path)
    plate = {"path": "p/a.%04d.exr", "first": 1001, "last": 1100, "width": 1920, "height": 1080}
    Path(SHOT).write_text(json.dumps({"wisp": 1, "plate": plate}), "utf-8")


def prompt(*words: str) -> int:
    return main(["prompt", SHOT, *words, "-q"])


def hero() -> documents.ObjectSpec:
    return documents.load(SHOT).object_named("hero")


def test_a_shot_is_edited_by_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert prompt("add", "hero", "--box", "1001:420,80,1310,1060", "--point", "1020:700,300,-") == 0
    assert prompt("add", "hero", "--stroke", "1020:-5,10/20,30@8,-") == 0
    assert [one.kind for one in hero().prompts] == ["box", "point", "stroke"]
    assert prompt("move", "hero", "--by", "-20,5.5", "--frames", "1020") == 0
    assert hero().prompts[1].xy == (680, 305.5) and hero().prompts[0].xyxy == (420, 80, 1310, 1060)
    assert prompt("move", "hero", "--by", "-.5,0", "--frames", "1020") == 0 and hero().prompts[1].xy == (679.5, 305.5)
    assert prompt("move", "hero", "--by", ".5,-.0", "--frames", "1020") == 0 and hero().prompts[1].xy == (680, 305.5)
    assert prompt("remove", "hero", "--kind", "stroke") == 0
    assert prompt("lock", "hero", "1001-1010") == 0 and prompt("unlock", "hero", "1005") == 0
    assert hero().locks == [(1001, 1004), (1006, 1010)]
    assert prompt("edge", "hero", "grow=-1.5", "frame_edge=2") == 0
    assert (hero().edge.grow, hero().edge.frame_edge) == (-1.5, 2)
    assert prompt("ease", "hero", "0") == 0 and hero().ease == 0
    assert prompt("absent", "hero", "1080-1100") == 0 and hero().absent == [(1080, 1100)]
    assert prompt("absent", "hero", "1040") == 0 and hero().absent == [(1040, 1040), (1080, 1100)]
    assert prompt("present", "hero") == 0 and hero().absent == []
    assert prompt("list", "--json") == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [event["event"] for event in events] == ["object", "prompt", "prompt"]
    assert events[2] == {
        "event": "prompt", "object": "hero", "number": 2, "frame": 1020, "kind": "point", "xy": [680.0, 305.5],
        "include": False,
    }  # fmt: skip
    assert prompt("delete", "hero") == 0 and documents.load(SHOT).objects == []


def test_edits_of_several_at_once_are_all_kept() -> None:
    command = [sys.executable, "-m", "wisp", "prompt", SHOT, "add"]
    editors = [subprocess.Popen([*command, f"q{number}", "--box", "5,5,60,60", "-q"]) for number in range(4)]
    assert [editor.wait(120) for editor in editors] == [0] * 4
    assert sorted(item.name for item in documents.load(SHOT).objects) == [f"q{number}" for number in range(4)]
    assert sorted(path.name for path in Path().iterdir() if path.suffix == ".editing") == []


def test_a_lock_of_an_editor_that_was_killed_is_waited_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document, "_PATIENCE", 0.05)
    Path(f".{SHOT}.editing").touch()
    assert prompt("add", "hero", "--box", "5,5,60,60") == 0 and hero().keyframes == (1001,)
    assert not Path(f".{SHOT}.editing").exists()


def test_many_editors_wait_for_each_other_however_long_the_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document, "_PATIENCE", 0.3)
    inside, most = 0, 0

    def edit(_: int) -> None:
        nonlocal inside, most
        with documents.editing(SHOT):
            inside += 1
            most = max(most, inside)
            time.sleep(0.1)
            inside -= 1

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(edit, range(8)))
    assert most == 1


def test_a_new_document_is_not_wiped_either(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.1001.png"), np.zeros((8, 8, 3), np.uint8))
    ours, theirs = (wisp.open("a.%04d.png", document="n.wisp") for _ in range(2))
    ours.object("one")
    ours.save()
    theirs.object("two")
    with pytest.raises(OutputError, match="changed by somebody else"):
        theirs.save()


def test_what_was_changed_meanwhile_is_not_wiped() -> None:
    ours, theirs = wisp.open(SHOT), wisp.open(SHOT)
    ours.object("hero").box((5, 5, 60, 60), 1001)
    ours.save()
    theirs.object("villain").box((5, 5, 60, 60), 1001)
    with pytest.raises(OutputError, match="changed by somebody else"):
        theirs.save()
    assert [item.name for item in documents.load(SHOT).objects] == ["hero"]
    ours.object("other").box((5, 5, 60, 60), 1001)
    ours.save()


def test_a_shot_behind_a_link_is_edited_where_it_lies(tmp_path: Path) -> None:
    Path("deep").mkdir()
    Path(SHOT).rename("deep/real.wisp")
    Path(SHOT).symlink_to("deep/real.wisp")
    assert prompt("add", "hero", "--box", "5,5,60,60") == 0
    assert Path(SHOT).is_symlink() and documents.load("deep/real.wisp").object_named("hero").prompts


def test_edits_are_undone_and_done_again(capsys: pytest.CaptureFixture[str]) -> None:
    states = [Path(SHOT).read_bytes()]
    for words in (["add", "hero", "--box", "1001:4,8,13,10"], ["edge", "hero", "grow=1"], ["lock", "hero", "1002"]):
        assert prompt(*words) == 0
        states.append(Path(SHOT).read_bytes())
    for state in states[-2::-1]:
        assert prompt("undo") == 0 and Path(SHOT).read_bytes() == state
    assert prompt("undo") == 2 and "nothing to undo" in capsys.readouterr().err
    for state in states[1:]:
        assert prompt("redo") == 0 and Path(SHOT).read_bytes() == state
    edited = documents.load(SHOT)
    edited.objects[0].name = "other"
    documents.save(edited, SHOT)
    assert prompt("undo") == 2 and "changed by something else" in capsys.readouterr().err
    documents.write_text(states[-1].decode(), SHOT)
    assert prompt("undo") == 0 and prompt("redo") == 0, "it is as it was again"
    documents.save(edited, SHOT)
    assert prompt("edge", "other", "grow=2") == 0 and prompt("undo") == 0 and documents.load(SHOT) == edited


def test_shots_of_one_name_in_one_cache_have_their_own_history(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WISP_CACHE", str(tmp_path / "fast"))
    shots = [str(Path(folder) / SHOT) for folder in ("a", "b")]
    for shot in shots:
        Path(shot).parent.mkdir()
        documents.save(documents.load(SHOT), shot)
    before = Path(shots[0]).read_bytes()
    for shot in shots:
        assert main(["prompt", shot, "add", "hero", "--box", "1001:5,5,600,600", "-q"]) == 0
    for shot in shots:
        assert main(["prompt", shot, "undo"]) == 0 and Path(shot).read_bytes() == before
        assert main(["prompt", shot, "undo"]) == 2 and "nothing to undo" in capsys.readouterr().err


def test_what_other_commands_edit_is_undone_too(capsys: pytest.CaptureFixture[str]) -> None:
    """One history of all; what changes nothing is no step of it."""
    assert prompt("add", "hero", "--box", "1001:5,5,600,600") == 0
    shot = documents.load(SHOT)
    shot.objects[0].region = (0, 0, 640, 640)
    documents.save(shot, SHOT)
    states = [Path(SHOT).read_bytes()]
    for words in (
        ["prompt", SHOT, "edge", "hero", "grow=1"],
        ["absent", SHOT, "1040-1050"],
        ["region", SHOT, "--clear"],
        ["absent", SHOT, "1045", "--clear", "--objects", "hero"],
    ):
        for _ in range(2):
            assert main([*words, "-q"]) == 0
        states.append(Path(SHOT).read_bytes())
    assert len(set(states)) == len(states)
    for state in states[-2::-1]:
        assert prompt("undo") == 0 and Path(SHOT).read_bytes() == state
    for state in states[1:]:
        assert prompt("redo") == 0 and Path(SHOT).read_bytes() == state
    capsys.readouterr()
    assert main(["prompt", SHOT, "undo"]) == 0 and "Undone: 'hero' not absent on 1045" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["edge", "hero", "grow=150", "soften=-1"], "grow is at most 100, not 150. soften is at least 0, not -1."),
        (["edge", "hero", "frame_edge=1.5"], "frame_edge is a whole number, not 1.5."),
        (["edge", "hero", "black=0.9", "white=0.5"], "The white point must lie above the black point."),
        (["ease", "hero", "500"], "ease is at most 100, not 500."),
        (
            ["add", "hero", "--box", "1001:1990,5,2000,9"],
            "Object 'hero' has a box on frame 1001 that lies outside the picture (1920x1080, pixels from the top left)",
        ),
        (["add", "hero", "--box", "1001:0,0,1e9,9"], "a coordinate is at most 1000000, not 1000000000."),
        (["add", "hero", "--stroke", "1001:5,5@0"], "radius is more than 0, not 0."),
        (["add", "my hero", "--box", "5,5,60,60"], "Object name 'my hero' must start with a letter"),
    ],
)
def test_a_wrong_value_is_told_by_its_name_and_its_limit(
    words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert prompt("add", "hero", "--point", "1001:5,5") == 0
    assert prompt(*words) == 2
    said = capsys.readouterr().err
    assert sentence in said and "objects.0" not in said and "keys" not in said


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["add", "hero"], 2, "no prompt to add"),
        (["add", "hero", "--box", "1001:4,8,3,10"], 2, "left < right"),
        (["add", "hero", "--box", "1:4,8,13,10"], 2, "outside the plate's 1001-1100"),
        (["add", "hero", "--mask", "1001:absent.png"], 3, "absent.png does not exist"),
        (["lock", "nobody", "1001"], 2, "no object 'nobody'"),
        (["remove", "hero", "--frames", "1050"], 2, "no such prompt"),
        (["move", "hero", "--by", "1"], 2, "Expected DX,DY"),
        (["edge", "hero", "grow=much"], 2, "KEY=NUMBER"),
        (["edge", "hero", "grwo=1"], 2, "no edge setting 'grwo'"),
        (["absent", "hero", "1001-1002"], 2, "prompts on frame 1001"),
        (["lock", "hero", "1010-1001"], 2, "1010-1001"),
    ],
)
def test_what_cannot_be_done_changes_nothing(
    words: list[str], code: int, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert prompt("add", "hero", "--point", "1001:5,5") == 0
    before = Path(SHOT).read_bytes()
    assert prompt(*words) == code
    assert sentence in capsys.readouterr().err
    assert Path(SHOT).read_bytes() == before


def test_a_shot_is_fitted_to_a_plate_of_another_size(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """All that was drawn is where it was in the picture; then it solves, and what a command took back is back."""
    for number in (1001, 1002):
        picture = np.random.default_rng(number).integers(0, 80, (60, 80, 3), np.uint8)
        picture[20:40, 20:50] = 220
        (tmp_path / "p").mkdir(exist_ok=True)
        cv2.imwrite(str(tmp_path / "p" / f"a.{number}.png"), picture)
    plate = {"path": "p/a.%04d.png", "first": 1001, "last": 1002, "width": 160, "height": 120}
    Path(SHOT).write_text(json.dumps({"wisp": 1, "plate": plate}), "utf-8")
    mask = np.zeros((120, 160), np.uint8)
    mask[40:80, 40:100] = 255
    cv2.imwrite("m.png", mask)
    assert prompt("add", "hero", "--mask", "1001:m.png", "--point", "1001:70,60", "--stroke", "1002:50,50/90,70@8") == 0
    assert (
        prompt("add", "hero", "--box", "1002:40,40,101,80") == 0 and prompt("edge", "hero", "grow=3", "white=0.9") == 0
    )
    shot = documents.load(SHOT)
    shot.objects[0].region = (10, 11, 160, 119)
    documents.save(shot, SHOT)
    assert main(["solve", SHOT, "-q"]) == 2
    assert "File > Fit to the plate's size, or wisp prompt SHOT scale" in capsys.readouterr().err
    before = Path(SHOT).read_bytes()
    assert prompt("scale") == 0
    found = documents.load(SHOT)
    (item,) = found.objects
    assert (found.plate.width, found.plate.height) == (80, 60)
    assert item.region == (5, 5, 80, 60) and (item.edge.grow, item.edge.white) == (1.5, 0.9)
    drawn, point, stroke, box = item.prompts
    assert point.xy == (35, 30) and box.xyxy == (20, 20, 50.5, 40)
    assert [tuple(place) for place in stroke.xy] == [(25, 25), (45, 35)] and stroke.radius == 4
    smaller = cv2.imread(drawn.path, cv2.IMREAD_GRAYSCALE)
    assert (smaller == cv2.resize(mask, (80, 60), interpolation=cv2.INTER_AREA)).all()
    assert main(["solve", SHOT, "-q"]) == 0
    assert prompt("scale") == 0 and documents.load(SHOT) == found, "it fits"
    assert prompt("undo") == 0 and Path(SHOT).read_bytes() == before


def film_a_disc(**solve: str) -> None:
    """The shot has a plate of three frames of a bright disc, and is solved so."""
    Path("p").mkdir()
    for frame in range(1001, 1004):
        picture = np.random.default_rng(frame).integers(20, 60, (64, 96, 3), np.uint8)
        cv2.circle(picture, (48, 32), 20, (90, 180, 240), -1)
        cv2.imwrite(f"p/a.{frame}.png", picture)
    plate = {"path": "p/a.%04d.png", "first": 1001, "last": 1003, "width": 96, "height": 64}
    Path(SHOT).write_text(json.dumps({"wisp": 1, "plate": plate, "solve": solve}), "utf-8")


def test_prompts_are_tried_and_the_shot_stays(capsys: pytest.CaptureFixture[str]) -> None:
    """Before: the box alone; after: with a point beside the disc's other half, and on a frame that had nothing."""
    film_a_disc()
    known = Path(SHOT).read_bytes()
    assert prompt("try", "hero", "--box", "1001:27,11,69,53", "-o", "try.png", "--json") == 0
    (event,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert event["action"] == "try" and event["path"] == "try.png" and Path(SHOT).read_bytes() == known
    first = cv2.imread("try.png")
    plate_cell, before, after = np.split(first[-220:-6, 6:], [326, 652], axis=1)
    assert np.abs(plate_cell[20:, :320].astype(float) - before[20:, :320]).mean() < 1, "there was no object"
    assert np.abs(after[100:110, 155:165].astype(float) - before[100:110, 155:165]).mean() < 8, "the disc is kept"
    assert np.abs(after[-20:, :60].astype(float) - before[-20:, :60]).mean() > 20, "what is around it is not"
    assert prompt("try", "hero", "--point", "1001:48,32", "-o", "try.png") == 8, "what is there is not replaced"
    assert prompt("add", "hero", "--box", "1001:27,11,69,53") == 0
    known = Path(SHOT).read_bytes()
    assert prompt("try", "hero", "--point", "1002:40,25", "-o", "try.png", "--overwrite") == 0
    assert Path(SHOT).read_bytes() == known and hero().prompts[0].kind == "box" and len(hero().prompts) == 1
    assert prompt("try", "hero", "-o", "none.png") == 2 and not Path("none.png").exists()
    assert main(["solve", SHOT, "-q"]) == 0
    assert prompt("try", "hero", "--box", "1003:27,11,48,53", "-o", "try.png", "--overwrite") == 0
    assert prompt("edge", "hero", "soften=1.5") == 0
    capsys.readouterr()
    assert main(["status", SHOT, "--json"]) == 0
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["why"] for one in told if one["event"] == "frame"] == ["edge changed"] * 3, "nobody made that prompt"


@pytest.mark.parametrize("cache", [[], ["--cache", "elsewhere"]])
def test_what_is_locked_is_what_was_solved_last_whatever_was_before(cache: list[str]) -> None:
    """The matte of the settings to which the shot goes back is there already."""
    film_a_disc(head="guided")

    def solved(frame: int) -> np.ndarray:
        assert main(["solve", SHOT, "-q", *cache]) == 0
        return wisp.open(SHOT, cache=cache[1] if cache else None).matte("hero", frame)

    assert prompt("add", "hero", "--box", "1001:27,11,69,53", *cache) == 0
    before = solved(1002)
    assert prompt("edge", "hero", "grow=4", *cache) == 0
    approved = solved(1002)
    assert approved.sum() > 1.1 * before.sum()
    assert prompt("lock", "hero", "1002", *cache) == 0 and prompt("edge", "hero", *cache) == 0
    np.testing.assert_array_equal(solved(1002), approved)
