"""The system's libraries that a window takes. Qt ends the whole process where one is missing, so they are tried before.

Qt comes with its own wheel; what it links to on Linux does not (https://doc.qt.io/qt-6/linux-requirements.html).
"""

from __future__ import annotations

import ctypes
import sys

#: Library that Qt's window plug-in for X11 is linked to -> Debian's and Ubuntu's package with it.
PACKAGES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libfontconfig.so.1": "libfontconfig1",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-render.so.0": "libxcb-render0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-shm.so.0": "libxcb-shm0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-util.so.1": "libxcb-util1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxkbcommon.so.0": "libxkbcommon0",
}


def missing() -> list[str]:
    """Those of `PACKAGES` that this system cannot load; none where Qt needs none of them."""
    return [name for name in PACKAGES if not _loads(name)] if sys.platform == "linux" else []


def advice(libraries: list[str]) -> str:
    """What to do about missing ones, in one sentence."""
    packages = " ".join(PACKAGES[name] for name in libraries)
    return f"On Debian or Ubuntu run: sudo apt install {packages}"


def _loads(name: str) -> bool:
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True
