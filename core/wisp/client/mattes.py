"""What is known of a shot's mattes: which are there, which are stale, and which are worth a look, and why."""

from __future__ import annotations

from typing import Any, Callable, Dict, Iterable, List, NamedTuple, Optional, Set, Tuple

from .frames import frames_in
from .suggest import suggest

#: A tracker less sure than this is worth a look.
DOUBTFUL = 0.5
#: States of a mask that need no second look by themselves.
SURE = ("tracked", "keyframe", "absent")


def suspicion(track_state: str, confidence: float) -> str:
    """Why a matte is worth a look, by what the tracker said of its mask; or nothing."""
    if track_state not in SURE:
        return track_state
    hardly = track_state == "tracked" and confidence < DOUBTFUL
    return f"the tracker's confidence is {confidence:.2f}" if hardly else ""


class Lane(NamedTuple):
    """What is known of one object: frames that are there, frames to be computed, and frames worth a look with the
    reason."""

    solved: Set[int]
    dirty: Set[int]
    suspicious: Dict[int, str]


class Made(NamedTuple):
    """A matte that the engine has just made, and what the tracker said of its mask."""

    number: int
    frame: int
    path: str
    track_state: str
    confidence: float


class Mattes:
    """Of all objects of a shot; an object is its number in the document.

    What makes a matte worth a look is the word of a check, else what its file says; what a person has accepted is not.
    """

    def __init__(self, accepted: Callable[[], Set[Tuple[int, int, Optional[str]]]]) -> None:
        """`accepted`: what a person has found fine, as object, frame and fingerprint of the matte."""
        self.lanes: Dict[int, Lane] = {}
        self._accepted = accepted
        self._paths: Dict[Tuple[int, int], str] = {}
        #: Object -> frame -> what the tracker said of its mask.
        self._said: Dict[int, Dict[int, Tuple[str, float]]] = {}
        #: Why the matte that is there is worth a look, or nothing: object -> frame -> by its file, and
        #: (object, frame) -> by a check.
        self._doubts: Dict[int, Dict[int, str]] = {}
        self._verdicts: Dict[Tuple[int, int], str] = {}
        #: (object, frame) -> the fingerprint of the matte that is there, once it was read.
        self._prints: Dict[Tuple[int, int], str] = {}
        self._patterns: Dict[int, str] = {}
        #: Frames whose matte is of the shot as it is now, but only made to be looked at.
        self._looked_at: Set[Tuple[int, int]] = set()

    # -- what is known ------------------------------------------------------------------------------------

    def path(self, number: int, frame: int) -> Optional[str]:
        """The newest matte known of an object on a frame; a stale one until the new one is there."""
        return self._paths.get((number, frame))

    def pattern(self, number: int) -> str:
        """Where an object's finished mattes lie, with a printf frame number in the file's name; empty until known."""
        return self._patterns.get(number, "")

    def there(self, number: int, frame: int) -> bool:
        """Whether a matte of the shot as it is now is there, if only to be looked at."""
        return frame in self._known(number).solved or (number, frame) in self._looked_at

    def stale(self, number: int, frame: int) -> bool:
        """Whether the matte is out of date."""
        return frame in self._known(number).dirty and (number, frame) not in self._looked_at

    def track_state(self, number: int, frame: int) -> Tuple[str, float, str]:
        """What was noted last of that matte: its state, confidence and fingerprint."""
        said = self._said.get(number, {}).get(frame, ("", 0.0))
        return (*said, self._prints.get((number, frame), ""))

    def fingerprint(self, number: int, frame: int) -> Optional[str]:
        """Of the matte of an object on a frame, once it was read."""
        return self._prints.get((number, frame))

    def lost(self, number: int) -> Set[int]:
        """Frames on which the tracker lost the object, of those whose mattes were computed or read while the shot is
        open."""
        doubts = (self._doubts.get(number, {}), self._known(number).suspicious)
        return {frame for known in doubts for frame, doubt in known.items() if doubt == "lost"}

    def spoken_of(self, number: int) -> Set[int]:
        """Frames of an object whose mattes were computed or read while the shot is open."""
        return set(self._said.get(number, {}))

    def suggestion(self, number: int, keyframes: Iterable[int]) -> Optional[int]:
        """The frame of an object whose correction would help most, of those whose mattes were computed or read while
        the shot is open; None where nothing is doubtful."""
        lane = self._known(number)
        said = {frame: words for frame, words in self._said.get(number, {}).items() if frame in lane.solved}
        return suggest(said, keyframes)

    # -- what is told -------------------------------------------------------------------------------------

    def note_track_state(
        self, number: int, frame: int, track_state: str, confidence: float, fingerprint: Optional[str] = None
    ) -> None:
        """Mark or clear a frame as suspicious by what its matte says. `fingerprint`: of a matte that was read."""
        self._said.setdefault(number, {})[frame] = (track_state, confidence)
        if fingerprint:
            self._prints[number, frame] = fingerprint
        self.mark_suspicious(number, frame, suspicion(track_state, confidence))

    def mark_suspicious(self, number: int, frame: int, reason: str) -> None:
        """Why a matte is worth a look by what its file says; nothing: it is not."""
        self._doubts.setdefault(number, {})[frame] = reason
        self._weigh((number, frame))

    def judge(self, number: int, frame: int, reason: str) -> None:
        """Why a matte is worth a look by the word of a check; nothing: it is not."""
        self._verdicts[number, frame] = reason
        self._weigh((number, frame))

    def take(self, made: Made, quick: bool = False) -> None:
        """A matte is there: what was said of the one before holds no longer. `quick`: one to look at, of a frame that
        is still to be solved."""
        number, frame, path, track_state, confidence = made
        self._verdicts.pop((number, frame), None)
        self._prints.pop((number, frame), None)
        self.note_track_state(number, frame, track_state, confidence)
        lane = self._lane(number)
        if quick:
            self._looked_at.add((number, frame))
        else:
            lane.solved.add(frame)
            lane.dirty.discard(frame)
        self._paths[number, frame] = path

    def take_status(self, objects: List[Dict[str, Any]]) -> None:
        """Which mattes are there and which are stale, as the engine's protocol tells it of all objects."""
        for item in objects:
            number, frames = item["id"], item["frames"]
            self._patterns[number] = item["pattern"]
            folder, _, name = item["pattern"].rpartition("/")
            lane = Lane(set(frames_in(frames.get("solved", ""))), set(frames_in(frames.get("dirty", ""))), {})
            lane.suspicious.update(self._lane(number).suspicious)
            self.lanes[number] = lane
            for frame in lane.solved:
                self._paths[number, frame] = f"{folder}/{name % frame}"
            for key in [key for key in self._paths if key[0] == number]:
                if key[1] not in lane.solved and key[1] not in lane.dirty:
                    del self._paths[key]  # no prompt reaches the frame any more
                    lane.suspicious.pop(key[1], None)

    def take_edit(self) -> None:
        """The document was edited: another matte may be accepted, and none is of the shot as it is now."""
        self._weigh(*self._prints)
        self._looked_at.clear()

    def drop(self, number: int) -> None:
        """Forget an object."""
        for known in (self.lanes, self._said, self._doubts, self._patterns):
            known.pop(number, None)
        for told in (self._paths, self._verdicts, self._prints):
            for key in [key for key in told if key[0] == number]:
                del told[key]

    def forget_files(self) -> None:
        """The mattes lie elsewhere now."""
        self._paths.clear()

    # -- inside -------------------------------------------------------------------------------------------

    def _known(self, number: int) -> Lane:
        return self.lanes.get(number, Lane(set(), set(), {}))

    def _lane(self, number: int) -> Lane:
        return self.lanes.setdefault(number, Lane(set(), set(), {}))

    def _weigh(self, *keys: Tuple[int, int]) -> None:
        """Whether these frames of objects are worth a look."""
        doubts = {key: self._verdicts.get(key, self._doubts.get(key[0], {}).get(key[1], "")) for key in keys}
        accepted = self._accepted() if any(doubts.values()) else set()
        for (number, frame), doubt in doubts.items():
            suspicious = self._lane(number).suspicious
            suspicious.pop(frame, None)
            if doubt and (number, frame, self._prints.get((number, frame))) not in accepted:
                suspicious[frame] = doubt
