"""The stand-in against the stubs generated from Nuke 13.2: what it models exists there, by name and arguments."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import fake_nuke
import pytest
from fake_nuke.callbacks import KINDS
from fake_nuke.knobs import CONSTRUCTORS

FAKE = Path(fake_nuke.__file__).parent
#: The test's side of the stand-in, which is not of the host.
OURS = {
    "FakeNuke": {
        *("pump", "check_thread", "make", "created", "run_text", "run_callbacks", "view", "save", "load", "reaches"),
        *("user_sets", "user_connects", "acting", "by_user", "in_callback"),
    },
    "Viewer": {"ctrl_click", "ctrl_shift_drag", "hover"},
    # The stubs split the arguments of `sample` into overloads.
    "Node": {"changed", "names", "tabs", "handles", "sample", "is_there", "require"},
    "Group": {"unique", "modified", "setModified"},  # of the root alone, see below
    "Undo": {"remember", "steps_only"},
    # Inherited in the host from a class that its stubs leave out, or given to Python by other means.
    "PyScriptKnob": {"execute"},
    "ReloadKnob": {"execute"},
    "CurvesKnob": {"rootLayer"},
}
#: Methods of all knobs that are the stand-in's own.
KNOB = {"of_class", "snapshot", "restore", "is_default", "saved_choices"}
#: Class of the stand-in -> the host's. Knobs: see `CONSTRUCTORS`.
CLASSES = {
    "Knob": "Knob",
    "Node": "Node",
    "Group": "Group",
    "Format": "Format",
    "FrameRange": "FrameRange",
    "Undo": "Undo",
    "Viewer": "ViewerWindow",
    "ProgressTask": "ProgressTask",
    "Menu": "Menu",
    "Curve": "AnimationCurve",
    **{kind.__name__: name for name, kind in CONSTRUCTORS.items()},
}
#: Arguments by name, one list per overload; a name may stand for "any", which the stubs write as `*args`.
Signatures = dict[str, list[list[str]]]


def signatures(body: list[ast.stmt]) -> Signatures:
    found: Signatures = {}
    for item in body:
        if isinstance(item, ast.FunctionDef):
            names = [argument.arg for argument in (*item.args.posonlyargs, *item.args.args) if argument.arg != "self"]
            found.setdefault(item.name, []).append(names)
    return found


@cache
def stubs() -> tuple[Signatures, dict[str, Signatures]]:
    """Functions, and classes with their methods and those of their bases."""
    (folder,) = pytest.importorskip("nuke-stubs", reason="needs types-nuke (the test extra)").__path__
    functions: Signatures = {}
    own: dict[str, Signatures] = {}
    bases: dict[str, list[str]] = {}
    for file in sorted(Path(folder).glob("*.pyi")):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        functions.update(signatures(tree.body))
        for item in tree.body:
            if isinstance(item, ast.ClassDef):
                own[item.name] = signatures(item.body)
                bases[item.name] = [base.id for base in item.bases if isinstance(base, ast.Name)]

    def with_bases(name: str) -> Signatures:
        found: Signatures = {}
        for base in bases.get(name, []):
            found.update(with_bases(base))
        return {**found, **own.get(name, {})}

    return functions, {name: with_bases(name) for name in own}


def fakes() -> dict[str, Signatures]:
    """The stand-in's classes with their public methods."""
    trees = [ast.parse((FAKE / f"{name}.py").read_text(encoding="utf-8")) for name in ("session", "nodes", "knobs")]
    return {
        item.name: {name: found for name, found in signatures(item.body).items() if not name.startswith("_")}
        for tree in trees
        for item in tree.body
        if isinstance(item, ast.ClassDef)
    }


def agrees(ours: list[str], theirs: list[list[str]]) -> bool:
    """Whether one of the overloads begins with our arguments; one without names takes anything."""
    return any(not names or names[: len(ours)] == ours for names in theirs)


@pytest.mark.parametrize("name", sorted({"FakeNuke", *CLASSES} - {"Creator"}))
def test_methods_and_their_arguments_are_the_hosts(name: str) -> None:
    functions, classes = stubs()
    theirs = {**functions, **classes} if name == "FakeNuke" else classes[CLASSES[name]]
    for method, (ours, *_) in fakes()[name].items():
        if method not in OURS.get(name, set()) | KNOB:
            assert method in theirs, f"{name}.{method} is none of the host's"
            overloads = theirs[method]
            assert not isinstance(overloads, list) or agrees(ours, overloads), f"{name}.{method}{ours}: {overloads}"


def test_knobs_and_callbacks_exist() -> None:
    functions, classes = stubs()
    assert set(CONSTRUCTORS) <= set(classes)
    assert {"modified", "setModified"} <= set(classes["Root"])
    for kind in KINDS:
        for verb in ("add", "remove"):
            assert agrees(["call", "args", "kwargs", "nodeClass"], functions[verb + kind])


def test_functions_that_the_plugin_calls_exist() -> None:
    functions, classes = stubs()
    flags = {"INVISIBLE", "DO_NOT_WRITE", "STARTLINE", "NO_UNDO", "SAVE_MENU"}
    known = {*functions, *classes, *flags, "GUI", "nodes", "EXE_PATH", "env", "rotopaint"}
    seen = set()
    for file in (FAKE.parents[1] / "nuke_plugin").rglob("*.py"):
        used = {
            node.attr
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "nuke"
        }
        assert used <= known, file
        seen |= used
    assert {"root", "execute"} <= seen


def test_a_name_that_the_host_lacks_is_found() -> None:
    """Otherwise the tests above would prove nothing."""
    functions, classes = stubs()
    assert "activeViewr" not in functions and "setExpresion" not in classes["Array_Knob"]
    assert not agrees(["frameNumber"], functions["frame"])
