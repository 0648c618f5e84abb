"""What a user who installs Wisp gets on the disk besides it: names, versions, licences, as a bill and as a page.

Source: CycloneDX 1.6, and the core metadata of packages (packaging.python.org, "Core metadata specifications").
"""

from __future__ import annotations

import importlib.metadata
import json
from collections.abc import Iterable
from pathlib import Path

from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import DisjunctiveLicense, LicenseExpression
from cyclonedx.output.json import JsonV1Dot6
from license_expression import ExpressionError, get_spdx_licensing
from packageurl import PackageURL
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

Distribution = importlib.metadata.Distribution

#: Licences of packages whose metadata is silent, read in the files that they come with.
SILENT = {"OpenEXR": "BSD-3-Clause"}

#: What no package's metadata tells: data and code of others within the wheel itself -> its licence.
CARRIED = {
    ("sam2", "1.1.0"): "Apache-2.0",
    ("EfficientNet-Lite0 features", "1"): "Apache-2.0",
}


def installed(extras: Iterable[str] = ()) -> list[Distribution]:
    """Wisp's requirements with these extras, and theirs, as they are in this environment; by name, Wisp not among them.

    PackageNotFoundError where one is not installed.
    """
    found: dict[str, Distribution] = {}
    seen: set[tuple[str, frozenset[str]]] = set()
    waiting = [("wisp-roto", frozenset(extras))]
    while waiting:
        name, wanted = waiting.pop()
        if (name, wanted) in seen:
            continue
        seen.add((name, wanted))
        found[name] = importlib.metadata.distribution(name)
        for line in found[name].requires or ():
            needed = Requirement(line)
            if needed.marker is None or any(needed.marker.evaluate({"extra": extra}) for extra in (*wanted, "")):
                waiting.append((canonicalize_name(needed.name), frozenset(needed.extras)))
    del found["wisp-roto"]
    return [found[name] for name in sorted(found)]


def licence_of(package: Distribution) -> str:
    """An SPDX expression where the package's metadata has one, else its own words."""
    told = package.metadata
    classified = [
        line.split(" :: ")[-1]
        for line in told.get_all("Classifier", ())
        if line.startswith("License :: OSI Approved ::")
    ]
    words = told.get("License-Expression") or ", ".join(classified) or (told.get("License") or "").strip()
    return words.splitlines()[0][:100] if words else SILENT.get(package.name, "not told")


def bill(packages: Iterable[Distribution], version: str) -> str:
    """The bill of materials as CycloneDX 1.6 JSON; equal environments give equal texts."""
    bom = Bom(version=1)
    wisp = Component(name="wisp-roto", version=version, type=ComponentType.APPLICATION, bom_ref="wisp-roto")
    bom.metadata.component = wisp
    rows = [(package.name, package.version, licence_of(package)) for package in packages]
    for name, number, licence in [*rows, *((*key, licence) for key, licence in CARRIED.items())]:
        spdx = _is_spdx(licence)
        bom.components.add(
            Component(
                name=name,
                version=number,
                bom_ref=f"{name}@{number}",
                purl=PackageURL("pypi", name=canonicalize_name(name), version=number) if " " not in name else None,
                licenses=[LicenseExpression(licence) if spdx else DisjunctiveLicense(name=licence)],
            )
        )
    bom.register_dependency(wisp, bom.components)
    text = JsonV1Dot6(bom).output_as_string(indent=2)
    return _without_the_moment(text)


def page(packages: Iterable[Distribution]) -> str:
    """The same for people: a table in Markdown."""
    rows = [f"| {package.name} | {package.version} | {licence_of(package)} |" for package in packages]
    rows += [f"| {name} (within the wheel) | {version} | {licence} |" for (name, version), licence in CARRIED.items()]
    return "\n".join(["| package | version | licence |", "|---|---|---|", *rows, ""])


def write(folder: Path, version: str, extras: Iterable[str] = ()) -> list[Path]:
    """Both into `folder`."""
    packages = installed(extras)
    places = [folder / f"wisp-roto-{version}.cdx.json", folder / f"wisp-roto-{version}-licences.md"]
    for place, text in zip(places, (bill(packages, version), page(packages)), strict=True):
        place.write_text(text, encoding="utf-8")
    return places


def _is_spdx(words: str) -> bool:
    try:
        return get_spdx_licensing().parse(words, validate=True) is not None
    except ExpressionError:
        return False


def _without_the_moment(text: str) -> str:
    """Less the time and the random number that the library puts in, so that equal contents give equal bills."""
    content = json.loads(text)
    content.pop("serialNumber", None)
    content["metadata"].pop("timestamp", None)
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"
