"""What a person marked as unknown is worked out from what lies around it."""

from __future__ import annotations

import cv2
import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from wisp.heads.band import signed_distance
from wisp.heads.embedded import embedded_matte, load_network
from wisp.heads.unknown import least_alpha, matted_unknown
from wisp.train.scenes import made_sample


def veil() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A red half of the picture, blue beside it, a grain of both; between them 40 pixels of a veil whose alpha falls
    from 1 to 0: picture, alpha, and the veil's region."""
    alpha = np.tile(np.clip((140 - np.arange(200, dtype=np.float32)) / 40, 0, 1), (90, 1))
    ends = np.array([0.8, 0.2, 0.15], np.float32), np.array([0.1, 0.25, 0.7], np.float32)
    image = alpha[..., None] * ends[0] + (1 - alpha[..., None]) * ends[1]
    image += np.random.default_rng(3).normal(scale=0.01, size=image.shape).astype(np.float32)
    return np.clip(image, 0, 1).astype(np.float32), alpha, (alpha > 0) & (alpha < 1)


def test_a_veil_between_two_colours_gets_its_alpha_from_a_head_that_saw_none() -> None:
    image, alpha, region = veil()
    unknown = cv2.dilate(region.astype(np.uint8), np.ones((9, 9))) > 0
    found = matted_unknown(image, (alpha >= 0.5).astype(np.float32), unknown)
    assert np.abs(found - alpha)[unknown].mean() < 0.03
    np.testing.assert_array_equal(found[~unknown], (alpha >= 0.5)[~unknown])


@given(st.tuples(*[st.floats(0, 1)] * 3), st.tuples(*[st.floats(0.05, 0.95)] * 3), st.floats(0, 1), st.integers(0, 99))
def test_the_least_alpha_of_a_wing_is_never_more_than_its_alpha(
    colour: tuple[float, float, float], behind: tuple[float, float, float], opacity: float, seed: int
) -> None:
    """A wing of any colour and opacity before a grainy background of any other."""
    alpha, region = np.zeros((60, 80), np.float32), np.zeros((60, 80), bool)
    alpha[20:40, 25:55], region[16:44, 21:59] = opacity, True
    image = alpha[..., None] * np.float32(colour) + (1 - alpha[..., None]) * np.float32(behind)
    image += np.random.default_rng(seed).normal(scale=0.01, size=image.shape).astype(np.float32)
    outside = np.where(region, alpha, 0).astype(np.float32)
    least = least_alpha(np.clip(image, 0, 1).astype(np.float32), outside, region, 14.0)
    assert (least <= alpha + 0.15).all() and least[22:38, 27:53].mean() <= opacity + 0.02
    room = np.where(np.array(colour) > behind, 1 - np.array(behind), behind)
    needed = opacity * np.abs(np.array(colour) - behind) / np.maximum(room, 0.25)
    assert least[22:38, 27:53].mean() >= needed.max() - 0.1


def test_nothing_marked_changes_nothing_and_all_marked_is_still_an_alpha() -> None:
    image, alpha, _ = veil()
    np.testing.assert_array_equal(matted_unknown(image, alpha, np.zeros(alpha.shape, bool)), alpha)
    everything = matted_unknown(image, alpha, np.ones(alpha.shape, bool))
    assert everything.min() >= 0 and everything.max() <= 1 and np.isfinite(everything).all()
    for shape in ((1, 1), (2, 7), (3, 90)):
        tiny = matted_unknown(np.zeros((*shape, 3), np.float32), np.ones(shape, np.float32), np.ones(shape, bool))
        assert tiny.shape == shape and np.isfinite(tiny).all()


def test_hair_far_from_the_mask_is_found_where_a_stroke_says_so() -> None:
    """Made pictures with coarse masks; a fifth of the error inside the strokes goes at least (0.38 of it on 24)."""
    network, without, told = load_network(), [], []
    for number in range(200):
        if len(told) == 8:
            break
        sample = made_sample((77, number), 320, "coarse")
        far = np.abs(signed_distance(sample.mask)) > 14
        missed = far & (((sample.alpha > 0.03) & (sample.alpha < 0.97)) | ((sample.alpha > 0.5) != sample.mask))
        unknown = cv2.dilate(missed.astype(np.uint8), cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (21, 21))) > 0
        if missed.sum() < 800 or unknown.mean() > 0.5:
            continue
        alpha = embedded_matte(network, sample.image, np.where(sample.mask, 8, -8).astype(np.float32))
        for errors, found in ((without, alpha), (told, matted_unknown(sample.image, alpha, unknown))):
            errors.append(float(((found - sample.alpha)[unknown] ** 2).mean()))
    assert len(told) == 8 and np.mean(told) < 0.8 * np.mean(without)
