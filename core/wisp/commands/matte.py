"""From a plate and a few prompts straight to mattes, in one command.

  wisp matte plates/sh010.%04d.exr --box 1001:420,80,1310,1060
  wisp matte clip.mp4 -o out --object girl --box 312,0,516,398 --object boy --point 215,270
  wisp matte sh010.####.exr --frames 1001-1050 --mask 1001:roto.png --mask 1025:roto25.png
  wisp matte sh010.####.exr --text "the runner"
  wisp matte sh010.####.exr --subject                        no prompt: what the first frame is about
  wisp matte sh010.####.exr --roto shapes.nk                 every key of drawn shapes becomes a mask
  wisp matte sh010.####.exr --roto shapes.nk --finish 12     hair and motion blur in a band around them

Writes DIR/<object>/<object>.%04d.exr with the plate's own numbers, and DIR/<plate>.wisp, the shot: open it,
add prompts, and `wisp solve` computes only what changed. The same command again goes on where it stopped.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..client.ends import Stopped
from ..client.events import Event, FrameDone, Notice, RotoRead
from ..client.frames import spans
from ..client.requests import Roto
from ..client.tables import HEAD, MISSING, TRACKER, UNCOVER
from ..client.wording import counted
from ..errors import CancelledError, InputError, OutputError, UsageError, WispError
from ..frames import format_frames, named_frames, parse_frames
from .detect import add_boxes, add_detector_options, add_subject
from .options import add_model_options, add_output_options, frame_number, models_of, set_up_logging, solver_at
from .prompts import TypedObject, add_prompt_options, parse_prompt
from .report import Reporter, interruptible

if TYPE_CHECKING:
    from ..plates.plate import Plate
    from ..shot import Shot
    from ..solve import Listener, Solver


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("plate", help="a sequence (%%04d, ####, $F4), a folder of one, a movie or a single picture")
    parser.add_argument(
        "-o", "--output", type=Path, metavar="DIR", help="where to write (default: <plate name>_mattes)"
    )
    parser.add_argument("--frames", metavar="R", help="1001-1100, 1001-1100x2 or 1001,1005,1010-1020 (default: all)")
    parser.add_argument("--first", type=frame_number, metavar="N", help="renumber: the plate's first frame is N")
    add_prompt_options(parser)
    _add_roto_options(parser)
    add_detector_options(parser)
    models = parser.add_argument_group("what computes the mattes")
    models.add_argument(
        "--tracker", metavar="ID", help=f"keeps the object over time (default: the head's own, or {TRACKER})"
    )
    models.add_argument("--head", metavar="ID", default=HEAD, help=f"resolves the edge (default: {HEAD})")
    result = models.add_mutually_exclusive_group()
    result.add_argument(
        "--exact", action="store_true", help="the head's published result: the whole frame, its alpha plainly resized"
    )
    result.add_argument("--fast", action="store_true", help="the head's quick variant, for previews")
    models.add_argument(
        "--region",
        choices=("auto", "off"),
        help="show networks only the surroundings of an object that is small in the plate (default: auto; off with "
        "--exact)",
    )
    models.add_argument(
        "--uncover",
        action=argparse.BooleanOptionalAction,
        default=None,
        help=UNCOVER[0].lower() + UNCOVER[1:-1] + " (default: with the heads that come with Wisp)",
    )
    models.add_argument("--seed", type=int, default=0, metavar="N", help="for models that draw random numbers")
    plate = parser.add_argument_group("the plate")
    add_plate_options(plate)
    add_model_options(parser)
    parser.add_argument("--overwrite", action="store_true", help="replace files of other content")
    add_output_options(parser)


def _add_roto_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("roto that is there already")
    group.add_argument(
        "--roto",
        action="append",
        default=[],
        metavar="FILE",
        help="shapes (.json, .nk, .fxs, .jsx, .svg), a matte sequence or the alpha of a plate; its objects are added",
    )
    group.add_argument(
        "--roto-keys",
        type=_roto_keys,
        default="keys",
        metavar="keys|every:N|most:N",
        help="which frames of it become masks: those with a key, each N-th one, or the N that differ most "
        "(default: keys; of mattes all)",
    )
    group.add_argument(
        "--finish",
        type=_band,
        metavar="PX",
        help="keep the roto on every frame as it is but for a band of so many pixels on either side of its outline",
    )


def _roto_keys(text: str) -> str:
    from ..shapes.roto import KeyChoice

    try:
        KeyChoice.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text


def _band(text: str) -> float:
    if not text.replace(".", "", 1).isdigit() or not 1 <= float(text) <= 500:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number of pixels from 1 to 500")
    return float(text)


def add_plate_options(group: argparse._ArgumentGroup) -> None:
    """How the pictures are read and how models see them."""
    group.add_argument("--colorspace", metavar="NAME", help="of the files, an OCIO colour space or role")
    group.add_argument("--ocio", metavar="CONFIG", help="built-in OCIO configuration, or a file; $OCIO goes before it")
    group.add_argument("--view", metavar="NAME", help="OCIO view through which models look (pixels are never altered)")
    group.add_argument(
        "--clean-plate", metavar="FILE", help="the empty set: a picture, or a sequence with the plate's frame numbers"
    )
    group.add_argument("--second-plate", metavar="FILE", help="the same still or performance before another backing")
    group.add_argument("--second-clean-plate", metavar="FILE", help="that other backing, empty")
    group.add_argument(
        "--backlit", action="store_true", help="the object is dark before the clean plate, which alone is lit"
    )
    group.add_argument("--exposure", type=float, default=0.0, metavar="STOPS", help="before the view")
    group.add_argument("--layer", metavar="NAME", help="layer, part or stereo view of a multi-layer EXR")
    group.add_argument(
        "--missing",
        choices=tuple(MISSING),
        default=next(iter(MISSING)),
        help="a missing or unreadable frame: stop (default), repeat the one before, use black, or leave it out",
    )


def run(args: argparse.Namespace) -> int:
    set_up_logging(args.verbose)
    from .. import shot as documents
    from ..deliver import Delivery
    from ..plates import open_plate

    started = time.monotonic()
    plate = open_plate(args.plate, layer=args.layer, first=args.first)
    frames = named_frames(args.frames)
    folder: Path = args.output or Path(f"{plate.name}_mattes")
    document = folder / f"{plate.name}.wisp"
    if args.exact and args.region == "auto":
        raise UsageError(
            "--exact shows networks the whole frame, --region auto only a part.", hint="Leave out one of them."
        )
    wanted = frames or plate.frames
    # Where prompts without a frame, and the subject, are: of the wanted frames the first with a picture.
    first = next((frame for frame in wanted if frame in plate.frames), wanted[0])
    shot, notices = _shot(args, plate, wanted, first, document)

    models = models_of(args)

    def prepare() -> tuple[Solver, Delivery]:
        solver = solver_at(args, shot, document, models)
        return solver, Delivery(solver, folder, stem=plate.name, frames=frames, overwrite=args.overwrite)

    with Reporter(as_json=args.json, quiet=args.quiet) as reporter, interruptible() as interrupt:
        for notice in notices:
            reporter(notice)
        add_boxes(args, shot, solver_at(args, shot, document, models), reporter, interrupt)
        if args.subject is not None:
            add_subject(args, shot, first, solver_at(args, shot, document, models), reporter, interrupt)
        _take_over_regions(shot, document)
        solver, delivery = prepare()  # all that is wrong with prompts, weights or places is said before writing
        spans = format_frames(frames or solver.plate.frames)
        reporter.say(f"{plate.name}: {spans}, {plate.width}x{plate.height}; {solver.colour.describe()}")
        reporter.notes(solver.plate.notes)
        _save(shot, document, args.overwrite)

        def listen(event: Event) -> None:
            reporter(event)
            if isinstance(event, FrameDone):
                delivery.write_solved(event.frame, event.object)

        try:
            if args.region != "off" and not args.exact and _fit_regions(shot, solver, reporter, interrupt):
                documents.save(shot, document)
                solver, delivery = prepare()
            summary = solver.run(frames, on_event=listen, should_stop=interrupt)
            delivery.write(should_stop=interrupt)
        except CancelledError as stop:
            reporter(Stopped(interrupt.exit_code, str(stop)))
            return interrupt.exit_code
    seconds = time.monotonic() - started
    reporter.emit("done", shot=str(document), matted=summary.matted, cached=summary.cached, seconds=round(seconds, 3))
    mattes = f"{folder}{os.sep}<object>{os.sep}<object>.%0{plate.padding}d.exr"
    reporter.say(f"{counted(summary.matted, 'matte')} computed, {summary.cached} kept, in {seconds:.1f} s.")
    reporter.say(
        f"Mattes: {mattes}\nShot:   {document} (add prompts, then: wisp solve {document} "
        f"and wisp deliver {document} -o {folder} --overwrite)"
    )
    return 0


def _shot(
    args: argparse.Namespace, plate: Plate, frames: tuple[int, ...], first: int, document: Path
) -> tuple[Shot, list[Notice]]:
    """The document that the command line describes, prompts without a frame on `first`, and what there is to say of it.
    UsageError or InputError before any work."""
    from .. import shot as documents
    from ..plates.colour import choose_colour

    absent = sorted(set(frames) - set(range(plate.frames[0], plate.frames[-1] + 1)))
    if absent:
        raise UsageError(
            f"The plate {args.plate} has no frame {format_frames(absent)}.",
            hint=f"It has {format_frames(plate.frames)}.",
        )
    typed: list[TypedObject] = args.objects
    if not args.roto and args.subject is None and not any(item.prompts for item in typed):
        raise UsageError(
            "There is no prompt.", hint="Draw at least one, for example --box 1001:420,80,1310,1060; or say --subject."
        )
    if not args.roto and args.finish is not None:
        raise UsageError("There is no roto to finish.", hint="Give it with --roto FILE.")
    ocio = str(Path(args.ocio).resolve()) if args.ocio and Path(args.ocio).is_file() else args.ocio
    colour = choose_colour(args.colorspace or plate.colorspace, config=ocio, view=args.view, exposure=args.exposure)
    given = {key: getattr(args, f"{key}_plate") for key in documents.BESIDE}
    description: dict[str, Any] = {
        "wisp": documents.VERSION,
        "plate": {
            "path": documents.relative_path(plate.path, document),
            "first": frames[0],
            "last": frames[-1],
            "offset": plate.offset,
            "width": plate.width,
            "height": plate.height,
            "pixel_aspect": plate.pixel_aspect,
            "colorspace": colour.colorspace,
            "view": colour.view,
            "ocio": ocio,
            "exposure": args.exposure,
            "layer": args.layer,
            "missing": args.missing,
            **{key: documents.relative_path(stored, document) for key in documents.BESIDE if (stored := given[key])},
            "backlit": args.backlit,
        },
        "solve": {
            "tracker": args.tracker or _default_tracker(args.head),
            "head": _head(args),
            "uncover": args.uncover,
            "precision": args.precision or "auto",
            "seed": args.seed,
        },
        "objects": [],
    }
    for number, item in enumerate(typed, 1):
        prompts = [parse_prompt(option, text, first) for option, text in item.prompts]
        for prompt in prompts:
            if isinstance(prompt, documents.MaskPrompt):
                if not Path(prompt.path).is_file():
                    raise InputError(
                        f"The mask {prompt.path} does not exist.", hint="Check the path.", path=prompt.path
                    )
                prompt.path = documents.relative_path(prompt.path, document)
        if not prompts:
            raise UsageError(f"The object '{item.name}' has no prompt.", hint="Put its prompts after --object.")
        description["objects"].append(
            {
                "id": number,
                "name": item.name or f"object{number}",
                "color": documents.PALETTE[(number - 1) % len(documents.PALETTE)],
                "prompts": [prompt.model_dump() for prompt in prompts],
                "absent": spans(frame for text in item.absent for frame in parse_frames(text)),
            }
        )
    notices = _add_roto(args, plate, frames, document, description["objects"])
    return documents.edited(description), notices


def _add_roto(
    args: argparse.Namespace, plate: Plate, frames: tuple[int, ...], document: Path, objects: list[dict[str, Any]]
) -> list[Notice]:
    """Append the objects of `--roto` with their masks, written beside the document. What was left out."""
    from .. import shot as documents
    from ..shapes.roto import KeyChoice, take

    choice, size = KeyChoice.parse(args.roto_keys), (plate.width, plate.height)

    def add(event: Event) -> None:
        if isinstance(event, RotoRead):
            number, made = len(objects) + 1, event.parts
            for holder, key in [(made, "core"), (made, "garbage"), *((one, "path") for one in made["prompts"])]:
                if key in holder:
                    holder[key] = documents.relative_path(holder[key], document)
            colour = documents.PALETTE[(number - 1) % len(documents.PALETTE)]
            objects.append({"id": number, "name": event.object, "color": colour, **made})

    notices = []
    for source in args.roto:
        asked = Roto(source, str(document.parent / "roto"), choice.kind, choice.count, args.finish)
        lack = take(asked, size, plate.pixel_aspect, frames, add).lack
        if lack:
            notices.append(Notice("warning", f"Not all of {source} was read; {lack}."))
    return notices


def _head(args: argparse.Namespace) -> str:
    """`--head` with the variant that `--exact` or `--fast` asks for, as one id. UsageError where it has none."""
    from ..weights.registry import entry_as

    head: str = args.head
    result = "exact" if args.exact else "fast" if args.fast else None
    if result is None:
        return head
    if result not in entry_as(head, "head").settings.get("result", ()):
        raise UsageError(
            f"The head {head!r} has no {result} result to choose.",
            hint=f"Leave out --{result}, or take one of SAM2Matting's heads.",
        )
    return entry_as(f"{head}:result={result}", "head").id


def _default_tracker(head: str) -> str:
    from ..weights.registry import entry_as

    return entry_as(head, "head").tracker or TRACKER


def _take_over_regions(shot: Shot, document: Path) -> None:
    """Regions that an earlier run of the same command has found."""
    from .. import shot as documents

    if not document.exists():
        return
    try:
        earlier = documents.load(document)
    except WispError:
        return  # `_save` decides what becomes of it
    same = earlier.model_copy(deep=True)
    for item in same.objects:
        item.region = None
    if same == shot:
        for item, known in zip(shot.objects, earlier.objects, strict=True):
            item.region = known.region


def _fit_regions(shot: Shot, solver: Solver, listener: Listener, interrupt: Callable[[], bool]) -> bool:
    """Give each object that gains by it a region of its own; True where any got one."""
    from ..solve.fitting import fit_region

    changed = False
    for item in shot.objects:
        region = None if item.region else fit_region(solver, item.name, listener, interrupt)
        if region is not None:
            item.region = (region.x0, region.y0, region.x1, region.y1)
            changed = True
    return changed


def _save(shot: Shot, document: Path, overwrite: bool) -> None:
    """Write the shot unless the same one is there. OutputError where another one would be lost."""
    from .. import shot as documents

    if document.exists() and not overwrite and document.read_text("utf-8", "replace") != documents.dump(shot):
        raise OutputError(
            f"The shot {document} exists and holds other prompts or settings.",
            hint=f"Go on with wisp solve {document}, choose another folder with -o, or lose them with --overwrite.",
            path=document,
        )
    documents.save(shot, document)
