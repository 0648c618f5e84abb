"""From what a user types to numbered files on disk. Looks at names only, never into a file.

Understood: `sh010.%04d.exr`, `sh010.####.exr`, `sh010.@@@@.exr`, `sh010.$F4.exr`, any of them followed by a blank
and a frame range (`sh010.####.exr 1001-1100x2`), a folder that holds one sequence, and one file by its name.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import fileseq

from ..errors import InputError, UsageError
from ..frames import format_frames, parse_frames

#: Padding reported where the file name has no number.
DEFAULT_PADDING = 4

EXR_SUFFIXES = frozenset({".exr", ".sxr"})
STILL_SUFFIXES = frozenset(
    {".png", ".jpg", ".jpeg", ".tif", ".tiff", ".dpx", ".cin", ".tga", ".webp", ".bmp", ".hdr", ".psd", ".jp2"}
    | {".ppm", ".pgm", ".sgi", ".rgb", ".gif"}
)
MOVIE_SUFFIXES = frozenset({".mov", ".mp4", ".m4v", ".mkv", ".webm", ".mxf", ".avi", ".mpg", ".mpeg", ".ts", ".mts"})
READABLE_SUFFIXES = EXR_SUFFIXES | STILL_SUFFIXES | MOVIE_SUFFIXES

#: `shot.1001.exr`: a number between dots, right before the suffix.
_NUMBERED = re.compile(r"(?P<name>.*)\.(?P<number>-?\d+)")


@dataclass(frozen=True)
class Files:
    """Numbered files that make up a plate. A movie is one file under the number 1.

    `files`: frame -> path, ascending. `wanted`: the frames that the user named, None where all are meant.
    """

    path: str
    name: str
    files: dict[int, Path]
    padding: int
    wanted: tuple[int, ...] | None = None


def find(spec: str | Path) -> Files:
    """The files that `spec` means. InputError where nothing is there, or several things are."""
    text = str(spec)
    if not text.strip():
        raise UsageError("The plate has no path.", hint="Name a file, a pattern such as sh010.%04d.exr, or a folder.")
    if (found := _existing(text)) is not None:
        return found
    head, _, tail = text.rpartition(" ")
    if head.strip() and (wanted := _range(tail)) is not None:
        found = _existing(head.rstrip()) or _pattern(head.rstrip())
        return Files(text, found.name, found.files, found.padding, wanted)
    return _pattern(text)


def _range(text: str) -> tuple[int, ...] | None:
    try:
        return parse_frames(text)
    except UsageError:
        return None


def _existing(text: str) -> Files | None:
    path = Path(text)
    if path.is_dir():
        return _folder(path)
    if path.is_file():
        return _single(path)
    return None


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


def _pattern(text: str) -> Files:
    """Every file on disk that the pattern in the last part of `text` stands for."""
    path = Path(text)
    try:
        # Only the name is parsed, so that a `#` or `%` in a folder's name means itself; and Nuke's #### is
        # four digits, which fileseq's own default is not.
        sequence = fileseq.FileSequence(path.name, pad_style=fileseq.PAD_STYLE_HASH1)
    except fileseq.FileSeqException as error:
        raise InputError(f"'{text}' is not a file or a pattern: {error}.", hint=_EXAMPLE, path=text) from None
    if not sequence.padding() or sequence.padding() not in path.name:
        raise InputError(f"{text} does not exist.", hint="Check the path.", path=text)
    files = _scan(path.parent, sequence)
    if not files:
        raise InputError(f"No file matches {text}.", hint=_present(path.parent, path.suffix), path=text)
    wanted = tuple(int(frame) for frame in sequence.frameSet()) if sequence.frameSet() else None
    return Files(text, _plain(sequence.basename()) or path.parent.name, files, sequence.zfill(), wanted)


_EXAMPLE = "Write for example sh010.%04d.exr, or sh010.####.exr 1001-1100."


def _scan(folder: Path, sequence: fileseq.FileSequence) -> dict[int, Path]:
    """Frame -> file for the names of `folder` that have the sequence's base, padding and extension.

    A number longer than the padding has no leading zero. The sign of a negative one may count as one of the
    padded characters (`%04d` gives -005) or not (-0005): both are in use.
    """
    shape = re.compile(re.escape(sequence.basename()) + r"(-?)(\d+)" + re.escape(sequence.extension()))
    width = sequence.zfill()
    files = {}
    for name in _names(folder):
        match = shape.fullmatch(name)
        if match is None:
            continue
        sign, digits = match.groups()
        padded = len(digits) == width or (sign and len(digits) == width - 1)
        if padded or (len(digits) > width and not digits.startswith("0")):
            files[int(sign + digits)] = folder / name
    return dict(sorted(files.items()))


def _names(folder: Path) -> list[str]:
    try:
        return [entry.name for entry in folder.iterdir() if not entry.name.startswith(".")]
    except OSError:
        return []


def _folder(folder: Path) -> Files:
    """The one sequence that `folder` holds, else the one picture or movie."""
    readable = [name for name in sorted(_names(folder)) if Path(name).suffix.lower() in READABLE_SUFFIXES]
    found = fileseq.findSequencesInList(readable, pad_style=fileseq.PAD_STYLE_HASH1)
    sequences = [one for one in found if len(one) > 1 and one.extension().lower() not in MOVIE_SUFFIXES]
    if len(sequences) == 1:
        sequence = sequences[0]
        files = _scan(folder, sequence)
        path = folder / f"{sequence.basename()}%0{sequence.zfill()}d{sequence.extension()}"
        return Files(str(path), _plain(sequence.basename()) or folder.name, files, sequence.zfill())
    if not sequences and len(readable) == 1:
        return _single(folder / readable[0])
    if not readable:
        raise InputError(f"The folder {folder} holds no picture or movie that Wisp reads.", path=folder)
    raise InputError(
        f"The folder {folder} holds more than one plate.", hint=f"Name one of them: {_listed(found)}.", path=folder
    )


def _present(folder: Path, suffix: str) -> str:
    """What could have been meant instead."""
    if not folder.is_dir():
        return f"The folder {folder} does not exist."
    similar = [name for name in sorted(_names(folder)) if Path(name).suffix.lower() == suffix.lower()]
    if not similar:
        return f"The folder has no {suffix} files."
    return f"The folder has {_listed(fileseq.findSequencesInList(similar, pad_style=fileseq.PAD_STYLE_HASH1))}."


def _listed(sequences: Sequence[fileseq.FileSequence], most: int = 8) -> str:
    """`a.%04d.exr 1-10, b.png`, cut after `most` names."""
    names = []
    for sequence in sequences[:most]:
        if sequence.zfill() and sequence.frameSet():
            frames = format_frames(int(frame) for frame in sequence.frameSet())
            names.append(f"{sequence.basename()}%0{sequence.zfill()}d{sequence.extension()} {frames}")
        else:
            names.append(f"{sequence.basename()}{sequence.extension()}")
    return ", ".join(names) + (f" and {len(sequences) - most} more" if len(sequences) > most else "")


def _plain(base: str) -> str:
    """`sh010.` and `sh010_` name a plate `sh010`."""
    return base.rstrip("._- ")
