"""Solving with the real engine, held at a gate: progress, cancel, menus of models, what an edit makes stale."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from fake_nuke.render import render
from helpers import gated_engine
from helpers.growing import files_below

FRAMES = range(1001, 1005)


def pictures(frame: int) -> np.ndarray:
    """A bright disc that moves to the right over noise, RGBA, linear."""
    noise = np.random.default_rng(7).random((96, 128, 4)).astype(np.float32) * 0.05
    cv2.circle(noise, (50 + 3 * (frame - 1001), 48), 20, (0.8, 0.6, 0.2, 0.0), -1)
    return noise


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    """While this file exists, a job waits after each matte."""
    return tmp_path / "gate"


@pytest.fixture
def group(start: Callable[..., Any], gate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A node with a box around the disc."""
    for name in ("XDG_STATE_HOME", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    session = start()
    command = [sys.executable, gated_engine.__file__, str(gate)]
    monkeypatch.setattr(session.module("engine").engine_path, "command", lambda _: command)
    made = session.wisp(session.plate(pictures, (128, 96)), tmp_path / "cache")
    made.session_of_test = session
    session.host.viewer.ctrl_shift_drag(28, 26, 72, 70)
    made["wisp_set_box"].execute()
    return made


def keyed(group: Any) -> list[int]:
    return [frame for frame in FRAMES if group["wisp_cache_state"].getValueAt(frame) == 1]


@pytest.mark.slow
def test_a_bar_shows_progress_and_its_cancel_keeps_what_is_finished(group: Any, gate: Path, tmp_path: Path) -> None:
    session = group.session_of_test
    gate.touch()
    group["wisp_track_both"].execute()
    job = session.job(group)
    bar = session.host.bars[-1]
    assert bar().title == "Wisp: Wisp1"
    session.until(lambda: bar().words and any(files_below(tmp_path / "cache", "alpha.*.exr")))
    group["wisp_track_both"].execute()
    assert "press Stop first" in group["wisp_status"].value()
    bar().pressed = True
    session.until(lambda: job.finished)
    assert bar() is None, "the bar is closed"
    session.until(lambda: len(keyed(group)) > 0)
    assert "Stopped" in group["wisp_status"].value() and len(keyed(group)) < len(FRAMES)
    assert {"flow"} <= set(group["wisp_tracker"].values()) and group["wisp_tracker"].value() == "flow"
    assert {"embedded"} <= set(group["wisp_head"].values()) and group["wisp_head"].value() == "embedded"

    gate.unlink()
    group["wisp_track_both"].execute()
    job = session.job(group)
    session.until(lambda: job.finished and keyed(group) == list(FRAMES))
    found = render(group, 1004)[..., 3] > 0.5
    truth = pictures(1004)[..., 0] > 0.4
    assert (found & truth).sum() / (found | truth).sum() > 0.85

    # An edge setting is part of the mattes: they are stale until solved again, also for what is published.
    before = (render(group, 1002)[..., 3] > 0.5).sum()
    session.sets(group, "wisp_edge_grow", 3.0)
    session.until(lambda: keyed(group) == [])
    group["wisp_track_both"].execute()
    session.until(lambda: keyed(group) == list(FRAMES))
    assert (render(group, 1002)[..., 3] > 0.5).sum() > before * 1.1
    session.undo()
    session.until(lambda: keyed(group) == list(FRAMES) and (render(group, 1002)[..., 3] > 0.5).sum() == before)

    # A node that is deleted takes its job along, and what is still said of it is written nowhere.
    gate.touch()
    session.host.viewer.ctrl_click(100, 10)
    group["wisp_add_neg"].execute()
    group["wisp_track_both"].execute()
    job = session.job(group)
    session.until(lambda: job.job_id is not None)
    status = group["wisp_status"]
    words = status.value()
    session.host.delete(group)
    session.until(lambda: job.finished and session.module("engine").ENGINE.client().call("status")["jobs"] == [])
    assert status.value() == words


@pytest.mark.slow
def test_published_files_are_what_is_seen(group: Any, tmp_path: Path) -> None:
    session = group.session_of_test
    session.sets(group, "wisp_object_name", "disc")
    group["wisp_add_object"].execute()
    session.host.viewer.ctrl_shift_drag(0, 0, 20, 20)
    group["wisp_set_box"].execute()
    session.sets(group, "wisp_edge_soften", 2.0)
    session.idle()
    session.sets(group, "wisp_layers", True)
    group["wisp_track_both"].execute()
    session.until(lambda: keyed(group) == list(FRAMES))
    session.sets(group, "wisp_black", 0.1)
    session.sets(group, "wisp_publish_dir", (tmp_path / "out").as_posix())
    before = set(session.host.root_group.nodes())
    group["wisp_publish"].execute()
    session.until(lambda: not session.module("solving").busy(group))
    folder = tmp_path / "out" / "Wisp1_v001"
    assert group["wisp_status"].value() == f"Published {folder.as_posix()}"
    assert len(list(folder.glob("disc/disc.*.exr"))) == len(FRAMES) == len(list(folder.glob("object2/*.exr")))
    made = [node for node in session.host.root_group.nodes() if node not in before]
    files = [node["file"].value() for node in made if node.Class() == "Read"]
    assert files and all(file.startswith(folder.as_posix()) for file in files)
    last = next(node for node in made if not any(node in (one.input(0), one.input(1)) for one in made))
    assert np.allclose(render(last, 1003), render(group, 1003), atol=1e-3)


def take_back(group: Any, roto: Any) -> None:
    """The shapes of a Roto node become objects: masks at its keys, and to be finished in a band."""
    session = group.session_of_test
    for one in session.host.selectedNodes():
        one.setSelected(False)
    (source,) = [node for node in session.host.allNodes() if node is group.input(0)]
    for chosen, words in (((), "Select the one Roto"), ((source,), "is no Roto"), ((roto, group), "1 object taken")):
        for one in session.host.selectedNodes():
            one.setSelected(False)
        for one in chosen:
            one.setSelected(True)
        group["wisp_take_roto"].execute()
        session.until(lambda: not session.module("solving").busy(group))
        assert words in group["wisp_status"].value(), group["wisp_status"].value()
    assert [one.name() for one in session.host.selectedNodes()] == [roto.name(), group.name()]
    session.sets(group, "wisp_roto_band", 4.0)
    group["wisp_take_roto"].execute()
    session.until(lambda: not session.module("solving").busy(group))
    objects = session.module("edits").stored(group)["objects"]
    keyed, finished = objects[-2:]
    assert {prompt["kind"] for prompt in keyed["prompts"]} == {"mask"} and "core" not in keyed
    assert [prompt["frame"] for prompt in finished["prompts"]] == list(FRAMES) and "garbage" in finished
    masks = Path(session.module("solving").plate_folder(group), finished["prompts"][0]["path"]).parent
    assert list(masks.glob("*.png")) and not list(masks.parent.glob("*.nk")), "nothing is left"
    session.undo()
    assert session.module("edits").stored(group)["objects"] == objects[:-1]


def part_of_it(group: Any, folder: Path) -> None:
    """Every second frame, of objects that add up to at most 1; no nodes are made that would miss the others."""
    from wisp.plates.exr import read_channels

    session = group.session_of_test
    busy = session.module("solving").busy
    group["wisp_add_object"].execute()
    session.host.viewer.ctrl_shift_drag(28, 26, 72, 70)
    group["wisp_set_box"].execute()
    session.idle()
    group["wisp_track_both"].execute()
    session.until(lambda: not busy(group))
    session.sets(group, "wisp_publish_layout", 1)
    session.sets(group, "wisp_publish_exclusive", True)
    for frames, words in (("1001-1004x2", ": 1001-1004x2"), ("1001-", "1001-")):
        session.sets(group, "wisp_publish_frames", frames)
        before = session.host.root_group.nodes()
        group["wisp_publish"].execute()
        session.until(lambda: not busy(group))
        assert words in group["wisp_status"].value() and session.host.root_group.nodes() == before
    newest = max(folder.joinpath("out").iterdir())
    assert sorted(path.name for path in newest.iterdir()) == ["Wisp1.1001.exr", "Wisp1.1003.exr"]
    found = read_channels(newest / "Wisp1.1003.exr")[0]
    both = found["matte.disc"].astype(float) + found["matte.object2"]
    assert 0.9 < both.max() < 1.002, "alike as they are, each takes its half"
    session.sets(group, "wisp_publish_frames", "")
    session.sets(group, "wisp_publish_exclusive", False)
    group["wisp_delete_object"].execute()
    session.idle()


@pytest.mark.slow
def test_delivery_and_the_farm_from_inside(group: Any, tmp_path: Path) -> None:
    """Every layout, read back by plain nodes; the job of a farm."""
    import json

    from wisp.plates.exr import read_channels

    session = group.session_of_test
    session.sets(group, "wisp_object_name", "disc")
    group["wisp_track_both"].execute()
    session.until(lambda: keyed(group) == list(FRAMES))
    session.sets(group, "wisp_publish_dir", (tmp_path / "out").as_posix())
    session.sets(group, "wisp_publish_confidence", True)
    session.sets(group, "wisp_publish_despill", 1)
    channels = {}
    for number, layout in enumerate(("layers", "rgba", "crypto", "shapes"), 1):
        session.sets(group, "wisp_publish_layout", number)
        before = set(session.host.root_group.nodes())
        group["wisp_publish"].execute()
        session.until(lambda: not session.module("solving").busy(group))
        made = [node for node in session.host.root_group.nodes() if node not in before]
        if layout == "shapes":
            (roto,) = made
            assert (roto.Class(), roto["output"].value()) == ("Roto", "alpha") and "curvegroup" in roto["curves"].text
            continue
        (read,) = [node for node in made if node.Class() == "Read"]
        if layout == "crypto" and not session.host.unknowns.has_cryptomatte:
            assert made == [read] and "no Cryptomatte node" in group["wisp_status"].value()
        elif layout == "crypto":
            (crypto,) = [node for node in made if node is not read]
            assert crypto.input(0) is read and crypto["matteList"].value() == "disc"
        assert "Published" in group["wisp_status"].value()
        channels[layout] = set(read_channels(Path(read["file"].value() % 1002))[0])
        assert read["last"].value() == FRAMES[-1]
    assert any("matte.disc" in name for name in channels["layers"]) and {"R", "A"} <= channels["rgba"]
    clean = read_channels(next(tmp_path.glob("out/*_v002/**/*1002.exr")))[0]
    assert clean["A"][48, 53] > 0.9 and abs(clean["G"][48, 53] - 0.5) < 0.02, "the mean of the others, of 0.6"
    assert any("crypto" in name.lower() for name in channels["crypto"])
    assert (
        all("conf.disc" in channels[layout] for layout in ("layers", "rgba")) and "conf.disc" not in channels["crypto"]
    )
    part_of_it(group, tmp_path)
    session.sets(group, "wisp_farm_map", "P:/film=/mnt/film")
    for number, (queue, file) in enumerate(
        (("openjd", "plate.job.json"), ("deadline-cloud", "template.json"), ("flamenco", "plate.flamenco.json"))
    ):
        session.sets(group, "wisp_farm_queue", number)
        group["wisp_farm"].execute()
        session.until(lambda: not session.module("solving").busy(group))
        folder = Path(session.module("solving").plate_folder(group)) / f"farm-{queue}"
        assert json.loads((folder / file).read_text()) and str(folder) in group["wisp_status"].value()
    bundle = folder.with_name("farm-deadline-cloud")
    values = json.loads((bundle / "parameter_values.json").read_text())["parameterValues"]
    told = {one["name"]: Path(one["value"]) for one in values}
    assert told["Shot"] == bundle / "plate.wisp" and told["Shot"].is_file()
    assert "P:/film=/mnt/film" in (bundle / "template.json").read_text()
    group["wisp_take_solved"].execute()
    assert keyed(group) == list(FRAMES)
    take_back(group, roto)


@pytest.mark.slow
def test_frames_worth_a_look_and_words(group: Any) -> None:
    session = group.session_of_test
    busy = session.module("solving").busy
    group["wisp_track_both"].execute()
    session.until(lambda: keyed(group) == list(FRAMES))
    group["wisp_check"].execute()
    session.until(lambda: not busy(group))
    assert "4 frames judged" in group["wisp_status"].value()
    lanes = session.module("state").of(group).session.mattes.lanes
    lanes[1].suspicious.clear()
    session.host.frame(FRAMES[0])
    group["wisp_next_doubt"].execute()
    assert "No suspicious frame is known after" in group["wisp_status"].value()
    lanes[1].suspicious[FRAMES[2]] = "the edge jumps"
    group["wisp_next_doubt"].execute()
    assert session.host.frame() == FRAMES[2] and "the edge jumps" in group["wisp_status"].value()

    mine = session.module("state").of(group).session
    for frame in FRAMES:
        mine.mattes.note_track_state(1, frame, "tracked", 1.0)
    group["wisp_suggest"].execute()
    assert "correct nothing" in group["wisp_status"].value() and session.host.frame() == FRAMES[2]
    for frame in FRAMES[1:]:
        mine.mattes.note_track_state(1, frame, "tracked", 0.4)
    group["wisp_suggest"].execute()
    assert session.host.frame() == FRAMES[1] and "mends most from here" in group["wisp_status"].value()
    session.host.frame(FRAMES[2])

    group["wisp_find"].execute()
    assert "Write what to look for" in group["wisp_status"].value()
    session.sets(group, "wisp_words", "the disc")
    group["wisp_find"].execute()
    session.until(lambda: not busy(group))
    session.idle()
    assert "wisp models get" in group["wisp_status"].value(), "the detector is not here"
    assert len(session.prompts(group)) == 1


@pytest.mark.slow
def test_the_subject_becomes_an_object_and_the_next_candidate_takes_its_place(group: Any) -> None:
    session = group.session_of_test
    busy = session.module("solving").busy
    session.host.frame(FRAMES[0])
    before = session.prompts(group)
    group["wisp_subject"].execute()
    session.until(lambda: not busy(group))
    session.idle()
    status = group["wisp_status"].value()
    assert "andidate 1 of" in status, status
    stored = session.module("edits").stored(group)["objects"]
    assert len(stored) == 2 and stored[1]["name"] == "subject" and stored[0]["prompts"] == before
    assert [(one["kind"], one["frame"]) for one in stored[1]["prompts"]] == [("box", FRAMES[0]), ("point", FRAMES[0])]
    group["wisp_subject"].execute()
    again = session.module("edits").stored(group)["objects"]
    several = int(status.split(" of ")[1].split()[0]) > 1
    assert len(again) == 2 and (again[1]["prompts"] != stored[1]["prompts"]) == several
