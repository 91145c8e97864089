"""Which language models there are, under short names: alias, provider, limits, price, and what to try next.

Jobs ask for an alias ("strong", "fast", "offline") or for nothing (`default()`); providers.py builds the client.
Rows come from this file and from the optional TOML file in `steward_models_file`:

    [models.house]
    provider = "openai"                      # openai, anthropic, azure, bedrock, ollama
    model = "qwen3-32b"
    base_url = "http://llm.internal:8000/v1"
    api_key_file = "/run/secrets/llm"        # optional: else the provider's key from the settings
    max_output_tokens = 1500
    input_usd_per_million = 0.2              # optional: else genai-prices is asked
    output_usd_per_million = 0.6
    fallbacks = ["fast", "offline"]

The `offline` model is always there, needs no key and no network, and ends every list of fallbacks.
"""

from __future__ import annotations

import threading
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from assistant.errors import SettingsInvalid
from assistant.settings import Settings
from workers.llm.circuits import open_circuits
from workers.llm.model_entry import OFFLINE, ModelEntry

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

PROVIDERS: tuple[str, ...] = ("openai", "anthropic", "azure", "bedrock", "ollama")


_OFFLINE_ENTRY = ModelEntry(alias=OFFLINE, provider="offline", model="extractive-1", fallbacks=())

# Small and large of each provider that has a key setting of its own; deployments, local models and Bedrock have
# names that only their owners know, so those come as provider:model or from the file.
_KEYED: dict[str, dict[str, str]] = {
    "openai": {"strong": "gpt-5.4", "fast": "gpt-5.4-mini"},
    "anthropic": {"strong": "claude-sonnet-5", "fast": "claude-haiku-4-5"},
}


class ModelCatalogue:
    """The rows in force, the clients built from them, and their providers' circuits, each once per process.

    Safe to share between threads.
    """

    def __init__(self, settings: Settings) -> None:
        """Read the rows.

        Raises:
            SettingsInvalid: the file, `steward_model` or a fallback names something that does not exist.
        """
        self._settings = settings
        self.circuits = open_circuits(settings)
        self._entries = _built_in_entries(settings) | _entries_from_file(settings.steward_models_file)
        self._models: dict[str, BaseChatModel] = {}
        self._lock = threading.Lock()
        self._default = self._choose_default()
        for alias in self.fallbacks(self._default):
            self.entry(alias)

    def default(self) -> str:
        """Return the alias that answers unless a job asks for another."""
        return self._default

    def aliases(self) -> tuple[str, ...]:
        """Return the aliases known so far, in order."""
        return tuple(self._entries)

    def entry(self, alias: str) -> ModelEntry:
        """Return the row of an alias, or one made for "provider:model".

        Raises:
            SettingsInvalid: neither an alias nor provider:model.
        """
        known = self._entries.get(alias)
        if known:
            return known
        provider, _, model = alias.partition(":")
        if provider in PROVIDERS and model:
            return self._entries.setdefault(
                alias, ModelEntry.model_validate({"alias": alias, "provider": provider, "model": model})
            )
        raise SettingsInvalid(
            f"There is no model {alias!r}. Known: {', '.join(self._entries)}; or write provider:model with one of "
            f"{', '.join(PROVIDERS)}. The aliases fast and strong exist once a provider's key is set."
        )

    def fallbacks(self, alias: str) -> tuple[str, ...]:
        """Return the aliases to try after this one fails, in order, without repeats.

        `steward_model_fallbacks` wins over the row's own list.
        """
        configured = [part.strip() for part in self._settings.steward_model_fallbacks.split(",") if part.strip()]
        named = configured or list(self.entry(alias).fallbacks)
        return tuple(dict.fromkeys(name for name in named if name != alias))

    def chat_model(self, alias: str) -> BaseChatModel:
        """Return the client of an alias; built at the first call, the provider's library imported only then.

        Raises:
            SettingsInvalid: no such alias, or its provider lacks a key, an address or a library.
        """
        from workers.llm.providers import build_chat_model  # imports langchain: a second that `steward doctor` saves

        entry = self.entry(alias)
        with self._lock:
            if alias not in self._models:
                self._models[alias] = build_chat_model(entry, self._settings)
            return self._models[alias]

    def add(self, entry: ModelEntry, model: BaseChatModel | None = None) -> None:
        """Put a row in (or over) the catalogue, with its client when it is already made."""
        with self._lock:
            self._entries[entry.alias] = entry
            if model is not None:
                self._models[entry.alias] = model
            else:
                self._models.pop(entry.alias, None)

    def set_default(self, alias: str) -> None:
        """Let this alias answer from now on. Raises SettingsInvalid when it is neither alias nor provider:model."""
        self._default = self.entry(alias).alias

    def _choose_default(self) -> str:
        if self._settings.steward_model:
            return self.entry(self._settings.steward_model).alias
        return "strong" if "strong" in self._entries else OFFLINE


def _built_in_entries(settings: Settings) -> dict[str, ModelEntry]:
    entries = {OFFLINE: _OFFLINE_ENTRY}
    keys = {"openai": settings.openai_api_key, "anthropic": settings.anthropic_api_key}
    for provider, names in _KEYED.items():
        if not keys[provider]:
            continue
        for alias, model in names.items():
            fallbacks = ["fast", OFFLINE] if alias == "strong" else [OFFLINE]
            if alias not in entries:
                entries[alias] = ModelEntry.model_validate(
                    {"alias": alias, "provider": provider, "model": model, "fallbacks": fallbacks}
                )
    return entries


def _entries_from_file(path: Path | None) -> dict[str, ModelEntry]:
    if path is None:
        return {}
    try:
        rows: Any = tomllib.loads(path.read_text(encoding="utf-8")).get("models", {})
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsInvalid(f"STEWARD_MODELS_FILE names {path}, which can't be read as TOML: {error}.") from error
    entries: dict[str, ModelEntry] = {}
    for alias, row in rows.items() if isinstance(rows, dict) else ():
        if alias == OFFLINE:
            raise SettingsInvalid(f"{path}: the alias 'offline' is taken. Choose another name.")
        try:
            entries[alias] = ModelEntry.model_validate({**row, "alias": alias})
        except (ValidationError, TypeError) as error:
            raise SettingsInvalid(f"{path}: the row [models.{alias}] can't be used: {error}.") from error
    return entries
