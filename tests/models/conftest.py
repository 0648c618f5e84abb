"""The made-up registry and the empty home of the weights' tests."""

from __future__ import annotations

from weights.conftest import home, small_registry

__all__ = ["home", "small_registry"]
