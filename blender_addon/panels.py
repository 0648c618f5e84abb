# SPDX-License-Identifier: GPL-3.0-or-later
"""The sidebar tab: the state of the active strip; where something is amiss, why, and one button that mends it."""

import textwrap

import bpy

from . import active, activity, candidates, document, outputs, plates, troubles
from .client.frames import frames_in, spans
from .client.tables import BESIDE
from .icons import icon
from .runs import runs

LETTERS = 44
#: Buttons of keyframes that are listed at most; the arrows reach the others.
KEYFRAMES = 20


def note(layout, text: str, alert: bool = False, letters: int = LETTERS) -> None:
    """A sentence over several lines; panels do not wrap."""
    column = layout.column(align=True)
    column.alert = alert
    lines = textwrap.wrap(text, letters, break_long_words=False, break_on_hyphens=False)
    for number, line in enumerate(lines):
        column.label(text=line, icon="ERROR" if alert and not number else "NONE" if not alert else "BLANK1")


class Tab:
    bl_space_type = "SEQUENCE_EDITOR"
    bl_region_type = "UI"
    bl_category = "Roto"


class OfPlate(Tab):
    @classmethod
    def poll(cls, context):
        found = active.target(context)
        return found is not None and found[1].type in ("IMAGE", "MOVIE")


class WISP_PT_plate(Tab, bpy.types.Panel):
    bl_label = "Plate"

    def draw_header(self, _context):
        self.layout.label(icon_value=icon("wisp"))

    def draw(self, context):
        layout, found, trouble = self.layout, active.target(context), troubles.of(context)
        if trouble is None and found is None:
            note(layout, "Select an image or movie strip to cut something out of it.")
        elif found is not None and (trouble is None or trouble.kind not in ("scene", "strip")):
            _, strip = found
            layout.label(text=strip.name, icon="FILE_MOVIE" if strip.type == "MOVIE" else "FILE_IMAGE")
            layout.label(text=self.shown(context, strip))
        if trouble is not None:
            self.mend(layout, trouble, found is not None and troubles.fault_of(found[1]) is not None)

    def shown(self, context, strip):
        """What of the plate is at the playhead, and what is worth a look there."""
        frame, run = active.shown_frame(context), runs.get(strip.wisp.uid)
        if frame is None:
            return "Not visible at this frame"
        scene, _ = active.target(context)
        text = f"Movie frame {frame}"
        if strip.type == "IMAGE":
            text = strip.strip_elem_from_frame(scene.frame_current).filename
        doubts = (run.doubtful.get(number, {}).get(frame) for number in run.enabled) if run is not None else ()
        return ", ".join([text, *filter(None, doubts)])

    def mend(self, layout, trouble, details):
        note(layout, trouble.text, trouble.alert)
        row = layout.row(align=True)
        if trouble.operator:
            row.operator(trouble.operator, **({"text": trouble.label} if trouble.label else {}))
        if details:
            row.operator("wisp.copy_details", icon="COPYDOWN", text="" if trouble.operator else "Copy Details")
            row.operator("wisp.report_problem", icon="HELP", text="")


class WISP_UL_objects(bpy.types.UIList):
    def draw_item(self, _context, layout, _data, item, _icon, _active, _property, _index=0, _flag=0):
        row = layout.row(align=True)
        colour = row.row()
        colour.ui_units_x = 1.0
        colour.prop(item, "color", text="")
        row.prop(item, "name", text="", emboss=False)
        row.label(text=str(len(item.prompts)))
        row.prop(item, "enabled", text="", icon="HIDE_OFF" if item.enabled else "HIDE_ON", emboss=False)


class WISP_PT_objects(OfPlate, bpy.types.Panel):
    bl_label = "Objects and Prompts"

    def draw(self, context):
        layout = self.layout
        _, strip = active.target(context)
        wisp = strip.wisp
        row = layout.row()
        row.template_list("WISP_UL_objects", "", wisp, "objects", wisp, "active", rows=2)
        column = row.column(align=True)
        column.operator("wisp.add_object", icon="ADD", text="")
        column.operator("wisp.remove_object", icon="REMOVE", text="")
        layout.operator("wisp.subject", icon="VIEWZOOM")
        self.candidates(context, layout, strip)
        row = layout.row(align=True)
        row.operator("wisp.take_roto", icon="IMPORT")
        row.operator("wisp.take_blender_mask", icon="MOD_MASK")
        layout.operator("wisp.carry", icon="PASTEDOWN")
        item = wisp.active_object
        if item is None:
            note(layout, "Pick a Roto tool in the preview's toolbar and click the subject.")
            return
        row = layout.row(align=True)
        row.operator("wisp.jump", text="", icon="PREV_KEYFRAME").forward = False
        row.label(text="Keyframes" if item.keyframes else "No keyframes")
        row.operator("wisp.jump", text="", icon="NEXT_KEYFRAME").forward = True
        if item.keyframes:
            flow = layout.grid_flow(row_major=True, columns=5, even_columns=True, align=True)
            for frame, time in self.times(context, item)[:KEYFRAMES]:
                flow.operator("wisp.jump", text=str(time)).to = frame
        row = layout.row(align=True)
        row.operator("wisp.add_text", icon="FONT_DATA")
        row.operator("wisp.add_mask", icon="IMAGE_DATA")
        row.operator("wisp.add_blender_mask", icon="MOD_MASK")
        row = layout.row(align=True)
        row.operator("wisp.clear_prompts", text="Clear Frame")
        row.operator("wisp.clear_prompts", text="Clear All").everywhere = True
        row = layout.row(align=True)
        row.operator("wisp.region", icon="SELECT_SET", depress=bool(item.region))
        row.operator("wisp.fit_region", icon="FULLSCREEN_EXIT")
        if item.region:
            row.operator("wisp.region", text="", icon="X").clear = True

    @staticmethod
    def candidates(context, layout, strip):
        """What else the frame may be about: a button each."""
        try:
            frame = active.shown_frame(context)
            known = candidates.offered(strip, frame) if frame is not None else []
        except plates.Refusal:
            return
        if len(known) > 1:
            row = layout.row(align=True)
            for one in sorted(known, key=lambda one: one.number):
                text = f"{one.number} ({one.confidence:.2f})"
                row.operator("wisp.subject", text=text, depress=one is known[0]).number = one.number

    @staticmethod
    def times(context, item):
        """(plate frame, scene frame) of each keyframe that the strip shows, ascending in time."""
        try:
            shown = plates.shown_frames(*active.target(context))
        except plates.Refusal:
            return []
        asker = f"{active.target(context)[1].wisp.uid} {item.number}"
        first = {shown[time]: time for time in reversed(plates.times_of(asker, shown, item.keyframes))}
        return sorted(first.items(), key=lambda pair: pair[1])


class WISP_PT_track(OfPlate, bpy.types.Panel):
    bl_label = "Track"

    def draw(self, context):
        layout = self.layout
        scene, strip = active.target(context)
        run = runs.get(strip.wisp.uid)
        if run is not None and run.busy:
            layout.progress(factor=activity.part(run), text=activity.progress_text(run))
            layout.operator("wisp.stop", icon_value=icon("stop"))
        else:
            row = layout.row(align=True)
            for direction, text in (("backward", ""), ("frame", ""), ("forward", ""), ("both", "Track")):
                name = f"track-{direction}"
                row.operator("wisp.track", text=text, icon_value=icon(name)).direction = direction
        if strip.wisp.objects and (run is None or not run.session.is_open):
            layout.operator("wisp.refresh_status", icon="FILE_REFRESH")
        if run is None:
            return
        self.states(layout, scene, strip, run)
        self.locks(layout, scene, strip)
        if run.message:
            note(layout, run.message)

    def states(self, layout, scene, strip, run):
        try:
            shown = plates.shown_frames(scene, strip)
        except plates.Refusal:
            return
        spans = run.spans(shown)
        for state, text, symbol in STATES:
            if state in spans:
                layout.label(text=f"{text}: {listed(spans[state])}", icon=symbol)
        item = strip.wisp.active_object
        mended = item.corrected if item is not None else set()
        if mended:
            times = plates.times_of(f"{strip.wisp.uid} corrected", shown, mended)
            layout.label(text=f"Corrected: {listed([[time, time] for time in sorted(times)])}", icon="KEYFRAME_HLT")
        if "doubtful" in spans or "lost" in spans:
            row = layout.row(align=True)
            for forward, symbol in ((False, "TRIA_LEFT"), (True, "TRIA_RIGHT")):
                jump = row.operator("wisp.jump", text="Worth a Look", icon=symbol)
                jump.forward, jump.what = forward, "doubtful"
            row.operator("wisp.accept", text="", icon="CHECKMARK")
            layout.operator("wisp.jump", text="Correct Next", icon="FF").what = "suggested"
        if spans.keys() & {"solved", "doubtful", "lost"}:
            layout.operator("wisp.check", icon="VIEWZOOM")

    @staticmethod
    def locks(layout, scene, strip):
        item = strip.wisp.active_object
        if item is None:
            return
        row = layout.row(align=True)
        row.operator("wisp.lock", text="Lock Frame", icon="LOCKED")
        row.operator("wisp.lock", text="Lock Done").everywhere = True
        row = layout.row(align=True)
        row.operator("wisp.absent", text="Absent Here", icon="HIDE_ON")
        row.operator("wisp.absent", text="From Here On").onwards = True
        if item.absent:
            row.operator("wisp.absent", text="", icon="HIDE_OFF").absent = False
            layout.label(text=f"Absent on plate frames {item.absent}", icon="HIDE_ON")
        if not item.locks:
            return
        row.operator("wisp.lock", text="", icon="UNLOCKED").lock = False
        every = row.operator("wisp.lock", text="Unlock All")
        every.lock, every.everywhere = False, True
        try:
            shown = plates.shown_frames(scene, strip)
        except plates.Refusal:
            return
        times = plates.times_of(f"{strip.wisp.uid} locks", shown, frames_in(item.locks))
        layout.label(text=f"Locked: {listed(spans(times))}", icon="LOCKED")


#: A state, what a person reads, and its icon.
STATES = (
    ("solved", "Done", "CHECKMARK"),
    ("dirty", "To do", "FILE_REFRESH"),
    ("doubtful", "Worth a look", "ERROR"),
    ("lost", "Lost", "HIDE_ON"),
)


def listed(spans) -> str:
    """Spans of frames in a line: the first few."""
    parts = [str(first) if first == last else f"{first}-{last}" for first, last in spans[:6]]
    return ", ".join(parts) + (", ..." if len(spans) > 6 else "")


class WISP_PT_jobs(Tab, bpy.types.Panel):
    bl_label = "Jobs"

    @classmethod
    def poll(cls, _context):
        return any(run.busy for run in runs.values())

    def draw(self, _context):
        activity.draw_jobs(self.layout)


class WISP_PT_edge(OfPlate, bpy.types.Panel):
    bl_label = "Edge"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context):
        layout = self.layout
        layout.use_property_split = True
        _, strip = active.target(context)
        item = strip.wisp.active_object
        if item is not None:
            for name in (*document.EDGE, "garbage", "core"):
                layout.prop(item, name)


class WISP_PT_reading(OfPlate, bpy.types.Panel):
    bl_label = "Colour and Frames"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context):
        layout = self.layout
        layout.use_property_split = True
        _, strip = active.target(context)
        for name in (*document.READING, *BESIDE, "backlit"):
            layout.prop(strip.wisp, name)


class WISP_PT_output(OfPlate, bpy.types.Panel):
    bl_label = "View and Output"

    def draw(self, context):
        layout = self.layout
        _, strip = active.target(context)
        layout.row().prop(context.window_manager, "wisp_view", expand=False)
        layout.prop(strip.wisp, "output")
        if outputs.matte_strip(strip) is None:
            layout.operator("wisp.update_outputs", text="Make Matte Strip", icon_value=icon("matte"))
        else:
            layout.prop(strip.wisp, "bypass", icon="HIDE_OFF", toggle=True)
        if strip.wisp.active_object is not None:
            row = layout.row(align=True)
            row.operator("wisp.object_strip", text="Object's Matte", icon_value=icon("matte")).cutout = False
            row.operator("wisp.object_strip", text="Object's Cut-Out").cutout = True
        column = layout.column()
        column.use_property_split = True
        column.prop(strip.wisp, "tracker")
        column.prop(strip.wisp, "head")
        column.prop(strip.wisp, "uncover")
        row = layout.row(align=True)
        row.operator("wisp.deliver", icon="EXPORT")
        row.operator("wisp.make_masks", icon="MOD_MASK")
        layout.operator("wisp.node_group", icon="NODETREE")
        layout.operator("wisp.farm", icon="NETWORK_DRIVE")
        layout.operator("wisp.track_selected")
        layout.operator("wisp.remove")


CLASSES = (
    WISP_UL_objects,
    WISP_PT_plate,
    WISP_PT_objects,
    WISP_PT_track,
    WISP_PT_jobs,
    WISP_PT_edge,
    WISP_PT_reading,
    WISP_PT_output,
)


register, unregister = bpy.utils.register_classes_factory(CLASSES)
