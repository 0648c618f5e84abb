"""One device, several processes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from wisp.engine import folders
from wisp.engine.lock import DeviceLock, device_key
from wisp.errors import OutputError

HOLD = """
import sys, time
from pathlib import Path
from wisp.engine.lock import DeviceLock
assert DeviceLock("cuda-GPU-1", Path(sys.argv[1])).try_acquire()
print("held", flush=True)
time.sleep(240)
"""


def test_a_dead_holder_holds_nothing(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLD, tmp_path], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        lock = DeviceLock("cuda-GPU-1", tmp_path)
        assert not lock.try_acquire()
        assert lock.holder() == other.pid
        assert DeviceLock("cuda-GPU-2", tmp_path).try_acquire()  # another device is another lock
        other.kill()
        other.wait()
    begin = time.monotonic()
    while not lock.try_acquire():
        assert time.monotonic() - begin < 60.0
    assert lock.held
    assert lock.holder() == os.getpid()


def test_release_and_again(tmp_path: Path) -> None:
    first, second = DeviceLock("cpu", tmp_path), DeviceLock("cpu", tmp_path)
    assert first.try_acquire()
    assert first.try_acquire()  # held already
    assert not second.try_acquire()
    first.release()
    first.release()
    assert second.try_acquire()
    assert not first.try_acquire()


def test_a_strange_device_name_stays_in_the_folder(tmp_path: Path) -> None:
    assert DeviceLock("../../cuda:0", tmp_path).try_acquire()
    assert [path.name for path in tmp_path.iterdir()] == ["device-..-..-cuda-0.lock"]
    assert device_key("cpu") == "cpu"


def test_folders_without_a_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A render node's account: no variables, a home that does not exist."""
    for name in ("XDG_RUNTIME_DIR", "XDG_STATE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("os.path.expanduser", lambda path: path)  # as it does where there is none
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    for folder in (folders.runtime_folder(), folders.log_folder()):
        assert folder.is_dir()
        assert folder.parent == tmp_path
        assert folder.stat().st_mode & 0o077 == 0


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="only root can give a folder away")
def test_somebody_elses_folder_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    (tmp_path / "wisp").mkdir()
    os.chown(tmp_path / "wisp", 12345, 12345)
    with pytest.raises(OutputError, match="belongs to somebody else"):
        folders.runtime_folder()
