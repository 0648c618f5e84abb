"""Every command line that the docs show is one that `wisp` takes, and those that a small plate is enough for do run."""

from __future__ import annotations

import re
import shlex
import shutil
import textwrap
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import OpenEXR
import pytest
import wisp.heads
from wisp.cache import read_matte
from wisp.cli import build_parser, main
from wisp.weights.registry import parse

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
SIZE = (64, 48)
FRAMES = range(1001, 1009)

#: Pages whose lines run here as they stand and in their order; of others the lines that begin like this.
RUN = {
    "docs/tutorials/command_line.md": ("wisp",),
    "docs/plates.md": ("wisp matte",),
    "docs/deliver.md": ("wisp deliver",),
    "docs/quality.md": ("wisp check",),
    "docs/shapes.md": ("wisp deliver",),
    "docs/models/README.md": ("wisp models list", "wisp models where", "wisp models licences"),
    "docs/install.md": ("wisp install",),
    "docs/tutorials/nuke.md": ("wisp install",),
    "docs/nuke.md": ("wisp install",),
    "docs/farm.md": ("wisp farm template", "wisp farm submit"),
}
#: Of these the lines are ways to do the same, which nobody runs one after the other.
WAYS = ("docs/deliver.md",)
#: What their code is where it is not 0: nothing has been fetched.
CODES = {"wisp models where sam2.1-tiny": 4}


def lines(page: Path) -> Iterator[str]:
    """The command lines in a page's blocks of code, joined where they go on and without what is said behind them."""
    inside, begun = False, ""
    for line in page.read_text("utf-8").splitlines():
        if line.strip().startswith("```"):
            inside = not inside
            continue
        if begun or ((inside or line.startswith("    ")) and re.match(r"\s*wisp \S", line)):
            said = begun + re.sub(r"\s{2,}\S.*$", "", line.strip())
            begun = said.removesuffix("\\") if said.endswith("\\") else ""
            if not begun:
                yield re.sub(r"\s#.*$", "", said).replace("[DIR]", "DIR")


SHOWN = [(page.relative_to(ROOT).as_posix(), line) for page in PAGES for line in lines(page)]


def words(line: str) -> list[str]:
    return shlex.split(line)[1:]


@pytest.mark.parametrize(("page", "line"), sorted(set(SHOWN)))
def test_it_is_a_command_line_of_wisp(page: str, line: str) -> None:
    build_parser(words(line)[0]).parse_args(words(line))


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Plates of eight frames, and the shot of one, solved, under the names that the pages use."""
    folder = tmp_path_factory.mktemp("studio")
    (folder / "plates").mkdir()
    y, x = np.mgrid[: SIZE[1], : SIZE[0]] + 0.5
    for frame in FRAMES:
        inside = np.hypot(x - 26 - (frame - FRAMES[0]), y - 24) < 13
        picture = np.where(inside[..., None], (0.6, 0.4, 0.05), (0.08, 0.1, 0.2)).astype(np.float32)
        for name in ("sh010", "sh020"):
            OpenEXR.File({}, {"RGB": picture}).write(str(folder / f"plates/{name}.{frame}.exr"))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        plate = ["matte", "plates/sh010.%04d.exr", "--box", "1001:12,10,40,38", "--head", "guided", "-o", "."]
        assert main(plate) == 0
        (folder / "shots").mkdir()
        (folder / "shots/sh010.wisp").write_text(
            (folder / "sh010.wisp").read_text("utf-8").replace('"plates', '"../plates')
        )
    return folder


@pytest.mark.timeout(900)  # a page tells a whole story: seconds here, minutes beside other work
@pytest.mark.parametrize("page", RUN)
def test_it_runs(page: str, studio: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(studio, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("WISP_WEIGHTS", raising=False)
    ran = [line for shown, line in SHOWN if shown == page and line.startswith(RUN[page])]
    assert ran
    for named, rows in re.findall(r"`(\w+\.csv)`.*?```text\n(.*?)```", (ROOT / page).read_text("utf-8"), re.DOTALL):
        Path(named).write_text(rows, "utf-8")
    for line in ran:
        if page in WAYS:
            shutil.rmtree("delivery", ignore_errors=True)
        assert main(words(line)) == CODES.get(line, 0), line


def test_the_head_of_the_tutorial_mattes(studio: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its file among the heads and its entry in the registry are all that it takes."""
    text = (ROOT / "docs/tutorials/new_model.md").read_text("utf-8")
    code, entry = (re.search(rf"```{kind}\n(.*?)```", text, re.DOTALL)[1] for kind in ("python", "toml"))
    (tmp_path / "soft.py").write_text(textwrap.dedent(code), "utf-8")
    monkeypatch.setattr(wisp.heads, "__path__", [*wisp.heads.__path__, str(tmp_path)])
    known = (ROOT / "core/wisp/weights/registry.toml").read_text("utf-8")
    models = parse(f"{known}\n{textwrap.dedent(entry)}")
    monkeypatch.setattr("wisp.weights.registry._registry", lambda: models)
    monkeypatch.chdir(studio)
    line = ["matte", "plates/sh010.%04d.exr", "--box", "1001:12,10,40,38", "--head", "soft", "-o", str(tmp_path)]
    assert main([*line, "--frames", "1001-1002"]) == 0
    (matte,) = tmp_path.glob("*/*.1001.exr")
    alpha, stamp = read_matte(matte)
    assert alpha.shape == SIZE[::-1] and alpha[24, 26] > 0.9 and alpha[2, 60] < 0.1
    assert stamp is not None and stamp.model.endswith(" + soft")
