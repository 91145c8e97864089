"""The model that answers without a language model: deterministic, extractive, free, and never down.

OfflineModel keeps the ordinary BaseChatModel contract (tools, usage, streaming), so the same agent, checks and
receipts run with or without a key. What to look up and what to say is the job's own business: each job hands in
an OfflineComposer (workers/jobs/<kind>/offline.py); this module only speaks the protocol of messages.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, HumanMessage, ToolMessage
from langchain_core.messages.tool import tool_call, tool_call_chunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from pydantic import BaseModel

CHARS_PER_TOKEN = 4  # the usual rule of thumb for English; usage of this model is an estimate and says so
VALIDATOR = "validator"  # name of the messages in which our checks speak to a model


@dataclass(frozen=True, slots=True)
class ToolOutcome:
    """What a tool returned in this run: its arguments and its artifact (the raw objects, not the text shown)."""

    tool: str
    arguments: dict[str, Any]
    artifact: Any


@dataclass(frozen=True, slots=True)
class OfflineTurn:
    """What the composer sees: the request, the asker's turns before it, tool results and complaints so far."""

    request: str
    earlier: tuple[str, ...]  # the asker's earlier turns, oldest first
    outcomes: tuple[ToolOutcome, ...]
    complaints: tuple[str, ...]  # what the checks said of this run's answers so far


@dataclass(frozen=True, slots=True)
class ToolRequest:
    """A tool the composer wants called before it answers."""

    tool: str
    arguments: dict[str, Any]


class OfflineComposer(Protocol):
    """Decides, without a language model, the next step of one kind of job."""

    def next_step(self, turn: OfflineTurn) -> ToolRequest | BaseModel:
        """Return a tool call, or the structured answer. Must answer after finitely many tool calls."""
        ...


class OfflineModel(BaseChatModel):
    """A chat model whose every word comes from its composer."""

    composer: Any = None  # an OfflineComposer; a bare one can only say that it has none
    model_name: str = "offline"

    @property
    def _llm_type(self) -> str:
        return "steward-offline"

    def composed_by(self, composer: OfflineComposer) -> OfflineModel:
        """Return this model speaking for one kind of job."""
        return self.model_copy(update={"composer": composer})

    def bind_tools(self, tools: Sequence[Any], *, tool_choice: Any = None, **options: Any) -> Any:
        """Bind the tools' names: they decide which calls may be made. Schemas are for models that read them."""
        return self.bind(tools=[str(getattr(one, "name", one)) for one in tools], tool_choice=tool_choice, **options)

    def _generate(
        self, messages: list[BaseMessage], stop: list[str] | None = None, run_manager: Any = None, **options: Any
    ) -> ChatResult:
        return ChatResult(generations=[ChatGeneration(message=self._answer(messages, options.get("tools") or []))])

    def _stream(
        self, messages: list[BaseMessage], stop: list[str] | None = None, run_manager: Any = None, **options: Any
    ) -> Iterator[ChatGenerationChunk]:
        message = self._answer(messages, options.get("tools") or [])
        calls = [
            tool_call_chunk(name=call["name"], args=json.dumps(call["args"]), id=call["id"], index=index)
            for index, call in enumerate(message.tool_calls)
        ]
        yield ChatGenerationChunk(message=AIMessageChunk(content=message.content, tool_call_chunks=calls))
        yield ChatGenerationChunk(
            message=AIMessageChunk(
                content="",
                usage_metadata=message.usage_metadata,
                response_metadata=message.response_metadata,
                chunk_position="last",
            )
        )

    def _answer(self, messages: list[BaseMessage], tools: list[str]) -> AIMessage:
        if self.composer is None:
            return _finish(AIMessage(content="No language model is set up."), messages, self.model_name)
        step = self.composer.next_step(read_turn(messages))
        name, arguments = (
            (step.tool, step.arguments)
            if isinstance(step, ToolRequest)
            else (type(step).__name__, step.model_dump(mode="json"))
        )
        if name not in tools:
            return _finish(AIMessage(content=""), messages, self.model_name)
        made = sum(len(one.tool_calls) for one in messages if isinstance(one, AIMessage))
        call = tool_call(name=name, args=arguments, id=f"offline_{made}")
        return _finish(AIMessage(content="", tool_calls=[call]), messages, self.model_name)


def read_turn(messages: Sequence[BaseMessage]) -> OfflineTurn:
    """Return what has happened since the asker's last message, and what the asker said before it."""
    asked = [index for index, one in enumerate(messages) if isinstance(one, HumanMessage) and one.name != VALIDATOR]
    if not asked:
        return OfflineTurn("", (), (), ())
    since = messages[asked[-1] + 1 :]
    arguments = {call["id"]: call["args"] for one in since if isinstance(one, AIMessage) for call in one.tool_calls}
    return OfflineTurn(
        request=str(messages[asked[-1]].text),
        earlier=tuple(str(messages[index].text) for index in asked[:-1]),
        outcomes=tuple(
            ToolOutcome(one.name or "", arguments.get(one.tool_call_id, {}), one.artifact)
            for one in since
            if isinstance(one, ToolMessage) and one.artifact is not None
        ),
        complaints=tuple(str(one.text) for one in since if isinstance(one, HumanMessage) and one.name == VALIDATOR),
    )


def estimate_tokens(text: str) -> int:
    """Return about how many tokens a text has; at least 1."""
    return max(1, len(text) // CHARS_PER_TOKEN)


def _finish(message: AIMessage, messages: Sequence[BaseMessage], model_name: str) -> AIMessage:
    taken = sum(estimate_tokens(str(one.text)) for one in messages)
    given = estimate_tokens(json.dumps([call["args"] for call in message.tool_calls]) + str(message.text))
    message.usage_metadata = {"input_tokens": taken, "output_tokens": given, "total_tokens": taken + given}
    message.response_metadata = {
        "model_name": model_name,
        "finish_reason": "tool_calls" if message.tool_calls else "stop",
    }
    return message
