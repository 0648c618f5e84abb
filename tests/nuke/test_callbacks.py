"""Functions that were registered with the stand-in: who is called, when, in which order, in what context."""

from __future__ import annotations

import pytest
from fake_nuke import FakeNuke, Unknowns


@pytest.fixture
def host() -> FakeNuke:
    return FakeNuke()


def test_the_exact_class_comes_before_any(host: FakeNuke) -> None:
    seen: list[str] = []
    host.addOnCreate(seen.append, args="any")
    host.addOnCreate(seen.append, args=("read",), nodeClass="Read")
    host.addOnCreate(seen.append, args=("write",), nodeClass="Write")
    host.nodes.Read()
    assert seen == ["read", "any"]


def test_registered_again_it_moves_and_runs_once(host: FakeNuke) -> None:
    seen: list[str] = []
    for word in ("a", "b", "a"):
        host.addOnCreate(seen.append, args=(word,))
    host.nodes.Read()
    assert seen == ["b", "a"]
    host.removeOnCreate(seen.append, args=("b",))
    host.removeOnCreate(seen.append, args=("never",))
    host.nodes.Read()
    assert seen == ["b", "a", "a"]


def test_what_is_no_callback_is_refused(host: FakeNuke) -> None:
    with pytest.raises(ValueError, match="callable"):
        host.addOnCreate("text")
    with pytest.raises(ValueError, match="dictionary"):
        host.addOnCreate(print, kwargs=[("a", 1)])


def test_they_are_called_in_the_context_of_the_node(host: FakeNuke) -> None:
    seen: list[tuple[str, str]] = []

    def note(kind: str) -> None:
        seen.append((kind, f"{host.thisNode().name()}.{host.thisKnob().name()}"))

    host.addKnobChanged(note, args="changed", nodeClass="Read")
    host.addOnDestroy(note, args="gone", nodeClass="Read")
    read, write = host.nodes.Read(), host.nodes.Write()
    read.showControlPanel()
    host.user_sets(read["file"], "x.exr")
    host.user_sets(read["file"], "x.exr")
    host.user_sets(write["file"], "y.exr")
    host.user_connects(read, 0, write)
    host.delete(read)
    names = [("changed", "showPanel"), ("changed", "file"), ("changed", "inputChange"), ("gone", "OnDestroy")]
    assert seen == [(kind, f"Read1.{knob}") for kind, knob in names]


@pytest.mark.parametrize("any_change", [False, True])
def test_what_changes_without_the_user_is_reported_by_some_versions(any_change: bool) -> None:
    host = FakeNuke(unknowns=Unknowns(any_change=any_change))
    seen: list[str] = []
    host.addKnobChanged(lambda: seen.append(host.thisKnob().name()), nodeClass="Read")
    read, write = host.nodes.Read(), host.nodes.Write()
    read["file"].setValue("x.exr")
    host.user_connects(read, 0, write)
    assert seen == (["file", "inputChange"] if any_change else [])
    read.showControlPanel()
    read["file"].setValue("y.exr")
    host.user_connects(read, 0, None)
    assert seen[-2:] == (["file", "inputChange"] if any_change else ["showPanel", "inputChange"])


def test_a_callback_is_not_called_inside_itself_by_older_versions(host: FakeNuke) -> None:
    group = host.nodes.Group()
    for name in ("a", "b"):
        group.addKnob(host.Int_Knob(name))
    group["knobChanged"].setValue("n = nuke.thisNode(); nuke.said.append(nuke.thisKnob().name()); n['b'].setValue(1)")
    host.user_sets(group["a"], 1)
    assert host.said == ["a"]


def test_the_inside_of_a_group_is_made_before_it(host: FakeNuke) -> None:
    text = "nuke.said.append(nuke.thisNode().name())"
    group = host.nodes.Group(name="Outer", onCreate=text)
    with group:
        host.nodes.Group(name="Inner", onCreate=text)
    other = FakeNuke()
    other.load(host.save())
    assert other.said == ["Inner", "Outer"]
    host.said.clear()
    group["onDestroy"].setValue(text)
    group.node("Inner")["onDestroy"].setValue(text)
    host.delete(group)
    assert host.said == ["Outer", "Inner"]


def test_renders_are_of_writes_unless_told(host: FakeNuke) -> None:
    seen: list[str] = []
    host.addBeforeRender(seen.append, args=("write",))
    host.run_callbacks("BeforeRender", host.nodes.Group())
    assert seen == []
    host.run_callbacks("BeforeRender", host.nodes.Write())
    assert seen == ["write"]


def test_scripts_are_opened_saved_and_closed_aloud(host: FakeNuke) -> None:
    seen: list[str] = []
    for kind in ("OnScriptLoad", "OnScriptSave", "OnScriptClose"):
        getattr(host, "add" + kind)(seen.append, args=kind)
    host.nodes.Read()
    host.load(host.save())
    host.scriptClose()
    assert seen == ["OnScriptSave", "OnScriptLoad", "OnScriptClose"] and host.allNodes() == []


def test_another_thread_may_wait_for_the_main_one(host: FakeNuke) -> None:
    import threading

    found: list[int] = []
    worker = threading.Thread(target=lambda: found.append(host.executeInMainThreadWithResult(host.frame)))
    worker.start()
    while worker.is_alive():
        host.pump()
    worker.join()
    assert found == [1]
