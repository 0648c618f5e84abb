"""Makes the add-on's pure modules importable without a host: `blender_addon.mapping` and so on."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent.parent))
