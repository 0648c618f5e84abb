"""Runs one case inside a real Blender's Python: `python hosted.py CASE ZIP FOLDER`. The exit code tells.

The extension is installed from its zip into the user folder that BLENDER_USER_RESOURCES names. The process ends by
`os._exit`, because a normal exit of `bpy` may crash or hang after changes to the screen; a crash before that shows in
the exit code.
"""

from __future__ import annotations

import faulthandler
import importlib
import os
import sys
import traceback
from pathlib import Path

faulthandler.enable()
sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent)]


def main(case: str, package: Path, folder: Path) -> None:
    import bpy
    from cases import stage

    stage.FOLDER, stage.ZIP = folder, package
    stage.reset(bpy)
    if case != "install":
        stage.install()
    importlib.import_module(f"cases.{case}").run()


if __name__ == "__main__":
    code = 1
    try:
        main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
        code = 0
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
