"""Build the documentation, or everything that is given to others, and check it."""

from __future__ import annotations

import argparse
import hashlib
import re
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


class RefusedError(Exception):
    """Nothing may be released like this; the text says why."""


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="dev.py", description=__doc__)
    parser.add_argument("what", choices=("docs", "release"))
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "dist", help="default: dist")
    told = parser.parse_args(arguments)
    try:
        if told.what == "docs":
            print(build_site(told.folder / "site") / "index.html")
            return 0
        for path in release(told.folder):
            print(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}")
    except RefusedError as error:
        print(f"dev.py: {error}", file=sys.stderr)
        return 1
    return 0


def release(folder: Path) -> list[Path]:
    """Wheel, the Blender extension, documentation, bill of materials and licences in `folder`; what was made.

    RefusedError where versions differ, the wheel comes out differently twice, or a reference in the pages is broken.
    """
    from . import contents

    version = agreed_version()
    folder.mkdir(parents=True, exist_ok=True)
    say("the wheel, twice")
    wheel = build_wheel(folder)
    with tempfile.TemporaryDirectory() as again:
        if build_wheel(Path(again)).read_bytes() != wheel.read_bytes():
            raise RefusedError("The wheel came out differently the second time.")
    say("the Blender extension")
    _run([sys.executable, str(ROOT / "blender_addon" / "package.py"), str(folder)])
    say("the documentation")
    site = pack(build_site(folder / "site"), folder / f"wisp-roto-{version}-docs.zip")
    say("what a user installs")
    return [wheel, folder / f"wisp_roto-{version}.zip", site, *contents.write(folder, version, ("gui", "movies"))]


def agreed_version() -> str:
    """The version, which the package, the Blender extension and the changelog's first heading must all tell."""
    import wisp

    manifest = tomllib.loads((ROOT / "blender_addon" / "blender_manifest.toml").read_text("utf-8"))
    headings = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    told = {"core/wisp": wisp.__version__, "blender_manifest.toml": manifest["version"], "CHANGELOG.md": headings[0]}
    if len(set(told.values())) != 1:
        raise RefusedError(
            "The versions differ: " + ", ".join(f"{place} {value}" for place, value in told.items()) + "."
        )
    return wisp.__version__


def build_wheel(folder: Path) -> Path:
    """The wheel of this checkout, built by pip in an environment of its own."""
    with tempfile.TemporaryDirectory() as temporary:
        _run([sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", temporary, str(ROOT)])
        (made,) = Path(temporary).glob("*.whl")
        place = folder / made.name
        place.write_bytes(made.read_bytes())
    return place


def build_site(folder: Path) -> Path:
    """The pages of `docs` and the package's docstrings as a site. RefusedError where a reference leads nowhere."""
    _run([sys.executable, "-m", "sphinx", "-b", "html", "-q", "-W", "--keep-going", str(ROOT / "docs"), str(folder)])
    return folder


def pack(folder: Path, place: Path) -> Path:
    """The folder as a zip."""
    with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(item for item in folder.rglob("*") if item.is_file() and ".doctrees" not in item.parts):
            archive.write(path, path.relative_to(folder))
    return place


def say(what: str) -> None:
    print(f"-- {what}", file=sys.stderr, flush=True)


def _run(command: list[str]) -> None:
    done = subprocess.run(command, cwd=ROOT, stdout=sys.stderr)
    if done.returncode != 0:
        raise RefusedError(
            f"{Path(command[2] if command[1] == '-m' else command[1]).name} ended with {done.returncode}."
        )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
