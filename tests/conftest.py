"""Fixtures that every room's tests share."""

from __future__ import annotations

import importlib
import os
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent


#: What `dev.py` does not set up.
OPTIONAL = ("cryptomatte_api",)

if os.environ.get("WISP_WHOLE"):
    _skip_without = pytest.importorskip

    def _import(name: str, *arguments: Any, **options: Any) -> Any:
        """Where everything was set up, a library that cannot be imported is a fault and no reason to skip."""
        return _skip_without(name, *arguments, **options) if name in OPTIONAL else importlib.import_module(name)

    pytest.importorskip = _import


def shared_folder() -> Path:
    """Where the golden vectors and real clips lie: $WISP_SHARED, or `shared` beside the checkout."""
    return Path(os.environ.get("WISP_SHARED", REPOSITORY.parent / "shared"))


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of golden vectors and real clips; tests that need it are skipped where it is absent.

    One that $WISP_SHARED names has to be there.
    """
    folder = shared_folder()
    if not folder.is_dir():
        if "WISP_SHARED" in os.environ:
            pytest.fail(f"WISP_SHARED names {folder}, which is no folder")
        pytest.skip(f"needs the shared material (golden vectors, real clips), not found at {folder}")
    return folder
