"""What nobody could tell of Nuke: points of which either answer is right, named as in the tables of the stand-in."""

from __future__ import annotations

from typing import Any, List, Tuple

from . import host
from .acceptance_points import Check, Folder, Skip, a_wisp, executing_around_a_render, failure_of

#: What the names of these points begin with.
UNKNOWN = "unknown: "


# -- what nobody could tell: either answer is right -----------------------------------------------------------


def _group(kind: str = "Int_Knob", *arguments: Any) -> Any:
    group = host.create("Group")
    group.addKnob(host.knob(kind, "k", "k", *arguments))
    return group


def _any_change() -> str:
    group = _group()
    group.addKnob(host.knob("Int_Knob", "seen", "seen"))
    group["knobChanged"].setValue("k = nuke.thisKnob()\nif k.name() == 'k':\n    nuke.thisNode()['seen'].setValue(1)\n")
    group["k"].setValue(5)
    return str(bool(group["seen"].value()))


def _set_animated_keys() -> str:
    group = _group()
    group["k"].setAnimated()
    return str("x" in host.as_script(group["k"]))


def _script_of_now() -> str:
    group = _group()
    host.constant_keys(group["k"], {1: 0, 5: 1})
    return str("curve" not in group["k"].toScript())


def _values_reset() -> str:
    group = _group("Enumeration_Knob", ["a", "b"])
    group["k"].setValue(1)
    group["k"].setValues(["x", "y"])
    return str(host.choice(group["k"]) == 0)


def _pasted(group: Any) -> Any:
    with Folder() as folder:
        return host.paste(host.copy(group, folder / "copy.nk"), group)


def _menus_are_lost() -> str:
    group = _group("Enumeration_Knob", ["a", "b"])
    group["k"].setValues(["x", "y"])
    return str(list(_pasted(group)["k"].values()) != ["x", "y"])


def _eval_strings() -> str:
    group = _group("String_Knob")
    group["k"].setValue("word")
    return str(_pasted(group)["k"].Class() == "EvalString_Knob")


def _bbox_shortens() -> str:
    group = _group("BBox_Knob")
    return str(isinstance(group["k"].value(), float))


def _layers_extend() -> str:
    host.nuke.Layer("wisp_extended", ["wisp_extended.one"])
    host.nuke.Layer("wisp_extended", ["wisp_extended.two"])
    return str("wisp_extended.two" in host.nuke.channels())


def _visible_modifies() -> str:
    group = _group()
    host.nuke.root().setModified(False)
    group["k"].setVisible(False)
    return str(bool(host.nuke.root().modified()))


def _text_of_anything() -> str:
    group = _group("String_Knob")
    try:
        group["k"].setValue(5)
    except TypeError:
        return "False"
    return str(host.text_of(group["k"]) == "5")


def _crop_is_a_format() -> str:
    return str(any(host.numbers(host.create("Crop")["box"], 4)))


def _constant_taken() -> str:
    group = _group()
    group["k"].setAnimated()
    group["k"].setValueAt(0, 1)
    group["k"].setValueAt(4, 5)
    try:
        for curve in group["k"].animations():
            curve.changeInterpolation(curve.keys(), host.nuke.CONSTANT)
    except TypeError:
        return "False"
    return str(group["k"].getValueAt(3) == 0)


def _viewer_zooms() -> str:
    raise Skip(
        "by hand: switch the overlay on (Guides), pick two places: is it there, and where it belongs, at any zoom?"
    )


def _has_cryptomatte() -> str:
    return str(host.try_to_create("Cryptomatte", _group("Int_Knob")) is not None)


def _executing_before() -> str:
    return str(executing_around_a_render()[:1] == [True])


def _after_aborted() -> str:
    if host.has_interface():
        raise Skip("ask with nuke -t")
    seen: List[bool] = []

    def before() -> None:
        pass

    def after() -> None:
        seen.append(True)

    host.on_renders(before, after)
    try:
        failure_of(a_wisp())
    finally:
        host.off_renders(before, after)
    return str(bool(seen))


def _hover_samples() -> str:
    raise Skip("by hand: Ctrl+click a pixel, move the pointer without Ctrl: does the sample's box stay?")


CHECKS: Tuple[Check, ...] = tuple(
    (UNKNOWN + check.__name__.lstrip("_"), check)
    for check in (
        *(_any_change, _set_animated_keys, _script_of_now, _values_reset, _menus_are_lost, _eval_strings),
        *(_bbox_shortens, _layers_extend, _visible_modifies, _text_of_anything, _crop_is_a_format),
        *(_constant_taken, _executing_before, _after_aborted, _has_cryptomatte, _viewer_zooms, _hover_samples),
    )
)
