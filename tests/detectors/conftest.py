"""A small detector, made once; the package it needs may be absent."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from detectors.stand_ins import write_grounding_dino
from wisp.detectors import grounding_dino
from wisp.detectors.grounding_dino import GroundingDino
from wisp.models.build import load_detector
from wisp.weights.options import RunOptions


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("transformers", reason="needs the extra 'text'")
    return write_grounding_dino(tmp_path_factory.mktemp("detector-weights"))


@pytest.fixture(scope="session")
def detector(weights: Path) -> GroundingDino:
    options = RunOptions(device="cpu", weights=(weights,), allow_unverified=True)
    found = load_detector("grounding-dino-tiny", options)
    assert isinstance(found, GroundingDino)
    return found


@pytest.fixture(scope="session")
def picture() -> np.ndarray:
    """60 x 90 RGB with smooth structure."""
    y, x = np.mgrid[:60, :90].astype(np.float32)
    red, green = 0.5 + 0.4 * np.sin(x / 9), 0.5 + 0.4 * np.cos(y / 7)
    return np.stack([red, green, (x + y) / 150], axis=-1).astype(np.float32)


@pytest.fixture
def small_view(monkeypatch: pytest.MonkeyPatch) -> None:
    """The detector looks at a sixth of the size: what it finds is meaningless anyway, and found sooner."""
    monkeypatch.setattr(grounding_dino, "SHORT_SIDE", 128)
    monkeypatch.setattr(grounding_dino, "LONG_SIDE", 213)
