"""All benchmarks in one run: what is measured, what is not and why, and the page."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from wisp.bench import everything, steadiness, waiting
from wisp.bench.hold import HoldTracker
from wisp.bench.page import Figure, draw_page
from wisp.bench.tracking import evaluate
from wisp.cli import main
from wisp.contact_sheet import GridRow


def test_a_part_that_cannot_run_is_named_with_its_reason(tmp_path: Path) -> None:
    place = tmp_path / "found.json"
    page = tmp_path / "page.png"
    assert main(["bench", "all", "-o", str(place), "--page", str(page), "--only", "quality", "tracking"]) == 0
    found = json.loads(place.read_text())
    assert set(found["not_measured"]) == {"quality", "tracking"} and "stills" in found["not_measured"]["quality"]
    assert found["figures"] == [] and not page.exists() and found["machine"]["torch"]


def test_figures_and_their_baselines_reach_both_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    figures = [Figure("memory", "growth", 1.0, "MB", "stock", 4.0)]
    monkeypatch.setitem(everything.PARTS, "memory", lambda _data: figures)
    place, page = tmp_path / "found.json", tmp_path / "page.png"
    assert main(["bench", "all", "-o", str(place), "--page", str(page), "--only", "memory"]) == 0
    (found,) = json.loads(place.read_text())["figures"]
    assert (found["value"], found["baseline"], found["baseline_value"]) == (1.0, "stock", 4.0)
    assert np.array_equal(cv2.imread(str(page))[..., ::-1].shape, draw_page(figures, everything.machine()).shape)


def test_a_part_that_fails_costs_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "found.json"

    def ends(_data: Path | None) -> Iterator[Figure]:
        yield Figure("farm", "a chunk", 2.0, "s")
        raise RuntimeError("a process died")

    def later(_data: Path | None) -> list[Figure]:
        written = json.loads(place.read_text())
        assert [figure["name"] for figure in written["figures"]] == ["growth", "a chunk"], "after every part"
        return [Figure("waiting", "an answer", 3.0, "s")]

    parts = {"memory": lambda _data: [Figure("memory", "growth", 1.0, "MB")], "farm": ends, "waiting": later}
    for name, part in parts.items():
        monkeypatch.setitem(everything.PARTS, name, part)
    options = ["-o", str(place), "--page", str(tmp_path / "page.png"), "--only", *parts]
    assert main(["bench", "all", *options]) == 1
    found = json.loads(place.read_text())
    assert [figure["value"] for figure in found["figures"]] == [1.0, 2.0, 3.0]
    assert found["not_measured"] == {"farm": "failed: RuntimeError: a process died"}


@pytest.mark.parametrize(
    ("value", "other", "more", "good"), [(1, 4, False, True), (4, 1, True, True), (4, 1, False, False)]
)
def test_bars_are_to_scale_and_orange_where_worse(value: float, other: float, more: bool, good: bool) -> None:
    page = draw_page([Figure("part", "name", value, "s", "base", other, more)], {})
    colour, grey = ((90, 200, 120) if good else (240, 160, 60)), (95, 105, 120)
    ours, theirs = ((page == np.array(tone)).all(2).any(0).sum() for tone in (colour, grey))
    assert ours / theirs == pytest.approx(value / other, rel=0.02)


def test_holding_a_mask_scores_what_it_overlaps(tmp_path: Path) -> None:
    """A square that moves by half its side: the held mask overlaps the second frame by one third."""
    for name in ("frames", "masks"):
        (tmp_path / "clip" / name).mkdir(parents=True)
    for frame, left in ((0, 16), (1, 24)):
        mask = np.zeros((48, 64), np.uint8)
        mask[16:32, left : left + 16] = 255
        for name in ("frames", "masks"):
            cv2.imwrite(str(tmp_path / "clip" / name / f"{frame:05d}.png"), mask)
    sheet: list[GridRow] = []
    (row,) = evaluate(tmp_path, None, "mask", tracker=HoldTracker(), sheet=sheet)
    assert row.j == pytest.approx(1 / 3)
    (shown,) = sheet
    for picture, caption in zip(shown.pictures, shown.captions, strict=True):
        assert picture[24, 18] == pytest.approx([0, 0.4, 0]), "held here, where nothing is any more"
        assert picture[24, 28] == pytest.approx([0.5, 0.9, 0.5]), "held and right"
        assert (picture[16, 24:40] == 1).all(), "the truth's outline"
        assert caption.startswith("1: J 0.33")


def test_steadiness_of_a_short_clip(shared: Path, tmp_path: Path) -> None:
    """Three frames of the made clip: the stabiliser lowers flicker, and costs next to no truth."""
    for name in ("frames", "alpha"):
        (tmp_path / "hair" / name).mkdir(parents=True)
        for path in sorted((shared / "data" / "clips" / "made_hair_small" / name).iterdir())[:3]:
            shutil.copy(path, tmp_path / "hair" / name)
    found = steadiness.run(tmp_path, ("guided",))
    uncovered = {"guided, uncovered", "guided, uncovered, stabilised"}
    assert set(found) == {"guided", "guided, stabilised", *uncovered}
    assert found["guided, stabilised"]["dtssd"] < found["guided"]["dtssd"]
    assert found["guided, stabilised"]["mad"] < 1.02 * found["guided"]["mad"] < 100


@pytest.mark.slow
def test_waits_are_taken_with_a_real_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))  # another engine's hold on the device lies elsewhere
    found = waiting.run(3, (160, 96))
    assert set(found) == {
        "wisp --help",
        "one frame by wisp matte",
        "engine answers",
        "round trip",
        "first matte",
        "next matte",
        "whole clip",
        "corrected frame",
    }
    assert found["round trip"] < found["one frame by wisp matte"] and min(found.values()) > 0
