"""What shows mattes goes on showing them: copies, appended and linked scenes; and what has none shows none."""

from __future__ import annotations

import contextlib
import io
import time
from typing import Any

import bpy
import numpy as np

from . import stage

COUNT = 20


def matte(frame: int) -> np.ndarray:
    """Opaque above, the number of its frame / 40 below."""
    alpha = np.ones((stage.HEIGHT, stage.WIDTH), np.float32)
    alpha[stage.HEIGHT // 2 :] = (frame - 1000) / 40
    return alpha


def shot(name: str) -> Any:
    """A saved file with a plate of bars and mattes that tell the same numbers; returns the plate."""
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    stage.prepare(bpy.context.scene)
    (stage.FOLDER / name).mkdir()
    bpy.ops.wm.save_as_mainfile(filepath=str(stage.FOLDER / name / "shot.blend"))
    strip = stage.select(stage.image_strip(stage.bar_sequence(COUNT)))
    strip.blend_type = "ALPHA_OVER"
    item = stage.addon("model").own(strip).add_object()
    item.add_prompt("point", 1001, [(5, 5)])
    folder = stage.addon("mattes").MatteFolder(stage.addon("places").here().plate(strip.wisp.uid))
    for frame in range(1001, 1001 + COUNT):
        stage.addon("pictures").write_matte(folder.union_path(frame), matte(frame))
        stage.addon("pictures").write_matte(folder.object_path(1, frame), matte(frame))
    stage.addon("outputs").update(bpy.context.scene, strip)
    return strip


def told(frame: int, scene: Any = None) -> tuple[int, int]:
    """The numbers that the rendered plate and its matte tell; 40 where no matte is applied."""
    rendered = stage.render(frame, scene)
    bar = stage.WIDTH // stage.BITS
    number = sum(int(v > 0.5) << bit for bit, v in enumerate(rendered[stage.HEIGHT // 4, bar // 2 :: bar, 0]))
    return number, round(float(rendered[stage.HEIGHT * 3 // 4, :, 3].max()) * 40)


def check(frames: Any, what: str, scene: Any = None) -> None:
    for frame in frames:
        plate_number, matte_number = told(frame, scene)
        assert plate_number == matte_number > 0, f"{what}, frame {frame}: {plate_number}, matte {matte_number}"


def look() -> None:
    """What the timer does."""
    watch = stage.addon("watch")
    for _ in range(2):
        watch._watched = 0.0
        watch.poll()


def plates() -> list[Any]:
    return [strip for strip in stage.all_strips() if strip.wisp.objects and not strip.wisp.role]


def run() -> None:
    copies()
    pieces()
    other_files()
    retimed()
    orphans()
    numbers()
    mistakes()
    many()


def copies() -> None:
    """A cut, a copy, and a copy of the plate alone, as pasting makes it: each shows its mattes, also when edited."""
    strip = shot("copies")
    right = strip.split(frame=11, split_method="SOFT")
    look()
    stage.select(right)
    bpy.ops.wisp.add_point(x=9, y=9, frame=1015)
    folder = stage.addon("mattes").MatteFolder(stage.addon("places").here().plate(right.wisp.uid))
    folder.fill([], stage.WIDTH, stage.HEIGHT, opaque=False)  # the placeholder may come before the mattes do
    stage.addon("session").combine(bpy.context.scene, right)  # as the first preview does, before the timer looked
    while stage.addon("filing").pending():
        time.sleep(0.05)
        stage.addon("filing").drain()
    look()
    assert right.wisp.uid != strip.wisp.uid
    check((1, 10, 11, 20), "cut, and a point on the right half")
    assert len(stage.all_strips()) == 4, [each.name for each in stage.all_strips()]
    outputs = stage.addon("outputs")
    assert outputs.matte_strip(right) != outputs.matte_strip(strip)
    with stage.addon("compat").sequencer_of(bpy.context.scene):
        stage.mask_modifier(right).input_mask_strip = None
    stage.strips().remove(next(s for s in stage.all_strips() if s.wisp.role and s.wisp.uid == right.wisp.uid))
    look()
    check((1, 11, 15, 20), "copied alone")


def pieces() -> None:
    """Pieces of a plate share their mattes, but each has its own output and settings; a copied scene is a piece too."""
    left = shot("pieces")
    left.wisp.bypass = True
    right = left.split(frame=11, split_method="SOFT")
    look()
    check((5, 15), "rendered while both halves show their plate")
    right.wisp.bypass = True
    stage.addon("handlers").before_save(bpy.data.filepath)
    stage.addon("handlers").saved()
    assert (left.wisp.bypass, right.wisp.bypass) == (False, True), "only what showed its plate does so again"
    right.wisp.bypass = False
    right.wisp.output = "matte"
    assert stage.mask_modifier(right).mute and not stage.mask_modifier(left).mute
    right.wisp.output = "mask"
    check((5, 15), "one output after the other")
    set_apart(left, right)
    still_known(left, right)


def set_apart(left: Any, right: Any) -> None:
    """A setting of one half, as the panel changes it, leaves the mattes of the other alone."""
    runs, session = stage.addon("runs").runs, stage.addon("session")
    state, uid = stage.addon("runs").run_of(left.wisp.uid), left.wisp.uid
    state.session.mattes.lanes[1] = stage.addon("client.mattes").Lane(
        set(range(1001, 1011)), set(range(1011, 1021)), {}
    )
    session.combine(bpy.context.scene, left)
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        stage.addon("handlers").before_render()
    assert f"10 mattes of {right.name} out of date" in said.getvalue() and f"of {left.name} " not in said.getvalue()
    assert left.wisp.uid == right.wisp.uid
    right.wisp.objects[0].enabled = False
    told_now()
    assert left.wisp.uid == uid != right.wisp.uid and set(runs) == {uid, right.wisp.uid}
    assert told(5) == (5, 5) and told(15)[1] == 0, "the right half's object alone is switched off"
    right.wisp.objects[0].enabled = True
    told_now()
    check((5, 15), "switched on again")
    third, fourth = (left.split(frame=at, split_method="SOFT") for at in (8, 5))
    third.wisp.objects[0].name = fourth.wisp.objects[0].name = "apart"
    session.part_edited()
    assert third.wisp.uid == fourth.wisp.uid != left.wisp.uid == uid, "what was edited alike stays together"


def told_now() -> None:
    """What the timer does a while after a setting was changed."""
    stage.addon("session")._send_settings()
    while stage.addon("filing").pending():
        stage.addon("filing").drain(timeout=0.05)
    for uid in stage.addon("runs").runs:
        stage.addon("outputs").refresh(uid)
    look()


def still_known(left: Any, right: Any) -> None:
    """Taking Wisp off one piece leaves what is known of the other."""
    runs = stage.addon("runs").runs
    last = right.split(frame=16, split_method="SOFT")
    look()
    for strip, known in ((last, True), (right, False)):
        uid = right.wisp.uid
        stage.select(strip)
        assert bpy.ops.wisp.remove() == {"FINISHED"}
        assert left.wisp.uid in runs and (uid in runs) == known


def other_files() -> None:
    """A scene that is appended or linked keeps its mattes; linked data stays as it is."""
    for how in ("append", "link"):
        shot(f"{how}_source")
        bpy.ops.wm.save_mainfile()
        source = stage.FOLDER / f"{how}_source" / "shot.blend"
        bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
        (stage.FOLDER / f"{how}_target").mkdir()
        bpy.ops.wm.save_as_mainfile(filepath=str(stage.FOLDER / f"{how}_target" / "edit.blend"))
        options = {"filepath": f"{source}/Scene/Scene", "directory": f"{source}/Scene/", "filename": "Scene"}
        getattr(bpy.ops.wm, how)(**options)
        if how == "append":
            scene = next(each for each in bpy.data.scenes if each.sequence_editor and len(stage.all_strips(each)))
            stage.prepare(scene)
        else:
            linked = next(each for each in bpy.data.scenes if each.library)
            before = [
                (s.name, s.frame_start, getattr(s, "directory", ""), s.wisp.uid) for s in stage.all_strips(linked)
            ]
            scene = stage.prepare(next(each for each in bpy.data.scenes if not each.library))
            strip = stage.strips(scene).new_scene("linked", linked, 1, 1)
            if hasattr(strip, "scene_input"):
                strip.scene_input = "SEQUENCER"
            strip.blend_type = "ALPHA_OVER"
        look()
        check((2, 11, 20), how, scene)
        if how == "link":
            stage.prepare_shown(linked)
            stage.must_fail(bpy.ops.wisp.add_point, "Select an image or movie strip", x=3, y=3)
            assert stage.addon("troubles").of(bpy.context).kind == "linked"
            assert "Open that file" in " ".join(stage.drawn(stage.addon("panels").WISP_PT_plate))
            stage.prepare_shown(scene)
            assert written_in(linked) == before, "linked data was written"
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    stage.prepare(bpy.context.scene)


def written_in(scene: Any) -> list[Any]:
    return [(s.name, s.frame_start, getattr(s, "directory", ""), s.wisp.uid) for s in stage.all_strips(scene)]


def retimed() -> None:
    """The middle key of a retimed plate is moved, while length and number of keys stay."""
    if bpy.app.version < (5, 0, 0):
        return
    strip = shot("retimed")
    bpy.context.scene.frame_set(11)
    with stage.in_timeline():
        bpy.ops.sequencer.retiming_key_add(timeline_frame=11)
    last, end = len(strip.retiming_keys) - 1, int(strip.frame_final_end)
    for to in (15, 7):
        strip.retiming_keys[1].timeline_frame = to
        strip.retiming_keys[last].timeline_frame = end
        look()
        check(range(1, 21), f"middle key at {to}")


def orphans() -> None:
    """The hidden matte of a deleted plate goes with it; one that the user shows stays."""
    strip = shot("orphans")
    stage.strips().remove(strip)
    look()
    assert not len(stage.all_strips())
    strip = shot("shown")
    strip.wisp.output = "matte"
    stage.strips().remove(strip)
    look()
    assert [each.wisp.role for each in stage.all_strips()] == ["matte"]


def numbers() -> None:
    """A number of an object is never given again; what has no prompts has no matte."""
    strip = shot("numbers")
    wisp = strip.wisp
    wisp.add_object().add_prompt("point", 1001, [(9, 9)])
    folder = stage.addon("mattes").MatteFolder(stage.addon("places").here().plate(wisp.uid))
    stage.addon("pictures").write_matte(folder.object_path(2, 1001), matte(1001))
    wisp.objects.remove(1)
    wisp.last_number = 0  # as undo leaves it
    assert wisp.add_object().number == 3
    assert wisp.shown_objects == (1,)
    wisp.objects[0].prompts.clear()
    stage.must_fail(bpy.ops.wisp.track, "no prompts yet", wait=True)
    while stage.addon("filing").pending():
        time.sleep(0.05)
        stage.addon("filing").drain()
    stage.addon("outputs").refresh(wisp.uid)
    assert told(5)[1] == 0, "an object without prompts is still shown"


def mistakes() -> None:
    """What a script may get wrong is refused at once, in words, and nothing is stored."""
    strip = shot("mistakes")
    before = len(strip.wisp.objects[0].prompts)
    nan = float("nan")
    for operator, options, words in (
        (bpy.ops.wisp.add_point, {"x": nan, "y": 3, "frame": 1001}, "is no place in the picture"),
        (bpy.ops.wisp.add_box, {"x0": 1, "y0": 1, "x1": 1e9, "y1": 9, "frame": 1001}, "is no place in the picture"),
        (bpy.ops.wisp.add_stroke, {"points": "1,1 1e12,4", "frame": 1001}, "is no place in the picture"),
        (bpy.ops.wisp.add_stroke, {"points": "1,1 x", "frame": 1001}, "are no points"),
        (bpy.ops.wisp.add_point, {"x": 3, "y": 3, "frame": 5}, "has no frame 5; it has 1001-1020"),
    ):
        stage.must_fail(operator, words, **options)
    assert len(strip.wisp.objects[0].prompts) == before
    item = strip.wisp.objects[0]
    item.add_prompt("point", 1001, [(nan, 3.0)])
    item.add_prompt("stroke", 1001, [(1e30, 3.0), (5.0, 5.0)])
    plate = stage.addon("plates").plate_of(bpy.context.scene, strip)
    made = stage.addon("document").shot_document(strip.wisp, plate, stage.FOLDER)
    assert [each["kind"] for each in made["objects"][0]["prompts"]] == ["point", "stroke"]


def many() -> None:
    """120 plates: looking at them without a change, and after an undo, costs little; generous bounds."""
    shot("many")
    outputs, paths = stage.addon("outputs"), stage.bar_sequence(COUNT)
    for number in range(119):
        strip = stage.image_strip(paths, channel=5 + 2 * (number % 3), start=1 + (number // 3) * 50)
        strip.name = f"s{number}"
        stage.addon("model").own(strip).add_object().add_prompt("point", 1001, [(5, 5)])
        outputs.update(bpy.context.scene, strip)
    took = {}
    for what, change in (("idle", lambda: None), ("undo", outputs.expect_changes), ("all anew", outputs.forget)):
        outputs.follow()
        change()
        began = time.process_time()
        outputs.follow()
        took[what] = 1000 * (time.process_time() - began)
    print("120 plates, milliseconds:", {what: round(each, 1) for what, each in took.items()})
    assert took["idle"] < 50 and took["undo"] < 500 and took["all anew"] < 2000, took
    told_in_shares()


def told_in_shares() -> None:
    """What changes on 120 plates that the engine has open is told within seconds, and no look at it takes long."""
    session, runs = stage.addon("session"), stage.addon("runs").runs
    plates = list(stage.addon("model").plates())
    for scene, strip in plates:
        session.sync(scene, strip)
    for _, strip in plates:
        strip.wisp.objects[0].add_prompt("point", 1002, [(7, 7)])
    session.schedule_update()
    spent, end = [], time.monotonic() + 60
    while not all(len(run.document["objects"][0]["prompts"]) > 1 for run in runs.values()):
        assert time.monotonic() < end, "not told"
        began = time.process_time()
        stage.addon("engine").clock.run_due()
        spent.append(1000 * (time.process_time() - began))
        time.sleep(0.01)
    print(f"120 plates told in {sum(spent):.0f} ms, at most {max(spent):.0f} ms at a time")
    assert len(runs) >= 120 and max(spent) < 200, spent
