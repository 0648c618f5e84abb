"""Runs cases inside a real Blender's Python: `python hosted.py ZIP`, then a line `{"case": NAME, "folder": PATH}` each.

The extension is installed from its zip into the user folder that BLENDER_USER_RESOURCES names, with the first case,
and stays with its engine; every case begins with an empty scene. The answer to a case is a line `ANSWER {"failure":
TRACEBACK or null}` on standard output. The process ends with standard input, by `os._exit`, because a normal exit of
`bpy` may crash or hang after changes to the screen.
"""

from __future__ import annotations

import faulthandler
import importlib
import json
import os
import sys
import threading
import traceback
from pathlib import Path

ANSWER = "\x1eanswer "


def main(package: Path) -> None:
    faulthandler.enable()
    sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent)]
    from cases import stage

    stage.ZIP = package
    stage.reset()
    for line in sys.stdin:
        asked = json.loads(line)
        stage.FOLDER = Path(asked["folder"])
        failure = None
        try:
            stage.begin(asked["case"] != "install")
            importlib.import_module(f"cases.{asked['case']}").run()
            assert threading.enumerate() == [threading.main_thread()], "a thread of ours may crash Blender up to 5.0"
        except BaseException:
            failure = traceback.format_exc()
        print(ANSWER + json.dumps({"failure": failure}), flush=True)
    sys.stderr.flush()
    os._exit(0)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
