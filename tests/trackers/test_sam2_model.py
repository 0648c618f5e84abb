"""Building SAM 2.1 and putting weights into it."""

from __future__ import annotations

import json
import subprocess
import sys
import weakref
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from sam2_stand_ins import SMALL, matting_checkpoint, moving_clip, small_model
from wisp.errors import UsageError, WeightsError
from wisp.heads.progressive import ProgressiveMatting
from wisp.heads.sam2matting import Sam2MattingHead
from wisp.heads.sam2matting import build as build_head
from wisp.trackers.sam2 import build as build_tracker
from wisp.trackers.sam2.model import VARIANTS, Sam2Model, construct, load_model
from wisp.weights.options import RunOptions
from wisp.weights.registry import entry, entry_as

__all__ = ["matting_checkpoint", "small_model"]

CPU = torch.device("cpu")


@pytest.mark.parametrize(
    ("variant", "keys"),
    [("tiny", "keys-sam2matting-sam2.1tiny.json"), ("base-plus", "keys-sam2matting-sam2.1base+.json")],
)
def test_the_networks_have_the_published_keys_and_shapes(shared: Path, variant: str, keys: str) -> None:
    published = json.loads((shared / "spec" / keys).read_text())
    own = {
        key: list(value.shape)
        for network in (construct(variant), ProgressiveMatting())
        for key, value in network.state_dict().items()
    }
    assert own == published


@pytest.mark.slow
@pytest.mark.parametrize("variant", VARIANTS)
def test_every_variant_is_in_the_registry_and_can_be_built(variant: str) -> None:
    assert entry(f"sam2.1-{variant}").parameters["variant"] == variant
    assert construct(variant).image_size == 1024


def test_an_unknown_variant_is_refused() -> None:
    with pytest.raises(UsageError, match="'huge'"):
        construct("huge")


def test_tracker_and_head_of_one_file_share_the_model(matting_checkpoint: Path) -> None:
    known = entry_as("sam2matting-sam2.1-tiny", "head")
    files, options = {"checkpoint": matting_checkpoint}, RunOptions(device="cpu")
    tracker, head = build_tracker(known, files, options), build_head(known, files, options)
    assert tracker.model is head.model
    assert tracker.id == head.id == known.id
    assert tracker.version == head.version
    assert not tracker.segments


def test_a_model_is_forgotten_with_its_last_user(matting_checkpoint: Path) -> None:
    model = load_model(matting_checkpoint, "tiny", CPU, image_size=64)
    assert load_model(matting_checkpoint, "tiny", CPU, image_size=64) is model
    network = weakref.ref(model.network)
    model.encoder.encode(moving_clip(1), 1001)
    del model
    assert network() is None


def test_safetensors_give_the_same_model(matting_checkpoint: Path, small_model: Sam2Model, tmp_path: Path) -> None:
    state = torch.load(matting_checkpoint, weights_only=True)["model"]
    save_file(state, tmp_path / "weights.safetensors")
    model = load_model(tmp_path / "weights.safetensors", "tiny", CPU, image_size=SMALL)
    for key, value in small_model.network.state_dict().items():
        assert torch.equal(value, model.network.state_dict()[key]), key
    assert set(model.head_state) == set(small_model.head_state)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda state: state.pop("no_mem_embed"), "missing .no_mem_embed"),
        (lambda state: state.update(no_mem_embed=torch.zeros(3)), "of another shape .no_mem_embed"),
        (lambda state: state.update(stray=torch.zeros(3)), "unexpected .stray"),
    ],
)
def test_a_tracker_file_must_fit_exactly(matting_checkpoint: Path, tmp_path: Path, change, told: str) -> None:
    state = torch.load(matting_checkpoint, weights_only=True)["model"]
    own = {key: value for key, value in state.items() if not key.startswith(("unknown_", "alpha_pred"))}
    change(own)
    torch.save({"model": own}, tmp_path / "changed.pt")
    with pytest.raises(WeightsError, match=told):
        load_model(tmp_path / "changed.pt", "tiny", CPU, image_size=SMALL)


def test_a_head_needs_all_of_its_keys(matting_checkpoint: Path, tmp_path: Path) -> None:
    state = torch.load(matting_checkpoint, weights_only=True)["model"]
    del state["alpha_pred3.3.bias"]
    torch.save({"model": state}, tmp_path / "changed.pt")
    model = load_model(tmp_path / "changed.pt", "tiny", CPU, image_size=SMALL)
    with pytest.raises(WeightsError, match=r"missing .alpha_pred3.3.bias"):
        Sam2MattingHead("x", model)


def test_what_a_matting_file_has_beyond_tracker_and_heads_is_told(
    matting_checkpoint: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    state = torch.load(matting_checkpoint, weights_only=True)["model"]
    state["teacher.weight"] = torch.zeros(2)
    torch.save({"model": state}, tmp_path / "more.pt")
    Sam2MattingHead("x", load_model(tmp_path / "more.pt", "tiny", CPU, image_size=SMALL))
    assert "teacher.weight" in caplog.text


def test_a_truncated_file_is_refused(matting_checkpoint: Path, tmp_path: Path) -> None:
    path = tmp_path / "cut.pt"
    path.write_bytes(matting_checkpoint.read_bytes()[:1_000_000])
    with pytest.raises(WeightsError, match=r"cut\.pt"):
        load_model(path, "tiny", CPU)


def test_code_in_a_file_is_never_run(tmp_path: Path) -> None:
    class Hostile:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "pwned",))

    torch.save({"model": Hostile()}, tmp_path / "hostile.pt")
    with pytest.raises(WeightsError, match=r"hostile\.pt"):
        load_model(tmp_path / "hostile.pt", "tiny", CPU)
    assert not (tmp_path / "pwned").exists()


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"absent\.pt"):
        load_model(tmp_path / "absent.pt", "tiny", CPU)


def test_the_process_is_left_as_it_was() -> None:
    """sam2 initialises Hydra when imported, and brings packages that a host must not get."""
    program = """
import sys
from wisp.trackers.sam2.model import construct
construct("tiny")
from hydra.core.global_hydra import GlobalHydra
assert not GlobalHydra.instance().is_initialized()
assert not {"training", "torchvision", "sam2.build_sam"} & set(sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert (done.stdout, done.stderr) == ("", "")


def test_a_host_that_uses_hydra_keeps_its_own(tmp_path: Path) -> None:
    program = f"""
from hydra import initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
initialize_config_dir({str(tmp_path)!r}, version_base="1.3")
own = GlobalHydra.instance().hydra
from wisp.trackers.sam2.model import construct
construct("tiny")
assert GlobalHydra.instance().hydra is own
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
