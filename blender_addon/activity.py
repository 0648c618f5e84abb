# SPDX-License-Identifier: GPL-3.0-or-later
"""What the engine is doing, in words: over the preview, in the status bar, in the list of jobs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import bpy

from . import engine, gestures, model
from .client.tables import STAGES
from .runs import Run, runs


def _starting() -> bool:
    """Whether something waits for an engine that is not there yet."""
    waited = any(run.waits for run in runs.values())
    return waited and engine.fault is None and engine.client.state in ("stopped", "starting")


def of(strip: Any) -> str:
    """What is being done for this strip; nothing where all is done."""
    run = runs.get(strip.wisp.uid)
    if run is None or not run.waits:
        return ""
    if _starting():
        return "Starting the engine..."
    return progress_text(run) if run.busy else "Computing this frame..."


def progress_text(run: Run) -> str:
    """The progress of a job: `Tracking 12/48, 30 s`."""
    progress = run.session.progress
    if progress is None or run.session.stopping:
        return f"{run.session.message}..."
    stage = STAGES.get(progress.stage, progress.stage)
    count = f" {progress.done}/{progress.total}" if progress.total else "..."
    return f"{stage}{count}{f', {progress.eta:.0f} s' if progress.eta else ''}"


def part(run: Run) -> float:
    """How much of a job is done, 0..1."""
    progress = run.session.progress
    return progress.done / progress.total if progress is not None and progress.total else 0.0


def jobs() -> Iterator[tuple[str, Run]]:
    """Name of the strip, and the run, of every job that is going on."""
    busy = {uid: run for uid, run in runs.items() if run.busy}
    if not busy:
        return
    names: dict[str, str] = {}
    for _scene, strip in model.plates():
        names.setdefault(strip.wisp.uid, strip.name)
    for uid, run in busy.items():
        yield names.get(uid, "a removed strip"), run


def draw_jobs(layout: Any) -> None:
    """One row for each job: its progress, and Stop."""
    for name, run in jobs():
        row = layout.row(align=True)
        row.ui_units_x = 14  # else the status bar cuts the text
        row.progress(factor=part(run), text=f"{name}: {progress_text(run)}")
        row.operator("wisp.stop", text="", icon="CANCEL").uid = run.uid


_said: list[str] = []


def refresh() -> None:
    """Have the status bar drawn again where it would say something else now.

    Its area is out of reach; setting its text, to none, is what redraws it. Not in a drag, whose hint stands there.
    """
    now = ["starting"] if _starting() else []
    now += [f"{run.uid} {progress_text(run)}" for run in runs.values() if run.busy]
    if now != _said and not gestures.Drawing.kind and bpy.context.workspace is not None:
        _said[:] = now
        bpy.context.workspace.status_text_set(None)


def _status_bar(header: Any, _context: Any) -> None:
    if _starting():
        header.layout.label(text="Wisp: starting the engine...")
    draw_jobs(header.layout)


def register() -> None:
    bpy.types.STATUSBAR_HT_header.append(_status_bar)


def unregister() -> None:
    bpy.types.STATUSBAR_HT_header.remove(_status_bar)
