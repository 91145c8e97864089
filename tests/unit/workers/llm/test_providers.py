from __future__ import annotations

import sys
from typing import Any

import pytest

from assistant.errors import SettingsInvalid
from assistant.settings import load_settings
from workers.llm.model_catalogue import ModelCatalogue


def build(name: str, **environment: str) -> Any:
    return ModelCatalogue(load_settings(environment)).chat_model(name)


def test_openai_streams_reports_usage_and_does_not_retry_by_itself() -> None:
    model = build("openai:gpt-5.4", OPENAI_API_KEY="k", MODEL_TIMEOUT_SECONDS="7")

    assert (model.streaming, model.stream_usage, model.max_retries, model.request_timeout) == (True, True, 0, 7.0)


def test_a_compatible_server_needs_no_key() -> None:
    model = build("openai:qwen", OPENAI_BASE_URL="http://127.0.0.1:9/v1")

    assert model.openai_api_base == "http://127.0.0.1:9/v1"


def test_anthropic_gets_its_key_and_gateway() -> None:
    model = build("anthropic:claude-sonnet-5", ANTHROPIC_API_KEY="k", ANTHROPIC_BASE_URL="http://127.0.0.1:9")

    assert model.anthropic_api_key.get_secret_value() == "k"
    assert model.anthropic_api_url == "http://127.0.0.1:9"


def test_azure_gets_its_deployment() -> None:
    model = build(
        "azure:our-gpt",
        AZURE_OPENAI_API_KEY="k",
        AZURE_OPENAI_ENDPOINT="https://x.openai.azure.com",
        OPENAI_API_VERSION="2026-01-01",
    )

    assert model.deployment_name == "our-gpt"


def test_ollama_gets_its_host() -> None:
    model = build("ollama:qwen3:8b", OLLAMA_HOST="http://127.0.0.1:11434")

    assert (model.base_url, model.model) == ("http://127.0.0.1:11434", "qwen3:8b")


@pytest.mark.parametrize(
    ("name", "missing"),
    [
        ("openai:gpt-5.4", "OPENAI_API_KEY"),
        ("anthropic:claude-sonnet-5", "ANTHROPIC_API_KEY"),
        ("azure:d", "AZURE_OPENAI_ENDPOINT"),
        ("bedrock:m", "AWS_REGION"),
        ("ollama:m", "OLLAMA_HOST"),
    ],
)
def test_what_is_missing_is_named(name: str, missing: str) -> None:
    with pytest.raises(SettingsInvalid, match=missing):
        build(name)


def test_bedrock_without_its_library_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "langchain_aws", None)

    with pytest.raises(SettingsInvalid, match=r"steward\[bedrock\]"):
        build("bedrock:anthropic.claude", AWS_REGION="eu-central-1")
