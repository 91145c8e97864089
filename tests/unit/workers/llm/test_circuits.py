"""A provider that is away is left alone by everybody, and one caller finds out that it is back."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Protocol
from uuid import uuid4

import pytest
import redis

from assistant.settings import load_settings
from workers.llm.circuits import (
    FIRST_REST_SECONDS,
    LONGEST_REST_SECONDS,
    OPENS_AFTER,
    PROBING_SECONDS,
    Circuits,
    OwnCircuits,
    SharedCircuits,
    open_circuits,
)

PROBE_SECONDS = 65.0


class Bench(Protocol):
    """Circuits whose time a test moves."""

    circuits: Circuits

    def let_rest_pass(self) -> None: ...

    def let_probe_die(self) -> None: ...


class OwnBench:
    def __init__(self) -> None:
        self.now = 1000.0
        self.circuits: Circuits = OwnCircuits(probe_seconds=PROBE_SECONDS, clock=lambda: self.now)

    def let_rest_pass(self) -> None:
        self.now += LONGEST_REST_SECONDS

    def let_probe_die(self) -> None:
        self.now += PROBE_SECONDS


class SharedBench:
    def __init__(self, url: str, prefix: str) -> None:
        self.redis = redis.Redis.from_url(url)
        self.key = f"{prefix}openai"
        self.circuits: Circuits = SharedCircuits(url, probe_seconds=PROBE_SECONDS, prefix=prefix)

    def let_rest_pass(self) -> None:
        self.redis.hset(self.key, "until", 0)

    def let_probe_die(self) -> None:
        self.redis.hset(self.key, "probe_until", 0)


@pytest.fixture
def prefix() -> str:
    return f"test-{uuid4().hex}:"


@pytest.fixture(params=["own", "shared"])
def bench(request: pytest.FixtureRequest, prefix: str) -> Iterator[Bench]:
    if request.param == "own":
        yield OwnBench()
        return
    shared = SharedBench(request.getfixturevalue("redis_url"), prefix)
    yield shared
    shared.redis.delete(shared.key)


def fail(circuits: Circuits, times: int = 1) -> float:
    rest = 0.0
    for _ in range(times):
        rest = circuits.leave(circuits.enter("openai"), "failed")
    return rest


def test_it_opens_after_failures_in_a_row_and_other_providers_stay_closed(bench: Bench) -> None:
    before = fail(bench.circuits, OPENS_AFTER - 1)
    opened = fail(bench.circuits)

    assert before == 0.0
    assert opened == pytest.approx(FIRST_REST_SECONDS, abs=0.5)
    assert 0 < bench.circuits.enter("openai").wait_seconds <= FIRST_REST_SECONDS
    assert bench.circuits.away() == ("openai",)
    assert not bench.circuits.enter("anthropic").is_open


def test_an_answer_between_failures_starts_the_count_anew(bench: Bench) -> None:
    fail(bench.circuits, OPENS_AFTER - 1)
    bench.circuits.leave(bench.circuits.enter("openai"), "answered")

    assert fail(bench.circuits, OPENS_AFTER - 1) == 0.0
    assert bench.circuits.away() == ()


def test_after_the_rest_one_caller_probes_and_its_answer_lets_everybody_in(bench: Bench) -> None:
    fail(bench.circuits, OPENS_AFTER)
    bench.let_rest_pass()
    probe, second = bench.circuits.enter("openai"), bench.circuits.enter("openai")
    bench.circuits.leave(probe, "answered")

    assert not probe.is_open
    assert second.wait_seconds == PROBING_SECONDS
    assert not bench.circuits.enter("openai").is_open
    assert bench.circuits.away() == ()


def test_a_failed_probe_doubles_the_rest_up_to_the_longest(bench: Bench) -> None:
    rests = [fail(bench.circuits, OPENS_AFTER)]
    for _ in range(5):
        bench.let_rest_pass()
        rests.append(fail(bench.circuits))

    assert [round(rest) for rest in rests] == [5, 10, 20, 40, 60, 60]


def test_a_call_from_before_the_opening_does_not_lengthen_the_rest(bench: Bench) -> None:
    early = bench.circuits.enter("openai")
    fail(bench.circuits, OPENS_AFTER)

    assert 0 < bench.circuits.leave(early, "failed") <= FIRST_REST_SECONDS


@pytest.mark.parametrize("ending", ["stopped", "died"])
def test_a_probe_that_was_stopped_or_died_lets_the_next_one_probe(bench: Bench, ending: str) -> None:
    fail(bench.circuits, OPENS_AFTER)
    bench.let_rest_pass()
    probe = bench.circuits.enter("openai")
    if ending == "stopped":
        bench.circuits.leave(probe, "unknown")
    else:
        bench.let_probe_die()

    assert not bench.circuits.enter("openai").is_open


CHILD = """
import json, sys
from assistant.observability import configure_logging
from workers.llm.circuits import SharedCircuits
configure_logging()
circuits = SharedCircuits(sys.argv[1], probe_seconds=60, prefix=sys.argv[2])
for line in sys.stdin:
    if line.strip() == "enter":
        passage = circuits.enter("openai")
        print(json.dumps(passage.wait_seconds), flush=True)
    else:
        print(json.dumps(circuits.leave(passage, line.strip())), flush=True)
"""


class Process:
    """Circuits of another process."""

    def __init__(self, url: str, prefix: str) -> None:
        self.child = subprocess.Popen(
            [sys.executable, "-c", CHILD, url, prefix], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def say(self, word: str) -> float:
        assert self.child.stdin
        assert self.child.stdout
        self.child.stdin.write(word + "\n")
        self.child.stdin.flush()
        return float(json.loads(self.child.stdout.readline()))

    def end(self) -> None:
        assert self.child.stdin
        self.child.stdin.close()
        self.child.wait(timeout=10)


def test_two_processes_share_the_rest_and_the_probe(redis_url: str, prefix: str) -> None:
    bench = SharedBench(redis_url, prefix)
    one, two = Process(redis_url, prefix), Process(redis_url, prefix)
    try:
        for _ in range(OPENS_AFTER):
            one.say("enter")
            one.say("failed")
        heard = two.say("enter")
        bench.let_rest_pass()
        probing, waiting = two.say("enter"), one.say("enter")
        two.say("answered")
        after = one.say("enter")
    finally:
        one.end()
        two.end()
        bench.redis.delete(bench.key)

    assert 0 < heard <= FIRST_REST_SECONDS
    assert (probing, waiting, after) == (0.0, PROBING_SECONDS, 0.0)


def test_without_redis_the_process_keeps_its_own(prefix: str) -> None:
    circuits = SharedCircuits("redis://127.0.0.1:9/0", probe_seconds=PROBE_SECONDS, prefix=prefix)

    assert fail(circuits, OPENS_AFTER) == pytest.approx(FIRST_REST_SECONDS, abs=0.5)
    assert circuits.enter("openai").is_open
    assert circuits.away() == ("openai",)


def test_the_settings_say_which() -> None:
    assert isinstance(open_circuits(load_settings({})), OwnCircuits)
    assert isinstance(open_circuits(load_settings({}, redis_url="redis://127.0.0.1:9/0")), SharedCircuits)
