"""A farm of many workers, worked out from what was measured on one: what would hold it up.

`wisp bench farm-scale` hands tasks to workers as a queue does, the first that is free taking the next one that may
start, without queueing delays, failures or other users. Costs are arguments; the defaults are `Costs`.
"""

from __future__ import annotations

import argparse
import heapq
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Costs:
    """Seconds of a worker of two cores, and megabytes.

    `track`, `matte`: a frame at 1280x720 (`flow`, `embedded`). `cold`, `warm`: to begin a task, on its own and in a
    session that is there. `plate_mb`: a frame, read by either step. `weights_mb`: of the models.
    """

    track: float = 0.17
    matte: float = 1.05
    cold: float = 4.0
    warm: float = 0.55
    plate_mb: float = 12.0
    weights_mb: float = 8.2


@dataclass(frozen=True)
class Outcome:
    """`seconds` to the end, the share of the workers' time that was work or overhead (`busy`), the share of that which
    was beginning tasks (`overhead`), and what all of them read together, MB a second (`read_mb_s`)."""

    seconds: float
    busy: float
    overhead: float
    read_mb_s: float


def simulate(
    workers: int, shots: int, frames: int, *, spans: int = 1, chunk: int = 10, sessions: bool = True, costs: Costs
) -> Outcome:
    """Shots of `frames` frames with one object, tracked in `spans` parts of equal length, matted in chunks."""
    chunks = [min(chunk, frames - first) for first in range(0, frames, chunk)]
    waiting = [(0.0, 0, shot, frames / spans) for shot in range(shots) for _ in range(spans)]
    free = [(0.0, worker) for worker in range(workers)]
    begun: set[int] = set()
    tracks_left, tracked_at = [spans] * shots, [0.0] * shots
    end = busy = overhead = 0.0
    while waiting:
        ready, step, shot, length = heapq.heappop(waiting)
        at, worker = heapq.heappop(free)
        before = costs.warm if sessions and worker in begun else costs.cold
        begun.add(worker)
        lasts = before + length * (costs.matte if step else costs.track)
        over = max(at, ready) + lasts
        heapq.heappush(free, (over, worker))
        end, busy, overhead = max(end, over), busy + lasts, overhead + before
        if step == 0:
            tracks_left[shot] -= 1
            tracked_at[shot] = max(tracked_at[shot], over)
            if not tracks_left[shot]:
                for part in chunks:
                    heapq.heappush(waiting, (tracked_at[shot], 1, shot, part))
    tasks = shots * (spans + len(chunks))
    loads = len(begun) if sessions else tasks
    read = 2 * shots * frames * costs.plate_mb + loads * costs.weights_mb
    return Outcome(end, busy / (workers * end), overhead / busy, read / end)


def main(arguments: Sequence[str]) -> int:
    """Print the tables of docs/farm_scale.md."""
    parser = argparse.ArgumentParser(prog="wisp bench farm-scale", description=__doc__)
    parser.add_argument("--workers", type=int, default=1000)
    parser.add_argument("--shots", type=int, default=10_000)
    parser.add_argument("--frames", type=int, default=100)
    asked = parser.parse_args(arguments)
    costs = Costs()
    print(f"{asked.workers} workers, {asked.shots} shots of {asked.frames} frames\n")
    print("| chunk | sessions | hours | overhead | read, GB/s |\n|---|---|---|---|---|")
    for chunk in (10, 50):
        for sessions in (False, True):
            found = simulate(asked.workers, asked.shots, asked.frames, chunk=chunk, sessions=sessions, costs=costs)
            told = f"{found.seconds / 3600:.2f} | {found.overhead:.0%} | {found.read_mb_s / 1000:.1f}"
            print(f"| {chunk} | {'kept' if sessions else 'none'} | {told} |")
    print("\none shot of 3,000 frames\n\n| workers | in one piece, min | in ten parts, min |\n|---|---|---|")
    for workers in (1, 10, 100, 1000):
        ends = [simulate(workers, 1, 3000, spans=spans, costs=costs).seconds / 60 for spans in (1, 10)]
        print(f"| {workers} | {ends[0]:.1f} | {ends[1]:.1f} |")
    return 0
