"""A node's shot in the engine: what is asked of it, and what it says, written into the node."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Callable, Dict, List, Set

from . import edits, engine, graph, host, node, plates, state
from .edits import Refusal
from .vendor.client.engine_path import EngineNotFound
from .vendor.client.errors import EngineError
from .vendor.client.frames import frames_in
from .vendor.client.shots import RemoteShot


def say(group: Any, text: str) -> None:
    """The status line."""
    if group["wisp_status"].value() != text:
        with state.writing(group):
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
    return os.path.join(cache_folder(group), "plates-" + state.uid_of(group)[:12])


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
        "colorspace": plates.colorspace(group),
        "exposure": float(group["wisp_exposure"].value()),
    }
    models = {"tracker": str(group["wisp_tracker"].value()), "head": str(group["wisp_head"].value())}
    return {"wisp": 1, "plate": plate, "objects": found["objects"], "solve": models}


class Listener:
    """Writes what the engine says into a node, for as long as there is one."""

    def __init__(self, group: Any) -> None:
        self.group = group
        self._uid = state.uid_of(group)
        self._mine = state.of(group)

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
            there = _files_beside(pattern) if frames else set()
            present = [frame for frame in frames if Path(pattern % frame).name in there]
            elsewhere.update(set(frames) - set(present))
            solved.append(dict.fromkeys(present, 1))
        with state.writing(self.group):
            node.rebuild(self.group, mattes)
            node.show_states(self.group, solved, [matte.enabled for matte in mattes])
            if mattes and self.group.node("Matte_1") is None:
                raise Refusal(node.limited(self.group) or "The node's inside is not whole; make a new node.")
            for number in range(1, len(mattes) + 1):
                read = self.group.node(f"Matte_{number}")
                if read is not None:
                    read["reload"].execute()
        if elsewhere:
            self._gather(elsewhere)

    def _gather(self, frames: Set[int]) -> None:
        """Mattes of earlier prompts that still hold lie in another folder: solving links them into the present one."""
        known = engine.known_shot(self._uid)
        if known is None or self._mine.gathered or busy(self.group):
            return
        self._mine.gathered = True
        known.solve(",".join(str(frame) for frame in sorted(frames)), on_done=lambda _: self.refresh())

    def failed(self, error: EngineError) -> None:
        self._say(str(error))

    def progress(self, params: Dict[str, Any]) -> None:
        words = "{stage} {done} of {total}".format(**params)
        self._say(words)
        host.show_progress(self._mine.bar, params["done"], params["total"], words)

    def done(self, params: Dict[str, Any]) -> None:
        self._mine.bar = None
        lost = "".join(f"; {name} lost on {frames}" for name, frames in params["lost"].items())
        self._say("{matted} mattes computed, {cached} were there".format(**params) + lost)
        self.refresh()

    def stopped(self, error: EngineError) -> None:
        self._mine.bar = None
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


def _files_beside(pattern: str) -> Set[str]:
    """The names in a pattern's folder, by one look at it; none where there is no such folder."""
    try:
        return {file.name for file in Path(pattern).parent.iterdir()}
    except OSError:
        return set()


def _listener(group: Any) -> Listener:
    mine = state.of(group)
    if mine.listener is None:
        mine.listener = Listener(group)
    found: Listener = mine.listener
    return found


def forget(uid: str) -> None:
    """The node is gone: its job ends, and nothing is written into it any more."""
    mine = state.at(uid)
    if mine is not None:
        if mine.listener is not None:
            mine.listener.group = None
        if mine.job is not None and not mine.job.finished:
            mine.job.cancel()
        state.forget(uid)
    engine.forget(uid)


def busy(group: Any) -> bool:
    """Whether a job of that node runs, or its plate is being rendered for one."""
    mine = state.of(group)
    return mine.export is not None or (mine.job is not None and not mine.job.finished)


def track(group: Any, direction: str, with_bar: bool = True) -> None:
    """`back`, `this`, `fwd` or `both`. Plates that the engine lacks are rendered first, a few at a time; nothing here
    waits for the solving. `with_bar`: nothing else shows its progress."""
    keyframes = edits.keyframes(group)
    if not keyframes:
        raise Refusal("Draw a prompt first: Ctrl+click in the viewer, then Add +.")
    if busy(group):
        raise Refusal("This node is being solved; press Stop first.")
    first, last = _span(group, keyframes, direction)
    state.of(group).bar = host.progress_bar("Wisp: " + group.name()) if with_bar else None
    export_plates(group, lambda: _solve(group, first, last))


def _solve(group: Any, first: int, last: int) -> None:
    mine, listener = state.of(group), _listener(group)
    opened = _opened(group, listener)
    mine.gathered = False
    say(group, "Solving")
    mine.job = opened.solve(
        f"{first}-{last}" if first < last else str(first),
        on_progress=listener.progress,
        on_done=listener.done,
        on_error=listener.stopped,
    )


def export_plates(group: Any, then: Callable[[], Any]) -> None:
    """Render what the engine lacks of the plate, while the host is idle, and then go on; without an interface at once.
    Raises Refusal where that cannot begin."""
    mine = state.of(group)
    first, last = node.frame_of(group, "wisp_first"), node.frame_of(group, "wisp_last")

    def go_on() -> None:
        try:
            then()
        except (Refusal, EngineNotFound, EngineError, OSError) as error:
            stopped(error)

    def stopped(error: Exception) -> None:
        mine.bar = None
        say(group, "Stopped while the plate was rendered" if isinstance(error, host.Cancelled) else str(error))

    folder = plate_folder(group)
    try:
        mine.export = plates.Export(group, folder, first, last, go_on, stopped)
    except BaseException:
        mine.bar = None
        raise
    if mine.export.todo and host.has_interface():
        say(group, "Rendering the plate")
    else:
        mine.export.step()


def synchronise(group: Any) -> None:
    """Take over what was solved for these prompts elsewhere, as in the panel."""
    _opened(group, _listener(group))


def tell(group: Any) -> None:
    """The prompts or settings have changed: an engine that has the shot open says what is stale now."""
    known = engine.known_shot(state.uid_of(group))
    if known is not None:
        known.update(document(group))


def _opened(group: Any, listener: Listener) -> RemoteShot:
    """The node's shot in the engine, with the prompts as they are now."""
    python = str(group["wisp_engine_python"].value())
    uid = state.uid_of(group)
    return engine.shot(uid, document(group), plate_folder(group), cache_folder(group), python, listener)


def stop(group: Any) -> None:
    """Stop the node's job; what is finished stays."""
    _stop(state.of(group))


def look_for_cancel() -> None:
    """Stop the jobs whose bar the artist has cancelled."""
    for _, mine in state.known():
        if mine.export is not None:
            host.show_progress(mine.bar, mine.export.done, mine.export.total, "Rendering the plate")
        if host.was_cancelled(mine.bar):
            _stop(mine)


def _stop(mine: state.NodeState) -> None:
    if mine.export is not None:
        mine.export.cancelled = True
    elif mine.job is not None and not mine.job.finished:
        mine.job.cancel()


def _span(group: Any, keyframes: List[int], direction: str) -> List[int]:
    first, last, now = node.frame_of(group, "wisp_first"), node.frame_of(group, "wisp_last"), host.frame()
    if direction == "this":
        return [now, now]
    if direction == "fwd":
        return [max([frame for frame in keyframes if frame <= now], default=keyframes[0]), last]
    if direction == "back":
        return [first, min([frame for frame in keyframes if frame >= now], default=keyframes[-1])]
    return [first, last]
