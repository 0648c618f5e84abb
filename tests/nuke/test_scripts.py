"""Scripts as another reader sees them: plain Tcl, which knows neither the stand-in nor Nuke, gives the same graph."""

from __future__ import annotations

import tkinter
from pathlib import Path
from typing import Any

from fake_nuke.nodes import Group

#: Name -> class and the names of what feeds it.
Graph = dict[str, tuple[str, list[str]]]


def read(text: str) -> Graph:
    """Evaluate a script with a reader of its own: every unknown command is a node."""
    tcl = tkinter.Tcl()
    assert tcl.getboolean(tcl.call("info", "complete", text))
    graph: Graph = {}
    stacks: list[list[str]] = [[]]
    path: list[str] = []

    def unknown(kind: str, body: str) -> str:
        words = tcl.splitlist(body)
        assert len(words) % 2 == 0, f"{kind}: names and values are not pairs"
        values = dict(zip(words[::2], words[1::2], strict=True))
        for name, value in values.items():
            if name == "addUserKnob":
                int(tcl.splitlist(value)[0])  # the code of its class
        name = ".".join([*path, values["name"]])
        count = int(values.get("inputs", kind not in ("Input", "Read", "Plates")))
        sources = [stacks[-1].pop() for _ in range(count)]
        graph[name] = (kind, sources)
        stacks[-1].append(name)
        if kind == "Group":
            path.append(values["name"])
            stacks.append([])
        return ""

    def end_group() -> str:
        path.pop()
        stacks.pop()
        return ""

    def push(name: str) -> str:
        stacks[-1].append("" if name == "0" else name)
        return ""

    for name in ("version", "Root", "add_layer"):
        tcl.createcommand(name, lambda *_: "")
    tcl.createcommand("unknown", unknown)
    tcl.createcommand("stack", lambda index: stacks[-1][-1 - int(index)])
    tcl.createcommand("push", push)
    tcl.createcommand("end_group", end_group)
    tcl.eval(text)
    return graph


def drawn(group: Group, above: str = "") -> Graph:
    """The same of the stand-in's nodes."""
    graph: Graph = {}
    for node in group.nodes():
        sources = [node.input(index) for index in range(node.inputs())]
        graph[above + node.name()] = (node.Class(), [above + one.name() if one else "" for one in sources])
        if isinstance(node, Group):
            graph.update(drawn(node, f"{above}{node.name()}."))
    return graph


def test_a_node_with_two_objects(session: Any, tmp_path: Path) -> None:
    group = session.wisp()
    session.host.viewer.ctrl_click(10, 5)
    group["wisp_add_pos"].execute()
    group["wisp_add_object"].execute()
    group["wisp_add_neg"].execute()
    session.idle()
    graph, node = session.module("graph"), session.module("node")
    mattes = [graph.Mattes(f"{tmp_path.as_posix()}/{name}.%04d.exr", True) for name in "ab"]
    node.rebuild(group, mattes)
    node.show_states(group, [{1001: 1, 1002: 1}, {1002: 1}], [True, True])
    found = read(session.host.save())
    assert found == drawn(session.host.root_group) and len(found) == 22
    assert found["Wisp1"] == ("Group", ["Plate1"])
