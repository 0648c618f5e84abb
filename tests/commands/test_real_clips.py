"""The whole way on real clips: numbers, windows, metadata, float precision, and the error against truth."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from wisp import shot as documents
from wisp.cli import main
from wisp.metrics import jaccard, mad
from wisp.plates import open_plate
from wisp.plates.colour import srgb_decode
from wisp.plates.exr import read_channels, read_header
from wisp.plates.exr_writer import write_exr
from wisp.plates.plate import Window

pytestmark = pytest.mark.slow

#: Linear Rec.709 to ACEScg (AP1), Bradford-adapted D65 to ACES white; rows sum to one (ACES TB-2014-004 primaries).
REC709_TO_AP1 = np.array(
    [[0.613097, 0.339523, 0.047379], [0.070194, 0.916354, 0.013452], [0.020616, 0.109570, 0.869815]]
)


def alpha_of(path: Path) -> NDArray[np.float32]:
    return open_plate(path).read(open_plate(path).frames[0]).rgb[..., 0]


def truth_of(clip: Path, frame: int) -> NDArray[np.float32]:
    return cv2.imread(str(clip / "alpha" / f"{frame:05d}.png"), cv2.IMREAD_UNCHANGED).astype(np.float32) / 65535


def copy_frames(source: Path, target: Path, count: int) -> Path:
    target.mkdir(parents=True)
    for path in sorted(source.iterdir())[:count]:
        shutil.copy(path, target / path.name)
    return target


def test_hair_from_its_first_mask_comes_close_to_the_truth(shared: Path, tmp_path: Path) -> None:
    clip = shared / "data" / "clips" / "made_hair_small"
    frames = copy_frames(clip / "frames", tmp_path / "frames", 8)
    out = tmp_path / "out"
    assert main(["matte", str(frames), "-o", str(out), "--mask", f"0:{clip / 'first_mask.png'}", "-q"]) == 0
    errors, binary = [], []
    for frame in range(8):
        alpha = alpha_of(out / "object1" / f"object1.{frame:05d}.exr")
        truth = truth_of(clip, frame)
        errors.append(mad(alpha, truth))
        binary.append(jaccard(alpha, truth))
    assert np.mean(binary) > 0.75
    assert np.mean(errors) < 90
    assert errors[0] < 25
    assert len(np.unique(alpha)) > 1000, "alpha must be float from the head to the file, not 8 bits"


def acescg_sequence(clip: Path, folder: Path) -> Window:
    """The clip's beginning as scene-linear ACEScg EXR at 1001-1004, its picture in a larger, shifted display window."""
    display, data = Window(100, 50, 840, 470), Window(150, 80, 790, 440)
    for frame in range(4):
        encoded = cv2.imread(str(clip / "frames" / f"{frame:05d}.png"))[..., ::-1].astype(np.float32) / 255
        rgb = srgb_decode(encoded) @ REC709_TO_AP1.T.astype(np.float32)
        write_exr(
            folder / f"sh010_v002.{1001 + frame:04d}.exr",
            {name: rgb[..., index] for index, name in enumerate("RGB")},
            display=display,
            data=data,
            pixel_aspect=1.0,
            compression="zip",
            attributes={
                "framesPerSecond": 24.0,
                "timeCode": f"01:00:00:{frame:02d}",
                "owner": "the camera department",
            },
        )
    return data


def test_an_acescg_sequence_keeps_numbers_windows_and_metadata(shared: Path, tmp_path: Path) -> None:
    clip = shared / "data" / "clips" / "made_hair_small"
    data = acescg_sequence(clip, tmp_path / "plates")
    mask = np.zeros((420, 740), np.uint8)
    mask[30:390, 50:690] = cv2.imread(str(clip / "first_mask.png"), cv2.IMREAD_GRAYSCALE)
    cv2.imwrite(str(tmp_path / "roto.1001.png"), mask)
    out = tmp_path / "out"
    plate = tmp_path / "plates" / "sh010_v002.%04d.exr"
    command = ["matte", str(plate), "-o", str(out), "--object", "hero", "--mask", f"1001:{tmp_path / 'roto.1001.png'}"]
    assert main([*command, "--colorspace", "ACEScg", "-q"]) == 0
    assert sorted(path.name for path in (out / "hero").iterdir()) == [f"hero.{n}.exr" for n in range(1001, 1005)]
    header = read_header(out / "hero" / "hero.1003.exr")
    assert (header.display, header.data) == (Window(100, 50, 840, 470), data)
    assert header.fps == 24 and header.timecode == "01:00:00:02"
    assert header.attributes["owner"] == "the camera department"
    assert header.attributes["wisp/model"] == "flow + embedded"
    channels, _ = read_channels(out / "hero" / "hero.1001.exr")
    assert channels["R"].dtype == np.float16 and channels["R"].shape == (360, 640)
    assert mad(channels["R"].astype(np.float32), truth_of(clip, 0)) < 35
    shot = documents.load(out / "sh010_v002.wisp")
    assert (shot.plate.colorspace, shot.plate.first, shot.plate.last) == ("ACEScg", 1001, 1004)

    # What a model sees of ACEScg is what it sees of the sRGB pictures that it was made from.
    layers = tmp_path / "layers" / "sh010.%04d.exr"
    assert main(["deliver", str(out / "sh010_v002.wisp"), "-o", str(layers), "--layout", "layers", "-q"]) == 0
    channels, header = read_channels(tmp_path / "layers" / "sh010.1004.exr")
    assert set(channels) == {"A", "matte.hero"} and header.data == data
    np.testing.assert_array_equal(channels["A"], channels["matte.hero"])


def test_a_dog_is_followed_from_a_box(shared: Path, tmp_path: Path) -> None:
    clip = shared / "data" / "clips" / "davis_dog"
    frames = copy_frames(clip / "frames", tmp_path / "frames", 8)
    x0, y0, x1, y1 = json.loads((clip / "clip.json").read_text())["prompts"][0]["box_xyxy"]
    out = tmp_path / "out"
    assert main(["matte", str(frames), "-o", str(out), "--box", f"0:{x0},{y0},{x1},{y1}", "-q"]) == 0
    scores = []
    for frame in range(8):
        truth = cv2.imread(str(clip / "masks" / f"{frame:05d}.png"), cv2.IMREAD_GRAYSCALE) / 255
        scores.append(jaccard(alpha_of(out / "object1" / f"object1.{frame:05d}.exr"), truth))
    assert np.mean(scores) > 0.7, scores


def test_two_children_are_two_objects_in_one_pass(shared: Path, tmp_path: Path) -> None:
    clip = shared / "data" / "clips" / "bedroom"
    frames = copy_frames(clip / "frames", tmp_path / "frames", 4)
    command = ["matte", str(frames), "-o", str(tmp_path / "out"), "-q"]
    for item in json.loads((clip / "clip.json").read_text())["prompts"]:
        command += ["--object", item["label"], "--box", "0:" + ",".join(map(str, item["box_xyxy"]))]
    assert main(command) == 0
    girl, boy = (alpha_of(tmp_path / "out" / name / f"{name}.00003.exr") for name in ("girl", "boy"))
    assert girl.mean() > 0.02 and boy.mean() > 0.02
    assert np.minimum(girl, boy).mean() < 0.1 * min(girl.mean(), boy.mean()), "the two must not be the same thing"


def test_a_movie_counts_from_one_and_may_be_renumbered(shared: Path, tmp_path: Path) -> None:
    pytest.importorskip("av", reason="movies need the extra [movies]")
    movie = shared / "data" / "clips" / "juggle_mp4" / "clip.mp4"
    x0, y0, x1, y1 = json.loads((movie.parent / "clip.json").read_text())["prompts"][0]["box_xyxy"]
    out = tmp_path / "out"
    command = ["matte", str(movie), "-o", str(out), "--first", "1001", "--frames", "1005-1007", "-q"]
    assert main([*command, "--object", "juggler", "--box", f"1005:{x0},{y0},{x1},{y1}"]) == 0
    assert sorted(path.name for path in (out / "juggler").iterdir()) == [f"juggler.{n}.exr" for n in (1005, 1006, 1007)]
    header = read_header(out / "juggler" / "juggler.1006.exr")
    assert (header.display.width, header.display.height) == (1280, 720) and header.fps
