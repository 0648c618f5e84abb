"""Explain this installation on one page: versions, device, weights, cache, colour, front-ends, and what to do.

Paths are shortened so that the page can be pasted anywhere; `--paths` shows them whole. The exit code is that of the
first fault, as a command that meets it would give it.
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
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from .. import __version__
from ..atomic import replacing, spare_others
from ..errors import DeviceError, InputError, OutputError, WispError
from .options import add_model_options, add_output_options, run_options
from .report import print_text

_PACKAGES = {
    "numpy": "",
    "opencv-python-headless": "",
    "OpenEXR": "",
    "openimageio": "",
    "opencolorio": "",
    "torch": "",
    "av": "movies",
    "PySide6-Essentials": "the window",
    "huggingface_hub": "fetching weights",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--paths", action="store_true", help="show folders with their whole names")
    parser.add_argument(
        "--report",
        type=Path,
        nargs="?",
        const=Path("-"),
        metavar="FILE",
        help="the page for a problem report, with no path of yours in it; shown, then written to FILE if one is given",
    )
    add_model_options(parser)
    add_output_options(parser)


def run(args: argparse.Namespace) -> int:
    show = _hide if args.report else str if args.paths else _short
    rows = [*_versions(), *_machine(args), *_window(), *_colour(show), *_places(args, show), *_front_ends(show)]
    code = next((row.code for row in rows if row.code), 0)
    if args.json:
        print(json.dumps({"event": "doctor", **{row.name: row.text for row in rows}}))
        return code
    width = max(len(row.name) for row in rows)
    page = [f"{'!' if row.code else ''}".ljust(2) + f"{row.name.ljust(width)}  {row.text}" for row in rows]
    advice = [f"  {row.name}: {row.advice}" for row in rows if row.advice]
    page += ["", "What to do:", *advice] if advice else ["", "Nothing needs to be done."]
    print_text("\n".join(page))
    if args.report and args.report != Path("-"):
        spare_others(args.report, lambda start: start.lstrip(b" !").startswith(rows[0].name.encode()))
        with replacing(args.report) as fresh:
            fresh.write_text("\n".join(page) + "\n", encoding="utf-8")
        print_text(f"\nWritten to {args.report}. Nothing was sent anywhere.")
    return code


class Row(NamedTuple):
    """A line of the page. `code`: 0 where all is well, else the exit code of a command that meets this fault."""

    name: str
    text: str
    code: int = 0
    advice: str = ""


Show = Callable[[str], str]


def _versions() -> Iterator[Row]:
    yield Row("wisp", __version__)
    yield Row("python", f"{platform.python_version()} on {platform.system()} {platform.machine()}")
    for package, purpose in _PACKAGES.items():
        try:
            yield Row(package, importlib.metadata.version(package))
        except importlib.metadata.PackageNotFoundError:
            if purpose:
                yield Row(package, f"not installed (needed for {purpose})")
            else:
                yield Row(package, "not installed", DeviceError.exit_code, "Install Wisp again: part of it is missing.")


def _machine(args: argparse.Namespace) -> Iterator[Row]:
    from ..device import resolve_device

    yield Row("cores", str(os.cpu_count()))
    try:
        yield Row("device", str(resolve_device(run_options(args).device)))
    except WispError as error:
        yield Row("device", error.message, error.exit_code, error.hint)


def _window() -> Iterator[Row]:
    from ..view import libraries

    if find_spec("PySide6") is None:
        yield Row("window", "not installed (pip install 'wisp-roto[gui]')")
    elif lacking := libraries.missing():
        yield Row("window", f"cannot open: {', '.join(lacking)}", DeviceError.exit_code, libraries.advice(lacking))
    else:
        yield Row("window", "its libraries are here")


def _colour(show: Show) -> Iterator[Row]:
    from ..plates.colour import choose_colour

    setting = os.environ.get("OCIO")
    try:
        text = choose_colour("scene_linear").describe()
        yield Row("colour", text.replace(setting, show(setting)) if setting else text)
    except WispError as error:
        text = error.message.replace(setting, show(setting)) if setting else error.message
        yield Row("colour", text, error.exit_code, error.hint or "Set $OCIO to a configuration that can be read.")
    yield Row("$OCIO", show(setting) if setting else "not set")


def _places(args: argparse.Namespace, show: Show) -> Iterator[Row]:
    from ..weights.inventory import where
    from ..weights.registry import entries

    for model in entries():
        if model.files:
            files = where(model.id, weights=tuple(args.weights)).files
            found = [show(str(path)) for _, path in files if path is not None]
            yield Row(f"weights {model.id}", ", ".join(found) or f"absent (wisp models get {model.id})")
    for name in ("WISP_WEIGHTS", "WISP_CACHE", "WISP_DEVICE", "WISP_OFFLINE", "WISP_LICENCE"):
        if value := os.environ.get(name):
            yield Row(f"${name}", show(value) if name in ("WISP_WEIGHTS", "WISP_CACHE") else value)
    cache = Path(args.cache or os.environ.get("WISP_CACHE") or Path.cwd())
    for name, folder in (("cache", cache), ("temporary files", Path(tempfile.gettempdir()))):
        if os.access(folder if folder.exists() else folder.parent, os.W_OK):
            yield Row(name, f"{show(str(folder))}: writable")
        else:
            advice = "Name a folder you may write to: --cache or $WISP_CACHE." if name == "cache" else "Set $TMPDIR."
            yield Row(name, f"{show(str(folder))}: NOT writable", OutputError.exit_code, advice)


def _front_ends(show: Show) -> Iterator[Row]:
    from ..install import in_place

    found = in_place(os.environ)
    for host, folder, python in found:
        text = f"{show(str(folder))}, engine {show(str(python))}"
        if not python.is_file():
            yield Row(host, f"{text}: NOT there", InputError.exit_code, f"Run `wisp install {host}` again.")
        elif python != Path(sys.executable):
            yield Row(host, f"{text}: another Wisp than this one", 0, f"`wisp install {host}` makes it use this one.")
        else:
            yield Row(host, f"{text}: this one")
    for host in ("nuke", "blender"):
        if host not in {each.host for each in found}:
            yield Row(host, f"no front-end put in place (wisp install {host})")


def _hide(_path: str) -> str:
    return "(path left out)"


def _short(path: str) -> str:
    """The last two parts of a path: enough to recognise, too little to tell who works where."""
    parts = Path(path).parts
    return path if len(parts) <= 2 else str(Path("...", *parts[-2:]))
