"""The process that a worker's session keeps: it does tasks, says what they say, stops, and is missed by nobody."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from wisp.cli import main
from wisp.commands import farm
from wisp.errors import UsageError
from wisp.farm import session
from wisp.farm.path_map import map_paths, parse_rules, read_rules
from wisp.shot import MaskPrompt, load


def never() -> bool:
    return False


def task(told: session.Words, should_stop: Callable[[], bool]) -> int:
    print("openjd_progress: 50", flush=True)
    if told.get("wait"):
        while not should_stop():
            time.sleep(0.01)
        return 7
    print(f"did {told['name']}", file=sys.stderr)
    return int(told["code"])


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Of a session whose process is a thread here."""
    thread = threading.Thread(target=session.serve, args=(tmp_path, task), daemon=True)
    thread.start()
    while not (tmp_path / "wisp-session.json").exists():
        time.sleep(0.01)
    yield tmp_path
    session.stop(tmp_path)
    thread.join(10)
    assert not thread.is_alive()


def test_a_task_s_words_and_code_come_back(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert session.call(folder, {"name": "this", "code": 0}, never) == 0
    assert session.call(folder, {"name": "that", "code": 9}, never) == 9


def test_a_session_that_nobody_calls_ends_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "_IDLE", 0.5)
    monkeypatch.setattr(session, "_LOOK", 0.05)
    thread = threading.Thread(target=session.serve, args=(tmp_path, task), daemon=True)
    thread.start()
    thread.join(20)
    assert not thread.is_alive(), "its folder is still there, and it waits for ever"


def test_a_task_is_asked_to_stop(folder: Path) -> None:
    began = time.monotonic()
    assert session.call(folder, {"wait": True}, lambda: time.monotonic() > began + 0.3) == 7


def test_one_without_the_key_is_not_served(folder: Path) -> None:
    card = json.loads((folder / "wisp-session.json").read_text())
    (folder / "other").mkdir()
    (folder / "other" / "wisp-session.json").write_text(json.dumps({**card, "key": "guessed"}))
    assert session.call(folder / "other", {"name": "x", "code": 0}, never) is None
    assert (folder / "wisp-session.json").stat().st_mode & 0o077 == 0 or os.name == "nt"


def test_where_nobody_answers_the_task_is_told(tmp_path: Path) -> None:
    assert session.call(tmp_path, {"name": "x", "code": 0}, never) is None
    session.stop(tmp_path)


@pytest.mark.parametrize("begins", [False, True])
def test_one_that_says_nothing_is_done_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, begins: bool) -> None:
    """A process that was halted, or a stranger's at that port; before it has begun, and where it is to stop after."""
    monkeypatch.setattr(session, "_ANSWER", 0.3)
    monkeypatch.setattr(session, "_GRACE", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        card = {"port": listener.getsockname()[1], "key": "k", "process": 1}
        (tmp_path / "wisp-session.json").write_text(json.dumps(card))
        kept: list[socket.socket] = []

        def accept() -> None:
            kept.append(listener.accept()[0])
            if begins:
                kept[0].sendall(b'{"begun": true}\n')

        threading.Thread(target=accept, daemon=True).start()
        began = time.monotonic()
        assert session.call(tmp_path, {"name": "x"}, lambda: begins) is None
        session.stop(tmp_path)
        assert time.monotonic() - began < 5
        kept[0].close()


def test_a_card_of_something_else_is_nobodys(tmp_path: Path) -> None:
    (tmp_path / "wisp-session.json").write_text("[]")
    assert session.call(tmp_path, {"name": "x"}, never) is None


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="kills by signal")
def test_the_real_process_does_a_task_and_one_that_died_is_done_without(shot: Path, tmp_path: Path) -> None:
    folder = tmp_path / "session"
    assert main(["farm", "session", "start", str(folder)]) == 0
    process = json.loads((folder / "wisp-session.json").read_text())["process"]
    words = [sys.executable, "-m", "wisp", "farm", "task"]
    common = [str(shot), "--object", "disc", "--cache", str(tmp_path / "cache"), "--session", str(folder)]
    done = subprocess.run([*words, "track", *common, "--within", "1001-1006"], capture_output=True, text=True)
    assert done.returncode == 0 and "openjd_progress: 100" in done.stdout, done.stderr
    refused = subprocess.run([*words, "matte", *common], capture_output=True, text=True)
    assert refused.returncode == 9 and "openjd_fail: 'disc' has no mask to matte on 2 frames" in refused.stdout
    os.kill(process, signal.SIGKILL)
    again = subprocess.run([*words, "track", *common, "--within", "1001"], capture_output=True, text=True)
    assert again.returncode == 0 and "0 to do" in again.stdout
    assert main(["farm", "session", "stop", str(folder)]) == 0


@pytest.mark.parametrize(
    ("rule", "path", "here"),
    [
        ("P:\\shots=/mnt/shots", "P:/shots/sh010/plate.%04d.exr", "/mnt/shots/sh010/plate.%04d.exr"),
        ("p:/SHOTS=/mnt/shots/", "P:\\Shots\\a.exr", "/mnt/shots/a.exr"),
        ("\\\\server\\share=/mnt/share", "//server/share/sh010/a.exr", "/mnt/share/sh010/a.exr"),
        ("\\\\server\\share\\film=/film", "\\\\SERVER\\share\\film\\a.exr", "/film/a.exr"),
        ("/mnt/shots=//server/share", "/mnt/shots/sh010/a.exr", "//server/share/sh010/a.exr"),
        ("/mnt/shots=P:\\shots", "/mnt/shots/a.exr", "P:\\shots/a.exr"),
        ("/mnt/shots=/net/shots;/mnt/shots/new=/net/fresh", "/mnt/shots/new/a.exr", "/net/fresh/a.exr"),
        ("/mnt/shot=/net", "/mnt/shots/a.exr", "/mnt/shots/a.exr"),
        ("/mnt/shots=/net", "plates/a.exr", "plates/a.exr"),
    ],
)
def test_whole_paths_of_a_shot_are_mapped(shot: Path, rule: str, path: str, here: str) -> None:
    document = load(shot)
    document.plate.path = path
    document.objects[0].garbage = document.plate.clean = document.plate.second_clean = path
    document.objects[0].prompts.append(MaskPrompt(frame=1001, path=path))
    mapped = map_paths(document, parse_rules([rule]))
    assert (mapped.plate.path, mapped.objects[0].garbage) == (here, here)
    assert mapped.objects[0].prompts[-1].path == here  # type: ignore[union-attr]
    assert mapped.plate.beside == {"clean": here, "second_clean": here}
    assert document.plate.path == path


@pytest.mark.skipif(os.name == "nt", reason="there these are its own paths")
@pytest.mark.parametrize("rules", [[], ["Q:/film=/mnt/film"]])
@pytest.mark.parametrize("path", ["P:/film/dog.%04d.png", r"\\server\film\dog.%04d.png"])
def test_a_path_of_another_system_in_the_shot_is_refused_where_no_rule_fits(
    shot: Path, path: str, rules: list[str]
) -> None:
    document = load(shot)
    document.plate.path = path
    with pytest.raises(UsageError, match="of another kind of system") as caught:
        map_paths(document, parse_rules(rules))
    assert "--map" in str(caught.value.hint)


def test_a_queue_s_own_rules_are_read(tmp_path: Path) -> None:
    file = tmp_path / "rules.json"
    rule = {"source_path_format": "WINDOWS", "source_path": "P:\\shots", "destination_path": "/mnt/shots"}
    file.write_text(json.dumps({"version": "pathmapping-1.0", "path_mapping_rules": [rule]}))
    assert read_rules(file)[0].apply("p:\\shots\\a") == "/mnt/shots/a"
    file.write_text("{}")
    assert read_rules(file) == []


@pytest.mark.parametrize("text", ["/a", "=/b", "a=/b", "/a="])
def test_a_rule_that_maps_nothing_is_told(text: str) -> None:
    with pytest.raises(UsageError, match="maps no path"):
        parse_rules([text])


@pytest.mark.skipif(os.name == "nt", reason="there these are paths of its own")
def test_shot_and_cache_are_mapped_too(shot: Path, tmp_path: Path, capsys, monkeypatch) -> None:
    """Queues without rules of their own tell a task the paths of the machine that sent it."""
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.iterdir())
    task = ["farm", "task", "check", "P:\\film\\sh010.wisp", "--cache", "P:\\film\\cache"]
    assert main([*task, "--map", f"p:\\Film={shot.parent}"]) == 9
    assert "Mattes are missing: disc 1001-1008" in capsys.readouterr().out
    assert main(task) == 2
    assert "P:\\film\\sh010.wisp is a path of another kind of system." in capsys.readouterr().out
    assert main([*task[:3], str(shot), *task[4:]]) == 2
    assert "P:\\film\\cache is a path" in capsys.readouterr().out
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.slow
def test_a_job_s_rules_reach_its_tasks(shot: Path, tmp_path: Path) -> None:
    """The shot names its plate as another machine does."""
    text = shot.read_text("utf-8").replace("plates/sh010", "P:/film/plates/sh010")
    shot.write_text(text, "utf-8")
    cache = tmp_path / "cache"
    job = ["farm", "run", str(shot), "--cache", str(cache), "--map", f"P:\\film={shot.parent}", "-q"]
    assert main(job) == 0
    assert len(list(cache.rglob("alpha.*.exr"))) == 8


def test_relative_paths_begin_where_the_task_was_called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process of a session was started elsewhere: there may lie another shot of that name."""
    called, started = tmp_path / "called", tmp_path / "started"
    called.mkdir(), started.mkdir()
    told: list[session.Words] = []
    seen: list[tuple[Path, Path, list[Path]]] = []
    monkeypatch.setattr(session, "call", lambda _folder, words, _stop: told.append(words) or 0)
    monkeypatch.setattr(farm, "models_of", lambda _args: object())
    monkeypatch.setattr(farm, "_do", lambda args, *_: seen.append((Path.cwd(), args.shot, args.weights)) or 0)
    monkeypatch.chdir(called)
    assert main(["farm", "task", "check", "a.wisp", "--session", str(tmp_path), "--weights", "w"]) == 0
    monkeypatch.chdir(started)
    assert farm._served(json.loads(json.dumps(told[0])), never, {}) == 0
    assert seen == [(called, Path("a.wisp"), [called / "w"])]
    assert Path.cwd() == started
