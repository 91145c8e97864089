"""A chat model that says what a test wrote down, in order: messages, or errors to raise.

It is the twin of a provider's client. The offline model answers people; this one only answers tests.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.messages.tool import tool_call
from langchain_core.outputs import ChatGeneration, ChatResult
from pydantic import PrivateAttr

Line = AIMessage | Exception | Callable[[list[BaseMessage]], AIMessage]


class ScriptedModel(BaseChatModel):
    """Says its lines one by one; a line may be an error, or a function of the messages. Keeps what it was told."""

    lines: list[Any]
    model_name: str = "scripted"
    _heard: list[list[BaseMessage]] = PrivateAttr(default_factory=list)
    _bound: list[dict[str, Any]] = PrivateAttr(default_factory=list)
    _lock: threading.Lock = PrivateAttr(default_factory=threading.Lock)

    @property
    def _llm_type(self) -> str:
        return "steward-scripted"

    @property
    def heard(self) -> list[list[BaseMessage]]:
        """The messages of each call, in order."""
        return self._heard

    @property
    def bound(self) -> list[dict[str, Any]]:
        """The tools (by name) and tool choice of each binding, in order."""
        return self._bound

    def bind_tools(self, tools: Sequence[Any], *, tool_choice: Any = None, **options: Any) -> Any:
        """Note what was bound; the script decides what is said."""
        self._bound.append({"tools": [getattr(one, "name", str(one)) for one in tools], "tool_choice": tool_choice})
        return self

    def _generate(
        self, messages: list[BaseMessage], stop: list[str] | None = None, run_manager: Any = None, **options: Any
    ) -> ChatResult:
        with self._lock:
            turn = len(self._heard)
            self._heard.append(list(messages))
        if turn >= len(self.lines):
            raise AssertionError(f"the script has {len(self.lines)} lines and was asked for one more")
        line = self.lines[turn]
        if isinstance(line, Exception):
            raise line
        message = line(messages) if callable(line) else line.model_copy(deep=True)
        return ChatResult(generations=[ChatGeneration(message=message)])


def calls(name: str, arguments: dict[str, Any], *, call_id: str = "call_1") -> AIMessage:
    """Return the message of a model that calls one tool."""
    return AIMessage(content="", tool_calls=[tool_call(name=name, args=arguments, id=call_id)])
