"""SAM2Matting's heads: what folding and tiling must not change."""

from __future__ import annotations

import copy
from collections.abc import Iterator

import numpy as np
import pytest
import torch
from torch import nn
from wisp.heads import progressive
from wisp.heads.progressive import HALO, ProgressiveMatting, fold_batch_norm, reach

SIDE = 64  # of the finest features: the whole network at a quarter of its usual size


@pytest.fixture(scope="module")
def network() -> ProgressiveMatting:
    """Random weights with normalisation statistics that differ from doing nothing."""
    torch.manual_seed(3)
    built = ProgressiveMatting().eval()
    for module in built.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.uniform_(-0.2, 0.2)
            module.running_var.uniform_(0.6, 1.6)
            module.weight.data.uniform_(0.7, 1.3)
            module.bias.data.uniform_(-0.2, 0.2)
    return built


@pytest.fixture(scope="module")
def inputs() -> dict[str, object]:
    torch.manual_seed(4)
    maps = [torch.randn(1, channels, SIDE >> level, SIDE >> level) for level, channels in enumerate((32, 64, 256))]
    y, x = torch.meshgrid(torch.arange(SIDE), torch.arange(SIDE), indexing="ij")
    mask = ((y - 20) ** 2 + (x - 8) ** 2 < 150).float()[None, None]  # cut by the left border
    return {"maps": maps, "image": torch.randn(1, 3, 4 * SIDE, 4 * SIDE), "mask": mask}


@pytest.fixture
def small_tiles(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """16 tiles on the small picture."""
    monkeypatch.setattr(progressive, "TILE", 16)
    yield


def certain(network: ProgressiveMatting) -> ProgressiveMatting:
    """A copy whose detector finds nothing unknown, so that the region is the mask's edge alone."""
    quiet = copy.deepcopy(network)
    quiet.unknown_fusion[6].weight.data.zero_()
    quiet.unknown_fusion[6].bias.data.fill_(-5)
    return quiet


@torch.inference_mode()
def test_shapes_and_ranges(network, inputs) -> None:
    matte = network(**inputs)
    assert matte.roi_logits.shape == (1, 1, SIDE, SIDE)
    for level, alpha in ((SIDE // 2, matte.alpha1), (SIDE, matte.alpha2), (2 * SIDE, matte.alpha3)):
        assert alpha.shape == (1, 1, level, level)
        assert 0 <= alpha.min() < alpha.max() <= 1


@torch.inference_mode()
def test_folding_changes_rounding_only(network, inputs) -> None:
    folded = copy.deepcopy(network)
    fold_batch_norm(folded)
    assert not any(isinstance(module, nn.BatchNorm2d) for module in folded.modules())
    plain, fast = network(**inputs), folded(**inputs)
    for name in ("roi_logits", "alpha1", "alpha2", "alpha3"):
        assert (getattr(plain, name) - getattr(fast, name)).abs().max() <= 2e-5, name


@torch.inference_mode()
@pytest.mark.parametrize("tile", [16, 24])
def test_tiles_give_the_whole_picture_exactly(network, inputs, monkeypatch, tile: int) -> None:
    whole = network(**inputs)
    monkeypatch.setattr(progressive, "TILE", tile)  # 24 leaves a remainder at the far border
    tiled = network(**inputs, sparing=True)
    assert (whole.alpha3 - tiled.alpha3).abs().max() <= 1e-6


@torch.inference_mode()
def test_a_smaller_halo_would_be_wrong(network, inputs, small_tiles, monkeypatch) -> None:
    whole = network(**inputs)
    monkeypatch.setattr(progressive, "HALO", HALO - 1)
    assert (whole.alpha3 - network(**inputs, sparing=True).alpha3).abs().max() > 1e-4


@torch.inference_mode()
@pytest.mark.parametrize("sparing", [False, True])
def test_only_the_unknown_region_is_computed_and_equals_the_whole(network, inputs, small_tiles, sparing) -> None:
    quiet = certain(network)
    dense, sparse = quiet(**inputs), quiet(**inputs, dense=False, sparing=sparing)
    region = reach(torch.zeros_like(inputs["mask"], dtype=torch.bool), inputs["mask"])
    inside = region.repeat_interleave(2, -1).repeat_interleave(2, -2)
    mask = inputs["mask"].repeat_interleave(2, -1).repeat_interleave(2, -2)
    assert (sparse.alpha3 - dense.alpha3)[inside].abs().max() <= 1e-6
    assert torch.equal(sparse.alpha3[~inside], mask[~inside])
    assert 0 < sparse.tiles < 1


@torch.inference_mode()
def test_several_tiles_at_once_give_the_same(network, inputs, small_tiles, monkeypatch) -> None:
    joined = torch.randn(1, 37, SIDE, SIDE)
    region = torch.rand(1, 1, SIDE, SIDE) > 0.999
    one, _ = network._tiled(joined, region, 1)
    many, _ = network._tiled(joined, region, 5)
    assert (one - many).abs().max() <= 1e-6


def test_the_region_is_the_unknown_and_the_edge_with_a_margin() -> None:
    mask = torch.zeros(1, 1, 40, 40)
    mask[..., :20] = 1
    unknown = torch.zeros(1, 1, 40, 40, dtype=torch.bool)
    unknown[..., 30, 35] = True
    region = reach(unknown, mask)[0, 0].numpy()
    edge = np.abs(np.arange(40) - 19.5) <= 0.5 + progressive.MARGIN
    assert np.array_equal(region[0], edge)
    assert np.array_equal(region[30, 30:], np.abs(np.arange(30, 40) - 35) <= progressive.MARGIN)


def test_nothing_to_compute_where_all_is_known() -> None:
    alpha, share = ProgressiveMatting()._tiled(torch.zeros(1, 37, 64, 64), torch.zeros(1, 1, 64, 64) > 0, 4)
    assert share == 0
    assert not alpha.any()
