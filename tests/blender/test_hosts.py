"""The add-on in real Blenders, each case in a process of its own whose exit code counts.

The Blenders are the `bpy` wheels, in virtual environments outside the project that are kept between runs. Versions
come from WISP_BPY (default `4.2 5.0`).
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from blender.venvs import BpyMissing, bpy_python

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
CASES = ("mapping", "place", "outputs", "track", "install")
VERSIONS = os.environ.get("WISP_BPY", "4.2 5.0").split()
#: Seconds that one case may take on a busy machine, loading the engine's models included.
LIMIT = 240
WIDTH, HEIGHT, BITS, FRAMES = 128, 64, 8, 20


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The extension's zip."""
    folder = tmp_path_factory.mktemp("package")
    subprocess.run([sys.executable, ROOT / "blender_addon" / "package.py", folder], check=True)
    return next(folder.glob("*.zip"))


@pytest.fixture(scope="session")
def movie(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A movie whose frames tell 1..20 by black and white bars, lowest bit at the left."""
    av = pytest.importorskip("av", reason="needs PyAV to make a movie")
    path = tmp_path_factory.mktemp("movie") / "bars.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=24)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.options = {"crf": "4", "g": "5"}
        for number in range(1, FRAMES + 1):
            bits = np.array([number >> bit & 1 for bit in range(BITS)])
            row = np.repeat(np.where(bits, 235, 20), WIDTH // BITS).astype(np.uint8)
            picture = np.broadcast_to(row[None, :, None], (HEIGHT, WIDTH, 3))
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")))
        container.mux(stream.encode())
    return path


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("version", VERSIONS)
def test_case(version: str, case: str, package: Path, movie: Path, tmp_path: Path) -> None:
    try:
        python = bpy_python(version)
    except BpyMissing as missing:
        pytest.skip(str(missing))
    (tmp_path / movie.name).write_bytes(movie.read_bytes())
    environment = {
        **os.environ,
        "BLENDER_USER_RESOURCES": str(tmp_path / "user"),
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "WISP_ENGINE": sys.executable,
    }
    done = subprocess.run(
        [python, HERE / "hosted.py", case, package, tmp_path],
        env=environment,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=LIMIT,
    )
    assert done.returncode == 0, f"exit code {done.returncode}\n{done.stdout[-3000:]}\n{done.stderr[-6000:]}"
