"""The add-on in real Blenders, one process for many cases: each begins with an empty scene, and keeps the extension and
its engine as the one before left them. One that failed is followed by a fresh process.

The Blenders are the `bpy` wheels, in virtual environments outside the project that are kept between runs. Versions
come from WISP_BPY (default `4.2 5.2`, every case)
and WISP_BPY_OTHERS (default `4.5 5.0`, one story and the soft values).
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from blender.hosted import ANSWER
from blender.venvs import OTHERS, VERSIONS, BpyMissing, bpy_python
from detectors.conftest import weights

__all__ = ["weights"]

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
#: Cases that want a process to themselves: they install the extension, switch it off, or have no engine at first.
ALONE = ("install", "buttons", "sigpipe", "track", "troubles", "story")
CASES = (
    "mapping",
    "place",
    "colour",
    "ramp",
    "keeping",
    "refusals",
    "outputs",
    "filing",
    "saving",
    "shapes",
    "exchange",
    "reading",
    "exr",
    "subject",
    "veil",
    "edge",
    "approved",
    *(case for case in ALONE if case != "story"),  # which is the beginning and the end of `track`
)
#: One story: from a click to a saved file that renders without the add-on. Soft values: on every version.
STORY = ("ramp", "story")
NO_OTHERS = pytest.param("none", marks=pytest.mark.skip("WISP_BPY_OTHERS names none"))
#: The file of soft values is made in one version and opened in the other.
CROSSINGS = [(VERSIONS[0], VERSIONS[-1]), (VERSIONS[-1], VERSIONS[0]), (VERSIONS[-1], "4.5")]
#: Seconds that one case may take on a busy machine, loading the engine's models included.
LIMIT = 480
WIDTH, HEIGHT, BITS = 128, 64, 8


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The extension's zip."""
    folder = tmp_path_factory.mktemp("package")
    subprocess.run([sys.executable, ROOT / "blender_addon" / "package.py", folder], check=True)
    return next(folder.glob("*.zip"))


@pytest.fixture(scope="session")
def movies(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Movies whose frames tell 1, 2, ... by black and white bars, lowest bit at the left: one of 20 frames at the
    scenes' 24 a second, one of 50 at 30."""
    folder = tmp_path_factory.mktemp("movies")
    return [_movie(folder / "bars.mp4", 24, 20), _movie(folder / "fast.mp4", 30, 50)]


def _movie(path: Path, rate: int, count: int) -> Path:
    av = pytest.importorskip("av", reason="needs PyAV to make a movie")
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=rate)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.options = {"crf": "4", "g": "5"}
        for number in range(1, count + 1):
            bits = np.array([number >> bit & 1 for bit in range(BITS)])
            row = np.repeat(np.where(bits, 235, 20), WIDTH // BITS).astype(np.uint8)
            picture = np.broadcast_to(row[None, :, None], (HEIGHT, WIDTH, 3))
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")))
        container.mux(stream.encode())
    return path


@dataclass(frozen=True)
class Outcome:
    """What came of a case: the traceback of its failure, the exit code of a process that ended in it, and what was
    printed meanwhile."""

    failure: str | None
    code: int | None
    printed: str

    def check(self) -> None:
        assert self.failure is None and self.code is None, (
            f"exit code {self.code}\n{self.printed[-6000:]}\n{self.failure or ''}"
        )


class Host:
    """A real Blender in a process of its own, with these environment variables; see `hosted.py`. Skips where that
    Blender cannot be had."""

    def __init__(self, version: str, package: Path, folder: Path, **variables: str) -> None:
        try:
            python = bpy_python(version)
        except BpyMissing as missing:
            pytest.skip(str(missing))
        self._process = subprocess.Popen(
            [python, HERE / "hosted.py", package],
            env={
                **os.environ,
                "BLENDER_USER_RESOURCES": str(folder / "user"),
                "XDG_STATE_HOME": str(folder / "state"),
                "WISP_ENGINE": sys.executable,
                **variables,
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        self.alive = True

    def run(self, case: str, folder: Path) -> Outcome:
        """One case, whose files lie in `folder`. After one that failed the process is no more."""
        assert self._process.stdin and self._process.stdout
        with contextlib.suppress(OSError):  # it has ended already: what it said is read below
            self._process.stdin.write(json.dumps({"case": case, "folder": str(folder)}) + "\n")
            self._process.stdin.flush()
        too_long = threading.Timer(LIMIT, self._process.kill)
        too_long.start()
        printed = []
        try:
            for line in self._process.stdout:
                if line.startswith(ANSWER):
                    outcome = Outcome(json.loads(line.removeprefix(ANSWER))["failure"], None, "".join(printed))
                    if outcome.failure is not None:
                        self.close()
                    return outcome
                printed.append(line)
        finally:
            too_long.cancel()
        self.alive = False
        return Outcome(None, self._process.wait(), "".join(printed))

    def close(self) -> None:
        """End the process, and with it its engine."""
        self.alive = False
        assert self._process.stdin and self._process.stdout
        self._process.stdin.close()
        self._process.stdout.read()
        self._process.wait()


@pytest.fixture(scope="session")
def hosts(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Host]]:
    """Gives the process in which cases of a version run, a fresh one where there is none."""
    running: dict[str, Host] = {}

    def host(version: str) -> Host:
        if version not in running or not running[version].alive:
            running[version] = Host(version, package, tmp_path_factory.mktemp(f"blender-{version}"))
        return running[version]

    yield host
    for one in running.values():
        if one.alive:
            one.close()


def run_alone(version: str, case: str, package: Path, folder: Path, **variables: str) -> Outcome:
    """One case in a process of its own."""
    host = Host(version, package, folder, **variables)
    outcome = host.run(case, folder)
    if host.alive:
        host.close()
    return outcome


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("version", VERSIONS)
def test_case(
    version: str, case: str, hosts: Callable[[str], Host], package: Path, movies: list[Path], tmp_path: Path
) -> None:
    for movie in movies:
        (tmp_path / movie.name).write_bytes(movie.read_bytes())
    outcome = run_alone(version, case, package, tmp_path) if case in ALONE else hosts(version).run(case, tmp_path)
    outcome.check()


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.skipif(os.name != "posix", reason="an engine with settings of its own is started by a shell script")
@pytest.mark.parametrize("case", ["words", "several"])
@pytest.mark.parametrize("version", VERSIONS)
def test_case_at_a_gate(version: str, case: str, package: Path, weights: Path, tmp_path: Path) -> None:
    """With a tiny detector of random weights, which the engine has to be allowed, and whose work waits while there is a
    file `gate`."""
    engine = tmp_path / "engine"
    script = ROOT / "tests" / "helpers" / "gated_engine.py"
    engine.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{script}" "{tmp_path / "gate"}"\n')
    engine.chmod(0o755)
    variables = {"WISP_WEIGHTS": str(weights), "WISP_ENGINE": str(engine), "WISP_PYTHON": sys.executable}
    run_alone(version, case, package, tmp_path, **variables).check()


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("case", STORY)
@pytest.mark.parametrize("version", OTHERS or [NO_OTHERS])
def test_story(
    version: str, case: str, hosts: Callable[[str], Host], package: Path, movies: list[Path], tmp_path: Path
) -> None:
    test_case(version, case, hosts, package, movies, tmp_path)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("made", "opened"), CROSSINGS)
def test_soft_values_cross_versions(made: str, opened: str, package: Path, tmp_path: Path) -> None:
    """Where the older version opens the newer one's files at all."""
    for version, case in ((made, "ramp_made"), (opened, "ramp_opened")):
        run_alone(version, case, package, tmp_path).check()


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_failure_and_a_crash_are_seen_and_followed_by_a_fresh_process(
    hosts: Callable[[str], Host], tmp_path: Path
) -> None:
    version = VERSIONS[-1]
    failed = hosts(version).run("failing", tmp_path)
    assert failed.failure is not None and "AssertionError" in failed.failure
    assert hosts(version).run("crashing", tmp_path).code == -signal.SIGSEGV
    hosts(version).run("ramp", tmp_path).check()
