"""The engine is killed, and asked before anybody noticed, while SIGPIPE is at its default as in Blender itself."""

from __future__ import annotations

import os
import signal
import time

import bpy

from . import stage
from .track import clip


def run() -> None:
    stage.select(stage.image_strip(clip(), start=11))
    bpy.context.scene.frame_set(11)
    bpy.ops.wisp.add_box(x0=16, y0=4, x1=44, y1=32)
    assert bpy.ops.wisp.test_engine() == {"FINISHED"}
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    os.kill(stage.addon("engine").client.pid, signal.SIGKILL)
    time.sleep(0.5)
    stage.must_fail(bpy.ops.wisp.track, "The engine stopped (signal 9)", wait=True)
    assert bpy.ops.wisp.track(wait=True) == {"FINISHED"}, "the next one starts it anew"
