"""What the canvas shows of a frame: plate and mattes, read ahead around it and put together."""

from __future__ import annotations

from functools import partial
from typing import Any, Dict, List, Optional, Tuple

from ..client.session import Session
from ..client.shot_edits import ShotEdits
from . import compose
from .canvas import Canvas
from .compose import Layer
from .frames import Failed, Key, Loader, Matte
from .qt import QtCore, QtGui
from .versions import Version

INVITATION = "Drag a box around what you want to extract, or click on it."
#: The colour of a matte that would be.
FORESEEN = "#ffffff"
NO_VERSION = "Choose the version to compare with: Review > Versions."
#: Milliseconds that somebody rests, at a frame or with the mouse, before what takes the engine long is asked for.
REST = 250
STALE = "This matte is out of date: the shot has changed. Track again."


class Viewing(QtCore.QObject):
    """Feeds a canvas. `doubted`: what a matte that was read says has been told to the session."""

    doubted = QtCore.Signal()

    def __init__(
        self,
        canvas: Canvas,
        loader: Loader,
        edits: ShotEdits,
        session: Session,
        parent: Optional[QtCore.QObject] = None,
    ) -> None:
        super().__init__(parent)
        self.mode = compose.TINT
        self.frame = edits.first
        self._canvas, self._loader, self._edits, self._session = canvas, loader, edits, session
        #: The version that is looked at beside the present mattes, and whether those of the neighbours shine through.
        self.version: Optional[Version] = None
        self.onion = False
        #: A matte that would be, see `foresight`.
        self._foreseen: Optional[str] = None
        #: What was put together last, of what, and what lies left of the wipe's line.
        self._composed: Tuple[Any, Optional[QtGui.QImage], Optional[QtGui.QImage]] = (None, None, None)
        #: (object, frame) -> the file of its matte's doubt, None while it is on its way.
        self._doubts: Dict[Tuple[int, int], Optional[str]] = {}
        self._rest = QtCore.QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST)
        self._rest.timeout.connect(self._ask_doubts)
        loader.loaded.connect(self._loaded)
        session.matte_changed.connect(self._matte_changed)
        session.mattes_known.connect(self.refresh)

    def show(self, frame: int) -> None:
        """Show that frame, as soon as it is read."""
        self.frame = frame
        self._canvas.frame = frame
        self.refresh()

    def set_mode(self, mode: str) -> None:
        """One of `compose.MODES`."""
        self.mode = mode
        self.refresh()

    def look_beside(self, version: Optional[Version]) -> None:
        """Have that version left of the wipe's line, and compared with by the difference; the plate for None."""
        self.version = version
        self.refresh()

    def show_neighbours(self, on: bool) -> None:
        """Whether the mattes of the frame before and the one after shine through."""
        self.onion = on
        self.refresh()

    def close(self) -> None:
        """Let go of the session."""
        self._rest.stop()
        self._session.matte_changed.disconnect(self._matte_changed)
        self._session.mattes_known.disconnect(self.refresh)

    def foresee(self, path: Optional[str]) -> None:
        """Show a matte that would be, over everything else; None for none."""
        if path != self._foreseen:
            self._foreseen = path
            self.refresh()

    def refresh(self) -> None:
        """What belongs to the frame may have changed."""
        self._want()
        self._put()

    # -- inside -------------------------------------------------------------------------------------------

    def _matte_changed(self, number: int, frame: int) -> None:
        path = self._session.mattes.path(number, frame)
        doubt = self._doubts.pop((number, frame), None)
        if doubt is not None:
            self._loader.forget(("matte", doubt))
        if path is not None:
            self._loader.forget(("matte", path))
        if frame == self.frame:
            self._want()

    def _ask_doubts(self) -> None:
        """Of this frame's mattes, once each."""
        for item, _ in self._layers_keys(self.frame):
            key = (item["id"], self.frame)
            if key in self._doubts:
                continue

            def there(path: str, key: Tuple[int, int] = key) -> None:
                self._doubts[key] = path
                self._loader.forget(("matte", path))
                self.refresh()

            if self._session.ask_doubt(*key, there, partial(self._doubts.pop, key, None)):
                self._doubts[key] = None

    def _doubt_keys(self) -> List[Key]:
        """Of the doubts of this frame's mattes that are known."""
        known = [self._doubts.get((item["id"], self.frame)) for item, _ in self._layers_keys(self.frame)]
        return [("matte", path) for path in known if path is not None]

    def _loaded(self, key: Key) -> None:
        if key == ("plate", self.frame) or key[0] == "matte":
            self._put()

    def _tell(self, number: int, matte: Matte) -> None:
        """What the matte that is shown says of itself, to the session, once."""
        said = (matte.track_state, matte.confidence, matte.fingerprint)
        if self._session.mattes.track_state(number, self.frame) != said:
            self._session.mattes.note_track_state(number, self.frame, *said)
            self.doubted.emit()

    def _layers_keys(self, frame: int) -> List[Tuple[Dict[str, Any], Key]]:
        """The enabled objects that have a matte on the frame, and the keys of those mattes."""
        keys: List[Tuple[Dict[str, Any], Key]] = []
        for item in self._edits.objects:
            path = self._session.mattes.path(item["id"], frame) if item.get("enabled", True) else None
            if path is not None:
                keys.append((item, ("matte", path)))
        return keys

    def _version_keys(self, frame: int) -> List[Tuple[Dict[str, Any], Key]]:
        """The same of the version that is looked at beside."""
        keys: List[Tuple[Dict[str, Any], Key]] = []
        version = self.version
        if version is None:
            return keys
        for item in version.objects:
            path = version.matte(item["id"], frame) if item.get("enabled", True) else None
            if path is not None:
                keys.append((item, ("matte", path)))
        return keys

    def _read(self, keys: List[Tuple[Dict[str, Any], Key]], color: Optional[str] = None) -> List[Layer]:
        """The mattes of these keys that are read already."""
        found = [(item, self._loader.get(key)) for item, key in keys]
        return [Layer(one.alpha, color or item["color"]) for item, one in found if isinstance(one, Matte)]

    def _want(self) -> None:
        """Ask for this frame's pictures, then for those of its neighbours, as many as memory holds."""
        width, height = self._edits.size
        keys: List[Key] = []
        around = [self.frame]
        mattes = sum(item.get("enabled", True) for item in self._edits.objects) * (1 if self.version is None else 2)
        pixel = 4 + (mattes if self.mode != compose.PLATE else 0)
        frames = self._edits.last - self._edits.first + 1  # tiny pictures have room for far more than the shot has
        for distance in range(1, min(self._loader.room(width * height * pixel) // 2, frames)):
            around += [self.frame + distance, self.frame - distance]
        if self.mode == compose.DOUBT:
            self._rest.start()
            keys += self._doubt_keys()
        else:
            self._rest.stop()
        for frame in around:
            if self._edits.first <= frame <= self._edits.last:
                keys.append(("plate", frame))
                if self.mode != compose.PLATE:
                    keys.extend(key for _, key in self._layers_keys(frame) + self._version_keys(frame))
            if frame == self.frame and self._foreseen is not None:
                keys.append(("matte", self._foreseen))
        self._loader.want(keys)

    def _put(self) -> None:
        """Put on the canvas what is there of the frame; the rest follows when it is read."""
        plate = self._loader.get(("plate", self.frame))
        layers = []
        note = "" if self._edits.objects else INVITATION
        for item, key in self._layers_keys(self.frame) if self.mode != compose.PLATE else []:
            matte = self._loader.get(key)
            if isinstance(matte, Matte):
                self._tell(item["id"], matte)
                layers.append(Layer(matte.alpha, item["color"]))
            elif isinstance(matte, Failed):
                note = matte.reason
            if self._session.stale(item["id"], self.frame):
                note = note or STALE
        if plate is None:
            return  # the picture before stays until this one is there: no flicker while scrubbing
        if isinstance(plate, Failed):
            note, plate = plate.reason, None
        assert plate is None or isinstance(plate, QtGui.QImage)
        foreseen = self._loader.get(("matte", self._foreseen)) if self._foreseen is not None else None
        ghosts = [Layer(foreseen.alpha, FORESEEN)] if isinstance(foreseen, Matte) else []
        if self.onion and self.mode not in (compose.PLATE, compose.DIFFERENCE):
            for step, color in ((-1, compose.BEFORE), (1, compose.AFTER)):
                ghosts += self._read(self._layers_keys(self.frame + step), color)
        beside = [] if self.mode == compose.PLATE else self._read(self._version_keys(self.frame))
        doubts = [self._loader.get(key) for key in self._doubt_keys()] if self.mode == compose.DOUBT else []
        errors = [doubt.alpha for doubt in doubts if isinstance(doubt, Matte)]
        seen = (
            None if plate is None else plate.cacheKey(),
            *map(_marks, (layers, ghosts, beside)),
            *(error.cacheKey() for error in errors),
        )
        wanted = (self.mode, None if self.version is None else self.version.number, *seen)
        if self._composed[0] != wanted:
            picture = self._picture(plate, layers, ghosts, beside)
            if self.mode == compose.DOUBT:
                picture = compose.doubted(plate, QtCore.QSize(*self._edits.size), errors)
            self._composed = (wanted, picture, self._beside(plate, beside))
        if self.mode == compose.DIFFERENCE and self.version is None:
            note = note or NO_VERSION
        self._canvas.show_picture(self._composed[1], note, self._composed[2])

    def _picture(
        self, plate: Optional[QtGui.QImage], layers: List[Layer], ghosts: List[Layer], beside: List[Layer]
    ) -> QtGui.QImage:
        size = QtCore.QSize(*self._edits.size)
        if self.mode == compose.DIFFERENCE:
            return compose.difference(layers, beside if self.version is not None else layers, size)
        picture = compose.compose(self.mode, plate, size, layers)
        return compose.tinted(picture, ghosts, 0.4)

    def _beside(self, plate: Optional[QtGui.QImage], beside: List[Layer]) -> Optional[QtGui.QImage]:
        """What is left of the wipe's line: the version in the same mode, else the plate."""
        if self.version is None or self.mode in (compose.DIFFERENCE, compose.DOUBT):
            return plate
        return compose.compose(self.mode, plate, QtCore.QSize(*self._edits.size), beside)


def _marks(layers: List[Layer]) -> Tuple[Any, ...]:
    """What tells these layers from others."""
    return tuple((layer.alpha.cacheKey(), layer.color) for layer in layers)
