"""The folder that hosts load: readable by Python 3.7, and nothing but the standard library in it."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import wisp.client
from helpers.pythons import python_of

FOLDER = Path(wisp.client.__file__).parent
FILES = sorted(FOLDER.glob("*.py"))
#: Modules and functions newer than 3.7, so that syntax is not all that is looked at.
NEWER = {
    "removeprefix",
    "removesuffix",
    "is_relative_to",
    "readlink",
    "pairwise",
    "cached_property",
    "dirs_exist_ok",
    "missing_ok",
    "with_stem",
    "shlex.join",
}


def names(tree: ast.AST) -> set[str]:
    """Attributes and keyword arguments used in a module."""
    used = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    return used | {node.arg for node in ast.walk(tree) if isinstance(node, ast.keyword) and node.arg}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_syntax_of_3_7_and_no_newer_functions(file: Path) -> None:
    tree = ast.parse(file.read_text(encoding="utf-8"), feature_version=(3, 7))
    assert not names(tree) & NEWER
    future = [node for node in tree.body if isinstance(node, ast.ImportFrom) and node.module == "__future__"]
    assert future or len(tree.body) == 1, "annotations must not be evaluated: old interpreters lack their types"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_imports_stay_inside(file: Path) -> None:
    """Standard library, or relative within the folder: it is copied into front-ends under another name."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            assert all(alias.name.split(".")[0] in sys.stdlib_module_names for alias in node.names), ast.dump(node)
        elif isinstance(node, ast.ImportFrom):
            if node.level == 0:
                assert (node.module or "").split(".")[0] in sys.stdlib_module_names, node.module
            else:
                assert node.level == 1, f"line {node.lineno} reaches out of the folder"


@pytest.mark.parametrize("version", ["3.7", "3.9", "3.10", "3.11", "3.13"])
def test_loads_and_works_in(version: str, tmp_path: Path) -> None:
    """Copied under another name, as front-ends carry it, every module imports, the codec and maps work, and the
    client talks with the engine."""
    python = python_of(version)
    if python is None:
        pytest.skip(f"there is no Python {version} on this machine")
    shutil.copytree(FOLDER, tmp_path / "vendored", ignore=shutil.ignore_patterns("__pycache__"))
    script = """
import importlib, pathlib, sys
for file in pathlib.Path("vendored").glob("*.py"):
    if file.stem != "windows":
        importlib.import_module("vendored." + file.stem)
from vendored.codec import decode, encode
from vendored.coordinates import NukeFormat, plate_to_nuke
assert decode(encode({"a": [1, 2.5]})) == {"a": [1, 2.5]}
assert plate_to_nuke(NukeFormat(10, 10)).inverse().box(1, 1, 2, 3) == (1, 7, 2, 9)
from vendored.client import Client
from vendored.engine_path import command
client = Client(command(pathlib.Path(sys.argv[1])), "old python", pathlib.Path("log"))
client.start()
assert client.call("ping", timeout=180.0)["pid"] == client.pid
assert client.state == "ready"
client.stop()
assert not {"torch", "numpy", "wisp"} & set(sys.modules)
print("%d.%d" % sys.version_info[:2])
"""
    compiled = [str(python), "-m", "compileall", "-q", "vendored"]
    subprocess.run(compiled, cwd=tmp_path, check=True, capture_output=True)
    command = [str(python), "-c", script, sys.executable]
    run = subprocess.run(command, cwd=tmp_path, check=False, capture_output=True, text=True)
    assert (run.returncode, run.stdout.strip()) == (0, version), run.stderr
