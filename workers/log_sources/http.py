"""One HTTP client for all sources behind HTTP: authentication, retries, time limits, and errors that say what to do.

Tried again: 429 (as long as it says), 5xx, cut and refused connections, timeouts, answers that are not the JSON they
should be. Not tried again: 4xx, which say that the declaration is wrong. Redirects are not followed: a token must not
travel to another host.
"""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import httpx

from assistant.errors import SettingsInvalid
from assistant.log_sources import HttpDeclared
from assistant.settings import secret_at
from workers.log_sources.port import SourceUnreadable

ATTEMPTS = 4
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 10.0
MAX_ANSWER_BYTES = 100_000_000  # of one page; a service that sends more is not answering what was asked
Pause = Callable[[float], None]


class _Passing(Exception):
    """Worth another try."""

    def __init__(self, reason: str, after_seconds: float | None = None) -> None:
        super().__init__(reason)
        self.after_seconds = after_seconds


class LogApi:
    """Speaks to one declared source. One client for each reading: connections end with it."""

    def __init__(
        self,
        declared: HttpDeclared,
        *,
        authorization: str = "Bearer",
        headers: Mapping[str, str] | None = None,
        pause: Pause = time.sleep,
    ) -> None:
        self._declared = declared
        self._authorization = authorization
        self._headers = dict(headers or {})
        self._pause = pause
        self._client: httpx.Client | None = None

    def __enter__(self) -> LogApi:
        self._client = self._opened()
        return self

    def __exit__(self, *error: object) -> None:
        if self._client is not None:
            self._client.close()

    def json(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str | int] | None = None,
        body: Any = None,
        attempts: int = ATTEMPTS,
    ) -> Any:
        """Return the answer's JSON.

        Raises:
            SourceUnreadable: refused, or not answered after all attempts.
        """

        def once() -> Any:
            with self._answer(method, path, params, body) as answer:
                return _parsed(_content(answer))

        return self._tried(once, attempts)

    def lines(self, path: str, *, params: Mapping[str, str | int]) -> Iterator[str]:
        """Yield the answer's lines as they arrive. What broke off after a line was yielded is not tried again.

        Raises:
            SourceUnreadable: refused, not answered, or broken off.
        """
        stream = self._tried(lambda: self._begun(path, params), ATTEMPTS)
        try:
            yield from stream.iter_lines()
        except httpx.HTTPError as error:
            raise SourceUnreadable(f"broke off: {_said(error)}") from error
        finally:
            stream.close()

    def _begun(self, path: str, params: Mapping[str, str | int]) -> httpx.Response:
        request = self._open_client.build_request("GET", self._url(path), params=dict(params))
        answer = self._sent(request)
        try:
            _check_status(answer)
        except (_Passing, SourceUnreadable):
            answer.close()
            raise
        return answer

    def _answer(self, method: str, path: str, params: Mapping[str, str | int] | None, body: Any) -> _Closing:
        request = self._open_client.build_request(method, self._url(path), params=dict(params or {}), json=body)
        return _Closing(self._sent(request))

    def _sent(self, request: httpx.Request) -> httpx.Response:
        try:
            return self._open_client.send(request, stream=True)
        except httpx.HTTPError as error:
            raise _Passing(_said(error)) from error

    def _tried(self, once: Callable[[], Any], attempts: int) -> Any:
        for attempt in range(1, attempts + 1):
            try:
                return once()
            except _Passing as error:
                if attempt == attempts:
                    raise SourceUnreadable(f"{error} (tried {attempts} times)") from error
                wait = error.after_seconds or FIRST_PAUSE_SECONDS * 2.0 ** (attempt - 1)
                self._pause(min(wait, LONGEST_PAUSE_SECONDS))
        raise AssertionError("unreachable")

    @property
    def _open_client(self) -> httpx.Client:
        assert self._client is not None, "use it as a context manager"
        return self._client

    def _url(self, path: str) -> str:
        return path if path.startswith(("http://", "https://")) else str(self._declared.url).rstrip("/") + path

    def _opened(self) -> httpx.Client:
        declared = self._declared
        headers, auth = dict(self._headers), None
        try:
            if declared.token:
                headers["Authorization"] = f"{self._authorization} {secret_at(declared.token).get_secret_value()}"
            if declared.basic:
                password = secret_at(declared.basic.password).get_secret_value()
                auth = httpx.BasicAuth(declared.basic.user, password)
            verify = ssl.create_default_context(cafile=str(declared.ca_file)) if declared.ca_file else True
        except (SettingsInvalid, OSError) as error:
            raise SourceUnreadable(str(error)) from error
        return httpx.Client(
            headers=headers, auth=auth, verify=verify, timeout=declared.timeout_seconds, follow_redirects=False
        )


class _Closing:
    """An answer that is closed in any case."""

    def __init__(self, answer: httpx.Response) -> None:
        self._answer = answer

    def __enter__(self) -> httpx.Response:
        return self._answer

    def __exit__(self, *error: object) -> None:
        self._answer.close()


def _content(answer: httpx.Response) -> bytes:
    parts, size = [], 0
    try:
        if answer.status_code >= 400:
            answer.read()
        _check_status(answer)
        for part in answer.iter_bytes():
            size += len(part)
            if size > MAX_ANSWER_BYTES:
                raise SourceUnreadable(f"answered with more than {MAX_ANSWER_BYTES // 1_000_000} MB; lower page_size")
            parts.append(part)
    except httpx.HTTPError as error:
        raise _Passing(f"broke off: {_said(error)}") from error
    return b"".join(parts)


def _check_status(answer: httpx.Response) -> None:
    status = answer.status_code
    if status < 300:
        return
    if status == 429:
        raise _Passing("said that it is asked too often (429)", _retry_after(answer))
    if status >= 500:
        raise _Passing(f"answered {status}", _retry_after(answer))
    hint = {
        400: "it does not understand the query: check the declaration",
        401: "the credentials are missing or wrong",
        403: "the credentials do not allow this",
        404: "the address or the index does not exist",
    }.get(status, "check its address")
    raise SourceUnreadable(f"answered {status}: {hint}")


def _retry_after(answer: httpx.Response) -> float | None:
    value = answer.headers.get("retry-after", "")
    return float(value) if value.isdigit() else None


def _parsed(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError as error:
        raise _Passing("answered with broken JSON") from error


def _said(error: httpx.HTTPError) -> str:
    kind = "did not answer in time" if isinstance(error, httpx.TimeoutException) else "can't be reached"
    return f"{kind} ({type(error).__name__})"
