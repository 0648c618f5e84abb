"""A plate of one file per frame: a numbered sequence, or a single picture."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ..errors import FrameReadError
from ..fingerprint import fingerprint
from .identity import file_identity
from .plate import PlateFrame, PlateHeader
from .sequences import EXR_SUFFIXES, Files


class PicturePlate:
    """Implements `Plate`. Files are opened when a frame is asked for, and closed again; safe in threads."""

    def __init__(self, found: Files, *, layer: str | None = None) -> None:
        """Reads headers until one is good, to learn the size. Raises the first FrameReadError if none is."""
        self.path = found.path
        self.name = found.name
        self.padding = found.padding
        self.frames = tuple(found.files) if found.wanted is None else tuple(f for f in found.wanted if f in found.files)
        self.expected = found.wanted or tuple(range(self.frames[0], self.frames[-1] + 1))
        self._files = found.files
        self.files = tuple(found.files.values())
        self._layer = layer
        header, sample = self._first_good_header()
        self.width = header.display.width
        self.height = header.display.height
        self.pixel_aspect = header.pixel_aspect
        self.fps = header.fps
        self.colorspace = _suggested_colorspace(sample)
        self.notes = _notes(sample, layer)

    def _first_good_header(self) -> tuple[PlateHeader, Path]:
        fault: FrameReadError | None = None
        for frame in self.frames:
            path = self._files[frame]
            try:
                return _read_header(path, self._layer), path
            except FrameReadError as error:
                fault = fault or FrameReadError(path, error.why, frame=frame, hint=error.hint)
        assert fault is not None  # a plate has at least one frame
        raise fault

    def read(self, frame: int) -> PlateFrame:
        path = self._path(frame)
        try:
            picture = _read_frame(path, frame, self._layer)
        except FrameReadError as error:
            raise FrameReadError(path, error.why, frame=frame, hint=error.hint) from error
        self._check_size(path, frame, picture.header)
        return picture

    def header(self, frame: int) -> PlateHeader:
        path = self._path(frame)
        try:
            header = _read_header(path, self._layer)
        except FrameReadError as error:
            raise FrameReadError(path, error.why, frame=frame, hint=error.hint) from error
        self._check_size(path, frame, header)
        return header

    def identity(self, frame: int) -> str:
        content = file_identity(self._path(frame))
        return content if self._layer is None else fingerprint(content, self._layer)

    def _path(self, frame: int) -> Path:
        if frame not in self._files:
            raise FrameReadError(self.path, "there is no such frame", frame=frame)
        return self._files[frame]

    def _check_size(self, path: Path, frame: int, header: PlateHeader) -> None:
        width, height = header.display.width, header.display.height
        if (width, height) != (self.width, self.height):
            raise FrameReadError(
                path,
                f"it is {width}x{height} but the plate is {self.width}x{self.height}",
                frame=frame,
                hint="All frames of a plate must have one size.",
            )


def renumbered(found: Files, first: int) -> Files:
    """The same files, the first of them (or of the wanted ones) on frame `first`."""
    shift = first - next(iter(found.files)) if found.wanted is None else first - found.wanted[0]
    wanted = None if found.wanted is None else tuple(frame + shift for frame in found.wanted)
    return replace(found, files={frame + shift: path for frame, path in found.files.items()}, wanted=wanted)


def _is_exr(path: Path) -> bool:
    return path.suffix.lower() in EXR_SUFFIXES


def _read_frame(path: Path, frame: int, layer: str | None) -> PlateFrame:
    if _is_exr(path):
        from . import exr

        return exr.read_frame(path, frame, layer=layer)
    from . import stills

    _only_exr_has_layers(path, layer)
    return stills.read_frame(path, frame)


def _read_header(path: Path, layer: str | None) -> PlateHeader:
    if _is_exr(path):
        from . import exr

        return exr.read_header(path, layer=layer)
    from . import stills

    _only_exr_has_layers(path, layer)
    return stills.read_header(path)


def _notes(sample: Path, layer: str | None) -> tuple[str, ...]:
    """What is to be said of files like `sample`."""
    if not _is_exr(sample):
        return ()
    from . import exr

    chosen = exr.chosen_layer(sample) if layer is None else ""
    return (chosen,) if chosen else ()


def _only_exr_has_layers(path: Path, layer: str | None) -> None:
    if layer is not None:
        raise FrameReadError(path, f"it has no layer '{layer}': only EXR files have layers")


def _suggested_colorspace(path: Path) -> str:
    if _is_exr(path):
        return "scene_linear"
    from . import stills

    return stills.suggested_colorspace(path)
