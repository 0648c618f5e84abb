"""The shot document as editors and scripts change it: plain dictionaries, one step of undo per edit.

The document is that of `NAME.wisp`; the engine checks it. Coordinates are plate pixels, origin top left, y down.
"""

from __future__ import annotations

import contextlib
import copy
import itertools
import os
from typing import Any, Callable, Collection, Dict, Iterator, List, Optional, Sequence, Tuple

from .events import PromptsCarried
from .frames import with_span, within
from .locks import ABSENT, with_locks
from .names import free_color, free_name, name_key, object_name

Document = Dict[str, Any]
Prompt = Dict[str, Any]

HISTORY = 300
#: Name of the steps that change how a matte is finished, and nothing that is tracked.
EDGE_STEP = "Change edge"


def pictures_from(parts: Dict[str, Any], root: str) -> None:
    """Have the pictures that an object of a document names (its masks, core and garbage, by whole paths) be named from
    the folder `root` on, with which they may move. Those on another drive keep their paths."""
    named = [(parts, "core"), (parts, "garbage"), *((prompt, "path") for prompt in parts.get("prompts", []))]
    for holder, key in named:
        if holder.get(key):
            with contextlib.suppress(ValueError):
                holder[key] = os.path.relpath(holder[key], root).replace(os.sep, "/")


def why_not_drawn(name: str, frame: int, shows: bool, absent: bool) -> str:
    """Why an object of that name takes no prompts on a frame, switched off or absent as it is; or nothing."""
    if not shows:
        return f"{name} is switched off, and nothing of it would show: switch it on first."
    return f"{name} is absent on frame {frame}: say first that it is there again." if absent else ""


class Refused(RuntimeError):  # noqa: N818 (a sentence for the artist)
    """It cannot be done as the document is; says why and what to do."""


class ShotEdits:
    """A shot document with undo. `on_change` is called after every edit, undo and redo."""

    def __init__(self, document: Document) -> None:
        self.on_change: Callable[[], None] = lambda: None
        self.document = document
        self.active: Optional[int] = document["objects"][0]["id"] if document.get("objects") else None
        #: Ids of objects that have gone and of which something is still shown: they are given to no other.
        self.past_ids: Collection[int] = ()
        #: Where in and out are marked, for what is asked of the engine; not part of the document.
        self.mark_in: Optional[int] = None
        self.mark_out: Optional[int] = None
        #: Steps and the document before, and after, each. Edits put copies in its place, so that documents share the
        #: parts that they leave as they are.
        self._past: List[Tuple[str, Document]] = []
        self._future: List[Tuple[str, Document]] = []
        #: The document as it was last saved.
        self._saved: Document = {}
        self.mark_saved()

    # -- reading ------------------------------------------------------------------------------------------

    @property
    def objects(self) -> List[Dict[str, Any]]:
        """The objects, in the order of the list."""
        found: List[Dict[str, Any]] = self.document.setdefault("objects", [])
        return found

    @property
    def first(self) -> int:
        return int(self.document["plate"]["first"])

    @property
    def last(self) -> int:
        return int(self.document["plate"]["last"])

    @property
    def span(self) -> Tuple[int, int]:
        """From in to out; the whole shot where they are not marked."""
        first = self.first if self.mark_in is None else self.mark_in
        last = self.last if self.mark_out is None else self.mark_out
        return first, last

    @property
    def span_text(self) -> Optional[str]:
        """From in to out as a frame range; None for the whole shot."""
        first, last = self.span
        return None if (first, last) == (self.first, self.last) else f"{first}-{last}" if first < last else str(first)

    @property
    def size(self) -> Tuple[int, int]:
        """Plate pixels, width and height."""
        plate = self.document["plate"]
        return int(plate["width"]), int(plate["height"])

    @property
    def pixel_aspect(self) -> float:
        """Width of the plate's pixels by their height."""
        return float(self.document["plate"].get("pixel_aspect", 1.0))

    def object(self, number: Optional[int]) -> Optional[Dict[str, Any]]:
        """The object of that id."""
        return next((item for item in self.objects if item["id"] == number), None)

    def prompts(self, number: Optional[int], frame: int) -> List[Prompt]:
        """The prompts of an object on a frame, in the order in which they were drawn."""
        item = self.object(number)
        return [prompt for prompt in item.get("prompts", []) if prompt["frame"] == frame] if item else []

    def keyframes(self, number: Optional[int] = None) -> List[int]:
        """Frames with prompts, ascending; of all objects for None."""
        chosen = self.objects if number is None else [item for item in self.objects if item["id"] == number]
        return sorted({prompt["frame"] for item in chosen for prompt in item.get("prompts", [])})

    def locked(self, number: Optional[int], frame: int) -> bool:
        item = self.object(number)
        return item is not None and within(frame, item.get("locks", []))

    def absent(self, number: Optional[int], frame: int) -> bool:
        """Whether the document says that the object is not to be seen on that frame."""
        item = self.object(number)
        return item is not None and within(frame, item.get("absent", []))

    def refusal(self, frame: int, unseen: bool = False) -> str:
        """Why the active object takes no prompts on that frame; or nothing. `unseen`: one that is switched off takes
        them, as of a script, which does not look at what it draws."""
        item = self.object(self.active)
        if item is None:
            return ""
        shows = unseen or item.get("enabled", True)
        return why_not_drawn(item["name"], frame, shows, self.absent(self.active, frame))

    def takes_first(self, frame: int) -> bool:
        """Whether there is an active object, without any prompt yet, that may get its first one on that frame."""
        item = self.object(self.active)
        return item is not None and not item.get("prompts") and not self.refusal(frame)

    # -- edits --------------------------------------------------------------------------------------------

    def add_object(self, name: Optional[str] = None) -> int:
        """A new object with the next free id, name and colour; it becomes the active one."""
        self._step("Add object")
        number = self._append_object(name)
        self.on_change()
        return number

    def _append_object(self, name: Optional[str] = None, **parts: Any) -> int:
        """An object of an id, a name and a colour that no other has; a name that is taken gets a number."""
        number = max([*(item["id"] for item in self.objects), *self.past_ids], default=0) + 1
        names = [item["name"] for item in self.objects]
        free = object_name(number, names) if name is None else free_name(name, names, number)
        color = free_color({item.get("color") for item in self.objects}, number)
        self.objects.append({"color": color, "prompts": [], **parts, "id": number, "name": free})
        self.active = number
        return number

    def add_objects(self, found: List[Tuple[str, Dict[str, Any]]]) -> None:
        """Add objects in one step, each by its name and what a document says of it beside; the last becomes the active
        one."""
        self._step("Add objects")
        for name, parts in found:
            self._append_object(name, **parts)
        self.on_change()

    def take_carried(self, found: Sequence[PromptsCarried]) -> List[Tuple[int, PromptsCarried]]:
        """Have objects get prompts of another shot, by name, in place of what they have on those frames, save those on
        which they are absent; one that there is not is made. One step. What was taken, each with its object's id."""
        self._step("Carry prompts")
        taken: List[Tuple[int, PromptsCarried]] = []
        for one in found:
            name = name_key(one.object)
            number = next((item["id"] for item in self.objects if name_key(item["name"]) == name), None)
            if self.absent(number, one.frame):
                continue
            if number is None:
                number = self._append_object(one.object, **one.parts, prompts=list(one.prompts))
            else:
                mine = self._edit(number)
                left = [prompt for prompt in mine.get("prompts", []) if prompt["frame"] != one.frame]
                mine["prompts"] = [*left, *one.prompts]
            taken.append((number, one))
        self.on_change()
        return taken

    def remove_object(self, number: int) -> None:
        self._step("Remove object")
        self.document["objects"] = [item for item in self.objects if item["id"] != number]
        if self.active == number:
            self.active = self.objects[0]["id"] if self.objects else None
        self.on_change()

    def set_object(self, number: int, **values: Any) -> None:
        """Change an object's name, color, region or enabled."""
        item = self.object(number)
        if item is not None and any(item.get(key) != value for key, value in values.items()):
            self._step("Change object")
            self._edit(number).update(values)
            self.on_change()

    def set_holdouts(self, **paths: Optional[str]) -> bool:
        """The active object's `core` and `garbage` matte, as the document names them, None for none.

        Whether there is an object."""
        if self.object(self.active) is None:
            return False
        self._step("Core or garbage matte")
        self._edit(self.active).update(paths)
        self.on_change()
        return True

    def set_edge(self, number: int, edge: Dict[str, Any], continued: bool = False) -> None:
        """Change how an object's matte is finished. `continued`: with the edit before it, one step of undo."""
        item = self.object(number)
        if item is not None and item.get("edge") != edge:
            if continued and self._past:
                self.document = self._copy()
            else:
                self._step(EDGE_STEP)
            self._edit(number)["edge"] = edge
            self.on_change()

    def set_objects(self, objects: List[Dict[str, Any]], **solve: Any) -> None:
        """Put others in place of all objects; `solve`: with the models that these were solved by."""
        if objects != self.objects or solve:
            self._step("Change objects")
            self.document["objects"] = objects
            if solve:
                self.document["solve"] = dict(self.document.get("solve", {}), **solve)
            self.on_change()

    def set_solve(self, **values: Any) -> None:
        """Choose the tracker, the head, or whether the background is uncovered."""
        self._set_part("solve", "Choose models", values)

    def set_plate(self, **values: Any) -> bool:
        """Change how the plate is seen; whether it did."""
        return self._set_part("plate", "Change plate", values)

    def _set_part(self, part: str, step: str, values: Dict[str, Any]) -> bool:
        """Change keys of one part of the document; whether one is another now."""
        before = self.document.get(part, {})
        changed = any(before.get(key) != value for key, value in values.items())
        if changed:
            self._step(step)
            self.document[part] = dict(before, **values)
            self.on_change()
        return changed

    def add_prompts(self, prompts: List[Prompt], step: str, unseen: bool = False) -> None:
        """Add several to the active object, which is made if there is none, in one step; a box replaces the box of its
        frame. Raises Refused by `refusal`, where nothing is changed."""
        for prompt in prompts:
            fault = self.refusal(prompt["frame"], unseen)
            if fault:
                raise Refused(fault)
        self._step(step)
        if self.object(self.active) is None:
            self._append_object()
        mine = self._edit(self.active).setdefault("prompts", [])
        for prompt in prompts:
            if prompt["kind"] == "box":
                mine[:] = [one for one in mine if one["kind"] != "box" or one["frame"] != prompt["frame"]]
            mine.append(prompt)
        self.on_change()

    def add_prompt(self, prompt: Prompt, unseen: bool = False) -> None:
        """Add a prompt to the active object, as `add_prompts` does."""
        self.add_prompts([prompt], "Add prompt", unseen)

    def replace_prompt(self, old: Prompt, new: Prompt) -> None:
        """Change one prompt of the active object, as by dragging it."""
        if old == new:
            return
        self._step("Move prompt")
        prompts = self._edit(self.active)["prompts"]
        prompts[prompts.index(old)] = new
        self.on_change()

    def remove_prompt(self, prompt: Prompt) -> None:
        self._step("Remove prompt")
        self._edit(self.active)["prompts"].remove(prompt)
        self.on_change()

    def clear_frame(self, frame: int) -> None:
        """Remove the active object's prompts on that frame."""
        if self.prompts(self.active, frame):
            self._step("Clear frame")
            item = self._edit(self.active)
            item["prompts"] = [prompt for prompt in item["prompts"] if prompt["frame"] != frame]
            self.on_change()

    def toggle_lock(self, frame: int) -> str:
        """Lock the active object's matte on that frame against solving, or free it; why it cannot be, or nothing."""
        if self.absent(self.active, frame):
            return ABSENT
        item = self._edit_step("Lock frame")
        if item is not None:
            item.update(with_locks(item, [frame], not self.locked(self.active, frame)))
            self.on_change()
        return ""

    def toggle_absent(self, first: int, last: Optional[int] = None) -> str:
        """Say that the active object is not to be seen on that frame (or from one to the other), or that it may be; why
        it cannot be said, or nothing."""
        last = first if last is None else last
        fault = self._seen_in([[first, last]])
        if fault:
            return fault
        on = all(self.absent(self.active, frame) for frame in range(first, last + 1))
        item = self._edit_step("Mark absent")
        if item is not None:
            item["absent"] = with_span(item.get("absent", []), first, last, not on)
            self.on_change()
        return ""

    def set_absent(self, stored: List[List[int]]) -> str:
        """Say that the active object is not to be seen in these spans, and on no other frame; why it cannot be said, or
        nothing."""
        item = self.object(self.active)
        fault = self._seen_in(stored)
        if item is not None and not fault and [list(one) for one in item.get("absent", [])] != stored:
            self._step("Mark absent")
            self._edit(self.active)["absent"] = stored
            self.on_change()
        return fault

    def _seen_in(self, stored: List[List[int]]) -> str:
        """Why the active object cannot be called absent in these spans; or nothing."""
        item = self.object(self.active)
        if item is None:
            return ""
        for frame in self.keyframes(self.active):
            if within(frame, stored):
                return f"There are prompts on frame {frame}: remove them before you call the object absent."
        for first, last in stored:
            locked = [max(first, a) for a, b in item.get("locks", []) if a <= last and b >= first]
            if locked:
                return f"The matte of frame {min(locked)} is locked: free it before you call the object absent."
        return ""

    def accepted(self, number: Optional[int], frame: int, fingerprint: Optional[str]) -> bool:
        """Whether a person has found that matte fine as it is."""
        item = self.object(number)
        return item is not None and [frame, fingerprint] in [list(one) for one in item.get("accepted", [])]

    def toggle_accepted(self, frame: int, fingerprint: str) -> bool:
        """Note that the active object's matte on that frame is fine as it is, or take that back; whether it is now."""
        on = not self.accepted(self.active, frame, fingerprint)
        self._step("Accept frame")
        item = self._edit(self.active)
        others = [list(one) for one in item.get("accepted", []) if one[0] != frame]
        item["accepted"] = sorted([*others, [frame, fingerprint]] if on else others)
        self.on_change()
        return on

    def _edit_step(self, name: str) -> Optional[Dict[str, Any]]:
        """The active object, to be edited as one step of undo; None where there is none."""
        if self.object(self.active) is None:
            return None
        self._step(name)
        return self._edit(self.active)

    # -- saving -------------------------------------------------------------------------------------------

    @property
    def unsaved(self) -> bool:
        """Whether the document is another than the one that was last saved, or begun with."""
        return self.document != self._saved

    def mark_saved(self) -> None:
        """The document as it is now is the saved one."""
        self._saved = self._copy()

    def convert(
        self,
        document: Document,
        change: Callable[[Dict[str, Any]], Dict[str, Any]],
        change_plate: Callable[[Dict[str, Any]], Dict[str, Any]],
    ) -> None:
        """Put `document` in place of this one: it lies elsewhere now, or its plate has another size. `change` and
        `change_plate`: what was done to every object and to the plate, for those of the steps of undo and redo."""
        steps = (*self._past, *self._future)
        changed: Dict[int, Dict[str, Any]] = {}  # steps share the parts that they leave as they are
        for _, one in steps:
            changed.update({id(item): change(item) for item in one["objects"] if id(item) not in changed})
            if id(one["plate"]) not in changed:
                changed[id(one["plate"])] = change_plate(one["plate"])

        def converted(one: Document) -> Document:
            return dict(one, objects=[changed[id(item)] for item in one["objects"]], plate=changed[id(one["plate"])])

        for some in (self._past, self._future):
            some[:] = [(name, converted(one)) for name, one in some]
        self.document = document
        self.on_change()

    def follow(self, plate: Dict[str, Any], solve: Dict[str, Any]) -> None:
        """Have the plate and the models be what the host says: no edit, and nothing that undo takes back."""
        for some in (self._past, self._future):
            some[:] = [(name, dict(one, plate=plate, solve=solve)) for name, one in some]
        self.document.update(plate=plate, solve=solve)

    # -- undo ---------------------------------------------------------------------------------------------

    def undo(self) -> str:
        """Take the last step back; returns its name, empty when there is none."""
        return self._travel(self._past, self._future)

    def redo(self) -> str:
        """Do the last undone step again."""
        return self._travel(self._future, self._past)

    @contextlib.contextmanager
    def all_or_nothing(self) -> Iterator[None]:
        """Where such a block raises, document and steps are what they were before it: an edit that is refused leaves
        nothing behind, and what was undone can still be done again."""
        before = self._copy(), self.active, list(self._past), list(self._future)
        now = self.document
        try:
            yield
        except BaseException:
            changed = self.document is not now
            self.document, self.active, self._past, self._future = before
            if changed:
                self.on_change()
            raise

    def _travel(self, source: List[Tuple[str, Document]], target: List[Tuple[str, Document]]) -> str:
        if not source:
            return ""
        name, document = source.pop()
        target.append((name, self.document))
        self.document = document
        if self.object(self.active) is None:
            self.active = self.objects[0]["id"] if self.objects else None
        self.on_change()
        return name

    def _step(self, name: str) -> None:
        """Remember the document as it is: what follows works on a copy of it."""
        after = self._copy()
        self._past.append((name, self.document))
        del self._past[:-HISTORY]
        self._future.clear()
        self.document = after

    def _copy(self) -> Document:
        """Another document of the same parts, in a list of objects of its own."""
        return dict(self.document, objects=list(self.objects))

    def _edit(self, number: Optional[int]) -> Dict[str, Any]:
        """A copy of the object, put in its place, that may be changed without changing the past."""
        place = next(index for index, item in enumerate(self.objects) if item["id"] == number)
        item: Dict[str, Any] = copy.deepcopy(self.objects[place])
        self.objects[place] = item
        return item


def changed_place(before: List[Dict[str, Any]], after: List[Dict[str, Any]]) -> Tuple[Optional[int], Optional[int]]:
    """Of the objects after an edit the first that it changed, and a frame whose prompts it did; None for none."""
    past = {item["id"]: item for item in before}
    for item in after:
        old = past.get(item["id"], {})
        if old != item:
            some, others = sorted((item.get("prompts", []), old.get("prompts", [])), key=len)
            pairs = itertools.zip_longest(some, others)
            return item["id"], next((more["frame"] for fewer, more in pairs if fewer != more), None)
    return None, None
