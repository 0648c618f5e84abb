"""Files of a folder in which other processes are at work."""

from __future__ import annotations

import os
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path


def files_below(folder: Path, pattern: str) -> Iterator[Path]:
    """Those whose name matches; `Path.rglob` ends with an error where a folder goes away while it looks."""
    for place, _, names in os.walk(folder):
        yield from (Path(place, name) for name in names if fnmatch(name, pattern))
