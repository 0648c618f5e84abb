"""From what a user types to numbered files on disk. Looks at names only, never into a file.

Understood: `sh010.%04d.exr`, `sh010.####.exr`, `sh010.@@@@.exr`, `sh010.$F4.exr`, any of them followed by a blank
and a frame range (`sh010.####.exr 1001-1100x2`), a folder that holds one sequence, and one file by its name. What
exists by the very name that was typed is that file or folder, whatever characters are in its name; only then do %V and
%v stand for a stereo view.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import InputError, UsageError
from ..frames import MAX_FRAMES, FrameName, format_frames, parse_frames

#: Padding reported where the file name has no number.
DEFAULT_PADDING = 4

EXR_SUFFIXES = frozenset({".exr", ".sxr"})
STILL_SUFFIXES = frozenset(
    {".png", ".jpg", ".jpeg", ".tif", ".tiff", ".dpx", ".cin", ".tga", ".webp", ".bmp", ".hdr", ".psd", ".jp2"}
    | {".ppm", ".pgm", ".sgi", ".rgb", ".gif"}
)
MOVIE_SUFFIXES = frozenset({".mov", ".mp4", ".m4v", ".mkv", ".webm", ".mxf", ".avi", ".mpg", ".mpeg", ".ts", ".mts"})
#: Where a path names its stereo view -> what may stand there.
VIEW_FIELDS = {"%V": ("left", "right"), "%v": ("l", "r")}
READABLE_SUFFIXES = EXR_SUFFIXES | STILL_SUFFIXES | MOVIE_SUFFIXES

#: `shot.1001.exr`: a number between dots, right before the suffix.
_NUMBERED = re.compile(r"(?P<name>.*)\.(?P<number>-?[0-9]{1,9})", re.DOTALL)


@dataclass(frozen=True)
class Files:
    """Numbered files that make up a plate. A movie is one file under the number 1.

    `files`: frame -> path, ascending. `wanted`: the frames that the user named, None where all are meant. `pages`:
    frame -> place in its file, for one file of several pictures; empty where each file is one. `offset`: what was added
    to the files' own numbers.
    """

    path: str
    name: str
    files: dict[int, Path]
    padding: int
    wanted: tuple[int, ...] | None = None
    pages: Mapping[int, int] = field(default_factory=dict)
    offset: int = 0

    @property
    def is_numbered(self) -> bool:
        """Whether the frames are numbers in the files' names: one file without gets the number 1, a movie, too."""
        return len(self.files) > 1 or next(iter(self.files.values())).stem != self.name


def find(spec: str | Path) -> Files:
    """The files that `spec` means. InputError where nothing is there, or several things are."""
    text = str(spec)
    try:
        return _named(text)
    except InputError:
        views = [text.replace(place, eye) for place, eyes in VIEW_FIELDS.items() if place in text for eye in eyes]
        if not views or _is(Path(text).exists):
            raise
    return find(next(filter(is_there, views), views[0]))  # of several views the first is the plate


def is_there(text: str) -> bool:
    """Whether it means files that are there."""
    try:
        return bool(find(text).files)
    except (InputError, UsageError):
        return False


def _named(text: str) -> Files:
    """What is called just so."""
    if not text.strip():
        raise UsageError("The plate has no path.", hint="Name a file, a pattern such as sh010.%04d.exr, or a folder.")
    if (found := _existing(text)) is not None:
        return found
    head, _, tail = text.rpartition(" ")
    if head.strip() and (wanted := _range(tail)) is not None:
        found = _existing(head.rstrip()) or _pattern(head.rstrip(), wanted)
        return Files(text, found.name, found.files, found.padding, wanted)
    return _pattern(text)


def _range(text: str) -> tuple[int, ...] | None:
    try:
        return parse_frames(text)
    except UsageError:
        return None


def _existing(text: str) -> Files | None:
    path = Path(text)
    if _is(path.is_dir):
        return _folder(path)
    if _is(path.is_file):
        return _single(path)
    return None


def _is(check: Callable[[], bool]) -> bool:
    """The answer; nothing is there by a name that is too long. InputError where one may not look."""
    try:
        return check()
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            return False
        raise InputError(
            f"{error.filename} cannot be looked at: {str(error.strerror).lower()}.",
            hint="Give yourself the right to read its folder.",
        ) from error


def _single(path: Path) -> Files:
    """One file by its name: frame 1, unless the name ends in `.NNNN`."""
    if path.suffix.lower() not in READABLE_SUFFIXES:
        raise InputError(
            f"{path} is no picture or movie that Wisp reads.",
            hint=f"It reads {' '.join(sorted(READABLE_SUFFIXES))}.",
            path=path,
        )
    match = _NUMBERED.fullmatch(path.stem)
    if match is None or path.suffix.lower() in MOVIE_SUFFIXES:
        return Files(str(path), path.stem, {1: path}, DEFAULT_PADDING)
    return Files(str(path), match["name"], {int(match["number"]): path}, len(match["number"]))


def _pattern(text: str, wanted: tuple[int, ...] | None = None) -> Files:
    """Every file on disk that the pattern in the last part of `text` stands for."""
    path = Path(text)
    pattern = FrameName.parse(path.name)
    if pattern is None:
        raise InputError(f"{text} does not exist.", hint=_EXAMPLE, path=text)
    files = _scan(path.parent, pattern)
    if not files and "%%" in path.name:  # as printf writes a percent sign
        pattern = FrameName(pattern.before.replace("%%", "%"), pattern.width, pattern.after.replace("%%", "%"))
        files = _scan(path.parent, pattern)
    if not files:
        raise InputError(f"No file matches {text}.", hint=_present(path.parent, path.suffix), path=text)
    if wanted is None:
        _refuse_strays(files)
    return Files(text, _plain(pattern.before) or path.parent.name, files, pattern.width, None)


_EXAMPLE = "Check the path; a sequence is written as sh010.%04d.exr, or sh010.####.exr 1001-1100."


def _scan(folder: Path, pattern: FrameName) -> dict[int, Path]:
    """Frame -> file for the names of `folder` that the pattern stands for, ascending."""
    numbers = {frame: name for name in _names(folder) if (frame := pattern.number(name)) is not None}
    return {frame: folder / numbers[frame] for frame in sorted(numbers)}


def _names(folder: Path) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entry.name for entry in entries if not entry.name.startswith("."))
    except OSError:
        return []


def _refuse_strays(files: Mapping[int, Path]) -> None:
    """InputError that names the file whose number (a date, say) would make the sequence endless."""
    frames = list(files)
    if frames[-1] - frames[0] < MAX_FRAMES:
        return
    gap = max(range(1, len(frames)), key=lambda place: frames[place] - frames[place - 1])
    stray, rest = (frames[gap:], frames[:gap]) if gap >= len(frames) / 2 else (frames[:gap], frames[gap:])
    more = f" and {len(stray) - 1} more lie" if len(stray) > 1 else " lies"
    raise InputError(
        f"{files[stray[0]]}{more} far from the other frames {format_frames(rest)[:60]}.",
        hint="If its number is no frame of this sequence, move it away or give it another name; "
        "else say behind a blank which frames are meant.",
        path=files[stray[0]],
    )


def _folder(folder: Path) -> Files:
    """The one sequence that `folder` holds, else the one picture or movie."""
    readable = [name for name in _names(folder) if Path(name).suffix.lower() in READABLE_SUFFIXES]
    found = _sequences(readable)
    sequences = [
        one for one, frames in found.items() if isinstance(one, FrameName) and len(frames) > 1 and _of_stills(one)
    ]
    if len(sequences) == 1:
        (pattern,) = sequences
        files = _scan(folder, pattern)
        _refuse_strays(files)
        return Files(str(folder / str(pattern)), _plain(pattern.before) or folder.name, files, pattern.width)
    if not sequences and len(readable) == 1:
        return _single(folder / readable[0])
    if not readable:
        raise InputError(f"The folder {folder} holds no picture or movie that Wisp reads.", path=folder)
    raise InputError(
        f"The folder {folder} holds more than one plate.", hint=f"Name one of them: {_listed(found)}.", path=folder
    )


def _of_stills(pattern: FrameName) -> bool:
    return Path(pattern.after).suffix.lower() not in MOVIE_SUFFIXES


def _sequences(names: list[str]) -> dict[FrameName | str, list[int]]:
    """Sorted names as patterns with their frames; a name without a number stands for itself."""
    plain: dict[FrameName | str, list[int]] = {}
    groups: dict[tuple[str, str], list[tuple[int, int]]] = {}
    for name in names:
        numbered = FrameName.of_file(name)
        if numbered is None:
            plain[name] = []
        else:
            pattern, frame = numbered
            groups.setdefault((pattern.before, pattern.after), []).append((pattern.width, frame))
    found: dict[FrameName | str, list[int]] = {}
    for (before, after), members in groups.items():
        # A number as wide as its own padding fits no narrower one: widths are settled from the narrowest on.
        waiting = sorted(members)
        while waiting:
            pattern = FrameName(before, waiting[0][0], after)
            fitting = {
                (width, frame)
                for width, frame in waiting
                if pattern.number(FrameName(before, width, after).name(frame)) is not None
            }
            found[pattern] = sorted(frame for _, frame in fitting)
            waiting = [member for member in waiting if member not in fitting]
    return {**found, **plain}


def _present(folder: Path, suffix: str) -> str:
    """What could have been meant instead."""
    if not _is(folder.is_dir):
        return f"The folder {folder} does not exist."
    similar = [name for name in _names(folder) if Path(name).suffix.lower() == suffix.lower()]
    if not similar:
        return f"The folder has no {suffix} files."
    return f"The folder has {_listed(_sequences(similar))}."


def _listed(found: Mapping[FrameName | str, list[int]], most: int = 8) -> str:
    """`a.%04d.exr 1-10, b.png`, cut after `most` names."""
    names = sorted(
        one if isinstance(one, str) else f"{one} {format_frames(frames)}" if len(frames) > 1 else one.name(*frames)
        for one, frames in found.items()
    )
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def _plain(base: str) -> str:
    """`sh010.` and `sh010_` name a plate `sh010`."""
    return base.rstrip("._- ")
