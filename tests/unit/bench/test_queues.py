"""What the queue benchmark tells of its rows, and which goals of the ledger count as missed."""

from __future__ import annotations

import os

from bench.ledger import goals_missed
from bench.process_cost import cpu_seconds
from bench.queues import Row, summary

LEDGER = Row(6.0, 20.0, 40.0, 7.5, 100.0, put_cpu_ms=1.0, work_cpu_ms=3.0, server_cpu_ms=2.0)
CELERY = Row(2.0, 5.0, 9.0, 2.5, 500.0, put_cpu_ms=0.5, work_cpu_ms=1.5, server_cpu_ms=0.1)
PLACEHOLDER = {"p50_ms": 12.0, "p95_ms": 40.0, "p99_ms": 60.0}
WELL = {
    "claim_p95_ms": 8.0,
    "behind_flood_to_idle": 1.1,
    "behind_burst_to_idle": 1.2,
    "stop_max_s": 1.5,
    "stop_deaf_max_s": 1.6,
    "jobs_per_core_second": 400.0,
}


def test_the_ledger_is_set_beside_each_other_queue() -> None:
    told = summary({"ledger": LEDGER, "celery": CELERY}, PLACEHOLDER)

    assert told["ledger_to_others"] == {"celery": {"start_p50": 3.0, "own_cpu": 2.0}}
    assert told["ledger_jobs_per_core_second"] == 250
    assert told["ledger_goal_met"]
    assert told["placeholder_goal_met"]


def test_a_ledger_that_takes_more_than_five_milliseconds_misses_its_goal() -> None:
    slow = Row(6.0, 20.0, 40.0, 7.5, 100.0, put_cpu_ms=2.0, work_cpu_ms=3.5, server_cpu_ms=0.0)

    assert summary({"ledger": slow}, {})["ledger_goal_met"] is False


def test_a_late_placeholder_misses_its_goal() -> None:
    assert summary({}, {**PLACEHOLDER, "p95_ms": 151.0})["placeholder_goal_met"] is False


def test_each_figure_of_the_ledger_can_miss_its_goal() -> None:
    poor = {name: value * 100 for name, value in WELL.items()} | {"jobs_per_core_second": 199.0}

    assert goals_missed(WELL) == []
    assert set(goals_missed(poor)) == set(WELL)


def test_processor_time_counts_the_whole_family() -> None:
    own = cpu_seconds(os.getpid())  # before the family's: both go on growing

    assert 0 < own <= cpu_seconds(os.getppid())
