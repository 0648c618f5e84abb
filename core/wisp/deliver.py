"""Solved mattes as files for others: the plate's frame numbers, windows, time code and metadata kept.

Layouts: `alpha` writes one sequence per object (R=G=B=A=alpha), `layers` one sequence for all of them
(`matte.<object>` in every frame, also where it is empty, and `A` as their union).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np

from .atomic import replacing
from .cache import MatteStamp, read_matte, time_attributes
from .errors import CancelledError, InputError, OutputError, UsageError
from .fingerprint import fingerprint
from .frames import format_frames, pad
from .plates.clip import FloatImage
from .plates.exr import read_header, write_exr
from .plates.plate import PlateHeader
from .solve import Solver
from .solve.events import Eta, Listener, Progress, ignore
from .solve.objects import ObjectWork

Layout = Literal["alpha", "layers"]
Format = Literal["exr", "png"]

_FRAME_FIELD = re.compile(r"%0?(\d*)d|(#+)")


@dataclass(frozen=True)
class Pattern:
    """An output name with a frame field (`%04d` or `####`) and, for several sequences, `{object}`."""

    text: str

    @classmethod
    def of(cls, output: str, layout: Layout, stem: str, padding: int, suffix: Format) -> Pattern:
        """`output` itself where it has a frame field, else the usual names inside that folder."""
        if _FRAME_FIELD.search(output):
            pattern = cls(output)
            if not output.lower().endswith(f".{suffix}"):
                raise UsageError(f"The output '{output}' does not end in .{suffix}.", hint=f"Name it ....{suffix}.")
            return pattern
        name = "{object}/{object}" if layout == "alpha" else f"{stem}_mattes"
        return cls(f"{output.rstrip('/')}/{name}.%0{padding}d.{suffix}")

    def path(self, frame: int, name: str = "") -> Path:
        """The file of one frame (of one object)."""

        def number(match: re.Match[str]) -> str:
            return pad(frame, int(match[1] or 1) if match[2] is None else len(match[2]))

        return Path(_FRAME_FIELD.sub(number, self.text.replace("{object}", name)))


@dataclass(frozen=True)
class _File:
    """One file to write: the objects in it, and a mark that tells whether it is there already."""

    path: Path
    frame: int
    works: tuple[ObjectWork, ...]
    mark: str


class Delivery:
    """The files of one delivery, known before the first is written."""

    def __init__(
        self,
        solver: Solver,
        output: str,
        *,
        layout: Layout = "alpha",
        suffix: Format = "exr",
        stem: str = "shot",
        compression: Literal["zip", "zips"] = "zips",
        frames: Sequence[int] | None = None,
        objects: Sequence[str] | None = None,
        overwrite: bool = False,
    ) -> None:
        """Raises OutputError where a file of other content is in the way and `overwrite` is off."""
        self._solver = solver
        self._layout = layout
        self._suffix = suffix
        self._compression = compression
        works = solver.works if objects is None else tuple(solver.work(name) for name in objects)
        if layout == "layers" and suffix != "exr":
            raise UsageError("The layout 'layers' needs a format with named layers.", hint="Use --format exr.")
        pattern = Pattern.of(output, layout, stem, solver.plate.padding, suffix)
        if layout == "alpha" and len(works) > 1 and "{object}" not in pattern.text:
            raise UsageError(
                f"The output '{output}' would write {len(works)} objects to the same files.",
                hint="Put {object} into the name, or give a folder.",
            )
        groups = [(work,) for work in works] if layout == "alpha" else [works]
        self._files = [
            _File(pattern.path(frame, group[0].item.name if len(group) == 1 else ""), frame, group, _mark(group, frame))
            for frame in (frames if frames is not None else solver.plate.frames)
            for group in groups
        ]
        present = {file.path: _state(file) for file in self._files}
        strangers = [path for path, state in present.items() if state == "other"]
        if strangers and not overwrite:
            more = f" and {len(strangers) - 1} more" if len(strangers) > 1 else ""
            raise OutputError(
                f"{strangers[0]}{more} would be overwritten.",
                hint="Choose another place, or say --overwrite.",
                path=strangers[0],
            )
        self._todo = {file for file in self._files if present[file.path] != "same"}
        self.skipped = len(self._files) - len(self._todo)

    def write(self, on_event: Listener = ignore, should_stop: Callable[[], bool] = lambda: False) -> int:
        """Write what is not there yet; returns how many files. InputError lists frames not solved yet."""
        waiting = [file for file in self._files if file in self._todo]
        self._require_solved(waiting)
        eta = Eta({"deliver": len(waiting)})
        for done, file in enumerate(waiting, 1):
            self._write_file(file)
            on_event(Progress("deliver", file.frame, done, len(waiting), eta.step("deliver")))
            if should_stop():
                raise CancelledError(f"Stopped after {file.path}; the files written so far are whole.")
        return len(waiting)

    def write_solved(self, frame: int, name: str) -> None:
        """Write the file of one object and frame that has just been solved, if it belongs to this delivery."""
        for file in [file for file in self._todo if file.frame == frame and self._layout == "alpha"]:
            if file.works[0].item.name == name:
                self._write_file(file)
                self._todo.discard(file)

    def _require_solved(self, files: Sequence[_File]) -> None:
        missing: dict[str, list[int]] = {}
        for file in files:
            for work in file.works:
                if file.frame in work.marks and work.matte(file.frame) is None:
                    missing.setdefault(work.item.name, []).append(file.frame)
        if missing:
            text = "; ".join(f"'{name}' on {format_frames(frames)}" for name, frames in missing.items())
            raise InputError(f"Not solved yet: {text}.", hint="Run wisp solve first.")

    def _alpha(self, work: ObjectWork, frame: int) -> tuple[FloatImage, MatteStamp | None]:
        path = work.matte(frame)
        if path is None:  # an object without prompts has an empty matte in every frame
            plate = self._solver.plate
            return np.zeros((plate.height, plate.width), np.float32), None
        return read_matte(path)

    def _write_file(self, file: _File) -> None:
        header = self._solver.plate.header(file.frame)
        mattes = {work.item.name: self._alpha(work, file.frame) for work in file.works}
        if self._suffix == "png":
            ((alpha, _),) = mattes.values()
            _write_png16(file.path, alpha)
            return
        planes = {name: to_data_window(alpha, header) for name, (alpha, _) in mattes.items()}
        if self._layout == "alpha":
            (plane,) = planes.values()
            channels = dict.fromkeys("RGBA", plane)
        else:
            union = 1.0 - np.prod([1.0 - plane for plane in planes.values()], axis=0)
            channels = {"A": union, **{f"matte.{name}": plane for name, plane in planes.items()}}
        write_exr(
            file.path,
            channels,
            display=header.display,
            data=header.data,
            pixel_aspect=header.pixel_aspect,
            compression=self._compression,
            attributes={
                **_strip(header.attributes),
                **time_attributes(header),
                **_stamp([stamp for _, stamp in mattes.values() if stamp], list(mattes), file.mark),
            },
        )


def to_data_window(alpha: FloatImage, header: PlateHeader) -> FloatImage:
    """Alpha over the display window, cut or continued to the plate's data window.

    Overscan has no alpha of its own: the border's values are continued into it, so that a later lens warp or
    blur finds no false edge.
    """
    display, data = header.display, header.data
    if display == data:
        return alpha
    rows = np.clip(np.arange(data.y0, data.y1) - display.y0, 0, display.height - 1)
    columns = np.clip(np.arange(data.x0, data.x1) - display.x0, 0, display.width - 1)
    return alpha[np.ix_(rows, columns)]


def _mark(works: tuple[ObjectWork, ...], frame: int) -> str:
    """A single object's file carries its matte's own fingerprint; several together one of all."""
    marks = [work.marks.get(frame, "empty") for work in works]
    return marks[0] if len(marks) == 1 else fingerprint([work.item.name for work in works], marks)


def _state(file: _File) -> Literal["absent", "same", "other"]:
    if not file.path.exists():
        return "absent"
    if file.path.suffix != ".exr":
        return "other"
    try:
        stamp = MatteStamp.from_attributes(read_header(file.path).attributes)
    except InputError:
        return "other"
    return "same" if stamp is not None and stamp.fingerprint == file.mark else "other"


def _strip(attributes: dict[str, Any]) -> dict[str, Any]:
    """The plate's attributes that stay true for a matte: colour and what an earlier Wisp said do not."""
    dropped = ("chromaticities", "whiteLuminance", "adoptedNeutral")
    return {name: value for name, value in attributes.items() if name not in dropped and not name.startswith("wisp/")}


def _stamp(stamps: list[MatteStamp], names: list[str], mark: str) -> dict[str, Any]:
    """One object: its whole stamp. Several: their names, and what all of them share or differ in, joined."""
    if len(stamps) == 1 and len(names) == 1:
        return stamps[0].attributes()
    shared = {
        field: ", ".join(dict.fromkeys(getattr(stamp, field) for stamp in stamps))
        for field in ("model", "weights_sha256", "licence")
    }
    return {"wisp/object": ", ".join(names), "wisp/fingerprint": mark, **{f"wisp/{k}": v for k, v in shared.items()}}


def _write_png16(path: Path, alpha: FloatImage) -> None:
    """Grey, 16 bits; for readers without EXR."""
    good, data = cv2.imencode(".png", np.rint(alpha * 65535).astype(np.uint16), [cv2.IMWRITE_PNG_COMPRESSION, 1])
    if not good:
        raise OutputError(f"Cannot encode {path} as PNG.", path=path)
    with replacing(path) as temporary:
        temporary.write_bytes(data.tobytes())
