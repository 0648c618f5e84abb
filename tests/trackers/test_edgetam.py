"""EdgeTAM as a tracker: Meta's checkpoint under other names, SAM 2's pass on another network."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from edgetam_stand_ins import (
    TINY,
    TRUNK,
    checkpoint,
    edgetam_checkpoint,
    noise,
    published,
    tiny_edgetam,
    trunk_noise,
    trunk_shapes,
)
from PIL import Image
from sam2_stand_ins import ArrayClip, moving_clip, prompts
from transformers import EdgeTamVideoInferenceSession
from wisp.cache import read_matte
from wisp.cli import main
from wisp.errors import WeightsError
from wisp.trackers.edgetam import EdgeTamTracker, model
from wisp.trackers.edgetam.checkpoint import convert
from wisp.trackers.edgetam.model import VARIANTS, EdgeTamModel, construct, load_model
from wisp.trackers.edgetam.repvit import RepVit, RepVitConfig
from wisp.trackers.sam2.encoder import video_input

__all__ = ["edgetam_checkpoint", "tiny_edgetam"]

BACKBONE = "vision_encoder.backbone."


def test_every_tensor_of_the_published_layout_finds_its_place() -> None:
    """The published size: 14 million parameters, each at its place and of its shape."""
    network = construct(VARIANTS["edgetam"]).state_dict()
    converted = convert(checkpoint(VARIANTS["edgetam"]))
    assert {key: value.shape for key, value in converted.items()} == {k: value.shape for k, value in network.items()}
    assert 13.5e6 < sum(value.numel() for value in network.values()) < 14.5e6


def test_values_arrive_where_they_belong() -> None:
    network = {key: value for key, value in construct(TINY).state_dict().items() if BACKBONE not in key}
    network = noise(network)
    shared = network["prompt_encoder.shared_embedding.positional_embedding"]
    network["shared_image_embedding.positional_embedding"] = shared
    converted = convert(published(network))
    assert converted.keys() == network.keys()
    for name, value in network.items():
        assert torch.equal(converted[name], value), name


def test_a_file_in_the_packages_own_names_is_the_same_model(tmp_path: Path) -> None:
    own = convert(checkpoint())
    trunk = {key: value for key, value in checkpoint().items() if key.startswith(TRUNK)}
    renamed = {key: value for key, value in own.items() if BACKBONE not in key}
    renamed |= {key.replace(TRUNK, f"{BACKBONE}timm_model."): value for key, value in trunk.items()}
    again = convert(renamed)
    assert again.keys() == own.keys()
    assert all(torch.equal(again[key], own[key]) for key in own)


#: What `timm`'s `repvit_m1` gives for the weights and the picture below: five values of each map, evenly spread.
TRUNK_VALUES = (
    (-0.0527, 0.21973, 0.59476, -0.19799, -0.08597),
    (0.18346, -0.19067, -0.43598, 0.52528, -0.18725),
    (-0.04502, -0.51759, 0.11971, -0.1977, 0.3845),
    (0.05724, -0.04623, -0.08513, -0.06576, 0.07832),
)


def test_the_merged_trunk_is_timms() -> None:
    sizes = VARIANTS["edgetam"]
    trunk = RepVit(RepVitConfig(widths=list(sizes.widths), depths=list(sizes.depths))).eval()
    weights = convert({TRUNK + name: value for name, value in trunk_noise(trunk_shapes(trunk.state_dict())).items()})
    trunk.load_state_dict({name.removeprefix(BACKBONE): value for name, value in weights.items()}, strict=True)
    picture = torch.linspace(-2, 2, 3 * 64 * 64).reshape(1, 3, 64, 64).sin()
    with torch.inference_mode():
        maps = trunk(picture).last_hidden_state
    for place, (level, values) in enumerate(zip(maps, TRUNK_VALUES, strict=True)):
        assert level.shape == (1, sizes.widths[place], 16 >> place, 16 >> place)
        assert level.flatten()[:: level.numel() // 5][:5].tolist() == pytest.approx(values, abs=2e-5)


@pytest.mark.parametrize("backward", [False, True])
def test_agrees_with_transformers_own_pipeline(tiny_edgetam: EdgeTamModel, backward: bool) -> None:
    """12 frames, two objects, a late correction of one of them."""
    clip = moving_clip(12)
    order = tuple(reversed(clip.frames)) if backward else clip.frames
    first, late = order[0], order[8]
    drawn = {
        1: {first: prompts([(30, 36), (70, 20)], [1, 0]), late: prompts([(50, 40), (10, 10)], [1, 0])},
        2: {first: prompts(box=(40.0, 10.0, 90.0, 60.0))},
    }
    if backward:  # a later keyframe is defined before the pass: it says with a box what the object is
        drawn[1].pop(late)
    track = EdgeTamTracker("edgetam", tiny_edgetam).start(clip, drawn, order)
    ours = [track.step(frame) for frame in order]

    network = tiny_edgetam.network.model
    pictures = torch.cat([video_input(clip.image(frame), TINY.image) for frame in clip.frames])
    session = EdgeTamVideoInferenceSession(pictures, dtype=torch.float32)
    scale = torch.tensor([TINY.image / clip.width, TINY.image / clip.height])

    def show(number: int, frame: int, xy: list[tuple[float, float]], labels: list[int]) -> None:
        session.add_point_inputs(
            session.obj_id_to_idx(number),
            clip.frames.index(frame),
            {
                "point_coords": (torch.tensor(xy) * scale)[None, None],
                "point_labels": torch.tensor([[labels]], dtype=torch.int32),
            },
        )
        session.obj_with_new_inputs.append(number)

    show(1, first, [(30, 36), (70, 20)], [1, 0])
    show(2, first, [(40, 10), (90, 60)], [2, 3])
    for frame, own in zip(order, ours, strict=True):
        theirs = network(session, frame_idx=clip.frames.index(frame), reverse=backward)
        if frame == late and not backward:
            show(1, frame, [(50, 40), (10, 10)], [1, 0])
            theirs = network(session, frame_idx=clip.frames.index(frame))
        for place, number in enumerate((1, 2)):
            assert own[number].logits.std() > 0.1
            np.testing.assert_allclose(own[number].logits, theirs.pred_masks[place, 0].numpy(), atol=1e-4)
            assert own[number].confidence == pytest.approx(float(theirs.object_score_logits[place].sigmoid()), abs=1e-5)


def test_a_correction_changes_the_frames_after_it(tiny_edgetam: EdgeTamModel) -> None:
    clip = moving_clip(5)
    tracker = EdgeTamTracker("edgetam", tiny_edgetam)
    plain = {1: {1001: prompts([(30, 36)], [1])}}
    corrected = {1: {**plain[1], 1003: prompts([(60, 20)], [0])}}
    walks = [tracker.start(clip, drawn, clip.frames) for drawn in (plain, corrected)]
    steps = [[walk.step(frame)[1] for frame in clip.frames] for walk in walks]
    same = [bool(np.array_equal(a.logits, b.logits)) for a, b in zip(*steps, strict=True)]
    assert same == [True, True, False, False, False]
    assert steps[1][2].state == "keyframe"


@pytest.mark.parametrize("kind", ["mask", "stroke", "mask and points"])
def test_masks_and_strokes_are_taken(tiny_edgetam: EdgeTamModel, kind: str) -> None:
    clip = moving_clip(2)
    mask = np.zeros((clip.height, clip.width), bool)
    mask[20:50, 16:44] = True
    stroke = (np.array([(20, 30), (40, 40)], np.float32), 3.0, True)
    drawn = {
        "mask": prompts(mask=mask),
        "stroke": prompts(strokes=(stroke,)),
        "mask and points": prompts([(30, 36)], [1], mask=mask),
    }[kind]
    track = EdgeTamTracker("edgetam", tiny_edgetam).start(clip, {1: {1001: drawn}}, clip.frames)
    shown = track.step(1001)[1]
    if kind == "mask":
        found = np.asarray(Image.fromarray(shown.logits > 0).resize((clip.width, clip.height)))
        assert (found != mask).mean() < 0.03
    elif kind == "stroke":
        assert shown.logits[15, 10] > 0  # where it was painted
    assert track.step(1002)[1].state in ("tracked", "lost")


def test_goes_on_from_a_snapshot_bit_for_bit(tiny_edgetam: EdgeTamModel) -> None:
    clip = moving_clip(4)
    tracker = EdgeTamTracker("edgetam", tiny_edgetam)
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


def test_memory_stays_as_it_is_however_long_the_shot(tiny_edgetam: EdgeTamModel) -> None:
    still = moving_clip(1).pictures[0]
    clip = ArrayClip(np.broadcast_to(still, (24, *still.shape)))
    track = EdgeTamTracker("edgetam", tiny_edgetam).start(clip, {1: {1001: prompts([(30, 36)], [1])}}, clip.frames)
    sizes = []
    for frame in clip.frames:
        track.step(frame)
        sizes.append(sum(array.nbytes for array in track.snapshot().values()))
    assert len(set(sizes[16:])) == 1
    assert len(tiny_edgetam.encoder._recent) <= 4


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda state: state.pop("no_obj_ptr"), "1 missing.*no_object_pointer"),
        (lambda state: state.update({"stranger.weight": torch.zeros(1)}), "1 unexpected.*stranger"),
        (lambda state: state.pop(f"{TRUNK}stem.conv1.bn.running_var"), "stem.conv1"),
    ],
)
def test_a_file_that_does_not_fit_is_refused(edgetam_checkpoint: Path, tmp_path: Path, change, said: str) -> None:  # type: ignore[no-untyped-def]
    state = torch.load(edgetam_checkpoint, weights_only=True)["model"]
    change(state)
    path = tmp_path / "edgetam.pt"
    torch.save({"model": state}, path)
    with pytest.raises(WeightsError, match=said) as caught:
        load_model(path, TINY, torch.device("cpu"))
    assert caught.value.exit_code == 4


def test_from_plate_to_mattes(edgetam_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two objects in both directions through the command line; the file is used with its hash as `unlisted`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(model.VARIANTS, "edgetam", TINY)
    Path("plates").mkdir()
    Path("weights").mkdir()
    shutil.copy(edgetam_checkpoint, "weights/edgetam.pt")
    for index, picture in enumerate(moving_clip(3).pictures):
        Image.fromarray(picture).save(f"plates/sh.{1001 + index}.png")
    given = ["--box", "1002:14,20,46,52", "--point", "1003:70,10,-", "--weights", "weights", "--device", "cpu"]
    asked = ["matte", "plates/sh.%04d.png", *given, "--tracker", "edgetam", "-o", "out", "--cache", "cache", "-q"]
    assert main(asked) == 0
    for frame in (1001, 1002, 1003):
        alpha = read_matte(Path(f"out/object1/object1.{frame}.exr"))[0]
        assert alpha.shape == (72, 96)
    stamp = read_matte(next(Path("cache").glob("*/*/alpha.1003.exr")))[1]
    assert stamp is not None
    assert stamp.model.startswith("edgetam + ")
    assert stamp.frame_state == "corrected"
    assert "unlisted" in stamp.weights_sha256
