"""Logging and metrics: events with fields, the job id on every line of a job, secrets never.

`configure_logging` is called once by each program's start. Metrics live in one registry of ours, so that
tests and several programs in one process don't collide.
"""

from __future__ import annotations

import logging
import re
import sys
import time
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

METRICS = CollectorRegistry()
LATENCY_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)

JOBS_FINISHED = Counter(
    "steward_jobs_finished", "Jobs that ended, by kind and outcome.", ["kind", "outcome"], registry=METRICS
)
JOB_SECONDS = Histogram(
    "steward_job_seconds",
    "Seconds from question to stored answer.",
    ["kind"],
    buckets=LATENCY_BUCKETS,
    registry=METRICS,
)
STAGE_SECONDS = Histogram(
    "steward_stage_seconds",
    "Seconds by stage of an answer.",
    ["stage"],
    buckets=LATENCY_BUCKETS,
    registry=METRICS,
)
MODEL_TOKENS = Counter(
    "steward_model_tokens", "Tokens, by model and direction.", ["model", "direction"], registry=METRICS
)
MODEL_COST_USD = Counter("steward_model_cost_usd", "Money spent on models.", ["model"], registry=METRICS)
CHECKS = Counter("steward_checks", "Verdicts of validation.", ["check", "verdict"], registry=METRICS)
ERRORS = Counter("steward_errors", "Errors by code; `internal` is a bug.", ["code"], registry=METRICS)
EVENTS = Counter(
    "steward_events", "Events taken in, by platform and outcome.", ["platform", "outcome"], registry=METRICS
)
ACKNOWLEDGE_SECONDS = Histogram(
    "steward_acknowledge_seconds",
    "Seconds from a chat service's request to our answer, requests that were turned away excepted.",
    ["platform"],
    buckets=(0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.25, 0.5, 1, 2, 3, 5, 10),
    registry=METRICS,
)
QUEUE_OLDEST_SECONDS = Gauge(
    "steward_queue_oldest_seconds", "Age of the oldest queued job.", ["lane"], registry=METRICS
)
QUEUE_JOBS = Gauge("steward_queue_jobs", "Jobs by lane and state.", ["lane", "state"], registry=METRICS)

# What must never stand in a log line, whatever the caller passed: tokens of the platforms and providers we use.
_SECRET = re.compile(
    r"xox[a-z]-[\w-]{8,}|xapp-[\w-]{8,}|sk-[\w-]{16,}|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)|Bearer\s+[\w.~+/-]{12,}=*"
)


def _hide_secrets(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {key: _SECRET.sub("***", value) if isinstance(value, str) else value for key, value in event.items()}


class _StandardError(logging.Handler):
    """Writes to whatever standard error is now; a StreamHandler would keep the one it was made with."""

    def emit(self, record: logging.LogRecord) -> None:
        sys.stderr.write(self.format(record) + "\n")


def configure_logging(level: str = "info", style: str = "console") -> None:
    """Send structlog and the libraries' own logging to standard error in one style ("console" or "json")."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    renderer: list[structlog.typing.Processor] = (
        [structlog.processors.format_exc_info, _hide_secrets, structlog.processors.JSONRenderer()]
        if style == "json"
        else [
            structlog.processors.format_exc_info,
            _hide_secrets,
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()),
        ]
    )
    number = getattr(logging, level.upper())
    structlog.configure(
        processors=[*shared, *renderer],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),  # asked each time: it may be redirected
        cache_logger_on_first_use=False,
    )
    handler = _StandardError()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(number, logging.WARNING))


def configure_terminal_logging(level: str, style: str) -> None:
    """As `configure_logging`, but quiet by default: on a terminal, "info" lines would stand between the answer's."""
    configure_logging("warning" if level == "info" else level, style)


@contextmanager
def bound(**fields: Any) -> Iterator[None]:
    """Put the fields (a job's id, say) on every log line inside the block, in this thread or task."""
    with structlog.contextvars.bound_contextvars(**fields):
        yield


class Stopwatch:
    """Adds up milliseconds by stage; one per job."""

    def __init__(self) -> None:
        self.milliseconds: dict[str, float] = {}
        self._started = time.perf_counter()

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time the block under the stage's name; several blocks of one name add up."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.add(name, (time.perf_counter() - start) * 1000)

    def add(self, name: str, milliseconds: float) -> None:
        """Add to a stage that was timed elsewhere."""
        self.milliseconds[name] = self.milliseconds.get(name, 0.0) + milliseconds

    @property
    def total_ms(self) -> float:
        """Milliseconds since this stopwatch was made."""
        return (time.perf_counter() - self._started) * 1000
