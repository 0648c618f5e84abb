"""Runs inside Blender with a window: sets the stage, then tells its state and runs commands as files come in.

WORK/state.json       the state, written anew five times a second
WORK/commands/N.py    run once, in order, on the main thread; WORK/commands/N.json is the answer
"""

from __future__ import annotations

import importlib
import itertools
import json
import os
import sys
import time
import traceback
from pathlib import Path
from typing import Any

import bpy

WORK = Path(os.environ["WISP_GUI_WORK"])
PACKAGE = "bl_ext.user_default.wisp_roto"
ticks: list[float] = []


def addon(name: str) -> Any:
    return importlib.import_module(f"{PACKAGE}.{name}")


def area_of(view: str) -> Any:
    areas = [a for a in bpy.context.window_manager.windows[0].screen.areas if a.type == "SEQUENCE_EDITOR"]
    return next(area for area in areas if area.spaces.active.view_type == view)


def region_of(area: Any, kind: str) -> Any:
    return next(region for region in area.regions if region.type == kind)


def strip() -> Any:
    return bpy.context.scene.sequence_editor.active_strip


def override(view: str = "PREVIEW", kind: str = "PREVIEW") -> Any:
    area = area_of(view)
    window = bpy.context.window_manager.windows[0]
    return bpy.context.temp_override(window=window, area=area, region=region_of(area, kind))


def screen(x: float, y: float) -> list[float]:
    """Where a plate pixel is on the screen, from the top left."""
    region = region_of(area_of("PREVIEW"), "PREVIEW")
    to_view = addon("plates").to_view(bpy.context.scene, strip())
    rx, ry = region.view2d.view_to_region(*to_view(x, y), clip=False)
    return [region.x + rx, bpy.context.window_manager.windows[0].height - 1 - (region.y + ry)]


def state() -> dict[str, Any]:
    ticks.append(time.monotonic())
    del ticks[:-50]
    told: dict[str, Any] = {"frame": bpy.context.scene.frame_current, "time": time.time()}
    told["slowest"] = max((b - a for a, b in itertools.pairwise(ticks)), default=0.0)
    if PACKAGE not in bpy.context.preferences.addons or strip() is None:
        return told
    engine, wisp, trouble = addon("engine"), strip().wisp, addon("troubles").of(bpy.context)
    run = addon("runs").runs.get(wisp.uid)
    told["strip"], told["trouble"] = strip().name, trouble.kind if trouble else ""
    told["objects"] = [
        {"name": o.name, "prompts": [[p.kind, p.frame, p.include, p.points] for p in o.prompts]} for o in wisp.objects
    ]
    told["fault"] = engine.fault.text if engine.fault else run.trouble.text if run and run.trouble else ""
    told["overlay_faults"] = addon("overlay").faults
    told["textures"] = len(addon("textures")._ready)
    told["engine"] = engine.client.state
    if run is not None:
        told["run"] = {"busy": run.busy, "done": run.session.progress.done if run.session.progress else 0}
        told["solved"] = {str(n): sorted(f) for n, f in run.solved.items()}
        told["dirty"] = {str(n): sorted(f) for n, f in run.dirty.items()}
        told["message"] = run.message
        told["previewing"] = bool(run.wanted) or run.session.previewing
        told["settled"] = run.session.is_open and run.session.settled and not addon("filing").pending()
    return told


def tick() -> float:
    for command in sorted(WORK.glob("commands/*.py")):
        answer: dict[str, Any] = {}
        try:
            names = {**globals(), "answer": answer}
            exec(compile(command.read_text(), str(command), "exec"), names)
            answer["ok"] = True
        except Exception:
            answer["error"] = traceback.format_exc()
        command.unlink()
        write(command.with_suffix(".json"), answer)
    write(WORK / "state.json", state())
    return 0.2


def write(path: Path, content: dict[str, Any]) -> None:
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps(content))
    temporary.replace(path)


def begin() -> None:
    """Once the window is there: install the zip, name the engine, lay out the areas, load the clip."""
    bpy.ops.extensions.package_install_files(
        filepath=str(next(WORK.glob("*.zip"))), repo="user_default", enable_on_install=True, overwrite=True
    )
    preferences = bpy.context.preferences
    preferences.addons[PACKAGE].preferences.engine = str(WORK / "python")
    preferences.view.show_splash = False
    preferences.view.ui_scale = 0.9
    window = bpy.context.window_manager.windows[0]
    for kind in ("FILE_BROWSER", "PROPERTIES"):
        for area in [a for a in window.screen.areas if a.type == kind]:
            with bpy.context.temp_override(window=window, area=area):
                bpy.ops.screen.area_close()
    scene = bpy.context.scene
    paths = sorted((WORK / "plates").glob("*.png"))
    scene.render.resolution_x, scene.render.resolution_y = 640, 360
    scene.view_settings.view_transform = "Standard"
    scene.frame_start, scene.frame_end = 1, len(paths)
    scene.sequence_editor_create()
    editor = scene.sequence_editor
    strips = editor.strips if hasattr(editor, "strips") else editor.sequences
    plate = strips.new_image("creature", str(paths[0]), 1, 1, fit_method="ORIGINAL")
    for path in paths[1:]:
        plate.elements.append(path.name)
    editor.active_strip = plate
    plate.select = True


def later() -> None:
    window = bpy.context.window_manager.windows[0]
    with bpy.context.temp_override(window=window, area=area_of("SEQUENCER")):
        bpy.ops.screen.region_toggle(region_type="CHANNELS")
    for view in ("PREVIEW", "SEQUENCER"):
        area = area_of(view)
        area.spaces.active.show_region_ui = view == "SEQUENCER"
        area.spaces.active.show_region_toolbar = view == "PREVIEW"
        with override(view, "PREVIEW" if view == "PREVIEW" else "WINDOW"):
            bpy.ops.sequencer.view_all_preview() if view == "PREVIEW" else bpy.ops.sequencer.view_all()
    region_of(area_of("SEQUENCER"), "UI").active_panel_category = "Roto"


def guarded_begin() -> None:
    try:
        begin()
    except Exception:
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(3)
    bpy.app.timers.register(later, first_interval=1.5)
    bpy.app.timers.register(tick, first_interval=3.0, persistent=True)


bpy.app.timers.register(guarded_begin, first_interval=1.0)
