"""Reading weight files without running anything that is in them.

A `.pt` file is a pickle, and a pickle can call any function while it is read. torch's weights-only unpickler
knows tensors and plain containers and nothing else; it is the only way in here. `.safetensors` holds no code.
"""

from __future__ import annotations

import pickle
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import WeightsError
from .registry import model_of

if TYPE_CHECKING:
    from torch import Tensor

#: How many key names an error message lists before it stops.
NAMES_SHOWN = 4


def replace_hint(path: Path) -> str:
    """What to do about a weight file that is not there or not right."""
    model = model_of(path)
    if model is None:
        return "It is of no model that can be fetched: bring a whole copy of it."
    return f"Fetch the file again with 'wisp models get {model}', or check it with 'wisp models verify'."


def load_state_dict(path: Path, *, expected_size: int | None = None) -> dict[str, Tensor]:
    """The tensors of a checkpoint on the CPU, mapped from the file where its format allows.

    `.safetensors`: all tensors. Everything else is read as torch's format: a dict whose entry `"model"` is the
    state dict (as SAM 2.1 and SAM2Matting publish it; other entries, such as an optimiser's, are left alone), or else
    `"state_dict"` (as Matting Anything does), or the bare state dict.
    `expected_size` in bytes, where known, makes the message about a truncated file exact.
    Raises WeightsError for a missing, truncated, damaged or hostile file and for any other content.
    """
    if not path.is_file():
        raise WeightsError(f"There is no weight file {path}.", hint=replace_hint(path), path=path)
    if path.suffix == ".safetensors":
        return _load_safetensors(path, expected_size)
    content = _load_torch(path, expected_size)
    state = _state_in(content)
    if not isinstance(state, Mapping) or not state:
        raise WeightsError(
            f"{path} is not a checkpoint of this model: it holds {_describe(content)}, not a 'model' entry of tensors.",
            hint=replace_hint(path),
            path=path,
        )
    return _only_tensors(state, path)


def check_keys(expected: Mapping[str, tuple[int, ...]], state: Mapping[str, Tensor], path: Path) -> None:
    """Refuse a state dict that is not exactly the model's: names and shapes, nothing missing, nothing more.

    Loading with holes would leave random numbers in the model and still give a plausible matte.
    Raises WeightsError naming the first few keys of each kind.
    """
    missing = [key for key in expected if key not in state]
    unexpected = [key for key in state if key not in expected]
    shapes = [
        f"{key} {tuple(state[key].shape)} instead of {tuple(shape)}"
        for key, shape in expected.items()
        if key in state and tuple(state[key].shape) != tuple(shape)
    ]
    faults = [
        f"{len(names)} {kind} ({_first(names)})"
        for kind, names in (("missing", missing), ("unexpected", unexpected), ("of another shape", shapes))
        if names
    ]
    if faults:
        raise WeightsError(
            f"The weights in {path} do not fit the model: {'; '.join(faults)} of {len(expected)} tensors.",
            hint="Check that the file belongs to the chosen model and variant.",
            path=path,
        )


def _load_torch(path: Path, expected_size: int | None) -> Any:
    import torch

    try:
        # Only the zip layout (torch 1.6 and later) can be mapped; the older one is read whole.
        return torch.load(path, map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(path))
    except MemoryError:
        raise
    except pickle.UnpicklingError as error:
        code = _code_in(path)
        if code:
            raise WeightsError(
                f"{path} was not loaded: it asks to run {_first(code)}, and weights never need code.",
                hint="Do not use this file; fetch it from its authors.",
                path=path,
            ) from error
        raise _damaged(path, expected_size) from error
    except Exception as error:  # damaged bytes can make the reader fail in any way
        raise _damaged(path, expected_size) from error


def _load_safetensors(path: Path, expected_size: int | None) -> dict[str, Tensor]:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return _only_numbers(dict(load_file(path, device="cpu")), path)
    except (SafetensorError, OSError, ValueError) as error:
        raise _damaged(path, expected_size) from error


def _code_in(path: Path) -> list[str]:
    """Functions and classes that a checkpoint names and that are not plain tensors, found without running it."""
    import torch

    try:
        return sorted(torch.serialization.get_unsafe_globals_in_checkpoint(path))
    except Exception:  # not the zip layout, or damaged: nothing can be named
        return []


def _damaged(path: Path, expected_size: int | None) -> WeightsError:
    size = path.stat().st_size
    if expected_size is not None and size != expected_size:
        why = f"it has {size:,} bytes instead of {expected_size:,}"
    else:
        why = f"its {size:,} bytes are truncated, damaged or not weights that can be loaded safely"
    return WeightsError(f"Cannot load the weights in {path}: {why}.", hint=replace_hint(path), path=path)


def _state_in(content: object) -> object:
    """The state dict of a checkpoint: its entry `"model"` or `"state_dict"`, or itself where all of it is tensors."""
    import torch

    if not isinstance(content, Mapping):
        return None
    if content and all(isinstance(value, torch.Tensor) for value in content.values()):
        return content
    return content.get("model", content.get("state_dict"))


def _only_tensors(state: Mapping[Any, Any], path: Path) -> dict[str, Tensor]:
    import torch

    others = [str(key) for key, value in state.items() if not isinstance(value, torch.Tensor)]
    if others:
        raise WeightsError(
            f"The weights in {path} hold things that are not tensors: {_first(others)}.",
            hint=replace_hint(path),
            path=path,
        )
    return _only_numbers({str(key): value for key, value in state.items()}, path)


def _only_numbers(state: dict[str, Tensor], path: Path) -> dict[str, Tensor]:
    """Refuse tensors that no model of ours has: they would spread through every pixel, or fail far from here."""
    import torch

    for name, tensor in state.items():
        if tensor.layout != torch.strided or tensor.is_quantized:
            why = "is sparse or quantised"
        elif tensor.is_complex():
            why = "is complex"
        elif tensor.is_floating_point() and not bool(torch.isfinite(tensor.float()).all()):
            why = "holds values that are no finite numbers"
        else:
            continue
        raise WeightsError(f"The tensor {name} of the weights in {path} {why}.", hint=replace_hint(path), path=path)
    return state


def _describe(content: object) -> str:
    if isinstance(content, Mapping):
        return f"the entries {_first([str(key) for key in content])}" if content else "an empty dict"
    return f"a {type(content).__name__}"


def _first(names: list[str]) -> str:
    more = len(names) - NAMES_SHOWN
    return ", ".join(names[:NAMES_SHOWN]) + (f" and {more} more" if more > 0 else "")
