"""Damaged and hostile files of every kind that is read: a sentence or a picture, never anything else."""

from __future__ import annotations

import json
import logging
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image
from torture.conftest import Counter
from wisp import shot as documents
from wisp.errors import WispError
from wisp.plates import open_plate
from wisp.plates.exr_writer import write_exr
from wisp.plates.plate import Window
from wisp.plates.stills import read_coverage

SIZE = (16, 24)


def _pixels() -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (*SIZE, 3), np.uint8)


def _make(path: Path) -> None:
    pixels = _pixels()
    if path.suffix == ".exr":
        planes = {f"{layer}{c}": pixels[..., 0] / 255.0 for layer in ("", "AO.") for c in "RGB"}
        write_exr(path, planes, display=Window(0, 0, SIZE[1], SIZE[0]), attributes={"framesPerSecond": 24.0})
    elif path.suffix in (".png", ".jpg", ".bmp", ".webp"):
        cv2.imwrite(str(path), pixels)
    elif path.suffix in (".gif", ".tif"):
        pages = [Image.fromarray(np.roll(pixels, page, 1)) for page in range(3)]
        pages[0].save(path, save_all=True, append_images=pages[1:])
    else:
        av = pytest.importorskip("av", reason="needs PyAV (the movies extra)")
        with av.open(str(path), "w") as container:
            stream = container.add_stream("mpeg4", rate=24)
            stream.height, stream.width, stream.pix_fmt = *SIZE, "yuv420p"
            for index in range(4):
                frame = av.VideoFrame.from_ndarray(np.roll(pixels, index, 1), format="rgb24")
                frame.pts, frame.time_base = index, Fraction(1, 24)
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))


def _spoil(data: bytes, random: np.random.Generator) -> bytes:
    spoilt = bytearray(data)
    for _ in range(int(random.integers(1, 6))):
        place = int(random.integers(len(spoilt)))
        # Headers are where lies do most harm.
        place = place if random.random() < 0.5 else place % min(len(spoilt), 600)
        match random.integers(4):
            case 0:
                spoilt[place] = int(random.integers(256))
            case 1:
                spoilt[place : place + 4] = random.bytes(4)
            case 2:
                spoilt[place : place + 4] = b"\xff\xff\xff\x7f"
            case _:
                del spoilt[place : place + int(random.integers(1, 40))]
                spoilt = spoilt or bytearray(b"\0")
    return bytes(spoilt)


@pytest.mark.parametrize("suffix", ["exr", "png", "jpg", "bmp", "webp", "gif", "tif", "mp4", "mkv", "avi", "mov"])
def test_spoilt_files_end_in_a_sentence(suffix: str, tmp_path: Path, counter: Counter, times: Any, caplog: Any) -> None:
    caplog.set_level(logging.CRITICAL)
    path = tmp_path / f"p.{suffix}"
    _make(path)
    good, random = path.read_bytes(), np.random.default_rng(len(suffix) + ord(suffix[0]))
    for turn in range(times(40, 2000)):
        path.write_bytes(_spoil(good, random))
        try:
            plate = open_plate(path)
            for frame in plate.frames[:4]:
                plate.header(frame)
                assert np.isfinite(plate.read(frame).rgb).all()
        except WispError as error:
            counter.check("\n" not in str(error), f"turn {turn}: several lines: {error}")
        except Exception as error:
            counter.check(False, f"turn {turn}: {type(error).__name__}: {error}")
        else:
            counter.check(True, "")
        if path.suffix in (".exr", ".png", ".tif"):
            try:
                read_coverage(path, SIZE[1], SIZE[0])
            except WispError:
                counter.check(True, "")
            except Exception as error:
                counter.check(False, f"turn {turn}, as a mask: {type(error).__name__}: {error}")


NUMBERS = [-1, 0, 0.1, 1e300, -1e300, 2**63, 10**400, float("nan"), float("inf")]
HOSTILE = [*NUMBERS, None, True, "", "x" * 10_000, "\0", "\ud800", "../../etc/passwd", "1e999", [], {}, [[]], {"a": 1}]


def test_hostile_documents_end_in_a_sentence(tmp_path: Path, counter: Counter, times: Any) -> None:
    random = np.random.default_rng(5)
    frozen = (Path(__file__).parent.parent / "data" / "shot-v1.wisp").read_text("utf-8")
    for turn in range(times(300, 20_000)):
        data = json.loads(frozen)
        for _ in range(int(random.integers(1, 4))):
            _poison(data, random)
        try:
            documents.parse(data, "the document")
        except WispError:
            counter.check(True, "")
        except Exception as error:
            counter.check(False, f"turn {turn}: {type(error).__name__}: {error}")
        else:
            counter.check(True, "")
    for turn in range(times(100, 5000)):
        path = tmp_path / "s.wisp"
        path.write_bytes(_spoil(frozen.encode(), random))
        try:
            documents.load(path)
        except WispError:
            counter.check(True, "")
        except Exception as error:
            counter.check(False, f"bytes, turn {turn}: {type(error).__name__}: {error}")


def _poison(node: Any, random: np.random.Generator) -> None:
    """Put one hostile value somewhere into a JSON-able tree."""
    while True:
        keys = list(node) if isinstance(node, dict) else list(range(len(node)))
        if not keys:
            return
        key = keys[random.integers(len(keys))]
        if isinstance(node[key], dict | list) and node[key] and random.random() < 0.8:
            node = node[key]
        else:
            node[key] = HOSTILE[random.integers(len(HOSTILE))]
            return
