"""Train matting heads from images alone: made pictures, or a studio's own mattes.

  wisp train preview -o sheet.png                      what the built-in generator teaches
  wisp train run -o runs/a                             the embedded head, from made pictures
  wisp train run -o runs/p --subjects DIR --backgrounds DIR    from made and photographed subjects over photographs
  wisp train renders -o renders --count 200 --blender blender  hair, leaves, veils: drawn by Cycles, for --renders
  wisp train run -o runs/b --data mattes --start w.safetensors --set steps=2000
  wisp train run -o runs/c --data mattes --set recipe=sam2matting --encoder sam2.1_hiera_tiny.pt --variant tiny
  wisp train tracker clips -o runs/t --pictures pool --subjects subjects    made clips with features, shard by shard
  wisp train tracker follower -o runs/t --minutes 10 --device cuda    go on teaching (starter: stills, borders too)
  wisp train tracker export -o runs/t                                       follower.safetensors, starter.safetensors
  wisp train tracker subject -o runs/t --pictures pool --subjects subjects  what looks like a subject, in a minute
  wisp train export runs/a -o head.safetensors --licence Apache-2.0 --attribution "Our studio"

DIR of --data holds fg/, alpha/ and perhaps bg/ (cut-outs), or plate/ and matte/ (finished shots), with pictures of
the same names. The same run command again goes on where it stopped, with the data and weights that it began with. A
run's folder holds its settings (config.json), where its weights come from (origin.json), log, curves.png and validation
pictures. Validation is on shots or cut-outs that are kept from training; where there is no other subject, its figures
say so.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import json
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InputError, UsageError
from .options import add_model_options, add_output_options, run_options, set_up_logging
from .report import Reporter, interruptible

if TYPE_CHECKING:
    import torch

    from ..train.config import TrainConfig
    from ..train.crops import NumberedSource
    from ..train.recipe import Recipe
    from ..train.trainer import Progress

#: The stream of random numbers that pictures to validate on come from: an even number, those of runs are odd.
_HELD_OUT = 2
_ORIGIN = "origin.json"
_CROPS = "crops.npy"
#: The options that a run keeps to, and what those are that nobody gave.
_KEPT: dict[str, Any] = {
    "data": None,
    "subjects": None,
    "backgrounds": None,
    "renders": None,
    "start": None,
    "encoder": None,
    "variant": "tiny",
    "encoder_size": 1024,
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    preview = actions.add_parser("preview", help="draw samples as a contact sheet")
    preview.add_argument("-o", "--output", type=Path, default=Path("train-preview.png"), metavar="FILE")
    preview.add_argument("--count", type=int, default=20, metavar="N", help="samples (default: 20)")
    preview.add_argument("--size", type=int, default=192, metavar="PX", help="side of a sample (default: 192)")
    preview.add_argument("--seed", type=int, default=0, metavar="N")
    preview.add_argument("--data", type=Path, metavar="DIR", help="from these pictures instead of made ones")
    _add_photographs(preview)
    add_output_options(preview)

    run_parser = actions.add_parser("run", help="train, or go on training")
    run_parser.add_argument("-o", "--output", type=Path, required=True, metavar="DIR", help="the run's folder")
    run_parser.add_argument("--config", type=Path, metavar="FILE", help="settings, TOML or JSON")
    run_parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="one setting")
    run_parser.add_argument("--data", type=Path, metavar="DIR", help="a studio's mattes instead of made pictures")
    _add_photographs(run_parser)
    run_parser.add_argument(
        "--start",
        type=Path,
        metavar="FILE",
        help="weights to start from (fine-tuning); for embedded they also look at most samples in half the size",
    )
    run_parser.add_argument("--encoder", type=Path, metavar="FILE", help="SAM 2.1 checkpoint, for recipe sam2matting")
    run_parser.add_argument("--variant", help="of the encoder: tiny, small, base-plus or large (default: tiny)")
    run_parser.add_argument("--encoder-size", type=int, metavar="PX", help="side that the encoder sees (default: 1024)")
    run_parser.add_argument("--workers", type=int, default=1, metavar="N", help="processes that make crops first")
    add_model_options(run_parser)
    add_output_options(run_parser)

    renders = actions.add_parser("renders", help="draw subjects with exact alpha by Blender; resumable")
    renders.add_argument("-o", "--output", type=Path, required=True, metavar="DIR", help="folder of PNG with alpha")
    renders.add_argument("--count", type=int, default=200, metavar="N", help="pictures (default: 200)")
    renders.add_argument("--first", type=int, default=0, metavar="N", help="number of the first (default: 0)")
    renders.add_argument("--blender", type=Path, metavar="FILE", help="Blender, or a Python with bpy (default: this)")
    add_output_options(renders)

    tracker = actions.add_parser("tracker", help="the built-in tracker, from made clips; in pieces, resumable")
    tracker.add_argument(
        "part", choices=("clips", "stills", "borders", "follower", "starter", "export", "subject"), help="see above"
    )
    tracker.add_argument("-o", "--output", type=Path, required=True, metavar="DIR", help="the run's folder")
    tracker.add_argument(
        "--pictures", type=Path, metavar="DIR", help="clips, stills, borders, subject: pictures to take things from"
    )
    tracker.add_argument("--subjects", type=Path, metavar="DIR", help="the same: NAME.jpg with NAME.alpha.png")
    tracker.add_argument(
        "--shards", type=int, default=100, metavar="N", help="clips, stills, borders: how many (24 clips each)"
    )
    tracker.add_argument("--minutes", type=float, default=10.0, metavar="N", help="follower, starter: how long")
    tracker.add_argument("--seed", type=int, default=0, metavar="N")
    add_model_options(tracker)
    add_output_options(tracker)

    export = actions.add_parser("export", help="write a run's weights for use")
    export.add_argument("run", type=Path, metavar="DIR", help="the run's folder")
    export.add_argument("-o", "--output", type=Path, required=True, metavar="FILE", help="a .safetensors file")
    export.add_argument("--licence", required=True, help="of the weights: SPDX identifier or name")
    export.add_argument("--attribution", required=True, help="who made them")
    export.add_argument(
        "--share", type=float, default=1.0, metavar="N", help="of the run's weights; the rest is what it started from"
    )
    export.add_argument("--rest", type=Path, metavar="FILE", help="with --share: other weights for the rest")
    export.add_argument("--id", default="my-head", help="model id in the registry entry that is printed")
    add_output_options(export)


def _add_photographs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--subjects", type=Path, metavar="DIR", help="NAME.jpg, NAME.alpha.png beside made ones")
    parser.add_argument("--backgrounds", type=Path, metavar="DIR", help="pictures to lay --subjects over")
    parser.add_argument("--renders", type=Path, metavar="DIR", help="of 'wisp train renders', beside --subjects")


def run(args: argparse.Namespace) -> int:
    set_up_logging(args.verbose)
    actions = {"preview": _preview, "run": _train, "export": _export, "renders": _renders, "tracker": _tracker}
    return actions[args.action](args)


def _renders(args: argparse.Namespace) -> int:
    from ..train.renders import make_renders

    if args.count < 1 or args.first < 0:
        raise UsageError("--count must be 1 or more and --first 0 or more.")
    with Reporter(as_json=args.json, quiet=args.quiet) as reporter, interruptible() as interrupt:
        with contextlib.closing(make_renders(args.output, args.first, args.count, args.blender)) as drawn:
            for done, _ in enumerate(drawn, 1):
                reporter.say(f"Renders: {done} of {args.count}")
                if interrupt():
                    return interrupt.exit_code
        reporter.emit("done", path=str(args.output))
    return 0


def _tracker(args: argparse.Namespace) -> int:
    from ..device import resolve_device
    from ..train.tracking.material import make_shards
    from ..train.tracking.teach import export, teach
    from ..train.tracking.things import MASKS, Pool

    args.output.mkdir(parents=True, exist_ok=True)
    with Reporter(as_json=args.json, quiet=args.quiet) as reporter, interruptible() as interrupt:
        if args.part == "export":
            for part in ("follower", "starter"):
                target = args.output / f"{part}.safetensors"
                export(args.output / f"{part}.pt", target)
                reporter.emit("done", path=str(target))
        elif args.part in ("clips", "stills", "borders", "subject"):
            if args.pictures is None or args.subjects is None:
                raise UsageError(f"Making {args.part} takes --pictures DIR and --subjects DIR.")
            pool = Pool(args.pictures, MASKS, args.subjects)
            if args.part == "subject":
                from ..train.tracking.subject import fit

                fit(pool, args.output / "subject.safetensors")
                return 0
            for path in make_shards(pool, args.output / "shards", args.part, args.seed, args.shards):
                reporter.say(path.name)
                if interrupt():
                    return interrupt.exit_code
        else:
            device = resolve_device(run_options(args).device)
            checkpoint = args.output / f"{args.part}.pt"
            for line in teach(args.part, args.output / "shards", checkpoint, args.minutes, device, args.seed):
                reporter.say(line)
                if interrupt():
                    return interrupt.exit_code
    return 0


def _preview(args: argparse.Namespace) -> int:
    from ..atomic import spare_others
    from ..contact_sheet import check_name, is_sheet, write_png
    from ..train.preview import preview

    source, *_ = _sources(args, args.size, args.seed, args.seed)
    check_name(args.output)
    spare_others(args.output, is_sheet)
    write_png(args.output, preview([source(number) for number in range(max(1, args.count))]))
    with Reporter(as_json=args.json, quiet=args.quiet) as reporter:
        reporter.emit("done", path=str(args.output))
        reporter.say(f"{args.count} samples: {args.output}")
    return 0


def _train(args: argparse.Namespace) -> int:
    from ..device import resolve_device
    from ..train.trainer import Trainer
    from ..weights.checkpoints import load_state_dict

    config = _settings(args)
    device = resolve_device(run_options(args).device)
    args.output.mkdir(parents=True, exist_ok=True)
    begun = _keep_to(args)
    size = args.encoder_size if config.recipe == "sam2matting" else 2 * config.crop
    source, other, seen = _sources(args, size, 2 * config.seed + 1, _HELD_OUT)
    start = load_state_dict(args.start) if args.start else None
    if not begun:
        _write_origin(args)
    with Reporter(as_json=args.json, quiet=args.quiet) as reporter, interruptible() as interrupt:
        recipe = _recipe(args, config, source, other, device, reporter)
        trainer = Trainer(recipe, config, args.output, device, start)
        if trainer.step:
            reporter.say(f"Going on at step {trainer.step} of {config.steps}.")

        def listen(progress: Progress) -> None:
            _report(reporter, progress, seen)

        finished = trainer.run(listen, interrupt)
        reporter.emit("done" if finished else "stopped", step=trainer.step, folder=str(args.output))
        if not finished:
            reporter.say(f"Stopped at step {trainer.step}; the same command goes on.", warning=True)
            return interrupt.exit_code
        reporter.say(f"Trained: {args.output}; next: wisp train export {args.output} -o head.safetensors ...")
    return 0


def _report(reporter: Reporter, progress: Progress, seen: bool) -> None:
    """`seen`: the subjects of the validation are trained on, too."""
    left = (progress.steps - progress.step) * progress.seconds_per_step
    if progress.validation is not None:
        errors, references = progress.validation.errors, progress.validation.references
        reporter.emit("validation", step=progress.step, errors=errors, references=references, seen=seen)
        told = ", of subjects that are trained on, too" if seen else ""
        for name, value in errors.items():
            others = ", ".join(f"{method} {theirs[name]:.2f}" for method, theirs in references.items())
            reporter.say(f"Step {progress.step}: {name} {value:.2f} ({others}){told}")
    if progress.step % 50 == 0:
        reporter.emit("step", step=progress.step, total=progress.steps, loss=progress.loss, eta=round(left))
        reporter.say(f"Progress: {100 * progress.step // progress.steps}%  loss {progress.loss:.4f}  {left:.0f} s left")


def _settings(args: argparse.Namespace) -> TrainConfig:
    """The file's settings under those of `--set`; those of the run itself where it exists and nothing is said."""
    from ..train.config import config_of, load_config
    from ..train.trainer import CONFIG

    saved = args.output / CONFIG
    file = args.config or (saved if saved.exists() else None)
    values: dict[str, Any] = dataclasses.asdict(load_config(file)) if file else {}
    for option in args.set:
        name, separator, text = option.partition("=")
        if not separator:
            raise UsageError(f"--set {option} is not NAME=VALUE.")
        try:
            values[name] = tomllib.loads(f"value = {text}")["value"]
        except tomllib.TOMLDecodeError:
            values[name] = text
    return config_of(values, "The command line" if args.set else str(file))


def _keep_to(args: argparse.Namespace) -> bool:
    """Whether the folder holds a run. One goes on with the data and weights that it began with: options that are not
    given are taken from it. UsageError for another one."""
    from ..train.trainer import CHECKPOINT

    file = args.output / _ORIGIN
    begun = file.exists() and any((args.output / name).exists() for name in (CHECKPOINT, _CROPS))
    kept = json.loads(file.read_text("utf-8")).get("options", {}) if begun else {}
    for name, default in _KEPT.items():
        given = getattr(args, name)
        if given is None:
            stored = kept.get(name, default)
            setattr(args, name, Path(stored) if stored and default is None else stored)
        elif name in kept and _plain(given) != kept[name]:
            option = f"--{name.replace('_', '-')}"
            raise UsageError(
                f"The folder {args.output} holds a run with another {option}: {kept[name] or 'none'}.",
                hint=f"Choose another folder with -o, or leave {option} out.",
            )
    return begun


def _plain(value: Any) -> Any:
    """As JSON holds it."""
    return str(value.resolve()) if isinstance(value, Path) else value


def _recipe(
    args: argparse.Namespace,
    config: TrainConfig,
    source: NumberedSource,
    other: NumberedSource,
    device: torch.device,
    reporter: Reporter,
) -> Recipe:
    if config.recipe == "sam2matting":
        if args.encoder is None:
            raise UsageError("The recipe sam2matting needs --encoder, a SAM 2.1 checkpoint.")
        from ..trackers.sam2.model import load_model
        from ..train.recipes.sam2matting import Sam2MattingRecipe

        model = load_model(args.encoder, args.variant, device, args.precision or "auto", image_size=args.encoder_size)
        return Sam2MattingRecipe(config, model, source, [other(number) for number in range(config.validation)])
    from ..train.crops import CropStore
    from ..train.recipes.embedded import EmbeddedRecipe

    store = CropStore(args.output / _CROPS, source, config.samples, config.crop, 2 * config.seed + 1, args.start)
    if args.workers > 1:
        store.prepare(args.workers, lambda done: reporter.say(f"Crops: {100 * done // config.samples}%"))
    held_out = {
        kind: [other(number, kind) for number in range(config.validation)] for kind in ("exact", "slight", "coarse")
    }
    return EmbeddedRecipe(config, store, held_out, device)


def _sources(args: argparse.Namespace, size: int, seed: int, other: int) -> tuple[NumberedSource, NumberedSource, bool]:
    """Samples to train on, others to validate on, and whether these are of the same subjects."""
    from ..train.folders import FolderSource
    from ..train.photographs import PhotographSource
    from ..train.scenes import MadeSource

    if args.data:
        held_out = FolderSource(args.data, size, other, True)
        return FolderSource(args.data, size, seed), held_out, held_out.seen
    if bool(args.subjects) != bool(args.backgrounds):
        raise UsageError("--subjects and --backgrounds belong together.")
    if args.renders and not args.subjects:
        raise UsageError("--renders takes --subjects and --backgrounds beside it.")
    if args.subjects:
        folders = args.subjects, args.backgrounds, size
        return PhotographSource(*folders, seed, args.renders), PhotographSource(*folders, other, args.renders), True
    return MadeSource(size, seed), MadeSource(size, other), False


def _write_origin(args: argparse.Namespace) -> None:
    """What the run keeps to, and what an export has to know besides the settings."""
    from ..atomic import replacing
    from ..train.export import data_since

    values = {
        "data": data_since(args.start, _data(args)) if args.start else _data(args),
        "options": {name: _plain(getattr(args, name)) for name in _KEPT},
    }
    with replacing(args.output / _ORIGIN) as temporary:
        temporary.write_text(json.dumps(values, indent=2) + "\n", "utf-8")


def _data(args: argparse.Namespace) -> str:
    if args.data:
        return str(args.data)
    if args.subjects:
        rendered = f", renders ({args.renders.name})" if args.renders else ""
        return f"made pictures, photographs ({args.subjects.name} over {args.backgrounds.name}){rendered}"
    return "made pictures"


def _export(args: argparse.Namespace) -> int:
    from ..train.config import load_config
    from ..train.export import Provenance, blended, data_since, export, registry_entry
    from ..train.trainer import CHECKPOINT, CONFIG, load_average
    from ..weights.checkpoints import load_state_dict

    if not (args.run / CHECKPOINT).exists():
        raise InputError(f"{args.run} holds no run.", hint="Give the folder of 'wisp train run -o'.", path=args.run)
    config = load_config(args.run / CONFIG)
    origin = json.loads((args.run / _ORIGIN).read_text("utf-8"))
    data, options = origin["data"], origin.get("options", origin)  # as older runs have them
    step, weights = load_average(args.run)
    if not 0 < args.share <= 1:
        raise UsageError("--share must be above 0 and at most 1.")
    if args.share < 1:
        rest = args.rest or options["start"]
        if rest is None:
            raise UsageError(f"{args.run} started from nothing.", hint="Name weights to blend with: --rest FILE.")
        weights = blended(load_state_dict(Path(rest)), weights, args.share)
        data = data_since(Path(rest), data)
    provenance = Provenance(args.licence, args.attribution, data, config, step)
    heads_only = config.recipe == "embedded"
    beside = None if heads_only else load_state_dict(Path(options["encoder"]))
    sha256 = export(args.output, weights, provenance, beside)
    entry = registry_entry(args.output, args.id, sha256, provenance, None if heads_only else options["variant"])
    with Reporter(as_json=args.json, quiet=args.quiet) as reporter:
        reporter.emit("done", path=str(args.output), sha256=sha256, entry=entry)
        if not args.json:
            print(entry)
    return 0
