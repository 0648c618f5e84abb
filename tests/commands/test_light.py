"""What answers at once loads nothing heavy, whichever extras are installed. Modules are counted, not seconds."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.farm_jobs import write_shot

#: Packages of models and their extras, which take seconds to import.
MODELS = ("torch", "transformers", "diffusers", "tokenizers", "huggingface_hub", "sam2", "scipy", "pymatting")
#: Those for pictures take a quarter of a second.
HEAVY = (*MODELS, "cv2", "numpy", "OpenEXR", "PyOpenColorIO")


def loaded_by(code: str, names: tuple[str, ...] = HEAVY) -> str:
    """Which of `names` a fresh interpreter has imported after `code`, as the text of a list."""
    say = f"print('loaded:', [name for name in {names!r} if name in sys.modules], file=sys.stderr, flush=True)"
    done = subprocess.run(
        [sys.executable, "-c", f"import sys\n{code}\n{say}"], capture_output=True, text=True, timeout=120
    )
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("loaded:")]
    return line.removeprefix("loaded: ")


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["models", "list"], ["models", "licences"], ["nosuch"]])
def test_commands_that_only_tell(words: list[str]) -> None:
    assert loaded_by(f"from wisp.cli import main\nmain({words!r})") == "[]"


@pytest.mark.parametrize("command", ["matte", "solve", "detect", "compare", "view", "farm"])
def test_the_help_of_a_command_loads_no_model(command: str) -> None:
    assert loaded_by(f"from wisp.cli import main\nmain([{command!r}, '--help'])", MODELS) == "[]"


def test_initialize() -> None:
    """The engine's first answer, with every model of the registry in it."""
    request = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"protocol": 1, "client": "test"}}
    code = f"""
from wisp.engine.engine import Engine
from wisp.weights.options import RunOptions
answers = []
def send(message):
    answers.append(message)
engine = Engine(send, RunOptions(device="cpu"), None)
engine.receive({json.dumps(request).encode()!r})
(answer,) = [message for message in answers if message.get("id") == 1]
ids = [model["id"] for model in answer["result"]["models"]]
assert "mam" in ids and "grounding-dino-tiny" in ids, ids
"""
    assert loaded_by(code) == "[]"


def test_the_status_of_a_shot_of_the_built_in_models(tmp_path: Path) -> None:
    """Their versions are known without loading them, so that opening a shot does not wait for torch."""
    shot = write_shot(tmp_path)
    shot.write_text(shot.read_text("utf-8").replace('"guided"', '"embedded"'), "utf-8")
    assert '"embedded"' in shot.read_text("utf-8")
    assert loaded_by(f"from wisp.cli import main\nassert main(['status', {str(shot)!r}]) == 0", MODELS) == "[]"
