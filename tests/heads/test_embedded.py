"""The embedded head behind the Head protocol, with an untrained and with a random network."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from wisp.bench.stills import PictureClip
from wisp.errors import WeightsError
from wisp.heads import embedded
from wisp.heads.edge_network import REACH, EdgeNetwork
from wisp.heads.embedded import EmbeddedHead, build, embedded_matte, load_network
from wisp.heads.guided import guided_matte, lengths
from wisp.heads.head import ExpectingHead
from wisp.models.build import load_head, model_stamp
from wisp.plates.clip import FloatImage
from wisp.train.scenes import made_sample
from wisp.weights.options import RunOptions
from wisp.weights.registry import entry


def scene(width: int, height: int) -> tuple[FloatImage, np.ndarray]:
    sample = made_sample(12, max(width, height))
    logits = np.where(sample.mask, 8, -8).astype(np.float32)
    return np.ascontiguousarray(sample.image[:height, :width]), np.ascontiguousarray(logits[:height, :width])


@pytest.fixture
def bold() -> EdgeNetwork:
    """A network that changes alpha a lot."""
    torch.manual_seed(1)
    network = EdgeNetwork().eval().requires_grad_(False)
    torch.nn.init.normal_(network.choose_full.weight, std=0.3)
    return network


def test_untrained_and_not_carried_it_is_the_guided_filter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "_coarse_share", lambda *_: 0.0)
    image, logits = scene(203, 150)  # not of whole cells
    alpha, guided = embedded_matte(EdgeNetwork().eval(), image, logits), guided_matte(image, logits)
    assert np.abs(alpha - guided).mean() < 0.01  # where windows are wide, fitted on cells


def test_slices_give_what_few_large_ones_give(bold: EdgeNetwork, monkeypatch: pytest.MonkeyPatch) -> None:
    image, logits = scene(360, 331)
    whole = embedded_matte(bold, image, logits)
    monkeypatch.setattr(embedded, "_SLICE", 4)  # rows of blocks one by one
    tiled = embedded_matte(bold, image, logits)
    assert np.abs(whole - guided_matte(image, logits)).max() > 0.05
    np.testing.assert_allclose(tiled, whole, atol=1e-5)


def test_nothing_is_changed_far_from_the_masks_edge(bold: EdgeNetwork) -> None:
    image = np.random.default_rng(0).random((96, 352, 3), np.float32)
    logits = np.full((96, 352), -8, np.float32)
    logits[:, :150] = 8
    alpha = embedded_matte(bold, image, logits)
    far = 2 * REACH + 4  # what it sees in half the size reaches twice as far, and is enlarged
    assert not alpha[:, 150 + far :].any()
    assert (alpha[:, : 150 - far] == 1).all()
    assert ((alpha > 0) & (alpha < 1)).any()


def test_haze_does_not_end_in_the_straight_lines_of_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    haze = 0.4
    monkeypatch.setattr(embedded, "_predict", lambda _n, planes, _f, _c: np.full(planes.shape[:3], haze, np.float32))
    monkeypatch.setattr(embedded, "_soft_share", lambda *_: 1.0)
    image, logits = np.full((256, 352, 3), 0.5, np.float32), np.full((256, 352), -8, np.float32)
    logits[100:150, 140:200] = 8
    alpha = embedded_matte(EdgeNetwork(), image, logits, carried=False)
    assert np.isclose(alpha, haze, atol=1e-3).any() and not alpha[:, -1].any()
    steps = [np.abs(np.diff(alpha, axis=axis)).max() for axis in (0, 1)]
    assert max(steps) < 0.4 * haze, steps


@pytest.mark.parametrize(("kind", "carried"), [("exact", 0.1), ("coarse", 0.6)])
def test_mattes_from_coarse_masks_are_carried_along_colour_lines(
    kind: str, carried: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    shares = []
    share = embedded._coarse_share
    monkeypatch.setattr(embedded, "_coarse_share", lambda *planes: shares.append(share(*planes)) or shares[-1])
    network, before, after = load_network(), [], []
    for seed in (3, 5, 12, 40):
        sample = made_sample(seed, 192, kind)
        logits = np.where(sample.mask, np.float32(8), np.float32(-8))
        after.append(np.square(embedded_matte(network, sample.image, logits) - sample.alpha).mean())
        alone = embedded_matte(network, sample.image, logits, carried=False)
        before.append(np.square(alone - sample.alpha).mean())
    assert (np.mean(shares) > carried) == (kind == "coarse")
    assert np.mean(after) < np.mean(before) * (1 if kind == "coarse" else 1.01)


def test_sharp_edges_of_exact_masks_are_the_guided_filters() -> None:
    """Nothing is left to be corrected, and a network's noise would be seen."""
    network = load_network()
    inside = np.zeros((96, 128), bool)
    inside[:, :70] = True
    image = np.where(inside[..., None], np.float32([0.8, 0.3, 0.2]), np.float32([0.1, 0.4, 0.6]))
    logits = np.where(inside, np.float32(8), np.float32(-8))
    np.testing.assert_array_equal(embedded_matte(network, image, logits), guided_matte(image, logits))
    shifted = np.roll(logits, 5, axis=1)
    shifted[:, :5] = 8
    assert (embedded_matte(network, image, shifted) != guided_matte(image, shifted)).any()


def test_a_moved_outline_makes_the_network_heard_at_a_sharp_edge(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sharp edge of which a mask misses a stretch by little: mean profile and spread do not tell."""
    monkeypatch.setattr(embedded, "likely_spread", lambda *_: 0.6)
    sample = made_sample(3, 192, "coarse")
    logits = np.where(sample.mask, np.float32(8), np.float32(-8))
    heard = embedded_matte(load_network(), sample.image, logits, carried=False)
    monkeypatch.setattr(embedded, "_coarse_share", lambda *_: 0.0)
    unheard = embedded_matte(load_network(), sample.image, logits, carried=False)
    narrow = guided_matte(sample.image, logits, **lengths(0.6)._asdict())
    np.testing.assert_array_equal(unheard, narrow)
    errors = [float(np.square(alpha - sample.alpha).mean()) for alpha in (heard, unheard)]
    assert errors[0] < 0.9 * errors[1], errors


@pytest.mark.parametrize("value", [-5.0, 5.0])
def test_masks_without_an_edge_stay_as_they_are(bold: EdgeNetwork, value: float) -> None:
    image, _ = scene(64, 64)
    alpha = embedded_matte(bold, image, np.full((16, 16), value, np.float32))
    assert (alpha == (value > 0)).all()


def test_large_plates_are_matted_smaller_and_refined(bold: EdgeNetwork, monkeypatch: pytest.MonkeyPatch) -> None:
    image, logits = scene(256, 200)
    monkeypatch.setattr(embedded, "LONGEST_SIDE", 128)
    alpha = embedded_matte(bold, image, logits)
    assert alpha.shape == (200, 256)
    assert alpha.dtype == np.float32
    assert 0 <= alpha.min() < alpha.max() <= 1


def test_what_is_spread_wide_is_matted_smaller(shared: Path) -> None:
    """Hair of a plate three times as large is the same hair: it spreads over three times as many pixels, of which the
    network would see a third."""
    folder, network, errors = shared / "data" / "clips" / "made_hair_small", load_network(), []
    picture = cv2.cvtColor(cv2.imread(str(folder / "frames" / "00000.png")), cv2.COLOR_BGR2RGB).astype(np.float32) / 255
    truth = cv2.imread(str(folder / "alpha" / "00000.png"), -1).astype(np.float32) / 65535
    logits = cv2.resize((truth >= 0.5) - np.float32(0.5), (160, 90), interpolation=cv2.INTER_AREA)
    for times in (1, 3):
        image, true = (
            cv2.resize(one, None, fx=times, fy=times, interpolation=cv2.INTER_CUBIC) for one in (picture, truth)
        )
        alpha = embedded_matte(network, np.clip(image, 0, 1), logits)
        band = (true > 0.004) & (true < 0.996)
        errors.append(float(((alpha - true)[band] ** 2).mean()))
    assert errors[1] < 1.8 * errors[0], errors  # 2.2 at full size


def test_what_reaches_far_from_the_mask_is_found_in_half_the_size() -> None:
    """Single strands go on for 44 pixels beyond a mask: the network sees 28 of them at full size."""
    truth = np.zeros((192, 256), np.float32)
    truth[:, :90] = 1
    for y in range(4, 192, 14):
        cv2.line(truth, (88, y), (90 + 44, y + 3), 1.0, 2, cv2.LINE_AA)
    noise = np.random.default_rng(4).normal(scale=0.01, size=(192, 256, 3)).astype(np.float32)
    foreground, background = np.float32([0.25, 0.15, 0.1]), np.float32([0.5, 0.65, 0.8])
    image = np.clip(truth[..., None] * foreground + (1 - truth[..., None]) * background + noise, 0, 1)
    logits = np.full((192, 256), np.float32(-8))
    logits[:, :92] = 8
    alpha = embedded_matte(load_network(), image, logits, carried=False)
    beyond = np.s_[8:-8, 92 + REACH : 134]
    left = float(np.abs(alpha - truth)[beyond].sum() / truth[beyond].sum())
    assert left < 0.6, left  # 1 where it is not looked at in half the size


def test_objects_of_a_frame_are_matted_one_by_one(bold: EdgeNetwork) -> None:
    image, logits = scene(96, 96)
    alphas = EmbeddedHead(bold, "x").matte(PictureClip(image), 1, {3: logits, 9: -logits})
    assert set(alphas) == {3, 9}
    np.testing.assert_array_equal(alphas[3], embedded_matte(bold, image, logits))


def test_what_it_expects_before_a_clean_plate_is_not_carried() -> None:
    sample = made_sample(3, 192, "coarse")
    logits = {1: np.where(sample.mask, np.float32(8), np.float32(-8))}
    head = EmbeddedHead(load_network(), "x")
    assert isinstance(head, ExpectingHead)
    found, expected = (one.matte(PictureClip(sample.image), 1, logits)[1] for one in (head, head.expecting))
    alone = embedded_matte(load_network(), sample.image, logits[1], carried=False)
    np.testing.assert_array_equal(expected, alone)
    assert np.abs(found - expected).max() > 0.05


def test_version_names_the_weights(bold: EdgeNetwork, tmp_path: Path) -> None:
    heads = []
    for number in range(2):
        path = tmp_path / f"{number}.safetensors"
        torch.nn.init.constant_(bold.roi.bias, number)
        save_file({name: value.contiguous() for name, value in bold.state_dict().items()}, path)
        heads.append(build(entry("embedded"), {"weights": path}, RunOptions(device="cpu")))
    assert heads[0].version != heads[1].version
    assert all(head.version.startswith("embedded-") for head in heads)


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.safetensors"
    save_file({"stem.weight": torch.zeros(2, 2)}, path)
    with pytest.raises(WeightsError, match="do not fit"):
        load_network(path)


def test_its_version_is_known_without_loading_it():
    options = RunOptions(device="cpu")
    assert model_stamp("embedded", "head", options).version == load_head("embedded", options).version


def test_a_matte_is_carried_by_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sums over several differ in the last digits, and a farm's machines have other numbers of them."""
    sample = made_sample(3, 192, "coarse")
    logits = np.where(sample.mask, np.float32(8), np.float32(-8))
    carried, seen, threads = embedded.carried_alpha, [], torch.get_num_threads()

    def carry(*planes: np.ndarray) -> FloatImage:
        seen.append(torch.get_num_threads())
        return carried(*planes)

    monkeypatch.setattr(embedded, "carried_alpha", carry)
    try:
        torch.set_num_threads(3)
        embedded_matte(load_network(), sample.image, logits)
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(threads)
    assert seen == [1]
