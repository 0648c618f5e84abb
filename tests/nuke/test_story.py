"""A shot from the first click to the farm, with the real engine and the built-in models on a real clip."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from fake_nuke.render import render
from wisp.plates.colour import srgb_decode

SIZE = (320, 180)
FRAMES = range(1001, 1005)


@pytest.mark.slow
def test_prompt_track_correct_save_and_render_elsewhere(
    start: Callable[..., Any], shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("XDG_STATE_HOME", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    clip = shared / "data" / "clips" / "davis_car_shadow"
    facts = json.loads((clip / "clip.json").read_text())
    scale = SIZE[0] / facts["width"]

    def picture(frame: int) -> np.ndarray:
        image = cv2.imread(str(clip / "frames" / f"{frame - FRAMES[0]:05d}.jpg"))[..., ::-1]
        small = cv2.resize(image, SIZE, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
        return np.dstack([srgb_decode(small), np.zeros(SIZE[::-1], np.float32)])

    def truth(frame: int) -> np.ndarray:
        mask = cv2.imread(str(clip / "masks" / f"{frame - FRAMES[0]:05d}.png"), cv2.IMREAD_GRAYSCALE)
        return cv2.resize(mask, SIZE, interpolation=cv2.INTER_AREA) > 127

    def overlap(group: Any, frame: int) -> float:
        found = render(group, frame)[..., 3] > 0.5
        return float((found & truth(frame)).sum() / (found | truth(frame)).sum())

    session = start()
    group = session.wisp(session.plate(picture, SIZE), tmp_path / "cache")
    x0, y0, x1, y1 = (value * scale for value in facts["prompts"][0]["box_xyxy"])
    session.host.viewer.ctrl_shift_drag(x0, SIZE[1] - y1, x1, SIZE[1] - y0)
    group["wisp_set_box"].execute()
    group["wisp_track_fwd"].execute()
    engine = session.module("engine")
    job = session.job(group)

    def finish(job: Any) -> None:
        session.until(lambda: job.finished, 600)
        session.until(lambda: all(group["wisp_cache_state"].getValueAt(frame) == 1 for frame in FRAMES), 300)

    finish(job)
    assert "4 mattes computed" in group["wisp_status"].value()
    assert min(overlap(group, frame) for frame in FRAMES) > 0.75

    def keyed() -> list[int]:
        return [frame for frame in FRAMES if group["wisp_state_1"].getValueAt(frame) == 1]

    # A correction later in the shot, by a click alone: mattes before it stay, those near it are stale at once.
    session.sets(group, "wisp_mode", "Add +")
    session.host.frame(FRAMES[-1])
    session.idle()
    rows, columns = np.nonzero(truth(FRAMES[-1]))
    session.host.viewer.ctrl_click(int(np.median(columns)), SIZE[1] - 1 - int(np.median(rows)))
    session.idle()
    assert [prompt["kind"] for prompt in session.prompts(group)] == ["box", "point"]
    session.sets(group, "wisp_mode", "Off")
    session.until(lambda: FRAMES[-1] not in keyed(), 300)
    assert FRAMES[0] in keyed(), "only some frames are stale"
    group["wisp_track_both"].execute()
    job = session.job(group)
    session.until(lambda: job.finished, 600)
    session.until(lambda: "computed" in group["wisp_status"].value(), 300)
    finish(job)
    assert overlap(group, FRAMES[-1]) > 0.75

    # After a further prompt, one frame is solved: the node has that one and every matte that still holds.
    session.host.frame(FRAMES[0])
    rows, columns = np.nonzero(truth(FRAMES[0]))
    session.host.viewer.ctrl_click(int(np.median(columns)), SIZE[1] - 1 - int(np.median(rows)))
    group["wisp_add_pos"].execute()
    group["wisp_track_this"].execute()
    job = session.job(group)
    session.until(lambda: job.finished, 600)

    def reported() -> list[int]:
        (lane,) = session.module("state").of(group).session.mattes.lanes.values()
        return sorted(lane.solved)

    session.until(lambda: FRAMES[0] in keyed() and keyed() == reported(), 300)
    group["wisp_track_both"].execute()
    finish(session.job(group))

    baked = session.module("bake").bake(group)
    assert np.allclose(render(baked, FRAMES[1])[..., 3], render(group, FRAMES[1])[..., 3])
    wanted = render(group, FRAMES[2])
    text, plate = session.host.save(), group.input(0).own
    stored = session.objects(group)
    engine.ENGINE.stop()

    reopened = start()
    reopened.host.load(text)
    loaded = reopened.host.toNode("Wisp1")
    loaded.input(0).own = plate
    assert reopened.objects(loaded) == stored and loaded["wisp_uid"].value() == group["wisp_uid"].value()
    assert np.array_equal(render(loaded, FRAMES[2]), wanted)

    farm = start(gui=False, with_plugin=False)
    farm.host.load(text)
    loaded = farm.host.toNode("Wisp1")
    loaded.input(0).own = plate
    assert np.array_equal(render(loaded, FRAMES[2]), wanted)
    Path(loaded.node("Matte_1")["file"].value() % FRAMES[2]).unlink()
    with pytest.raises(RuntimeError, match="no such file"):
        render(loaded, FRAMES[2])
