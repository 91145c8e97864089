"""What a model call cost, in US dollars: the catalogue's own price, else genai-prices' table, else unknown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workers.llm.model_entry import ModelEntry

_PROVIDER_IDS = {"openai": "openai", "anthropic": "anthropic", "azure": "azure", "bedrock": "aws"}


def cost_usd(entry: ModelEntry, usage: Mapping[str, Any]) -> float | None:
    """Return the cost of one call, or None where no price is known (a local model, say).

    `usage` is LangChain's usage_metadata: `input_tokens` includes those read from a cache, which genai-prices
    charges at their own rate. An OpenAI-compatible server is charged by its model's name, as a gateway would.
    """
    if entry.is_offline:
        return 0.0
    taken, given = int(usage.get("input_tokens") or 0), int(usage.get("output_tokens") or 0)
    if entry.input_usd_per_million is not None and entry.output_usd_per_million is not None:
        return (taken * entry.input_usd_per_million + given * entry.output_usd_per_million) / 1_000_000
    provider = _PROVIDER_IDS.get(entry.provider)
    if provider is None:
        return None
    from genai_prices import Usage, calc_price  # a second to import; the offline model never needs it

    cached = int((usage.get("input_token_details") or {}).get("cache_read") or 0)
    counted = Usage(input_tokens=taken, output_tokens=given, cache_read_tokens=min(cached, taken))
    try:
        return float(calc_price(counted, entry.model, provider_id=provider).total_price)
    except (LookupError, ValueError):  # an unknown model, or one whose price has no rate for these tokens
        return None
