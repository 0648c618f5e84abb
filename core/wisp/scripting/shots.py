"""A shot that is open in a script: its document and the work on it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from .. import shot as documents
from ..arguments import Frame, Names, Range, all_checked, checked, frames_of, range_text
from ..atomic import spare_others
from ..client.ends import Compared, Delivered, Solved
from ..client.events import BoxFound, Candidate, Event, PromptsCarried, Verdict
from ..client.frames import as_sequence
from ..client.names import name_key
from ..client.requests import Carry, Check, Compare, Deliver, Detect, Request, Subject
from ..client.shot_edits import ShotEdits
from ..errors import InputError, OutputError, UsageError, WispError
from ..view.fitting import fit_to_plate
from ..view.places import cache_beside, new_shot
from ..view.saving import take_approved
from ..weights.options import RunOptions
from .objects import Object

if TYPE_CHECKING:
    from ..solve import Solver

Asked = TypeVar("Asked", bound=Request)
Listener = Callable[[Event], None]


@checked
def open_shot(
    path: str | Path,
    *,
    document: str | Path | None = None,
    cache: str | Path | None = None,
    layer: str | None = None,
    device: str | None = None,
    weights: Sequence[str | Path] = (),
) -> OpenShot:
    """Open a shot document `NAME.wisp`, or a plate: a sequence's pattern, a folder of one, a movie, a single picture.

    A plate's document is `document` (default, as of `wisp matte`: `NAME_mattes/NAME.wisp`), which is opened where it
    is there and otherwise made by `OpenShot.save`. `cache`: masks and mattes (default: `$WISP_CACHE`, else beside the
    document). `layer`: of a multi-layer EXR; a document that is there already says itself which, and which frames it
    has. `device`: `auto`, `cpu`, `cuda:N` or `mps` (default: `$WISP_DEVICE`, else auto). `weights`: look for weights
    here first. Raises InputError, and UsageError also where the document is of another plate or layer.
    """
    options = RunOptions(
        device=device or os.environ.get("WISP_DEVICE") or "auto", weights=tuple(Path(folder) for folder in weights)
    )
    path = Path(path)
    if path.suffix.lower() == ".wisp":
        text = documents.text_of(path)  # before it is read: what is written between is not what was opened
        return OpenShot(_of_layer(documents.load(path), path, layer), path, cache, options, text)
    from ..plates import open_plate

    plate = open_plate(path, layer=layer)
    place = Path(document) if document else Path(f"{plate.name}_mattes") / f"{plate.name}.wisp"
    if place.exists():
        text = documents.text_of(place)
        return OpenShot(_of_plate(place, path, layer), place, cache, options, text)
    made = new_shot(plate, place, str(path.absolute()))
    made.plate.layer = layer
    return OpenShot(made, place, cache, options)


def _of_plate(place: Path, plate: Path, layer: str | None) -> documents.Shot:
    """The document at `place`; UsageError where it is of another plate or layer. A picture stands for its sequence."""
    found = documents.load(place)
    if not (is_of_plate(found, place, plate) or is_of_plate(found, place, as_sequence(plate))):
        raise UsageError(
            f"The shot {place} is of another plate: {found.plate.path}.",
            hint="Have it elsewhere: -o of wisp matte, document= of wisp.open.",
        )
    return _of_layer(found, place, layer)


def _of_layer(shot: documents.Shot, place: Path, layer: str | None) -> documents.Shot:
    """The shot; UsageError where it is of another layer than the one that is asked for."""
    if layer is not None and layer != shot.plate.layer:
        known = "the main picture" if shot.plate.layer is None else f"the layer '{shot.plate.layer}'"
        raise UsageError(
            f"The shot {place} is of {known}, not of the layer '{layer}'.",
            hint="Leave the layer out, or have another document of it: document= of wisp.open.",
        )
    return shot


def is_of_plate(shot: documents.Shot, place: Path, plate: Path) -> bool:
    """Whether the document at `place` is of that plate, however either of them is spelled."""
    return _files(documents.resolve_path(shot.plate.path, place)) == _files(plate)


def _files(plate: Path) -> tuple[Path, list[str]]:
    """The folder and the names of a plate's pictures; the path itself where there are none."""
    from ..plates.sequences import find

    try:
        files = list(find(plate).files.values())
    except (InputError, UsageError):
        return plate.resolve(), []
    return files[0].parent.resolve(), [file.name for file in files]


@all_checked
class OpenShot:
    """A shot document in memory, its plate and its models, which stay loaded. Edits are steps of undo."""

    def __init__(
        self,
        shot: documents.Shot,
        path: Path,
        cache: str | Path | None,
        options: RunOptions,
        text: str | None = None,
    ) -> None:
        """See `open_shot`. `text`: what lies at `path`, if anything does."""
        #: Where `save` writes.
        self.path = path
        self.cache = Path(cache).resolve() if cache else cache_beside(path, os.environ)
        self._edits = ShotEdits(shot.model_dump(mode="json"))
        self._shot = shot
        #: Place -> what lies there as far as is known here: what was opened, and what was written since.
        self._texts = {path.resolve(): text}
        self._options = options
        self._kept: Solver | None = None

    # -- the document -------------------------------------------------------------------------------------------

    @property
    def document(self) -> documents.Shot:
        """The document as it is now. Change it by the methods here."""
        return self._shot

    @property
    def objects(self) -> tuple[Object, ...]:
        """In the document's order."""
        return tuple(Object(self, item.name) for item in self._shot.objects)

    def object(self, name: str) -> Object:
        """The object of that name, made where there is none. UsageError for a name that cannot be used."""
        if all(item.name != name for item in self._shot.objects):
            if any(name_key(item.name) == name_key(name) for item in self._shot.objects):
                raise UsageError(f"There is already an object named like '{name}'.", hint="Use its exact name.")
            self.edit(lambda edits: edits.add_object(name))
        return Object(self, name)

    def models(self, tracker: str | None = None, head: str | None = None, *, uncover: bool | None = None) -> OpenShot:
        """Choose what computes the mattes, by registry ids. UsageError for ids that there are not.

        `uncover`: whether the background behind wide soft edges is taken from frames before that show it."""
        from ..weights.registry import entry_as

        chosen: dict[str, str | bool] = {}
        if uncover is not None:
            chosen["uncover"] = uncover
        if tracker is not None:
            chosen["tracker"] = entry_as(tracker, "tracker").id
        if head is not None:
            chosen["head"] = entry_as(head, "head").id
        self.edit(lambda edits: edits.set_solve(**chosen))
        return self

    def plate(
        self,
        *,
        colorspace: str | None = None,
        view: str | None = None,
        ocio: str | None = None,
        exposure: float | None = None,
        missing: str | None = None,
    ) -> OpenShot:
        """How the plate's files are read and seen by models, as the options of those names of `wisp matte`; what is not
        given stays, but that another colour space comes with its own view; "" means: as the files say. UsageError, and
        nothing is changed, for what there is not.

        `wisp.open("plate.%04d.exr").plate(colorspace="Linear Rec.709 (sRGB)", exposure=1.5)`
        """
        from ..plates import open_plate
        from ..plates.colour import choose_colour

        if colorspace is not None and view is None:
            view = ""
        names = {"colorspace": colorspace, "view": view, "ocio": ocio}
        values: dict[str, Any] = {key: name or None for key, name in names.items() if name is not None}
        values |= {} if exposure is None else {"exposure": exposure}
        values |= {} if missing is None else {"missing": missing}

        def change(edits: ShotEdits) -> None:
            edits.set_plate(**values)
            spec = documents.edited(edits.document).plate
            space = spec.colorspace
            if space is None:
                space = open_plate(documents.resolve_path(spec.path, self.path), layer=spec.layer).colorspace
            choose_colour(space, config=spec.ocio, view=spec.view, exposure=spec.exposure)

        self.edit(change)
        return self

    def clean_plate(
        self,
        path: str | Path | None,
        *,
        second: str | Path | None = None,
        second_clean: str | Path | None = None,
        backlit: bool = False,
    ) -> OpenShot:
        """The empty set as a picture, or a sequence with the plate's frame numbers; None: none.

        `second`: the same still or performance before another backing, `second_clean` that backing empty: alpha by
        triangulation. `backlit`: the object is dark before the clean plate, which alone is lit."""
        stored = {
            key: None if given is None else documents.relative_path(given, self.path)
            for key, given in (("clean", path), ("second", second), ("second_clean", second_clean))
        }
        self.edit(lambda edits: edits.set_plate(**stored, backlit=backlit))
        return self

    def undo(self) -> str:
        """Take the last edit back; returns what it was, empty where there is none."""
        return self._travelled(self._edits.undo())

    def redo(self) -> str:
        """Do the last edit that was taken back again; returns what it was, empty where there is none."""
        return self._travelled(self._edits.redo())

    def save(self, path: str | Path | None = None, *, overwrite: bool = False) -> Path:
        """Write the document, at `path` or where it was opened; a plate's path is stored relative to it. The mattes of
        locked frames are brought to the cache beside it. `overwrite`: whatever lies there.

        Raises OutputError, without `overwrite` also where something else lies there than what was opened or saved here:
        another document, or what somebody else has made of it meanwhile. Returns where it is.
        """
        target = Path(path) if path is not None else self.path
        place, is_own = target.resolve(), target.resolve() == self.path.resolve()
        made = self._shot if is_own else documents.moved(self._shot, self.path, target)
        text = documents.dump(made)
        with documents.editing(target):  # nobody else writes between the look and the write
            if not overwrite and (is_own or place in self._texts):
                documents.check_unchanged(target, self._texts.get(place))
            elif not overwrite:
                same = documents.text_of(target) == text
                spare_others(target, lambda _: same, "Choose another name, or say overwrite=True.")
            documents.write_text(text, target)
        self._texts[place] = text
        if is_own:
            return target
        try:
            take_approved(self._shot, self.cache, cache_beside(target, os.environ))
        except OSError as error:
            raise OutputError(
                f"The locked mattes could not be brought to {target.parent}: {error}.",
                hint="Choose another folder, or open the document there with the cache of before.",
                path=target,
            ) from None
        return target

    def edit(self, change: Callable[[ShotEdits], Any]) -> None:
        """Change the document as the editor does. UsageError, and nothing is changed, where it would be invalid."""
        with self._edits.all_or_nothing():
            change(self._edits)
            made = documents.edited(self._edits.document)
        self._take(made)

    def scale(self) -> tuple[int, int]:
        """Fit everything that was drawn to the plate as it is now, a proxy or the final one: masks become pictures of
        its size beside the document; core and garbage mattes have to be rendered anew. No step of undo.

        Returns its width and height. InputError, UsageError, OutputError.
        """
        before = self._shot.plate
        fitted = fit_to_plate(self._shot, self.path)
        size = fitted.plate.width, fitted.plate.height
        if size != (before.width, before.height):
            self._shot = fitted
            self._edits, self._kept = ShotEdits(fitted.model_dump(mode="json")), None
        return size

    # -- work ---------------------------------------------------------------------------------------------------

    def solve(
        self,
        frames: Range = None,
        objects: Names | None = None,
        on_event: Listener | None = None,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> Solved:
        """Compute what is missing of `frames` (None: all) of `objects` (names; None: the enabled ones).

        `on_event` gets `wisp.client.events.Progress`, `FrameDone`, ... Raises UsageError, InputError, WeightsError,
        DeviceError, MemoryLimitError, OutputError; CancelledError where `should_stop` turned true after a frame.
        """
        from ..solve.progress import ignore

        solver = self._solver(look_again=True)
        return solver.run(frames_of(frames), objects, on_event=on_event or ignore, should_stop=should_stop).end()

    def deliver(
        self,
        output: str | Path,
        *,
        frames: Range = None,
        objects: Names | None = None,
        on_event: Listener | None = None,
        should_stop: Callable[[], bool] = lambda: False,
        **options: Any,
    ) -> Delivered:
        """Write solved mattes as files for others. `output` and `options` (`layout`, `format`, `version`, ...) are
        those of `wisp.client.requests.Deliver`. Raises UsageError, InputError (frames that are not solved),
        OutputError; CancelledError as of `solve`."""
        from ..deliver import deliver
        from ..solve.progress import ignore

        asked = self._asked(Deliver, frames, objects, output=str(output), **options)
        return deliver(self._solver(look_again=True), asked, on_event or ignore, should_stop)

    def check(
        self, frames: Range = None, objects: Names | None = None, sheet: str | Path | None = None
    ) -> list[Verdict]:
        """What a check says of every solved matte; `sheet`: also a picture of the worst."""
        from ..quality import check

        verdicts: list[Verdict] = []

        def listen(event: Event) -> None:
            if isinstance(event, Verdict):
                verdicts.append(event)

        asked = self._asked(Check, frames, objects, sheet=None if sheet is None else str(sheet))
        check(self._solver(look_again=True), asked, listen)
        return verdicts

    def compare(
        self,
        heads: Names,
        output: str | Path,
        *,
        frames: Range = None,
        objects: Names | None = None,
        **options: Any,
    ) -> Compared:
        """Matte with several heads, side by side on a sheet; `options` are those of `wisp.client.requests.Compare`."""
        from ..compare import compare

        asked = self._asked(Compare, frames, objects, heads=list(heads), output=str(output), **options)
        return compare(self._solver(look_again=True), asked)

    def other_view(self, view: str, document: str | Path | None = None, cache: str | Path | None = None) -> OpenShot:
        """The shot of the other eye: its plate is the layer or part called `view` of the same EXR files, or the files
        that have `right` in their path where these have `left`.

        `document`: default `NAME_VIEW.wisp` beside this one, or its name with `right` for `left`; it is opened where it
        is there, otherwise it has the models of this one and no objects. UsageError, also where that document is of
        another plate; InputError."""
        from ..plates import open_plate
        from ..plates.views import other_view, swapped

        spec = self._shot.plate
        path, layer = other_view(str(documents.resolve_path(spec.path, self.path)), spec.layer, view)
        named = swapped(self.path.stem, view)
        stem = named if named != self.path.stem else f"{named}_{view}"
        place = Path(document) if document else self.path.with_name(f"{stem}.wisp")
        if place.exists():
            text = documents.text_of(place)
            return OpenShot(_of_plate(place, Path(path), layer), place, cache, self._options, text)
        plate = open_plate(path, layer=layer)
        made = documents.moved(self._shot, self.path, place)
        made.objects.clear()
        made.plate.path, made.plate.layer, made.plate.backlit = documents.relative_path(path, place), layer, False
        for key in documents.BESIDE:  # filmed by the other camera
            setattr(made.plate, key, None)
        made.plate.width, made.plate.height, made.plate.pixel_aspect = plate.width, plate.height, plate.pixel_aspect
        return OpenShot(made, place, cache, self._options)

    def carry(
        self,
        source: str | Path,
        *,
        frames: Range = None,
        shift: int = 0,
        objects: Names | None = None,
        cache: str | Path | None = None,
        on_event: Listener | None = None,
    ) -> list[PromptsCarried]:
        """Take over the prompts of another shot's document, of the other eye or another take: each is put where its
        object is seen here, and a solved frame comes as a mask. They replace what an object of that name has on those
        frames.

        `frames`: of the other shot (None: those with prompts); `shift`: added to its frame numbers; `cache`: its own
        (None: beside it). Look at what is `doubtful`. UsageError, InputError, OutputError.
        """
        from ..solve.carry import carry

        found: list[PromptsCarried] = []

        def listen(event: Event) -> None:
            if on_event is not None:
                on_event(event)
            if isinstance(event, PromptsCarried):
                found.append(event)

        place = Path(source).resolve()
        root = self.path.resolve().parent
        asked = _request(
            Carry,
            source=str(place),
            folder=str(root / "prompts"),
            cache=str(Path(cache).resolve() if cache else cache_beside(place, os.environ)),
            frames=range_text(frames),
            shift=shift,
            names=None if objects is None else list(objects),
        )
        carry(self._solver(), asked, listen)
        for event in found:
            for prompt in event.prompts:
                if "path" in prompt:
                    prompt["path"] = documents.relative_path(prompt["path"], self.path)
        self.edit(lambda edits: edits.take_carried(found))
        return found

    def detect(self, objects: Names | None = None, **options: Any) -> list[BoxFound]:
        """Give text prompts their boxes, in the document; `options` are those of `wisp.client.requests.Detect`."""
        from ..solve.words import detect

        found: list[BoxFound] = []

        def listen(event: Event) -> None:
            if isinstance(event, BoxFound):
                found.append(event)

        shot, _ = detect(self._solver(), self._asked(Detect, None, objects, **options), listen)
        self.edit(lambda edits: edits.set_objects(shot.model_dump(mode="json")["objects"]))
        return found

    def subjects(self, frame: Frame) -> list[Candidate]:
        """What a frame may be about, the likeliest first; `candidate.prompts` go into `Object.add` one by one. Raises
        QualityError where nothing stands out."""
        from ..solve.subject import find_subject

        found: list[Candidate] = []

        def listen(event: Event) -> None:
            if isinstance(event, Candidate):
                found.append(event)

        find_subject(self._solver(), Subject(frame), listen)
        return found

    def picture(self, frame: Frame) -> NDArray[np.float32]:
        """The plate's frame as models see it: height x width x 3, 0..1, as a display shows it. FrameReadError."""
        return self._solver().clip.image(frame)

    def matte(self, name: str, frame: Frame, *, lasting: bool = True) -> NDArray[np.float32]:
        """The finished alpha of one object, height x width, 0..1; computed now where it is missing. `lasting`: it is
        the shot's own, which `wisp status` compares with later; not that of a document that is only tried."""
        from ..cache import read_matte

        return read_matte(self._solver().preview(frame, name, lasting=lasting))[0]

    # -- inside -------------------------------------------------------------------------------------------------

    def _solver(self, *, look_again: bool = False) -> Solver:
        """Of the present document; plate, models and cache are kept from one to the next. `look_again`: the plate only
        as long as its files are as they were."""
        from ..solve import solver_of

        kept = self._kept
        if kept is None:
            kept = solver_of(self._shot, self.path.resolve().parent, self.cache, self._options)
        elif kept.shot.plate != self._shot.plate or kept.source.is_stale or (look_again and kept.source.has_changed()):
            kept.source.close()
            kept = kept.beside(self._shot, self.path.resolve().parent, None)
        elif kept.shot is not self._shot:
            kept = kept.of(self._shot)
        self._kept = kept
        return kept

    def _take(self, shot: documents.Shot) -> None:
        """The document is this one now. What frames that it locks show is kept: the next edit may change that."""
        before, self._shot = self._shot, shot
        if before.locked != shot.locked:
            from ..solve.approvals import note_locked

            with contextlib.suppress(WispError):  # what cannot be read or written is reported when one solves
                for _ in note_locked(self._solver()):
                    pass

    def _travelled(self, step: str) -> str:
        self._take(documents.edited(self._edits.document))
        return step

    def _asked(self, kind: type[Asked], frames: Range, objects: Names | None, **options: Any) -> Asked:
        options["objects"] = None if objects is None else [self._shot.object_named(name).id for name in objects]
        known = kind.__dataclass_fields__
        if "frames" in known:
            options["frames"] = range_text(frames)
        if "name" in known:
            options = {"name": self.path.stem, **options}
        return _request(kind, **options)


def _request(kind: type[Asked], **values: Any) -> Asked:
    """As the engine would take it. ValidationError, UsageError."""
    from ..engine.api import JOB_REQUESTS

    made = JOB_REQUESTS[kind.method].model_validate({"shot_id": "", **values}).request()
    assert isinstance(made, kind)
    return made
