"""Devices by name."""

from __future__ import annotations

import pytest
import torch
from wisp.device import resolve_device
from wisp.errors import DeviceError


def test_cpu_is_always_there() -> None:
    assert resolve_device("cpu") == torch.device("cpu")


def test_auto_prefers_an_accelerator() -> None:
    device = resolve_device("auto")
    if torch.cuda.is_available():
        assert device == torch.device("cuda:0")
    elif torch.backends.mps.is_available():
        assert device == torch.device("mps")
    else:
        assert device == torch.device("cpu")


@pytest.mark.parametrize("name", ["cuda:99", "gpu", "CPU", "", "cuda:-1", "cuda:x", "cpu:0"])
def test_unknown_or_absent_device_lists_what_exists(name: str) -> None:
    with pytest.raises(DeviceError, match=r"this machine has .*cpu") as caught:
        resolve_device(name)
    assert repr(name) in str(caught.value)
    assert caught.value.exit_code == 5


def test_cuda_without_a_number_is_the_first_one() -> None:
    if torch.cuda.is_available():
        assert resolve_device("cuda") == torch.device("cuda:0")
    else:
        with pytest.raises(DeviceError, match="'cuda'"):
            resolve_device("cuda")
