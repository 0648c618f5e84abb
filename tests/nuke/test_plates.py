"""Plate pictures for the engine: what is rendered, when again, and what is left behind."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fake_nuke.nodes import Format
from fake_nuke.render import beyond, render
from wisp.plates.exr import read_channels
from wisp.plates.exr_writer import write_exr
from wisp.plates.plate import Window


def read(path: Path) -> np.ndarray:
    """RGB of a plate picture."""
    channels, _ = read_channels(path)
    return np.dstack([channels[name] for name in "RGB"]).astype(np.float32)


def export(session: Any, group: Any, folder: Path) -> int:
    return int(session.module("plates").export(group, str(folder), 1001, 1004))


def test_plates_are_rendered_once_at_full_resolution(session: Any, tmp_path: Path) -> None:
    group = session.wisp()
    session.host.root()["proxy"].setValue(True)
    assert export(session, group, tmp_path / "p") == 4
    picture = read(tmp_path / "p" / "plate.1003.exr")
    assert picture.shape == (48, 64, 3), "full resolution although the proxy is on"
    assert (picture == 0.25).all(), "the numbers as they are"
    assert session.host.root()["proxy"].value() is True
    assert export(session, group, tmp_path / "p") == 0
    (tmp_path / "p" / "plate.1002.exr").unlink()
    assert export(session, group, tmp_path / "p") == 1
    session.sets(group, "wisp_exposure", 1.0)
    assert export(session, group, tmp_path / "p") == 0, "exposure is the engine's"


def test_values_above_one_and_below_zero_reach_the_engine_as_they_are(session: Any, tmp_path: Path) -> None:
    picture = np.zeros((48, 64, 4), np.float32)
    picture[10, 20, :3], picture[11, 21, :3] = (7.5, 1.25, 1000.0), (-0.125, 0.0009765625, 0.5)
    group = session.wisp(session.plate(lambda frame: picture))
    export(session, group, tmp_path / "p")
    assert np.array_equal(read(tmp_path / "p" / "plate.1002.exr"), picture[..., :3])


def test_a_missing_frame_of_a_read_stops_with_its_name_and_what_is_there_is_kept(session: Any, tmp_path: Path) -> None:
    window, plane = Window(0, 0, 64, 48), np.full((48, 64), 0.25, np.float16)
    names = {frame: tmp_path / f"in.{frame}.exr" for frame in range(1001, 1005)}
    for frame in (1001, 1002, 1004):
        write_exr(names[frame], dict.fromkeys("RGB", plane), display=window, data=window)
    source = session.host.nodes.Read(file=(tmp_path / "in.%04d.exr").as_posix(), raw=True)
    source.own = {"format": Format(64, 48), "range": (1001, 1004)}
    group = session.wisp(source, tmp_path / "cache")
    session.host.viewer.ctrl_click(10, 5)
    group["wisp_add_pos"].execute()
    group["wisp_track_both"].execute()
    session.rests()
    assert "in.1003.exr: no such file" in group["wisp_status"].value()
    folder = Path(session.module("solving").plate_folder(group))
    assert sorted(path.name for path in folder.glob("*.exr")) == ["plate.1001.exr", "plate.1002.exr"]
    write_exr(names[1003], dict.fromkeys("RGB", plane), display=window, data=window)
    assert export(session, group, folder) == 2, "once it is there"


def test_the_engine_is_told_what_the_numbers_mean(session: Any, tmp_path: Path) -> None:
    from wisp.plates.colour import choose_colour

    group = session.wisp(cache=tmp_path)

    def space() -> str:
        plate = session.module("solving").document(group)["plate"]
        choose_colour(plate["colorspace"])  # the engine knows it
        return str(plate["colorspace"])

    assert space() == "Linear Rec.709 (sRGB)"
    root = session.host.root()
    root["colorManagement"].setValue("OCIO")
    for working, wanted in (
        ("ACES - ACEScg", "ACES - ACEScg"),
        ("scene_linear", "scene_linear"),
        ("scene_linear (ACES - ACEScg)", "scene_linear"),
        ("linear", "Linear Rec.709 (sRGB)"),
    ):
        root["workingSpaceLUT"].setValue(working)
        assert space() == wanted
    for index, wanted in enumerate(session.module("knobs").COLORSPACES[1:], 1):
        session.sets(group, "wisp_colorspace", index)
        assert space() == wanted
    session.sets(group, "wisp_exposure", 1.5)
    assert session.module("solving").document(group)["plate"]["exposure"] == 1.5


def test_the_engine_is_told_of_the_configuration_that_the_project_names(session: Any, tmp_path: Path) -> None:
    group, root = session.wisp(cache=tmp_path), session.host.root()

    def config() -> Any:
        return session.module("solving").document(group)["plate"]["ocio"]

    root["colorManagement"].setValue("OCIO")
    root["customOCIOConfigPath"].setValue("/show/config.ocio")
    assert config() is None, "one of the host's own"
    root["OCIO_config"].setValue("custom")
    assert config() == "/show/config.ocio"
    session.sets(group, "wisp_colorspace", 2)
    assert config() is None, "the space that is chosen is not of it"


@pytest.mark.parametrize("fault", ["cancel", "error"])
def test_nothing_is_left_of_a_render_that_fails(session: Any, fault: str, tmp_path: Path) -> None:
    group = session.wisp()
    session.host.root()["proxy"].setValue(True)
    before, steps = [node.name() for node in group.nodes()], len(session.host.undo.steps)
    if fault == "cancel":
        session.host.cancel_after = 2
        wanted: Any = session.module("host").Cancelled
    else:
        good = group.input(0).own["pictures"]
        group.input(0).own["pictures"] = lambda frame: good(frame) if frame < 1003 else session.host.execute()
        wanted = TypeError
    with pytest.raises(wanted):
        export(session, group, tmp_path / "p")
    assert [node.name() for node in group.nodes()] == before and len(session.host.undo.steps) == steps
    assert session.host.root()["proxy"].value() is True and session.host.executing() is False
    session.host.cancel_after = None
    group.input(0).own["pictures"] = lambda frame: np.zeros((48, 64, 4), np.float32)
    assert export(session, group, tmp_path / "p") == 2, "what was finished is kept"


def test_a_cancelled_render_is_said_in_the_status_line(session: Any, tmp_path: Path) -> None:
    group = session.wisp(cache=tmp_path / "cache")
    session.host.viewer.ctrl_click(10, 5)
    group["wisp_add_pos"].execute()
    session.host.cancel_after = 1
    group["wisp_track_both"].execute()
    assert group["wisp_status"].value() == "Rendering the plate" and session.host.writes_seen == []
    session.idle()
    assert group["wisp_status"].value() == "Stopped while the plate was rendered"
    session.host.cancel_after = None
    group["wisp_track_both"].execute()
    session.host.bars[-1]().pressed = True
    session.idle()
    session.idle()
    assert group["wisp_status"].value() == "Stopped while the plate was rendered"


def test_the_host_lives_on_between_the_frames(session: Any, tmp_path: Path) -> None:
    group = session.wisp(cache=tmp_path / "cache")
    plates = session.module("plates")
    plates.PATIENCE = 0.0
    gone: list[bool] = []
    session.module("solving").export_plates(group, lambda: gone.append(True))
    assert session.host.writes_seen == []
    for count in range(1, 4):
        session.idle()
        assert len(session.host.writes_seen) == count and gone == []
        assert not any(one.Class() == "Write" for one in group.nodes()), (
            "nothing of it is in a script that is saved now"
        )
    session.idle()
    session.idle()
    assert gone == [True] and len(session.host.writes_seen) == 4


def test_a_change_above_renders_again(session: Any, tmp_path: Path) -> None:
    plate = session.plate()
    grade = session.host.nodes.Grade(name="Grade1")
    grade.setInput(0, plate)
    group = session.wisp(grade)
    assert export(session, group, tmp_path / "p") == 4
    grade["name"].setValue("Renamed")
    session.sets(group, "wisp_tint_opacity", 0.9)
    assert export(session, group, tmp_path / "p") == 0, "looks and the node's own settings are no change"
    grade["whitepoint"].setValue(0.5)
    assert export(session, group, tmp_path / "p") == 4
    assert read(tmp_path / "p" / "plate.1001.exr")[0, 0, 0] == 0.5
    other = session.host.nodes.Premult(name="Premult1")
    other.setInput(0, grade)
    group.setInput(0, other)
    assert export(session, group, tmp_path / "p") == 4


def test_what_only_the_hosts_hash_sees_renders_again(session: Any, tmp_path: Path) -> None:
    group = session.wisp()
    assert export(session, group, tmp_path / "p") == 4
    group.input(0).own["version"] = 2
    session.host.frame(1002)
    assert export(session, group, tmp_path / "p") == 0, "a hash says nothing about another frame"
    session.host.frame(1001)
    assert export(session, group, tmp_path / "p") == 4


def test_a_host_without_hashes_is_good_enough(session: Any, tmp_path: Path) -> None:
    group = session.wisp()
    group.input(0).opHashes = None
    assert export(session, group, tmp_path / "p") == 4 and export(session, group, tmp_path / "p") == 0


def test_new_files_under_an_old_name_render_their_frames_again(session: Any, tmp_path: Path) -> None:
    def write(frame: int, value: float) -> None:
        window = Window(0, 0, 64, 48)
        plane = np.full((48, 64), value, np.float16)
        write_exr(tmp_path / f"in.{frame}.exr", dict.fromkeys("RGB", plane), display=window, data=window)

    for frame in range(1001, 1005):
        write(frame, 0.25)
    source = session.host.nodes.Read(file=(tmp_path / "in.%04d.exr").as_posix(), raw=True)
    source.own = {"format": Format(64, 48), "range": (1001, 1004)}
    group = session.wisp(source)
    assert export(session, group, tmp_path / "p") == 4 and export(session, group, tmp_path / "p") == 0
    (tmp_path / "in.1002.exr").unlink()
    write(1002, 0.75)
    assert export(session, group, tmp_path / "p") == 1
    assert read(tmp_path / "p" / "plate.1002.exr")[0, 0, 0] == 0.75


@pytest.mark.parametrize("how", ["tcl", "views", "offset", "linked"])
def test_changes_behind_tcl_views_offsets_and_links_are_noticed(session: Any, how: str, tmp_path: Path) -> None:
    def write(name: str, value: float) -> None:
        window = Window(0, 0, 64, 48)
        (tmp_path / name).unlink(missing_ok=True)
        plane = np.full((48, 64), value, np.float16)
        write_exr(tmp_path / name, dict.fromkeys("RGB", plane), display=window, data=window)

    folder = tmp_path.as_posix()
    names = [f"in.{frame}.exr" for frame in range(990, 1006)]
    file = f"{folder}/in.%04d.exr"
    if how == "tcl":
        file = f"{folder}/[string tolower IN].%04d.exr"
        session.module("host").picture_hash = lambda node: []
    if how == "views":
        names = [f"main.{frame}.exr" for frame in range(1001, 1005)]
        file = f"{folder}/%V.%04d.exr"
    for name in names:
        write(name, 0.25)
    source = session.host.nodes.Read(name="Source", file=file, raw=True)
    source.own = {"format": Format(64, 48), "range": (1001, 1004)}
    top = source
    if how == "offset":
        top = session.host.nodes.TimeOffset(time_offset=5)
        top.setInput(0, source)
    if how == "linked":
        session.host.nodes.Grade(name="Driver")
        top = session.host.nodes.Grade(name="Driven")
        top.setInput(0, source)
        top["whitepoint"].setExpression("Driver.whitepoint")
        session.module("host").picture_hash = lambda node: []
    group = session.wisp(top)
    wanted = session.module("plates").signatures
    before = list(wanted(group, 1001, 1004))
    assert list(wanted(group, 1001, 1004)) == before
    if how == "linked":
        session.host.toNode("Driver")["whitepoint"].setValue(0.5)
    else:
        write({"views": "main.1003.exr", "offset": "in.0998.exr"}.get(how, "in.1003.exr"), 0.5)
        if how == "offset":
            write("in.998.exr", 0.5)
    after = list(wanted(group, 1001, 1004))
    changed = [one != other for one, other in zip(before, after, strict=True)]
    assert changed == ([False, False, True, False] if how == "views" else [True] * 4)


@pytest.mark.parametrize(
    "path",
    ["parent.Driver.gain", "root.Driver.gain", "parent.Inner.parent.Driver.gain", "root.Comp.Knobs.gain", "Comp.gain"],
)
def test_a_node_that_an_expression_names_by_a_path_renders_again(session: Any, path: str) -> None:
    host = session.host
    comp = host.nodes.Group(name="Comp")
    with comp:
        inside = host.nodes.Grade(name="Knobs")
    driver = host.nodes.Grade(name="Driver")
    host.nodes.Group(name="Inner")
    for one in (driver, inside, comp):
        one.addKnob(host.Double_Knob("gain", "gain"))
    driven = host.nodes.Grade(name="Driven")
    driven.setInput(0, session.plate())
    driven["whitepoint"].setExpression(path)
    assert changed_by(session, driven, {"Knobs": inside, "Comp": comp}.get(path.split(".")[-2], driver)["gain"])


def test_a_setting_of_the_group_around_a_node_renders_again_and_nothing_beside_it(session: Any) -> None:
    host = session.host
    comp = host.nodes.Group(name="Comp")
    comp.setInput(0, session.plate())
    for name in ("gain", "other"):
        comp.addKnob(host.Double_Knob(name, name))
    comp["gain"].setExpression("parent.Driver.whitepoint.r * other")
    driver = host.nodes.Grade(name="Driver")
    with comp:
        driven = host.nodes.Grade(name="Driven")
        driven.setInput(0, host.nodes.Input(name="Input1"))
        driven["whitepoint"].setExpression("parent.gain")
        below = host.nodes.Grade(name="Below")
        below.setInput(0, driven)
    assert changed_by(session, driven, driver["whitepoint"])
    assert changed_by(session, driven, comp["other"])
    assert not changed_by(session, driven, below["whitepoint"])


def test_of_the_script_only_the_setting_that_an_expression_names_counts(session: Any) -> None:
    root = session.host.root_group
    for name in ("frame", "fps"):
        if root.knob(name) is None:
            root.addKnob(session.host.Double_Knob(name, name))
    driven = session.host.nodes.Grade(name="Driven")
    driven.setInput(0, session.plate())
    driven["whitepoint"].setExpression("root.fps + root.frame")
    assert changed_by(session, driven, root["fps"])
    assert not changed_by(session, driven, root["frame"]) and not changed_by(session, driven, root["proxy"])


def changed_by(session: Any, source: Any, knob: Any) -> bool:
    """Whether another value of a knob makes pictures of a node stale."""
    signatures = session.module("plates").signatures
    before = list(signatures(source, 1001, 1001))
    knob.setValue(not knob.value() if isinstance(knob.value(), bool) else 0.5)
    return bool(list(signatures(source, 1001, 1001)) != before)


@pytest.mark.parametrize("kind", ["FrameBlend", "TimeEcho", "TemporalMedian", "MotionBlur2D", "Denoise2", "TimeBlur"])
def test_a_node_that_blends_frames_is_rendered_again_where_a_neighbour_changes(
    session: Any, kind: str, tmp_path: Path
) -> None:
    file = tmp_path / "in.1003.exr"
    file.write_bytes(b"one")
    source = session.host.nodes.Read(file=(tmp_path / "in.%04d.exr").as_posix())
    blend = session.host.nodes.Premult()
    blend.setInput(0, source)
    blend.kind = kind  # of a class whose pictures the stand-in does not make
    before = list(session.module("plates").signatures(blend, 1002, 1002))
    file.write_bytes(b"another")
    assert list(session.module("plates").signatures(blend, 1002, 1002)) != before


def test_a_button_renders_everything_again(session: Any, tmp_path: Path) -> None:
    group = session.wisp(cache=tmp_path)
    solving = session.module("solving")
    solving.export_plates(group, lambda: None)
    session.rests()
    group["wisp_refresh_plates"].execute()
    session.rests()
    assert len(session.host.writes_seen) == 8


def test_a_broken_record_is_none(session: Any, tmp_path: Path) -> None:
    group = session.wisp()
    export(session, group, tmp_path)
    (tmp_path / "plates.json").write_text("[1, 2")
    assert export(session, group, tmp_path) == 4
    written = set(json.loads((tmp_path / "plates.json").read_text()))
    assert written == {f"plate.{frame}.exr" for frame in range(1001, 1005)}


def test_several_views_need_one_to_be_chosen(session: Any, tmp_path: Path) -> None:
    plate = session.plate()
    group = session.wisp(plate, tmp_path / "cache")
    session.host.script_views = ["left", "right"]
    session.host.viewer.ctrl_click(10, 5)
    group["wisp_add_pos"].execute()
    group["wisp_track_both"].execute()
    assert "left, right" in group["wisp_status"].value() and "OneView" in group["wisp_status"].value()
    one = session.host.nodes.OneView(view="right")
    one.setInput(0, plate)
    between = session.host.nodes.Premult()
    between.setInput(0, one)
    group.setInput(0, between)
    assert export(session, group, tmp_path / "p") == 4


def test_overscan_is_left_to_the_plate_and_the_matte_goes_on_into_it(session: Any, tmp_path: Path) -> None:
    """What is exported is the format; the matte continues with its border values, the plate is untouched."""
    rng = np.random.default_rng(2)
    picture = rng.random((64, 80, 4)).astype(np.float32)
    plate = session.plate(lambda frame: picture)
    plate.own["overscan"] = 8
    group = session.wisp(plate)
    export(session, group, tmp_path / "p")
    exported = read(tmp_path / "p" / "plate.1001.exr")
    assert exported.shape == (48, 64, 3)
    assert np.abs(exported - picture[8:-8, 8:-8, :3]).max() < 0.001
    alpha = rng.random((48, 64)).astype(np.float16).astype(np.float32)
    session.solved(group, {"hero": alpha}, tmp_path / "m")
    session.sets(group, "wisp_layers", True)
    seen = beyond(group, 1001, 8)
    assert np.array_equal(seen[..., :3], picture[..., :3])
    assert np.array_equal(seen[..., 3], np.pad(alpha, 8, mode="edge"))
    assert np.array_equal(render(group, 1001)[..., 3], alpha)


def test_an_image_area_that_begins_elsewhere_is_refused(session: Any, tmp_path: Path) -> None:
    plate = session.plate()
    plate.own["format"] = Format(64, 48, 1.0, 8, 4)
    group = session.wisp(plate, tmp_path / "cache")
    session.host.viewer.ctrl_click(10, 5)
    group["wisp_add_pos"].execute()
    assert "begins at 8, 4" in group["wisp_status"].value() and "Reformat" in group["wisp_status"].value()
    with pytest.raises(session.module("edits").Refusal, match="begins at 8, 4"):
        export(session, group, tmp_path / "p")


@pytest.mark.parametrize("name", ["50%", "take%04d", "take#2", "a[b]", "$shot"])
def test_a_folder_in_which_the_host_reads_a_frame_or_tcl_is_refused(session: Any, name: str, tmp_path: Path) -> None:
    group = session.wisp(cache=tmp_path)
    solving, refusal = session.module("solving"), session.module("edits").Refusal
    assert solving.cache_folder(group) == tmp_path.as_posix()
    for knob in ("wisp_cache_dir", "wisp_publish_dir"):
        session.sets(group, knob, (tmp_path / name).as_posix())
        with pytest.raises(refusal, match="Nuke reads as"):
            solving.folder_of(group, knob, "wisp-cache", "name a cache folder")
    session.sets(group, "wisp_cache_dir", "")
    session.host.root_group["name"].content = (tmp_path / name / "shot.nk").as_posix()
    with pytest.raises(refusal, match="Nuke reads as"):
        solving.cache_folder(group)


def test_relative_folders_and_files_start_from_the_projects_directory(session: Any, tmp_path: Path) -> None:
    group = session.wisp()
    solving, refusal = session.module("solving"), session.module("edits").Refusal
    session.sets(group, "wisp_cache_dir", "mattes/cache")
    with pytest.raises(refusal, match=r"mattes/cache is relative, .* project directory"):
        solving.cache_folder(group)
    session.host.root()["project_directory"].setValue(tmp_path.as_posix())
    assert solving.cache_folder(group) == (tmp_path / "mattes/cache").as_posix()
    (tmp_path / "in.1001.exr").write_bytes(b"picture")
    read = session.host.nodes.Read(file="in.%04d.exr")
    (state,) = session.module("upstream").file_state(read, 1001, False)
    assert state is not None and state[0] == 7


def test_mattes_stay_where_they_were_when_the_script_is_saved_elsewhere(session: Any, tmp_path: Path) -> None:
    group, solving = session.wisp(), session.module("solving")
    session.host.root_group["name"].content = (tmp_path / "v1" / "shot.nk").as_posix()
    solving.export_plates(group, lambda: None)
    session.rests()
    session.host.root_group["name"].content = (tmp_path / "v2" / "shot.nk").as_posix()
    assert solving.cache_folder(group) == (tmp_path / "v1" / "wisp-cache").as_posix()
    solving.export_plates(group, lambda: None)
    assert len(session.host.writes_seen) == 4, "the plate is there"


@pytest.mark.parametrize("button", ["wisp_check", "wisp_take_solved", "wisp_fit_region", "wisp_farm"])
def test_what_asks_the_engine_renders_the_plate_first(session: Any, button: str, tmp_path: Path) -> None:
    group, solving = session.wisp(cache=tmp_path / "cache"), session.module("solving")
    session.host.viewer.ctrl_click(10, 5)
    group["wisp_add_pos"].execute()
    asked: list[int] = []

    def session_of(_: Any) -> Any:
        asked.append(len(session.host.writes_seen))
        raise session.module("edits").Refusal("Asked.")

    solving.session_of = session_of
    group[button].execute()
    session.rests()
    assert asked == [4] and group["wisp_status"].value() == "Asked."


def test_a_folder_that_looks_like_a_frame_number_hides_no_change(session: Any, tmp_path: Path) -> None:
    """Where a plate's folders have what looks like the place of a number, its files are still looked at."""
    group = session.wisp()
    upstream = session.module("upstream")
    for text, on_disk in (
        ("take#2/x.%04d.exr", "take#2/x.1001.exr"),
        ("50%d/x.####.exr", "50%d/x.1001.exr"),
        ("%04d/x.exr", "1001/x.exr"),
        ("plain#3.exr", "plain#3.exr"),
    ):
        file = tmp_path / on_disk
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(b"picture")
        read = session.host.make("Read", session.host.root_group)
        read["file"].setValue(f"{tmp_path.as_posix()}/{text}")
        (state,) = upstream.file_state(read, 1001, False)
        assert state is not None and state[0] == 7, text
    assert group is not None
