# SPDX-License-Identifier: GPL-3.0-or-later
"""Work on files, one after the other, on a thread that never touches the host; results come back on the main one."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

Result = TypeVar("Result")

_worker: ThreadPoolExecutor | None = None
_work: list[tuple[Future[Any], Callable[[Any], None], Callable[[Exception], None]]] = []


def submit(
    work: Callable[..., Result],
    *arguments: Any,
    then: Callable[[Result], None],
    failed: Callable[[Exception], None],
) -> None:
    """Do the work soon; `drain` calls `then` with its result, or `failed`."""
    global _worker
    if _worker is None:
        _worker = ThreadPoolExecutor(1, "wisp-files")
    _work.append((_worker.submit(work, *arguments), then, failed))


def drain() -> bool:
    """Hand out what the worker has finished; True where there was something."""
    finished = [item for item in _work if item[0].done()]
    for item in finished:
        _work.remove(item)
        future, then, failed = item
        try:
            result = future.result()
        except Exception as error:  # a full disk, a folder without rights: it must be seen, whatever it was
            failed(error)
        else:
            then(result)
    return bool(finished)


def pending() -> bool:
    """Whether there is work that `drain` has not handed out."""
    return bool(_work)


def stop() -> None:
    """Drop what is not begun."""
    global _worker
    if _worker is not None:
        _worker.shutdown(wait=False, cancel_futures=True)
        _worker = None
    _work.clear()
