"""What delivered files are called: formats and their suffixes, frame fields, objects, versions."""

from __future__ import annotations

import glob
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ..errors import UsageError
from ..frames import pad

Format = Literal["exr", "exr32", "png", "tiff", "mov", "mkv", "webm"]


@dataclass(frozen=True)
class Kind:
    """What a format can do. `suffix` is what its files end in."""

    suffix: str
    layers: bool = False
    movie: bool = False


#: Half and float EXR, 16-bit PNG and TIFF, ProRes 4444, FFV1, VP9.
FORMATS: dict[Format, Kind] = {
    "exr": Kind("exr", layers=True),
    "exr32": Kind("exr", layers=True),
    "png": Kind("png"),
    "tiff": Kind("tif"),
    "mov": Kind("mov", movie=True),
    "mkv": Kind("mkv", movie=True),
    "webm": Kind("webm", movie=True),
}

#: Suffix -> the format that a name with it asks for.
_BY_SUFFIX: dict[str, Format] = {
    **{kind.suffix: name for name, kind in reversed(FORMATS.items())},
    "tiff": "tiff",
}

#: What stands for the version in a name.
VERSION = "{version}"
_FRAME_FIELD = re.compile(r"%0?(\d*)d|(#+)")


def named_format(output: str) -> Format:
    """The format that the suffix of `output` asks for; half EXR for a folder and any other suffix."""
    return _BY_SUFFIX.get(_suffix(output), "exr")


def _suffix(output: str) -> str:
    return Path(output).suffix.lower().removeprefix(".")


@dataclass(frozen=True)
class Pattern:
    """An output name with a frame field (`%04d` or `####`) unless it is a movie's, `{object}` where there are several
    sequences, and `{version}` where deliveries are numbered."""

    text: str

    @classmethod
    def of(cls, output: str, kind: Kind, name: str, padding: int, *, versioned: bool = False) -> Pattern:
        """`output` itself where it names files, else `name` inside that folder (and its versions)."""
        if _FRAME_FIELD.search(output) or (kind.movie and Path(output).suffix):
            asked = _BY_SUFFIX.get(_suffix(output))
            if asked is None or FORMATS[asked] != kind:
                raise UsageError(
                    f"The output '{output}' does not end in .{kind.suffix}.", hint=f"Name it ....{kind.suffix}."
                )
            if kind.movie and _FRAME_FIELD.search(output):
                raise UsageError(f"The output '{output}' is a movie, which has no frame numbers.", hint="Leave it out.")
            if versioned and VERSION not in output:
                raise UsageError(f"The output '{output}' has no {VERSION}.", hint=f"Put {VERSION} where it belongs.")
            return cls(output)
        if _suffix(output) in _BY_SUFFIX:
            raise UsageError(
                f"The output '{output}' names one file, not one per frame.",
                hint="Put %04d or #### where the frame number belongs, or name a folder.",
            )
        folder = f"{output.rstrip('/')}/{VERSION}" if versioned and VERSION not in output else output.rstrip("/")
        frame = "" if kind.movie else f".%0{padding}d"
        return cls(f"{folder}/{name}{frame}.{kind.suffix}")

    @property
    def versioned(self) -> bool:
        """Whether it says where the version goes."""
        return VERSION in self.text

    def path(self, frame: int, name: str = "") -> Path:
        """The file of one frame (of one object)."""

        def number(match: re.Match[str]) -> str:
            return pad(frame, int(match[1] or 1) if match[2] is None else len(match[2]))

        return Path(_FRAME_FIELD.sub(number, self.text.replace("{object}", name)))

    def at(self, version: int) -> Pattern:
        """The pattern of that version: `v001` and so on."""
        return Pattern(self.text.replace(VERSION, f"v{version:03d}"))

    def latest(self) -> int:
        """The highest version that exists of any object and frame; 0 where there is none."""
        before, _, after = self.text.partition(VERSION)
        start = before + VERSION + re.split(r"[/\\]", after)[0]  # a version may be a folder or part of a name
        asterisks = _FRAME_FIELD.sub("*", glob.escape(start).replace("{object}", "*")).replace(VERSION, "v[0-9]*")
        anything = _FRAME_FIELD.sub(".*", re.escape(start).replace(re.escape("{object}"), ".*"))
        exact = re.compile(anything.replace(re.escape(VERSION), r"v(\d{3,})"))
        matches = (exact.fullmatch(found) for found in glob.glob(asterisks))  # noqa: PTH207 - the pattern is text
        return max((int(match[1]) for match in matches if match), default=0)
