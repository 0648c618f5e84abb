"""What a document may name: only what its host offered."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from wisp.engine import paths
from wisp.errors import UsageError
from wisp.shot import BESIDE, parse


@pytest.fixture
def roots(tmp_path: Path) -> paths.Roots:
    """A root with pictures, a library beside it that may be read, and a secret that may not."""
    for name in ("root/plates", "library", "secret"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "secret" / "key.png").touch()
    return paths.Roots(paths.folder(str(tmp_path / "root"), "root"), [paths.folder(str(tmp_path / "library"), "x")])


@pytest.mark.parametrize(
    "path",
    [
        "plate.%04d.exr",
        "plates/../plates/a.####.exr",
        "../library/b.mov",
        "plates/ünïcödé 素材.$F4.exr",
        "not/there/yet.exr",
        "C:/looks/like/windows.exr",  # on POSIX a relative path like any other
    ],
)
def test_inside(roots: paths.Roots, path: str) -> None:
    roots.check_picture(path, "plate")


@pytest.mark.parametrize(
    "path",
    [
        "../secret/key.png",
        "plates/../../secret/key.png",
        "/etc/passwd",
        "//server/share/a.exr",
        "../root-2/a.exr",  # begins with the same letters, is another folder
        "../library/../secret/key.png",
    ],
)
def test_outside(roots: paths.Roots, path: str) -> None:
    with pytest.raises(UsageError, match=r"plate '.*' lies outside"):
        roots.check_picture(path, "plate")


@pytest.mark.parametrize("path", ["a\0b.exr", "lone \ud800 surrogate.exr"])
def test_no_path_at_all(roots: paths.Roots, path: str) -> None:
    with pytest.raises(UsageError, match="not a usable path"):
        roots.check_picture(path, "plate")


def test_links_lead_nowhere_else(roots: paths.Roots, tmp_path: Path) -> None:
    root, secret = tmp_path / "root", tmp_path / "secret"
    (root / "linked.png").symlink_to(secret / "key.png")
    (root / "folder").symlink_to(secret)
    (root / "seq.1001.png").touch()
    (root / "seq.1002.png").symlink_to(secret / "key.png")
    (root / "loop").symlink_to(root / "loop")
    for path in ("linked.png", "folder/key.png", "seq.%04d.png", "seq.####.png", "."):
        with pytest.raises(UsageError, match="lies outside"):
            roots.check_picture(path, "plate")
    with pytest.raises(UsageError, match="loop"):
        roots.check_picture("loop", "plate")
    (root / "good.1001.png").symlink_to(tmp_path / "library" / "a.png")
    roots.check_picture("good.%04d.png", "plate")


def test_every_path_of_a_document_is_checked(roots: paths.Roots) -> None:
    plate = {"path": "plates/a.%04d.exr", "first": 1, "last": 2, "width": 8, "height": 8}
    mask = {"frame": 1, "kind": "mask", "path": "../secret/key.png"}
    document: dict[str, Any] = {"wisp": 1, "plate": plate, "objects": [{"id": 1, "name": "hero", "prompts": [mask]}]}
    with pytest.raises(UsageError, match="mask of 'hero' on frame 1"):
        roots.check(parse(document))
    mask["path"] = "roto.png"
    roots.check(parse(document))
    for key, name in BESIDE.items():
        with pytest.raises(UsageError, match=f"The {name} '../secret/key.png'"):
            roots.check(parse({**document, "plate": {**plate, key: "../secret/key.png"}}))
    for matte in ("garbage", "core"):
        with pytest.raises(UsageError, match=f"{matte} matte of 'hero'"):
            roots.check(parse({**document, "objects": [{"id": 1, "name": "hero", matte: "../secret/key.png"}]}))


@pytest.mark.parametrize("text", ["", ".", "relative/folder", "~/folder"])
def test_a_root_must_be_absolute(text: str) -> None:
    with pytest.raises(UsageError, match="not an absolute path"):
        paths.folder(text, "root")
