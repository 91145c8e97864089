"""The connector's public keys: fetched, kept for a day, fetched again when a token names a key we don't know.

The SDK fetches them with a blocking call on the event loop and fails on a rotated key; this does neither.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx
import jwt
import structlog

from assistant.errors import DependencyUnavailable

log = structlog.get_logger()

KEEP_SECONDS = 24 * 3600.0  # Microsoft asks for a refresh at least once a day
RETRY_SECONDS = 10.0  # an unknown key id causes no more than one fetch in so long: anyone can invent key ids
FETCH_SECONDS = 5.0
MOST_KEYS = 100


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A public RSA key and the channels whose activities it may sign (empty: the issuer does not say)."""

    key: Any
    endorsements: frozenset[str]


class SigningKeys:
    """Keys by their id, from an OpenID metadata document."""

    def __init__(
        self, http: httpx.AsyncClient, metadata_url: str, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._http = http
        self._metadata_url = metadata_url
        self._clock = clock
        self._keys: dict[str, SigningKey] = {}
        self._fetched_at = float("-inf")
        self._tried_at = float("-inf")
        self._fetching = asyncio.Lock()

    async def find(self, key_id: str) -> SigningKey | None:
        """Return the key of this id, or None when the issuer publishes no such key.

        Raises:
            DependencyUnavailable: the key is unknown and the issuer could not be asked.
        """
        now = self._clock()
        known = self._keys.get(key_id)
        if known is not None and now - self._fetched_at < KEEP_SECONDS:
            return known
        async with self._fetching:
            await self._refresh(known)
        return self._keys.get(key_id)

    async def _refresh(self, known: SigningKey | None) -> None:
        now = self._clock()
        if now - self._tried_at < RETRY_SECONDS:
            if self._fetched_at < self._tried_at and known is None:
                raise DependencyUnavailable("the connector's signing keys can't be fetched; tried just now")
            return
        self._tried_at = now
        try:
            async with asyncio.timeout(FETCH_SECONDS):
                self._keys = await self._fetch()
        except (httpx.HTTPError, TimeoutError, ValueError, KeyError, TypeError, AttributeError) as error:
            log.warning("teams.keys_unreachable", error=type(error).__name__, keys=len(self._keys))
            if known is None:
                raise DependencyUnavailable(
                    f"the connector's signing keys can't be fetched: {type(error).__name__}"
                ) from error
            return  # an old key of theirs still stands until they can be asked
        self._fetched_at = now
        log.info("teams.keys_fetched", keys=len(self._keys))

    async def _fetch(self) -> dict[str, SigningKey]:
        metadata = (await self._http.get(self._metadata_url)).raise_for_status().json()
        published = (await self._http.get(metadata["jwks_uri"])).raise_for_status().json()
        return dict(filter(None, map(_read_key, published["keys"][:MOST_KEYS])))


def _read_key(entry: dict[str, Any]) -> tuple[str, SigningKey] | None:
    if entry.get("kty") != "RSA" or entry.get("use", "sig") != "sig" or not entry.get("kid"):
        return None
    try:
        key = jwt.PyJWK(entry, algorithm="RS256").key
    except jwt.PyJWTError:
        return None
    return str(entry["kid"]), SigningKey(key, frozenset(map(str, entry.get("endorsements") or ())))
