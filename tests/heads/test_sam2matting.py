"""The SAM2Matting head behind the Head protocol."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch
from sam2_stand_ins import SMALL, ArrayClip, matting_checkpoint, moving_clip, prompts, small_model
from wisp.heads.sam2matting import Sam2MattingHead
from wisp.trackers.sam2 import Sam2Tracker
from wisp.trackers.sam2.model import Sam2Model

__all__ = ["matting_checkpoint", "small_model"]


@pytest.fixture
def head(small_model: Sam2Model) -> Sam2MattingHead:
    return Sam2MattingHead("sam2matting-sam2.1-tiny", small_model, refine=False)


def disc(width: int, height: int) -> np.ndarray:
    """Logits of a disc in the middle of a grid over the picture."""
    y, x = (np.mgrid[:height, :width] + 0.5) / np.array([height, width])[:, None, None] - 0.5
    return (0.3 - np.hypot(x, y)).astype(np.float32) * 40


def test_alpha_has_the_plates_size_for_masks_of_any_size(head: Sam2MattingHead) -> None:
    clip = moving_clip(2)
    alphas = head.matte(clip, 1001, {1: disc(32, 32), 7: disc(120, 67)})
    assert set(alphas) == {1, 7}
    for alpha in alphas.values():
        assert alpha.shape == (clip.height, clip.width)
        assert alpha.dtype == np.float32
        assert 0 <= alpha.min() < alpha.max() <= 1


def test_an_empty_mask_gives_zeros(head: Sam2MattingHead) -> None:
    clip = moving_clip(2)
    before = head.model.encoder.computed
    assert not head.matte(clip, 1002, {1: np.full((8, 8), -3.0, np.float32)})[1].any()
    assert head.model.encoder.computed == before


def test_a_drawn_mask_is_never_too_small_to_be_seen(head: Sam2MattingHead) -> None:
    for at in range(20, 60):
        drawn = np.full((1024, 2048), -8.0, np.float32)
        drawn[at : at + 2, at : at + 2] = 8.0
        assert 1 <= head._mask(drawn).sum() <= 4


def test_a_plate_finer_than_the_network_is_refined_along_its_own_edges(small_model: Sam2Model) -> None:
    clip = moving_clip(2, 320, 240)
    head = Sam2MattingHead("x", small_model)
    refined = head.matte(clip, 1001, {1: disc(32, 32)})[1]
    matte = head.predict(clip, 1001, disc(32, 32))
    assert matte is not None
    head.refine = False
    plain = head.matte(clip, 1001, {1: disc(32, 32)})[1]
    assert plain.shape == refined.shape == (240, 320)
    assert 0 <= refined.min() < refined.max() <= 1
    assert np.abs(plain - refined).max() > 0.01
    grid = matte.alpha3[0, 0].numpy()
    error = [
        np.abs(cv2.resize(alpha, grid.shape[::-1], interpolation=cv2.INTER_AREA) - grid).mean()
        for alpha in (plain, refined)
    ]
    assert error[1] < error[0], "refinement keeps each cell's coverage, enlarging alone blurs it"


def test_objects_and_the_tracker_share_one_encoding(head: Sam2MattingHead) -> None:
    clip = moving_clip(3)
    before = head.model.encoder.computed
    track = Sam2Tracker("x", head.model).start(clip, {1: {1001: prompts([(30, 36)], [1])}}, clip.frames)
    for frame in clip.frames:
        logits = track.step(frame)[1].logits
        head.matte(clip, frame, {1: logits, 2: disc(32, 32)})
    assert head.model.encoder.computed - before == len(clip.frames)


def test_a_still_is_seen_without_memory(head: Sam2MattingHead) -> None:
    """The same picture gives another matte alone than in a shot: the reference has a mode for each."""
    shot = moving_clip(2)
    still = ArrayClip(shot.pictures[:1])
    in_shot = head.matte(shot, 1001, {1: disc(32, 32)})[1]
    alone = head.matte(still, 1001, {1: disc(32, 32)})[1]
    assert np.abs(in_shot - alone).max() > 1e-3


def test_the_published_result_shows_a_drawn_mask_as_the_tracker_does(small_model: Sam2Model) -> None:
    clip = moving_clip(2)
    drawn = np.random.default_rng(3).random((clip.height, clip.width)) < 0.5
    walk = Sam2Tracker("x", small_model).start(clip, {1: {1001: prompts(mask=drawn)}}, clip.frames)
    shown = walk.step(1001)[1].logits > 0
    logits = np.where(drawn, np.float32(8), np.float32(-8))
    exact = Sam2MattingHead("x", small_model, refine=False)._mask(logits, in_shot=True)
    assert np.array_equal(exact[0, 0].numpy() > 0, shown)
    assert not np.array_equal(Sam2MattingHead("x", small_model)._mask(logits, in_shot=True)[0, 0].numpy() > 0, shown)


def test_known_pixels_are_the_masks_own(head: Sam2MattingHead, small_model: Sam2Model) -> None:
    """Without `dense`, alpha far from the unknown region is exactly 0 or 1."""
    quiet = Sam2MattingHead("x", small_model, dense=False, refine=False)
    last = quiet._network.unknown_fusion[6]
    assert isinstance(last, torch.nn.Conv2d)
    last.weight.data.zero_()
    assert last.bias is not None
    last.bias.data.fill_(-5)
    clip = moving_clip(2)
    matte = quiet.predict(clip, 1001, disc(SMALL // 4, SMALL // 4))
    assert matte is not None
    alpha = matte.alpha3[0, 0].numpy()
    middle = alpha.shape[0] // 2
    assert alpha[middle, middle] == 1
    assert alpha[0, 0] == 0
    assert 0 < np.count_nonzero((alpha > 0) & (alpha < 1)) < alpha.size


def test_the_encoder_remembers_by_clip_and_frame(small_model: Sam2Model) -> None:
    one, other = moving_clip(3), moving_clip(3)
    encoder = small_model.encoder
    encoder.clear()
    before = encoder.computed
    first = encoder.encode(one, 1001)
    assert encoder.encode(one, 1001) is first
    assert encoder.encode(other, 1001) is not first
    assert encoder.encode(one, 1002) is not first
    assert encoder.encode(one, 1001, "still") is not first
    assert encoder.computed - before == 4
    encoder.encode(one, 1003)
    assert encoder.encode(one, 1002).image.shape == (1, 3, SMALL, SMALL)
    assert encoder.computed - before == 5
    assert encoder.encode(one, 1001) is not first, "only the last few are kept"


def test_where_memory_runs_out_it_goes_on_in_tiles_and_says_so(
    small_model: Sam2Model, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    head, clip = Sam2MattingHead("x", small_model), moving_clip(2)
    whole = head.matte(clip, 1001, {1: disc(32, 32)})[1]
    finest, tried = head._network.finest, []

    def hungry(joined: torch.Tensor) -> torch.Tensor:
        tried.append(joined.shape[0])
        if not head.sparing:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return finest(joined)

    monkeypatch.setattr(head._network, "finest", hungry)
    np.testing.assert_allclose(head.matte(clip, 1001, {1: disc(32, 32)})[1], whole, atol=1e-5)
    assert "not enough while matting frame 1001; it goes on in tiles" in caplog.text
    caplog.clear()
    tried.clear()
    head.matte(clip, 1002, {1: disc(32, 32)})
    assert not caplog.text, "it does not run out again on every frame"
