"""Plate pictures for the engine: rendered by a Write that exists for the moment of rendering only.

In the interface a few frames at a time, between which the host lives on.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
import time
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Optional, Tuple

from . import edits, graph, host, knobs, node, state, upstream
from .vendor.client.frames import FrameName

#: Beside the pictures: file -> what it was rendered from.
RECORD = "plates.json"
#: What of its metadata a picture keeps, for deliveries: time code, rate and what an EXR says of itself. Nothing that
#: names files, nor the host's hashes, which would make other pictures of equal ones.
METADATA = "default metadata and exr/*"
#: Seconds that the host may be held up at a time.
PATIENCE = 0.2


def view_of(source: Any) -> str:
    """The view to render of a node. Raises Refusal for a script with several views, unless a OneView picks one there or
    above: one set of mattes cannot serve two eyes."""
    views = host.views()
    if len(views) > 1 and not any(one.Class() == "OneView" for one in upstream.nodes_above(source)):
        raise edits.Refusal(
            f"The script has the views {', '.join(views)}. Put a OneView before the node, one node per view, "
            "and a JoinViews after them."
        )
    return str(views[0])


def colorspace(group: Any) -> str:
    """The colour space of the plate's numbers, by the name that the engine's OpenColorIO knows."""
    chosen = host.choice(group["wisp_colorspace"])
    if chosen > 0:
        return knobs.COLORSPACES[chosen]
    working = host.root_text("workingSpaceLUT").partition("(")[0].strip()
    if host.root_text("colorManagement") != "OCIO" or working.lower() in ("", "linear"):
        return "Linear Rec.709 (sRGB)"
    return working


def colour_config(group: Any) -> Optional[str]:
    """The file of the OpenColorIO configuration that `colorspace` is of; None where the project names none."""
    chosen = host.choice(group["wisp_colorspace"]) > 0 or host.root_text("colorManagement") != "OCIO"
    if chosen or host.root_text("OCIO_config") != "custom":
        return None
    return host.absolute(host.evaluated(host.root_knob("customOCIOConfigPath"))) or None


class Picture(NamedTuple):
    """One frame of one of the node's inputs, and what it is rendered from."""

    source: str
    frame: int
    signature: str

    @property
    def file(self) -> str:
        """Its name, without the folder."""
        name = FrameName.parse(edits.pattern_of(self.source))
        assert name is not None
        return name.name(self.frame)


def stale(folder: str, wanted: List[Picture]) -> List[Picture]:
    """Those that are not there or were rendered from something else."""
    known = _record(folder)
    return [one for one in wanted if known.get(one.file) != one.signature or not (Path(folder) / one.file).is_file()]


class Export:
    """Renders the missing and outdated pictures of first..last of a node's inputs into `folder`; of the plate those of
    `needed` alone, its first and last frame, if given.

    Half-float EXR over the format's area at full resolution: of the plate and the empty set their colours as the host
    holds them (what the numbers mean is told to the engine, see `colorspace`), of the other inputs their alpha. Raises
    Refusal for several views, and for an input of another size than the plate.
    """

    def __init__(
        self,
        group: Any,
        folder: str,
        first: int,
        last: int,
        then: Callable[[int], Any],
        fails: Callable[[Exception], Any],
        needed: Optional[Tuple[int, int]] = None,
    ) -> None:
        """`then(how many were rendered)` is called once all are there, `fails` where the artist or the host has stopped
        it."""
        edits.form_of(group)
        self.view = view_of(group.input(0))
        self.group, self.folder, self._then, self._fails = group, folder, then, fails
        sources = [_source(group, name) for name in _sources(group)]
        self._above = upstream.wisp_nodes_above(sources)
        _notice_changes(group, folder, sources, self._above)
        wanted = [
            Picture(name, frame, signature)
            for name in _sources(group)
            for frame, signature in zip(range(first, last + 1), signatures(_source(group, name), first, last))
        ]
        lacking = stale(folder, wanted)
        low, high = needed or (first, last)
        self.todo = [one for one in lacking if one.source != graph.PLATE or low <= one.frame <= high]
        #: Whether all of the plate is there once this is done.
        self.whole = len(self.todo) == len(lacking)
        self.done, self.total = 0, len(self.todo)
        self.cancelled = False
        #: Seconds that a picture took of late.
        self._pace = float("inf")

    def step(self) -> None:
        """Render for a moment; call it while the host is idle, until `then` or `fails` was called."""
        mine = state.of(self.group)
        started = time.monotonic()
        try:
            while self.todo:
                if self.cancelled:
                    raise host.Cancelled()
                self._render_next(PATIENCE - (time.monotonic() - started))
                if host.has_interface() and time.monotonic() - started > PATIENCE:
                    return
        except Exception as error:
            mine.export = None
            self._fails(error)
        else:
            mine.export = None
            self._then(self.total)

    def _render_next(self, patience: float) -> None:
        """As many of the frames that follow each other, in one render, as the host may be held up for."""
        some = _consecutive(self.todo)
        if host.has_interface():
            some = some[: max(int(patience / self._pace), 1)]
        started = time.monotonic()
        _render(self.group, self.folder, some, self.view, self._above)
        self._pace = max((time.monotonic() - started) / len(some), 1e-3)
        del self.todo[: len(some)]
        self.done += len(some)


def _consecutive(pictures: List[Picture]) -> List[Picture]:
    """The first, and those after it that one render can make: of the same input, frame by frame."""
    first = pictures[0]
    follows = (one.source == first.source and one.frame == first.frame + index for index, one in enumerate(pictures))
    return [one for one, _ in itertools.takewhile(lambda pair: pair[1], zip(pictures, follows))]


def export(group: Any, folder: str, first: int, last: int) -> int:
    """As `Export`, at once; returns how many were rendered. Raises Refusal, host.Cancelled and what the render does."""
    faults: List[Exception] = []
    work = Export(group, folder, first, last, lambda _: None, faults.append)
    while work.todo and not faults:
        work.step()
    if faults:
        raise faults[0]
    return work.total


def _source(group: Any, name: str) -> Any:
    return group.input(graph.INPUTS.index(name))


def _sources(group: Any) -> List[str]:
    """The inputs that there is something to render of. Raises Refusal for one of another size than the plate."""
    found = [graph.PLATE]
    for name in graph.INPUTS[1:]:
        source = _source(group, name)
        if source is None or group.node(name) is None:
            continue
        form, size = host.format_of(source), edits.size_of(group)
        if (form.width, form.height) != size:
            raise edits.Refusal(
                f"The input {name} is {form.width:g}x{form.height:g}, the plate {size[0]}x{size[1]}. "
                "Put a Reformat before it."
            )
        found.append(name)
    return found


def signatures(source: Any, first: int, last: int) -> Iterator[str]:
    """What the picture of each frame of a node is rendered from: it and the nodes above with all their settings, and
    the files that they read. Expressions count as their text, and with them the nodes that they refer to."""
    above = upstream.nodes_above(source)
    settings = [upstream.settings_of(one) for one in above]
    common = hashlib.sha1("\n".join(settings).encode("utf-8", "replace"))
    reads = [one for one in above if one.Class() == "Read"]
    shifted = upstream.shifts_time(above)
    if shifted:  # the same for all frames
        common.update(repr([upstream.file_state(one, first, shifted) for one in reads]).encode("utf-8"))
        reads = []
    for frame in range(first, last + 1):
        digest = common.copy()
        for one in reads:
            digest.update(repr(upstream.file_state(one, frame, shifted)).encode("utf-8"))
        yield digest.hexdigest()


def forget(folder: str) -> None:
    """Take no picture as rendered any more."""
    with contextlib.suppress(FileNotFoundError):
        (Path(folder) / RECORD).unlink()


def _notice_changes(group: Any, folder: str, sources: List[Any], above: List[Any]) -> None:
    """The host's own hash of the picture sees what settings do not tell, such as values that expressions refer to.
    Compared within a session and on one frame only: it says nothing beyond them."""
    known, frame = state.of(group).hashes, host.frame()
    with for_the_engine(above):
        seen = [part for source in sources for part in host.picture_hash(source)]
    if known.get(frame, seen) != seen:
        forget(folder)
        known.clear()
    known[frame] = seen


@contextlib.contextmanager
def for_the_engine(above: List[Any]) -> Iterator[None]:
    """Nodes give what the engine is to see: at full resolution, without guides and tint of the Wisp nodes `above` them,
    which do not stop for what they have not solved. Afterwards all is as it was."""
    proxy = host.root_knob("proxy")
    was = proxy.value()
    with host.housekeeping():
        try:
            if was:
                proxy.setValue(False)
            for one in above:
                node.show_for(one, graph.PLATE_BELOW)
            yield
        finally:
            for one in above:
                node.show_for(one, graph.VIEWERS)
            if was:
                proxy.setValue(was)


def _render(group: Any, folder: str, pictures: List[Picture], view: str, above: List[Any]) -> None:
    """Consecutive pictures of one input, in one render. Whatever happens, those that were finished are recorded, and
    the Write is gone."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    source, frames = pictures[0].source, [one.frame for one in pictures]
    before = [upstream.stat_of(str(Path(folder) / one.file)) for one in pictures]
    made: List[Any] = []
    with state.writing(group), for_the_engine(above):
        try:
            with group:
                form = edits.form_of(group)
                below = group.node(source)
                if source in graph.BY_ALPHA:  # its alpha, as colours
                    made.append(host.create("Expression", **{f"expr{index}": "a" for index in range(3)}))
                    made[-1].setInput(0, below)
                    below = made[-1]
                made.append(host.create("Crop", box=(0.0, 0.0, form.width, form.height)))
                made[-1].setInput(0, below)
                write = host.create("Write", file_type="exr", channels="rgb", raw=True, create_directories=True)
                if write.knob("metadata") is not None:
                    write["metadata"].setValue(METADATA)
                write["file"].setValue((Path(folder) / edits.pattern_of(source)).as_posix())
                write.setInput(0, made[-1])
                made.append(write)
            host.execute(made[-1], frames[0], frames[-1], view)
        finally:
            for one in reversed(made):
                host.delete(one)
            # The host gives a file its name once it is whole.
            now = [upstream.stat_of(str(Path(folder) / one.file)) for one in pictures]
            fresh = [one for one, old, new in zip(pictures, before, now) if new not in (None, old)]
            _keep(folder, {**_record(folder), **{one.file: one.signature for one in fresh}})


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
