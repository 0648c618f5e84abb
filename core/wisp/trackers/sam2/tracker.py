"""SAM 2.1 behind the Tracker protocol: one pass over the shot, frame by frame, in constant memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ...errors import UsageError
from ...plates.clip import Clip
from ...weights.options import RunOptions
from ...weights.registry import ModelEntry
from ..tracker import FramePrompts, MaskState, TrackedMask
from .encoder import FrameEncoding
from .memory import FrameMemory, ObjectMemory
from .model import Sam2Model, load
from .prompts import INCLUDE, paint, points_of

#: Bounds of the mask logits that are shown to the decoder again beside corrections, as sam2's predictor bounds them.
PREVIOUS_LOGITS = 32.0


def build(entry: ModelEntry, files: Mapping[str, Path], options: RunOptions) -> Sam2Tracker:
    """The tracker of a registry entry; see `model.load` for what entry and files must hold and for errors."""
    return Sam2Tracker(entry.id, load(entry, files, options))


class Sam2Tracker:
    """Masks by SAM 2.1's memory of the object (Ravi et al., "SAM 2: Segment Anything in Images and Videos", 2024).

    Which keyframes say what the object is, and which correct it: the first keyframe of an object, and every one with
    a box or a mask, is taken on its own, before the pass, and remembered to its end. Points or strokes alone on a
    later keyframe are applied when a forward pass arrives there, on top of what was tracked.
    """

    segments = False

    def __init__(self, tracker_id: str, model: Sam2Model) -> None:
        self.id = tracker_id
        self.model = model
        self.version = model.version
        self.grid: int | None = int(model.network.image_size)

    def start(self, clip: Clip, prompts: Mapping[int, Mapping[int, FramePrompts]], frames: Sequence[int]) -> Sam2Pass:
        """Begin a pass over `frames`: ascending is forward, descending backward; every frame between must be there.

        Raises UsageError for a keyframe outside the clip and for an object whose first keyframe only excludes.
        """
        return Sam2Pass(self.model, clip, prompts, frames)


@dataclass
class _Tracked:
    """One object of a pass, keyframes by index: those that say what it is, and those that correct it."""

    defining: dict[int, FramePrompts]
    correcting: dict[int, FramePrompts]
    memory: ObjectMemory = field(repr=False)

    def has_begun(self, index: int, backward: bool) -> bool:
        """Whether a pass at `index` already knows the object."""
        return any(known >= index if backward else known <= index for known in self.defining)


class Sam2Pass:
    """A running pass; see `trackers.tracker.TrackPass`. Objects do not influence each other."""

    def __init__(
        self,
        model: Sam2Model,
        clip: Clip,
        prompts: Mapping[int, Mapping[int, FramePrompts]],
        frames: Sequence[int],
    ) -> None:
        self._model = model
        self._network = model.network
        self._clip = clip
        self._index = {frame: index for index, frame in enumerate(clip.frames)}
        self._backward = len(frames) > 1 and frames[-1] < frames[0]
        drawn = {
            number: {frame: here for frame, here in keyframes.items() if not _is_empty(here)}
            for number, keyframes in prompts.items()
        }
        self._objects = {number: self._sort(number, keyframes) for number, keyframes in drawn.items() if keyframes}
        self._position = model.memory_position()

    def step(self, frame: int) -> dict[int, TrackedMask]:
        """Masks of all objects that the pass knows at `frame`. Raises FrameReadError, MemoryLimitError."""
        self._prepare()
        advance = self._model.within_memory(self._advance, f"tracking frame {frame}")
        return {
            number: advance(tracked, frame)
            for number, tracked in self._objects.items()
            if tracked.has_begun(self._index[frame], self._backward)
        }

    def snapshot(self) -> dict[str, NDArray[np.generic]]:
        """The memories of all objects; about 0.8 MB per keyframe and 3.2 MB more per object."""
        self._prepare()
        packed: dict[str, NDArray[np.generic]] = {}
        for number, tracked in self._objects.items():
            packed |= tracked.memory.pack(f"object.{number}")
        return packed

    def restore(self, snapshot: Mapping[str, NDArray[np.generic]]) -> None:
        """Continue where `snapshot` was taken."""
        for number, tracked in self._objects.items():
            tracked.memory.unpack(f"object.{number}", snapshot, self._model.device)

    def state_key(self) -> None:
        """See `TrackPass.state_key`: what was prompted stays in the memories, so no state comes twice."""

    def _sort(self, number: int, keyframes: Mapping[int, FramePrompts]) -> _Tracked:
        absent = sorted(set(keyframes) - set(self._index))
        if absent:
            raise UsageError(
                f"Object {number} has prompts on frame {absent[0]}, which the clip does not have.",
                hint="Move the prompts to a frame that exists.",
            )
        first = min(keyframes)
        if not keyframes[first].defines_object and not _includes(keyframes[first]):
            raise UsageError(
                f"Object {number} is only excluded on its first keyframe, frame {first}.",
                hint="Mark there what belongs to it: a box, a mask, or a point or stroke that includes.",
            )
        by_index = {self._index[frame]: prompts for frame, prompts in sorted(keyframes.items())}
        defining = {
            index: prompts
            for index, prompts in by_index.items()
            if index == self._index[first] or prompts.defines_object
        }
        pointers = min(len(self._clip.frames), self._network.max_obj_ptrs_in_encoder) - 1
        memory = ObjectMemory(self._network.num_maskmem - 1, max(pointers, self._network.num_maskmem - 1))
        return _Tracked(defining, {i: p for i, p in by_index.items() if i not in defining}, memory)

    def _prepare(self) -> None:
        """Run the defining keyframes that are not remembered yet: all of them at the start of a pass."""
        for tracked in self._objects.values():
            for index, prompts in tracked.defining.items():
                if index not in tracked.memory.keyframes:
                    define = self._model.within_memory(self._define, f"tracking frame {self._clip.frames[index]}")
                    tracked.memory.keyframes[index] = define(index, prompts)

    @torch.inference_mode()
    def _define(self, index: int, prompts: FramePrompts) -> FrameMemory:
        """A keyframe on its own: what the prompts alone say of its picture."""
        encoding = self._encode(index)
        out: dict[str, Any] | None = None
        if prompts.mask is not None:
            mask = self._model.mask_prompt(prompts.mask).to(self._model.device)
            out = self._decode(encoding, index, mask=mask)
        return self._apply(encoding, index, prompts, out, None)

    @torch.inference_mode()
    def _advance(self, tracked: _Tracked, frame: int) -> TrackedMask:
        """One object on one frame; remembers it."""
        index = self._index[frame]
        memory = tracked.memory
        if index in tracked.defining:
            return _result(memory.keyframes[index], "keyframe")
        encoding = self._encode(index)
        correction = tracked.correcting.get(index)
        out: dict[str, Any] | None = None
        if correction is None or self._model.corrections_see_the_mask:
            out = self._decode(encoding, index, memory, remember=correction is None)
        if correction is not None:
            found = self._apply(encoding, index, correction, out, memory)
        else:
            assert out is not None
            found = self._memory_of(out, out["maskmem_features"])
        if correction is not None and self._model.corrections_are_kept:
            memory.keyframes[index] = found
        else:
            memory.remember(index, found)
        if correction is not None:
            return _result(found, "keyframe")
        assert found.score is not None
        return _result(found, "tracked" if float(found.score) > 0 else "lost")

    def _apply(
        self,
        encoding: FrameEncoding,
        index: int,
        prompts: FramePrompts,
        previous: dict[str, Any] | None,
        memory: ObjectMemory | None,
    ) -> FrameMemory:
        """Box, points and strokes on top of the `previous` result of this frame, then remember exactly that mask."""
        points = points_of(prompts, self._clip.width, self._clip.height, self._network.image_size)
        out = previous
        if points is not None:
            shown = None if previous is None else previous["pred_masks"].clamp(-PREVIOUS_LOGITS, PREVIOUS_LOGITS)
            inputs = points.to_sam2(self._model.device)
            out = self._decode(encoding, index, memory, points=inputs, previous_logits=shown)
        assert out is not None, "a keyframe has at least one prompt"
        out["pred_masks"] = paint(out["pred_masks"], prompts, self._clip.width, self._clip.height)
        return self._memory_of(out, self._remembered_features(encoding, out))

    def _encode(self, index: int) -> FrameEncoding:
        return self._model.encoder.encode(self._clip, self._clip.frames[index])

    def _decode(
        self,
        encoding: FrameEncoding,
        index: int,
        memory: ObjectMemory | None = None,
        *,
        points: dict[str, Tensor] | None = None,
        mask: Tensor | None = None,
        previous_logits: Tensor | None = None,
        remember: bool = False,
    ) -> dict[str, Any]:
        """One run of sam2's memory attention and mask decoder; without `memory` the frame stands alone.

        `remember`: run the memory encoder on the result too.
        """
        features, sizes = _flattened(encoding)
        with self._model.autocast():
            out: dict[str, Any] = self._network.track_step(
                frame_idx=index,
                is_init_cond_frame=memory is None,
                current_vision_feats=features,
                current_vision_pos_embeds=[encoding.position.flatten(2).permute(2, 0, 1)],
                feat_sizes=sizes,
                point_inputs=points,
                mask_inputs=mask,
                output_dict={} if memory is None else memory.to_sam2(self._position),
                # The shot's length scales the age of object pointers, so it must not depend on the pass.
                num_frames=len(self._clip.frames),
                track_in_reverse=self._backward,
                run_mem_encoder=remember,
                prev_sam_mask_logits=previous_logits,
            )
        return out

    def _remembered_features(self, encoding: FrameEncoding, out: Mapping[str, Any]) -> Tensor:
        """Memory features of a prompted frame: of the mask that was shown, made binary."""
        features, sizes = _flattened(encoding)
        size = (self._network.image_size, self._network.image_size)
        with self._model.autocast():
            encoded, _ = self._network._encode_new_memory(
                current_vision_feats=features,
                feat_sizes=sizes,
                pred_masks_high_res=torch.nn.functional.interpolate(
                    out["pred_masks"], size, mode="bilinear", align_corners=False
                ),
                object_score_logits=out["object_score_logits"],
                is_mask_from_pts=True,
            )
        result: Tensor = encoded
        return result

    def _memory_of(self, out: Mapping[str, Any], features: Tensor) -> FrameMemory:
        return FrameMemory(
            pointer=out["obj_ptr"].float(),
            features=features.to(self._model.memory_dtype),
            logits=out["pred_masks"].float(),
            score=out["object_score_logits"].float(),
        )


def _is_empty(prompts: FramePrompts) -> bool:
    return not (prompts.defines_object or len(prompts.labels) or prompts.strokes)


def _includes(prompts: FramePrompts) -> bool:
    return bool(np.any(prompts.labels == INCLUDE)) or any(include for _, _, include in prompts.strokes)


def _flattened(encoding: FrameEncoding) -> tuple[list[Tensor], list[tuple[int, int]]]:
    """The feature maps as (height * width) x 1 x channels, and their heights and widths."""
    features = [level.flatten(2).permute(2, 0, 1) for level in encoding.maps]
    return features, [(level.shape[-2], level.shape[-1]) for level in encoding.maps]


def _result(memory: FrameMemory, state: MaskState) -> TrackedMask:
    assert memory.logits is not None and memory.score is not None
    return TrackedMask(memory.logits[0, 0].cpu().numpy(), float(memory.score.sigmoid()), state)
