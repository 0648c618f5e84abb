"""The embedded head's network and what it is told: the parts that must be exact."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from wisp.heads.band import signed_distance
from wisp.heads.edge_cues import CELL, PLANES, EdgeCues
from wisp.heads.edge_network import CONTEXT, GRID, EdgeNetwork
from wisp.heads.guided import guided_matte
from wisp.plates.plate import Window
from wisp.train.scenes import made_sample


def cues_of(seed: int, size: int = 320) -> EdgeCues:
    sample = made_sample(seed, size)
    alpha = guided_matte(sample.image, np.where(sample.mask, 8, -8).astype(np.float32))
    return EdgeCues.of(sample.image, alpha, signed_distance(sample.mask))


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
        found = EdgeNetwork()(planes)
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
    assert planes[6:11].min() >= 0
    assert planes[6:11].max() <= 1
    assert planes[11:].min() >= 0


def test_colour_line_finds_alpha_between_two_plain_colours() -> None:
    ramp = np.clip((np.arange(128, dtype=np.float32) - 56) / 16, 0, 1)
    alpha = np.repeat(ramp[None], 128, axis=0)
    red, blue = np.array([0.8, 0.2, 0.1], np.float32), np.array([0.1, 0.3, 0.9], np.float32)
    image = alpha[..., None] * red + (1 - alpha[..., None]) * blue
    planes = EdgeCues.of(image, alpha, signed_distance(alpha >= 0.5)).window(Window(0, 0, 128, 128))
    middle = (slice(32, 96), slice(48, 80))
    assert np.abs(planes[10] - alpha)[middle].max() < 0.02
    assert np.abs(planes[14])[middle].max() < 0.02  # every colour lies on the line


def test_pictures_of_broken_cells_are_refused() -> None:
    side = 16 * CELL + 1
    with pytest.raises(ValueError, match="whole cells"):
        EdgeCues.of(*(np.zeros(shape, np.float32) for shape in ((side, side, 3), (side, side), (side, side))))


def test_a_tile_with_context_equals_the_whole_picture() -> None:
    size = 320
    network = busy_network()
    planes = torch.from_numpy(cues_of(4, size).window(Window(0, 0, size, size)))[None]
    # Everything within reach of the mask's edge, so that the fade hides nothing.
    planes[:, 4:6] = 0.1
    with torch.inference_mode():
        whole = network(planes).full[0, 0]
        for x, y in ((CONTEXT, CONTEXT), (GRID * 11, GRID * 9), (192, 72)):
            tile = Window(x, y, x + 64, y + 64)
            around = (slice(y - CONTEXT, y + 64 + CONTEXT), slice(x - CONTEXT, x + 64 + CONTEXT))
            found = network(planes[:, :, *around]).full[0, 0, CONTEXT:-CONTEXT, CONTEXT:-CONTEXT]
            spread = float(whole.std())
            error = float((found - whole[tile.y0 : tile.y1, tile.x0 : tile.x1]).abs().max())
            assert error < 1e-5 * max(spread, 1)


def test_less_context_is_not_enough() -> None:
    """The width of the context is no guess: one grid step less changes the tile's border."""
    network = busy_network()
    planes = torch.from_numpy(cues_of(5).window(Window(0, 0, 320, 320)))[None]
    planes[:, 4:6] = 0.1
    changed = planes.clone()
    changed[:, :3, 128, : 128 - CONTEXT + GRID] += 1.0
    with torch.inference_mode():
        before, after = network(planes).full, network(changed).full
    assert (before - after)[..., 128, 128].abs().max() > 0


def test_small_enough_to_ship() -> None:
    parameters = sum(parameter.numel() for parameter in EdgeNetwork().parameters())
    assert parameters < 800_000
