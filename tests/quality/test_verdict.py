from __future__ import annotations

import pytest
from wisp.client.tables import SUSPICIOUS
from wisp.quality.verdict import Evidence, Limits, weigh

LIMITS = {"area": Limits(0.2, 0.6), "drift": Limits(0.0, 1.0)}


def test_one_alarm_alone_or_two_half_ones_are_suspicious() -> None:
    alarm = weigh([Evidence("area", 0.6, "a")], LIMITS)[0]
    halves = weigh([Evidence("area", 0.4, "a"), Evidence("drift", 0.5, "d")], LIMITS)[0]
    assert alarm == pytest.approx(0.5) and halves == pytest.approx(0.5)
    assert alarm >= SUSPICIOUS - 1e-9


def test_what_is_usual_says_nothing() -> None:
    assert weigh([Evidence("area", 0.2, "a"), Evidence("drift", -3.0, "d")], LIMITS) == (0.0, ())


def test_reasons_come_weightiest_first_and_small_ones_are_left_out() -> None:
    evidence = [Evidence("drift", 0.1, "little"), Evidence("area", 0.5, "more"), Evidence("drift", 0.9, "most")]
    assert weigh(evidence, LIMITS)[1] == ("most", "more")


def test_no_single_cue_makes_certain() -> None:
    score, _ = weigh([Evidence("area", 1e9, "a")], LIMITS)
    assert 0.95 < score < 1.0
