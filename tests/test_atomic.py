"""Unfinished files: of killed writers they go, of living ones they stay."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from wisp.atomic import ABANDONED, CLAIM_SUFFIX, link_or_copy, replacing, sweep


@pytest.mark.parametrize("asked", [True, False], ids=["asked", "nobody asked how it ended"])
def test_what_a_killed_writer_left_is_swept(asked: bool, tmp_path: Path) -> None:
    code = (
        "import os, signal, sys\n"
        "from wisp.atomic import replacing\n"
        "with replacing(sys.argv[1]) as temporary:\n"
        "    temporary.write_text('half')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "a.exr")]) as killed:
        if asked or not hasattr(os, "waitid") or not Path("/proc").is_dir():
            killed.wait()
        else:
            os.waitid(os.P_PID, killed.pid, os.WEXITED | os.WNOWAIT)
        assert len(list(tmp_path.iterdir())) == 1
        (tmp_path / ".kept.tmp").touch()
        sweep(tmp_path)
        assert [path.name for path in tmp_path.iterdir()] == [".kept.tmp"]


def test_what_is_being_written_stays(tmp_path: Path) -> None:
    with replacing(tmp_path / "a.exr", durable=True) as temporary:
        temporary.write_text("whole")
        sweep(tmp_path)
    assert (tmp_path / "a.exr").read_text() == "whole"


@pytest.mark.parametrize(("age", "left"), [(0.0, 1), (ABANDONED + 60, 0)])
def test_another_machines_is_swept_when_nothing_was_written_for_long(tmp_path: Path, age: float, left: int) -> None:
    path = tmp_path / ".a.exr.0123abcd.1.1.tmp"
    path.touch()
    os.utime(path, (path.stat().st_mtime - age,) * 2)
    sweep(tmp_path)
    sweep(tmp_path / "absent")
    assert len(list(tmp_path.iterdir())) == left


#: A shell whose processes are numbered anew, as those of a container.
APART = ["unshare", "--user", "--map-root-user", "--pid", "--fork", "--mount-proc"]


@pytest.mark.skipif(
    shutil.which("unshare") is None or subprocess.run([*APART, "true"], capture_output=True).returncode != 0,
    reason="needs a system that numbers processes apart",
)
def test_another_containers_of_the_same_name_stays(tmp_path: Path) -> None:
    code = "import sys; from wisp.atomic import sweep; sweep(sys.argv[1])"
    with replacing(tmp_path / "a.exr") as temporary:
        temporary.write_text("whole")
        subprocess.run([*APART, sys.executable, "-c", code, str(tmp_path)], check=True)
    assert (tmp_path / "a.exr").read_text() == "whole"


def test_writers_of_one_file_at_once_do_not_meet(tmp_path: Path) -> None:
    with replacing(tmp_path / "a.exr") as one, replacing(tmp_path / "a.exr") as other:
        one.write_text("first")
        other.write_text("second")
    assert (tmp_path / "a.exr").read_text() == "first" and len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("links", [True, False], ids=["links", "no links"])
def test_what_has_the_name_is_replaced_and_its_other_links_are_as_they_were(
    links: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("approved", "new"):
        (tmp_path / name).write_text(name)
    os.link(tmp_path / "approved", tmp_path / "a.exr")
    if not links:
        monkeypatch.setattr(os, "link", refuse_links)
    link_or_copy(tmp_path / "new", tmp_path / "a.exr")
    assert [(tmp_path / name).read_text() for name in ("approved", "a.exr")] == ["approved", "new"]
    assert (tmp_path / "a.exr").samefile(tmp_path / "new") == links and len(list(tmp_path.iterdir())) == 3


def refuse_links(*_: object) -> None:
    """As a file system without them."""
    raise OSError(errno.EPERM, "Operation not permitted")


@pytest.mark.parametrize(("age", "left"), [(0, 1), (ABANDONED + 60, 0)])
def test_a_claim_that_was_never_signed_is_swept_after_long(tmp_path: Path, age: float, left: int) -> None:
    claim = tmp_path / f".v001{CLAIM_SUFFIX}"
    claim.touch()
    os.utime(claim, (claim.stat().st_mtime - age,) * 2)
    sweep(tmp_path)
    assert len(list(tmp_path.iterdir())) == left
