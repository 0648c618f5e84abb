"""What `wisp view` opens and where it keeps it: a saved shot, or a plate with a shot still to be saved."""

from __future__ import annotations

import filecmp
import hashlib
import itertools
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache as remembered
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from .. import shot as documents
from ..atomic import TEMPORARY_SUFFIX, link_or_copy
from ..client.folders import cache_folder
from ..client.frames import FrameName, as_sequence
from ..client.locks import LOCKED
from ..client.session import Places
from ..client.tables import CACHE
from ..errors import OutputError, UsageError, WispError
from ..fingerprint import fingerprint
from ..shot import PlateSpec, Shot

if TYPE_CHECKING:
    from ..plates.plate import Plate


@dataclass(frozen=True)
class OpenedShot:
    """A shot and its place. `draft`: it lies in the user's cache and is kept there by itself until it is saved. `text`:
    what lay there when it was opened, None for nothing. `note`: a sentence on how it was opened, or nothing."""

    shot: Shot
    path: Path
    cache: Path
    draft: bool
    text: str | None = None
    note: str = ""

    @property
    def root(self) -> Path:
        """The folder that the document's relative paths refer to."""
        return self.path.resolve().parent

    @property
    def places(self) -> Places:
        """What the engine may read and write."""
        plate = documents.resolve_path(self.shot.plate.path, self.path)
        # A pattern of folders, or a folder given as the plate: what exists above the pictures.
        folder = plate if plate.is_dir() else plate.parent
        masks = {
            documents.resolve_path(prompt.path, self.path).parent
            for item in self.shot.objects
            for prompt in item.prompts
            if isinstance(prompt, documents.MaskPrompt)
        }
        stored = [one for item in self.shot.objects for one in (item.core, item.garbage) if one is not None]
        others = {documents.resolve_path(one, self.path).parent for one in (*stored, *self.shot.plate.beside.values())}
        readable = (folder, folder.resolve(), *sorted(masks | others))
        return Places(str(self.root), str(self.cache), tuple(dict.fromkeys(str(one) for one in readable)))


def open_target(target: Path, cache: Path | None = None, environment: Mapping[str, str] = os.environ) -> OpenedShot:
    """The shot document that `target` is, or a draft for the plate that it is. A plate opened before has its draft
    still. `cache`: see `wisp view --cache`. Raises InputError, UsageError, FrameReadError, OutputError."""
    if target.suffix.lower() == ".wisp":
        text = documents.text_of(target)
        return OpenedShot(documents.load(target), target, cache or cache_beside(target, environment), False, text)
    shot, path, note = _draft(as_sequence(target), environment)
    return OpenedShot(shot, path, cache or path.parent / CACHE, True, documents.text_of(path), note)


def save_as(opened: OpenedShot, document: Mapping[str, Any], path: Path) -> OpenedShot:
    """Write the document at `path`, with the drawn masks it refers to and the mattes that are there: all of a draft's,
    of another document those that are approved.

    Raises UsageError for an invalid document and OutputError where the place cannot be written, or somebody else has
    written there since the shot was opened.
    """
    shot = documents.edited(dict(document))
    if path.resolve() == opened.path.resolve():
        documents.check_unchanged(path, opened.text)  # of a draft, by another window on the same plate
        documents.save(shot, path)
        return OpenedShot(shot, path, opened.cache, opened.draft, documents.text_of(path))
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
    documents.save(there, path)
    return replace(moved, text=documents.text_of(path))


def follow(opened: OpenedShot, document: Path) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """What `save_as` does to the paths of an object or of the plate, for those of the steps of undo. A mask that cannot
    be taken along stays where it is."""

    keys = {"path", "core", "garbage", *documents.BESIDE}

    @remembered
    def path(stored: str) -> str:
        try:
            return _take_along(stored, opened, document)
        except OSError:
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


def _draft(plate_path: Path, environment: Mapping[str, str]) -> tuple[Shot, Path, str]:
    """The shot, its place, and what is to be said of it. A draft that cannot be read is put aside, not overwritten."""
    from ..plates import open_plate

    place = str(plate_path.absolute())
    key = hashlib.sha256(place.encode()).hexdigest()[:8]
    plate = open_plate(plate_path)
    path = cache_folder(environment) / "drafts" / f"{plate.name}-{key}" / f"{plate.name}.wisp"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            return new_shot(plate, path, place), path, ""
        try:
            return _with_frames_of(plate, documents.load(path)), path, ""
        except WispError as error:
            aside = _unused(path)
            path.rename(aside)
            note = f"What was drawn here before cannot be read and lies in {aside} now: {error.message}"
            return new_shot(plate, path, place), path, note
    except OSError as error:
        raise OutputError(
            f"The folder {path.parent} for what is not saved yet cannot be used: {error.strerror or error}.",
            hint="Give yourself the right to write there.",
            path=path.parent,
        ) from None


def _with_frames_of(plate: Plate, shot: Shot) -> Shot:
    """A draft over the frames that the plate has now; where something is drawn beyond them, as it is."""
    first, last = (frame + shot.plate.offset for frame in (plate.frames[0], plate.frames[-1]))
    missing = shot.plate.missing
    if missing == "error" and (first, last) != (shot.plate.first, shot.plate.last):
        missing = _missing_rule(plate)
    try:
        spec = shot.plate.model_copy(update={"first": first, "last": last, "missing": missing})
        return documents.checked(shot.model_copy(update={"plate": spec}))
    except UsageError:
        return shot


def _unused(path: Path) -> Path:
    """A name beside `path` that nothing has."""
    names = (path.with_name(f"{path.stem}_unreadable{number or ''}{path.suffix}") for number in itertools.count())
    return next(name for name in names if not name.exists())


def new_shot(plate: Plate, path: Path, place: str) -> Shot:
    """The document of a plate (opened from `place`) without objects, to lie at `path`; it is not written."""
    from ..plates.colour import choose_colour

    colour = choose_colour(plate.colorspace)
    described = {
        "path": documents.relative_path(place, path),
        "first": plate.frames[0],
        "last": plate.frames[-1],
        "width": plate.width,
        "height": plate.height,
        "pixel_aspect": plate.pixel_aspect,
        "colorspace": colour.colorspace,
        "view": colour.view,
        "missing": _missing_rule(plate),
    }
    return documents.edited({"wisp": documents.VERSION, "plate": described})


def _missing_rule(plate: Plate) -> Literal["hold", "error"]:
    """What becomes of missing frames where nobody has said it: those of a plate with gaps are held."""
    return "hold" if len(plate.frames) <= plate.frames[-1] - plate.frames[0] else "error"


def fit_to_plate(shot: Shot, document: Path) -> Shot:
    """The shot at `document` with all that was drawn scaled to its plate as it is now, a proxy or the final one: masks
    become pictures of its size beside the document. The shot itself where the size is the same. WispError.
    """
    from ..plates import open_plate

    spec = shot.plate
    now = open_plate(documents.resolve_path(spec.path, document), layer=spec.layer)
    if (now.width, now.height) == (spec.width, spec.height):
        return shot
    plate = spec.model_copy(update={"width": now.width, "height": now.height, "pixel_aspect": now.pixel_aspect})
    values = shot.model_dump(mode="json")
    objects = [fit_object(item, document, spec, plate) for item in values["objects"]]
    return documents.edited(dict(values, plate=plate.model_dump(mode="json"), objects=objects))


def fit_object(item: dict[str, Any], document: Path, before: PlateSpec, now: PlateSpec) -> dict[str, Any]:
    """An object drawn on a plate of another size, scaled to the one of now. WispError."""
    from ..panel.carrying import scaled

    sizes = (before.width, before.height), (now.width, now.height)
    (fitted,) = scaled([item], *sizes, lambda path: _resized(path, document, *sizes))
    return fitted


def cache_beside(path: Path, environment: Mapping[str, str]) -> Path:
    chosen = environment.get("WISP_CACHE")
    return Path(chosen).resolve() if chosen else path.resolve().parent / CACHE


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
    target.parent.mkdir(parents=True, exist_ok=True)
    for name in names:
        shutil.copyfile(mask.with_name(name), target.with_name(name))
    return documents.relative_path(target, document)


def _files_of(mask: Path) -> list[str]:
    """The names of the files that are there of a picture, or of a pattern of pictures."""
    pattern = FrameName.parse(mask.name)
    if pattern is None:
        return [mask.name] if mask.is_file() else []
    there = mask.parent.iterdir() if mask.parent.is_dir() else ()
    return [one.name for one in there if pattern.number(one.name) is not None]


def _is_same(one: Path, other: Path) -> bool:
    return filecmp.cmp(one, other, shallow=False)


def _link(source: str, target: str) -> str:
    """Mattes are never changed in place, so the copy may be the same file."""
    if not Path(target).exists():
        link_or_copy(source, target)
    return target


def _passing(_folder: str, names: list[str]) -> list[str]:
    """Not to be copied: the index, which is made anew (linked, two caches would write to one), and unfinished files
    of the engine, which may be gone the next moment."""
    return [name for name in names if name.startswith("index.sqlite") or name.endswith(TEMPORARY_SUFFIX)]


def _resized(stored: str, document: Path, before: tuple[int, int], size: tuple[int, int]) -> str:
    """A mask of one plate size as a picture of another beside the document; its path, relative to it."""
    import cv2

    from ..atomic import replacing
    from ..plates.stills import read_coverage

    path = documents.resolve_path(stored, document)
    shrinks = size[0] * size[1] < before[0] * before[1]
    values = cv2.resize(
        read_coverage(path, *before), size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    )
    # Masks of one name in several folders stay several.
    target = document.parent / "prompts" / f"{path.stem}_{size[0]}x{size[1]}_{fingerprint(str(path))[:8]}.png"
    with replacing(target) as temporary:
        temporary.write_bytes(cv2.imencode(".png", (values * 255).round().astype("uint8"))[1].tobytes())
    return documents.relative_path(target, document)
