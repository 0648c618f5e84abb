"""Where a shot's files lie on a worker, if elsewhere than on the machine that made it: rules from one to the other.

Source: Open Job Description specification 2023-09, "How Jobs Are Run", section "Path Mapping" (`pathmapping-1.0`).
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath

from ..atomic import ordinary
from ..errors import InputError, UsageError
from ..shot import Shot, renamed


@dataclass(frozen=True)
class PathRule:
    """What lies below `source` there lies below `destination` here."""

    source: PurePath
    destination: str

    def apply(self, path: str) -> str | None:
        """The place here; None where the rule does not speak of `path`. Windows compares without regard to case."""
        place = type(self.source)(path)
        if not place.is_relative_to(self.source):
            return None
        rest = place.relative_to(self.source).as_posix()
        return self.destination if rest == "." else f"{self.destination.rstrip('/')}/{rest}"


def parse_rules(texts: Iterable[str]) -> list[PathRule]:
    """Rules as `FROM=TO`, several in one text apart by `;`. UsageError where one has no `=` or is not absolute."""
    rules = []
    for text in (part.strip() for whole in texts for part in whole.split(";")):
        if not text:
            continue
        source, equals, destination = text.partition("=")
        place = _path(source)
        if not (equals and destination and place.is_absolute()):
            raise UsageError(
                f"'{text}' maps no path.", hint="Write FROM=TO with a whole path each, such as P:\\shots=/mnt/shots."
            )
        rules.append(PathRule(place, destination))
    return rules


def read_rules(file: Path) -> list[PathRule]:
    """Those that a queue tells its workers, in the specification's form; none for an empty file or object.

    InputError where it cannot be read.
    """
    try:
        content = json.loads(ordinary(file).read_text("utf-8") or "{}")
        return [
            PathRule(
                (PureWindowsPath if rule["source_path_format"].upper() == "WINDOWS" else PurePosixPath)(
                    rule["source_path"]
                ),
                rule["destination_path"],
            )
            for rule in content.get("path_mapping_rules", ())
        ]
    except (OSError, ValueError, KeyError, AttributeError, TypeError) as error:
        raise InputError(f"The rules for paths in {file} cannot be read: {error}.", path=file) from None


def map_path(path: str, rules: Iterable[PathRule]) -> str:
    """The path as it is here; a relative one stays. The longest source that fits counts."""
    ordered = sorted(rules, key=lambda rule: -len(rule.source.parts))
    return next((found for rule in ordered if (found := rule.apply(path)) is not None), path)


def place_here(path: Path, rules: Iterable[PathRule]) -> Path:
    """The place that a command line names, here. UsageError for a whole path of the other kind of system."""
    return Path(_here(path.as_posix(), rules))


def map_paths(shot: Shot, rules: Sequence[PathRule]) -> Shot:
    """The shot with its paths as they are here; see `map_path`. UsageError as `place_here`."""
    mapped = renamed(shot, lambda path: _here(path, rules))
    if mapped.plate.ocio:
        mapped.plate.ocio = _here(mapped.plate.ocio, rules)
    return mapped


def _here(path: str, rules: Iterable[PathRule]) -> str:
    place = map_path(path, rules)
    other = PurePosixPath if os.name == "nt" else PureWindowsPath
    if place == path and not Path(path).is_absolute() and other(path).is_absolute():
        raise UsageError(
            f"{path} is a path of another kind of system.", hint="Say where it lies here, with --map FROM=TO."
        )
    return place


def _path(text: str) -> PurePath:
    """A path of the system that it looks like: with a drive or two backslashes it is Windows'."""
    windows = PureWindowsPath(text)
    return windows if windows.drive else PurePosixPath(text)
