"""A command that is signalled in the middle of its work, however fast or slow the machine is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import pytest


def signalled(
    arguments: Sequence[str], number: int, environment: Mapping[str, str] | None = None
) -> tuple[int, dict[str, Any]]:
    """Run a `--json` command and signal it after its second finished matte; its exit code and last event.

    It cannot be done before that: its events fill a small pipe that nobody empties meanwhile. One with more than some
    15 frames to go is stopped by that.
    """
    if not sys.platform.startswith("linux"):
        pytest.skip("needs a pipe of a known size")
    import fcntl

    source, sink = os.pipe()
    fcntl.fcntl(sink, fcntl.F_SETPIPE_SZ, 4096)
    with subprocess.Popen(arguments, stdout=sink, stderr=subprocess.DEVNULL, env=environment) as process:
        os.close(sink)
        with os.fdopen(source, "rb", buffering=0) as events:
            seen = 0
            while seen < 2:
                seen += json.loads(events.readline())["event"] == "frame"
            process.send_signal(number)
            last = json.loads(events.readall().splitlines()[-1])
        return process.wait(timeout=300), last
