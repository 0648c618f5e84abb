"""Movies with alpha, through FFmpeg: ProRes 4444, FFV1 and VP9. For looking at and for editorial; masters are EXR."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..atomic import replacing
from ..errors import OutputError, UsageError
from ..plates.clip import FloatImage
from ..plates.exr_writer import exact_rate
from .endings import add_ending
from .naming import Format
from .stills import codes16

try:
    import av
    from av.video.reformatter import ColorRange, Colorspace
except ImportError as error:
    raise UsageError(
        "Movies cannot be written: PyAV is not installed.", hint="Run: pip install 'wisp-roto[movies]'"
    ) from error

from ..plates.movies import LIMITED_WHITE

_REC709 = 1  # AVCOL_PRI_BT709, AVCOL_SPC_BT709
_SRGB_CURVE = 13  # AVCOL_TRC_IEC61966_2_1


@dataclass(frozen=True)
class _Codec:
    """An encoder, its container, its pixel format and its settings."""

    encoder: str
    container: str
    pixels: str
    options: dict[str, str] = field(default_factory=dict)


_CODECS: dict[Format, _Codec] = {
    "mov": _Codec("prores_ks", "mov", "yuva444p10le", {"profile": "4444", "alpha_bits": "16", "vendor": "apl0"}),
    "mkv": _Codec("ffv1", "matroska", "gbrap16le", {"level": "3", "slicecrc": "1"}),
    "webm": _Codec("libvpx-vp9", "webm", "yuva420p", {"crf": "12", "b:v": "0", "deadline": "good", "cpu-used": "4"}),
}


class Movie:
    """An open movie file; `add` its frames in order."""

    def __init__(self, container: Any, stream: Any, path: Path) -> None:
        self._container, self._stream, self._path = container, stream, path

    def add(self, picture: FloatImage) -> None:
        """`picture`: height x width x 4, display-referred colour and alpha, 0..1. Raises OutputError."""
        is_rgb = self._stream.pix_fmt.startswith("gb")
        white = 1.0 if is_rgb else LIMITED_WHITE / 65535
        scaled = picture * np.array([white, white, white, 1.0], np.float32)
        codes: NDArray[np.uint16] = np.ascontiguousarray(codes16(scaled))
        frame = av.VideoFrame.from_ndarray(codes, format="rgba64le")
        if not is_rgb:
            frame = frame.reformat(
                format=self._stream.pix_fmt, dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG
            )
        with _explained(self._path):
            self._container.mux(self._stream.encode(frame))

    def close(self) -> None:
        """Write what the encoder still holds."""
        with _explained(self._path):
            self._container.mux(self._stream.encode(None))
            self._container.close()


@contextlib.contextmanager
def writing(
    path: Path,
    suffix: Format,
    size: tuple[int, int],
    fps: float,
    mark: str,
    *,
    pixel_aspect: float,
    timecode: str | None,
) -> Iterator[Movie]:
    """A movie that is there, whole, when the block ends without an error, and else not at all.

    `size`: width, height. `mark`: what the file says of itself. Raises OutputError; UsageError for a size
    that the codec cannot hold.
    """
    codec = _CODECS[suffix]
    if codec.pixels.startswith("yuva420") and (size[0] % 2 or size[1] % 2):
        raise UsageError(
            f"{path.suffix[1:].upper()} holds pictures of even size, not {size[0]}x{size[1]}.", hint="Use mov or mkv."
        )
    with replacing(path, durable=True) as temporary:
        temporary.touch()  # an unwritable place speaks here, with its reason
        with _explained(path):
            container = av.open(str(temporary), "w", format=codec.container)
            stream: Any = container.add_stream(codec.encoder, rate=exact_rate(fps), options=codec.options)
        stream.width, stream.height = size
        stream.pix_fmt = codec.pixels
        stream.sample_aspect_ratio = Fraction(pixel_aspect).limit_denominator(1000)
        context = stream.codec_context
        context.color_primaries, context.color_trc = _REC709, _SRGB_CURVE
        if not codec.pixels.startswith("gb"):
            context.colorspace, context.color_range = _REC709, ColorRange.MPEG.value
        if timecode:
            stream.metadata["timecode"] = timecode
        movie = Movie(container, stream, path)
        try:
            yield movie
            movie.close()
        finally:
            with contextlib.suppress(av.error.FFmpegError, ValueError):
                container.close()
        add_ending(temporary, path.suffix.lower(), mark)


@contextlib.contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except (av.error.FFmpegError, ValueError) as error:
        why = str(getattr(error, "strerror", "") or error).strip().rstrip(".")
        raise OutputError(
            f"Cannot write {path}: {why.lower()}.", hint="Free some space or choose another place.", path=path
        ) from error
