"""`wisp deliver --layout shapes`."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from wisp import shot as documents
from wisp.cli import main
from wisp.deliver.shapes import ShapesDelivery
from wisp.errors import InputError
from wisp.shapes.formats import FORMATS, read_shapes
from wisp.shapes.trace import Options
from wisp.solve import Solver


@pytest.fixture
def document(brief: Solver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The shot saved beside its plate; the mattes of frames 1010-1015 are a box that moves."""

    def box(path: Path) -> tuple[np.ndarray, None]:
        frame = int(path.stem.rpartition(".")[2])
        alpha = np.zeros((16, 24), np.float32)
        alpha[3:13, frame - 1008 : frame - 996] = 1.0
        return alpha, None

    monkeypatch.setattr("wisp.deliver.delivery.read_matte", box)
    path = tmp_path / "sh.wisp"
    documents.save(brief.shot, path)
    return path


def deliver(document: Path, *more: str) -> int:
    chosen = ("--frames", "1010-1015", "--cache", str(document.parent / "cache"))
    return main(["deliver", str(document), *chosen, *more])


def test_a_folder_gets_all_formats_and_the_report_its_figures(
    document: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert deliver(document, "-o", str(tmp_path / "out"), "--layout", "shapes", "--json") == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    figures = [event for event in events if event["event"] == "shapes"]
    assert [event["object"] for event in figures] == ["hero", "prop"]
    for event in figures:
        assert event["points"] >= 4 and event["frames"] == 6 and event["keys"] <= 6
        assert event["worst_iou"] > 0.95 and event["crossing"] == []
    assert events[-1]["event"] == "done" and (events[-1]["written"], events[-1]["skipped"]) == (5, 0)
    for suffix in FORMATS:
        found = read_shapes(tmp_path / "out" / f"sh_shapes.{suffix}", (24, 16))
        assert [item.name for item in found.objects] == ["hero", "prop"]
    assert deliver(document, "-o", str(tmp_path / "out"), "--layout", "shapes", "--json") == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (events[-1]["written"], events[-1]["skipped"]) == (0, 5)


def test_a_matte_that_goes_while_shapes_are_traced_is_no_empty_one(brief: Solver, tmp_path: Path) -> None:
    place = tmp_path / "a.json"
    delivery = ShapesDelivery(brief, str(place), Options(), frames=range(1010, 1016), objects=["hero"])
    with pytest.raises(InputError, match="'hero' on frame 1014 is gone or damaged"):
        delivery.write(lambda _: brief.work("hero").path(1014).unlink(missing_ok=True))
    assert not place.exists()


def test_a_damaged_matte_is_solved_anew_for_shapes_too(brief: Solver, tmp_path: Path) -> None:
    matte = brief.work("hero").path(1012)
    matte.write_bytes(matte.read_bytes()[:200])
    place = tmp_path / "a.json"
    ShapesDelivery(brief, str(place), Options(), frames=range(1010, 1016), objects=["hero"]).write()
    assert place.exists() and len(matte.read_bytes()) > 200


def test_a_files_name_says_the_format(document: Path, tmp_path: Path) -> None:
    assert deliver(document, "-o", str(tmp_path / "a.nk"), "--objects", "prop", "-q") == 0
    assert (tmp_path / "a.nk").read_text().count("Roto {") == 1
    assert deliver(document, "-o", str(tmp_path / "a.nk"), "-q") == 8, "another object set is another content"
    assert deliver(document, "-o", str(tmp_path / "a.nk"), "-q", "--overwrite") == 0
    assert (tmp_path / "a.nk").read_text().count("Roto {") == 2


def test_versions_are_numbered(document: Path, tmp_path: Path) -> None:
    for version in (1, 2):
        chosen = ("--layout", "shapes", "--format", "json", "--version", "next", "-q")
        assert deliver(document, "-o", str(tmp_path / "out"), *chosen) == 0
        assert (tmp_path / "out" / f"v00{version}" / "sh_shapes.json").exists()


@pytest.mark.parametrize(
    "wrong",
    [
        ("--layout", "shapes", "--format", "png"),
        ("--layout", "alpha", "--format", "nk"),
        ("--layout", "shapes", "--tolerance", "0"),
        ("--layout", "shapes", "--points", "2"),
        ("--layout", "shapes", "--keys", "every:0"),
        ("--layout", "shapes", "--confidence"),
    ],
)
def test_options_that_do_not_go_together(wrong: tuple[str, ...], document: Path, tmp_path: Path) -> None:
    assert deliver(document, "-o", str(tmp_path / "out"), *wrong) == 2
    assert not (tmp_path / "out").exists()


def test_unsolved_frames_and_gaps_are_refused(document: Path, tmp_path: Path) -> None:
    cache = ("--cache", str(document.parent / "cache"), "--layout", "shapes", "-o", str(tmp_path / "out"))
    assert main(["deliver", str(document), "--frames", "1010-1030", *cache]) == 3
    assert main(["deliver", str(document), "--frames", "1010,1012", *cache]) == 2
