"""What the panel's and the tools' operators do beside tracking: jumping, moving, excluding, removing; and its words."""

from __future__ import annotations

import inspect
from types import SimpleNamespace
from typing import Any

import bpy

from . import stage
from .keeping import check, look, plates, shot


def run() -> None:
    strip = shot("buttons")
    scene, panels = bpy.context.scene, stage.addon("panels")
    state = stage.addon("runs").run_of(strip.wisp.uid)
    lane = stage.addon("client.mattes").Lane(set(range(1001, 1011)), set(range(1011, 1021)), {})
    state.enabled, state.session.mattes.lanes[1] = (1,), lane
    state.mark_suspicious(1, 1003, "confidence 0.12")
    scene.frame_set(3)
    words = " ".join(text for panel in panels.CLASSES[1:] for text in stage.drawn(panel))
    assert "bar.1003.png, confidence 0.12" in words and "Done: 1-2, 4-10" in words and "To do: 11-20" in words, words
    assert not any(word in words for word in ("Dirty", "dirty", "Plate frame", "Head:")), words
    scene.frame_set(1)
    assert bpy.ops.wisp.jump(what="doubtful") == {"FINISHED"} and scene.frame_current == 3
    assert bpy.ops.wisp.jump(what="doubtful") == {"CANCELLED"}
    assert bpy.ops.wisp.jump(to=1015) == {"FINISHED"} and scene.frame_current == 15
    state.mark_suspicious(1, 1005, "lost")
    item = strip.wisp.objects[0]
    item.add_prompt("point", 1007, [(9.0, 9.0)])
    words = " ".join(text for panel in panels.CLASSES[1:] for text in stage.drawn(panel))
    scene.frame_set(3)
    assert bpy.ops.wisp.jump(what="doubtful") == {"FINISHED"} and scene.frame_current == 5, (
        "a lost frame is worth a look"
    )
    assert state.state(1005) == "lost" and "Lost: 5" in words and "Corrected: 7" in words, words
    assert item.corrected == {1007} and 1007 in item.keyframes
    item.prompts.remove(len(item.prompts) - 1)
    state.mark_suspicious(1, 1005, "")
    scene.frame_set(15)
    suggested(strip, state)
    region(strip)
    waiting(strip, state)
    moves()
    erased(strip)
    asked_for(strip)
    a_fault_of_ours()
    undone(strip, state)
    assert bpy.ops.wisp.remove() == {"FINISHED"}
    assert [(each.name, len(each.modifiers)) for each in stage.all_strips()] == [(strip.name, 0)]
    assert not strip.wisp.uid and not strip.wisp.objects


def suggested(strip: Any, state: Any) -> None:
    """Where doubt begins is the frame to correct next; nowhere in doubt: it says so."""
    scene = bpy.context.scene
    assert bpy.ops.wisp.jump(what="suggested") == {"CANCELLED"} and scene.frame_current == 15
    for frame in range(1001, 1011):
        state.session.mattes.note_track_state(1, frame, "tracked", 0.99 if frame < 1006 else 0.4)
    words = " ".join(stage.drawn(stage.addon("panels").WISP_PT_track))
    assert "Correct Next" in words, words
    assert bpy.ops.wisp.jump(what="suggested") == {"FINISHED"} and scene.frame_current == 6
    for frame in range(1001, 1011):
        state.session.mattes.note_track_state(1, frame, "tracked", 1.0)
    scene.frame_set(15)


def region(strip: Any) -> None:
    """The box of this frame becomes what models see of the object, and goes again."""
    item = strip.wisp.objects[0]
    stage.must_fail(bpy.ops.wisp.region, "Draw a box on this frame")
    item.add_prompt("box", 1015, [(10.4, 10.0), (60.2, 50.0)])
    assert bpy.ops.wisp.region() == {"FINISHED"} and item.region == "10 10 61 50"
    assert bpy.ops.wisp.region(clear=True) == {"FINISHED"} and item.region == ""
    item.prompts.remove(len(item.prompts) - 1)


def waiting(strip: Any, state: Any) -> None:
    """A click says at once that the engine is being started."""
    activity = stage.addon("activity")
    assert activity.of(strip) == ""
    bpy.ops.wisp.add_point(x=20, y=20, frame=1002)
    assert activity.of(strip) == "Starting the engine..."
    state.wanted.clear()
    state.mattes = stage.addon("mattes").MatteFolder(stage.addon("places").here().plate(strip.wisp.uid))
    state.session.request_preview(1, 1002)
    state.session._status({"objects": []})
    assert activity.of(strip), "the state of all files is no answer to the click"
    state.session._wanted.clear()


def moves() -> None:
    """A point, a whole box, a corner of one; they stay in the picture and its overscan, and where they are as long as
    the mouse does not move."""
    moved = stage.addon("handles").moved
    assert moved([(3, 3)], (3, 3), (99, 5), None, (10, 10)) == [(20, 5)]
    assert moved([(1, 1), (5, 5)], (1, 1), (3, 0), None, (10, 10)) == [(3, 0), (7, 4)]
    assert moved([(1, 1), (5, 5)], (5, 5), (-12, 8), (1, 1), (10, 10)) == [(1, 1), (-10, 8)]
    for points in ([(-4, 3)], [(-4, 1), (14, 9)], [(3, 99)], [(-30, 3), (30, 9)]):
        assert moved(points, (1, 1), (1, 1), None, (10, 10)) == points
    assert moved([(3, 99)], (3, 99), (3, 90), None, (10, 10)) == [(3, 90)], "back from beyond"


def erased(strip: Any) -> None:
    """Only what is under the mouse is deleted: the paint of a scribble, the edge of a box, no prompt far away."""
    item = strip.wisp.objects[0]
    item.prompts.clear()
    item.add_prompt("box", 1015, [(10, 10), (60, 50)])
    item.add_prompt("stroke", 1015, [(80, 10), (80, 50)], True, 5.0)
    assert bpy.ops.wisp.delete_prompt(x=35, y=30, reach=6) == {"CANCELLED"}, "the middle of a box is not its edge"
    assert bpy.ops.wisp.delete_prompt(x=84, y=30, reach=2) == {"FINISHED"}
    assert bpy.ops.wisp.delete_prompt(x=35, y=11, reach=2) == {"FINISHED"}
    assert not len(item.prompts)
    on_their_frame(strip, item)
    item.add_prompt("point", 1001, [(5, 5)])
    properties = bpy.ops.wisp.add_stroke.get_rna_type().properties
    assert all(properties[name].is_skip_save for name in ("radius", "unknown", "softness")), "the tool alone keeps them"


def on_their_frame(strip: Any, item: Any) -> None:
    """A frame that is named is meant, wherever the playhead is; beside the strip there is none to clear."""
    scene, state = bpy.context.scene, stage.addon("runs").run_of(strip.wisp.uid)
    for frame in (1005, 1007, 1007, 1015):
        item.add_prompt("point", frame, [(20, 20)])
    assert bpy.ops.wisp.delete_prompt(x=20, y=20, frame=1005) == {"FINISHED"} and item.keyframes == [1007, 1015]
    assert bpy.ops.wisp.clear_prompts(frame=1007) == {"FINISHED"} and item.keyframes == [1015]
    scene.frame_set(500)
    state.wanted.clear()
    stage.must_fail(bpy.ops.wisp.clear_prompts, "not visible at this frame")
    assert item.keyframes == [1015]
    assert bpy.ops.wisp.clear_prompts(everywhere=True) == {"FINISHED"} and not item.keyframes and not state.wanted
    scene.frame_set(15)


def asked_for(strip: Any) -> None:
    """What words and the subject give goes to the object that was active when they were asked for."""
    session, events, wisp = stage.addon("session"), stage.addon("client.events"), strip.wisp
    start_job, finished = session.start_job, session.finished
    asked: list[Any] = []
    session.start_job = lambda *all_of_it: asked.append(all_of_it[3:])
    session.finished = lambda _run: stage.addon("engine").Fault("the answer comes later")
    for operator, options, event, box in (
        (bpy.ops.wisp.add_text, {"text": "the dog", "frame": 1015}, events.BoxFound, [(1, 1), (50, 50)]),
        (bpy.ops.wisp.subject, {}, events.Candidate, [(2, 2), (60, 60)]),
    ):
        bpy.ops.wisp.add_object(name="asked for")
        meant = wisp.active_object.number
        stage.must_fail(operator, "the answer comes later", wait=True, **options)
        bpy.ops.wisp.add_object(name="another")
        then, on_event = asked.pop()
        on_event(event_of(event, box))
        assert "gone" not in then()
        found = {item.number: [prompt.kind for prompt in item.prompts] for item in wisp.objects}
        assert found[meant][0] == "box" and not found[wisp.active_object.number], found
        stage.must_fail(bpy.ops.wisp.add_text, "the answer comes later", wait=True, text="the cat", frame=1015)
        bpy.ops.wisp.remove_object()
        then, on_event = asked.pop()
        on_event(event_of(events.BoxFound, box))
        assert then() == "The object is gone"
    bpy.ops.wisp.add_object(name="off")
    wisp.active_object.enabled = False
    for operator, options in ((bpy.ops.wisp.add_text, {"text": "a"}), (bpy.ops.wisp.add_point, {"x": 9, "y": 9})):
        stage.must_fail(operator, "off is switched off", frame=1015, **options)
    assert not wisp.active_object.prompts and not asked
    stage.must_fail(bpy.ops.wisp.subject, "the answer comes later", wait=True)
    then, on_event = asked.pop()
    on_event(event_of(events.Candidate, box))
    then()
    assert wisp.active_object.name == "subject" and not wisp.objects["off"].prompts
    session.start_job, session.finished = start_job, finished
    while len(wisp.objects) > 1:
        wisp.objects.remove(1)
    wisp.active = 0


def event_of(kind: type, box: Any) -> Any:
    """What the engine tells of a box, and whatever else it has to say of it."""
    plain = {"xyxy": (*box[0], *box[1]), "xy": box[0], "frame": 1015, "outline": []}
    return kind(**{name: plain.get(name, 1) for name in inspect.signature(kind).parameters})


def a_fault_of_ours() -> None:
    """The timer lives on after it, and the panel tells of it; switched on in an open file, the add-on reads that."""
    watch, engine, handlers = (stage.addon(name) for name in ("watch", "engine", "handlers"))
    calls: list[str] = []

    def broken() -> float:
        calls.append("poll")
        raise KeyError("of ours")

    poll, watch.poll, idle, watch.IDLE = watch.poll, broken, watch.IDLE, 0.0
    bpy.app.timers.register(watch.tick, first_interval=0, persistent=True)
    if not (stage.run_timers() and stage.run_timers()):
        assert watch.tick() == watch.tick() == 0.0
    assert calls == ["poll"] * 2 and bpy.app.timers.is_registered(watch.tick), calls
    assert engine.fault.text == "A bug: KeyError('of ours')." and "in broken" in engine.fault.details
    bpy.app.timers.unregister(watch.tick)
    watch.poll, watch.IDLE, engine.fault = poll, idle, None
    handlers.unregister()
    timers = SimpleNamespace(register=lambda work: calls.append(work.__name__))
    handlers.bpy = SimpleNamespace(app=SimpleNamespace(background=False, handlers=bpy.app.handlers, timers=timers))
    handlers.register()
    handlers.bpy = bpy
    assert calls[-1] == "loaded"


def undone(strip: Any, state: Any) -> None:
    """Undo takes the matte strip away, as that of Track does: what is solved is shown again."""
    outputs = stage.addon("outputs")
    outputs.remove(bpy.context.scene, strip)
    assert state.solved[1] and outputs.matte_strip(strip) is None
    stage.addon("handlers").undone()
    look()
    assert outputs.matte_strip(plates()[0]) is not None
    check((1, 10, 20), "after undo")
    stage.select(plates()[0])
