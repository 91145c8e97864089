"""Why a model call failed, told apart by what can be done about it.

Works on any provider's exception by its HTTP status, headers and class name, so that no provider library is
imported to read an error.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Cause = Literal["rate_limited", "unavailable", "not_authorised", "refused", "malformed", "unknown"]


@dataclass(frozen=True, slots=True)
class ModelFailure:
    """One failed call. `retry_after_seconds` is the server's own word, when it gave one."""

    cause: Cause
    detail: str  # for operators: class, status; never the server's text, which may quote the prompt
    retry_after_seconds: float | None = None

    @property
    def is_whole_provider(self) -> bool:
        """True when another model of the same provider would fail alike."""
        return self.cause in ("unavailable", "not_authorised")


def read_failure(error: BaseException) -> ModelFailure:
    """Return what the error means.

    rate_limited: 429 (or 529). unavailable: other 5xx, 408, no connection, time-out. not_authorised: 401, 403.
    refused: any other 4xx; the same request will fail again. malformed: an answer that could not be read.
    """
    chain = _chain(error)
    names = {cls.__name__ for one in chain for cls in type(one).__mro__}
    status = next((code for one in chain if (code := _status(one))), None)
    detail = f"{type(error).__name__}{f' {status}' if status else ''}"
    if status in (429, 529) or names & {"RateLimitError", "ThrottlingException"}:
        return ModelFailure("rate_limited", detail, _retry_after_seconds(chain))
    if status in (401, 403):
        return ModelFailure("not_authorised", detail)
    if status and (status >= 500 or status == 408):
        return ModelFailure("unavailable", detail, _retry_after_seconds(chain))
    if names & {"APIConnectionError", "APITimeoutError", "TransportError", "ConnectionError", "TimeoutError"}:
        return ModelFailure("unavailable", detail)
    if status and 400 <= status < 500:
        return ModelFailure("refused", detail)
    readable = (json.JSONDecodeError, ValueError, TypeError, KeyError, IndexError, AttributeError)
    if isinstance(error, readable) or names & {"APIResponseValidationError", "APIError"}:
        return ModelFailure("malformed", detail)
    return ModelFailure("unknown", detail)


def _chain(error: BaseException) -> list[BaseException]:
    chain: list[BaseException] = []
    current: BaseException | None = error
    while current is not None and current not in chain:
        chain.append(current)
        current = current.__cause__ or current.__context__
    return chain


def _status(error: BaseException) -> int | None:
    for holder in (error, getattr(error, "response", None)):
        for name in ("status_code", "status", "code"):
            value = getattr(holder, name, None)
            if isinstance(value, int) and 100 <= value < 600:
                return value
    return None


def _retry_after_seconds(chain: list[BaseException]) -> float | None:
    for error in chain:
        headers = getattr(getattr(error, "response", None), "headers", None)
        if not isinstance(headers, Mapping):
            continue
        for name, scale in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
            try:
                return max(0.0, float(headers[name]) * scale)
            except (KeyError, ValueError):
                continue  # absent, or an HTTP date, which no model provider sends
    return None
