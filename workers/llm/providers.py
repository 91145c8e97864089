"""Build the client of one catalogue row. Libraries are imported here, when first needed, never before.

Keys and addresses are passed from the settings; the provider libraries' own reading of the environment is not
relied on (Bedrock excepted: AWS credentials come from AWS's own chain). The clients do not retry by themselves:
the agent retries by cause (workers/agent/resilience.py), so that a wait is seen, counted and can be stopped.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from langchain.chat_models import init_chat_model
from langchain_core.language_models import BaseChatModel
from pydantic import SecretStr

from assistant.errors import SettingsInvalid
from assistant.settings import Settings
from workers.llm.model_entry import ModelEntry
from workers.llm.offline import OfflineModel

_NO_KEY = "none"  # servers of one's own often want no key, but the client insists on one


def build_chat_model(entry: ModelEntry, settings: Settings) -> BaseChatModel:
    """Return a client that streams, reports usage, and gives up after `model_timeout_seconds`.

    Raises:
        SettingsInvalid: a key, an address or an optional library is missing.
    """
    if entry.is_offline:
        return OfflineModel()
    name, options = _BUILDERS[entry.provider](entry, settings)
    if entry.temperature is not None:
        options["temperature"] = entry.temperature
    try:
        model: BaseChatModel = init_chat_model(entry.model, model_provider=name, **options)
    except ImportError as error:
        raise SettingsInvalid(
            f"Model {entry.alias!r} needs a library that isn't installed ({error.name or error}). "
            f"Install it, for Bedrock: pip install 'steward[bedrock]'."
        ) from error
    return model


def _openai(entry: ModelEntry, settings: Settings) -> tuple[str, dict[str, Any]]:
    base_url = entry.base_url or settings.openai_base_url
    options = _common(settings) | {
        "api_key": _key(entry, settings.openai_api_key, "OPENAI_API_KEY", needed=base_url is None),
        "base_url": base_url,
        "max_completion_tokens": entry.max_output_tokens,
        "stream_usage": True,  # off by default as soon as base_url is set
        "streaming": True,
        "use_responses_api": False,
    }
    if entry.sends_max_tokens:
        options["extra_body"] = {"max_tokens": entry.max_output_tokens}
    return "openai", options


def _anthropic(entry: ModelEntry, settings: Settings) -> tuple[str, dict[str, Any]]:
    base_url = entry.base_url or settings.anthropic_base_url
    options = _common(settings) | {
        "api_key": _key(entry, settings.anthropic_api_key, "ANTHROPIC_API_KEY", needed=base_url is None),
        "max_tokens": entry.max_output_tokens,
        "streaming": True,
        "stream_usage": True,
    }
    if base_url:
        options["base_url"] = base_url
    return "anthropic", options


def _azure(entry: ModelEntry, settings: Settings) -> tuple[str, dict[str, Any]]:
    endpoint = entry.base_url or settings.azure_openai_endpoint
    if not endpoint or not settings.openai_api_version:
        raise SettingsInvalid(
            f"Model {entry.alias!r} is on Azure, which needs AZURE_OPENAI_ENDPOINT and OPENAI_API_VERSION. Set both."
        )
    return "azure_openai", _common(settings) | {
        "api_key": _key(entry, settings.azure_openai_api_key, "AZURE_OPENAI_API_KEY", needed=True),
        "azure_endpoint": endpoint,
        "azure_deployment": entry.model,
        "api_version": settings.openai_api_version,
        "max_completion_tokens": entry.max_output_tokens,
        "stream_usage": True,
        "streaming": True,
    }


def _bedrock(entry: ModelEntry, settings: Settings) -> tuple[str, dict[str, Any]]:
    if not settings.aws_region:
        raise SettingsInvalid(f"Model {entry.alias!r} is on Bedrock, which needs AWS_REGION. Set it.")
    return "bedrock_converse", {"region_name": settings.aws_region, "max_tokens": entry.max_output_tokens}


def _ollama(entry: ModelEntry, settings: Settings) -> tuple[str, dict[str, Any]]:
    host = entry.base_url or settings.ollama_host
    if not host:
        raise SettingsInvalid(
            f"Model {entry.alias!r} is served by Ollama. Set OLLAMA_HOST, for example http://127.0.0.1:11434."
        )
    return "ollama", {
        "base_url": host,
        "num_predict": entry.max_output_tokens,
        "client_kwargs": {"timeout": settings.model_timeout_seconds},
    }


def _common(settings: Settings) -> dict[str, Any]:
    return {"timeout": settings.model_timeout_seconds, "max_retries": 0}


def _key(entry: ModelEntry, key: SecretStr | None, setting: str, *, needed: bool) -> SecretStr:
    if entry.api_key_file:
        try:
            return SecretStr(entry.api_key_file.read_text(encoding="utf-8").strip())
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsInvalid(f"Model {entry.alias!r}: {entry.api_key_file} can't be read: {error}.") from error
    if key is None and needed:
        raise SettingsInvalid(f"Model {entry.alias!r} needs {setting}. Set it, or choose STEWARD_MODEL=offline.")
    return key or SecretStr(_NO_KEY)


_BUILDERS: dict[str, Callable[[ModelEntry, Settings], tuple[str, dict[str, Any]]]] = {
    "openai": _openai,
    "anthropic": _anthropic,
    "azure": _azure,
    "bedrock": _bedrock,
    "ollama": _ollama,
}
