"""The training loop on the embedded recipe, small: it learns, stops, goes on, and says what is wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from wisp.errors import UsageError
from wisp.heads.edge_cues import PLANES
from wisp.train.config import TrainConfig
from wisp.train.crops import PER_SAMPLE, CropStore
from wisp.train.curves import draw_curves
from wisp.train.recipes.embedded import EmbeddedRecipe
from wisp.train.scenes import MadeSource
from wisp.train.trainer import Progress, Trainer, learning_rate, load_average

CPU = torch.device("cpu")
CONFIG = TrainConfig(
    steps=6,
    batch=4,
    crop=64,
    samples=6,
    warm_up=2,
    ema=0.9,
    precision="fp32",
    checkpoint_every=2,
    validate_every=6,
    validation=2,
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> CropStore:
    return CropStore(tmp_path_factory.mktemp("crops") / "crops.npy", MadeSource(128, 1), 6, 64, 1)


@pytest.fixture(scope="module")
def make(store: CropStore) -> Callable[..., Trainer]:
    held_out = {"coarse": [MadeSource(64, 2)(number, "coarse") for number in range(2)]}

    def build(folder: Path, config: TrainConfig = CONFIG, **others: object) -> Trainer:
        recipe = EmbeddedRecipe(config, store, held_out, CPU)
        return Trainer(recipe, config, folder, CPU, **others)  # type: ignore[arg-type]

    return build


def quiet(progress: Progress) -> None:
    """Nobody listens."""


def test_crops_are_made_once_and_the_same_again(store: CropStore, tmp_path: Path) -> None:
    first = store.take([0, 7, 17])
    assert first.planes.shape == (3, PLANES, 64, 64) and first.pictures.shape == (3, 128, 128, 3)
    assert len(store) == 6 * PER_SAMPLE
    again = CropStore(tmp_path / "again.npy", MadeSource(128, 1), 6, 64, 1).take([0, 7, 17])
    for one, other in zip(first, again, strict=True):
        np.testing.assert_array_equal(one, other)
    assert 0 <= first.alpha.min() <= first.alpha.max() <= 1


def test_a_picture_that_is_lost_beside_its_crops_is_made_again(tmp_path: Path) -> None:
    path, source = tmp_path / "crops.npy", MadeSource(128, 1)
    first = CropStore(path, source, 1, 64, 1).take([0])
    path.with_suffix(".pictures.npy").unlink()
    np.testing.assert_array_equal(CropStore(path, source, 1, 64, 1).take([0]).pictures, first.pictures)


def test_a_crop_and_the_picture_for_its_features_are_turned_alike(make: Callable[..., Trainer], tmp_path: Path) -> None:
    recipe = make(tmp_path).recipe
    for step in range(4):
        batch = {name: values.numpy() for name, values in recipe.batch(step).items()}
        assert batch["alpha"].shape == (4, 1, 64, 64) and batch["pictures"].shape == (4, 3, 128, 128)
        for planes, picture, (top, left) in zip(batch["planes"], batch["pictures"], batch["places"], strict=True):
            shown = picture[:, top : top + 64, left : left + 64]
            np.testing.assert_allclose(planes[:3] / 2 + 0.5, shown, atol=0.01)


def test_another_shape_of_crops_is_refused(store: CropStore) -> None:
    with pytest.raises(ValueError, match="holds crops of shape"):
        CropStore(store.path, MadeSource(128, 1), 7, 64, 1)


def test_a_run_that_was_stopped_ends_like_one_that_was_not(make: Callable[..., Trainer], tmp_path: Path) -> None:
    whole = make(tmp_path / "whole")
    assert whole.run(quiet)
    part = make(tmp_path / "part")
    steps: list[int] = []
    assert not part.run(lambda progress: steps.append(progress.step), lambda: len(steps) == 3)
    assert part.step == 3
    rest = make(tmp_path / "part")
    assert rest.step == 3
    assert rest.run(quiet)
    for name, value in whole.network.state_dict().items():
        torch.testing.assert_close(value, rest.network.state_dict()[name], rtol=0, atol=0)
        torch.testing.assert_close(whole.average[name], rest.average[name], rtol=0, atol=0)
    logged = [json.loads(line) for line in (tmp_path / "part" / "log.jsonl").read_text().splitlines()]
    assert [row["step"] for row in logged if "loss" in row] == [1, 2, 3, 4, 5, 6]


def test_a_run_leaves_its_settings_curves_and_pictures(make: Callable[..., Trainer], tmp_path: Path) -> None:
    heard: list[Progress] = []
    trainer = make(tmp_path)
    trainer.run(heard.append)
    assert json.loads((tmp_path / "config.json").read_text())["steps"] == 6
    assert cv2.imread(str(tmp_path / "curves.png")).shape == (360, 1120, 3)
    assert cv2.imread(str(tmp_path / "validation-6.png")) is not None
    assert heard[-1].validation is not None
    assert heard[-1].validation.errors.keys() == {"coarse MAD", "coarse MSE"}
    assert heard[-1].validation.references.keys() == {"guided", "mask"}
    step, weights = load_average(tmp_path)
    assert step == 6
    assert weights.keys() == trainer.network.state_dict().keys()


def test_other_seeds_start_and_end_elsewhere(make: Callable[..., Trainer], tmp_path: Path) -> None:
    one, other = make(tmp_path / "a"), make(tmp_path / "b", replace(CONFIG, seed=1))
    assert (one.network.stem.weight != other.network.stem.weight).any()
    assert (one.recipe.batch(0)["alpha"] != other.recipe.batch(0)["alpha"]).any()


@pytest.mark.slow
def test_it_learns_what_it_is_shown(make: Callable[..., Trainer], tmp_path: Path) -> None:
    """On a handful of crops, seen often, the error falls well below the guided filter's."""
    config = replace(CONFIG, steps=60, warm_up=5, validate_every=60, learning_rate=0.004)
    trainer = make(tmp_path, config)
    batch = trainer.recipe.batch(0)
    with torch.no_grad():
        before = float(trainer.recipe.losses(trainer.network, batch)["l1"])
    trainer.run(quiet)
    with torch.no_grad():
        after = float(trainer.recipe.losses(trainer.network, batch)["l1"])
    assert after < 0.8 * before


def test_fine_tuning_starts_from_given_weights(make: Callable[..., Trainer], tmp_path: Path) -> None:
    first = make(tmp_path / "a")
    tuned = make(tmp_path / "b", replace(CONFIG, seed=5), start_from=first.network.state_dict())
    assert torch.equal(tuned.network.stem.weight, first.network.stem.weight)


def test_a_folder_of_other_settings_is_left_alone(make: Callable[..., Trainer], tmp_path: Path) -> None:
    make(tmp_path).save()
    with pytest.raises(UsageError, match="other settings"):
        make(tmp_path, replace(CONFIG, learning_rate=0.5))


def test_a_loss_that_is_no_number_stops_the_run(make: Callable[..., Trainer], tmp_path: Path) -> None:
    trainer = make(tmp_path)
    torch.nn.init.constant_(trainer.network.stem.weight, float("nan"))
    with pytest.raises(UsageError, match="became nan"):
        trainer.run(quiet)
    assert not (tmp_path / "checkpoint.pt").exists()


def test_learning_rate_warms_up_and_falls() -> None:
    config = TrainConfig(steps=100, warm_up=10, learning_rate=1.0)
    rates = [learning_rate(config, step) for step in range(101)]
    assert rates[0] == pytest.approx(0.1)
    assert max(rates) == rates[10] == pytest.approx(1.0)
    assert rates[55] == pytest.approx(0.505, abs=0.01)
    assert rates[100] == pytest.approx(0.01)


def test_curves_of_nothing_and_of_something() -> None:
    assert draw_curves([]).shape == (360, 1120, 3)
    rows = [{"step": step, "loss": 1 / step, "l1": 0.5 / step} for step in range(1, 50)]
    empty, drawn = draw_curves([]), draw_curves([*rows, {"step": 49, "validation": {"MAD": 3.0}}])
    assert (empty != drawn).any()
