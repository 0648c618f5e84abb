"""Devices by name."""

from __future__ import annotations

import threading

import pytest
import torch
from wisp.device import keep_threads, resolve_device
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


def test_a_thread_keeps_its_number_of_threads_while_others_take_less() -> None:
    before, whole = torch.get_num_threads(), 2
    torch.set_num_threads(whole)  # the whole run gives each of its processes one
    found: dict[str, int] = {}
    kept, lent = threading.Event(), threading.Event()

    def compute(name: str, keep: bool) -> None:
        if keep:
            keep_threads()
        kept.set()
        lent.wait(20)
        found[name] = torch.get_num_threads()

    threads = [threading.Thread(target=compute, args=(name, name == "kept")) for name in ("kept", "left")]
    threads[0].start()
    kept.wait(20)
    threads[1].start()
    lender = threading.Thread(target=torch.set_num_threads, args=(1,))
    lender.start()
    lender.join()
    lent.set()
    for thread in threads:
        thread.join()
    torch.set_num_threads(before)
    assert found == {"kept": whole, "left": 1}
