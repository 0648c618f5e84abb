"""The engine at work: real solves of a small shot with the models that need no download."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from wisp.cache import read_matte
from wisp.client.client import Client
from wisp.client.errors import EngineError
from wisp.client.shots import Job, RemoteShot
from wisp.engine import api
from wisp.frames import parse_frames

from .conftest import FRAMES, HOST, SIZE, Document, Start, disc, gone

Params = dict[str, Any]


class Session:
    """A shot in an engine, and all that was said about it."""

    def __init__(self, client: Client, document: Document, root: Path, cache: Path) -> None:
        self.client = client
        self.statuses: list[Params] = []
        self.errors: list[EngineError] = []
        self.progress: list[Params] = []
        self.frames: list[Params] = []
        self.done: list[Params] = []
        self.shot: RemoteShot = client.open(
            document, str(root), self.statuses.append, self.errors.append, cache=str(cache)
        )

    def wait(self, until: Callable[[], object]) -> None:
        self.client.wait(lambda: bool(until()), timeout=180)

    def status(self, number: int = 1) -> Params:
        """The status with that number, once it has come."""
        self.wait(lambda: len(self.statuses) >= number or self.errors)
        assert not self.errors, self.errors
        return self.statuses[number - 1]

    def solve(self, **params: Any) -> Job:
        return self.shot.solve(
            on_progress=self.progress.append, on_frame=self.frames.append, on_done=self.done.append, **params
        )

    def finish(self, job: Job) -> Params:
        self.wait(lambda: job.finished)
        assert not self.errors, self.errors
        return self.done[-1]

    def preview(self, frame: int) -> Path:
        answers: list[Params] = []
        self.shot.preview(frame, 3, answers.append)
        self.wait(lambda: answers or self.errors)
        assert not self.errors, self.errors
        return Path(answers[0]["path"])


@pytest.fixture
def session(document: Document, shot_folder: Path, tmp_path: Path) -> Callable[[Client], Session]:
    """Opens the small shot in an engine."""
    return lambda client: Session(client, document, shot_folder, tmp_path / "cache")


Open = Callable[[Client], Session]


def assert_disc(path: Path, frame: int) -> None:
    """The matte is of the plate's size, 1 in the disc's middle, 0 away from it."""
    alpha, stamp = read_matte(path)
    x, y = disc(frame)
    assert alpha.shape == (SIZE[1], SIZE[0])
    assert alpha[int(y), int(x)] > 0.9
    assert alpha[int(y), int(x) - 24] < 0.1
    assert stamp is not None
    assert stamp.object == "disc"


def test_solve_from_open_to_mattes(start: Start, session: Open) -> None:
    client = start()
    shot = session(client)
    status = shot.status()["objects"]
    assert [(item["id"], item["name"], item["frames"]) for item in status] == [(3, "disc", {"dirty": "1001-1012"})]

    done = shot.finish(shot.solve())
    assert (done["tracked"], done["matted"], done["cached"], done["lost"]) == (12, 12, 0, {})
    assert sorted(frame["frame"] for frame in shot.frames) == list(FRAMES)
    for told in shot.frames:
        assert (told["object"], told["id"]) == ("disc", 3)
        assert Path(told["path"]) == Path(status[0]["pattern"] % told["frame"])
        assert_disc(Path(told["path"]), told["frame"])
    last = shot.progress[-1]
    assert last["done"] == last["total"]
    assert client.call("status")["jobs"] == []
    assert client.call("status")["models"] == ["embedded", "flow"]

    shot.shot.refresh()
    assert shot.status(2)["objects"][0]["frames"] == {"solved": "1001-1012"}
    assert shot.finish(shot.solve())["cached"] == 12


def test_a_changed_document_is_dirty_and_a_refused_one_changes_nothing(
    start: Start, session: Open, document: Document
) -> None:
    shot = session(start())
    shot.status()
    shot.finish(shot.solve(frames="1001-1003"))
    moved = {**document, "objects": [{**document["objects"][0], "edge": {"grow": 1.0}}]}
    shot.shot.update(moved)
    assert shot.status(2)["objects"][0]["frames"] == {"dirty": "1001-1012"}
    shot.shot.update({**document, "objects": [{"id": 0}]})
    shot.wait(lambda: shot.errors)
    assert shot.errors[0].kind == "usage"
    assert "objects.0.id" in shot.errors[0].message
    shot.shot.update(document)
    shot.errors.clear()
    assert shot.status(3)["objects"][0]["frames"] == {"dirty": "1004-1012", "solved": "1001-1003"}


def test_a_touch_up_of_the_edge_reaches_as_far_as_its_paint(start: Start, session: Open, document: Document) -> None:
    """With the real tracker: a dot on the outline could change all frames, and is found to change no mask."""
    document["solve"] = {"uncover": False}  # else mattes up to twelve frames behind it are made anew, too
    shot = session(start())
    shot.status()
    shot.finish(shot.solve())
    x, y = disc(1008)
    dot = {"frame": 1008, "kind": "stroke", "xy": [[x, y - 14]], "radius": 0.6, "include": False}
    item = document["objects"][0]
    shot.shot.update({**document, "objects": [{**item, "prompts": [*item["prompts"], dot]}]})
    assert shot.status(2)["objects"][0]["frames"] == {"dirty": "1002-1012", "solved": "1001"}
    shot.frames.clear()
    done = shot.finish(shot.solve())
    assert sorted(told["frame"] for told in shot.frames) == list(range(1006, 1011))
    assert (done["tracked"], done["matted"], done["cached"]) == (8, 5, 7), "tracked up to the dot, and no farther"
    shot.shot.refresh()
    assert shot.status(3)["objects"][0]["frames"] == {"solved": "1001-1012"}


@pytest.mark.parametrize(
    ("params", "frames"),
    [
        ({"frames": "1003-1005"}, "1003-1005"),
        ({"direction": "forward"}, "1006-1012"),
        ({"direction": "backward", "frames": "1004-1012"}, "1004-1006"),
    ],
)
def test_which_frames_are_solved(start: Start, session: Open, document: Document, params: Params, frames: str) -> None:
    """The keyframe is in the middle of the shot."""
    x, y = disc(1006)
    document["objects"][0]["prompts"] = [{"frame": 1006, "kind": "box", "xyxy": [x - 16, y - 16, x + 16, y + 16]}]
    shot = session(start())
    shot.finish(shot.solve(objects=[3], **params))
    assert sorted(told["frame"] for told in shot.frames) == list(parse_frames(frames))


def test_what_cannot_be_asked(start: Start, session: Open, shot_folder: Path, document: Document) -> None:
    shot = session(start())
    shot.status()
    for params, word in (({"frames": "1-2"}, "frame 1"), ({"frames": "x"}, "'x'"), ({"objects": [9]}, "id 9")):
        shot.errors.clear()
        shot.solve(**params)
        shot.wait(lambda: shot.errors)
        assert word in shot.errors[0].message, shot.errors
        assert shot.errors[0].kind == "usage"


def test_a_document_that_leads_out_of_the_folders_is_refused(
    start: Start, document: Document, shot_folder: Path, tmp_path: Path
) -> None:
    """And opens once it is mended, or its folder is offered."""
    elsewhere = shot_folder.rename(tmp_path / "elsewhere")
    shot_folder.mkdir()
    document["plate"]["path"] = "../elsewhere/plate.%04d.png"
    client = start()
    shot = Session(client, document, shot_folder, tmp_path / "cache")
    shot.wait(lambda: shot.errors)
    assert shot.errors[0].kind == "usage"
    assert "plate '../elsewhere/plate.%04d.png' lies outside" in shot.errors[0].message

    opened: list[Params] = []
    client.open(document, str(shot_folder), opened.append, shot.errors.append, str(tmp_path), [str(elsewhere)])
    client.wait(lambda: bool(opened), timeout=180)

    shot.errors.clear()
    shot.shot.update({**document, "plate": {**document["plate"], "path": "plate.%04d.png"}})
    shot.wait(lambda: shot.errors)
    assert shot.errors[0].kind == "input"  # allowed, but not there
    for picture in elsewhere.glob("*.png"):
        picture.rename(shot_folder / picture.name)
    shot.shot.update({**document, "plate": {**document["plate"], "path": "plate.%04d.png"}})
    shot.wait(lambda: shot.statuses)


def test_nothing_but_protocol_on_stdout(start: Start, session: Open) -> None:
    """A solver whose libraries print on every step: no line of it reaches the host, all of it reaches the log."""
    client = start("chatter")
    logs: list[Params] = []
    client.on_notification.connect(lambda method, params: logs.append(params))
    shot = session(client)
    assert shot.finish(shot.solve())["matted"] == 12
    assert [params["level"] for params in logs] == ["info"]  # what it needs of the machine, told before it begins
    stderr = client.log.read_text()
    for words in ("written to descriptor 1", "printed by Python", "printed by C"):
        assert stderr.count(words) == 24  # twelve masks, twelve mattes


def test_cancel_keeps_what_is_finished(start: Start, session: Open, gate: Path) -> None:
    shot = session(start("gated"))
    shot.status()
    running, waiting = shot.solve(), shot.solve()
    shot.wait(lambda: len(shot.frames) == 2)
    states = [job["state"] for job in shot.client.call("status")["jobs"]]
    assert states == ["running", "queued"]
    waiting.cancel()
    shot.wait(lambda: waiting.finished)
    assert not running.finished
    running.cancel()
    shot.wait(lambda: running.finished)
    assert [error.kind for error in shot.errors] == ["cancelled", "cancelled"]
    assert len(shot.frames) in (2, 3), "and perhaps the one that the head was at"
    assert all(Path(told["path"]).exists() for told in shot.frames)
    assert shot.client.call("status")["jobs"] == []


def test_a_preview_between_the_frames_of_a_solve(start: Start, session: Open, gate: Path) -> None:
    shot = session(start("gated"))
    job = shot.solve()
    shot.wait(lambda: len(shot.frames) == 2)
    path = shot.preview(1012)
    assert not job.finished
    assert_disc(path, 1012)
    gate.unlink()
    shot.finish(job)


def test_closing_a_shot_cancels_its_jobs(start: Start, session: Open, gate: Path) -> None:
    shot = session(start("gated"))
    job = shot.solve()
    shot.wait(lambda: shot.frames)
    shot.shot.close()
    shot.wait(lambda: job.finished)
    assert shot.errors[0].kind == "cancelled"
    assert shot.client.call("status")["shots"] == []


@pytest.mark.slow
def test_two_engines_take_turns(start: Start, session: Open, gate: Path) -> None:
    """The second one waits, says so, answers meanwhile, and goes on by itself when the first is killed."""
    first, second = session(start("gated")), session(start())
    first.status()
    second.status()
    first.solve()
    first.wait(lambda: first.frames)
    job = second.solve()
    second.wait(lambda: second.progress)
    assert second.progress[0]["stage"] == "queued"
    assert [item["state"] for item in second.client.call("status")["jobs"]] == ["queued"]
    second.shot.refresh()
    second.status(2)

    third = session(start())
    third.status()
    third.shot.preview(1001, 3, lambda result: None)
    third.wait(lambda: third.errors)
    assert third.errors[0].kind == "busy"
    assert str(first.client.pid) in third.errors[0].message

    assert not job.finished
    first.client.kill()
    assert second.finish(job)["matted"] + second.done[-1]["cached"] == 12


def test_a_waiting_job_can_be_cancelled(start: Start, session: Open, gate: Path) -> None:
    first, second = session(start("gated")), session(start())
    first.solve()
    first.wait(lambda: first.frames)
    job = second.solve()
    second.wait(lambda: second.progress)
    job.cancel()
    second.wait(lambda: job.finished)
    assert second.errors[0].kind == "cancelled"


@pytest.mark.parametrize("behaviour", ["gated", "hang"])
def test_no_engine_outlives_its_host_at_work(
    behaviour: str, gate: Path, document: Document, shot_folder: Path, tmp_path: Path, own_folders: dict[str, str]
) -> None:
    command = [sys.executable, "-u", str(Path(__file__).with_name("behaviour.py")), behaviour]
    arguments = json.dumps([command, document, str(shot_folder), str(tmp_path / "cache"), str(tmp_path / "log")])
    with subprocess.Popen(
        [sys.executable, "-c", HOST, arguments], stdout=subprocess.PIPE, text=True, env=own_folders
    ) as host:
        assert host.stdout is not None
        line = next(line for line in host.stdout if line.startswith("working"))
        os.kill(host.pid, signal.SIGKILL)
        assert gone(int(line.split()[1]))


def test_a_crash_is_reported_and_the_next_engine_takes_over(start: Start, session: Open, shot_folder: Path) -> None:
    """The engine aborts in the first step: the host learns how, keeps its shot, and finishes in a new engine."""
    client = start("abort once")
    shot = session(client)
    exits: list[Any] = []
    client.on_exit.connect(exits.append)
    job = shot.solve()
    shot.wait(lambda: job.finished)
    client.poll()
    assert client.state == "exited"
    assert exits[0].code == -signal.SIGABRT
    assert "Fatal Python error: Aborted" in exits[0].log_tail
    assert [error.kind for error in shot.errors] == ["gone"]
    with pytest.raises(EngineError, match="not running"):
        shot.solve()

    shot.errors.clear()
    shot.statuses.clear()
    client.start()
    shot.status()
    assert shot.finish(shot.solve())["matted"] == 12


def test_a_bug_ends_the_job_not_the_engine(start: Start, session: Open) -> None:
    client = start("bug")
    shot = session(client)
    job = shot.solve()
    shot.wait(lambda: job.finished)
    assert shot.errors[0].code == api.INTERNAL_ERROR
    assert "ZeroDivisionError" in shot.errors[0].message
    assert "ZeroDivisionError" in Path(client.engine["log"]).read_text()
    assert client.call("ping")["pid"] == client.pid


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits another process")
def test_a_full_disk_ends_the_job_and_leaves_nothing_half_written(start: Start, session: Open, tmp_path: Path) -> None:
    """Files of the engine end after 1000 bytes for a while (but no compiled modules, which others read as well)."""
    import resource

    client = start(options=["-B"])
    shot = session(client)
    shot.status()
    hard = resource.prlimit(client.pid, resource.RLIMIT_FSIZE)[1]
    resource.prlimit(client.pid, resource.RLIMIT_FSIZE, (1000, hard))
    job = shot.solve()
    shot.wait(lambda: job.finished)
    assert (shot.errors[0].code, shot.errors[0].kind) == (api.OUTPUT, "output")
    assert not list((tmp_path / "cache").rglob("*.exr")) and not list((tmp_path / "cache").rglob(".*.tmp"))
    resource.prlimit(client.pid, resource.RLIMIT_FSIZE, (hard, hard))
    shot.errors.clear()
    assert shot.finish(shot.solve())["matted"] == 12


def test_an_idle_engine_drops_its_models(start: Start, session: Open) -> None:
    client = start(idle_minutes=1.0 / 60.0)
    shot = session(client)
    shot.finish(shot.solve(frames="1001"))
    shot.wait(lambda: not client.call("status")["models"])
    assert shot.finish(shot.solve(frames="1001-1002"))["matted"] == 1
