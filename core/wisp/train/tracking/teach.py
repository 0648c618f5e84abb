"""Teach the two mask networks of the built-in tracker from shards of made clips.

The follower sees a key frame with its true mask and a spoilt mask of the frame before; it then goes on from its own
masks for as many frames as a clip has. The starter sees one picture and prompts drawn by a robot: a box or a click,
then clicks on what it got wrong.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - the usual name
from numpy.typing import NDArray
from safetensors.torch import save_file
from torch import Tensor

from ...trackers.flow.network import MaskNetwork
from ...trackers.flow.planes import PROMPT_PLANES, brought, prompt_planes
from .clips import spoilt
from .material import SIDE, Shard

_S2 = SIDE // 2


#: Batch size, learning rate, and how much of it is left at the end.
_BATCH, _RATE, _LAST = 8, 1.5e-3, 0.02
#: How often the starter sees a frame of a clip, a still, a thing at the border.
_STARTER = (0.35, 0.3, 0.35)
#: A checkpoint every so many steps; weights are averaged over about so many steps.
_KEEP, _AVERAGE = 300, 500


@dataclass(frozen=True)
class Batch:
    """Frames first: `maps[frame][level]`, `pictures[frame]` n x 3 x s x s, `masks[frame]` n x 1 x s2 (0..1)."""

    maps: list[tuple[Tensor, ...]]
    pictures: list[Tensor]
    masks: list[Tensor]
    flows: list[Tensor]
    trusts: list[Tensor]

    def to(self, device: torch.device) -> Batch:
        """The same on another device."""
        moved = [
            [value.to(device) for value in values] for values in (self.pictures, self.masks, self.flows, self.trusts)
        ]
        return Batch([tuple(level.to(device) for level in maps) for maps in self.maps], *moved)


def batches(folder: Path, kind: str, size: int, rng: np.random.Generator) -> Iterator[Batch]:
    """Endless batches of random clips from the shards that are there; new shards are noticed."""
    shards: dict[str, Shard] = {}
    number = 0
    while True:
        if number % 200 == 0:
            for path in sorted(folder.glob(f"{kind}-*")):
                if path.suffix != ".part" and path.name not in shards:
                    shards[path.name] = Shard.load(path)
        number += 1
        names = list(shards)
        picks = [shards[names[int(rng.integers(len(names)))]] for _ in range(size)]
        places = [int(rng.integers(len(shard.pictures))) for shard in picks]
        yield _batch(picks, places)


def _batch(picks: list[Shard], places: list[int]) -> Batch:
    frames = picks[0].pictures.shape[1]
    count = picks[0].flows.shape[1]

    def gather(arrays: list[NDArray[np.generic]]) -> NDArray[np.generic]:
        return np.stack([array[place] for array, place in zip(arrays, places, strict=True)])

    pictures = torch.from_numpy(gather([s.pictures for s in picks])).permute(1, 0, 4, 2, 3).float() / 255.0
    masks = torch.from_numpy(gather([s.masks for s in picks]).astype(np.float32)).permute(1, 0, 2, 3)[:, :, None]
    maps = [torch.from_numpy(gather([s.maps[k] for s in picks])).transpose(0, 1).float() for k in range(5)]
    flows = torch.from_numpy(gather([s.flows for s in picks]).astype(np.float32)).permute(1, 0, 4, 2, 3)
    trusts = torch.from_numpy(gather([s.trusts for s in picks]).astype(np.float32)).permute(1, 0, 2, 3)[:, :, None]
    return Batch(
        [tuple(level[f] for level in maps) for f in range(frames)],
        list(pictures),
        [F.avg_pool2d(masks[f], 2) for f in range(frames)],
        [flows[k] for k in range(count)],
        [trusts[k] for k in range(count)],
    )


def fit_scales(network: MaskNetwork, batch: Batch) -> None:
    """Set the network's standardisation from a batch's features."""
    for k in range(5):
        values = torch.cat([maps[k] for maps in batch.maps])
        getattr(network, f"mean{k}").copy_(values.mean((0, 2, 3)))
        getattr(network, f"scale{k}").copy_(1.0 / (values.std((0, 2, 3)) + 1e-3))


def mask_loss(logits: Tensor, quality: Tensor, truth: Tensor) -> tuple[Tensor, Tensor]:
    """(loss, overlap of each mask with the truth): cross entropy, soft overlap, and how well quality foresees both."""
    logits, quality = logits.float(), quality.float()
    entropy = F.binary_cross_entropy_with_logits(logits, truth, reduction="none").mean((1, 2, 3))
    inside = torch.sigmoid(logits)
    both, either = (inside * truth).sum((1, 2, 3)), (inside + truth - inside * truth).sum((1, 2, 3))
    present = (truth.sum((1, 2, 3)) > 12).float()
    soft = (1 - (both + 1) / (either + 1)) * present
    hard = logits > 0
    with torch.no_grad():
        sure = truth > 0.5
        overlap = ((hard & sure).sum((1, 2, 3)) + 1e-3) / ((hard | sure).sum((1, 2, 3)) + 1e-3)
        aim = torch.stack([overlap * present, present], 1)
    foreseen = F.binary_cross_entropy_with_logits(quality, aim, reduction="none").mean(1)
    return (4.0 * entropy + soft + 0.25 * foreseen).mean(), overlap


def follow(network: MaskNetwork, batch: Batch, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Loss and mean overlap of the follower on one batch."""
    count, device = len(batch.masks[0]), batch.masks[0].device
    known = torch.ones_like(batch.masks[0])
    key = network.remember(network.look(batch.maps[0], batch.pictures[0]), batch.masks[0], known)
    before = network.look(batch.maps[1], batch.pictures[1])
    mask = torch.from_numpy(np.stack([spoilt(rng, m[0].cpu().numpy() > 0.5) for m in batch.masks[1]]))[:, None].to(
        device
    )
    astray = torch.from_numpy((rng.random(count) < 0.12).astype(np.float32))[:, None, None, None].to(device)
    loss, overlaps = torch.zeros((), device=device), []
    trusted = torch.ones(count, 1, 1, 1, device=device)
    for step, (flow, sure) in enumerate(zip(batch.flows, batch.trusts, strict=True)):
        keep = (1 - astray) if step == 0 else torch.ones_like(astray)
        recent = network.remember(before, mask * keep, known * keep * trusted)
        expected = brought(mask, flow) * keep
        now = network.look(batch.maps[step + 2], batch.pictures[step + 2])
        logits, quality = network(now, [key, recent], expected, sure * keep)
        step_loss, overlap = mask_loss(logits, quality, batch.masks[step + 2])
        loss = loss + step_loss
        overlaps.append(overlap)
        mask, before = torch.sigmoid(logits.detach().float()), now
        trusted = (quality.detach().float()[:, :1, None, None].sigmoid() > 0.4).float()
    return loss / len(batch.flows), torch.stack(overlaps).mean()


def start(network: MaskNetwork, batch: Batch, frame: int, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Loss and overlaps after each round of prompts, of the starter on one frame of a batch."""
    truth = batch.masks[frame]
    look = network.look(batch.maps[frame], batch.pictures[frame])
    sure = [m[0].cpu().numpy() > 0.5 for m in truth]
    keep = [number for number, mask in enumerate(sure) if mask.sum() > 30]
    robots = [_Robot(mask, rng) for mask in sure]
    loss, overlaps = torch.zeros((), device=truth.device), []
    previous = torch.zeros_like(truth)
    given = torch.zeros(len(sure), 1, 1, 1, device=truth.device)
    for _ in range(1 + int(rng.integers(0, 4))):
        prompts = [prompt_planes((_S2, _S2), robot.box, robot.clicks, robot.inside, robot.outside) for robot in robots]
        planes = torch.from_numpy(np.stack([p.planes for p in prompts])).to(truth.device)
        prior = torch.from_numpy(np.stack([p.inside for p in prompts])).to(truth.device)[:, None]
        known = torch.from_numpy(np.stack([p.known for p in prompts])).to(truth.device)[:, None]
        said = network.remember(look, prior, known)
        believed = network.remember(look, previous, given.expand_as(previous))
        logits, quality = network(look, [said, believed], previous, given.expand_as(previous), planes)
        step_loss, overlap = mask_loss(logits[keep], quality[keep], truth[keep])
        loss = loss + step_loss
        overlaps.append(overlap.mean())
        previous = torch.sigmoid(logits.detach().float())
        given = torch.ones_like(given)
        for robot, mask in zip(robots, previous, strict=True):
            robot.correct(mask[0].cpu().numpy() > 0.5)
    return loss / len(overlaps), torch.stack(overlaps)


class _Robot:
    """Prompts as a person gives them: first a box or a click, later clicks on the largest error."""

    def __init__(self, truth: NDArray[np.bool_], rng: np.random.Generator) -> None:
        self._truth, self._rng = truth, rng
        self.box: tuple[float, float, float, float] | None = None
        self.clicks: list[tuple[float, float, bool]] = []
        self.inside = np.zeros(truth.shape, bool)
        self.outside = np.zeros(truth.shape, bool)
        if not truth.any():
            return
        rows, columns = np.flatnonzero(truth.any(1)), np.flatnonzero(truth.any(0))
        if rng.random() < 0.6:
            x0, y0, x1, y1 = columns[0], rows[0], columns[-1] + 1, rows[-1] + 1
            jitter = rng.normal(0, 0.03, 4) * [x1 - x0, y1 - y0, x1 - x0, y1 - y0]
            self.box = tuple(float(v) for v in np.array([x0, y0, x1, y1]) + jitter)  # type: ignore[assignment]
        else:
            self._click(truth, True)

    def correct(self, mask: NDArray[np.bool_]) -> None:
        missing, extra = self._truth & ~mask, mask & ~self._truth
        include = missing.sum() >= extra.sum()
        wrong = missing if include else extra
        if wrong.sum() > 4:
            if self._rng.random() < 0.2:
                self._stroke(wrong, bool(include))
            else:
                self._click(wrong, bool(include))

    def _click(self, region: NDArray[np.bool_], include: bool) -> None:
        _, parts, stats, _ = cv2.connectedComponentsWithStats(region.astype(np.uint8), connectivity=8)
        largest = parts == 1 + int(stats[1:, 4].argmax())
        depth = cv2.distanceTransform(np.pad(largest, 1).astype(np.uint8), cv2.DIST_L2, 3)[1:-1, 1:-1]
        deep = np.argwhere(depth >= depth.max() * self._rng.uniform(0.4, 1.0))
        row, column = deep[int(self._rng.integers(len(deep)))]
        self.clicks.append((float(column) + 0.5, float(row) + 0.5, include))

    def _stroke(self, region: NDArray[np.bool_], include: bool) -> None:
        _, parts, stats, _ = cv2.connectedComponentsWithStats(region.astype(np.uint8), connectivity=8)
        largest = (parts == 1 + int(stats[1:, 4].argmax())).astype(np.uint8)
        core = cv2.erode(largest, np.ones((3, 3), np.uint8)) > 0
        (self.inside if include else self.outside)[core if core.any() else largest > 0] = True


def teach(part: str, shards: Path, output: Path, minutes: float, device: torch.device, seed: int = 0) -> Iterator[str]:
    """Teach the "follower" or the "starter" for `minutes`, going on from `output` where that is there; a line of
    progress every 50 steps. `output` holds the network, its average (what ships) and the optimiser."""
    torch.manual_seed(seed)
    rng = np.random.default_rng((seed, int(output.stat().st_mtime) if output.exists() else 0))
    network = MaskNetwork(2, PROMPT_PLANES if part == "starter" else 0)
    clips = batches(shards, "clips", _BATCH, rng)
    seen = [clips, *(batches(shards, kind, _BATCH, rng) for kind in ("stills", "borders") if part == "starter")]
    fit_scales(network, next(clips))
    network.to(device)
    optimiser = torch.optim.AdamW(network.parameters(), lr=_RATE, weight_decay=1e-3)
    average = {name: value.clone() for name, value in network.state_dict().items()}
    if output.exists():
        kept = torch.load(output, map_location=device, weights_only=True)
        network.load_state_dict(kept["network"])
        optimiser.load_state_dict(kept["optimiser"])
        average = kept["average"]

    def keep() -> None:
        state = {"network": network.state_dict(), "optimiser": optimiser.state_dict(), "average": average}
        torch.save(state, output.with_suffix(".part"))
        output.with_suffix(".part").replace(output)

    began, step, recent = time.monotonic(), 0, []
    try:
        while (done := (time.monotonic() - began) / (60.0 * minutes)) < 1.0:
            fall = _LAST + (1 - _LAST) * (0.5 + 0.5 * math.cos(math.pi * done))
            for group in optimiser.param_groups:
                group["lr"] = _RATE * fall * min(1.0, (step + 1) / 100)
            with torch.autocast(device.type, torch.bfloat16):
                if part == "follower":
                    loss, overlap = follow(network, next(clips).to(device), rng)
                else:
                    batch = next(seen[int(rng.choice(3, p=_STARTER))]).to(device)
                    loss, overlaps = start(network, batch, int(rng.integers(len(batch.masks))), rng)
                    overlap = overlaps[0]
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            step += 1
            share = 1.0 / min(_AVERAGE, step / 20 + 1)
            for name, value in network.state_dict().items():
                average[name].lerp_(value, share)
            recent.append((float(loss.detach()), float(overlap)))
            if step % 50 == 0:
                mean = np.mean(recent[-200:], axis=0)
                yield f"{part}: step {step}, loss {mean[0]:.3f}, overlap {mean[1]:.3f}, {100 * done:.0f} %"
            if step % _KEEP == 0:
                keep()
    finally:  # also where nobody asks for the next line
        keep()


def export(checkpoint: Path, output: Path) -> None:
    """The averaged network of a checkpoint as half floats, for use."""
    average = torch.load(checkpoint, map_location="cpu", weights_only=True)["average"]
    save_file(
        {name: value.half().contiguous() for name, value in average.items()}, output, metadata={"licence": "Apache-2.0"}
    )
