"""All benchmarks in one run: one JSON with every figure and one PNG page.

`wisp bench all DATA [-o benchmarks.json] [--page benchmarks.png] [--only PART ...]`. DATA is a folder with `stills` and
`clips` as the single benchmarks want them; without it only the parts that make their own material run. A part that
cannot run here is named with its reason, never left out silently; the JSON is written anew after every part.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import platform
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np

from .. import __version__
from ..atomic import replacing
from ..contact_sheet import write_png
from ..errors import WispError
from .page import Figure, draw_page


def quality(data: Path | None) -> Iterable[Figure]:
    """The embedded head on stills with true alpha, against guided and closed-form in the same run."""
    from ..models.build import load_head
    from ..weights.options import RunOptions
    from .stills import evaluate, mean

    heads = [load_head(name, RunOptions()) for name in ("embedded", "guided", "closed-form")]
    rows = evaluate(_inside(data, "stills"), heads)
    for kind, told in (("exact", "exact masks"), ("coarse", "coarse masks")):
        means = {head.id: mean([row for row in rows if (row.head, row.mask) == (head.id, kind)]) for head in heads}
        ours = means["embedded"]
        for other in ("guided", "closed-form"):
            yield Figure("quality", f"MAD, {told}", ours.mad, "x 1000", other, means[other].mad)
            yield Figure("quality", f"MSE, {told}", ours.mse, "x 1000", other, means[other].mse)


def first(data: Path | None) -> Iterable[Figure]:
    """The first mask from a box on stills, against GrabCut, and from a click."""
    from .first import evaluate, means

    found = means(evaluate(_inside(data, "stills")))
    yield Figure("first", "J, from a box", found["j_box"], "", "GrabCut", found["j_grabcut"], True)
    yield Figure("first", "J, from a click", found["j_click"], "", more=True)


def tracking(data: Path | None) -> Iterable[Figure]:
    """The embedded tracker on clips with true masks, against holding the last keyframe's mask."""
    from .hold import HoldTracker
    from .tracking import evaluate

    clips = _inside(data, "clips")
    for every, told in ((None, "one mask"), (20, "a mask every 20 frames")):
        rows = evaluate(clips, every, "mask")
        held = evaluate(clips, every, "mask", tracker=HoldTracker())
        mean = float(np.mean([row.j for row in rows]))
        yield Figure("tracking", f"J, {told}", mean, "", "mask held", float(np.mean([row.j for row in held])), True)
        if every is None:
            pace = float(np.mean([row.ms_per_frame for row in rows]))
            yield Figure("tracking", "time per frame", pace, "ms")


def clicks(data: Path | None) -> Iterable[Figure]:
    """The embedded tracker with a robot user, who corrects the frames that `wisp suggest` names, from a box."""
    from .clicks import area_under, curve, evaluate

    clips = _inside(data, "clips")
    points = {pick: curve(evaluate(clips, 3, "box", pick=pick)) for pick in ("suggest", "spaced")}
    for ours, other in zip(points["suggest"], points["spaced"], strict=True):
        name = f"J&F, {ours['interactions']:.0f} interaction" + ("s" if ours["interactions"] > 1 else "")
        yield Figure("clicks", name, ours["jf"], "", "equally spaced", other["jf"], True)
    areas = (area_under(points[pick]) for pick in ("suggest", "spaced"))
    yield Figure("clicks", "area under the curve", next(areas), "", "equally spaced", next(areas), True)


def steadiness(data: Path | None) -> Iterable[Figure]:
    """Flicker of the embedded head on clips with true alpha, against guided, and what the stabiliser and the uncovered
    background take away."""
    from .steadiness import run

    found = run(_inside(data, "clips"))
    for ours, other in (
        ("embedded", "guided"),
        ("embedded, stabilised", "embedded"),
        ("embedded, uncovered", "embedded"),
    ):
        for key, told, unit in (("dtssd", "dtSSD", "x 100"), ("mad", "MAD", "x 1000")):
            yield Figure("steadiness", f"{told}, {ours}", found[ours][key], unit, other, found[other][key])


def speed(_data: Path | None) -> Iterable[Figure]:
    """SAM2Matting stage by stage, against sam2's own predictor with the heads as published."""
    from .speed import run

    found = run(4)
    yield Figure("speed", "SAM2Matting, a frame", found["wisp_s"], "s", "stock", found["stock_s"])
    for stage, seconds in found["stages_s"].items():
        yield Figure("speed", f"  of which {stage}", seconds, "s")


def memory(_data: Path | None) -> Iterable[Figure]:
    """What one more frame costs in memory, against sam2's own predictor."""
    from .memory import run

    found = run((10, 60), image_size=256)
    ours, stock = (found[who]["mb_per_frame"] for who in ("wisp", "stock"))
    yield Figure("memory", "growth per frame at 256 px", ours, "MB", "stock", stock)


def waiting(_data: Path | None) -> Iterable[Figure]:
    """Cold start, first matte, correction and round trip; a one-off process is the baseline of a correction."""
    from .waiting import run

    found = run()
    one_off = found.pop("one frame by wisp matte")
    for name, seconds in found.items():
        if name == "round trip":
            yield Figure("waiting", name, 1000 * seconds, "ms")
        elif name == "corrected frame":
            yield Figure("waiting", name, seconds, "s", "one wisp matte", one_off)
        else:
            yield Figure("waiting", name, seconds, "s")


def farm(_data: Path | None) -> Iterable[Figure]:
    """A farm job's matting with more workers, against one."""
    from .farm import run

    found = run()
    for count, row in found["workers"].items():
        single = found["workers"]["1"]["matte_s"] if count != "1" else None
        name = f"Matte, {count} worker" + ("s" if count != "1" else "")
        yield Figure("farm", name, row["matte_s"], "s", "1 worker" if single else "", single)
    yield Figure("farm", "overhead of a chunk", found["overhead_s"], "s")


PARTS: dict[str, Callable[[Path | None], Iterable[Figure]]] = {
    "quality": quality,
    "first": first,
    "tracking": tracking,
    "clicks": clicks,
    "steadiness": steadiness,
    "speed": speed,
    "memory": memory,
    "waiting": waiting,
    "farm": farm,
}


class _NoDataError(WispError):
    """A part needs material that was not given."""


def _inside(data: Path | None, name: str) -> Path:
    if data is None:
        raise _NoDataError(f"needs a folder with '{name}'.", hint="Name it: wisp bench all DATA.")
    return data / name


def machine() -> dict[str, str]:
    """What the figures depend on besides the code."""
    import torch

    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [
            line.split(":", 1)[1].strip() for line in info.read_text().splitlines() if line.startswith("model name")
        ]
        cpu = names[0] if names else cpu
    gpu = torch.cuda.get_device_name(0) if torch.cuda.is_available() else "none"
    return {
        "cpu": cpu,
        "cores": str(os.cpu_count()),
        "gpu": gpu,
        "system": platform.platform(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "wisp": __version__,
        "date": time.strftime("%Y-%m-%d"),
    }


def main(argv: Sequence[str] | None = None) -> int:
    """Run the parts one after the other and write both files. 1 where a part failed for an unknown reason."""
    parser = argparse.ArgumentParser(prog="wisp bench all", description=__doc__)
    parser.add_argument("data", type=Path, nargs="?", help="folder with stills and clips")
    parser.add_argument("-o", "--output", type=Path, default=Path("benchmarks.json"))
    parser.add_argument("--page", type=Path, default=Path("benchmarks.png"))
    parser.add_argument("--only", nargs="+", choices=tuple(PARTS), default=tuple(PARTS), metavar="PART")
    options = parser.parse_args(argv)
    figures: list[Figure] = []
    skipped: dict[str, str] = {}
    about, code = machine(), 0
    for number, part in enumerate(options.only, 1):
        print(f"{number}/{len(options.only)}  {part} ...", file=sys.stderr, flush=True)
        began = time.monotonic()
        try:
            figures += PARTS[part](options.data)
        except WispError as error:
            skipped[part] = str(error)
            print(f"     not measured: {error}", file=sys.stderr, flush=True)
        except Exception as error:  # a fault of the part; the others are measured all the same
            skipped[part] = f"failed: {type(error).__name__}: {error}"
            traceback.print_exc()
            code = 1
        print(f"     {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
        rows = [dataclasses.asdict(figure) for figure in figures]
        with replacing(options.output) as temporary:
            found = {"machine": about, "figures": rows, "not_measured": skipped}
            temporary.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    if figures:
        write_png(options.page, draw_page(figures, about, skipped))
    print(f"Wrote {options.output}" + (f" and {options.page}" if figures else ""))
    return code
