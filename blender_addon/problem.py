# SPDX-License-Identifier: GPL-3.0-or-later
"""What went wrong, for oneself with all its words, and for those who help without a path or a name in it."""

from __future__ import annotations

import os
from pathlib import Path

import bpy
from bpy.props import BoolProperty

from . import engine, filing, preferences
from .client import engine_path, problem
from .client.process import log_tail
from .engine import Fault
from .runs import runs

#: The text of the blend file that shows the report before anybody gets it.
NAME = "Wisp Report"
#: It may take minutes, which mattes should not wait for.
pages = filing.Helper("report")


def _faults() -> list[Fault]:
    return [fault for fault in (engine.fault, *(run.trouble for run in runs.values())) if fault is not None]


class WISP_OT_copy_details(bpy.types.Operator):
    """Copy the last error and the end of the engine's log, with the names of files"""

    bl_idname = "wisp.copy_details"
    bl_label = "Copy Details"

    def execute(self, context):
        context.window_manager.clipboard = "\n".join(f"{one.kind}: {one.text}\n{one.details}" for one in _faults())
        return {"FINISHED"}


class WISP_OT_report_problem(bpy.types.Operator):
    """Make a page of this installation and of what went wrong, without a path or a name of yours: copied, and shown as
    the text 'Wisp Report'. Nothing is sent"""

    bl_idname = "wisp.report_problem"
    bl_label = "Report a Problem"
    wait: BoolProperty(
        name="Wait", default=False, description="Return when it is there, for scripts", options={"SKIP_SAVE"}
    )

    def execute(self, _context):
        log = log_tail(engine.client.log)
        tail = [problem.arisen(fault.kind, fault.details or log) for fault in _faults()]
        head = f"Blender {bpy.app.version_string}, front-end {engine.client.engine.get('wisp', 'without an engine')}"
        try:
            python = engine.interpreter(bpy.path.abspath(preferences.get().engine))
        except engine_path.EngineNotFound:
            _show("\n".join([head, "There is no engine.", *tail]))
            return {"FINISHED"}

        def there(page: str) -> None:
            _show("\n".join([head, page, *tail]))

        def failed(error: Exception) -> None:
            _show("\n".join([head, f"The engine's page is not there: {type(error).__name__}.", *tail]))

        pages.submit(problem.page, Path(python), dict(os.environ), then=there, failed=failed)
        while self.wait and pages.pending():
            pages.drain(timeout=0.05)
        self.report({"INFO"}, f"The report is copied when it is there, and shown as the text '{NAME}'")
        return {"FINISHED"}


def _show(text: str) -> None:
    block = bpy.data.texts.get(NAME) or bpy.data.texts.new(NAME)
    block.from_string(text + "\n")
    bpy.context.window_manager.clipboard = text


register, unregister = bpy.utils.register_classes_factory((WISP_OT_copy_details, WISP_OT_report_problem))
