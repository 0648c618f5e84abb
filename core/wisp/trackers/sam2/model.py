"""The SAM 2.1 network: its four sizes, built from the configuration that `sam2` itself carries, and its weights."""

from __future__ import annotations

import importlib.util
import logging
import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from functools import partial
from importlib import resources
from pathlib import Path
from typing import Any, ClassVar, ParamSpec, TypeVar
from weakref import WeakValueDictionary

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ...device import autocast_dtype, resolve_device
from ...errors import MemoryLimitError, UsageError, WeightsError, lacks_memory
from ...weights.checkpoints import check_keys, load_state_dict, replace_hint
from ...weights.hashes import remembered_sha256
from ...weights.options import RunOptions
from ...weights.registry import ModelEntry
from .encoder import INPUTS, FrameEncoder, FrameEncoding, Mode, PictureInput
from .prompts import mask_input

log = logging.getLogger(__name__)
P = ParamSpec("P")
T = TypeVar("T")

#: Where an installed Wisp has parts of others' releases; a checkout has none.
CARRIED = Path(__file__).parents[2] / "third_party"

#: Our name of each size -> sam2's configuration.
VARIANTS = {"tiny": "t", "small": "s", "base-plus": "b+", "large": "l"}

#: How the keys of matting heads begin in a checkpoint that carries a tracker and heads side by side.
HEAD_PREFIXES = ("unknown_region_predictor.", "unknown_fusion.", "unknown_alpha_predictor.", "alpha_pred")

#: Keyframes attended to at once, the nearest ones. SAM 2.1 was trained on clips of 8 frames, and the cost of every
#: frame grows with each keyframe attended to.
MAX_CONDITIONING_FRAMES = 8


@dataclass(eq=False)
class Sam2Model:
    """A network with its weights on a device, shared by the tracker and the head of one checkpoint.

    `network`: sam2's `SAM2Base` in evaluation mode, or one that answers alike. `head_state`: the tensors of matting
    heads that lie beside the tracker's in the checkpoint (empty in Meta's own). `dtype`: to which the encoder and the
    memory are autocast, or None for float32 throughout. `version`: SHA-256 of the checkpoint.
    """

    network: Any
    head_state: dict[str, Tensor]
    path: Path
    device: torch.device
    dtype: torch.dtype | None
    version: str
    encoder: FrameEncoder = field(init=False)

    #: How pictures become the network's input.
    inputs: ClassVar[Mapping[Mode, PictureInput]] = INPUTS
    #: Whether a frame that was corrected is remembered to the end of its pass, as a keyframe is.
    corrections_are_kept: ClassVar[bool] = False
    #: Whether a correction is decoded on top of what was tracked, or on the frame and its memory alone.
    corrections_see_the_mask: ClassVar[bool] = True
    #: How memory features are kept between frames.
    memory_dtype: ClassVar[torch.dtype] = torch.bfloat16

    def __post_init__(self) -> None:
        self.encoder = FrameEncoder(self.network, self.autocast, self.inputs)

    @property
    def mask_side(self) -> int:
        """Side of the square of the mask logits, at stride 4."""
        return int(self.network.image_size) // 4

    def mask_prompt(self, mask: NDArray[np.bool_]) -> Tensor:
        """A plate-sized mask as the network takes one."""
        return mask_input(mask, self.network.image_size)

    def memory_position(self) -> Tensor:
        """The positional encoding of memory features, the same for all frames."""
        side = self.network.sam_image_embedding_size
        encoding: Tensor = self.network.memory_encoder.position_encoding(
            torch.zeros(1, self.network.mem_dim, side, side, device=self.device)
        )
        return encoding

    def without_memory(self, encoding: FrameEncoding) -> FrameEncoding:
        """A still's encoding as heads see it: the embedding that stands for "no memory" is in its coarsest map."""
        fine, mid, coarse = encoding.maps
        return replace(encoding, maps=(fine, mid, coarse + self.network.no_mem_embed.view(1, -1, 1, 1)))

    @property
    def autocast(self) -> Callable[[], AbstractContextManager[object]]:
        """Makes a context that runs what is inside at the model's precision."""
        return partial(torch.autocast, self.device.type, dtype=self.dtype, enabled=self.dtype is not None)

    def within_memory(self, call: Callable[P, T], doing: str, smaller: Callable[P, T] | None = None) -> Callable[P, T]:
        """`call`, tried again where memory runs out, after giving back what can be given back; the reason is logged.

        `smaller` is the second attempt where there is a way that needs less memory and gives the same. `doing`
        completes the sentence "not enough while <doing>". Raises MemoryLimitError when the second attempt fails too.
        """

        def guarded(*args: P.args, **kwargs: P.kwargs) -> T:
            for attempt, next_step in ((call, "goes on in tiles" if smaller else "tries again"), (smaller or call, "")):
                try:
                    return attempt(*args, **kwargs)
                except Exception as error:
                    if not lacks_memory(error):
                        raise
                # The second attempt starts outside `except`, whose traceback would keep the first one's tensors.
                self.encoder.clear()
                if self.device.type == "cuda":
                    torch.cuda.empty_cache()
                if next_step:
                    log.warning("The memory of %s was not enough while %s; it %s.", self.device, doing, next_step)
            half = "" if self.dtype or self.device.type != "cuda" else "use --precision bf16, "
            raise MemoryLimitError(
                f"The memory of {self.device} was not enough while {doing}.",
                hint=f"Close other programs that use it, {half}take a smaller model, or use --device cpu.",
            )

        return guarded


#: Models in use, so that a tracker and a head from one file share it; forgotten with their last user.
_loaded: WeakValueDictionary[tuple[object, ...], Sam2Model] = WeakValueDictionary()


def load(entry: ModelEntry, files: Mapping[str, Path], options: RunOptions) -> Sam2Model:
    """The model of a registry entry: `entry.parameters["variant"]` is a key of `VARIANTS`, `files["checkpoint"]` a
    `.pt` or `.safetensors` file. Asked again for the same file, device and precision, gives the same object.

    Raises WeightsError (missing, damaged or not this model), DeviceError, MemoryLimitError.
    """
    path = files["checkpoint"]
    return load_model(path, entry.parameters["variant"], resolve_device(options.device), options.precision)


def load_model(
    path: Path, variant: str, device: torch.device, precision: str = "auto", *, image_size: int = 1024
) -> Sam2Model:
    """As `load`. `image_size`: side of the network's square in pixels, a multiple of 32; the weights fit any, but were
    trained for 1024 (smaller ones make quick tests)."""
    dtype = autocast_dtype(precision, device)
    try:
        stat = path.stat()
    except OSError as error:
        raise WeightsError(f"There is no weight file {path}.", hint=replace_hint(path), path=path) from error
    key = (path.resolve(), stat.st_mtime_ns, stat.st_size, variant, str(device), dtype, image_size)
    model = _loaded.get(key)
    if model is None:
        model = _loaded[key] = _load(path, variant, device, dtype, image_size)
    return model


def _load(path: Path, variant: str, device: torch.device, dtype: torch.dtype | None, image_size: int) -> Sam2Model:
    state = load_state_dict(path)
    network = construct(variant, image_size=image_size)
    own = network.state_dict()
    tracker = {key: value for key, value in state.items() if key in own}
    rest = {key: value for key, value in state.items() if key not in own}
    if not any(key.startswith(HEAD_PREFIXES) for key in rest):
        tracker |= rest  # no heads in this file: whatever is left over is a fault
        rest = {}
    check_keys({key: tuple(value.shape) for key, value in own.items()}, tracker, path)
    network.load_state_dict(tracker, strict=True)
    try:
        network.to(device)
    except torch.OutOfMemoryError as error:
        raise MemoryLimitError(f"{path.name} does not fit into the memory of {device}.") from error
    return Sam2Model(network, rest, path, device, dtype, remembered_sha256(path))


def construct(variant: str, *, image_size: int = 1024) -> Any:
    """An untrained `SAM2Base` of a size, in evaluation mode, with the settings of sam2's video predictor."""
    if variant not in VARIANTS:
        raise UsageError(f"There is no SAM 2.1 variant {variant!r}.", hint=f"There are {', '.join(VARIANTS)}.")
    _import_sam2()
    from hydra.utils import instantiate
    from omegaconf import OmegaConf

    source = resources.files("sam2") / "configs" / "sam2.1" / f"sam2.1_hiera_{VARIANTS[variant]}.yaml"
    settings = OmegaConf.create(source.read_text(encoding="utf-8")).model
    OmegaConf.update(settings, "image_size", image_size)
    OmegaConf.update(settings, "max_cond_frames_in_attn", MAX_CONDITIONING_FRAMES)
    # What its video predictor adds to the file: fall back to the best of three masks where the single one is
    # unstable, and remember prompted frames by exactly the mask that was shown.
    OmegaConf.update(settings, "binarize_mask_from_pts_for_mem_enc", True)
    OmegaConf.update(
        settings,
        "sam_mask_decoder_extra_args",
        {
            "dynamic_multimask_via_stability": True,
            "dynamic_multimask_stability_delta": 0.05,
            "dynamic_multimask_stability_thresh": 0.98,
        },
    )
    return instantiate(settings, _recursive_=True).eval()


def _import_sam2() -> None:
    """Import `sam2`, an installed one before the parts that the wheel carries.

    That initialises Hydra for the whole process, which is undone: a host may want to do it itself.
    """
    from hydra.core.global_hydra import GlobalHydra

    if importlib.util.find_spec("sam2") is None and CARRIED.is_dir():
        sys.path.append(str(CARRIED))
    initialised = GlobalHydra.instance().is_initialized()
    import sam2  # noqa: F401

    if not initialised:
        GlobalHydra.instance().clear()
