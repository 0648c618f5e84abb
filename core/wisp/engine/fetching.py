"""The job that brings a model's weights to this machine."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from ..client.ends import Fetched
from ..client.events import Notice, Progress
from ..client.requests import Fetch
from ..errors import CancelledError
from ..weights import search
from ..weights.fetch import get
from ..weights.options import RunOptions
from ..weights.registry import entries

if TYPE_CHECKING:
    from .jobs import Job


def fetch(asked: Fetch, options: RunOptions, job: Job) -> Fetched:
    """Fetch the model's missing files. Between two pieces calls are let in and a cancel is heeded: CancelledError,
    and what has come is kept. Raises like `weights.fetch.get`."""
    began = time.monotonic()
    first: dict[str, int] = {}

    def progress(name: str, done: int, total: int | None) -> None:
        if job.cancelled.is_set():
            raise CancelledError(
                f"Fetching {name} was stopped; what has come is kept.", hint="Fetch it again to go on from there."
            )
        come = done - first.setdefault(name, done)
        pace = come / (time.monotonic() - began) if come else 0.0
        eta = (total - done) / pace if total and pace else None
        job.listen(Progress("fetch", None, done, total or 0, eta))

    files = get(asked.model, options=options, progress=progress, say=lambda text: job.listen(Notice("info", text)))
    places = search.folders(options.weights)
    here = [
        model.id for model in entries() if all(search.find(file, places) is not None for file in model.files.values())
    ]
    return Fetched(asked.model, [item.file.path.as_posix() for item in files], here)
