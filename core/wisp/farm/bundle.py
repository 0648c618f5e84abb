"""A job folder as AWS Deadline Cloud's `deadline bundle submit` takes it: template, values, and the files it needs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ..atomic import replacing, spare_others, sweep
from ..errors import OutputError
from .template import JobPlan, job_template, job_values


def write_template(plan: JobPlan, place: Path) -> None:
    """The job as JSON. OutputError where it cannot be written, or something else than a job is there."""
    spare_others(place, _is_job)
    _write(place, job_template(plan, place.parent))


def write_bundle(plan: JobPlan, folder: Path, inputs: list[Path]) -> list[Path]:
    """Template, parameter values and asset references into `folder`, which is made; the document may lie there, too.

    `inputs`: files and folders that the shot reads; they are uploaded where the queue does not share storage.
    OutputError where the folder exists with something else in it.
    """
    own = (*_NAMES, plan.shot.name)
    if folder.is_file() or (folder.is_dir() and any(item.name not in own for item in folder.iterdir())):
        raise OutputError(
            f"{folder} holds other files or is one.", hint="Name a folder that is empty or not there yet.", path=folder
        )
    spare_others(folder / "template.json", _is_job)
    template = job_template(plan)
    values = [{"name": name, "value": value} for name, value in job_values(plan).items()]
    references: dict[str, Any] = {
        "inputs": {
            "filenames": [str(path) for path in inputs if not path.is_dir()],
            "directories": [str(path) for path in inputs if path.is_dir()],
        },
        "outputs": {"directories": [str(plan.cache)]},
        "referencedPaths": [],
    }
    contents: tuple[dict[str, Any], ...] = (template, {"parameterValues": values}, {"assetReferences": references})
    places = [folder / name for name in _NAMES]
    for place, content in zip(places, contents, strict=True):
        _write(place, content)
    return places


_NAMES = ("template.json", "parameter_values.json", "asset_references.json")


def _is_job(start: bytes) -> bool:
    return start.startswith(b"{") and b'"specificationVersion": "jobtemplate-' in start


def _write(place: Path, content: dict[str, Any]) -> None:
    sweep(place.parent)
    with replacing(place) as temporary:
        temporary.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", "utf-8")
