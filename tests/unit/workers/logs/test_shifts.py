"""Shifts: slower answers without any error, and trouble of one tenant only."""

from datetime import timedelta

import pytest

from tests.unit.workers.logs.log_writing import NOW, TEN, Line, as_upload, repeated, steady
from workers.logs.inspection import inspect


def served(service: str, milliseconds: int, *, slow: int, slow_from_minute: int) -> list[Line]:
    """Return two hours of one message whose duration rises at a minute and stays up."""
    start = TEN - timedelta(hours=1)
    return [
        (
            start + timedelta(seconds=10 * n),
            service,
            "INFO",
            f"lookup {n} answered in {(slow if n >= slow_from_minute * 6 else milliseconds) + n % 7} ms",
        )
        for n in range(720)
    ]


def test_a_lasting_slowdown_without_errors_is_found() -> None:
    report = inspect([as_upload(steady() + served("store", 20, slow=400, slow_from_minute=70))], now=NOW)

    assert report.root_cause_service == "store"
    assert report.first_bad is not None
    assert abs((report.first_bad - (TEN + timedelta(minutes=10))).total_seconds()) <= 60
    assert "Slower answers" in report.cause


def test_durations_that_stay_as_they_are_give_no_cause() -> None:
    report = inspect([as_upload(steady() + served("store", 20, slow=30, slow_from_minute=70))], now=NOW)

    assert report.root_cause_service is None


@pytest.mark.parametrize("word", ["tenant", "region"])
def test_trouble_of_one_tenant_is_told(word: str) -> None:
    lines = steady()
    for name in ("acme", "borg", "coda", "dune"):
        lines += repeated(
            TEN - timedelta(hours=1),
            "pay",
            "INFO",
            f"invoice {{n}} sent {word}={name}",
            lines=100,
            every_seconds=70,
        )
    lines += repeated(TEN, "pay", "ERROR", f"invoice {{n}} rejected {word}=acme", lines=80, every_seconds=5)

    report = inspect([as_upload(lines)], now=NOW)

    assert any(f"100% of these lines are of {word} acme" in reason for reason in report.hypotheses[0].evidence_for)
