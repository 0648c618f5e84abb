"""The terms that weights come under, and the studio's policy about them."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import WeightsError
from .options import RunOptions
from .registry import Commercial, ModelEntry, entries


@dataclass(frozen=True)
class LicenceLine:
    """One model's terms. `allowed` is the policy's word on it, not legal advice."""

    model_id: str
    title: str
    licence: str
    commercial: Commercial
    attribution: str
    note: str
    allowed: bool


def licences(options: RunOptions) -> tuple[LicenceLine, ...]:
    """The terms of every model, in the order of the registry."""
    return tuple(
        LicenceLine(
            model.id,
            model.title,
            model.licence,
            model.commercial,
            model.attribution,
            model.note,
            allowed(model, options),
        )
        for model in entries()
    )


def allowed(model: ModelEntry, options: RunOptions) -> bool:
    """Under the commercial policy only what is cleared for it passes: `ask` is no clearance."""
    return not options.commercial or model.commercial == "yes"


def require_allowed(model: ModelEntry, options: RunOptions) -> None:
    """Raises WeightsError naming the models of the same kinds that the policy does allow."""
    if allowed(model, options):
        return
    others = [
        other.id for other in entries() if allowed(other, options) and any(kind in other.kinds for kind in model.kinds)
    ]
    raise WeightsError(
        f"Model {model.id!r} ({model.licence}) is refused: it is not cleared for commercial work and "
        "WISP_LICENCE=commercial is set.",
        hint=f"Allowed instead: {', '.join(others)}.",
    )


def terms(model: ModelEntry) -> str:
    """The sentence that is shown before a model is fetched and when it is loaded."""
    use = {
        "yes": "commercial use allowed",
        "no": "NON-COMMERCIAL use only",
        "ask": "commercial use only after asking the authors",
    }[model.commercial]
    return f"{model.title}: {model.licence}, {use}. {model.attribution}."
