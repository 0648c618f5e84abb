"""An object that goes behind a post, with the real engine: where it is lost is marked, walked through, and mended."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fake_nuke import FIRST
from fake_nuke.render import render
from helpers import gated_engine
from trackers.moving import SIZE, MovingDisk

#: What is not known of the host has no part in this.
pytestmark = pytest.mark.parametrize("unknowns", [FIRST], ids=["first"])
FRAMES = range(1001, 1013)
CLIP = MovingDisk(lambda t: (40.0 + 12.0 * t, 68.0), 12, radius=14.0, post=(90, 130), first=1001)
HIDDEN = [frame for frame in FRAMES if not CLIP.truth(frame).any()]


def picture(frame: int) -> np.ndarray:
    return np.dstack([CLIP.image(frame), np.zeros(SIZE[::-1], np.float32)]).astype(np.float32)


@pytest.mark.slow
def test_lost_frames_are_marked_walked_through_and_found_again(
    start: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("XDG_STATE_HOME", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    command = [sys.executable, gated_engine.__file__, str(tmp_path / "gate")]

    def begin() -> Any:
        session = start()
        monkeypatch.setattr(session.module("engine").engine_path, "command", lambda _: command)
        return session

    def track(group: Any) -> None:
        group["wisp_track_both"].execute()
        session.until(lambda: not session.module("solving").busy(group))
        session.until(lambda: all(group["wisp_cache_state"].getValueAt(frame) == 1 for frame in FRAMES))

    def walked(group: Any, button: str) -> list[int]:
        found = []
        group[button].execute()
        while "No object is lost" not in group["wisp_status"].value():
            assert "object1 lost" in group["wisp_status"].value()
            found.append(session.host.frame())
            group[button].execute()
        return found

    session = begin()
    plate = session.plate(picture, SIZE)
    plate.own["range"] = (FRAMES[0], FRAMES[-1])
    group = session.wisp(plate, tmp_path / "cache")
    session.host.viewer.ctrl_shift_drag(26, SIZE[1] - 82, 54, SIZE[1] - 54)
    group["wisp_set_box"].execute()
    track(group)
    lost = walked(group, "wisp_next_lost")
    assert HIDDEN and set(HIDDEN) <= set(lost) and FRAMES[0] not in lost and FRAMES[-1] not in lost
    assert walked(group, "wisp_prev_lost") == lost[-2::-1]
    assert render(group, HIDDEN[0])[..., 3].max() == 0 and (render(group, FRAMES[-1])[..., 3] > 0.5).sum() > 300

    # The marks are in the script, also for a session that has solved nothing.
    text, own = session.host.save(), plate.own
    session.module("engine").ENGINE.stop()
    session = begin()
    session.host.load(text)
    group = session.host.toNode("Wisp1")
    group.input(0).own = own
    session.host.frame(FRAMES[0])
    assert walked(group, "wisp_next_lost") == lost
    group["wisp_take_solved"].execute()
    session.until(lambda: session.module("state").of(group).session.settled)
    session.host.frame(FRAMES[0])
    assert walked(group, "wisp_next_lost") == lost, "the engine has said nothing else"

    # Found again: what is called absent is not lost, and the rest is tracked from a new prompt.
    session.sets(group, "wisp_object_absent", f"{lost[0]}-{lost[-1]}")
    track(group)
    session.host.frame(FRAMES[0])
    assert walked(group, "wisp_next_lost") == []
