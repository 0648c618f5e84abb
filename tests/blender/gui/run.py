"""The add-on in a Blender with a window: clicks from outside, checked by state and by pixels; leaves screenshots.

    python tests/blender/gui/run.py [--keep FOLDER]

Needs root on a Debian-like Linux with debootstrap: the first run makes a Debian 13 with its Blender 4.3 in the
user's cache folder (about 4 minutes, 2 GB; WISP_GUI_CHROOT names another place). Xvfb and Mesa draw; no GPU is used.
Exit code 0: all checks passed; 1: one failed; 77: it cannot run here (the reason is printed).
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent.parent
CANNOT = 77
PACKAGES = "blender,xvfb,xdotool,python3-numpy,python3-requests,libgl1,libgl1-mesa-dri,xauth"
#: A display of this run alone: others may be running beside it.
DISPLAY, SIZE = f":{100 + os.getpid() % 1000}", (1280, 960)
FRAMES = 24


def chroot_folder() -> Path:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser())
    return Path(os.environ.get("WISP_GUI_CHROOT") or cache / "wisp-gui" / "trixie")


def make_chroot(folder: Path) -> None:
    """Exits with CANNOT and the reason where it cannot be made."""
    if (folder / "usr/bin/blender").exists() and (folder / "usr/bin/xdotool").exists():
        return
    if os.geteuid() != 0 or shutil.which("debootstrap") is None:
        print("Skipped: making a Debian with Blender needs root and debootstrap.")
        sys.exit(CANNOT)
    command = ["debootstrap", "--variant=minbase", f"--include={PACKAGES}", "trixie", str(folder)]
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        print(f"Skipped: debootstrap failed: {done.stderr[-500:]}")
        sys.exit(CANNOT)


@contextlib.contextmanager
def mounted(chroot: Path, work: Path) -> Iterator[None]:
    """The work folder at its own path inside, the whole machine under /host for the engine, /proc and /dev."""
    places = [(work, chroot / str(work).lstrip("/")), (Path("/"), chroot / "host")]
    places += [(Path(p), chroot / p.lstrip("/")) for p in ("/proc", "/dev")]
    done: list[Path] = []
    try:
        for source, target in places:
            target.mkdir(parents=True, exist_ok=True)
            subprocess.run(["mount", "--rbind" if source == Path("/") else "--bind", source, target], check=True)
            subprocess.run(["mount", "--make-rslave", target], check=True)
            done.append(target)
        yield
    finally:
        for target in reversed(done):
            subprocess.run(["umount", "-R", "-l", target])


class Window:
    """The running Blender, from outside."""

    def __init__(self, chroot: Path, work: Path, pictures: Path) -> None:
        self.chroot, self.work, self.pictures = chroot, work, pictures
        self.blender: subprocess.Popen[bytes] | None = None
        self._numbers = itertools.count(1)

    def inside(self, *command: str, **options: Any) -> subprocess.Popen[bytes]:
        environment = {
            "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
            "HOME": str(self.work / "home"),
            "DISPLAY": DISPLAY,
            "LIBGL_ALWAYS_SOFTWARE": "1",
            "LANG": "C.UTF-8",
            "WISP_GUI_WORK": str(self.work),
            "XDG_RUNTIME_DIR": str(self.work / "home"),
        }
        return subprocess.Popen(["chroot", str(self.chroot), *command], env=environment, **options)

    def state(self) -> dict[str, Any]:
        try:
            told: dict[str, Any] = json.loads((self.work / "state.json").read_text())
        except (OSError, ValueError):
            return {}
        return told

    def until(self, what: str, true: Callable[[dict[str, Any]], Any], seconds: float = 40.0) -> float:
        """Wait until the state is so; returns after how many seconds. Fails with the state."""
        began = time.monotonic()
        while time.monotonic() - began < seconds:
            if self.blender is not None and self.blender.poll() is not None:
                raise AssertionError(f"{what}: Blender ended with code {self.blender.returncode}, see its log")
            state = self.state()
            if state and true(state):
                return time.monotonic() - began
            time.sleep(0.1)
        raise AssertionError(f"{what}: not within {seconds} s. State: {json.dumps(self.state())[:1500]}")

    def do(self, code: str, seconds: float = 60.0) -> dict[str, Any]:
        """Run Python in Blender; `answer` is what comes back."""
        path = self.work / "commands" / f"{next(self._numbers):04d}.py"
        path.with_suffix(".new").write_text(code)
        path.with_suffix(".new").rename(path)
        reply, began = path.with_suffix(".json"), time.monotonic()
        while not reply.exists():
            assert time.monotonic() - began < seconds, f"no answer to: {code}"
            time.sleep(0.05)
        answer: dict[str, Any] = json.loads(reply.read_text())
        assert answer.get("ok"), answer
        return answer

    def at(self, x: float, y: float) -> tuple[int, int]:
        """Where a plate pixel is on the screen."""
        px, py = self.do(f"answer['at'] = screen({x}, {y})")["at"]
        return round(px), round(py)

    def xdo(self, *words: Any) -> None:
        assert self.inside("xdotool", *map(str, words)).wait() == 0

    def click(self, x: float, y: float, held: str = "") -> None:
        """Click a plate pixel, with a key held."""
        px, py = self.at(x, y)
        self.xdo("mousemove", px + 2, py)  # a region takes presses only after a move inside it
        time.sleep(0.2)
        self.xdo("mousemove", px, py)
        time.sleep(0.2)
        if held:
            self.xdo("keydown", held)
        self.xdo("mousedown", 1)
        time.sleep(0.15)
        self.xdo("mouseup", 1)
        if held:
            self.xdo("keyup", held)
        time.sleep(0.3)

    def drag(self, points: list[tuple[float, float]]) -> None:
        """Draw through plate pixels with the button held."""
        places = [self.at(*xy) for xy in points]
        self.xdo("mousemove", places[0][0] + 2, places[0][1])
        time.sleep(0.2)
        self.xdo("mousemove", *places[0])
        time.sleep(0.2)
        self.xdo("mousedown", 1)
        time.sleep(0.3)
        for place in places[1:]:
            self.xdo("mousemove", *place)
            time.sleep(0.06)
        self.xdo("mouseup", 1)
        time.sleep(0.3)

    def screenshot(self, name: str = "") -> np.ndarray:
        """The screen as RGB; kept as a picture where it has a name."""
        data = (self.work / "Xvfb_screen0").read_bytes()
        header = int.from_bytes(data[:4], "big")
        colors = int.from_bytes(data[76:80], "big")
        stride = int.from_bytes(data[48:52], "big")
        start = header + colors * 12
        pixels = np.frombuffer(data, np.uint8, stride * SIZE[1], start).reshape(SIZE[1], stride // 4, 4)
        bgr = pixels[:, : SIZE[0], :3]
        if name:
            cv2.imwrite(str(self.pictures / f"blender-{name}.png"), bgr)
        return bgr[..., ::-1].astype(float)

    def color(self, x: float, y: float) -> np.ndarray:
        """The mean colour on the screen around a plate pixel."""
        px, py = self.at(x, y)
        patch: np.ndarray = self.screenshot()[py - 2 : py + 3, px - 2 : px + 3].mean((0, 1))
        return patch


def make_clip(folder: Path) -> list[np.ndarray]:
    """The demo's creature as sRGB pictures, and as a movie beside them; returns the true alpha of each frame."""
    from wisp.demo.clip import render_frame

    folder.mkdir(parents=True)
    alphas = []
    for i in range(FRAMES):
        frame = render_frame(i, FRAMES)
        linear = np.clip(frame.rgb_linear, 0, 1)
        coded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
        cv2.imwrite(str(folder / f"creature.{1001 + i}.png"), (coded[..., ::-1] * 255 + 0.5).astype(np.uint8))
        alphas.append(frame.alpha)
    movie = cv2.VideoWriter(str(folder.parent / "movie.avi"), cv2.VideoWriter.fourcc(*"MJPG"), 24, (640, 360))
    for path in sorted(folder.glob("*.png")):
        movie.write(cv2.imread(str(path)))
    movie.release()
    return alphas


def core_of(alpha: np.ndarray) -> tuple[float, float]:
    """The place deepest inside the object."""
    depth = cv2.distanceTransform((alpha > 0.95).astype(np.uint8), cv2.DIST_L2, 5)
    y, x = np.unravel_index(int(depth.argmax()), depth.shape)
    return float(x) + 0.5, float(y) + 0.5


def prepare(work: Path) -> list[np.ndarray]:
    for name in ("commands", "home"):
        (work / name).mkdir(parents=True)
    alphas = make_clip(work / "plates")
    subprocess.run([sys.executable, ROOT / "blender_addon" / "package.py", work], check=True)
    shutil.copy(HERE / "driver.py", work)
    # Blender is in the chroot, the engine outside: the same paths lead to the work folder on both sides.
    engine = work / "python"
    engine.write_text(f'#!/bin/sh\nexec chroot /host {sys.executable} "$@"\n')
    engine.chmod(0o755)
    return alphas


def story(window: Window, alphas: list[np.ndarray]) -> list[str]:
    """The artist's way, step by step; returns what was measured."""
    from story import tell

    return tell(window, alphas, core_of)


def main() -> int:
    parser = argparse.ArgumentParser(description="The add-on in a Blender with a window.")
    parser.add_argument("--keep", type=Path, default=ROOT / "build" / "blender-gui", help="folder for screenshots")
    pictures = parser.parse_args().keep.resolve()
    pictures.mkdir(parents=True, exist_ok=True)
    chroot = chroot_folder()
    make_chroot(chroot)
    work = Path("/tmp") / f"wisp-gui-{os.getpid()}"
    alphas = prepare(work)
    processes: list[subprocess.Popen[bytes]] = []
    log = (pictures / "blender.log").open("wb")
    try:
        with mounted(chroot, work):
            window = Window(chroot, work, pictures)
            try:
                screen = ("-screen", "0", f"{SIZE[0]}x{SIZE[1]}x24", "-fbdir", str(work))
                processes.append(window.inside("Xvfb", DISPLAY, *screen, stderr=log))
                time.sleep(2)
                size = ("--window-geometry", "0", "0", str(SIZE[0]), str(SIZE[1]))
                template = ("--factory-startup", "--app-template", "Video_Editing")
                driver = ("--python", str(work / "driver.py"))
                window.blender = window.inside("blender", *template, *size, *driver, stdout=log, stderr=log)
                processes.append(window.blender)
                window.until("Blender is ready", lambda s: "objects" in s, 120)
                for line in story(window, alphas):
                    print(line)
            except BaseException:
                with contextlib.suppress(Exception):
                    window.screenshot("failed")
                raise
            finally:
                for process in reversed(processes):
                    process.kill()
                    process.wait()
    finally:
        log.close()
        shutil.rmtree(work, ignore_errors=True)
    print(f"All checks passed; screenshots in {pictures}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
