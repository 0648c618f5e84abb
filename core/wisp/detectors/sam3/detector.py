"""SAM 3's detector behind the Detector protocol, by the package `transformers`."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import MemoryLimitError, UsageError, WeightsError
from ...plates.clip import FloatImage
from ...weights.options import RunOptions
from ...weights.registry import ModelEntry
from ..boxes import distinct
from ..detector import Detection

if TYPE_CHECKING:
    from ...trackers.sam3.model import Sizes

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class TextSizes:
    """The text encoder's channels, inner channels, layers, attention heads, words it knows and tokens it reads."""

    width: int = 1024
    inner: int = 4096
    depth: int = 24
    attention_heads: int = 16
    vocabulary: int = 49408
    tokens: int = 32


@dataclass(frozen=True)
class DetectorSizes:
    """What distinguishes one detector from another. `picture`: its trunk's sizes, None for the published ones;
    `layers`: those of its encoder and of its decoder."""

    picture: Sizes | None = None
    text: TextSizes = field(default_factory=TextSizes)
    layers: int = 6


#: Our name of each size; Meta publishes one.
VARIANTS = {"sam3": DetectorSizes()}


def build(entry: ModelEntry, files: Mapping[str, Path], options: RunOptions) -> Sam3Detector:
    """The detector of a registry entry. `files`: `checkpoint` (`.pt` or `.safetensors`) and `tokenizer` (JSON, as the
    package `tokenizers` writes it); `entry.parameters["variant"]`: a key of `VARIANTS`.

    Raises WeightsError (missing, damaged or not this model), DeviceError, MemoryLimitError.
    """
    import torch

    from ...device import resolve_device
    from ...weights.hashes import remembered_sha256

    device = resolve_device(options.device)
    network = _load(files["checkpoint"], VARIANTS[entry.parameters["variant"]])
    tokenizer = _tokenizer(files["tokenizer"])
    if tokenizer.get_vocab_size() > network.config.text_config.vocab_size:
        raise WeightsError(
            f"The vocabulary {files['tokenizer']} has {tokenizer.get_vocab_size()} words, more than the network knows.",
            hint="Check that the files belong together.",
            path=files["tokenizer"],
        )
    try:
        network.to(device)
    except torch.OutOfMemoryError as error:
        raise MemoryLimitError(f"SAM 3's detector does not fit into the memory of {device}.") from error
    return Sam3Detector(entry.id, remembered_sha256(files["checkpoint"]), network, tokenizer)


class Sam3Detector:
    """All instances of a short noun phrase ("yellow school bus") on a picture.

    `network`: a `Sam3Model` in evaluation mode; `tokenizer`: CLIP's, of the package `tokenizers`.
    """

    def __init__(self, detector_id: str, version: str, network: Any, tokenizer: Any) -> None:
        self.id = detector_id
        self.version = version
        self._network = network
        self._tokenizer = tokenizer

    def detect(self, rgb: FloatImage, text: str) -> list[Detection]:
        """See `Detector.detect`. A score is the probability that the picture has such a thing at all, times the one
        that this is one. Raises MemoryLimitError too."""
        import torch

        from ...trackers.sam3.model import still_input

        words = " ".join(text.split())
        if not words:
            raise UsageError(f"The text {text!r} names nothing.", hint='Say what to look for, such as "the runner".')
        tokens = self._tokenizer.encode(words).ids
        limit = int(self._network.config.text_config.max_position_embeddings)
        if len(tokens) > limit:
            raise UsageError(f"The text {text!r} is too long.", hint=f"{self.id} reads at most {limit} tokens.")
        device = self._network.device
        ids = torch.tensor([tokens], device=device)
        try:
            with torch.inference_mode():
                found = self._network(
                    pixel_values=still_input(rgb, int(self._network.config.image_size)).to(device),
                    input_ids=ids,
                    attention_mask=torch.ones_like(ids),
                )
        except torch.OutOfMemoryError as error:
            raise MemoryLimitError(
                f"The memory of {device} was not enough to look for {text!r}.", hint="Use --device cpu."
            ) from error
        scores = (found.pred_logits[0].sigmoid() * found.presence_logits[0].sigmoid()).float().cpu().numpy()
        height, width = rgb.shape[:2]
        shares = found.pred_boxes[0].float().cpu().numpy()
        boxes = np.asarray(np.clip(shares, 0, 1) * np.array([width, height, width, height]), np.float32)
        return [
            Detection(
                (float(boxes[row, 0]), float(boxes[row, 1]), float(boxes[row, 2]), float(boxes[row, 3])),
                float(scores[row]),
                words,
            )
            for row in distinct(boxes, scores)
        ]


def construct(sizes: DetectorSizes) -> Any:
    """An untrained `Sam3Model` in evaluation mode, with `transformers`' settings for the published one."""
    from transformers import CLIPTextConfig, Sam3Config, Sam3Model
    from transformers.models.sam3.configuration_sam3 import Sam3DETRDecoderConfig, Sam3DETREncoderConfig

    from ...trackers.sam3.model import VARIANTS as TRUNKS
    from ...trackers.sam3.model import vision_config

    text = sizes.text
    config = Sam3Config(
        vision_config=vision_config(sizes.picture or TRUNKS["sam3"]),
        text_config=CLIPTextConfig(
            vocab_size=text.vocabulary,
            hidden_size=text.width,
            intermediate_size=text.inner,
            projection_dim=text.width // 2,
            num_hidden_layers=text.depth,
            num_attention_heads=text.attention_heads,
            max_position_embeddings=text.tokens,
            hidden_act="gelu",
        ),
        detr_encoder_config=Sam3DETREncoderConfig(num_layers=sizes.layers),
        detr_decoder_config=Sam3DETRDecoderConfig(num_layers=sizes.layers),
    )
    return Sam3Model(config).eval()


def _load(path: Path, sizes: DetectorSizes) -> Any:
    from ...trackers.sam3.checkpoint import refuse_multiplex
    from ...weights.checkpoints import check_keys, load_state_dict
    from .checkpoint import convert

    published = load_state_dict(path)
    refuse_multiplex(published, path)
    state = convert(published)
    network = construct(sizes)
    expected = {key: tuple(value.shape) for key, value in network.state_dict().items()}
    unused = sorted(set(state) - set(expected))
    if unused:
        # Only part of the published file's names could be checked here: more than is needed must not stop anybody.
        log.warning("%s has %d tensors that are not used, such as %s.", path, len(unused), unused[0])
    used = {key: value for key, value in state.items() if key in expected}
    check_keys(expected, used, path)
    network.load_state_dict(used, strict=True)
    return network.requires_grad_(False)


def _tokenizer(path: Path) -> Any:
    from tokenizers import Tokenizer

    try:
        return Tokenizer.from_file(str(path))
    except Exception as error:  # the package raises bare exceptions for whatever is wrong with the file
        raise WeightsError(
            f"{path} is not a tokenizer: {str(error).splitlines()[0]}.",
            hint="Fetch it again with 'wisp models get'.",
            path=path,
        ) from error
