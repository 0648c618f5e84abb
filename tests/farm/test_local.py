"""Jobs on this machine: handing out, trying again, stopping; and a real shot in chunks against the shot in one go."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import threading
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
from helpers.farm_jobs import FRAMES, command_job
from helpers.growing import files_below
from wisp.cache import read_matte
from wisp.cli import main
from wisp.commands.farm import wisp_command
from wisp.errors import CancelledError, OutputError, UsageError
from wisp.farm.local import StepRun, TaskFailedError, run_job
from wisp.farm.ranges import from_openjd
from wisp.farm.template import JobPlan, job_template, job_values
from wisp.plates.exr import read_channels
from wisp.shot import Box, MaskPrompt, load, save

#: Leaves a file per chunk in the folder {0}.
TOUCH = "import sys, pathlib; pathlib.Path(r'{0}', sys.argv[1]).touch()"


def ignore(_step: StepRun) -> None:
    pass


def frames_done(folder: Path) -> list[int]:
    return sorted(frame for item in folder.iterdir() for frame in from_openjd(item.name))


@pytest.mark.parametrize("workers", [1, 3])
def test_every_frame_is_done_once(tmp_path: Path, workers: int) -> None:
    run = run_job(command_job(TOUCH.format(tmp_path)), {}, workers=workers, on_progress=ignore)
    assert frames_done(tmp_path) == list(range(1, 13))
    assert run.steps[0].tasks == 4 and run.steps[0].done == run.steps[0].total == 12


def test_a_task_that_fails_is_run_again_and_the_rest_goes_on(tmp_path: Path) -> None:
    """The chunk 4-6 dies by a signal the first time."""
    code = (
        f"import os, sys, pathlib; mark = pathlib.Path(r'{tmp_path}') / 'mark'\n"
        "if sys.argv[1] == '4-6' and not mark.exists(): mark.touch(); os.kill(os.getpid(), 9)\n"
    )
    (tmp_path / "done").mkdir()
    run = run_job(command_job(code + TOUCH.format(tmp_path / "done")), {}, workers=2, on_progress=ignore)
    assert (tmp_path / "mark").exists() and run.steps[0].retried == 1
    assert frames_done(tmp_path / "done") == list(range(1, 13))


def test_a_task_that_keeps_failing_ends_the_job_with_its_code_and_words(tmp_path: Path) -> None:
    code = "import sys; print('openjd_fail: no plate frame 5'); sys.exit(3 if sys.argv[1] == '4-6' else 0)"
    with pytest.raises(TaskFailedError, match="Do 4-6 failed: no plate frame 5") as failed:
        run_job(command_job(code), {}, retries=2, log=tmp_path / "farm.log", on_progress=ignore)
    assert failed.value.exit_code == 3
    assert (tmp_path / "farm.log").read_text().count("openjd_fail: no plate frame 5") == 1 + 3


def test_a_log_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=r"Cannot write .*farm\.log"):
        run_job(command_job(""), {}, log=tmp_path / "file" / "sub" / "farm.log", on_progress=ignore)


def test_a_command_that_is_not_there_is_told() -> None:
    job = command_job("")
    job["steps"][0]["script"]["actions"]["onRun"]["command"] = "no-such-wisp"
    with pytest.raises(TaskFailedError, match="Do 1-3 failed"):
        run_job(job, {}, retries=0, on_progress=ignore)


def test_chunks_grow_towards_the_wanted_time_and_leave_work_for_all(tmp_path: Path) -> None:
    """Instant frames and a target of minutes: chunks double, until they are one of the two workers' share."""
    job = command_job(TOUCH.format(tmp_path), "1-40", chunk=2, target=300)
    run = run_job(job, {}, workers=2, on_progress=ignore)
    sizes = sorted(len(from_openjd(item.name)) for item in tmp_path.iterdir())
    assert frames_done(tmp_path) == list(range(1, 41))
    assert run.steps[0].tasks < 20 and sizes[-1] > 2 and sizes[-1] <= 19


def test_progress_of_running_tasks_counts(tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    code = (
        "import time, pathlib, sys; print('openjd_progress: 50', flush=True)\n"
        f"while not pathlib.Path(r'{gate}').exists(): time.sleep(0.01)\n"
    )
    seen: list[float] = []

    def look(step: StepRun) -> None:
        seen.append(step.done)
        if step.done:
            gate.touch()

    run_job(command_job(code, "1-4", chunk=4), {}, on_progress=look)
    assert 2.0 in seen and seen[-1] == 4


def test_stopping_asks_tasks_to_end_and_starts_no_more(tmp_path: Path) -> None:
    code = (
        "import signal, sys, time, pathlib\n"
        f"folder = pathlib.Path(r'{tmp_path}'); stop = []\n"
        "signal.signal(signal.SIGTERM, lambda *_: stop.append(1))\n"
        "(folder / ('began-' + sys.argv[1])).touch()\n"
        "while not stop: time.sleep(0.01)\n"
        "(folder / 'ended').touch(); sys.exit(7)\n"
    )
    with pytest.raises(CancelledError):
        run_job(command_job(code), {}, on_progress=ignore, should_stop=lambda: any(tmp_path.glob("began-*")))
    assert sorted(item.name for item in tmp_path.iterdir()) == ["began-1-3", "ended"]


def test_a_wrong_template_is_told_in_one_error() -> None:
    job = command_job("")
    del job["steps"]
    with pytest.raises(UsageError, match="The job is not valid"):
        run_job(job, {}, on_progress=ignore)


# A real shot ------------------------------------------------------------------------------------------------


def solved(folder: Path) -> dict[str, np.ndarray]:
    """File name -> pixels of every matte in a cache."""
    return {place.name: read_matte(place)[0] for place in sorted(files_below(folder, "alpha.*.exr"))}


def farm_plan(shot: Path, cache: Path) -> JobPlan:
    return JobPlan(shot, cache, {"disc": [FRAMES]}, FRAMES, frames_per_chunk=3, target_seconds=0)


@pytest.mark.slow
def test_chunks_give_the_same_pixels_as_one_machine(shot: Path, tmp_path: Path, capsys) -> None:
    assert main(["solve", str(shot), "--cache", str(tmp_path / "whole"), "-q"]) == 0
    assert main(["farm", "run", str(shot), "--cache", str(tmp_path / "parts"), "--workers", "2", "--chunk", "3"]) == 0
    told = capsys.readouterr().err
    assert "Track: 1 tasks" in told and "Check: 1 tasks" in told
    whole, parts = solved(tmp_path / "whole"), solved(tmp_path / "parts")
    assert len(whole) == len(FRAMES) and whole.keys() == parts.keys()
    assert all(np.array_equal(whole[name], parts[name]) for name in whole)
    for name in ("whole", "parts"):  # what is believed of them is the same, too, where chunks meet and everywhere
        place = ["--cache", str(tmp_path / name), "-o", str(tmp_path / name / "out.%04d.exr")]
        assert main(["deliver", str(shot), *place, "--layout", "layers", "--confidence"]) == 0
    for frame in FRAMES:
        one, two = (read_channels(tmp_path / name / f"out.{frame:04d}.exr")[0] for name in ("whole", "parts"))
        assert np.ptp(one["conf.disc"]) > 0 and np.array_equal(one["conf.disc"], two["conf.disc"]), frame
    capsys.readouterr()
    assert main(["status", str(shot), "--cache", str(tmp_path / "parts")]) == 0
    assert "dirty" not in capsys.readouterr().out


def with_keyframes(shot: Path, *frames: int) -> None:
    """The disc drawn as a mask on these frames too, where it is then."""
    document = load(shot)
    for frame in frames:
        drawn = np.zeros((document.plate.height, document.plate.width), np.uint8)
        cv2.circle(drawn, (30 + 3 * (frame - FRAMES[0]), 32), 16, 255, -1)
        cv2.imwrite(str(shot.parent / f"drawn.{frame}.png"), drawn)
        document.objects[0].prompts.append(MaskPrompt(frame=frame, path=f"drawn.{frame}.png"))
    save(document, shot)


@pytest.mark.slow
def test_tracking_cut_at_keyframes_gives_the_same_pixels_as_in_one_piece(shot: Path, tmp_path: Path, capsys) -> None:
    """Each part in a process of its own that has not seen the others', the later ones first."""
    with_keyframes(shot, FRAMES[3], FRAMES[5])
    assert main(["solve", str(shot), "--cache", str(tmp_path / "whole"), "-q"]) == 0
    assert main(["farm", "run", str(shot), "--cache", str(tmp_path / "parts"), "--workers", "2", "--split", "1"]) == 0
    assert "Track: 3 tasks" in capsys.readouterr().err
    whole, parts = solved(tmp_path / "whole"), solved(tmp_path / "parts")
    assert len(whole) == len(FRAMES) and whole.keys() == parts.keys()
    assert all(np.array_equal(whole[name], parts[name]) for name in whole)
    task = ["farm", "task", "track", str(shot), "--cache", str(tmp_path / "third"), "--object", "disc"]
    for span in ("1006-1008", "1004-1005", "1001-1003"):
        assert main([*task, "--frames", span]) == 0
    assert main(["solve", str(shot), "--cache", str(tmp_path / "third"), "-q"]) == 0
    third = solved(tmp_path / "third")
    assert whole.keys() == third.keys() and all(np.array_equal(whole[name], third[name]) for name in whole)


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="kills by signal")
def test_a_killed_session_and_a_killed_dispatcher_change_no_pixel(shot: Path, tmp_path: Path) -> None:
    """The process that keeps the models is killed, and its tasks do their work themselves; then all of the job is
    killed, and run again."""
    cache, other = tmp_path / "cache", tmp_path / "other"
    place = tmp_path / "sessions"
    place.mkdir()
    command = [wisp_command(), "farm", "run", str(shot), "--cache", str(cache), "--chunk", "1", "--target", "0"]
    environment = {**os.environ, "TMPDIR": str(place)}
    job = subprocess.Popen([*command, "--workers", "2"], env=environment, start_new_session=True)
    killed: set[int] = set()
    deadline = time.monotonic() + 200
    while job.poll() is None and time.monotonic() < deadline:
        for card in files_below(place, "wisp-session.json"):
            with contextlib.suppress(OSError, ValueError):
                process = json.loads(card.read_text())["process"]
                if process not in killed:
                    os.kill(process, signal.SIGKILL)
                    killed.add(process)
        if killed and len(solved(cache)) >= 3:
            os.killpg(job.pid, signal.SIGKILL)
            break
        time.sleep(0.02)
    job.wait()
    assert killed and len(solved(cache)) >= 3
    assert subprocess.run(command, env=environment, capture_output=True).returncode == 0
    assert main(["solve", str(shot), "--cache", str(other), "-q"]) == 0
    apart, whole = solved(cache), solved(other)
    assert apart.keys() == whole.keys() and all(np.array_equal(apart[name], whole[name]) for name in whole)
    for card in files_below(place, "wisp-session.json"):  # of those that the dead dispatcher could not end
        with contextlib.suppress(OSError, ValueError):
            os.kill(json.loads(card.read_text())["process"], signal.SIGKILL)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="finds the worker's process in /proc")
def test_a_killed_worker_loses_nothing_that_was_done(shot: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    killed: list[int] = []
    over = threading.Event()

    def kill_one() -> None:
        while not killed and not over.is_set():
            for process in Path("/proc").glob("[0-9]*"):
                try:
                    words = (process / "cmdline").read_bytes().split(b"\0")
                    if b"task" in words and b"matte" in words and str(shot).encode() in words:
                        os.kill(int(process.name), signal.SIGKILL)
                        killed.append(int(process.name))
                        return
                except OSError:
                    continue

    killer = threading.Thread(target=kill_one)
    killer.start()
    plan = farm_plan(shot, cache)
    run = run_job(job_template(plan), {**job_values(plan), "Wisp": wisp_command()}, workers=2, on_progress=ignore)
    over.set()
    killer.join()
    assert killed and sum(step.retried for step in run.steps) >= 1
    assert len(solved(cache)) == len(FRAMES)


@pytest.mark.slow
def test_matting_before_tracking_says_so(shot: Path, tmp_path: Path, capsys) -> None:
    common = ["farm", "task", "matte", str(shot), "--cache", str(tmp_path / "cache"), "--object", "disc"]
    assert main([*common, "--frames", "1003-1004"]) == 9
    told = capsys.readouterr()
    assert "openjd_fail: 'disc' has no mask to matte on 2 frames: 1003-1004" in told.out


@pytest.mark.slow
def test_the_check_names_what_is_missing_of_the_jobs_objects(shot: Path, tmp_path: Path, capsys) -> None:
    document = load(shot)
    other = Box(frame=FRAMES[0], xyxy=(20, 20, 50, 50))
    document.objects.append(document.objects[0].model_copy(update={"id": 2, "name": "other", "prompts": [other]}))
    save(document, shot)
    cache = ["--cache", str(tmp_path / "cache")]
    assert main(["solve", str(shot), *cache, "--objects", "disc", "--frames", "1001-1006", "-q"]) == 0
    check = ["farm", "task", "check", str(shot), *cache]
    assert main(check) == 9
    assert "Mattes are missing: disc 1007-1008; other 1001-1008." in capsys.readouterr().out
    assert main([*check, "--object", "disc", "--frames", "1001-1006"]) == 0
