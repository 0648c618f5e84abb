"""How memory grows with the length of a shot: our tracker and head against sam2's own predictor, or a whole run.

`python -m wisp.bench.memory --frames 20,60`. Each run is a process of its own; what counts is the difference of
their peaks (resident set, after loading) divided by the difference of frames. Linux only: elsewhere the system keeps
no peak that can be reset.

`--way flow,embedded --size 854x480 --frames 60,600` instead watches a run of `wisp matte` with that tracker and head
from outside.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from ..trackers.tracker import FramePrompts
from .sam2_stand_in import DiscClip, stock_predictor, write_checkpoint

WHO = ("stock", "wisp")
#: Small pictures: what is measured is what the model keeps of them.
WIDTH, HEIGHT = 320, 180


def run(frames: Sequence[int] = (20, 60), *, variant: str = "tiny", image_size: int = 1024) -> dict[str, Any]:
    """Peaks in MB by number of frames, and their slope in MB per frame, of both ways.

    `image_size`: side of the network's square; smaller ones make a quick run whose figures scale with the area.
    """
    result: dict[str, Any] = {"variant": variant, "image_size": image_size}
    with tempfile.TemporaryDirectory() as folder:
        checkpoint = write_checkpoint(Path(folder) / "weights.pt", variant)
        for who in WHO:
            peaks = {count: _measured(who, count, checkpoint, variant, image_size) for count in sorted(frames)}
            first, last = min(peaks), max(peaks)
            slope = (peaks[last] - peaks[first]) / (last - first)
            result[who] = {"peak_mb": peaks, "mb_per_frame": slope}
    return result


def _measured(who: str, count: int, checkpoint: Path, variant: str, image_size: int) -> float:
    command = [sys.executable, "-m", "wisp.bench.memory", "--measure", who, "--frames", str(count)]
    command += ["--checkpoint", str(checkpoint), "--variant", variant, "--image-size", str(image_size)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(json.loads(done.stdout.splitlines()[-1]))


def measure(who: str, count: int, checkpoint: Path, variant: str, image_size: int) -> float:
    """Solve a clip of `count` frames in this process; its peak resident set in MB."""
    from ..trackers.sam2.model import load_model

    clip = DiscClip(count, WIDTH, HEIGHT)
    model = load_model(checkpoint, variant, torch.device("cpu"), image_size=image_size)
    mask = clip.inside(1, clip.width, clip.height)
    Path("/proc/self/clear_refs").write_text("5")  # forget the peak of loading: it would hide short clips
    if who == "stock":
        _solve_stock(stock_predictor(model, variant), clip, mask)
    else:
        from ..heads.sam2matting import Sam2MattingHead
        from ..trackers.sam2 import Sam2Tracker

        head = Sam2MattingHead("bench", model)
        prompts = FramePrompts(np.zeros((0, 2), np.float32), np.zeros(0, np.int32), mask=mask)
        track = Sam2Tracker("bench", model).start(clip, {1: {1: prompts}}, clip.frames)
        for frame in clip.frames:
            track.step(frame)
            head.matte(clip, frame, {1: clip.logits(frame, image_size // 4)})
    status = Path("/proc/self/status").read_text()
    # Not getrusage: its peak begins with that of the process that started this one.
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def _solve_stock(predictor: Any, clip: DiscClip, mask: Any) -> None:
    with tempfile.TemporaryDirectory() as folder:
        state = predictor.init_state(str(clip.write(Path(folder))))
        predictor.add_new_mask(state, 0, 1, mask)
        for _ in predictor.propagate_in_video(state):
            pass


def way(
    tracker: str, head: str, frames: Sequence[int] = (60, 600), size: tuple[int, int] = (854, 480)
) -> dict[str, Any]:
    """`wisp matte` on a made shot of the last of `frames`: resident memory in MB once each of these numbers of
    frames is done; MB a frame as the slope of a line through all after the first number; the peak of the whole run."""
    settled, count = frames[0], frames[-1]
    with tempfile.TemporaryDirectory() as folder:
        clip = DiscClip(count, *size)
        plates = Path(folder) / "plates"
        plates.mkdir()
        for frame in clip.frames:
            Image.fromarray(np.rint(clip.image(frame) * 255).astype(np.uint8)).save(plates / f"disc.{frame:04d}.png")
        box = f"--box=1:{size[0] // 10},{size[1] // 10},{size[0] * 6 // 10},{size[1] * 9 // 10}"
        command = [sys.executable, "-m", "wisp", "matte", str(plates / "disc.%04d.png"), box, "--json", "-q"]
        command += ["--tracker", tracker, "--head", head, "-o", str(Path(folder) / "out")]
        held, peak = [], 0.0
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            for line in process.stdout:
                if json.loads(line)["event"] == "frame":
                    status = Path(f"/proc/{process.pid}/status").read_text()
                    held.append(int(status.split("VmRSS:")[1].split()[0]) / 1024)
                    peak = int(status.split("VmHWM:")[1].split()[0]) / 1024
        if process.returncode or len(held) != count:
            raise RuntimeError(f"{' '.join(command)} ended with {process.returncode} after {len(held)} frames")
    slope = float(np.polyfit(np.arange(settled, count), held[settled:], 1)[0])
    return {
        "way": f"{tracker} + {head}",
        "size": "x".join(map(str, size)),
        "mb": {str(number): held[number - 1] for number in frames},
        "mb_per_frame": slope,
        "peak_mb": peak,
    }


def main(argv: Sequence[str] | None = None) -> int:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(prog="wisp.bench.memory", description=__doc__)
    parser.add_argument("--frames", default="20,60", help="lengths of the clips")
    parser.add_argument("--variant", default="tiny")
    parser.add_argument("--image-size", type=int, default=1024)
    parser.add_argument("--way", metavar="TRACKER,HEAD", help="a whole run of `wisp matte` instead")
    parser.add_argument("--size", default="854x480", help="of its plate")
    parser.add_argument("--measure", choices=WHO, help=argparse.SUPPRESS)
    parser.add_argument("--checkpoint", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    frames = [int(count) for count in options.frames.split(",")]
    if options.way:
        tracker, head = options.way.split(",")
        width, height = map(int, options.size.split("x"))
        print(json.dumps(way(tracker, head, frames, (width, height)), indent=1))
    elif options.measure:
        peak = measure(options.measure, frames[0], options.checkpoint, options.variant, options.image_size)
        print(json.dumps(peak))
    else:
        print(json.dumps(run(frames, variant=options.variant, image_size=options.image_size), indent=1))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
