"""What a run needs of the device's memory is known before anything is loaded."""

from __future__ import annotations

from dataclasses import replace

import pytest
from wisp.device import Memory, MemoryPlan, machine_memory
from wisp.errors import MemoryLimitError
from wisp.models import needs
from wisp.models.needs import memory_plan
from wisp.weights.options import RunOptions
from wisp.weights.registry import entry_as

CPU = RunOptions(device="cpu")
GB = 10**9


def plan(needs: float, least: float, free: float, total: float = 8) -> MemoryPlan:
    sizes = (int(value * GB) for value in (needs, least))
    return MemoryPlan("sam2matting", "cuda:0", *sizes, Memory(int(free * GB), int(total * GB)))


def test_it_says_what_it_needs_and_what_it_does_without() -> None:
    assert str(plan(7.4, 5, 7.6)) == "sam2matting needs about 7.4 of the 8.0 GB of cuda:0; 7.6 are free."
    short = plan(7.4, 5, 6)
    assert short.sparing
    assert "only 6.0 are free, so it goes in tiles: about 5.0 GB, and slower." in str(short)
    assert str(plan(7.4, 5, 3)).endswith("Close other programs if it stops.")
    assert not plan(7.4, 7.4, 3).sparing


def test_what_no_way_fits_is_refused_with_the_hint() -> None:
    plan(9, 8, 1).check("Take another device.")
    with pytest.raises(MemoryLimitError, match=r"needs about 8\.1 GB, but cuda:0 has 8\.0 GB in all") as caught:
        plan(9, 8.1, 8).check("Take another device.")
    assert caught.value.hint == "Take another device."


def test_a_file_that_two_models_share_counts_once() -> None:
    tiny = "sam2matting-sam2.1-tiny"
    together = memory_plan(tiny, tiny, CPU, (854, 480))
    apart = memory_plan("sam2.1-tiny", tiny, CPU, (854, 480))
    assert together is not None and apart is not None
    assert apart.needs - together.needs == entry_as("sam2.1-tiny", "tracker").files["checkpoint"].size
    assert together.least < together.needs


def test_a_larger_plate_takes_more_on_the_machine_itself() -> None:
    small, large = (memory_plan("flow", "embedded", CPU, size) for size in ((854, 480), (3840, 2160)))
    assert small is not None and large is not None
    assert large.needs > small.needs + 100e6


def test_half_precision_takes_its_own_figures() -> None:
    model = replace(entry_as("flow", "tracker"), memory={"float32": (900, 700), "half": (500,)})
    assert needs._working(model, half=False) == (900e6, 700e6)
    assert needs._working(model, half=True) == (500e6, 500e6)
    assert needs._working(replace(model, memory={"float32": (900,)}), half=True) == (900e6, 900e6)


def test_what_was_never_measured_has_no_plan() -> None:
    assert memory_plan("flow", "closed-form", CPU, (854, 480)) is None


def test_the_machines_memory() -> None:
    found = machine_memory()
    assert 2**26 < found.free <= found.total
