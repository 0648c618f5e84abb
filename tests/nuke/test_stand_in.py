"""What the stand-in models, each point on its own: a test of the tests' ground."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
from fake_nuke import EACH, SECOND, FakeNuke, Refused, Unknowns, WouldDeadlock, WrongThread, rotopaint
from fake_nuke.facts import FLAGS, METADATA
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


def test_enumerations_are_looked_up_as_words_first(host: FakeNuke) -> None:
    knob = CONSTRUCTORS["Enumeration_Knob"]("e", "", ["a", "b"])
    knob.setValue("b")
    assert (knob.value(), knob.getValue()) == ("b", 1.0)
    knob.setValue(0)
    assert knob.value() == "a"
    with pytest.raises(Refused, match="no choice"):
        knob.setValue("c")
    numbers = CONSTRUCTORS["Enumeration_Knob"]("e", "", ["1", "2", "3"])
    numbers.setValue(1)
    assert numbers.value() == "1", "the word, not the place"


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


def test_a_callback_that_triggers_itself_is_found() -> None:
    host = FakeNuke(unknowns=Unknowns(any_change=True))
    group = host.nodes.Group()
    group["knobChanged"].setValue("n = nuke.thisNode(); n['tile_color'].setValue(n['tile_color'].content + 1)")
    with pytest.raises(RecursionError, match="tile_color"):
        group["tile_color"].setValue(1)


def test_progress_bars_are_of_the_interface() -> None:
    with pytest.raises(RuntimeError, match="interface"):
        FakeNuke(gui=False).ProgressTask("x")


def test_nodes_of_different_groups_cannot_be_connected(host: FakeNuke) -> None:
    group, read = host.nodes.Group(), host.nodes.Read()
    with group:
        inner = host.nodes.Dot()
    assert inner.setInput(0, read) is False and inner.input(0) is None
    assert host.nodes.Dot().setInput(0, read) is True
    assert host.allNodes("Dot", recurseGroups=True) == [inner, host.toNode("Dot1")]


def test_threads(host: FakeNuke) -> None:
    failures: list[type[BaseException]] = []
    read = host.nodes.Read()

    def knob() -> None:
        read["file"]

    done: list[int] = []

    def work() -> None:
        for ask in (host.frame, host.allNodes, host.activeViewer, host.views, lambda: host.message(""), knob):
            try:
                ask()
            except WrongThread as error:
                failures.append(type(error))
        host.executeInMainThread(done.append, args=(1,))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert failures == [WrongThread] * 6 and done == []
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


def test_an_exr_has_the_metadata_that_its_write_is_told_to_keep(host: FakeNuke, tmp_path: Path) -> None:
    from wisp.plates.exr import read_header

    plate = host.make("Plates", host.root_group)
    told = {"input/timecode": "01:00:00:07", "input/filename": "/a.exr", "exr/reelName": "A1", "lens": "50"}
    plate.own = {"pictures": lambda frame: np.zeros((8, 16, 4), np.float32), "metadata": lambda frame: told}
    plate.own["format"] = Format(16, 8)
    write = host.nodes.Write(file_type="exr")
    write.setInput(0, plate)
    kept: list[set[str]] = []
    for number, words in enumerate(METADATA):
        write["metadata"].setValue(words)
        write["file"].setValue(str(tmp_path / f"{number}.%04d.exr"))
        host.execute(write, 1, 1)
        header = read_header(tmp_path / f"{number}.0001.exr")
        assert header.timecode == ("01:00:00:07" if number else None)
        kept.append({name for name in header.attributes if "reel" in name or "nuke" in name})
    below = {"nuke/lens", "nuke/input/filename", "nuke/input/timecode"}
    assert kept == [set(), set(), {"reelName"}, {"reelName", "nuke/lens"}, {"reelName", *below}]


def test_undo_brings_back_values_connections_and_nodes(host: FakeNuke) -> None:
    group = host.nodes.Group()
    group.addKnob(CONSTRUCTORS["String_Knob"]("s"))
    undo = host.Undo()
    undo.begin("four")
    group["s"].setValue("a")
    group["s"].setValue("b")
    read = host.nodes.Read()
    group.setInput(0, read)
    undo.end()
    undo.disable()
    group["tile_color"].setValue(7)
    undo.enable()
    undo.undo()
    assert group["s"].getText() == "" and group["tile_color"].value() == 7
    assert group.input(0) is None and host.allNodes() == [group]
    undo.begin("delete")
    host.delete(group)
    undo.end()
    assert host.allNodes() == []
    undo.undo()
    assert host.allNodes() == [group]
    with pytest.raises(RuntimeError, match="more often"):
        undo.enable()


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
        guard = host.nodes.Assert(message="not here")
        with pytest.raises(Refused, match="setExpression"):
            guard["expression"].setValue("$gui")
        guard["expression"].setExpression("$gui")
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


def test_every_group_has_a_selection_of_its_own(host: FakeNuke, tmp_path: Path) -> None:
    group = host.nodes.Group(name="G1")
    with group:
        inner = host.nodes.Dot(name="Inner")
    inner.setSelected(True)
    assert host.selectedNodes() == []
    group.setSelected(True)
    with group:
        assert host.selectedNodes() == [inner]
        host.nodeCopy(str(tmp_path / "copy.nk"))
        pasted = host.nodePaste(str(tmp_path / "copy.nk"))
        assert pasted.Class() == "Dot" and host.selectedNodes() == [pasted]
    assert host.selectedNodes() == [group]


def test_a_deleted_node_says_so(host: FakeNuke) -> None:
    group = host.nodes.Group(name="G1")
    group["onDestroy"].setValue("nuke.said.append('gone ' + nuke.thisNode().name())")
    host.delete(group)
    assert host.said == ["gone G1"]


def test_a_node_that_is_gone_answers_nothing_and_feeds_nothing(host: FakeNuke) -> None:
    group, below = host.nodes.Group(), host.nodes.Dot()
    with group:
        inner = host.nodes.Dot()
    below.setInput(0, group)
    host.undo.begin("delete")
    host.delete(group)
    host.undo.end()
    for ask in (group.name, group.nodes, lambda: group["name"], lambda: inner.knob("name"), lambda: inner.input(0)):
        with pytest.raises(ValueError, match="not attached to a node"):
            ask()
    assert below.input(0) is None and below.inputs() == 0
    host.undo.undo()
    assert below.input(0) is group and inner.fullName() == f"{group.name()}.{inner.name()}"


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


# -- what the table says, and what nobody knows ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        ("Merge2", "operation", "maximum"),
        ("Colorspace", "colorspace_in", "Linear"),
        ("Read", "on_error", "nearest"),
        ("Copy", "to0", "matte.hero"),
        ("Copy", "from0", 3),
        ("Write", "channels", "matte"),
        ("Read", "first", 1.5),
        ("Read", "file", r"C:\\plates"),
        ("Switch", "which", "$gui"),
        ("Assert", "expression", "1"),
        ("Crop", "box", (1, 2)),
        ("Constant", "format", "square_9"),
        ("Group", "tile_color", "red"),
    ],
)
def test_what_is_not_in_the_table_is_refused(host: FakeNuke, kind: str, name: str, value: object) -> None:
    with pytest.raises(Refused):
        getattr(host.nodes, kind)()[name].setValue(value)


def test_classes_and_knobs_that_are_not_in_the_table_are_refused(host: FakeNuke) -> None:
    with pytest.raises(Refused, match="no class Roto3"):
        host.nodes.Roto3()
    with pytest.raises(NameError):
        host.nodes.Read()["colour"]
    group = host.nodes.Group()
    group.addKnob(CONSTRUCTORS["Int_Knob"]("i"))
    with pytest.raises(Refused, match="already"):
        group.addKnob(CONSTRUCTORS["Int_Knob"]("i"))


def test_equal_numbers_of_colours_and_sizes_are_one(host: FakeNuke) -> None:
    group = host.nodes.Group(name="G")
    for kind in ("Color_Knob", "AColor_Knob", "WH_Knob", "XY_Knob", "BBox_Knob"):
        group.addKnob(CONSTRUCTORS[kind](kind[0]))
        group[kind[0]].setValue(0.5)
    text = host.save()
    for line in (" C 0.5\n", " A 0.5\n", " W 0.5\n", " X {0.5 0.5}\n", " B {0.5 0.5 0.5 0.5}\n"):
        assert line in text
    assert (group["C"].value(), group["A"].value(), group["W"].value()) == (0.5, 0.5, 0.5)
    assert (group["X"].value(), group["B"].value()) == ([0.5, 0.5], [0.5] * 4)
    other = FakeNuke(unknowns=SECOND)
    other.load(text)
    assert (other.toNode("G")["X"].value(), other.toNode("G")["B"].value()) == ([0.5, 0.5], 0.5)


def test_a_set_of_a_keyed_knob_is_a_key(host: FakeNuke) -> None:
    knob = host.nodes.Switch()["which"]
    knob.setValueAt(2, 7)
    assert not knob.isAnimated() and knob.value() == 2
    knob.setExpression("frame")
    assert knob.isAnimated() and knob.getValueAt(9) == 9
    knob.clearAnimated()
    knob.setAnimated()
    host.frame(5)
    knob.setValue(3)
    assert knob.toScript(False, None) == "{curve x5 3}"
    other = FakeNuke(unknowns=SECOND).nodes.Switch()["which"]
    other.setAnimated()
    assert other.toScript(False, None) == "{curve x1 0}" and other.toScript() == "0"


def test_the_highest_connected_input_counts(host: FakeNuke) -> None:
    merge, read = host.nodes.Merge2(), host.nodes.Read()
    merge.setInput(2, read)
    merge.setInput(0, read)
    assert merge.inputs() == 3
    merge.setInput(2, None)
    assert merge.inputs() == 1


def test_menus_are_of_the_interface() -> None:
    with pytest.raises(RuntimeError, match="interface"):
        FakeNuke(gui=False).menu("Nodes")


def test_some_flags_are_lost_in_scripts(host: FakeNuke) -> None:
    group = host.nodes.Group(name="G")
    names = ("DISABLED", "DO_NOT_WRITE", "INVISIBLE", "HIDDEN", "NO_UNDO", "ALWAYS_SAVE", "SAVE_MENU", "READ_ONLY")
    for name in names:
        group.addKnob(CONSTRUCTORS["Int_Knob"](name))
        group[name].setFlag(FLAGS[name])
        group[name].setValue(3)
    other = FakeNuke()
    other.load(host.save())
    found = other.toNode("G")
    kept = {name for name in names if found[name].getFlag(FLAGS[name])}
    assert kept == {"DISABLED", "DO_NOT_WRITE", "INVISIBLE", "HIDDEN"}
    assert {name for name in names if found[name].value() == 3} == set(names) - {"DO_NOT_WRITE"}


def test_knobs_are_written_as_saved_scripts_have_them(host: FakeNuke) -> None:
    group = host.nodes.Group(name="G", tile_color=0x33C26BFF)
    group.addKnob(CONSTRUCTORS["Tab_Knob"]("t", "Tab"))
    group.addKnob(CONSTRUCTORS["Double_Knob"]("d", "size"))
    group["d"].setRange(0, 20)
    group["d"].setTooltip("Pixels, [all] of them.")
    group.addKnob(CONSTRUCTORS["PyScript_Knob"]("p", "p", "print('$x')\n"))
    group["p"].setFlag(FLAGS["STARTLINE"])
    group.addKnob(CONSTRUCTORS["Int_Knob"]("i"))
    group["i"].clearFlag(FLAGS["STARTLINE"])
    group.addKnob(CONSTRUCTORS["Text_Knob"]("w", "", "Ready"))
    group.addKnob(CONSTRUCTORS["Enumeration_Knob"]("e", "e", ["one", "and two"]))
    group["e"].setValue(1)
    with group:
        host.nodes.Switch(name="S")["which"].setExpression("$gui && parent.i")
        host.nodes.Switch(name="T")["which"].setExpression("parent.i")
    lines = host.save().splitlines()
    wanted = [
        " tile_color 0x33c26bff",
        " addUserKnob {20 t l Tab}",
        ' addUserKnob {7 d l size t "Pixels, \\[all\\] of them." R 0 20}',
        " addUserKnob {22 p T \"print('\\$x')\\n\" +STARTLINE}",
        ' addUserKnob {3 i l "" -STARTLINE}',
        ' addUserKnob {26 w l "" T Ready}',
        ' addUserKnob {4 e M {one "and two"}}',
        ' e "and two"',
        ' which {{"\\$gui && parent.i"}}',
        " which {{parent.i}}",
    ]
    assert [line for line in lines if line in wanted] == wanted, "and nothing at its default"
    assert not any(line.startswith((" d ", " i ", " w ", " p ")) for line in lines)


def test_layers_are_saved_before_what_writes_to_them(host: FakeNuke) -> None:
    host.Layer("matte_hero", ["matte_hero.alpha"])
    host.nodes.Copy(name="C", to0="matte_hero.alpha")
    other = FakeNuke()
    other.load(host.save())
    assert other.toNode("C")["to0"].value() == "matte_hero.alpha"
    host.Layer("matte_hero", ["matte_hero.beta"])
    assert "matte_hero.beta" in host.channels()
    other = FakeNuke(unknowns=SECOND)
    other.Layer("a", ["a.x"])
    other.Layer("a", ["a.y"])
    assert "a.y" not in other.channels()


def test_the_panel_is_laid_out_by_flags_and_handles_are_of_the_tab_that_is_seen(host: FakeNuke) -> None:
    group = host.nodes.Group(name="G")
    for kind, name in (("Tab_Knob", "one"), ("XY_Knob", "x"), ("PyScript_Knob", "p"), ("PyScript_Knob", "q")):
        group.addKnob(CONSTRUCTORS[kind](name, name))
    for kind, name in (("Tab_Knob", "two"), ("BBox_Knob", "b"), ("Int_Knob", "i")):
        group.addKnob(CONSTRUCTORS[kind](name, name))
    group["q"].setFlag(FLAGS["STARTLINE"])
    group["i"].setVisible(False)
    assert group.tabs() == {"one": [["x", "p"], ["q"]], "two": [["b"]]}
    assert group.handles() == []
    group.showControlPanel()
    assert group.handles() == ["x"]
    group.tab = "two"
    assert group.handles() == ["b"]


def test_the_script_is_modified_by_what_changes_it(host: FakeNuke) -> None:
    read = host.nodes.Read()
    assert host.root().modified()
    host.save()
    assert not host.root().modified()
    read["first"].setValue(1)
    host.frame(5)
    assert not host.root().modified(), "nothing has changed"
    read["first"].setValue(2)
    assert host.root().modified()
    for visible_modifies in (False, True):
        other = FakeNuke(unknowns=Unknowns(visible_modifies=visible_modifies))
        group = other.nodes.Group()
        group.addKnob(CONSTRUCTORS["Int_Knob"]("i"))
        other.root().setModified(False)
        group["i"].setVisible(False)
        assert other.root().modified() == visible_modifies


def test_editions_that_show_ten_nodes(host: FakeNuke) -> None:
    host.env["nc"] = True
    group = host.nodes.Group()
    with group:
        made = [host.nodes.Dot() for _ in range(12)]
    assert group.nodes() == made[:9] and host.toNode(f"{group.name()}.Dot12") is None


def test_scripts_have_many_shapes(host: FakeNuke) -> None:
    """A script made by hand of the shapes that saved ones have."""
    host.load((Path(__file__).parent / "data" / "shapes.nk").read_text(encoding="utf-8"))
    node = host.toNode
    assert host.root()["colorManagement"].value() == "OCIO" and "ghost.mask" in host.channels()
    assert node("Merge1").inputs() == 3 and node("Merge1").input(2) is node("Read1")
    assert node("Read1")["tile_color"].value() == 0x7F7F00FF and node("Read1")["on_error"].value() == "nearest frame"
    grade = node("Grade1")
    assert grade["whitepoint"].value() == 0.5 and grade["gamma"].value() == [1.0, 1.1, 1.2, 1.0]
    assert [grade["blackpoint"].getValueAt(frame, 0) for frame in (10, 11, 12, 20)] == [0, 0.25, 0.5, 0.5]
    assert [node("Switch1")["which"].getValueAt(frame) for frame in (1, 4, 5, 9)] == [0, 0, 1, 1]
    assert node("Switch2")["which"].getValueAt(3) == 3.0, "an older expression, with its i"
    tool = node("Tool")
    assert tool["colour"].value() == 0.5 and tool["at"].value() == [3.0, 3.0]
    assert not tool["secret"].visible() and not tool["later"].visible() and tool["later"].getFlag(FLAGS["HIDDEN"])
    assert tool["words"].value() == "Two\nlines, a [bracket] and $money" and tool["choice"].value() == "the other"
    assert tool["amount"].range == (0.0, 12.0) and tool["amount"].tooltip() == "How much"
    assert tool["go"].content == "print('{go}')" and not tool["near"].getFlag(FLAGS["STARTLINE"])
    assert host.toNode("Tool.Guard")["expression"].getValueAt(1) == 1.0
    clone = node("Blur2")
    assert clone.Class() == "Blur" and clone["size"].value() == [4.0, 2.0]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Read {\n name R\n on_error purple\n}", "purple"),
        ("Group {\n name G\n addUserKnob {3 i +NO_UNDO}\n}\nend_group", "NO_UNDO"),
        ("Group {\n name G\n addUserKnob {999 i}\n}\nend_group", "999"),
        ("Switch {\n name S\n which {{curve w1}}\n}", "w1"),
    ],
)
def test_a_script_that_none_has_saved_is_refused(host: FakeNuke, text: str, words: str) -> None:
    with pytest.raises(Exception, match=words):
        host.load(text)


def test_every_unknown_is_turned_alone() -> None:
    assert len(EACH) == len(set(EACH.values())) and all(one != FakeNuke().unknowns for one in EACH.values())
