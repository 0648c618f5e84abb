"""What `wisp bench gpu` measures, part by part. Weights are random: they cost what real ones cost."""

from __future__ import annotations

import contextlib
import itertools
import os
import statistics
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

import numpy as np
import torch
from numpy.typing import NDArray

from ..device import autocast_dtype
from ..errors import MemoryLimitError
from ..heads.embedded import EmbeddedHead, load_network
from ..heads.head import Head
from ..heads.mam.sam import Sam
from ..heads.sam2matting import Sam2MattingHead
from ..trackers.edgetam.model import EdgeTamModel
from ..trackers.edgetam.model import construct as construct_edgetam
from ..trackers.flow import FlowTracker
from ..trackers.sam2 import Sam2Tracker
from ..trackers.sam2.model import Sam2Model
from ..trackers.sam3.model import Sam3Model
from ..trackers.sam3.model import construct as construct_sam3
from ..trackers.tracker import Tracker
from .gpu_setting import LoopClip, Row, Setting, loop_clip, now, peak, tf32, timed
from .parity import Golden
from .sam2_stand_in import random_heads, random_model

if TYPE_CHECKING:
    from ..train.crops import Crops

# ------------------------------------------------------------------------------------------------ the parts


def machine(setting: Setting) -> Iterator[Row]:
    """The device and what it reaches at its best: products of large matrices, and a copy."""
    device, side = setting.device, setting.matrix
    yield {"what": "device", "value": _name(device)}
    yield {"what": "driver", "value": _driver()}
    yield {"what": "cores", "value": os.cpu_count()}
    yield {"what": "torch", "value": torch.__version__}
    for name, dtype, rounded in (
        ("float32", torch.float32, False),
        ("float32 by TF32", torch.float32, True),
        ("bfloat16", torch.bfloat16, False),
    ):
        a = torch.randn(side, side, device=device, dtype=dtype)
        with tf32(rounded):
            seconds = timed(device, lambda a=a: a @ a, min(0.3, setting.seconds))  # type: ignore[misc]
        yield {"what": f"{name}, TFLOP/s", "value": round(2 * side**3 / seconds / 1e12, 1)}
    a = torch.randn(side, side, device=device)
    seconds = timed(device, a.clone, min(0.3, setting.seconds))
    yield {"what": "copy, GB/s", "value": round(2 * a.nbytes / seconds / 1e9)}


def parity(setting: Setting) -> Iterator[Row]:
    """Against the golden vectors of the published code: true float32, TF32 as torch does by itself, bfloat16."""
    if setting.golden is None:
        raise FileNotFoundError("needs the golden vectors: --golden FOLDER, which holds `golden` and `spec`")
    with tempfile.TemporaryDirectory() as folder:
        golden = Golden(setting.golden, Path(folder))
        # Matting Anything has no part that is quick.
        for family in (golden.sam2matting, golden.mam)[: setting.golden_parts]:
            for name, precision, rounded in (("fp32", "fp32", False), ("tf32", "fp32", True), ("bf16", "bf16", True)):
                with tf32(rounded):
                    for found in itertools.islice(family(setting.device, precision), setting.golden_parts):
                        yield {
                            "case": found.name,
                            "precision": name,
                            "largest": found.largest,
                            "mean": found.mean,
                            "within 1e-4, %": round(100 * found.within, 3),
                            "passes": found.passes(name),
                        }


def sam2matting(setting: Setting, name: str) -> Iterator[Row]:
    """SAM2Matting whole: encode, track, matte, bring to the plate's size."""
    model = random_model(setting.variants[name], setting.device, image_size=setting.image_size)
    head = Sam2MattingHead("bench", model)
    for plate, count in _cases(setting):
        yield _walk(setting, f"SAM2Matting {name}", model, plate, count, head)


def sam3(setting: Setting) -> Iterator[Row]:
    """The same on SAM 3's trunk."""
    from ..trackers.sam3.network import Sam3Network

    with setting.device:
        network = construct_sam3(setting.sam3).requires_grad_(False)
    dtype = autocast_dtype("auto", setting.device)
    model = Sam3Model(Sam3Network(network), random_heads(), Path("random"), setting.device, dtype, "random")
    head = Sam2MattingHead("bench", model)
    for count in setting.objects:
        yield _walk(setting, "SAM2Matting SAM 3", model, next(iter(setting.plates)), count, head)


def trackers(setting: Setting) -> Iterator[Row]:
    """Trackers alone: masks, no mattes."""
    model: Sam2Model = _edgetam(setting)
    for count in setting.objects:
        yield _walk(setting, "EdgeTAM", model, next(iter(setting.plates)), count)
    for variant in setting.others:
        model = random_model(variant, setting.device, image_size=setting.image_size)
        yield _walk(setting, f"SAM 2.1 {variant}", model, next(iter(setting.plates)), 1)


def embedded(setting: Setting) -> Iterator[Row]:
    """The built-in tracker (always on the CPU) and the built-in head on either."""
    on_device = EmbeddedHead(load_network(device=str(setting.device)), "bench")
    for plate, count in _cases(setting):
        clip = loop_clip(setting.plates[plate])
        walk = FlowTracker().start(clip, clip.boxes(count), clip.frames)
        frames = iter(clip.frames)
        seconds = timed(setting.device, lambda w=walk, f=frames: w.step(next(f)), setting.seconds, 2)  # type: ignore[misc]
        yield _pace("tracker `flow`", "cpu", plate, count, seconds)
        yield _head_pace(setting, "head `embedded`", str(setting.device), on_device, clip, plate, count)
    on_cpu = EmbeddedHead(load_network(device="cpu"), "bench")
    for plate in setting.plates:
        yield _head_pace(setting, "head `embedded`", "cpu", on_cpu, loop_clip(setting.plates[plate]), plate, 1)


def heads(setting: Setting) -> Iterator[Row]:
    """Other heads: Matting Anything with its own encoder, and the guided filter."""
    from ..heads.guided import GuidedHead
    from ..heads.mam import MamHead
    from ..heads.mam.m2m import MaskToMatte
    from ..heads.mam.model import MamModel

    device = setting.device
    sam, decoder = Sam(setting.mam).eval().requires_grad_(False), MaskToMatte().eval().requires_grad_(False)
    decoder.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stubs
    mam = MamModel(sam.to(device), decoder.to(device), device, autocast_dtype("auto", device), "random")
    plate, size = next(iter(setting.plates.items()))
    clip = loop_clip(size)
    for count in setting.objects[:2]:
        yield _head_pace(setting, "Matting Anything", str(device), MamHead("bench", mam), clip, plate, count)
    yield _head_pace(setting, "`guided`", "cpu", GuidedHead(), clip, plate, 1)


def clicks(setting: Setting) -> Iterator[Row]:
    """From a click to alpha at the plate's size: on a frame that nobody has looked at, and the second click there."""
    plate, size = next(iter(setting.plates.items()))
    clip = loop_clip(size)
    families: dict[str, Callable[[], Sam2Model]] = {
        f"SAM2Matting {name}": lambda variant=variant: random_model(  # type: ignore[misc]
            variant, setting.device, image_size=setting.image_size
        )
        for name, variant in setting.variants.items()
    }
    for name, make in families.items():
        model = make()
        yield _click(setting, name, Sam2Tracker("bench", model), Sam2MattingHead("bench", model), clip, plate)
    head = EmbeddedHead(load_network(device=str(setting.device)), "bench")
    yield _click(setting, "EdgeTAM + embedded", Sam2Tracker("bench", _edgetam(setting)), head, clip, plate)
    yield _click(setting, "flow + embedded", FlowTracker(), head, clip, plate)


def memory_ladder(setting: Setting) -> Iterator[Row]:
    """Out of memory on purpose: a limit between what the whole stage and its tiles need, then one below both."""
    device, size = setting.device, next(iter(setting.plates.values()))
    model, clip = random_model("tiny", device, image_size=setting.image_size), loop_clip(size)
    head, logits = Sam2MattingHead("bench", model), clip.logits(setting.image_size // 4, setting.image_size // 4)
    model.encoder.encode(clip, 1)
    needs, alphas = {}, {}
    for way, sparing in (("whole", False), ("tiles", True)):
        mask = head._mask(logits)
        head._run(clip, 1, mask, sparing=sparing)
        with peak(device) as used:
            alphas[way] = head._run(clip, 1, mask, sparing=sparing).alpha3
            needs[way] = (used() or 0.0) * 1e9
        yield {"step": f"peak, {way}", "result": f"{needs[way] / 1e6:.0f} MB"}
    differ = float((alphas["whole"] - alphas["tiles"]).abs().max())
    yield {"step": "whole against tiles, largest difference", "result": differ}
    alphas.clear()
    held = torch.cuda.memory_allocated(device) if device.type == "cuda" else 0
    for step, limit in (
        ("limit between the two", needs["tiles"] + 0.5 * (needs["whole"] - needs["tiles"])),
        ("limit below both", held + 0.2 * (needs["tiles"] - held)),
        ("limit taken away", None),
    ):
        with _limited(device, limit):
            try:
                found = head.predict(clip, 1, logits)
                result = "a matte" if found is not None else "nothing"
            except MemoryLimitError as error:
                result = str(error)
        yield {"step": step, "result": result}


def training(setting: Setting) -> Iterator[Row]:
    """Steps a second of each kind of training, batches ready."""
    from ..train.config import TrainConfig
    from ..train.recipes.embedded import EmbeddedRecipe
    from ..train.recipes.sam2matting import Sam2MattingRecipe
    from ..train.scenes import MadeSource
    from ..train.trainer import Trainer

    device, batch = setting.device, setting.batch
    config = TrainConfig(batch=batch, precision="bf16", steps=10**6, checkpoint_every=10**6, validate_every=10**6)
    with tempfile.TemporaryDirectory() as folder:
        crops = _Crops(config.crop)
        recipe = EmbeddedRecipe(config, crops, {}, device)  # type: ignore[arg-type]
        yield _steps(setting, "head `embedded`", batch, Trainer(recipe, config, Path(folder), device))
    model = random_model("tiny", device, image_size=setting.image_size)
    few = max(1, batch // 8)
    config = TrainConfig(
        recipe="sam2matting", batch=few, precision="bf16", steps=10**6, checkpoint_every=10**6, validate_every=10**6
    )
    sample = MadeSource(max(128, setting.image_size), 1)(1)
    with tempfile.TemporaryDirectory() as folder:
        other = Sam2MattingRecipe(config, model, lambda number: sample, [])  # noqa: ARG005
        yield _steps(setting, "heads of SAM2Matting T", few, Trainer(other, config, Path(folder), device))
    yield _follower(setting)


def compiled(setting: Setting) -> Iterator[Row]:
    """`torch.compile` of the encoder: what it gives and how long the first call waits."""
    device = setting.device
    for name, variant in setting.variants.items():
        model = random_model(variant, device, image_size=setting.image_size)
        image = torch.randn(1, 3, setting.image_size, setting.image_size, device=device)

        @torch.inference_mode()
        def run(model: Sam2Model = model, image: torch.Tensor = image) -> torch.Tensor:
            with model.autocast():
                found: torch.Tensor = model.network.forward_image(image)["backbone_fpn"][-1]
            return found

        eager, plain = timed(device, run, setting.seconds), run().clone()
        for mode in ("default", "reduce-overhead"):
            torch.compiler.reset()
            model.network.image_encoder.forward = torch.compile(
                type(model.network.image_encoder).forward.__get__(model.network.image_encoder),
                mode=mode,
                backend=setting.backend,
            )
            start = now(device)
            run()
            first = now(device) - start
            yield {
                "what": f"encoder {name}",
                "mode": mode,
                "plain, ms": round(1e3 * eager, 2),
                "compiled, ms": round(1e3 * timed(device, run, setting.seconds, 3), 2),
                "first call, s": round(first, 1),
                "largest difference": float((run() - plain).abs().max()),
            }


# --------------------------------------------------------------------------------------------- their pieces


def _cases(setting: Setting) -> Iterator[tuple[str, int]]:
    """Plates and numbers of objects: all on the first plate, few on larger ones, where each takes long."""
    for place, plate in enumerate(setting.plates):
        for count in setting.objects[: 2 if place else None]:
            yield plate, count


def _name(device: torch.device) -> str:
    if device.type != "cuda":
        return str(device)
    known = torch.cuda.get_device_properties(device)
    return f"{known.name}, {known.total_memory / 2**30:.0f} GiB"


def _driver() -> str:
    ask = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
    try:
        return subprocess.run(ask, capture_output=True, text=True, timeout=20).stdout.strip() or "unknown"
    except (OSError, subprocess.SubprocessError):
        return "none"


def _edgetam(setting: Setting) -> EdgeTamModel:
    from transformers import PreTrainedConfig

    from ..trackers.edgetam.network import EdgeTamNetwork

    # A bare machine may have an older `transformers` than Wisp asks for: such a one prints every configuration that it
    # checks, beside the default one, which it fetches.
    with mock.patch.object(PreTrainedConfig, "__repr__", object.__repr__):
        network = construct_edgetam(setting.edgetam).requires_grad_(False).to(setting.device)
    dtype = autocast_dtype("auto", setting.device)
    return EdgeTamModel(EdgeTamNetwork(network), {}, Path("random"), setting.device, dtype, "random")


def _walk(
    setting: Setting, what: str, model: Sam2Model, plate: str, count: int, head: Sam2MattingHead | None = None
) -> Row:
    """A shot frame by frame; medians of each stage once the memories are full."""
    device, clip = model.device, loop_clip(setting.plates[plate])
    side = int(model.network.image_size)
    shown = timed(device, lambda: model.inputs["video"](clip.image(1), side), 0.05)
    logits = clip.logits(model.mask_side, model.mask_side)
    walk = Sam2Tracker("bench", model).start(clip, clip.boxes(count), clip.frames)
    stages: list[list[float]] = []
    with peak(device) as used:
        for frame in clip.frames:
            marks = [now(device)]
            model.encoder.encode(clip, frame)
            marks.append(now(device))
            walk.step(frame)
            marks.append(now(device))
            if head is not None:
                mattes = [head.predict(clip, frame, logits) for _ in range(count)]
                marks.append(now(device))
                if frame > setting.warm_up:
                    for matte in mattes:
                        head.finish(clip, frame, matte)
                marks.append(now(device))
            if frame > setting.warm_up:
                stages.append(np.diff(marks).tolist())
            if len(stages) >= 3 and sum(map(sum, stages)) > setting.seconds:
                break
        most = used()
    parts = dict(zip(("encode", "track", "matte", "finish"), np.median(stages, axis=0).tolist(), strict=False))
    network = sum(parts.values()) - parts.get("finish", 0.0) - min(shown, parts["encode"])
    row: Row = {"what": what, "plate": plate, "objects": count, "precision": _precision(model)}
    row["frames/s"] = _rounded(1 / sum(parts.values()))
    row["network alone, frames/s"] = _rounded(1 / network)
    row["resizing to the network, ms"] = _rounded(1e3 * shown)
    row |= {f"{stage}, ms": _rounded(1e3 * parts.get(stage, 0.0)) for stage in ("encode", "track", "matte", "finish")}
    row["peak GB"] = None if most is None else round(most, 2)
    return row


def _precision(model: Sam2Model) -> str:
    return str(model.dtype or torch.float32).removeprefix("torch.")


def _rounded(value: float) -> float:
    """Three digits that mean something."""
    return float(f"{value:.3g}")


def _pace(what: str, device: str, plate: str, count: int, seconds: float, most: float | None = None) -> Row:
    return {
        "what": what,
        "on": device.removesuffix(":0"),
        "plate": plate,
        "objects": count,
        "frames/s": _rounded(1 / seconds),
        "ms": _rounded(1e3 * seconds),
        "peak GB": None if most is None else round(most, 2),
    }


def _head_pace(setting: Setting, what: str, device: str, head: Head, clip: LoopClip, plate: str, count: int) -> Row:
    """Masks as a tracker gives them at 480 lines; a new frame each time, so that nothing kept is of use."""
    masks = dict.fromkeys(range(1, count + 1), clip.logits(854, 480))
    frames = itertools.cycle(clip.frames)
    with peak(setting.device) as used:
        seconds = timed(setting.device, lambda: head.matte(clip, next(frames), masks), setting.seconds)
        most = used() if device != "cpu" else None
    return _pace(what, device, plate, count, seconds, most)


def _click(setting: Setting, what: str, tracker: Tracker, head: Head, clip: LoopClip, plate: str) -> Row:
    """Median of several first and second clicks, each first one on a frame not seen before."""
    given = clip.logits(setting.image_size // 4, setting.image_size // 4)

    def answer(frame: int, number: int) -> None:
        walk = tracker.start(clip, {1: {frame: clip.click(number)}}, (frame,))
        walk.step(frame)
        head.matte(clip, frame, {1: given})  # a random tracker's own mask could be empty

    answer(1, 1)
    first: list[float] = []
    second: list[float] = []
    for frame in (2, 3, 4):
        for times, number in ((first, 1), (second, 2)):
            start = now(setting.device)
            answer(frame, number)
            times.append(now(setting.device) - start)
    row = {"what": what, "plate": plate}
    return row | {
        "first click, ms": _rounded(1e3 * statistics.median(first)),
        "second click, ms": _rounded(1e3 * statistics.median(second)),
    }


@contextlib.contextmanager
def _limited(device: torch.device, limit: float | None) -> Iterator[None]:
    """At most so many bytes of the GPU for this process while inside."""
    if device.type != "cuda" or limit is None:
        yield
        return
    torch.cuda.empty_cache()
    total = torch.cuda.get_device_properties(device).total_memory
    torch.cuda.set_per_process_memory_fraction(min(1.0, limit / total), device)
    try:
        yield
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0, device)
        torch.cuda.empty_cache()


class _Crops:
    """Random crops in place of made ones."""

    def __init__(self, side: int) -> None:
        from ..heads.edge_cues import PLANES

        self._planes, self._side = PLANES, side

    def __len__(self) -> int:
        return 64

    def take(self, numbers: NDArray[np.int64]) -> Crops:
        """See `CropStore.take`."""
        from ..train import crops

        rng, count, side = np.random.default_rng(int(numbers[0])), len(numbers), self._side
        planes, alpha, pictures = (
            rng.random((count, *shape), np.float32)
            for shape in ((self._planes, side, side), (side, side), (2 * side, 2 * side, 3))
        )
        return crops.Crops(planes, alpha, pictures, np.zeros((count, 2), np.int64))


def _steps(setting: Setting, what: str, batch: int, trainer: Any) -> Row:
    trainer.network.train()
    seconds = timed(setting.device, trainer._advance, setting.seconds, 3)
    return {"what": what, "batch": batch, "steps/s": _rounded(1 / seconds), "samples/s": _rounded(batch / seconds)}


def _follower(setting: Setting) -> Row:
    """The built-in tracker's follower on one made-up batch."""
    from ..features import CHANNELS, STRIDES
    from ..trackers.flow.network import MaskNetwork
    from ..train.tracking.material import FRAMES, SIDE
    from ..train.tracking.teach import Batch, fit_scales, follow

    count, half = 8 if setting.batch >= 8 else 1, SIDE // 2
    maps = [
        tuple(
            torch.rand(count, width, SIDE // step, SIDE // step) for width, step in zip(CHANNELS, STRIDES, strict=True)
        )
        for _ in range(FRAMES)
    ]
    disc = torch.zeros(count, 1, half, half)
    disc[..., half // 4 : half // 2, half // 4 : half // 2] = 1
    steps = FRAMES - 2
    batch = Batch(
        maps,
        [torch.rand(count, 3, SIDE, SIDE) for _ in range(FRAMES)],
        [disc] * FRAMES,
        [torch.zeros(count, 2, half, half)] * steps,
        [torch.ones(count, 1, half, half)] * steps,
    )
    network, rng = MaskNetwork(2, 0), np.random.default_rng(0)
    fit_scales(network, batch)
    network.to(setting.device)
    optimiser = torch.optim.AdamW(network.parameters(), lr=1e-5)
    here = batch.to(setting.device)

    def advance() -> None:
        with torch.autocast(setting.device.type, torch.bfloat16):
            loss, _ = follow(network, here, rng)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()

    seconds = timed(setting.device, advance, setting.seconds, 2)
    return {
        "what": "follower of `flow`",
        "batch": count,
        "steps/s": _rounded(1 / seconds),
        "samples/s": _rounded(count / seconds),
    }
