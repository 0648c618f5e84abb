"""`wisp matte --exact` against numbers that the published research code gave with the same stand-in weights."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from sam2_stand_ins import ArrayClip, matting_checkpoint, prompts, write_checkpoint
from wisp.cache import read_matte
from wisp.cli import main
from wisp.heads.sam2matting import Sam2MattingHead
from wisp.trackers.sam2 import Sam2Tracker
from wisp.trackers.sam2.model import load_model

__all__ = ["matting_checkpoint"]

TINY, BASE_PLUS = "sam2matting-sam2.1-tiny", "sam2matting-sam2.1-base-plus"


def matte(pictures: np.ndarray, folder: Path, checkpoint: Path, head: str, *drawn: str) -> list[np.ndarray]:
    """The alphas that users get of 8-bit RGB pictures; in folders below `folder`."""
    plates, out = folder / "plates", folder / "out"
    plates.mkdir()
    name = "SAM2Matting-SAM2.1Tiny.pt" if head == TINY else "SAM2Matting-SAM2.1Base+.pt"
    shutil.copy(checkpoint, folder / name)
    for index, picture in enumerate(pictures):
        Image.fromarray(picture).save(plates / f"sh.{1001 + index}.png")
    where = ["--weights", str(folder), "--allow-unverified-weights", "--device", "cpu", "--precision", "fp32"]
    plate = str(plates / "sh.%04d.png") if len(pictures) > 1 else str(plates / "sh.1001.png")
    assert main(["matte", plate, *drawn, "--head", head, "--exact", *where, "-o", str(out), "-q"]) == 0
    files = sorted(out.glob("object1/*.exr"))
    assert len(files) == len(pictures)
    assert read_matte(files[0])[1].model == f"{head} + {head}:result=exact"  # type: ignore[union-attr]
    return [read_matte(file)[0] for file in files]


def assert_equal(found: np.ndarray, golden: np.ndarray) -> None:
    """Within what a half float can tell, but for the few pixels next to a threshold that rounds the other way."""
    assert found.shape == golden.shape
    assert (np.abs(found - golden) <= 1e-3).mean() >= 0.999


@pytest.mark.slow
@pytest.mark.timeout(1800)  # a busy machine has been seen to take minutes for them
@pytest.mark.parametrize("kind", ["mask", "point", "box"])
def test_video(shared: Path, tmp_path: Path, matting_checkpoint: Path, kind: str) -> None:
    golden = np.load(shared / "golden" / f"syn_sam2t_video_{kind}.npz")
    if kind == "mask":
        Image.fromarray((golden["prompt_mask"] / 255 > 0.005).astype(np.uint8) * 255).save(tmp_path / "mask.png")
        drawn = f"--mask=1001:{tmp_path / 'mask.png'}"
    else:
        drawn = f"--{kind}=1001:{','.join(f'{value:g}' for value in golden[f'prompt_{kind}'].ravel())}"
    # All frames once: how an object is remembered does not depend on what it was drawn with. A still is seen otherwise.
    count = len(golden["frames"]) if kind == "mask" else 2
    found = matte(golden["frames"][:count], tmp_path, matting_checkpoint, TINY, drawn)
    for alpha, expected in zip(found, golden["alpha"][:count], strict=True):
        assert_equal(alpha, expected / 65535)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_the_larger_network_gives_what_its_parts_give(shared: Path, tmp_path: Path) -> None:
    """No published numbers of it are at hand: the command against tracker and head called by themselves."""
    checkpoint = write_checkpoint(shared, "keys-sam2matting-sam2.1base+.json", tmp_path / "base-plus.pt")
    golden = np.load(shared / "golden" / "syn_sam2t_video_box.npz")
    frames = golden["frames"][:2]
    box = tuple(float(value) for value in golden["prompt_box"])
    found = matte(frames, tmp_path, checkpoint, BASE_PLUS, f"--box=1001:{','.join(f'{value:g}' for value in box)}")
    model = load_model(checkpoint, "base-plus", torch.device("cpu"), "fp32")
    clip = ArrayClip(frames)
    walk = Sam2Tracker("x", model).start(clip, {1: {1001: prompts(box=box)}}, clip.frames)
    head = Sam2MattingHead("x", model, dense=True, refine=False)
    for frame, alpha in zip(clip.frames, found, strict=True):
        logits = walk.step(frame)[1].logits
        assert_equal(alpha, head.matte(clip, frame, {1: logits})[1])
