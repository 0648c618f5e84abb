"""What attributes and style sheets say of the elements of a drawing: what counts of CSS, transforms and lengths.

What is not understood and could change what is drawn is refused by name.
"""

from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError

_INKSCAPE = "http://www.inkscape.org/namespaces/inkscape"
#: An angle in degrees, and a length in pixels, by its unit (CSS Values and Units).
_ANGLES = {"": 1.0, "deg": 1.0, "grad": 0.9, "rad": math.degrees(1), "turn": 360.0}
_LENGTHS = {
    "": 1.0,
    "px": 1.0,
    "in": 96.0,
    "cm": 96 / 2.54,
    "mm": 96 / 25.4,
    "q": 96 / 101.6,
    "pt": 96 / 72,
    "pc": 16.0,
}
_PLAIN = {"": 1.0}
#: Lengths by what one hundred percent of them are: width, height, or the root of the mean of their squares.
_ACROSS, _DOWN, _BOTH = ("x", "cx", "rx", "width"), ("y", "cy", "ry", "height"), ("r",)
_SIZES = (*_ACROSS, *_DOWN, *_BOTH)
#: Properties that move an element in a way that is not read.
_UNREAD = ("translate", "rotate", "scale", "offset-path")
#: Properties that count; a rule that sets none of them may be of any kind.
_COUNTING = {"clip-path", "d", "display", "mask", "opacity", "transform", "transform-origin", "visibility"}
_COUNTING |= {*_SIZES, *_UNREAD}
#: A selector of one element by its tag, its id and its classes.
_SELECTOR = re.compile(r"(?=.)(\*|[A-Za-z][\w-]*)?((?:[.#][\w-]+)*)")
#: Selectors and what is declared for them; rules within rules, as of `@media`, are part of that.
_RULE = re.compile(r"([^{};]+)\{((?:[^{}]|\{[^{}]*\})*)\}")
_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)|<!--|-->", re.DOTALL)
_FUNCTION = re.compile(r"([\w-]+)\s*\(([^()]*)\)[\s,]*")
_QUANTITY = re.compile(r"([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)([A-Za-z%]*)")

#: Values by property and whether they are `!important`.
_Declared = dict[tuple[str, bool], str]


def tag_of(node: ET.Element) -> str:
    """Without its namespace; empty for a comment."""
    return node.tag.rpartition("}")[2] if isinstance(node.tag, str) else ""


def name_of(node: ET.Element) -> str:
    """As people see it: Inkscape's label goes before the id."""
    return node.get(f"{{{_INKSCAPE}}}label") or node.get("id") or ""


def affine(a: float, b: float, c: float, d: float, e: float, f: float) -> NDArray[np.float64]:
    """A matrix (3 x 3) from the six numbers of SVG's `matrix`."""
    return np.array([[a, c, e], [b, d, f], [0, 0, 1]], np.float64)


@dataclass(frozen=True)
class _Rule:
    """For elements of a tag (empty: of any) that have all of these ids and classes."""

    tag: str
    ids: frozenset[str]
    classes: frozenset[str]
    declared: _Declared

    @property
    def rank(self) -> tuple[int, int, bool]:
        """Of the rules for an element that of the highest rank counts, of several such ones the last."""
        return len(self.ids), len(self.classes), bool(self.tag)

    def holds(self, node: ET.Element) -> bool:
        named = self.ids <= {node.get("id", "")} and self.classes <= {*node.get("class", "").split()}
        return named and self.tag in ("", tag_of(node))


class Styles:
    """What is said of the elements of a drawing. All methods raise InputError for what is not understood.

    What lies outside its file does not count, as in browsers that show it as a picture.
    """

    def __init__(self, root: ET.Element, source: str | Path) -> None:
        self._source = source
        self._rules: list[_Rule] = []
        for sheet in (node for node in root.iter() if tag_of(node) == "style"):
            text = _COMMENT.sub(" ", sheet.text or "")
            if "media" in sheet.attrib:
                text = f"@media {sheet.get('media')} {{{text}}}"
            for selectors, body in _RULE.findall(text):
                self._rules += self._understood(selectors, body)
        self._rules.sort(key=lambda rule: rule.rank)

    def _understood(self, selectors: str, body: str) -> Iterator[_Rule]:
        if not _COUNTING & set(re.findall(r"[\w-]+(?=\s*:)", body.lower())):
            return
        for selector in (" ".join(one.split()) for one in selectors.split(",")):
            found = _SELECTOR.fullmatch(selector)
            if not found or "{" in body:
                raise InputError(
                    f"{self._source} has the style rule '{selector}', which is not read.",
                    hint="Convert its style sheets to attributes.",
                    path=self._source,
                )
            ids, classes = (frozenset(re.findall(mark + r"([\w-]+)", found[2])) for mark in ("#", r"\."))
            yield _Rule((found[1] or "").strip("*"), ids, classes, _declared(body))

    def of(self, node: ET.Element) -> dict[str, str]:
        """What its attributes, the rules for it and its own style say, of which the last counts."""
        blocks = [*(rule.declared for rule in self._rules if rule.holds(node)), _declared(node.get("style", ""))]
        made = {name: value for name, value in node.attrib.items() if name not in _UNREAD}
        for is_urgent in (False, True):
            for block in blocks:
                made |= {name: value for (name, urgent), value in block.items() if urgent == is_urgent}
        return {name: value for name, value in made.items() if value not in ("inherit", "unset")}

    def transform(self, node: ET.Element, style: Mapping[str, str]) -> NDArray[np.float64]:
        """The matrix (3 x 3) of an element with that style."""
        text = style.get("transform", "none").strip()
        moved = [name for name in _UNREAD if style.get(name, "none") != "none"]
        if text != "none" and any(_measured(style.get("transform-origin", "0"), _LENGTHS) or [1]):
            moved.append("transform-origin")
        # Browsers turn the whole drawing about its middle, other programs about its corner.
        if text != "none" and tag_of(node) == "svg":
            moved.append("transform")
        if moved:
            raise InputError(
                f"The {tag_of(node)} '{name_of(node)}' in {self._source} has a '{moved[0]}', which is not read.",
                hint="Convert it to matrices of groups and paths.",
                path=self._source,
            )
        made, at = np.eye(3), 0
        while at < len(text) and text != "none":
            found = _FUNCTION.match(text, at)
            step = _matrix(found[1], found[2]) if found else None
            if found is None or step is None:
                wrong = (found[0] if found else text[at:]).strip(", \t\r\n")
                raise InputError(
                    f"{self._source} has the transform '{wrong}', which is not read.",
                    hint="Convert it to a matrix.",
                    path=self._source,
                )
            made, at = made @ step, found.end()
        return made

    def sizes(self, style: Mapping[str, str], box: tuple[float, float]) -> dict[str, float]:
        """By name the lengths that it has, in the drawing's unit. `box`: width and height of the drawing."""
        made = {}
        for name in _SIZES:
            text = style.get(name, "auto").strip()
            if text in ("", "auto"):
                continue
            whole = box[0] if name in _ACROSS else box[1] if name in _DOWN else math.hypot(*box) / math.sqrt(2)
            found = _measured(text, _LENGTHS | {"%": whole / 100})
            if found is None or len(found) != 1:
                raise InputError(
                    f"{self._source} has the {name} '{text}', which is not read.",
                    hint="Give it in pixels.",
                    path=self._source,
                )
            made[name] = found[0]
        return made


def _declared(text: str) -> _Declared:
    made: _Declared = {}
    for name, _, value in (pair.partition(":") for pair in _COMMENT.sub(" ", text).split(";")):
        plain, urgent, _ = value.partition("!")
        if plain.strip():
            made[name.strip().lower(), bool(urgent)] = plain.strip()
    return made


def _measured(text: str, units: Mapping[str, float]) -> list[float] | None:
    """Its numbers, each times its unit; None where there is anything else."""
    found = [(float(number), units.get(unit.lower())) for number, unit in _QUANTITY.findall(text)]
    made = [number * unit for number, unit in found if unit is not None]
    return None if len(made) < len(found) or _QUANTITY.sub("", text).replace(",", "").strip() else made


def _turn(degrees: float, x: float = 0.0, y: float = 0.0) -> NDArray[np.float64]:
    angle = math.radians(degrees)
    turn = affine(math.cos(angle), math.sin(angle), -math.sin(angle), math.cos(angle), 0, 0)
    made: NDArray[np.float64] = affine(1, 0, 0, 1, x, y) @ turn @ affine(1, 0, 0, 1, -x, -y)
    return made


#: By name: the matrix, how many numbers it is made of, and their units.
_TRANSFORMS: dict[str, tuple[Callable[..., NDArray[np.float64]], tuple[int, ...], Mapping[str, float]]] = {
    "matrix": (affine, (6,), _PLAIN),
    "translate": (lambda x, y=0.0: affine(1, 0, 0, 1, x, y), (1, 2), _LENGTHS),
    "scale": (lambda x, y=None: affine(x, 0, 0, x if y is None else y, 0, 0), (1, 2), _PLAIN),
    "rotate": (_turn, (1, 3), _ANGLES),
    "skewX": (lambda degrees: affine(1, 0, math.tan(math.radians(degrees)), 1, 0, 0), (1,), _ANGLES),
    "skewY": (lambda degrees: affine(1, math.tan(math.radians(degrees)), 0, 1, 0, 0), (1,), _ANGLES),
}


def _matrix(name: str, words: str) -> NDArray[np.float64] | None:
    """One step of a transform (3 x 3); None where it is not understood."""
    make, counts, units = _TRANSFORMS.get(name, (affine, (), _PLAIN))
    numbers = _measured(words, units)
    return make(*numbers) if numbers is not None and len(numbers) in counts else None
