"""Subjects with fine edges before nothing, drawn by Cycles: hair, fur, feathers, leaves, straw, veils and glass.

Run by Blender, or by a Python that can import `bpy`, and no part of the package there: only numpy comes with both.

  blender -b --python render_scenes.py -- FOLDER FIRST COUNT
  python render_scenes.py FOLDER FIRST COUNT

A picture is a PNG of 16 bits with straight display-referred RGB and alpha. `plan` and the shapes need no Blender.
"""

from __future__ import annotations

import importlib
import math
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Colour = tuple[float, float, float]

#: How often a picture is of which kind.
KINDS = {
    "fur": 0.20,
    "hair": 0.22,
    "foliage": 0.22,
    "feathers": 0.11,
    "straw": 0.09,
    "veil": 0.10,
    "glass": 0.06,
}
#: Begins a line of output that names a finished picture.
DONE = "done "
#: Sides of a picture in pixels.
SIDES = (320, 384, 448)
#: Rays through a pixel. What is behind a translucent surface is left to chance for each of them, so these take more.
_SAMPLES = {"veil": 48, "glass": 48}
_SAMPLES_ELSE = 32


@dataclass(frozen=True)
class Lamp:
    """A sun: where it shines from (unit vector), its colour, its power, and its width in radians."""

    direction: tuple[float, float, float]
    colour: Colour
    power: float
    width: float


@dataclass(frozen=True)
class Plan:
    """Everything about picture number `seed` but its shapes, which follow from the seed as well.

    Lengths are in units of about the subject's radius; the camera looks at `target` from `distance` and sees `extent`
    there. `blur` is the aperture's radius, 0 for a sharp picture.
    """

    seed: int
    kind: str
    side: int
    samples: int
    colours: tuple[Colour, Colour, Colour]
    roughness: float
    ambient: Colour
    lamps: tuple[Lamp, ...]
    turn: tuple[float, float]
    extent: float
    distance: float
    target: tuple[float, float, float]
    blur: float


def plan(seed: int) -> Plan:
    """The picture number `seed`, the same for ever on one version of this file."""
    rng = np.random.default_rng((seed, 0))
    kind = str(rng.choice(list(KINDS), p=list(KINDS.values())))
    first = _natural(rng) if kind in ("fur", "hair", "feathers") and rng.random() < 0.8 else _any(rng)
    if kind == "foliage" and rng.random() < 0.7:
        first = _hsv(rng.uniform(0.16, 0.38), rng.uniform(0.3, 0.95), rng.uniform(0.1, 0.7))
    second = _near(rng, first, 0.12) if rng.random() < 0.7 else _any(rng)
    third = _near(rng, first, 0.3) if rng.random() < 0.5 else _any(rng)
    grey = float(np.exp(rng.uniform(np.log(0.12), np.log(1.0))))
    lamps = tuple(_lamp(rng) for _ in range(int(rng.integers(1, 4))))
    angle, extent = rng.uniform(0, 2 * math.pi), float(np.exp(rng.uniform(np.log(0.9), np.log(2.9))))
    rim = rng.uniform(0.45, 0.95)
    return Plan(
        seed=seed,
        kind=kind,
        side=int(rng.choice(SIDES)),
        samples=_SAMPLES.get(kind, _SAMPLES_ELSE),
        colours=(first, second, third),
        roughness=float(rng.uniform(0.25, 0.9)),
        ambient=_tinted(rng, grey),
        lamps=lamps,
        turn=(float(rng.uniform(0, 2 * math.pi)), float(rng.normal(scale=0.25))),
        extent=extent,
        distance=float(rng.uniform(3.5, 9)),
        target=(rim * math.cos(angle), 0.0, rim * math.sin(angle)),
        blur=float(rng.uniform(0.01, 0.06)) if rng.random() < 0.15 else 0.0,
    )


def _lamp(rng: np.random.Generator) -> Lamp:
    x, y, z = (float(value) for value in _unit(rng.normal((0, -0.6, 0.7))))
    power, width = float(np.exp(rng.uniform(np.log(0.5), np.log(5)))), float(rng.uniform(0.02, 0.7))
    return Lamp((x, y, z), _tinted(rng, 1.0), power, width)


def _hsv(hue: float, saturation: float, value: float) -> Colour:
    red, green, blue = (
        value * (1 - saturation * min(1.0, max(0.0, 2 - abs((6 * hue + shift) % 6 - 2)))) for shift in (5, 3, 1)
    )
    return (float(red), float(green), float(blue))


def _any(rng: np.random.Generator) -> Colour:
    return _hsv(rng.random(), rng.uniform(0, 1) ** 1.3, float(np.exp(rng.uniform(np.log(0.03), 0))))


def _natural(rng: np.random.Generator) -> Colour:
    """Black, brown, fair, red, grey or white."""
    tone = float(np.exp(rng.uniform(np.log(0.01), np.log(0.9))))
    return _hsv(rng.uniform(0.03, 0.12), rng.uniform(0.05, 0.75) * (1.1 - tone), tone)


def _near(rng: np.random.Generator, colour: Colour, spread: float) -> Colour:
    red, green, blue = (float(np.clip(c * np.exp(rng.normal(scale=3 * spread)), 0, 1)) for c in colour)
    return (red, green, blue)


def _tinted(rng: np.random.Generator, grey: float) -> Colour:
    red, green, blue = (float(grey * np.exp(rng.normal(scale=0.15))) for _ in range(3))
    return (red, green, blue)


def _unit(vectors: Array) -> Array:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9))


# Shapes. Strands are n x points x 3, their radii n x points; meshes are vertices and faces.


@dataclass(frozen=True)
class Strands:
    """Curves with a radius at every point."""

    points: Array
    radii: Array


@dataclass(frozen=True)
class Mesh:
    """`faces`: vertex numbers; `smooth` shading or flat."""

    vertices: Array
    faces: Sequence[Sequence[int]]
    smooth: bool = True


def blob(rng: np.random.Generator, rough: float, rings: int = 48) -> Mesh:
    """A ball of radius about 1, stretched and dented by waves of the relative height `rough`."""
    polar, azimuth = np.meshgrid(np.linspace(0, math.pi, rings), np.linspace(0, 2 * math.pi, 2 * rings, False))
    directions = np.stack([np.sin(polar) * np.cos(azimuth), np.sin(polar) * np.sin(azimuth), np.cos(polar)], -1)
    radius = 1 + sum(
        rough / (1 + n) * np.sin((1 + n) * directions @ rng.normal(size=3) * 1.6 + rng.uniform(0, 6.3))
        for n in range(4)
    )
    vertices = directions * np.asarray(radius)[..., None] * rng.uniform(0.7, 1.0, 3)
    return Mesh(vertices.reshape(-1, 3), _grid_faces(2 * rings, rings, round_first=True))


def _grid_faces(rows: int, columns: int, *, round_first: bool = False) -> list[tuple[int, int, int, int]]:
    last = rows if round_first else rows - 1
    return [
        (r * columns + c, (r + 1) % rows * columns + c, (r + 1) % rows * columns + c + 1, r * columns + c + 1)
        for r in range(last)
        for c in range(columns - 1)
    ]


def _roots(rng: np.random.Generator, body: Mesh, count: int) -> tuple[Array, Array]:
    """Places on a body and the directions outwards."""
    centre = body.vertices.mean(axis=0)
    chosen = np.array(body.faces)[rng.integers(len(body.faces), size=count)]
    shares = rng.dirichlet(np.ones(4), count)
    places = np.einsum("nk,nkx->nx", shares, body.vertices[chosen])
    return places, _unit(places - centre)


def _grown(
    rng: np.random.Generator, roots: Array, out: Array, length: Array, pull: Array, curl: float, points: int
) -> Array:
    """Strands from `roots` that start along `out` and bend towards `pull`, with curls of about `curl` of the length."""
    along = np.linspace(0, 1, points)
    weight = along[None, :, None] ** 1.3
    heading = _unit(out[:, None] * (1 - weight) + pull[:, None] * weight)
    strands = roots[:, None] + np.cumsum(heading, axis=1) * (length / points)[:, None, None]
    phase, turns = rng.uniform(0, 6.3, (len(roots), 1, 3)), rng.uniform(1, 7, (len(roots), 1, 1))
    waves = np.sin(phase + 2 * math.pi * turns * along[None, :, None])
    return np.asarray(strands + curl * length[:, None, None] * along[None, :, None] ** 0.7 * waves)


def _clumped(rng: np.random.Generator, strands: Array, clumps: int, share: float) -> Array:
    """Tips drawn towards those of nearby guides."""
    guides = strands[rng.choice(len(strands), min(clumps, len(strands)), replace=False)]
    distance = ((strands[:, None, 0] - guides[None, :, 0]) ** 2).sum(-1)
    weight = share * np.linspace(0, 1, strands.shape[1])[None, :, None] ** 1.5 * rng.uniform(0, 1, (len(strands), 1, 1))
    return np.asarray(strands + weight * (guides[distance.argmin(axis=1)] - strands))


def _tapered(rng: np.random.Generator, count: int, points: int, radius: float) -> Array:
    thick = radius * np.exp(rng.normal(scale=0.3, size=(count, 1)))
    return np.asarray(thick * (1 - 0.85 * np.linspace(0, 1, points)[None] ** 2))


def fur(rng: np.random.Generator, pixel: float) -> tuple[Mesh, list[Strands]]:
    """A body with short strands all over, and perhaps whiskers. `pixel`: the length that a pixel sees."""
    body = blob(rng, rng.uniform(0.05, 0.4))
    count = int(np.exp(rng.uniform(np.log(5000), np.log(40000))))
    places, out = _roots(rng, body, count)
    comb = _unit(rng.normal(size=3))
    pull = _unit(out * rng.uniform(0.1, 0.9) + comb + rng.normal(scale=rng.uniform(0.05, 0.4), size=out.shape))
    length = np.exp(rng.uniform(np.log(0.06), np.log(0.45))) * rng.uniform(0.5, 1.3, count)
    strands = _grown(rng, places, out, length, pull, rng.uniform(0, 0.06), 6)
    if rng.random() < 0.7:
        strands = _clumped(rng, strands, int(rng.integers(40, 400)), rng.uniform(0.3, 0.95))
    coats = [Strands(strands, _tapered(rng, count, 6, pixel * rng.uniform(0.3, 1.2)))]
    if rng.random() < 0.3:
        places, out = _roots(rng, body, number := int(rng.integers(8, 60)))
        long = _grown(rng, places, out, rng.uniform(0.4, 1.3, number), _unit(out + comb), 0.03, 12)
        coats.append(Strands(long, _tapered(rng, number, 12, pixel * rng.uniform(0.4, 1.1))))
    return body, coats


def hair(rng: np.random.Generator, pixel: float) -> tuple[Mesh, list[Strands]]:
    """A head with long strands that fall or fly, straight to curly, and some that go their own way."""
    body = blob(rng, rng.uniform(0.0, 0.1))
    count = int(np.exp(rng.uniform(np.log(2500), np.log(22000))))
    places, out = _roots(rng, body, 2 * count)
    above = places[:, 2] > rng.uniform(-0.5, 0.2)
    places, out = places[above][:count], out[above][:count]
    wind = rng.normal(size=3) * (0.7, 0.4, 0.4) + (0, 0, rng.uniform(-1.2, 0.3))
    pull = _unit(wind + rng.normal(scale=rng.uniform(0.05, 0.5), size=out.shape))
    length = rng.uniform(0.4, 1.8) * rng.uniform(0.5, 1.2, len(out))
    curl = rng.choice([0.0, 0.01, 0.03, 0.08])
    strands = _grown(rng, places, out, length, pull, curl, 16)
    strands = _clumped(rng, strands, int(rng.integers(15, 250)), rng.uniform(0.2, 0.95))
    radius = pixel * rng.uniform(0.25, 0.9)
    coats = [Strands(strands, _tapered(rng, len(strands), 16, radius))]
    places, out = _roots(rng, body, number := int(rng.integers(20, 500)))
    loose = _unit(out + wind + rng.normal(scale=0.8, size=out.shape))
    astray = _grown(rng, places, out, rng.uniform(0.3, 1.6, number), loose, 0.06, 16)
    coats.append(Strands(astray, _tapered(rng, number, 16, radius)))
    return body, coats


def foliage(rng: np.random.Generator, pixel: float) -> tuple[Mesh, list[Strands]]:
    """Leaves around twigs, with gaps between them."""
    twigs = int(rng.integers(4, 40))
    starts = rng.normal(scale=0.25, size=(twigs, 3))
    away = _unit(rng.normal(size=(twigs, 3)) * (1, 0.6, 1))
    bent = _unit(away + rng.normal(scale=0.5, size=away.shape) + (0, 0, rng.uniform(-0.6, 0.6)))
    lines = _grown(rng, starts, away, rng.uniform(0.5, 1.3, twigs), bent, 0.03, 12)
    count = int(np.exp(rng.uniform(np.log(120), np.log(3500))))
    at = lines[rng.integers(twigs, size=count), rng.integers(2, 12, count)]
    at = at + rng.normal(scale=rng.uniform(0.01, 0.12), size=at.shape)
    size = np.exp(rng.uniform(np.log(0.03), np.log(0.25))) * np.clip(math.sqrt(600 / count), 0.5, 2)
    length = size * rng.uniform(0.5, 1.4, count)
    forward = _unit(rng.normal(size=(count, 3)) + away.mean(axis=0) + (0, 0, rng.uniform(-1, 1)))
    side = _unit(np.cross(forward, rng.normal(size=(count, 3))))
    up = np.cross(side, forward)
    slim, notch, bend = rng.uniform(0.12, 0.5), max(0.0, rng.uniform(-0.5, 0.6)), rng.uniform(-0.4, 0.4)
    steps = 9
    s = np.linspace(0, 1, steps)
    half = slim * np.sin(math.pi * s**0.8) * (1 - notch * (np.arange(steps) % 2))
    # A leaf: down one side, up the other, bent over its length and folded along its middle.
    x = np.concatenate([s, s[-2:0:-1]])
    y = np.concatenate([half, -half[-2:0:-1]])
    z = bend * x**2 + 0.25 * np.abs(y)
    leaf = np.stack([x, y, z], -1)
    frames = np.stack([forward, side, up], axis=1)
    vertices = at[:, None] + length[:, None, None] * np.einsum("pk,nkx->npx", leaf, frames)
    faces = [tuple(range(len(leaf) * n, len(leaf) * (n + 1))) for n in range(count)]
    radii = _tapered(rng, twigs, 12, rng.uniform(0.6, 3.0) * pixel * rng.uniform(1, 3))
    return Mesh(vertices.reshape(-1, 3), faces, smooth=False), [Strands(lines, radii)]


def feathers(rng: np.random.Generator, pixel: float) -> tuple[Mesh, list[Strands]]:
    """Feathers of shaft and barbs, fanned out from a body as a wing or all around."""
    body = blob(rng, 0.15)
    body = Mesh(body.vertices * rng.uniform(0.3, 0.7), body.faces)
    count = int(rng.integers(3, 28))
    fan, first = rng.uniform(0.6, 5.0), rng.uniform(0, 6.3)
    angles = first + np.linspace(0, fan, count) + rng.normal(scale=0.04, size=count)
    out = _unit(np.stack([np.cos(angles), rng.normal(scale=0.15, size=count), np.sin(angles)], -1))
    bow = _unit(out + rng.normal(scale=0.35, size=3))
    length = rng.uniform(0.5, 1.2) * rng.uniform(0.7, 1.1, count)
    shafts = _grown(rng, out * 0.3, out, length, bow, 0.0, 40)
    shaft_radii = _tapered(rng, count, 40, pixel * rng.uniform(0.8, 2.5))
    barbs, width, slant = int(rng.integers(80, 350)), rng.uniform(0.08, 0.3), rng.uniform(0.3, 1.2)
    places = rng.uniform(0.15, 1, (count, barbs))
    steps = (places * 39).astype(int)
    root = np.take_along_axis(shafts, steps[..., None], 1)
    heading = _unit(np.gradient(shafts, axis=1))
    ahead = np.take_along_axis(heading, steps[..., None], 1)
    across = _unit(np.cross(ahead, (0, 1, 0))) * rng.choice([-1, 1], (count, barbs, 1))
    extent = width * length[:, None] * np.sin(math.pi * places**1.5) ** 0.6 * rng.uniform(0.75, 1.05, places.shape)
    ragged = rng.uniform(0.02, 0.25)
    pull = _unit(across + slant * ahead + rng.normal(scale=ragged, size=across.shape))
    soft = _grown(
        rng, root.reshape(-1, 3), across.reshape(-1, 3), extent.ravel(), pull.reshape(-1, 3), rng.uniform(0, 0.05), 7
    )
    radii = _tapered(rng, len(soft), 7, pixel * rng.uniform(0.3, 1.3))
    return body, [Strands(shafts, shaft_radii), Strands(soft, radii)]


def straw(rng: np.random.Generator, pixel: float) -> tuple[Mesh, list[Strands]]:
    """A woven thing: a basket, a hat, knitwear, a net, with ends that stick out."""
    body = blob(rng, rng.uniform(0.0, 0.2))
    flat = rng.uniform(0.3, 1.0)
    strands: list[Strands] = []
    points, wires = 120, int(rng.integers(14, 70))
    for direction in (0, 1):
        s, t = np.meshgrid(np.linspace(0, 2 * math.pi, points), np.linspace(0.05, 0.95, wires))
        t = t + rng.normal(scale=0.004, size=(wires, 1))
        polar = math.pi * (t if direction else s / (2 * math.pi))
        azimuth = s if direction else 2 * math.pi * t
        weave = 0.012 * np.sin(s * wires / 2 + np.arange(wires)[:, None] * math.pi)
        radius = 1 + weave + rng.normal(scale=0.004, size=(wires, 1))
        ring = np.stack([np.sin(polar) * np.cos(azimuth), np.sin(polar) * np.sin(azimuth), flat * np.cos(polar)], -1)
        strands.append(Strands(ring * radius[..., None], np.full((wires, points), pixel * rng.uniform(0.6, 3.5))))
    ends = int(rng.integers(20, 300))
    places, out = _roots(rng, body, ends)
    loose = _grown(rng, places, out, rng.uniform(0.05, 0.5, ends), _unit(rng.normal(size=out.shape)), 0.02, 8)
    strands.append(Strands(loose, _tapered(rng, ends, 8, pixel * rng.uniform(0.4, 1.2))))
    inner = rng.uniform(0.3, 0.75)
    return Mesh(body.vertices * inner * (1, 1, flat), body.faces), strands


def veil(rng: np.random.Generator, pixel: float) -> tuple[Mesh, list[Strands]]:  # noqa: ARG001
    """A cloth with folds, hanging or blown."""
    count = 110
    u, v = np.meshgrid(np.linspace(-1, 1, count), np.linspace(-1, 1, count))
    depth = sum(
        rng.uniform(0.02, 0.2) * np.sin(rng.normal(scale=5) * u + rng.normal(scale=2.5) * v + rng.uniform(0, 6.3))
        for _ in range(5)
    )
    edge = 0.06 * np.sin(rng.uniform(3, 14) * u + rng.uniform(0, 6)) * (v + 1)
    x = u * (1 + rng.uniform(-0.35, 0.35) * v) + rng.uniform(-0.3, 0.3) * v**2
    cloth = np.stack([x, np.asarray(depth), v * rng.uniform(0.7, 1.2) + edge], -1)
    return Mesh(cloth.reshape(-1, 3), _grid_faces(count, count)), []


def glass(rng: np.random.Generator, pixel: float) -> tuple[Mesh, list[Strands]]:  # noqa: ARG001
    """A vessel: a smooth profile turned around the upright axis."""
    rings, steps = 64, 96
    height = np.linspace(-1, 1, rings)
    profile = 0.45 + sum(
        rng.uniform(0, 0.2) * np.sin(rng.uniform(0.5, 4) * height + rng.uniform(0, 6)) for _ in range(3)
    )
    radius = np.maximum(np.asarray(profile), 0.06)
    angles = np.linspace(0, 2 * math.pi, steps, endpoint=False)
    x, y = radius[None] * np.cos(angles)[:, None], radius[None] * np.sin(angles)[:, None]
    vertices = np.stack([x, y, np.broadcast_to(height, x.shape)], -1)
    return Mesh(vertices.reshape(-1, 3), _grid_faces(steps, rings, round_first=True)), []


Shape = Callable[[np.random.Generator, float], tuple[Mesh, list[Strands]]]
SHAPES: dict[str, Shape] = {
    "fur": fur,
    "hair": hair,
    "foliage": foliage,
    "feathers": feathers,
    "straw": straw,
    "veil": veil,
    "glass": glass,
}
_TRANSLUCENT = ("veil", "glass")


# From here on Blender.


def render(wanted: Plan, path: Path) -> None:
    """Draw a picture to `path`, whole or not at all."""
    bpy: Any = importlib.import_module("bpy")
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    _set_up(scene, wanted)
    _light(bpy, scene, wanted)
    _look(bpy, scene, wanted)
    rng = np.random.default_rng((wanted.seed, 1))
    mesh, coats = SHAPES[wanted.kind](rng, wanted.extent / wanted.side)
    first, second, third = wanted.colours
    surface = _material(bpy, rng, wanted, first if wanted.kind in ("foliage", *_TRANSLUCENT) else third, second)
    made = [_mesh(bpy, mesh, surface)]
    if wanted.kind == "veil" and rng.random() < 0.6:
        solid = blob(rng, 0.2)
        behind = Mesh(solid.vertices * rng.uniform(0.3, 0.6) + (0, rng.uniform(0.4, 0.8), -0.3), solid.faces)
        made.append(_mesh(bpy, behind, _opaque(bpy, rng, wanted, third, second)))
    colour = third if wanted.kind == "foliage" else first
    strand = _opaque(bpy, rng, wanted, colour, second)
    made += [_strands(bpy, coat, strand) for coat in coats]
    for thing in made:
        scene.collection.objects.link(thing)
        thing.rotation_euler = (wanted.turn[1], 0, 0.0 if wanted.kind in ("veil", "feathers") else wanted.turn[0])
    temporary = path.with_suffix(f".{os.getpid()}.part.png")
    scene.render.filepath = str(temporary)
    bpy.ops.render.render(write_still=True)
    temporary.replace(path)


def _set_up(scene: Any, wanted: Plan) -> None:
    scene.render.engine = "CYCLES"
    scene.render.resolution_x = scene.render.resolution_y = wanted.side
    scene.render.resolution_percentage = 100
    scene.render.film_transparent = True
    scene.render.threads_mode, scene.render.threads = "FIXED", 1
    settings = scene.render.image_settings
    settings.file_format, settings.color_mode, settings.color_depth, settings.compression = "PNG", "RGBA", "16", 30
    scene.view_settings.view_transform = "Standard"
    cycles = scene.cycles
    cycles.device = "CPU"
    cycles.samples, cycles.seed = wanted.samples, wanted.seed
    cycles.use_adaptive_sampling, cycles.adaptive_threshold = True, 0.04
    cycles.adaptive_min_samples = 16
    cycles.use_denoising = False
    cycles.max_bounces, cycles.diffuse_bounces, cycles.glossy_bounces = 1, 1, 1
    cycles.transparent_max_bounces = 8
    cycles.sample_clamp_direct, cycles.sample_clamp_indirect = 4.0, 1.0
    cycles.caustics_reflective = cycles.caustics_refractive = False
    scene.cycles_curves.shape = "RIBBONS"


def _light(bpy: Any, scene: Any, wanted: Plan) -> None:
    world = bpy.data.worlds.new("world")
    scene.world = world
    world.use_nodes = True
    world.node_tree.nodes["Background"].inputs["Color"].default_value = (*wanted.ambient, 1)
    for lamp in wanted.lamps:
        data = bpy.data.lights.new("sun", "SUN")
        data.color, data.energy, data.angle = lamp.colour, lamp.power, lamp.width
        thing = bpy.data.objects.new("sun", data)
        scene.collection.objects.link(thing)
        thing.rotation_euler = _vector(lamp.direction).to_track_quat("Z", "Y").to_euler()


def _look(bpy: Any, scene: Any, wanted: Plan) -> None:
    data = bpy.data.cameras.new("camera")
    camera = bpy.data.objects.new("camera", data)
    scene.collection.objects.link(camera)
    scene.camera = camera
    data.angle = 2 * math.atan(wanted.extent / 2 / wanted.distance)
    x, y, z = wanted.target
    camera.location = (x, y - wanted.distance, z)
    camera.rotation_euler = (math.pi / 2, 0, 0)
    if wanted.blur:
        data.dof.use_dof, data.dof.focus_distance = True, wanted.distance
        data.dof.aperture_fstop = data.lens / 1000 / (2 * wanted.blur)


def _vector(values: tuple[float, float, float]) -> Any:
    return importlib.import_module("mathutils").Vector(values)


def _opaque(bpy: Any, rng: np.random.Generator, wanted: Plan, first: Colour, second: Colour) -> Any:
    """A material of two colours in patches."""
    material = bpy.data.materials.new("material")
    material.use_nodes = True
    nodes, links = material.node_tree.nodes, material.node_tree.links
    bsdf = nodes["Principled BSDF"]
    bsdf.inputs["Roughness"].default_value = wanted.roughness
    noise, ramp, place = (nodes.new(f"ShaderNode{kind}") for kind in ("TexNoise", "ValToRGB", "TexCoord"))
    noise.inputs["Scale"].default_value = float(np.exp(rng.uniform(np.log(1), np.log(14))))
    low, high = ramp.color_ramp.elements
    low.color, high.color, low.position, high.position = (*first, 1), (*second, 1), 0.4, 0.6
    links.new(place.outputs["Object"], noise.inputs["Vector"])
    links.new(noise.outputs[0], ramp.inputs[0])
    links.new(ramp.outputs[0], bsdf.inputs["Base Color"])
    return material


def _material(bpy: Any, rng: np.random.Generator, wanted: Plan, first: Colour, second: Colour) -> Any:
    """Opaque, or as translucent as cloth or glass: the less so where one looks along the surface."""
    material = _opaque(bpy, rng, wanted, first, second)
    if wanted.kind not in _TRANSLUCENT:
        return material
    nodes, links = material.node_tree.nodes, material.node_tree.links
    mix, clear, facing, curve = (
        nodes.new(f"ShaderNode{kind}") for kind in ("MixShader", "BsdfTransparent", "LayerWeight", "MapRange")
    )
    facing.inputs["Blend"].default_value = rng.uniform(0.3, 0.7)
    curve.inputs["To Min"].default_value = rng.uniform(0.05, 0.5)
    curve.inputs["To Max"].default_value = rng.uniform(0.6, 1.0)
    links.new(facing.outputs["Facing"], curve.inputs["Value"])
    links.new(curve.outputs[0], mix.inputs[0])
    links.new(clear.outputs[0], mix.inputs[1])
    links.new(nodes["Principled BSDF"].outputs[0], mix.inputs[2])
    links.new(mix.outputs[0], nodes["Material Output"].inputs["Surface"])
    return material


def _mesh(bpy: Any, mesh: Mesh, material: Any) -> Any:
    data = bpy.data.meshes.new("mesh")
    data.from_pydata(mesh.vertices.tolist(), [], [list(face) for face in mesh.faces])
    data.polygons.foreach_set("use_smooth", [mesh.smooth] * len(data.polygons))
    data.materials.append(material)
    return bpy.data.objects.new("mesh", data)


def _strands(bpy: Any, strands: Strands, material: Any) -> Any:
    count, points = strands.points.shape[:2]
    data = bpy.data.hair_curves.new("strands")
    data.add_curves([points] * count)
    data.attributes["position"].data.foreach_set("vector", strands.points.astype(np.float32).ravel())
    radius = data.attributes.get("radius") or data.attributes.new("radius", "FLOAT", "POINT")
    radius.data.foreach_set("value", strands.radii.astype(np.float32).ravel())
    data.materials.append(material)
    return bpy.data.objects.new("strands", data)


def name_of(seed: int) -> str:
    """The file of picture number `seed`."""
    return f"render_{seed:05d}.png"


def main(arguments: Sequence[str]) -> None:
    """Draw the pictures that are not there yet, and say of each that it is done."""
    folder, first, count = Path(arguments[0]), int(arguments[1]), int(arguments[2])
    for seed in range(first, first + count):
        if not (folder / name_of(seed)).exists():
            render(plan(seed), folder / name_of(seed))
        print(f"{DONE}{seed}", flush=True)


if __name__ == "__main__":
    main(sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else sys.argv[1:])
