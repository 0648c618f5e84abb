"""The network that says where an object is, from pictures' features and from what is remembered of the object.

A memory is a frame with a mask (a keyframe, a recent frame, or the prompted frame itself with what the prompts say).
Three things are asked of it, and handed to the network as planes: which remembered pixels a pixel resembles in learned
keys (matching, as in Oh et al., ICCV 2019), what a ridge regression on the features says (an online target model, as in
Robinson et al., CVPR 2020), and how common the pixel's colour is inside and outside. A small decoder weighs these
against each other, the mask expected by optical flow, and the features themselves.

All tensors are batched: n x channels x height x width; "s2" is half the window's resolution, "s8" an eighth.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812 - the usual name
from torch import Tensor, nn

from ...features import CHANNELS

KEY = 48
#: Features of the ridge regression: strides 4, 8 and 16, and a constant.
RIDGE = CHANNELS[1] + CHANNELS[2] + CHANNELS[3] + 1
_RIDGE_PULL = 2.0
#: Colour bins: brightness, and two differences of colours.
_BINS = (12, 16, 16)
_COLORS = _BINS[0] * _BINS[1] * _BINS[2]
#: Planes that every memory adds, on s8 (odds, likeness inside, likeness outside) and on s2 (colour).
MEMORY_S8, MEMORY_S2 = 3, 1
#: Planes besides, on s8: the ridge regression on all memories, the expected mask, the trust in it; on s2: the expected
#: mask, the trust in it, and the picture.
_BASE_S8, _BASE_S2 = 3, 5


@dataclass(frozen=True)
class Look:
    """What is known of a picture by itself: feature maps, keys n x KEY x s8, ridge inputs n x s8 x RIDGE, colour bins
    n x (s2 pixels), the picture on s2."""

    maps: tuple[Tensor, ...]
    keys: Tensor
    inputs: Tensor
    bins: Tensor
    small: Tensor


@dataclass(frozen=True)
class Memory:
    """What is kept of a frame and its mask."""

    keys: Tensor  # n x KEY x tokens
    inside: Tensor  # n x tokens: how much of the token is inside
    outside: Tensor
    gram: Tensor  # n x RIDGE x RIDGE
    target: Tensor  # n x RIDGE
    colors: Tensor  # n x 2 x _COLORS: shares outside and inside


class MaskNetwork(nn.Module):
    """`memories`: how many are given. `extra`: further planes on s2 (prompts)."""

    def __init__(self, memories: int, extra: int = 0) -> None:
        super().__init__()
        self.memories, self.extra = memories, extra
        for number, channels in enumerate(CHANNELS):
            self.register_buffer(f"mean{number}", torch.zeros(channels))
            self.register_buffer(f"scale{number}", torch.ones(channels))
        self.key = nn.Conv2d(CHANNELS[2] + CHANNELS[3] + CHANNELS[4], KEY, 1)
        self.sharpness = nn.Parameter(torch.tensor(2.3))
        planes8 = memories * MEMORY_S8 + _BASE_S8
        planes2 = memories * MEMORY_S2 + _BASE_S2 + extra
        self.wide = nn.Conv2d(CHANNELS[4], 32, 1)
        self.at16 = _pair(CHANNELS[3] + 32 + planes8, 64)
        self.at8 = _pair(64 + CHANNELS[2] + planes8, 64)
        self.narrow8 = nn.Conv2d(64, 40, 1)
        self.at4 = _pair(40 + CHANNELS[1] + 2 + memories + extra, 40)
        self.narrow4 = nn.Conv2d(40, 24, 1)
        self.at2 = _pair(24 + CHANNELS[0] + planes2, 24)
        self.logit = nn.Conv2d(24, 1, 3, padding=1)
        self.quality = nn.Sequential(nn.Linear(64 * 3 + 4, 48), nn.ReLU(), nn.Linear(48, 2))

    # What is seen -------------------------------------------------------------------------------------------

    def look(self, maps: Sequence[Tensor], picture: Tensor) -> Look:
        """`maps`: of `Features`; `picture`: n x 3 x h x w in 0..1 of the same window."""
        maps = tuple(
            (m.float() - getattr(self, f"mean{k}")[:, None, None]) * getattr(self, f"scale{k}")[:, None, None]
            for k, m in enumerate(maps)
        )
        size8 = maps[2].shape[-2:]
        at16, at32 = _to(maps[3], size8), _to(maps[4], size8)
        keys = F.normalize(self.key(torch.cat([maps[2], at16, at32], 1)), dim=1)
        with torch.no_grad(), _exact(picture):
            inputs = torch.cat([F.avg_pool2d(maps[1], 2), maps[2], at16, torch.ones_like(maps[2][:, :1])], 1)
        small = F.avg_pool2d(picture, 2)
        return Look(maps, keys, inputs.flatten(2).transpose(1, 2), color_bins(small), small)

    def remember(self, look: Look, inside: Tensor, known: Tensor) -> Memory:
        """`inside`: n x 1 x s2 in 0..1; `known`: the same, 0 where nothing is known."""
        inside8, known8 = F.avg_pool2d(inside * known, 4), F.avg_pool2d(known, 4)
        within, without = inside8.flatten(1), (known8 - inside8).clamp_min(0).flatten(1)
        with torch.no_grad(), _exact(inside):
            weight = within / (within.sum(1, keepdim=True) + 1.0) + without / (without.sum(1, keepdim=True) + 1.0)
            label = (within - without) / (within + without + 1e-4)
            weighted = look.inputs * weight[..., None]
            gram = weighted.transpose(1, 2) @ look.inputs
            target = (weighted * label[..., None]).sum(1)
            colors = color_shares(look.bins, inside.flatten(1), known.flatten(1))
        return Memory(look.keys.flatten(2), within, without, gram, target, colors)

    # What is decided ----------------------------------------------------------------------------------------

    def forward(
        self, look: Look, memories: Sequence[Memory], expected: Tensor, trust: Tensor, extra: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Logits n x 1 x s2, and n x 2: logits of the mask's overlap with the truth and of the object being there.

        `expected`: the mask brought by flow, 0..1; `trust` in it, 0..1; both n x 1 x s2. `extra`: n x extra x s2.
        """
        size8 = look.keys.shape[-2:]
        recalled = [self.recall(look, memory) for memory in memories]
        ridge = self.ridge(look, memories).reshape(-1, 1, *size8)
        at8 = torch.cat([*recalled, ridge, F.avg_pool2d(expected, 4), F.avg_pool2d(trust, 4)], 1)
        colors = torch.cat([color_odds(look, memory) for memory in memories], 1)
        more = [] if extra is None else [extra]
        at16 = torch.cat([look.maps[3], _to(self.wide(look.maps[4]), look.maps[3].shape[-2:]), F.avg_pool2d(at8, 2)], 1)
        x16 = self.at16(at16)
        x8 = self.at8(torch.cat([_to(x16, size8), look.maps[2], at8], 1))
        planes4 = [F.avg_pool2d(plane, 2) for plane in (expected, trust, colors, *more)]
        x4 = self.at4(torch.cat([_to(self.narrow8(x8), look.maps[1].shape[-2:]), look.maps[1], *planes4], 1))
        at2 = torch.cat(
            [
                _to(self.narrow4(x4), expected.shape[-2:]),
                look.maps[0],
                expected,
                trust,
                look.small - 0.5,
                colors,
                *more,
            ],
            1,
        )
        logits = self.logit(self.at2(at2))
        return logits, self._judge(x16, x8, logits)

    def recall(self, look: Look, memory: Memory) -> Tensor:
        """Odds that what a pixel resembles is inside, and its likeness to the best inside and outside; n x 3 x s8."""
        size8 = look.keys.shape[-2:]
        likeness = look.keys.flatten(2).transpose(1, 2) @ memory.keys  # n x pixels x tokens
        sharp = self.sharpness.exp()
        votes = sharp * likeness
        within = torch.logsumexp(votes + torch.log(memory.inside + 1e-4)[:, None], 2)
        without = torch.logsumexp(votes + torch.log(memory.outside + 1e-4)[:, None], 2)
        # Equal say for both sides, whatever their areas.
        within = within - torch.log(memory.inside.sum(1) + 1e-2)[:, None]
        without = without - torch.log(memory.outside.sum(1) + 1e-2)[:, None]
        best = torch.stack([(likeness - (1 - side)[:, None]).amax(2) for side in (memory.inside, memory.outside)], 1)
        planes = torch.cat([0.5 * (within - without)[:, None], best], 1)
        return planes.reshape(-1, 3, *size8)

    def ridge(self, look: Look, memories: Sequence[Memory]) -> Tensor:
        with torch.no_grad(), _exact(look.inputs):
            gram = torch.stack([memory.gram for memory in memories]).sum(0)
            target = torch.stack([memory.target for memory in memories]).sum(0)
            pull = _RIDGE_PULL / 100 * torch.eye(RIDGE, device=gram.device)
            # One by one: MKL gives up on several at once after any thread has set how many threads torch has.
            systems = zip(gram + pull, target[..., None], strict=True)
            weights = torch.stack([torch.linalg.solve(one, wanted) for one, wanted in systems])
            score: Tensor = (look.inputs @ weights).clamp(-1.5, 1.5)[..., 0]
            return score

    def _judge(self, x16: Tensor, x8: Tensor, logits: Tensor) -> Tensor:
        inside = torch.sigmoid(logits.detach())
        share = F.avg_pool2d(inside, 4)
        area = share.sum((2, 3)) + 1e-2
        within = (x8 * share).sum((2, 3)) / area
        certain = (2 * inside - 1).abs()
        rim = F.avg_pool2d(certain, 4)
        numbers = torch.stack(
            [
                torch.log(area[:, 0] / share[0].numel()),
                certain.mean((1, 2, 3)),
                ((rim * share).sum((1, 2, 3)) / area[:, 0]),
                inside.amax((1, 2, 3)),
            ],
            1,
        )
        judged: Tensor = self.quality(torch.cat([within, x8.mean((2, 3)), x16.mean((2, 3)), numbers], 1))
        return judged


def _exact(values: Tensor) -> torch.autocast:
    """Sums of many products keep their precision, also in a training with half floats."""
    return torch.autocast(values.device.type, enabled=False)


def _pair(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, padding=1),
        nn.LeakyReLU(0.1),
        nn.Conv2d(outputs, outputs, 3, padding=1),
        nn.LeakyReLU(0.1),
    )


def _to(x: Tensor, size: Sequence[int]) -> Tensor:
    return F.interpolate(x, size=tuple(size), mode="bilinear", align_corners=False)


def color_bins(small: Tensor) -> Tensor:
    """The colour bin of every pixel of n x 3 x h x w, 0..1; n x pixels, int64."""
    r, g, b = small[:, 0], small[:, 1], small[:, 2]
    light, warm, cold = (r + g + b) / 3, (r - g) * 1.4 + 0.5, (b - (r + g) / 2) * 1.1 + 0.5
    index = torch.zeros_like(r, dtype=torch.int64)
    for value, count in zip((light, warm, cold), _BINS, strict=True):
        index = index * count + (value * count).long().clamp(0, count - 1)
    return index.flatten(1)


def color_shares(bins: Tensor, inside: Tensor, known: Tensor) -> Tensor:
    """n x 2 x colours: how common each colour is outside and inside, smoothed over neighbouring colours."""
    counts = torch.zeros(bins.shape[0], 2, _COLORS, device=bins.device)
    counts[:, 0].scatter_add_(1, bins, (1 - inside) * known)
    counts[:, 1].scatter_add_(1, bins, inside * known)
    cube = counts.reshape(-1, 1, *_BINS)
    cube = F.avg_pool3d(F.pad(cube, (1,) * 6, mode="replicate"), 3, 1)
    shares = cube.reshape(counts.shape)
    return shares / (shares.sum(2, keepdim=True) + 8.0)


def color_odds(look: Look, memory: Memory) -> Tensor:
    """n x 1 x s2: log odds of the pixel's colour being inside rather than outside, -1..1."""
    odds = torch.log(memory.colors[:, 1] + 1e-4) - torch.log(memory.colors[:, 0] + 1e-4)
    return (odds.gather(1, look.bins) / 5.0).clamp(-1, 1).reshape(-1, 1, *look.small.shape[-2:])
