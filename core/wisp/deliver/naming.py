"""What delivered files are called: formats and their suffixes, frame fields, objects, versions."""

from __future__ import annotations

import glob
import itertools
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from ..atomic import CLAIM_SUFFIX, signature, signer_ended, writing
from ..client import tables
from ..errors import OutputError, UsageError
from ..frames import FrameName
from ..plates.sequences import READABLE_SUFFIXES

Format = Literal["exr", "exr32", "png", "tiff", "mov", "mkv", "webm"]


@dataclass(frozen=True)
class Kind:
    """What a format can do. `suffix` is what its files end in."""

    suffix: str
    movie: bool = False


#: Half and float EXR, 16-bit PNG and TIFF, ProRes 4444, FFV1, VP9.
FORMATS: dict[Format, Kind] = {
    name: Kind(tables.FORMATS[name].suffix, tables.FORMATS[name].movie) for name in get_args(Format)
}

#: Suffix -> the format that a name with it asks for.
_BY_SUFFIX: dict[str, Format] = {
    **{kind.suffix: name for name, kind in reversed(FORMATS.items())},
    "tiff": "tiff",
}

#: What stands for the version in a name.
VERSION = "{version}"
#: What stands for the object's name in a name.
OBJECT = "{object}"


class VersionTakenError(OutputError):
    """Another delivery makes the version, or has made it since it was chosen."""

    def __init__(self, version: int, folder: Path) -> None:
        text = f"Another delivery into {folder} makes version v{version:03d}."
        super().__init__(text, hint="Deliver the next one.", path=folder)


def named_format(output: str) -> Format:
    """The format that the suffix of `output` asks for; half EXR for a folder. UsageError for the suffix of pictures or
    movies that are not written."""
    suffix = _suffix(output)
    if suffix not in _BY_SUFFIX and f".{suffix}" in READABLE_SUFFIXES:
        raise UsageError(
            f"{output}: no .{suffix} is written.",
            hint=f"Mattes are written as {', '.join(sorted(f'.{one}' for one in _BY_SUFFIX))}, or EXR into a folder.",
        )
    return _BY_SUFFIX.get(suffix, "exr")


def _suffix(output: str) -> str:
    return Path(output).suffix.lower().removeprefix(".")


@dataclass(frozen=True)
class Pattern:
    """Output names: `{object}` where there are several sequences, `{version}` where deliveries are numbered, and in the
    name of the file (never of a folder) a place for the frame number unless it is a movie's."""

    #: A folder as it is, whatever its name looks like.
    base: Path
    #: The folder below it.
    folder: str
    #: The file's name; a movie's has no place for a number.
    name: FrameName | str

    @classmethod
    def of(cls, output: str | Path, kind: Kind, name: str, padding: int, *, versioned: bool = False) -> Pattern:
        """`output` itself where it names files, else `name` inside that folder (and its versions).

        Text is what a person typed; a `Path` is a folder, whatever its name looks like.
        """
        path = Path(output)
        frames = None if isinstance(output, Path) or path.is_dir() else _frame_field(path.name)
        if frames is not None or (kind.movie and path.suffix and not isinstance(output, Path)):
            asked = _BY_SUFFIX.get(_suffix(path.name))
            if asked is None or FORMATS[asked] != kind:
                raise UsageError(
                    f"The output '{output}' does not end in .{kind.suffix}.", hint=f"Name it ....{kind.suffix}."
                )
            if kind.movie and frames is not None:
                raise UsageError(f"The output '{output}' is a movie, which has no frame numbers.", hint="Leave it out.")
            unknown = re.search(r"\{(?!object\}|version\})[A-Za-z_]+\}", path.name)
            if unknown:
                raise UsageError(
                    f"The output '{output}' has a field {unknown[0]}.", hint=f"There are {OBJECT} and {VERSION}."
                )
            if versioned and VERSION not in str(output):
                raise UsageError(f"The output '{output}' has no {VERSION}.", hint=f"Put {VERSION} where it belongs.")
            return cls(Path(), str(path.parent), frames or path.name)
        if isinstance(output, str) and not path.is_dir() and _suffix(path.name) in _BY_SUFFIX:
            raise UsageError(
                f"The output '{output}' names one file, not one per frame.",
                hint="Put %04d or #### where the frame number belongs, or name a folder.",
            )
        base, folder = (path, Path()) if isinstance(output, Path) else (Path(), path)
        if versioned and VERSION not in str(folder):
            folder /= VERSION
        place = folder / name
        file = f"{place.name}.{kind.suffix}" if kind.movie else FrameName(f"{place.name}.", padding, f".{kind.suffix}")
        return cls(base, str(place.parent), file)

    @property
    def text(self) -> str:
        """All of it, the frame number as printf writes it."""
        return str(self.base / self.folder / str(self.name))

    def __contains__(self, field: str) -> bool:
        return field in self.folder or field in str(self.name)

    def path(self, frame: int, name: str = "") -> Path:
        """The file of one frame (of one object)."""
        file = self.name.name(frame) if isinstance(self.name, FrameName) else self.name
        return self.base / self.folder.replace(OBJECT, name) / file.replace(OBJECT, name)

    def at(self, version: int) -> Pattern:
        """The pattern of that version: `v001` and so on."""
        text = f"v{version:03d}"
        file = self.name
        if isinstance(file, FrameName):
            file = FrameName(file.before.replace(VERSION, text), file.width, file.after.replace(VERSION, text))
        else:
            file = file.replace(VERSION, text)
        return Pattern(self.base, self.folder.replace(VERSION, text), file)

    @contextmanager
    def claimed(self, version: int) -> Iterator[None]:
        """Nobody else makes that version in the block. VersionTakenError where somebody does, or has meanwhile."""
        mark, own = self._mark(version), signature()
        with writing(mark):
            mark.parent.mkdir(parents=True, exist_ok=True)
        while not _claim(mark, own):
            if _is_held(mark):
                raise VersionTakenError(version, mark.parent)
            mark.unlink(missing_ok=True)
        try:
            if self.latest() >= version:
                raise VersionTakenError(version, mark.parent)
            yield
        finally:
            mark.unlink(missing_ok=True)

    def next_version(self) -> int:
        """The number after the highest that exists or is being made."""
        version = self.latest() + 1
        while _is_held(self._mark(version)):
            version += 1
        return version

    def _mark(self, version: int) -> Path:
        """The file that says who makes a version there, whatever its files are called."""
        return self.shared_folder / f".v{version:03d}{CLAIM_SUFFIX}"

    @property
    def shared_folder(self) -> Path:
        """The last folder that all of its files lie in."""
        shared = itertools.takewhile(lambda part: not re.search(r"[{}]", part), Path(self.folder).parts)
        return self.base.joinpath(*shared)

    def latest(self) -> int:
        """The highest version that exists of any object and frame; 0 where there is none."""
        file = self.name if isinstance(self.name, str) else f"{self.name.before}\0{self.name.after}"
        before, _, after = str(Path(self.folder) / file).partition(VERSION)
        start = before + VERSION + re.split(r"[/\\]", after)[0]  # a version may be a folder or part of a name
        base = str(self.base / "_")[:-1]

        def filled(escape: Callable[[str], str], anything: str, version: str) -> str:
            text = escape(start)
            for field, stands_for in ((OBJECT, anything), ("\0", anything), (VERSION, version)):
                text = text.replace(escape(field), stands_for)
            return escape(base) + text

        exact = re.compile(filled(re.escape, ".*", r"v([0-9]{3,})"), re.DOTALL)
        found = glob.glob(filled(glob.escape, "*", "v[0-9]*"))  # noqa: PTH207 - the pattern is text
        return max((int(match[1]) for match in map(exact.fullmatch, found) if match), default=0)


def _claim(mark: Path, own: str) -> bool:
    """Whether the file is made; False where there is one."""
    try:
        with writing(mark), mark.open("x", encoding="ascii") as file:
            file.write(own)
    except OutputError as error:
        if isinstance(error.__cause__, FileExistsError):
            return False
        raise
    return True


def _is_held(mark: Path) -> bool:
    """Whether somebody has made the file who has not ended, as far as is known."""
    try:
        return not signer_ended(mark.read_text("ascii"))
    except (OSError, UnicodeDecodeError):
        return False


def _frame_field(name: str) -> FrameName | None:
    """The place for the number in the last part of what was typed; a folder may be called `shots #1`."""
    found = FrameName.parse(name)
    return None if found is not None and found.width == 1 and not _suffix(name) else found
