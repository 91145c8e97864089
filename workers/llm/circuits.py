"""One cool-down for a model provider that is away, shared by all jobs of a process, and through Redis by all of them.

After OPENS_AFTER failed calls in a row a provider's circuit opens: nobody calls it until the rest is over. Then one
caller, the probe, tries; the others go on waiting. An answer closes the circuit for everybody, a failed probe doubles
the rest. With REDIS_URL set the circuits stand in Redis, changed by two scripts on Redis's own clock; where Redis
does not answer, this process's own serve until it does. Why this is no library: docs/decisions/0007-model-outages.md.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol
from uuid import uuid4

import redis
import structlog

from assistant.live_progress import connect
from assistant.settings import Settings

log = structlog.get_logger(__name__)

OPENS_AFTER = 3  # a job tries an unavailable model twice, so one job's bad luck does not open it
FORGETS_SECONDS = 60.0  # failures further apart than this are not "in a row"
FIRST_REST_SECONDS = 5.0
LONGEST_REST_SECONDS = 60.0
PROBING_SECONDS = 2.0  # how long to wait for another caller's probe before asking again
PROBE_GRACE_SECONDS = 5.0  # beyond the longest model call: a probe that takes longer died, and another may try
REMEMBERED_SECONDS = 600.0  # an open circuit that nobody asked about for so long is forgotten
REDIS_PAUSE_SECONDS = 5.0  # after a failure, before Redis is asked again
PREFIX = "steward:circuit:"

Outcome = Literal["answered", "failed", "unknown"]  # unknown: the call was stopped before the provider said anything


@dataclass(frozen=True, slots=True)
class Passage:
    """What `enter` says: go on now, or wait. It is handed back to `leave` after the call."""

    provider: str
    token: str
    wait_seconds: float = 0.0  # 0: call the provider

    @property
    def is_open(self) -> bool:
        """True when the provider must not be called yet."""
        return self.wait_seconds > 0


class Circuits(Protocol):
    """The circuits of all providers, by name."""

    def enter(self, provider: str) -> Passage:
        """Ask before a call whether to make it."""
        ...

    def leave(self, passage: Passage, outcome: Outcome) -> float:
        """Say how the call went. Returns the seconds the provider is left alone from now on; 0: not at all."""
        ...

    def away(self) -> tuple[str, ...]:
        """Return the providers whose circuit this process last saw open, by name."""
        ...


@dataclass(slots=True)
class _Circuit:
    failures: int = 0
    failed_at: float = 0.0
    rest_seconds: float = 0.0  # 0: closed
    until: float = 0.0
    probe: str = ""
    probe_until: float = 0.0


class OwnCircuits:
    """Circuits of this process."""

    def __init__(self, *, probe_seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._probe_seconds = probe_seconds
        self._clock = clock
        self._circuits: dict[str, _Circuit] = {}
        self._lock = threading.Lock()

    def enter(self, provider: str) -> Passage:
        """Do what Circuits.enter says."""
        token = uuid4().hex
        with self._lock:
            now, circuit = self._clock(), self._circuits.get(provider)
            if circuit is None or not circuit.rest_seconds:
                return Passage(provider, token)
            if now < circuit.until:
                return Passage(provider, token, circuit.until - now)
            if circuit.probe and now < circuit.probe_until:
                return Passage(provider, token, PROBING_SECONDS)
            circuit.probe, circuit.probe_until = token, now + self._probe_seconds
        return Passage(provider, token)

    def leave(self, passage: Passage, outcome: Outcome) -> float:
        """Do what Circuits.leave says."""
        with self._lock:
            if outcome == "answered":
                closed = self._circuits.pop(passage.provider, None)
                if closed is not None and closed.rest_seconds:
                    log.info("circuit.closed", provider=passage.provider)
                return 0.0
            circuit = self._circuits.setdefault(passage.provider, _Circuit())
            is_probe = circuit.probe == passage.token
            if is_probe:
                circuit.probe = ""
            if outcome == "failed":
                self._count(circuit, is_probe=is_probe)
            return max(0.0, circuit.until - self._clock()) if circuit.rest_seconds else 0.0

    def away(self) -> tuple[str, ...]:
        """Do what Circuits.away says."""
        with self._lock:
            return tuple(sorted(name for name, circuit in self._circuits.items() if circuit.rest_seconds))

    def _count(self, circuit: _Circuit, *, is_probe: bool) -> None:
        now = self._clock()
        if circuit.rest_seconds:
            if not is_probe:
                return  # a call from before the circuit opened: it says nothing new
            circuit.rest_seconds = min(LONGEST_REST_SECONDS, circuit.rest_seconds * 2)
            circuit.until = now + circuit.rest_seconds
            return
        circuit.failures = 1 if now - circuit.failed_at > FORGETS_SECONDS else circuit.failures + 1
        circuit.failed_at = now
        if circuit.failures >= OPENS_AFTER:
            circuit.rest_seconds = FIRST_REST_SECONDS
            circuit.until = now + FIRST_REST_SECONDS


# KEYS[1]: a provider's circuit. Each returns milliseconds, which Redis passes as a whole number.
_CLOCK = """
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000 + math.floor(tonumber(clock[2]) / 1000)
local kept = redis.call('HMGET', KEYS[1], 'rest', 'until', 'probe', 'probe_until', 'failures')
local rest, open_until, probe, probe_until = tonumber(kept[1]), tonumber(kept[2]), kept[3], tonumber(kept[4])
"""
# ARGV: the caller's token, how long its probe may take, how long others wait for a probe.
_ENTER = f"""{_CLOCK}
if not rest then return 0 end
if now < open_until then return open_until - now end
if probe and now < probe_until then return tonumber(ARGV[3]) end
redis.call('HSET', KEYS[1], 'probe', ARGV[1], 'probe_until', now + tonumber(ARGV[2]))
return 0
"""
# ARGV: token, outcome, failures that open it, memory of failures, first and longest rest, memory of an open circuit.
_LEAVE = f"""{_CLOCK}
if ARGV[2] == 'answered' then redis.call('DEL', KEYS[1]) return 0 end
local is_probe = probe == ARGV[1]
if is_probe then redis.call('HDEL', KEYS[1], 'probe', 'probe_until') end
if ARGV[2] == 'failed' and (is_probe or not rest) then
  local following = tonumber(ARGV[5])
  if rest then
    following = math.min(tonumber(ARGV[6]), rest * 2)
  elseif redis.call('HINCRBY', KEYS[1], 'failures', 1) < tonumber(ARGV[3]) then
    redis.call('PEXPIRE', KEYS[1], ARGV[4])
    return 0
  end
  rest, open_until = following, now + following
  redis.call('HSET', KEYS[1], 'rest', rest, 'until', open_until)
  redis.call('PEXPIRE', KEYS[1], ARGV[7])
end
return rest and math.max(0, open_until - now) or 0
"""


class SharedCircuits:
    """Circuits in Redis, or this process's own while Redis does not answer."""

    def __init__(self, url: str, *, probe_seconds: float, prefix: str = PREFIX) -> None:
        self._redis = connect(url)
        self._enter = self._redis.register_script(_ENTER)
        self._leave = self._redis.register_script(_LEAVE)
        self._probe_seconds = probe_seconds
        self._prefix = prefix
        self._own = OwnCircuits(probe_seconds=probe_seconds)
        self._ask_again_at = 0.0
        self._away: dict[str, float] = {}  # when each was last seen open
        self._lock = threading.Lock()

    def enter(self, provider: str) -> Passage:
        """Do what Circuits.enter says."""
        token = uuid4().hex
        milliseconds = self._ask(self._enter, provider, token, _ms(self._probe_seconds), _ms(PROBING_SECONDS))
        if milliseconds is None:
            return self._own.enter(provider)
        self._remember(provider, is_open=milliseconds > 0)
        return Passage(provider, token, milliseconds / 1000)

    def leave(self, passage: Passage, outcome: Outcome) -> float:
        """Do what Circuits.leave says."""
        milliseconds = self._ask(
            self._leave,
            passage.provider,
            passage.token,
            outcome,
            OPENS_AFTER,
            _ms(FORGETS_SECONDS),
            _ms(FIRST_REST_SECONDS),
            _ms(LONGEST_REST_SECONDS),
            _ms(REMEMBERED_SECONDS),
        )
        if milliseconds is None:
            return self._own.leave(passage, outcome)
        if outcome != "unknown":
            self._remember(passage.provider, is_open=milliseconds > 0)
        return milliseconds / 1000

    def away(self) -> tuple[str, ...]:
        """Do what Circuits.away says. What nobody here asked about lately is left out: others may have closed it."""
        since = time.monotonic() - 2 * LONGEST_REST_SECONDS
        with self._lock:
            return tuple(
                sorted({*self._own.away(), *(name for name, seen_at in self._away.items() if seen_at > since)})
            )

    def _ask(self, script: Callable[..., object], provider: str, *arguments: object) -> int | None:
        if time.monotonic() < self._ask_again_at:
            return None
        try:
            return int(str(script(keys=[self._prefix + provider], args=list(arguments))))
        except redis.RedisError as error:
            self._ask_again_at = time.monotonic() + REDIS_PAUSE_SECONDS
            log.warning("circuits.not_shared", error=type(error).__name__)
            return None

    def _remember(self, provider: str, *, is_open: bool) -> None:
        with self._lock:
            was_open = provider in self._away
            if is_open:
                self._away[provider] = time.monotonic()
            else:
                self._away.pop(provider, None)
        if was_open and not is_open:
            log.info("circuit.closed", provider=provider)


def open_circuits(settings: Settings) -> Circuits:
    """Return the circuits: shared where REDIS_URL is set, else this process's own."""
    probe_seconds = settings.model_timeout_seconds + PROBE_GRACE_SECONDS
    if settings.redis_url:
        return SharedCircuits(settings.redis_url, probe_seconds=probe_seconds)
    return OwnCircuits(probe_seconds=probe_seconds)


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
