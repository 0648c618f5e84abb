"""Arrows between rooms run down only: what a room imports, also inside functions, lies below it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
import wisp

ROOT = Path(wisp.__file__).parent

#: The rooms of the package from the ground up; those of one row know nothing of each other.
ROOMS = (
    ("client", "errors", "fingerprint"),
    ("atomic", "device", "frames", "panel", "install"),
    ("arguments", "plates", "shot", "weights"),
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
    assert {below for room, below, _ in arrows() if room == "client"} == {"client"}


#: What is one program each, and the package that its files are imported as.
HOUSES = {
    "wisp": ROOT,
    "blender_addon": ROOT.parents[1] / "blender_addon",
    "wisp_nuke": ROOT.parents[1] / "nuke_plugin" / "wisp_nuke",
}


def is_for_types(node: ast.AST) -> bool:
    """Whether it is an `if TYPE_CHECKING:`, whose imports are never run."""
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def run_imports(node: ast.AST) -> Iterator[ast.ImportFrom]:
    """Every `from ... import` below a node that may be run, also inside functions."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ImportFrom):
            yield child
        elif not is_for_types(child):
            yield from run_imports(child)


def imported_files(house: str, folder: Path) -> dict[Path, set[Path]]:
    """File -> the files of the same program that it imports. A package's `__init__` counts only where it is meant."""
    found: dict[Path, set[Path]] = {}
    for path in folder.rglob("*.py"):
        package = [house, *path.relative_to(folder).parts[:-1]]
        found[path] = set()
        for node in run_imports(ast.parse(path.read_text("utf-8"))):
            base = package[: len(package) - node.level + 1] if node.level else []
            target = [*base, *(node.module.split(".") if node.module else [])]
            if target[:1] != [house]:
                continue
            place = folder.joinpath(*target[1:])
            for name in [alias.name for alias in node.names]:
                candidates = (place / f"{name}.py", place / name / "__init__.py", place.with_suffix(".py"))
                found[path].add(next((file for file in candidates if file.exists()), place / "__init__.py"))
    return found


def circles(arrows: dict[Path, set[Path]]) -> set[frozenset[Path]]:
    """The groups of files each of which is reached from each other."""
    reached = {path: set(others) for path, others in arrows.items()}
    for between in reached:  # the closure, one file in between at a time
        for others in reached.values():
            if between in others:
                others |= reached[between]
    mutual = {
        path: frozenset(other for other in others if path in reached.get(other, ())) for path, others in reached.items()
    }
    return {group for path, group in mutual.items() if path in group}


@pytest.mark.parametrize("house", HOUSES)
def test_no_files_import_each_other_in_a_circle(house: str) -> None:
    files = imported_files(house, HOUSES[house])
    assert any(files.values())
    found = circles(files)
    assert sorted(sorted(str(file.relative_to(HOUSES[house])) for file in group) for group in found) == []


def test_a_circle_is_found_also_inside_functions(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("from .b import x\n")
    (tmp_path / "b.py").write_text("def f():\n    from . import a\n")
    (tmp_path / "c.py").write_text("if TYPE_CHECKING:\n    from .d import y\n")
    (tmp_path / "d.py").write_text("from .c import z\n")
    found = circles(imported_files("p", tmp_path))
    assert found == {frozenset({tmp_path / "a.py", tmp_path / "b.py"})}
