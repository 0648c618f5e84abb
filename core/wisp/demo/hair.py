"""The demo creature's hair: where every strand grows and how it bends. Geometry only; `creature` paints it.

Lengths are in body radii; the axes are x right, y down, z towards the camera; angles are radians.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from .pose import Pose

#: A strand is drawn as this many straight lines, each thinner than the one before.
SEGMENTS = 8


@dataclass(frozen=True)
class Strands:
    """N strands, in the creature's axes; `root` and `direction` (of length 1) are N x 3, the rest N values.

    A strand leaves its root along `direction`, winds `turns` times in a spiral of radius `curl` that starts at
    `phase`, rises by `lift` and gives way to the wind by `sway`. Tints are places on the colour ramp, `shade`
    scales brightness. Strands `over_face` hang in front of eyes and nose.
    """

    root: NDArray[np.float64]
    direction: NDArray[np.float64]
    length: NDArray[np.float64]
    curl: NDArray[np.float64]
    turns: NDArray[np.float64]
    phase: NDArray[np.float64]
    sway: NDArray[np.float64]
    lift: NDArray[np.float64]
    tint_root: NDArray[np.float64]
    tint_tip: NDArray[np.float64]
    shade: NDArray[np.float64]
    over_face: NDArray[np.bool_]

    @staticmethod
    def join(parts: list[Strands]) -> Strands:
        names = Strands.__dataclass_fields__
        return Strands(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def _unit(v: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(v / np.linalg.norm(v, axis=-1, keepdims=True))


def _lattice_noise(points: NDArray[np.float64], frequency: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Smooth noise of about -1..1 at points in space: a few random plane waves, cheap and without seams."""
    waves = rng.normal(size=(24, 3)) * frequency
    offsets = rng.uniform(0, 2 * np.pi, 24)
    return np.asarray(np.sin(points @ waves.T + offsets).sum(axis=1) / np.sqrt(24))


def _fur(rng: np.random.Generator, count: int) -> Strands:
    """Short fur over the whole ball: combed away from the face and down, cream mask, ginger back."""
    i = np.arange(count) + 0.5
    polar, turn = np.arccos(1 - 2 * i / count), np.pi * (1 + 5**0.5) * i
    normal = np.stack([np.cos(turn) * np.sin(polar), np.cos(polar), np.sin(turn) * np.sin(polar)], axis=1)
    normal = _unit(normal + rng.normal(scale=0.02, size=normal.shape))
    clumps = np.stack([_lattice_noise(normal, 7.0, rng) for _ in range(3)], axis=1)
    outward = normal * [1.0, 1.0, 0.15]
    comb = _unit(outward * 0.9 + [0.0, 0.55, 0.0] + 0.35 * clumps)
    direction = _unit(0.42 * normal + 0.75 * comb + rng.normal(scale=0.16, size=normal.shape))

    face = np.exp(-((normal[:, 0] / 0.62) ** 2 + ((normal[:, 1] - 0.02) / 0.5) ** 2) * 1.1) * (normal[:, 2] > 0)
    belly = np.clip((normal[:, 1] - 0.25) / 0.5, 0, 1) * np.clip(normal[:, 2] + 0.35, 0, 1)
    muzzle = np.exp(-((normal[:, 0] / 0.24) ** 2 + ((normal[:, 1] - 0.30) / 0.17) ** 2)) * (normal[:, 2] > 0)
    patches = _lattice_noise(normal, 3.2, rng)
    stripe = np.exp(-((normal[:, 0] / 0.13) ** 2)) * np.clip(-normal[:, 1] - 0.1, 0, 1) * 1.6
    tint = 2.6 + 1.9 * face + 1.9 * belly + 2.0 * muzzle + 0.55 * patches - 1.3 * stripe
    tint += rng.normal(scale=0.35, size=count)
    long_hairs = rng.random(count) < 0.06
    length = (0.25 - 0.15 * face + 0.08 * belly) * rng.uniform(0.7, 1.25, count) * np.where(long_hairs, 1.5, 1.0)
    return Strands(
        root=normal * 0.95,
        direction=direction,
        length=length,
        curl=rng.uniform(0.02, 0.10, count),
        turns=rng.uniform(0.2, 0.7, count),
        phase=rng.uniform(0, 2 * np.pi, count),
        sway=np.full(count, 0.10),
        lift=np.full(count, -0.12),
        tint_root=tint - 0.9,
        tint_tip=tint + 0.7,
        shade=rng.uniform(0.75, 1.15, count),
        over_face=np.zeros(count, bool),
    )


def _ears(rng: np.random.Generator, count: int) -> Strands:
    """Two leaf-shaped ears, feathered along their edges."""
    side = np.where(rng.random(count) < 0.5, -1.0, 1.0)
    along, across = rng.random(count) ** 0.8, rng.uniform(-1, 1, count)
    axis = _unit(np.stack([side * 0.80, np.full(count, -0.62), np.full(count, -0.10)], axis=1))
    flank = _unit(np.stack([-axis[:, 1] * side, axis[:, 0] * side, np.zeros(count)], axis=1))
    width = 0.27 * np.sin(np.pi * np.clip(along * 0.72 + 0.26, 0, 1)) ** 0.8
    root = axis * (0.72 + 0.62 * along)[:, None] + flank * (across * width)[:, None]
    root[:, 2] += 0.10 + 0.05 * np.abs(across)
    direction = _unit(axis * 0.9 + flank * (0.75 * across)[:, None] + rng.normal(scale=0.16, size=(count, 3)))
    rim = np.abs(across) ** 2
    tint = 2.2 + 1.7 * (1 - rim) * (1 - along) + rng.normal(scale=0.35, size=count) - 0.9 * along**3
    return Strands(
        root=root,
        direction=direction,
        length=rng.uniform(0.12, 0.26, count),
        curl=rng.uniform(0.02, 0.08, count),
        turns=rng.uniform(0.2, 0.6, count),
        phase=rng.uniform(0, 2 * np.pi, count),
        sway=np.full(count, 0.12),
        lift=np.full(count, 0.0),
        tint_root=tint - 0.6,
        tint_tip=tint + 1.0,
        shade=rng.uniform(0.7, 1.1, count),
        over_face=np.zeros(count, bool),
    )


def _crest(rng: np.random.Generator, count: int) -> Strands:
    """Long hair from the crown, in locks that share direction, curl and phase, blown by the wind."""
    locks = 22
    lock = rng.integers(0, locks, count)
    centre = np.stack([rng.normal(0, 0.30, locks), np.full(locks, -1.0), rng.normal(0.02, 0.30, locks)], axis=1)
    root = _unit(centre[lock] + rng.normal(scale=0.06, size=(count, 3))) * 0.93
    spread = np.stack([rng.normal(-0.05, 0.55, locks), np.full(locks, -1.0), rng.normal(0.0, 0.35, locks)], axis=1)
    direction = _unit(_unit(root) * 0.4 + spread[lock] + rng.normal(scale=0.07, size=(count, 3)))
    stray = rng.random(count) < 0.12
    tint = 2.5 + rng.normal(scale=0.5, size=locks)[lock] + rng.normal(scale=0.3, size=count)
    return Strands(
        root=root,
        direction=direction,
        length=rng.uniform(0.70, 1.25, locks)[lock] * rng.uniform(0.75, 1.12, count),
        curl=rng.uniform(0.10, 0.24, locks)[lock] * rng.uniform(0.7, 1.3, count) * np.where(stray, 1.9, 1.0),
        turns=rng.uniform(0.8, 1.7, locks)[lock] + rng.normal(scale=0.08, size=count),
        phase=rng.uniform(0, 2 * np.pi, locks)[lock] + rng.normal(scale=0.55, size=count),
        sway=rng.uniform(0.8, 1.2, count),
        lift=rng.uniform(-0.05, 0.20, count),
        tint_root=tint - 0.8,
        tint_tip=tint + 2.3,
        shade=rng.uniform(0.75, 1.15, count),
        over_face=root[:, 2] > 0.0,
    )


@lru_cache(maxsize=2)
def strands(seed: int) -> Strands:
    """All hair of the creature."""
    rng = np.random.default_rng([seed, 1])
    return Strands.join([_fur(rng, 10000), _ears(rng, 1800), _crest(rng, 1500)])


def bent(hair: Strands, pose: Pose) -> NDArray[np.float64]:
    """Strand points N x (SEGMENTS + 1) x 3 in camera axes, body radii."""
    s = np.linspace(0, 1, SEGMENTS + 1)[None, :, None]
    rotation = pose.rotation
    root, direction = hair.root @ rotation.T, hair.direction @ rotation.T
    length = hair.length[:, None, None]
    side = _unit(np.cross(direction, [0.15, 0.25, 1.0]))
    other = np.cross(direction, side)
    angle = hair.phase[:, None, None] + 2 * np.pi * hair.turns[:, None, None] * s
    spiral = np.cos(angle) * side[:, None] + np.sin(angle) * other[:, None]
    curl = hair.curl[:, None, None] * s * spiral
    # A wave runs from root to tip; the wind pushes back, against the way the creature moves.
    beat = np.sin(2 * np.pi * (1.9 * pose.time - 0.55 * s) + 0.6 * hair.phase[:, None, None])
    push = np.array([-0.55, 0.0, -0.1]) * pose.wind + np.array([0.22, 0.08, 0.0]) * beat
    bend = hair.sway[:, None, None] * s**2 * push
    bend = bend + s**2 * np.array([0.0, -1.0, 0.0]) * hair.lift[:, None, None]
    return np.asarray(root[:, None] + length * (s * direction[:, None] + bend) + curl * np.minimum(length * 1.6, 1.0))
