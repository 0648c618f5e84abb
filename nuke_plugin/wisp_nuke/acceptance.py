"""What only a real Nuke can tell, asked in one: run `acceptance.run()` there and send the file that it writes.

Every point here is something that the plug-in relies on and that no documentation settles.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import traceback
from pathlib import Path
from typing import Any, Callable, Dict, List, Tuple

from . import (
    callbacks,
    edits,
    engine,
    follow,
    graph,
    handles,
    host,
    node,
    plates,
    prompts,
    recording,
    state,
    strokes,
    upstream,
    viewer_pick,
)

Check = Tuple[str, Callable[[], str]]
#: Of the pictures that are asked about: Nuke's own format of that name.
FORMAT, SIDE = "square_256", 256


#: What the names of points begin with whose answer is either way.
UNKNOWN = "unknown: "


class Skip(Exception):  # noqa: N818 (an outcome, not a fault)
    """The point cannot be asked here."""


def run(path: str = "") -> List[Dict[str, str]]:
    """Ask every point; print the table and write it, with a recording of all calls, to `path` (default:
    `wisp-acceptance-gui.json`, or `-terminal`, in the home folder).

    The open script is left as it was.
    """
    rows: List[Dict[str, str]] = []
    recorder = recording.Recorder(host.nuke)
    module, host.nuke = host.nuke, recorder.module
    # What the host says of knobs is asked below; that the plug-in hears it would be no answer.
    hears, callbacks.knob_changed = callbacks.knob_changed, lambda: None
    try:
        with host.housekeeping():
            for name, check in CHECKS:
                recorder.point = name
                rows.append(dict(zip(("point", "result", "seen"), (name, *_asked(check)))))
    finally:
        host.nuke, callbacks.knob_changed = module, hears
    for row in rows:
        print("{result:5} {point}: {seen}".format(**row))
    mode = "gui" if host.has_interface() else "terminal"
    target = Path(path or os.path.join(os.path.expanduser("~"), f"wisp-acceptance-{mode}.json"))
    found = {"host": host.about(), "mode": mode, "points": rows, "unknowns": unknowns(rows), "calls": recorder.calls}
    target.write_text(json.dumps(found, indent=1), encoding="utf-8")
    return rows


def replay(calls: List[Dict[str, Any]]) -> List[Dict[str, str]]:
    """Ask every point of a recording instead of a host; returns the table. Raises recording.Mismatch where the plug-in
    asks otherwise than it did."""
    player = recording.Replay(calls)
    module, host.nuke = host.nuke, player.module
    rows: List[Dict[str, str]] = []
    try:
        with host.housekeeping():
            for name, check in CHECKS:
                for uid, _ in state.known():  # the host has forgotten its nodes between the points
                    state.forget(uid)
                rows.append(dict(zip(("point", "result", "seen"), (name, *_asked(check)))))
    finally:
        host.nuke = module
    return rows


def unknowns(rows: List[Dict[str, str]]) -> Dict[str, bool]:
    """What the table tells of the points that nobody could settle: name -> which way it is."""
    return {
        row["point"][len(UNKNOWN) :]: row["seen"] == "True"
        for row in rows
        if row["point"].startswith(UNKNOWN) and row["result"] == "PASS"
    }


def _asked(check: Callable[[], str]) -> Tuple[str, str]:
    before, chosen, frame = list(host.all_nodes()), host.selected(), host.frame()
    try:
        return "PASS", check()
    except recording.Mismatch:
        raise
    except Skip as reason:
        return "SKIP", str(reason)
    except Exception:  # whatever a host raises is what we want to know
        return "FAIL", traceback.format_exc(limit=3)
    finally:
        for left in [one for one in host.all_nodes() if one not in before]:
            host.delete(left)
        host.select(chosen)
        host.go(frame)


def _expect(truth: bool, seen: Any) -> str:
    if not truth:
        raise AssertionError(f"saw {seen!r}")
    return str(seen)


def _plate(value: float = 0.25) -> Any:
    """A picture with a known value everywhere."""
    return host.create("Constant", color=value, format=FORMAT)


def _wisp() -> Any:
    return node.create(_plate())


def _with_point() -> Any:
    group = _wisp()
    edits.add_prompt(group, "Wisp point", {"frame": host.frame(), "kind": "point", "xy": [10.0, 20.0], "include": True})
    return group


class _Folder:
    """A folder for as long as a point is asked."""

    def __enter__(self) -> Path:
        self._path = tempfile.mkdtemp(prefix="wisp-acceptance-")
        return Path(self._path)

    def __exit__(self, *_: Any) -> None:
        shutil.rmtree(self._path, ignore_errors=True)


# -- knobs, undo, scripts -------------------------------------------------------------------------------------


def _absent_knob() -> str:
    group = host.create("Group")
    _expect(group.knob("nonsense") is None, "knob() of an absent knob")
    try:
        group["nonsense"]
    except Exception as error:
        return type(error).__name__
    raise AssertionError("an absent knob did not raise")


def _text_is_kept() -> str:
    group = _wisp()
    text = prompts.dump({"v": 1, "size": [SIDE, SIDE], "objects": []})
    group["wisp_prompts"].setValue(text)
    return _expect(host.text_of(group["wisp_prompts"]) == text, host.text_of(group["wisp_prompts"])[:20])


def _menus_change() -> str:
    menu = _wisp()["wisp_output"]
    host.offer(menu, ["a", "b", "c"], 2)
    host.offer(menu, ["x", "y", "z"], 2)
    seen = host.choice(menu), menu.value(), list(menu.values())
    return _expect(seen == (2, "z", ["x", "y", "z"]), seen)


def _keys_hold() -> str:
    group = _wisp()
    host.constant_keys(group["wisp_state_1"], {1: 0, 5: 1, 8: 0})
    seen = [group["wisp_state_1"].getValueAt(frame) for frame in (1, 4, 5, 7, 8)]
    return _expect(seen == [0, 0, 1, 1, 0], seen)


def _knobs_travel_as_text() -> str:
    some, other = _wisp(), _wisp()
    host.constant_keys(some["wisp_state_1"], {1: 0, 5: 1})
    other["wisp_state_1"].fromScript(host.as_script(some["wisp_state_1"]))
    seen = [other["wisp_state_1"].getValueAt(frame) for frame in (1, 5)]
    other.removeKnob(other["wisp_state_1"])
    return _expect(seen == [0, 1] and other.knob("wisp_state_1") is None, seen)


def _changes_by_programs_are_noticed() -> str:
    group = _with_point()
    follow.look(group, held=False)
    group["wisp_object_name"].setValue("renamed")
    follow.look(group, held=False)
    seen = [item["name"] for item in edits.stored(group)["objects"]]
    return _expect(seen == ["renamed"], seen)


def _undo_of_a_prompt() -> str:
    raise Skip("by hand: add a point, undo: the point is gone, and one undo was enough")


def _copies() -> str:
    group = _with_point()
    with _Folder() as folder:
        host.select([group])
        pasted = host.paste(host.copy(folder / "copy.nk"))
    pasted.setInput(0, group.input(0))
    same = edits.stored(pasted)["objects"] == edits.stored(group)["objects"]
    inside = {one.name() for one in pasted.nodes()} == {one.name() for one in group.nodes()}
    own = pasted["wisp_uid"].value() not in ("", group["wisp_uid"].value())
    return _expect(same and inside and own, f"prompts {same}, inside {inside}, identity of its own {own}")


# -- pictures -------------------------------------------------------------------------------------------------


def _inside_is_complete() -> str:
    group = _wisp()
    missing = graph.faults(group, node.wanted(group, []))
    return _expect(not missing, missing)


def _plate_values() -> str:
    group = _wisp()
    names = [one.name() for one in group.nodes()]
    with _Folder() as folder:
        made = plates.export(group, str(folder), host.frame(), host.frame())
        _expect(made == 1 and [one.name() for one in group.nodes()] == names, "nodes left in the group")
        read = host.create("Read", file=(folder / (edits.pattern_of(graph.PLATE) % host.frame())).as_posix(), raw=True)
        seen = read.sample("red", 100, 100)
    return _expect(abs(seen - 0.25) < 1e-3, f"{seen}; {plates.colorspace(group)}")


def _hashes() -> str:
    plate = _plate()
    some, again = host.picture_hash(plate), host.picture_hash(plate)
    plate["color"].setValue(0.5)
    other = host.picture_hash(plate)
    return _expect(some == again and (not some or some != other), f"{some} {again} after a change {other}")


def _settings() -> str:
    plate = _plate()
    before = upstream.settings_of(plate)
    plate["xpos"].setValue(plate["xpos"].value() + 10)
    moved = upstream.settings_of(plate)
    plate["color"].setValue(0.5)
    return _expect(before == moved != upstream.settings_of(plate), before[:200])


def _a_missing_file() -> str:
    if host.has_interface():
        raise Skip("ask with nuke -t")
    with _Folder() as folder:
        read = host.create("Read", file=(folder / "none.%04d.exr").as_posix(), raw=True, first=1, last=1)
        return _failure_of(read)


def _guard_outside_the_interface() -> str:
    if host.has_interface():
        raise Skip("ask with nuke -t")
    return _failure_of(_wisp())


def _failure_of(source: Any) -> str:
    with _Folder() as folder:
        write = host.create("Write", file_type="exr", file=(folder / "out.exr").as_posix())
        write.setInput(0, source)
        try:
            host.execute(write, host.frame(), host.frame(), host.views()[0])
        except RuntimeError as error:
            return str(error)
    raise AssertionError("it was rendered")


def _gui_in_expressions() -> str:
    switch = host.create("Switch")
    switch["which"].setExpression("$gui")
    return _expect(bool(switch["which"].value()) == host.has_interface(), switch["which"].value())


def _frame_in_expressions() -> str:
    switch = host.create("Switch")
    switch["which"].setExpression(f"frame == {host.frame()}")
    return _expect(bool(switch["which"].value()), switch["which"].value())


def _renders_are_announced() -> str:
    seen: List[bool] = []

    def note() -> None:
        seen.append(host.executing())

    host.on_renders(note, note)
    try:
        with _Folder() as folder:
            write = host.create("Write", file_type="png", file=(folder / "out.png").as_posix())
            write.setInput(0, _plate())
            host.execute(write, host.frame(), host.frame(), host.views()[0])
    finally:
        host.off_renders(note, note)
    return _expect(len(seen) == 2 and not host.executing(), f"executing: before {seen[:1]}, after {seen[1:]}")


def _grade_is_clamped() -> str:
    grade = host.create("Grade", blackpoint=0.0, whitepoint=0.125, black_clamp=True, white_clamp=True)
    grade.setInput(0, _plate())
    return _expect(abs(grade.sample("red", 100.5, 100.5) - 1.0) < 1e-4, grade.sample("red", 100.5, 100.5))


def _a_crop_continues_the_border() -> str:
    crop = host.create("Crop", crop=False)
    crop.setInput(0, _plate())
    crop["box"].setValue((0.0, 0.0, 0.0, 0.0))
    host.drive(crop, "box.2", "input.width")
    host.drive(crop, "box.3", "input.height")
    seen = [crop.sample("red", x, y) for x, y in ((SIDE / 2, SIDE / 2), (-5, -5), (SIDE + 4, SIDE + 4))]
    return _expect(all(abs(value - 0.25) < 1e-4 for value in seen), seen)


def _layers() -> str:
    host.declare_layer("matte_wisp_acceptance.alpha")
    plate = _plate()
    copy = host.create("Copy", from0="rgba.red", to0="matte_wisp_acceptance.alpha")
    copy.setInput(0, plate)
    copy.setInput(1, plate)
    return _expect(copy["to0"].value() == "matte_wisp_acceptance.alpha", copy["to0"].value())


def _image_areas() -> str:
    raise Skip("by hand: what does node.format().x() say of a format with an image area, and where is its pixel 0, 0?")


def _views() -> str:
    views = host.views()
    _expect(len(views) > 0, views)
    return ", ".join(views)


# -- viewer, strokes, progress, processes ---------------------------------------------------------------------


def _sampler() -> str:
    if not host.has_interface():
        raise Skip("needs a viewer")
    sample = host.viewer_sample()
    if sample is None:
        raise Skip("Ctrl+click a pixel in the viewer, then run again")
    return f"{sample.box} on {sample.form}"


def _viewer_widgets() -> str:
    if not host.has_interface():
        raise Skip("needs a viewer")
    from .vendor.panel.qt import QtWidgets

    widgets = QtWidgets.QApplication.allWidgets()
    found = {(one.objectName(), one.metaObject().className()) for one in widgets if viewer_pick.over_viewer(one)}
    if not found:
        raise Skip("no viewer is open, or none is recognised: the same pixel cannot be picked twice")
    return str(sorted(found))[:500]


def _zoom() -> str:
    if not host.has_interface():
        raise Skip("needs a viewer")
    zoom, center = host.zoom_and_center()
    return f"zoom {zoom}, centre {center}; by hand: zoom the viewer and run again: do the numbers follow it?"


def _handles() -> str:
    group = _with_point()
    handles.show(group)
    seen = host.numbers(group["wisp_point_1"], 2)
    return _expect(
        seen == [10.0, SIDE - 20.0],
        f"{seen}; by hand: can it be dragged, also in proxy mode? Is it in the object's colour?",
    )


def _roto() -> str:
    group = _wisp()
    painter = strokes.paint(group)
    layers = [str(one.name) for one in painter["curves"].rootLayer]
    host.add_stroke(painter, [(10.0, 10.0), (30.0, 12.0)])
    found = [one for one in strokes.visible(painter["curves"].rootLayer, host.frame()) if not one.closed]
    return _expect(layers == list(strokes.LAYERS) and len(found) == 1, f"layers {layers}, strokes {found}")


def _copied_shapes() -> str:
    raise Skip(
        "by hand: draw a closed Bezier in a Roto with keys on two frames, select it and press 'Shapes of selected "
        "Roto': is there an object with a mask on both?"
    )


def _bars() -> str:
    if not host.has_interface():
        raise Skip("needs the interface")
    bar = host.progress_bar("Wisp acceptance")
    host.show_progress(bar, 1, 2, "half")
    return _expect(not host.was_cancelled(bar), "by hand: does Cancel of the bar stop a solve?")


def _cancelled_renders() -> str:
    raise Skip("by hand: cancel the rendering of the plate; the status line must say 'Stopped while ..'")


def _child_process() -> str:
    try:
        process = engine.run(["--version"])
    except Exception as error:
        raise Skip(f"no engine: {error}") from None
    said, _ = process.communicate(timeout=120)
    return _expect(process.returncode == 0, said.decode("utf-8", "replace").strip() + f" code {process.returncode}")


# -- what nobody could tell: either answer is right -----------------------------------------------------------


def _group(kind: str = "Int_Knob", *arguments: Any) -> Any:
    group = host.create("Group")
    group.addKnob(host.knob(kind, "k", "k", *arguments))
    return group


def _any_change() -> str:
    group = _group()
    group.addKnob(host.knob("Int_Knob", "seen", "seen"))
    group["knobChanged"].setValue("k = nuke.thisKnob()\nif k.name() == 'k':\n    nuke.thisNode()['seen'].setValue(1)\n")
    group["k"].setValue(5)
    return str(bool(group["seen"].value()))


def _set_animated_keys() -> str:
    group = _group()
    group["k"].setAnimated()
    return str("x" in host.as_script(group["k"]))


def _script_of_now() -> str:
    group = _group()
    host.constant_keys(group["k"], {1: 0, 5: 1})
    return str("curve" not in group["k"].toScript())


def _values_reset() -> str:
    group = _group("Enumeration_Knob", ["a", "b"])
    group["k"].setValue(1)
    group["k"].setValues(["x", "y"])
    return str(host.choice(group["k"]) == 0)


def _pasted(group: Any) -> Any:
    with _Folder() as folder:
        host.select([group])
        return host.paste(host.copy(folder / "copy.nk"))


def _menus_are_lost() -> str:
    group = _group("Enumeration_Knob", ["a", "b"])
    group["k"].setValues(["x", "y"])
    return str(list(_pasted(group)["k"].values()) != ["x", "y"])


def _eval_strings() -> str:
    group = _group("String_Knob")
    group["k"].setValue("word")
    return str(_pasted(group)["k"].Class() == "EvalString_Knob")


def _bbox_shortens() -> str:
    group = _group("BBox_Knob")
    return str(isinstance(group["k"].value(), float))


def _layers_extend() -> str:
    host.nuke.Layer("wisp_extended", ["wisp_extended.one"])
    host.nuke.Layer("wisp_extended", ["wisp_extended.two"])
    return str("wisp_extended.two" in host.nuke.channels())


def _visible_modifies() -> str:
    group = _group()
    host.nuke.root().setModified(False)
    group["k"].setVisible(False)
    return str(bool(host.nuke.root().modified()))


def _text_of_anything() -> str:
    group = _group("String_Knob")
    try:
        group["k"].setValue(5)
    except TypeError:
        return "False"
    return str(host.text_of(group["k"]) == "5")


def _crop_is_a_format() -> str:
    return str(any(host.numbers(host.create("Crop")["box"], 4)))


def _constant_taken() -> str:
    group = _group()
    group["k"].setAnimated()
    group["k"].setValueAt(0, 1)
    group["k"].setValueAt(4, 5)
    try:
        for curve in group["k"].animations():
            curve.changeInterpolation(curve.keys(), host.nuke.CONSTANT)
    except TypeError:
        return "False"
    return str(group["k"].getValueAt(3) == 0)


def _viewer_zooms() -> str:
    raise Skip(
        "by hand: switch the overlay on (Guides), pick two places: is it there, and where it belongs, at any zoom?"
    )


def _has_cryptomatte() -> str:
    return str(host.try_to_create("Cryptomatte") is not None)


def _executing_before() -> str:
    seen: List[bool] = []

    def before() -> None:
        seen.append(host.executing())

    def after() -> None:
        pass

    host.on_renders(before, after)
    try:
        with _Folder() as folder:
            write = host.create("Write", file_type="png", file=(folder / "out.png").as_posix())
            write.setInput(0, _plate())
            host.execute(write, host.frame(), host.frame(), host.views()[0])
    finally:
        host.off_renders(before, after)
    return str(seen == [True])


def _after_aborted() -> str:
    if host.has_interface():
        raise Skip("ask with nuke -t")
    seen: List[bool] = []

    def before() -> None:
        pass

    def after() -> None:
        seen.append(True)

    host.on_renders(before, after)
    try:
        _failure_of(_wisp())
    finally:
        host.off_renders(before, after)
    return str(bool(seen))


def _hover_samples() -> str:
    raise Skip("by hand: Ctrl+click a pixel, move the pointer without Ctrl: does the sample's box stay?")


CHECKS: Tuple[Check, ...] = (
    ("an absent knob", _absent_knob),
    ("prompts survive in a knob", _text_is_kept),
    ("menus of knobs change", _menus_change),
    ("constant keys", _keys_hold),
    ("keys travel as text; user knobs can be removed", _knobs_travel_as_text),
    ("changes by a program are noticed", _changes_by_programs_are_noticed),
    ("undo of one prompt", _undo_of_a_prompt),
    ("copy and paste", _copies),
    ("the inside of a new node", _inside_is_complete),
    ("plate values: 0.25 stays, and its colour space", _plate_values),
    ("hashes of pictures", _hashes),
    ("settings of nodes as text", _settings),
    ("a missing file stops a render", _a_missing_file),
    ("Assert stops a render", _guard_outside_the_interface),
    ("$gui in expressions", _gui_in_expressions),
    ("frame in expressions", _frame_in_expressions),
    ("renders are announced", _renders_are_announced),
    ("Grade is clamped", _grade_is_clamped),
    ("Crop continues the border", _a_crop_continues_the_border),
    ("layers of objects", _layers),
    ("formats with an image area", _image_areas),
    ("views", _views),
    ("the viewer's sampler", _sampler),
    ("widgets of viewers", _viewer_widgets),
    ("zoom and centre, of which an overlay over the viewer could be made", _zoom),
    ("handles", _handles),
    ("strokes of RotoPaint", _roto),
    ("shapes of a copied Roto", _copied_shapes),
    ("progress bars", _bars),
    ("a cancelled render", _cancelled_renders),
    ("a child process", _child_process),
    *(
        (UNKNOWN + check.__name__.lstrip("_"), check)
        for check in (
            *(_any_change, _set_animated_keys, _script_of_now, _values_reset, _menus_are_lost, _eval_strings),
            *(_bbox_shortens, _layers_extend, _visible_modifies, _text_of_anything, _crop_is_a_format),
            *(_constant_taken, _executing_before, _after_aborted, _has_cryptomatte, _viewer_zooms, _hover_samples),
        )
    ),
)
