"""What an agent is made of (AgentSpec), and what one run of it carries along (AgentContext)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

from langchain_core.tools import BaseTool
from pydantic import BaseModel

from assistant.manner import Manner
from workers.agent.trace import Trace
from workers.llm.circuits import Circuits
from workers.llm.offline import OfflineComposer
from workers.prompts import Prompt
from workers.tools.reading import Reading

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

Answer = TypeVar("Answer", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Budget:
    """What one job may spend. Seconds count from the start of the attempt, over all calls and waits."""

    model_calls: int = 8
    tokens: int = 120_000  # in and out together, over all calls
    seconds: float = 120.0


@dataclass(frozen=True)
class AgentSpec(Generic[Answer]):
    """One kind of agent. Tools not named in `roles_by_tool` are for everyone who may run the job."""

    kind: str
    prompt: Prompt
    tools: tuple[BaseTool, ...]
    answer: type[Answer]
    composer: Callable[[Reading], OfflineComposer]  # made per job; answers when no language model can
    first_tool: str | None = None  # must be called before anything is answered
    roles_by_tool: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    budget: Budget = Budget()


@dataclass
class AgentContext:
    """One run: who asks, what was spent, which model answers now. Tools and middleware see it; models never do."""

    reading: Reading
    role: str
    manner: Manner
    budget: Budget
    trace: Trace
    models: Mapping[str, Callable[[], BaseChatModel]]  # alias to client, in the order to try
    labels: Mapping[str, str]
    providers: Mapping[str, str]
    circuits: Circuits  # of the providers
    alias: str  # of the model in use
    check: Callable[[], None]  # raises when the job was stopped or is out of time
    wait: Callable[[float], None]  # seconds; returns early by raising, when the job is stopped
    failed: list[str] = field(default_factory=list)  # aliases given up, in order
