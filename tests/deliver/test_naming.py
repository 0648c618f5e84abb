"""What delivered files are called."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from wisp.deliver.naming import FORMATS, Pattern, named_format
from wisp.errors import UsageError


@pytest.mark.parametrize(
    ("output", "format"),
    [
        ("out/sh.%04d.exr", "exr"),
        ("out/sh.%04d.PNG", "png"),
        ("out/sh.####.tif", "tiff"),
        ("out/sh.%04d.tiff", "tiff"),
        ("out/cut.mov", "mov"),
        ("cut.{version}.webm", "webm"),
        ("cut.mkv", "mkv"),
        ("out", "exr"),
        ("out/v1.2", "exr"),
    ],
)
def test_a_name_says_its_format(output: str, format: str) -> None:
    assert named_format(output) == format


@pytest.mark.parametrize("output", ["cut.mp4", "out/sh.%04d.jpg", "sh.####.DPX"])
def test_a_name_of_what_is_not_written_is_no_folder(output: str) -> None:
    with pytest.raises(UsageError, match=r"is written.*\.exr, \.mkv"):
        named_format(output)


@pytest.mark.parametrize("output", ["out/sh.exr", "sh.png", "cut.mov"])
def test_one_name_for_many_frames_is_no_folder(output: str) -> None:
    with pytest.raises(UsageError, match="one file, not one per frame"):
        Pattern.of(output, FORMATS["exr"], "sh", 4)


@pytest.mark.parametrize("output", ["out/{objekt}.%04d.exr", "{shot}_{object}.####.exr"])
def test_an_unknown_field_is_no_part_of_a_name(output: str) -> None:
    with pytest.raises(UsageError, match=re.escape("There are {object} and {version}")):
        Pattern.of(output, FORMATS["exr"], "sh", 4)


def test_folders_may_have_dots() -> None:
    assert Pattern.of("delivery/v1.2", FORMATS["exr"], "sh", 4).text == "delivery/v1.2/sh.%04d.exr"


@pytest.mark.parametrize(
    ("typed", "file"),
    [
        ("a#1/x.%04d.exr", "a#1/x.1001.exr"),
        ("100%d [x]/take#2@{object}.####.exr", "100%d [x]/take#2@hero.1001.exr"),
        ("a b/50%.####.exr", "a b/50%.1001.exr"),
        ("take#2", "take#2/sh.1001.exr"),
        ("job#/logo@2x", "job#/logo@2x/sh.1001.exr"),
        ("##/%04d/@@/x.%d.exr", "##/%04d/@@/x.1001.exr"),
    ],
)
def test_only_the_name_of_the_file_holds_the_number(typed: str, file: str) -> None:
    assert Pattern.of(typed, FORMATS["exr"], "sh", 4).path(1001, "hero") == Path(file)


@pytest.mark.parametrize("folder", ["%04d", "a.####", "{object}", "{version}", "x.exr", "[a]*?"])
def test_a_folder_given_as_such_means_itself(folder: str, tmp_path: Path) -> None:
    pattern = Pattern.of(tmp_path / folder, FORMATS["exr"], "{object}/{object}", 4, versioned=True)
    assert pattern.at(2).path(7, "hero") == tmp_path / folder / "v002/hero/hero.0007.exr"
    (tmp_path / folder / "v011" / "hero").mkdir(parents=True)
    assert pattern.latest() == 11


def test_a_folder_that_exists_is_meant(tmp_path: Path) -> None:
    (tmp_path / "old.####").mkdir()
    assert Pattern.of(f"{tmp_path}/old.####", FORMATS["exr"], "sh", 4).path(1) == tmp_path / "old.####/sh.0001.exr"
    with pytest.raises(UsageError, match="does not end in"):
        Pattern.of(f"{tmp_path}/new.####", FORMATS["exr"], "sh", 4)
