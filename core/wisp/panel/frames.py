"""Pictures for the canvas: read in a thread, most urgent first, kept within a budget of memory."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from typing import Any, Dict, Hashable, List, NamedTuple, Optional, Tuple, Union

from .qt import QtCore, QtGui

#: ("plate", frame) or ("matte", path).
Key = Tuple[str, Hashable]

#: Seconds for which a picture counts as what its file holds now; one that cannot be read is tried again after them.
TRUSTED = 1.0


class Matte(NamedTuple):
    """One object's alpha as an 8-bit grey picture, what its file says of how sure the tracker was, and the fingerprint
    of all that it was made from."""

    alpha: QtGui.QImage
    track_state: str = "tracked"
    confidence: float = 1.0
    fingerprint: str = ""


class Failed(NamedTuple):
    """Why a picture could not be read."""

    reason: str


Loaded = Union[QtGui.QImage, Matte, Failed]


class _Kept(NamedTuple):
    """`mark`: see `FrameSource.mark`, from before it was read. `seen`: when its file was last looked at."""

    loaded: Loaded
    mark: Hashable
    seen: float


class FrameSource:
    """Where pictures come from. Its methods are called in the loader's thread and may take their time."""

    def plate(self, frame: int) -> QtGui.QImage:
        """The plate as a display shows it, RGB32. Any exception's text is shown instead of the picture."""
        raise NotImplementedError

    def matte(self, path: str) -> Matte:
        """A matte file of the engine's."""
        raise NotImplementedError

    def mark(self, frame: int) -> Hashable:  # noqa: ARG002 - for those that know
        """What is another once the plate's file of that frame is; without reading it. None where that is not known."""
        return None


class Loader(QtCore.QObject):
    """Reads what is wanted, one at a time; `loaded(key)` comes on the thread that made the loader."""

    loaded = QtCore.Signal(object)

    def __init__(self, source: FrameSource, budget: int = 768 * 2**20, parent: Optional[QtCore.QObject] = None) -> None:
        """`budget`: bytes of pictures kept; the least recently used go first."""
        super().__init__(parent)
        self._source = source
        self._budget = budget
        self._kept: OrderedDict[Key, _Kept] = OrderedDict()
        self._bytes = 0
        self._wanted: List[Key] = []
        self._wake = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._work, name="wisp-frames", daemon=True)
        self._thread.start()

    def get(self, key: Key) -> Optional[Loaded]:
        """What is there already, else None."""
        with self._wake:
            found = self._kept.get(key)
            if found is None:
                return None
            self._kept.move_to_end(key)
            return found.loaded

    def want(self, keys: List[Key]) -> None:
        """Read these next, in this order, instead of what was wanted before. What is kept is read again only where its
        file has changed."""
        now = time.monotonic()
        with self._wake:
            self._wanted = [key for key in keys if key not in self._kept or now - self._kept[key].seen >= TRUSTED]
            self._wake.notify()

    def forget(self, key: Optional[Key] = None) -> None:
        """Read it anew when it is wanted again; everything for None."""
        with self._wake:
            for gone in list(self._kept) if key is None else [key]:
                self._drop(gone)

    def look_at(self, source: FrameSource) -> None:
        """Read from another source; what was read of the one before is forgotten."""
        with self._wake:
            self._source = source
        self.forget()

    def room(self, picture_bytes: int) -> int:
        """How many pictures of that size the budget holds."""
        return max(2, self._budget // max(picture_bytes, 1))

    def close(self) -> None:
        """Let go of the pictures, and end the thread after the read under way: nobody waits for it or is told of it."""
        self.forget()
        with self._wake:
            self._closing = True
            self._wake.notify()

    def _work(self) -> None:
        while True:
            with self._wake:
                while not self._wanted and not self._closing:
                    self._wake.wait()
                if self._closing:
                    return
                key, source = self._wanted.pop(0), self._source
            self._look(key, source)

    def _look(self, key: Key, source: FrameSource) -> None:
        """Read what is not kept or has changed, keep it, and tell."""
        mark = _mark(key, source)
        seen = time.monotonic()
        with self._wake:
            kept = self._kept.get(key)
            if kept is not None and kept.mark == mark and not isinstance(kept.loaded, Failed):
                self._kept[key] = kept._replace(seen=seen)
                return
        loaded = _read(key, source)
        with self._wake:
            if self._closing or source is not self._source:
                return
            self._drop(key)
            self._kept[key] = _Kept(loaded, mark, seen)
            self._bytes += _size(loaded)
            while self._bytes > self._budget and len(self._kept) > 2:
                self._drop(next(iter(self._kept)))
            self.loaded.emit(key)

    def _drop(self, key: Key) -> None:
        gone = self._kept.pop(key, None)
        if gone is not None:
            self._bytes -= _size(gone.loaded)


def _mark(key: Key, source: FrameSource) -> Hashable:
    try:
        return source.mark(key[1]) if key[0] == "plate" else None  # type: ignore[arg-type]
    except Exception:  # reading it will say why
        return None


def _read(key: Key, source: FrameSource) -> Loaded:
    read: Dict[str, Any] = {"plate": source.plate, "matte": source.matte}
    try:
        loaded: Loaded = read[key[0]](key[1])
    except Exception as error:  # whatever a reader raises must not end the thread; it is shown
        return Failed(str(error) or type(error).__name__)
    return loaded


def _size(loaded: Loaded) -> int:
    image = loaded.alpha if isinstance(loaded, Matte) else loaded
    return image.bytesPerLine() * image.height() if isinstance(image, QtGui.QImage) else 100
