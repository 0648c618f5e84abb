"""A plate as a model sees it: display-referred RGB in 0..1, at any size, cached for a few frames."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from ..device import machine_memory
from ..errors import FrameReadError, UsageError
from .plate import Plate, Window

if TYPE_CHECKING:
    from .colour import DisplayTransform

FloatImage = NDArray[np.float32]

#: A pixel that is longer one way than the other by no more than this counts as square; one by more than that, as well.
ODD_ASPECT, MOST_ASPECT = 1.01, 4.0


class Clip(Protocol):
    """What trackers and heads are given. They know nothing of files or colour management."""

    #: Size in plate pixels of the full-resolution picture.
    width: int
    height: int

    @property
    def frames(self) -> Sequence[int]:
        """All frames of the shot, ascending (the length enters SAM2's numbers, so it must be the shot's)."""
        ...

    def image(self, frame: int, size: tuple[int, int] | None = None) -> FloatImage:
        """Display-referred sRGB-encoded RGB of `frame`: float32, height x width x 3, values 0..1.

        `size` is (width, height); None is plate resolution. Resized before the colour transform with an
        area filter when shrinking. Do not write into the returned array: it may be shared.
        Raises FrameReadError.
        """
        ...


def resize(image: FloatImage, size: tuple[int, int]) -> FloatImage:
    """`image` (height x width x channels <= 4) at `size` (width, height): area filter along an axis that
    shrinks, linear along one that grows. The same array where nothing changes."""
    import cv2

    height, width = image.shape[:2]
    shrunk = (min(width, size[0]), min(height, size[1]))
    if shrunk != (width, height):
        image = cv2.resize(image, shrunk, interpolation=cv2.INTER_AREA)
    if shrunk != tuple(size):
        image = cv2.resize(image, tuple(size), interpolation=cv2.INTER_LINEAR)
    return np.asarray(image, np.float32)


#: What pictures kept for later may take at most and at least, and which share of what is free. A frame is read again
#: in less than a tenth of the time that is spent on it, so more would only look like a leak.
MOST_BYTES, LEAST_BYTES, FREE_SHARE = 2**27, 2**26, 16


def affordable_bytes() -> int:
    """How much memory the kept pictures of a clip may take now."""
    return min(MOST_BYTES, max(LEAST_BYTES, machine_memory().free // FREE_SHARE))


class DisplayClip:
    """A plate through a display transform, as a `Clip`.

    Plate frames are read by one thread, one frame ahead of whoever walks through the clip in order. Recently used
    plate frames and pictures are kept, together up to `cache_bytes` (None: by what is free), however long the clip is.
    Safe in threads.
    """

    def __init__(self, plate: Plate, transform: DisplayTransform, *, cache_bytes: int | None = None) -> None:
        self.frames = plate.frames
        self.width = plate.width
        self.height = plate.height
        self._plate = plate
        self._transform = transform
        self._place = {frame: index for index, frame in enumerate(plate.frames)}
        self._cache_bytes = affordable_bytes() if cache_bytes is None else cache_bytes
        self._lock = threading.Lock()
        self._pictures: OrderedDict[tuple[int, tuple[int, int]], FloatImage] = OrderedDict()
        #: Of these pictures; not added up anew for each frame of a long shot.
        self._picture_bytes = 0
        self._reads: OrderedDict[int, Future[FloatImage]] = OrderedDict()
        self._reader: ThreadPoolExecutor | None = None
        #: Where each thread is: of two that walk side by side, neither turns the other round.
        self._walk = threading.local()

    def image(self, frame: int, size: tuple[int, int] | None = None) -> FloatImage:
        """See `Clip.image`."""
        key = (frame, size or (self.width, self.height))
        with self._lock:
            picture = self._pictures.get(key)
            if picture is not None:
                self._pictures.move_to_end(key)
                return picture
            reading = self._request(frame)
            self._read_ahead(frame)
        try:
            picture = self._transform(resize(reading.result(), key[1]))
        except FrameReadError:
            with self._lock:
                self._reads.pop(frame, None)  # a later attempt reads the file again
            raise
        picture.flags.writeable = False
        with self._lock:
            known = self._pictures.pop(key, None)
            self._pictures[key] = picture
            self._picture_bytes += picture.nbytes - (0 if known is None else known.nbytes)
            self._forget()
        return picture

    def close(self) -> None:
        """Stop the reading thread and drop everything kept; whoever still asks for a picture starts it again."""
        with self._lock:
            reader, self._reader = self._reader, None
            self._pictures.clear()
            self._picture_bytes = 0
            self._reads.clear()
        if reader is not None:
            reader.shutdown(wait=True, cancel_futures=False)

    def _request(self, frame: int) -> Future[FloatImage]:
        if self._reader is None:
            self._reader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="plate-reader")
        if frame not in self._reads:
            self._reads[frame] = self._reader.submit(lambda: self._plate.read(frame).rgb)
        self._reads.move_to_end(frame)
        return self._reads[frame]

    def _read_ahead(self, frame: int) -> None:
        """Start on the next frame when this one and the last one asked for are neighbours."""
        place = self._place.get(frame)
        if place is None:
            return
        step = place - getattr(self._walk, "place", place)
        self._walk.place = place
        if abs(step) == 1 and 0 <= place + step < len(self.frames):
            self._request(self.frames[place + step])

    def _forget(self) -> None:
        """Drop the least recently used until the budget holds: plate frames first, they are the larger ones."""
        plate_bytes = self.width * self.height * 12
        while len(self._reads) * plate_bytes + self._picture_bytes > self._cache_bytes and len(self._reads) > 2:
            self._reads.popitem(last=False)
        room = self._cache_bytes - len(self._reads) * plate_bytes
        while self._picture_bytes > room and len(self._pictures) > 1:
            self._picture_bytes -= self._pictures.popitem(last=False)[1].nbytes


class CroppedClip:
    """A region of another clip as a clip of its own: pixel (0, 0) is the window's top left one."""

    def __init__(self, clip: Clip, window: Window) -> None:
        """`window` in pixels of `clip`. Raises UsageError where it does not lie inside."""
        if not (0 <= window.x0 < window.x1 <= clip.width and 0 <= window.y0 < window.y1 <= clip.height):
            raise UsageError(f"The region {tuple(window)} does not lie inside the {clip.width}x{clip.height} picture.")
        self.frames = clip.frames
        self.width = window.width
        self.height = window.height
        self._clip = clip
        self._window = window

    def image(self, frame: int, size: tuple[int, int] | None = None) -> FloatImage:
        """See `Clip.image`; resized after the colour transform, which a crop of the shared picture already has."""
        x0, y0, x1, y1 = self._window
        region = self._clip.image(frame)[y0:y1, x0:x1]
        return resize(region, size or (self.width, self.height))


class SquareClip:
    """A clip whose pixels are not square, as one whose pixels are: what is squeezed is stretched, nothing is shrunk."""

    def __init__(self, clip: Clip, pixel_aspect: float) -> None:
        """`pixel_aspect`: width of a pixel of `clip` by its height."""
        across, down = unsqueezing(pixel_aspect)
        self.frames = clip.frames
        self.width = max(1, round(clip.width * across))
        self.height = max(1, round(clip.height * down))
        self._clip = clip

    def image(self, frame: int, size: tuple[int, int] | None = None) -> FloatImage:
        """See `Clip.image`."""
        return self._clip.image(frame, size) if size is not None else resize(self._clip.image(frame), self.size)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self.width, self.height


def unsqueezing(pixel_aspect: float) -> tuple[float, float]:
    """By what a picture is stretched to the right and down, each at least 1, so that its pixels become square; 1, 1
    where they nearly are, and where they are squeezed as by no lens: that is a mistake in a header."""
    if not ODD_ASPECT < max(pixel_aspect, 1.0 / pixel_aspect) <= MOST_ASPECT:
        return 1.0, 1.0
    return max(1.0, pixel_aspect), max(1.0, 1.0 / pixel_aspect)
