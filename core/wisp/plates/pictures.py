"""A plate of one file per frame: a numbered sequence, or a single picture; or the pages of one file (GIF, TIFF)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ..errors import FrameReadError
from ..fingerprint import fingerprint
from .identity import file_identity, file_states
from .opening import Fence
from .plate import PlateFrame, PlateHeader, heed
from .sequences import EXR_SUFFIXES, Files


class PicturePlate:
    """Implements `Plate`. Files are opened when a frame is asked for, and closed again; safe in threads."""

    def __init__(
        self,
        found: Files,
        *,
        layer: str | None = None,
        fence: Fence | None = None,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> None:
        """`fence`: where files may really lie. Reads headers until one is good, to learn the size. Raises the first
        FrameReadError if none is, and CancelledError where `should_stop` says so before."""
        self.path = found.path
        self.name = found.name
        self.padding = found.padding
        self.offset = found.offset
        self.frames = tuple(found.files) if found.wanted is None else tuple(f for f in found.wanted if f in found.files)
        self.expected = found.wanted or tuple(range(self.frames[0], self.frames[-1] + 1))
        self._files = found.files
        self.files = tuple(found.files.values())
        self._pages = found.pages
        self._layer = layer
        self._fence = fence
        header, sample = self._first_good_header(should_stop)
        self.width = header.display.width
        self.height = header.display.height
        self.pixel_aspect = header.pixel_aspect
        self.fps = header.fps
        self.colorspace = _suggested_colorspace(sample)
        self.notes = _notes(sample, layer, paged=bool(self._pages))

    def _first_good_header(self, should_stop: Callable[[], bool]) -> tuple[PlateHeader, Path]:
        fault: FrameReadError | None = None
        for frame in self.frames:
            heed(should_stop)
            path = self._files[frame]
            try:
                return _read_header(path, self._layer, self._page(frame), self._fence), path
            except FrameReadError as error:
                fault = fault or FrameReadError(path, error.why, frame=frame, hint=error.hint)
        assert fault is not None  # a plate has at least one frame
        raise fault

    def read(self, frame: int) -> PlateFrame:
        path = self._path(frame)
        try:
            picture = _read_frame(path, frame, self._layer, self._page(frame), self._fence)
        except FrameReadError as error:
            raise FrameReadError(path, error.why, frame=frame, hint=error.hint) from error
        self._check_size(path, frame, picture.header)
        return picture

    def header(self, frame: int) -> PlateHeader:
        path = self._path(frame)
        try:
            header = _read_header(path, self._layer, self._page(frame), self._fence)
        except FrameReadError as error:
            raise FrameReadError(path, error.why, frame=frame, hint=error.hint) from error
        self._check_size(path, frame, header)
        return header

    def identity(self, frame: int) -> str:
        content = file_identity(self._path(frame))
        if self._pages:
            return fingerprint(content, "page", self._page(frame))
        return content if self._layer is None else fingerprint(content, self._layer)

    def state(self) -> str:
        return fingerprint(file_states((frame, self._files[frame]) for frame in self.frames), self._layer)

    def _page(self, frame: int) -> int:
        return self._pages.get(frame, 0)

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


def renumbered(found: Files, offset: int) -> Files:
    """The same files with `offset` added to their own numbers."""
    wanted = None if found.wanted is None else tuple(frame + offset for frame in found.wanted)
    files = {frame + offset: path for frame, path in found.files.items()}
    pages = {frame + offset: page for frame, page in found.pages.items()}
    return replace(found, files=files, pages=pages, wanted=wanted, offset=offset)


def with_pages(found: Files) -> Files:
    """An animated GIF or a TIFF of several pages, given by its name, with a frame for each of its pictures."""
    (path, *others) = found.files.values()
    if others or path.suffix.lower() not in PAGED_SUFFIXES or not path.is_file():
        return found
    from . import stills

    first = next(iter(found.files))
    pages = {first + page: page for page in range(stills.page_count(path))}
    return replace(found, files=dict.fromkeys(pages, path), pages=pages) if len(pages) > 1 else found


#: Formats whose files may hold several pictures.
PAGED_SUFFIXES = frozenset({".gif", ".tif", ".tiff"})


def _is_exr(path: Path) -> bool:
    return path.suffix.lower() in EXR_SUFFIXES


def _read_frame(path: Path, frame: int, layer: str | None, page: int, fence: Fence | None) -> PlateFrame:
    if _is_exr(path):
        from . import exr

        return exr.read_frame(path, frame, layer=layer, fence=fence)
    from . import stills

    _only_exr_has_layers(path, layer)
    return stills.read_frame(path, frame, page=page, fence=fence)


def _read_header(path: Path, layer: str | None, page: int, fence: Fence | None) -> PlateHeader:
    if _is_exr(path):
        from . import exr

        return exr.read_header(path, layer=layer, fence=fence)
    from . import stills

    _only_exr_has_layers(path, layer)
    return stills.read_header(path, page=page, fence=fence)


def _notes(sample: Path, layer: str | None, *, paged: bool) -> tuple[str, ...]:
    """What is to be said of files like `sample`."""
    if not _is_exr(sample):
        if paged or sample.suffix.lower() not in PAGED_SUFFIXES:
            return ()
        from . import stills

        pages = stills.page_count(sample)
        return (f"{sample.name} holds {pages} pictures; of each file the first is taken.",) if pages > 1 else ()
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
