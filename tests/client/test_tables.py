"""What stands in the tables appears everywhere: in documents, their schema, panels, knobs and properties."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import pytest
from wisp.client import tables
from wisp.client.events import Progress
from wisp.client.requests import Compare, Deliver, Pack, Roto
from wisp.commands.prompts import _PARSERS
from wisp.commands.report import Reporter
from wisp.compare import Shown
from wisp.deliver import FORMATS
from wisp.engine import api
from wisp.plates import Policy
from wisp.shapes.formats import FORMATS as SHAPES
from wisp.shot import Edge, PlateSpec, Shot, SolveSpec
from wisp.shot import model as documents
from wisp.weights.registry import entries

ROOT = Path(__file__).parent.parent.parent

#: Adds a setting to the table before anything else reads it, then looks for it.
NEW_SETTING = """
import sys, types
from wisp.client import tables
tables.EDGE += (tables.EdgeSetting("glow", "Glow", "Let the edge shine", 0.5, 0.0, 2.0, (0.0, 1.5), 2),)
from wisp import shot
assert shot.Edge().glow == 0.5 and shot.Edge(glow=1.25).glow == 1.25
assert shot.json_schema()["$defs"]["Edge"]["properties"]["glow"]["maximum"] == 2.0
try:
    shot.Edge(glow=3)
except ValueError:
    pass
else:
    raise AssertionError("the limit is not held")
from wisp.panel.edge import EdgePanel
from wisp.panel.qt import QtWidgets
from wisp.client.shot_edits import ShotEdits
app = QtWidgets.QApplication([])
plate = {"path": "a.png", "first": 1, "last": 1, "width": 8, "height": 8}
panel = EdgePanel(ShotEdits({"wisp": 1, "plate": plate, "objects": [{"id": 1, "name": "a", "prompts": []}]}))
assert panel.rows["glow"].number.value() == 0.5 and panel.rows["glow"].slider.toolTip() == "Let the edge shine"
import contextlib, io, json, os, pathlib, tempfile
from wisp.cli import main
os.chdir(tempfile.mkdtemp())
pathlib.Path("s.wisp").write_text(json.dumps({"wisp": 1, "plate": plate, "objects": [{"id": 1, "name": "a"}]}))
said = io.StringIO()
with contextlib.redirect_stdout(said):
    assert main(["prompt", "s.wisp", "edge", "--help"]) == 0
assert "glow" in said.getvalue(), said.getvalue()
assert main(["prompt", "s.wisp", "edge", "a", "glow=1.5", "-q"]) == 0
import wisp
assert wisp.open("s.wisp").object("a").spec.edge.glow == 1.5
assert wisp.open("s.wisp").object("a").edge(glow=0.25).spec.edge.glow == 0.25
print("everywhere")
"""


def test_a_new_edge_setting_is_in_documents_schema_panels_scripts_and_commands() -> None:
    seen = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run([sys.executable, "-c", NEW_SETTING], env=seen, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "everywhere"


@pytest.mark.parametrize(
    "place", ["nuke_plugin/wisp_nuke/knobs.py", "blender_addon/model.py", "blender_addon/document.py"]
)
def test_no_front_end_lists_the_edge_settings_again(place: str) -> None:
    text = (ROOT / place).read_text("utf-8")
    assert "EDGE" in text
    live = {"grow", "soften", "black", "white", "gamma"}  # what Nuke does itself, on all objects, and other words
    spelt = {setting.key for setting in tables.EDGE if re.search(rf"\b{setting.key}\b", text)}
    assert spelt <= live


def test_defaults_change_nothing_and_are_within_the_limits() -> None:
    plain = Edge()
    for setting in tables.EDGE:
        assert getattr(plain, setting.key) == setting.default
        assert setting.highest is None or setting.lowest <= setting.default <= setting.highest
        low, high = setting.usual
        assert setting.lowest <= low < high and (setting.highest is None or high <= setting.highest)
        assert setting.step > 0


def choices(annotation: Any) -> tuple[str, ...]:
    """What a literal, or one that may be None, leaves to choose."""
    if get_origin(annotation) is Literal:
        return get_args(annotation)
    return next((found for one in get_args(annotation) if (found := choices(one))), ())


@pytest.mark.parametrize(
    ("annotation", "table"),
    [
        (Policy, tables.MISSING),
        (PlateSpec.model_fields["missing"].annotation, tables.MISSING),
        (Shown, tables.LOOKS),
        (api.described(Compare)["show"][0], tables.LOOKS),
        (api.described(Pack)["queue"][0], tables.QUEUES),
        (api.described(Deliver)["despill"][0], tables.SCREENS),
        (api.described(Deliver)["layout"][0], tables.LAYOUTS),
    ],
)
def test_what_types_leave_to_choose_is_what_the_tables_say(annotation: Any, table: Iterable[str]) -> None:
    assert sorted(choices(annotation)) == sorted(table) != []


def test_what_nobody_chose_stands_once() -> None:
    """Models by default, and what a delivery may be of."""
    assert (SolveSpec().tracker, SolveSpec().head) == (tables.TRACKER, tables.HEAD)
    assert PlateSpec.model_fields["missing"].default == next(iter(tables.MISSING))
    assert Compare([], "").show == tables.LOOKS[0]
    assert tuple(FORMATS) == tables.PICTURE_FORMATS and set(SHAPES) == set(tables.SHAPE_FORMATS)
    ids = {entry.id for entry in entries()}
    assert {tables.TRACKER, tables.HEAD, tables.DETECTOR} <= ids


def test_the_guide_lists_every_edge_setting() -> None:
    guide = (ROOT / "docs" / "finish.md").read_text("utf-8")
    assert [setting.key for setting in tables.EDGE if f"`edge.{setting.key}`" not in guide] == []


def test_the_kinds_of_prompts_are_those_of_the_document() -> None:
    union, _ = get_args(documents.Prompt)
    kinds = {kind.model_fields["kind"].default for kind in get_args(union)}
    assert kinds == set(tables.PROMPT_KINDS) == set(_PARSERS)
    parts = Shot.model_json_schema()["$defs"]
    painted = {
        part["properties"]["kind"]["const"]: part["properties"]
        for part in parts.values()
        if "radius" in part.get("properties", {})
    }
    assert {kind: part["radius"]["default"] for kind, part in painted.items()} == tables.PAINTED
    assert {part["xy"]["maxItems"] for part in painted.values()} == {tables.MAX_STROKE_POINTS}


def test_every_stage_of_a_job_has_words() -> None:
    stages, _ = api.described(Progress)["stage"]
    assert set(get_args(stages)) <= set(tables.STAGES)


def test_the_ways_to_choose_keys_of_roto_are_those_of_the_job() -> None:
    ways, _ = api.described(Roto)["keys"]
    assert get_args(ways) == tuple(tables.ROTO_KEYS)


def test_a_terminal_shows_a_bar_for_every_stage(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    stages = get_args(api.described(Progress)["stage"][0])
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with Reporter() as reporter:
        for stage in stages:
            reporter(Progress(stage, None, 1, 2, None))
    shown = capsys.readouterr().err
    assert all(tables.STAGES[stage].split()[0] in shown for stage in stages)
