"""The shot that jobs are made of."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.farm_jobs import write_shot


@pytest.fixture
def shot(tmp_path: Path) -> Path:
    """A drifting disc, see `helpers.farm_jobs`."""
    return write_shot(tmp_path)
