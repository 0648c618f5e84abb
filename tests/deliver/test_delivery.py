"""Delivery: names, layers, windows, and what happens to files that are there already."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import OpenImageIO as oiio  # noqa: N813 - the name that all its documentation uses
import pytest
from helpers.delivering import SECOND
from helpers.solving import box, shot, solver, write_plate
from wisp.cache import read_matte
from wisp.client.events import Event
from wisp.client.requests import Deliver
from wisp.deliver import Delivery, Style
from wisp.deliver import delivery as delivering
from wisp.deliver.job import deliver
from wisp.deliver.naming import FORMATS, Format, Pattern, VersionTakenError
from wisp.deliver.windows import to_data_window, visible
from wisp.errors import CancelledError, InputError, OutputError, UsageError
from wisp.heads.band import logits_of
from wisp.plates.exr import read_channels
from wisp.plates.plate import PlateHeader, Window
from wisp.shot import Shot
from wisp.solve import Solver


def pattern_of(text: str) -> Pattern:
    return Pattern.of(text, FORMATS["exr"], "sh", 4)


@pytest.mark.parametrize(
    ("text", "frame", "expected"),
    [
        ("out/%04d.exr", 7, "out/0007.exr"),
        ("out/####.exr", -7, "out/-007.exr"),
        ("out/%d.exr", 12345, "out/12345.exr"),
        ("o/{object}/{object}_##.exr", 1001, "o/hero/hero_1001.exr"),
    ],
)
def test_names(text: str, frame: int, expected: str) -> None:
    assert pattern_of(text).path(frame, "hero") == Path(expected)


def test_layers_are_in_every_frame_and_their_union_is_the_alpha(made, tmp_path: Path) -> None:
    assert Delivery(made, str(tmp_path / "out" / "sh.%04d.exr"), Style(layout="layers")).write() == 40
    for frame in (1001, 1012, 1040):  # the second object does not exist in the first and last of these
        channels, _ = read_channels(tmp_path / "out" / f"sh.{frame}.exr")
        assert set(channels) == {"A", "matte.hero", "matte.prop"}
        hero, prop = (read_matte(made.work(name).path(frame))[0] for name in ("hero", "prop"))
        np.testing.assert_array_equal(channels["matte.hero"].astype(np.float32), hero)
        np.testing.assert_allclose(channels["A"].astype(np.float32), 1 - (1 - hero) * (1 - prop), atol=1e-3)
    assert not channels["matte.prop"].any()


def test_png_has_sixteen_bits(made, tmp_path: Path) -> None:
    Delivery(made, str(tmp_path / "png"), Style(format="png"), objects=["hero"], frames=[1010]).write()
    stored = cv2.imread(str(tmp_path / "png" / "hero" / "hero.1010.png"), cv2.IMREAD_UNCHANGED)
    assert stored.dtype == np.uint16 and stored.ndim == 2
    alpha = read_matte(made.work("hero").path(1010))[0]
    assert np.abs(stored / 65535 - alpha).max() < 1 / 65535


def test_a_second_delivery_skips_what_is_there_and_refuses_to_replace_other_files(made, tmp_path: Path) -> None:
    out = str(tmp_path / "out")
    assert Delivery(made, out).write() == 80
    again = Delivery(made, out)
    assert (again.write(), again.skipped) == (0, 80)
    stranger = tmp_path / "out" / "hero" / "hero.1003.exr"
    stranger.write_bytes(b"somebody's work")
    with pytest.raises(OutputError, match=r"hero\.1003\.exr would be overwritten"):
        Delivery(made, out)
    assert stranger.read_bytes() == b"somebody's work"
    assert Delivery(made, out, overwrite=True).write() == 1


@pytest.mark.parametrize("kind", ["png", "tiff", "mov", "mkv", "webm"])
def test_every_format_goes_on_where_it_was_stopped_and_knows_what_was_changed_since(
    kind: Format, made, tmp_path: Path
) -> None:
    def delivery(shot: Solver, **more: Any) -> Delivery:
        return Delivery(shot, str(tmp_path / "out"), Style(format=kind), objects=["hero"], frames=[1010, 1011], **more)

    count = 1 if FORMATS[kind].movie else 2
    with pytest.raises(CancelledError, match="frame 1010"):
        delivery(made).write(should_stop=lambda: True)
    there = len(list((tmp_path / "out").rglob("*.*")))
    assert there == count - 1
    assert (delivery(made).write(), delivery(made).skipped) == (1, count)

    file = next((tmp_path / "out").rglob("*.*"))
    whole = file.read_bytes()
    for at in (len(whole) // 2, len(whole) - 3):  # in the pictures, and behind or within the ending
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises(OutputError, match="would be overwritten"):
            delivery(made)
    file.write_bytes(whole)
    changed = solver(shot(box(1001, x=7), others=[SECOND]), tmp_path)
    changed.run([1010, 1011])
    with pytest.raises(OutputError, match="would be overwritten"):
        delivery(changed)
    assert delivery(changed, overwrite=True).write() == count


@pytest.mark.parametrize("kind", ["png", "tiff"])
def test_readers_step_over_what_a_picture_says_of_itself(kind: Format, made, tmp_path: Path) -> None:
    Delivery(made, str(tmp_path), Style(layout="rgba", format=kind), objects=["hero"], frames=[1010]).write()
    (file,) = (tmp_path / "hero").iterdir()
    endings = file.read_bytes()[-200:]
    assert b"fingerprint" in endings
    by_opencv = cv2.imread(str(file), cv2.IMREAD_UNCHANGED)
    found = oiio.ImageInput.open(str(file))
    assert found.geterror() == "" and by_opencv.dtype == np.uint16
    pixels = found.read_image(oiio.UINT16)
    np.testing.assert_array_equal(pixels[..., 3], by_opencv[..., 3])


def test_frames_not_solved_are_named_before_anything_is_written(made, tmp_path: Path) -> None:
    changed = solver(shot(box(1001, x=7), others=[SECOND]), tmp_path)
    with pytest.raises(InputError, match="'hero' on 1001-1040"):
        Delivery(changed, str(tmp_path / "out")).write()
    assert not (tmp_path / "out").exists()


def test_two_objects_need_two_names(made, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="2 objects to the same files"):
        Delivery(made, str(tmp_path / "out.%04d.exr"))
    with pytest.raises(UsageError, match=r"does not end in \.png"):
        Delivery(made, str(tmp_path / "{object}.%04d.exr"), Style(format="png"))


def test_alpha_is_cut_or_continued_to_the_plates_data_window() -> None:
    alpha = np.arange(12, dtype=np.float32).reshape(3, 4)
    smaller = to_data_window(alpha, PlateHeader(Window(10, 20, 14, 23), Window(11, 21, 13, 23)))
    np.testing.assert_array_equal(smaller, [[5, 6], [9, 10]])
    larger = to_data_window(alpha, PlateHeader(Window(0, 0, 4, 3), Window(-1, -1, 5, 4)))
    assert larger.shape == (5, 6)
    np.testing.assert_array_equal(larger[1:4, 1:5], alpha)
    assert larger[0, 0] == 0 and larger[-1, -1] == 11 and larger[0, 3] == alpha[0, 2]


def test_colour_is_delivered_where_the_plate_was_seen() -> None:
    shown = Window(0, 0, 10, 8)
    assert visible(PlateHeader(shown, Window(-3, -3, 12, 5))) == Window(0, 0, 10, 5)
    assert visible(PlateHeader(shown, Window(20, 20, 30, 30))) == shown


def test_versions_count_up_and_are_never_replaced(made, tmp_path: Path) -> None:
    out = str(tmp_path / "out")
    first = Delivery(made, out, version="next", frames=[1001])
    assert (first.version, first.write()) == (1, 2)
    assert (tmp_path / "out" / "v001" / "hero" / "hero.1001.exr").exists()
    second = Delivery(made, out, version="next", frames=[1001])
    assert (second.version, second.write()) == (2, 2)
    again = Delivery(made, out, version=2, frames=[1001])
    assert (again.write(), again.skipped) == (0, 2), "a version that was interrupted goes on"
    changed = solver(shot(box(1001, x=7), others=[SECOND]), tmp_path)
    changed.run([1001])
    for overwrite in (False, True):
        with pytest.raises(OutputError, match="would be overwritten"):
            Delivery(changed, out, version=2, frames=[1001], overwrite=overwrite)


def test_two_that_deliver_the_next_version_at_once_get_one_each(made, tmp_path: Path) -> None:
    out = str(tmp_path / "out" / "{version}" / "{object}.%04d.exr")
    first, second = (Delivery(made, out, version="next", frames=[1001]) for _ in range(2))
    assert first.version == second.version == 1, "neither has written anything"
    first.write()
    with pytest.raises(VersionTakenError, match="makes version v001"):
        second.write()
    assert not list(tmp_path.rglob("*.making"))


def test_a_version_that_is_being_made_is_nobody_elses(made, tmp_path: Path) -> None:
    """While another process holds a number the next one is taken; one that was killed holds none."""
    pattern = Pattern.of(str(tmp_path / "{version}" / "{object}.%04d.exr"), FORMATS["exr"], "sh", 4)
    with pattern.claimed(1):
        asked = Deliver(output=pattern.text, version="next", frames="1001")
        assert deliver(made, asked).version == 2
        with pytest.raises(VersionTakenError), pattern.claimed(1):
            pass
    assert pattern.next_version() == 3
    held = pattern.claimed(3)
    held.__enter__()
    (mark,) = tmp_path.glob("*.making")
    process = subprocess.run(
        [sys.executable, "-c", "import wisp.atomic as a; print(a.signature())"], capture_output=True
    )
    mark.write_bytes(process.stdout.strip())
    with pattern.claimed(pattern.next_version()):
        assert pattern.next_version() == 4
    mark.write_bytes(process.stdout.strip())
    Delivery(made, str(tmp_path), version=2, frames=[1002]).write()
    assert not mark.exists(), "what a killed one has left is tidied up"
    held.__exit__(None, None, None)


def test_a_version_is_one_however_its_folder_is_typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").mkdir()
    monkeypatch.chdir(tmp_path / "a")
    whole = tmp_path / "a" / "out"
    typed = ["out", "out/{version}/{object}.%04d.exr", "../a/out", str(whole), whole]
    patterns = [Pattern.of(text, FORMATS["exr"], "{object}/{object}", 4, versioned=True) for text in typed]
    with patterns[0].claimed(1):
        assert [other.next_version() for other in patterns] == [2] * 5


@pytest.mark.parametrize("name", ["hero.%04d.exr", "hero.mov"])
def test_what_comes_while_a_delivery_runs_is_not_replaced(made, tmp_path: Path, name: str) -> None:
    place = tmp_path / name.replace("%04d", "1003")

    def listen(event: Event) -> None:
        place.write_bytes(b"somebody else's")

    style = Style(format="mov" if name.endswith("mov") else "exr")
    delivery = Delivery(made, str(tmp_path / name), style, objects=["hero"], frames=range(1001, 1005))
    with pytest.raises(OutputError, match="has come meanwhile"):
        delivery.write(listen)
    assert place.read_bytes() == b"somebody else's"
    assert not list(tmp_path.glob(".*.tmp"))


@pytest.mark.parametrize(
    "text",
    ["o/{version}/{object}.%04d.exr", "o/{object}/{object}_{version}.%04d.exr", "o/{object}/{version}/a.####.exr"],
)
def test_the_latest_version_is_found_wherever_it_stands(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert pattern_of(text).latest() == pattern_of(str(tmp_path / text)).latest() == 0
    for version, name in ((1, "hero"), (12, "prop"), (3, "hero")):
        path = pattern_of(text).at(version).path(1001, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    assert pattern_of(text).latest() == pattern_of(str(tmp_path / text)).latest() == 12


def test_overlapping_objects_share_a_pixel(made, tmp_path: Path) -> None:
    style = Style(layout="layers", exclusive=True)
    Delivery(made, str(tmp_path / "sh.%04d.exr"), style, frames=[1012]).write()
    channels, _ = read_channels(tmp_path / "sh.1012.exr")
    own = {name: read_matte(made.work(name).path(1012))[0] for name in ("hero", "prop")}
    assert (own["hero"] + own["prop"]).max() > 1, "else this shows nothing"
    total = channels["matte.hero"].astype(np.float64) + channels["matte.prop"]
    assert total.max() <= 1
    np.testing.assert_allclose(channels["A"], np.minimum(own["hero"] + own["prop"], 1), atol=2e-3)
    # An object that is delivered alone gives way as much as among the others.
    Delivery(made, str(tmp_path / "a.%04d.exr"), Style(exclusive=True), frames=[1012], objects=["prop"]).write()
    np.testing.assert_array_equal(read_channels(tmp_path / "a.1012.exr")[0]["A"], channels["matte.prop"])


def test_confidence_is_of_every_pixel_of_the_alpha_beside_it(made, tmp_path: Path) -> None:
    style = Style(layout="layers", format="exr32", confidence=True)
    Delivery(made, str(tmp_path / "sh.%04d.exr"), style, frames=[1001, 1012]).write()
    for frame in (1001, 1012):
        channels, _ = read_channels(tmp_path / f"sh.{frame}.exr")
        assert set(channels) == {"A", "matte.hero", "matte.prop", "conf.hero", "conf.prop"}
        work = made.work("hero")
        alpha, stamp = read_matte(work.path(frame))
        confidence = channels["conf.hero"]
        np.testing.assert_array_equal(confidence, work.confidence(frame, alpha, stamp))
        assert confidence.min() > 0 and confidence.max() <= 1
    Delivery(made, str(tmp_path / "plain.%04d.exr"), Style(layout="layers", format="exr32"), frames=[1012]).write()
    plain, _ = read_channels(tmp_path / "plain.1012.exr")
    for name, plane in plain.items():
        np.testing.assert_array_equal(plane, channels[name])


@pytest.mark.parametrize("fault", ["gone", "damaged"])
@pytest.mark.parametrize("style", [Style(exclusive=True), Style(layout="crypto"), Style(confidence=True)])
def test_what_masks_tell_is_the_same_where_they_are_gone_from_the_cache(
    brief: Solver, tmp_path: Path, style: Style, fault: str
) -> None:
    name = "{object}.%04d.exr" if not style.shared else "sh.%04d.exr"
    Delivery(brief, str(tmp_path / "before" / name), style, frames=[1012]).write()
    masks = sorted(tmp_path.glob("cache/*/masks/*.npz"))
    assert masks
    for path in masks:
        path.write_bytes(path.read_bytes()[:40]) if fault == "damaged" else path.unlink()
    again = solver(brief.shot, tmp_path)
    Delivery(again, str(tmp_path / "after" / name), style, frames=[1012]).write()
    files = sorted((tmp_path / "before").iterdir())
    assert files
    for path in files:
        before, after = (read_channels(folder / path.name)[0] for folder in (path.parent, tmp_path / "after"))
        assert before.keys() == after.keys()
        for channel, values in before.items():
            np.testing.assert_array_equal(values, after[channel])


def test_confidence_is_the_same_of_a_shot_that_was_opened_anew(made, tmp_path: Path) -> None:
    style = Style(confidence=True)
    Delivery(made, str(tmp_path / "one.%04d.exr"), style, frames=[1010, 1011], objects=["hero"]).write()
    again = solver(made.shot, tmp_path)
    Delivery(again, str(tmp_path / "two.%04d.exr"), style, frames=[1011], objects=["hero"]).write()
    one, two = (read_channels(tmp_path / name)[0] for name in ("one.1011.exr", "two.1011.exr"))
    assert one.keys() == two.keys() and all((one[name] == two[name]).all() for name in one)
    assert Delivery(again, str(tmp_path / "one.%04d.exr"), style, frames=[1010], objects=["hero"]).skipped == 1


def test_chunks_agree_on_confidence_where_they_meet(made, tmp_path: Path) -> None:
    """Frames that are matted alone, or in one of two chunks that never saw each other, are believed as in one go."""
    style = Style(layout="layers", format="exr32", confidence=True)
    meeting = (1011, 1012)

    def delivered(name: str, chunks: list[list[int]]) -> dict[int, dict[str, np.ndarray]]:
        for number, chunk in enumerate(chunks):
            part = solver(made.shot, tmp_path, tmp_path / f"{name}-{number}")
            part.run(chunk)
            wanted = [frame for frame in meeting if frame in chunk]
            Delivery(part, str(tmp_path / f"{name}.%04d.exr"), style, frames=wanted).write()
        return {frame: read_channels(tmp_path / f"{name}.{frame}.exr")[0] for frame in meeting}

    whole = delivered("whole", [list(range(1008, 1016))])
    for name, chunks in (("two", [[*range(1008, 1012)], [*range(1012, 1016)]]), ("alone", [[1012], [1011]])):
        found = delivered(name, chunks)
        for frame in meeting:
            for channel in ("conf.hero", "conf.prop", "matte.hero"):
                np.testing.assert_array_equal(found[frame][channel], whole[frame][channel], f"{name} {frame} {channel}")
    assert np.ptp(whole[1012]["conf.hero"]) > 0


def test_where_nothing_is_to_be_seen_or_known_confidence_says_so(made, tmp_path: Path) -> None:
    work = made.work("prop")  # it ends on 1030
    alpha, stamp = read_matte(work.path(1035))
    assert (work.confidence(1035, alpha, stamp) == 1).all(), "it is not there, and that is sure"
    assert (work.confidence(1035, alpha, None) == 0).all(), "without a matte nothing is"
    lost = replace(stamp, track_state="lost", confidence=0.25)
    alpha, _ = read_matte(work.path(1012))
    assert work.confidence(1012, alpha, lost).max() <= 0.25


def test_confidence_of_a_mask_that_is_not_kept_goes_by_alpha(made) -> None:
    work = made.work("hero")
    alpha, stamp = read_matte(work.path(1012))
    for path in work._shelf.folder.glob("masks/*"):
        path.unlink()
    found = work.confidence(1012, alpha, stamp)
    assert found.shape == alpha.shape and found.min() > 0 and found.max() <= 1


def test_a_style_of_things_that_do_not_go_together_is_refused() -> None:
    for wrong in (
        {"layout": "layers", "format": "png"},
        {"layout": "crypto", "format": "mov"},
        {"layout": "rgba", "format": "png", "premultiply": True},
        {"confidence": True, "format": "tiff"},
    ):
        with pytest.raises(UsageError, match=r"EXR|PNG|named layers"):
            Style(**wrong)


def test_a_delivery_that_cannot_be_written_leaves_nothing_behind(made, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="Cannot write"):
        Delivery(made, str(tmp_path / "file" / "out"), frames=[1001]).write()
    assert sorted(path.name for path in tmp_path.glob("file*")) == ["file"]


@pytest.mark.parametrize("overwrite", [False, True])
def test_the_plate_and_the_masks_are_no_output(tmp_path: Path, overwrite: bool) -> None:
    write_plate(tmp_path / "plates", last=1002)
    mask = tmp_path / "plates" / "roto.1001.png"
    cv2.imwrite(str(mask), np.full((16, 24), 255, np.uint8))
    drawn = {"frame": 1001, "kind": "mask", "path": "plates/roto.1001.png"}
    made = solver(shot(drawn, plate={"path": "plates/plate.%04d.exr", "last": 1002}), tmp_path)
    made.run()
    before = {path: path.read_bytes() for path in (tmp_path / "plates").iterdir()}
    (tmp_path / "link").symlink_to(tmp_path / "plates")
    for output, style in (
        ("plates/plate.%04d.exr", "exr"),
        ("link/plate.####.exr", "exr"),
        ("link/roto.%04d.png", "png"),
    ):
        with pytest.raises(OutputError, match="never replaced"):
            Delivery(made, str(tmp_path / output), Style(format=style), overwrite=overwrite)
    assert {path: path.read_bytes() for path in (tmp_path / "plates").iterdir()} == before


def test_what_a_file_shows_beside_its_alpha_decides_whether_it_is_there(
    made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def delivery(shot: Shot, style: Style) -> Delivery:
        return Delivery(made.of(shot), str(tmp_path / style.layout), style, frames=[1001, 1002], overwrite=True)

    crypto, rgba = Style(layout="crypto"), Style(layout="rgba")
    painted = made.shot.model_copy(deep=True)
    painted.objects[0].color = "#123456"
    for style in (crypto, rgba):
        count = delivery(made.shot, style).write()
        assert count and delivery(made.shot, style).skipped == count
    assert delivery(painted, crypto).skipped == 0 and delivery(painted, rgba).skipped == 4
    monkeypatch.setattr(delivering, "FOREGROUND_SCHEMA", 10**6)
    assert delivery(made.shot, rgba).skipped == 0


def test_approval_makes_an_object_no_less_sure_where_others_overlap_it(
    made, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    approved = made.shot.model_copy(deep=True)
    approved.object_named("prop").locks = [(1012, 1014)]
    locked = made.of(approved)
    locked.run()
    alpha = read_matte(locked.work("prop").matte(1012))[0]
    np.testing.assert_array_equal(locked.work("prop").sureness(1012, alpha), logits_of(alpha > 0.5))
    np.testing.assert_array_equal(made.work("prop").sureness(1011, alpha), made.work("prop").plate_mask(1011))
    assert "damaged" not in caplog.text
