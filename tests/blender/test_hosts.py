"""The add-on in real Blenders, each case in a process of its own whose exit code counts.

The Blenders are the `bpy` wheels, in virtual environments outside the project that are kept between runs. Versions
come from WISP_BPY (default `4.2 5.2`, every case)
and WISP_BPY_OTHERS (default `4.5 5.0`, one story and the soft values).
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from blender.venvs import BpyMissing, bpy_python
from detectors.conftest import weights

__all__ = ["weights"]

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
CASES = (
    *(
        "mapping",
        "place",
        "colour",
        "ramp",
        "keeping",
        "refusals",
        "outputs",
        "saving",
        "track",
        "troubles",
        "shapes",
        "exchange",
        "reading",
        "exr",
        "subject",
        "install",
        "sigpipe",
        "buttons",
        "veil",
        "edge",
    ),
)
#: One story: from a click to a saved file that renders without the add-on. Soft values: on every version.
STORY = ("ramp", "track")
VERSIONS = os.environ.get("WISP_BPY", "4.2 5.2").split()
OTHERS = os.environ.get("WISP_BPY_OTHERS", "4.5 5.0").split()
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


def run_case(
    version: str, case: str, package: Path, folder: Path, **variables: str
) -> subprocess.CompletedProcess[str]:
    """One case in its own process, with these environment variables. Skips where that Blender cannot be had."""
    try:
        python = bpy_python(version)
    except BpyMissing as missing:
        pytest.skip(str(missing))
    environment = {
        **os.environ,
        "BLENDER_USER_RESOURCES": str(folder / "user"),
        "XDG_STATE_HOME": str(folder / "state"),
        "WISP_ENGINE": sys.executable,
        **variables,
    }
    command = [python, HERE / "hosted.py", case, package, folder]
    return subprocess.run(command, env=environment, capture_output=True, text=True, errors="replace", timeout=LIMIT)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("version", VERSIONS)
def test_case(version: str, case: str, package: Path, movies: list[Path], tmp_path: Path) -> None:
    for movie in movies:
        (tmp_path / movie.name).write_bytes(movie.read_bytes())
    done = run_case(version, case, package, tmp_path)
    assert done.returncode == 0, f"exit code {done.returncode}\n{done.stdout[-3000:]}\n{done.stderr[-6000:]}"


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
    done = run_case(version, case, package, tmp_path, **variables)
    assert done.returncode == 0, f"exit code {done.returncode}\n{done.stdout[-3000:]}\n{done.stderr[-6000:]}"


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("case", STORY)
@pytest.mark.parametrize("version", OTHERS or [NO_OTHERS])
def test_story(version: str, case: str, package: Path, movies: list[Path], tmp_path: Path) -> None:
    test_case(version, case, package, movies, tmp_path)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("made", "opened"), CROSSINGS)
def test_soft_values_cross_versions(made: str, opened: str, package: Path, tmp_path: Path) -> None:
    """Where the older version opens the newer one's files at all."""
    for version, case in ((made, "ramp_made"), (opened, "ramp_opened")):
        done = run_case(version, case, package, tmp_path)
        assert done.returncode == 0, f"{version}: {done.returncode}\n{done.stdout[-3000:]}\n{done.stderr[-6000:]}"


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("case", "code"), [("failing", 1), ("crashing", -11)])
def test_a_failure_and_a_crash_are_seen(case: str, code: int, package: Path, tmp_path: Path) -> None:
    assert run_case(VERSIONS[-1], case, package, tmp_path).returncode == code
