"""Names on disk: patterns, ranges, folders, single files, and what is said when nothing fits."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from wisp.client.frames import as_sequence
from wisp.errors import InputError, UsageError
from wisp.frames import format_frames, pad
from wisp.plates.sequences import find


def touch(folder: Path, *names: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).touch()


@pytest.fixture
def numbered(tmp_path: Path) -> Path:
    touch(tmp_path, *(f"sh010.{number:04d}.exr" for number in range(1001, 1011)))
    return tmp_path


@pytest.mark.parametrize("token", ["%04d", "####", "@@@@", "$F4"])
def test_every_way_to_write_a_pattern(numbered: Path, token: str) -> None:
    found = find(numbered / f"sh010.{token}.exr")
    assert list(found.files) == list(range(1001, 1011))
    assert found.files[1003] == numbered / "sh010.1003.exr"
    assert (found.name, found.padding, found.wanted) == ("sh010", 4, None)
    assert found.path == str(numbered / f"sh010.{token}.exr")


def test_four_hashes_are_four_digits(tmp_path: Path) -> None:
    touch(tmp_path, "a.1.png", "a.01.png", "a.0001.png", "a.00002.png", "a.12345.png", "a.0003.jpg", ".a.0004.png")
    assert list(find(tmp_path / "a.####.png").files) == [1, 12345]
    assert list(find(tmp_path / "a.#.png").files) == [1, 12345]
    assert find(tmp_path / "a.%d.png").files[1] == tmp_path / "a.1.png"


def test_a_range_behind_a_blank(numbered: Path) -> None:
    found = find(f"{numbered}/sh010.####.exr 1001-1005x2,1020")
    assert found.wanted == (1001, 1003, 1005, 1020)
    assert list(found.files) == list(range(1001, 1011))
    assert found.name == "sh010"


def test_negative_frames_in_both_paddings(tmp_path: Path) -> None:
    touch(tmp_path, "n.-005.exr", "n.-0004.exr", "n.0000.exr", "n.0001.exr")
    assert list(find(tmp_path / "n.%04d.exr").files) == [-5, -4, 0, 1]


def test_awkward_names(tmp_path: Path) -> None:
    folder = tmp_path / "v#1 50% été"
    touch(folder, "my plate (v2).0001.exr", "my plate (v2).0002.exr", "render-0001.exr", "render-0002.exr")
    assert list(find(folder / "my plate (v2).%04d.exr").files) == [1, 2]
    assert list(find(f"{folder}/my plate (v2).#### .exr".replace("#### ", "####")).files) == [1, 2]
    assert find(folder / "render-%04d.exr").name == "render"
    assert find(f"{folder}/my plate (v2).####.exr 2-3").wanted == (2, 3)


def test_letters_around_the_number_are_other_sequences(tmp_path: Path) -> None:
    touch(tmp_path, "a.0001.exr", "aa.0002.exr", "a.0003.exr.bak", "a.0004x.exr", "a.0005.5.exr", "a.0006.exr")
    assert list(find(tmp_path / "a.%04d.exr").files) == [1, 6]


def test_a_single_file_is_frame_one_unless_numbered(tmp_path: Path) -> None:
    touch(
        tmp_path, "photo.png", "IMG_0042.jpg", "sh010.1001.exr", "sh010.1002.exr", "n.-7.exr", "00007.png", "v2.5 x.png"
    )
    expected = {
        "photo.png": (1, "photo", 4),
        "IMG_0042.jpg": (1, "IMG_0042", 4),
        "sh010.1001.exr": (1001, "sh010", 4),
        "n.-7.exr": (-7, "n", 2),
        "00007.png": (1, "00007", 4),
        "v2.5 x.png": (1, "v2.5 x", 4),
    }
    for name, (frame, plain, padding) in expected.items():
        found = find(tmp_path / name)
        assert found.files == {frame: tmp_path / name}
        assert (found.name, found.padding) == (plain, padding)


def test_a_movie_counts_from_one(tmp_path: Path) -> None:
    touch(tmp_path, "take.0003.mov")
    assert list(find(tmp_path / "take.0003.mov").files) == [1]


def test_a_folder_with_one_sequence(numbered: Path) -> None:
    touch(numbered, "thumbnail.png", "notes.txt", ".sh010.1099.exr.77.tmp")
    found = find(numbered)
    assert list(found.files) == list(range(1001, 1011))
    assert found.path == str(numbered / "sh010.%04d.exr")
    assert found.name == "sh010"


def test_a_folder_of_bare_numbers_is_named_after_itself(tmp_path: Path) -> None:
    touch(tmp_path / "dog", "00000.jpg", "00001.jpg")
    found = find(tmp_path / "dog")
    assert (found.name, found.padding, list(found.files)) == ("dog", 5, [0, 1])
    assert found.path == str(tmp_path / "dog/%05d.jpg")


@pytest.mark.parametrize(
    ("first", "pattern", "name"),
    [
        ("shot-0999.png", "shot-%04d.png", "shot"),
        ("clip-2024-01-31-0999.png", "clip-2024-01-31-%04d.png", "clip-2024-01-31"),
        ("take#2.0999.png", "take#2.%04d.png", "take#2"),
        ("logo@2x.0999.png", "logo@2x.%04d.png", "logo@2x"),
        ("50% [x].0999.png", "50% [x].%04d.png", "50% [x]"),
        ("pl\udce9ate.0999.png", "pl\udce9ate.%04d.png", "pl\udce9ate"),
    ],
)
def test_odd_names_in_odd_folders(tmp_path: Path, first: str, pattern: str, name: str) -> None:
    folder = tmp_path / "My%20 #1 @ [2] \udce9 %d"
    touch(folder, *(first.replace("0999", f"{number:04d}") for number in range(999, 1003)))
    for spec in (folder, folder / pattern):
        found = find(spec)
        assert (list(found.files), found.name, found.padding) == ([999, 1000, 1001, 1002], name, 4)
        assert found.path == str(folder / pattern)
    assert find(folder / first).files.keys() == {999 if first.count(".") == 2 else 1}, "numbered by a dot of its own"


def test_a_doubled_percent_sign_is_one(tmp_path: Path) -> None:
    touch(tmp_path, "50%.0001.png", "50%.0002.png", "5%%.0003.png")
    assert list(find(tmp_path / "50%%.%04d.png").files) == [1, 2]
    assert list(find(tmp_path / "5%%.%04d.png").files) == [3]


def test_a_name_with_the_letters_of_a_view_is_itself(tmp_path: Path) -> None:
    touch(tmp_path, "key_50%violet.png", "%V.0001.png", "%V.0002.png")
    touch(tmp_path / "50%Value", "l.0001.png", "l.0002.png", "r.0001.png")
    touch(tmp_path / "50%vast", "a.png", "b.png")
    assert find(tmp_path / "key_50%violet.png").files == {1: tmp_path / "key_50%violet.png"}
    assert list(find(f"{tmp_path}/%V.%04d.png 1-9").files) == [1, 2]
    assert list(find(tmp_path / "50%Value/l.%04d.png").files) == [1, 2]
    assert list(find(tmp_path / "50%Value/%v.%04d.png").files) == [1, 2]
    with pytest.raises(InputError, match="50%vast holds more than one plate"):
        find(tmp_path / "50%vast")
    touch(tmp_path, "key_50left.png")
    assert find(tmp_path / "key_50%V.png").files == {1: tmp_path / "key_50left.png"}
    with pytest.raises(InputError, match=r"none_left\.png does not exist"):
        find(tmp_path / "none_%V.png")


@pytest.mark.parametrize("name", ["a" * 300 + ".exr", "a" * 300 + ".%04d.exr", "a" * 300 + "/a.%04d.exr", "%V" * 200])
def test_a_name_that_is_too_long_is_not_there(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match=r"does not exist|No file matches"):
        find(tmp_path / name)
    assert as_sequence(tmp_path / name) == tmp_path / name


def test_where_one_may_not_look_it_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> bool:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(Path, "is_dir", refuse)
    with pytest.raises(InputError, match=r"a\.exr cannot be looked at: permission denied\. Give yourself"):
        find(tmp_path / "a.exr")


def test_a_long_name_may_have_a_range(tmp_path: Path) -> None:
    name = "a" * 240
    touch(tmp_path, f"{name}.0001.exr")
    assert list(find(f"{tmp_path}/{name}.%04d.exr 1-1000000").files) == [1]


@pytest.mark.parametrize("number", ["20261127", "999999999", "999999999999", "9" * 40])
def test_a_stray_number_is_named(numbered: Path, number: str) -> None:
    touch(numbered, f"sh010.{number}.exr")
    for spec in (numbered, numbered / "sh010.%04d.exr"):
        if len(number) > 32:
            assert len(find(spec).files) == 10
        else:
            with pytest.raises(InputError, match=rf"sh010\.{number}\.exr lies far from the other frames 1001-1010\."):
                find(spec)
    assert find(f"{numbered}/sh010.%04d.exr 1001-1010").wanted == tuple(range(1001, 1011))


@pytest.mark.parametrize("spelling", ["sh010.1001-1010#.exr", "sh010.<UDIM>.exr", "sh010.%(UDIM)d.exr", "sh010.*.exr"])
def test_no_other_spelling_is_a_pattern(numbered: Path, spelling: str) -> None:
    with pytest.raises(InputError):
        find(numbered / spelling)


def test_a_folder_with_several_sequences_lists_them(numbered: Path) -> None:
    touch(numbered, "bg.0001.png", "bg.0002.png")
    with pytest.raises(InputError, match=r"more than one plate.*bg\.%04d\.png 1-2, sh010\.%04d\.exr 1001-1010"):
        find(numbered)


def test_folders_without_a_sequence(tmp_path: Path) -> None:
    touch(tmp_path / "one", "clip.mp4", "notes.txt")
    assert find(tmp_path / "one").files == {1: tmp_path / "one/clip.mp4"}
    touch(tmp_path / "none", "notes.txt")
    with pytest.raises(InputError, match="holds no picture"):
        find(tmp_path / "none")
    touch(tmp_path / "two", "a.png", "b.png")
    with pytest.raises(InputError, match=r"a\.png, b\.png"):
        find(tmp_path / "two")


def test_what_is_said_when_nothing_is_there(numbered: Path) -> None:
    with pytest.raises(InputError, match=r"does not exist"):
        find(numbered / "sh010.2000.exr")
    with pytest.raises(InputError, match=r"No file matches .*The folder has sh010\.%04d\.exr 1001-1010\."):
        find(numbered / "sh010.%05d.exr")
    with pytest.raises(InputError, match=r"folder .* does not exist"):
        find(numbered / "nowhere/sh010.%04d.exr")
    with pytest.raises(InputError, match="does not exist"):
        find(numbered / "none.png")
    with pytest.raises(UsageError, match="no path"):
        find("  ")
    touch(numbered, "notes.txt")
    with pytest.raises(InputError, match=r"no picture or movie.*\.exr"):
        find(numbered / "notes.txt")


def test_relative_patterns(numbered: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(numbered.parent)
    pattern = os.path.join(numbered.name, "sh010.%04d.exr")  # noqa: PTH118 - as a user types it
    assert len(find(pattern).files) == 10


stems = st.text(st.sampled_from("abz09._- é()[]+$"), min_size=1, max_size=12).filter(
    lambda text: text.strip(". ") == text and not text[-1].isdigit()
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    stem=stems,
    width=st.integers(1, 6),
    frames=st.sets(st.integers(-99, 12_000), min_size=1, max_size=12),
    token=st.sampled_from(["%", "#", "@", "$F"]),
)
def test_written_frames_are_found_again(
    tmp_path_factory: pytest.TempPathFactory, stem: str, width: int, frames: set[int], token: str
) -> None:
    folder = tmp_path_factory.mktemp("frames")
    touch(folder, *(f"{stem}.{pad(frame, width)}.exr" for frame in frames))
    pattern = {"%": f"%0{width}d", "#": "#" * width, "@": "@" * width, "$F": f"$F{width}"}[token]
    found = find(folder / f"{stem}.{pattern}.exr")
    assert list(found.files) == sorted(frames)
    assert found.padding == width
    assert all(path.is_file() for path in found.files.values())
    ranged = find(f"{folder / f'{stem}.{pattern}.exr'} {format_frames(frames)}")
    assert ranged.wanted == tuple(sorted(frames))
