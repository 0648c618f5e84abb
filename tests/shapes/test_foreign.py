"""What other programs write and Wisp does not: hidden, inverted, moved, blended, damaged. Nothing of it is read wrongly
in silence."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from wisp.errors import InputError
from wisp.shapes.formats import FORMATS, read_shapes
from wisp.shapes.lives import EVER, Step, above_zero, common
from wisp.shapes.model import Key, ShapedObject, Shapes, Span, Spline

WIDTH, HEIGHT = SIZE = (96, 64)


def box(left: float, top: float, right: float, bottom: float) -> np.ndarray:
    corners = np.array([[left, top], [right, top], [right, bottom], [left, bottom]], float)
    return np.column_stack([corners, np.zeros((4, 5))])


def spline(number: int, *frames: int) -> Spline:
    return Spline(number, "add", tuple(Key(frame, box(20, 20, 50, 50)) for frame in frames))


PLAIN = Shapes(*SIZE, 1001, 1005, (ShapedObject("hero", (Span(1001, 1005, (spline(1, 1001),)),)),))


def read(folder: Path, suffix: str, text: str) -> Shapes:
    path = folder / f"a.{suffix}"
    path.write_text(text, "utf-8")
    return read_shapes(path, SIZE, 1.0, 1001)


def places(shapes: Shapes, frame: int = 1001) -> list[tuple[int, int, int, int, int]]:
    """Of each object: pixels inside, and left, top, right, bottom of them."""
    found = []
    for item in shapes.objects:
        rows, columns = np.nonzero(item.mask(frame, *SIZE))
        found.append((len(rows), columns.min(), rows.min(), columns.max() + 1, rows.max() + 1))
    return found


def changed(suffix: str, before: str, after: str, *, pattern: bool = False) -> str:
    """Plain shapes in a format with something put in place of something else."""
    text = FORMATS[suffix].write(PLAIN, 1.0)
    made = re.sub(before, after, text, count=1, flags=re.DOTALL) if pattern else text.replace(before, after)
    assert made != text
    return made


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("{a bm 0", "{a vis 0 bm 0"),
        ("{a bm 0", "{a opc 0 bm 0"),
        ("{a bm 0", "{a opc 0 inv 1 bm 5"),
        ("{a bm 0", "{a opc {{x447a4000 0} {x447a8000 0}} bm 0"),
        ("    {a}\n", "    {a vis 0}\n"),
        ("    {a}\n", "    {t 0 0 0 {=Tracker1.x 1} 0}\n    {a vis 0 opc {=a 1}}\n"),
        (" output alpha", " disable true\n output alpha"),
    ],
)
def test_what_nuke_does_not_show_is_no_shape(before: str, after: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no visible, closed Bezier shape"):
        read(tmp_path, "nk", changed("nk", before, after))


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("{a bm 0", "{a inv 1 bm 0", "shape hero_1_1001 of hero .* is inverted"),
        ("{a bm 0", "{a bm 5", "has the blending mode 5"),
        ("{a bm 0", "{a bm 13", "has the blending mode 13"),
        ("    {a}\n", "    {a inv 1}\n", "layer Root of hero .* is inverted"),
        ("{a bm 0", "{a inv {{1001 0} {1005 1}} bm 0", "shape hero_1_1001 of hero .* changes its attribute 'inv'"),
        ("{a bm 0", "{a bm {{1001 0} {1005 12}}", "changes its attribute 'bm' over time"),
        ("    {a}\n", "    {a ltn {{1001 1001} {1005 1003}} ltm 1005 ltt 4}\n", "changes its attribute 'ltn'"),
        ("    {a}\n", "    {a bm {{1001 4} {1005 5}}}\n", "layer Root of hero .* changes its attribute 'bm'"),
        ("{a bm 0", "{a opc {=Other.mix 0} bm 0", "shape hero_1_1001 of hero .* follows an expression"),
        ("    {a}\n", "    {a ltn 1001 ltm {=Other.last 5} ltt 4}\n", "layer Root of hero .* follows an expression"),
        ("    {a}\n", '    {a opc {"=frame < 9" 1}}\n', "layer Root of hero .* follows an expression"),
        ("    {a}\n", "    {t 0 0 0 {=Tracker1.x x41200000} 0}\n    {a}\n", "shape hero_1_1001 .* an expression"),
        ("x41a00000", "{=parent.x x41a00000}", "shape hero_1_1001 of hero .* follows an expression"),
        (" output alpha", ' disable {{"frame<1010"}}\n output alpha', "knob 'disable' of hero .* animated or linked"),
    ],
)
def test_what_no_splines_can_be_made_of_in_nuke_is_refused(before: str, after: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=says):
        read(tmp_path, "nk", changed("nk", before, after))
    steady = "{a inv {{1001 0} {1005 0}} bm {{1001 4} {1005 4}}"
    assert places(read(tmp_path, "nk", changed("nk", "{a bm 0", steady))) == [(900, 20, 20, 50, 50)]


def test_keyed_opacity_and_lifetimes_of_layers_end_a_shape(tmp_path: Path) -> None:
    keyed = changed("nk", "{a bm 0", "{a opc {{1001 1} {1003 0} {1005 0}} bm 0")
    assert [(span.first, span.last) for span in read(tmp_path, "nk", keyed).objects[0].spans] == [(1001, 1002)]
    layer = changed("nk", "    {a}\n", "    {a ltn 1002 ltm 1003 ltt 4}\n")
    assert [(span.first, span.last) for span in read(tmp_path, "nk", layer).objects[0].spans] == [(1002, 1003)]


LIFE = r"ltn \w+ ltm \w+ ltt \w+"


def spans_of(shapes: Shapes) -> list[tuple[int, int]]:
    return [(span.first, span.last) for span in shapes.objects[0].spans]


def test_a_shape_that_nothing_ends_is_there_on_every_frame(tmp_path: Path) -> None:
    assert spans_of(read(tmp_path, "nk", changed("nk", LIFE, "ltn 1001 ltm 1001", pattern=True))) == [EVER]
    fading = changed("nk", LIFE, "opc {{1002 0} {1003 1}}", pattern=True)
    assert spans_of(read(tmp_path, "nk", fading)) == [(1003, EVER[1])]
    assert spans_of(read(tmp_path, "nk", changed("nk", LIFE, "ltt 1 ltm 1002", pattern=True))) == [(EVER[0], 1002)]
    session = changed("fxs", 'workRangeEnd="1005"', 'workRangeEnd="1003"')
    assert places(read(tmp_path, "fxs", session), 1009) == [(900, 20, 20, 50, 50)]
    still = read(tmp_path, "svg", drawing(SQUARE))
    assert spans_of(still) == [EVER] and still.objects[0].key_frames() == (1001,)


def turned(numbers: str) -> str:
    """Plain shapes without a lifetime under a transform of their layer in Nuke, about the middle of the picture."""
    transform = f"    {{t 48 32 0 0 0 0 0 0 {numbers}}}\n    {{a}}\n"
    return changed("nk", LIFE, "", pattern=True).replace("    {a}\n", transform)


def test_what_turns_between_keys_is_followed(tmp_path: Path) -> None:
    around = read(tmp_path, "nk", turned("{{1001 0} {1009 360}} 1 1 1 0"))
    assert places(around, 1003) == [(900, 36, 30, 66, 60)], "a quarter, against the clock"
    assert places(around, 1005) == [(900, 46, 14, 76, 44)]
    assert around.objects[0].key_frames() == tuple(range(1001, 1010))
    once = read(tmp_path, "nk", turned("{{1001 0} {1101 90}} 1 1 1 0")).objects[0].key_frames()
    assert 5 < len(once) < 25, "as few as will do"
    assert read(tmp_path, "nk", turned("0 {{1001 1} {1009 .5}} 1 1 0")).objects[0].key_frames() == (1001, 1009)
    with pytest.raises(InputError, match="too far apart"):
        read(tmp_path, "nk", turned("{{1 0} {900000000 360}} 1 1 1 0"))


def test_a_key_between_two_frames_bends_the_way_there(tmp_path: Path) -> None:
    text = changed("nk", "    {a}\n", "    {t 0 0 0 {{1001 0} {1003.5 20} {1006 0}} 0}\n    {a}\n")
    assert [places(read(tmp_path, "nk", text), frame)[0][1] for frame in (1002, 1003, 1004, 1005)] == [28, 36, 36, 28]


def test_a_node_of_nuke_may_have_the_name_of_a_knob(tmp_path: Path) -> None:
    for name in ("curves", "disable", "format"):
        found = read(tmp_path, "nk", changed("nk", " name hero", f" name {name}"))
        assert found.objects[0].name == name and places(found) == [(900, 20, 20, 50, 50)]


def test_strokes_and_b_splines_are_told(tmp_path: Path) -> None:
    more = (
        "    {cubiccurve Brush1 512 catmullrom {cc {f 2080} {p {1 2 1}}} {a}}\n"
        "    {cubiccurve Pin2 262656 bezier {cc {f 8224} {px 1 {0 0} {1 1} {0 0}}} {a}}\n"
        "    {curvegroup B3 512 bspline {{cc {f 8192} {px 1 {0 0} {1 1} {0 0}}} idem} {a}}\n"
        "    {curvegroup B4 512 bspline {{cc {f 8192} {px 1 {0 0} {1 1} {0 0}}} idem} {a vis 0}}\n"
    )
    found = read(tmp_path, "nk", changed("nk", "    {a}\n", f"    {{a}}\n{more}"))
    assert sorted(found.left_out) == ["the B-spline B3 of hero", "the stroke Brush1 of hero"]


def test_braces_and_quotes_in_nukes_texts_are_text(tmp_path: Path) -> None:
    text = changed("nk", " output alpha", ' label \\{5"\\}\n note "\\{ \\" {"\n output alpha')
    assert places(read(tmp_path, "nk", text)) == [(900, 20, 20, 50, 50)]


def test_nuke_nodes_have_names_of_their_own() -> None:
    items = tuple(ShapedObject(name, PLAIN.objects[0].spans) for name in ("Ärm", "Ölm", "arm-1", "arm_1"))
    text = FORMATS["nk"].write(Shapes(*SIZE, 1001, 1005, items), 1.0)
    assert re.findall(r"^ name (\w+)$", text, re.MULTILINE) == ["_rm", "_lm", "arm_1", "arm_1_2"]


HIDE = r'<Property id="opacity">.*?</Property>'
OBJECTS = '<Property id="objects"'


def constant(name: str, value: str) -> str:
    return f'<Property constant="True" id="{name}"><Value>{value}</Value></Property>'


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('hidden="False"', 'hidden="True"'),
        ('<Layer type="Layer"', '<Layer type="Layer" hidden="True"'),
        (HIDE, constant("opacity", "0")),
        (OBJECTS, constant("opacity", "0") + OBJECTS),
    ],
)
def test_what_silhouette_does_not_show_is_no_shape(before: str, after: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no visible, closed Bezier shape"):
        read(tmp_path, "fxs", changed("fxs", before, after, pattern=True))


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ('(<Object.*"invert">\\s*<Value>)false', r"\1true", "shape hero_1_1001 in .* is inverted"),
        ('("invert">\\s*<Value>)false', r"\1true", "layer hero in .* is inverted"),
        ('(<Object.*"mode">\\s*<Value>)Add', r"\1Difference", "has the mode Difference"),
        (OBJECTS, constant("transform.position", "(0.3,0.0)") + OBJECTS, "is moved by transform.position"),
        (OBJECTS, constant("transform.matrix", "(1,0,0,.1,0,1,0,0,0,0,1,0,0,0,0,1)") + OBJECTS, "in perspective"),
        (OBJECTS, constant("transform.matrix", "(1,0,0)") + OBJECTS, "is damaged"),
    ],
)
def test_what_no_splines_can_be_made_of_in_silhouette_is_refused(
    before: str, after: str, says: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=says):
        read(tmp_path, "fxs", changed("fxs", before, after, pattern=True))


def test_transforms_of_silhouettes_layers_are_obeyed(tmp_path: Path) -> None:
    still = constant("transform.position", "(0,0)") + constant("transform.scale", "(1,1)")
    # To the right by 16 of 64 pixels, then down by 8; a nested layer has both.
    across = constant("transform.matrix", "(1,0,0,0, 0,1,0,0, 0,0,1,0, 0.25,0,0,1)")
    keys = "".join(
        f'<Key frame="{frame}" interp="linear">(1,0,0,0,0,1,0,0,0,0,1,0,0,{down},0,1)</Key>'
        for frame, down in ((0, 0), (4, 0.125))
    )
    moving = f'<Property id="transform.matrix">{keys}</Property>'
    text = changed("fxs", OBJECTS, still + across + OBJECTS, pattern=True)
    assert places(read(tmp_path, "fxs", text)) == [(900, 36, 20, 66, 50)]
    layer = re.search(r"<Layer .*</Layer>", text, re.DOTALL)[0]
    inner = layer.replace("<Layer ", "<Object ").replace("</Layer>", "</Object>")
    outer = f'<Layer type="Layer" label="all"><Properties>{moving}{OBJECTS}>{inner}</Property></Properties></Layer>'
    nested = read(tmp_path, "fxs", text.replace(layer, outer))
    assert places(nested) == [(900, 36, 20, 66, 50)] and places(nested, 1005) == [(900, 36, 28, 66, 58)]
    assert places(nested, 1003) == [(900, 36, 24, 66, 54)]


def test_a_shape_that_moves_in_a_layer_that_grows_is_followed(tmp_path: Path) -> None:
    keys = (Key(1001, box(20, 20, 50, 50)), Key(1005, box(40, 20, 70, 50)))
    item = ShapedObject("hero", (Span(1001, 1005, (Spline(1, "add", keys),)),))
    text = FORMATS["fxs"].write(Shapes(*SIZE, 1001, 1005, (item,)), 1.0)
    grown = "".join(
        f'<Key frame="{frame}" interp="linear">({by},0,0,0,0,{by},0,0,0,0,1,0,0,0,0,1)</Key>'
        for frame, by in ((0, 1), (4, 2))
    )
    text = text.replace(OBJECTS, f'<Property id="transform.matrix">{grown}</Property>{OBJECTS}')
    # A box from 30 to 60 and 20 to 50, half as large again about the middle, 48 and 32.
    assert places(read(tmp_path, "fxs", text), 1003) == [(45 * 45, 21, 14, 66, 59)]


def test_what_silhouette_holds_stays_until_the_next_key(tmp_path: Path) -> None:
    keys = (Key(1001, box(20, 20, 50, 50)), Key(1005, box(40, 20, 70, 50)))
    item = ShapedObject("hero", (Span(1001, 1005, (Spline(1, "add", keys),)),))
    text = FORMATS["fxs"].write(Shapes(*SIZE, 1001, 1005, (item,)), 1.0).replace("linear", "hold")
    moves = "".join(
        f'<Key frame="{frame}" interp="{kind}">(1,0,0,0,0,1,0,0,0,0,1,0,0,{down},0,1)</Key>'
        for frame, down, kind in ((2, 0.125, "linear"), (0, 0, "hold"), (4, 0, "linear"))
    )
    text = text.replace(OBJECTS, f'<Property id="transform.matrix">{moves}</Property>{OBJECTS}')
    found = read(tmp_path, "fxs", text)
    corners = [places(found, frame)[0][1:3] for frame in range(1001, 1006)]
    assert corners == [(20, 20), (20, 20), (20, 28), (20, 24), (40, 20)]
    hidden = '<Key frame="0" interp="hold">0</Key><Key frame="2" interp="hold">100</Key><Key frame="4">0</Key>'
    seen = f'<Property id="opacity">{hidden}</Property>'
    assert spans_of(read(tmp_path, "fxs", text.replace(OBJECTS, seen + OBJECTS))) == [(1003, 1004)]


def test_open_and_other_shapes_of_silhouette_are_told(tmp_path: Path) -> None:
    other = '<Object type="Shape" label="x" shape_type="Xspline"><Properties/></Object>'
    found = read(tmp_path, "fxs", changed("fxs", "(" + OBJECTS + "[^>]*>)", rf"\1{other}", pattern=True))
    assert found.left_out == ("the open or other shape x of hero",)


def drawing(inside: str, box: str = "0 0 96 64") -> str:
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:inkscape="http://www.inkscape.org/namespaces/inkscape" '
        f'viewBox="{box}">{inside}</svg>'
    )


SQUARE = '<path d="M10 10H30V30H10Z"/>'
THERE = (400, 10, 10, 30, 30)


@pytest.mark.parametrize(
    ("inside", "found"),
    [
        (f'<g transform="translate(40,20)">{SQUARE}</g>', [(400, 50, 30, 70, 50)]),
        (f'<g transform="translate(40 20) scale(.5)">{SQUARE}</g>', [(100, 45, 25, 55, 35)]),
        (
            f'<g transform="rotate(90, 20, 20)"><g transform="matrix(1 0 0 1 0 -10)">{SQUARE}</g></g>',
            [(400, 20, 10, 40, 30)],
        ),
        ('<path style="transform:translate(5px,0)" d="M10 10H30V30H10Z"/>', [(400, 15, 10, 35, 30)]),
        (f'<g>{SQUARE}<path style="display:none" d="M0 0H9V9Z"/></g><g display="none">{SQUARE}</g>', [THERE]),
        (f'{SQUARE}<g visibility="hidden">{SQUARE}</g><g opacity="0">{SQUARE}</g>', [THERE]),
        (f'<style>.a, .st0{{display:none}}</style>{SQUARE}<path class="st0" d="M0 0H9V9Z"/>', [THERE]),
        (f'<g><clipPath id="c"><path d="M0 0H96V64H0Z"/></clipPath>{SQUARE}</g>', [THERE]),
        (f'<defs><path d="M0 0H96V64H0Z"/></defs>{SQUARE}', [THERE]),
        ('<rect x="50" y="5" width="20" height="10"/>', [(200, 50, 5, 70, 15)]),
        ('<polygon points="10,10 30,10 30,30 10,30"/>', [THERE]),
        (f'{SQUARE}<g id="a"><rect x="50" y="5" width="20" height="10"/></g>', [THERE, (200, 50, 5, 70, 15)]),
        ('<path d="M10 10H30V30H10Z l5 5 h5 v5 z"/>', [(400 - 15, 10, 10, 30, 30)]),
        (f'{SQUARE}<path style="display:none !important;display:inline" d="M0 0H9V9Z"/>', [THERE]),
        (f'<style>rect{{display:none}}</style>{SQUARE}<rect width="9" height="9"/>', [THERE]),
        (
            f'<style>/* x */ rect.a#b {{ Opacity: 0 }}</style>{SQUARE}<rect id="b" class="a" width="9" height="9"/>',
            [THERE],
        ),
        (
            '<style>.a{display:none!important} #b{display:inline}</style><path class="a" d="M0 0H9V9Z"/>' + SQUARE,
            [THERE],
        ),
        ('<style>.a{display:inline} path{display:none}</style><path class="a" d="M10 10H30V30H10Z"/>', [THERE]),
        (
            f"<style>@import url(a.css); g > path:hover{{fill:red}} @media print{{path{{fill:red}}}}</style>{SQUARE}",
            [THERE],
        ),
        (f'<g visibility="hidden"><path visibility="inherit" d="M0 0H9V9Z"/></g>{SQUARE}', [THERE]),
        (
            f'<style>/* path{{display:none}}</style><g visibility="hidden"><g visibility="initial">{SQUARE}</g></g>',
            [THERE],
        ),
        ('<g display="none"><path style="transform-origin:5px;rotate:9deg" d="M0 0H9V9Z"/></g>' + SQUARE, [THERE]),
        (f'<g style="transform:rotate(.25turn) translate(0px,-40px)">{SQUARE}</g>', [(400, 10, 10, 30, 30)]),
        (f'<g transform="rotate(100grad,20,20)rotate(1.5707963rad 20 20) skewX(0)">{SQUARE}</g>', [THERE]),
        (f'<g style="transform-origin:0px 0;transform:none">{SQUARE}</g>', [THERE]),
        ('<rect x="25%" y="25%" width="50%" height="50%"/>', [(48 * 32, 24, 16, 72, 48)]),
        ('<style>rect{width:.25in}</style><rect x="7.5pt" y="10" height="5.2916667mm"/>', [(480, 10, 10, 34, 30)]),
    ],
)
def test_drawings_are_read_as_they_look(
    inside: str, found: list[tuple[int, int, int, int, int]], tmp_path: Path
) -> None:
    made = places(read(tmp_path, "svg", drawing(inside)))
    assert [one[1:] for one in made] == [one[1:] for one in found]
    assert np.allclose([one[0] for one in made], [one[0] for one in found], atol=5)


def test_the_whole_of_a_drawing_has_a_style_and_units_too(tmp_path: Path) -> None:
    text = drawing(SQUARE)
    for hidden in ('display="none"', 'style="opacity:0"', 'visibility="hidden"'):
        with pytest.raises(InputError, match="no visible, closed path"):
            read(tmp_path, "svg", text.replace("<svg", f"<svg {hidden}"))
    with pytest.raises(InputError, match=r"svg '' in .* has a 'transform'"):
        read(tmp_path, "svg", text.replace("<svg", '<svg transform="scale(2)"'))
    unsized = text.replace(' viewBox="0 0 96 64"', "{}")
    assert places(read(tmp_path, "svg", unsized.format(' width="1in" height="48pt"'))) == [THERE]
    with pytest.raises(InputError, match="names no size"):
        read(tmp_path, "svg", unsized.format(' width="100%" height="100%"'))


def test_an_origin_and_a_label_of_a_drawing_count(tmp_path: Path) -> None:
    found = read(tmp_path, "svg", drawing(f'<g inkscape:label="head" id="layer1">{SQUARE}</g>', "-10 -20 96 64"))
    assert places(found) == [(400, 20, 30, 40, 50)] and found.objects[0].name == "head"


def test_round_shapes_of_a_drawing_are_round(tmp_path: Path) -> None:
    inside = '<circle cx="30" cy="30" r="20"/><g><ellipse cx="60" cy="30" rx="30" ry="10"/></g>'
    rounded = '<g><rect x="10" y="10" width="40" height="30" rx="10"/></g>'
    areas = [one[0] for one in places(read(tmp_path, "svg", drawing(inside + rounded)))]
    expected = [np.pi * 400, np.pi * 300, 1200 - (4 - np.pi) * 100]
    assert np.allclose(areas, expected, rtol=0.01)


@pytest.mark.parametrize(
    ("inside", "says"),
    [
        (f'<g id="a" clip-path="url(#c)">{SQUARE}</g>', "g 'a' in .* is clipped"),
        ('<path id="b" style="mask:url(#m)" d="M10 10H30V30H10Z"/>', "path 'b' in .* masked"),
        ('<path id="b" d="M10 10H30V30H10Z"><animateTransform/></path>', "path 'b' in .* animated"),
        ('<path id="b" d="M10 10H30V30H10Z"><set attributeName="display" to="none"/></path>', "path 'b' .* animated"),
        (f'<g transform="rotate3d(1,2,3,4)">{SQUARE}</g>', r"transform 'rotate3d\(1,2,3,4\)'"),
        (f'<g transform="scale()">{SQUARE}</g>', r"transform 'scale\(\)', which is not read"),
        (f'<g transform="translate(1) scale(1,2,3)">{SQUARE}</g>', r"transform 'scale\(1,2,3\)'"),
        (f'<g transform="translate(10%)">{SQUARE}</g>', r"transform 'translate\(10%\)'"),
        (f'<g transform="rotate(calc(1turn/2))">{SQUARE}</g>', r"transform 'rotate\(calc\(1turn/2\)\)'"),
        (
            f'<g id="a" style="transform-origin:9px 0;transform:scale(2)">{SQUARE}</g>',
            "g 'a' in .* has a 'transform-origin'",
        ),
        (f'<g id="a" style="rotate:9deg">{SQUARE}</g>', "g 'a' in .* has a 'rotate'"),
        (f"<style>g > path{{display:none}}</style>{SQUARE}", "style rule 'g > path', which is not read"),
        (f"<style>@media print{{path{{display:none}}}}</style>{SQUARE}", "style rule '@media print'"),
        (f'<style media="print">path{{opacity:0}}</style>{SQUARE}', "style rule '@media print'"),
        ('<rect x="2em" width="9" height="9"/>', "the x '2em', which is not read"),
    ],
)
def test_what_is_not_read_of_a_drawing_is_refused(inside: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=says):
        read(tmp_path, "svg", drawing(inside))


def test_open_paths_and_texts_of_a_drawing_are_told(tmp_path: Path) -> None:
    inside = f'{SQUARE}<text id="t">a</text><path id="o" d="M0 0H9V9"/><line/><g display="none"><text/></g>'
    assert read(tmp_path, "svg", drawing(inside)).left_out == ("the text t", "an open path of o", "the line")


def test_an_own_drawing_that_was_edited_keeps_what_was_added(tmp_path: Path) -> None:
    text = changed("svg", "</g>", '<path d="M60 10H70V20H60Z"/></g>')
    assert places(read(tmp_path, "svg", text)) == [(1000, 20, 10, 70, 50)]


#: An outline in a drawing of Wisp, and what puts an animation into it.
STILL, MOVING = (
    r'(<path fill="none"[^>]*) />',
    r'\1><animate attributeName="d" keyTimes="{}" values="M0 0H9V9Z"/></path>',
)


@pytest.mark.parametrize(
    ("suffix", "before", "after"),
    [
        ("svg", STILL, MOVING.format("1..0")),
        ("svg", STILL, MOVING.format("0;1")),
        ("nk", r"\{cc\n\s+\{f 8192\}\n\s+\{px \w+\n\s+\{0 0\}", "{cc {f 8192} {px 1 {0}"),
        ("nk", r"\{cc\n\s+\{f 8192\}\n\s+\{px", "{cc {f 8192} {{1} px"),
        ("nk", r"\{px (\w+)\n", r"{px \1 {0 0}"),
        ("svg", 'data-span="1001 1005"', 'data-span="1001"'),
        ("svg", r'(data-span="1001 1005" d="M)20', r"\g<1>1e300"),
        ("svg", 'data-first="1001"', 'data-first="a"'),
        ("fxs", 'workRangeEnd="1005"', 'workRangeEnd="x"'),
        ("fxs", r"<Point>\(", "<Point>(1e300"),
        ("fxs", r'frame="0" interp="linear"', 'frame="inf" interp="linear"'),
        ("json", "20.0", "1e300"),
        ("json", '"frame":1001', '"frame":1e999'),
        ("json", '"first":1001,"last":1005,"splines"', '"first":5,"last":1,"splines"'),
        ("json", '"frame":1001', '"frame":99999999999'),
    ],
)
def test_damaged_files_are_refused_by_name(suffix: str, before: str, after: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=rf"a\.{suffix}"):
        read(tmp_path, suffix, changed(suffix, before, after, pattern=True))


def test_a_huge_drawing_takes_no_memory(tmp_path: Path) -> None:
    inside = '<path d="M0 0H900000000V900000000Z"/>'
    with pytest.raises(InputError):
        read(tmp_path, "svg", drawing(inside * 2, "0 0 900000000 900000000"))


def test_frames_on_which_a_keyed_number_is_above_zero() -> None:
    assert above_zero([]) == [EVER]
    assert above_zero([Step(1, 0.0)]) == [] and above_zero([Step(1, 0.5)]) == [EVER]
    fades = [Step(1, 0.0), Step(5, 1.0), Step(9, 0.0)]
    assert above_zero(fades) == [(2, 8)]
    assert above_zero([Step(1, 1.0), Step(3, 0.0), Step(4, 1.0)]) == [(EVER[0], 2), (4, EVER[1])]
    assert common([(1, 5), (8, 9)], [(4, 8)]) == [(4, 5), (8, 8)]
