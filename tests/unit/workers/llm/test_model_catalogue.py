from __future__ import annotations

from pathlib import Path

import pytest

from assistant.errors import SettingsInvalid
from assistant.settings import load_settings
from workers.llm.model_catalogue import ModelCatalogue


def catalogue(**environment: str) -> ModelCatalogue:
    return ModelCatalogue(load_settings(environment))


def test_without_a_key_the_offline_model_answers() -> None:
    models = catalogue()

    assert models.default() == "offline"
    assert models.aliases() == ("offline",)


def test_with_a_key_the_strong_model_answers_and_falls_back_to_fast_then_offline() -> None:
    models = catalogue(OPENAI_API_KEY="k")

    assert models.default() == "strong"
    assert models.fallbacks("strong") == ("fast", "offline")
    assert models.entry("fast").provider == "openai"


def test_the_key_of_anthropic_alone_makes_its_models_fast_and_strong() -> None:
    models = catalogue(ANTHROPIC_API_KEY="k")

    assert models.entry("strong").provider == "anthropic"


def test_a_model_may_be_named_by_its_provider() -> None:
    models = catalogue(STEWARD_MODEL="ollama:qwen3:8b", OLLAMA_HOST="http://127.0.0.1:11434")

    assert models.entry(models.default()).model == "qwen3:8b"
    assert models.entry(models.default()).label == "ollama:qwen3:8b (ollama:qwen3:8b)"


@pytest.mark.parametrize("name", ["best", "strong", "acme:large", "openai:"])
def test_a_model_that_does_not_exist_is_told_at_start_up(name: str) -> None:
    with pytest.raises(SettingsInvalid, match="There is no model"):
        catalogue(STEWARD_MODEL=name)


def test_a_fallback_that_does_not_exist_is_told_at_start_up() -> None:
    with pytest.raises(SettingsInvalid):
        catalogue(STEWARD_MODEL_FALLBACKS="strnog")


def test_configured_fallbacks_win_and_never_repeat_the_model_itself() -> None:
    models = catalogue(OPENAI_API_KEY="k", STEWARD_MODEL_FALLBACKS="strong, offline, offline")

    assert models.fallbacks("strong") == ("offline",)


def test_rows_come_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "models.toml"
    path.write_text(
        '[models.house]\nprovider = "openai"\nmodel = "qwen"\nbase_url = "http://127.0.0.1:1/v1"\n'
        "input_usd_per_million = 0.2\noutput_usd_per_million = 0.6\n"
    )

    models = catalogue(STEWARD_MODELS_FILE=str(path), STEWARD_MODEL="house")

    assert models.default() == "house"
    assert models.fallbacks("house") == ("offline",)


@pytest.mark.parametrize(
    "text",
    [
        "[models.house\n",
        '[models.offline]\nprovider = "openai"\nmodel = "m"\n',
        '[models.house]\nprovider = "acme"\nmodel = "m"\n',
        '[models.house]\nprovider = "openai"\nmodel = "m"\nspeed = 3\n',
        "[models]\nhouse = 3\n",
    ],
)
def test_a_file_that_cannot_be_used_says_why(tmp_path: Path, text: str) -> None:
    path = tmp_path / "models.toml"
    path.write_text(text)

    with pytest.raises(SettingsInvalid, match=r"models\.toml"):
        catalogue(STEWARD_MODELS_FILE=str(path))


def test_a_client_is_built_once() -> None:
    models = catalogue()

    assert models.chat_model("offline") is models.chat_model("offline")
