"""One 16-bit picture, grey or with colour and alpha, as PNG or TIFF."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import OpenImageIO as oiio  # noqa: N813 - the name that all its documentation uses
from numpy.typing import NDArray

from ..atomic import replacing
from ..errors import OutputError
from ..plates.clip import FloatImage
from ..plates.opening import opened, writable
from .endings import add_ending

Codes = NDArray[np.uint16]


def codes16(picture: FloatImage) -> Codes:
    """0..1 as 16-bit code values."""
    return np.rint(np.clip(picture, 0.0, 1.0) * 65535).astype(np.uint16)


def write_png(path: Path, picture: FloatImage, mark: str) -> None:
    """`picture`: height x width (grey) or height x width x 4 (straight colour and alpha), 0..1. `mark`: what it says of
    itself. Raises OutputError."""
    codes = codes16(picture)
    stored = codes if codes.ndim == 2 else cv2.cvtColor(codes, cv2.COLOR_RGBA2BGRA)
    # OpenCV at its quickest level takes a tenth of OpenImageIO's time.
    good, data = cv2.imencode(".png", stored, [cv2.IMWRITE_PNG_COMPRESSION, 1])
    if not good:
        raise OutputError(f"Cannot encode {path} as PNG.", path=path)
    with replacing(path, durable=True) as temporary:
        temporary.write_bytes(data.tobytes())
        add_ending(temporary, path.suffix.lower(), mark)


def write_tiff(
    path: Path, picture: FloatImage, mark: str, attributes: dict[str, Any], *, premultiplied: bool = False
) -> None:
    """As `write_png`; the file says whether its colour is straight. `attributes`: OpenImageIO's names."""
    codes = codes16(picture)
    height, width = codes.shape[:2]
    spec = oiio.ImageSpec(width, height, 1 if codes.ndim == 2 else codes.shape[2], oiio.UINT16)
    if codes.ndim == 3:
        spec.alpha_channel = 3
        spec["oiio:UnassociatedAlpha"] = int(not premultiplied)
    spec["compression"] = "zip"
    for name, value in attributes.items():
        spec[name] = value
    with replacing(path, durable=True) as temporary:
        # The temporary name does not end in .tif, so the writer is chosen by kind.
        output: Any = oiio.ImageOutput.create("tiff")
        with writable(temporary) as name:
            written = output.open(name, spec) and output.write_image(codes.reshape(height, width, -1))
            # What a full disk loses of a small file is not reported: what cannot be read again was not written.
            closed = output.close()
        if not (written and closed and _reads_back(temporary, codes)):
            fault = output.geterror().strip().rstrip(".")
            raise OutputError(f"Cannot write {path}: {fault or 'the disk may be full'}.", path=path)
        add_ending(temporary, path.suffix.lower(), mark)


def _reads_back(path: Path, codes: Codes) -> bool:
    config = oiio.ImageSpec()
    config["oiio:UnassociatedAlpha"] = 1
    with opened(path) as name:
        source = oiio.ImageInput.open(name, config)
        if source is None:
            oiio.geterror()  # fetched, so that it is not printed at exit
            return False
        pixels = source.read_image(oiio.UINT16)
        source.close()
    return pixels is not None and np.array_equal(pixels.reshape(codes.shape), codes)
