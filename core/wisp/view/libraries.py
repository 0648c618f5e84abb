"""The system's libraries that a window takes. Qt ends the whole process where one is missing, so they are tried before.

Qt comes with its own wheel; what it links to on Linux does not (https://doc.qt.io/qt-6/linux-requirements.html, and
what `ldd` tells of the plug-ins in its wheel).
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Mapping

#: Library that every window of Qt is linked to -> Debian's and Ubuntu's package with it.
EVERYWHERE = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libfontconfig.so.1": "libfontconfig1",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libxkbcommon.so.0": "libxkbcommon0",
}
#: Platform of Qt -> what its plug-in is linked to besides. Those not named here (`offscreen`, `vnc`) take nothing more.
PLATFORMS = {
    "xcb": {
        "libX11-xcb.so.1": "libx11-xcb1",
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
    },
    "wayland": {
        "libwayland-client.so.0": "libwayland-client0",
        "libwayland-cursor.so.0": "libwayland-cursor0",
        "libwayland-egl.so.1": "libwayland-egl1",
    },
}
_PACKAGES = EVERYWHERE | {name: package for table in PLATFORMS.values() for name, package in table.items()}


def missing(environment: Mapping[str, str] = os.environ) -> list[str]:
    """What a window lacks on the platform that Qt would take here; none where Qt needs no library of the system.

    Of several platforms that Qt tries in turn, the one that lacks least counts.
    """
    if sys.platform != "linux":
        return []
    lacking = [[name for name in PLATFORMS.get(each, {}) if not _loads(name)] for each in platforms(environment)]
    return [name for name in EVERYWHERE if not _loads(name)] + min(lacking, key=len)


def platforms(environment: Mapping[str, str]) -> list[str]:
    """Qt's platforms in the order in which it tries them on Linux: those asked for, else by the kind of session."""
    if asked := environment.get("QT_QPA_PLATFORM"):
        return [each.split(":")[0].removesuffix("-egl") for each in asked.split(";")]
    wayland = environment.get("WAYLAND_DISPLAY") or environment.get("XDG_SESSION_TYPE") == "wayland"
    x11 = environment.get("DISPLAY")
    return [*(["wayland"] if wayland else []), *(["xcb"] if x11 or not wayland else [])]


def advice(libraries: list[str]) -> str:
    """What to do about missing ones, in one sentence."""
    packages = " ".join(_PACKAGES[name] for name in libraries)
    return f"On Debian or Ubuntu run: sudo apt install {packages}"


def _loads(name: str) -> bool:
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True
