"""Matte files, as they are read: alpha, and what a file says about itself."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..errors import FrameReadError
from ..plates.plate import PlateHeader
from ..trackers.tracker import MaskState

FrameState = Literal["solved", "corrected", "locked", "placeholder"]


@dataclass(frozen=True)
class MatteStamp:
    """What a matte file says about itself, as `wisp/*` header attributes."""

    object: str
    frame_state: FrameState
    track_state: MaskState
    confidence: float
    model: str
    weights_sha256: str
    licence: str
    fingerprint: str
    #: How the clean plate lies behind the frame, where alpha is by one: see `solve.beside.Behind`.
    behind: str = ""

    def attributes(self) -> dict[str, str | float]:
        """Header attributes by name."""
        return {f"wisp/{name}": value for name, value in vars(self).items() if name != "behind" or value}

    @classmethod
    def from_attributes(cls, attributes: Mapping[str, Any]) -> MatteStamp | None:
        """The stamp in a header, or None where the file was not written by Wisp."""
        if not isinstance(attributes.get("wisp/fingerprint"), str):
            return None
        values = {name: attributes.get(f"wisp/{name}") for name in cls.__dataclass_fields__}
        confidence = values.pop("confidence")
        texts: Any = {name: value if isinstance(value, str) else "" for name, value in values.items()}
        return cls(confidence=float(confidence) if isinstance(confidence, int | float) else 0.0, **texts)


def read_matte(path: Path) -> tuple[NDArray[np.float32], MatteStamp | None]:
    """Alpha (float32, height x width, 0..1) of a matte file that Wisp wrote, and its stamp.

    Raises FrameReadError, also for a file that is not byte for byte as it was written.
    """
    from ..plates import seal
    from ..plates.exr import read_channels

    with contextlib.suppress(OSError):  # what cannot be read says so below
        if not seal.is_whole(path):
            raise FrameReadError(path, "it is not as it was written", hint="Delete it and run wisp solve.")
    channels, header = read_channels(path)
    return channels["R"].astype(np.float32), MatteStamp.from_attributes(header.attributes)


def read_stamp(path: Path) -> MatteStamp:
    """The stamp of a matte file that Wisp wrote, without its pixels. Raises FrameReadError."""
    from ..plates.exr import read_header

    stamp = MatteStamp.from_attributes(read_header(path).attributes)
    if stamp is None:
        raise FrameReadError(path, "it is no matte of Wisp's")
    return stamp


def time_attributes(header: PlateHeader) -> dict[str, Any]:
    """The plate's frame rate and time code as EXR attributes, for a file that must run in step with it."""
    times = {"framesPerSecond": header.fps, "timeCode": header.timecode}
    return {name: value for name, value in times.items() if value is not None}
