"""One row of the catalogue of models: what a client is built from, and what a receipt calls it."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from assistant.frozen import Frozen

OFFLINE = "offline"
Provider = Literal["offline", "openai", "anthropic", "azure", "bedrock", "ollama"]


class ModelEntry(Frozen):
    """One row of the catalogue. Token limits are those of one call."""

    alias: str
    provider: Provider
    model: str  # the provider's name; for Azure, the deployment
    base_url: str | None = None  # None: the settings' address for the provider, or its own
    api_key_file: Path | None = None  # None: the settings' key for the provider
    max_input_tokens: int = Field(100_000, ge=1)
    max_output_tokens: int = Field(2_000, ge=1)
    temperature: float | None = None  # None: not sent, since reasoning models refuse it
    sends_max_tokens: bool = False  # True: a server that knows only the older name of that limit
    input_usd_per_million: float | None = None  # None: genai-prices is asked
    output_usd_per_million: float | None = None
    fallbacks: tuple[str, ...] = (OFFLINE,)

    @property
    def is_offline(self) -> bool:
        """True for the extractive model, which is no language model."""
        return self.provider == OFFLINE

    @property
    def label(self) -> str:
        """How receipts name it: "offline", or "strong (openai:gpt-5.4)"."""
        return OFFLINE if self.is_offline else f"{self.alias} ({self.provider}:{self.model})"
