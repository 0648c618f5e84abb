"""Plate pictures for the engine: rendered by a Write that exists for the moment of rendering only."""

from __future__ import annotations

import contextlib
import hashlib
import json
from pathlib import Path
from typing import Any, Dict, Iterator, List, Tuple

from . import edits, host, upstream

PATTERN = "plate.%04d.png"
#: Beside the pictures: frame -> what the picture was rendered from.
RECORD = "plates.json"
#: Per node and frame, what the host called the picture when it was last rendered in this session.
_hashes: Dict[Tuple[str, int], List[int]] = {}


def check(group: Any) -> str:
    """The view to render. Raises Refusal for a script with several views, unless a OneView above the node picks one:
    one set of mattes cannot serve two eyes."""
    views = host.views()
    if len(views) > 1 and not any(one.Class() == "OneView" for one in upstream.nodes_above(group.input(0))):
        raise edits.Refusal(
            f"The script has the views {', '.join(views)}. Put a OneView before the node, one node per view, "
            "and a JoinViews after them."
        )
    return str(views[0])


def stale(folder: str, wanted: Dict[int, str]) -> List[List[int]]:
    """Runs `[first, last]` of frames whose picture is not there or was rendered from something else.

    `wanted`: frame -> what its picture is rendered from.
    """
    known = _record(folder)
    runs: List[List[int]] = []
    for frame in sorted(wanted):
        if known.get(str(frame)) != wanted[frame] or not (Path(folder) / (PATTERN % frame)).is_file():
            if runs and runs[-1][1] == frame - 1:
                runs[-1][1] = frame
            else:
                runs.append([frame, frame])
    return runs


def export(group: Any, folder: str, first: int, last: int) -> int:
    """Render the missing and outdated pictures of first..last of the node's input into `folder`; returns how many.

    8-bit sRGB over the format's area at full resolution, at the node's exposure. Raises Refusal for several views,
    host.Cancelled, and RuntimeError when Nuke's render fails; the Write is gone and proxy mode is as it was, whatever
    happens.
    """
    view = check(group)
    edits.form_of(group)
    proxy = host.root_knob("proxy")
    was_proxy = proxy.value()
    with host.housekeeping():
        try:
            proxy.setValue(False)
            _notice_changes(group, folder)
            wanted = dict(zip(range(first, last + 1), signatures(group, first, last)))
            runs = stale(folder, wanted)
            if runs:
                _render(group, folder, runs, view, wanted)
        finally:
            proxy.setValue(was_proxy)
    return sum(run[1] - run[0] + 1 for run in runs)


def signatures(group: Any, first: int, last: int) -> Iterator[str]:
    """What the picture of each frame is rendered from: the nodes above with all their settings, and the files that
    they read. Expressions count as their text; what they refer to elsewhere does not."""
    above = upstream.nodes_above(group.input(0))
    settings = [repr(group[name].value()) for name in ("wisp_display_input", "wisp_exposure")]
    settings += [upstream.settings_of(node) for node in above]
    common = hashlib.sha1("\n".join(settings).encode("utf-8", "replace"))
    for frame in range(first, last + 1):
        digest = common.copy()
        for node in above:
            digest.update(repr(upstream.file_state(node, frame)).encode("utf-8"))
        yield digest.hexdigest()


def forget(folder: str) -> None:
    """Take no picture as rendered any more."""
    with contextlib.suppress(FileNotFoundError):
        (Path(folder) / RECORD).unlink()


def _notice_changes(group: Any, folder: str) -> None:
    """The host's own hash of the picture sees what settings do not tell, such as values that expressions refer to.
    Compared within a session and on one frame only: it says nothing beyond them."""
    place = (folder, host.frame())
    seen = host.picture_hash(group.input(0))
    if _hashes.get(place, seen) != seen:
        forget(folder)
    _hashes[place] = seen


def _render(group: Any, folder: str, runs: List[List[int]], view: str, wanted: Dict[int, str]) -> None:
    Path(folder).mkdir(parents=True, exist_ok=True)
    made: List[Any] = []
    known = _record(folder)
    try:
        with group:
            source = group.node("Plate")
            if group["wisp_exposure"].value():
                brighter = host.create("Multiply", value=2.0 ** float(group["wisp_exposure"].value()))
                made.append(brighter)
                brighter.setInput(0, source)
                source = brighter
            if not group["wisp_display_input"].value():
                encoded = host.create("Colorspace", colorspace_in="Linear", colorspace_out="sRGB")
                made.append(encoded)
                encoded.setInput(0, source)
                source = encoded
            write = host.create("Write", file_type="png", channels="rgb", raw=True, create_directories=True)
            made.append(write)
            write["file"].setValue((Path(folder) / PATTERN).as_posix())
            write.setInput(0, source)
        for first, last in runs:
            host.execute(write, first, last, view)
            known.update((str(frame), wanted[frame]) for frame in range(first, last + 1))
            _keep(folder, known)
    finally:
        for node in reversed(made):
            host.delete(node)


def _record(folder: str) -> Dict[str, str]:
    try:
        found = json.loads((Path(folder) / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _keep(folder: str, known: Dict[str, str]) -> None:
    fresh = Path(folder) / (RECORD + ".new")
    fresh.write_text(json.dumps(known), encoding="utf-8")
    fresh.replace(Path(folder) / RECORD)
