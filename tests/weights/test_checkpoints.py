"""Loading weight files: what is good comes back bit-equal, what is bad is named and never run."""

from __future__ import annotations

import os
import pickle
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from wisp.errors import WeightsError
from wisp.weights.checkpoints import check_keys, load_state_dict


@pytest.fixture
def state() -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(7)
    return {
        "encoder.weight": torch.randn(16, 3, 3, 3, generator=generator),
        "encoder.bias": torch.randn(16, generator=generator),
        "steps": torch.tensor(5),
    }


def assert_same(loaded: dict[str, torch.Tensor], state: dict[str, torch.Tensor]) -> None:
    assert list(loaded) == list(state)
    for key, value in state.items():
        assert torch.equal(loaded[key], value)
        assert loaded[key].dtype == value.dtype


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])
def test_pt_round_trip(tmp_path: Path, state: dict[str, torch.Tensor], zipped: bool) -> None:
    path = tmp_path / "weights.pt"
    torch.save({"model": state, "optimizer": {"lr": 1e-4}}, path, _use_new_zipfile_serialization=zipped)
    assert_same(load_state_dict(path), state)


@pytest.mark.parametrize("layout", ["state_dict", "bare"])
def test_other_layouts_round_trip(tmp_path: Path, state: dict[str, torch.Tensor], layout: str) -> None:
    path = tmp_path / "weights.pth"
    torch.save(state if layout == "bare" else {"epoch": 3, "state_dict": state}, path)
    assert_same(load_state_dict(path), state)


def test_safetensors_round_trip(tmp_path: Path, state: dict[str, torch.Tensor]) -> None:
    path = tmp_path / "weights.safetensors"
    save_file(state, path)
    assert_same(dict(sorted(load_state_dict(path).items())), dict(sorted(state.items())))


class Hostile:
    """Unpickled carelessly, this makes a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.folder),)


@pytest.mark.parametrize("layout", ["zip", "legacy", "bare pickle"])
def test_hostile_pickle_is_refused_and_not_run(tmp_path: Path, layout: str) -> None:
    path, trap = tmp_path / "weights.pt", tmp_path / "trap"
    content = {"model": {"weight": torch.zeros(2), "evil": Hostile(trap)}}
    if layout == "bare pickle":
        path.write_bytes(pickle.dumps({"model": {"evil": Hostile(trap)}}, protocol=2))
    else:
        torch.save(content, path, _use_new_zipfile_serialization=layout == "zip")
    with pytest.raises(WeightsError, match=r"weights\.pt") as caught:
        load_state_dict(path)
    assert not trap.exists()
    assert caught.value.exit_code == 4
    if layout == "zip":
        assert "mkdir" in str(caught.value)

    pickle_of_zip = zipfile.ZipFile(path).read("weights/data.pkl") if layout == "zip" else path.read_bytes()
    assert b"mkdir" in pickle_of_zip  # the trap was armed


@pytest.mark.parametrize("suffix", [".pt", ".safetensors"])
@pytest.mark.parametrize("kept", [0.0, 0.02, 0.5, 0.99])
def test_truncated_file_names_both_sizes(
    tmp_path: Path, state: dict[str, torch.Tensor], suffix: str, kept: float
) -> None:
    path = tmp_path / f"weights{suffix}"
    if suffix == ".pt":
        torch.save({"model": state}, path)
    else:
        save_file(state, path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * kept)])
    with pytest.raises(WeightsError) as caught:
        load_state_dict(path, expected_size=len(whole))
    message = str(caught.value)
    assert str(path) in message
    assert f"{len(whole):,}" in message and f"{int(len(whole) * kept):,} bytes" in message


@pytest.mark.parametrize("suffix", [".pt", ".safetensors"])
@pytest.mark.parametrize("junk", [b"", b"junk", bytes(range(256)) * 64, b"PK\x03\x04" + bytes(500), b"<html>"])
def test_junk_is_a_weights_error(tmp_path: Path, suffix: str, junk: bytes) -> None:
    path = tmp_path / f"weights{suffix}"
    path.write_bytes(junk)
    with pytest.raises(WeightsError, match=f"{len(junk):,} bytes"):
        load_state_dict(path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"weights": {"a": 1}, "epoch": 3}, "the entries weights, epoch"),
        ({"state_dict": {"a": 1}, "epoch": 3}, "not tensors: a"),
        ([1, 2], "a list"),
        ({}, "an empty dict"),
        ({"model": {}}, "the entries model"),
        ({"model": [1]}, "the entries model"),
        ({"model": {"a": 1.0}}, "not tensors: a"),
    ],
)
def test_other_content_is_described(tmp_path: Path, content: object, said: str) -> None:
    path = tmp_path / "weights.pt"
    torch.save(content, path)
    with pytest.raises(WeightsError, match=said):
        load_state_dict(path)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"no weight file .*weights\.pt"):
        load_state_dict(tmp_path / "weights.pt")


def test_check_keys_accepts_the_exact_model(state: dict[str, torch.Tensor]) -> None:
    check_keys({key: tuple(value.shape) for key, value in state.items()}, state, Path("w.pt"))


def test_check_keys_names_every_kind_of_fault(state: dict[str, torch.Tensor]) -> None:
    expected = {"encoder.weight": (16, 3, 5, 5), "encoder.bias": (16,), "head.weight": (4, 4)}
    with pytest.raises(WeightsError) as caught:
        check_keys(expected, state, Path("w.pt"))
    message = str(caught.value)
    assert "1 missing (head.weight)" in message
    assert "1 unexpected (steps)" in message
    assert "encoder.weight (16, 3, 3, 3) instead of (16, 3, 5, 5)" in message


def test_check_keys_stops_listing(state: dict[str, torch.Tensor]) -> None:
    expected = {f"layer{index}": (1,) for index in range(50)}
    with pytest.raises(WeightsError, match=r"50 missing .*layer3 and 46 more"):
        check_keys(expected, {}, Path("w.pt"))


@pytest.mark.parametrize(
    ("spoilt", "why"),
    [
        (lambda t: t.fill_(float("nan")), "no finite numbers"),
        (lambda t: t.fill_(float("inf")), "no finite numbers"),
        (lambda t: t.to(torch.complex64), "complex"),
        (lambda t: t.to_sparse(), "sparse"),
    ],
)
def test_tensors_that_no_model_has_are_refused(tmp_path: Path, spoilt: Any, why: str) -> None:
    state = {"good": torch.ones(3), "bad": spoilt(torch.ones(4, 4))}
    torch.save({"model": state}, tmp_path / "m.pt")
    with pytest.raises(WeightsError, match=f"tensor bad .*{why}"):
        load_state_dict(tmp_path / "m.pt")
    if why == "no finite numbers":
        save_file(state, tmp_path / "m.safetensors")
        with pytest.raises(WeightsError, match=why):
            load_state_dict(tmp_path / "m.safetensors")
