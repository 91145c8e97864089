"""Calls to a mailbox behind HTTP (Microsoft Graph, Gmail): signed, bounded, and patient where that is safe.

What a call did is never guessed: an answer says it, or `NoAnswer` says that nobody knows. Whoever saves a draft may
take that for a failure; whoever sends must not.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import httpx

from assistant.errors import DependencyUnavailable, NotPermitted, RateLimited, StewardError, StorageFull

MOST_WAIT_SECONDS = 30.0  # in all, when the service says "later"; longer than that, the asker is told
MOST_TRIES = 4
_AWAY = "your mail service can't be reached at present."
_FULL = ("quotaexceeded", "mailboxfull", "insufficientstorage")
_SLOW_DOWN = ("rateLimitExceeded", "userRateLimitExceeded")  # Gmail's 403 for a moment
_CERTAIN = (501, 505, 507)  # server errors that refuse for certain: not supported, no room


class NoAnswer(Exception):
    """The call went out and may have been carried out; the connection or the service broke before it said so."""


class TokenFor(Protocol):
    """Returns a good access token (`assistant.mail.oauth.TokenSource`)."""

    def __call__(self, *, refused: bool = False) -> str:
        """Return it; `refused`: the last one was."""
        ...


class MailApi:
    """One mailbox's HTTP interface."""

    def __init__(
        self,
        base_url: str,
        token: TokenFor,
        *,
        timeout_seconds: float = 20.0,
        headers: Mapping[str, str] | None = None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._token = token
        self._pause = pause
        self._client = httpx.Client(base_url=base_url, timeout=timeout_seconds, headers=dict(headers or {}))

    def call(self, method: str, path: str, **request: Any) -> httpx.Response | None:
        """Return the answer, or None when it is 404: what was asked for is gone.

        Raises:
            NotPermitted, RateLimited, StorageFull, DependencyUnavailable: refused or not reached; nothing happened.
            NoAnswer: nobody knows.
        """
        waited, refused = 0.0, False
        for _ in range(MOST_TRIES):
            response = self._once(method, path, refused, request)
            if response.status_code == 401 and not refused:
                refused = True
                continue
            wait = _wait_of(response)
            if wait is None or waited + wait > MOST_WAIT_SECONDS:
                break
            waited += wait
            self._pause(wait)
        if response.status_code == 404:
            return None
        if response.is_success:
            return response
        raise _refusal(method, path, response)

    def safely(self, method: str, path: str, **request: Any) -> httpx.Response | None:
        """Call where doing it twice does no harm: no answer is a failure like any other.

        Raises:
            NotPermitted, RateLimited, StorageFull, DependencyUnavailable: as `call`.
        """
        try:
            return self.call(method, path, **request)
        except NoAnswer as error:
            raise DependencyUnavailable(f"{method} {path}: {error}", reply=_AWAY) from error

    def _once(self, method: str, path: str, refused: bool, request: dict[str, Any]) -> httpx.Response:
        headers = {**request.get("headers", {}), "Authorization": f"Bearer {self._token(refused=refused)}"}
        try:
            response = self._client.request(method, path, **{**request, "headers": headers})
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise DependencyUnavailable(f"{self._client.base_url}: {error}", reply=_AWAY) from error
        except httpx.HTTPError as error:
            raise NoAnswer(str(error) or type(error).__name__) from error
        if response.status_code >= 500 and response.status_code not in _CERTAIN and _wait_of(response) is None:
            raise NoAnswer(f"status {response.status_code}")
        return response


def _wait_of(response: httpx.Response) -> float | None:
    """Return for how long the service refuses to act, in seconds, or None when it acted or refused for good."""
    is_slow_down = response.status_code == 429 or (response.status_code == 403 and _reason(response) in _SLOW_DOWN)
    if not is_slow_down and response.status_code != 503:
        return None
    try:
        return max(0.0, float(response.headers["Retry-After"]))
    except (KeyError, ValueError):
        return 2.0 if is_slow_down else None


def _refusal(method: str, path: str, response: httpx.Response) -> StewardError:
    said = f"{method} {path.partition('?')[0]} answered {response.status_code}: {_reason(response)}"
    status = response.status_code
    if _wait_of(response) is not None:
        return RateLimited(said, reply="your mail service asks to slow down: try again in some minutes.")
    if status == 507 or any(word in _reason(response).lower() for word in _FULL):
        return StorageFull(said, reply="your mailbox is full. Make room in it and try again.")
    if status in (401, 403):
        return NotPermitted(
            said, reply="your mail service refused it. Please connect your mail account again (Settings)."
        )
    if status == 413:
        return StorageFull(said, reply="it is larger than your mail service takes.")
    return DependencyUnavailable(said, reply=f"your mail service refused it ({status}: {_reason(response)}).")


def _reason(response: httpx.Response) -> str:
    """Return the short name of a refusal: Graph says it as `code`, Gmail as `errors[0].reason` or `status`."""
    try:
        error = response.json()["error"]
        if isinstance(error.get("code"), str):
            return str(error["code"])[:80]
        listed = error.get("errors") or [{}]
        return str(listed[0].get("reason") or error.get("status") or "")[:80]
    except (ValueError, KeyError, TypeError, AttributeError, IndexError):
        return ""
