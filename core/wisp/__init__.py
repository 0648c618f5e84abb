"""Wisp: prompts on one frame in, a soft stable alpha for the whole shot out.

Importing this package stays light: no torch, no OpenCV, no numpy. `wisp.open` is the way in for scripts, see
`wisp.scripting`.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from .scripting.shots import OpenShot

__version__ = "0.1.0"

# Read by OpenMP once, when torch loads it. By default its threads spin while they wait for each other, which beside a
# host that works makes torch several times slower (one frame of the built-in tracker, two cores, one of them busy:
# 2.9 s against 1.0 s) and gains nothing where nothing else is to do.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def open(path: str | Path, **options: Any) -> OpenShot:
    """Open a shot, or a plate to make one of; see `wisp.scripting.shots.open_shot`."""
    from .scripting.shots import open_shot

    return open_shot(path, **options)
