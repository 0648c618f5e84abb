"""What the stand-in models, each point on its own: a test of the tests' ground."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
from fake_nuke import FakeNuke, WouldDeadlock, WrongThread, rotopaint
from fake_nuke.knobs import CONSTRUCTORS
from fake_nuke.nodes import Format
from fake_nuke.render import beyond, plane, render


@pytest.fixture
def host() -> FakeNuke:
    return FakeNuke()


def test_absent_knobs(host: FakeNuke) -> None:
    node = host.nodes.Read()
    assert node.knob("nonsense") is None
    with pytest.raises(NameError):
        node["nonsense"]


def test_enumerations_by_name_and_number(host: FakeNuke) -> None:
    knob = CONSTRUCTORS["Enumeration_Knob"]("e", "", ["a", "b"])
    knob.setValue("b")
    assert (knob.value(), knob.getValue()) == ("b", 1.0)
    knob.setValue(0)
    assert knob.value() == "a"
    with pytest.raises(ValueError, match=r"no choice|not in list"):
        knob.setValue("c")


def test_text_is_evaluated_as_tcl(host: FakeNuke) -> None:
    """Prompts as plain JSON would run as a command here."""
    knob = CONSTRUCTORS["String_Knob"]("s")
    knob.setValue("x[string length abc]")
    assert (knob.value(), knob.getText()) == ("x3", "x[string length abc]")


def test_keys_are_joined_by_lines_unless_told_to_hold(host: FakeNuke) -> None:
    knob = CONSTRUCTORS["Double_Knob"]("d")
    knob.setAnimated()
    for frame, value in ((5, 1.0), (8, 4.0)):
        knob.setValueAt(value, frame)
    assert [knob.getValueAt(frame) for frame in (1, 5, 6, 8, 20)] == [1, 1, 2, 4, 4]
    assert knob.toScript() == "{curve x5 1 x8 4}"


def test_keys_hold_until_the_next(host: FakeNuke) -> None:
    knob = CONSTRUCTORS["Int_Knob"]("i")
    knob.setAnimated()
    for frame, value in ((5, 1), (8, 0)):
        knob.setValueAt(value, frame)
    for curve in knob.animations():
        curve.changeInterpolation(curve.keys(), host.CONSTANT)
    assert [knob.getValueAt(frame) for frame in (1, 5, 7, 8, 20)] == [1, 1, 1, 0, 0]


@pytest.mark.parametrize(
    ("text", "value"),
    [("$gui || parent.k > 1", 1.0), ("!parent.k", 0.0), ("parent.k > 1 && !$gui", 0.0), ("parent.k*2", 2.0)],
)
def test_expressions(host: FakeNuke, text: str, value: float) -> None:
    group = host.nodes.Group()
    group.addKnob(CONSTRUCTORS["Double_Knob"]("k"))
    group["k"].setValue(1.0)
    with group:
        switch = host.nodes.Switch()
    switch["which"].setExpression(text)
    assert switch["which"].getValueAt(1) == value


def test_names_and_contexts(host: FakeNuke) -> None:
    group = host.nodes.Group(name="G1")
    with group:
        inner = host.nodes.Read(name="Read1")
        assert host.toNode("Read1") is inner
    outer = host.nodes.Read(name="Read1")
    assert inner.fullName() == "G1.Read1" and host.toNode("Read1") is outer
    assert host.nodes.Read(name="Read1").name() == "Read2"


def test_a_callback_that_triggers_itself_is_found(host: FakeNuke) -> None:
    group = host.nodes.Group()
    group["knobChanged"].setValue("n = nuke.thisNode(); n['tile_color'].setValue(n['tile_color'].content + 1)")
    with pytest.raises(RecursionError, match="tile_color"):
        group["tile_color"].setValue(1)


def test_threads(host: FakeNuke) -> None:
    failures: list[type[BaseException]] = []
    done: list[int] = []

    def work() -> None:
        try:
            host.frame()
        except WrongThread as error:
            failures.append(type(error))
        host.executeInMainThread(done.append, args=(1,))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert failures == [WrongThread] and done == []
    host.pump()
    assert done == [1]
    with pytest.raises(WouldDeadlock):
        host.executeInMainThreadWithResult(len)


def test_renders_cancel_nest_and_follow_the_proxy(host: FakeNuke, tmp_path: Path) -> None:
    import cv2

    plate = host.make("Plates", host.root_group)
    plate.own = {"pictures": lambda frame: np.zeros((8, 16, 4), np.float32), "format": Format(16, 8)}
    write = host.nodes.Write(file=str(tmp_path / "p.%04d.png"))
    write.setInput(0, plate)
    host.execute(write, 1, 2)
    host.root()["proxy"].setValue(True)
    host.execute(write, 3, 3)
    sizes = [cv2.imread(str(tmp_path / f"p.{frame:04d}.png")).shape[:2] for frame in (1, 2, 3)]
    assert sizes == [(8, 16), (8, 16), (4, 8)]
    host.cancel_after = 1
    with pytest.raises(RuntimeError, match=r"^Cancelled"):
        host.execute(write, 4, 9)
    assert not (tmp_path / "p.0005.png").exists()
    host.cancel_after = None
    plate.own["pictures"] = lambda frame: host.execute(write, 1, 1)
    with pytest.raises(RuntimeError, match="already"):
        host.execute(write, 1, 1)


def test_undo_brings_back_and_reports(host: FakeNuke) -> None:
    group = host.nodes.Group()
    group.addKnob(CONSTRUCTORS["String_Knob"]("s"))
    undo = host.Undo()
    undo.begin("two")
    group["s"].setValue("a")
    group["s"].setValue("b")
    undo.end()
    undo.disable()
    group["tile_color"].setValue(7)
    undo.enable()
    group["knobChanged"].setValue("nuke.said.append(nuke.thisKnob().name())")
    undo.undo()
    assert group["s"].getText() == "" and group["tile_color"].value() == 7 and "s" in host.said


def test_the_sampler_speaks_as_a_saved_script_does(host: FakeNuke) -> None:
    """Numbers of a script that Nuke saved after a click on pixel (1814, 328) of a 1920x1080 picture."""
    plate = host.make("Plates", host.root_group)
    plate.own = {"format": Format(1920, 1080)}
    viewer = host.view(plate)
    viewer.ctrl_click(1814, 328)
    wanted = [0.8895833492, -0.2208333313, 0.890625, -0.2197916657]
    assert np.allclose(viewer.node()["colour_sample_bbox"].value(), wanted, atol=1e-6)


def test_scripts_round_trip_through_tcl(host: FakeNuke) -> None:
    group = host.nodes.Group(name="G1")
    group.addKnob(CONSTRUCTORS["String_Knob"]("s"))
    group.addKnob(CONSTRUCTORS["Int_Knob"]("i"))
    group["s"].setValue("a [b] {c $d")
    group["i"].setAnimated()
    group["i"].setValueAt(1, 5)
    group["onCreate"].setValue("if True:\n    nuke.said.append('made ' + nuke.thisNode().name())\n")
    with group:
        read = host.nodes.Read(name="R", file="x.%04d.exr")
        switch = host.nodes.Switch(name="S")
        switch.setInput(1, read)
        switch["which"].setExpression("parent.i > 0")
    text = host.save()
    other = FakeNuke()
    other.load(text)
    found = other.toNode("G1")
    assert found["s"].getText() == "a [b] {c $d" and found["i"].getValueAt(9) == 1
    assert found.node("S").input(1).name() == "R" and found.node("S").input(0) is None
    assert found.node("S")["which"].getValueAt(5) == 1.0 and other.said == ["made G1"]
    assert other.save().count("\n") == text.count("\n")


def test_an_assertion_stops_a_render(host: FakeNuke) -> None:
    group = host.nodes.Group()
    with group:
        plate = host.nodes.Plates()
        guard = host.nodes.Assert(expression="$gui", message="not here")
        guard.setInput(0, plate)
    plate.own = {"pictures": lambda frame: np.zeros((2, 2, 4))}
    assert render(guard, 1).shape == (2, 2, 4)
    host.GUI = False
    with pytest.raises(RuntimeError, match="not here"):
        render(guard, 1)


def test_components_are_driven_by_themselves_and_saved(host: FakeNuke) -> None:
    plate = host.make("Plates", host.root_group, name="P1")
    plate.own = {"format": Format(16, 8)}
    crop = host.nodes.Crop(name="C1")
    crop.setInput(0, plate)
    crop["box"].setExpression("input.width", 2)
    crop["box"].setExpression("input.height", 3)
    assert crop["box"].value() == [0, 0, 16, 8] and crop["box"].value(2) == 16
    other = FakeNuke()
    other.load(host.save())
    found = other.toNode("C1")
    found.input(0).own = {"format": Format(32, 4)}
    assert found["box"].value() == [0, 0, 32, 4]


def test_a_knob_travels_as_text(host: FakeNuke) -> None:
    some, other = (host.nodes.Group() for _ in range(2))
    for group in (some, other):
        group.addKnob(CONSTRUCTORS["Int_Knob"]("i"))
        group.addKnob(CONSTRUCTORS["Color_Knob"]("c"))
    some["i"].setAnimated()
    some["i"].setValueAt(3, 7)
    some["c"].setValue((0.1, 0.25, 1.0))
    for name in "ic":
        other[name].fromScript(some[name].toScript())
    assert other["i"].getValueAt(9) == 3 and other["c"].value() == [0.1, 0.25, 1.0]
    assert (some["i"].Class(), some["c"].Class()) == ("Int_Knob", "Color_Knob")


def test_choices_change_and_the_place_stays(host: FakeNuke) -> None:
    knob = CONSTRUCTORS["Enumeration_Knob"]("e", "", ["a", "b", "c"])
    knob.setValue(2)
    knob.setValues(["x", "y"])
    assert (knob.value(), knob.values()) == ("y", ["x", "y"])


def test_user_knobs_can_go_and_others_cannot(host: FakeNuke) -> None:
    group = host.nodes.Group()
    group.addKnob(CONSTRUCTORS["Int_Knob"]("i"))
    group.removeKnob(group["i"])
    assert group.knob("i") is None
    with pytest.raises(ValueError, match="not a user knob"):
        group.removeKnob(group["tile_color"])


def test_what_undo_must_not_hold(host: FakeNuke) -> None:
    group = host.nodes.Group()
    for name in ("a", "b"):
        group.addKnob(CONSTRUCTORS["Int_Knob"](name))
    group["b"].setFlag(host.NO_UNDO)
    host.Undo().begin("both")
    group["a"].setValue(1)
    group["b"].setValue(1)
    host.Undo().end()
    host.undo.undo()
    assert (group["a"].value(), group["b"].value()) == (0, 1)


def test_a_bar_is_open_while_somebody_refers_to_it(host: FakeNuke) -> None:
    bar = host.ProgressTask("work")
    bar.setProgress(40)
    with pytest.raises(AssertionError, match="whole numbers"):
        bar.setProgress(40.5)
    assert host.bars[0]() is bar
    del bar
    assert host.bars[0]() is None


def test_hooks_around_renders(host: FakeNuke, tmp_path: Path) -> None:
    """The second hook is not called where the render fails, and a render in a view that is not there cannot be."""
    plate = host.make("Plates", host.root_group)
    plate.own = {"pictures": lambda frame: np.zeros((8, 16, 4), np.float32)}
    write = host.nodes.Write(file=str(tmp_path / "p.%04d.png"))
    write.setInput(0, plate)
    seen: list[tuple[str, bool]] = []
    host.addBeforeRender(lambda: seen.append(("before", host.executing())))
    host.addAfterRender(lambda: seen.append(("after", host.executing())))
    host.execute(write, 1, 1, 1, ["main"])
    assert seen == [("before", True), ("after", True)] and not host.executing()
    host.cancel_after = 0
    with pytest.raises(RuntimeError, match="Cancelled"):
        host.execute(write, 1, 1)
    assert seen[2:] == [("before", True)] and not host.executing()
    host.addOnScriptSave(lambda: seen.append(("save", False)))
    host.save()
    assert seen[3:] == [("save", False)]
    with pytest.raises(AssertionError):
        host.execute(write, 1, 1, 1, ["left"])


def test_the_hash_of_a_picture_follows_what_it_is_made_of(host: FakeNuke) -> None:
    plate = host.make("Plates", host.root_group)
    node = host.nodes.Expression()
    node.setInput(0, plate)
    before = node.opHashes()
    assert node.opHashes() == before
    plate.own["version"] = 2
    assert node.opHashes() != before


def test_channels_are_declared_and_copied(host: FakeNuke) -> None:
    plate = host.make("Plates", host.root_group)
    plate.own = {"pictures": lambda frame: np.full((2, 2, 4), 0.25)}
    host.Layer("matte", ["matte.hero"])
    copy = host.nodes.Copy(from0="rgba.red", to0="matte.hero")
    copy.setInput(0, plate)
    copy.setInput(1, plate)
    below = host.nodes.Premult()
    below.setInput(0, copy)
    assert "matte.hero" in host.channels() and float(plane(below, "matte.hero", 1).max()) == 0.25
    with pytest.raises(RuntimeError, match=r"no channel matte\.other"):
        plane(below, "matte.other", 1)


def test_over_and_its_output_channels(host: FakeNuke) -> None:
    plates = [host.make("Plates", host.root_group) for _ in range(2)]
    for plate, alpha in zip(plates, (0.5, 0.25), strict=True):
        plate.own = {"pictures": lambda frame, alpha=alpha: np.full((1, 1, 4), alpha)}
    over = host.nodes.Merge2(operation="over")
    for index, plate in enumerate(plates):
        over.setInput(index, plate)
    assert np.allclose(render(over, 1), 0.25 + 0.5 * 0.75)
    over["output"].setValue("rgb")
    assert render(over, 1)[0, 0, 3] == 0.5


def test_beyond_the_format_is_the_data_window_and_a_crop_may_continue_it(host: FakeNuke) -> None:
    plate = host.make("Plates", host.root_group)
    picture = np.arange(6 * 8 * 4, dtype=np.float32).reshape(6, 8, 4)
    plate.own = {"pictures": lambda frame: picture, "format": Format(4, 2), "overscan": 2}
    assert np.array_equal(render(plate, 1), picture[2:4, 2:6])
    assert np.array_equal(beyond(plate, 1, 1), picture[1:5, 1:7]) and beyond(plate, 1, 3)[0].max() == 0
    crop = host.nodes.Crop(crop=False)
    crop.setInput(0, plate)
    crop["box"].setExpression("input.width", 2)
    crop["box"].setExpression("input.height", 3)
    assert np.array_equal(beyond(crop, 1, 1), np.pad(picture[2:4, 2:6], ((1, 1), (1, 1), (0, 0)), mode="edge"))
    assert crop.sample("red", -1, -1) == picture[3, 2, 0] and plate.sample("red", -1, -1) == picture[4, 1, 0]
    crop["crop"].setValue(True)
    assert beyond(crop, 1, 1)[0].max() == 0


def test_dilating_grows_and_shrinks_by_whole_pixels(host: FakeNuke) -> None:
    plate = host.make("Plates", host.root_group)
    dot = np.zeros((9, 9, 4), np.float32)
    dot[3:6, 3:6] = 1
    plate.own = {"pictures": lambda frame: dot}
    dilate = host.nodes.Dilate()
    dilate.setInput(0, plate)
    for size, wanted in ((0, 9), (1, 25), (-1, 1)):
        dilate["size"].setValue(size)
        assert render(dilate, 1)[..., 0].sum() == wanted


def test_copies_are_pasted_unconnected(host: FakeNuke, tmp_path: Path) -> None:
    plate = host.make("Plates", host.root_group)
    group = host.nodes.Group(name="G1")
    group.setInput(0, plate)
    group.setSelected(True)
    host.nodeCopy(str(tmp_path / "copy.nk"))
    pasted = host.nodePaste(str(tmp_path / "copy.nk"))
    assert pasted.name() == "G2" and pasted.input(0) is None and group.input(0) is plate
    assert host.selectedNodes() == [pasted]


def test_a_deleted_node_says_so(host: FakeNuke) -> None:
    group = host.nodes.Group(name="G1")
    group["onDestroy"].setValue("nuke.said.append('gone ' + nuke.thisNode().name())")
    host.delete(group)
    assert host.said == ["gone G1"]


def test_painted_strokes_are_walked_as_layers(host: FakeNuke) -> None:
    painter = host.nodes.RotoPaint()
    layer, stroke = rotopaint.Layer(painter["curves"]), rotopaint.Stroke(painter["curves"])
    stroke.append(rotopaint.AnimControlPoint(3, 4))
    layer.append(stroke)
    painter["curves"].rootLayer.append(layer)
    ((found,),) = list(painter["curves"].rootLayer)
    (point,) = found
    attributes = found.getAttributes()
    assert point.getPosition(1)[:2] == (3, 4)
    assert attributes.getValue(1, attributes.kBrushSizeAttribute) == 15
