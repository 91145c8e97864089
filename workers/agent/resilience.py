"""Retry a model by cause, then fall back to the next one; remember both for the receipt.

A rate limit is waited out when the server names a short time; a server that is down takes its other models with
it; a request refused once is refused twice. The offline model ends the list, so an answer (labelled) is left
when every provider is down. A fallback lasts for the rest of the run.
"""

from __future__ import annotations

from typing import Any

import structlog
from langchain.agents.middleware import AgentMiddleware, ModelRequest, ModelResponse

from assistant.errors import DependencyUnavailable, RateLimited, StewardError
from workers.agent.middleware import ModelHandler, context_of
from workers.agent.spec import AgentContext
from workers.llm.failures import Cause, ModelFailure, read_failure

log = structlog.get_logger(__name__)

TRIES: dict[Cause, int] = {"rate_limited": 3, "unavailable": 2, "malformed": 2}  # all others: one
LONGEST_WAIT_SECONDS = 8.0  # past this another model, or the job's own retry, serves the asker better
FIRST_WAIT_SECONDS = 0.5


class Resilience(AgentMiddleware[Any, Any, Any]):
    """Tries the run's model, then those after it in the run's list."""

    def wrap_model_call(self, request: ModelRequest[Any], handler: ModelHandler) -> ModelResponse[Any]:
        """Return the first answer that any model gives.

        Raises:
            RateLimited: every model failed, the last one by asking us to wait.
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
                    raise _as_error(given_up.failure) from given_up.__cause__
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
                return handler(request)
            except StewardError:
                raise
            except Exception as error:
                failure = read_failure(error)
                if failure.cause == "unknown":
                    raise
                pause = _pause_seconds(failure, attempt)
                if attempt >= TRIES.get(failure.cause, 1) or pause > LONGEST_WAIT_SECONDS:
                    raise _GivenUp(failure) from error
            context.wait(pause)


class _GivenUp(Exception):
    def __init__(self, failure: ModelFailure) -> None:
        super().__init__(failure.detail)
        self.failure = failure


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


def _as_error(failure: ModelFailure) -> DependencyUnavailable:
    if failure.cause == "rate_limited":
        return RateLimited(
            f"every model refused, the last with {failure.detail}", retry_after_seconds=failure.retry_after_seconds
        )
    return DependencyUnavailable(f"every model failed, the last with {failure.cause} ({failure.detail})")
