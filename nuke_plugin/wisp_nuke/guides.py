"""The prompts as pictures over the plate, one for each frame that has any, so that the viewer shows them at any zoom.

The node reads `guides.%04d.png`: what is on a frame is there or not, and nothing of the script changes while frames are
looked at or played. Only the artist sees it; the node keeps it out of renders.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import tempfile
from pathlib import Path
from typing import Any, Dict, List

from . import edits, host, node, state

#: Marks of the size 1 look right where a picture is shown so many screen pixels wide.
VIEWER_WIDTH = 1280.0
PATTERN = "guides.%04d.png"


def refresh(group: Any) -> None:
    """Make the guide picture of the frame that is looked at fit, once it has been looked at for two turns: none is
    painted while the host plays. Pictures of other frames that no longer fit go at once."""
    if host.limit() is not None:  # nodes are precious there
        return
    mine, frame = state.of(group), host.frame()
    marks = float(group["wisp_guide_size"].value())
    prompts = host.text_of(group["wisp_prompts"]), host.choice(group["wisp_object"]), marks, edits.size_of(group)
    shown = bool(group["wisp_show_guides"].value())
    before, mine.looked = mine.looked, (prompts, frame, shown)
    stays = before == mine.looked
    if (stays and mine.settled) or not shown:
        return
    gone = []
    if before is None or before[0] != prompts:
        gone = [one for one, look in mine.painted.items() if one != frame and look != _look(group, one, marks)]
        for one in gone:
            _remove(group, one)
    wanted = _look(group, frame, marks)
    fits = mine.painted.get(frame, "") == wanted
    mine.settled = stays or fits
    if stays and not fits:
        _remove(group, frame)
        if wanted:
            _paint(group, frame, marks)
            mine.painted[frame] = wanted
    if gone or (stays and not fits):
        _show(group)


def forget(group: Any) -> None:
    """Name no guide picture until the host is idle again: none may be in a script that others read."""
    mine = state.of(group)
    mine.looked, mine.settled, mine.painted = None, False, {}
    if group.node("GuideRead") is not None:
        with state.writing(group):
            group.node("GuideRead")["file"].setValue("")


def folder(group: Any) -> Path:
    """Where a node's guide pictures lie, for as long as it and the session last."""
    mine = state.of(group)
    if mine.guides is None:
        mine.guides = tempfile.TemporaryDirectory(prefix="wisp-guides-")
    return Path(mine.guides.name)


def _layers(group: Any, frame: int) -> List[Any]:
    """(colour, prompts, whether it is the chosen one) of what is on a frame, the chosen object last."""
    chosen = edits.active(group)
    found = []
    for item in edits.stored(group)["objects"]:
        here = [one for one in item["prompts"] if one["frame"] == frame]
        if here and item.get("enabled", True):
            found.append((item["color"], here, item == chosen))
    return sorted(found, key=lambda layer: bool(layer[2]))


def _look(group: Any, frame: int, marks: float) -> str:
    """What is to be painted on a frame, as text; empty for nothing."""
    layers = _layers(group, frame)
    if not layers:
        return ""
    return hashlib.sha1(json.dumps([edits.size_of(group), marks, layers]).encode("utf-8")).hexdigest()


def _paint(group: Any, frame: int, marks: float) -> None:
    from .vendor.panel.paint import paint_prompts
    from .vendor.panel.qt import QtGui

    width, height = edits.size_of(group)
    image = QtGui.QImage(width, height, QtGui.QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(0)
    painter = QtGui.QPainter(image)
    scale = min(VIEWER_WIDTH / width, 1.0) / max(marks, 0.05)
    for color, here, bright in _layers(group, frame):
        paint_prompts(painter, here, color, scale, bright)
    painter.end()
    # Colours stay multiplied by alpha in the file, as the host's `over` wants them.
    image.reinterpretAsFormat(QtGui.QImage.Format.Format_ARGB32)
    path = folder(group) / (PATTERN % frame)
    if not image.save(str(path)):
        raise OSError(f"{path} cannot be written.")


def _remove(group: Any, frame: int) -> None:
    state.of(group).painted.pop(frame, None)
    with contextlib.suppress(OSError):
        (folder(group) / (PATTERN % frame)).unlink()


def _show(group: Any) -> None:
    """Let the node read the pictures anew."""
    pattern = (folder(group) / PATTERN).as_posix()
    with state.writing(group):
        if group.node("GuideRead") is None:
            mattes = node.present_mattes(group, edits.stored(group)["objects"])
            node.rebuild(group, mattes, guides=True)
        read = group.node("GuideRead")
        first, last = node.frame_of(group, "wisp_first"), node.frame_of(group, "wisp_last")
        values: Dict[str, Any] = {"file": pattern, "first": first, "last": last, "origfirst": first, "origlast": last}
        for name, value in dict(values, origset=True).items():
            if read[name].value() != value:
                read[name].setValue(value)
        read["reload"].execute()
