"""Settings come from the environment under the names people expect, and say what contradicts what."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.errors import SettingsInvalid
from assistant.settings import Settings, example_env, is_secret, load_settings


def test_names_are_the_environments_and_empty_counts_as_unset() -> None:
    settings = load_settings({"PORT": "9000", "DATABASE_URL": "postgresql://u@h/db", "REDIS_URL": ""})

    assert (settings.port, settings.redis_url) == (9000, None)
    assert settings.database == "postgresql+psycopg://u@h/db"


def test_a_secret_may_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("xoxb-1\n")

    settings = load_settings({"SLACK_BOT_TOKEN_FILE": str(tmp_path / "token"), "SLACK_SIGNING_SECRET": "s"})

    assert settings.slack_bot_token is not None
    assert settings.slack_bot_token.get_secret_value() == "xoxb-1"
    assert "xoxb-1" not in repr(settings)


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        ({"PORT": "eighty"}, "PORT"),
        ({"SLACK_BOT_TOKEN": "x"}, "SLACK_SIGNING_SECRET"),
        ({"SLACK_CLIENT_ID": "x", "SLACK_SIGNING_SECRET": "s"}, "SLACK_CLIENT_SECRET"),
        ({"APP_ID": "x"}, "APP_TENANTID"),
        ({"TEAMS_LOCAL_MODE": "true", "HOST": "0.0.0.0"}, "HOST"),
        ({"STEWARD_SIGN_IN": "demo", "HOST": "0.0.0.0"}, "HOST"),
        ({"OPENAI_API_KEY": "a", "OPENAI_API_KEY_FILE": "b"}, "OPENAI_API_KEY_FILE"),
        ({"OPENAI_API_KEY_FILE": "/nowhere/key"}, "OPENAI_API_KEY_FILE"),
        ({"APP_TYPE": "Personal"}, "APP_TYPE"),
    ],
)
def test_what_cannot_be_used_is_named(environment: dict[str, str], named: str) -> None:
    with pytest.raises(SettingsInvalid, match=named):
        load_settings(environment)


def test_the_example_file_names_every_setting_once_and_holds_no_value_of_this_machine() -> None:
    lines = example_env().splitlines()

    names = [line[1:].partition("=")[0] for line in lines if line.startswith("#") and not line.startswith("# ")]
    assert names == [name.upper() for name in Settings.model_fields]
    assert str(Path.home()) not in example_env()


def test_the_committed_example_file_is_the_generated_one() -> None:
    committed = Path(__file__).parents[3] / "deploy" / "example.env"

    assert committed.read_text(encoding="utf-8") == example_env()


def test_tokens_and_keys_are_secret() -> None:
    assert is_secret("slack_bot_token")
    assert is_secret("app_password")
    assert not is_secret("port")
