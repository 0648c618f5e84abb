"""The wheel stands alone: what is in it, and that it works without the checkout."""

from __future__ import annotations

import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest
from helpers.wheels import ROOT, Run, build_wheel

WISP = "from wisp.cli import main; sys.exit(main(sys.argv[1:]))"


def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_it_holds_the_package_and_both_front_ends_and_nothing_of_the_workshop(wheel: Path) -> None:
    inside = names(wheel)
    tops = {name.split("/")[0] for name in inside}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"wisp"}
    left_out = ("bench", "demo", "train")
    for source, place in (
        ("core/wisp", "wisp"),
        ("nuke_plugin", "wisp/front_ends/nuke_plugin"),
        ("blender_addon", "wisp/front_ends/blender_addon"),
    ):
        for path in (ROOT / source).rglob("*.py"):
            name = path.relative_to(ROOT / source)
            wanted = name.parts[0] not in (*left_out, "package.py")
            assert (f"{place}/{name.as_posix()}" in inside) == wanted, name
    assert not [name for name in inside if "test" in name or name.endswith(("ruff.toml", ".pyc", "package.py"))]
    weights = {path.relative_to(ROOT / "core").as_posix() for path in (ROOT / "core/wisp").rglob("*.safetensors")}
    assert weights <= inside and weights
    icons = {f"wisp/panel/icons/{icon.name}" for icon in (ROOT / "icons/png").glob("*.png")}
    assert icons <= inside and icons


def test_every_part_under_another_licence_has_it_beside_it(wheel: Path) -> None:
    inside = names(wheel)
    assert {"wisp/third_party/sam2/LICENSE", "wisp/front_ends/blender_addon/LICENSE"} <= inside
    with zipfile.ZipFile(wheel) as archive:
        (metadata,) = (name for name in inside if name.endswith(".dist-info/METADATA"))
        head = archive.read(metadata).decode().split("\n\n")[0]
    assert "License-Expression: Apache-2.0 AND GPL-3.0-or-later" in head
    assert "Requires-Dist: sam2" not in head and "torchvision" not in head


@pytest.mark.slow
def test_equal_sources_give_equal_wheels(wheel: Path, tmp_path: Path) -> None:
    assert build_wheel(tmp_path).read_bytes() == wheel.read_bytes()


def test_it_mattes_without_the_checkout(installed: Run, tmp_path: Path) -> None:
    for frame in (1, 2):
        picture = np.full((48, 64, 3), 40, np.uint8)
        cv2.circle(picture, (30 + frame, 24), 12, (200, 220, 90), -1)
        cv2.imwrite(str(tmp_path / f"plate.{frame:04d}.png"), picture)
    box = ["--box", "1:18,11,44,37", "--device", "cpu", "-o", str(tmp_path / "out")]
    run = installed(WISP, "matte", str(tmp_path / "plate.%04d.png"), *box)
    assert run.returncode == 0, run.stderr
    assert len(list((tmp_path / "out" / "object1").glob("*.exr"))) == 2


def test_it_lays_out_both_front_ends(installed: Run, tmp_path: Path) -> None:
    for host, folder, wanted in (
        ("nuke", "wisp", ("init.py", "wisp_nuke/vendor/client/__init__.py", "wisp_nuke/vendor/panel/icons/box-24.png")),
        ("blender", "wisp_roto", ("blender_manifest.toml", "client/LICENSE", "icons/box-48.png", "engine.json")),
    ):
        run = installed(WISP, "install", host, "--to", str(tmp_path))
        assert run.returncode == 0, run.stderr
        assert not [name for name in wanted if not (tmp_path / folder / name).is_file()]


def test_the_network_of_sam2_comes_with_it(installed: Run) -> None:
    run = installed(
        "from wisp.trackers.sam2.model import construct\n"
        "network = construct('tiny', image_size=256)\n"
        "import sam2; print(sam2.__file__); print(sum(p.numel() for p in network.parameters()))"
    )
    assert run.returncode == 0, run.stderr
    path, parameters = run.stdout.split()
    assert "third_party" in path and int(parameters) > 38_000_000


@pytest.mark.parametrize("command", [["bench", "quality"], ["train", "preview"], ["demo"]])
def test_commands_of_the_workshop_say_what_they_need(installed: Run, command: list[str]) -> None:
    run = installed(WISP, *command)
    assert run.returncode == 2
    assert f"`wisp {command[0]}` needs a checkout" in run.stderr and run.stderr.count("\n") == 1
