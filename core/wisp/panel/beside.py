"""What the editor has the engine do beside solving: find by words, check, compare, deliver, fetch models."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Tuple, Type, TypeVar

from ..client.carry import carry
from ..client.ends import Done, SubjectFound
from ..client.events import BoxFound, Candidate, Event, PromptsCarried, RegionFitted
from ..client.names import usable_name
from ..client.requests import Check, Detect, Region, Subject
from ..client.session import Session
from ..client.shot_edits import ShotEdits, pictures_from
from ..client.tables import THRESHOLD
from .canvas import Canvas
from .compare import CompareHeads
from .deliver import DeliverMattes
from .farm import FarmJob
from .fetch import GetModels
from .qt import QtWidgets
from .roto import TakeRoto

_Dialog = TypeVar("_Dialog", bound=QtWidgets.QDialog)


class Beside:
    """The editor's windows and jobs. `owner`: the widget that they belong to; `canvas`: where candidates are shown."""

    def __init__(self, owner: QtWidgets.QWidget, edits: ShotEdits, session: Session, canvas: Canvas) -> None:
        self._owner, self._edits, self._session, self._canvas = owner, edits, session, canvas
        canvas.candidate_chosen.connect(self.choose_candidate)
        #: Where deliveries go unless somebody says otherwise; None: beside the document.
        self.delivery_folder: Optional[Path] = None
        self.work: Dict[str, Callable[[], Any]] = {
            "find": self.ask_words,
            "subject": self.find_subject,
            "fit-region": self.fit_region,
            "check": self.check,
            "compare": self.compare,
            "deliver": self.deliver,
            "farm": self.farm,
            "get-models": self.get_models,
            "roto": self.take_roto,
            "finish-roto": lambda: self.take_roto(finish=True),
            "carry": self.ask_carry,
        }

    def refresh(self) -> None:
        """The shot has changed: what is open follows."""
        for dialog in self._owner.findChildren(DeliverMattes):
            dialog.refresh()

    def _show(self, kind: Type[_Dialog], make: Callable[[], _Dialog]) -> _Dialog:
        """The one dialog of its kind, in front."""
        dialog: _Dialog = next((one for one in self._owner.findChildren(kind) if one.isVisible()), None) or make()
        dialog.show()
        dialog.raise_()
        dialog.activateWindow()
        return dialog

    def compare(self) -> CompareHeads:
        """Open the dialog that mattes the shot with several heads."""
        head = self._edits.document.get("solve", {}).get("head", "")
        sheet = Path(self._session.places.own) / "compare.png"
        return self._show(CompareHeads, lambda: CompareHeads(self._session, head, sheet, self._owner))

    def get_models(self) -> GetModels:
        """Open the dialog that fetches models."""
        return self._show(GetModels, lambda: GetModels(self._session, self._owner))

    def deliver(self) -> DeliverMattes:
        """Open the dialog that writes files for others."""
        folder = self.delivery_folder or Path(self._session.places.root) / "delivery"
        return self._show(DeliverMattes, lambda: DeliverMattes(self._session, self._edits, folder, self._owner))

    def farm(self) -> FarmJob:
        """Open the dialog that writes a job for a render farm."""
        near = self.delivery_folder or Path(self._session.places.root) / "delivery"
        folder = near.with_name("farm_job")
        return self._show(FarmJob, lambda: FarmJob(self._session, self._edits, folder, self._owner))

    def take_roto(self, finish: bool = False) -> TakeRoto:
        """Open the dialog that takes roto of a file; `finish`: with that chosen."""
        dialog = self._show(TakeRoto, lambda: TakeRoto(self._session, self._edits, self._owner))
        (dialog.finish if finish else dialog.follow).setChecked(True)
        return dialog

    def ask_carry(self) -> None:
        """Ask for another shot, and take over its prompts."""
        name, _ = QtWidgets.QFileDialog.getOpenFileName(
            self._owner, "Prompts of another shot", self._session.places.root, "Shots (*.wisp)"
        )
        if name:
            self.carry(Path(name))

    def carry(self, source: Path) -> None:
        """Take over the prompts of another shot's document; frames in doubt are marked as suspicious."""
        root = Path(self._session.places.root)

        def take(found: List[PromptsCarried]) -> List[Tuple[int, PromptsCarried]]:
            for event in found:
                pictures_from({"prompts": event.prompts}, str(root))
            taken = self._edits.take_carried(found)
            self._canvas.edited.emit()
            return taken

        if carry(self._session, source, root / "prompts", take):
            self._session.show_message("Carrying prompts")
        else:
            self._session.show_message(self._session.refusal, failed=True)

    def check(self) -> None:
        """Have all solved mattes, or those from in to out, looked through."""
        if not self._session.run(Check(frames=self._edits.span_text)):
            self._session.show_message(self._session.refusal, failed=True)

    def ask_words(self) -> None:
        """Ask for words, and look for them."""
        words, agreed = QtWidgets.QInputDialog.getText(self._owner, "Find by words", "What is it, in a few words?")
        if agreed and words.strip():
            self.find_by_words(words.strip())

    def find_by_words(self, words: str, threshold: float = THRESHOLD) -> None:
        """Look for what the words name on the frame that is shown; what is found becomes a box."""
        edits = self._edits

        def found(event: Event) -> None:
            if isinstance(event, BoxFound):
                if not edits.takes_first(event.frame):
                    edits.add_object(usable_name(words) or None)
                edits.add_prompt({"frame": event.frame, "kind": "box", "xyxy": list(event.xyxy)})

        asked = Detect(words=words, frame=self._canvas.frame, threshold=threshold)
        if self._session.run(asked, found):
            self._session.show_message(f"Looking for {words!r}")
        else:
            self._session.show_message(self._session.refusal, failed=True)

    def find_subject(self) -> None:
        """Look for what the frame that is shown may be about; the candidates are shown, and a click chooses."""
        frame = self._canvas.frame
        found: List[Candidate] = []

        def told(event: Event) -> None:
            if isinstance(event, Candidate):
                found.append(event)

        def ended(end: Optional[Done], _: str) -> None:
            if isinstance(end, SubjectFound) and self._canvas.frame == frame:
                doubt = " It is not certain what the subject is: 1 is only the likeliest." if end.doubtful else ""
                self._canvas.offer(found, f"Click what you mean, or press its number; Esc: none of these.{doubt}")

        self._canvas.offer([])
        if self._session.run(Subject(frame), told, ended):
            self._session.show_message("Looking for the subject")
        else:
            self._session.show_message(self._session.refusal, failed=True)

    def fit_region(self) -> None:
        """Fit the active object's region around its masks; of one that has a region, take it away."""
        edits = self._edits
        item = edits.object(edits.active)

        def told(event: Event) -> None:
            if isinstance(event, RegionFitted):
                edits.set_object(event.id, region=event.region)

        if item is None or not item.get("prompts"):
            self._session.show_message("Draw the object first: its region is fitted around its masks.", failed=True)
        elif item.get("region"):
            edits.set_object(item["id"], region=None)
        elif not self._session.run(Region([item["id"]]), told):
            self._session.show_message(self._session.refusal, failed=True)

    def choose_candidate(self, place: Optional[int]) -> None:
        """Take one of those on offer as the prompts of an object; None: of none."""
        offered = self._canvas.candidates
        self._canvas.offer([])
        if place is None or place >= len(offered):
            return
        edits, prompts = self._edits, offered[place].prompts
        if edits.takes_first(offered[place].frame):
            edits.add_prompts(prompts, "Take the subject")
        else:
            edits.add_objects([("subject", {"prompts": prompts})])
        self._canvas.edited.emit()
