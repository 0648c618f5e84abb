"""A shot in the engine, as whoever shows it sees it: what is solved, what runs, what went wrong. Never blocks.

One session for every front-end. It knows no toolkit: its timer is handed in, and whoever shows it connects to its
signals. The engine is a process of its own. If it dies, the shot and its prompts are still here, and the next thing
asked of it starts another one.

    at rest -> edited -> (SETTLE) told to the engine -> at rest
    preview wanted -> (PREVIEW) asked for -> there
    working -> done | failed | stopping -> stopped | (PATIENCE) ended -> gone -> started by the next request
"""

from __future__ import annotations

from typing import Any, Callable, Dict, List, NamedTuple, Optional, Set, Tuple

from .client import Client, EngineExit, Signal
from .ends import Done, Fetched, Solved
from .errors import EngineError, EngineGone, ignore
from .events import Event, FrameDone, Notice, Progress, Verdict
from .mattes import Made, Mattes
from .requests import Request, Solve
from .shots import Job, RemoteShot
from .timers import Clock, Timer

#: Seconds between looks at the engine's messages; after the last edit until it is told; until a preview.
POLL, SETTLE, PREVIEW = 0.025, 0.12, 0.2
#: Seconds that a job may take to obey `stop` before the engine is ended.
PATIENCE = 5.0
READY = "Ready"
BUSY = "The engine is busy. Try again when its job has ended."


class Places(NamedTuple):
    """Absolute folders. `root`, `cache`, `readable`: see `open` of the engine's protocol. `own`: for what a front-end
    keeps of this shot alone, where it keeps anything; others may have the same cache. It may not exist."""

    root: str
    cache: str
    readable: Tuple[str, ...] = ()
    own: str = ""


class Session:
    """One shot, one engine. `changed`: anything below has changed; `matte_changed(object, frame)`: a file is there;
    `mattes_known`: which files are there was told anew."""

    def __init__(
        self,
        client: Client,
        document: Callable[[], Dict[str, Any]],
        places: Places,
        clock: Clock,
        own_engine: bool = True,
    ) -> None:
        """`document`: the shot as it is now. `own_engine`: nobody else uses the client, so that the session polls it
        and `close` ends it."""
        self.changed, self.matte_changed, self.mattes_known = Signal(), Signal(), Signal()
        self.client = client
        self._document = document
        self.mattes = Mattes(self._accepted)
        #: Of the running job.
        self.progress: Optional[Progress] = None
        #: One sentence for the status line, and whether it tells of a failure.
        self.message, self.failed = "The engine starts", False
        #: What is said at rest: how the last job ended, until the shot is edited.
        self._at_rest = READY
        #: The objects of the document as it was told last.
        self._numbers: Set[int] = set()
        #: Those that were in it before.
        self._gone: Set[int] = set()
        self._edited = False
        self._places = places
        self._own_engine = own_engine
        self._shot: Optional[RemoteShot] = None
        self._job: Optional[Job] = None
        #: Whether that job's mattes are the shot's own: a comparison's are not.
        self._solves = False
        #: Whether the engine was asked what is solved, and has not answered.
        self._looking = False
        #: Previews (object, frame) to ask for, and those that the engine works at.
        self._wanted: Set[Tuple[int, int]] = set()
        self._previews: Set[Tuple[int, int]] = set()
        client.on_exit.connect(self._exited)
        client.on_notification.connect(self._notified)
        self._poll_timer = Timer(clock, POLL, self._poll)
        self._update_timer = Timer(clock, SETTLE, self._send)
        self._preview_timer = Timer(clock, PREVIEW, self._ask_previews)
        self._patience_timer = Timer(clock, PATIENCE, self._impatient)

    # -- what is known ------------------------------------------------------------------------------------

    @property
    def busy(self) -> bool:
        """Whether a job runs."""
        return self._job is not None and not self._job.finished

    @property
    def refusal(self) -> str:
        """Why `run` has just begun nothing."""
        return BUSY if self.busy else self.message

    @property
    def previewing(self) -> bool:
        """Whether a single matte is being computed, or is to be soon."""
        return bool(self._previews or self._wanted)

    @property
    def stopping(self) -> bool:
        """Whether the running job was asked to stop."""
        return self._job is not None and self._job.unwanted and self.busy

    @property
    def is_open(self) -> bool:
        """Whether the shot is open in the engine, or is opened again by the next one."""
        return self._shot is not None

    @property
    def settled(self) -> bool:
        """Whether nothing is on its way: no job, preview, edit or question, and no opening after a restart."""
        opening = self._shot is not None and self._shot.opening
        return not (self.busy or self.previewing or self._edited or self._looking or opening)

    @property
    def models(self) -> List[Dict[str, Any]]:
        """The engine's models, see `initialize` of its protocol; empty until it is ready."""
        found: List[Dict[str, Any]] = self.client.engine.get("models", [])
        return found

    def stale(self, number: int, frame: int) -> bool:
        """Whether the matte is out of date and no newer one is on its way."""
        key = (number, frame)
        return key not in self._wanted and key not in self._previews and self.mattes.stale(*key)

    def _accepted(self) -> Set[Tuple[int, int, Optional[str]]]:
        """What the document says a person has found fine: object, frame, fingerprint of the matte."""
        objects = self._document().get("objects", [])
        return {(item["id"], frame, mark) for item in objects for frame, mark in item.get("accepted", [])}

    # -- what is asked ------------------------------------------------------------------------------------

    def open(self) -> None:
        """Start the engine and open the shot; the answers come later."""
        if self._own_engine:
            self._poll_timer.start()
        if self._ensure() and self._shot is None:
            place = self._places
            self._looking = True
            self._shot = self.client.open(
                self._told(), place.root, self._status, self._error, place.cache, place.readable
            )

    @property
    def places(self) -> Places:
        return self._places

    def move(self, places: Places) -> None:
        """The document lies elsewhere now, and with it its cache."""
        if self._shot is not None:
            self._shot.close()
        self._shot, self._places = None, places
        self.mattes.forget_files()
        self.open()

    def update(self) -> None:
        """The document was edited: tell the engine soon."""
        self._at_rest = READY
        self.mattes.take_edit()
        self._edited = True
        self._update_timer.start()

    def refresh(self) -> None:
        """Have the files looked at anew: somebody else may have solved some."""
        self._send()
        if self._shot is not None and self._ensure():
            self._look_again()

    def request_preview(self, number: int, frame: int) -> None:
        """Compute that matte soon; asked for again before that, it is computed once. One that is being computed
        when it is asked for again is computed anew afterwards: the shot has changed since."""
        self._wanted.add((number, frame))
        self._preview_timer.start()

    def ask_doubt(
        self, number: int, frame: int, there: Callable[[str], None], failed: Callable[[], Any] = ignore
    ) -> bool:
        """Have it said how far the matte of a frame is to be believed: `there` gets the file of the errors to be
        expected of it, or `failed` is called. False, and nothing happens, where there is no matte or no engine."""
        if not self.mattes.there(number, frame) or self._shot is None or self.client.pid is None:
            return False

        def known(result: Dict[str, Any]) -> None:
            if result.get("doubt"):
                there(result["doubt"])

        def refused(error: EngineError) -> None:
            failed()
            self._error(error)

        self._shot.preview(frame, number, known, refused, doubt=True)
        return True

    def solve(self, frames: str, objects: Optional[List[int]] = None, direction: str = "both") -> None:
        """Compute what is missing on these frames. Nothing while a job runs."""
        self.run(Solve(frames, objects, direction))  # type: ignore[arg-type]

    def run(
        self,
        asked: Request,
        on_event: Callable[[Event], None] = ignore,
        on_end: Callable[[Optional[Done], str], None] = ignore,
    ) -> bool:
        """Have a job done for the document as it is now: solve, detect, deliver, compare, check. False, and nothing
        happens, while another one runs or where there is no engine.

        `on_event` gets what it tells. `on_end` is called once, with the end, or None and why there is none in a
        sentence.
        """
        if self.busy:
            return False
        self.open()
        if self._shot is None or not self._ensure():
            return False
        self._send()
        if isinstance(asked, Solve):
            self._look_again()  # a picture that was replaced since is to be solved too
        self.show_message(asked.doing)
        self.progress = Progress("starting", None, 0, 0, None)  # type: ignore[arg-type]
        self._solves = isinstance(asked, Solve)

        def handle(event: Event) -> None:
            self._handle(event)
            on_event(event)

        def done(end: Done) -> None:
            self._done(end)
            on_end(end, "")

        def failed(error: EngineError) -> None:
            self._job_failed(error)
            on_end(None, self.message)

        self._job = self._shot.run(asked, handle, done, failed)
        self.changed.emit()
        return True

    def stop(self) -> None:
        """Stop the job; what is finished stays. An engine that does not obey is ended."""
        if self._job is not None and self.busy:
            self._job.cancel()
            self.show_message("Stopping")
            self._patience_timer.start()

    def close(self) -> None:
        """Let go of the shot, and of the engine if it is ours."""
        for timer in (self._poll_timer, self._update_timer, self._preview_timer, self._patience_timer):
            timer.stop()
        for signal in (self.changed, self.matte_changed, self.mattes_known):
            signal.disconnect_all()
        self.client.on_exit.disconnect(self._exited)
        self.client.on_notification.disconnect(self._notified)
        if self._own_engine:
            self.client.stop()
            return
        if self._job is not None and self.busy:
            self._job.cancel()
        shot, self._shot = self._shot, None
        if shot is not None:
            shot.close()

    # -- inside -------------------------------------------------------------------------------------------

    def _ensure(self) -> bool:
        """An engine runs, or is started now."""
        try:
            self.client.start()
        except EngineGone as error:
            self.show_message(str(error), failed=True)
            return False
        return True

    def _look_again(self) -> None:
        assert self._shot is not None
        self._shot.refresh()
        self._looking = True

    def _poll(self) -> None:
        self._poll_timer.start()  # first: a callback may close the session
        self.client.poll()

    def _send(self) -> None:
        """The document as it is now, if it was edited since."""
        if self._edited:
            self._edited = False
            self._update_timer.stop()
            if self._shot is not None and self._ensure():
                self._looking = True
                self._shot.update(self._told())

    def _ask_previews(self) -> None:
        if self._shot is None or not self._ensure():
            self._wanted.clear()
            return
        self._send()
        for key in self._wanted - self._previews:
            self._wanted.discard(key)
            self._previews.add(key)
            self._ask_preview(*key)
        self.changed.emit()

    def _ask_preview(self, number: int, frame: int) -> None:
        assert self._shot is not None

        def there(result: Dict[str, Any]) -> None:
            ended()
            matte = Made(number, frame, result["path"], result["track_state"], result["confidence"])
            self._made(matte, result.get("quick", False))
            self.changed.emit()

        def failed(error: EngineError) -> None:
            ended()
            self._error(error)

        def ended() -> None:
            self._previews.discard((number, frame))
            if self._wanted:
                self._preview_timer.start()

        self._shot.preview(frame, number, there, failed)

    def _told(self) -> Dict[str, Any]:
        """The document, to be told to the engine. Of ids that have gone since, nothing is known any longer: another
        object may get them, or has."""
        document = self._document()
        numbers = {item["id"] for item in document.get("objects", [])}
        gone = self._numbers - numbers
        for number in gone | (numbers & self._gone):  # a running job may have told of one that was gone
            self.mattes.drop(number)
        self._numbers, self._gone = numbers, (self._gone | gone) - numbers
        return document

    def _made(self, matte: Made, quick: bool = False) -> None:
        self.mattes.take(matte, quick)
        self.matte_changed.emit(matte.number, matte.frame)

    def _status(self, status: Dict[str, Any]) -> None:
        self._looking = False
        self.mattes.take_status(status["objects"])
        if not self.busy and not self.failed:
            self.show_message(self._at_rest)
        elif self.failed and not self.busy:
            self.failed = False
        self.changed.emit()
        self.mattes_known.emit()

    def _handle(self, event: Event) -> None:
        if isinstance(event, Progress):
            self.progress = event
        elif isinstance(event, FrameDone) and self._solves:
            self._made(Made(event.id, event.frame, event.path, event.track_state, event.confidence))
        elif isinstance(event, Verdict):
            self.mattes.judge(event.id, event.frame, "; ".join(event.reasons) if event.suspicious else "")
        elif isinstance(event, Notice) and event.level == "warning":
            self.show_message(event.message)
        self.changed.emit()

    def _done(self, end: Done) -> None:
        lost = end.lost if isinstance(end, Solved) else {}
        if isinstance(end, Fetched):
            for model in self.models:
                model["available"] = model["id"] in end.available
        words = "; ".join([end.sentence, *(f"{name} lost on {frames}" for name, frames in lost.items())])
        self._end(words, failed=bool(lost))

    def _job_failed(self, error: EngineError) -> None:
        self._end(
            "Stopped; what is finished is kept" if error.kind == "cancelled" else str(error), error.kind != "cancelled"
        )

    def _end(self, words: str, failed: bool) -> None:
        self._patience_timer.stop()
        self.progress = None
        self._at_rest = READY if failed else words
        self.show_message(words, failed)
        if self._shot is not None and self.client.pid is not None:
            self._look_again()
        self.changed.emit()

    def _impatient(self) -> None:
        if self.busy:
            self.client.kill()

    def _error(self, error: EngineError) -> None:
        self._looking = False
        self.show_message(str(error), failed=True)

    def _exited(self, end: EngineExit) -> None:
        self.progress = None
        self._looking = False
        self._wanted.clear()
        self._previews.clear()
        self.show_message(f"{end} Your prompts are safe; it starts again when it is needed.", failed=True)

    def _notified(self, method: str, params: Dict[str, Any]) -> None:
        if method == "log" and params.get("level") in ("warning", "error"):
            self.show_message(str(params.get("text", "")), failed=params["level"] == "error")

    def show_message(self, words: str, failed: bool = False, stays: bool = False) -> None:
        """Put a sentence on the status line. `stays`: until the next edit or job."""
        self.message, self.failed = words, failed
        if stays:
            self._at_rest = words
        self.changed.emit()
