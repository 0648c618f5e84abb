"""Reading and writing: nothing is lost, what is wrong is named, and a diff is readable."""

from __future__ import annotations

import difflib
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wisp.errors import InputError, OutputError, UsageError
from wisp.shot import (
    Box,
    DeliverSpec,
    Edge,
    MaskPrompt,
    ObjectSpec,
    PlateSpec,
    Point,
    Shot,
    SolveSpec,
    Stroke,
    Text,
    Unknown,
    dump,
    editing,
    load,
    parse,
    save,
)

FROZEN = Path(__file__).parent.parent / "data" / "shot-v1.wisp"

FIRST, LAST, WIDTH, HEIGHT = 990, 1200, 1920, 1080
frames = st.integers(FIRST, LAST)
inside_x, inside_y = st.floats(0, WIDTH), st.floats(0, HEIGHT)
anywhere = st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
words = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=30)
names = st.from_regex(r"obj[A-Za-z0-9ä_\-]{0,12}", fullmatch=True)


@st.composite
def boxes(draw: st.DrawFn) -> Box:
    x0, y0 = draw(st.floats(-1e6, WIDTH - 1)), draw(st.floats(-1e6, HEIGHT - 1))
    x1, y1 = draw(st.floats(max(x0, 0) + 0.5, 1e6)), draw(st.floats(max(y0, 0) + 0.5, 1e6))
    return Box(frame=draw(frames), xyxy=(x0, y0, x1, y1))


@st.composite
def strokes(draw: st.DrawFn) -> Stroke:
    line = [draw(st.tuples(inside_x, inside_y)), *draw(st.lists(anywhere, max_size=8))]
    return Stroke(frame=draw(frames), xy=line, radius=draw(st.floats(1e-3, 500)), include=draw(st.booleans()))


prompts = st.one_of(
    st.builds(Point, frame=frames, xy=st.tuples(inside_x, inside_y), include=st.booleans()),
    boxes(),
    strokes(),
    st.builds(MaskPrompt, frame=frames, path=words),
    st.builds(Text, frame=frames, text=words),
)
edges = st.builds(
    Edge,
    grow=st.floats(-50, 50),
    soften=st.floats(0, 50),
    black=st.floats(0, 0.49),
    white=st.floats(0.5, 1),
    gamma=st.floats(0.01, 10),
    fill_holes=st.floats(0, 500),
    remove_specks=st.floats(0, 500),
    frame_edge=st.integers(0, 100),
    stabilise=st.floats(0, 1),
)
spans = st.tuples(frames, frames).map(lambda pair: (min(pair), max(pair)))
approvals = st.tuples(spans, st.from_regex(r"[0-9a-z]{1,32}", fullmatch=True)).map(lambda one: (*one[0], one[1]))


@st.composite
def shots(draw: st.DrawFn) -> Shot:
    objects = []
    for number, name in enumerate(draw(st.lists(names, max_size=4, unique_by=str.casefold)), 1):
        life = draw(st.none() | spans)
        objects.append(
            ObjectSpec(
                id=number * draw(st.integers(1, 3)) + 10 * number,
                name=name,
                color=draw(st.from_regex(r"#[0-9a-fA-F]{6}", fullmatch=True)),
                enabled=draw(st.booleans()),
                first=life and life[0],
                last=life and life[1],
                prompts=draw(st.lists(prompts, max_size=6)),
                locks=draw(st.lists(spans, max_size=3)),
                approvals=draw(st.lists(approvals, max_size=3)),
                edge=draw(edges),
                garbage=draw(st.none() | words),
                core=draw(st.none() | words),
            )
        )
    plate = PlateSpec(
        path=draw(words),
        first=FIRST,
        last=LAST,
        offset=draw(st.integers(-5000, 5000)),
        width=WIDTH,
        height=HEIGHT,
        pixel_aspect=draw(st.floats(0.1, 4)),
        colorspace=draw(st.none() | words),
        view=draw(st.none() | words),
        exposure=draw(st.floats(-20, 20)),
        layer=draw(st.none() | words),
        missing=draw(st.sampled_from(["error", "hold", "black", "skip"])),
    )
    how = {"seed": draw(st.integers(0, 2**63 - 1)), "uncover": draw(st.booleans())}
    solve = SolveSpec(tracker=draw(words), head=draw(words), **how)
    return Shot(plate=plate, objects=objects, solve=solve, deliver=DeliverSpec(premultiply=draw(st.booleans())))


@settings(deadline=None, max_examples=60)
@given(shots())
def test_any_shot_comes_back_the_same(shot: Shot) -> None:
    text = dump(shot)
    back = parse(json.loads(text))
    assert back == shot
    assert dump(back) == text


@given(inside_x, inside_y)
def test_coordinates_are_exact_to_the_last_bit(x: float, y: float) -> None:
    shot = Shot(plate=PlateSpec(path="a", first=1, last=1, width=WIDTH, height=HEIGHT))
    shot.add_object().prompts.append(Point(frame=1, xy=(x, y)))
    point = parse(json.loads(dump(shot))).objects[0].prompts[0]
    assert isinstance(point, Point)
    assert [value.hex() for value in point.xy] == [x.hex(), y.hex()]


def test_the_frozen_sample_of_version_1_means_what_it_meant() -> None:
    shot = load(FROZEN)
    assert shot.wisp == 1
    assert shot.plate == PlateSpec(
        path="plates/sh010.%04d.exr",
        first=1001,
        last=1100,
        offset=1000,
        width=2048,
        height=1152,
        pixel_aspect=2.0,
        colorspace="ACEScg",
        view="ACES 1.0 - SDR Video",
        ocio="studio-config-v4.0.0_aces-v2.0_ocio-v2.5",
        exposure=-0.5,
        layer="left.beauty",
        missing="hold",
        clean="plates/sh010_clean.exr",
        second="plates/sh010_white.%04d.exr",
        second_clean="plates/sh010_white_clean.exr",
    )
    hero, runner = shot.objects
    assert (hero.id, hero.name, hero.color, hero.enabled, hero.first, hero.last) == (
        1,
        "hero",
        "#33c26b",
        True,
        None,
        None,
    )
    assert hero.prompts == [
        Box(frame=1001, xyxy=(100.0, 50.5, 900.25, 1152.0)),
        Point(frame=1001, xy=(512.3333333333334, 300.1), include=True),
        Point(frame=1040, xy=(0.1, 1e-07), include=False),
        Stroke(frame=1040, xy=[(10.0, 20.0), (30.5, 40.25), (-4.0, 60.0)], radius=9.5, include=False, softness=0.5),
        Unknown(frame=1040, xy=[(11.5, 20.0), (31.0, 44.25)], radius=18.5),
        MaskPrompt(frame=1080, path="roto/hero.1080.exr"),
        Text(frame=1001, text="die Läuferin im roten Kleid"),
    ]
    assert hero.keyframes == (1001, 1040, 1080)
    assert hero.locks == [(1030, 1034), (1050, 1050)]
    assert hero.approvals == [(1030, 1034, "4e07f3a91c2b5d60")]
    levels = {"grow": -1.5, "soften": 2.0, "black": 0.05, "white": 0.95, "gamma": 1.2}
    assert hero.edge == Edge(**levels, fill_holes=12.0, remove_specks=8.5, frame_edge=3, stabilise=0.75)
    assert (hero.garbage, hero.core) == ("roto/hero_out.%04d.exr", "roto/hero_in.%04d.exr")
    assert (runner.id, runner.name, runner.color, runner.enabled, runner.first, runner.last) == (
        7,
        "Läuferin-2",
        "#e8543f",
        False,
        1010,
        1090,
    )
    assert (runner.prompts, runner.locks, runner.edge) == ([], [], Edge())
    assert shot.solve == SolveSpec(tracker="sam2", head="progressive", uncover=True, precision="fp32", seed=42)
    assert shot.deliver == DeliverSpec(layout="layers", compression="zip", premultiply=True, exclusive=True)


def test_a_sample_without_the_later_keys_loads_with_what_changes_nothing() -> None:
    shot = load(FROZEN.with_name("shot-v1-before-finish.wisp"))
    hero = shot.objects[0]
    assert hero.edge == Edge(grow=-1.5, soften=2.0, black=0.05, white=0.95, gamma=1.2)
    assert (hero.edge.fill_holes, hero.edge.remove_specks, hero.edge.frame_edge, hero.edge.stabilise) == (0, 0, 0, 0)
    assert (hero.garbage, hero.core, shot.deliver.exclusive) == (None, None, False)


def test_the_frozen_sample_is_written_as_it_is() -> None:
    """Byte for byte, so that opening and saving an old document makes no diff."""
    assert dump(load(FROZEN)).encode() == FROZEN.read_bytes()


def test_one_added_prompt_is_one_changed_line_and_one_setting_too() -> None:
    shot = load(FROZEN)
    before = dump(shot)
    shot.objects[0].prompts.insert(1, Point(frame=1002, xy=(5.0, 6.0)))
    shot.plate.exposure = 1.0
    changes = [
        line
        for line in difflib.unified_diff(before.splitlines(), dump(shot).splitlines(), n=0, lineterm="")
        if line[0] in "+-" and line[:3] not in ("+++", "---")
    ]
    assert changes == [
        '-    "exposure": -0.5,',
        '+    "exposure": 1.0,',
        '+        {"frame": 1002, "kind": "point", "xy": [5.0, 6.0], "include": true},',
    ]


def test_saved_files_have_plain_line_ends_and_leave_nothing_beside_them(tmp_path: Path) -> None:
    place = tmp_path / "new" / "sh010.wisp"
    save(load(FROZEN), place)
    assert place.read_bytes() == FROZEN.read_bytes()
    assert [path.name for path in place.parent.iterdir()] == ["sh010.wisp"]


def test_an_invalid_shot_is_not_saved_and_the_old_file_stays(tmp_path: Path) -> None:
    place = tmp_path / "sh010.wisp"
    save(load(FROZEN), place)
    shot = load(place)
    shot.plate.last = 1050
    with pytest.raises(UsageError, match="frame 1080, outside the plate's 1001-1050"):
        save(shot, place)
    assert place.read_bytes() == FROZEN.read_bytes()


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match=r"file.sh010\.wisp"):
        save(load(FROZEN), tmp_path / "file" / "sh010.wisp")


def test_a_lock_that_a_full_disk_cut_short_holds_nobody_up(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource", reason="POSIX has limits of files")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, limits[1]))
        with editing(tmp_path / "a.wisp"):
            pass
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert list(tmp_path.iterdir()) == []


def test_an_edit_may_lie_within_another_of_its_own(tmp_path: Path) -> None:
    with editing(tmp_path / "a.wisp"):
        with editing(tmp_path / "a.wisp"):
            assert len(list(tmp_path.iterdir())) == 1
        assert len(list(tmp_path.iterdir())) == 1, "the outer one still holds it"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name != "posix", reason="elsewhere a process's end is not asked for, and it is waited 10 s")
def test_the_lock_of_a_killed_editor_holds_nobody_up(tmp_path: Path) -> None:
    place = tmp_path / "a.wisp"
    killed = (
        "import os, sys; from wisp.shot.document import editing as e; b = e(sys.argv[1]); b.__enter__(); os._exit(9)"
    )
    assert subprocess.run([sys.executable, "-c", killed, str(place)]).returncode == 9
    assert len(list(tmp_path.iterdir())) == 1
    begun = time.monotonic()
    with editing(place):
        assert time.monotonic() - begun < 5
    assert list(tmp_path.iterdir()) == []


def test_the_next_save_deletes_what_a_killed_one_left(tmp_path: Path) -> None:
    killed = """
import os, sys
from pathlib import Path
from wisp.atomic import replacing
replacing(Path(sys.argv[1])).__enter__().write_text("half")
os._exit(9)
"""
    subprocess.run([sys.executable, "-c", killed, str(tmp_path / "a.wisp")], check=False)
    assert len(list(tmp_path.iterdir())) == 1
    save(load(FROZEN), tmp_path / "a.wisp")
    assert [path.name for path in tmp_path.iterdir()] == ["a.wisp"]


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"gone\.wisp does not exist"):
        load(tmp_path / "gone.wisp")
    with pytest.raises(InputError, match="cannot be read"):
        load(tmp_path)
    latin = tmp_path / "latin.wisp"
    latin.write_bytes('{"wisp": 1, "ä": 2}'.encode("latin-1"))
    with pytest.raises(InputError, match=r"latin\.wisp cannot be read"):
        load(latin)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is not valid JSON"),
        ("{", "is not valid JSON"),
        ('{\n<<<<<<< ours\n"wisp": 1\n=======\n>>>>>>> theirs\n}', "marks of a merge that was not finished"),
        ('{"wisp": 1, "plate": "<<<<<<< a"', "is not valid JSON"),
        ("[]", "is not a JSON object"),
        ("null", "is not a JSON object"),
        ("[" * 100_000, "is not valid JSON"),
        ('{"wisp": ' + "9" * 5000 + "}", "is not valid JSON"),
        ('{"wisp": 1, "wisp": 1}', "the key 'wisp' is given twice"),
        ("{}", "its 'wisp' version is None"),
        ('{"wisp": true}', "its 'wisp' version is True"),
        ('{"wisp": "1"}', "its 'wisp' version is '1'"),
        ('{"wisp": 0}', "its 'wisp' version is 0"),
        ('{"wisp": 1.5}', "its 'wisp' version is 1.5"),
        ('{"wisp": 2}', "document version 2; this one reads up to 1"),
        ('{"wisp": 1}', "plate: the key is missing"),
    ],
)
def test_what_is_no_shot_is_said(tmp_path: Path, text: str, says: str) -> None:
    place = tmp_path / "bad.wisp"
    place.write_text(text)
    with pytest.raises(UsageError) as caught:
        load(place)
    assert says in caught.value.message
    assert "bad.wisp" in caught.value.message


def test_not_a_number_is_refused_by_name(tmp_path: Path) -> None:
    place = tmp_path / "nan.wisp"
    place.write_text(FROZEN.read_text("utf-8").replace("-0.5", "NaN"), "utf-8")
    with pytest.raises(UsageError, match=r"plate\.exposure"):
        load(place)


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(tmp_path: Path) -> None:
    place = tmp_path / "windows.wisp"
    place.write_bytes(b"\xef\xbb\xbf" + FROZEN.read_bytes().replace(b"\n", b"\r\n"))
    assert load(place) == load(FROZEN)
