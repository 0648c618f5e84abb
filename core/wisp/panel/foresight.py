"""The matte that a click would give, while the mouse rests: asked of a shot of its own, which is never saved."""

from __future__ import annotations

import copy
import shutil
import tempfile
from typing import Any, Dict, Optional, Tuple

from ..client.errors import EngineError, ignore
from ..client.session import Session
from ..client.shot_edits import ShotEdits
from ..client.shots import RemoteShot
from .canvas import Canvas
from .gestures import POINT_ADD, POINT_REMOVE, rounded
from .qt import QtCore
from .viewing import REST, Viewing


class Foresight(QtCore.QObject):
    """While it is on. Its shot in the engine has the prompts as they are and the point under the mouse; what it
    computes lies in a folder of its own, which goes with it."""

    def __init__(
        self,
        canvas: Canvas,
        viewing: Viewing,
        edits: ShotEdits,
        session: Session,
        parent: Optional[QtCore.QObject] = None,
    ) -> None:
        super().__init__(parent)
        self._canvas, self._viewing, self._edits, self._session = canvas, viewing, edits, session
        self._on = False
        self._xy: Optional[Tuple[float, float]] = None
        #: Counts what was asked, so that a late answer is not shown.
        self._asked = 0
        self._shot: Optional[RemoteShot] = None
        self._folder: Optional[str] = None
        self._rest = QtCore.QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST)
        self._rest.timeout.connect(self._ask)
        canvas.hovered.connect(self._moved)

    def switch(self, on: bool) -> None:
        """On or off. The folder goes when it is off."""
        self._on = on
        if not on:
            self.close()

    def close(self) -> None:
        """Let go of the shot and its files."""
        self._forget()
        shot, self._shot = self._shot, None
        if shot is not None:
            shot.close()
        folder, self._folder = self._folder, None
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)

    # -- inside -------------------------------------------------------------------------------------------

    def _moved(self, xy: Optional[Tuple[float, float]]) -> None:
        self._forget()
        if self._on and xy is not None and self._means_a_point(xy):
            self._xy = xy
            self._rest.start()

    def _forget(self) -> None:
        """What was foreseen holds no longer."""
        self._rest.stop()
        self._asked += 1
        self._viewing.foresee(None)

    def _means_a_point(self, xy: Tuple[float, float]) -> bool:
        gestures, size = self._canvas.gestures, self._edits.size
        inside = 0 <= xy[0] < size[0] and 0 <= xy[1] < size[1]
        near = gestures.near(xy, self._canvas.frame, self._canvas.zoom) is not None
        means = gestures.tool in (POINT_ADD, POINT_REMOVE) and not self._edits.refusal(self._canvas.frame)
        return inside and not near and not gestures.active and means

    def _ask(self) -> None:
        session = self._session
        if session.client.pid is None or session.busy or session.previewing:
            self._rest.start()  # the mouse may rest on until the engine has time
            return
        assert self._xy is not None, "the timer runs while the mouse rests somewhere"
        wish = ShotEdits(copy.deepcopy(self._edits.document))
        wish.active = self._edits.active
        include, frame = self._canvas.gestures.tool == POINT_ADD, self._canvas.frame
        wish.add_prompt({"frame": frame, "kind": "point", "xy": rounded(self._xy), "include": include})
        asked = self._asked

        def there(result: Dict[str, Any]) -> None:
            if self._asked == asked:
                self._viewing.foresee(result["path"])

        def refused(error: EngineError) -> None:
            """What cannot be foreseen is not; a click says why."""
            if self._asked == asked and error.kind == "busy":  # another engine has the device: the mouse may rest on
                self._rest.start()

        if self._shot is None:
            self._folder = tempfile.mkdtemp(prefix="wisp-foresight-")
            root = session.places.root
            readable = (session.places.cache, *session.places.readable)
            self._shot = session.client.open(wish.document, root, ignore, ignore, self._folder, readable)
        else:
            self._shot.update(wish.document)
        assert wish.active is not None
        self._shot.preview(frame, wish.active, there, refused)
