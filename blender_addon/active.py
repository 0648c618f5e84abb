# SPDX-License-Identifier: GPL-3.0-or-later
"""The plate that is acted on, and what every operator on it has in common."""

import functools
from pathlib import Path
from typing import TYPE_CHECKING

import bpy
from bpy.props import StringProperty

from . import compat, plates
from .client.errors import EngineError
from .client.frames import frames_in
from .client.shot_edits import why_not_drawn


def target(context):
    """(scene, active plate strip), or None where there is nothing to prompt."""
    scene = compat.vse_scene(context)
    if scene.library is not None:
        return None  # what is linked from another file is never written to
    strip = compat.active_strip(scene)
    return (scene, strip) if strip is not None and not strip.wisp.role else None


def shown_frame(context) -> int | None:
    """The plate frame of the active strip at the playhead. Raises plates.Refusal."""
    scene, strip = target(context)
    plates.check(scene, strip)
    return plates.plate_frame(scene, strip, scene.frame_current)


def frame_in_view(context) -> int | None:
    """The same where somebody only looks: None also for a strip that cannot be matted."""
    try:
        return shown_frame(context)
    except plates.Refusal:
        return None


def frame_of(operator, context) -> int:
    """The plate frame that an operator is told, or the one at the playhead. Raises plates.Refusal."""
    told = operator.properties.is_property_set("frame")
    frame = operator.frame if told else shown_frame(context)
    if frame is None:
        raise plates.Refusal("The strip is not visible at this frame.")
    return frame


def drawn_on(wisp, frame: int):
    """The active object, for a prompt to be drawn on that plate frame, or None. Raises plates.Refusal for one that is
    switched off or absent there."""
    item = wisp.active_object
    if item is not None and (fault := why_not_drawn(item.name, frame, item.enabled, frame in frames_in(item.absent))):
        raise plates.Refusal(fault)
    return item


def reporting(execute):
    """An operator's `execute` that reports a refusal or the engine's fault and is cancelled by it."""

    @functools.wraps(execute)
    def reported(self, context):
        try:
            return execute(self, context)
        except (plates.Refusal, EngineError) as error:
            self.report({"ERROR"}, str(error))
        except OSError as error:
            self.report({"ERROR"}, str(plates.unwritable(error)))
        return {"CANCELLED"}

    return reported


#: What the classes below are mixed into. The host takes no properties from a base that is an operator itself.
if TYPE_CHECKING:
    from bpy.types import Operator as _Mixed
else:
    _Mixed = object


class OnPlate(_Mixed):
    """Needs an active strip that is not one of our outputs."""

    @classmethod
    def poll(cls, context):
        if target(context) is None:
            cls.poll_message_set("Select an image or movie strip first")
            return False
        return True


class ChoosesFile(_Mixed):
    """Asks for a file, unless a script names it."""

    filepath: StringProperty(subtype="FILE_PATH", options={"SKIP_SAVE"} | compat.BLEND_RELATIVE)

    def invoke(self, context, _event):
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def chosen(self) -> Path:
        """The file, absolute. Raises plates.Refusal where there is none."""
        path = Path(bpy.path.abspath(self.filepath)).absolute()
        if not path.is_file():
            raise plates.Refusal(f"There is no file {self.filepath}.")
        return path
