"""What the embedded weights must keep: better than the guided filter on real pictures, from either kind of mask."""

from __future__ import annotations

import hashlib
import json
import time
from pathlib import Path

import numpy as np
import pytest
from wisp.bench.stills import MaskKind, mean, measure, read_stills
from wisp.heads.embedded import WEIGHTS, EmbeddedHead, load_network
from wisp.heads.guided import GuidedHead
from wisp.metrics import mad, mse
from wisp.models.build import load_head, model_stamp
from wisp.train.export import read_provenance
from wisp.weights.options import RunOptions
from wisp.weights.registry import entry

#: MAD and MSE times 1000 that must be kept on the stills, 2.5 % above what was measured.
CEILINGS = {"exact": (4.16, 0.446), "coarse": (6.60, 1.344)}


def test_weights_are_small_free_and_say_where_they_come_from() -> None:
    assert WEIGHTS.stat().st_size < 10_000_000
    about = read_provenance(WEIGHTS)
    assert (about.licence, about.settings.recipe) == ("Apache-2.0", "embedded")
    assert about.data == "made pictures, photographs (train_subjects over train_pool), renders (renders)"
    pages = Path(__file__).parents[2] / "docs" / "models"
    assert hashlib.sha256(WEIGHTS.read_bytes()).hexdigest() in (pages / "embedded.md").read_text("utf-8")
    assert json.dumps(about.settings.steps) in (pages / "embedded_training.md").read_text("utf-8")


def test_the_registry_gives_it_stamped_with_its_weights() -> None:
    options = RunOptions(device="cpu")
    head = load_head("embedded", options)
    assert isinstance(head, EmbeddedHead)
    assert model_stamp("embedded", "head", options).version == head.version
    assert (
        head.version == f"embedded-{entry('embedded').revision}-{hashlib.sha256(WEIGHTS.read_bytes()).hexdigest()[:12]}"
    )


def test_it_loads_at_once() -> None:
    load_network()
    started = time.process_time()
    load_network()
    assert time.process_time() - started < 1.0  # 0.02 s measured; a shared machine may take longer


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["exact", "coarse"])
def test_better_than_the_guided_filter_on_every_still_and_than_the_mask(shared: Path, kind: MaskKind) -> None:
    learned, guided = EmbeddedHead(load_network(), "x"), GuidedHead()
    ours, theirs = [], []
    for still in read_stills(shared / "data" / "stills"):
        ours.append(measure(learned, still, kind))
        theirs.append(measure(guided, still, kind))
        mask = still.masks[kind].astype(np.float32)
        assert ours[-1].mad < mad(mask, still.alpha), still.name
        assert ours[-1].mse < mse(mask, still.alpha), still.name
        assert ours[-1].mad <= 1.001 * theirs[-1].mad, still.name
        assert ours[-1].mse <= 1.001 * theirs[-1].mse, still.name
    assert mean(ours).mad < mean(theirs).mad
    assert mean(ours).mse < mean(theirs).mse
    assert mean(ours).mad < CEILINGS[kind][0]
    assert mean(ours).mse < CEILINGS[kind][1]
