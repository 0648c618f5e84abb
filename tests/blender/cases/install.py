"""Building, checking, installing, switching on and off twice: nothing is left behind."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import bpy
from helpers.wheels import tiny_wheel

from . import stage


def traces() -> set[str]:
    """Everything named after us in the host."""
    found = {f"type {name}" for name in dir(bpy.types) if "wisp" in name.lower()}
    found |= {f"operator {name}" for name in dir(bpy.ops) if name == "wisp" and dir(bpy.ops.wisp)}
    for kind in (getattr(bpy.types, "Strip", None) or bpy.types.Sequence, bpy.types.WindowManager):
        found |= {f"{kind.__name__}.{name}" for name in dir(kind) if "wisp" in name.lower()}
    for name in dir(bpy.app.handlers):
        for handler in getattr(bpy.app.handlers, name) if isinstance(getattr(bpy.app.handlers, name), list) else ():
            if "wisp" in getattr(handler, "__module__", ""):
                found.add(f"handler {name}")
    return found


def run() -> None:
    script = Path(bpy.utils.resource_path("LOCAL")) / "scripts/addons_core/bl_pkg/cli/blender_ext.py"
    checked = subprocess.run([sys.executable, script, "validate", stage.ZIP], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    with zipfile.ZipFile(stage.ZIP) as archive:
        names = archive.namelist()
        assert {"client/client.py", "icons/wisp-48.png", "LICENSE", "__init__.py"} <= set(names)
        assert not [name for name in names if "package.py" in name or "__pycache__" in name]
        manifest = archive.read("blender_manifest.toml").decode()
        assert "network = " in manifest and "GPL-3.0-or-later" in manifest
    before = traces()
    assert not before
    stage.install()
    for name in ("point", "box", "lasso", "stroke"):
        icon = stage.addon("tool_icons").write(stage.FOLDER, name)
        assert bpy.app.icons.new_triangles_from_file(f"{icon}.dat") > 0
    assert {"operator wisp", "WindowManager.wisp_view"} <= traces(), traces()
    for _ in range(2):
        bpy.ops.preferences.addon_disable(module=stage.PACKAGE)
        assert traces() == before, traces()
        bpy.ops.preferences.addon_enable(module=stage.PACKAGE)
        assert stage.PACKAGE in bpy.context.preferences.addons
        bpy.ops.wisp.stop()
    assert bpy.ops.wisp.test_engine() == {"FINISHED"}
    by_command()


def by_command() -> None:
    """`wisp install blender` puts the extension where this Blender finds it; it knows its engine."""
    bpy.ops.preferences.addon_disable(module=stage.PACKAGE)
    folder = Path(stage.addon("panels").__file__).parent
    shutil.rmtree(folder)
    python = os.environ.pop("WISP_ENGINE")
    done = subprocess.run([python, "-m", "wisp", "install", "blender"], capture_output=True, text=True)
    assert done.returncode == 0 and str(folder) in done.stdout, done.stdout + done.stderr
    for name in [name for name in sys.modules if name.startswith(stage.PACKAGE)]:
        del sys.modules[name]
    bpy.ops.preferences.addon_enable(module=stage.PACKAGE)
    assert stage.PACKAGE in bpy.context.preferences.addons
    assert bpy.ops.wisp.test_engine() == {"FINISHED"}
    assert stage.addon("engine").client.engine["protocol"] == 1
    by_itself(folder)


def by_itself(folder: Path) -> None:
    """The extension alone sets its engine up, uses it, and removes it without a rest."""
    (folder / "engine.json").unlink()
    page, engine = stage.addon("preferences_page"), stage.addon("engine")
    with tempfile.TemporaryDirectory() as temporary:
        assert bpy.ops.wisp.set_up_engine(package=str(tiny_wheel(Path(temporary)))) == {"FINISHED"}
        assert not bpy.ops.wisp.set_up_engine.poll()
        while page.running.poll():
            time.sleep(0.1)
    assert page.running.state == "done", page.running.log.read_text()
    python = stage.addon("engine").interpreter("")
    assert python == page.running.python and python.is_relative_to(engine.own_folder())
    assert bpy.ops.wisp.remove_engine() == {"FINISHED"}
    assert not engine.own_folder().exists() and not bpy.ops.wisp.remove_engine.poll()
