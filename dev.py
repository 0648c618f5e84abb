#!/usr/bin/env python3
"""For a newcomer: `python3 dev.py demo` and `python3 dev.py test`. To give Wisp on: `docs`, `release`.
`gpu` measures a GPU.

Either of the two first makes `.venv` with everything Wisp needs; later runs find it there and start at once.
Standard library only. The file must parse on Python 3.7, so that an old Python gets a sentence instead
of a syntax error.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import threading
import time
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BOOT = ROOT / ".boot"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
STAMP = VENV / "wisp-setup.json"
LOG = BOOT / "setup.log"
CONSTRAINTS = "core/constraints.txt"
EXTRAS = "movies,gui,hub,text,sam3,edgetam,gvm,farm,release,test"

OLDEST = (3, 11)
#: PyTorch's own index of builds without CUDA. The only address in the project that pip's settings cannot replace.
CPU_INDEX = "https://download.pytorch.org/whl/cpu"
#: Imported once at the end of the set-up: a package that is listed but broken shows up here and not later.
#: Not pymatting, which compiles itself for a minute where it is first imported: numba, which it does that with.
PROOF = "import av, cv2, numpy, numba, OpenEXR, OpenImageIO, PyOpenColorIO, PySide6, torch, sam2, wisp"


class SetupError(Exception):
    """The set-up cannot go on; the text says why and what to do."""


def too_old(version: tuple[int, ...], command: str = "demo") -> str | None:
    """The sentence for a Python that cannot run Wisp, or None."""
    if tuple(version[:2]) >= OLDEST:
        return None
    newer = next((name for name in ("python3.11", "python3.12", "python3.13") if shutil.which(name)), None)
    advice = f"Run `{newer} dev.py {command}`." if newer else "Install a newer Python and run this again with it."
    return f"Wisp needs Python {OLDEST[0]}.{OLDEST[1]} or newer; this is {version[0]}.{version[1]}. {advice}"


# ---------------------------------------------------------------------------------------------- which torch


def nvidia_gpu() -> bool:
    """Whether an NVIDIA driver is visible."""
    return shutil.which("nvidia-smi") is not None or Path("/proc/driver/nvidia").exists()


def own_sources() -> bool:
    """Whether this machine's pip was told where packages come from (a mirror, a folder of wheels)."""
    listed = subprocess.run([sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True)
    names = ("find-links", "index-url", "extra-index-url")
    return any(line.split("=")[0].endswith(names) for line in listed.stdout.splitlines())


def choose_torch(wish: str | None, system: str, gpu: bool, sources: bool) -> tuple[str, str]:
    """("cpu" or "plain", why). `wish` is what the user asked for.

    Only on Linux is the plain wheel the large CUDA one; elsewhere the plain wheel is right in any case.
    """
    if system != "Linux":
        return "plain", "the plain build of PyTorch (on this system the CPU index has nothing smaller)"
    if wish:
        return wish, "the CPU build of PyTorch, as asked" if wish == "cpu" else "the plain build of PyTorch, as asked"
    if gpu:
        return "plain", "an NVIDIA GPU is here: the CUDA build of PyTorch, a download of several GB"
    if sources:
        return "plain", "no NVIDIA GPU found; which PyTorch comes is left to this machine's pip settings"
    return "cpu", "no NVIDIA GPU found: the CPU build of PyTorch (--gpu takes the CUDA build all the same)"


# ---------------------------------------------------------------------------------------------- the recipe


def recipe(torch: str) -> list[dict[str, object]]:
    """The pip runs of the set-up, in order: what is said, arguments, extra environment."""
    pinned = next(line.strip() for line in (ROOT / CONSTRAINTS).read_text().splitlines() if line.startswith("torch=="))
    cpu_torch = {
        "say": "PyTorch for the CPU (about 200 MB, a minute or two)",
        "pip": ["--no-deps", "--timeout", "30", "--retries", "2", "--extra-index-url", CPU_INDEX, pinned],
        "env": {},
    }
    packages = {
        "say": "packages (about a minute; much longer where PyTorch's CUDA build is fetched)",
        "pip": ["-c", CONSTRAINTS, "-e", f".[{EXTRAS}]", "setuptools", "wheel"],
        "env": {},
    }
    # Its metadata asks for torchvision, which is never used here, and an isolated build would fetch a second torch.
    sam2 = {
        "say": "SAM 2 (10 seconds)",
        "pip": ["--no-build-isolation", "--no-deps", "sam2==1.1.0"],
        "env": {"SAM2_BUILD_CUDA": "0"},
    }
    return ([cpu_torch] if torch == "cpu" else []) + [packages, sam2]


def fingerprint() -> str:
    """Changes when the set-up would come out differently: Python, requirements, versions, recipe."""
    digest = hashlib.sha256()
    digest.update(f"{platform.python_implementation()} {sys.version_info[:2]}".encode())
    digest.update(json.dumps(recipe("cpu")).encode())
    for name in ("pyproject.toml", CONSTRAINTS):
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def ready(wish: str | None) -> bool:
    """Whether `.venv` is complete, up to date, and has the torch that was asked for."""
    try:
        stamp = json.loads(STAMP.read_text())
    except (OSError, ValueError):
        return False
    return PYTHON.exists() and stamp.get("fingerprint") == fingerprint() and wish in (None, stamp.get("torch"))


def usable() -> bool:
    """Whether what lies in `.venv` is of this Python version and has a pip: worth going on from."""
    ask = "import sys, pip; print(*sys.version_info[:2])"
    try:
        answer = subprocess.run([str(PYTHON), "-c", ask], capture_output=True, text=True)
    except OSError:
        return False
    return answer.returncode == 0 and answer.stdout.split() == [str(part) for part in sys.version_info[:2]]


def set_up(wish: str | None) -> None:
    """Make or finish `.venv`. SetupError with the end of the log when something fails."""
    torch, why = choose_torch(wish, platform.system(), nvidia_gpu(), own_sources())
    BOOT.mkdir(exist_ok=True)
    LOG.write_text("")
    say(f"First run: setting up .venv (log: {LOG.relative_to(ROOT)})")
    say(f"  {why}")
    began = time.monotonic()
    kept = usable() and wish is None
    STAMP.unlink(missing_ok=True)
    if not kept:
        make_venv()
    fill_venv(torch)
    if not proven():
        if not kept:
            raise SetupError(f"Everything was installed but cannot be imported. The end of {LOG}:\n{tail()}")
        say("  what an earlier run left behind is broken: starting again")
        make_venv()
        fill_venv(torch)
        if not proven():
            raise SetupError(f"Everything was installed but cannot be imported. The end of {LOG}:\n{tail()}")
    STAMP.write_text(json.dumps({"fingerprint": fingerprint(), "torch": torch}))
    say(f"Set-up done in {time.monotonic() - began:.0f} s; later runs skip it.")


def make_venv() -> None:
    """An empty `.venv`, with the standard module or, where a distribution left that out, with virtualenv."""
    shutil.rmtree(VENV, ignore_errors=True)
    if logged("virtual environment (10 seconds)", [sys.executable, "-m", "venv", str(VENV)]) == 0 and usable():
        return
    shutil.rmtree(VENV, ignore_errors=True)
    target = BOOT / "virtualenv"
    install = [sys.executable, "-m", "pip", "install", "--upgrade", "--target", str(target), "virtualenv"]
    env = {"PYTHONPATH": str(target)}
    if (
        logged("virtualenv, as this Python comes without venv", install) != 0
        or logged("virtual environment", [sys.executable, "-m", "virtualenv", str(VENV)], env) != 0
    ):
        raise SetupError(
            "This Python can make no virtual environment. On Debian or Ubuntu `sudo apt install python3-venv` "
            f"mends that. The end of {LOG}:\n{tail()}"
        )


def fill_venv(torch: str) -> None:
    for step in recipe(torch):
        # Compiling 20,000 files for the case that they are imported takes longer than all the rest.
        install = ["install", "--no-compile", *step["pip"]]
        command = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "--no-input", *install]
        if logged(str(step["say"]), command, step["env"]) != 0:
            raise SetupError(
                f"pip could not install the {step['say'].split(' (')[0]}. Run the same command again to go on from "
                f"here. The end of {LOG}:\n{tail()}"
            )


def proven() -> bool:
    return logged("trying it out (10 seconds)", [str(PYTHON), "-c", PROOF]) == 0


# ---------------------------------------------------------------------------------------------- showing it


def say(text: str) -> None:
    print(text, flush=True)


def tail(lines: int = 25) -> str:
    return "\n".join("    " + line for line in LOG.read_text(errors="replace").splitlines()[-lines:])


def logged(what: str, command: list[str], env: dict[str, str] | None = None) -> int:
    """Run a command with its output in the log, showing that it lives by its last line, now and then."""
    say(f"  {what}")
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, **(env or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    last = [""]

    def copy() -> None:
        with LOG.open("a", encoding="utf-8") as log:
            log.write(f"$ {' '.join(command)}\n")
            for line in process.stdout:
                log.write(line)
                log.flush()
                last[0] = line.strip() or last[0]

    reader = threading.Thread(target=copy, daemon=True)
    reader.start()
    began = shown = time.monotonic()
    terminal = sys.stdout.isatty()
    try:
        while process.poll() is None:
            time.sleep(0.2)
            now = time.monotonic()
            if now - shown >= (0.5 if terminal else 30):
                shown = now
                line = f"    {now - began:4.0f} s  {last[0]}"
                if terminal:
                    width = shutil.get_terminal_size().columns - 1
                    print("\r" + line[:width].ljust(width), end="", flush=True)
                else:
                    say(line[:120])
    except BaseException:
        process.kill()
        raise
    finally:
        reader.join(timeout=5)
        if terminal and shown != began:
            print("\r" + " " * (shutil.get_terminal_size().columns - 1) + "\r", end="", flush=True)
    return process.returncode


# ---------------------------------------------------------------------------------------------- commands


def module(*arguments: str, env: dict[str, str] | None = None) -> int:
    """`python -m ...` of `.venv`, in the repository root, with the terminal as it is. Its exit code."""
    return subprocess.run([str(PYTHON), "-m", *arguments], cwd=ROOT, env={**os.environ, **(env or {})}).returncode


def demo(arguments: list[str]) -> int:
    return module("wisp", "demo", *arguments)


def lint() -> int:
    """Every check is run; the first failure's exit code is returned."""
    checks = (["ruff", "check", "."], ["ruff", "format", "--check", "."], ["mypy"])
    codes = []
    for check in checks:
        say(f"-- {' '.join(check)}")
        codes.append(module(*check))
    return next((code for code in codes if code), 0)


def fetch_blenders() -> subprocess.Popen:
    """Fetch the Blenders that the tests run in, as far as they can be had, while `.venv` is set up."""
    say("-- Blender's Python modules (kept outside of the project), as far as they can be had")
    return subprocess.Popen([sys.executable, "-m", "blender.venvs"], cwd=ROOT / "tests")


def test(arguments: list[str], blenders: subprocess.Popen | None = None) -> int:
    """Without arguments everything: lint, then all tests on two processes. With arguments pytest alone, with them.

    What was set up is there: a test that cannot import it fails, and is not skipped. `blenders`: what fetches them.
    """
    env = {"WISP_WHOLE": "1"}
    if platform.system() == "Linux" and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        env["QT_QPA_PLATFORM"] = "offscreen"
    if arguments:
        return module("pytest", *arguments, env=env)
    say("-- the Qt lines of hosts (.boot/qt), as far as they can be had")
    lines = subprocess.Popen([str(PYTHON), "-m", "helpers.qt_lines"], cwd=ROOT / "tests")
    linted = lint()
    lines.wait()
    if blenders:
        blenders.wait()
    workers = min(os.cpu_count() or 1, 4)
    # Each worker's libraries would otherwise start a thread per core and fight for the same cores.
    threads = str(max(1, (os.cpu_count() or 1) // workers))
    env.update(dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), threads))
    say(f"-- pytest -n {workers}")
    tested = module("pytest", "-n", str(workers), "--dist", "worksteal", env=env)
    if linted:
        say("The tests ran, but ruff or mypy found faults (see above).")
    return tested or linted


def package(arguments: list[str]) -> int:
    """Build what a host program installs, with this Python: nothing needs to be set up for that."""
    if arguments[:1] != ["blender"]:
        print("dev.py: say what to package: python3 dev.py package blender [FOLDER]", file=sys.stderr)
        return 2
    return subprocess.run([sys.executable, str(ROOT / "blender_addon" / "package.py"), *arguments[1:]]).returncode


#: What measuring imports: module -> what brings it. The first ones come with any machine that is made for networks.
GPU_NEEDS = {
    "torch": "torch, a build with CUDA",
    "numpy": "numpy",
    "cv2": "opencv-python-headless",
    "PIL": "pillow",
    "safetensors": "safetensors",
    "transformers": "transformers",
    "yaml": "PyYAML",
    "tqdm": "tqdm",
    "hydra": "hydra-core",
    "omegaconf": "omegaconf",
    "antlr4": "antlr4-python3-runtime==4.9.3",
    "iopath": "iopath",
    "portalocker": "portalocker",
    "sam2": "sam2==1.1.0, without its dependencies",
}


def gpu(arguments: list[str]) -> int:
    """Measure this machine's GPU with this very Python: nothing is set up, nothing is fetched."""
    parser = argparse.ArgumentParser(
        prog="dev.py gpu",
        description="Measure this machine's GPU with this Python, setting nothing up.",
        epilog="All other options are those of `wisp bench gpu`; --help-measure lists them.",
    )
    parser.add_argument("--wheels", type=Path, metavar="DIR", help="pure wheels of what this Python lacks; unpacked")
    parser.add_argument("--help-measure", action="store_true", help="the options of the measurement")
    known, rest = parser.parse_known_args(arguments)
    places = [str(ROOT / "core")]
    if known.wheels:
        wheels = sorted(known.wheels.glob("*-none-any.whl"))
        if not wheels:
            print(f"dev.py: {known.wheels} holds no wheel that fits every Python (*-none-any.whl).", file=sys.stderr)
            return 2
        unpacked = BOOT / "gpu-packages"
        for wheel in wheels:
            with zipfile.ZipFile(wheel) as archive:
                archive.extractall(unpacked)
        places.append(str(unpacked))
    inherited = os.environ.get("PYTHONPATH")
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([*places, inherited] if inherited else places)}
    ask = "import importlib.util, sys; print(*[n for n in sys.argv[1:] if importlib.util.find_spec(n) is None])"
    answer = subprocess.run([sys.executable, "-c", ask, *GPU_NEEDS], env=env, capture_output=True, text=True)
    missing = answer.stdout.split()
    if missing:
        wanted = "; ".join(GPU_NEEDS[name] for name in missing)
        print(
            f"dev.py: this Python lacks {wanted}. Install that, or bring wheels in a folder: --wheels DIR.",
            file=sys.stderr,
        )
        return 1
    measuring = [sys.executable, "-m", "wisp.bench.gpu", *(["--help"] if known.help_measure else rest)]
    return subprocess.run(measuring, env=env).returncode


def main(arguments: list[str]) -> int:
    if arguments[:1] == ["gpu"]:
        return gpu(arguments[1:])
    parser = argparse.ArgumentParser(
        prog="dev.py",
        description="Set up Wisp in .venv (first run only), then run the demo or the tests.",
        epilog="Further arguments go to the demo, or to pytest: python3 dev.py test tests/plates -k exr",
        allow_abbrev=False,
    )
    parser.add_argument("command", choices=("demo", "test", "lint", "docs", "release", "package", "gpu"))
    flavour = parser.add_mutually_exclusive_group()
    flavour.add_argument("--cpu", dest="wish", action="store_const", const="cpu", help="PyTorch without CUDA (small)")
    flavour.add_argument("--gpu", dest="wish", action="store_const", const="plain", help="PyTorch with CUDA, unasked")
    known, rest = parser.parse_known_args(arguments)
    if known.command == "lint" and rest:
        parser.error(f"lint takes no further arguments: {' '.join(rest)}")
    if known.command == "package":
        return package(rest)
    # What is imported from `.venv` was not compiled when it was installed: it is once, and not by every process anew.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    blenders = fetch_blenders() if known.command == "test" and not rest else None
    try:
        if not ready(known.wish):
            set_up(known.wish)
    except SetupError as error:
        print(f"dev.py: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ndev.py: stopped. The same command goes on from here.", file=sys.stderr)
        return 130
    try:
        if known.command in ("docs", "release"):
            return module("release", known.command, *rest)
        return {"demo": lambda: demo(rest), "test": lambda: test(rest, blenders), "lint": lint}[known.command]()
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    refusal = too_old(sys.version_info, sys.argv[1] if len(sys.argv) > 1 else "demo")
    if refusal:
        sys.exit(refusal)
    sys.exit(main(sys.argv[1:]))
