"""One shot as it is solved: its plate, its models, its objects' plans, and its place in the cache."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from ..cache import Cache, Shelf, plate_key
from ..client.locks import LOCKED
from ..detectors.detector import Detector
from ..device import MemoryPlan
from ..errors import UsageError
from ..fingerprint import fingerprint
from ..frames import format_frames
from ..heads.head import ExpectingHead, Head
from ..models.build import ModelStamp
from ..models.store import Models
from ..plates.clip import Clip, DisplayClip
from ..plates.colour import ColourChoice
from ..plates.missing import MissingPlate
from ..plates.plate import Window
from ..plates.sequences import find
from ..plates.sources import Sources
from ..shot import ObjectSpec, Shot
from ..trackers.tracker import Tracker
from ..weights.registry import entry_as
from .locks import LockedMattes
from .objects import ModelIds, ObjectWork
from .reasons import Record
from .source import Source

#: So many last parts of a plate's path tell plates of one name apart, wherever the project lies.
_TAIL = 3


class ShotContext:
    """One shot with what it is solved with: its pictures, the models, and its place in the cache.

    It does not change but for `replan`; another document needs another one, which may be given the same.
    """

    def __init__(self, shot: Shot, source: Source, models: Models, cache: Cache) -> None:
        """`source`: of the shot's own plate. Opens nothing before it is needed."""
        self.shot = shot
        self.source = source
        self._models = models
        self._cache = cache

    def of(self, shot: Shot) -> Self:
        """The same of another document on the same plate, given the same."""
        return type(self)(shot, self.source, self._models, self._cache)

    def beside(self, shot: Shot, base: Path, cache: str | Path | None) -> Self:
        """The same of a shot with another plate, given the same models. `base`: as of `Source`; `cache`: its folder,
        None: the same."""
        return type(self)(shot, Source(shot.plate, base), self._models, Cache(cache) if cache else self._cache)

    @property
    def plate(self) -> MissingPlate:
        """See `Source.plate`."""
        return self.source.plate

    def frames_of(self, asked: Collection[int] | None) -> list[int]:
        """The asked frames (None: all), ascending, without the shot's gaps where it skips them. UsageError where one is
        not the plate's, or none is left."""
        available, spec = self.plate.frames, self.shot.plate
        if asked is None:
            return list(available)
        present = sorted(set(asked).intersection(available))
        absent = sorted(set(asked).difference(available))
        skipped = spec.missing == "skip" and present and all(spec.first <= frame <= spec.last for frame in absent)
        if absent and not skipped:
            raise UsageError(
                f"The plate has no frame {format_frames(absent)}.", hint=f"It has {format_frames(available)}."
            )
        return present

    @property
    def colour(self) -> ColourChoice:
        """See `Source.colour`."""
        return self.source.colour

    @property
    def clip(self) -> DisplayClip:
        """See `Source.clip`."""
        return self.source.clip

    def clip_of(self, region: Window | None) -> Clip:
        """See `Source.clip_of`."""
        return self.source.clip_of(region)

    def locate(self, stored: str) -> Path:
        """See `Source.locate`."""
        return self.source.locate(stored)

    @property
    def tracker(self) -> Tracker:
        """The tracker, loaded when first needed."""
        return self._models.tracker(self.shot.solve)

    @property
    def head(self) -> Head:
        """The head, loaded when first needed."""
        head = self._models.head(self.shot.solve)
        return head.expecting if self.source.beside and isinstance(head, ExpectingHead) else head

    def detector(self, model_id: str) -> Detector:
        """That detector, loaded if need be. Raises UsageError and WeightsError."""
        return self._models.detector(model_id, self.shot.solve)

    @cached_property
    def models(self) -> tuple[ModelStamp, ModelStamp]:
        """What tracker and head are, checked but not loaded. Raises UsageError and WeightsError."""
        return self._models.stamps(self.shot.solve)

    def memory_plan(self) -> MemoryPlan | None:
        """What the models need of their device for this plate; None where that is not known."""
        return self._models.memory_plan(self.shot.solve, (self.plate.width, self.plate.height))

    @cached_property
    def works(self) -> tuple[ObjectWork, ...]:
        """The enabled objects."""
        tracker, head = self.models
        solve = self.shot.solve
        how = (solve.precision, solve.seed)
        models = ModelIds(
            (tracker.id, tracker.version, *how), (head.id, head.version, *how), tracker.segments, head.windows
        )
        look: tuple[Any, ...] = (self.colour.key(), self.shot.plate.layer)
        if self.source.stretch != (1.0, 1.0):
            look += (self.source.stretch,)
        uncover = entry_as(solve.head, "head").uncovers if solve.uncover is None else solve.uncover
        return tuple(
            ObjectWork(item, self.source, self.shelf, models, look, self.locks(item), uncover)
            for item in self.shot.objects
            if item.enabled
        )

    @cached_property
    def shelf(self) -> Shelf:
        """The plate's part of the cache."""
        spec = self.shot.plate
        size = (spec.width, spec.height)
        return self._cache.shelf(plate_key(self.plate.name, size, self.colour.key(), spec.layer))

    @cached_property
    def sources(self) -> Sources:
        """The files that the shot is made from, which nothing may be written over."""
        stored = [matte for item in self.shot.objects for matte in (item.core, item.garbage) if matte]
        files = [file for matte in stored for file in find(self.locate(matte)).files.values()]
        masks = [prompt.path for item in self.shot.objects for prompt in item.prompts if prompt.kind == "mask"]
        files += [self.locate(path) for path in masks]
        files += [file for beside in self.source.beside.values() for file in beside.files]
        return Sources((*self.plate.files, *files), self.plate.path)

    def names(self, numbers: Iterable[int] | None) -> list[str]:
        """The names of the objects of these ids (None: of the enabled ones), each once. UsageError for an id that there
        is not."""
        if numbers is None:
            return [item.name for item in self.shot.objects if item.enabled]
        known = {item.id: item.name for item in self.shot.objects}
        numbers = list(dict.fromkeys(numbers))
        for number in numbers:
            if number not in known:
                raise UsageError(
                    f"There is no object with the id {number} in the shot.",
                    hint=f"It has: {', '.join(map(str, known)) or 'none'}.",
                )
        return [known[number] for number in numbers]

    def work(self, name: str) -> ObjectWork:
        """The enabled object of that name; UsageError otherwise."""
        item = self.shot.object_named(name)
        for work in self.works:
            if work.item.id == item.id:
                return work
        raise UsageError(f"The object '{name}' is disabled in the shot.", hint="Enable it first.")

    def record(self, item: ObjectSpec) -> Record:
        """What the object's mattes were made of when they were last solved."""
        return Record(self._cache.root / "solved" / self._place(item))

    def locks(self, item: ObjectSpec) -> LockedMattes:
        """The frozen mattes of an object."""
        size = (self.plate.width, self.plate.height)
        nameless = f"{self._place(item)}-{item.name}"
        return LockedMattes(self._cache.root / LOCKED, nameless, item, size, self.plate.padding)

    def _place(self, item: ObjectSpec) -> str:
        """What an object is called in the cache whatever its prompts and settings are, and the plate's pictures."""
        tail = Path(self.plate.path).absolute().parts[-_TAIL:]
        return f"{self.plate.name}-{fingerprint(*tail)[:8]}-{item.id}"

    def replan(self) -> None:
        """Plan the objects anew: with what is frozen now, and what tracking has found to be the same."""
        self.__dict__.pop("works", None)
