"""The job of a shot, judged by the specification's own reader."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openjd.model import IntRangeExpr, StepDependencyGraph, StepParameterSpaceIterator
from wisp.cli import main
from wisp.farm.bundle import write_bundle
from wisp.farm.local import make_job
from wisp.farm.ranges import from_openjd, to_openjd
from wisp.farm.template import JobPlan, job_template, job_values
from wisp.shot import load, save

GOLDEN = Path(__file__).parents[1] / "data" / "farm-template.json"
GOLDEN_BUNDLE = GOLDEN.with_name("farm-bundle.json")
OPENJD = str(Path(sys.executable).with_name("openjd"))


def plan(**changes: object) -> JobPlan:
    frames = range(1001, 1021)
    spans = {"hero": [frames[:12], frames[12:]], "dog": [frames]}
    known = {"spans": spans, "frames": frames, "frames_per_chunk": 8}
    return JobPlan(Path("/shots/sh010.wisp"), Path("/shots/wisp-cache"), **{**known, **changes})  # type: ignore[arg-type]


@given(st.sets(st.integers(-50, 2000), min_size=1, max_size=40))
def test_ranges_mean_the_same_to_both(frames: set[int]) -> None:
    text = to_openjd(frames)
    assert list(IntRangeExpr.from_str(text)) == sorted(frames)
    assert from_openjd(str(IntRangeExpr.from_list(sorted(frames)))) == tuple(sorted(frames))


def test_steps_follow_each_other_and_cover_every_frame_once() -> None:
    job, _ = make_job(job_template(plan()), job_values(plan()))
    assert [step.name for step in StepDependencyGraph(job=job).topo_sorted()] == ["Track", "Matte", "Check"]
    by_name = {step.name: step for step in job.steps}
    tracks = StepParameterSpaceIterator(space=by_name["Track"].parameterSpace)
    tracked = [(task["Object"].value, task["Span"].value) for task in tracks]
    assert tracked == [("hero", "1001-1012"), ("hero", "1013-1020"), ("dog", "1001-1020")]
    done: dict[str, list[int]] = {"hero": [], "dog": []}
    for task in StepParameterSpaceIterator(space=by_name["Matte"].parameterSpace):
        frames = from_openjd(task["Frames"].value)
        assert len(frames) <= 8
        done[task["Object"].value] += frames
    assert done == {"hero": list(range(1001, 1021)), "dog": list(range(1001, 1021))}


def test_values_given_to_the_job_take_the_place_of_the_shots() -> None:
    job, values = make_job(
        job_template(plan()), {**job_values(plan()), "Frames": "1001-1003", "FramesPerChunk": "1", "Wisp": "/opt/wisp"}
    )
    matte = next(step for step in job.steps if step.name == "Matte")
    assert sum(1 for _ in StepParameterSpaceIterator(space=matte.parameterSpace)) == 6
    assert values["Wisp"].value == "/opt/wisp"


def test_a_gpu_is_asked_for_where_models_run_and_not_for_the_check() -> None:
    steps = {step["name"]: step for step in job_template(plan(gpu=True))["steps"]}
    assert steps["Track"]["hostRequirements"] == {"amounts": [{"name": "amount.worker.gpu", "min": 1}]}
    assert "hostRequirements" in steps["Matte"] and "hostRequirements" not in steps["Check"]
    make_job(job_template(plan(gpu=True)), job_values(plan()))


@pytest.mark.parametrize("name", ["{{x}}", "a{{", "}}{{", "{a}", "a{{{b"])
def test_a_name_with_braces_is_no_format_string(name: str) -> None:
    shot = replace(plan(), shot=Path(f"/shots/{name}.wisp"))
    job, values = make_job(job_template(shot), job_values(shot))
    assert job.name == "Wisp " + name.replace("{", "(").replace("}", ")")
    assert values["Shot"].value == f"/shots/{name}.wisp"


def test_the_command_writes_a_job_that_any_runner_takes(shot: Path, tmp_path: Path, capsys) -> None:
    """Beside the shot its paths are in the template; elsewhere they are on the command line that is printed."""
    beside, elsewhere = tmp_path / "job.json", tmp_path / "out" / "job.json"
    options = ["--frames", "1002-1005", "--chunk", "2"]
    for place in (beside, elsewhere):
        assert main(["farm", "template", str(shot), "-o", str(place), *options]) == 0
    told = capsys.readouterr().out
    read = subprocess.run([OPENJD, "summary", str(beside)], capture_output=True, text=True)
    assert read.returncode == 0, read.stdout + read.stderr
    assert "Total tasks: 6" in read.stdout  # every frame counts as one
    refused = subprocess.run([OPENJD, "summary", str(elsewhere)], capture_output=True, text=True)
    assert refused.returncode != 0 and "Shot" in refused.stdout
    assert f"-pShot={shot}" in told and f"-pCache={shot.parent / 'wisp-cache'}" in told
    values = {"Shot": str(shot), "Cache": str(tmp_path / "wisp-cache")}
    job, known = make_job(json.loads(elsewhere.read_text("utf-8")), values)
    assert known["Frames"].value == "1002-1005"
    matte = next(step for step in job.steps if step.name == "Matte")
    assert sum(1 for _ in StepParameterSpaceIterator(space=matte.parameterSpace)) == 2


@pytest.mark.parametrize(
    ("extra", "says"),
    [
        (["--frames", "1000-1002"], "Frame 1000 is outside the shot, which has 1001-1008"),
        (["--frames", ""], "The frame range is empty"),
        (["--objects", "nobody"], "nobody"),
    ],
)
def test_what_the_shot_has_not_is_told(shot: Path, capsys, extra: list[str], says: str) -> None:
    assert main(["farm", "template", str(shot), *extra]) == 2
    assert says in capsys.readouterr().err


def test_an_object_that_nothing_was_drawn_for_is_told_before_a_farm_renders_empty_mattes(shot: Path, capsys) -> None:
    document = load(shot)
    document.add_object("nothing")
    save(document, shot)
    assert main(["farm", "template", str(shot)]) == 2
    assert "The object 'nothing' has no prompt." in capsys.readouterr().err
    drawn = [item.name for item in document.objects if item.prompts]
    assert main(["farm", "template", str(shot), "--objects", *drawn, "-o", str(shot.parent / "job.json")]) == 0


def test_a_bundle_names_all_that_the_shot_reads(shot: Path, tmp_path: Path, capsys) -> None:
    folder = tmp_path / "job"
    filmed = [tmp_path / name for name in ("clean.png", "second.png", "white.png")]
    for file in filmed:
        file.write_bytes(b"")
    document = load(shot)
    document.plate.clean, document.plate.second, document.plate.second_clean = map(str, filmed)
    config = tmp_path / "show" / "config.ocio"
    config.parent.mkdir()
    config.write_text("ocio_profile_version: 2\n")
    document.plate.ocio = str(config)
    save(document, shot)
    assert main(["farm", "submit", str(shot), "--to", "deadline-cloud", "-o", str(folder)]) == 0
    assert f"deadline bundle submit {folder}" in capsys.readouterr().out
    references = json.loads((folder / "asset_references.json").read_text("utf-8"))["assetReferences"]
    files = sorted(map(str, [shot, config, *filmed]))
    assert references["inputs"] == {
        "filenames": files,
        "directories": [str(shot.parent / "plates"), str(config.parent)],
    }
    assert references["outputs"] == {"directories": [str(shot.parent / "wisp-cache")]}
    values = json.loads((folder / "parameter_values.json").read_text("utf-8"))["parameterValues"]
    job, known = make_job(
        json.loads((folder / "template.json").read_text("utf-8")), {item["name"]: str(item["value"]) for item in values}
    )
    assert known["Cache"].value == str(shot.parent / "wisp-cache") and len(job.steps) == 3


def test_a_bundle_is_what_the_queue_was_told_before(tmp_path: Path) -> None:
    """Whoever has it made, a host or the command line; the template has its own record."""
    folder = tmp_path / "job"
    places = write_bundle(plan(path_map="P:\\shots=/shots"), folder, [Path("/shots/sh010.wisp"), Path("/shots/plates")])
    found = {place.name: json.loads(place.read_text("utf-8")) for place in places}
    assert found.pop("template.json")["specificationVersion"] == "jobtemplate-2023-09"
    assert found == json.loads(GOLDEN_BUNDLE.read_text("utf-8"))


@pytest.mark.parametrize(
    "name", ["plates/p.1003.png", "plates/p.1099.png", "shot.wisp", "notes.json", "folder", "link"]
)
def test_a_job_takes_the_place_of_nothing_but_a_job(shot: Path, capsys, name: str) -> None:
    """Neither of a file of the plate, or one that would become one, nor of anything else that a person has."""
    shot = shot.rename(shot.with_name("shot.wisp"))
    plate = next((shot.parent / "plates").iterdir())
    name = name.replace("p.", f"{plate.name.split('.')[0]}.").replace(".png", plate.suffix)
    target = shot.parent / name
    if name == "notes.json":
        target.write_text('{"mine": 1}')
    elif name == "folder":
        target.mkdir()
    elif name == "link":
        target.symlink_to(plate)
    before = {path: path.read_bytes() for path in shot.parent.rglob("*") if path.is_file()}
    assert main(["farm", "template", str(shot), "-o", str(target)]) == 8
    assert capsys.readouterr().err.count("\n") == 1
    assert {path: path.read_bytes() for path in shot.parent.rglob("*") if path.is_file()} == before
    job = shot.parent / "job.json"
    assert [main(["farm", "template", str(shot), "-o", str(job)]) for _ in range(2)] == [0, 0]


def test_a_folder_with_other_files_is_left_alone(shot: Path, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "notes.txt").write_text("keep")
    assert main(["farm", "submit", str(shot), "--to", "deadline-cloud", "-o", str(folder)]) == 8
    assert [item.name for item in folder.iterdir()] == ["notes.txt"]


def test_the_job_is_the_one_that_was_agreed_on() -> None:
    """A change of it shows as a difference of this file; write it anew after a look."""
    assert json.loads(GOLDEN.read_text("utf-8")) == json.loads(json.dumps(job_template(plan(gpu=True))))
