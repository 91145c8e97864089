"""The one reader of the environment.

Every setting is a field in `fields.py` with a description; `deploy/example.env` is generated from them
(`steward admin example-env`). A secret may come from a file: `SLACK_BOT_TOKEN_FILE=/run/secrets/slack` stands
for `SLACK_BOT_TOKEN`. Nothing else in the product reads the environment.
"""

from assistant.settings.environment import child_environment, example_env, has_screen, load_settings, secret_at
from assistant.settings.fields import (
    DEFAULT_PORT,
    PERSONAL_KINDS,
    PersonalKind,
    Settings,
    Streaming,
    is_secret,
    plain_settings,
)

__all__ = [
    "DEFAULT_PORT",
    "PERSONAL_KINDS",
    "PersonalKind",
    "Settings",
    "Streaming",
    "child_environment",
    "example_env",
    "has_screen",
    "is_secret",
    "load_settings",
    "plain_settings",
    "secret_at",
]
