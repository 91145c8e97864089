"""Detectors: known signatures are recognised in several wordings, everyday lines are not."""

import pytest

from workers.logs.detectors import DETECTORS, cause_of, detectors_for


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Out of memory: Killed process 812 (java)", "out_of_memory"),
        ("java.lang.OutOfMemoryError: Java heap space", "out_of_memory"),
        ("write /var/lib/x: no space left on device", "disk_full"),
        ("x509: certificate has expired or is not yet valid", "certificate"),
        ("dial tcp: lookup db.internal: no such host", "dns"),
        ("HikariPool-1 - Connection is not available, request timed out after 30000ms", "pool_exhausted"),
        ("FATAL: sorry, too many clients already", "pool_exhausted"),
        ("accept4: too many open files", "descriptors_or_threads"),
        ("token used before issued", "clock"),
        ("deadlock detected", "locks"),
        ('column "tax" does not exist', "schema"),
        ("missing required environment variable PAY_URL", "configuration"),
        ("password authentication failed for user app", "credentials"),
        ("429 Too Many Requests", "rate_limit"),
        ("panic: runtime error: index out of range [3]", "program_error"),
        ("cannot execute INSERT in a read-only transaction", "replication"),
        ("dial tcp 10.0.0.1: connect: no route to host", "network"),
    ],
)
def test_a_cause_is_recognised(text: str, name: str) -> None:
    cause = cause_of(text)

    assert cause is not None
    assert cause.name == name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("upstream timed out", "timeouts"),
        ("connect() failed (111: Connection refused)", "refused"),
        ("circuit breaker for stock is open", "circuit_open"),
        ("Back-off restarting failed container", "restart_loop"),
        ("deployed payments version 4.18.0", "deploy"),
        ("feature flag new_tax turned on", "feature_flag"),
        ("configuration reloaded", "config_change"),
    ],
)
def test_symptoms_and_markers_are_recognised(text: str, name: str) -> None:
    assert name in {detector.name for detector in detectors_for(text)}


@pytest.mark.parametrize(
    "text",
    [
        "order 5 charged in 3 ms",
        "user anna logged in",
        "page served",
        "cache hit for product 7",
        "checkpoint complete",
    ],
)
def test_everyday_lines_set_off_no_cause(text: str) -> None:
    assert cause_of(text) is None


def test_every_detector_explains_itself() -> None:
    assert len({detector.name for detector in DETECTORS}) == len(DETECTORS)
    assert all(detector.title and detector.check_next.endswith(".") for detector in DETECTORS)
