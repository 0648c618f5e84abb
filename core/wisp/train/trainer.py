"""The training loop: steps, running average, checkpoints, validation. It can stop and go on at any step."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ..atomic import replacing
from ..contact_sheet import contact_sheet, write_png
from ..errors import UsageError
from .config import TrainConfig, config_of
from .curves import draw_curves
from .recipe import Recipe, Validation

CHECKPOINT = "checkpoint.pt"
CONFIG = "config.json"
LOG = "log.jsonl"


@dataclass(frozen=True)
class Progress:
    """After every step. `validation` only where there was one."""

    step: int
    steps: int
    loss: float
    seconds_per_step: float
    validation: Validation | None = None


class Trainer:
    """A run in a folder: `config.json`, `checkpoint.pt`, `log.jsonl`, `curves.png`, `validation-N.png`.

    A folder that holds a checkpoint of the same configuration is gone on with: batches depend on the step's
    number alone, and weights, average and optimiser are kept exactly, so an interrupted run on a CPU ends
    like one that was not. Raises UsageError where the folder belongs to another configuration.
    """

    def __init__(
        self,
        recipe: Recipe,
        config: TrainConfig,
        folder: Path,
        device: torch.device,
        start_from: dict[str, Tensor] | None = None,
    ) -> None:
        self.recipe, self.config, self.folder, self.device = recipe, config, folder, device
        torch.manual_seed(config.seed)
        self.network = recipe.network().to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        if start_from is not None:
            self.network.load_state_dict(start_from)
        self.average = {name: value.detach().clone() for name, value in self.network.state_dict().items()}
        self.optimizer = torch.optim.AdamW(
            self.network.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay
        )
        self.step = 0
        self._history: list[dict[str, Any]] = []
        self._resume()

    def run(self, listen: Callable[[Progress], None], should_stop: Callable[[], bool] = lambda: False) -> bool:
        """Train until the last step; False where `should_stop` ended it sooner, with everything saved.

        Raises UsageError where the loss is no longer a number.
        """
        self.network.train()
        started, first = time.monotonic(), self.step
        while self.step < self.config.steps and not should_stop():
            parts = self._advance()
            loss = sum(parts.values())
            if not math.isfinite(loss):
                raise UsageError(
                    f"The loss became {loss} at step {self.step}.", hint="Lower learning_rate, or use precision fp32."
                )
            self._history.append({"step": self.step, "loss": loss} | parts)
            validation = None
            if self.step % self.config.validate_every == 0 or self.step == self.config.steps:
                validation = self.validate()
                self._history.append(
                    {"step": self.step, "validation": validation.errors, "references": validation.references}
                )
                if validation.rows:
                    sheet = contact_sheet(validation.rows, cell_width=256, title=f"step {self.step}")
                    write_png(self.folder / f"validation-{self.step}.png", sheet)
            if self.step % self.config.checkpoint_every == 0 or validation:
                self.save()
            listen(
                Progress(
                    self.step,
                    self.config.steps,
                    loss,
                    (time.monotonic() - started) / (self.step - first),
                    validation,
                )
            )
        self.save()
        return self.step >= self.config.steps

    def validate(self) -> Validation:
        """The recipe's verdict on the averaged weights."""
        own = {name: value.detach().clone() for name, value in self.network.state_dict().items()}
        self.network.load_state_dict(self.average)
        self.network.eval()
        try:
            return self.recipe.validate(self.network)
        finally:
            self.network.load_state_dict(own)
            self.network.train()

    def save(self) -> None:
        """Everything a run needs to go on, and the curves so far."""
        with replacing(self.folder / CONFIG) as temporary:
            temporary.write_text(self.config.dump(), "utf-8")
        with replacing(self.folder / CHECKPOINT) as temporary:
            torch.save(
                {
                    "step": self.step,
                    "network": self.network.state_dict(),
                    "average": self.average,
                    "optimizer": self.optimizer.state_dict(),
                },
                temporary,
            )
        with replacing(self.folder / LOG) as temporary:
            temporary.write_text("".join(json.dumps(row) + "\n" for row in self._history), "utf-8")
        if self._history:
            write_png(self.folder / "curves.png", draw_curves(self._history))

    def _advance(self) -> dict[str, float]:
        batch = self.recipe.batch(self.step)
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate(self.config, self.step)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.config.precision == "bf16"):
            parts = self.recipe.losses(self.network, batch)
        self.optimizer.zero_grad(set_to_none=True)
        torch.stack(list(parts.values())).sum().backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.network.parameters(), self.config.clip_norm)
        self.optimizer.step()
        self.step += 1
        self._update_average()
        return {name: float(value.detach()) for name, value in parts.items()}

    @torch.no_grad()
    def _update_average(self) -> None:
        # A young average forgets faster: it would otherwise remember the random start for long.
        kept = min(self.config.ema, self.step / (self.step + 10))
        for name, value in self.network.state_dict().items():
            if value.dtype.is_floating_point:
                self.average[name].lerp_(value, 1 - kept)
            else:
                self.average[name].copy_(value)

    def _resume(self) -> None:
        checkpoint = self.folder / CHECKPOINT
        if not checkpoint.exists():
            return
        before = config_of(json.loads((self.folder / CONFIG).read_text("utf-8")), str(self.folder / CONFIG))
        if before != self.config:
            raise UsageError(
                f"The folder {self.folder} holds a run with other settings.",
                hint="Choose another folder with -o, or go on with the settings in its config.json.",
            )
        state = torch.load(checkpoint, map_location=self.device, weights_only=True)
        self.network.load_state_dict(state["network"])
        self.average = state["average"]
        self.optimizer.load_state_dict(state["optimizer"])
        self.step = int(state["step"])
        rows = (json.loads(line) for line in (self.folder / LOG).read_text("utf-8").splitlines())
        self._history = [row for row in rows if row["step"] <= self.step]


def load_average(folder: Path) -> tuple[int, dict[str, Tensor]]:
    """The step that a run has reached, and its averaged weights on the CPU."""
    state = torch.load(folder / CHECKPOINT, map_location="cpu", weights_only=True)
    return int(state["step"]), {name: value.contiguous() for name, value in state["average"].items()}


def learning_rate(config: TrainConfig, step: int) -> float:
    """Linear warm-up, then half a cosine down to one hundredth."""
    if step < config.warm_up:
        return config.learning_rate * (step + 1) / config.warm_up
    done = (step - config.warm_up) / max(1, config.steps - config.warm_up)
    return config.learning_rate * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(done, 1.0))))
