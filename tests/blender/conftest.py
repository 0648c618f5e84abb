"""Makes the add-on's pure modules importable without a host: `blender_addon.mapping` and so on."""

from __future__ import annotations

import sys
from pathlib import Path

from wisp.client import tables

# What `package.py` copies beside the add-on.
sys.modules["blender_addon.client"] = sys.modules[tables.__package__ or ""]
sys.path.append(str(Path(__file__).resolve().parent.parent.parent))
