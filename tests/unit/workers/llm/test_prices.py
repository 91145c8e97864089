from __future__ import annotations

import pytest

from workers.llm.model_entry import ModelEntry
from workers.llm.prices import cost_usd

USAGE = {"input_tokens": 10_000, "output_tokens": 1_000}


def entry(**fields: object) -> ModelEntry:
    return ModelEntry.model_validate({"alias": "a", "provider": "openai", "model": "gpt-5-mini", **fields})


def test_the_offline_model_is_free() -> None:
    assert cost_usd(entry(provider="offline"), USAGE) == 0.0


def test_a_rows_own_price_is_used() -> None:
    priced = entry(input_usd_per_million=1.0, output_usd_per_million=10.0)

    assert cost_usd(priced, USAGE) == pytest.approx(0.02)


def test_cached_tokens_cost_less() -> None:
    full = cost_usd(entry(), USAGE)
    cached = cost_usd(entry(), {**USAGE, "input_token_details": {"cache_read": 4_000}})

    assert full is not None
    assert cached is not None
    assert cached < full


def test_an_unknown_model_has_no_price() -> None:
    assert cost_usd(entry(model="our-own-7b"), USAGE) is None
    assert cost_usd(entry(provider="ollama"), USAGE) is None
