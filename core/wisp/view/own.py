"""What the window keeps of one shot alone (versions of its solve, choices of its deliveries): where, and how that goes
along when the shot is saved elsewhere."""

from __future__ import annotations

import shutil
from pathlib import Path

from ..atomic import link_or_copy
from ..client.folders import own_folder
from ..client.session import Places
from .places import OpenedShot


def places_of(opened: OpenedShot) -> Places:
    """What the engine may read and write, and the shot's own folder."""
    # A draft has a folder to itself. From there nothing comes into a cache that other shots have when it is saved.
    folder = opened.root if opened.draft else opened.cache
    return opened.places._replace(own=str(own_folder(folder, opened.path)))


def take_along(before: OpenedShot, after: OpenedShot) -> None:
    """The shot that was `before` is saved as `after`: have what was kept of it there, too, if its mattes are. What is
    kept there already stays. Raises OSError, OutputError, and then there is nothing."""
    source, target = Path(places_of(before).own), Path(places_of(after).own)
    mattes_are_there = before.draft or before.cache.resolve() == after.cache.resolve()
    if mattes_are_there and source.is_dir() and not target.exists():
        try:
            shutil.copytree(source, target, copy_function=link_or_copy)
        except BaseException:
            shutil.rmtree(target, ignore_errors=True)
            raise
