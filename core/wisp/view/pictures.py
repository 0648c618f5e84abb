"""Plates and mattes as 8-bit pictures, through the same readers and colour as the models' view; without Qt.

`python -m wisp.view.pictures` gives them to a host whose Python reads neither EXR nor movies. One JSON object a line on
stdin: first `{"shot": DOCUMENT, "root": FOLDER}`, then `{"plate": FRAME}` or `{"matte": PATH}`. Every one of these is
answered on stdout by a line `{"width", "height", "channels", ..}` with that many bytes behind it, rows from the top, or
by `{"error": SENTENCE}`. It ends with its stdin.
"""

from __future__ import annotations

import json
import os
import sys
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from ..errors import FrameReadError
from ..shot import Shot, parse, resolve_path

if TYPE_CHECKING:
    from ..plates.clip import DisplayClip

Pixels = NDArray[np.uint8]


class Pictures:
    """The pictures of a shot. The plate is opened when the first one is asked for; only when one cannot be read, all
    frames are looked at for what the shot does about missing ones."""

    def __init__(self, shot: Shot, root: Path) -> None:
        self._shot = shot
        self._root = root
        self._clip: DisplayClip | None = None

    def plate(self, frame: int) -> Pixels:
        """Height x width x 4, blue first as Qt's RGB32 has it. Raises WispError."""
        if self._clip is None:
            self._clip = self._open()
        try:
            return shown(self._clip.image(frame))
        except FrameReadError:
            if self._shot.plate.missing not in ("hold", "black"):
                raise
            return shown(self._filled.image(frame))

    def matte(self, path: Path) -> tuple[Pixels, str, float, str]:
        """Grey, height x width, with the tracker's word and confidence, and its fingerprint. Raises FrameReadError."""
        from ..cache import read_matte

        alpha, stamp = read_matte(path)
        pixels = np.clip(alpha * np.float32(255.0) + np.float32(0.5), 0, 255).astype(np.uint8)
        if stamp is None:
            return pixels, "tracked", 1.0, ""
        return pixels, stamp.track_state, stamp.confidence, stamp.fingerprint

    @cached_property
    def _filled(self) -> DisplayClip:
        """As models see the plate: with pictures for missing frames."""
        return self._open(filled=True)

    def _open(self, *, filled: bool = False) -> DisplayClip:
        from ..plates import apply_missing, open_plate
        from ..plates.clip import DisplayClip
        from ..plates.colour import DisplayTransform, choose_colour

        spec = self._shot.plate
        path = resolve_path(spec.path, self._root / "shot")
        plate = open_plate(path, layer=spec.layer)
        if spec.offset:
            plate = open_plate(path, layer=spec.layer, first=plate.frames[0] + spec.offset)
        if filled:
            plate = apply_missing(plate, spec.missing, spec.first, spec.last)
        colour = choose_colour(
            spec.colorspace or plate.colorspace, config=spec.ocio, view=spec.view, exposure=spec.exposure
        )
        # The canvas keeps its own pictures, a sixth of the size of these.
        return DisplayClip(plate, DisplayTransform(colour), cache_bytes=2**26)


def shown(rgb: NDArray[np.float32]) -> Pixels:
    """RGB in 0..1, height x width x 3, as four bytes a pixel."""
    height, width = rgb.shape[:2]
    pixels = np.empty((height, width, 4), np.uint8)
    pixels[..., 2::-1] = rgb * np.float32(255.0) + np.float32(0.5)
    pixels[..., 3] = 255
    return pixels


def serve(asked: BinaryIO, answers: BinaryIO) -> None:
    """Answer until `asked` ends."""
    pictures: Pictures | None = None
    for line in asked:
        try:
            request: dict[str, Any] = json.loads(line)
            if "shot" in request:
                pictures = Pictures(parse(request["shot"]), Path(request["root"]))
                continue
            if pictures is None:
                raise ValueError("a picture was asked for before the shot was named")
            head, pixels = _picture(pictures, request)
        except Exception as error:  # every request has an answer, or whoever asked would wait for ever
            head, pixels = {"error": str(error) or type(error).__name__}, b""
        answers.write(json.dumps(head).encode() + b"\n" + pixels)
        answers.flush()


def _picture(pictures: Pictures, request: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    if "plate" in request:
        pixels = pictures.plate(int(request["plate"]))
        said: dict[str, Any] = {}
    else:
        pixels, state, confidence, fingerprint = pictures.matte(Path(request["matte"]))
        said = {"track_state": state, "confidence": confidence, "fingerprint": fingerprint}
    channels = pixels.shape[2] if pixels.ndim == 3 else 1
    return {"width": pixels.shape[1], "height": pixels.shape[0], "channels": channels, **said}, pixels.tobytes()


if __name__ == "__main__":
    with os.fdopen(os.dup(1), "wb") as out:
        os.dup2(2, 1)  # what libraries print must not come between the pixels
        serve(sys.stdin.buffer, out)
