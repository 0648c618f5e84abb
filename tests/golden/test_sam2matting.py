"""SAM2Matting against numbers that the published research code gave with the same stand-in weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from sam2_stand_ins import ArrayClip, matting_checkpoint, prompts
from wisp.heads.progressive import ProgressiveMatting, fold_batch_norm
from wisp.heads.sam2matting import Sam2MattingHead
from wisp.trackers.sam2 import Sam2Tracker, build
from wisp.trackers.sam2.model import load_model
from wisp.trackers.tracker import FramePrompts
from wisp.weights.options import RunOptions
from wisp.weights.registry import entry

__all__ = ["matting_checkpoint"]


def assert_matte(found: np.ndarray, golden: np.ndarray) -> None:
    """Equal but for the few pixels next to a threshold that rounds the other way on another machine."""
    error = np.abs(found - golden / 65535.0)
    assert (error <= 1e-4).mean() >= 0.999
    assert error.mean() <= 1e-5


def assert_bits(found: np.ndarray, golden: np.ndarray) -> None:
    assert (found != np.unpackbits(golden, axis=-1).astype(bool)).mean() <= 0.001


@pytest.fixture(scope="module")
def tracker(matting_checkpoint: Path) -> Sam2Tracker:
    return build(
        entry("sam2matting-sam2.1-tiny"),
        {"checkpoint": matting_checkpoint},
        RunOptions(device="cpu", precision="fp32"),
    )


@pytest.fixture(scope="module")
def head(tracker: Sam2Tracker) -> Sam2MattingHead:
    return Sam2MattingHead(tracker.id, tracker.model, dense=True, refine=False)


@pytest.mark.parametrize("folded", [False, True])
def test_heads_alone(shared: Path, matting_checkpoint: Path, folded: bool) -> None:
    golden = np.load(shared / "golden" / "sam2t_heads.npz")
    network = ProgressiveMatting().eval()
    network.load_state_dict(load_model(matting_checkpoint, "tiny", torch.device("cpu"), image_size=128).head_state)
    if folded:
        fold_batch_norm(network)
    maps = [torch.from_numpy(golden[name].astype(np.float32)) for name in ("f0", "f1", "f2")]
    image = torch.from_numpy(golden["image"].astype(np.float32))
    with torch.inference_mode():
        matte = network(maps, image, torch.from_numpy(golden["mask"].astype(np.float32))[None, None])
    for name in ("roi_logits", "alpha1", "alpha2", "alpha3"):
        assert np.abs(getattr(matte, name).numpy() - golden[name]).max() <= 1e-4, name


@pytest.mark.slow
def test_image(shared: Path, head: Sam2MattingHead) -> None:
    golden = np.load(shared / "golden" / "syn_sam2t_image.npz")
    clip = ArrayClip(golden["frame"][None])
    logits = np.where(golden["prompt_mask"] > 0, np.float32(10), np.float32(-10))
    matte = head.predict(clip, 1001, logits)
    assert matte is not None
    assert_bits(matte.roi_logits[0, 0].sigmoid().numpy() > 0.65, golden["roi_bits"])
    for name in ("alpha1", "alpha2", "alpha3"):
        assert_matte(getattr(matte, name)[0, 0].numpy(), golden[name])
    assert_matte(head.matte(clip, 1001, {1: logits})[1], golden["alpha"])


def _drawn(kind: str, golden: dict[str, np.ndarray]) -> FramePrompts:
    if kind == "mask":
        return prompts(mask=golden["prompt_mask"] / 255 > 0.005)
    if kind == "point":
        return prompts(golden["prompt_point"], golden["prompt_label"])
    return prompts(box=tuple(golden["prompt_box"]))


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["mask", "point", "box"])
def test_video(shared: Path, tracker: Sam2Tracker, head: Sam2MattingHead, kind: str) -> None:
    golden = dict(np.load(shared / "golden" / f"syn_sam2t_video_{kind}.npz"))
    clip = ArrayClip(golden["frames"])
    walk = tracker.start(clip, {1: {1001: _drawn(kind, golden)}}, clip.frames)
    encoded = tracker.model.encoder.computed
    # All frames once: how an object is remembered does not depend on what it was drawn with.
    frames = clip.frames if kind == "mask" else clip.frames[:2]
    for index, frame in enumerate(frames):
        tracked = walk.step(frame)[1]
        assert tracked.state == ("keyframe" if index == 0 else "tracked")
        assert tracked.confidence == pytest.approx(1 / (1 + np.exp(-golden["obj_score"][index, 0])), abs=1e-4)
        assert_bits(tracked.logits > 0, golden["mask_bits"][index])
        # Stored as half floats, hence the relative part.
        assert np.allclose(tracked.logits, golden["mask_logits"][index], rtol=1e-3, atol=1e-2)
        snapshot = walk.snapshot()
        pointer = snapshot[f"object.1.{'keyframes' if index == 0 else 'recent'}.{index}.pointer"]
        assert np.abs(pointer[0] - golden["obj_ptr"][index]).max() <= 1e-3
        matte = head.predict(clip, frame, tracked.logits)
        assert matte is not None
        assert_bits(matte.roi_logits[0, 0].sigmoid().numpy() > 0.65, golden["roi_bits"][index])
        assert_matte(head.finish(clip, frame, matte), golden["alpha"][index])
    if frames == clip.frames:
        assert_matte(matte.alpha3[0, 0].numpy(), golden["alpha3_last"])
    assert tracker.model.encoder.computed - encoded == len(frames), "tracker and head share encodings"
