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
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from ..errors import FrameReadError
from ..shot import Shot, parse, resolve_path

if TYPE_CHECKING:
    from ..plates.clip import DisplayClip

Pixels = NDArray[np.uint8]
#: Time of writing and size.
Mark = tuple[int, int]


class Pictures:
    """The pictures of a shot. The plate is opened when the first one is asked for, and again when one was written anew;
    only when one cannot be read, all frames are looked at for what the shot does about missing ones."""

    def __init__(self, shot: Shot, root: Path) -> None:
        self._shot = shot
        self._root = root
        self._clip: DisplayClip | None = None
        self._filled: DisplayClip | None = None
        #: Frame -> its file; where they lie; what the file's mark was when it was last read.
        self._files: dict[int, Path] = {}
        self._folder = root
        self._marks: dict[int, Mark | None] = {}

    def plate(self, frame: int) -> Pixels:
        """Height x width x 4, blue first as Qt's RGB32 has it. Raises WispError."""
        mark = self.mark(frame)
        if self._marks.get(frame, mark) != mark:
            self._forget()
        self._marks[frame] = mark
        try:
            return shown(self._display().image(frame))
        except FrameReadError:
            if self._shot.plate.missing not in ("hold", "black"):
                raise
        if self._filled is None:  # as models see the plate: with pictures for missing frames
            self._filled = self._open(filled=True)
        return shown(self._filled.image(frame))

    def mark(self, frame: int) -> Mark | None:
        """Time and size of the file of a frame: others once it was written anew. Of a frame without one, those of the
        folder that it would come into; None where that is gone. Raises WispError where there is no plate."""
        self._display()
        try:
            found = self._files.get(frame, self._folder).stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size

    def _display(self) -> DisplayClip:
        if self._clip is None:
            self._clip = self._open()
        return self._clip

    def _forget(self) -> None:
        """Something was written anew: the plate is to be opened as it is now."""
        for clip in (self._clip, self._filled):
            if clip is not None:
                clip.close()
        self._clip = self._filled = None
        self._marks.clear()

    def matte(self, path: Path) -> tuple[Pixels, str, float, str]:
        """Grey, height x width, with the tracker's word and confidence, and its fingerprint. Raises FrameReadError."""
        from ..cache import read_matte

        alpha, stamp = read_matte(path)
        pixels = np.clip(alpha * np.float32(255.0) + np.float32(0.5), 0, 255).astype(np.uint8)
        if stamp is None:
            return pixels, "tracked", 1.0, ""
        return pixels, stamp.track_state, stamp.confidence, stamp.fingerprint

    def _open(self, *, filled: bool = False) -> DisplayClip:
        from ..plates import apply_missing, open_plate
        from ..plates.clip import DisplayClip
        from ..plates.colour import DisplayTransform, choose_colour

        spec = self._shot.plate
        path = resolve_path(spec.path, self._root / "shot")
        plate = open_plate(path, layer=spec.layer, offset=spec.offset)
        # A movie is one file of many frames; of a sequence that was named with a range, files stand for further frames.
        files = plate.files * len(plate.frames) if len(plate.files) == 1 else plate.files
        self._files = dict(zip(plate.frames, files, strict=True)) if len(files) == len(plate.frames) else {}
        self._folder = plate.files[0].parent
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
