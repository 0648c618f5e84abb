# SPDX-License-Identifier: GPL-3.0-or-later
"""The timer: the only place from which the engine's messages and finished files reach the host."""

from __future__ import annotations

import time

import bpy

from . import activity, carrying, engine, filing, foresight, outputs, problem, session, textures
from .runs import runs, touched

#: Seconds between looks at the engine, while something is expected of it and else; between looks at the strips.
BUSY, IDLE, FOLLOW = 0.05, 0.2, 0.5
_watched = 0.0


def poll() -> float:
    """Look at everything once. Returns the seconds until the next look."""
    global _watched
    now = time.monotonic()
    engine.poll()
    problem.pages.drain()
    if filing.drain() or (not bpy.app.background and textures.upload()):
        session.redraw()
    session.send_due()
    foresight.ask_due(bpy.context)
    for uid in [uid for uid, since in touched.items() if now - since > FOLLOW]:
        del touched[uid]
        outputs.refresh(uid)
    if now - _watched > FOLLOW:
        _watched = now
        outputs.follow()
        session.show_unshown()
        carrying.bring_linked()
    if not bpy.app.background:
        activity.refresh()
    works = bool(touched) or any(run.waits for run in runs.values())
    expects = engine.client.state == "starting" or engine.clock.pending()
    reads = any(helper.pending() for helper in filing.helpers)
    return BUSY if works or expects or reads else IDLE


def tick() -> float:
    """The timer's function: a fault of ours must not end the timer, or the window would seem dead."""
    try:
        return poll()
    except Exception as error:  # whatever it is: the host drops a timer that raises
        engine.fault = engine.bug(error)
        return IDLE


def register() -> None:
    if not bpy.app.background:
        bpy.app.timers.register(tick, first_interval=IDLE, persistent=True)


def unregister() -> None:
    if bpy.app.timers.is_registered(tick):
        bpy.app.timers.unregister(tick)
    session.drop_engine()
    for helper in filing.helpers:
        helper.stop()
