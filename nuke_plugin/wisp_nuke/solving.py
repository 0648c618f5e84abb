"""A node's shot in the engine: what is asked of it, and what it says, written into the node."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Tuple

from . import edits, graph, host, node, plates, state
from .edits import Refusal
from .engine import ENGINE
from .vendor.client.ends import Done
from .vendor.client.engine_path import EngineNotFound
from .vendor.client.errors import EngineError, ignore
from .vendor.client.events import Event
from .vendor.client.folders import SHOTS
from .vendor.client.frames import FrameName
from .vendor.client.locks import bring_along
from .vendor.client.requests import Request
from .vendor.client.session import Places, Session
from .vendor.client.tables import CACHE, STAGES


def set_status(group: Any, text: str) -> None:
    """The status line."""
    if group["wisp_status"].value() != text:
        with state.writing(group):
            group["wisp_status"].setValue(text)


def cache_folder(group: Any) -> str:
    """The knob's folder, else one beside the script. Raises Refusal as `folder_of`."""
    return folder_of(group, "wisp_cache_dir", CACHE, "name a cache folder")


def folder_of(group: Any, knob: str, name: str, otherwise: str) -> str:
    """The folder that a knob names, by itself or by Tcl, from the project's directory on; where it is empty one beside
    the script. Raises Refusal for a script that was never saved, for a relative folder of a project without directory,
    and for one in whose name the host would look for a frame's number or for Tcl."""
    named = str(group[knob].value())
    if named:
        found = host.absolute(named if _LIKE_A_FRAME.search(named) else host.evaluated(group[knob]))
        if not Path(found).is_absolute():
            raise Refusal(
                f"The folder {found} is relative, and the project has no directory. Write the whole path, or set the "
                "project directory in Project Settings."
            )
    elif host.script_path():
        found = os.path.join(os.path.dirname(host.script_path()), name).replace(os.sep, "/")
    else:
        raise Refusal(f"Save the script or {otherwise} first, so that the mattes have a place.")
    if _LIKE_A_FRAME.search(found) or _LIKE_TCL.search(found):
        raise Refusal(
            f"The folder {found} has one of % # [ ] $ in its name, which Nuke reads as a frame's number or as Tcl. "
            f"Choose another: {otherwise}."
        )
    return found


#: What the host reads in the name of a file as the place of a frame's number or of a view, and as Tcl.
_LIKE_A_FRAME, _LIKE_TCL = re.compile("[%#]"), re.compile(r"[\[\]$]")


def keep_cache_folder(group: Any) -> None:
    """Mattes stay where they first were, wherever the script is saved after that; into another folder of the artist's
    the masks of prompts and what is locked go along. Raises Refusal as `cache_folder`."""
    if not group["wisp_cache_dir"].value():
        with state.writing(group):
            group["wisp_cache_dir"].setValue(cache_folder(group))
    _take_masks_along(group)


def _take_masks_along(group: Any) -> None:
    """Paths of masks start from the folder of the plate's pictures: where that is another one now, copy what they name
    there, unless it was moved there already."""
    before, now = host.text_of(group["wisp_masks_from"]), Path(plate_folder(group)).as_posix()
    if before == now:
        return
    if before:
        bring_along(edits.stored(group)["objects"], Path(before).parent, Path(now).parent)
    for path in _drawn(edits.stored(group)["objects"]) if before else ():
        old, new = (Path(os.path.normpath(os.path.join(folder, path))) for folder in (before, now))
        for one in _files_of(old):
            target = new.with_name(one.name)
            if not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                fresh = target.with_name(target.name + ".new")  # a full disk leaves no half of it under the mask's name
                shutil.copyfile(one, fresh)
                fresh.replace(target)
    with state.writing(group):
        group["wisp_masks_from"].setValue(now)


def _drawn(objects: List[Dict[str, Any]]) -> List[str]:
    """The masks, cores and garbages of objects, as they are named; not what the node's inputs give."""
    masks = [prompt["path"] for item in objects for prompt in item["prompts"] if prompt["kind"] == "mask"]
    inputs = (edits.pattern_of(graph.CORE), edits.pattern_of(graph.GARBAGE))
    beside = [item.get(key) for item in objects for key in ("core", "garbage")]
    return [*masks, *(path for path in beside if path and path not in inputs)]


def _files_of(path: Path) -> List[Path]:
    """The files that are there of a picture, or of a sequence of them."""
    name = FrameName.parse(path.name)
    if name is None:
        return [path] if path.is_file() else []
    return [one for one in path.parent.glob("*") if name.number(one.name) is not None]


def plate_folder(group: Any) -> str:
    """Where the node's plate pictures lie."""
    return os.path.join(cache_folder(group), "plates-" + state.uid_of(group)[:12])


def document(group: Any) -> Dict[str, Any]:
    """The node as a shot document, for the engine. Raises Refusal where the node's settings make none."""
    found = edits.stored(group)
    first, last = edits.span(group)
    form = edits.form_of(group)
    plate = {
        "path": edits.pattern_of(graph.PLATE),
        "first": first,
        "last": last,
        "width": int(form.width),
        "height": int(form.height),
        "pixel_aspect": form.pixel_aspect,
        "colorspace": plates.colorspace(group),
        "ocio": plates.colour_config(group),
        "view": host.text_of(group["wisp_view"]).strip() or None,
        "exposure": float(group["wisp_exposure"].value()),
        **{key: _pictures_of(group, name) for key, name in graph.FILMED.items()},
        "backlit": bool(group["wisp_backlit"].value()),
        "missing": "error" if state.of(group).whole else "skip",
    }
    models = {
        "tracker": str(group["wisp_tracker"].value()),
        "head": str(group["wisp_head"].value()),
        "uncover": None if group["wisp_uncover"].value() else False,
    }
    objects = [_with_inputs(group, _between(item, first, last)) for item in found["objects"]]
    return {"wisp": 1, "plate": plate, "objects": objects, "solve": models}


def _between(item: Dict[str, Any], first: int, last: int) -> Dict[str, Any]:
    """An object with what is said of frames from the node's first to its last; the rest stays in the script."""
    found = dict(item, prompts=[one for one in item["prompts"] if first <= one["frame"] <= last])
    for key in ("locks", "absent", "approvals"):
        if found.get(key):
            spans = [[max(one[0], first), min(one[1], last), *one[2:]] for one in found[key]]
            found[key] = [one for one in spans if one[0] <= one[1]]
    if found.get("accepted"):
        found["accepted"] = [one for one in found["accepted"] if first <= one[0] <= last]
    return found


def _with_inputs(group: Any, item: Dict[str, Any]) -> Dict[str, Any]:
    """An object with what the inputs Garbage and Core say of it, once that is rendered: nothing is in the former, and
    what is in the latter belongs to it where it takes it."""
    found = dict(item)
    if found.get("garbage") in (None, edits.pattern_of(graph.GARBAGE)):
        found["garbage"] = _pictures_of(group, graph.GARBAGE)
    if found.get("core") == edits.pattern_of(graph.CORE):
        found["core"] = _pictures_of(group, graph.CORE)
    return found


def _pictures_of(group: Any, name: str) -> Optional[str]:
    """What the document says of a further input: the names of its pictures, once they are rendered."""
    if group.input(graph.INPUTS.index(name)) is None:
        return None
    pattern = edits.pattern_of(name)
    first = FrameName.parse(pattern)
    assert first is not None
    try:
        rendered = Path(plate_folder(group)) / first.name(node.frame_of(group, "wisp_first"))
    except Refusal:  # there is no folder yet
        return None
    return pattern if rendered.is_file() else None


class Follower:
    """Writes what a session says into its node, for as long as there is one."""

    def __init__(self, group: Any, session: Session) -> None:
        self._group, self._session, self._mine = group, session, state.of(group)
        self._said, self._works = session.message, False
        session.changed.connect(self._changed)
        session.matte_changed.connect(self._matte_changed)
        session.mattes_known.connect(lambda: show_known(group))

    def _changed(self) -> None:
        session, progress = self._session, self._session.progress
        words = session.message
        if progress is not None and progress.total:
            words = f"{STAGES.get(progress.stage, progress.stage)} {progress.done} of {progress.total}"
            host.show_progress(self._mine.bar, progress.done, progress.total, words)
        if words != self._said:
            self._said = words
            set_status(self._group, words)
        worked, self._works = self._works, session.busy
        if worked and not session.busy:
            self._mine.bar = None
        show_new(self._group)

    def _matte_changed(self, _object: int, _frame: int) -> None:
        self._mine.unshown = True


def show_new(group: Any) -> None:
    """Show the mattes that have come, once no more of them are on their way."""
    mine = state.of(group)
    if mine.unshown and not (mine.session.busy or mine.session.previewing):
        show_known(group)


def show_known(group: Any) -> None:
    """Point the reads at the mattes and key what is solved; while the host renders, only once it has."""
    mine = state.of(group)
    mine.unshown = host.executing()
    if not mine.unshown:
        try:
            show_solved(group, mine.session)
        except Refusal as refusal:
            set_status(group, str(refusal))


def show_solved(group: Any, session: Session) -> None:
    """The node reads the mattes that the engine knows, and has keys where they are there. Raises Refusal where the
    prompts cannot be read, or this edition of the host keeps the nodes inside out of reach."""
    node.offer_models(group, session.models)
    mattes, solved = [], []
    for item in edits.stored(group)["objects"]:
        number = item["id"]
        pattern = session.mattes.pattern(number)
        counts = bool(pattern) and item.get("enabled", True)
        mattes.append(graph.Mattes(pattern, counts, graph.channel_of(item["name"], number), number))
        there = session.mattes.lanes[number].solved if pattern and number in session.mattes.lanes else set()
        # What is recorded in the script holds until the session has heard better.
        lost = session.mattes.lost(number) | (set(node.lost_frames(group, number)) - session.mattes.spoken_of(number))
        solved.append({frame: node.LOST if frame in lost else node.SOLVED for frame in there})
    with state.writing(group):
        node.rebuild(group, mattes)
        node.show_states(group, solved, [matte.enabled for matte in mattes])
        if mattes and group.node("Matte_1") is None:
            raise Refusal(node.limited(group) or "The node's inside is not whole; make a new node.")
        for number in range(1, len(mattes) + 1):
            read = group.node(f"Matte_{number}")
            if read is not None:
                read["reload"].execute()


def session_of(group: Any) -> Session:
    """The node's session, with its shot open in a running engine. Raises Refusal without a place for the mattes,
    EngineNotFound and EngineGone."""
    mine = state.of(group)
    cache = cache_folder(group)
    places = Places(plate_folder(group), cache, own=os.path.join(cache, SHOTS, state.uid_of(group)))
    client = ENGINE.client(str(group["wisp_engine_python"].value()))
    if mine.session is None:
        mine.session = Session(client, _document_of(group), places, ENGINE.clock, own_engine=False)
        Follower(group, mine.session)
        mine.session.open()
    elif mine.session.places != places:
        mine.session.move(places)
    found: Session = mine.session
    return found


def _document_of(group: Any) -> Callable[[], Dict[str, Any]]:
    """What the engine is told: the node's document, or the one before while there is none: the node's input is not
    what the prompts were drawn on, for instance."""
    kept = [document(group)]

    def present() -> Dict[str, Any]:
        with contextlib.suppress(Refusal):
            kept[0] = document(group)
        return kept[0]

    return present


def busy(group: Any) -> bool:
    """Whether a job of that node runs, or its plate is being rendered for one."""
    mine = state.of(group)
    return mine.export is not None or (mine.session is not None and mine.session.busy)


def _require_rest(group: Any) -> None:
    if busy(group):
        raise Refusal("This node is being solved or published; press Stop first.")


def track(group: Any, direction: str, with_bar: bool = True) -> None:
    """`back`, `this`, `fwd` or `both`. Plates that the engine lacks are rendered first, a few at a time; nothing here
    waits for the solving. `with_bar`: nothing else shows its progress."""
    keyframes = edits.keyframes(group)
    if not keyframes:
        raise Refusal("Draw a prompt first: Ctrl+click in the viewer, then Add +.")
    _require_rest(group)
    first, last = _span(group, keyframes, direction)
    state.of(group).bar = host.progress_bar("Wisp: " + group.name()) if with_bar else None
    export_plates(group, lambda: _solve(group, first, last), needed=[first, last])


def _solve(group: Any, first: int, last: int) -> None:
    session = session_of(group)
    session.solve(f"{first}-{last}" if first < last else str(first))
    if not session.busy:  # there is no engine; the session says why
        state.of(group).bar = None


def run(
    group: Any,
    asked: Request,
    on_event: Callable[[Event], None] = ignore,
    on_end: Callable[[Optional[Done], str], None] = ignore,
    needed: Optional[List[int]] = None,
) -> None:
    """Have the engine do a job for the node, once what it lacks of the plate is rendered, with a bar; see
    `Session.run`, and `export_plates` for `needed`. `on_end` is told of one that does not begin then, too. Raises
    Refusal while the engine is at work for the node."""
    _require_rest(group)

    def work(session: Session) -> bool:
        begun = session.run(asked, on_event, on_end)
        if not begun:
            on_end(None, session.refusal)
        return begun

    export_plates(group, lambda: run_by(group, asked.doing, work), lambda words: on_end(None, words), needed)


def run_by(group: Any, doing: str, work: Callable[[Session], bool]) -> None:
    """Begin a job by `work`, which says whether it has begun; `doing`: what the bar says. Raises Refusal while the
    engine is at work for the node."""
    _require_rest(group)
    session, mine = session_of(group), state.of(group)
    mine.bar = host.progress_bar(f"Wisp: {doing.lower()}, {group.name()}")
    if not work(session):
        mine.bar = None


def export_plates(
    group: Any, then: Callable[[], Any], fails: Callable[[str], Any] = ignore, needed: Optional[List[int]] = None
) -> None:
    """Render what the engine lacks of the plate, while the host is idle, and then go on; without an interface at once.
    `fails` gets the sentence where either has stopped. Raises Refusal where that cannot begin.

    `needed`: the frames that the work is for. Those between them and the prompts are rendered, and no more: the first
    matte does not wait for a long shot. None: all.
    """
    mine = state.of(group)
    first, last = edits.span(group)

    def go_on(rendered: int) -> None:
        try:
            if mine.whole != work.whole:
                mine.whole = work.whole
                if mine.session is not None:
                    mine.session.update()
            if rendered and mine.session is not None:
                mine.session.refresh()  # the same names, other pictures
            then()
        except (Refusal, EngineNotFound, EngineError, OSError) as error:
            stopped(error)

    def stopped(error: Exception) -> None:
        mine.bar = None
        set_status(group, str(error))
        fails(str(error))

    keep_cache_folder(group)
    folder = plate_folder(group)
    try:
        work = mine.export = plates.Export(group, folder, first, last, go_on, stopped, _reach(group, needed))
    except BaseException:
        mine.bar = None
        raise
    if mine.export.todo and host.has_interface():
        set_status(group, "Rendering the plate")
    else:
        mine.export.step()


def _reach(group: Any, needed: Optional[List[int]]) -> Optional[Tuple[int, int]]:
    """The first and last frame that work on those needs: masks come from the prompts and from what is locked. What is
    solved has to be known to the engine, too, or it would count as unsolved."""
    if needed is None:
        return None
    locks = [frame for item in edits.stored(group)["objects"] for span in item.get("locks", []) for frame in span]
    frames = [*needed, *edits.keyframes(group), *locks, *node.solved_frames(group)]
    return min(frames), max(frames)


def synchronise(group: Any) -> None:
    """Take over what was solved for these prompts elsewhere."""
    export_plates(group, lambda: session_of(group).refresh())


def send_edits(group: Any) -> None:
    """The prompts or settings have changed: an engine that has the shot open says what is stale now."""
    session = state.of(group).session
    if session is not None:
        session.update()


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
    elif mine.session is not None:
        mine.session.stop()


def _span(group: Any, keyframes: List[int], direction: str) -> List[int]:
    (first, last), now = edits.span(group), host.frame()
    if direction == "this":
        return [now, now]
    if direction == "fwd":
        return [max([frame for frame in keyframes if frame <= now], default=keyframes[0]), last]
    if direction == "back":
        return [first, min([frame for frame in keyframes if frame >= now], default=keyframes[-1])]
    return [first, last]
