"""Functions that were registered with the stand-in: who is called, when, in which order, in what context."""

from __future__ import annotations

import pytest
from fake_nuke import FakeNuke


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
    read["file"].setValue("x.exr")
    read["file"].setValue("x.exr")
    write["file"].setValue("y.exr")
    read.showControlPanel()
    read.setInput(0, None)
    host.delete(read)
    names = [("changed", "file"), ("changed", "showPanel"), ("changed", "inputChange"), ("gone", "OnDestroy")]
    assert seen == [(kind, f"Read1.{knob}") for kind, knob in names]


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
