"""Job handlers that do what a test needs; workers import them by name, as they import the real ones."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel

from assistant.errors import DependencyUnavailable, ModelAway, RateLimited
from assistant.jobs import Job, JobResult
from assistant.settings import Settings
from tests.factories import make_result
from workers.context import JobContext

started: list[str] = []
release = threading.Event()


def answer(job: Job, context: JobContext) -> JobResult:
    context.report("reading", "reading 2 passages", passages=2)
    with context.stopwatch.stage("retrieval"):
        started.append(job.mention.text)
    context.stream("Twenty-")
    return make_result("Twenty-five.")


def fail_once(job: Job, context: JobContext) -> JobResult:
    if job.attempt == 1:
        raise DependencyUnavailable("model answered 503", retry_after_seconds=0)
    return answer(job, context)


def always_limited(job: Job, context: JobContext) -> JobResult:
    raise RateLimited("429", retry_after_seconds=0)


def away_for_long(job: Job, context: JobContext) -> JobResult:
    started.append(str(job.id))
    if len(started) <= 5:
        raise ModelAway("circuit open", retry_after_seconds=0.001)
    return answer(job, context)


def away_past_the_deadline(job: Job, context: JobContext) -> JobResult:
    raise ModelAway("circuit open", retry_after_seconds=3600)


def crash(job: Job, context: JobContext) -> JobResult:
    raise KeyError("a bug")


def too_large(job: Job, context: JobContext) -> JobResult:
    raise MemoryError


def until_stopped(job: Job, context: JobContext) -> JobResult:
    started.append(str(job.id))
    while not release.wait(0.01):
        context.check(job)
    return make_result("not stopped")


def deaf(job: Job, context: JobContext) -> JobResult:
    started.append(str(job.id))
    release.wait(20)
    return make_result("late")


def compute(job: Job, context: JobContext) -> JobResult:
    started.append(str(job.id))
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and not release.is_set():
        sum(range(20_000))
    return make_result("late")


class Verdict(BaseModel):
    """What is concluded."""

    text: str


def ask_model(job: Job, context: JobContext) -> JobResult:
    from workers.agent import AgentSession, AgentSpec
    from workers.prompts import Prompt
    from workers.tools.reading import Reading

    started.append(str(job.id))
    nothing: Any = None
    spec = AgentSpec(
        kind="cancel", prompt=Prompt("test", "Say."), tools=(), answer=Verdict, composer=lambda _: nothing
    )
    return make_result(AgentSession(spec, job, context, reading=Reading(nothing, (), "q")).ask([], "q").text)


hoard: list[bytearray] = []


def grow(job: Job, context: JobContext) -> JobResult:
    hoard.append(bytearray(b"x") * 40_000_000)
    release.wait(0.3)
    return answer(job, context)


def die(job: Job, context: JobContext) -> JobResult:
    os._exit(139)


def name(handler: Callable[..., object]) -> str:
    return f"tests.unit.workers.handlers:{handler.__name__}"


class Nothing:
    """Stands for the ports that these handlers do not touch."""


def no_services(settings: Settings, engine: Any) -> Callable[..., JobContext]:
    return _contexts(settings, Nothing())


def model_services(settings: Settings, engine: Any) -> Callable[..., JobContext]:
    from workers.llm.model_catalogue import ModelCatalogue

    return _contexts(settings, ModelCatalogue(settings))


def _contexts(settings: Settings, models: Any) -> Callable[..., JobContext]:
    def make_context(job: Job, progress: Any) -> JobContext:
        nothing: Any = Nothing()
        return JobContext(
            settings=settings,
            knowledge=nothing,
            history=nothing,
            files=nothing,
            models=models,
            today=datetime.now(UTC),
            report=progress.report,
            stream=progress.stream,
            is_cancelled=progress.is_cancelled,
            stopwatch=progress.stopwatch,
        )

    return make_context
