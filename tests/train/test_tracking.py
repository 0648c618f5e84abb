"""Made clips for the tracker: the same for a seed, with truth that fits, and masks spoilt within bounds."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from wisp.trackers.flow.subject import INPUTS, MAPS
from wisp.train.tracking.borders import bordered
from wisp.train.tracking.clips import made_clip, spoilt
from wisp.train.tracking.material import FRAMES, SIDE, Shard, make_shards
from wisp.train.tracking.subject import _material, fit
from wisp.train.tracking.things import MASKS, Pool
from wisp.weights.checkpoints import load_state_dict


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Pool:
    """Two small pictures, of one of which a thing has been drawn by hand, and one soft subject."""
    folder = tmp_path_factory.mktemp("pool")
    rng = np.random.default_rng(1)
    names = sorted({path.stem.rsplit(".", 1)[0] for path in MASKS.glob("*.png")})[:2]
    for name in names:
        noise = cv2.GaussianBlur(rng.uniform(0, 255, (360, 640, 3)).astype(np.float32), (0, 0), 5)
        cv2.imwrite(str(folder / f"{name}.jpg"), np.clip((noise - 128) * 8 + 128, 0, 255).astype(np.uint8))
    (folder / "subjects").mkdir()
    cv2.imwrite(str(folder / "subjects" / "s.jpg"), rng.integers(0, 255, (200, 160, 3), np.uint8))
    alpha = cv2.circle(np.zeros((200, 160), np.uint8), (80, 100), 60, 255, -1)
    cv2.imwrite(str(folder / "subjects" / "s.alpha.png"), alpha)
    return Pool(folder, MASKS, folder / "subjects")


def test_drawn_masks_belong_to_their_pictures(pool: Pool) -> None:
    assert len(pool.pictures) == 2 and pool.stills and len(pool.subjects) == 1
    assert all(still.mask.shape == still.picture.shape[:2] and still.mask.any() for still in pool.stills)


def test_a_seed_is_a_clip(pool: Pool) -> None:
    first, second, other = (made_clip(pool, np.random.default_rng(seed), 96, 3) for seed in (5, 5, 6))
    assert first.pictures.shape == (4, 96, 96, 3) and first.masks.shape == (4, 96, 96)
    assert np.array_equal(first.pictures, second.pictures) and np.array_equal(first.masks, second.masks)
    assert not np.array_equal(first.pictures, other.pictures)


def test_most_clips_show_their_thing(pool: Pool) -> None:
    shares = [made_clip(pool, np.random.default_rng((2, n)), 64, 2).masks.mean((1, 2)) for n in range(12)]
    assert np.mean([share[0] > 0.01 for share in shares]) > 0.7
    assert np.max(shares) < 0.9


def test_a_spoilt_mask_is_still_of_the_thing() -> None:
    mask = np.zeros((96, 96), bool)
    mask[30:70, 25:65] = True
    overlaps = []
    for seed in range(30):
        values = spoilt(np.random.default_rng(seed), mask)
        assert values.dtype == np.float32 and values.min() >= 0 and values.max() <= 1
        overlaps.append(((values > 0.5) & mask).sum() / ((values > 0.5) | mask).sum())
    assert 0.6 < np.mean(overlaps) < 0.97
    assert len(set(overlaps)) > 20


def test_most_bordered_things_are_cut_by_the_border_and_seen_where_the_mask_says(pool: Pool) -> None:
    cut = 0
    for seed in range(40):
        picture, mask = bordered(pool, np.random.default_rng(seed), 96)
        again, same = bordered(pool, np.random.default_rng(seed), 96)
        assert picture.shape == (96, 96, 3) and picture.dtype == np.uint8 and 0.03 < mask.mean() <= 1
        assert np.array_equal(picture, again) and np.array_equal(mask, same)
        cut += bool(mask[0].any() or mask[-1].any() or mask[:, 0].any() or mask[:, -1].any())
    assert cut > 26


def test_shards_are_made_once_and_read_back(pool: Pool, tmp_path: Path) -> None:
    (path,) = make_shards(pool, tmp_path, "borders", 3, 1)
    assert not list(make_shards(pool, tmp_path, "borders", 3, 1))
    shard = Shard.load(path)
    count = len(shard.pictures)
    assert shard.pictures.shape == (count, 1, SIDE, SIDE, 3) and shard.masks.any((1, 2, 3)).all()
    assert [level.shape[-1] for level in shard.maps] == [SIDE // s for s in (2, 4, 8, 16, 32)]
    assert shard.flows.shape[1] == 0 and FRAMES > 1


def test_what_looks_like_a_thing_is_fitted_in_closed_form(pool: Pool, tmp_path: Path) -> None:
    """On the material itself the maps tell its things from what they stand before."""
    fit(pool, tmp_path / "subject.safetensors")
    state = load_state_dict(tmp_path / "subject.safetensors")
    assert state["weight"].shape == (len(MAPS), INPUTS) and state["bias"].shape == (len(MAPS),)
    inputs, labels, _ = (np.concatenate(parts) for parts in zip(*_material(pool), strict=True))
    said = inputs @ state["weight"][0].numpy().T + state["bias"][0].item()
    inside = labels[:, 0] > 0.5
    assert said[inside].mean() > said[~inside].mean() + 0.5
