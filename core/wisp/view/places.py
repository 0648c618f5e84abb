"""What `wisp view` opens and where it keeps it: a saved shot, or a plate with a shot still to be saved."""

from __future__ import annotations

import hashlib
import itertools
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from .. import shot as documents
from ..client.folders import cache_folder, own_folder
from ..client.frames import as_sequence
from ..client.session import Places
from ..client.tables import CACHE
from ..errors import OutputError, UsageError, WispError
from ..shot import Shot

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
        """What the engine may read and write, and the shot's own folder."""
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
        # A draft has a folder to itself. From there nothing comes into a cache that other shots have when it is saved.
        own = own_folder(self.root if self.draft else self.cache, self.path)
        return Places(str(self.root), str(self.cache), tuple(dict.fromkeys(map(str, readable))), str(own))


def open_target(target: Path, cache: Path | None = None, environment: Mapping[str, str] = os.environ) -> OpenedShot:
    """The shot document that `target` is, or a draft for the plate that it is. A plate opened before has its draft
    still. `cache`: see `wisp view --cache`. Raises InputError, UsageError, FrameReadError, OutputError."""
    if target.suffix.lower() == ".wisp":
        text = documents.text_of(target)
        return OpenedShot(documents.load(target), target, cache or cache_beside(target, environment), False, text)
    shot, path, note = _draft(as_sequence(target), environment)
    return OpenedShot(shot, path, cache or path.parent / CACHE, True, documents.text_of(path), note)


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


def cache_beside(path: Path, environment: Mapping[str, str]) -> Path:
    chosen = environment.get("WISP_CACHE")
    return Path(chosen).resolve() if chosen else path.resolve().parent / CACHE
