"""A shot that is saved: where it is, or elsewhere, with the pictures, mattes and versions that belong to it."""

from __future__ import annotations

import filecmp
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache as remembered
from pathlib import Path
from typing import Any

from .. import shot as documents
from ..atomic import TEMPORARY_SUFFIX, link_or_copy, replacing
from ..client.frames import FrameName
from ..client.locks import LOCKED
from ..client.tables import INDEX
from ..errors import OutputError
from ..fingerprint import fingerprint
from ..shot import Shot
from .places import OpenedShot, cache_beside


def save_as(opened: OpenedShot, document: Mapping[str, Any], path: Path) -> OpenedShot:
    """Write the document at `path`, with the drawn masks it refers to and the mattes that are there: all of a draft's,
    of another document those that are approved.

    Raises UsageError for an invalid document and OutputError where the place cannot be written, or somebody else has
    written there since the shot was opened.
    """
    shot = documents.edited(dict(document))
    if path.resolve() == opened.path.resolve():
        text = documents.dump(shot)
        with documents.editing(path):  # nobody else writes between the look and the write
            documents.check_unchanged(path, opened.text)  # of a draft, by another window on the same plate
            documents.write_text(text, path)
        return OpenedShot(shot, path, opened.cache, opened.draft, text)
    try:
        there = documents.renamed(shot, lambda stored: _take_along(stored, opened, path))
        moved = OpenedShot(there, path, cache_beside(path, os.environ), False)
        if opened.draft and opened.cache.is_dir() and opened.cache.resolve() != moved.cache.resolve():
            shutil.copytree(opened.cache, moved.cache, copy_function=_link, dirs_exist_ok=True, ignore=_passing)
        take_approved(there, opened.cache, moved.cache)
    except OSError as error:
        raise OutputError(
            f"{path.parent} cannot be written: {error}.", hint="Choose another folder.", path=path
        ) from None
    text = documents.dump(there)
    with documents.editing(path):
        documents.write_text(text, path)
    return replace(moved, text=text)


def follow(opened: OpenedShot, document: Path) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """What `save_as` does to the paths of an object or of the plate, for those of the steps of undo. A mask that cannot
    be taken along stays where it is."""

    keys = {"path", "core", "garbage", *documents.BESIDE}

    @remembered
    def path(stored: str) -> str:
        try:
            return _take_along(stored, opened, document)
        except (OSError, OutputError):
            return documents.relative_path(documents.resolve_path(stored, opened.path), document)

    def moved(part: dict[str, Any]) -> dict[str, Any]:
        found = {key: path(part[key]) if key in keys and part[key] else part[key] for key in part}
        if "prompts" in part:
            found["prompts"] = [moved(prompt) for prompt in part["prompts"]]
        return found

    return moved


def take_approved(shot: Shot, before: Path, after: Path) -> None:
    """Have the mattes of locked frames in another cache, too. Raises OSError."""
    for name in {name for item in shot.objects for _, _, name in item.approvals}:
        source = before / LOCKED / name
        if source.is_dir() and before.resolve() != after.resolve():
            shutil.copytree(source, after / LOCKED / name, copy_function=_link, dirs_exist_ok=True, ignore=_passing)


def take_own_along(before: OpenedShot, after: OpenedShot) -> None:
    """The shot that was `before` is saved as `after`: have what was kept of it there, too, if its mattes are. What is
    kept there already stays. Raises OSError, OutputError, and then there is nothing."""
    source, target = Path(before.places.own), Path(after.places.own)
    mattes_are_there = before.draft or before.cache.resolve() == after.cache.resolve()
    if mattes_are_there and source.is_dir() and not target.exists():
        try:
            shutil.copytree(source, target, copy_function=link_or_copy)
        except BaseException:
            shutil.rmtree(target, ignore_errors=True)
            raise


def _take_along(stored: str, opened: OpenedShot, document: Path) -> str:
    """A mask drawn here, or a sequence of them, is copied beside the new document; one from elsewhere stays where it
    is. Where another of its name lies there, as of another shot, both stay."""
    mask, drawn = documents.resolve_path(stored, opened.path), opened.root / "prompts"
    beside = document.resolve().parent / "prompts"
    if not mask.is_relative_to(drawn) or beside == drawn:
        return documents.relative_path(mask, document)
    target = beside / mask.relative_to(drawn)
    names = _files_of(mask)
    if any(
        name not in names or not _is_same(mask.with_name(name), target.with_name(name)) for name in _files_of(target)
    ):
        target = beside / fingerprint(str(mask))[:8] / mask.relative_to(drawn)
    for name in names:
        if not _is_same(mask.with_name(name), target.with_name(name)):
            with replacing(target.with_name(name)) as fresh:  # a document that was saved there may name it
                shutil.copyfile(mask.with_name(name), fresh)
    return documents.relative_path(target, document)


def _files_of(mask: Path) -> list[str]:
    """The names of the files that are there of a picture, or of a pattern of pictures."""
    pattern = FrameName.parse(mask.name)
    if pattern is None:
        return [mask.name] if mask.is_file() else []
    there = mask.parent.iterdir() if mask.parent.is_dir() else ()
    return [one.name for one in there if pattern.number(one.name) is not None]


def _is_same(one: Path, other: Path) -> bool:
    return other.is_file() and filecmp.cmp(one, other, shallow=False)


def _link(source: str, target: str) -> str:
    """Mattes are never changed in place, so the copy may be the same file."""
    if not Path(target).exists():
        link_or_copy(source, target)
    return target


def _passing(_folder: str, names: list[str]) -> list[str]:
    """Not to be copied: the index, which is made anew (linked, two caches would write to one), and unfinished files
    of the engine, which may be gone the next moment."""
    return [name for name in names if name.startswith(INDEX) or name.endswith(TEMPORARY_SUFFIX)]
