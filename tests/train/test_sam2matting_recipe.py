"""SAM2Matting's heads trained on the features of a frozen encoder, with stand-in weights on small pictures."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from sam2_stand_ins import SMALL, matting_checkpoint, small_model
from wisp.heads.progressive import ProgressiveMatting
from wisp.heads.sam2matting import Sam2MattingHead
from wisp.trackers.sam2.model import Sam2Model, load_model
from wisp.train.config import TrainConfig
from wisp.train.export import Provenance, export, read_provenance, registry_entry
from wisp.train.recipes.sam2matting import Sam2MattingRecipe
from wisp.train.scenes import MadeSource
from wisp.train.trainer import Trainer, load_average
from wisp.weights.checkpoints import load_state_dict
from wisp.weights.registry import parse

__all__ = ["matting_checkpoint", "small_model"]

CONFIG = TrainConfig(
    recipe="sam2matting", steps=2, batch=2, samples=4, validation=1, warm_up=1, precision="fp32", validate_every=2
)


@pytest.fixture
def recipe(small_model: Sam2Model) -> Sam2MattingRecipe:
    return Sam2MattingRecipe(CONFIG, small_model, MadeSource(SMALL, 1), [MadeSource(SMALL, 2)(0)])


def test_a_batch_is_what_the_heads_take(recipe: Sam2MattingRecipe) -> None:
    batch = recipe.batch(0)
    shapes = {name: tuple(value.shape) for name, value in batch.items()}
    quarter = SMALL // 4
    assert shapes == {
        "image": (2, 3, SMALL, SMALL),
        "fine": (2, 32, quarter, quarter),
        "mid": (2, 64, quarter // 2, quarter // 2),
        "coarse": (2, 256, quarter // 4, quarter // 4),
        "mask": (2, 1, quarter, quarter),
        "alpha": (2, 1, SMALL, SMALL),
    }
    assert set(batch["mask"].unique().tolist()) <= {0.0, 1.0}
    assert torch.equal(recipe.batch(0)["alpha"], batch["alpha"])
    assert not torch.equal(recipe.batch(1)["alpha"], batch["alpha"])


def test_errors_of_alpha_do_not_move_the_region(recipe: Sam2MattingRecipe) -> None:
    network = ProgressiveMatting()
    parts = recipe.losses(network, recipe.batch(0))
    assert set(parts) == {"region", "staircase", "l1", "laplacian", "consistency"}
    (parts["l1"] + parts["laplacian"] + parts["consistency"]).backward()
    assert all(parameter.grad is None for parameter in network.unknown_fusion.parameters())
    assert all(parameter.grad is not None for parameter in network.alpha_pred3.parameters())


@pytest.mark.slow
def test_trained_heads_run_as_a_model_of_their_own(
    recipe: Sam2MattingRecipe, small_model: Sam2Model, tmp_path: Path
) -> None:
    before = {name: value.clone() for name, value in small_model.network.state_dict().items()}
    trainer = Trainer(recipe, CONFIG, tmp_path / "run", torch.device("cpu"))
    assert trainer.run(lambda progress: None)
    after = small_model.network.state_dict()
    assert all(torch.equal(value, after[name]) for name, value in before.items())  # the encoder is frozen

    step, weights = load_average(tmp_path / "run")
    provenance = Provenance("MIT", "A studio", "made pictures", CONFIG, step)
    path = tmp_path / "mine.safetensors"
    sha256 = export(path, weights, provenance, load_state_dict(small_model.path))
    model = load_model(path, "tiny", torch.device("cpu"), image_size=SMALL)
    head = Sam2MattingHead("mine", model)
    key = "alpha_pred3.0.weight"
    assert torch.equal(model.head_state[key], weights[key])
    assert model.version == sha256
    assert head.id == "mine"
    assert read_provenance(path) == provenance

    (entry,) = parse(registry_entry(path, "mine", sha256, provenance, "tiny"))
    assert entry.kinds == ("tracker", "head")
    assert entry.parameters["variant"] == "tiny"
    assert entry.files["checkpoint"].sha256 == sha256
