"""Pictures in: EXR, stills, movies, sequences, and what a model sees of them.

`open_plate` is the way in. Readers load their libraries when the first file of their kind is opened.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from ..errors import InputError, UsageError
from ..fingerprint import fingerprint
from ..frames import format_frames
from .identity import file_states
from .missing import Policy, apply_missing
from .opening import Fence
from .pictures import PicturePlate, renumbered, with_pages
from .plate import Plate, PlateFrame, PlateHeader, Window
from .sequences import MOVIE_SUFFIXES, find

__all__ = [
    "Plate",
    "PlateFrame",
    "PlateHeader",
    "Policy",
    "Window",
    "apply_missing",
    "files_state",
    "open_beside",
    "open_plate",
]


def open_plate(
    spec: str | Path,
    *,
    frames: Sequence[int] | None = None,
    offset: int = 0,
    first: int | None = None,
    layer: str | None = None,
    fence: Fence | None = None,
    should_stop: Callable[[], bool] = lambda: False,
) -> Plate:
    """The plate that `spec` names: a pattern, a folder, a movie or one picture (see `plates.sequences`).

    `offset` is added to the files' own numbers (a movie's are 1..N); `first` chooses it so that the first frame, of a
    plate named with a range the first of that, gets this number. `frames` narrows the plate to these (renumbered)
    frames; those of them that do not exist stay in `expected`. `layer` picks a layer, part or view of EXR files.
    `fence`: where the files must lie, links followed, whenever one is opened. `should_stop`: asked while a long file or
    many files are looked at. Raises InputError (nothing there, several things there, no frame left), UsageError,
    FrameReadError, CancelledError.
    """
    found = find(spec)
    is_movie = next(iter(found.files.values())).suffix.lower() in MOVIE_SUFFIXES
    if not is_movie:
        found = with_pages(found)
    if first is not None:
        offset = first - (found.wanted or tuple(found.files))[0]
    found = renumbered(found, offset)
    if frames is not None:
        found = replace(found, wanted=tuple(sorted(set(frames))))
    if is_movie:
        from .movies import MoviePlate

        return MoviePlate(found, layer=layer, fence=fence, should_stop=should_stop)
    if found.wanted is not None and not found.files.keys() & set(found.wanted):
        raise InputError(
            f"{spec} has none of the frames {format_frames(found.wanted)}.",
            hint=f"It has {format_frames(found.files)}.",
            path=str(spec),
        )
    return PicturePlate(found, layer=layer, fence=fence, should_stop=should_stop)


def open_beside(
    path: Path,
    name: str,
    size: tuple[int, int],
    offset: int,
    *,
    fence: Fence | None = None,
    should_stop: Callable[[], bool] = lambda: False,
) -> Plate:
    """What was filmed beside a plate of that `size` (width, height) and `offset`: one picture, or a sequence with the
    plate's frame numbers. `name`: what people call it. UsageError for another size; raises what `open_plate` does.
    """
    # A movie has no numbers but those that the plate's gets.
    offset = offset if path.suffix.lower() in MOVIE_SUFFIXES else 0
    plate = open_plate(path, offset=offset, fence=fence, should_stop=should_stop)
    if (plate.width, plate.height) != size:
        raise UsageError(
            f"The {name} is {plate.width}x{plate.height} but the plate is {size[0]}x{size[1]}.",
            hint="Give it in the plate's size.",
        )
    return plate


def files_state(spec: str | Path) -> str:
    """Changes whenever files of the plate that `spec` names come or go, or the size or time of one does. Opens none of
    them. Raises InputError, UsageError."""
    found = find(spec)
    named = found.files if found.wanted is None else found.files.keys() & set(found.wanted)
    return fingerprint(found.path, file_states((frame, found.files[frame]) for frame in sorted(named)))
