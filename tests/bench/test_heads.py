"""Heads side by side: what is measured, what is drawn, and what is said of heads that are not here."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from wisp.bench import heads
from wisp.errors import InputError
from wisp.weights.options import RunOptions

SIDE = 64


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """One still and one clip of a disk, whose alpha is known, that moves by a pixel a frame."""
    rows, columns = np.mgrid[0:SIDE, 0:SIDE]

    def alpha(step: int) -> np.ndarray:
        return np.clip((18 - np.hypot(rows - 32, columns - 26 - step)) / 4 + 0.5, 0, 1)

    def picture(share: np.ndarray) -> np.ndarray:
        return np.uint8(share[..., None] * [40, 90, 220] + (1 - share[..., None]) * [190, 160, 60])

    still = tmp_path / "stills" / "disk"
    clip = tmp_path / "clips" / "moving"
    for folder in (still, clip / "frames", clip / "alpha"):
        folder.mkdir(parents=True)
    share = alpha(0)
    cv2.imwrite(str(still / "image.png"), picture(share))
    cv2.imwrite(str(still / "alpha.png"), np.uint8(share * 255))
    cv2.imwrite(str(still / "trimap.png"), np.uint8(np.where((share > 0) & (share < 1), 128, share * 255)))
    for name in ("mask.png", "mask_coarse.png"):
        cv2.imwrite(str(still / name), np.uint8(share > 0.5) * 255)
    for step in range(4):
        cv2.imwrite(str(clip / "frames" / f"{step:05d}.png"), picture(alpha(step)))
        cv2.imwrite(str(clip / "alpha" / f"{step:05d}.png"), np.uint8(alpha(step) * 255))
    cv2.imwrite(str(clip / "first_mask.png"), np.uint8(share > 0.5) * 255)
    return tmp_path


def test_every_head_is_measured_and_drawn_and_one_without_weights_is_named(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--head", "guided", "--head", "embedded", "--head", "mam", "--clip", "moving"]
    assert heads.main([str(data), "-o", str(tmp_path / "drawn"), *options]) == 0
    told = capsys.readouterr().out
    lines = [line for line in told.splitlines() if line.startswith(("| `", "| moving"))]
    assert [line.split("`")[1] for line in lines] == ["guided", "embedded"] * 2
    assert "mam: The weight file" in told
    stills = cv2.imread(str(tmp_path / "drawn" / "stills.png"))
    assert stills is not None and stills.shape[1] > 5 * 240, "plate, mask, two heads, truth"
    assert cv2.imread(str(tmp_path / "drawn" / "moving.png")) is not None


def test_errors_are_those_of_the_mattes_that_are_shown(data: Path) -> None:
    here, absent = heads.heads_here(["guided"], RunOptions())
    assert not absent
    shot = heads.read_shot(data / "clips" / "moving", 3)
    rows, grid = heads.on_clip(shot, here)
    assert len(shot.truth) == 3 and len(grid) == 2
    assert rows[0].mad is not None and 0 < rows[0].mad < 40
    assert rows[0].dtssd is not None and rows[0].flicker < 20
    stills, _ = heads.on_stills(data / "stills", here)
    assert {row.mask for row in stills} == {"exact", "coarse"} and all(row.mad < 40 for row in stills)


def test_a_clip_without_truth_is_followed_from_its_box_and_one_without_either_is_refused(data: Path) -> None:
    clip = data / "clips" / "moving"
    (clip / "first_mask.png").unlink()
    for file in (clip / "alpha").iterdir():
        file.unlink()
    (clip / "clip.json").write_text(json.dumps({"prompts": [{"box_xyxy": [8, 14, 45, 51]}]}))
    shot = heads.read_shot(clip, 2)
    assert (shot.logits[0] > 0).any() and not shot.truth
    rows, _ = heads.on_clip(shot, heads.heads_here(["guided"], RunOptions())[0])
    assert rows[0].mad is None and rows[0].dtssd is None
    (clip / "clip.json").unlink()
    with pytest.raises(InputError, match="where it is"):
        heads.read_shot(clip, 2)
