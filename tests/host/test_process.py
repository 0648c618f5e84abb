"""What the engine inherits from a host, and where its words go."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from wisp.host import process


def test_a_hosts_own_variables_do_not_reach_the_engine() -> None:
    host = {
        "PYTHONHOME": "/nuke/python",
        "PYTHONPATH": "/nuke/plugins",
        "LD_LIBRARY_PATH": "/nuke/lib",
        "DYLD_INSERT_LIBRARIES": "/nuke/x.dylib",
        "Pythonpath": "windows spells as it likes",
        "CUDA_VISIBLE_DEVICES": "1",
        "HOME": "/home/artist",
        "WISP_WEIGHTS": "/weights",
        "PATH": os.pathsep.join(["/usr/bin", "/opt/Nuke16.0", "/opt/Nuke16.0/bin", "/opt/Nuke16.0-tools"]),
    }
    clean = process.clean_environment(host, host_folder="/opt/Nuke16.0/")
    assert clean == {
        "CUDA_VISIBLE_DEVICES": "1",
        "HOME": "/home/artist",
        "WISP_WEIGHTS": "/weights",
        "PATH": os.pathsep.join(["/usr/bin", "/opt/Nuke16.0-tools"]),
    }


def test_stderr_goes_to_a_log_that_does_not_grow_for_ever(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "host.log"
    command = [sys.executable, "-c", "import sys; sys.stderr.write('what happened\\n')"]
    for _ in range(2):
        child = process.launch(command, os.environ, log)
        child.communicate()
    assert process.log_tail(log).splitlines() == ["what happened"] * 2
    log.write_bytes(b"x" * (process.LOG_LIMIT + 1))
    process.launch(command, os.environ, log).communicate()
    assert process.log_tail(log) == "what happened"
    assert log.with_name("host.log.1").stat().st_size == process.LOG_LIMIT + 1


def test_the_tail_is_short_and_survives_bad_bytes(tmp_path: Path) -> None:
    log = tmp_path / "log"
    assert process.log_tail(log) == ""
    log.write_bytes(b"".join(b"line %d \xff\n" % n for n in range(10_000)))
    tail = process.log_tail(log, lines=3).splitlines()
    assert tail == [f"line {n} \N{REPLACEMENT CHARACTER}" for n in (9997, 9998, 9999)]
