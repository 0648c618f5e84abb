"""What a delivered EXR keeps of the plate's header, read by a second library, for every readable awkward file."""

from __future__ import annotations

import json
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
from wisp.shot import parse
from wisp.solve import Solver
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
        try:
            plate = open_plate(path)
            plate.read(plate.frames[0])
        except WispError:
            continue  # deep, damaged or without a picture: no plate
        if source is not None and plate.width * plate.height < 600_000:
            found.append(path)
    return found


def deliver(path: Path, folder: Path, layout: Layout) -> Path:
    folder.mkdir(parents=True)
    shutil.copy(path, folder / "plate.0007.exr")
    plate = open_plate(folder / "plate.%04d.exr")
    centre = {"frame": 7, "kind": "point", "xy": [plate.width / 2, plate.height / 2]}
    described = {"path": "plate.%04d.exr", "first": 7, "last": 7, "width": plate.width, "height": plate.height}
    objects = [{"id": 1, "name": "hero", "prompts": [centre]}]
    solver = Solver(parse({"wisp": 1, "plate": described, "objects": objects}), folder, folder / "cache", RunOptions())
    solver.run()
    Delivery(solver, str(folder / "out.####.exr"), Style(layout=layout)).write()
    return folder / "out.0007.exr"


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
    assert json.dumps(windows)
