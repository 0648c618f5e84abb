"""Roto that comes in: shapes or mattes of any source as mask prompts, and a band in which alone a matte may change."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from ..atomic import replacing
from ..client.ends import RotoTaken
from ..client.events import Event, Progress, RotoRead
from ..client.frames import spans
from ..client.names import usable_names
from ..client.requests import Roto
from ..errors import CancelledError, InputError, UsageError
from ..fingerprint import fingerprint
from ..frames import format_frames, pad
from ..plates.identity import file_identity
from ..plates.sequences import find
from ..plates.stills import read_coverage
from .formats import FORMATS, read_shapes
from .model import ShapedObject

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class KeyChoice:
    """Which frames become keyframes: all with a key (of a matte sequence: all there are), each n-th one, or the n that
    differ most."""

    kind: Literal["keys", "every", "most"] = "keys"
    count: int = 1

    @classmethod
    def parse(cls, text: str) -> KeyChoice:
        """`keys`, `every:N` or `most:N`. ValueError otherwise."""
        kind, _, count = text.partition(":")
        if text == "keys":
            return cls()
        if kind not in ("every", "most") or not count.isdigit() or int(count) < 1:
            raise ValueError(f"'{text}' is neither 'keys', 'every:N' nor 'most:N'")
        return cls("every" if kind == "every" else "most", int(count))


@dataclass(frozen=True)
class RotoObject:
    """One object of the roto. `shown`: the frames on which it is there, ascending; `keys`: those on which it was drawn;
    `gone`: those on which it is known not to be there, ascending; of a frame without a matte that is not known. `mask`
    gives it on a frame: bool, plate height x width."""

    name: str
    shown: tuple[int, ...]
    keys: tuple[int, ...]
    gone: tuple[int, ...]
    mask: Callable[[int], Mask]


def take(
    asked: Roto,
    size: tuple[int, int],
    pixel_aspect: float,
    frames: Sequence[int],
    on_event: Callable[[Event], None] = lambda _: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> RotoTaken:
    """Read roto for a plate of `size` (width, height) and write its masks; each object is told. InputError where there
    is nothing on any of the frames, UsageError, OutputError, CancelledError."""
    done = total = 0

    def step(frame: int) -> None:
        nonlocal done
        done += 1
        on_event(Progress("roto", frame, done, total, None))
        if should_stop():
            raise CancelledError("Stopped; the shot is as it was.")

    choice = KeyChoice(asked.keys, asked.count)
    found, identity, left_out = read_roto(asked.source, size, pixel_aspect, frames, step)
    if asked.band is not None:  # nothing is tracked to frames that it is not given on
        found = [replace(item, gone=_without(frames, item.shown)) for item in found]
    plans = [(item, item.shown if asked.band is not None else chosen(item, choice)) for item in found]
    banded = [item for item in found if asked.band is not None]
    done, total = 0, sum(len(keyframes) for _, keyframes in plans) + sum(len(_stretch(item)) for item in banded)
    made = []
    for item, keyframes in plans:
        place = Path(asked.folder) / fingerprint(identity, item.name, asked.band, keyframes)[:12]
        made.append(_write(item, keyframes, frames, place, asked.band, step))
    for event in made:
        on_event(event)
    return RotoTaken(len(made), list(left_out))


def read_roto(
    source: str,
    size: tuple[int, int],
    pixel_aspect: float,
    frames: Sequence[int],
    step: Callable[[int], None] = lambda _: None,
) -> tuple[list[RotoObject], str, tuple[str, ...]]:
    """The objects in a file of shapes, a matte sequence or the alpha of a plate, seen on `frames` of a plate of `size`
    (width, height), no two of one name; a fingerprint of their content; and what the file has beside that is not read,
    in a few words each. `step` is called for each frame that was looked at. InputError where there is nothing on any of
    the frames."""
    path = Path(source)
    if path.suffix.lower().removeprefix(".") in FORMATS and not path.is_dir():
        shapes = read_shapes(path, size, pixel_aspect, frames[0])
        found, left_out = [_of_shape(item, size, frames, step) for item in shapes.objects], shapes.left_out
        identity = file_identity(path)
    else:
        (found, identity), left_out = _of_mattes(source, size, frames, step), ()
    found = [item for item in _apart(found) if item.shown]
    if not found:
        raise InputError(
            f"The roto {source} shows nothing on {format_frames(frames)}.",
            hint="Check that its frame numbers are the plate's.",
            path=source,
        )
    return found, identity, left_out


def _apart(found: Sequence[RotoObject]) -> Iterator[RotoObject]:
    """The objects, each under a name of its own: their masks lie in folders and files of these names."""
    for item, name in zip(found, usable_names((item.name for item in found), "roto"), strict=True):
        yield replace(item, name=name)


def _of_shape(
    item: ShapedObject, size: tuple[int, int], frames: Sequence[int], step: Callable[[int], None]
) -> RotoObject:
    mask = lru_cache(maxsize=4)(lambda frame: item.mask(frame, *size))
    shown = _shown(frames, lambda frame: bool(item.splines(frame)) and bool(mask(frame).any()), step)
    keys = set(item.key_frames()) | {span.first for span in item.spans}
    drawn = tuple(frame for frame in shown if frame in keys)
    return RotoObject(item.name, shown, drawn, _without(frames, shown), mask)


def _without(frames: Sequence[int], some: Sequence[int]) -> tuple[int, ...]:
    return tuple(sorted({*frames} - {*some}))


def _shown(frames: Sequence[int], is_there: Callable[[int], bool], step: Callable[[int], None]) -> tuple[int, ...]:
    found = []
    for frame in frames:
        if is_there(frame):
            found.append(frame)
        step(frame)
    return tuple(found)


def _of_mattes(
    source: str, size: tuple[int, int], frames: Sequence[int], step: Callable[[int], None]
) -> tuple[list[RotoObject], str]:
    given = find(source)
    wanted = given.files if given.wanted is None else given.wanted
    # A still without a number is of the first frame.
    there = {frame if given.is_numbered else frames[0]: path for frame, path in given.files.items() if frame in wanted}
    mask = lru_cache(maxsize=4)(lambda frame: read_coverage(there[frame], *size) >= 0.5)
    shown = _shown(frames, lambda frame: frame in there and bool(mask(frame).any()), step)
    name = Path(source).name.split(".")[0].split("%")[0].split("#")[0].rstrip("_.-")
    gone = _without([frame for frame in frames if frame in there], shown)
    return [RotoObject(name, shown, shown, gone, mask)], fingerprint([[at, file_identity(there[at])] for at in shown])


def chosen(item: RotoObject, choice: KeyChoice) -> tuple[int, ...]:
    """The frames of an object that become keyframes; always at least one."""
    if choice.kind == "keys":
        return item.keys or item.shown[:1]
    if choice.kind == "every":
        return item.shown[:: choice.count]
    picked = [item.shown[0]]
    masks = {frame: _small(item.mask(frame)) for frame in item.shown}
    unlike = {frame: _unlike(masks[frame], masks[picked[0]]) for frame in item.shown}
    while len(picked) < min(choice.count, len(item.shown)):
        frame = max(unlike, key=lambda at: (unlike[at], -at))
        if unlike[frame] <= 0:
            break
        picked.append(frame)
        unlike = {at: min(value, _unlike(masks[at], masks[frame])) for at, value in unlike.items()}
    return tuple(sorted(picked))


def _small(mask: Mask) -> NDArray[np.float32]:
    scale = min(1.0, 256 / max(mask.shape))
    size = (max(1, round(mask.shape[1] * scale)), max(1, round(mask.shape[0] * scale)))
    return np.asarray(cv2.resize(mask.astype(np.float32), size, interpolation=cv2.INTER_AREA), np.float32)


def _unlike(one: NDArray[np.float32], two: NDArray[np.float32]) -> float:
    return 1.0 - float(np.minimum(one, two).sum()) / max(float(np.maximum(one, two).sum()), 1e-9)


def _stretch(item: RotoObject) -> range:
    """All frames from the first to the last on which it is there."""
    return range(item.shown[0], item.shown[-1] + 1)


def _write(
    item: RotoObject,
    keyframes: Sequence[int],
    frames: Sequence[int],
    place: Path,
    band: float | None,
    step: Callable[[int], None],
) -> RotoRead:
    """A mask on each of the `keyframes`, of the plate's `frames`; with a `band` (pixels) also `core` and `garbage` on
    every frame from its first to its last, which leave only the band around its outline open, so that what is inside
    and outside stays."""
    padding = len(str(frames[-1]))

    def path_of(kind: str, number: str) -> Path:
        return place / f"{item.name}{kind}.{number}.png"

    masks = []
    for frame in keyframes:
        path = path_of("", pad(frame, padding))
        _draw(path, item.mask(frame))
        masks.append((frame, path.as_posix()))
        step(frame)
    first = max((frame + 1 for frame in item.gone if frame < item.shown[0]), default=frames[0])
    last = min((frame - 1 for frame in item.gone if frame > item.shown[-1]), default=frames[-1])
    absent = spans(frame for frame in item.gone if first < frame < last)
    read = RotoRead(item.name, masks, first, last, absent)
    if band is None:
        return read
    span = round(band)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * span + 1, 2 * span + 1))
    nothing, shown = np.zeros_like(item.mask(item.shown[0])), set(item.shown)
    for frame in _stretch(item):
        mask = (item.mask(frame) if frame in shown else nothing).astype(np.uint8)
        inner = cv2.erode(mask, kernel, borderType=cv2.BORDER_REPLICATE)
        _draw(path_of("_core", pad(frame, padding)), inner > 0)
        _draw(path_of("_garbage", pad(frame, padding)), cv2.dilate(mask, kernel) == 0)
        step(frame)
    core, garbage = (path_of(kind, f"%0{padding}d").as_posix() for kind in ("_core", "_garbage"))
    return replace(read, core=core, garbage=garbage)


def _draw(path: Path, mask: Mask) -> None:
    written, code = cv2.imencode(".png", mask.astype(np.uint8) * 255)
    if not written:
        raise UsageError(f"The mask {path} cannot be encoded.", hint="Use a smaller plate.")
    if path.exists() and path.read_bytes() == code.tobytes():
        return
    with replacing(path) as temporary:
        temporary.write_bytes(code.tobytes())
