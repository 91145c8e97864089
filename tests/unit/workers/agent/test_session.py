"""The loop around a model: what is forced, refused, counted and repaired. The model is scripted."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.tools import BaseTool, tool
from pydantic import BaseModel

from assistant.errors import BudgetExceeded, DependencyUnavailable, ModelAway, ModelOutputInvalid
from tests.twins.corpus import small_company
from tests.twins.jobs import Watched, make_context, make_job
from workers.agent import AgentSession, AgentSpec, Budget
from workers.context import JobContext
from workers.llm.model_catalogue import ModelCatalogue
from workers.llm.model_entry import ModelEntry
from workers.llm.offline import OfflineTurn, ToolRequest
from workers.llm.scripted import ScriptedModel, calls
from workers.prompts import Prompt
from workers.tools.reading import Reading


class Verdict(BaseModel):
    """What is concluded."""

    text: str


@tool
def look(where: str) -> str:
    """Look somewhere."""
    return f"seen {where}\u200b"


@tool
def erase(what: str) -> str:
    """Erase something."""
    raise AssertionError(f"nobody may erase {what}")


class Offline:
    def __init__(self, reading: Reading) -> None:
        del reading

    def next_step(self, turn: OfflineTurn) -> ToolRequest | BaseModel:
        return Verdict(text="offline")


LOOK = calls("look", {"where": "there"})
DONE = calls("Verdict", {"text": "done"}, call_id="v")


def session(
    *lines: Any, role: str = "employee", budget: Budget | None = None, watched: Watched | None = None
) -> tuple[AgentSession[Verdict], ScriptedModel]:
    model = ScriptedModel(lines=list(lines))
    context = make_context(small_company(), watched=watched)
    add_scripted(context.models, model)
    tools: tuple[BaseTool, ...] = (look, erase)
    spec = AgentSpec(
        kind="test",
        prompt=Prompt("test", "You look."),
        tools=tools,
        answer=Verdict,
        composer=Offline,
        first_tool="look",
        roles_by_tool={"erase": ("admin",)},
        budget=budget or Budget(),
    )
    return started(spec, context, role), model


def add_scripted(models: ModelCatalogue, model: ScriptedModel) -> None:
    models.add(ModelEntry(alias="scripted", provider="openai", model="scripted"), model)
    models.set_default("scripted")


def started(spec: AgentSpec[Verdict], context: JobContext, role: str) -> AgentSession[Verdict]:
    reading = Reading(context.knowledge, ("everyone",), "q")
    return AgentSession(spec, make_job("q", role=role), context, reading=reading, sleep=lambda _seconds: None)


def tool_texts(messages: list[BaseMessage]) -> str:
    return "\n".join(str(one.text) for one in messages if one.type == "tool")


def test_the_first_call_can_only_be_the_first_tool() -> None:
    agent, model = session(LOOK, DONE)

    assert agent.ask([], "q").text == "done"
    assert model.bound[0] == {"tools": ["look"], "tool_choice": "look"}
    assert "Verdict" in model.bound[1]["tools"]


def test_a_tool_for_another_role_is_neither_offered_nor_run() -> None:
    agent, model = session(LOOK, calls("erase", {"what": "all"}), DONE)

    agent.ask([], "q")

    assert "erase" not in model.bound[1]["tools"]
    assert "Refused: erase" in tool_texts(model.heard[-1])


def test_what_a_tool_returns_is_fenced_and_freed_of_invisible_characters() -> None:
    agent, model = session(LOOK, DONE)

    agent.ask([], "q")

    fenced = tool_texts(model.heard[-1])
    assert fenced.startswith("<material ")
    assert "seen there\n</material" in fenced


def test_a_bad_structured_call_beside_an_ordinary_one_does_not_end_the_run() -> None:
    both = AIMessage("", tool_calls=[*calls("Verdict", {"wrong": 1}, call_id="w").tool_calls, *LOOK.tool_calls])
    agent, _ = session(LOOK, both, DONE)

    assert agent.ask([], "q").text == "done"


def test_no_structured_answer_twice_is_an_error() -> None:
    agent, _ = session(LOOK, AIMessage("done"), AIMessage("really done"))

    with pytest.raises(ModelOutputInvalid):
        agent.ask([], "q")


def test_a_repair_tells_the_model_what_is_wrong() -> None:
    agent, model = session(LOOK, calls("Verdict", {"text": "dnoe"}, call_id="v1"), DONE)

    agent.ask([], "q")
    repaired = agent.repair(["a letter is out of place"])

    assert repaired.text == "done"
    assert "a letter is out of place" in str(model.heard[-1][-1].text)


def test_the_last_call_of_the_budget_must_be_the_answer() -> None:
    agent, model = session(LOOK, LOOK, DONE, budget=Budget(model_calls=3))

    assert agent.ask([], "q").text == "done"
    assert model.bound[-1]["tools"] == ["Verdict"]


@pytest.mark.parametrize("budget", [Budget(tokens=1), Budget(seconds=0.0)], ids=["tokens", "seconds"])
def test_a_spent_budget_ends_the_run(budget: Budget) -> None:
    agent, _ = session(LOOK, DONE, budget=budget)

    with pytest.raises(BudgetExceeded):
        agent.ask([], "q")


def test_a_bug_of_ours_is_not_taken_for_a_failing_model() -> None:
    agent, _ = session(RuntimeError("ours"))

    with pytest.raises(RuntimeError):
        agent.ask([], "q")


def test_a_dead_provider_is_replaced_by_the_offline_model_for_the_rest_of_the_run() -> None:
    watched = Watched()
    agent, model = session(LOOK, TimeoutError(), TimeoutError(), watched=watched)

    assert agent.ask([], "q").text == "offline"
    receipt = agent.receipt()
    assert (receipt.model, receipt.fallback_from, receipt.offline) == ("offline", "scripted", True)
    assert [call.ok for call in receipt.calls if call.type == "model"] == [True, False, False, True]
    assert len(model.heard) == 3


def test_our_own_errors_pass_unchanged() -> None:
    agent, _ = session(DependencyUnavailable("the index is away"))

    with pytest.raises(DependencyUnavailable, match="the index is away"):
        agent.ask([], "q")


def test_the_receipt_counts_calls_and_estimates_tokens_that_were_not_reported() -> None:
    agent, _ = session(LOOK, DONE)

    agent.ask([], "q")

    receipt = agent.receipt()
    assert (receipt.model_calls, receipt.tool_calls) == (2, 1)
    assert receipt.tokens_estimated
    assert receipt.input_tokens > 0
    assert receipt.cost_usd is None  # no price is known for a scripted model
    assert receipt.model == "scripted (openai:scripted)"


def dead_provider(fallbacks: tuple[str, ...]) -> tuple[JobContext, ScriptedModel]:
    model = ScriptedModel(lines=[ConnectionError("refused")] * 10)
    context = make_context(small_company())
    context.models.add(ModelEntry(alias="dead", provider="openai", model="dead", fallbacks=fallbacks), model)
    context.models.set_default("dead")
    return context, model


def of(context: JobContext) -> AgentSession[Verdict]:
    spec = AgentSpec(kind="outage", prompt=Prompt("test", "You look."), tools=(), answer=Verdict, composer=Offline)
    return started(spec, context, "employee")


def test_jobs_take_the_fallback_at_once_while_a_provider_is_away() -> None:
    context, model = dead_provider(fallbacks=("offline",))
    answers = [of(context).ask([], "q").text for _ in range(4)]

    assert answers == ["offline"] * 4
    assert len(model.heard) == 3  # twice by the first job, once by the second; then the circuit was open
    assert context.models.circuits.away() == ("openai ",)


def test_without_a_fallback_jobs_wait_for_the_provider_and_are_told_how_long() -> None:
    context, model = dead_provider(fallbacks=())
    with pytest.raises(DependencyUnavailable) as first:
        of(context).ask([], "q")
    with pytest.raises(ModelAway) as opening:
        of(context).ask([], "q")
    with pytest.raises(ModelAway) as waiting:
        of(context).ask([], "q")

    assert not isinstance(first.value, ModelAway)
    assert 0 < (opening.value.retry_after_seconds or 0) <= 5
    assert 0 < (waiting.value.retry_after_seconds or 0) <= 5
    assert len(model.heard) == 3
