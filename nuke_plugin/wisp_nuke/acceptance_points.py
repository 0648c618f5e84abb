"""What the plug-in relies on and no documentation settles, each as a point that is asked of a real Nuke."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any, Callable, Dict, List, Tuple

from . import (
    edits,
    engine,
    follow,
    graph,
    handles,
    host,
    node,
    plates,
    prompts,
    strokes,
    upstream,
    viewer_pick,
)

Check = Tuple[str, Callable[[], str]]
#: Of the pictures that are asked about: Nuke's own format of that name.
FORMAT, SIDE = "square_256", 256


class Skip(Exception):  # noqa: N818 (an outcome, not a fault)
    """The point cannot be asked here."""


def expect(truth: bool, seen: Any) -> str:
    if not truth:
        raise AssertionError(f"saw {seen!r}")
    return str(seen)


def faults(group: Any, nodes: List[graph.NodeSpec]) -> List[str]:
    """What of the table the group lacks, one sentence each; somebody may have edited inside."""
    found: List[str] = []
    present: Dict[str, Any] = {node.name(): node for node in group.nodes()}
    for spec in nodes:
        node = present.get(spec.name)
        if node is None or node.Class() != spec.kind:
            found.append(f"{spec.name} ({spec.kind}) is missing.")
            continue
        for index, name in enumerate(spec.inputs):
            source = node.input(index)
            if source is None or source.name() != name:
                found.append(f"Input {index} of {spec.name} is not {name}.")
    return found


def a_plate(value: float = 0.25) -> Any:
    """A picture with a known value everywhere."""
    return host.create("Constant", color=value, format=FORMAT)


def a_wisp() -> Any:
    return node.create(a_plate())


def with_point() -> Any:
    group = a_wisp()
    edits.add_prompt(group, "Wisp point", {"frame": host.frame(), "kind": "point", "xy": [10.0, 20.0], "include": True})
    return group


class Folder:
    """A folder for as long as a point is asked."""

    def __enter__(self) -> Path:
        self._path = tempfile.mkdtemp(prefix="wisp-acceptance-")
        return Path(self._path)

    def __exit__(self, *_: Any) -> None:
        shutil.rmtree(self._path, ignore_errors=True)


# -- knobs, undo, scripts -------------------------------------------------------------------------------------


def _absent_knob() -> str:
    group = host.create("Group")
    expect(group.knob("nonsense") is None, "knob() of an absent knob")
    try:
        group["nonsense"]
    except Exception as error:
        return type(error).__name__
    raise AssertionError("an absent knob did not raise")


def _text_is_kept() -> str:
    group = a_wisp()
    text = prompts.dump({"v": 1, "size": [SIDE, SIDE], "objects": []})
    group["wisp_prompts"].setValue(text)
    return expect(host.text_of(group["wisp_prompts"]) == text, host.text_of(group["wisp_prompts"])[:20])


def _menus_change() -> str:
    menu = a_wisp()["wisp_output"]
    host.offer(menu, ["a", "b", "c"], 2)
    host.offer(menu, ["x", "y", "z"], 2)
    seen = host.choice(menu), menu.value(), list(menu.values())
    return expect(seen == (2, "z", ["x", "y", "z"]), seen)


def _keys_hold() -> str:
    group = a_wisp()
    host.constant_keys(group["wisp_state_1"], {1: 0, 5: 1, 8: 0})
    seen = [group["wisp_state_1"].getValueAt(frame) for frame in (1, 4, 5, 7, 8)]
    return expect(seen == [0, 0, 1, 1, 0], seen)


def _knobs_travel_as_text() -> str:
    some, other = a_wisp(), a_wisp()
    host.constant_keys(some["wisp_state_1"], {1: 0, 5: 1})
    other["wisp_state_1"].fromScript(host.as_script(some["wisp_state_1"]))
    seen = [other["wisp_state_1"].getValueAt(frame) for frame in (1, 5)]
    other.removeKnob(other["wisp_state_1"])
    return expect(seen == [0, 1] and other.knob("wisp_state_1") is None, seen)


def _changes_by_programs_are_noticed() -> str:
    group = with_point()
    follow.look(group, held=False)
    group["wisp_object_name"].setValue("renamed")
    follow.look(group, held=False)
    seen = [item["name"] for item in edits.stored(group)["objects"]]
    return expect(seen == ["renamed"], seen)


def _undo_of_a_prompt() -> str:
    raise Skip("by hand: add a point, undo: the point is gone, and one undo was enough")


def _copies() -> str:
    group = with_point()
    with Folder() as folder:
        pasted = host.paste(host.copy(group, folder / "copy.nk"), group)
    pasted.setInput(0, group.input(0))
    same = edits.stored(pasted)["objects"] == edits.stored(group)["objects"]
    inside = {one.name() for one in pasted.nodes()} == {one.name() for one in group.nodes()}
    own = pasted["wisp_uid"].value() not in ("", group["wisp_uid"].value())
    return expect(same and inside and own, f"prompts {same}, inside {inside}, identity of its own {own}")


# -- pictures -------------------------------------------------------------------------------------------------


def _inside_is_complete() -> str:
    group = a_wisp()
    missing = faults(group, node.wanted(group, []))
    return expect(not missing, missing)


def _plate_values() -> str:
    group = a_wisp()
    names = [one.name() for one in group.nodes()]
    with Folder() as folder:
        made = plates.export(group, str(folder), host.frame(), host.frame())
        expect(made == 1 and [one.name() for one in group.nodes()] == names, "nodes left in the group")
        read = host.create("Read", file=(folder / (edits.pattern_of(graph.PLATE) % host.frame())).as_posix(), raw=True)
        seen = read.sample("red", 100, 100)
    return expect(abs(seen - 0.25) < 1e-3, f"{seen}; {plates.colorspace(group)}")


def _hashes() -> str:
    plate = a_plate()
    some, again = host.picture_hash(plate), host.picture_hash(plate)
    plate["color"].setValue(0.5)
    other = host.picture_hash(plate)
    return expect(some == again and (not some or some != other), f"{some} {again} after a change {other}")


def _settings() -> str:
    plate = a_plate()
    before = upstream.settings_of(plate)
    plate["xpos"].setValue(plate["xpos"].value() + 10)
    moved = upstream.settings_of(plate)
    plate["color"].setValue(0.5)
    return expect(before == moved != upstream.settings_of(plate), before[:200])


def _a_missing_file() -> str:
    if host.has_interface():
        raise Skip("ask with nuke -t")
    with Folder() as folder:
        read = host.create("Read", file=(folder / "none.%04d.exr").as_posix(), raw=True, first=1, last=1)
        return failure_of(read)


def _guard_outside_the_interface() -> str:
    if host.has_interface():
        raise Skip("ask with nuke -t")
    return failure_of(a_wisp())


def failure_of(source: Any) -> str:
    with Folder() as folder:
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
    return expect(bool(switch["which"].value()) == host.has_interface(), switch["which"].value())


def _frame_in_expressions() -> str:
    switch = host.create("Switch")
    switch["which"].setExpression(f"frame == {host.frame()}")
    return expect(bool(switch["which"].value()), switch["which"].value())


def executing_around_a_render() -> List[bool]:
    """Whether the host said that it is executing: before one Write was rendered, and after it."""
    seen: List[bool] = []

    def note() -> None:
        seen.append(host.executing())

    host.on_renders(note, note)
    try:
        with Folder() as folder:
            write = host.create("Write", file_type="png", file=(folder / "out.png").as_posix())
            write.setInput(0, a_plate())
            host.execute(write, host.frame(), host.frame(), host.views()[0])
    finally:
        host.off_renders(note, note)
    return seen


def _renders_are_announced() -> str:
    seen = executing_around_a_render()
    return expect(len(seen) == 2 and not host.executing(), f"executing: before {seen[:1]}, after {seen[1:]}")


def _grade_is_clamped() -> str:
    grade = host.create("Grade", blackpoint=0.0, whitepoint=0.125, black_clamp=True, white_clamp=True)
    grade.setInput(0, a_plate())
    return expect(abs(grade.sample("red", 100.5, 100.5) - 1.0) < 1e-4, grade.sample("red", 100.5, 100.5))


def _a_crop_continues_the_border() -> str:
    crop = host.create("Crop", crop=False)
    crop.setInput(0, a_plate())
    crop["box"].setValue((0.0, 0.0, 0.0, 0.0))
    host.drive(crop, "box.2", "input.width")
    host.drive(crop, "box.3", "input.height")
    seen = [crop.sample("red", x, y) for x, y in ((SIDE / 2, SIDE / 2), (-5, -5), (SIDE + 4, SIDE + 4))]
    return expect(all(abs(value - 0.25) < 1e-4 for value in seen), seen)


def _layers() -> str:
    host.declare_layer("matte_wisp_acceptance.alpha")
    plate = a_plate()
    copy = host.create("Copy", from0="rgba.red", to0="matte_wisp_acceptance.alpha")
    copy.setInput(0, plate)
    copy.setInput(1, plate)
    return expect(copy["to0"].value() == "matte_wisp_acceptance.alpha", copy["to0"].value())


def _image_areas() -> str:
    raise Skip("by hand: what does node.format().x() say of a format with an image area, and where is its pixel 0, 0?")


def _views() -> str:
    views = host.views()
    expect(len(views) > 0, views)
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
    group = with_point()
    handles.show(group)
    seen = host.numbers(group["wisp_point_1"], 2)
    return expect(
        seen == [10.0, SIDE - 20.0],
        f"{seen}; by hand: can it be dragged, also in proxy mode? Is it in the object's colour?",
    )


def _roto() -> str:
    group = a_wisp()
    painter = strokes.paint(group)
    layers = [str(one.name) for one in painter["curves"].rootLayer]
    host.add_stroke(painter, [(10.0, 10.0), (30.0, 12.0)])
    found = [one for one in strokes.visible(painter["curves"].rootLayer, host.frame()) if not one.closed]
    soft = [one.softness for one in found]
    return expect(layers == list(strokes.LAYERS) and len(found) == 1, f"layers {layers}, strokes {found}, soft {soft}")


def _metadata_of_a_write() -> str:
    write = host.create("Write", file_type="exr")
    write["metadata"].setValue(plates.METADATA)
    return expect(write["metadata"].value() == plates.METADATA, write["metadata"].value())


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
    return expect(not host.was_cancelled(bar), "by hand: does Cancel of the bar stop a solve?")


def _cancelled_renders() -> str:
    raise Skip("by hand: cancel the rendering of the plate; the status line must say 'Stopped while ..'")


def _child_process() -> str:
    try:
        process = engine.launch(["wisp", "--version"], "", "nuke-acceptance.log")
    except Exception as error:
        raise Skip(f"no engine: {error}") from None
    said, _ = process.communicate(timeout=120)
    return expect(process.returncode == 0, said.decode("utf-8", "replace").strip() + f" code {process.returncode}")


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
    ("metadata of a Write", _metadata_of_a_write),
    ("shapes of a copied Roto", _copied_shapes),
    ("progress bars", _bars),
    ("a cancelled render", _cancelled_renders),
    ("a child process", _child_process),
)
