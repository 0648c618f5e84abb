"""What delivered files are called."""

from __future__ import annotations

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


@pytest.mark.parametrize("output", ["out/sh.exr", "sh.png", "cut.mov"])
def test_one_name_for_many_frames_is_no_folder(output: str) -> None:
    with pytest.raises(UsageError, match="one file, not one per frame"):
        Pattern.of(output, FORMATS["exr"], "sh", 4)


def test_folders_may_have_dots() -> None:
    assert Pattern.of("delivery/v1.2", FORMATS["exr"], "sh", 4).text == "delivery/v1.2/sh.%04d.exr"
