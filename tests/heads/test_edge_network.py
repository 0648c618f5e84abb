"""The embedded head's network and what it is told: the parts that must be exact."""

from __future__ import annotations

import dataclasses
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from torch.nn import functional
from wisp.heads.band import signed_distance
from wisp.heads.edge_blocks import Blocks
from wisp.heads.edge_cues import CELL, PLANES, EdgeCues
from wisp.heads.edge_features import EIGHTH, HALF, QUARTER, EdgeFeatures, PictureMaps
from wisp.heads.edge_network import BLOCK, CONTEXT, EdgeNetwork
from wisp.plates.clip import resize
from wisp.plates.plate import Window
from wisp.train.crops import sample_cues
from wisp.train.scenes import made_sample


def cues_of(seed: int, size: int = 320) -> EdgeCues:
    return sample_cues(made_sample(seed, size))


def features_of(planes: torch.Tensor) -> EdgeFeatures:
    """Of the picture whose colours are among the planes."""
    with torch.inference_mode():
        return EdgeFeatures.of(planes[:, :3] / 2 + 0.5)


def busy_network() -> EdgeNetwork:
    """Random weights everywhere, also where training starts from zero."""
    torch.manual_seed(3)
    network = EdgeNetwork().eval()
    for parameter in network.parameters():
        if parameter.ndim > 1:
            torch.nn.init.kaiming_normal_(parameter, nonlinearity="relu")
    return network


def test_an_untrained_network_gives_the_guided_filters_alpha() -> None:
    cues = cues_of(1, 128)
    planes = torch.from_numpy(cues.window(Window(0, 0, 128, 128)))[None]
    with torch.inference_mode():
        found = EdgeNetwork()(planes, features_of(planes))
    assert torch.equal(found.full[0, 0], torch.from_numpy(cues.alpha))
    assert found.half.shape[-2:] == (64, 64)
    assert found.quarter.shape == found.roi_logits.shape == (1, 1, 32, 32)


def test_windows_of_the_cues_equal_the_whole_picture() -> None:
    cues = cues_of(2)
    whole = cues.window(Window(0, 0, 320, 320))
    assert whole.shape == (PLANES, 320, 320)
    for window in (Window(64, 96, 200, 320), Window(0, 0, 8, 8), Window(312, 4, 320, 12)):
        part = cues.window(window)
        np.testing.assert_array_equal(part, whole[:, window.y0 : window.y1, window.x0 : window.x1])


def test_cues_lie_where_they_are_said_to() -> None:
    planes = cues_of(3).window(Window(0, 0, 320, 320))
    assert np.isfinite(planes).all()
    assert planes[:6].min() >= -1
    assert planes[:6].max() <= 1
    assert planes[6:12].min() >= 0
    assert planes[6:12].max() <= 1
    assert planes[12:16].min() >= 0


@pytest.mark.parametrize(("spread", "plane"), [(0.0, -1), (0.5, -1), (8**0.5, 0), (16, 1), (1000, 1)])
def test_the_spread_is_told_on_a_logarithmic_scale(spread: float, plane: float) -> None:
    cues = dataclasses.replace(cues_of(3, 64), spread=spread)
    np.testing.assert_allclose(cues.window(Window(0, 0, 32, 32))[16], plane, atol=1e-6)


def test_colour_line_finds_alpha_between_two_plain_colours() -> None:
    ramp = np.clip((np.arange(128, dtype=np.float32) - 56) / 16, 0, 1)
    alpha = np.repeat(ramp[None], 128, axis=0)
    red, blue = np.array([0.8, 0.2, 0.1], np.float32), np.array([0.1, 0.3, 0.9], np.float32)
    image = alpha[..., None] * red + (1 - alpha[..., None]) * blue
    planes = EdgeCues.of(image, alpha, signed_distance(alpha >= 0.5), 4.0).window(Window(0, 0, 128, 128))
    middle = (slice(32, 96), slice(48, 80))
    assert np.abs(planes[10] - alpha)[middle].max() < 0.02
    assert np.abs(planes[15])[middle].max() < 0.02  # every colour lies on the line


def test_pictures_of_broken_cells_are_refused() -> None:
    side = 16 * CELL + 1
    with pytest.raises(ValueError, match="whole cells"):
        EdgeCues.of(*(np.zeros(shape, np.float32) for shape in ((side, side, 3), (side, side), (side, side))), 1.0)


def test_blocks_give_what_dense_convolutions_of_the_whole_picture_give() -> None:
    """Where every block is near the mask's edge, the network is an ordinary one with zeros around the picture."""
    network = busy_network()
    planes = torch.from_numpy(cues_of(4, 128).window(Window(0, 0, 128, 128)))[None]
    planes[:, 4:6] = 0.1
    with torch.inference_mode():
        found = network(planes, features_of(planes))
        step, x = network.encode_half[0], torch.randn(1, 24, 64, 64)
        blocks = Blocks(torch.ones(1, 4, 4, dtype=torch.bool))
        spread = functional.conv2d(step.norm(x), step.spread.weight, step.spread.bias, padding=1)
        dense = x + step.mix(functional.relu(spread))
        np.testing.assert_allclose(blocks.paste(step(blocks.cut(x), blocks), x), dense, atol=1e-5)
    assert found.full.shape == planes[:, :1].shape


def test_a_slice_with_context_equals_the_whole_picture() -> None:
    network = busy_network()
    planes = torch.from_numpy(cues_of(4).window(Window(0, 0, 320, 320)))[None]
    # Everything within reach of the mask's edge, so that the fade hides nothing.
    planes[:, 4:6] = 0.1
    features = features_of(planes)
    with torch.inference_mode():
        whole = network(planes, features).full[0, 0]
        for x, y in ((CONTEXT, CONTEXT), (BLOCK * 3, BLOCK * 4), (192, 96)):
            around = (slice(y - CONTEXT, y + 64 + CONTEXT), slice(x - CONTEXT, x + 64 + CONTEXT))
            seen = features.windows([(y - CONTEXT, x - CONTEXT)], 64 + 2 * CONTEXT)
            found = network(planes[:, :, *around], seen).full[0, 0, CONTEXT:-CONTEXT, CONTEXT:-CONTEXT]
            error = float((found - whole[y : y + 64, x : x + 64]).abs().max())
            assert error < 1e-5 * max(float(whole.std()), 1)


def test_less_context_is_not_enough() -> None:
    """The width of the context is no guess: a block less changes what comes out."""
    network = busy_network()
    planes = torch.from_numpy(cues_of(5).window(Window(0, 0, 320, 320)))[None]
    planes[:, 4:6] = 0.1
    changed = planes.clone()
    changed[:, :3, 128, : 128 - CONTEXT + BLOCK] += 1.0
    features = features_of(planes)
    with torch.inference_mode():
        before, after = network(planes, features).full, network(changed, features).full
    assert (before - after)[..., 128, 128].abs().max() > 0


def test_blocks_out_of_reach_are_not_looked_at() -> None:
    network = busy_network()
    planes = torch.from_numpy(cues_of(6, 128).window(Window(0, 0, 128, 128)))[None]
    planes[:, 4:6] = 0.1
    planes[:, 5, :, 64:] = 1.0
    changed = planes.clone()
    changed[:, :3, :, 64:] *= 0.5
    features = features_of(planes)
    with torch.inference_mode():
        before, after = network(planes, features), network(changed, features)
    assert torch.equal(before.full, after.full)
    assert torch.equal(before.full[..., 64:], planes[:, 11:12, :, 64:])
    assert (before.roi_logits[..., 16:] < 0).all()


def test_features_lie_where_the_picture_is() -> None:
    """A bright square changes most what is over it, in every map of either size."""
    plain = torch.full((1, 3, 144, 208), 0.4)
    lit = plain.clone()
    lit[:, :, 80:96, 128:144] = 0.9
    before, after = EdgeFeatures.of(plain), EdgeFeatures.of(lit)
    for maps, others, channels, cell in zip(before, after, (HALF, QUARTER, EIGHTH), (2, 4, 8), strict=True):
        assert maps.shape == (1, sum(channels), 144 // cell, 208 // cell)
        for one, other in zip(maps.split(channels, dim=1), others.split(channels, dim=1), strict=True):
            changed = (other - one).abs().sum(dim=1)[0]
            y, x = divmod(int(changed.argmax()), changed.shape[1])
            assert abs(y * cell - 88) <= 20 and abs(x * cell - 136) <= 20
    square = after.windows([(64, 96)], 32)
    assert torch.equal(square.half[0], after.half[0, :, 32:48, 48:64])
    assert torch.equal(square.quarter[0], after.quarter[0, :, 16:24, 24:32])
    assert torch.equal(square.eighth[0], after.eighth[0, :, 8:12, 12:16])


def test_maps_that_are_made_where_they_are_needed_are_those_of_the_whole_picture() -> None:
    """But for what little lies beyond the margin; and the same to the last bit whatever else is asked for."""
    image = made_sample(4, 320).image
    half = resize(image, (160, 160))
    whole = EdgeFeatures.of(torch.from_numpy(image.transpose(2, 0, 1).copy())[None])
    chosen = np.zeros((10, 10), bool)
    chosen[4:6, 3:8] = chosen[9, 9] = True
    first = np.zeros_like(chosen)
    first[5, 7] = True

    with ThreadPoolExecutor(2) as workers:
        fresh, used = (
            [PictureMaps(picture, BLOCK, torch.device("cpu"), workers) for picture in (image, half)] for _ in range(2)
        )
        found = EdgeFeatures.at(chosen, *fresh)
        EdgeFeatures.at(first, *used)
        again = EdgeFeatures.at(chosen, *used)
    expected = whole.cut(Blocks(torch.from_numpy(chosen)[None]))
    for one, same, whole_one in zip(found, again, expected, strict=True):
        assert torch.equal(one, same)
        inner = (one - whole_one)[:-1]  # the network's zeros around a picture reach the block in its corner
        assert inner.abs().mean() < 0.02 * whole_one.std()


def test_what_is_seen_in_a_picture_changes_what_is_found() -> None:
    network = busy_network()
    planes = torch.from_numpy(cues_of(4, 128).window(Window(0, 0, 128, 128)))[None]
    features = features_of(planes)
    with torch.inference_mode():
        seen, blind = (network(planes, one).full for one in (features, EdgeFeatures(*(0 * m for m in features))))
    assert (seen - blind).abs().max() > 1e-3


def test_small_enough_to_ship() -> None:
    parameters = sum(parameter.numel() for parameter in EdgeNetwork().parameters())
    assert parameters < 800_000
