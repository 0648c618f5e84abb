"""Everything that the editor can be asked for: one table of keys, menus, words and hints.

The tool bar, the menus, the keys, the page of keys and the documentation are made of it. A new command is a row here
and its work in `editor.py`, or in the window where it needs one.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, Iterator, List, Mapping, NamedTuple, Tuple

from . import compose
from .gestures import BOX, LASSO, POINT_ADD, POINT_REMOVE, STROKE, UNKNOWN
from .icons import icon
from .qt import QAction, QKeySequence, Qt, QtWidgets


class Command(NamedTuple):
    """`name`: also its icon's, where it has one. `menu`: where it is found; `hint`: what it does, for a tool tip and
    the page of keys; `more`: a word on when to use it, for the tool tip alone; `apart`: a line is above it in its
    menu."""

    name: str
    keys: Tuple[str, ...]
    menu: str
    text: str
    hint: str
    more: str = ""
    apart: bool = False

    @property
    def shown_keys(self) -> str:
        """For people: `Ctrl+Shift+Z, Ctrl+Y`."""
        return ", ".join(self.keys)

    @property
    def tool_tip(self) -> str:
        """What it does, its keys, and when to use it."""
        keys = f" ({self.shown_keys})" if self.keys else ""
        return f"{self.hint}{keys}" + (f"\n{self.more}" if self.more else "")


FILE, EDIT, OBJECT, TRACK, REVIEW, VIEW, HELP = "&File", "&Edit", "&Object", "&Track", "&Review", "&View", "&Help"
MENUS = (FILE, EDIT, OBJECT, TRACK, REVIEW, VIEW, HELP)

#: One of each row is on.
TOOLS = (
    Command(
        POINT_ADD,
        ("A",),
        OBJECT,
        "Point that belongs",
        "Click: a point that belongs to the object; drag: a box",
        "The right button, or Alt, adds a point that does not belong to it.",
    ),
    Command(
        POINT_REMOVE,
        ("R",),
        OBJECT,
        "Point that does not",
        "Click: a point that does not belong to the object",
        "Where the matte has taken too much, click there.",
    ),
    Command(
        BOX,
        ("B",),
        OBJECT,
        "Box",
        "Drag a box around the object",
        "The quickest beginning: the whole object, as tight as you can.",
    ),
    Command(
        STROKE,
        ("S",),
        OBJECT,
        "Stroke",
        "Paint what belongs to the object; right button or Alt takes away",
        "A stroke is kept to the pixel on its frame and fades out over its neighbours.",
    ),
    Command(LASSO, ("L",), OBJECT, "Lasso", "Draw around what belongs to the object", "It is kept as a mask picture."),
    Command(
        UNKNOWN,
        ("Q",),
        OBJECT,
        "Unknown",
        "Paint where the matte may be anything: hair, veils, what is far from the edge",
        "It travels with the object; paint again on a frame where it has gone astray.",
    ),
)
MODES = (
    Command(compose.PLATE, ("Ctrl+1",), VIEW, "Plate", "The plate as it is"),
    Command(compose.MATTE, ("Ctrl+2",), VIEW, "Matte", "The matte, black and white"),
    Command(compose.TINT, ("Ctrl+3",), VIEW, "Tint", "The matte as a tint over the plate"),
    Command(compose.CUTOUT, ("Ctrl+4",), VIEW, "Cut-out", "The object on black"),
    Command(
        compose.CHECKER,
        ("Ctrl+5",),
        VIEW,
        "Checkerboard",
        "The object on a checkerboard",
        "Soft edges show here what colour they carry.",
    ),
    Command(
        compose.DIFFERENCE,
        ("Ctrl+6",),
        VIEW,
        "Difference",
        "How far the matte is from the version that is looked at beside it; black where they are the same",
        "Choose that version by Review > Versions.",
    ),
    Command(
        compose.DOUBT,
        ("Ctrl+7",),
        VIEW,
        "Doubt",
        "Where the matte is not to be believed: red, full where it is expected to be off by a quarter",
        "Of solved frames; what tracker and head do not suspect stays clear.",
    ),
)
#: Off while a job runs.
TRACKING = (
    Command(
        "track-backward",
        ("Shift+F",),
        TRACK,
        "Backward",
        "Track backward from the next keyframe",
    ),
    Command(
        "track-frame",
        ("Space",),
        TRACK,
        "This frame",
        "Solve this frame",
        "From its neighbour's mask where that is there: a step, to see where tracking goes.",
    ),
    Command("track-forward", ("F",), TRACK, "Forward", "Track forward from the last keyframe"),
    Command(
        "track-both",
        ("T",),
        TRACK,
        "All",
        "Track the whole shot, or from in to out",
        "Only what is missing or out of date is computed.",
    ),
)
#: On or off.
SWITCHES = (
    Command(
        "live",
        (),
        TRACK,
        "Live",
        "After every change compute this frame's matte, where nothing is to be tracked for it",
    ),
    Command(
        "foresee",
        (),
        TRACK,
        "Foresee",
        "Rest the mouse: the matte that a click there would give, before anything is drawn",
    ),
)
COMMANDS = (
    Command("open", ("Ctrl+O",), FILE, "Open shot or plate...", "Open a shot or a plate"),
    Command("save", ("Ctrl+S",), FILE, "Save", "Save the shot"),
    Command("save-as", ("Ctrl+Shift+S",), FILE, "Save as...", "Save the shot elsewhere"),
    Command(
        "plate-settings",
        ("Ctrl+P",),
        FILE,
        "Plate...",
        "Colour space, view, exposure, layer and missing frames of the plate; its clean plate or pair",
        apart=True,
    ),
    Command(
        "fit-plate",
        (),
        FILE,
        "Fit to the plate's size",
        "Scale all that was drawn to the plate as it is now: a proxy, or the final one",
        "For a shot whose plate was replaced by one of another size.",
    ),
    Command(
        "deliver",
        ("Ctrl+D",),
        FILE,
        "Deliver...",
        "Write the mattes as files for others: sequences, layers, Cryptomatte, colour, movies, shapes",
        apart=True,
    ),
    Command(
        "farm",
        ("Ctrl+Shift+F",),
        FILE,
        "Farm job...",
        "Write the shot and its job for a render farm; nothing is sent",
        "What the farm solves is there when the shot is opened again.",
    ),
    Command("get-models", ("Ctrl+G",), FILE, "Get models...", "Fetch trackers, heads and detectors", apart=True),
    Command("quit", ("Ctrl+Q",), FILE, "Quit", "Close the window", apart=True),
    Command("undo", ("Ctrl+Z",), EDIT, "Undo", "Take the last step back"),
    Command("redo", ("Ctrl+Shift+Z", "Ctrl+Y"), EDIT, "Redo", "Do the last undone step again"),
    Command(
        "copy",
        ("Ctrl+C",),
        EDIT,
        "Copy prompts",
        "Copy the object's prompts of this frame",
        "They can be pasted on another frame, object or shot.",
        apart=True,
    ),
    Command(
        "paste",
        ("Ctrl+V",),
        EDIT,
        "Paste prompts",
        "Paste prompts on this frame; from a plate of another size they are scaled",
    ),
    Command(
        "delete", ("Del",), EDIT, "Remove prompt", "Remove the prompt under the mouse, or the last one", apart=True
    ),
    Command("clear-frame", ("Shift+Del",), EDIT, "Clear frame", "Remove all of the object's prompts on this frame"),
    *TOOLS,
    Command("brush-smaller", (",",), OBJECT, "Smaller brush", "A smaller brush (also Ctrl+wheel)", apart=True),
    Command("brush-larger", (".",), OBJECT, "Larger brush", "A larger brush (also Ctrl+wheel)"),
    Command("brush-harder", ("Ctrl+,",), OBJECT, "Harder brush", "A stroke with a harder rim"),
    Command(
        "brush-softer",
        ("Ctrl+.",),
        OBJECT,
        "Softer brush",
        "A stroke with a softer rim",
        "The brush shows it as a circle inside: from there on a stroke does less and less.",
    ),
    Command("add-object", ("Ctrl+N",), OBJECT, "New object", "A further object to extract", apart=True),
    Command("next-object", ("Tab",), OBJECT, "Next object", "The next object becomes the active one"),
    Command("rename-object", ("F2",), OBJECT, "Rename object", "Type another name for the active object"),
    Command("color-object", (), OBJECT, "Colour of object...", "Choose the active object's colour"),
    Command(
        "switch-object",
        ("E",),
        OBJECT,
        "Switch object on or off",
        "Switch the active object on or off: one that is off is neither solved nor shown",
    ),
    Command("reset-edge", (), OBJECT, "Reset edge", "The active object's matte as it was solved"),
    Command(
        "remove-object",
        ("Ctrl+Del",),
        OBJECT,
        "Remove object",
        "Remove the active object and its prompts",
    ),
    Command(
        "find",
        ("Ctrl+F",),
        OBJECT,
        "Find by words...",
        "Find what words name on this frame; a box is put around it",
        apart=True,
    ),
    Command(
        "subject",
        ("Ctrl+J",),
        OBJECT,
        "Find the subject",
        "Show what this frame may be about, people and animals first; a click, or its number, chooses",
        "Nothing needs to be drawn; where several are shown, the first is the likeliest.",
    ),
    Command(
        "fit-region",
        ("Ctrl+B",),
        OBJECT,
        "Fit region",
        "Show models only the surroundings of the active object, which is small in the picture: they see it finer",
        "Fitted around its masks on all frames. Again: the whole picture.",
    ),
    Command(
        "roto",
        ("Ctrl+R",),
        OBJECT,
        "Roto from a file...",
        "Take roto that is there already: shapes of Nuke, Silhouette or After Effects, or a sequence of mattes",
        "Every object becomes one here, with a mask keyframe wherever it has a key.",
        apart=True,
    ),
    Command(
        "finish-roto",
        ("Ctrl+Shift+R",),
        OBJECT,
        "Finish roto from a file...",
        "Keep roto as it was drawn on every frame, and look for hair and motion blur in a band around its outline",
        "Nothing is tracked.",
    ),
    Command(
        "carry",
        ("Ctrl+Shift+V",),
        OBJECT,
        "Prompts of another shot...",
        "Put the prompts of the other eye's shot, or of another take's, where their objects are seen here",
        "A frame that is solved there comes as a mask; what is in doubt is marked.",
    ),
    Command(
        "mask-file",
        ("Ctrl+M",),
        OBJECT,
        "Mask from a picture...",
        "Take a roto of your own as this frame's keyframe: a black and white picture of the plate's size",
        apart=True,
    ),
    Command(
        "core-file",
        (),
        OBJECT,
        "Core matte...",
        "Pictures of what surely is the object; the matte is 1 there on every frame",
    ),
    Command(
        "garbage-file",
        (),
        OBJECT,
        "Garbage matte...",
        "Pictures of what surely is not the object; the matte is 0 there on every frame",
    ),
    Command("no-holdouts", (), OBJECT, "No core or garbage", "Take the object's core and garbage mattes away"),
    Command(
        "lock",
        ("K",),
        OBJECT,
        "Lock frame",
        "Lock this frame's matte, or free it",
        "A locked matte stays as it is, whatever is solved.",
        apart=True,
    ),
    Command(
        "absent",
        ("X",),
        OBJECT,
        "Absent on this frame",
        "The object is absent on this frame, or may be there",
        "Its matte is empty, nothing is tracked into the frame, and behind it the object is looked for.",
    ),
    Command(
        "absent-span",
        ("Shift+X",),
        OBJECT,
        "Absent from in to out",
        "The object is absent from in to out, or may be there",
        "Mark the span by I and O first.",
    ),
    *TRACKING,
    Command("stop", ("Esc",), TRACK, "Stop", "Stop; what is finished is kept", apart=True),
    *SWITCHES,
    Command("mark-in", ("I",), TRACK, "In", "In: tracking, checking and delivering begin at this frame", apart=True),
    Command("mark-out", ("O",), TRACK, "Out", "Out: they end at this frame"),
    Command("clear-span", ("Shift+I",), TRACK, "Whole shot", "Forget in and out: the whole shot again"),
    Command(
        "next-doubt",
        ("]", "N"),
        REVIEW,
        "Next doubt",
        "The next frame that the tracker or the check doubts; the status line says why",
    ),
    Command("previous-doubt", ("[", "Shift+N"), REVIEW, "Previous doubt", "The doubted frame before"),
    Command(
        "accept",
        ("Y",),
        REVIEW,
        "Fine as it is",
        "This frame's matte is fine as it is, or is to be doubted again",
        "It is doubted no more, by the window or by `wisp check`, until it is computed anew.",
    ),
    Command(
        "check",
        ("C",),
        REVIEW,
        "Check",
        "Look through all solved mattes for frames worth a look",
    ),
    Command(
        "suggest",
        ("G",),
        REVIEW,
        "Best frame to correct",
        "The frame whose correction would help most",
        "By what the tracker said of the frames solved or looked at.",
        apart=True,
    ),
    Command(
        "previous-keyframe", ("Ctrl+Left",), REVIEW, "Previous keyframe", "The object's keyframe before", apart=True
    ),
    Command("next-keyframe", ("Ctrl+Right",), REVIEW, "Next keyframe", "The object's next keyframe"),
    Command(
        "versions",
        ("Ctrl+E",),
        REVIEW,
        "Versions...",
        "The last ten solves of the shot: look at one beside the present one, or bring it back",
        apart=True,
    ),
    Command("compare", ("Ctrl+H",), REVIEW, "Compare heads...", "Matte the shot with several heads, side by side"),
    *MODES,
    Command(
        "wipe",
        ("W",),
        VIEW,
        "Wipe",
        "Wipe: the plate, or another version, left of the line, what is shown right of it; drag the line's handle",
        apart=True,
    ),
    Command(
        "onion",
        ("U",),
        VIEW,
        "Neighbours",
        "The mattes of the frame before (red) and the one after (blue) shine through",
        "An edge that jumps stands out.",
    ),
    Command(
        "unsqueeze",
        ("Shift+H",),
        VIEW,
        "Unsqueeze",
        "Show an anamorphic plate as it will be seen, or pixel by pixel as it is stored",
        "Prompts, mattes and files stay in the plate's own pixels; models see it unsqueezed either way.",
    ),
    Command("fit", ("H",), VIEW, "Fit", "The whole picture in the window", apart=True),
    Command("play", ("P",), VIEW, "Play", "Play, or pause", apart=True),
    Command("previous-frame", ("Left",), VIEW, "Previous frame", "One frame back"),
    Command("next-frame", ("Right",), VIEW, "Next frame", "One frame on"),
    Command("first-frame", ("Home",), VIEW, "First frame", "The first frame"),
    Command("last-frame", ("End",), VIEW, "Last frame", "The last frame"),
    Command(
        "report",
        (),
        HELP,
        "Report a problem...",
        "What those who help need to know of this installation, without a path or a name in it",
    ),
    Command("keys", ("F1",), HELP, "Keys and mouse", "What keys and mouse do"),
)
#: What has no command of its own: what the mouse does, and keys for one of many.
GESTURES = (
    ("left button", "what the tool says; a click of a point tool is a point, a drag is a box"),
    ("right button, Alt+left", "what does not belong to the object: a point, a stroke"),
    ("Shift+drag", "a stroke, whatever the tool"),
    ("drag a point, a box's corner", "move it"),
    ("wheel, middle button", "zoom at the cursor, pan"),
    ("Ctrl+wheel", "size of the brush"),
    ("pressure of a pen", "width of a stroke, up to the brush's"),
    ("1 .. 8", "the objects, in the order of the list; of candidates for the subject, that one"),
)


TOOL_TIPS = {one.name: one.tool_tip for one in COMMANDS}


def rows() -> List[Tuple[str, str]]:
    """The page of keys: what the mouse does, then every command with a key, as (keys, hint)."""
    return [*GESTURES, *((one.shown_keys, one.hint) for one in COMMANDS if one.keys)]


class Actions:
    """The commands that somebody does, as Qt's actions: their keys work wherever the focus is in `owner`."""

    def __init__(self, owner: QtWidgets.QWidget, work: Mapping[str, Callable[[], Any]]) -> None:
        """`work`: what each command's name does, when its key or its entry is chosen."""
        self._actions: Dict[str, QAction] = {}
        for one in COMMANDS:
            if one.name in work:
                action = QAction(icon(one.name), one.text, owner)
                action.setToolTip(one.tool_tip)
                action.setStatusTip(one.hint)
                action.setShortcuts([QKeySequence(key) for key in one.keys])
                action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
                action.triggered.connect(_without_checked(work[one.name]))
                owner.addAction(action)
                self._actions[one.name] = action

    def __getitem__(self, name: str) -> QAction:
        return self._actions[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._actions)

    def check(self, name: str, on: bool) -> None:
        """Show a command as chosen, or not."""
        self._actions[name].setCheckable(True)
        self._actions[name].setChecked(on)


def fill_menus(add_menu: Callable[[str], QtWidgets.QMenu], *sources: Actions) -> None:
    """Put the actions of `sources` into the menus that `add_menu` makes, in the table's order; none without entries."""
    for title in MENUS:
        chosen = [
            (source[one.name], one.apart)
            for one in COMMANDS
            if one.menu == title
            for source in sources
            if one.name in list(source)
        ]
        if chosen:
            menu = add_menu(title)
            menu.setToolTipsVisible(True)
            for action, apart in chosen:
                if apart:
                    menu.addSeparator()
                menu.addAction(action)


def _without_checked(work: Callable[[], Any]) -> Callable[..., None]:
    """Qt tells whether the action is checked now; the state that counts is the shot's."""

    def triggered(*_: Any) -> None:
        work()

    return triggered
