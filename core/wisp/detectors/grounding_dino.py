"""Grounding DINO (Liu et al., ECCV 2024) behind the Detector protocol, by the package `transformers`."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import MemoryLimitError, UsageError, WeightsError
from ..plates.clip import FloatImage, resize
from ..weights.options import RunOptions
from ..weights.registry import ModelEntry
from .boxes import distinct
from .detector import Detection

log = logging.getLogger(__name__)

#: Mean and standard deviation of ImageNet's RGB.
MEAN = np.array([0.485, 0.456, 0.406], np.float32)
STD = np.array([0.229, 0.224, 0.225], np.float32)
#: The shorter side of the picture as the network was trained to see it, and what the longer one may not exceed.
SHORT_SIDE, LONG_SIDE = 800, 1333
#: A word belongs to a box from this probability on (the published default).
WORD_THRESHOLD = 0.25


def build(entry: ModelEntry, files: Mapping[str, Path], options: RunOptions) -> GroundingDino:
    """The detector of a registry entry. `files`: `checkpoint` (.safetensors), `config` (JSON) and `vocabulary` (one
    token per line), as published.

    Raises WeightsError (missing, damaged or not this model), DeviceError, MemoryLimitError.
    """
    from transformers import BertTokenizer

    from ..device import resolve_device
    from ..weights.hashes import remembered_sha256

    device = resolve_device(options.device)
    network = _load(files["checkpoint"], files["config"])
    _on_device(network, device)
    tokenizer = BertTokenizer(vocab=str(files["vocabulary"]))
    if len(tokenizer) > network.config.text_config.vocab_size:
        raise WeightsError(
            f"The vocabulary {files['vocabulary']} has {len(tokenizer)} words, more than the network knows.",
            hint="Check that the files belong together.",
            path=files["vocabulary"],
        )
    return GroundingDino(entry.id, remembered_sha256(files["checkpoint"]), network, tokenizer)


class GroundingDino:
    """`network`: a GroundingDinoForObjectDetection in evaluation mode; `tokenizer`: BERT's."""

    def __init__(self, detector_id: str, version: str, network: Any, tokenizer: Any) -> None:
        self.id = detector_id
        self.version = version
        self._network = network
        self._tokenizer = tokenizer

    def detect(self, rgb: FloatImage, text: str) -> list[Detection]:
        """See `Detector.detect`. Raises MemoryLimitError too."""
        import torch

        words = self._tokenizer(phrase(text), return_tensors="pt")
        limit = int(self._network.config.max_text_len)
        if words.input_ids.shape[1] > limit:
            raise UsageError(f"The text {text!r} is too long.", hint=f"{self.id} reads at most {limit} tokens.")
        device = self._network.device
        pixels = torch.from_numpy(network_input(rgb))[None].to(device)
        try:
            with torch.inference_mode():
                found = self._network(
                    pixel_values=pixels,
                    pixel_mask=torch.ones(pixels.shape[0], *pixels.shape[2:], dtype=torch.bool, device=device),
                    **words.to(device),
                )
        except torch.OutOfMemoryError as error:
            raise MemoryLimitError(
                f"The memory of {device} was not enough to look for {text!r}.", hint="Use --device cpu."
            ) from error
        likely = found.logits[0].sigmoid().float().cpu().numpy()
        boxes = corners(found.pred_boxes[0].float().cpu().numpy(), (rgb.shape[1], rgb.shape[0]))
        tokens = words.input_ids[0].tolist()
        return [
            Detection(
                (float(boxes[row, 0]), float(boxes[row, 1]), float(boxes[row, 2]), float(boxes[row, 3])),
                float(likely[row].max()),
                self._label(likely[row], tokens) or text,
            )
            for row in distinct(boxes, likely.max(axis=1))
        ]

    def _label(self, likely: NDArray[np.float32], tokens: Sequence[int]) -> str:
        """The words that a box answers; the marks around the sentence are none."""
        meant = [
            token
            for token, probability in list(zip(tokens, likely, strict=False))[1:-1]
            if probability > WORD_THRESHOLD
        ]
        return str(self._tokenizer.decode(meant)).strip(" .")


def phrase(text: str) -> str:
    """`text` as the network was trained to read it: lower case, closed by a full stop. UsageError where it is empty."""
    words = " ".join(text.lower().split()).rstrip(" .")
    if not words:
        raise UsageError(f"The text {text!r} names nothing.", hint='Say what to look for, for example "the runner".')
    return words + "."


def network_input(rgb: FloatImage) -> NDArray[np.float32]:
    """The picture as 3 x h x w float32, normalised, its shorter side `SHORT_SIDE` unless the longer one says less."""
    height, width = rgb.shape[:2]
    scale = min(SHORT_SIDE / min(height, width), LONG_SIDE / max(height, width))
    small = resize(np.asarray(rgb, np.float32), (max(1, round(width * scale)), max(1, round(height * scale))))
    return np.ascontiguousarray(((small - MEAN) / STD).transpose(2, 0, 1), np.float32)


def corners(boxes: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    """n x 4 (centre x, y, width, height as shares of the picture) as corners x0, y0, x1, y1 in pixels, cut to the
    picture of `size` (width, height)."""
    centre, extent = boxes[:, :2], boxes[:, 2:]
    ends = np.concatenate([centre - extent / 2, centre + extent / 2], axis=1)
    return np.asarray(np.clip(ends, 0, 1) * np.array([*size, *size], np.float32), np.float32)


def _load(checkpoint: Path, config: Path) -> Any:
    """The network with its weights, on the CPU."""
    from transformers import GroundingDinoConfig, GroundingDinoForObjectDetection
    from transformers.utils import logging as chatter

    from ..weights.checkpoints import load_state_dict

    state = load_state_dict(checkpoint)
    try:
        # Plain torch: custom kernels would be fetched from a hub or compiled.
        settings = GroundingDinoConfig.from_dict(
            {**json.loads(config.read_text("utf-8")), "disable_custom_kernels": True}
        )
    except (OSError, ValueError, TypeError) as error:
        raise WeightsError(
            f"{config} is not a configuration of Grounding DINO: {str(error).splitlines()[0]}.",
            hint="Fetch it again with 'wisp models get'.",
            path=config,
        ) from error
    chatter.disable_progress_bar()
    try:
        network, report = GroundingDinoForObjectDetection.from_pretrained(
            None, config=settings, state_dict=state, output_loading_info=True
        )
    except RuntimeError as error:  # what it raises for tensors of other shapes
        raise _unfit(checkpoint, str(error).splitlines()[0]) from error
    absent = sorted(map(str, {*report["missing_keys"], *report["mismatched_keys"]}))
    if absent:
        raise _unfit(checkpoint, f"{len(absent)} tensors are missing or of another shape, such as {absent[0]}")
    unused = sorted(report["unexpected_keys"])
    if unused:
        log.warning("%s has %d tensors that are not used, such as %s.", checkpoint, len(unused), unused[0])
    return network.eval().requires_grad_(False)


def _unfit(checkpoint: Path, why: str) -> WeightsError:
    return WeightsError(
        f"The weights in {checkpoint} do not fit Grounding DINO: {why}.",
        hint="Check that the file and its configuration belong together.",
        path=checkpoint,
    )


def _on_device(network: Any, device: Any) -> None:
    import torch

    try:
        network.to(device)
    except torch.OutOfMemoryError as error:
        raise MemoryLimitError(f"Grounding DINO does not fit into the memory of {device}.") from error
