"""Pictures for the canvas: read in a thread, most urgent first, kept within a budget of memory."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Any, Dict, Hashable, List, NamedTuple, Optional, Tuple, Union

from .qt import QtCore, QtGui

#: ("plate", frame) or ("matte", path).
Key = Tuple[str, Hashable]


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


class FrameSource:
    """Where pictures come from. Both methods are called in the loader's thread and may take their time."""

    def plate(self, frame: int) -> QtGui.QImage:
        """The plate as a display shows it, RGB32. Any exception's text is shown instead of the picture."""
        raise NotImplementedError

    def matte(self, path: str) -> Matte:
        """A matte file of the engine's."""
        raise NotImplementedError


class Loader(QtCore.QObject):
    """Reads what is wanted, one at a time; `loaded(key)` comes on the thread that made the loader."""

    loaded = QtCore.Signal(object)

    def __init__(self, source: FrameSource, budget: int = 768 * 2**20, parent: Optional[QtCore.QObject] = None) -> None:
        """`budget`: bytes of pictures kept; the least recently used go first."""
        super().__init__(parent)
        self._source = source
        self._budget = budget
        self._kept: OrderedDict[Key, Loaded] = OrderedDict()
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
            if found is not None:
                self._kept.move_to_end(key)
            return found

    def want(self, keys: List[Key]) -> None:
        """Read these next, in this order, instead of what was wanted before."""
        with self._wake:
            self._wanted = [key for key in keys if key not in self._kept]
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
        """End the thread; a read under way is waited for."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        self._thread.join(10.0)

    def _work(self) -> None:
        while True:
            with self._wake:
                while not self._wanted and not self._closing:
                    self._wake.wait()
                if self._closing:
                    return
                key = self._wanted.pop(0)
            loaded = self._read(key)
            with self._wake:
                self._drop(key)
                self._kept[key] = loaded
                self._bytes += _size(loaded)
                while self._bytes > self._budget and len(self._kept) > 2:
                    self._drop(next(iter(self._kept)))
                closing = self._closing
            if not closing:
                self.loaded.emit(key)

    def _read(self, key: Key) -> Loaded:
        read: Dict[str, Any] = {"plate": self._source.plate, "matte": self._source.matte}
        try:
            loaded: Loaded = read[key[0]](key[1])
        except Exception as error:  # whatever a reader raises must not end the thread; it is shown
            return Failed(str(error) or type(error).__name__)
        return loaded

    def _drop(self, key: Key) -> None:
        gone = self._kept.pop(key, None)
        if gone is not None:
            self._bytes -= _size(gone)


def _size(loaded: Loaded) -> int:
    image = loaded.alpha if isinstance(loaded, Matte) else loaded
    return image.bytesPerLine() * image.height() if isinstance(image, QtGui.QImage) else 100
