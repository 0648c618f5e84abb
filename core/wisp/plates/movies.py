"""Movies as plates: frame-exact, numbered 1..N, at the depth they were coded in.

PyAV is an extra (`pip install 'wisp-roto[movies]'`). An alpha channel plays no part here: a plate is RGB (the
default VP9 decoder drops its alpha anyway). A damaged packet makes its own frame unreadable; frames
predicted from it are what FFmpeg conceals them with. Frames lie as a player shows them: turned, and mirrored.

Frames are told apart by their presentation times. Where a container keeps none (B-frames in AVI, H.264 in some MXF) or
gives two frames one time, they are counted as they come out of the decoder, from the beginning.
"""

from __future__ import annotations

import contextlib
import re
import threading
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import FrameReadError, InputError, UsageError
from ..fingerprint import fingerprint
from ..frames import format_frames
from .identity import file_identity, file_states
from .opening import Fence, opened
from .plate import PlateFrame, PlateHeader, Window, heed, is_possible
from .sequences import Files

try:
    import av
    from av.stream import Disposition
    from av.video.reformatter import ColorRange, Colorspace
except ImportError as error:
    raise InputError(
        "Movies cannot be read: PyAV is not installed.", hint="Run: pip install 'wisp-roto[movies]'"
    ) from error

#: Decoded frames that are kept, in bytes, so that walking backwards does not decode every group of pictures anew.
KEPT_BYTES = 2**28

#: FFmpeg's names of containers that may keep the times of decoding alone, which it then gives as those of showing.
_WITHOUT_TIMES = {"avi", "mxf"}
#: So many frames are decoded to see whether times can be relied upon.
_TRIED = 24
_TIMECODE = re.compile(r"\d\d:\d\d:\d\d[:;.]\d\d")
#: Nine numbers of four bytes.
_MATRIX_BYTES = 36
_UNSPECIFIED = 2  # AVCOL_SPC_UNSPECIFIED
_EIGHT_BITS = 8
_SIXTEEN_BITS = 16
#: White of limited-range Y'CbCr, 235 of 8 bits, as FFmpeg converts it to 16-bit RGB and back: 255 * 256, not 65535.
LIMITED_WHITE = 255 << 8
#: FFmpeg's names of the containers behind `MOVIE_SUFFIXES`. No playlist is among them: it would lead to other files.
_CONTAINERS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,mxf,avi,mpeg,mpegvideo,mpegts"


@dataclass(frozen=True)
class _Index:
    """What the packets of a movie tell of its frames, in units of the stream's time base.

    `times`: presentation times of all frames, ascending. `keys`: those of the key frames, with the times at which they
    are decoded. `beginning`: the first time of decoding. `sure`: whether these times can be relied upon.
    """

    times: list[int]
    keys: list[tuple[int, int]]
    beginning: int
    sure: bool


class MoviePlate:
    """Implements `Plate`. One decoder, used by one thread at a time; safe in threads."""

    def __init__(
        self,
        found: Files,
        *,
        layer: str | None = None,
        fence: Fence | None = None,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> None:
        """Reads the index of the file, whose first frame gets the number that `found` has for it. `should_stop` as in
        `open_plate`. Raises FrameReadError, InputError, CancelledError."""
        ((self._first, self._file),) = found.files.items()
        if layer is not None:
            raise UsageError(f"{self._file} has no layer '{layer}': only EXR files have layers.")
        self._fence = fence
        self._lock = threading.Lock()
        self._container, self._stream = self._open()
        self._counted = False
        with _explained(self._file):
            index = self._index(should_stop)
            self._times, self._keys, self._beginning = index.times, index.keys, index.beginning
            self._counted = not (index.sure or self._in_time())
        if self._counted:
            self._times, self._keys = list(range(len(self._times))), [(0, self._beginning)]
        self._decoding: Iterator[Any] = iter(())
        self._reached: int | None = None
        self._kept: OrderedDict[int, Any] = OrderedDict()
        every, wanted = range(self._first, self._first + len(self._times)), found.wanted
        self.files: tuple[Path, ...] = (self._file,)
        self.notes = self._uneven()
        self.path = found.path
        self.name = found.name
        self.padding = found.padding
        self.offset = found.offset
        self.frames = tuple(every) if wanted is None else tuple(frame for frame in wanted if frame in every)
        self.expected = self.frames if wanted is None else wanted
        if not self.frames:
            raise InputError(
                f"{self.path} has none of the frames {format_frames(wanted or ())}.",
                hint=f"It has {format_frames(every)}.",
                path=self.path,
            )
        rate = self._stream.average_rate or self._stream.guessed_rate
        self.fps = float(rate) if rate else None
        self.colorspace = "sRGB - Texture"
        self._start_timecode = self._timecode()
        sample = self._sample()
        self._place_pixels, turned = _upright(sample)
        aspect = float(self._stream.sample_aspect_ratio or 0) or 1.0
        self.width, self.height = (sample.height, sample.width) if turned else (sample.width, sample.height)
        self.pixel_aspect = 1.0 / aspect if turned else aspect

    def read(self, frame: int) -> PlateFrame:
        place = self._place(frame)
        try:
            with self._lock, _explained(self._file):
                decoded = self._frame(place)
                rgb = self._place_pixels(_rgb(decoded))
        except FrameReadError as error:
            raise FrameReadError(self._file, error.why, frame=frame) from error
        if rgb.shape[:2] != (self.height, self.width):
            why = f"it is {rgb.shape[1]}x{rgb.shape[0]} but the plate is {self.width}x{self.height}"
            raise FrameReadError(self._file, why, frame=frame)
        return PlateFrame(frame, np.ascontiguousarray(rgb), self.header(frame))

    def header(self, frame: int) -> PlateHeader:
        place = self._place(frame)
        window = Window(0, 0, self.width, self.height)
        start = self._start_timecode
        timecode = advance_timecode(start, place, self.fps) if start and self.fps else None
        return PlateHeader(window, window, self.pixel_aspect, self.fps, timecode)

    def identity(self, frame: int) -> str:
        return fingerprint(file_identity(self._file), self._place(frame))

    def state(self) -> str:
        return file_states([(self._first, self._file)])

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._kept.clear()
            self._container.close()

    def _place(self, frame: int) -> int:
        place = frame - self._first
        if not 0 <= place < len(self._times):
            raise FrameReadError(self._file, "there is no such frame", frame=frame)
        return place

    # --- container -----------------------------------------------------------------------------------

    def _open(self) -> tuple[Any, Any]:
        try:
            with opened(self._file, self._fence) as name:
                container = av.open(name, options={"format_whitelist": _CONTAINERS, "protocol_whitelist": "file"})
        except (av.error.FFmpegError, ValueError) as error:
            raise FrameReadError(self._file, _why(error)) from error
        videos = (one for one in container.streams.video if not one.disposition & Disposition.attached_pic)
        stream = next(videos, None)
        if stream is None:  # nothing, or a cover picture alone
            raise FrameReadError(self._file, "it holds no video")
        if stream.codec_context is None:
            raise FrameReadError(self._file, "its pictures are coded in a way that is not known here")
        stream.thread_type = "AUTO"
        if not is_possible(stream.codec_context.width, stream.codec_context.height):
            raise FrameReadError(self._file, "its picture size is impossible")
        return container, stream

    def _timecode(self) -> str | None:
        """Of the first frame: of the picture's track (QuickTime, Matroska), the file (MXF) or a track of its own."""
        kept = [self._stream.metadata, self._container.metadata, *(one.metadata for one in self._container.streams)]
        found = (value for data in kept for name, value in data.items() if name.casefold() == "timecode")
        return next((text for text in found if _TIMECODE.fullmatch(text)), None)

    def _in_time(self) -> bool:
        """Whether the first frames come out of the decoder in the order and at the times that packets promised."""
        promised, last = set(self._times), None
        if len(promised) < len(self._times):
            return False
        for frame, _ in zip(self._decoded(self._seek(self._beginning)), range(_TRIED), strict=False):
            if frame.pts not in promised or (last is not None and frame.pts <= last):
                return False
            last = frame.pts
        return True

    def _uneven(self) -> tuple[str, ...]:
        """A sentence for a movie whose frames are not shown equally long."""
        steps = np.diff(self._times)
        # Containers round times: to a millisecond in Matroska.
        if not len(steps) or steps.max() - steps.min() <= max(2, 0.1 * float(np.median(steps))):
            return ()
        return (
            f"{self._file.name} has a variable frame rate: its frames are counted 1 to {len(self._times)} as they "
            "come, and the frame rate of what is delivered is their mean.",
        )

    def _index(self, should_stop: Callable[[], bool]) -> _Index:
        """From the packets themselves: the frame count in a header is 0 in several containers and wrong in cut
        files. QuickTime files of intra-only codecs, which may be huge, have every packet in their own index.
        """
        entries = self._stream.index_entries
        if self._stream.codec_context.codec.intra_only and "mov" in self._container.format.name and entries:
            times = sorted(entry.timestamp for entry in entries if not entry.is_discard)
            return _Index(times, [(time, time) for time in times], times[0], len(set(times)) == len(times))
        times, keys, beginning = [], [], None
        # Intra-only codecs decode in the order of showing.
        sure = self._stream.codec_context.codec.intra_only or self._container.format.name not in _WITHOUT_TIMES
        try:
            for packet in self._container.demux(self._stream):
                heed(should_stop)
                sure = sure and (packet.pts is not None or packet.dts is None)
                time = _time(packet)
                if time is None:
                    continue
                start = time if packet.dts is None else packet.dts
                beginning = start if beginning is None else min(start, beginning)
                if not packet.is_discard:
                    times.append(time)
                    if packet.is_keyframe:
                        keys.append((time, start))
        except av.error.FFmpegError:
            pass  # what was found before the damage is still good
        if beginning is None or not times:
            raise FrameReadError(self._file, "it holds no frames")
        sure = sure and len(set(times)) == len(times)
        return _Index(sorted(times), sorted(dict(keys).items()) or [(min(times), beginning)], beginning, sure)

    # --- decoding ------------------------------------------------------------------------------------

    def _frame(self, place: int) -> Any:
        """The decoded frame of that index. Raises FrameReadError where it is damaged."""
        target = self._times[place]
        if target not in self._kept:
            with _explained(self._file):
                self._decode_to(target)
        if target not in self._kept:
            raise _damaged(self._file)
        self._kept.move_to_end(target)
        return self._kept[target]

    def _sample(self) -> Any:
        """The first whole frame. Raises FrameReadError where there is none."""
        with _explained(self._file):
            whole = (frame for _, frame in self._from_key(0) if not frame.is_corrupt)
            if (found := next(whole, None)) is not None:
                return found
        raise _damaged(self._file)

    def _decode_to(self, target: int) -> None:
        """Decode on, or from the key frame before `target`, until its time is reached; keep what comes by."""
        place = max(0, bisect_right(self._keys, target, key=lambda key: key[0]) - 1)
        if self._reached is None or not self._keys[place][0] <= self._reached < target:
            self._decoding = self._from_key(place)
        for time, frame in self._decoding:
            self._reached = time
            if not frame.is_corrupt:
                self._keep(time, frame)
            if time >= target:
                return
        self._reached = None

    def _from_key(self, place: int) -> Iterator[tuple[int, Any]]:
        """Frames from that key frame on, or from one before it, as `_timed` gives them.

        Some containers are sought by presentation times (MP4, Matroska), some by decoding times, which come before them
        (MPEG-TS); where neither leads to a key frame, as mostly in MPEG-PS, it is the beginning.
        """
        time, _ = starts = self._keys[place]
        for start in () if self._counted else dict.fromkeys(starts):
            packets = self._seek(start)
            first = next(packets, None)
            if first is not None and first.is_keyframe and (_time(first) or 0) <= time:
                return self._timed(chain([first], packets))
        return self._timed(self._seek(self._beginning))

    def _seek(self, time: int) -> Iterator[Any]:
        """Packets from the one at that time on, or from before it."""
        self._container.seek(time, stream=self._stream, backward=True)
        packets: Iterator[Any] = self._container.demux(self._stream)
        return packets

    def _timed(self, packets: Iterator[Any]) -> Iterator[tuple[int, Any]]:
        """Frames of these packets with their times, or with their numbers from 0 on."""
        if self._counted:
            yield from enumerate(self._decoded(packets))
        else:
            yield from ((frame.pts, frame) for frame in self._decoded(packets) if frame.pts is not None)

    def _decoded(self, packets: Iterator[Any]) -> Iterator[Any]:
        """Frames of these packets. One that cannot be decoded yields none."""
        while True:
            try:
                packet = next(packets)
                yield from packet.decode()
            except (StopIteration, av.error.EOFError):
                return
            except av.error.InvalidDataError:
                if self._counted:
                    return  # what comes after it could not be told apart
                continue

    def _keep(self, time: int, frame: Any) -> None:
        self._kept[time] = frame
        size = frame.width * frame.height * frame.format.padded_bits_per_pixel // 8
        while len(self._kept) > 1 and len(self._kept) * size > KEPT_BYTES:
            self._kept.popitem(last=False)


def _damaged(path: Path) -> FrameReadError:
    return FrameReadError(path, "its data is damaged or incomplete")


@contextlib.contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Damage makes FFmpeg refuse to seek, decode or convert, in many ways."""
    try:
        yield
    except (av.error.FFmpegError, OSError, ValueError, ArithmeticError) as error:
        raise _damaged(path) from error


def _upright(frame: Any) -> tuple[Callable[[NDArray[np.float32]], NDArray[np.float32]], bool]:
    """How the stored rows become what a player shows, by the frame's display matrix, and whether sides are exchanged.

    The matrix (ISO/IEC 14496-12, "Track Header Box") takes a stored place (x, y) to (a x + c y, b x + d y).
    """
    stored = next((bytes(data) for data in frame.side_data if data.type.name == "DISPLAYMATRIX"), b"")
    if len(stored) < _MATRIX_BYTES:
        return lambda rows: rows, False
    a, b, _, c, d, *_ = np.frombuffer(stored[:_MATRIX_BYTES], "=i4").tolist()
    turned = abs(b) + abs(c) > abs(a) + abs(d)
    flip_rows, flip_columns = (b < 0, c < 0) if turned else (d < 0, a < 0)

    def place(rows: NDArray[np.float32]) -> NDArray[np.float32]:
        upright = rows.swapaxes(0, 1) if turned else rows
        return upright[:: -1 if flip_rows else 1, :: -1 if flip_columns else 1]

    return place, turned


def _time(packet: Any) -> int | None:
    """When its frame is shown; the time of decoding where the container keeps no other."""
    time: int | None = packet.dts if packet.pts is None else packet.pts
    return time


def _rgb(frame: Any) -> NDArray[np.float32]:
    """height x width x 3, 0..1: code value / white, read with 16 bits where the source has more than 8.

    High-definition video that does not name its matrix is Rec. 709; FFmpeg would take Rec. 601.
    """
    deep = _bits(frame) > _EIGHT_BITS
    untagged_hd = frame.colorspace == _UNSPECIFIED and (frame.height >= 720 or frame.width >= 1280)
    matrix = Colorspace.ITU709 if untagged_hd and not frame.format.is_rgb else None
    converted = frame.reformat(format="rgb48le" if deep else "rgb24", src_colorspace=matrix)
    rgb: NDArray[np.float32] = converted.to_ndarray().astype(np.float32)
    rgb /= np.float32(_white(frame) if deep else 255)
    return np.minimum(rgb, np.float32(1), out=rgb)  # video may be whiter than white


def _bits(frame: Any) -> int:
    return max(int(component.bits) for component in frame.format.components)


def _white(frame: Any) -> int:
    """The code of white in what FFmpeg makes of more than 8 bits as 16: 65535 for RGB and floating point alone.

    Y'CbCr and grey codes are moved up, with zeros below them, and so is the white of full range, their largest code.
    Grey and X'Y'Z' are full range whatever they say.
    """
    form, bits = frame.format, _bits(frame)
    if form.is_rgb or bits > _SIXTEEN_BITS:
        return (1 << _SIXTEEN_BITS) - 1
    full = frame.color_range == ColorRange.JPEG or len(form.components) < 3 or form.name.startswith("xyz")
    return ((1 << bits) - 1) << _SIXTEEN_BITS - bits if full else LIMITED_WHITE


def advance_timecode(start: str, frames: int, fps: float) -> str:
    """The time code `frames` after `start` (`HH:MM:SS:FF`, or `;` before FF for drop frame).

    Drop frame (SMPTE ST 12-1) leaves out the first 2 numbers per 30 nominal frames a second of every minute
    but each tenth.
    """
    nominal = max(1, round(fps))
    drop = nominal // 15 if start[8] in ";." else 0
    hours, minutes, seconds, frame = (int(part) for part in re.split("[:;.]", start))
    minute = hours * 60 + minutes
    count = (minute * 60 + seconds) * nominal + frame - drop * (minute - minute // 10) + frames
    if drop:
        per_minute, per_ten = 60 * nominal - drop, 600 * nominal - 9 * drop
        tens, rest = divmod(count, per_ten)
        extra = max(0, (rest - drop) // per_minute) if rest >= drop else 0
        count += drop * (9 * tens + extra)
    count %= 24 * 3600 * nominal
    seconds, frame = divmod(count, nominal)
    separator = ";" if drop else ":"
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}{separator}{frame:02d}"


def _why(error: Exception) -> str:
    text = str(getattr(error, "strerror", "") or error).strip().rstrip(".")
    return f"it is no movie that can be decoded ({text.lower()})"
