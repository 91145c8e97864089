"""Retry a model by cause, then fall back to the next one; remember both for the receipt.

A rate limit is waited out when the server names a short time; a server that is down takes its other models with
it, and is left alone by all jobs while its circuit is open (workers/llm/circuits.py); a request refused once is
refused twice. The offline model ends the list, so an answer (labelled) is left when every provider is down; where the
operator's list has no such end, the job waits for the provider. A fallback lasts for the rest of the run.
"""

from __future__ import annotations

from typing import Any

import structlog
from langchain.agents.middleware import AgentMiddleware, ModelRequest, ModelResponse

from assistant.errors import DependencyUnavailable, ModelAway, RateLimited, StewardError
from workers.agent.middleware import ModelHandler, context_of
from workers.agent.spec import AgentContext
from workers.llm.circuits import Outcome
from workers.llm.failures import Cause, ModelFailure, read_failure
from workers.llm.model_entry import OFFLINE

log = structlog.get_logger(__name__)

TRIES: dict[Cause, int] = {"rate_limited": 3, "unavailable": 2, "malformed": 2}  # all others: one
LONGEST_WAIT_SECONDS = 8.0  # past this another model, or the job's own retry, serves the asker better
FIRST_WAIT_SECONDS = 0.5
_OUTCOMES: dict[Cause, Outcome] = {"unavailable": "failed", "unknown": "unknown"}  # all others: it is there


class Resilience(AgentMiddleware[Any, Any, Any]):
    """Tries the run's model, then those after it in the run's list."""

    def wrap_model_call(self, request: ModelRequest[Any], handler: ModelHandler) -> ModelResponse[Any]:
        """Return the first answer that any model gives.

        Raises:
            RateLimited: every model failed, the last one by asking us to wait.
            ModelAway: every model failed, and the last one's provider is left alone for now.
            DependencyUnavailable: every model failed.
        """
        context = context_of(request)
        while True:
            client = context.models[context.alias]()
            try:
                return self._try(context, request.override(model=client), handler)
            except _GivenUp as given_up:
                following = _next_alias(context, given_up.failure)
                if following is None:
                    raise _as_error(given_up) from given_up.__cause__
                log.warning(
                    "model.replaced",
                    model=context.labels[context.alias],
                    by=context.labels[following],
                    cause=given_up.failure.cause,
                    detail=given_up.failure.detail,
                )
                context.failed.append(context.alias)
                context.alias = following
                context.reading.report("fallback", "the language model isn't answering; trying another way")

    def _try(self, context: AgentContext, request: ModelRequest[Any], handler: ModelHandler) -> ModelResponse[Any]:
        attempt = 0
        while True:
            attempt += 1
            try:
                return _through_circuit(context, request, handler)
            except _Failed as failed:
                pause = _pause_seconds(failed.failure, attempt)
                tries = TRIES.get(failed.failure.cause, 1)
                if failed.rest_seconds or attempt >= tries or pause > LONGEST_WAIT_SECONDS:
                    raise _GivenUp(failed.failure, failed.rest_seconds) from failed.__cause__
            context.wait(pause)


class _Failed(Exception):
    """One call failed, or was not made. `rest_seconds`: how long the provider is left alone from now on."""

    def __init__(self, failure: ModelFailure, rest_seconds: float) -> None:
        super().__init__(failure.detail)
        self.failure = failure
        self.rest_seconds = rest_seconds


class _GivenUp(_Failed):
    """This model is given up for the rest of the run."""


def _through_circuit(context: AgentContext, request: ModelRequest[Any], handler: ModelHandler) -> ModelResponse[Any]:
    if context.alias == OFFLINE:
        return handler(request)  # it has no provider that could be away
    passage = context.circuits.enter(context.providers[context.alias])
    if passage.is_open:
        raise _Failed(ModelFailure("unavailable", "its circuit is open"), passage.wait_seconds)
    try:
        response = handler(request)
    except StewardError:
        context.circuits.leave(passage, "unknown")
        raise
    except Exception as error:
        failure = read_failure(error)
        rest_seconds = context.circuits.leave(passage, _OUTCOMES.get(failure.cause, "answered"))
        if failure.cause == "unknown":
            raise
        if rest_seconds:
            log.warning("circuit.opened", provider=passage.provider, seconds=round(rest_seconds, 1))
        raise _Failed(failure, rest_seconds) from error
    context.circuits.leave(passage, "answered")
    return response


def _pause_seconds(failure: ModelFailure, attempt: int) -> float:
    if failure.retry_after_seconds is not None:
        return failure.retry_after_seconds
    return FIRST_WAIT_SECONDS * float(2 ** (attempt - 1))


def _next_alias(context: AgentContext, failure: ModelFailure) -> str | None:
    broken = {context.providers[context.alias]} if failure.is_whole_provider else set()
    order = list(context.models)
    for alias in order[order.index(context.alias) + 1 :]:
        if context.providers[alias] not in broken:
            return alias
    return None


def _as_error(given_up: _GivenUp) -> DependencyUnavailable:
    failure = given_up.failure
    if given_up.rest_seconds:
        return ModelAway(
            f"every model failed; the last one's provider is left alone for {given_up.rest_seconds:.0f} s",
            retry_after_seconds=given_up.rest_seconds,
        )
    if failure.cause == "rate_limited":
        return RateLimited(
            f"every model refused, the last with {failure.detail}", retry_after_seconds=failure.retry_after_seconds
        )
    return DependencyUnavailable(f"every model failed, the last with {failure.cause} ({failure.detail})")
