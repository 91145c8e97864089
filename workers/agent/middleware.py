"""What stands between a model and its tools: order of work, the gate, spotlighting, and the record.

The security boundary is ToolGate: it holds whatever a model was talked into. Spotlight only makes it clearer to a
well-meaning model what is material and what is instruction. All of it is stateless; a run's state is in its
AgentContext, so one compiled agent serves every thread of a process.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from langchain.agents.middleware import AgentMiddleware, ModelRequest, ModelResponse
from langchain.agents.middleware.types import ToolCallRequest
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage
from langgraph.types import Command

from assistant.errors import BudgetExceeded
from workers.agent.spec import AgentContext
from workers.llm.model_catalogue import ModelCatalogue
from workers.llm.offline import VALIDATOR, estimate_tokens
from workers.validation.injection import fenced

ModelHandler = Callable[[ModelRequest[Any]], ModelResponse[Any]]
ToolHandler = Callable[[ToolCallRequest], ToolMessage | Command[Any]]


def context_of(request: ModelRequest[Any] | ToolCallRequest) -> AgentContext:
    """Return the run's context from a middleware request."""
    return cast(AgentContext, request.runtime.context)


class Conduct(AgentMiddleware[Any, Any, Any]):
    """Looks before it answers, answers while it still may, and stops when told or when the budget is spent."""

    def __init__(self, first_tool: str | None) -> None:
        super().__init__()
        self.first_tool = first_tool

    def wrap_model_call(self, request: ModelRequest[Any], handler: ModelHandler) -> ModelResponse[Any]:
        """Check the budget; force the first tool on the first call, and the answer on the last."""
        context = context_of(request)
        context.check()
        _check_budget(context)
        if self.first_tool and not _has_called(request, self.first_tool):
            first = [one for one in request.tools if getattr(one, "name", "") == self.first_tool]
            return handler(request.override(tools=first, tool_choice=self.first_tool, response_format=None))
        if context.trace.model_calls >= context.budget.model_calls - 1:
            return handler(request.override(tools=[]))
        return handler(request)

    def wrap_tool_call(self, request: ToolCallRequest, handler: ToolHandler) -> ToolMessage | Command[Any]:
        """Stop between calls when told to."""
        context_of(request).check()
        return handler(request)


class ToolGate(AgentMiddleware[Any, Any, Any]):
    """Hides the tools a role may not use, and refuses them when a model asks all the same."""

    def __init__(self, roles_by_tool: dict[str, tuple[str, ...]]) -> None:
        super().__init__()
        self.roles_by_tool = roles_by_tool

    def wrap_model_call(self, request: ModelRequest[Any], handler: ModelHandler) -> ModelResponse[Any]:
        """Offer only what the role may use."""
        role = context_of(request).role
        allowed = [one for one in request.tools if self._may_use(role, getattr(one, "name", ""))]
        return handler(request.override(tools=allowed))

    def wrap_tool_call(self, request: ToolCallRequest, handler: ToolHandler) -> ToolMessage | Command[Any]:
        """Refuse what the role may not use, or what is no tool of this agent."""
        name, context = request.tool_call["name"], context_of(request)
        if request.tool is not None and self._may_use(context.role, name):
            return handler(request)
        with context.trace.call("tool", name, stage="validation") as timing:
            timing.ok, timing.detail = False, "refused"
        return ToolMessage(
            f"Refused: {name} is not available.", name=name, tool_call_id=request.tool_call["id"], status="error"
        )

    def _may_use(self, role: str, tool: str) -> bool:
        roles = self.roles_by_tool.get(tool)
        return roles is None or role in roles


class Spotlight(AgentMiddleware[Any, Any, Any]):
    """Fences what tools return with a marker no document can know; the raw objects stay in the artifact."""

    def wrap_tool_call(self, request: ToolCallRequest, handler: ToolHandler) -> ToolMessage | Command[Any]:
        """Fence the text, without its invisible characters."""
        message = handler(request)
        if not isinstance(message, ToolMessage) or not isinstance(message.content, str):
            return message
        return message.model_copy(update={"content": fenced(message.content)})


class Voice(AgentMiddleware[Any, Any, Any]):
    """Tells the model the tone and language that were set, under the heading that the prompt files explain."""

    def wrap_model_call(self, request: ModelRequest[Any], handler: ModelHandler) -> ModelResponse[Any]:
        """Add the lines to the instructions; without any, the instructions stay as they are."""
        lines = context_of(request).manner.lines()
        if not lines or request.system_message is None:
            return handler(request)
        instructions = "\n".join((request.system_message.text, "", "## Manner, as set", "", *lines))
        return handler(request.override(system_message=SystemMessage(instructions)))


class Recorder(AgentMiddleware[Any, Any, Any]):
    """Writes each call down: time, tokens, outcome. Innermost, so that every retry is a call of its own."""

    def __init__(self, catalogue: ModelCatalogue) -> None:
        super().__init__()
        self.catalogue = catalogue

    def wrap_model_call(self, request: ModelRequest[Any], handler: ModelHandler) -> ModelResponse[Any]:
        """Time one model call and count what it used."""
        context = context_of(request)
        entry = self.catalogue.entry(context.alias)
        with context.trace.call("model", entry.label, stage="model") as timing:
            response = handler(request)
            message = next((one for one in response.result if isinstance(one, AIMessage)), None)
            usage = cast("dict[str, Any]", (message.usage_metadata if message else None) or {})
            estimated = not usage.get("input_tokens")
            if estimated:
                usage = _estimated_usage(request, message)
            timing.input_tokens, timing.output_tokens = usage["input_tokens"], usage["output_tokens"]
            timing.detail = ", ".join(call["name"] for call in message.tool_calls) if message else ""
            context.trace.spend(entry, usage, estimated=estimated or entry.is_offline)
        return response

    def wrap_tool_call(self, request: ToolCallRequest, handler: ToolHandler) -> ToolMessage | Command[Any]:
        """Time one tool call."""
        name = request.tool_call["name"]
        with context_of(request).trace.call("tool", name, stage="retrieval") as timing:
            message = handler(request)
            if isinstance(message, ToolMessage):
                timing.ok = message.status != "error"
                found = message.artifact
                timing.detail = f"{len(found)} passages" if isinstance(found, list) else ""
        return message


def _check_budget(context: AgentContext) -> None:
    trace, budget = context.trace, context.budget
    spent = trace.input_tokens + trace.output_tokens
    if trace.model_calls >= budget.model_calls:
        raise BudgetExceeded(f"{trace.model_calls} model calls made, {budget.model_calls} allowed")
    if spent >= budget.tokens:
        raise BudgetExceeded(f"{spent} tokens used, {budget.tokens} allowed")
    if trace.elapsed_seconds >= budget.seconds:
        raise BudgetExceeded(f"{trace.elapsed_seconds:.1f} s used, {budget.seconds:.0f} allowed")


def _has_called(request: ModelRequest[Any], tool: str) -> bool:
    """True when the tool has answered since the asker's last message (earlier turns don't count)."""
    for message in reversed(request.messages):
        if isinstance(message, ToolMessage) and message.name == tool:
            return True
        if isinstance(message, HumanMessage) and message.name != VALIDATOR:
            return False
    return False


def _estimated_usage(request: ModelRequest[Any], message: AIMessage | None) -> dict[str, Any]:
    taken = sum(estimate_tokens(str(one.text)) for one in request.messages)
    given = estimate_tokens(str(message.text) + str(message.tool_calls)) if message else 0
    return {"input_tokens": taken, "output_tokens": given}
