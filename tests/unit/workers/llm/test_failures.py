from __future__ import annotations

import json
from dataclasses import dataclass, field

import pytest

from workers.llm.failures import read_failure


@dataclass
class Response:
    status_code: int
    headers: dict[str, str] = field(default_factory=dict)


class ProviderError(Exception):
    def __init__(self, status: int, **headers: str) -> None:
        super().__init__("the prompt was: secret words")
        self.status_code = status
        self.response = Response(status, {name.replace("_", "-"): value for name, value in headers.items()})


class APIConnectionError(Exception):
    pass


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (ProviderError(429), "rate_limited"),
        (ProviderError(529), "rate_limited"),
        (ProviderError(500), "unavailable"),
        (ProviderError(503), "unavailable"),
        (ProviderError(408), "unavailable"),
        (ProviderError(401), "not_authorised"),
        (ProviderError(403), "not_authorised"),
        (ProviderError(400), "refused"),
        (APIConnectionError("no route"), "unavailable"),
        (TimeoutError(), "unavailable"),
        (ConnectionRefusedError(), "unavailable"),
        (json.JSONDecodeError("x", "y", 0), "malformed"),
        (TypeError("null choices"), "malformed"),
        (RuntimeError("a bug of ours"), "unknown"),
    ],
)
def test_a_failure_is_told_by_what_can_be_done_about_it(error: Exception, cause: str) -> None:
    assert read_failure(error).cause == cause


def test_the_servers_own_wait_is_read() -> None:
    assert read_failure(ProviderError(429, retry_after="3")).retry_after_seconds == 3
    assert read_failure(ProviderError(429, retry_after_ms="250")).retry_after_seconds == 0.25
    assert read_failure(ProviderError(429, retry_after="Wed, 21 Oct 2026 07:28:00 GMT")).retry_after_seconds is None


def test_a_wrapped_error_is_read_through_its_cause() -> None:
    wrapped = RuntimeError("stream broke")
    wrapped.__cause__ = ProviderError(503)

    assert read_failure(wrapped).cause == "unavailable"


def test_the_servers_words_stay_out_of_the_detail() -> None:
    assert read_failure(ProviderError(500)).detail == "ProviderError 500"
