"""A report for those who help holds no path and no name."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from wisp import __version__
from wisp.client.problem import arisen, page

LOG = """12:00:01 INFO serving blender
12:00:02 ERROR solve failed: /home/alice/My Secret Film/sh010.1001.png cannot be read
Traceback (most recent call last):
  File "/home/alice/wisp env/lib/python3.11/site-packages/wisp/engine/jobs.py", line 168, in _run
    end = job.work(job)
  File "C:\\\\Users\\\\Alice Smith\\\\wisp\\\\plates\\\\stills.py", line 40, in read
    raise InputError(f"{path} cannot be read")
wisp.errors.InputError: /home/alice/My Secret Film/sh010.1001.png cannot be read
"""


def test_of_a_fault_its_kind_and_its_places_in_wisp_are_told() -> None:
    told = arisen("input", LOG.replace("\\\\", "\\"))
    assert told.splitlines() == [
        "fault: input",
        "  wisp/engine/jobs.py, line 168, in _run",
        "  wisp/plates/stills.py, line 40, in read",
        "  InputError",
    ]
    assert arisen("gone", "") == "fault: gone"
    assert arisen("gone", "Traceback of alice, no places\n/home/alice: nothing") == "fault: gone"


def test_the_page_of_an_installation_names_versions_and_no_path(tmp_path: Path) -> None:
    said = page(Path(sys.executable), {**os.environ, "WISP_CACHE": str(tmp_path), "WISP_DEVICE": "cpu"})
    assert __version__ in said and "(path left out)" in said
    assert str(tmp_path) not in said and str(Path.home()) + "/" not in said


def test_what_is_no_wisp_says_why() -> None:
    with pytest.raises(OSError, match="exit code"):
        page(Path("/bin/false"), os.environ)
