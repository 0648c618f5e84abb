"""How long a frame takes: sam2's own predictor with the heads as published, against ours.

`python -m wisp.bench.speed --frames 4`. Both see the same frames, weights and masks in one process; ours is split by
stage. With random weights (the default) the unknown region is a disc's edge; `tiles` says what part of the last stage
was computed, which with a real checkpoint depends on the picture.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ..device import resolve_device
from ..heads.progressive import ProgressiveMatting
from ..heads.sam2matting import Sam2MattingHead
from ..trackers.sam2 import Sam2Tracker
from ..trackers.sam2.model import Sam2Model, load_model
from ..trackers.tracker import FramePrompts
from .sam2_stand_in import DiscClip, stock_predictor, write_checkpoint

STAGES = ("encode", "track", "matte", "finish")


def run(
    frames: int = 4,
    *,
    variant: str = "tiny",
    checkpoint: Path | None = None,
    image_size: int = 1024,
    size: tuple[int, int] = (960, 540),
    device: str = "auto",
    precision: str = "auto",
) -> dict[str, Any]:
    """Seconds per frame of both ways (median, without the first frame, which warms up), their ratio, our stages.

    The two take turns frame by frame, so that another load on the machine meets both.
    `checkpoint`: a SAM2Matting file of that variant; None makes one of random weights. `size`: width, height of the
    plate. `frames` is at least 2.
    """
    clip = DiscClip(frames, *size)
    with tempfile.TemporaryDirectory() as folder:
        path = checkpoint or write_checkpoint(Path(folder) / "weights.pt", variant)
        model = load_model(path, variant, resolve_device(device), precision, image_size=image_size)
        mask = clip.inside(1, *size)
        turns = zip(_stock(model, variant, clip, mask, Path(folder)), _ours(model, clip, mask), strict=True)
        rows = [(stock, *stages, tiles) for stock, (stages, tiles) in turns]
    stock, *stages, tiles = np.median(rows[1:], axis=0).tolist()
    ours = float(np.median([sum(row[1:-1]) for row in rows[1:]]))
    return {
        "variant": variant,
        "device": str(model.device),
        "precision": str(model.dtype or torch.float32),
        "random_weights": checkpoint is None,
        "stock_s": stock,
        "wisp_s": ours,
        "ratio": stock / ours,
        "stages_s": dict(zip(STAGES, stages, strict=True)),
        "tiles": tiles,
    }


def _stock(model: Sam2Model, variant: str, clip: DiscClip, mask: NDArray[np.bool_], folder: Path) -> Iterator[float]:
    """Seconds of each frame for sam2's predictor and the dense, unfolded heads on its cached features."""
    predictor = stock_predictor(model, variant)
    heads = ProgressiveMatting().eval()
    known = heads.state_dict()
    heads.load_state_dict({key: value for key, value in model.head_state.items() if key in known})
    heads.to(model.device)
    state = predictor.init_state(str(clip.write(folder)))
    with model.autocast():
        predictor.add_new_mask(state, 0, 1, mask)
    walk = predictor.propagate_in_video(state)
    for frame in clip.frames:
        start = time.perf_counter()
        with model.autocast(), torch.inference_mode():
            next(walk)
            image, features = state["cached_features"][frame - 1]
            logits = torch.from_numpy(clip.logits(frame, model.network.image_size // 4))
            matte = heads(features["backbone_fpn"], image, (logits > 0).float()[None, None].to(model.device))
            torch.nn.functional.interpolate(matte.alpha3, (clip.height, clip.width), mode="bilinear").cpu()
        yield time.perf_counter() - start


def _ours(model: Sam2Model, clip: DiscClip, mask: NDArray[np.bool_]) -> Iterator[tuple[list[float], float]]:
    """Seconds of each stage for each frame, and the part of the last stage's area that was computed."""
    head = Sam2MattingHead("bench", model, refine=False)
    prompts = FramePrompts(np.zeros((0, 2), np.float32), np.zeros(0, np.int32), mask=mask)
    track = Sam2Tracker("bench", model).start(clip, {1: {1: prompts}}, clip.frames)
    for frame in clip.frames:
        logits = clip.logits(frame, model.network.image_size // 4)
        marks = [_now(model)]
        model.encoder.encode(clip, frame)
        marks.append(_now(model))
        track.step(frame)
        marks.append(_now(model))
        matte = head.predict(clip, frame, logits)
        marks.append(_now(model))
        head.finish(clip, frame, matte)
        marks.append(_now(model))
        yield np.diff(marks).tolist(), matte.tiles if matte else 0.0


def _now(model: Sam2Model) -> float:
    """Seconds on a clock, after all that was asked of the device is done."""
    if model.device.type == "cuda":
        torch.cuda.synchronize(model.device)
    return time.perf_counter()


def main(argv: Sequence[str] | None = None) -> int:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(prog="wisp.bench.speed", description=__doc__)
    parser.add_argument("--frames", type=int, default=4)
    parser.add_argument("--variant", default="tiny")
    parser.add_argument("--checkpoint", type=Path)
    parser.add_argument("--image-size", type=int, default=1024)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--precision", default="auto")
    options = parser.parse_args(argv)
    print(json.dumps(run(**vars(options)), indent=1))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
