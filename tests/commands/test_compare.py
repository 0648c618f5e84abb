"""`wisp compare`: several heads on one shot, a sheet to look at and, with the truth, a table of errors."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
from wisp.cache import read_matte
from wisp.cli import main
from wisp.compare import spread, telling_window
from wisp.metrics import compare_sequences

WIDTH, HEIGHT = 96, 64
FRAMES = range(1001, 1005)


def cover(frame: int) -> np.ndarray:
    """The true alpha: a soft disk that moves to the right."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH] + 0.5
    return np.clip((17 - np.hypot(x - 30 - 2 * (frame - 1001), y - 32)) / 3, 0, 1).astype(np.float32)


@pytest.fixture
def shot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A shot of one object, not yet solved, and its truth in `truth/`."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(1)
    ground, cloth = rng.integers(0, 60, (HEIGHT, WIDTH, 3)), rng.integers(150, 230, (HEIGHT, WIDTH, 3))
    for folder in ("plates", "truth"):
        Path(folder).mkdir()
    for frame in FRAMES:
        alpha = cover(frame)[..., None]
        cv2.imwrite(f"plates/sh010.{frame}.png", np.rint(alpha * cloth + (1 - alpha) * ground).astype(np.uint8))
        cv2.imwrite(f"truth/sh010.{frame}.png", np.rint(alpha * 65535).astype(np.uint16))
    words = ["plates/sh010.%04d.png", "--frames", "1001", "--box", "1001:12,14,48,50", "--head", "guided"]
    assert main(["matte", *words, "-o", "out", "-q"]) == 0
    path = Path("out/sh010.wisp")
    document = json.loads(path.read_text())
    document["plate"]["last"] = FRAMES[-1]
    path.write_text(json.dumps(document))
    return str(path)


def compare(shot: str, *words: str) -> int:
    return main(["compare", shot, "-o", "sheet.png", *words])


def test_a_sheet_and_a_table(shot: str, capsys: pytest.CaptureFixture[str]) -> None:
    before = Path(shot).read_bytes()
    heads = ["guided", "embedded", "closed-form"]
    assert compare(shot, "--heads", ",".join(heads), "--truth", "truth/sh010.%04d.png", "--rows", "2", "--json") == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [event["track"] for event in events if event["event"] == "started"][1:] == [0, 0], "masks are tracked once"
    scores = {event["head"]: event for event in events if event["event"] == "head"}
    assert list(scores) == heads
    assert len({round(score["mad"], 6) for score in scores.values()}) == 3, "every head has its own matte"
    assert Path(shot).read_bytes() == before

    mattes = {frame: [] for frame in FRAMES}
    for event in events:
        if event["event"] == "frame":
            mattes[event["frame"]].append(read_matte(Path(event["path"]))[0])
    for head, place in (("embedded", -2), ("closed-form", -1)):  # they come in the order of the heads
        own = [(frame, mattes[frame][place]) for frame in FRAMES]
        truth = [(frame, cv2.imread(f"truth/sh010.{frame}.png", cv2.IMREAD_UNCHANGED) / 65535) for frame in FRAMES]
        means = compare_sequences(own, truth).means
        assert scores[head]["mad"] == pytest.approx(means["mad"], rel=1e-4)
        assert scores[head]["dtssd"] == pytest.approx(means["dtssd"], rel=1e-4)

    sheet = cv2.imread("sheet.png")
    assert sheet is not None
    columns, rows = 5, 4  # plate, three heads, truth; each of two frames whole and enlarged
    assert sheet.shape[1] == columns * 326 + 6
    cell = round(320 * HEIGHT / WIDTH)
    assert rows * cell < sheet.shape[0] < rows * cell + 200
    cells = [sheet[60 : 60 + cell // 2, 6 + 326 * column :][:, :320].astype(float) for column in range(columns)]
    assert all(np.abs(one - other).mean() > 0.02 for one, other in pairwise(cells))


def test_without_truth_a_few_frames_are_matted(shot: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert compare(shot, "--heads", "guided,embedded", "--rows", "2", "--show", "matte", "--json") == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {event["frame"] for event in events if event["event"] == "frame"} == {1001, 1004}
    assert events[-1] == {"event": "sheet", "path": "sheet.png", "heads": ["guided", "embedded"], "frames": "1001,1004"}
    assert cv2.imread("sheet.png").shape[1] == 3 * 326 + 6


def test_heads_are_seen_beside_a_line_and_as_a_difference(shot: str) -> None:
    """The first column's left is the plate; the second's is the first head's."""
    sheets = {}
    for show in ("checker", "wipe", "difference", "matte"):
        chosen = ("--heads", "guided,embedded", "--frames", "1001", "--show", show, "--overwrite", "-q")
        assert compare(shot, *chosen) == 0
        cells = cv2.imread("sheet.png").astype(float)
        height = cells.shape[0]
        sheets[show] = [cells[height // 4 : height // 2 - 20, 6 + 326 * place :][:, :320] for place in range(3)]
    plate, first, second = sheets["wipe"]
    apart = np.abs(first - plate).mean(axis=2)
    assert np.median(apart[:, 8:150]) < 1 and np.median(apart[:, 200:]) > 20, "the detail's frame is on the plate alone"
    assert np.array_equal(second[:, 8:150], sheets["checker"][1][:, 8:150])
    assert np.array_equal(second[:, 170:], sheets["checker"][2][:, 170:])
    assert np.array_equal(sheets["difference"][1], sheets["matte"][1])
    assert (sheets["difference"][2] != sheets["matte"][2]).any()


def test_one_head_twice_is_one(shot: str) -> None:
    assert compare(shot, "--heads", "guided, guided", "--frames", "1001", "-q") == 0
    assert cv2.imread("sheet.png").shape[1] == 2 * 326 + 6


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["--heads", "guided,nosuch"], 2, "no head 'nosuch'"),
        (["--heads", "guided:a=b"], 2, "no setting 'a=b'"),
        (["--heads", "guided", "--objects", "nobody"], 2, "no object 'nobody'"),
        (["--heads", "guided", "--truth", "absent.%04d.png"], 3, "absent"),
        (["--heads", "guided", "--truth", "truth/sh010.%04d.png", "--frames", "1001,1099"], 2, "no frame 1099"),
        (["--heads", "guided", "--frames", "1099"], 2, "no frame of"),
        (["--heads", "guided,mam"], 4, "wisp models get mam"),
    ],
)
def test_what_cannot_be_compared_is_named(
    shot: str,
    words: list[str],
    code: int,
    message: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(Path.cwd() / "home"))
    monkeypatch.delenv("WISP_WEIGHTS", raising=False)
    assert compare(shot, *words, "-q") == code
    assert message in capsys.readouterr().err
    assert not Path("sheet.png").exists()


def test_a_sheet_is_not_overwritten_unless_asked(shot: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("sheet.png").write_text("precious")
    assert compare(shot, "--heads", "guided", "--frames", "1001", "-q") == 8
    assert "--overwrite" in capsys.readouterr().err
    assert Path("sheet.png").read_text() == "precious"
    assert compare(shot, "--heads", "guided", "--frames", "1001", "--overwrite", "-q") == 0
    assert cv2.imread("sheet.png") is not None


def test_the_detail_is_where_the_mattes_differ_most() -> None:
    rng = np.random.default_rng(4)
    one = cv2.GaussianBlur(rng.random((120, 300)).astype(np.float32), (0, 0), 9)
    other = one.copy()
    other[70:80, 200:230] += 0.3
    window = telling_window([one, other])
    assert (window.width, window.height) == (60, 24)
    assert window.x0 <= 200 and window.x1 >= 230 and window.y0 <= 70 and window.y1 >= 80
    assert telling_window([np.zeros((20, 30), np.float32)]) == (0, 0, 30, 20), "a small picture is shown whole"


def test_spread() -> None:
    assert spread([1, 2, 3], 4) == [1, 2, 3]
    assert spread(range(1, 101), 4) == [1, 34, 67, 100]
    assert spread([5, 6, 9], 1) == [5]
