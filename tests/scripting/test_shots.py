"""`import wisp; wisp.open(...)`: edits that are checked and undone, and a shot from a plate to files."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest
import wisp
from wisp import shot as documents
from wisp.cache import read_matte
from wisp.errors import InputError, OutputError, UsageError

FRAMES = range(1001, 1005)


@pytest.fixture
def plate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Four frames of a bright disc that moves to the right, in the present folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WISP_DEVICE", "cpu")
    Path("plates").mkdir()
    noise = np.random.default_rng(7).integers(20, 60, (64, 96, 3), dtype=np.uint8)
    for frame in FRAMES:
        picture = noise.copy()
        cv2.circle(picture, (30 + 3 * (frame - 1001), 32), 14, (90, 180, 240), -1, cv2.LINE_AA)
        cv2.imwrite(f"plates/sh010.{frame}.png", picture)
    yield "plates/sh010.%04d.png"


def test_from_a_plate_to_files(plate: str) -> None:
    shot = wisp.open(plate)
    shot.object("hero").box((14, 16, 46, 48), frame=1001)
    told: list[object] = []
    assert shot.solve("1001-1003", on_event=told.append).matted == 3 and told
    delivered = shot.deliver("out/{object}.%04d.exr", frames="1001-1003")
    assert delivered.written == 3 and sorted(path.name for path in Path("out").iterdir())[0] == "hero.1001.exr"
    assert (shot.matte("hero", 1002) == read_matte(Path("out/hero.1002.exr"))[0]).all()
    assert {one.frame: one.state for one in shot.check()} == {**dict.fromkeys(FRAMES, "judged"), 1004: "unsolved"}
    with pytest.raises(InputError, match=r"'hero' on 1004.*only what is solved: the frames 1001-1003"):
        shot.deliver("out", layout="layers")
    with pytest.raises(InputError, match=r"'hero' on 1004.*only what is solved: the frames 1001-1003"):
        shot.deliver("out.nk")
    assert not Path("sh010_mattes/sh010.wisp").exists(), "nothing is saved unasked"
    place = shot.save()
    again = wisp.open(plate)
    assert place == Path("sh010_mattes/sh010.wisp") and again.document == documents.load(place)
    assert again.solve("1001-1003").cached == 3
    again.object("hero").lock(1002)
    again.solve("1001-1003")
    ((_, _, name),) = again.object("hero").spec.approvals
    elsewhere = documents.load(again.save("elsewhere/other.wisp"))
    kept = Path("elsewhere/wisp-cache/locked") / name / "96x64" / "alpha.1002.exr"
    assert (read_matte(kept)[0] == again.matte("hero", 1002)).all()
    assert documents.resolve_path(elsewhere.plate.path, "elsewhere/other.wisp") == Path(plate).absolute()


def test_what_is_locked_stays_when_the_shot_goes_back_to_settings_of_before(plate: str) -> None:
    """The matte of those settings is there already; it is not the one that was approved."""
    shot = wisp.open(plate).models(head="guided")
    hero = shot.object("hero").box((14, 16, 46, 48), 1001)
    shot.solve()
    hero.edge(grow=4)
    shot.solve()
    seen = shot.matte("hero", 1002)
    hero.lock(1002).edge(grow=0)
    shot.solve()
    np.testing.assert_array_equal(shot.matte("hero", 1002), seen)
    assert shot.matte("hero", 1003).sum() < 0.9 * seen.sum()


def test_edits_of_two_scripts_at_once_are_kept_or_refused(plate: str) -> None:
    """Each opens the document anew where somebody else was quicker; none is lost without a word."""
    place = wisp.open(plate).save()

    def edit(who: int) -> None:
        for number in range(12):
            while True:
                shot = wisp.open(place)
                shot.object(f"object{who}").point((10 + number, 20), 1001)
                try:
                    shot.save()
                    break
                except OutputError as error:
                    assert "by somebody else meanwhile" in str(error)

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(edit, range(3)))
    kept = documents.load(place).objects
    assert {item.name: len(item.prompts) for item in kept} == {f"object{who}": 12 for who in range(3)}


def test_a_movie_is_opened_anew_only_when_it_was_written_anew(
    plate: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("av", reason="needs the extra [movies]")
    from wisp.deliver.movies import writing
    from wisp.plates.movies import MoviePlate

    def write(grey: float) -> None:
        with writing(tmp_path / "a.mkv", "mkv", (96, 64), 24, "", pixel_aspect=1.0, timecode=None) as movie:
            for level in (grey, grey + 0.1):
                movie.add(np.full((64, 96, 4), level, np.float32))

    indexed: list[int] = []
    index = MoviePlate._index
    monkeypatch.setattr(MoviePlate, "_index", lambda self, *given: (indexed.append(1), index(self, *given))[1])
    write(0.2)
    shot = wisp.open("a.mkv")
    shot.object("hero").box((14, 16, 46, 48), frame=1)
    shot.solve()
    opened = len(indexed)
    shot.check()
    shot.deliver("out/{object}.%04d.exr")
    assert shot.solve().matted == 0 and len(indexed) == opened == 2
    write(0.4)
    assert shot.solve().matted == 2 and len(indexed) == 3


def test_a_frame_that_is_rendered_anew_is_solved_anew(plate: str) -> None:
    shot = wisp.open(plate)
    shot.object("hero").box((14, 16, 46, 48), frame=1001)
    shot.picture(1002)  # looking at pictures is no reason to take them for the new ones
    cv2.imwrite("plates/sh010.1002.png", cv2.imread("plates/sh010.1001.png"))
    assert shot.solve("1001-1003").matted == 3
    cv2.imwrite("plates/sh010.1003.png", np.full((64, 96, 3), 40, np.uint8))
    assert shot.solve("1001-1003").matted == 1
    alphas = [shot.matte("hero", frame) for frame in (1001, 1002, 1003)]
    other = wisp.open(shot.save(), cache="other")
    other.solve("1001-1003")
    assert all((other.matte("hero", 1001 + place) == alpha).all() for place, alpha in enumerate(alphas))


def test_edits_are_steps_that_are_checked(plate: str) -> None:
    shot = wisp.open(plate)
    hero = shot.object("hero").box((1, 2, 30, 40), 1001).point((5, 6), 1002, include=False)
    hero.stroke([(1, 1), (9, 9)], 1002).text("a disc", 1003)
    assert [prompt.kind for prompt in hero.prompts] == ["box", "point", "stroke", "text"]
    assert hero.move((2, -1), frames=1002) == 2
    assert hero.prompts[1].xy == (7, 5) and hero.prompts[2].xy == [(3, 0), (11, 8)] and not hero.prompts[1].include
    assert hero.remove(kind="stroke") == 1 and hero.remove(frames="1001-1004", number=3) == 1
    assert [prompt.kind for prompt in hero.prompts] == ["box", "point"]
    assert shot.undo() == "Change object" and [prompt.kind for prompt in hero.prompts][-1] == "text"
    assert shot.redo() == "Change object" and len(hero.prompts) == 2
    hero.edge(grow=2, soften=1.5).edge(gamma=1.2).lock("1001-1003").lock(1002, locked=False).absent([1004])
    assert (hero.spec.edge.grow, hero.spec.edge.gamma) == (2, 1.2)
    assert (hero.spec.locks, hero.spec.absent) == ([(1001, 1001), (1003, 1003)], [(1004, 1004)])
    assert hero.edge().spec.edge == documents.Edge()
    before = shot.document
    for wrong, words in (
        (lambda: hero.point((500, 5), 1001), "outside the picture"),
        (lambda: hero.box((1, 2, 3, 4), 7), "frame 7"),
        (lambda: hero.edge(grwo=2), "no edge setting 'grwo'"),
        (lambda: hero.edge(black=0.9, white=0.1), "white point"),
        (lambda: hero.absent(1002), "prompts on frame 1002"),
        (lambda: hero.absent(1003), "frame 1003 is locked"),
        (lambda: hero.absent(1005), "no frame 1005"),
        (lambda: hero.add({"kind": "point", "xy": [1, 1]}), "frame: the key is missing"),
        (lambda: hero.add({"frame": 1001, "xy": [1, 1]}), "the key 'kind' is missing"),
        (lambda: hero.add({"frame": 1001, "kind": "dot"}), "kind 'dot' is none of"),
        (lambda: shot.object(""), "Object name ''"),
        (lambda: hero.remove(kind="mask"), "no such prompt"),
        (lambda: shot.object("9"), "must start with a letter"),
        (lambda: shot.models(head="nosuch"), "no head 'nosuch'"),
        (lambda: shot.deliver("out", layot="layers"), "layot"),
        (lambda: shot.deliver("out", tolerance=0), "tolerance 0"),
        (lambda: shot.solve(objects=["nobody"]), "no object 'nobody'"),
    ):
        with pytest.raises(UsageError, match=words):
            wrong()
        assert shot.document == before
    assert shot.redo() == "", "what was refused cannot be done again"
    shot.undo()
    with pytest.raises(UsageError):
        hero.point((500, 5), 1001)
    shot.redo()
    assert shot.document == before, "what is refused takes nothing from what can be done again"
    assert shot.models(head="guided").document.solve.head == "guided"
    hero.delete()
    assert shot.objects == () and shot.undo() == "Remove object" and shot.objects[0].name == "hero"


def test_undo_takes_back_the_plate_and_the_models_too(plate: str) -> None:
    shot = wisp.open(plate)
    hero = shot.object("hero").box((1, 2, 30, 40), 1001)
    before = shot.document
    shot.clean_plate("clean.png", backlit=True).models(head="guided")
    assert shot.undo() == "Choose models" and shot.document.solve.head == before.solve.head
    assert shot.undo() == "Change plate" and shot.document == before and len(hero.prompts) == 1
    shot.redo()
    assert shot.document.plate.clean == "../clean.png" and shot.document.plate.backlit


def test_how_the_plate_is_seen_is_an_edit_that_is_checked(plate: str) -> None:
    shot = wisp.open(plate)
    before = shot.document
    shot.plate(colorspace="ACEScg", exposure=1.5, missing="hold")
    seen = shot.document.plate
    assert (seen.colorspace, seen.exposure, seen.missing, seen.view) == ("ACEScg", 1.5, "hold", None)
    assert shot.plate(colorspace="").document.plate.colorspace is None and shot.document.plate.exposure == 1.5
    now = shot.document
    for wrong in ({"colorspace": "ACEScgg"}, {"view": "nobody's"}, {"exposure": 1000.0}, {"missing": "perhaps"}):
        with pytest.raises(UsageError):
            shot.plate(**wrong)
        assert shot.document == now, wrong
    shot.undo()
    assert shot.undo() == "Change plate" and shot.document == before


def test_a_single_picture_is_a_shot_of_one_frame_as_on_the_command_line(plate: str) -> None:
    picture = sorted(Path(plate).parent.glob("*1002*"))[0]
    shot = wisp.open(picture).document.plate
    assert (shot.first, shot.last) == (1002, 1002)


def test_what_is_gone_can_still_be_shown(plate: str) -> None:
    hero = wisp.open(plate).object("hero").box((1, 2, 30, 40), 1001)
    assert repr(hero) == "<object 'hero', 1 prompt>"
    hero.delete()
    assert repr(hero) == "<object 'hero', removed>"


def test_an_object_that_goes_and_comes_back(plate: str) -> None:
    hero = wisp.open(plate).object("hero").box((1, 2, 30, 40), 1001)
    hero.absent("1002-1003").absent(1004)
    assert hero.spec.absent == [(1002, 1004)]
    hero.absent(1003, absent=False)
    assert hero.spec.absent == [(1002, 1002), (1004, 1004)]
    assert hero.absent(None, absent=False).spec.absent == []
    assert hero.lock(None).spec.locks == [(1001, 1004)]


def test_an_empty_range_is_none_of_the_shot_and_not_all(plate: str) -> None:
    shot = wisp.open(plate)
    hero = shot.object("hero").box((14, 16, 46, 48), 1001)
    for empty in ([], "", " ", iter(())):
        for work in (
            shot.solve,
            shot.check,
            lambda frames: shot.deliver("out", frames=frames),
            lambda frames: shot.compare("guided", "s.png", frames=frames),
            hero.lock,
            hero.absent,
            hero.remove,
        ):
            with pytest.raises(UsageError, match="frame range is empty"):
                work(empty)
    assert len(hero.prompts) == 1 and not Path("out").exists()


def test_an_object_that_is_named_twice_is_solved_once(plate: str) -> None:
    shot = wisp.open(plate)
    shot.object("hero").box((14, 16, 46, 48), 1001)
    assert shot.solve(1001, objects=["hero", "hero"]).matted == 1
    assert len(shot.check(1001, objects=["hero", "hero"])) == 1


def test_nothing_is_saved_over_another_document_unasked(plate: str) -> None:
    other = wisp.open(plate, document="other.wisp")
    other.object("other").point((10, 10), 1001)
    text = other.save().read_text()
    shot = wisp.open(plate)
    shot.object("hero").point((10, 10), 1001)
    with pytest.raises(OutputError, match=r"other.wisp is there already.*overwrite=True"):
        shot.save("other.wisp")
    assert Path("other.wisp").read_text() == text
    wisp.open("other.wisp").save("copy.wisp")
    wisp.open("other.wisp").save("copy.wisp")  # the same content
    assert shot.save("other.wisp", overwrite=True) == Path("other.wisp")
    assert [item.name for item in wisp.open("other.wisp").objects] == ["hero"]
    shot.object("more")
    shot.save("other.wisp")  # its own
    theirs = wisp.open(plate, document="other.wisp")
    theirs.object("theirs")
    theirs.save()
    with pytest.raises(OutputError, match="somebody else"):
        shot.save("other.wisp")


#: One call of each method whose arguments have types, all of them good.
CALLS: dict[str, dict[str, object]] = {
    "object": {"name": "hero"},
    "models": {"tracker": "flow", "head": "guided"},
    "clean_plate": {"path": None},
    "plate": {"exposure": 1.0, "missing": "hold"},
    "save": {"path": "a.wisp", "overwrite": False},
    "edit": {"change": lambda edits: None},
    "solve": {"frames": "1001", "objects": [], "on_event": print, "should_stop": bool},
    "deliver": {"output": "out", "frames": 1001, "objects": "hero", "on_event": print, "layout": "alpha", "version": 1},
    "check": {"frames": [1001], "objects": ["hero"], "sheet": "s.png"},
    "compare": {"heads": "guided", "output": "s.png", "frames": "1001", "objects": "hero", "rows": 1},
    "other_view": {"view": "right", "document": "b.wisp", "cache": "c"},
    "carry": {"source": "a.wisp", "frames": 1001, "shift": 1, "objects": "hero", "cache": "c", "on_event": print},
    "detect": {"objects": "hero", "words": "a disc", "frame": 1001, "threshold": 0.5},
    "subjects": {"frame": "1001"},
    "picture": {"frame": 1001},
    "matte": {"name": "hero", "frame": 1001},
    "box": {"xyxy": [1, 2, 30, 40], "frame": 1001},
    "point": {"xy": [5, 6], "frame": 1001, "include": True},
    "stroke": {"xy": [[5, 6]], "frame": 1001, "radius": 2, "include": True, "softness": 0.5},
    "unknown": {"xy": [[5, 6]], "frame": 1001, "radius": 2},
    "mask": {"path": "m.png", "frame": 1001},
    "text": {"words": "a disc", "frame": 1001},
    "add": {"prompt": {"frame": 1001, "kind": "point", "xy": [5, 6]}},
    "remove": {"frames": 1001, "kind": "box", "number": 1},
    "move": {"by": [1, 1], "frames": 1001, "kind": "box", "number": 1},
    "edge": {"grow": 1.0},
    "ease": {"frames": 1},
    "lock": {"frames": 1001, "locked": True},
    "exists": {"first": 1001, "last": 1002},
    "absent": {"frames": 1004, "absent": True},
}


def test_arguments_of_another_type_are_told_in_a_sentence(plate: str) -> None:
    shot = wisp.open(plate)
    hero = shot.object("hero").box((14, 16, 46, 48), 1001)
    methods = {name for kind in (type(shot), type(hero)) for name, method in vars(kind).items() if callable(method)}
    bare = {"undo", "redo", "scale", "delete"}
    assert {name for name in methods if not name.startswith("_")} == {*CALLS, *bare}
    before = shot.document
    for name, given in CALLS.items():
        method = getattr(hero if hasattr(hero, name) else shot, name)
        for key in given:
            with pytest.raises(UsageError) as told:
                method(**{**given, key: object()})
            assert key in str(told.value) or "frame" in str(told.value), (name, key)
    with pytest.raises(UsageError, match="open_shot: 'colour' is no argument of it"):
        wisp.open(plate, colour="red")
    assert shot.document == before


def test_arguments_may_be_what_scripts_have(plate: str) -> None:
    """Frames as typed, arrays, one name."""
    hero = wisp.open(plate).object("hero").box(np.array([14.0, 16, 46, 48], np.float32), "1001")
    hero.stroke(np.array([[20, 20], [24, 24]]), np.int64(1002)).lock(np.arange(1001, 1003)).lock(f for f in (1004,))
    assert [(one.kind, one.frame) for one in hero.prompts] == [("box", 1001), ("stroke", 1002)]
    assert hero.spec.locks == [(1001, 1002), (1004, 1004)]
    with pytest.raises(UsageError, match="'1001-1002' is not one frame"):
        hero.point((1, 1), "1001-1002")


def test_a_document_of_another_plate_is_not_taken(plate: str) -> None:
    wisp.open(plate).save()
    Path("other").mkdir()
    for path in Path("plates").iterdir():
        path.rename(Path("other") / path.name)
    with pytest.raises(UsageError, match="of another plate"):
        wisp.open("other/sh010.%04d.png")


def test_a_plate_has_its_document_however_it_is_spelled(plate: str) -> None:
    shot = wisp.open(plate)
    shot.object("hero")
    shot.save()
    Path("linked").symlink_to("plates")
    for spelled in (
        "plates/sh010.####.png",
        "plates/sh010.%04d.png 1001-1002",
        "plates/sh010.1002.png",
        "plates",
        "linked",
        str(Path("plates").absolute()),
    ):
        assert [item.name for item in wisp.open(spelled, document="sh010_mattes/sh010.wisp").objects] == ["hero"]
    cv2.imwrite("plates/other.1001.png", np.zeros((64, 96, 3), np.uint8))
    with pytest.raises(UsageError, match="of another plate"):
        wisp.open("plates/other.1001.png", document="sh010_mattes/sh010.wisp")


def test_the_layer_is_the_documents(plate: str) -> None:
    place = wisp.open(plate).save()
    with pytest.raises(UsageError, match="of the main picture, not of the layer 'left'"):
        wisp.open(place, layer="left")
    document = documents.load(place)
    document.plate.layer = "left"
    documents.save(document, place)
    assert wisp.open(place, layer="left").document.plate.layer == "left"
    with pytest.raises(UsageError, match="of the layer 'left', not of the layer 'right'"):
        wisp.open(place, layer="right")


def test_the_document_of_another_plate_is_not_taken_for_the_other_eyes(plate: str) -> None:
    for eye in ("left", "right"):
        cv2.imwrite(f"{eye}.png", np.zeros((64, 96, 3), np.uint8))
    shot = wisp.open("left.png", document="s.wisp")
    assert shot.other_view("right").save() == Path("s_right.wisp")
    assert shot.other_view("right").document.plate.path == "right.png"
    wisp.open(plate, document="another.wisp").save()
    with pytest.raises(UsageError, match=r"another.wisp is of another plate"):
        shot.other_view("right", document="another.wisp")
