"""Flicker goes, what moves or appears stays."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from wisp.bench.stills import PictureClip
from wisp.finish.stabilise import REACH, View, stabilise
from wisp.metrics.temporal import dtssd
from wisp.models.build import load_head
from wisp.weights.options import RunOptions

COUNT = 6


def textured(seed: int, height: int, width: int) -> np.ndarray:
    noise = np.random.default_rng(seed).random((height, width, 3)).astype(np.float32)
    return np.clip(cv2.GaussianBlur(noise, (0, 0), 2) * 4 - 1.5, 0, 1)


def moving_disc() -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Pictures and exact alphas of a textured disc that moves over textured ground by 3 pixels a frame."""
    ground, skin = textured(1, 120, 160), textured(2, 120, 200)
    y, x = np.indices((120, 160)) + 0.5
    pictures, alphas = [], []
    for frame in range(COUNT):
        alpha = np.clip((28 - np.hypot(x - 50 - 3 * frame, y - 60)) / 4 + 0.5, 0, 1).astype(np.float32)
        moved = np.roll(skin, 3 * frame, axis=1)[:, :160]
        pictures.append(alpha[..., None] * moved + (1 - alpha[..., None]) * ground)
        alphas.append(alpha)
    return pictures, alphas


def steadied(alphas: list[np.ndarray], pictures: list[np.ndarray], strength: float = 1.0) -> list[np.ndarray]:
    views = [View(alpha, picture) for alpha, picture in zip(alphas, pictures, strict=True)]
    return [
        stabilise(view, [*views[max(0, i - REACH) : i], *views[i + 1 : i + 1 + REACH]], strength)
        for i, view in enumerate(views)
    ]


def mad(alphas: list[np.ndarray], truth: list[np.ndarray]) -> float:
    return float(np.mean([np.abs(a - t).mean() for a, t in zip(alphas, truth, strict=True)]))


def test_flicker_of_a_moving_edge_goes() -> None:
    pictures, truth = moving_disc()
    generator = np.random.default_rng(7)
    flickering = []
    for alpha in truth:
        noise = cv2.GaussianBlur(generator.standard_normal(alpha.shape).astype(np.float32), (0, 0), 3) * 1.5
        soft = cv2.GaussianBlur(((alpha > 0) & (alpha < 1)).astype(np.float32), (0, 0), 1)
        flickering.append(np.clip(alpha + noise * soft, 0, 1).astype(np.float32))
    steady = steadied(flickering, pictures)
    assert dtssd(steady, truth) < 0.95 * dtssd(flickering, truth)
    assert mad(steady, truth) < mad(flickering, truth)
    half = steadied(flickering, pictures, 0.5)
    assert dtssd(steady, truth) < dtssd(half, truth) < dtssd(flickering, truth)


def test_a_matte_that_is_right_stays_right() -> None:
    """Motion is no flicker: without following it, the mean of the neighbours is off by 6 times as much."""
    pictures, truth = moving_disc()
    still = steadied(truth, [pictures[0]] * COUNT)
    assert mad(steadied(truth, pictures), truth) < 0.3 * mad(still, truth)


def test_what_appears_is_not_mixed_with_what_was_there_before() -> None:
    ground, thing = textured(1, 100, 100), textured(9, 100, 100)
    alpha = np.zeros((100, 100), np.float32)
    alpha[30:70, 30:70] = 1
    before, after = View(np.zeros_like(alpha), ground), View(alpha, np.where(alpha[..., None] > 0, thing, ground))
    assert np.abs(stabilise(after, [before], 1.0) - alpha).mean() < 0.02


def test_strands_of_the_made_clip(shared: Path) -> None:
    """The clip's truth, disturbed anew in every frame: the disturbance goes by a third."""
    folder = shared / "data" / "clips" / "made_hair_small"
    size = (320, 180)
    pictures, truth = [], []
    for index in range(5):
        picture = cv2.cvtColor(cv2.imread(str(folder / "frames" / f"{index:05d}.png")), cv2.COLOR_BGR2RGB)
        pictures.append(cv2.resize(picture, size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255)
        alpha = cv2.imread(str(folder / "alpha" / f"{index:05d}.png"), -1).astype(np.float32) / 65535
        truth.append(cv2.resize(alpha, size, interpolation=cv2.INTER_AREA))
    shaken = [alpha ** (0.6 if index % 2 else 1 / 0.6) for index, alpha in enumerate(truth)]
    steady = steadied(shaken, pictures)
    assert dtssd(steady, truth) < dtssd(shaken, truth) and mad(steady, truth) < mad(shaken, truth)


def test_no_neighbours_or_no_strength_change_nothing() -> None:
    view = View(textured(4, 20, 30)[..., 0], textured(5, 20, 30))
    np.testing.assert_array_equal(stabilise(view, [], 1.0), view.alpha)
    assert stabilise(view, [View(1 - view.alpha, view.picture)], 0.0) is view.alpha


def test_hair_of_a_head_flickers_less_and_is_hardly_less_right(shared: Path) -> None:
    """The whole made clip through the head `guided`, given the truth as a mask of a quarter of its size."""
    folder = shared / "data" / "clips" / "made_hair_small"
    head = load_head("guided", RunOptions())
    pictures, truth, solved = [], [], []
    for path in sorted((folder / "frames").iterdir()):
        picture = cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB).astype(np.float32) / 255
        alpha = cv2.imread(str(folder / "alpha" / path.name), -1).astype(np.float32) / 65535
        mask = cv2.resize((alpha >= 0.5).astype(np.float32), (160, 90), interpolation=cv2.INTER_AREA)
        solved.append(head.matte(PictureClip(picture), 1, {1: (mask - 0.5) * 16})[1])
        pictures.append(picture)
        truth.append(alpha)
    steady = steadied(solved, pictures)
    before, after = dtssd(solved, truth), dtssd(steady, truth)
    print(f"\ndtSSD {before:.3f} -> {after:.3f}, MAD {1e3 * mad(solved, truth):.2f} -> {1e3 * mad(steady, truth):.2f}")
    assert after < before
    assert mad(steady, truth) < 1.02 * mad(solved, truth)
