"""What a delivered EXR keeps of the plate's header, read by a second library, for every readable awkward file."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import OpenImageIO as oiio  # noqa: N813
import pytest
from helpers.delivering import stand_ins
from wisp.deliver import Delivery, Layout, Style
from wisp.errors import WispError
from wisp.plates import open_plate
from wisp.plates.exr_writer import write_exr
from wisp.plates.plate import Window
from wisp.shot import parse
from wisp.solve import Solver, solver_of
from wisp.weights.options import RunOptions

#: What the writer makes itself, and what is about the pixels that were in the plate's file.
OWN = {"compression", "compressionlevel", "lineOrder", "name", "textureformat", "wrapmodes", "type", "version"}
OF_COLOUR = {"chromaticities", "whiteLuminance", "adoptedNeutral"}
SKIPPED_PREFIXES = ("openexr:", "oiio:", "wisp/", "tile", "Exif", "cryptomatte/")


def header(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Windows and aspect, and all other attributes, as OpenImageIO reads them."""
    source = oiio.ImageInput.open(str(path))
    assert source is not None, f"{path}: {oiio.geterror()}"
    spec = source.spec()
    windows = {
        "display": (spec.full_x, spec.full_y, spec.full_width, spec.full_height),
        "data": (spec.x, spec.y, spec.width, spec.height),
        "aspect": spec.get_float_attribute("PixelAspectRatio", 1.0),
    }
    return windows, {item.name: item.value for item in spec.extra_attribs}


def readable(shared: Path) -> list[Path]:
    found = []
    for path in sorted((shared / "data" / "exr" / "valid").glob("*.exr")):
        source = oiio.ImageInput.open(str(path))
        if source is None:
            oiio.geterror()  # fetched, so that it is not printed at exit
            continue
        try:
            plate = open_plate(path)
            plate.read(plate.frames[0])
        except WispError:
            continue  # deep, damaged or without a picture: no plate
        if plate.width * plate.height < 600_000:
            found.append(path)
    return found


def solved(folder: Path, frames: range) -> Solver:
    """A solver of the plate `folder/plate.%04d.exr` with one object in the middle, all solved."""
    plate = open_plate(folder / "plate.%04d.exr")
    centre = {"frame": frames[0], "kind": "point", "xy": [plate.width / 2, plate.height / 2]}
    size = {"width": plate.width, "height": plate.height}
    described = {"path": "plate.%04d.exr", "first": frames[0], "last": frames[-1], **size}
    objects = [{"id": 1, "name": "hero", "prompts": [centre]}]
    made = solver_of(parse({"wisp": 1, "plate": described, "objects": objects}), folder, folder / "cache", RunOptions())
    made.run()
    return made


def deliver(path: Path, folder: Path, layout: Layout) -> Path:
    folder.mkdir(parents=True)
    shutil.copy(path, folder / "plate.0007.exr")
    Delivery(solved(folder, range(7, 8)), str(folder / "out.####.exr"), Style(layout=layout)).write()
    return folder / "out.0007.exr"


@pytest.mark.slow
def test_headers_of_the_awkward_files(shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_ins(monkeypatch)
    paths = readable(shared)
    assert len(paths) >= 15
    for path in paths:
        windows, attributes = header(path)
        for layout in ("layers", "rgba"):
            after, kept = header(deliver(path, tmp_path / path.stem / layout, layout))
            assert after["display"] == windows["display"], path
            assert after["aspect"] == pytest.approx(windows["aspect"]), path
            if layout == "layers":
                assert after["data"] == windows["data"], path
            for name, value in attributes.items():
                if name in OWN or name.startswith(SKIPPED_PREFIXES) or (layout == "layers" and name in OF_COLOUR):
                    continue
                assert name in kept, f"{path}: {name} is lost"
                assert np.array_equal(np.asarray(kept[name]), np.asarray(value)), f"{path}: {name} changed"


def test_the_set_has_the_windows_that_matter(shared: Path) -> None:
    """Else the test above proves little."""
    windows = [header(path)[0] for path in readable(shared)]
    assert any(item["data"] != item["display"] for item in windows)
    assert any(item["aspect"] != 1 for item in windows)
    assert any(min(item["data"][:2]) < 0 for item in windows)


@pytest.mark.parametrize("layout", ["alpha", "layers", "rgba", "crypto"])
def test_time_code_rate_and_numbers_are_the_plates(
    layout: Layout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_ins(monkeypatch)
    frames = range(998, 1002)
    for number in frames:
        write_exr(
            tmp_path / f"plate.{number:04d}.exr",
            dict.fromkeys("RGB", np.full((8, 12), 0.5, np.float16)),
            display=Window(0, 0, 12, 8),
            pixel_aspect=2.0,
            attributes={
                "framesPerSecond": 23.976,
                "timeCode": f"01:02:03:{number - 990:02d}",
                "reelName": f"A{number}",
            },
        )
    Delivery(solved(tmp_path, frames), str(tmp_path / "out" / "sh.%04d.exr"), Style(layout=layout)).write()
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [f"sh.{n:04d}.exr" for n in frames]
    for number in frames:
        before, after = (header(tmp_path / name) for name in (f"plate.{number:04d}.exr", f"out/sh.{number:04d}.exr"))
        assert after[0] == before[0]
        for name in ("framesPerSecond", "smpte:TimeCode", "reelName"):
            assert name in before[1] and np.array_equal(after[1][name], before[1][name]), name
