"""A node's shot in the engine: what is asked of it, and what it says, written into the node."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Dict, List, Optional, Set

from . import edits, engine, graph, host, node, plates
from .edits import Refusal
from .vendor.host.errors import EngineError
from .vendor.host.shots import Job, RemoteShot
from .vendor.panel.shot_edits import frames_in

_jobs: Dict[str, Job] = {}
_listeners: Dict[str, Listener] = {}
#: Bars of the host's own for jobs of nodes that no panel shows.
_bars: Dict[str, Any] = {}
#: Nodes whose mattes were gathered since they were last tracked.
_gathered: Set[str] = set()


def uid_of(group: Any) -> str:
    return str(group["wisp_uid"].value())


def say(group: Any, text: str) -> None:
    """The status line."""
    with host.housekeeping():
        group["wisp_status"].setValue(text)


def cache_folder(group: Any) -> str:
    """The knob's folder, else one beside the script. Raises Refusal where there is neither."""
    chosen = group["wisp_cache_dir"].value()
    return str(chosen) if chosen else beside_script("wisp-cache", "name a cache folder")


def beside_script(name: str, otherwise: str) -> str:
    """A folder beside the script. Raises Refusal for a script that was never saved."""
    script = host.script_path()
    if not script:
        raise Refusal(f"Save the script or {otherwise} first, so that the mattes have a place.")
    return os.path.join(os.path.dirname(script), name).replace(os.sep, "/")


def plate_folder(group: Any) -> str:
    """Where the node's plate pictures lie."""
    return os.path.join(cache_folder(group), "plates-" + uid_of(group)[:12])


def document(group: Any) -> Dict[str, Any]:
    """The node as a shot document, for the engine."""
    found = edits.stored(group)
    form = edits.form_of(group)
    plate = {
        "path": plates.PATTERN,
        "first": node.frame_of(group, "wisp_first"),
        "last": node.frame_of(group, "wisp_last"),
        "width": int(form.width),
        "height": int(form.height),
        "pixel_aspect": form.pixel_aspect,
    }
    models = {"tracker": str(group["wisp_tracker"].value()), "head": str(group["wisp_head"].value())}
    return {"wisp": 1, "plate": plate, "objects": found["objects"], "solve": models}


class Listener:
    """Writes what the engine says into a node, for as long as there is one."""

    def __init__(self, group: Any) -> None:
        self.group = group
        self._uid = uid_of(group)

    def status(self, status: Dict[str, Any]) -> None:
        """Point the reads at the mattes and key what is solved."""
        if self.group is None:
            return
        try:
            self._show(status)
        except Refusal as refusal:
            say(self.group, str(refusal))

    def _show(self, status: Dict[str, Any]) -> None:
        node.offer_models(self.group, engine.models())
        known = {item["id"]: item for item in status["objects"]}
        mattes, solved = [], []
        elsewhere: Set[int] = set()
        for item in edits.stored(self.group)["objects"]:
            report = known.get(item["id"])
            enabled = report is not None and item.get("enabled", True)
            pattern = str(report["pattern"]) if report else ""
            mattes.append(graph.Mattes(pattern, enabled, graph.channel_of(item["name"], item["id"])))
            frames = frames_in(report["frames"].get("solved", "")) if report else []
            present = [frame for frame in frames if Path(pattern % frame).is_file()]
            elsewhere.update(set(frames) - set(present))
            solved.append(dict.fromkeys(present, 1))
        with host.housekeeping():
            node.rebuild(self.group, mattes)
            node.show_states(self.group, solved, [matte.enabled for matte in mattes])
            for number in range(1, len(mattes) + 1):
                self.group.node(f"Matte_{number}")["reload"].execute()
        if elsewhere:
            self._gather(elsewhere)

    def _gather(self, frames: Set[int]) -> None:
        """Mattes of earlier prompts that still hold lie in another folder: solving links them into the present one."""
        known = engine.known_shot(self._uid)
        if known is None or self._uid in _gathered or busy(self._uid):
            return
        _gathered.add(self._uid)
        known.solve(",".join(str(frame) for frame in sorted(frames)), on_done=lambda _: self.refresh())

    def failed(self, error: EngineError) -> None:
        self._say(str(error))

    def progress(self, params: Dict[str, Any]) -> None:
        words = "{stage} {done} of {total}".format(**params)
        self._say(words)
        host.show_progress(_bars.get(self._uid), params["done"], params["total"], words)

    def done(self, params: Dict[str, Any]) -> None:
        _bars.pop(self._uid, None)
        lost = "".join(f"; {name} lost on {frames}" for name, frames in params["lost"].items())
        self._say("{matted} mattes computed, {cached} were there".format(**params) + lost)
        self.refresh()

    def stopped(self, error: EngineError) -> None:
        _bars.pop(self._uid, None)
        self._say("Stopped; what is finished is kept" if error.kind == "cancelled" else str(error))
        if error.kind != "gone":
            self.refresh()

    def refresh(self) -> None:
        known = engine.known_shot(self._uid)
        if known is not None and self.group is not None:
            known.refresh()

    def _say(self, text: str) -> None:
        if self.group is not None:
            say(self.group, text)


def _listener(group: Any) -> Listener:
    return _listeners.setdefault(uid_of(group), Listener(group))


def forget(uid: str) -> None:
    """The node is gone: its job ends, and nothing is written into it any more."""
    listener = _listeners.pop(uid, None)
    if listener is not None:
        listener.group = None
    _bars.pop(uid, None)
    if busy(uid):
        _jobs[uid].cancel()
    engine.forget(uid)


def busy(uid: str) -> bool:
    """Whether a job of that node runs."""
    job = _jobs.get(uid)
    return job is not None and not job.finished


def track(group: Any, direction: str, with_bar: bool = True) -> Optional[Job]:
    """`back`, `this`, `fwd` or `both`; returns the job. Plates that the engine lacks are rendered first (this blocks,
    with Nuke's own progress bar); the solving itself does not block. `with_bar`: nothing else shows its progress."""
    keyframes = edits.keyframes(group)
    if not keyframes:
        raise Refusal("Draw a prompt first: Ctrl+click in the viewer, then Add +.")
    uid = uid_of(group)
    if busy(uid):
        raise Refusal("This node is being solved; press Stop first.")
    first, last = _span(group, keyframes, direction)
    export_plates(group)
    listener = _listener(group)
    opened = _opened(group, listener)
    _gathered.discard(uid)
    say(group, "Solving")
    _bars[uid] = host.progress_bar("Wisp: " + group.name()) if with_bar else None
    job = opened.solve(
        f"{first}-{last}" if first < last else str(first),
        on_progress=listener.progress,
        on_done=listener.done,
        on_error=listener.stopped,
    )
    _jobs[uid] = job
    return job


def export_plates(group: Any) -> None:
    """Render what the engine lacks of the plate."""
    plates.export(group, plate_folder(group), node.frame_of(group, "wisp_first"), node.frame_of(group, "wisp_last"))


def synchronise(group: Any) -> None:
    """Take over what was solved for these prompts elsewhere, as in the panel."""
    _opened(group, _listener(group))


def tell(group: Any) -> None:
    """The prompts or settings have changed: an engine that has the shot open says what is stale now."""
    known = engine.known_shot(uid_of(group))
    if known is not None:
        known.update(document(group))


def _opened(group: Any, listener: Listener) -> RemoteShot:
    """The node's shot in the engine, with the prompts as they are now."""
    python = str(group["wisp_engine_python"].value())
    return engine.shot(uid_of(group), document(group), plate_folder(group), cache_folder(group), python, listener)


def stop(group: Any) -> None:
    """Stop the node's job; what is finished stays."""
    job = _jobs.get(uid_of(group))
    if job is not None:
        job.cancel()


def look_for_cancel() -> None:
    """Stop the jobs whose bar the artist has cancelled."""
    for uid, bar in list(_bars.items()):
        if host.was_cancelled(bar) and busy(uid):
            _jobs[uid].cancel()


def _span(group: Any, keyframes: List[int], direction: str) -> List[int]:
    first, last, now = node.frame_of(group, "wisp_first"), node.frame_of(group, "wisp_last"), host.frame()
    if direction == "this":
        return [now, now]
    if direction == "fwd":
        return [max([frame for frame in keyframes if frame <= now], default=keyframes[0]), last]
    if direction == "back":
        return [first, min([frame for frame in keyframes if frame >= now], default=keyframes[-1])]
    return [first, last]
