"""Where Blender's extensions lie on each system, and `wisp install blender`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from wisp.cli import main
from wisp.errors import OutputError
from wisp.install import blender_repositories, install_blender

FOLDERS = {
    "linux": (".config/blender", {}),
    "darwin": ("Library/Application Support/Blender", {}),
    "win32": ("Roaming/Blender Foundation/Blender", {"APPDATA": "Roaming"}),
}


@pytest.mark.parametrize("system", FOLDERS)
def test_every_version_from_4_2_on_has_a_repository(system: str, tmp_path: Path) -> None:
    folder, named = FOLDERS[system]
    for version in ("2.93", "4.1", "4.2", "4.10", "5.0", "backup", "5.0.old"):
        (tmp_path / folder / version).mkdir(parents=True)
    environment = {"HOME": str(tmp_path), **{name: str(tmp_path / place) for name, place in named.items()}}
    found = blender_repositories(environment, system)
    assert [path.relative_to(tmp_path / folder).as_posix() for path in found] == [
        f"{version}/extensions/user_default" for version in ("4.2", "4.10", "5.0")
    ]


@pytest.mark.parametrize(
    ("variable", "place"),
    [
        ("BLENDER_USER_RESOURCES", "here/extensions/user_default"),
        ("BLENDER_USER_EXTENSIONS", "here/user_default"),
        ("XDG_CONFIG_HOME", "here/blender/4.3/extensions/user_default"),
    ],
)
def test_blenders_own_variables_come_first(variable: str, place: str, tmp_path: Path) -> None:
    (tmp_path / "here" / "blender" / "4.3").mkdir(parents=True)
    (tmp_path / ".config" / "blender" / "5.0").mkdir(parents=True)
    environment = {"HOME": str(tmp_path), variable: str(tmp_path / "here")}
    assert blender_repositories(environment, "linux") == [tmp_path / place]


def test_the_extension_is_laid_out_and_replaced(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        assert main(["install", "blender", "--to", str(tmp_path)]) == 0
        folder = tmp_path / "wisp_roto"
        assert str(folder) in capsys.readouterr().out
        assert {"blender_manifest.toml", "__init__.py", "client", "icons", "LICENSE"} <= {
            p.name for p in folder.iterdir()
        }
        assert not (folder / "old.py").exists() and not (folder / "package.py").exists()
        assert json.loads((folder / "engine.json").read_text()) == {"python": sys.executable}
        (folder / "old.py").write_text("")
    assert [path.name for path in tmp_path.iterdir()] == ["wisp_roto"]


def test_without_a_blender_the_command_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("BLENDER_USER_RESOURCES", "BLENDER_USER_EXTENSIONS"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HOME", "USERPROFILE", "XDG_CONFIG_HOME", "APPDATA"):
        monkeypatch.setenv(name, str(tmp_path))
    assert main(["install", "blender"]) == 3
    assert "Start Blender once" in capsys.readouterr().err


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="extension cannot be put in"):
        install_blender(tmp_path / "file" / "below")


@pytest.mark.parametrize(("host", "folder"), [("nuke", "wisp"), ("blender", "wisp_roto")])
def test_removal_leaves_no_rest_and_nothing_of_others_is_touched(host: str, folder: str, tmp_path: Path) -> None:
    assert main(["install", host, "--to", str(tmp_path)]) == 0
    assert main(["install", host, "--to", str(tmp_path), "--remove"]) == 0
    assert list(tmp_path.iterdir()) == []
    assert main(["install", host, "--to", str(tmp_path), "--remove"]) == 0
    (tmp_path / folder).mkdir()
    (tmp_path / folder / "mine.txt").write_text("")
    assert main(["install", host, "--to", str(tmp_path), "--remove"]) == 8
    assert (tmp_path / folder / "mine.txt").is_file()
