"""Token buckets: a burst of a minute's worth, then a steady rate; the same in one process and in Redis."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.rate_limits import PAUSE_SECONDS, OwnBuckets, RateLimits, SharedBuckets
from assistant.settings import load_settings
from tests.twins.clock import MovedClock


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


def test_a_minutes_worth_may_come_at_once_and_then_one_at_a_time(clock: MovedClock) -> None:
    buckets = OwnBuckets(clock)
    burst = [buckets.take(["p"], [6]) for _ in range(6)]
    refused = buckets.take(["p"], [6])
    clock.now += refused
    later, again = buckets.take(["p"], [6]), buckets.take(["p"], [6])

    assert burst == [0.0] * 6
    assert refused == pytest.approx(10.0)
    assert later == 0.0
    assert again > 0


def test_when_one_bucket_is_empty_no_other_loses_a_token(clock: MovedClock) -> None:
    limits = RateLimits(load_settings({}, per_person_per_minute=1, per_tenant_per_minute=2), OwnBuckets(clock))
    first = limits.take("T", "ann")
    refused = [limits.take("T", "ann") for _ in range(5)]
    other, third = limits.take("T", "bob"), limits.take("T", "cat")
    elsewhere = limits.take("T2", "ann")

    assert (first, other, elsewhere) == (0.0, 0.0, 0.0)
    assert all(wait > 0 for wait in refused)
    assert third > 0  # two a minute for the workspace


@given(pauses=st.lists(st.floats(0, 30), max_size=60), size=st.integers(1, 20))
def test_no_span_of_time_lets_through_more_than_a_burst_and_the_rate(pauses: list[float], size: int) -> None:
    clock = MovedClock()
    buckets = OwnBuckets(clock)
    taken = []
    for pause in pauses:
        clock.now += pause
        if buckets.take(["p"], [size]) == 0:
            taken.append(clock.now)
    for begin, first in enumerate(taken):
        for count, last in enumerate(taken[begin:], start=1):
            assert count <= size + (last - first) * size / 60 + 1e-6


def test_buckets_that_are_full_again_are_forgotten(clock: MovedClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.rate_limits.BUCKETS_AT_MOST", 10)
    buckets = OwnBuckets(clock)
    for number in range(50):
        clock.now += 10
        buckets.take([f"p{number}"], [5])

    assert len(buckets._kept) <= 11


@pytest.mark.services
def test_two_bots_count_together_in_redis_and_never_let_one_too_many_through(redis_url: str) -> None:
    prefix = f"test-{uuid4().hex}:"
    bots = [SharedBuckets(redis_url, prefix=prefix) for _ in range(2)]
    taken: list[float] = []

    def ask(buckets: SharedBuckets) -> None:
        taken.extend(buckets.take(["p", "t"], [10, 1_000_000]) for _ in range(20))

    threads = [threading.Thread(target=ask, args=(bot,)) for bot in bots * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    [wait] = [bots[0].take(["p"], [10])]
    left = bots[0]._redis.ttl(f"{prefix}p")
    bots[0]._redis.delete(f"{prefix}p", f"{prefix}t")

    assert taken.count(0.0) in (10, 11)  # a token comes back every 6 s
    assert 0 < wait <= 6.0
    assert 0 < left <= 120


@pytest.fixture
def silent_url() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0), backlog=16) as server:
        yield f"redis://127.0.0.1:{server.getsockname()[1]}/0"


@pytest.mark.parametrize("is_hung", [True, False])
def test_redis_away_limits_by_this_process_and_is_waited_for_once_a_pause(
    silent_url: str, is_hung: bool, clock: MovedClock, dialling: list[str]
) -> None:
    url = silent_url if is_hung else "redis://127.0.0.1:9/0"
    limits = RateLimits(load_settings({}, per_person_per_minute=3), SharedBuckets(url, clock=clock))
    waits = [limits.take("T", "ann") for _ in range(5)]
    waited_for = len(dialling)
    clock.now += PAUSE_SECONDS
    limits.take("T", "ann")

    assert waits[:3] == [0.0] * 3
    assert all(wait > 0 for wait in waits[3:])
    assert waited_for == 1
    assert len(dialling) == 2
