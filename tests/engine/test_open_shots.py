"""What an open shot keeps of what a person approved, and what it does about pictures that change under it."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from wisp.cache import read_matte
from wisp.client.locks import with_locks
from wisp.client.requests import Solve
from wisp.engine import api
from wisp.engine.jobs import Job
from wisp.engine.shots import OpenShot
from wisp.errors import InputError
from wisp.models.store import ModelStore
from wisp.weights.options import RunOptions

from .conftest import FRAMES, Document

SECOND = FRAMES[1]


@pytest.fixture
def opened(document: Document, shot_folder: Path, tmp_path: Path) -> Callable[[Document], OpenShot]:
    """Opens a shot in this process."""

    def open_one(asked: Document) -> OpenShot:
        told = {**asked, "solve": {"head": "guided"}}
        (tmp_path / "cache").mkdir(exist_ok=True)
        return OpenShot(
            api.Open(shot=told, root=str(shot_folder), cache=str(tmp_path / "cache")),
            ModelStore(RunOptions(device="cpu")),
        )

    return open_one


def edited(document: Document, **item: object) -> api.Update:
    found = copy.deepcopy(document)
    found["objects"][0].update(item)
    found["solve"] = {"head": "guided"}
    return api.Update(shot_id="s", shot=found)


def solve(shot: OpenShot) -> None:
    work = shot.work(Solve(f"{FRAMES[0]}-{FRAMES[3]}", None, "both"))
    work(Job("j", "s", work, lambda *_: None, lambda: None))


def alpha(shot: OpenShot, frame: int = SECOND) -> np.ndarray:
    return read_matte(Path(shot.preview(api.Preview(shot_id="s", frame=frame, object=3)).path))[0]


def test_what_is_shown_is_kept_when_it_is_locked_whatever_is_edited_next(
    document: Document, opened: Callable[[Document], OpenShot]
) -> None:
    shot = opened(document)
    solve(shot)
    seen = alpha(shot)
    locked = with_locks({}, [SECOND], True)
    shot.update(edited(document, **locked))
    wider = [{"frame": FRAMES[0], "kind": "box", "xyxy": [4, 4, 60, 60]}]
    shot.update(edited(document, prompts=wider))
    changed = alpha(shot)
    assert not np.array_equal(changed, seen)
    shot.update(edited(document, prompts=wider, **locked))
    np.testing.assert_array_equal(alpha(shot), seen)


def test_what_was_locked_and_not_kept_at_once_is_kept_before_the_next_edit(
    document: Document, opened: Callable[[Document], OpenShot], monkeypatch: pytest.MonkeyPatch
) -> None:
    shot, frames = opened(document), list(FRAMES[:4])
    solve(shot)
    seen = [alpha(shot, frame) for frame in frames]
    shot.update(edited(document, edge={"grow": 3.0}))
    solve(shot)
    shot.update(edited(document))
    monkeypatch.setattr("wisp.engine.shots.NOTE_SECONDS", -1.0)
    locked = with_locks({}, frames, True)
    shot.update(edited(document, **locked))
    shot.update(edited(document, edge={"grow": 3.0}, **locked))
    for frame, before in zip(frames, seen, strict=True):
        np.testing.assert_array_equal(alpha(shot, frame), before)


def test_what_was_locked_and_not_kept_at_once_is_kept_when_nobody_waits(
    document: Document, opened: Callable[[Document], OpenShot], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shot = opened(document)
    solve(shot)
    for step in ("NOTE_SECONDS", "STEP_SECONDS"):
        monkeypatch.setattr(f"wisp.engine.shots.{step}", -1.0)
    shot.update(edited(document, **with_locks({}, list(FRAMES[:4]), True)))
    kept = [len(list((tmp_path / "cache" / "locked").rglob("*.exr")))]
    for _ in shot.find_out(lambda _: None) or ():
        kept.append(len(list((tmp_path / "cache" / "locked").rglob("*.exr"))))
    assert kept[0] == 1 and kept[1] < 4 and kept[-1] == 4, "a frame at a time"
    assert shot.find_out(lambda _: None) is None


def test_a_picture_that_is_written_anew_is_refused_once_and_then_looked_at(
    document: Document, opened: Callable[[Document], OpenShot], shot_folder: Path
) -> None:
    shot = opened(document)
    picture = shot_folder / f"plate.{SECOND}.png"
    new = cv2.imread(str(shot_folder / f"plate.{FRAMES[3]}.png"))
    assert cv2.imwrite(str(picture), new)
    os.utime(picture, ns=(1, 1))
    with pytest.raises(InputError, match=f"Frame {SECOND} of the plate was written anew"):
        alpha(shot)
    found = alpha(shot)
    fresh = opened(document)
    np.testing.assert_array_equal(alpha(fresh), found)
