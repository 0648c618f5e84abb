"""Generative video matting: the networks by diffusers, their windows, and what they need."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest
import torch
from diffusers import AutoencoderKLTemporalDecoder, UNetSpatioTemporalConditionModel
from gvm_stand_ins import write_networks
from safetensors.torch import load_file, save_file
from sam2_stand_ins import moving_clip
from wisp.device import Memory
from wisp.errors import MemoryLimitError, WeightsError
from wisp.heads.gvm import GvmMatter, build, memory
from wisp.heads.gvm.network import GvmNetwork
from wisp.plates.clip import FloatImage, resize
from wisp.weights.options import RunOptions
from wisp.weights.registry import ModelEntry

CPU = torch.device("cpu")
OPTIONS = RunOptions(device="cpu")


class SizedClip:
    """A moving disc, at any size."""

    def __init__(self, count: int, width: int = 48, height: int = 32) -> None:
        self._clip = moving_clip(count, width, height)
        self.frames, self.width, self.height = self._clip.frames, width, height

    def image(self, frame: int, size: tuple[int, int] | None = None) -> FloatImage:
        return resize(self._clip.image(frame), size or (self.width, self.height))


def entry(**settings: str) -> ModelEntry:
    parameters = {"window": "4", "size": "1024", "clip": "none", "gate": "mask", **settings}
    return ModelEntry("gvm", "GVM", {}, "none", "no", "", parameters=MappingProxyType(parameters))


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return write_networks(tmp_path_factory.mktemp("gvm"))


@pytest.fixture(scope="module")
def network(files: Mapping[str, Path]) -> GvmNetwork:
    return GvmNetwork(files, CPU, torch.float32)


def everywhere(clip: SizedClip) -> dict[int, np.ndarray]:
    return {1: np.full((4, 4), 5.0, np.float32)}


def test_one_step_from_zeros_as_published(files: dict[str, Path], network: GvmNetwork) -> None:
    """Against diffusers called by hand: zeros and picture latents in that order, step 999, alpha as a grey picture."""
    pictures = torch.rand(3, 3, 32, 64, generator=torch.Generator().manual_seed(1))
    unet = UNetSpatioTemporalConditionModel.from_config(json.loads(files["unet_config"].read_text()))
    left_out = unet.load_state_dict(load_file(files["unet"]), strict=False)
    assert all(key.startswith("add_embedding.") for key in left_out.missing_keys)
    for parameter in unet.add_embedding.parameters():
        torch.nn.init.zeros_(parameter)
    vae = AutoencoderKLTemporalDecoder.from_config(json.loads(files["vae_config"].read_text()))
    vae.load_state_dict(load_file(files["vae"]))
    with torch.inference_mode():
        seen = vae.encode(pictures * 2 - 1).latent_dist.mode()[None] * 0.18215
        given = torch.cat([torch.zeros_like(seen), seen], dim=2)
        found = unet(given, 999, torch.zeros(1, 1, 16), added_time_ids=torch.zeros(1, 3)).sample[0]
        expected = vae.decode(found / 0.18215, num_frames=3).sample.mean(1) / 2 + 0.5
    alphas = network.matte(pictures)
    assert alphas.shape == (3, 32, 64)
    torch.testing.assert_close(alphas, expected, atol=1e-4, rtol=1e-4)
    assert torch.equal(network.matte(pictures), alphas), "nothing is random"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda state: state.update({"conv_inn.weight": state.pop("conv_in.weight")}), "1 missing.*1 unexpected"),
        (lambda state: state.pop("conv_out.bias"), "1 missing .conv_out.bias"),
        (lambda state: state.update({"conv_out.bias": torch.zeros(3)}), "another shape"),
        (lambda state: state.update({"add_embedding.linear_1.bias": torch.zeros(64)}), "missing"),
    ],
)
def test_weights_that_do_not_fit_are_refused(files: dict[str, Path], tmp_path: Path, change, said: str) -> None:  # type: ignore[no-untyped-def]
    state = load_file(files["unet"])
    change(state)
    save_file(state, tmp_path / "unet.safetensors")
    with pytest.raises(WeightsError, match=said) as caught:
        GvmNetwork({**files, "unet": tmp_path / "unet.safetensors"}, CPU, torch.float32)
    assert caught.value.exit_code == 4


@pytest.mark.parametrize("text", ["", "[]", "{", '{"block_out_channels": 7}'])
def test_a_description_that_is_none_is_refused(files: dict[str, Path], tmp_path: Path, text: str) -> None:
    config = tmp_path / "unet.json"
    config.write_text(text)
    with pytest.raises(WeightsError):
        GvmNetwork({**files, "unet_config": config}, CPU, torch.float32)


def test_a_sister_model_is_told_apart(files: dict[str, Path], tmp_path: Path) -> None:
    """VideoMaMa's denoiser takes 12 channels."""
    described = json.loads(files["unet_config"].read_text())
    config = tmp_path / "unet.json"
    config.write_text(json.dumps({**described, "in_channels": 12}))
    state = load_file(files["unet"])
    state["conv_in.weight"] = torch.zeros(32, 12, 3, 3)
    save_file(state, tmp_path / "unet.safetensors")
    with pytest.raises(WeightsError, match="from 12 to 4 channels"):
        GvmNetwork({**files, "unet": tmp_path / "unet.safetensors", "unet_config": config}, CPU, torch.float32)


def test_alpha_covers_plates_that_are_no_multiple_of_anything(files: dict[str, Path]) -> None:
    clip = SizedClip(2, 51, 37)
    alphas = build(entry(), files, OPTIONS).matte(clip, 1001, everywhere(clip))
    assert alphas[1].shape == (37, 51)
    assert alphas[1].dtype == np.float32
    assert 0 <= alphas[1].min() < alphas[1].max() <= 1


def test_a_large_plate_is_seen_smaller_and_matted_whole(files: dict[str, Path]) -> None:
    clip = SizedClip(1, 96, 64)
    matter = GvmMatter(entry(size="32"), files, OPTIONS)
    (alpha,) = matter.matte(clip, clip.frames)
    assert alpha.shape == (32, 48)
    head = build(entry(size="32"), files, OPTIONS)
    assert head.matte(clip, 1001, everywhere(clip))[1].shape == (64, 96)


def test_upstreams_clip_is_a_choice(files: dict[str, Path]) -> None:
    clip = SizedClip(1)
    (soft,) = GvmMatter(entry(), files, OPTIONS).matte(clip, clip.frames)
    (hard,) = GvmMatter(entry(clip="upstream"), files, OPTIONS).matte(clip, clip.frames)
    low, high = soft <= 25 / 255, soft >= 240 / 255
    assert 0 < low.mean() + high.mean() < 1
    assert (hard[low] == 0).all() and (hard[high] == 1).all()
    assert np.array_equal(hard[~low & ~high], soft[~low & ~high])


def test_the_same_in_one_run_and_in_pieces(files: dict[str, Path]) -> None:
    """Whichever frames are asked for, in whichever order: bit for bit."""
    clip = SizedClip(7)
    whole = build(entry(), files, OPTIONS)
    expected = {frame: whole.matte(clip, frame, everywhere(clip))[1] for frame in clip.frames}
    piece = build(entry(), files, OPTIONS)
    for frame in (1006, 1003, 1004):
        assert np.array_equal(piece.matte(clip, frame, everywhere(clip))[1], expected[frame])


def test_windows_are_cross_faded(files: dict[str, Path]) -> None:
    """Frame 4 of 7 lies in the windows 1-4 and 4-7; it is the middle of both."""
    clip = SizedClip(7)
    head = build(entry(), files, OPTIONS)
    first, second = (head.matter.matte(clip, clip.frames[start : start + 4]) for start in (0, 3))
    assert np.abs(first[3] - second[0]).max() > 1e-3
    np.testing.assert_allclose(head.matte(clip, 1004, everywhere(clip))[1], (first[3] + second[0]) / 2 * 1.0, atol=1e-6)
    np.testing.assert_allclose(head.matte(clip, 1003, everywhere(clip))[1], first[2], atol=1e-6)


def test_the_need_is_told_and_a_hopeless_one_refused(files: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    clip = SizedClip(7)
    matter = GvmMatter(entry(), files, OPTIONS)
    assert "4 frames at a time at 48x32. gvm needs about" in matter.announce(clip)
    monkeypatch.setattr(memory, "memory_of", lambda device: Memory(1_000_000, 1_000_000))
    with pytest.raises(MemoryLimitError, match=r"gvm needs about .* GB, but cpu has 0\.0 GB") as caught:
        matter.announce(clip)
    assert caught.value.exit_code == 6
    assert "gvm:window=4" in caught.value.hint


@pytest.mark.parametrize(("frames", "reported"), [(4, 7), (8, 10), (12, 14), (16, 20)])
def test_the_plan_is_near_what_users_report(frames: int, reported: int) -> None:
    """Gigabytes for windows at 960 x 720 in half precision, never less than reported."""
    needs = memory.plan("cpu", frames, (960, 720), 1_619_741_929, half=True).needs / 1e9
    assert reported * 0.98 < needs < reported * 1.35


def test_parameters_are_counted_without_loading(files: dict[str, Path], tmp_path: Path) -> None:
    held = sum(value.numel() for value in load_file(files["vae"]).values())
    assert memory.parameters_in(files["vae"]) == held
    junk = tmp_path / "junk.safetensors"
    junk.write_bytes(b"\x04\0\0\0\0\0\0\0junk")
    with pytest.raises(WeightsError, match="no safetensors"):
        memory.parameters_in(junk)


def test_out_of_memory_says_what_to_take_less_of(files: dict[str, Path]) -> None:
    class Full:
        def matte(self, pictures: torch.Tensor) -> torch.Tensor:
            raise torch.OutOfMemoryError

    matter = GvmMatter(entry(), files, OPTIONS)
    matter.__dict__["network"] = Full()
    with pytest.raises(MemoryLimitError, match="frames 1001-1004") as caught:
        matter.matte(SizedClip(4), (1001, 1002, 1003, 1004))
    assert "gvm:size=720" in caught.value.hint
