"""Build hook: what the wheel carries beside the package, so that it stands alone.

The front-ends, icons and licence lie in other folders of the checkout; `wisp install` lays them out for hosts.

The network of SAM 2: the release of `sam2` is a source archive whose build asks for torch and torchvision, several GB,
to compile one CUDA kernel that Wisp never calls. Its licence, Apache-2.0, allows to pass the code on: the parts below,
unchanged and with that licence beside them, become `wisp/third_party/sam2`, imported where no `sam2` is installed.

A checkout (an editable install) finds the former in place, gets the whole of `sam2` from `dev.py`, and is left alone.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

#: Place in the checkout -> place in the wheel.
FRONT_ENDS = {
    "icons/png": "wisp/panel/icons",
    "nuke_plugin": "wisp/front_ends/nuke_plugin",
    "blender_addon": "wisp/front_ends/blender_addon",
    "LICENSE": "wisp/front_ends/LICENSE",
}
#: Tools of the checkout among them.
LEFT_OUT = ("package.py", "ruff.toml")
#: What pip is asked for: one archive, whose bytes are known, so that equal sources give equal wheels.
RELEASE = "sam2==1.1.0 --hash=sha256:7e0ea252d43c10d853e3acfce0b5770ac683c30481bd6de311300e9d44f45b74"
#: What building and running the network takes: files and folders of the archive -> place in the wheel.
PARTS = {
    "LICENSE": "wisp/third_party/sam2/LICENSE",
    "sam2/__init__.py": "wisp/third_party/sam2/__init__.py",
    "sam2/modeling": "wisp/third_party/sam2/modeling",
    "sam2/utils/__init__.py": "wisp/third_party/sam2/utils/__init__.py",
    "sam2/utils/misc.py": "wisp/third_party/sam2/utils/misc.py",
    "sam2/configs/sam2.1": "wisp/third_party/sam2/configs/sam2.1",
}


class CarriedHook(BuildHookInterface):  # type: ignore[type-arg]
    """Called by hatchling before and after a wheel is built."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return
        self._folder = tempfile.TemporaryDirectory()
        for root, table in ((Path(self.root), FRONT_ENDS), (_release(Path(self._folder.name)), PARTS)):
            for source, place in table.items():
                build_data["force_include"].update(_files(root / source, place))

    def finalize(self, *_told: Any) -> None:
        if hasattr(self, "_folder"):
            self._folder.cleanup()


def _files(source: Path, place: str) -> dict[str, str]:
    """Each file of a folder, or the file itself, and its place in the wheel."""
    if source.is_file():
        return {str(source): place}
    return {
        str(path): f"{place}/{path.relative_to(source).as_posix()}"
        for path in sorted(source.rglob("*"))
        if path.is_file() and path.name not in LEFT_OUT and "__pycache__" not in path.parts
    }


def _release(folder: Path) -> Path:
    """Fetch the archive with pip, as this machine's pip is set up, and unpack it into `folder`; returns its root."""
    wanted = folder / "release.txt"
    wanted.write_text(RELEASE + "\n", encoding="utf-8")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", "download", "--quiet"]
    options = ["--no-deps", "--no-binary", "sam2", "--no-build-isolation", "--require-hashes", "-d", str(folder)]
    # Its setup.py asks for torch only to compile the kernel.
    environment = {**os.environ, "SAM2_BUILD_CUDA": "0"}
    fetched = subprocess.run([*pip, *options, "-r", str(wanted)], env=environment, capture_output=True, text=True)
    if fetched.returncode != 0:
        raise RuntimeError(f"The wheel carries parts of sam2, which pip could not fetch:\n{fetched.stderr}")
    (archive,) = folder.glob("sam2-*.tar.gz")
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    return folder / archive.name.removesuffix(".tar.gz")
