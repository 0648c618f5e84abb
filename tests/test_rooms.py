"""Arrows between rooms run down only: what a room imports, also inside functions, lies below it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import wisp

ROOT = Path(wisp.__file__).parent

#: The rooms of the package from the ground up; those of one row know nothing of each other.
ROOMS = (
    ("client", "errors", "fingerprint"),
    ("atomic", "device", "frames", "panel", "install"),
    ("plates", "shot", "weights"),
    ("features",),
    ("motion", "shapes", "contact_sheet"),
    ("finish", "metrics", "trackers"),
    ("cache", "demo", "detectors", "heads"),
    ("models", "view", "train"),
    ("solve",),
    ("compare", "deliver", "quality"),
    ("farm",),
    ("engine",),
    ("scripting",),
    ("__init__", "commands"),
    ("cli", "bench"),
    ("__main__",),
)
#: The demo does what a user does: it calls the command line.
USERS = {("demo", "cli")}
HEIGHT = {room: height for height, row in enumerate(ROOMS) for room in row}


def arrows() -> Iterator[tuple[str, str, Path]]:
    """(room, room that it imports, file) of every import statement, wherever it stands."""
    for path in sorted(ROOT.rglob("*.py")):
        place = path.relative_to(ROOT)
        package = ["wisp", *place.parts[:-1]]
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.ImportFrom):
                continue
            base = package[: len(package) - node.level + 1] if node.level else []
            target = [*base, *(node.module.split(".") if node.module else [])]
            if target[:1] != ["wisp"]:
                continue
            names = [target[1]] if len(target) > 1 else [alias.name for alias in node.names]
            for name in names:
                if (ROOT / name).is_dir() or (ROOT / f"{name}.py").exists():
                    yield place.parts[0].removesuffix(".py"), name, place


def test_every_room_has_its_place() -> None:
    rooms = {
        path.name.removesuffix(".py")
        for path in ROOT.iterdir()
        if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    assert rooms == set(HEIGHT)


def test_arrows_run_down_only() -> None:
    upward = {
        f"{place} imports {below}"
        for room, below, place in arrows()
        if room != below and (room, below) not in USERS and HEIGHT[below] >= HEIGHT[room]
    }
    assert sorted(upward) == []


def test_the_client_needs_nothing_of_the_package() -> None:
    assert {below for room, below, _ in arrows() if room == "client"} <= {"client"}
