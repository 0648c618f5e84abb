"""Plates and mattes of a node as 8-bit pictures: nothing in Nuke's Python reads EXR, so a process of the engine's does.

With Qt only.
"""

from __future__ import annotations

import contextlib
import json
from typing import Any, Dict, List, Tuple

from . import edits, engine, host, solving, state
from .vendor.panel.compose import Layer, tinted
from .vendor.panel.frames import FrameSource, Loader, Matte
from .vendor.panel.qt import QtGui

#: Bytes of mattes that the overlay keeps for a node.
BUDGET = 64 * 2**20


class EngineFrames(FrameSource):
    """Plate and mattes as the engine's readers see them, from a process of its own.

    Asked in the loader's thread, one after the other."""

    def __init__(self, process: Any) -> None:
        self._process = process

    def plate(self, frame: int) -> QtGui.QImage:
        """See `FrameSource.plate`."""
        head, data = self._ask({"plate": frame})
        form = QtGui.QImage.Format.Format_RGB32
        return QtGui.QImage(data, head["width"], head["height"], 4 * head["width"], form).copy()

    def matte(self, path: str) -> Matte:
        """See `FrameSource.matte`."""
        head, data = self._ask({"matte": path})
        form = QtGui.QImage.Format.Format_Grayscale8
        alpha = QtGui.QImage(data, head["width"], head["height"], head["width"], form).copy()
        return Matte(alpha, head["track_state"], head["confidence"], head["fingerprint"])

    def close(self) -> None:
        """End the process."""
        with contextlib.suppress(OSError):
            self._process.stdin.close()

    def _ask(self, request: Dict[str, Any]) -> Tuple[Dict[str, Any], bytes]:
        self._process.stdin.write(json.dumps(request).encode("utf-8") + b"\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise OSError("What reads the pictures has ended; press Edit again. Its words are in nuke-pictures.log.")
        head: Dict[str, Any] = json.loads(line.decode("utf-8"))
        if "error" in head:
            raise OSError(head["error"])
        return head, self._process.stdout.read(head["width"] * head["height"] * head["channels"])


def of(group: Any) -> EngineFrames:
    """The pictures of a node, from a process that is started for them. Raises Refusal and EngineNotFound."""
    chosen = str(group["wisp_engine_python"].value())
    return EngineFrames(engine.pictures(solving.document(group), solving.plate_folder(group), chosen))


class Tint:
    """The mattes of a node with an open shot, to be shown over its picture; read in a thread when asked for."""

    def __init__(self, group: Any) -> None:
        """Raises as `of` does."""
        self._frames = of(group)
        self._loader = Loader(self._frames, BUDGET)
        self._session = state.of(group).session
        self._session.matte_changed.connect(self._changed)
        #: What was last shown, and what it was made of.
        self._shown: Tuple[Any, List[QtGui.QImage]] = (None, [])

    def images(self, group: Any) -> List[QtGui.QImage]:
        """This frame's mattes in their objects' colours, premultiplied, as far as they are read; the rest is read for
        the next time. Their opacity is the node's tint."""
        opacity = float(group["wisp_tint_opacity"].value())
        paths = [
            (item["color"], self._session.mattes.path(item["id"], host.frame()))
            for item in edits.stored(group)["objects"]
            if item.get("enabled", True)
        ]
        here = [(color, self._loader.get(("matte", path))) for color, path in paths if path]
        self._loader.want([("matte", path) for _, path in paths if path])
        layers = [Layer(found.alpha, color) for color, found in here if isinstance(found, Matte)]
        made_of = opacity, [(layer.color, layer.alpha.cacheKey()) for layer in layers]
        if self._shown[0] != made_of:
            self._shown = made_of, [_tint_alone(layer, opacity) for layer in layers]
        return self._shown[1]

    def close(self) -> None:
        """End the process and the thread."""
        self._session.matte_changed.disconnect(self._changed)
        self._frames.close()
        self._loader.close()

    def _changed(self, *_: Any) -> None:
        self._loader.forget()


def _tint_alone(layer: Layer, opacity: float) -> QtGui.QImage:
    nothing = QtGui.QImage(layer.alpha.size(), QtGui.QImage.Format.Format_ARGB32_Premultiplied)
    nothing.fill(0)
    return tinted(nothing, [layer], opacity)
