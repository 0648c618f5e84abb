"""A made-up registry of small files, and builders that hand back what they were given."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from wisp.weights.options import RunOptions
from wisp.weights.registry import ModelEntry

GOOD = np.random.default_rng(1).bytes(300_000)
OTHER = np.random.default_rng(2).bytes(300_000)
UNLISTED = np.random.default_rng(3).bytes(5_000)

REGISTRY = f"""
[[file]]
name = "hero+.pt"
size = {len(GOOD)}
sha256 = "{hashlib.sha256(GOOD).hexdigest()}"
repo = "studio/hero"
revision = "{"0" * 40}"
path = "checkpoints/hero+.pt"

[[file]]
name = "fresh.pt"
repo = "studio/fresh"
path = "fresh.pt"

[[model]]
id = "plain"
title = "Without weights"
builders = {{ head = "weights.stand_ins:build" }}
licence = "Apache-2.0"
commercial = "yes"
attribution = "Wisp"

[[model]]
id = "hero"
title = "Hero"
builders = {{ tracker = "weights.stand_ins:build", head = "weights.stand_ins:build" }}
files = {{ checkpoint = "hero+.pt" }}
licence = "CC-BY-NC-SA-4.0"
commercial = "no"
attribution = "Somebody"

[[model]]
id = "fresh"
title = "Fresh"
builders = {{ tracker = "weights.stand_ins:build" }}
files = {{ checkpoint = "fresh.pt" }}
licence = "own terms"
commercial = "ask"
attribution = "Somebody"

[[model]]
id = "both"
title = "Two files"
builders = {{ tracker = "weights.stand_ins:build" }}
files = {{ encoder = "hero+.pt", decoder = "fresh.pt" }}
segments = true
licence = "MIT"
commercial = "yes"
attribution = "Somebody"

[[model]]
id = "lacking"
title = "Needs a package"
builders = {{ head = "weights.stand_ins:build_with_absent_package" }}
licence = "MIT"
commercial = "yes"
attribution = "Somebody"
install = "pip install something"
"""


def build(entry: ModelEntry, files: Mapping[str, Path], options: RunOptions) -> SimpleNamespace:
    return SimpleNamespace(id=entry.id, version="algorithm-7", entry=entry, files=files, options=options)


def build_with_absent_package(entry: ModelEntry, files: Mapping[str, Path], options: RunOptions) -> SimpleNamespace:
    import a_package_that_is_not_there  # type: ignore[import-not-found]

    return SimpleNamespace(module=a_package_that_is_not_there)
