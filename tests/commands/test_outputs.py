"""What a person made is replaced by no command unasked: neither pictures, nor documents, nor folders."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from helpers.solving import write_plate
from wisp.cli import main

#: What is asked for, TARGET in it; and a name for the target.
COMMANDS = {
    "check": (["check", "SHOT", "--sheet", "TARGET", "-q"], "worst.png"),
    "compare": (["compare", "SHOT", "--heads", "guided", "-o", "TARGET", "-q"], "heads.png"),
    "farm template": (["farm", "template", "SHOT", "-o", "TARGET"], "job.json"),
    "doctor": (["doctor", "--report", "TARGET"], "report.txt"),
    "shapes": (["deliver", "SHOT", "--layout", "shapes", "-o", "TARGET", "-q"], "shapes.json"),
    "movie": (["deliver", "SHOT", "--format", "mov", "--layout", "rgba", "-o", "TARGET", "-q"], "matte.mov"),
}
#: Those that may be asked to replace.
ASKED = ("compare", "shapes", "movie")
#: Those whose own earlier result may be replaced, or is left as it is.
AGAIN = ("check", "farm template", "doctor", "shapes")


@pytest.fixture(scope="module")
def solved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    write_plate(folder / "plates", last=1001)
    words = ["--box", "4,4,20,12", "--head", "guided", "-o", str(folder), "-q"]
    assert main(["matte", str(folder / "plates"), *words]) == 0
    (folder / "plate.wisp").rename(folder / "s.wisp")
    return folder


@pytest.fixture
def place(solved: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(solved, tmp_path / "shot"))


def asked(name: str, place: Path, target: Path) -> list[str]:
    words = {"SHOT": str(place / "s.wisp"), "TARGET": str(target)}
    return [words.get(word, word) for word in COMMANDS[name][0]]


def files(folder: Path) -> dict[Path, bytes]:
    kept = (path for path in folder.rglob("*") if path.is_file() and "wisp-cache" not in path.parts)
    return {path: path.read_bytes() for path in kept}


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("kind", ["bytes", "picture", "folder"])
def test_what_is_there_stays(name: str, kind: str, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = place / "mine" / COMMANDS[name][1]
    target.parent.mkdir()
    plate = next((place / "plates").iterdir())
    if kind == "folder":
        (target / "inside").mkdir(parents=True)
        (target / "inside" / "a.txt").write_text("mine")
    else:
        target.write_bytes(b"\xff\x00mine" if kind == "bytes" else plate.read_bytes())
    before = files(place)
    code = main(asked(name, place, target))
    said = capsys.readouterr().err
    if kind == "folder" and code == 0:  # what is asked for is laid into it
        assert before.items() <= files(place).items()
        return
    assert code == 8, said
    assert said.count("\n") == 1 and str(target) in said
    assert files(place) == before


@pytest.mark.parametrize("name", AGAIN)
def test_the_same_command_again(name: str, place: Path) -> None:
    target = place / "new" / COMMANDS[name][1]
    codes = [main(asked(name, place, target)) for _ in range(2)]
    assert codes == [0, 0] or (name == "doctor" and codes[0] == codes[1] != 8)  # it tells of the machine by its code
    assert target.is_file()


@pytest.mark.parametrize("name", ASKED)
def test_asked_to_replace_it_replaces_no_source(name: str, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = place / "mine" / COMMANDS[name][1]
    target.parent.mkdir()
    target.write_text("mine")
    assert main([*asked(name, place, target), "--overwrite"]) == 0
    assert target.read_bytes() != b"mine"
    target.unlink()
    target.symlink_to(place / "s.wisp")
    document = (place / "s.wisp").read_bytes()
    main([*asked(name, place, target), "--overwrite"])
    assert (place / "s.wisp").read_bytes() == document


def test_a_folder_of_ones_own_is_no_place_for_a_front_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mine = tmp_path / "wisp" / "notes.txt"
    mine.parent.mkdir()
    mine.write_text("mine")
    assert main(["install", "nuke", "--to", str(tmp_path)]) == 8
    assert mine.read_text() == "mine" and "left alone" in capsys.readouterr().err
    mine.unlink()
    assert [main(["install", "nuke", "--to", str(tmp_path)]) for _ in range(2)] == [0, 0]
