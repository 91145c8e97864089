"""One job's conversation with its agent: ask, have an answer repaired, and make out the receipt.

The compiled agent is built once per process, kind and model; everything that belongs to one job is in the
AgentContext that travels with each call. Whether an answer is good enough is the job's own business.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Generic
from weakref import WeakKeyDictionary

from langchain.agents import create_agent
from langchain.agents.structured_output import ToolStrategy
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from langgraph.errors import GraphRecursionError
from langsmith.run_helpers import tracing_context

from assistant.errors import BudgetExceeded, ModelOutputInvalid
from assistant.jobs import Check, Job, LatencyMs, Receipt
from assistant.observability import CHECKS
from workers.agent.middleware import Conduct, Recorder, Spotlight, ToolGate, Voice
from workers.agent.resilience import Resilience
from workers.agent.spec import AgentContext, AgentSpec, Answer
from workers.agent.trace import Trace
from workers.llm.model_catalogue import ModelCatalogue
from workers.llm.offline import VALIDATOR, OfflineComposer, OfflineModel
from workers.tools.reading import Reading

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

    from workers.context import JobContext, Turn

WAIT_SLICE_SECONDS = 0.2  # so that Stop is heard during a wait
_CUT_OFF = frozenset({"length", "max_tokens", "MAX_TOKENS"})  # how providers say that an answer hit its limit
_AGENTS: WeakKeyDictionary[ModelCatalogue, dict[tuple[str, str], Any]] = WeakKeyDictionary()
_BUILDING = threading.Lock()


class AgentSession(Generic[Answer]):
    """Asks one agent on behalf of one job."""

    def __init__(
        self,
        spec: AgentSpec[Answer],
        job: Job,
        context: JobContext,
        *,
        reading: Reading,
        alias: str | None = None,
        sleep: Callable[[float], None] = time.sleep,
        trace: Trace | None = None,
    ) -> None:
        """Prepare a run with the model of the alias, or with the default one and its fallbacks.

        `trace` is that of the job's earlier sessions, where it asks in several: the receipt then counts all of them,
        and so does the spec's budget.
        """
        self._spec = spec
        self._catalogue = context.models
        chosen = alias or self._catalogue.default()
        aliases = (chosen, *self._catalogue.fallbacks(chosen))
        check = partial(context.check, job)
        composer = spec.composer(reading)
        self.context = AgentContext(
            reading=reading,
            role=job.mention.asker.role,
            manner=job.mention.manner,
            budget=spec.budget,
            trace=trace or Trace(context.stopwatch),
            models={name: partial(_client, self._catalogue, name, composer) for name in aliases},
            labels={name: self._catalogue.entry(name).label for name in aliases},
            providers={name: _provider_key(self._catalogue, name) for name in aliases},
            circuits=self._catalogue.circuits,
            alias=chosen,
            check=check,
            wait=partial(_wait, check=check, sleep=sleep),
        )
        self._messages: list[BaseMessage] = []

    @property
    def is_offline(self) -> bool:
        """True when the answer so far comes from the extractive model."""
        return self._catalogue.entry(self.context.alias).is_offline

    @property
    def was_cut_off(self) -> bool:
        """True when the model's last message ended at its token limit: what it holds may lack its end."""
        last = next((one for one in reversed(self._messages) if isinstance(one, AIMessage)), None)
        said = last.response_metadata if last is not None else {}
        return any(said.get(name) in _CUT_OFF for name in ("finish_reason", "stop_reason", "done_reason"))

    def ask(self, history: Sequence[Turn], request: str) -> Answer:
        """Return the structured answer to the request, after the turns before it.

        Raises:
            ModelOutputInvalid: asked twice, the model gave nothing that fits the schema.
            BudgetExceeded, Cancelled, DependencyUnavailable, RateLimited: as they say.
        """
        self._messages = [*_as_messages(history), HumanMessage(request)]
        return self._answer()

    def repair(self, problems: Sequence[str]) -> Answer:
        """Return a second answer, the model having been told what is wrong with its last one. Raises as `ask`."""
        said = "Your answer has problems:\n" + "\n".join(f"- {problem}" for problem in problems)
        self._messages.append(HumanMessage(f"{said}\nAnswer again, correcting only these.", name=VALIDATOR))
        return self._answer()

    def receipt(
        self,
        *,
        checks: Sequence[Check] = (),
        repaired: bool = False,
        evidence: Sequence[str] = (),
        answered_offline: bool = False,
    ) -> Receipt:
        """Return the receipt so far. `answered_offline`: the job composed its answer without the model after all."""
        for check in checks:
            CHECKS.labels(check.name, "passed" if check.passed else "failed").inc()
        trace, spent = self.context.trace, self.context.trace.stopwatch.milliseconds
        entry = self._catalogue.entry("offline" if answered_offline else self.context.alias)
        given_up = self.context.failed or ([self.context.alias] if entry.alias != self.context.alias else [])
        return Receipt(
            model=entry.label,
            offline=entry.is_offline,
            prompt_version=self._spec.prompt.version,
            model_calls=trace.model_calls,
            tool_calls=trace.tool_calls,
            input_tokens=trace.input_tokens,
            output_tokens=trace.output_tokens,
            tokens_estimated=trace.tokens_estimated,
            cost_usd=trace.cost_usd,
            latency_ms=LatencyMs(
                retrieval=round(spent.get("retrieval", 0.0), 2),
                model=round(spent.get("model", 0.0), 2),
                validation=round(spent.get("validation", 0.0), 2),
                total=round(trace.stopwatch.total_ms, 2),
            ),
            checks=tuple(checks),
            repaired=repaired,
            fallback_from=given_up[0] if given_up else None,
            evidence=tuple(evidence),
            calls=tuple(trace.calls),
        )

    def _answer(self) -> Answer:
        answer = self._run()
        if answer is None:
            name = self._spec.answer.__name__
            self._messages.append(HumanMessage(f"Answer by calling {name}, with all its fields.", name=VALIDATOR))
            answer = self._run()
        if answer is None:
            raise ModelOutputInvalid(f"{self.context.labels[self.context.alias]} gave no structured answer, twice")
        return answer

    def _run(self) -> Answer | None:
        agent = _agent(self._catalogue, self._spec, self.context.alias)
        callbacks = [] if self.is_offline else [_StopWatcher(self.context.check)]
        config = {"callbacks": callbacks, "recursion_limit": 6 * self._spec.budget.model_calls}
        try:
            with tracing_context(enabled=False):  # whatever LANGSMITH_* the machine has: people's words stay here
                state = agent.invoke({"messages": self._messages}, config, context=self.context)
        except GraphRecursionError as error:
            raise BudgetExceeded(
                f"the agent went in circles: {self.context.trace.model_calls} model calls"
            ) from error
        self._messages = list(state["messages"])
        answer = state.get("structured_response")
        return answer if isinstance(answer, self._spec.answer) else None


class _StopWatcher(BaseCallbackHandler):
    """Looks at each piece a model streams whether the asker pressed Stop."""

    raise_error = True

    def __init__(self, check: Callable[[], None]) -> None:
        self._check = check
        self._next = 0.0

    def on_llm_new_token(self, *_args: Any, **_named: Any) -> None:
        """Check at most five times a second: a check may ask the database."""
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + WAIT_SLICE_SECONDS
            self._check()


def _agent(catalogue: ModelCatalogue, spec: AgentSpec[Any], alias: str) -> Any:
    with _BUILDING:
        built = _AGENTS.setdefault(catalogue, {})
        key = (spec.kind, alias)
        if key not in built:
            built[key] = create_agent(
                catalogue.chat_model(alias),  # only a default: Resilience puts the run's own client in its place
                list(spec.tools),
                system_prompt=spec.prompt.text,
                response_format=ToolStrategy(spec.answer, tool_message_content="Received; it is being checked."),
                context_schema=AgentContext,
                middleware=[
                    Conduct(spec.first_tool),
                    ToolGate(dict(spec.roles_by_tool)),
                    Spotlight(),
                    Voice(),
                    Resilience(),
                    Recorder(catalogue),
                ],
            )
        return built[key]


def _client(catalogue: ModelCatalogue, alias: str, composer: OfflineComposer) -> BaseChatModel:
    model = catalogue.chat_model(alias)
    return model.composed_by(composer) if isinstance(model, OfflineModel) else model


def _provider_key(catalogue: ModelCatalogue, alias: str) -> str:
    entry = catalogue.entry(alias)
    return f"{entry.provider} {entry.base_url or ''}"


def _as_messages(history: Sequence[Turn]) -> list[BaseMessage]:
    return [HumanMessage(turn.text) if turn.role == "user" else AIMessage(turn.text) for turn in history]


def _wait(seconds: float, *, check: Callable[[], None], sleep: Callable[[float], None]) -> None:
    left = seconds
    while left > 0:
        check()
        sleep(min(left, WAIT_SLICE_SECONDS))
        left -= WAIT_SLICE_SECONDS
    check()
