"""Jobs for queues without Open Job Description: made by their own languages, against stand-ins of what they call."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import types
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from wisp.cli import build_parser, main
from wisp.client.tables import FAIL_ON
from wisp.farm.queues import flamenco_job, opencue_script
from wisp.farm.ranges import from_openjd
from wisp.farm.template import FRAMES_PER_CHUNK, JobPlan

FRAMES = range(1001, 1021)
PLAN = JobPlan(
    Path("/shots/sh010.wisp"),
    Path("/shots/wisp-cache"),
    {"hero": [FRAMES[:12], FRAMES[12:]], "dog": [FRAMES]},
    FRAMES,
    frames_per_chunk=8,
    path_map="P:\\shots=/shots",
)
#: What Flamenco gives a job type, as its manual tells: `author`, `frameChunker`, and a job.
MANAGER = """
const made = [];
const author = {
    Command: (name, parameters) => ({ name, parameters }),
    Task: (name, type) => ({ name, type, commands: [], after: [],
        addCommand(command) { this.commands.push(command); }, addDependency(task) { this.after.push(task.name); } }),
};
function frameChunker(frames, size) {
    const [first, last] = frames.split("-").map(Number), chunks = [];
    for (let at = first; at <= last; at += size) chunks.push(`${at}-${Math.min(last, at + size - 1)}`);
    return chunks;
}
compileJob({ settings: JOB.settings, addTask: (task) => made.push(task) });
console.log(JSON.stringify({ settings: JOB_TYPE.settings, made }));
"""


def understood(words: list[str]) -> Any:
    """The words after `wisp` as the command line takes them."""
    return build_parser("farm").parse_args(words)


@pytest.mark.skipif(shutil.which("node") is None, reason="needs a JavaScript to compile the job with")
def test_flamenco_compiles_the_job_into_tasks_that_wisp_takes(tmp_path: Path) -> None:
    from wisp.farm import queues

    job = flamenco_job(PLAN)
    script = tmp_path / "job.js"
    script.write_text(f"const JOB = {json.dumps(job)};\n{queues._JOB_TYPE.read_text('utf-8')}\n{MANAGER}", "utf-8")
    ran = subprocess.run(["node", str(script)], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout)
    settings = {setting["key"]: setting for setting in told["settings"]}
    assert settings.keys() == job["settings"].keys()
    assert settings["chunk_size"]["default"] == FRAMES_PER_CHUNK
    assert (settings["fail_on"]["choices"], settings["fail_on"]["default"]) == (list(FAIL_ON), FAIL_ON[0])
    tasks = {task["name"]: task for task in told["made"]}
    assert list(tasks)[:3] == ["track-hero-1001-1012", "track-hero-1013-1020", "track-dog-1001-1020"]
    assert len(tasks) == 3 + 2 * 3 + 1
    assert tasks["matte-hero-1009-1016"]["after"] == ["track-hero-1001-1012", "track-hero-1013-1020"]
    assert len(tasks["check"]["after"]) == 6
    for task in tasks.values():
        (command,) = task["commands"]
        assert command["name"] == "exec" and command["parameters"]["exe"] == "wisp"
        args = understood(command["parameters"]["args"])
        assert args.shot == PLAN.shot and args.map == [PLAN.path_map]


def run_opencue(plan: JobPlan) -> tuple[list[Any], dict[str, dict[str, Any]]]:
    """The jobs that the script of a plan launches, and their layers by name; PyOutline as its documentation tells."""
    layers: dict[str, dict[str, Any]] = {}

    class Shell:
        def __init__(self, name: str, **how: Any) -> None:
            self.name = name
            layers[name] = {**how, "after": []}

        def depend_all(self, other: Shell) -> None:
            layers[self.name]["after"].append(other.name)

    class Outline:
        def __init__(self, name: str) -> None:
            self.name, self.layers = name, []

        def add_layer(self, layer: Shell) -> None:
            self.layers.append(layer)

    launched: list[Outline] = []
    outline, cuerun, shell = (types.ModuleType(name) for name in ("outline", "outline.cuerun", "outline.modules.shell"))
    outline.Outline, outline.cuerun, cuerun.launch, shell.Shell = Outline, cuerun, launched.append, Shell  # type: ignore[attr-defined]
    stand_ins = {module.__name__: module for module in (outline, cuerun, shell)}
    with pytest.MonkeyPatch.context() as patch:
        for name, module in {**stand_ins, "outline.modules": types.ModuleType("outline.modules")}.items():
            patch.setitem(sys.modules, name, module)
        exec(compile(opencue_script(plan), "job.outline.py", "exec"), {})
    return launched, layers


def test_opencue_s_script_builds_layers_that_wisp_takes() -> None:
    launched, layers = run_opencue(PLAN)
    assert [job.name for job in launched] == ["wisp-sh010"] and len(launched[0].layers) == len(layers) == 6
    assert layers["matte_hero"]["after"] == ["track_hero_0", "track_hero_1"]
    assert layers["matte_hero"]["range"] == "1001-1020" and layers["matte_hero"]["chunk"] == 8
    assert layers["check"]["after"] == ["matte_hero", "matte_dog"]
    for layer in layers.values():
        assert layer["command"][0] == "wisp"
        assert understood(layer["command"][1:]).shot == PLAN.shot


def test_opencue_mattes_none_of_the_frames_between_those_that_are_asked_for() -> None:
    odd = replace(PLAN, frames=FRAMES[::2])
    _, layers = run_opencue(odd)
    asked = understood(layers["matte_hero"]["command"][1:])
    assert asked.frames == "#FRAME_START#-#FRAME_END#" and from_openjd(asked.within) == tuple(FRAMES[::2])


def test_a_name_with_quotes_and_frames_below_zero_reach_a_queue_as_they_are() -> None:
    frames = range(-3, 3)
    plan = replace(PLAN, shot=Path("/shots/q\"x'.wisp"), frames=frames, spans={"hero": [frames]})
    launched, layers = run_opencue(plan)
    assert [job.name for job in launched] == ["wisp-q\"x'"]
    asked = understood(layers["track_hero_0"]["command"][1:])
    assert asked.frames == asked.within == "-3-2" and asked.shot == plan.shot


@pytest.mark.parametrize(
    ("queue", "files"), [("flamenco", {"wisp.js", "sh010.flamenco.json"}), ("opencue", {"sh010.outline.py"})]
)
def test_the_command_writes_what_the_queue_takes(
    shot: Path, tmp_path: Path, queue: str, files: set[str], capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "job"
    assert main(["farm", "submit", str(shot), "--to", queue, "-o", str(folder), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert {item.name for item in folder.iterdir()} == {Path(file).name for file in told["files"]} == files
    assert str(folder) in told["words"]
