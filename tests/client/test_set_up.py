"""The engine set up from a host: in one folder, to the end or not at all, with one log."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
from helpers.wheels import tiny_wheel
from wisp.client import set_up


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    """A Wisp that only says its version: what is fetched is not the question here."""
    return tiny_wheel(tmp_path)


def run(under_way: set_up.SetUp) -> set_up.SetUp:
    while under_way.poll():
        assert 0 <= under_way.part < 1 and under_way.text
        time.sleep(0.05)
    return under_way


@pytest.mark.slow
def test_it_is_set_up_set_up_again_and_removed_without_a_rest(tmp_path: Path, wheel: Path) -> None:
    folder = tmp_path / "own" / "engine"
    assert set_up.installed(folder) is None
    done = run(set_up.SetUp(folder, sys.executable, str(wheel)))
    assert (done.state, done.part) == ("done", 1.0), done.log.read_text()
    python = set_up.installed(folder)
    assert python == done.python and "pip" in done.log.read_text()
    told = subprocess.run([str(python), "-I", "-m", "wisp"], capture_output=True, text=True)
    assert told.stdout == "wisp 0.0\n"
    failed = run(set_up.SetUp(folder, sys.executable, str(wheel.with_name("gone-0.0-py3-none-any.whl"))))
    assert failed.state == "failed" and str(failed.log) in failed.text and set_up.installed(folder) is None
    assert [item.name for item in folder.iterdir()] == ["set-up.log"]
    set_up.remove(folder)
    assert not folder.exists()
    set_up.remove(folder)


def test_one_that_is_cancelled_leaves_the_log_alone(tmp_path: Path, wheel: Path) -> None:
    under_way = set_up.SetUp(tmp_path / "engine", sys.executable, str(wheel))
    under_way.cancel()
    assert under_way.state == "cancelled" and not under_way.poll() and set_up.installed(tmp_path / "engine") is None
    assert [item.name for item in (tmp_path / "engine").iterdir()] == ["set-up.log"]


def test_a_python_that_is_not_there_fails_in_words(tmp_path: Path, wheel: Path) -> None:
    failed = set_up.SetUp(tmp_path / "engine", str(tmp_path / "no-python"), str(wheel))
    assert failed.state == "failed" and failed.text.startswith("making an environment failed: ")


def test_a_python_that_is_new_enough_is_found(tmp_path: Path) -> None:
    assert set_up.find_base(sys.executable) == sys.executable
    old = tmp_path / "python"
    old.write_text("#!/bin/sh\necho 3 10\n")
    old.chmod(0o755)
    assert set_up.find_base(str(old)) != str(old)


def test_what_is_agreed_to_names_the_folder(tmp_path: Path) -> None:
    text = " ".join(set_up.consent(tmp_path))
    assert str(tmp_path) in text and "pip" in text and ("GB" in text or "MB" in text)
