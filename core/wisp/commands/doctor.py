"""Explain this installation on one page: versions, device, weights, cache, colour, and what is missing.

Paths are shortened so that the page can be pasted anywhere; `--paths` shows them whole.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from .. import __version__
from ..errors import WispError
from .options import add_model_options, add_output_options, run_options

_PACKAGES = {
    "numpy": "",
    "opencv-python-headless": "",
    "OpenEXR": "",
    "openimageio": "",
    "opencolorio": "",
    "torch": "",
    "sam2": "the SAM2 trackers",
    "av": "movies",
    "PyMatting": "the closed-form head",
    "PySide6-Essentials": "the window",
    "huggingface_hub": "fetching weights",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--paths", action="store_true", help="show folders with their whole names")
    add_model_options(parser)
    add_output_options(parser)


def run(args: argparse.Namespace) -> int:
    show = str if args.paths else _short
    rows = [*_versions(), *_machine(args), *_colour(show), *_places(args, show)]
    if args.json:
        print(json.dumps({"event": "doctor", **{name: text for name, text, _ in rows}}))
    else:
        width = max(len(name) for name, _, _ in rows)
        for name, text, good in rows:
            print(f"{'' if good else '!'}".ljust(2) + f"{name.ljust(width)}  {text}")
    return 0


Row = tuple[str, str, bool]
Show = Callable[[str], str]


def _versions() -> Iterator[Row]:
    yield "wisp", __version__, True
    yield (
        "python",
        f"{platform.python_version()} on {platform.system()} {platform.machine()}",
        sys.version_info >= (3, 11),
    )
    for package, purpose in _PACKAGES.items():
        try:
            yield package, importlib.metadata.version(package), True
        except importlib.metadata.PackageNotFoundError:
            yield package, f"not installed (needed for {purpose})" if purpose else "not installed", not purpose


def _machine(args: argparse.Namespace) -> Iterator[Row]:
    from ..device import resolve_device

    yield "cores", str(os.cpu_count()), True
    try:
        device = resolve_device(run_options(args).device)
        yield "device", str(device), True
    except WispError as error:
        yield "device", str(error), False


def _colour(show: Show) -> Iterator[Row]:
    from ..plates.colour import choose_colour

    setting = os.environ.get("OCIO")
    try:
        yield "colour", choose_colour("scene_linear").describe(), True
    except WispError as error:
        yield "colour", str(error).replace(setting, show(setting)) if setting else str(error), False
    yield "$OCIO", show(setting) if setting else "not set", True


def _places(args: argparse.Namespace, show: Show) -> Iterator[Row]:
    from ..weights.inventory import where
    from ..weights.registry import entries

    for model in entries():
        if model.files:
            files = where(model.id, weights=tuple(args.weights)).files
            found = [show(str(path)) for _, path in files if path is not None]
            yield f"weights {model.id}", ", ".join(found) or f"absent (wisp models get {model.id})", True
    for name in ("WISP_WEIGHTS", "WISP_CACHE", "WISP_DEVICE", "WISP_OFFLINE", "WISP_LICENCE"):
        if os.environ.get(name):
            yield f"${name}", show(os.environ[name]), True
    cache = Path(args.cache or os.environ.get("WISP_CACHE") or Path.cwd())
    for name, folder in (("cache", cache), ("temporary files", Path(tempfile.gettempdir()))):
        writable = os.access(folder if folder.exists() else folder.parent, os.W_OK)
        yield name, f"{show(str(folder))}: {'writable' if writable else 'NOT writable'}", writable


def _short(path: str) -> str:
    """The last two parts of a path: enough to recognise, too little to tell who works where."""
    parts = Path(path).parts
    return path if len(parts) <= 2 else str(Path("...", *parts[-2:]))
