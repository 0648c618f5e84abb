"""How far our results on a device are from numbers that the published research code gave on a CPU in float32.

The golden vectors and the recipe of their stand-in weights are material of the tests; a folder that holds `golden` and
`spec` is given. Nothing here says what is close enough but `limit_of`, by the golden vectors' own description.
"""

from __future__ import annotations

import json
import runpy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ..heads.band import logits_of
from ..heads.mam import MamHead
from ..heads.mam import build as build_mam
from ..heads.progressive import ProgressiveMatting
from ..heads.sam2matting import Sam2MattingHead
from ..plates.clip import FloatImage
from ..trackers.sam2 import Sam2Tracker
from ..trackers.sam2.model import Sam2Model, load_model
from ..trackers.tracker import FramePrompts
from ..weights.options import RunOptions
from ..weights.registry import entry_as

_Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Distance:
    """`largest` and `mean` absolute difference of alphas (or logits), and the share of values within 1e-4."""

    name: str
    largest: float
    mean: float
    within: float

    def passes(self, precision: str) -> bool:
        """By the golden vectors' description: single heads to 1e-4; whole ways in float32 99.9 % of the pixels within
        1e-4 and 1e-5 on average; half precision 0.01 on average."""
        if precision != "fp32":
            return self.mean <= 0.01
        if self.name.endswith("alone"):
            return self.largest <= 1e-4
        return self.within >= 0.999 and self.mean <= 1e-5


def distance(name: str, found: NDArray[Any], golden: NDArray[Any]) -> Distance:
    """Between arrays of one shape."""
    error = np.abs(found.astype(np.float64) - golden.astype(np.float64))
    return Distance(name, float(error.max()), float(error.mean()), float((error <= 1e-4).mean()))


class PictureClip:
    """8-bit pictures (n x height x width x 3) in memory as a `Clip`, frames numbered from 1."""

    def __init__(self, pictures: NDArray[np.uint8]) -> None:
        self._pictures = pictures
        self.frames: Sequence[int] = tuple(range(1, 1 + len(pictures)))
        self.height, self.width = pictures.shape[1:3]

    def image(self, frame: int, size: tuple[int, int] | None = None) -> FloatImage:
        """See `Clip.image`; the models of the golden vectors resize by their own filters."""
        assert size is None
        picture: FloatImage = self._pictures[frame - 1].astype(np.float32) / np.float32(255)
        return picture


class Golden:
    """The golden vectors in `folder`, and models with their stand-in weights, whose files are made in `scratch`."""

    def __init__(self, folder: Path, scratch: Path) -> None:
        self._folder = folder
        self._scratch = scratch
        self._recipe = runpy.run_path(str(folder / "golden" / "make_weights.py"))

    def checkpoint(self, keys: str) -> Path:
        """A checkpoint of stand-in weights for a key list of `spec`."""
        path = self._scratch / f"{keys}.pt"
        if not path.exists():
            shapes = json.loads((self._folder / "spec" / f"{keys}.json").read_text("utf-8"))
            filled = self._recipe["fill_keys"](shapes)
            torch.save({"model": {key: torch.from_numpy(value) for key, value in filled.items()}}, path)
        return path

    def arrays(self, name: str) -> _Arrays:
        """One file of golden vectors."""
        with np.load(self._folder / "golden" / f"{name}.npz") as file:
            return dict(file)

    def sam2matting(self, device: torch.device, precision: str) -> Iterator[Distance]:
        """The heads alone, a still, and three shots of which the first frame has a mask, a point or a box."""
        model = load_model(self.checkpoint("keys-sam2matting-sam2.1tiny"), "tiny", device, precision)
        yield self._heads(model)
        head = Sam2MattingHead("parity", model, refine=False)
        still = self.arrays("syn_sam2t_image")
        logits = logits_of(still["prompt_mask"] > 0)
        alpha = head.matte(PictureClip(still["frame"][None]), 1, {1: logits})[1]
        yield distance("SAM2Matting T, still", alpha, still["alpha"] / 65535)
        for kind in ("mask", "point", "box"):
            golden = self.arrays(f"syn_sam2t_video_{kind}")
            clip = PictureClip(golden["frames"])
            walk = Sam2Tracker("parity", model).start(clip, {1: {1: _drawn(kind, golden)}}, clip.frames)
            alphas = [head.matte(clip, frame, {1: walk.step(frame)[1].logits})[1] for frame in clip.frames]
            yield distance(f"SAM2Matting T, shot from a {kind}", np.stack(alphas), golden["alpha"] / 65535)

    def _heads(self, model: Sam2Model) -> Distance:
        golden = self.arrays("sam2t_heads")
        network = ProgressiveMatting().eval()
        network.load_state_dict(model.head_state)
        network.to(model.device)

        def value(name: str) -> torch.Tensor:
            return torch.from_numpy(golden[name].astype(np.float32)).to(model.device)

        with torch.inference_mode():
            matte = network([value(name) for name in ("f0", "f1", "f2")], value("image"), value("mask")[None, None])
        names = ("roi_logits", "alpha1", "alpha2", "alpha3")
        found = np.concatenate([getattr(matte, name).cpu().numpy().ravel() for name in names])
        return distance("SAM2Matting T, heads alone", found, np.concatenate([golden[name].ravel() for name in names]))

    @cached_property
    def _mam_files(self) -> dict[str, Path]:
        return {"sam": self.checkpoint("keys-sam-vit-b"), "decoder": self.checkpoint("keys-mam-m2m")}

    def mam(self, device: torch.device, precision: str) -> Iterator[Distance]:
        """Matting Anything on a picture with a box and with a point."""
        options = RunOptions(device=str(device), precision=precision)
        head = build_mam(entry_as("mam", "head"), self._mam_files, options)
        for kind in ("box", "point"):
            golden = self.arrays(f"mam_e2e_{kind}")
            yield distance(f"Matting Anything, {kind}", _mam_alpha(head, kind, golden), golden["final_mask"] / 65535)


def _mam_alpha(head: MamHead, kind: str, golden: _Arrays) -> FloatImage:
    clip = PictureClip(golden["image"][None])
    encoding = head.encode(clip, 1)
    if kind == "box":
        x0, y0, x1, y1 = golden["prompt_box"].tolist()
        tokens = head.box_tokens(encoding, (x0, y0, x1, y1))
    else:
        tokens = head.point_tokens(encoding, golden["prompt_point"], np.ones(1, np.int32))
    logits = head.segment(encoding, tokens)
    return head.merged(encoding, head.predict(encoding, logits > 0), head.plate_mask(encoding, logits))


def _drawn(kind: str, golden: _Arrays) -> FramePrompts:
    points, labels = np.zeros((0, 2), np.float32), np.zeros(0, np.int32)
    if kind == "point":
        return FramePrompts(golden["prompt_point"].reshape(-1, 2), golden["prompt_label"].astype(np.int32))
    if kind == "mask":
        return FramePrompts(points, labels, mask=golden["prompt_mask"] / 255 > 0.005)
    x0, y0, x1, y1 = golden["prompt_box"].ravel().tolist()
    return FramePrompts(points, labels, box=(x0, y0, x1, y1))
