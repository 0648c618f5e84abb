"""SAM 2.1 as a tracker: against sam2's own predictor, and what a pass over a shot promises."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from sam2_stand_ins import SMALL, ArrayClip, matting_checkpoint, moving_clip, prompts, small_model
from wisp.bench.sam2_stand_in import stock_predictor
from wisp.errors import MemoryLimitError, UsageError
from wisp.trackers.sam2 import Sam2Pass, Sam2Tracker
from wisp.trackers.sam2.model import Sam2Model, load_model
from wisp.trackers.tracker import FramePrompts, TrackedMask

__all__ = ["matting_checkpoint", "small_model"]

CLICK = prompts([(30, 36)], [1])
BOX = prompts(box=(16, 20, 46, 52))
CORRECTION = prompts([(60, 20), (30, 40)], [1, 0])


@pytest.fixture
def tracker(small_model: Sam2Model) -> Sam2Tracker:
    return Sam2Tracker("sam2.1-tiny", small_model)


def walk(track: Sam2Pass, frames: list[int] | tuple[int, ...]) -> dict[int, TrackedMask]:
    """The masks of object 1."""
    return {frame: track.step(frame)[1] for frame in frames}


@pytest.fixture(scope="module")
def predictor(small_model: Sam2Model):
    """sam2's own video predictor with the same weights."""
    return stock_predictor(small_model, "tiny")


def stock_state(predictor, clip: ArrayClip, folder: Path):
    """sam2's state of a clip; it goes by the suffix, so PNG files called .jpg reach it without loss."""
    for index, picture in enumerate(clip.pictures):
        Image.fromarray(picture).save(folder / f"{index:05d}.jpg", format="PNG")
    return predictor.init_state(str(folder))


def stock_logits(state) -> dict[int, np.ndarray]:
    outputs = state["output_dict_per_obj"][0]
    kept = {**outputs["non_cond_frame_outputs"], **outputs["cond_frame_outputs"]}
    return {index: out["pred_masks"][0, 0].numpy() for index, out in kept.items()}


def test_a_long_pass_equals_the_predictor_that_forgets_nothing(tracker, predictor, tmp_path: Path) -> None:
    clip = moving_clip(24)
    state = stock_state(predictor, clip, tmp_path)
    predictor.add_new_points_or_box(state, 2, 1, points=CLICK.points, labels=CLICK.labels)
    predictor.add_new_points_or_box(state, 9, 1, box=np.array(BOX.box))
    for _ in predictor.propagate_in_video(state, start_frame_idx=2):
        pass
    expected = stock_logits(state)
    found = walk(tracker.start(clip, {1: {1003: CLICK, 1010: BOX}}, clip.frames[2:]), clip.frames[2:])
    for frame, tracked in found.items():
        assert np.allclose(tracked.logits, expected[frame - 1001], atol=1e-3), frame


def test_a_backward_pass_equals_the_predictor(tracker, predictor, tmp_path: Path) -> None:
    clip = moving_clip(12)
    state = stock_state(predictor, clip, tmp_path)
    predictor.add_new_points_or_box(state, 10, 1, box=np.array(BOX.box))
    for _ in predictor.propagate_in_video(state, reverse=True):
        pass
    expected = stock_logits(state)
    frames = tuple(reversed(clip.frames[:11]))
    found = walk(tracker.start(clip, {1: {1011: BOX}}, frames), frames)
    assert min(found) == 1001
    for frame, tracked in found.items():
        assert np.allclose(tracked.logits, expected[frame - 1001], atol=1e-3), frame


def test_a_correction_equals_the_predictors(tracker, predictor, tmp_path: Path) -> None:
    clip = moving_clip(10)
    state = stock_state(predictor, clip, tmp_path)
    predictor.add_new_points_or_box(state, 0, 1, box=np.array(BOX.box))
    for _ in predictor.propagate_in_video(state):
        pass
    predictor.add_new_points_or_box(state, 5, 1, points=CORRECTION.points, labels=CORRECTION.labels)
    predictor.propagate_in_video_preflight(state)
    corrected = stock_logits(state)
    # Asked to go on from the corrected frame, the predictor would track that frame again without the clicks.
    for _ in predictor.propagate_in_video(state, start_frame_idx=6):
        pass
    after = stock_logits(state)
    found = walk(tracker.start(clip, {1: {1001: BOX, 1006: CORRECTION}}, clip.frames), clip.frames)
    assert found[1006].state == "keyframe"
    assert np.allclose(found[1006].logits, corrected[5], atol=1e-3)
    for frame in clip.frames[6:]:
        assert np.allclose(found[frame].logits, after[frame - 1001], atol=1e-3), frame


def test_a_correction_changes_its_frame_and_what_follows_only(tracker) -> None:
    clip = moving_clip(8)
    plain = walk(tracker.start(clip, {1: {1001: BOX}}, clip.frames), clip.frames)
    fixed = walk(tracker.start(clip, {1: {1001: BOX, 1005: CORRECTION}}, clip.frames), clip.frames)
    same = [np.array_equal(plain[frame].logits, fixed[frame].logits) for frame in clip.frames]
    assert same == [True] * 4 + [False] * 4


def test_what_was_painted_holds_on_the_corrected_frame(tracker) -> None:
    clip = moving_clip(4)
    keep, remove = np.array([[70, 10], [90, 10]], np.float32), np.array([[10, 60], [40, 60]], np.float32)
    painted = prompts(strokes=((keep, 5.0, True), (remove, 5.0, False)))
    found = walk(tracker.start(clip, {1: {1001: BOX, 1003: painted}}, clip.frames), clip.frames)
    logits = found[1003].logits
    row, column = 10 * logits.shape[0] // clip.height, 80 * logits.shape[1] // clip.width
    assert logits[row, column] > 0
    row, column = 60 * logits.shape[0] // clip.height, 25 * logits.shape[1] // clip.width
    assert logits[row, column] < 0


def test_memory_stays_the_same_however_long_the_pass(tracker) -> None:
    clip = moving_clip(40)
    track = tracker.start(clip, {1: {1001: BOX}}, clip.frames)
    sizes = []
    for frame in clip.frames:
        track.step(frame)
        if frame in (1020, 1040):
            snapshot = track.snapshot()
            sizes.append(sum(array.nbytes for array in snapshot.values()))
    assert sizes[0] == sizes[1]
    assert sum(".recent." in key and key.endswith("features") for key in snapshot) == 6
    assert sum(".recent." in key and key.endswith("pointer") for key in snapshot) == 15


def test_a_restored_pass_goes_on_bit_for_bit(tracker, tmp_path: Path) -> None:
    clip = moving_clip(14)
    drawn = {1: {1001: CLICK, 1009: CORRECTION, 1011: BOX}}
    whole = tracker.start(clip, drawn, clip.frames)
    for frame in clip.frames[:7]:
        whole.step(frame)
    np.savez(tmp_path / "memory.npz", **whole.snapshot())
    again = tracker.start(clip, drawn, clip.frames)
    with np.load(tmp_path / "memory.npz") as kept:
        again.restore(dict(kept))
    for frame in clip.frames[7:]:
        expected, found = whole.step(frame)[1], again.step(frame)[1]
        assert np.array_equal(expected.logits, found.logits)
        assert (expected.confidence, expected.state) == (found.confidence, found.state)


def test_objects_share_encodings_and_do_not_influence_each_other(tracker) -> None:
    clip = moving_clip(6)
    alone = walk(tracker.start(clip, {1: {1001: BOX}}, clip.frames), clip.frames)
    tracker.model.encoder.clear()
    before = tracker.model.encoder.computed
    together = tracker.start(clip, {1: {1001: BOX}, 2: {1001: CLICK}}, clip.frames)
    for frame in clip.frames:
        masks = together.step(frame)
        assert set(masks) == {1, 2}
        assert np.array_equal(masks[1].logits, alone[frame].logits)
        assert not np.array_equal(masks[1].logits, masks[2].logits)
    assert tracker.model.encoder.computed - before == len(clip.frames)


def test_an_object_begins_at_its_first_keyframe(tracker) -> None:
    clip = moving_clip(6)
    track = tracker.start(clip, {1: {1001: BOX}, 2: {1004: CLICK}}, clip.frames)
    assert [sorted(track.step(frame)) for frame in clip.frames] == [[1]] * 3 + [[1, 2]] * 3
    frames = tuple(reversed(clip.frames))
    back = tracker.start(clip, {1: {1006: BOX}, 2: {1004: CLICK}}, frames)
    assert [sorted(back.step(frame)) for frame in frames] == [[1]] * 2 + [[1, 2]] * 4


def test_a_mask_says_that_the_object_is_absent(tracker) -> None:
    clip = moving_clip(2)
    nothing = np.zeros((clip.height, clip.width), bool)
    found = tracker.start(clip, {1: {1001: prompts(mask=nothing)}}, clip.frames).step(1001)[1]
    assert found.logits.max() < 0
    assert found.confidence < 0.01


def test_a_lost_object_is_said_to_be_lost(matting_checkpoint: Path, tmp_path: Path) -> None:
    state = torch.load(matting_checkpoint, weights_only=True)["model"]
    state["sam_mask_decoder.pred_obj_score_head.layers.2.bias"].fill_(-6.0)
    torch.save({"model": state}, tmp_path / "absent.pt")
    model = load_model(tmp_path / "absent.pt", "tiny", torch.device("cpu"), image_size=SMALL)
    clip = moving_clip(2)
    mask = np.zeros((clip.height, clip.width), bool)
    mask[20:50, 20:50] = True
    track = Sam2Tracker("x", model).start(clip, {1: {1001: prompts(mask=mask)}}, clip.frames)
    assert track.step(1001)[1].state == "keyframe"
    lost = track.step(1002)[1]
    assert lost.state == "lost"
    assert lost.confidence < 0.1
    assert lost.logits.max() < 0


@pytest.mark.parametrize(
    ("keyframes", "told"),
    [({1009: BOX}, "frame 1009"), ({1002: prompts([(5, 5)], [0])}, "only excluded on its first keyframe, frame 1002")],
)
def test_prompts_that_cannot_start_are_refused(tracker, keyframes: dict[int, FramePrompts], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        tracker.start(moving_clip(4), {1: keyframes}, (1001, 1002))


@pytest.mark.slow
def test_half_precision_stays_near(matting_checkpoint: Path, tracker) -> None:
    half = load_model(matting_checkpoint, "tiny", torch.device("cpu"), "bf16", image_size=SMALL)
    assert half is not tracker.model
    assert half.dtype == torch.bfloat16
    clip = moving_clip(2)
    exact = walk(tracker.start(clip, {1: {1001: BOX}}, clip.frames), clip.frames)
    near = walk(Sam2Tracker("x", half).start(clip, {1: {1001: BOX}}, clip.frames), clip.frames)
    for frame in clip.frames:
        assert near[frame].logits.dtype == np.float32
        difference = np.abs(near[frame].logits - exact[frame].logits).mean()
        assert 0 < difference < 0.1 * np.abs(exact[frame].logits).mean()


def test_out_of_memory_is_tried_again_with_less_then_told(small_model: Sam2Model) -> None:
    tried = []

    def hungry(amount: int) -> int:
        tried.append(amount)
        if len(tried) < 2:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return amount

    def starving(amount: int) -> int:
        raise torch.OutOfMemoryError("CUDA out of memory")

    clip = moving_clip(1)
    small_model.encoder.encode(clip, 1001)
    before = small_model.encoder.computed
    assert small_model.within_memory(hungry, "testing")(3) == 3
    assert tried == [3, 3]
    small_model.encoder.encode(clip, 1001)
    assert small_model.encoder.computed == before + 1, "the encodings were given back"
    with pytest.raises(MemoryLimitError, match="while tracking frame 7"):
        small_model.within_memory(starving, "tracking frame 7")(3)
