"""SAM 3's tracker and heads from the plate to the files, on a small random network."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from sam2_stand_ins import moving_clip, prompts
from sam3_stand_ins import TINY, sam3_checkpoint, tiny_sam3
from wisp.cache import read_matte
from wisp.cli import main
from wisp.heads.progressive import ProgressiveMatting
from wisp.heads.sam2matting import Sam2MattingHead
from wisp.trackers.sam2 import Sam2Tracker
from wisp.trackers.sam3 import model
from wisp.trackers.sam3.model import Sam3Model

__all__ = ["sam3_checkpoint", "tiny_sam3"]


def test_from_plate_to_mattes(
    sam3_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(model.VARIANTS, "sam3", TINY)
    Path("plates").mkdir()
    Path("weights").mkdir()
    shutil.copy(sam3_checkpoint, "weights/SAM2Matting-SAM3.pt")
    for index, picture in enumerate(moving_clip(3).pictures):
        Image.fromarray(picture).save(f"plates/sh.{1001 + index}.png")
    given = ["--box", "1001:14,20,46,52", "--point", "1002:70,10,-", "--weights", "weights", "--device", "cpu"]
    models = ["--tracker", "sam2matting-sam3", "--head", "sam2matting-sam3"]
    assert main(["matte", "plates/sh.%04d.png", *given, *models, "-o", "out", "--cache", "cache", "-q"]) == 0
    for frame in (1001, 1002, 1003):
        alpha = read_matte(Path(f"out/object1/object1.{frame}.exr"))[0]
        assert alpha.shape == (72, 96)
        assert 0 <= alpha.min() < alpha.max() <= 1
    stamp = read_matte(next(Path("cache").glob("*/*/alpha.1002.exr")))[1]
    assert stamp is not None
    assert stamp.model == "sam2matting-sam3 + sam2matting-sam3"
    assert stamp.frame_state == "corrected"


def test_the_result_that_was_asked_for_is_told_in_the_matte_and_its_fingerprint(
    sam3_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dense by default; `--exact` is the head alone, plainly resized; `--fast` is the mask away from its edge."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(model.VARIANTS, "sam3", TINY)
    shutil.copy(sam3_checkpoint, "SAM2Matting-SAM3.pt")
    clip = moving_clip(1, 192, 144)
    Image.fromarray(clip.pictures[0]).save("sh.1001.png")
    asked = ["matte", "sh.1001.png", "--box", "28,40,92,104", "--head", "sam2matting-sam3", "--cache", "cache"]
    alphas, told = {}, {}
    for option in ("", "--exact", "--fast"):
        given = [*asked, *([option] if option else []), "--weights", ".", "--device", "cpu", "-o", f"out{option}", "-q"]
        assert main(given) == 0
        alphas[option], stamp = read_matte(Path(f"out{option}/object1/object1.1001.exr"))
        assert stamp is not None
        told[option] = stamp
    assert [stamp.model.rpartition(" + ")[2] for stamp in told.values()] == [
        "sam2matting-sam3",
        "sam2matting-sam3:result=exact",
        "sam2matting-sam3:result=fast",
    ]
    assert len({stamp.fingerprint for stamp in told.values()}) == 3
    loaded = model.load_model(Path("SAM2Matting-SAM3.pt"), TINY, torch.device("cpu"))
    walk = Sam2Tracker("x", loaded).start(clip, {1: {1001: prompts(box=(28, 40, 92, 104))}}, clip.frames)
    logits = {1: walk.step(1001)[1].logits}
    for option, dense, refine in (("", True, True), ("--exact", True, False), ("--fast", False, True)):
        expected = Sam2MattingHead("x", loaded, dense=dense, refine=refine).matte(clip, 1001, logits)[1]
        assert np.abs(alphas[option] - expected).max() < 1e-3, option
    assert np.abs(alphas[""] - alphas["--exact"]).max() > 0.01


def test_a_wrong_file_ends_with_exit_code_4(
    sam3_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The small file where the published network is expected."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(model.VARIANTS, "sam3", model.Sizes(**{**vars(TINY), "width": 128, "attention_heads": 2}))
    shutil.copy(sam3_checkpoint, "SAM2Matting-SAM3.pt")
    Image.fromarray(moving_clip(1).pictures[0]).save("sh.1001.png")
    given = ["--box", "14,20,46,52", "--tracker", "sam2matting-sam3", "--weights", ".", "--device", "cpu"]
    assert main(["matte", "sh.1001.png", *given, "-o", "out", "-q"]) == 4
    assert "do not fit the model" in capsys.readouterr().err


def test_heads_at_the_sizes_of_sam_3() -> None:
    """Maps of 288, 144 and 72 give an alpha of 576; by shapes alone, the arithmetic is that of any size."""
    with torch.device("meta"):
        maps = [torch.empty(1, 32, 288, 288), torch.empty(1, 64, 144, 144), torch.empty(1, 256, 72, 72)]
        matte = ProgressiveMatting().eval()(maps, torch.empty(1, 3, 1008, 1008), torch.empty(1, 1, 288, 288))
    sizes = [level.shape[-1] for level in (matte.roi_logits, matte.alpha1, matte.alpha2, matte.alpha3)]
    assert sizes == [288, 144, 288, 576]


def test_a_still_is_seen_as_it_is(tiny_sam3: Sam3Model) -> None:
    """SAM 3's heads get no embedding for "no memory": an image differs from a shot's frame by its filter alone."""
    clip = moving_clip(1)
    encoding = Sam2MattingHead("x", tiny_sam3)._encode(clip, 1001)
    expected = tiny_sam3.network.forward_image(model.still_input(clip.image(1001), TINY.image))["backbone_fpn"]
    for found, level in zip(encoding.maps, expected, strict=True):
        assert torch.equal(found, level)


def test_masks_of_the_networks_own_grid_are_taken_as_they_are(tiny_sam3: Sam3Model) -> None:
    assert tiny_sam3.mask_side == 4 * TINY.image // 14
    logits = np.where(np.eye(tiny_sam3.mask_side) > 0, 2.0, -2.0).astype(np.float32)
    assert np.array_equal(Sam2MattingHead("x", tiny_sam3)._mask(logits)[0, 0].numpy(), np.eye(tiny_sam3.mask_side))
