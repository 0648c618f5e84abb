"""Makes the add-on's pure modules importable without a host: `blender_addon.mapping` and so on."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from pathlib import Path

from wisp import client

# What `package.py` copies beside the add-on. Each module by itself: loaded again under the add-on's name it would
# take the place of the first in the package, and what one makes would be no instance of the other's classes.
sys.modules["blender_addon.client"] = client
for found in pkgutil.iter_modules(client.__path__):
    if found.name != "windows" or sys.platform == "win32":
        sys.modules[f"blender_addon.client.{found.name}"] = importlib.import_module(f"wisp.client.{found.name}")
sys.path.append(str(Path(__file__).resolve().parent.parent.parent))
