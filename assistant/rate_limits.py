"""How many questions one person, and one workspace, may ask a minute: a token bucket for each.

Other limits a minute that all processes share (how many streams Slack lets a workspace begin) use the same buckets.

A bucket holds a minute's worth, so that a burst is fine and a steady flood is not. With REDIS_URL set the buckets
stand in Redis, filled and emptied by one script, so that all bots count together; without it each process counts
for itself. Where Redis does not answer, this process's own buckets serve until it does: being unable to count is
no reason to refuse a question, nor to keep one waiting.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Protocol

import redis
import structlog
from redis.backoff import NoBackoff
from redis.retry import Retry

from assistant.settings import Settings

log = structlog.get_logger()

REDIS_SECONDS = 0.25  # the asker's acknowledgement waits for this
PAUSE_SECONDS = 5.0  # after a failure, before Redis is asked again
BUCKETS_AT_MOST = 10_000
MINUTE_SECONDS = 60.0
PREFIX = "steward:rate:"

# KEYS: buckets; ARGV: their sizes, questions a minute. Returns "0" when each gave a token, else the seconds until
# each could (and takes none). Redis's own clock, so that machines need not agree on time.
_TAKE = """
local clock = redis.call('TIME')
local now = tonumber(clock[1]) + tonumber(clock[2]) / 1000000
local wait, left = 0, {}
for i, key in ipairs(KEYS) do
  local size = tonumber(ARGV[i])
  local kept = redis.call('HMGET', key, 'tokens', 'at')
  local passed = math.max(0, now - (tonumber(kept[2]) or now))
  left[i] = math.min(size, (tonumber(kept[1]) or size) + passed * size / 60)
  if left[i] < 1 then wait = math.max(wait, (1 - left[i]) * 60 / size) end
end
if wait == 0 then
  for i, key in ipairs(KEYS) do
    redis.call('HSET', key, 'tokens', string.format('%.6f', left[i] - 1), 'at', string.format('%.6f', now))
    redis.call('PEXPIRE', key, 120000)
  end
end
return string.format('%.3f', wait)
"""


class Buckets(Protocol):
    """A set of token buckets by name."""

    def take(self, names: Sequence[str], sizes: Sequence[int]) -> float:
        """Take a token from every bucket and return 0, or take none and return the seconds until one could."""
        ...


class OwnBuckets:
    """Buckets of this process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: dict[str, tuple[float, float]] = {}  # tokens, and when they were counted
        self._lock = threading.Lock()

    def take(self, names: Sequence[str], sizes: Sequence[int]) -> float:
        """Do what Buckets.take says."""
        with self._lock:
            now = self._clock()
            left = [self._filled(name, size, now) for name, size in zip(names, sizes, strict=True)]
            short = [
                (1 - tokens) * MINUTE_SECONDS / size for tokens, size in zip(left, sizes, strict=True) if tokens < 1
            ]
            if short:
                return max(short)
            for name, tokens in zip(names, left, strict=True):
                self._kept[name] = (tokens - 1, now)
            if len(self._kept) > BUCKETS_AT_MOST:
                self._forget_full(now)
            return 0.0

    def _filled(self, name: str, size: int, now: float) -> float:
        tokens, counted_at = self._kept.get(name, (float(size), now))
        return min(float(size), tokens + (now - counted_at) * size / MINUTE_SECONDS)

    def _forget_full(self, now: float) -> None:
        """Drop what nobody took from for a minute: those buckets are full again."""
        self._kept = {name: kept for name, kept in self._kept.items() if now - kept[1] < MINUTE_SECONDS}


class SharedBuckets:
    """Buckets in Redis, or this process's own while Redis does not answer."""

    def __init__(self, url: str, *, prefix: str = PREFIX, clock: Callable[[], float] = time.monotonic) -> None:
        self._redis = redis.Redis.from_url(
            url, socket_timeout=REDIS_SECONDS, socket_connect_timeout=REDIS_SECONDS, retry=Retry(NoBackoff(), 0)
        )
        self._script = self._redis.register_script(_TAKE)
        self._prefix = prefix
        self._own = OwnBuckets(clock)
        self._clock = clock
        self._ask_again_at = 0.0

    def take(self, names: Sequence[str], sizes: Sequence[int]) -> float:
        """Do what Buckets.take says, within REDIS_SECONDS."""
        if self._clock() >= self._ask_again_at:
            try:
                return float(self._script(keys=[self._prefix + name for name in names], args=list(sizes)))
            except redis.RedisError as error:
                self._ask_again_at = self._clock() + PAUSE_SECONDS
                log.warning("rate_limits.not_shared", error=type(error).__name__)
        return self._own.take(names, sizes)


class RateLimits:
    """The limits of the settings over some buckets."""

    def __init__(self, settings: Settings, buckets: Buckets | None = None) -> None:
        self._sizes = (settings.per_person_per_minute, settings.per_tenant_per_minute)
        self._buckets = buckets or OwnBuckets()

    def take(self, tenant: str, person_id: str) -> float:
        """Count one question; 0 when it is within the limits, else the seconds until one would be."""
        return self._buckets.take((f"person:{tenant}:{person_id}", f"tenant:{tenant}"), self._sizes)


def open_rate_limits(settings: Settings) -> RateLimits:
    """Return the limits of the settings over `open_buckets`."""
    return RateLimits(settings, open_buckets(settings))


def open_buckets(settings: Settings) -> Buckets:
    """Return buckets: shared where REDIS_URL is set, else this process's own."""
    return SharedBuckets(settings.redis_url) if settings.redis_url else OwnBuckets()
