"""Which files a delivery has, which of them are there already, and writing the others.

The plate's frame numbers, windows, pixel aspect, time code and metadata are kept. Every file appears whole or not at
all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np

from ..atomic import sweep
from ..cache import MatteStamp, read_matte, time_attributes
from ..client import tables
from ..client.events import Progress
from ..errors import CancelledError, InputError, OutputError, UsageError
from ..fingerprint import fingerprint
from ..finish.exclusive import make_exclusive
from ..finish.foreground import FOREGROUND_SCHEMA
from ..frames import format_frames, gaps
from ..plates import seal
from ..plates.clip import FloatImage
from ..plates.exr_writer import write_exr
from ..solve import Solver
from ..solve.approvals import settle_locks
from ..solve.beside import Behind
from ..solve.objects import ObjectWork
from ..solve.progress import Eta, Listener, ignore
from . import cryptomatte, endings
from .layouts import (
    alpha_channels,
    colour_channels,
    crypto_channels,
    data_window,
    layer_channels,
    over_window,
    premultiplied,
)
from .naming import FORMATS, OBJECT, VERSION, Pattern
from .style import Style

#: Frames per second of a movie where the plate does not say.
DEFAULT_FPS = 24.0


@dataclass(frozen=True)
class _File:
    """One file to write: its frames (several in a movie) and its objects, by name: while a shot is solved, what is
    known of them is planned anew."""

    path: Path
    frames: tuple[int, ...]
    objects: tuple[str, ...]


class Delivery:
    """The files of one delivery, known before the first is written."""

    def __init__(
        self,
        solver: Solver,
        output: str | Path,
        style: Style | None = None,
        *,
        stem: str = "shot",
        frames: Sequence[int] | None = None,
        objects: Sequence[str] | None = None,
        overwrite: bool = False,
        version: int | Literal["next"] | None = None,
    ) -> None:
        """`output`: as typed, a name with a frame field or a folder; as a `Path`, a folder. `version`: a number, or the
        next that is free; None where deliveries are not numbered. Raises OutputError where a file of other content is
        in the way and `overwrite` is off, or belongs to a version, which never changes, and where one is a file that
        the shot is made from."""
        self._solver = solver
        self._style = style = style or Style()
        kind = FORMATS[style.format]
        works = solver.works if objects is None else tuple(solver.work(name) for name in objects)
        name = f"{stem}_{'crypto' if style.layout == 'crypto' else 'mattes'}" if style.shared else "{object}/{object}"
        pattern = Pattern.of(output, kind, name, solver.plate.padding, versioned=version is not None)
        if not style.shared and len(works) > 1 and OBJECT not in pattern:
            raise UsageError(
                f"The output '{output}' would write {len(works)} objects to the same files.",
                hint="Put {object} into the name, or give a folder.",
            )
        #: The number of this delivery, None where deliveries are not numbered.
        self.version: int | None = None
        self._numbered: Pattern | None = None
        self._shared_folder = pattern.shared_folder
        if VERSION in pattern:
            self._numbered = pattern if version in (None, "next") else None
            self.version = pattern.next_version() if version in (None, "next") else int(version)
            pattern = pattern.at(self.version)
        wanted = tuple(solver.frames_of(frames))
        if kind.movie:
            _without_gaps(wanted, solver.plate.frames)
        names = tuple(work.item.name for work in works)
        groups = [names] if style.shared else [(name,) for name in names]
        spans = [wanted] if kind.movie else [(frame,) for frame in wanted]
        self._files = [
            _File(pattern.path(span[0], group[0] if len(group) == 1 else ""), span, group)
            for span in spans
            for group in groups
        ]
        solver.sources.refuse(file.path for file in self._files)
        present = {file.path: _state(file.path, self._mark(file)) for file in self._files}
        self._guarded = not overwrite or version is not None
        in_the_way = [path for path, state in present.items() if state == "other"]
        if in_the_way and self._guarded:
            more = f" and {len(in_the_way) - 1} more" if len(in_the_way) > 1 else ""
            hint = "Choose another place, or say --overwrite." if version is None else "Deliver the next version."
            raise OutputError(f"{in_the_way[0]}{more} would be overwritten.", hint=hint, path=in_the_way[0])
        self._todo = {file for file in self._files if present[file.path] != "same"}
        self.skipped = len(self._files) - len(self._todo)

    @property
    def folders(self) -> tuple[Path, ...]:
        """Where its files lie."""
        return tuple(dict.fromkeys(file.path.parent for file in self._files))

    def write(self, on_event: Listener = ignore, should_stop: Callable[[], bool] = lambda: False) -> int:
        """Write what is not there yet; returns how many files. InputError lists frames not solved yet,
        VersionTakenError says that somebody else has the next version."""
        for folder in {*self.folders, self._shared_folder}:
            sweep(folder)
        waiting = [file for file in self._files if file in self._todo]
        for name in {name: None for file in waiting for name in file.objects}:
            self._solver.work(name).tell_blank(on_event)
        self._require_solved(waiting)
        self._require_masks(waiting, on_event, should_stop)
        total = sum(len(file.frames) for file in waiting)
        eta, done = Eta({"deliver": total}), 0

        def step(frame: int) -> None:
            nonlocal done
            done += 1
            on_event(Progress("deliver", frame, done, total, eta.step("deliver")))
            if should_stop():
                raise CancelledError(f"Stopped at frame {frame}; the files written so far are whole.")

        with self._claim():
            for file in waiting:
                self._write_file(file, step)
        return len(waiting)

    def _claim(self) -> AbstractContextManager[None]:
        """Hold the number that was chosen as the next one."""
        if self._numbered is None or self.version is None:
            return nullcontext()
        return self._numbered.claimed(self.version)

    def write_solved(self, frame: int, name: str) -> None:
        """Write the file of one object and frame that has just been solved, where it needs no others."""
        if self._style.shared or self._style.overlaps_matter:
            return
        for file in [file for file in self._todo if file.frames == (frame,)]:
            if file.objects == (name,):
                self._write_file(file, lambda _: None)
                self._todo.discard(file)

    # What depends on what ----------------------------------------------------------------------------------

    def _works(self, file: _File) -> tuple[ObjectWork, ...]:
        return tuple(self._solver.work(name) for name in file.objects)

    def _needed(self, works: Sequence[ObjectWork]) -> tuple[ObjectWork, ...]:
        """The objects whose mattes are read for those of `works`."""
        return self._solver.works if self._style.overlaps_matter else tuple(works)

    def _mark(self, file: _File) -> str:
        """What tells whether a file is there: of an object's own matte its own fingerprint, else one of all in it."""
        works, frames = self._works(file), file.frames
        content = self._style.content()
        if not content and len(works) == 1 and len(frames) == 1:
            return works[0].marks.get(frames[0], "empty")
        marks = [[work.marks.get(frame, "empty") for work in self._needed(works)] for frame in frames]
        shown: list[Any] = []
        if self._style.layout == "rgba":
            shown = [FOREGROUND_SCHEMA, self._solver.colour.key()]
            shown += [self._solver.source.identity(frame) for frame in frames]
        if self._style.layout == "crypto":  # its preview is in the objects' colours
            shown = [work.item.color for work in works]
        return fingerprint(file.objects, content, marks, shown)

    def _require_solved(self, files: Sequence[_File]) -> None:
        needed: dict[str, dict[int, None]] = {}
        for file in files:
            for work in self._needed(self._works(file)):
                needed.setdefault(work.item.name, {}).update(dict.fromkeys(file.frames))
        asked = {frame for file in self._files for frame in file.frames}
        require_solved(self._solver, needed, asked, gapless=FORMATS[self._style.format].movie)

    def _require_masks(self, files: Sequence[_File], on_event: Listener, should_stop: Callable[[], bool]) -> None:
        """Where pixels depend on more than mattes: how sure the tracker was of either object, or of its own."""
        if self._style.overlaps_matter or self._style.confidence:
            frames = sorted({frame for file in files for frame in file.frames})
            names = {work.item.name: None for file in files for work in self._needed(self._works(file))}
            self._solver.require_masks(frames, names, on_event, should_stop)

    def _mattes(self, works: Sequence[ObjectWork], frame: int) -> dict[str, tuple[FloatImage, MatteStamp | None]]:
        """Name -> alpha and stamp of `works`, cut down where they overlap with others, if the style says so."""
        read = {work.item.name: read_solved(self._solver, work, frame) for work in self._needed(works)}
        if self._style.overlaps_matter:
            sureness = {name: self._solver.work(name).sureness(frame, alpha) for name, (alpha, _) in read.items()}
            shared = make_exclusive({name: alpha for name, (alpha, _) in read.items()}, sureness)
            read = {name: (shared[name], stamp) for name, (_, stamp) in read.items()}
        return {work.item.name: read[work.item.name] for work in works}

    # Writing -----------------------------------------------------------------------------------------------

    def _spare(self, file: _File) -> None:
        """OutputError where a file of other content has come since the delivery began."""
        if self._guarded and _state(file.path, self._mark(file)) == "other":
            raise OutputError(
                f"{file.path} has come meanwhile, and would be overwritten.",
                hint="Choose another place.",
                path=file.path,
            )

    def _write_file(self, file: _File, step: Callable[[int], None]) -> None:
        self._spare(file)
        if FORMATS[self._style.format].movie:
            self._write_movie(file, step)
            return
        (frame,) = file.frames
        if tables.FORMATS[self._style.format].layers:
            self._write_exr(file, frame)
        else:
            self._write_still(file, frame)
        step(frame)

    def _write_exr(self, file: _File, frame: int) -> None:
        style, plate = self._style, self._solver.plate
        header = plate.header(frame)
        works = self._works(file)
        mattes = self._mattes(works, frame)
        alphas = {name: alpha for name, (alpha, _) in mattes.items()}
        stamps = {name: stamp for name, (_, stamp) in mattes.items()}
        extra: dict[str, Any] = {}
        if style.layout == "layers":
            channels = layer_channels(alphas, header, exclusive=style.exclusive)
        elif style.layout == "crypto":
            channels = crypto_channels(alphas, {work.item.name: work.item.color for work in works}, header)
            extra = dict(cryptomatte.attributes(list(alphas)))
        else:
            ((alpha, stamp),) = mattes.values()
            if style.layout == "alpha":
                channels = alpha_channels(alpha, header)
            else:
                rgb = self._foreground.linear(frame, *self._seen_through(works[0], frame, alpha, stamp))
                channels = colour_channels(rgb, alpha, header, premultiply=style.premultiply)
        if style.confidence:
            for work in works:
                name = work.item.name
                found = work.confidence(frame, alphas[name], stamps[name])
                channels[f"conf.{name}"] = over_window(style.layout, found, header)
        write_exr(
            file.path,
            channels,
            display=header.display,
            data=data_window(style.layout, header),
            pixel_aspect=header.pixel_aspect,
            compression=style.compression,
            half=style.format == "exr" and style.layout != "crypto",
            durable=True,
            attributes={
                **_kept(header.attributes, colour=style.layout == "rgba"),
                **time_attributes(header),
                **_stamp(stamps, self._mark(file)),
                **extra,
            },
        )

    def _write_still(self, file: _File, frame: int) -> None:
        from .stills import write_png, write_tiff

        picture = self._picture(self._works(file)[0], frame)
        if self._style.format == "png":
            write_png(file.path, picture, self._mark(file))
            return
        header = self._solver.plate.header(frame)
        attributes: dict[str, Any] = {"PixelAspectRatio": header.pixel_aspect}
        write_tiff(file.path, picture, self._mark(file), attributes, premultiplied=self._style.premultiply)

    def _write_movie(self, file: _File, step: Callable[[int], None]) -> None:
        from .movies import writing

        plate = self._solver.plate
        header = plate.header(file.frames[0])
        size = (plate.width, plate.height)
        with ExitStack() as stack:
            movie = stack.enter_context(
                writing(
                    file.path,
                    self._style.format,
                    size,
                    header.fps or DEFAULT_FPS,
                    self._mark(file),
                    pixel_aspect=header.pixel_aspect,
                    timecode=header.timecode,
                )
            )
            for frame in file.frames:
                picture = self._picture(self._works(file)[0], frame)
                movie.add(np.dstack([picture] * 4) if picture.ndim == 2 else picture)
                step(frame)
            self._spare(file)

    def _picture(self, work: ObjectWork, frame: int) -> FloatImage:
        """Grey (height x width), or colour as a display shows it with alpha (height x width x 4), 0..1."""
        ((alpha, stamp),) = self._mattes((work,), frame).values()
        if self._style.layout == "alpha":
            return alpha
        rgb = self._foreground.display(frame, *self._seen_through(work, frame, alpha, stamp))
        return np.dstack([premultiplied(rgb, alpha) if self._style.premultiply else rgb, alpha])

    @cached_property
    def _foreground(self) -> Any:
        from .colour import Foreground

        source = self._solver.source
        return Foreground(source.plate, source.colour, self._style.despill, source.beside.get("clean"))

    def _seen_through(
        self, work: ObjectWork, frame: int, alpha: FloatImage, stamp: MatteStamp | None
    ) -> tuple[FloatImage, Behind | None]:
        """The alpha that the object's colour follows from, and the clean plate behind it, if it is by one: that which
        was found before the plate. What an edge setting or another object took away was the object still."""
        if stamp is None or "clean" not in self._solver.source.beside or work.solved_matte(frame) is None:
            return alpha, None
        solved, found = work.solved_alpha(frame)
        behind = Behind.of(found.behind)
        return (alpha if behind is None else np.maximum(alpha, solved)), behind


def require_solved(solver: Solver, needed: Mapping[str, Iterable[int]], asked: Iterable[int], *, gapless: bool) -> None:
    """InputError lists what is not solved yet; what is damaged in the cache is solved anew.

    `needed`: object -> the frames whose mattes are read, for deliveries of the frames `asked`. `gapless`: what is
    delivered can leave out none.
    """
    if not all(work.locks.are_whole(work.frozen) for work in solver.works):
        settle_locks(solver)
    missing = _missing(solver, needed)
    damaged = {
        name: frames
        for name, frames in missing.items()
        if all(solver.shelf.was_damaged(solver.work(name).marks[frame]) for frame in frames)
    }
    if missing and damaged.keys() == missing.keys():
        for name, frames in damaged.items():
            solver.run(frames, [name])
        missing = _missing(solver, needed)
    if missing:
        raise _unsolved(missing, asked, gapless)


def _missing(solver: Solver, needed: Mapping[str, Iterable[int]]) -> dict[str, list[int]]:
    """Object -> its frames whose mattes are not there."""
    missing: dict[str, list[int]] = {}
    for name, frames in needed.items():
        work = solver.work(name)
        found = [frame for frame in frames if frame in work.marks and work.matte(frame, sure=True) is None]
        if found:
            missing[name] = found
    return missing


def read_solved(solver: Solver, work: ObjectWork, frame: int) -> tuple[FloatImage, MatteStamp | None]:
    """The matte (plate height x width, 0..1) with its stamp; InputError where it has gone meanwhile."""
    if frame not in work.marks:  # an object without prompts has an empty matte in every frame
        return np.zeros((solver.plate.height, solver.plate.width), np.float32), None
    path = work.matte(frame)
    if path is None:
        raise InputError(
            f"The matte of '{work.item.name}' on frame {frame} is gone or damaged.", hint="Solve it first."
        )
    kept = solver.source.kept_alpha(work.marks[frame])  # of a frame that was solved just now
    return read_matte(path) if kept is None else kept


def _unsolved(missing: Mapping[str, Sequence[int]], asked: Iterable[int], gapless: bool) -> InputError:
    text = "; ".join(f"'{name}' on {format_frames(frames)}" for name, frames in missing.items())
    solved = sorted(set(asked).difference(*missing.values()))
    fits = solved and not (gapless and gaps(solved, solved[0], solved[-1]))
    ready = f", or deliver only what is solved: the frames {format_frames(solved)}" if fits else ""
    return InputError(f"Not solved yet: {text}.", hint=f"Solve them first{ready}.")


def _without_gaps(wanted: Sequence[int], available: Sequence[int]) -> None:
    """A movie counts its frames, so none may be left out between the first and the last."""
    left_out = sorted(set(range(min(wanted), max(wanted) + 1)) - set(wanted))
    if left_out:
        raise UsageError(
            f"A movie cannot leave out frame {format_frames(left_out)}.",
            hint="Deliver a sequence" + (", or all frames." if set(left_out) <= set(available) else "."),
        )


def _state(path: Path, mark: str) -> Literal["absent", "same", "other"]:
    """A file that was changed or damaged since it was delivered is another one."""
    if not path.exists():
        return "absent"
    try:
        exr = path.suffix.lower() == ".exr"
        whole = seal.is_whole(path, fingerprint=mark) if exr else endings.is_whole(path, mark)
        return "same" if whole else "other"
    except OSError:
        return "other"


def _kept(attributes: dict[str, Any], *, colour: bool) -> dict[str, Any]:
    """The plate's attributes that stay true: of a matte, colour ones do not; nor does what an earlier Wisp said."""
    dropped = () if colour else ("chromaticities", "whiteLuminance", "adoptedNeutral")
    return {name: value for name, value in attributes.items() if name not in dropped and not name.startswith("wisp/")}


def _stamp(stamps: dict[str, MatteStamp | None], mark: str) -> dict[str, Any]:
    """One object: its whole stamp. Several: their names, and what all of them share or differ in, joined."""
    known = [stamp for stamp in stamps.values() if stamp]
    if len(known) == 1 and len(stamps) == 1:
        return {**known[0].attributes(), "wisp/fingerprint": mark}
    joined = {
        f"wisp/{field}": ", ".join(dict.fromkeys(getattr(stamp, field) for stamp in known))
        for field in ("model", "weights_sha256", "licence")
    }
    return {"wisp/object": ", ".join(stamps), "wisp/fingerprint": mark, **joined}
