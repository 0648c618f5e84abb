"""The prompts of the current frame as a picture over the plate, so that the viewer shows them at any zoom.

A picture and not a widget over the viewer: nobody can ask the viewer for its zoom, and a transparent widget over it is
not drawn in every version. Only the artist sees it; the node keeps it out of renders.
"""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any, Dict, Optional

from . import edits, host, node

#: Marks of the size 1 look right where a picture is shown so many screen pixels wide.
VIEWER_WIDTH = 1280.0
_painted: Dict[str, str] = {}
_place: Optional[Path] = None


def refresh(group: Any) -> None:
    """Make the guide picture fit the frame that is looked at; paints only when something has changed."""
    frame = host.frame()
    objects = edits.stored(group)["objects"] if group["wisp_show_guides"].value() else []
    chosen = edits.active(group) if objects else None
    layers = []
    for item in objects:
        here = [one for one in item["prompts"] if one["frame"] == frame]
        if here and item.get("enabled", True):
            layers.append((item["color"], here, item == chosen))
    size = edits.size_of(group) if layers else (0, 0)
    look = json.dumps([frame, size, group["wisp_guide_size"].value(), layers])
    uid = str(group["wisp_uid"].value())
    if _painted.get(uid) == look:
        return
    _painted[uid] = look
    with host.housekeeping():
        if layers:
            # A name by its content: a viewer that has read a file before would show the former picture.
            name = "guides-" + hashlib.sha1(look.encode("utf-8")).hexdigest()[:16] + ".png"
            path = folder(uid) / name
            _paint(path, size, layers, float(group["wisp_guide_size"].value()))
            if group.node("GuideRead") is None:  # the inside is that of an older version
                node.rebuild(group, node.present_mattes(group, objects))
            group.node("GuideRead")["file"].setValue(path.as_posix())
            _clean(path)
        group["wisp_guide_frame"].setValue(frame if layers else node.NO_FRAME)


def forget(group: Any) -> None:
    """Name no guide picture until the host is idle again: none may be in a script that others read."""
    _painted.pop(str(group["wisp_uid"].value()), None)
    with host.housekeeping():
        group["wisp_guide_frame"].setValue(node.NO_FRAME)
        if group.node("GuideRead") is not None:
            group.node("GuideRead")["file"].setValue("")


def folder(uid: str) -> Path:
    """Where a node's guide pictures lie, for as long as the session lasts."""
    global _place
    if _place is None:
        _place = Path(tempfile.mkdtemp(prefix="wisp-guides-"))
        atexit.register(shutil.rmtree, str(_place), True)
    return _place / uid[:12]


def _paint(path: Path, size: Any, layers: Any, marks: float) -> None:
    from .vendor.panel.paint import paint_prompts
    from .vendor.panel.qt import QtGui

    image = QtGui.QImage(size[0], size[1], QtGui.QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(0)
    painter = QtGui.QPainter(image)
    scale = min(VIEWER_WIDTH / size[0], 1.0) / max(marks, 0.05)
    for color, here, bright in layers:
        paint_prompts(painter, here, color, scale, bright)
    painter.end()
    path.parent.mkdir(parents=True, exist_ok=True)
    if not image.save(str(path)):
        raise OSError(f"{path} cannot be written.")


def _clean(kept: Path) -> None:
    for old in kept.parent.glob("guides-*.png"):
        if old != kept:
            with contextlib.suppress(OSError):
                old.unlink()
