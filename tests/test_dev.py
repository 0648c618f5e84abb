"""dev.py: what it decides, without a network. That the set-up itself works is shown by these tests being run by it."""

from __future__ import annotations

import ast
import importlib.metadata
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from types import ModuleType

import pytest
from helpers.pythons import python_of
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).resolve().parent.parent


def load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("dev_under_test", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def dev() -> ModuleType:
    return load(ROOT / "dev.py")


@pytest.fixture
def elsewhere(tmp_path: Path) -> ModuleType:
    """dev.py of a copy of what the stamp depends on, with an empty shell of a `.venv`."""
    (tmp_path / "core").mkdir()
    for name in ("dev.py", "pyproject.toml", "core/constraints.txt"):
        shutil.copy(ROOT / name, tmp_path / name)
    module = load(tmp_path / "dev.py")
    module.PYTHON.parent.mkdir(parents=True)
    module.PYTHON.touch()
    return module


def finish(dev: ModuleType, torch: str = "plain") -> None:
    dev.STAMP.write_text(json.dumps({"fingerprint": dev.fingerprint(), "torch": torch}))


def test_file_parses_on_the_oldest_python_that_gets_a_sentence() -> None:
    source = (ROOT / "dev.py").read_text(encoding="utf-8")
    ast.parse(source, feature_version=(3, 7))
    imported = {
        name.name.split(".")[0]
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Import)
        for name in node.names
    }
    assert imported <= sys.stdlib_module_names


def test_old_python_gets_one_sentence(dev: ModuleType) -> None:
    assert dev.too_old((3, 11, 0, "final", 0)) is None
    assert dev.too_old((3, 14, 1, "final", 0)) is None
    sentence = dev.too_old((3, 9, 2, "final", 0), "test")
    assert sentence.startswith("Wisp needs Python 3.11 or newer; this is 3.9.")


OLD = next((found for minor in range(7, 11) if (found := python_of(f"3.{minor}"))), None)


@pytest.mark.parametrize("version", [(3, 7, 16), (3, 10, 0)])
def test_old_python_stops_before_anything_is_made(version: tuple[int, int, int], tmp_path: Path) -> None:
    shutil.copy(ROOT / "dev.py", tmp_path)
    pretend = f"import sys; sys.version_info = {version}; sys.argv = ['dev.py', 'test']; "
    command = [sys.executable, "-c", pretend + "import runpy; runpy.run_path('dev.py', run_name='__main__')"]
    answer = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert answer.returncode == 1
    assert answer.stderr.startswith(f"Wisp needs Python 3.11 or newer; this is 3.{version[1]}.")
    assert answer.stderr.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["dev.py"]


@pytest.mark.skipif(OLD is None, reason="needs a Python older than 3.11 to be refused")
def test_a_real_old_python_stops_too(tmp_path: Path) -> None:
    shutil.copy(ROOT / "dev.py", tmp_path)
    answer = subprocess.run([OLD, "dev.py", "demo"], cwd=tmp_path, capture_output=True, text=True)
    assert answer.returncode == 1
    assert answer.stderr.startswith("Wisp needs Python 3.11")


def test_stamp_is_good_until_something_changes(elsewhere: ModuleType) -> None:
    assert not elsewhere.ready(None)
    finish(elsewhere)
    assert elsewhere.ready(None)
    for name in ("pyproject.toml", "core/constraints.txt"):
        path = elsewhere.ROOT / name
        text = path.read_text()
        path.write_text(text + "\n# changed\n")
        assert not elsewhere.ready(None), name
        path.write_text(text)
        assert elsewhere.ready(None)


def test_stamp_knows_python_and_recipe(elsewhere: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    before = elsewhere.fingerprint()
    monkeypatch.setattr(elsewhere.sys, "version_info", (3, 99, 0))
    assert elsewhere.fingerprint() != before
    monkeypatch.undo()
    monkeypatch.setattr(elsewhere, "CPU_INDEX", "https://example.org/cpu")
    assert elsewhere.fingerprint() != before


def test_unfinished_or_damaged_setup_is_not_ready(elsewhere: ModuleType) -> None:
    elsewhere.STAMP.write_text("{")
    assert not elsewhere.ready(None)
    finish(elsewhere)
    elsewhere.PYTHON.unlink()
    assert not elsewhere.ready(None)


def test_wish_for_another_torch_is_heard_and_no_wish_keeps_what_is_there(elsewhere: ModuleType) -> None:
    finish(elsewhere, torch="cpu")
    assert elsewhere.ready(None)
    assert elsewhere.ready("cpu")
    assert not elsewhere.ready("plain")


@pytest.mark.parametrize(
    ("wish", "system", "gpu", "sources", "torch"),
    [
        (None, "Linux", True, False, "plain"),
        (None, "Linux", False, True, "plain"),
        (None, "Linux", False, False, "cpu"),
        ("cpu", "Linux", True, False, "cpu"),
        ("plain", "Linux", False, False, "plain"),
        ("cpu", "Darwin", False, False, "plain"),
        (None, "Windows", True, False, "plain"),
    ],
)
def test_which_torch(dev: ModuleType, wish: str | None, system: str, gpu: bool, sources: bool, torch: str) -> None:
    chosen, why = dev.choose_torch(wish, system, gpu, sources)
    assert chosen == torch
    assert "PyTorch" in why


def test_recipe_never_names_torchvision_or_cuda_and_uses_the_cpu_index_only_when_asked(dev: ModuleType) -> None:
    plain, cpu = json.dumps(dev.recipe("plain")), json.dumps(dev.recipe("cpu"))
    assert "torchvision" not in cpu
    assert "nvidia" not in cpu
    assert dev.CPU_INDEX in cpu
    assert "://" not in plain
    assert dev.recipe("plain")[-1]["pip"] == ["--no-build-isolation", "--no-deps", "sam2==1.1.0"]
    assert dev.recipe("plain")[-1]["env"] == {"SAM2_BUILD_CUDA": "0"}


def test_constraints_pin_every_direct_requirement() -> None:
    lines = (ROOT / "core/constraints.txt").read_text().splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert all(re.fullmatch(r"[\w.\-]+==[\w.]+", pin) for pin in pins)
    pinned = {_canonical(pin.split("==")[0]) for pin in pins}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    wanted = project["dependencies"] + [need for extra in ("movies", "gui", "test") for need in extras[extra]]
    assert {_canonical(re.split(r"[<>=!~;\[ ]", need)[0]) for need in wanted} <= pinned


def test_every_pinned_version_runs_on_the_oldest_python_that_is_promised() -> None:
    """A machine's own Python may be the first of its line; what is installed here tells what it needs."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    oldest = f"{project['requires-python'].removeprefix('>=')}.0"
    pins = dict(re.findall(r"^([\w.\-]+)==(.+)$", (ROOT / "core/constraints.txt").read_text(), re.MULTILINE))
    needs = {
        name: found.metadata["Requires-Python"] or ""
        for name, version in pins.items()
        for found in importlib.metadata.distributions(name=name)
        if found.version == version
    }
    assert len(needs) > len(pins) / 2, "most of them are installed here"
    assert [name for name, need in needs.items() if not SpecifierSet(need).contains(oldest)] == []


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.fixture
def recorded(dev: ModuleType, monkeypatch: pytest.MonkeyPatch) -> list[tuple[tuple[str, ...], dict[str, str]]]:
    """What would have been started, on a machine of two cores that is set up; mypy finds faults (exit code 3)."""
    runs: list[tuple[tuple[str, ...], dict[str, str]]] = []

    def module(*arguments: str, env: dict[str, str] | None = None) -> int:
        runs.append((arguments, env or {}))
        return 3 if arguments[0] == "mypy" else 0

    monkeypatch.setattr(dev, "module", module)
    monkeypatch.setattr(dev, "ready", lambda wish: True)
    monkeypatch.setattr(dev, "fetch_blenders", lambda: None)
    monkeypatch.setattr(dev.os, "cpu_count", lambda: 2)
    return runs


def test_test_runs_every_check_then_all_tests_and_keeps_the_failure(dev: ModuleType, recorded: list) -> None:
    assert dev.main(["test"]) == 3
    assert [run[0][0] for run in recorded] == ["ruff", "ruff", "mypy", "pytest"]
    arguments, env = recorded[-1]
    assert arguments[1:3] == ("-n", "2")
    assert env["OMP_NUM_THREADS"] == "1"


def test_further_arguments_go_to_pytest_alone_and_in_order(dev: ModuleType, recorded: list) -> None:
    assert dev.main(["test", "tests/plates", "-k", "exr", "-x"]) == 0
    assert [run[0] for run in recorded] == [("pytest", "tests/plates", "-k", "exr", "-x")]


def test_qt_needs_no_display(dev: ModuleType, recorded: list, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dev.platform, "system", lambda: "Linux")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.delenv("DISPLAY", raising=False)
    dev.main(["test", "tests"])
    monkeypatch.setenv("DISPLAY", ":0")
    dev.main(["test", "tests"])
    assert [run[1].get("QT_QPA_PLATFORM") for run in recorded] == ["offscreen", None]


def test_demo_passes_its_arguments_on_and_lint_takes_none(dev: ModuleType, recorded: list) -> None:
    assert dev.main(["demo", "--cpu", "--frames", "4"]) == 0
    assert recorded == [(("wisp", "demo", "--frames", "4"), {})]
    with pytest.raises(SystemExit, match="2"):
        dev.main(["lint", "tests"])


@pytest.mark.usefixtures("recorded")
def test_what_is_imported_is_compiled_once_whatever_the_shell_says(
    dev: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    assert dev.main(["demo"]) == 0
    assert "PYTHONDONTWRITEBYTECODE" not in os.environ


def test_failed_step_shows_the_log(elsewhere: ModuleType) -> None:
    elsewhere.BOOT.mkdir()
    elsewhere.LOG.write_text("")
    code = elsewhere.logged("a step", [sys.executable, "-c", "print('the reason'); raise SystemExit(4)"])
    assert code == 4
    assert "the reason" in elsewhere.tail()


def test_exit_code_of_the_checks_reaches_the_shell() -> None:
    script = (ROOT / ".ci/run").read_text()
    assert "set -euo pipefail" in script
    assert script.rstrip().endswith("exec python3 dev.py test")


def test_gpu_says_what_this_python_lacks(
    elsewhere: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(elsewhere, "GPU_NEEDS", {"json": "json", "no_such_module": "no-such-package"})
    assert elsewhere.main(["gpu", "--minutes", "1"]) == 1
    assert "lacks no-such-package." in capsys.readouterr().err


def test_gpu_unpacks_wheels_and_hands_on_its_options(elsewhere: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    wheels = elsewhere.ROOT / "wheels"
    wheels.mkdir()
    with zipfile.ZipFile(wheels / "brought-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("brought.py", "CODE = 7\n")
    measuring = elsewhere.ROOT / "core/wisp/bench"
    measuring.mkdir(parents=True)
    for package in (measuring, measuring.parent):
        (package / "__init__.py").touch()
    (measuring / "gpu.py").write_text(
        "import sys, brought\nraise SystemExit(brought.CODE if sys.argv[1:] == ['--minutes', '2'] else 1)\n"
    )
    monkeypatch.setattr(elsewhere, "GPU_NEEDS", {"brought": "brought"})
    assert elsewhere.main(["gpu", "--wheels", str(wheels), "--minutes", "2"]) == 7
    assert elsewhere.main(["gpu", "--wheels", str(measuring), "--minutes", "2"]) == 2
