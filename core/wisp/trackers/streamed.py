"""A tracker network of the `transformers` package, answering as sam2's `SAM2Base` does.

SAM 3 and EdgeTAM track as SAM 2 does, on other trunks and with other sizes, so the pass that drives SAM 2 drives them
too. The calls are those that the package's own streaming mode makes, with the memory kept by the pass.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import torch
from torch import Tensor, nn

from ..device import autocast_dtype
from ..errors import MemoryLimitError
from ..weights.checkpoints import check_keys
from ..weights.hashes import remembered_sha256

Sizes = TypeVar("Sizes")
Model = TypeVar("Model")


def load_once(
    loaded: MutableMapping[tuple[object, ...], Model],
    path: Path,
    sizes: Sizes,
    device: torch.device,
    precision: str,
    load: Callable[[Path, Sizes, torch.device, torch.dtype | None, str], Model],
) -> Model:
    """The model of a file, of these sizes, on a device, in a precision, out of `loaded` where it is there. Else it is
    what `load` makes of these, of the type of autocast (None: none) and of the file's hash."""
    dtype = autocast_dtype(precision, device)
    version = remembered_sha256(path) if path.is_file() else ""
    key = (version, sizes, str(device), dtype)
    model = loaded.get(key)
    if model is None:
        model = loaded[key] = load(path, sizes, device, dtype, version)
    return model


def fill(network: nn.Module, state: Mapping[str, Tensor], path: Path) -> None:
    """Give an untrained network the weights of `path`, for use without gradients. WeightsError where they do not
    fit."""
    check_keys({key: tuple(value.shape) for key, value in network.state_dict().items()}, state, path)
    network.load_state_dict(dict(state), strict=True)
    network.requires_grad_(False)


def move(network: nn.Module, device: torch.device, path: Path) -> None:
    """Put it on the device. MemoryLimitError names the file that does not fit."""
    try:
        network.to(device)
    except torch.OutOfMemoryError as error:
        raise MemoryLimitError(f"{path.name} does not fit into the memory of {device}.") from error


#: The one object of a session: objects do not influence each other, so each is tracked in a session of its own.
_OBJECT = 0


class StreamedNetwork(nn.Module):
    """`model`: a tracker model of `transformers`. Shapes are sam2's; S is the side of the square, P of the patches.

    `keyframes_read`: how many keyframes a frame attends to, the nearest ones. Subclasses name the package's class of
    sessions, made with its usual arguments, and say in what form memories are.
    """

    session: ClassVar[Callable[..., Any]]

    def __init__(self, model: Any, keyframes_read: int) -> None:
        super().__init__()
        self.model = model
        self.image_size = int(model.image_size)
        self.mask_side = int(model.prompt_encoder.mask_input_size[0])
        self.num_maskmem = int(model.num_maskmem)
        self.max_obj_ptrs_in_encoder = int(model.config.max_object_pointers_in_encoder)
        self.keyframes_read = keyframes_read

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        device: torch.device = self.model.no_memory_embedding.device
        return device

    def forward_image(self, image: Tensor) -> dict[str, list[Tensor]]:
        """The tracker's pyramid of 1 x 3 x S x S: 1 x 32 x 4S/P, 1 x 64 x 2S/P and 1 x 256 x S/P, squares."""
        found = self.model.get_image_features(image, return_dict=True)
        return {
            name: [to_map(level, size) for level, size in zip(levels, self.model.backbone_feature_sizes, strict=True)]
            for name, levels in (
                ("backbone_fpn", found.fpn_hidden_states),
                ("vision_pos_enc", found.fpn_position_encoding),
            )
        }

    def memory_position(self) -> Tensor:
        """The positional encoding of memory features, in their shape."""
        raise NotImplementedError

    def memory_tokens(self, memory: Tensor) -> Tensor:
        """Memory features or their positions as `transformers` keeps them."""
        raise NotImplementedError

    def track_step(
        self,
        *,
        frame_idx: int,
        is_init_cond_frame: bool,
        current_vision_feats: Sequence[Tensor],
        current_vision_pos_embeds: Sequence[Tensor],
        feat_sizes: Sequence[tuple[int, int]],
        point_inputs: Mapping[str, Tensor] | None,
        mask_inputs: Tensor | None,
        output_dict: Mapping[str, Mapping[int, Mapping[str, Any]]],
        num_frames: int,
        track_in_reverse: bool,
        run_mem_encoder: bool,
        prev_sam_mask_logits: Tensor | None,
    ) -> dict[str, Any]:
        """One object on one frame; see sam2's method of that name."""
        features = {"vision_feats": list(current_vision_feats), "vision_pos_embeds": list(current_vision_pos_embeds)}
        session = self._session(frame_idx, num_frames, features)
        session.output_dict_per_obj[_OBJECT] = self._memories(frame_idx, output_dict)
        points = None
        if point_inputs is not None:
            # One object: a dimension more than sam2 has.
            points = {name: value[:, None] for name, value in point_inputs.items()}
        found = self.predict(
            session,
            frame_idx,
            _OBJECT,
            batch_size=1,
            is_init_cond_frame=is_init_cond_frame,
            point_inputs=points,
            mask_inputs=mask_inputs,
            reverse=track_in_reverse,
            prev_sam_mask_logits=prev_sam_mask_logits,
        )
        out = {
            "pred_masks": found["pred_masks"],
            "obj_ptr": found["object_pointer"].flatten(0, 1),
            "object_score_logits": found["object_score_logits"].flatten(0, 1),
        }
        if run_mem_encoder:
            out["maskmem_features"], _ = self._encode_new_memory(
                current_vision_feats=current_vision_feats,
                feat_sizes=feat_sizes,
                pred_masks_high_res=self.high_resolution(found),
                object_score_logits=out["object_score_logits"],
                is_mask_from_pts=point_inputs is not None,
            )
        return out

    def predict(self, *args: Any, **kwargs: Any) -> Mapping[str, Any]:
        """The package's inference on a single frame, without the memory encoder."""
        found: Mapping[str, Any] = self.model._run_single_frame_inference(*args, **kwargs)
        return found

    def high_resolution(self, found: Mapping[str, Any]) -> Tensor:
        """The mask logits that the memory encoder is given."""
        masks: Tensor = found["high_res_masks"]
        return masks

    def _encode_new_memory(
        self,
        *,
        current_vision_feats: Sequence[Tensor],
        feat_sizes: Sequence[tuple[int, int]],
        pred_masks_high_res: Tensor,
        object_score_logits: Tensor,
        is_mask_from_pts: bool,
    ) -> tuple[Tensor, list[Tensor]]:
        """Memory features and their positions; see sam2's method of that name."""
        features, position = self.model._encode_new_memory(
            current_vision_feats[-1], pred_masks_high_res, object_score_logits[:, None], is_mask_from_pts
        )
        return self.remembered(features, feat_sizes[-1]), [self.remembered(position, feat_sizes[-1])]

    def remembered(self, memory: Tensor, size: tuple[int, int]) -> Tensor:
        """The reverse of `memory_tokens`."""
        raise NotImplementedError

    def _session(self, frame: int, length: int, features: Mapping[str, Any]) -> Any:
        """What one step reads: the encoded frame and the shot's length, which scales the age of object pointers;
        `transformers` would keep every frame."""
        session = self.session(inference_device=self.device, inference_state_device=self.device, dtype=torch.float32)
        session.processed_frames = range(length)
        session.cache.cache_vision_features(frame, dict(features))
        return session

    def _memories(
        self, frame: int, remembered: Mapping[str, Mapping[int, Mapping[str, Any]]]
    ) -> dict[str, dict[int, dict[str, Tensor]]]:
        """sam2's memories in `transformers`' form, of keyframes only the `keyframes_read` nearest.

        Other keyframes are read as plain frames are, while they are recent. `transformers` itself would still read the
        pointers of all of them.
        """
        keyframes, others = (
            {
                index: {name: value for name, value in self._to_transformers(memory) if value is not None}
                for index, memory in remembered.get(kind, {}).items()
            }
            for kind in ("cond_frame_outputs", "non_cond_frame_outputs")
        )
        nearest, rest = self.model._select_closest_cond_frames(frame, keyframes, self.keyframes_read)
        return {"cond_frame_outputs": nearest, "non_cond_frame_outputs": {**rest, **others}}

    def _to_transformers(self, memory: Mapping[str, Any]) -> list[tuple[str, Tensor | None]]:
        features = memory["maskmem_features"]
        return [
            ("maskmem_features", None if features is None else self.memory_tokens(features)),
            ("maskmem_pos_enc", self.memory_tokens(memory["maskmem_pos_enc"][-1])),
            ("object_pointer", memory["obj_ptr"][:, None]),
        ]


def to_tokens(square: Tensor) -> Tensor:
    """1 x channels x height x width as height * width x 1 x channels."""
    return square.flatten(2).permute(2, 0, 1)


def to_map(flat: Tensor, size: Sequence[int]) -> Tensor:
    """The reverse of `to_tokens`; `size` is (height, width)."""
    return flat.permute(1, 2, 0).reshape(*flat.shape[1:], *size)
