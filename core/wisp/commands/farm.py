"""Solve a shot on a render farm, as an Open Job Description job: Track -> Matte (chunks of frames) -> Check.

wisp farm template shots/sh010.wisp -o sh010.job.json
wisp farm run shots/sh010.wisp --workers 2
wisp farm submit shots/sh010.wisp --to deadline-cloud -o sh010_job

`run` needs `pip install wisp-roto[farm]`; `template` and `submit` need nothing more. Workers need Wisp, the plate and
the cache folder; nothing that is done is done again. Other queues call `wisp farm task`: see docs/farm.md.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import json
import shutil
import sys
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..client.tables import FAIL_ON, QUEUES
from ..errors import UsageError, WispError
from .options import (
    add_model_options,
    add_output_options,
    at_least,
    cache_folder,
    models_of,
    run_options,
    set_up_logging,
    solver_of,
)
from .report import Reporter, interruptible, print_text

if TYPE_CHECKING:
    from ..farm.template import JobPlan
    from ..models.store import Models


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    template = actions.add_parser("template", help="write the job of a shot")
    _add_job_options(template)
    template.add_argument("-o", "--output", type=Path, metavar="FILE", help="default: SHOT.job.json beside the shot")
    add_output_options(template)
    local = actions.add_parser("run", help="run the job on this machine")
    _add_job_options(local)
    local.add_argument("--workers", type=at_least(1), default=1, metavar="N", help="tasks at once (default: 1)")
    local.add_argument(
        "--retries", type=at_least(0), default=1, metavar="N", help="run a failed task again (default: once)"
    )
    local.add_argument("--device", default="auto", metavar="NAME", help="auto, cpu or cuda:N (default: auto)")
    add_output_options(local)
    submit = actions.add_parser("submit", help="pack the job for a queue and say how to send it")
    _add_job_options(submit)
    submit.add_argument("--to", choices=[key for key in QUEUES if key != "openjd"], required=True, help="which queue")
    submit.add_argument("-o", "--output", type=Path, metavar="DIR", help="default: SHOT_job beside the shot")
    add_output_options(submit)
    task = actions.add_parser("task", help="one task of the job, as workers call it")
    task.add_argument("stage", choices=("track", "matte", "check"))
    task.add_argument("shot", type=Path)
    task.add_argument(
        "--object", action="append", default=[], metavar="NAME", help="track and matte: one; check: any (default: all)"
    )
    task.add_argument("--frames", metavar="R", help="1001-1100, 1001-1100:2 (default: all)")
    task.add_argument("--within", metavar="R", help="only those of --frames that are in here, too")
    task.add_argument("--map", action="append", default=[], metavar="FROM=TO", help="where the shot's files lie here")
    task.add_argument("--path-rules", type=Path, metavar="FILE", help="the same as a queue tells it (pathmapping-1.0)")
    task.add_argument("--session", type=Path, metavar="DIR", help="have it done by the process of this session")
    task.add_argument("--fail-on", choices=FAIL_ON, default=FAIL_ON[0])
    add_model_options(task)
    task.add_argument("-v", "--verbose", action="store_true", help="also what the libraries log")

    session = actions.add_parser("session", help="a process that keeps its models between tasks, as workers call it")
    session.add_argument("what", choices=("start", "stop", "serve"))
    session.add_argument("folder", type=Path)


def _add_job_options(parser: argparse.ArgumentParser) -> None:
    from ..farm.template import FRAMES_PER_CHUNK, FRAMES_PER_SPAN, TARGET_SECONDS

    parser.add_argument("shot", type=Path, help="the document, NAME.wisp")
    parser.add_argument("--frames", metavar="R", help="1001-1100, 1001-1100x2 (default: all)")
    parser.add_argument("--objects", nargs="+", metavar="NAME", help="only these (default: all that are enabled)")
    parser.add_argument(
        "--cache", type=Path, metavar="DIR", help="masks and mattes (default: wisp-cache beside the shot)"
    )
    parser.add_argument(
        "--chunk",
        type=at_least(1),
        default=FRAMES_PER_CHUNK,
        metavar="N",
        help=f"frames per task to begin with (default: {FRAMES_PER_CHUNK})",
    )
    parser.add_argument(
        "--target",
        type=at_least(0),
        default=TARGET_SECONDS,
        metavar="S",
        help=f"how long a task should run, 0: keep --chunk (default: {TARGET_SECONDS} s)",
    )
    parser.add_argument(
        "--split",
        type=int,
        default=FRAMES_PER_SPAN,
        metavar="N",
        help=f"track apart from keyframe to keyframe, N frames at least, 0: never (default: {FRAMES_PER_SPAN})",
    )
    parser.add_argument(
        "--map", action="append", default=[], metavar="FROM=TO", help="where the shot's files lie on the workers"
    )
    parser.add_argument("--gpu", action="store_true", help="ask the queue for workers with a GPU")
    parser.add_argument("--fail-on", choices=FAIL_ON, default=FAIL_ON[0], help="what fails the job (default: missing)")


def run(args: argparse.Namespace) -> int:
    if args.action == "task":
        return _task(args)
    if args.action == "session":
        return _session(args)
    set_up_logging(args.verbose)
    plan = _plan(args)
    if args.action == "run":
        return _run(args, plan)
    from ..farm.packing import pack

    folder = args.shot.with_name(f"{args.shot.stem}_job")
    if args.action == "template":
        packed = pack("openjd", plan, folder, args.output or args.shot.with_suffix(".job.json"))
    else:
        packed = pack(args.to, plan, args.output or folder)
    if args.json:
        print(json.dumps(packed.line()), flush=True)
    elif not args.quiet:
        print_text(packed.words)
    return 0


def _plan(args: argparse.Namespace) -> JobPlan:
    """The job of the shot's enabled objects and frames. UsageError for objects or frames that are not there."""
    from dataclasses import replace

    from .. import shot as documents
    from ..farm.packing import plan_of

    plan = plan_of(
        documents.load(args.shot),
        args.shot,
        cache_folder(args, args.shot),
        frames=args.frames,
        objects=args.objects,
        split=args.split,
        maps=args.map,
    )
    return replace(plan, frames_per_chunk=args.chunk, target_seconds=args.target, gpu=args.gpu, fail_on=args.fail_on)


def _run(args: argparse.Namespace, plan: JobPlan) -> int:
    if importlib.util.find_spec("openjd") is None:
        raise UsageError("Running a job here needs openjd.", hint="Install it with: pip install 'wisp-roto[farm]'")
    from ..farm.local import StepRun, run_job
    from ..farm.template import job_template, job_values

    log = plan.cache / f"{plan.shot.stem}.farm.log"
    values = {**job_values(plan), "Wisp": wisp_command(), "Device": args.device}
    with Reporter(as_json=args.json, quiet=args.quiet) as reporter, interruptible() as interrupt:

        def show(step: StepRun) -> None:
            reporter.step(step.name, step.done, step.total)

        try:
            done = run_job(
                job_template(plan),
                values,
                workers=args.workers,
                retries=args.retries,
                log=log,
                on_progress=show,
                should_stop=interrupt,
            )
        except WispError as error:
            if interrupt.exit_code:
                reporter.say(str(error), warning=True)
                reporter.emit("stopped", code=interrupt.exit_code, message=str(error))
                return interrupt.exit_code
            if log.is_file():
                reporter.say(f"All that the tasks said is in {log}.", warning=True)
            raise
    for step in done.steps:
        reporter.emit("step", name=step.name, tasks=step.tasks, seconds=round(step.seconds, 3), retried=step.retried)
        again = f", {step.retried} run again" if step.retried else ""
        reporter.say(f"{step.name}: {step.tasks} tasks, {step.seconds:.1f} s{again}.")
    reporter.emit("done", log=str(log))
    return 0


def _session(args: argparse.Namespace) -> int:
    from ..farm import session

    if args.what == "start":
        if not session.start(args.folder):
            print("openjd_status: no process could be kept; each task starts its own", flush=True)
    elif args.what == "stop":
        session.stop(args.folder)
    else:
        set_up_logging(False)
        session.serve(args.folder, partial(_served, kept={}))
    return 0


def _served(told: dict[str, Any], should_stop: Callable[[], bool], kept: dict[Any, Models]) -> int:
    """A task in the process of a session: its exit code, as `wisp` would give it.

    `kept`: the models that its tasks have loaded, by the options that choose them.
    """
    paths = {name: Path(told[name]) if told[name] else None for name in ("shot", "cache", "path_rules")}
    # Relative ones begin where the task was called.
    weights = [Path(told["folder"], folder) for folder in told["weights"]]
    args = argparse.Namespace(**{**told, **paths, "weights": weights})
    try:
        with contextlib.chdir(told["folder"]):
            chosen = run_options(args)
            if chosen not in kept:
                kept[chosen] = models_of(args)
            return _do(args, should_stop, kept[chosen])
    except WispError as error:
        print(f"wisp: {error}", flush=True)
        return error.exit_code
    except Exception:
        traceback.print_exc()
        return 1


def _task(args: argparse.Namespace) -> int:
    set_up_logging(args.verbose)
    with interruptible() as interrupt:
        if args.session is not None:
            from ..farm import session

            told = json.loads(json.dumps({**vars(args), "folder": str(Path.cwd())}, default=str))
            code = session.call(args.session, told, interrupt)
            if code is not None:
                return interrupt.exit_code or code
        return _do(args, interrupt) if not interrupt() else interrupt.exit_code


def _do(args: argparse.Namespace, should_stop: Callable[[], bool], models: Models | None = None) -> int:
    from .. import shot as documents
    from ..errors import CancelledError
    from ..farm.path_map import map_paths, parse_rules, place_here, read_rules
    from ..farm.ranges import from_openjd
    from ..farm.task import run_check, run_stage

    try:
        rules = parse_rules(args.map)
        args.shot = place_here(args.shot, rules)  # a queue with rules of its own has mapped these two by them
        args.cache = args.cache and place_here(args.cache, rules)
        rules += read_rules(args.path_rules) if args.path_rules else []
        solver = solver_of(args, map_paths(documents.load(args.shot), rules), models)
        asked = set(solver.plate.frames if args.frames is None else from_openjd(args.frames))
        spec = solver.shot.plate
        if not any(spec.first <= frame <= spec.last for frame in asked):  # those in a gap are frames of the shot
            raise UsageError(
                f"The shot has none of the frames {args.frames}.", hint=f"It has {spec.first}-{spec.last}."
            )
        if args.within is not None:
            asked &= set(from_openjd(args.within))
        frames = [frame for frame in solver.plate.frames if frame in asked]
        if args.stage == "check":
            names = args.object or [item.name for item in solver.shot.objects if item.enabled]
            run_check(solver, names, frames, args.fail_on)
            return 0
        if len(args.object) != 1:
            raise UsageError(f"'{args.stage}' needs one --object NAME.")
        try:
            run_stage(solver, args.stage, args.object[0], frames, should_stop)
        except CancelledError as stop:
            print(f"openjd_status: {stop}", flush=True)
            return CancelledError.exit_code
    except WispError as error:
        print(f"openjd_fail: {error}", flush=True)
        raise
    return 0


def wisp_command() -> str:
    """The `wisp` that belongs to this Python, else the one on the PATH."""
    beside = Path(sys.executable).with_name("wisp.exe" if sys.platform == "win32" else "wisp")
    found = str(beside) if beside.exists() else shutil.which("wisp")
    if found is None:
        raise UsageError("No `wisp` command is installed beside this Python.", hint="Install Wisp with pip.")
    return found
