"""With nothing drawn, what the frame is about becomes an object; asked again, the next candidate takes its place."""

from __future__ import annotations

import time
from typing import Any

import bpy

from . import stage, track


def run() -> None:
    strip = stage.select(stage.image_strip(track.clip(), start=11))
    bpy.context.scene.frame_set(11)
    foreseen(strip)
    stage.must_fail(bpy.ops.wisp.subject, "use wait=True")
    assert bpy.ops.wisp.subject(wait=True) == {"FINISHED"}
    run_state = stage.addon("runs").run_of(strip.wisp.uid)
    assert "Candidate 1 of" in run_state.message, run_state.message
    assert len(strip.wisp.objects) == 1
    item = strip.wisp.objects[0]
    assert item.name.startswith("subject") and [(one.kind, one.frame) for one in item.prompts] == [
        ("box", 1001),
        ("point", 1001),
    ]
    before = item.prompts[0].points
    candidates = stage.addon("candidates")
    known = list(candidates.offered(strip, 1001))
    assert len(known) > 1, "the clip has two discs"
    second = known[1]
    words = " ".join(stage.drawn(stage.addon("panels").WISP_PT_objects))
    assert all(f"{one.number} ({one.confidence:.2f})" in words for one in known), words
    assert candidates.at(strip, 1001, second.xy, 3.0) == second.number
    assert candidates.at(strip, 1001, known[0].xy, 3.0) in (0, *(one.number for one in known[1:]))
    candidates.choose(strip, second.number)
    assert item.prompts[0].points[0] == (second.xyxy[0], second.xyxy[1])
    assert bpy.ops.wisp.subject(number=known[0].number) == {"FINISHED"} and item.prompts[0].points == before
    assert bpy.ops.wisp.subject() == {"FINISHED"}, "no job: the candidates are known"
    assert len(strip.wisp.objects) == 1 and len(item.prompts) == 2
    assert item.prompts[0].points != before, "the next candidate"
    item.add_prompt("point", 1001, [(5.0, 5.0)], include=False)
    assert bpy.ops.wisp.subject(wait=True) == {"FINISHED"}
    assert [one.name for one in strip.wisp.objects] == ["subject", "subject_2"]
    doubted(strip)
    not_taken(strip)


def not_taken(strip: Any) -> None:
    """A fault of ours in what the end of a job comes to is told, and ends nothing."""
    session, requests = stage.addon("session"), stage.addon("client.requests")

    def broken() -> str:
        raise KeyError("of ours")

    job = session.start_job(bpy.context.scene, strip, requests.Check(frames="1001"), broken)
    assert session.finished(job).text == "A bug: KeyError('of ours')." and not job.busy
    assert bpy.ops.wisp.check(wait=True) == {"FINISHED"}


def foreseen(strip: Any) -> None:
    """What a click would give is there to be looked at, and nothing is stored; a click ends it."""
    foresight, pictures = stage.addon("foresight"), stage.addon("pictures")
    assert foresight.seen(strip, 1001) is None
    assert bpy.ops.wisp.foresee(x=30, y=18, wait=True) == {"FINISHED"}
    path = foresight.seen(strip, 1001)
    alpha = pictures.read_matte(path)
    assert alpha[18, 30] > 0.9 and alpha[46, 100] < 0.1, "the disc, not the ground"
    assert not strip.wisp.objects and foresight.seen(strip, 1002) is None
    assert bpy.ops.wisp.foresee(x=40, y=46, wait=True) == {"FINISHED"}
    assert pictures.read_matte(foresight.seen(strip, 1001))[46, 40] > 0.9, "the other disc"
    stage.must_fail(bpy.ops.wisp.foresee, "is no place in the picture", x=99999, y=0, wait=True)
    bpy.ops.wisp.add_point(x=30, y=18)
    assert foresight.seen(strip, 1001) is None
    strip.wisp.objects.clear()


def doubted(strip: Any) -> None:
    """While doubt is looked at, the errors to be expected of the mattes that are shown are asked for."""
    foresight, watch = stage.addon("foresight"), stage.addon("watch")
    assert bpy.ops.wisp.track(direction="frame", wait=True) == {"FINISHED"}
    state = stage.addon("runs").run_of(strip.wisp.uid)
    number = state.enabled[0]
    asked = state.session.ask_doubt

    def refused_once(*given: Any) -> bool:
        state.session.ask_doubt = asked
        given[-1]()
        return True

    state.session.ask_doubt = refused_once  # as while another engine has the device
    bpy.context.window_manager.wisp_view = "doubt"
    end = time.monotonic() + 60
    while foresight.errors_of(state.session.mattes.path(number, 1001)) is None and time.monotonic() < end:
        watch.poll()
        time.sleep(0.02)
    errors = stage.addon("pictures").read_matte(foresight.errors_of(state.session.mattes.path(number, 1001)))
    assert errors.shape == (stage.HEIGHT, stage.WIDTH) and 0.0 <= errors.min() < 0.1 < errors.max() <= 1.0
    bpy.context.window_manager.wisp_view = "tint"
