"""Devices by name."""

from __future__ import annotations

import os
import subprocess
import sys
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


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="GNU's OpenMP tells its settings, others do not")
def test_threads_of_torch_do_not_spin_beside_a_busy_host() -> None:
    asked = [sys.executable, "-c", "import wisp, torch"]
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("OMP_WAIT", "GOMP_"))}
    for chosen, policy in (({}, "PASSIVE"), ({"OMP_WAIT_POLICY": "active"}, "ACTIVE")):
        env = {**plain, "OMP_DISPLAY_ENV": "true", **chosen}
        told = subprocess.run(asked, env=env, capture_output=True, text=True, check=True).stderr
        assert f"OMP_WAIT_POLICY = '{policy}'" in told
