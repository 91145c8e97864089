"""The tool-calling loop that every job with a model runs in: budgets, gate, retries, fallback, receipt."""

from workers.agent.session import AgentSession
from workers.agent.spec import AgentSpec, Budget

__all__ = ["AgentSession", "AgentSpec", "Budget"]
