"""Fixtures that every room's tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent


def shared_folder() -> Path:
    """Where the golden vectors and real clips lie: $WISP_SHARED, or `shared` beside the checkout."""
    return Path(os.environ.get("WISP_SHARED", REPOSITORY.parent / "shared"))


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of golden vectors and real clips; tests that need it are skipped where it is absent."""
    folder = shared_folder()
    if not folder.is_dir():
        pytest.skip(f"needs the shared material (golden vectors, real clips), not found at {folder}")
    return folder
