"""What the cases share: clips whose frames tell their number, the scene, rendering, the add-on's modules."""

from __future__ import annotations

import ctypes
import importlib
import shutil
import struct
import subprocess
import sys
import zlib
from pathlib import Path
from types import ModuleType
from typing import Any

import bpy
import numpy as np

FOLDER = Path()
ZIP = Path()
WIDTH, HEIGHT, BITS = 128, 64, 8
PACKAGE = "bl_ext.user_default.wisp_roto"


def reset() -> None:
    """Blender as it comes, whatever this machine's user has set."""
    bpy.ops.wm.read_factory_settings(use_empty=True)


def begin(with_extension: bool) -> Any:
    """An empty scene of the clips' size, shown as it is; it is the sequencer's scene in every workspace. The extension
    stays as it is from case to case, and is installed if it is not there."""
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    if with_extension and PACKAGE not in bpy.context.preferences.addons:
        install()
    return prepare(bpy.context.scene)


def prepare(scene: Any) -> Any:
    for workspace in bpy.data.workspaces:
        if hasattr(workspace, "sequencer_scene"):
            workspace.sequencer_scene = scene
    scene.view_settings.view_transform = "Standard"
    render = scene.render
    render.resolution_x, render.resolution_y, render.resolution_percentage, render.fps = WIDTH, HEIGHT, 100, 24
    if hasattr(render.image_settings, "media_type"):
        render.image_settings.media_type = "IMAGE"
    render.image_settings.file_format, render.image_settings.color_mode = "PNG", "RGBA"
    scene.sequence_editor_create()
    return scene


def prepare_shown(scene: Any) -> None:
    """Show this scene in the window and in the sequencer, and change nothing in it."""
    bpy.context.window_manager.windows[0].scene = scene
    for workspace in bpy.data.workspaces:
        if hasattr(workspace, "sequencer_scene"):
            workspace.sequencer_scene = scene


class Layout:
    """Takes what a panel draws, and keeps the texts."""

    def __init__(self, texts: list[str]) -> None:
        object.__setattr__(self, "texts", texts)

    def __getattr__(self, name: str) -> Any:
        def draw(*_: Any, text: str = "", **__: Any) -> Layout:
            self.texts.append(text)
            return Layout(self.texts)

        return draw

    def __setattr__(self, name: str, value: Any) -> None:
        pass


def drawn(panel: type) -> list[str]:
    """The texts that a panel draws now."""
    texts: list[str] = []
    told = type("Told", (), {name: vars(panel)[name] for name in vars(panel) if not name.startswith("__")})()
    told.layout = Layout(texts)
    told.draw(bpy.context)
    return texts


def install() -> None:
    """Install the zip and enable it, as a user does from disk."""
    result = bpy.ops.extensions.package_install_files(
        filepath=str(ZIP), repo="user_default", enable_on_install=True, overwrite=True
    )
    assert result == {"FINISHED"}, result
    assert PACKAGE in bpy.context.preferences.addons


def addon(name: str) -> ModuleType:
    return importlib.import_module(f"{PACKAGE}.{name}")


def strips(scene: Any = None) -> Any:
    editor = (scene or bpy.context.scene).sequence_editor
    return editor.strips if hasattr(editor, "strips") else editor.sequences


def mask_modifier(strip: Any) -> Any:
    """The modifier through which a plate or cut-out is joined to its matte."""
    return addon("inventory").Inventory(strip.id_data).joint(strip).modifier


def all_strips(scene: Any = None) -> Any:
    editor = (scene or bpy.context.scene).sequence_editor
    return editor.strips_all if hasattr(editor, "strips_all") else editor.sequences_all


def select(strip: Any) -> Any:
    """Make the strip the active and only selected one."""
    for other in all_strips():
        other.select = other == strip
    bpy.context.scene.sequence_editor.active_strip = strip
    return strip


def bars(number: int) -> np.ndarray:
    """A picture that tells its number by black and white bars, lowest bit at the left."""
    picture = np.full((HEIGHT, WIDTH, 3), 20, np.uint8)
    bar = WIDTH // BITS
    for bit in range(BITS):
        if number >> bit & 1:
            picture[:, bit * bar : (bit + 1) * bar] = 235
    return picture


def number_of(rendered: np.ndarray) -> int:
    """The number that a rendered picture tells; 0 for black."""
    bar = WIDTH // BITS
    row = rendered[HEIGHT // 2, bar // 2 :: bar, 0]
    return sum(int(value > 0.5) << bit for bit, value in enumerate(row))


def write_png(path: Path, picture: np.ndarray) -> None:
    """PNG, grey or RGB, of as many bits as the picture's type."""
    height, width = picture.shape[:2]
    bits = 8 * picture.dtype.itemsize
    rows = b"".join(b"\0" + row.tobytes() for row in np.ascontiguousarray(picture).astype(f">u{bits // 8}"))
    shape = struct.pack(">2I5B", width, height, bits, 0 if picture.ndim == 2 else 2, 0, 0, 0)
    parts = ((b"IHDR", shape), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + b"".join(struct.pack(">I", len(b)) + k + b + struct.pack(">I", zlib.crc32(k + b)) for k, b in parts)
    )


def bar_sequence(count: int = 20, first: int = 1001) -> list[Path]:
    """Pictures `bar.1001.png` and so on, telling 1, 2, ..."""
    paths = [FOLDER / "plates" / f"bar.{first + i:04d}.png" for i in range(count)]
    for i, path in enumerate(paths):
        write_png(path, bars(i + 1))
    return paths


def image_strip(paths: list[Path], channel: int = 1, start: int = 1, scene: Any = None) -> Any:
    strip = strips(scene).new_image(paths[0].stem, str(paths[0]), channel, start, fit_method="ORIGINAL")
    for path in paths[1:]:
        strip.elements.append(path.name)
    return strip


def movie_strip(name: str = "bars.mp4", channel: int = 1, start: int = 1) -> Any:
    return strips().new_movie(name, str(FOLDER / name), channel, start, fit_method="ORIGINAL")


def render(frame: int, scene: Any = None) -> np.ndarray:
    """The rendered frame, height x width x RGBA 0..1, top row first."""
    scene = scene or bpy.context.scene
    scene.frame_set(frame)
    path = FOLDER / "render.png"
    scene.render.filepath = str(path)
    bpy.ops.render.render(write_still=True, scene=scene.name)
    image = bpy.data.images.load(str(path), check_existing=False)
    pixels = np.empty(len(image.pixels), np.float32)
    image.pixels.foreach_get(pixels)
    height, width = image.size[1], image.size[0]
    bpy.data.images.remove(image)
    return pixels.reshape(height, width, 4)[::-1]


def in_timeline() -> Any:
    """The first window with an area for the timeline, for operators that need one."""
    window = bpy.context.window_manager.windows[0]
    area = window.screen.areas[0]
    area.type = "SEQUENCE_EDITOR"
    region = next(region for region in area.regions if region.type == "WINDOW")
    scene = {"sequencer_scene": bpy.context.scene} if hasattr(bpy.context, "sequencer_scene") else {}
    return bpy.context.temp_override(window=window, area=area, region=region, **scene)


def run_timers() -> bool:
    """Run the host's timers that are due, as its main loop does, which there is none of without a window. False where
    that cannot be reached."""
    if sys.platform != "linux" or shutil.which("nm") is None:
        return False
    maps = [line.split() for line in Path("/proc/self/maps").read_text().splitlines()]
    places = [(part[-1], int(part[0].split("-")[0], 16)) for part in maps if part[-1].endswith("/bpy/__init__.so")]
    library, base = min(places, key=lambda place: place[1])
    symbols = subprocess.run(["nm", library], capture_output=True, text=True, check=True).stdout
    offset = next(int(line.split()[0], 16) for line in symbols.splitlines() if "BLI_timer_execute" in line)
    ctypes.CFUNCTYPE(None)(base + offset)()
    return True


def near(value: Any, wanted: Any, tolerance: float, what: str = "") -> None:
    found = np.asarray(value, float)
    told = f"{found.min():.4f}..{found.max():.4f}" if found.size > 4 else str(value)
    assert np.all(np.abs(found - np.asarray(wanted)) <= tolerance), f"{what}: {told} instead of {wanted}"


def must_fail(operator: Any, words: str, **options: Any) -> None:
    """The operator must refuse with a sentence that holds these words."""
    try:
        operator(**options)
    except RuntimeError as error:
        assert words in str(error), f"{error} does not say '{words}'"
    else:
        raise AssertionError(f"{operator} did not refuse")


def must_refuse(strip: Any, words: str) -> Any:
    """The strip must not be taken for a plate; the sentence that says why holds these words. Returns the refusal."""
    plates = addon("plates")
    try:
        plates.plate_of(bpy.context.scene, strip)
    except plates.Refusal as refusal:
        assert words in str(refusal), f"{refusal} does not say '{words}'"
        return refusal
    raise AssertionError(f"not refused: {words}")
