"""The artist's way through the add-on, told step by step to a Blender with a window."""

from __future__ import annotations

import time
from typing import Any

import numpy as np


def tool(window: Any, name: str) -> None:
    window.do(f"with override(): bpy.ops.wm.tool_set_by_id(name='wisp.{name}', space_type='SEQUENCE_EDITOR')")
    time.sleep(0.5)


def prompts(state: dict[str, Any], number: int = 0) -> list[Any]:
    return state["objects"][number]["prompts"] if len(state["objects"]) > number else []


def tell(window: Any, alphas: list[np.ndarray], core_of: Any) -> list[str]:
    measured: list[str] = []
    window.xdo("mousemove", 640, 955, "sleep", 0.3, "click", 1)  # no window manager: the first click gives focus
    time.sleep(1)
    assert window.state()["trouble"] == "unsaved"
    window.screenshot("1-start")
    x, y = core_of(alphas[0])
    y += 45.0  # the fur below the face, not an eye
    tool(window, "point")
    plain = window.color(x + 12, y)
    window.click(x, y)
    window.until("a click is a prompt", lambda s: len(prompts(s)) == 1)
    kind, frame, include, points = prompts(window.state())[0]
    assert (kind, frame, include) == ("point", 1001, True)
    error = float(np.hypot(points[0][0] - x, points[0][1] - y))
    assert error < 1.5, f"the click landed {error:.2f} plate pixels beside"
    measured.append(f"click to prompt: {error:.2f} plate pixels off")
    first = window.until("the matte of this frame", lambda s: 1001 in s.get("solved", {}).get("1", ()), 90)
    window.until("its texture", lambda s: s["textures"] > 0)
    time.sleep(1)
    tinted = window.color(x + 12, y)
    assert np.abs(tinted - plain).max() > 15, f"the matte is not tinted: {plain} {tinted}"
    window.screenshot("2-click")
    measured.append(f"first click to matte, engine start included: {first:.1f} s")

    window.click(20, 20, held="alt")
    window.until("alt-click excludes", lambda s: [p[2] for p in prompts(s)] == [True, False])
    window.xdo("key", "ctrl+z")
    window.until("one undo takes one click back", lambda s: len(prompts(s)) == 1)
    window.xdo("key", "ctrl+shift+z")
    window.until("redo brings it back", lambda s: len(prompts(s)) == 2)
    window.click(20, 20, held="ctrl")
    window.until("ctrl-click deletes", lambda s: [p[2] for p in prompts(s)] == [True])

    toggled(window)
    second_object(window)
    rows, columns = np.nonzero(alphas[0] > 0.1)
    box = [(columns.min() - 4.0, rows.min() - 4.0), (columns.max() + 4.0, rows.max() + 4.0)]
    tool(window, "box")
    window.drag([box[0], (x, y), box[1]])
    window.until("a drag is a box", lambda s: [p[0] for p in prompts(s)] == ["point", "box"])
    corners = np.array(prompts(window.state())[1][3])
    assert np.abs(corners - box).max() < 2.0, (corners.tolist(), box)
    window.until("its matte", lambda s: not s["previewing"], 90)
    time.sleep(2)
    window.screenshot("4-box")

    window.do("with override(): bpy.ops.wisp.track()")
    window.until("the job runs", lambda s: s.get("run", {}).get("done", 0) > 3, 90)
    tool(window, "point")
    window.click(x - 40, y - 20)
    took = window.until("a click while the engine works", lambda s: len(prompts(s)) == 3, 10)
    window.screenshot("5-tracking")
    measured.append(f"click while tracking arrives after {took:.1f} s; slowest timer {window.state()['slowest']:.2f} s")
    window.xdo("key", "ctrl+z")
    window.until("undo while the engine works", lambda s: len(prompts(s)) == 2)
    if window.state()["run"]["busy"]:
        window.do("with override(): bpy.ops.wisp.stop()")
        window.until("Stop ends the job", lambda s: not s["run"]["busy"], 20)
        kept = len(window.state()["solved"]["1"])
        assert kept > 0
        measured.append(f"stopped with {kept} frames kept")
    window.do("with override(): bpy.ops.wisp.track()")
    everything = list(range(1001, 1001 + len(alphas)))
    took = window.until("all frames", lambda s: s["solved"].get("1") == everything and not s["run"]["busy"], 240)
    measured.append(f"{len(alphas)} frames at 640x360 solved {took:.1f} s after the second Track")
    time.sleep(1.5)
    window.do("bpy.context.scene.frame_set(12)")
    time.sleep(2.5)
    window.screenshot("6-tracked")
    cut_out(window, alphas)
    saved(window, alphas)
    troubles(window)
    assert window.state()["overlay_faults"] == 0
    return measured


def toggled(window: Any) -> None:
    """Exclude without a key, by the toggle; Escape puts back what is being moved; the tools in the combined view."""
    window.do("bpy.context.window_manager.wisp_exclude = True")
    window.click(30, 30)
    window.until("the toggle excludes", lambda s: [p[2] for p in prompts(s)] == [True, False])
    window.do("bpy.context.window_manager.wisp_exclude = False")
    before = prompts(window.state())
    (ax, ay), (bx, by) = window.at(30, 30), window.at(90, 60)
    window.xdo("mousemove", ax + 1, ay, "sleep", 0.2, "mousemove", ax, ay, "sleep", 0.2, "mousedown", 1, "sleep", 0.4)
    window.xdo("mousemove", (ax + bx) // 2, (ay + by) // 2, "sleep", 0.2, "mousemove", bx, by, "sleep", 0.4)
    window.until("the point follows", lambda s: prompts(s)[1][3][0][0] > 60)
    window.screenshot("moving")
    window.xdo("key", "Escape", "sleep", 0.3, "mouseup", 1)
    window.until("Escape puts it back", lambda s: prompts(s) == before)
    window.click(200, 20, held="ctrl")
    time.sleep(0.5)
    assert prompts(window.state()) == before, "ctrl-click deletes only what is under the mouse"
    window.click(30, 30, held="ctrl")
    window.until("and that it does", lambda s: len(prompts(s)) == 1)
    window.do(
        "area_of('PREVIEW').spaces.active.view_type = 'SEQUENCER_PREVIEW'\n"
        "with override('SEQUENCER_PREVIEW'):\n"
        "    for name in ('point', 'box', 'lasso', 'stroke'):\n"
        "        assert bpy.ops.wm.tool_set_by_id(name=f'wisp.{name}', space_type='SEQUENCE_EDITOR') == {'FINISHED'}"
    )
    time.sleep(1)
    window.screenshot("combined")
    window.do("area_of('SEQUENCER_PREVIEW').spaces.active.view_type = 'PREVIEW'")
    tool(window, "point")


def second_object(window: Any) -> None:
    """Another object by a lasso and a scribble, in its own colour; then it is removed again."""
    window.do("with override(): bpy.ops.wisp.add_object(name='bokeh')")
    window.until("two objects", lambda s: len(s["objects"]) == 2)
    turn = np.linspace(0, 2 * np.pi, 20)
    tool(window, "lasso")
    window.drag([(405 + 22 * float(np.cos(a)), 206 + 22 * float(np.sin(a))) for a in turn])
    window.until("a lasso", lambda s: [p[0] for p in prompts(s, 1)] == ["lasso"])
    tool(window, "stroke")
    window.drag([(398.0 + 2 * i, 206.0) for i in range(8)])
    window.until("a scribble", lambda s: [p[0] for p in prompts(s, 1)] == ["lasso", "stroke"])
    window.until("its matte", lambda s: 1001 in s["solved"].get("2", ()), 60)
    time.sleep(2.5)
    window.screenshot("3-objects")
    assert len(prompts(window.state(), 0)) == 1, "gestures go to the active object"
    window.do("with override(): bpy.ops.wisp.remove_object()")
    window.until("one object", lambda s: len(s["objects"]) == 1)


def cut_out(window: Any, alphas: list[np.ndarray]) -> None:
    """The mask on the plate in the preview, and the views."""
    x, y = core_of_frame(alphas, 11)
    window.do("bpy.context.window_manager.wisp_view = 'off'; bpy.ops.sequencer.refresh_all()")
    time.sleep(2)
    outside = window.color(20, 340)
    window.screenshot("7-mask")
    for view in ("matte", "edges", "colour"):
        window.do(f"bpy.context.window_manager.wisp_view = '{view}'; addon('session').redraw()")
        window.until("texture", lambda s: s["textures"] > 0)
        time.sleep(2)
        if view == "matte":
            assert window.color(x, y).min() > 200 and window.color(20, 340).max() < 60, "white inside, black outside"
            window.screenshot("8-matte")
    window.do("bpy.context.window_manager.wisp_view = 'off'; strip().wisp.bypass = True")
    time.sleep(2)
    assert np.abs(window.color(20, 340) - outside).max() > 3, "Show Plate shows what the mask hides"
    window.do("strip().wisp.bypass = False; bpy.context.window_manager.wisp_view = 'tint'")
    time.sleep(1)


def saved(window: Any, alphas: list[np.ndarray]) -> None:
    """Save, open again: prompts, mattes and the state of each frame are there, without a button being pressed."""
    everything = list(range(1001, 1001 + len(alphas)))
    window.do("bpy.ops.wm.save_as_mainfile(filepath=str(WORK / 'shot.blend'))")
    for engine_runs in (True, False):
        if not engine_runs:
            window.do("addon('session').drop_engine()")
        window.do("bpy.ops.wm.open_mainfile(filepath=str(WORK / 'shot.blend'))")
        window.until("prompts after opening", lambda s: [p[0] for p in prompts(s)] == ["point", "box"])
        window.until("the state of each frame", lambda s: s.get("solved", {}).get("1") == everything)
        assert window.state()["engine"] == ("ready" if engine_runs else "stopped")
        assert window.state()["trouble"] == ""
    time.sleep(3)
    window.screenshot("9-reopened")


def troubles(window: Any) -> None:
    """What may be amiss, as the panel shows it, and its button."""
    mend = "room, name = addon('troubles').of(bpy.context).operator.split('.'); "
    mend += "getattr(getattr(bpy.ops, room), name)"

    def shown(kind: str) -> None:
        window.do("addon('session').redraw()")
        window.until(f"the trouble '{kind}'", lambda s: s["trouble"] == kind, 60)
        time.sleep(1.5)
        window.screenshot(f"trouble-{kind}")

    def over(seconds: float = 60.0) -> None:
        window.until("all is well again", lambda s: s["trouble"] == "", seconds)

    window.do("bpy.context.preferences.addons[PACKAGE].preferences.engine = '/nowhere/python'")
    window.do("try: bpy.ops.wisp.refresh_status()\nexcept RuntimeError: pass")
    shown("missing")
    window.do(f"{mend}(filepath=str(WORK / 'python'))", 120)
    over()
    window.do("bpy.ops.wisp.refresh_status()")
    window.until("the engine runs", lambda s: s["engine"] == "ready", 90)
    window.do("addon('engine').client.kill()")
    shown("gone")
    window.do(f"{mend}()")
    over()
    window.until("the engine runs again", lambda s: s["engine"] == "ready" and s["settled"], 90)
    window.do("import shutil; shutil.rmtree(addon('places').here().mattes)")
    shown("mattes")
    window.do(f"{mend}()")
    over()
    window.until("the mattes are back", lambda s: s["settled"])
    window.do("import shutil; shutil.rmtree(addon('places').here().cache)")
    shown("cache")
    window.do(f"{mend}()")
    window.until("solved anew", lambda s: s["trouble"] == "" and not s["run"]["busy"] and not s["dirty"]["1"], 240)
    window.do("(WORK / 'plates').rename(WORK / 'away')")
    shown("strip")
    window.do("(WORK / 'away').rename(WORK / 'plates')")
    over()
    retimed(window)


def retimed(window: Any) -> None:
    """A movie is a plate from its first drawing on; retimed, it is refused, and the button takes the retiming back."""
    window.do(
        "editor = bpy.context.scene.sequence_editor; new = editor.sequences.new_movie;"
        "movie = new('movie', str(WORK / 'movie.avi'), 4, 1, fit_method='ORIGINAL');"
        "[setattr(s, 'select', False) for s in editor.sequences_all]; movie.select = True;"
        "editor.active_strip = movie"
    )
    window.until("a movie is a plate", lambda s: s["strip"] == "movie" and s["trouble"] == "")
    time.sleep(1.5)
    window.screenshot("movie")
    window.do("with override('SEQUENCER', 'WINDOW'): bpy.ops.sequencer.retiming_segment_speed_set(speed=50.0)")
    window.until("a retimed movie is refused", lambda s: s["trouble"] == "strip")
    time.sleep(1.5)
    window.screenshot("trouble-retimed")
    window.do("with override('SEQUENCER', 'WINDOW'): bpy.ops.sequencer.retiming_reset()")
    window.until("no longer retimed", lambda s: s["trouble"] == "")


def core_of_frame(alphas: list[np.ndarray], index: int) -> tuple[float, float]:
    from run import core_of

    return core_of(alphas[index])
