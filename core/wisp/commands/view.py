"""Draw prompts on a shot or a plate in a window, solve, and look at the mattes."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "target", type=Path, metavar="SHOT|PLATE", help="NAME.wisp, or a pattern, folder, movie or picture"
    )
    parser.add_argument(
        "--cache", type=Path, metavar="DIR", help="masks and mattes (default: wisp-cache beside the shot)"
    )


def run(args: argparse.Namespace) -> int:
    from ..errors import DeviceError, UsageError
    from ..view import libraries

    if _no_display():
        raise DeviceError("There is no display to open a window on.", hint="Use `wisp matte` or `wisp solve` instead.")
    if lacking := libraries.missing():
        raise DeviceError(
            f"The window needs libraries that this system lacks: {', '.join(lacking)}.", hint=libraries.advice(lacking)
        )
    try:
        from ..panel.qt import execute
        from ..view.window import Window, application, say_faults
    except ImportError as error:
        raise UsageError(
            f"The window needs PySide6, which cannot be loaded ({error}).", hint="Run: pip install 'wisp-roto[gui]'."
        ) from None
    from ..view.places import open_target

    opened = open_target(args.target, args.cache.resolve() if args.cache else None)
    app = application()
    window = Window(opened)
    say_faults(window)
    window.show()
    return execute(app)


def _no_display() -> bool:
    """Qt ends the process where it finds none, so it is asked for before."""
    if sys.platform in ("win32", "darwin") or os.environ.get("QT_QPA_PLATFORM"):
        return False
    return not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
