"""The shot as text on disk: versions, reading with errors that name the key, writing that diffs well."""

from __future__ import annotations

import contextlib
import json
import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from ..atomic import ordinary, replacing, signature, signer_ended, sweep
from ..errors import InputError, OutputError, UsageError
from .faults import explain, explain_edit
from .model import MaskPrompt, Prompt, Shot
from .paths import relative_path, resolve_path

#: The document's major version. Raise it, and add a function to `_UPGRADES`, when old readers would misread.
VERSION = 1

#: Keys of an object that came after its version's first release: earlier readers refuse keys that they do not know, so
#: these are written only where they say something.
_LATER = ("absent", "approvals")

#: What version control leaves where two have changed the same.
_UNMERGED = re.compile(r"^(<<<<<<<|>>>>>>>) ", re.MULTILINE)

#: Seconds for which another editor is waited for: an edit takes a fraction of one.
_PATIENCE = 10.0

#: version -> function that turns a document of that version into the next one, as plain dicts.
_UPGRADES: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}


def upgrade(document: dict[str, Any], source: str = "the shot") -> dict[str, Any]:
    """Bring an older document to the current version. UsageError for a newer or unversioned one."""
    version = document.get("wisp")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise UsageError(f"{source} is not a Wisp shot: its 'wisp' version is {version!r}.", hint="Expected a number.")
    if version > VERSION:
        raise UsageError(
            f"{source} was written by a newer Wisp (document version {version}; this one reads up to {VERSION}).",
            hint="Update Wisp to open it.",
        )
    while version < VERSION:
        document = _UPGRADES[version](document)
        version += 1
    return document


def parse(document: dict[str, Any], source: str = "the shot") -> Shot:
    """A validated shot from a plain document. UsageError names every faulty key and place."""
    if not isinstance(document, dict):
        raise UsageError(f"{source} is not a JSON object.", hint='A shot looks like {"wisp": 1, "plate": ...}.')
    try:
        return Shot.model_validate(upgrade(document, source))
    except ValidationError as error:
        raise UsageError(f"{source} is not valid: {explain(error)}.", hint="Mend the named keys.") from None


def checked_prompt(prompt: dict[str, Any]) -> dict[str, Any]:
    """A plain prompt as a document stores it. UsageError names every faulty key."""
    try:
        made: Prompt = TypeAdapter(Prompt).validate_python(prompt)
    except ValidationError as error:
        raise UsageError(f"The prompt is not valid: {explain(error)}.", hint="Mend the named keys.") from None
    return made.model_dump(mode="json")


def edited(document: dict[str, Any]) -> Shot:
    """A validated shot from a plain document of the current version that a person's choices made: no file. UsageError
    says what is wrong with them."""
    try:
        return Shot.model_validate(document)
    except ValidationError as error:
        raise UsageError(f"{explain_edit(error)}.") from None


def checked(shot: Shot) -> Shot:
    """A validated copy of a shot that was edited in memory. UsageError as `edited`."""
    return edited(shot.model_dump(mode="python", warnings=False))


def load(path: str | Path) -> Shot:
    """Read a shot document. InputError if it cannot be read, UsageError if it is not valid."""
    path = Path(path)
    try:
        text = ordinary(path).read_text(encoding="utf-8-sig")  # an editor on Windows may have put a byte order mark
    except FileNotFoundError:
        raise InputError(f"The shot {path} does not exist.", hint="Check the path.", path=path) from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"The shot {path} cannot be read: {error}.", path=path) from None
    try:
        document = json.loads(text, object_pairs_hook=_without_repeats)
    except (ValueError, RecursionError) as error:
        if _UNMERGED.search(text):
            raise UsageError(
                f"The shot {path} holds the marks of a merge that was not finished.",
                hint="Choose one side of each, or take the file of one side whole.",
                path=path,
            ) from None
        raise UsageError(f"The shot {path} is not valid JSON: {error}.", path=path) from None
    return parse(document, f"The shot {path}")


def dump(shot: Shot) -> str:
    """The document as text: stable order, one setting or prompt per line, so that a diff is readable.

    UsageError if the shot was edited into something that `parse` would refuse.
    """
    document = checked(shot).model_dump(mode="json")
    for item in document["objects"]:
        for key in _LATER:
            if not item[key]:
                del item[key]
    return _layout(document) + "\n"


def save(shot: Shot, path: str | Path) -> None:
    """Write the document whole or not at all; a link stays one, and what it leads to is written. UsageError as `dump`;
    OutputError if the place cannot be written."""
    write_text(dump(shot), path)


def text_of(path: str | Path) -> str | None:
    """What lies at `path` now, by which `check_unchanged` tells whether somebody else has written since."""
    try:
        return ordinary(Path(path)).read_text("utf-8-sig", "replace")
    except OSError:
        return None


def check_unchanged(path: str | Path, text: str | None) -> None:
    """OutputError where something else lies at `path` than what was read (None: nothing was there): it would be
    lost."""
    now = text_of(path)
    if now is not None and now != text:
        raise OutputError(
            f"The shot {path} was changed by somebody else meanwhile.",
            hint="Open it again and repeat the edit, or save under another name.",
            path=path,
        )


def write_text(text: str, path: str | Path) -> None:
    """The same of a document's text."""
    path = Path(path)
    sweep(path.resolve().parent)
    with replacing(path.resolve() if path.is_symlink() else path, durable=True) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


@contextlib.contextmanager
def editing(path: str | Path) -> Iterator[None]:
    """Nobody else edits the document at `path` in such a block meanwhile: whoever comes second waits. One whose process
    has ended, or who holds it for longer than an edit takes, was killed, and is waited for no more. Blocks of one
    thread may lie in each other."""
    place = Path(path).resolve()
    mine = (threading.get_ident(), place)
    if mine in _held or not _lock(place, own := signature()):
        yield
        return
    _held.add(mine)
    try:
        yield
    finally:
        _held.discard(mine)
        if _said(_lock_of(place)) == own:
            with contextlib.suppress(OSError):
                _lock_of(place).unlink()


#: Thread and place of the documents that are being edited.
_held: set[tuple[int, Path]] = set()


def _lock_of(place: Path) -> Path:
    return place.with_name(f".{place.name}.editing")


def _lock(place: Path, own: str) -> bool:
    """Wait until nobody else edits the document; whether that could be written down. Where it cannot, such as on a full
    disk or in a folder that is not there, whoever writes says so."""
    lock = _lock_of(place)
    seen, until = "", 0.0
    while True:
        try:
            file = lock.open("x", encoding="ascii")
        except OSError as error:
            if not isinstance(error, FileExistsError) and not (os.name == "nt" and isinstance(error, PermissionError)):
                return False
        else:
            try:
                with file:
                    file.write(own)
                return True
            except OSError:  # the disk is full: the next one would wait for a lock that says nothing
                with contextlib.suppress(OSError):
                    lock.unlink()
                return False
        holder = _said(lock)
        if holder != seen:
            seen, until = holder, time.monotonic() + _PATIENCE
        elif time.monotonic() >= until or signer_ended(holder):
            _take_away(lock, holder, lock.with_name(f"{lock.name}.{own}"))
        time.sleep(0.01)


def _take_away(lock: Path, holder: str, aside: Path) -> None:
    """Remove the lock of a holder that was killed, and not that of somebody who has removed it first."""
    with contextlib.suppress(OSError):
        lock.rename(aside)
        if _said(aside) != holder:
            aside.rename(lock)
        aside.unlink()


def _said(lock: Path) -> str:
    """Whose a lock is; nothing where there is none."""
    try:
        return lock.read_text("ascii") or "somebody"
    except (OSError, UnicodeDecodeError):
        return ""


def moved(shot: Shot, before: Path, after: Path) -> Shot:
    """The document of `before` with its paths as they are stored at `after`."""

    return renamed(shot, lambda stored: relative_path(resolve_path(stored, before), after))


def renamed(shot: Shot, path: Callable[[str], str]) -> Shot:
    """The document with every path of a picture as `path` makes it."""
    found = shot.model_copy(deep=True)
    found.plate.path = path(found.plate.path)
    for key, stored in found.plate.beside.items():
        setattr(found.plate, key, path(stored))
    for item in found.objects:
        item.core = path(item.core) if item.core else None
        item.garbage = path(item.garbage) if item.garbage else None
        for prompt in item.prompts:
            if isinstance(prompt, MaskPrompt):
                prompt.path = path(prompt.path)
    return found


def json_schema() -> dict[str, Any]:
    """The document's JSON Schema (draft 2020-12)."""
    schema = _in_schema_words(Shot.model_json_schema())
    # In memory the version has a default; in a file it must be said.
    schema["required"] = ["wisp", *schema["required"]]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


#: What pydantic calls a limit that stands behind a validator of our own -> what JSON Schema calls it.
_SCHEMA_WORDS = {"ge": "minimum", "le": "maximum", "gt": "exclusiveMinimum", "lt": "exclusiveMaximum"}


def _in_schema_words(part: Any) -> Any:
    if isinstance(part, dict):
        return {_SCHEMA_WORDS.get(key, key): _in_schema_words(value) for key, value in part.items()}
    return [_in_schema_words(value) for value in part] if isinstance(part, list) else part


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object; ValueError for a key given twice (a merge gone wrong), which would silently lose the first."""
    content = dict(pairs)
    if len(content) < len(pairs):
        keys = [key for key, _ in pairs]
        repeated = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"the key '{repeated}' is given twice")
    return content


def _layout(value: Any, depth: int = 0) -> str:
    """JSON with the document, its sections and its objects broken over lines; a prompt or an edge is one line."""
    inner, outer = "  " * (depth + 1), "  " * depth
    if isinstance(value, dict) and value and depth <= 2:
        rows = [f"{inner}{json.dumps(key)}: {_layout(item, depth + 1)}" for key, item in value.items()]
        return "{\n" + ",\n".join(rows) + f"\n{outer}}}"
    if isinstance(value, list) and any(isinstance(item, dict) for item in value):
        return "[\n" + ",\n".join(inner + _layout(item, depth + 1) for item in value) + f"\n{outer}]"
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
