"""Plate pictures for the engine: rendered by a Write that exists for the moment of rendering only."""

from __future__ import annotations

from pathlib import Path
from typing import Any, List

from . import host

PATTERN = "plate.%04d.png"


def missing(folder: str, first: int, last: int) -> List[List[int]]:
    """Runs `[first, last]` of frames whose picture is not there."""
    runs: List[List[int]] = []
    for frame in range(first, last + 1):
        if not (Path(folder) / (PATTERN % frame)).is_file():
            if runs and runs[-1][1] == frame - 1:
                runs[-1][1] = frame
            else:
                runs.append([frame, frame])
    return runs


def export(group: Any, folder: str, first: int, last: int) -> int:
    """Render the missing pictures of first..last of the node's input into `folder`; returns how many.

    8-bit sRGB over the format's area at full resolution. Raises host.Cancelled, and RuntimeError when Nuke's render
    fails; the Write is gone and proxy mode is as it was, whatever happens.
    """
    runs = missing(folder, first, last)
    if not runs:
        return 0
    Path(folder).mkdir(parents=True, exist_ok=True)
    proxy = host.root_knob("proxy")
    was_proxy = proxy.value()
    made: List[Any] = []
    with host.not_undoable():
        try:
            proxy.setValue(False)
            with group:
                source = group.node("Plate")
                if not group["wisp_display_input"].value():
                    encoded = host.create("Colorspace", colorspace_in="Linear", colorspace_out="sRGB")
                    made.append(encoded)
                    encoded.setInput(0, source)
                    source = encoded
                write = host.create("Write", file_type="png", channels="rgb", raw=True, create_directories=True)
                made.append(write)
                write["file"].setValue((Path(folder) / PATTERN).as_posix())
                write.setInput(0, source)
            for run in runs:
                host.execute(write, run[0], run[1])
        finally:
            for node in reversed(made):
                host.delete(node)
            proxy.setValue(was_proxy)
    return sum(run[1] - run[0] + 1 for run in runs)
