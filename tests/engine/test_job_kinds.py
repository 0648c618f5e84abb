"""What an engine does beside solving: deliver, check, compare, detect, each as a job with its events."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from wisp import shot as documents
from wisp.cache import read_matte
from wisp.client import ends, events, requests
from wisp.client.client import Client
from wisp.client.errors import EngineError
from wisp.client.shots import RemoteShot

from .conftest import FRAMES, Document, Start


class Asked:
    """One job and all that it told."""

    def __init__(self, shot: RemoteShot, request: requests.Request) -> None:
        self.events: list[events.Event] = []
        self.ends: list[ends.Done] = []
        self.errors: list[EngineError] = []
        self.job = shot.run(request, self.events.append, self.ends.append, self.errors.append)

    def told(self, kind: type) -> list:
        return [event for event in self.events if isinstance(event, kind)]


#: Starts an engine that behaves as named and opens the shot.
Opening = Callable[..., tuple[Client, RemoteShot]]


@pytest.fixture
def open_shot(start: Start, document: Document, shot_folder: Path, tmp_path: Path) -> Opening:
    def open_shot(behaviour: str | None = None) -> tuple[Client, RemoteShot]:
        client = start(behaviour)
        return client, client.open(document, str(shot_folder), lambda _: None, _raise, cache=str(tmp_path / "cache"))

    return open_shot


def _raise(error: EngineError) -> None:
    raise error


@pytest.fixture
def ask(open_shot: Opening) -> Callable[[requests.Request], Asked]:
    client, shot = open_shot()

    def ask(request: requests.Request) -> Asked:
        asked = Asked(shot, request)
        client.wait(lambda: asked.job.finished, timeout=180)
        assert len(asked.ends) + len(asked.errors) == 1
        return asked

    return ask


def test_solved_delivered_checked_and_compared(ask: Callable[[requests.Request], Asked], tmp_path: Path) -> None:
    solved = ask(requests.Solve())
    assert solved.ends == [ends.Solved(12, 12, 0, {})]
    assert [(event.object, event.id) for event in solved.told(events.FrameDone)] == [("disc", 3)] * 12

    out = tmp_path / "out"
    delivered = ask(requests.Deliver(str(out / "{object}.%04d.exr"), frames="1001-1004", objects=[3]))
    assert delivered.ends == [ends.Delivered(4, 0, None, [str(out)])]
    assert delivered.told(events.Progress)[-1].done == 4
    mattes = {event.frame: Path(event.path) for event in solved.told(events.FrameDone)}
    assert (read_matte(out / "disc.1002.exr")[0] == read_matte(mattes[1002])[0]).all()
    drawn = ask(requests.Deliver(str(out), layout="shapes", format="svg", name="sh010"))
    assert drawn.told(events.ShapesMeasured)[0].iou > 0.9
    assert (out / "sh010_shapes.svg").exists()

    checked = ask(requests.Check(sheet=str(out / "worst.png"), worst=2))
    verdicts = checked.told(events.Verdict)
    assert sorted(one.frame for one in verdicts) == list(FRAMES) and {one.id for one in verdicts} == {3}
    assert checked.ends == [ends.Checked(12, sum(one.suspicious for one in verdicts), str(out / "worst.png"))]
    assert (out / "worst.png").stat().st_size > 1000

    compared = ask(requests.Compare(["guided", "embedded"], str(out / "heads.png"), frames="1001,1006"))
    assert compared.ends == [ends.Compared(str(out / "heads.png"), ["guided", "embedded"], "1001,1006")]
    assert {event.frame for event in compared.told(events.FrameDone)} == {1001, 1006}, "one head has the shot's own"


def test_shapes_of_a_shot_are_taken_again(ask: Callable[[requests.Request], Asked], tmp_path: Path) -> None:
    """As masks at their keys; to be finished, on every frame and with what surely belongs and what does not."""
    ask(requests.Solve())
    ask(requests.Deliver(str(tmp_path / "disc.nk"), layout="shapes"))
    for band in (None, 4.0):
        taken = ask(requests.Roto(str(tmp_path / "disc.nk"), str(tmp_path / "masks"), band=band))
        (read,) = taken.told(events.RotoRead)
        assert taken.ends == [ends.RotoTaken(1)] and (read.object, read.first, read.last) == ("disc", 1001, 1012)
        assert all(Path(path).is_file() and path.startswith(str(tmp_path / "masks")) for _, path in read.masks)
        written = {one.done for one in taken.told(events.Progress) if one.total}
        assert len(read.masks) * (1 if band is None else 2) in written, "core and garbage of a frame are a step, too"
        if band is None:
            assert read.core is None and len(read.masks) < len(FRAMES)
        else:
            assert [frame for frame, _ in read.masks] == list(FRAMES)
            assert all(Path(str(name) % frame).is_file() for name in (read.core, read.garbage) for frame in FRAMES)


def test_the_subject_is_told_as_candidates_and_nothing_is_changed(ask: Callable[[requests.Request], Asked]) -> None:
    asked = ask(requests.Subject(1001))
    (end,) = asked.ends
    told = asked.told(events.Candidate)
    assert told and end == ends.SubjectFound(len(told), end.doubtful)
    assert [one.number for one in told] == [1, 2, 3][: len(told)]
    for one in told:
        (x0, y0, x1, y1), (x, y) = one.xyxy, one.xy
        assert one.frame == 1001 and x0 < x < x1 and y0 < y < y1 and 0 <= one.confidence <= 1
        assert one.outline and all(len(part) > 2 for part in one.outline)
        assert [prompt["kind"] for prompt in one.prompts] == ["box", "point"]


REFUSED = (
    (requests.Subject(1), "usage", "no frame 1"),
    (requests.Deliver("out"), "usage", "not an absolute path"),
    (requests.Deliver("/tmp/out/x.%04d.exr", tolerance=0.0), "usage", "tolerance 0"),
    (requests.Deliver("/tmp/out", format="gif"), "usage", "no format 'gif'"),
    (requests.Deliver("/nowhere/out"), "input", "Not solved yet: 'disc'"),
    (requests.Check(frames="1-2"), "usage", "no frame 1"),
    (requests.Check(objects=[9]), "usage", "id 9"),
    (requests.Compare(["guided"], "/tmp/x.png", rows=0), "usage", "0 rows"),
    (requests.Compare(["nosuch"], "/tmp/x.png"), "usage", "no head 'nosuch'"),
    (requests.Pack("openjd", "job"), "usage", "not an absolute path"),
    (requests.Pack("openjd", "/tmp/job", maps=["nothing"]), "usage", "nothing"),
    (requests.Pack("openjd", "/tmp/job", frames="1-2"), "usage", "Frame 1"),
    (requests.Roto("hero.nk", "/tmp/roto"), "usage", "not an absolute path"),
    (requests.Roto("/nowhere/hero.nk", "/tmp/roto"), "input", "/nowhere/hero.nk"),
    (requests.Roto("/nowhere/hero.nk", "/tmp/roto", "most", 0), "usage", "0 is no number of frames"),
    (requests.Roto("/nowhere/hero.nk", "/tmp/roto", band=0.0), "usage", "the band 0"),
    (requests.Carry("hero.wisp", "/tmp/masks"), "usage", "not an absolute path"),
    (requests.Carry("/nowhere/hero.wisp", "/tmp/masks"), "input", "/nowhere/hero.wisp does not exist"),
    (requests.Detect(words="a dog"), "usage", "'frame'"),
    (requests.Detect(words="a dog", frame=1), "usage", "no frame 1"),
    (requests.Detect(words="a dog", frame=1001, detector="nosuch"), "usage", "nosuch"),
)


@pytest.mark.parametrize(
    ("queue", "files"),
    [
        ("openjd", ["plate.job.json"]),
        ("deadline-cloud", ["template.json", "parameter_values.json", "asset_references.json"]),
        ("flamenco", ["wisp.js", "plate.flamenco.json"]),
        ("opencue", ["plate.outline.py"]),
    ],
)
def test_a_job_for_each_queue(
    ask: Callable[[requests.Request], Asked], shot_folder: Path, tmp_path: Path, queue: Any, files: list[str]
) -> None:
    """Beside the document, which finds its pictures from there; again it replaces itself, and nothing else."""
    folder = tmp_path / "farm"
    for _ in range(2):
        asked = ask(requests.Pack(queue, str(folder), maps=["P:\\film=/mnt/film"]))
        assert not asked.errors and isinstance(asked.ends[0], ends.Packed), asked.errors
        packed = asked.ends[0]
        assert packed.files == [(folder / name).as_posix() for name in ("plate.wisp", *files)]
        assert sorted(path.name for path in folder.iterdir()) == sorted(["plate.wisp", *files])
        assert str(folder) in packed.words
    shot = documents.load(folder / "plate.wisp")
    assert documents.resolve_path(shot.plate.path, folder / "plate.wisp") == shot_folder / "plate.%04d.png"
    text = "".join((folder / name).read_text("utf-8") for name in files)
    text += packed.words
    assert (tmp_path / "cache").as_posix() in text and "/mnt/film" in text
    (folder / "plate.wisp").write_text("a person's")
    (error,) = ask(requests.Pack(queue, str(folder))).errors
    assert error.kind == "output" and (folder / "plate.wisp").read_text() == "a person's"


def test_what_cannot_be_done_is_said(ask: Callable[[requests.Request], Asked]) -> None:
    for request, kind, words in REFUSED:
        (error,) = ask(request).errors
        assert error.kind == kind and words in error.message, (request, error)


def test_a_check_is_cancelled_after_its_step(open_shot: Opening) -> None:
    client, shot = open_shot("late check")
    asked = Asked(shot, requests.Check())
    asked.job.cancel()
    client.wait(lambda: asked.job.finished, timeout=180)
    assert [error.kind for error in asked.errors] == ["cancelled"] and asked.ends == []
