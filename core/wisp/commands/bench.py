"""Measure quality, speed and memory against named baselines in the same run.

wisp bench quality STILLS_DIR          heads on stills with true alpha, from exact and from coarse masks
wisp bench first STILLS_DIR            the first mask and matte from one box or one click
wisp bench heads DATA -o DIR           every head on the same stills and clips, as tables and pictures
wisp bench tracking CLIPS_DIR          the embedded tracker on clips with true masks
wisp bench clicks CLIPS_DIR            a robot user corrects the worst frame, round by round
wisp bench subject CLIPS_DIR           whether the subject is found with nothing prompted
wisp bench gaps CLIPS_DIR              whether what was hidden is found again, and how often something else is
wisp bench steadiness CLIPS_DIR        flicker of heads and of the stabiliser, on clips with true alpha
wisp bench speed [--frames 4]          our SAM2Matting against sam2's own predictor with dense heads
wisp bench memory [--frames 20,60]     memory against length of the shot, for both
wisp bench waiting                     cold start, first matte, correction, round trip
wisp bench farm [--workers 1,2,4]      how a job scales, and what a chunk costs
wisp bench gpu [--minutes 9]           what this machine's GPU gives: speed, memory, parity (see also dev.py gpu)
wisp bench all [DATA]                  all of these: one JSON, one page
wisp bench NAME --help                 the options of one benchmark
"""

from __future__ import annotations

import argparse
import importlib

BENCHMARKS = {
    "quality": "stills",
    "first": "first",
    "heads": "heads",
    "tracking": "tracking",
    "clicks": "clicks",
    "subject": "subject",
    "gaps": "gaps",
    "steadiness": "steadiness",
    "speed": "speed",
    "memory": "memory",
    "waiting": "waiting",
    "farm": "farm",
    "farm-scale": "farm_scale",
    "gpu": "gpu",
    "all": "everything",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", choices=tuple(BENCHMARKS), help="what to measure")
    parser.add_argument("rest", nargs=argparse.REMAINDER, metavar="...", help="options of that benchmark")


def run(args: argparse.Namespace) -> int:
    module = importlib.import_module(f"wisp.bench.{BENCHMARKS[args.name]}")
    return int(module.main(args.rest) or 0)
