"""The manifest is one that Slack takes, and asks for the scopes that the code uses: all of them, and no more."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from bot.platforms import slack
from bot.platforms.slack.manifest import BOT_EVENTS, BOT_SCOPES, make_manifest
from tests.peers.slack_manifest import SlackManifest

CODE = Path(slack.__path__[0])
# Which scope (or one of which) an event and a method need, by Slack's reference pages. The second half of a method's
# scopes is for the other sorts of channel. None: any token will do.
EVENT_SCOPES = {
    "agent_session_stopped": None,
    "app_context_changed": None,
    "app_home_opened": None,
    "app_mention": "app_mentions:read",
    "app_uninstalled": None,
    "member_joined_channel": "channels:read groups:read",
    "member_left_channel": "channels:read groups:read",
    "message.channels": "channels:history",
    "message.groups": "groups:history",
    "message.im": "im:history",
    "message.mpim": "mpim:history",
    "reaction_added": "reactions:read",
    "tokens_revoked": None,
    "user_change": "users:read",
}
METHOD_SCOPES = {
    "agents_sessions_rename": "chat:write",
    "agents_sessions_setStatus": "chat:write",
    "apps_connections_open": None,
    "assistant_threads_setStatus": "assistant:write",
    "assistant_threads_setSuggestedPrompts": "assistant:write",
    "assistant_threads_setTitle": "assistant:write",
    "auth_teams_list": None,
    "auth_test": None,
    "chat_appendStream": "chat:write",
    "chat_getPermalink": None,
    "chat_postEphemeral": "chat:write",
    "chat_postMessage": "chat:write",
    "chat_startStream": "chat:write",
    "chat_stopStream": "chat:write",
    "chat_update": "chat:write",
    "conversations_history": "channels:history groups:history im:history mpim:history",
    "conversations_info": "channels:read groups:read im:read mpim:read",
    "conversations_members": "channels:read groups:read im:read mpim:read",
    "conversations_open": "im:write",
    "conversations_replies": "channels:history groups:history im:history mpim:history",
    "files_completeUploadExternal": "files:write",
    "files_getUploadURLExternal": "files:write",
    "files_info": "files:read",
    "files_upload_v2": "files:write",
    "users_info": "users:read users:read.email",
    "users_list": "users:read users:read.email",
    "views_open": None,
    "views_publish": None,
    "views_update": None,
}
OF_FEATURES = {"commands", "files:read"}  # the slash command and shortcuts; url_private of a question's file


def methods_called() -> set[str]:
    groups = "apps|assistant|auth|chat|conversations|files|reactions|team|usergroups|users|views|agents"
    code = "\n".join(path.read_text() for path in CODE.glob("*.py"))
    return set(re.findall(rf"\.((?:{groups})_\w+)\(", code))


@pytest.mark.parametrize("socket_mode", [True, False])
def test_the_manifest_is_one_that_slack_takes(socket_mode: bool) -> None:
    SlackManifest.model_validate(make_manifest("https://steward.example.test/", socket_mode=socket_mode))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("display_information.description", "x" * 141),
        ("display_information.background_color", "teal"),
        ("features.agent_view.suggested_prompts", [{"title": "a", "message": "b"}] * 5),
        ("features.agent_views", {}),
        ("features.shortcuts", []),
        ("oauth_config.scopes.bot", ["chat:write", "chat:write"]),
        ("settings.event_subscriptions.request_url", "steward.example.test"),
        ("settings.socket_mode_enabled", "yes"),
    ],
)
def test_a_wrong_manifest_would_be_noticed(path: str, value: Any) -> None:
    made = copy.deepcopy(make_manifest())
    *folders, name = path.split(".")
    place = made
    for folder in folders:
        place = place[folder]
    place[name] = value

    with pytest.raises(ValidationError):
        SlackManifest.model_validate(made)


def test_the_copy_in_deploy_is_the_manifest_of_the_code() -> None:
    stored = Path(__file__).parents[5] / "deploy" / "slack_manifest.json"

    assert json.loads(stored.read_text()) == make_manifest()


def test_every_event_and_every_call_has_its_scope() -> None:
    assert set(EVENT_SCOPES) == set(BOT_EVENTS)
    assert methods_called() <= set(METHOD_SCOPES)
    needed = {
        scope
        for needs in [*(EVENT_SCOPES[one] for one in BOT_EVENTS), *(METHOD_SCOPES[one] for one in methods_called())]
        for scope in (needs or "").split()
    }
    assert needed | OF_FEATURES == set(BOT_SCOPES)


def test_each_scope_says_what_it_is_for() -> None:
    assert all(len(reason) > 5 for reason in BOT_SCOPES.values())


def test_socket_mode_needs_no_address() -> None:
    made = make_manifest(socket_mode=True)

    assert "http" not in json.dumps(made)
    assert made["settings"]["socket_mode_enabled"] is True
