"""Shots that are open in the engine, and the jobs it runs for them."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Callable, Dict, List, NamedTuple, Optional

from .ends import ENDS, Done
from .errors import EngineError, Failure, Result, as_error, ignore
from .events import Event
from .notifications import NOTIFICATIONS, parse
from .requests import Request

if TYPE_CHECKING:
    from .client import Client


class _Request(NamedTuple):
    method: str
    params: Dict[str, Any]
    on_result: Result
    on_error: Failure


class RemoteShot:
    """A shot that is open in the engine, across restarts of it. Made by `Client.open`.

    What is asked before the engine has opened the shot is sent as soon as it has. One that it refused to open is
    opened anew when something is asked next: what it lacked may be there by then.
    """

    def __init__(
        self, client: Client, shot: Dict[str, Any], place: Dict[str, Any], on_status: Result, on_error: Failure
    ) -> None:
        #: The last status that came: see `ShotStatus` of the protocol.
        self.status: Dict[str, Any] = {}
        self._client = client
        self._shot = shot
        self._place = place
        self._on_status = on_status
        self._on_error = on_error
        self._shot_id: Optional[str] = None
        self._opening = False
        self._asked = 0
        self._waiting: List[_Request] = []
        #: Documents that were sent and not answered yet, whether the last one was refused, and the jobs that wait.
        self._untold = 0
        self._outdated = False
        self._held: List[_Request] = []

    @property
    def opening(self) -> bool:
        """Whether the engine was asked to open it, now or after a restart, and has not answered."""
        return self._opening

    def update(self, shot: Dict[str, Any]) -> None:
        """Replace the document. A job that runs goes on with the one it was started with."""
        self._shot = shot
        if self._is_closed:
            self._open()
        else:
            self._tell({"shot": shot})

    def refresh(self) -> None:
        """Have the files looked at anew: some may have come, gone or changed."""
        if self._is_closed:
            self._open()
        else:
            self._tell({"shot": self._shot, "look_again": True})

    @property
    def _is_closed(self) -> bool:
        """Whether the engine neither has it nor was asked for it: it refused, or is another one."""
        return self._shot_id is None and not self._opening

    def _tell(self, params: Dict[str, Any]) -> None:
        """Send the document. Jobs wait for the answer: one for a document that is refused must not be done for the one
        before it, which the engine keeps."""
        self._untold += 1
        self._request("update", params, self._accepted, self._refused)

    def _accepted(self, result: Dict[str, Any]) -> None:
        self._untold -= 1
        self._outdated = False
        self._report(result)
        for request in self._take_held():
            self._request(*request)

    def _refused(self, error: EngineError) -> None:
        self._untold -= 1
        self._outdated = True
        self._on_error(error)
        for request in self._take_held():
            request.on_error(error)

    def _take_held(self) -> List[_Request]:
        """The jobs that waited for an answer, once there is none to come."""
        held = [] if self._untold else self._held
        if held:
            self._held = []
        return held

    def _begin(self, method: str, params: Dict[str, Any], job: Job) -> None:
        """Ask for a job, once the engine has the document as it is."""
        if self._outdated and not self._untold:
            self._tell({"shot": self._shot})  # what it lacked may be there now
        if self._untold:
            self._held.append(_Request(method, params, job._accepted, job._fail))
        else:
            self._request(method, params, job._accepted, job._fail)

    def preview(
        self,
        frame: int,
        object_id: int,
        on_result: Result,
        on_error: Optional[Failure] = None,
        doubt: bool = False,
    ) -> None:
        """One matte now, also while a job runs; `on_result` gets its `path`, and where asked for that of its `doubt`:
        the error to be expected of every pixel."""
        asked = {"frame": frame, "object": object_id}
        self._request("preview", {**asked, "doubt": True} if doubt else asked, on_result, on_error)

    def solve(
        self,
        frames: Optional[str] = None,
        objects: Optional[List[int]] = None,
        direction: str = "both",
        on_progress: Optional[Result] = None,
        on_frame: Optional[Result] = None,
        on_done: Optional[Result] = None,
        on_error: Optional[Failure] = None,
    ) -> Job:
        """Compute what is missing. `frames`: a range such as `1001-1100` (default: all); `objects`: their ids
        (default: all enabled). Exactly one of `on_done` and `on_error` is called, once."""
        handlers = {"job/progress": on_progress, "job/frame": on_frame, "job/done": on_done}
        job = Job(self._client, handlers, on_error or self._on_error)
        params = {"frames": frames, "objects": objects, "direction": direction}
        self._begin("solve", params, job)
        return job

    def run(
        self,
        asked: Request,
        on_event: Callable[[Event], None],
        on_done: Callable[[Done], None],
        on_error: Optional[Failure] = None,
    ) -> Job:
        """Have a job done. `on_event` gets what it tells; exactly one of `on_done` and `on_error` is called, once."""
        handlers: Dict[str, Optional[Result]] = {
            name: lambda params, kinds=kinds: on_event(parse(kinds[0], params))  # type: ignore[misc]
            for name, kinds in NOTIFICATIONS.items()
        }
        handlers["job/done"] = lambda params: on_done(parse(ENDS[type(asked)], params))
        job = Job(self._client, handlers, on_error or self._on_error)
        self._begin(asked.method, dataclasses.asdict(asked), job)
        return job

    def close(self) -> None:
        """Forget the shot, here and in the engine, which stops opening it. Its files stay."""
        self._client._shots.remove(self)
        self._on_status = self._on_error = ignore
        if self._client.pid is not None and not self._is_closed:
            self._request("close", {}, ignore, ignore)
            if self._opening:
                self._client.request("cancel", {"request": self._asked}, ignore, ignore)

    def _open(self) -> None:
        self._asked = self._client.request("open", dict(self._place, shot=self._shot), self._opened, self._lost)
        self._opening = True

    def _opened(self, result: Dict[str, Any]) -> None:
        self._opening = self._outdated = False
        self._shot_id = result["shot_id"]
        waiting, self._waiting = self._waiting, []
        self._report(result)
        for request in waiting:
            self._request(*request)

    def _lost(self, error: EngineError) -> None:
        """The shot is not open (any more): say so to whoever still waits for it."""
        refused, self._opening = self._opening, False
        self._shot_id = None
        waiting, self._waiting = self._waiting, []
        for request in waiting:
            request.on_error(error)
        if refused:
            self._on_error(error)

    def _report(self, result: Dict[str, Any]) -> None:
        self.status = result["status"]
        self._on_status(self.status)

    def _known(self, params: Dict[str, Any]) -> bool:
        """What an answer left open; False where it is another shot's."""
        if params.get("shot_id") != self._shot_id:
            return False
        self._report(params)
        return True

    def _request(
        self, method: str, params: Dict[str, Any], on_result: Result, on_error: Optional[Failure] = None
    ) -> None:
        request = _Request(method, params, on_result, on_error or self._on_error)
        if self._is_closed:
            self._open()
        if self._opening:
            self._waiting.append(request)
        else:
            self._client.request(method, dict(params, shot_id=self._shot_id), request.on_result, request.on_error)


class Job:
    """A running job. Made by `RemoteShot`; `finished` once done, failed or cancelled; `unwanted` once it is to stop."""

    def __init__(self, client: Client, handlers: Dict[str, Optional[Result]], on_error: Failure) -> None:
        self.job_id: Optional[str] = None
        self.finished = False
        self._client = client
        self._handlers = handlers
        self._on_error = on_error
        self.unwanted = False

    def cancel(self) -> None:
        """Ask the engine to stop; the end comes as an error of the kind `cancelled`. Finished frames stay."""
        self.unwanted = True
        if self.job_id is not None and not self.finished:
            self._client.request("cancel", {"job": self.job_id}, ignore, ignore)

    def _accepted(self, result: Dict[str, Any]) -> None:
        self.job_id = result["job"]
        self._client._jobs[result["job"]] = self
        if self.unwanted:
            self.cancel()

    def _handle(self, method: str, params: Dict[str, Any]) -> None:
        if method == "job/error":
            self._fail(as_error(params))
            return
        if method == "job/done":
            self._end()
        handler = self._handlers.get(method)
        if handler is not None:
            handler(params)
        elif method == "job/notice":
            self._client.on_notification("log", {"level": params["level"], "text": params["message"]})

    def _fail(self, error: EngineError) -> None:
        self._end()
        self._on_error(error)

    def _end(self) -> None:
        self.finished = True
        if self.job_id is not None:
            self._client._jobs.pop(self.job_id, None)
