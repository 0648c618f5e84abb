"""The folder that Nuke loads: old syntax, no foreign libraries, one door to the host."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from helpers.pythons import python_of

OLD = [("3.7", "3.7"), ("3.9", "3.9"), ("3.10", "3.10")]


def files(plugin: Path) -> list[Path]:
    return sorted(plugin.rglob("*.py"))


def test_syntax_of_3_7(plugin: Path) -> None:
    assert len(files(plugin)) > 20
    for file in files(plugin):
        ast.parse(file.read_text(encoding="utf-8"), filename=str(file), feature_version=(3, 7))


def test_only_one_module_imports_the_host(plugin: Path) -> None:
    importers = set()
    for file in files(plugin):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import) and any(alias.name.split(".")[0] == "nuke" for alias in node.names):
                importers.add(file.relative_to(plugin).as_posix())
    assert importers == {"wisp_nuke/host.py"}


@pytest.mark.parametrize("version", ["3.7", "3.9", "3.10", "3.11"])
def test_loads_in_old_pythons_without_foreign_libraries(version: str, plugin: Path, tmp_path: Path) -> None:
    """Every module except the widgets, with torch, numpy and cv2 made impossible to import."""
    python = python_of(version)
    if python is None:
        pytest.skip(f"there is no Python {version} on this machine")
    script = """
import importlib, pathlib, sys, types
for name in ("torch", "numpy", "cv2", "wisp"):
    sys.modules[name] = None
stub = types.ModuleType("nuke")
stub.INVISIBLE, stub.DO_NOT_WRITE, stub.STARTLINE, stub.NO_UNDO, stub.SAVE_MENU, stub.GUI = 1, 2, 4, 8, 16, False
sys.modules["nuke"] = stub
sys.path.insert(0, sys.argv[1])
files = pathlib.Path(sys.argv[1], "wisp_nuke").glob("*.py")
names = ["wisp_nuke." + file.stem for file in files if file.stem not in ("__init__", "panel", "pictures")]
for name in names + ["wisp_nuke.vendor.panel.gestures"]:
    importlib.import_module(name)
from wisp_nuke import prompts
stored = prompts.load("", (10, 20))
shot = prompts.edits(stored, 1, 5)
shot.add_prompt({"frame": 1, "kind": "point", "xy": [1, 2], "include": True})
again = prompts.load(prompts.dump(dict(stored, objects=shot.objects)), (10, 20))
assert again["objects"][0]["prompts"][0]["xy"] == [1, 2]
print("ok", len(names))
"""
    run = subprocess.run([str(python), "-c", script, str(plugin)], capture_output=True, text=True, check=False)
    assert run.stdout.startswith("ok"), run.stderr


def test_an_engine_on_another_python_is_stopped_first(session: Any, tmp_path: Path) -> None:
    group, module = session.wisp(), session.module("engine")
    client = SimpleNamespace(pid=7, command=module.engine_path.command(Path(sys.executable)), started=[])
    client.start, client.stop = lambda: client.started.append(1), lambda: None
    module.ENGINE._client = client

    def asked(chosen: str) -> str:
        group["wisp_engine_python"].setValue(chosen)
        group["wisp_start_engine"].execute()
        return str(group["wisp_status"].value())

    other = tmp_path / "python"
    other.symlink_to(sys.executable)
    assert "The engine starts" in asked(sys.executable) and "The engine starts" in asked("")
    assert "Press 'Stop engine' first" in asked(other.as_posix())
    assert "there is no Python interpreter" in asked((tmp_path / "nowhere").as_posix()) and len(client.started) == 2


def test_installing_again_replaces(plugin: Path, tmp_path: Path) -> None:
    from wisp.install import install_nuke

    first = install_nuke(tmp_path)
    (first / "old.py").write_text("")
    assert install_nuke(tmp_path) == first
    assert not (first / "old.py").exists() and (first / "wisp_nuke" / "vendor" / "client" / "client.py").is_file()
    assert [one.name for one in tmp_path.iterdir()] == ["wisp"]


@pytest.mark.slow
def test_types_against_the_hosts_stubs(plugin: Path, tmp_path: Path) -> None:
    """Names and arguments of `nuke` as its stubs give them."""
    pytest.importorskip("mypy.api", reason="needs mypy (the test extra)")
    command = [sys.executable, "-m", "mypy", "--config-file=", "--python-version", "3.11", "--check-untyped-defs"]
    options = ["--disable-error-code=import-untyped", "--ignore-missing-imports", "--cache-dir", str(tmp_path)]
    run = subprocess.run(
        [*command, *options, "-p", "wisp_nuke"], cwd=plugin, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout


@pytest.mark.slow
def test_types_find_a_name_that_the_host_lacks(plugin: Path, tmp_path: Path) -> None:
    """Otherwise the test above would prove nothing."""
    pytest.importorskip("mypy.api", reason="needs mypy (the test extra)")
    (tmp_path / "typo.py").write_text("import nuke\nnuke.activeViewr()\nnuke.nodes\n")
    run = subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file=", "typo.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "activeViewr" in run.stdout
