from __future__ import annotations

from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage
from pydantic import BaseModel

from workers.llm.offline import VALIDATOR, OfflineModel, OfflineTurn, ToolRequest, read_turn


class Verdict(BaseModel):
    text: str


class Composer:
    def next_step(self, turn: OfflineTurn) -> ToolRequest | BaseModel:
        if not turn.outcomes:
            return ToolRequest("look", {"where": turn.request})
        return Verdict(text=f"{turn.outcomes[0].artifact} after {turn.outcomes[0].arguments['where']}")


MODEL = OfflineModel().composed_by(Composer())
LOOKED = AIMessage("", tool_calls=[{"name": "look", "args": {"where": "there"}, "id": "1", "type": "tool_call"}])


def test_it_calls_a_tool_and_then_answers_in_the_schema() -> None:
    bound = MODEL.bind_tools([Named("look"), Named("Verdict")])

    first = bound.invoke([HumanMessage("there")])
    second = bound.invoke(
        [HumanMessage("there"), LOOKED, ToolMessage("shown", name="look", tool_call_id="1", artifact="found")]
    )

    assert first.tool_calls[0]["args"] == {"where": "there"}
    assert second.tool_calls[0]["name"] == "Verdict"
    assert second.tool_calls[0]["args"] == {"text": "found after there"}


def test_it_makes_no_call_that_was_not_bound() -> None:
    assert MODEL.bind_tools([Named("other")]).invoke([HumanMessage("there")]).tool_calls == []


def test_it_reports_usage_under_its_name() -> None:
    message = MODEL.bind_tools([Named("look")]).invoke([HumanMessage("there")])

    assert message.usage_metadata is not None
    assert message.response_metadata["model_name"] == "offline"


def test_streaming_gives_the_same_call_as_invoking() -> None:
    bound = MODEL.bind_tools([Named("look")])

    streamed = None
    for chunk in bound.stream([HumanMessage("there")]):
        streamed = chunk if streamed is None else streamed + chunk

    assert streamed is not None
    assert streamed.tool_calls[0]["args"] == bound.invoke([HumanMessage("there")]).tool_calls[0]["args"]


def test_a_turn_begins_at_the_askers_last_message_and_keeps_complaints_apart() -> None:
    turn = read_turn(
        [
            SystemMessage("rules"),
            HumanMessage("earlier"),
            AIMessage("said"),
            HumanMessage("now"),
            LOOKED,
            ToolMessage("shown", name="look", tool_call_id="1", artifact=["a"]),
            HumanMessage("wrong number", name=VALIDATOR),
        ]
    )

    assert (turn.request, turn.earlier, turn.complaints) == ("now", ("earlier",), ("wrong number",))
    assert turn.outcomes[0].artifact == ["a"]


class Named:
    def __init__(self, name: str) -> None:
        self.name = name
