"""SAM 3 as a tracker: Meta's checkpoint under other names, SAM 2's pass on another network."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from sam2_stand_ins import ArrayClip, moving_clip, prompts
from sam3_stand_ins import TINY, noise, published, sam3_checkpoint, tiny_sam3, write_checkpoint
from transformers import Sam3TrackerVideoConfig, Sam3TrackerVideoModel
from transformers.models.sam3_tracker_video.modeling_sam3_tracker_video import Sam3TrackerVideoInferenceSession
from wisp.errors import WeightsError
from wisp.trackers.sam3 import Sam3Tracker
from wisp.trackers.sam3.checkpoint import convert, is_detectors
from wisp.trackers.sam3.model import VARIANTS, Sam3Model, construct, load_model, still_input, video_input

__all__ = ["sam3_checkpoint", "tiny_sam3"]


@pytest.fixture(scope="module")
def published_network() -> dict[str, torch.Tensor]:
    """The names and shapes of `transformers`' own network for the published file, without memory for its weights."""
    with torch.device("meta"):
        return dict(Sam3TrackerVideoModel(Sam3TrackerVideoConfig()).state_dict())


def test_every_tensor_of_the_published_file_finds_its_place(
    shared: Path, published_network: dict[str, torch.Tensor]
) -> None:
    """Against a map of the published checkpoint that was checked by name and shape."""
    known = json.loads((shared / "spec" / "keymap-sam3-to-transformers.json").read_text("utf-8"))
    state = {key: torch.empty(row["shape"], device="meta") for key, row in known.items()}
    converted = convert(state).network
    assert {key: value.shape for key, value in converted.items()} == {
        key: value.shape for key, value in published_network.items()
    }
    for key, row in known.items():
        place = row["to"].replace("tracker_model.", "").replace("tracker_neck.", "vision_encoder.neck.")
        place = place.replace("detector_model.", "")
        expected = {place.replace("{q,k,v}", letter) for letter in "qkv"}
        if "shared_embedding" in place:
            expected.add("shared_image_embedding.positional_embedding")
        alone = convert({key: state[key]}).network
        assert set(alone) == (set() if is_detectors(key) else expected)


def test_our_settings_are_the_published_networks(published_network: dict[str, torch.Tensor]) -> None:
    with torch.device("meta"):
        ours = construct(VARIANTS["sam3"])
    assert {key: value.shape for key, value in ours.state_dict().items()} == {
        key: value.shape for key, value in published_network.items()
    }
    assert ours.config.to_dict() == Sam3TrackerVideoConfig().to_dict()


def test_values_arrive_where_they_belong() -> None:
    network = noise(construct(TINY).state_dict())
    network["shared_image_embedding.positional_embedding"] = network[
        "prompt_encoder.shared_embedding.positional_embedding"
    ]
    converted = convert(published(network)).network
    assert converted.keys() == network.keys()
    for name, value in network.items():
        assert torch.equal(converted[name], value), name


def test_heads_and_detector_are_told_apart(sam3_checkpoint: Path) -> None:
    state = torch.load(sam3_checkpoint, weights_only=True)["model"]
    checkpoint = convert(state)
    assert len(checkpoint.heads) == 141
    assert not any("freqs_cis" in key or key.startswith("detector.") for key in checkpoint.network)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda state: state.pop("tracker.no_obj_ptr"), "1 missing.*no_object_pointer"),
        (lambda state: state.update({"tracker.stranger.weight": torch.zeros(1)}), "1 unexpected.*stranger"),
        (lambda state: state.update({"tracker.no_obj_ptr": torch.zeros(1, 3)}), "of another shape"),
        (
            lambda state: state.pop("detector.backbone.vision_backbone.trunk.blocks.3.attn.qkv.weight"),
            "3 missing.*layers.3.attention.q_proj",
        ),
    ],
)
def test_a_file_that_does_not_fit_is_refused(sam3_checkpoint: Path, tmp_path: Path, change, said: str) -> None:  # type: ignore[no-untyped-def]
    state = torch.load(sam3_checkpoint, weights_only=True)["model"]
    change(state)
    path = tmp_path / "sam3.pt"
    torch.save({"model": state}, path)
    with pytest.raises(WeightsError, match=said) as caught:
        load_model(path, TINY, torch.device("cpu"))
    assert caught.value.exit_code == 4


@pytest.mark.parametrize("root", ["detector.", ""])
def test_sam_3_1_is_another_network_and_refused(sam3_checkpoint: Path, tmp_path: Path, root: str) -> None:
    state = torch.load(sam3_checkpoint, weights_only=True)["model"]
    state[f"{root}backbone.vision_backbone.propagation_convs.0.conv_1x1.weight"] = torch.zeros(1)
    path = tmp_path / "sam3.1_multiplex.pt"
    torch.save({"model": state}, path)
    with pytest.raises(WeightsError, match=r"is SAM 3\.1") as caught:
        load_model(path, TINY, torch.device("cpu"))
    assert "sam3.pt" in str(caught.value.hint)


def test_metas_own_file_is_a_bare_state_dict_without_heads(tmp_path: Path) -> None:
    path = write_checkpoint(tmp_path / "made.pt", heads=False)
    bare = tmp_path / "sam3.pt"
    torch.save(torch.load(path, weights_only=True)["model"], bare)
    assert load_model(bare, TINY, torch.device("cpu")).head_state == {}


def test_pictures_are_centred_on_grey() -> None:
    picture = np.zeros((8, 8, 3), np.float32)
    picture[:, 4:] = 1.0
    for brought in (video_input(picture, 16), still_input(picture, 16)):
        assert brought.shape == (1, 3, 16, 16)
        assert brought[..., 0].unique().tolist() == [-1.0]
        assert brought[..., -1].unique().tolist() == [1.0]


@pytest.mark.parametrize("kind", ["points", "mask"])
def test_agrees_with_transformers_own_propagation(tiny_sam3: Sam3Model, kind: str) -> None:
    """The pass, the memory and the network's interface together give what the library gives on the whole clip.

    Ours remembers of a mask that was given what is shown of it, the library the mask itself: 0.013 measured.
    """
    clip = moving_clip(5)
    mask = np.zeros((clip.height, clip.width), bool)
    mask[20:50, 16:44] = True
    drawn = prompts([(30, 36), (70, 20)], [1, 0]) if kind == "points" else prompts(mask=mask)
    track = Sam3Tracker("sam3", tiny_sam3).start(clip, {7: {1001: drawn}}, clip.frames)
    ours = [track.step(frame)[7].logits for frame in clip.frames]

    network = tiny_sam3.network.model
    session = Sam3TrackerVideoInferenceSession(
        torch.cat([video_input(clip.image(frame), TINY.image) for frame in clip.frames]), dtype=torch.float32
    )
    index = session.obj_id_to_idx(7)
    session.obj_with_new_inputs = [7]
    if kind == "points":
        at = torch.tensor([[30, 36], [70, 20]]) / torch.tensor([clip.width, clip.height]) * TINY.image
        session.add_point_inputs(
            index, 0, {"point_coords": at[None, None], "point_labels": torch.tensor([[[1, 0]]], dtype=torch.int32)}
        )
    else:
        session.add_mask_inputs(index, 0, tiny_sam3.mask_prompt(mask))
    network(session, frame_idx=0)
    theirs = [out.pred_masks[0, 0].numpy() for out in network.propagate_in_video_iterator(session)]
    assert len(theirs) == len(ours)
    for own, other in zip(ours, theirs, strict=True):
        assert own.std() > 0.1
        np.testing.assert_allclose(own, other, atol=1e-3 if kind == "points" else 5e-2)


def test_half_precision_runs_every_kind_of_prompt(sam3_checkpoint: Path) -> None:
    """Encoder and memory in bfloat16, as on a GPU; masks stay near those of float32."""
    clip = moving_clip(3)
    mask = np.zeros((clip.height, clip.width), bool)
    mask[20:50, 16:44] = True
    drawn = {
        1: {1001: prompts([(30, 36)], [1]), 1002: prompts([(60, 20)], [0])},
        2: {1001: prompts(mask=mask)},
        3: {1001: prompts(box=(16.0, 20.0, 44.0, 50.0))},
    }
    found = {}
    for precision in ("fp32", "bf16"):
        model = load_model(sam3_checkpoint, TINY, torch.device("cpu"), precision)
        track = Sam3Tracker("sam3", model).start(clip, drawn, clip.frames)
        found[precision] = [track.step(frame) for frame in clip.frames]
    for full, half in zip(found["fp32"], found["bf16"], strict=True):
        for number in drawn:
            assert half[number].logits.dtype == np.float32
            assert np.corrcoef(full[number].logits.ravel(), half[number].logits.ravel())[0, 1] > 0.9


def test_goes_on_from_a_snapshot_bit_for_bit(tiny_sam3: Sam3Model) -> None:
    clip = moving_clip(4)
    tracker = Sam3Tracker("sam3", tiny_sam3)
    drawn = {1: {1001: prompts([(30, 36)], [1]), 1002: prompts([(60, 20)], [0])}}
    track = tracker.start(clip, drawn, clip.frames)
    for frame in (1001, 1002):
        track.step(frame)
    kept = {name: array.copy() for name, array in track.snapshot().items()}
    expected = [track.step(frame)[1].logits for frame in (1003, 1004)]
    resumed = tracker.start(clip, drawn, clip.frames)
    resumed.restore(kept)
    for frame, logits in zip((1003, 1004), expected, strict=True):
        assert np.array_equal(resumed.step(frame)[1].logits, logits)


def test_of_many_keyframes_four_are_read(tiny_sam3: Sam3Model) -> None:
    network = tiny_sam3.network
    memory = {"maskmem_features": torch.zeros(1, 64, 4, 4), "maskmem_pos_enc": [torch.zeros(1, 64, 4, 4)]}
    keyframes = {index: {**memory, "obj_ptr": torch.full((1, 256), float(index))} for index in (0, 5, 10, 15, 20, 25)}
    given = network._memories(12, {"cond_frame_outputs": keyframes, "non_cond_frame_outputs": {}})
    assert sorted(given["cond_frame_outputs"]) == [5, 10, 15, 20]
    assert sorted(given["non_cond_frame_outputs"]) == [0, 25]


def test_a_corrected_frame_stays_known_and_others_are_forgotten(tiny_sam3: Sam3Model) -> None:
    """Memory of a long shot: what was prompted, and the last 15 frames."""
    still = moving_clip(1).pictures[0]
    clip = ArrayClip(np.broadcast_to(still, (20, *still.shape)))
    drawn = {1: {1001: prompts([(30, 36)], [1]), 1003: prompts([(60, 20)], [0])}}
    track = Sam3Tracker("sam3", tiny_sam3).start(clip, drawn, clip.frames)
    for frame in clip.frames:
        track.step(frame)
    memory = track._objects[1].memory
    assert sorted(memory.keyframes) == [0, 2]
    assert sorted(memory.recent) == list(range(5, 20))
    assert sum(known.features is not None for known in memory.recent.values()) == 6
    assert len(tiny_sam3.encoder._recent) <= 4
