"""What is left of blend files that were never saved goes, but not while anybody may want it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from blender_addon import abandoned


def test_only_what_no_process_has_touched_for_long_is_removed(tmp_path: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    old = time.time() - (abandoned.KEPT_DAYS + 1) * 24 * 3600
    names = {"own": str(os.getpid()), "dead": str(ended.pid), "other": "notes"}
    for name in names.values():
        (tmp_path / name / "mattes").mkdir(parents=True)
        for folder in (tmp_path / name / "mattes", tmp_path / name):
            os.utime(folder, (old, old))
    recent = tmp_path / names["dead"] / "mattes"
    os.utime(recent)
    abandoned.remove(tmp_path)
    assert recent.is_dir(), "it may be recovered from an auto-save"
    os.utime(recent, (old, old))
    abandoned.remove(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {names["own"], names["other"]}
