"""The app's manifest, made from what the code does: each scope and event stands beside its reason.

`steward slack manifest` prints it; deploy/slack_manifest.json is a copy, and a test compares the two.
"""

from __future__ import annotations

from typing import Any

from assistant.job_kinds import JOB_KINDS
from bot.platforms.slack.commands import SHORTCUTS
from bot.platforms.slack.home import PROMPTS

BOT_SCOPES = {
    "app_mentions:read": "hear questions that mention Steward",
    "assistant:write": "status, streams and suggested questions in the Messages tab",
    "channels:history": "follow-up questions in its threads; threads that a shortcut was used on",
    "channels:read": "whether outsiders read along in a channel",
    "chat:write": "answer",
    "commands": "/steward and the message shortcuts",
    "files:read": "read the files that come with a question",
    "files:write": "put charts as pictures, and files that were asked for, into the thread",
    "groups:history": "the same in private channels it was invited to",
    "groups:read": "the same for private channels",
    "im:history": "questions in direct messages",
    "im:read": "which conversation is a direct message",
    "im:write": "open direct messages for private answers",
    "mpim:history": "the same in group messages",
    "mpim:read": "the same for group messages",
    "reactions:read": "a cross on a question stops it",
    "users:read": "who asks, and who is a guest",
    "users:read.email": "find the asker in the company's directory",
}
BOT_EVENTS = (
    "agent_session_stopped",
    "app_context_changed",
    "app_home_opened",
    "app_mention",
    "app_uninstalled",
    "member_joined_channel",
    "member_left_channel",
    "message.channels",
    "message.groups",
    "message.im",
    "message.mpim",
    "reaction_added",
    "tokens_revoked",
    "user_change",
)
DESCRIPTION = "Answers from your company's documents, with sources; minutes, e-mail drafts, log inspection."


def make_manifest(base_url: str = "https://steward.example.com", *, socket_mode: bool = False) -> dict[str, Any]:
    """Return the manifest for a server at this address; in Socket Mode no address is needed."""
    events: dict[str, Any] = {"bot_events": list(BOT_EVENTS)}
    interactivity: dict[str, Any] = {"is_enabled": True}
    command: dict[str, Any] = {
        "command": "/steward",
        "description": "Ask privately",
        "usage_hint": "[question | recap since … | settings | help]",
        "should_escape": True,
    }
    oauth: dict[str, Any] = {"scopes": {"bot": sorted(BOT_SCOPES)}}
    if not socket_mode:
        url = f"{base_url.rstrip('/')}/slack/events"
        events["request_url"] = interactivity["request_url"] = command["url"] = url
        oauth["redirect_urls"] = [f"{base_url.rstrip('/')}/slack/oauth_redirect"]
    return {
        "_metadata": {"major_version": 2},
        "display_information": {
            "name": "Steward",
            "description": DESCRIPTION,
            "long_description": _long_description(),
            "background_color": "#1f3a4d",
        },
        "features": {
            "agent_view": {
                "agent_description": DESCRIPTION,
                "suggested_prompts": [{"title": title, "message": message} for title, message in PROMPTS],
            },
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": False,
            },
            "bot_user": {"display_name": "Steward", "always_online": True},
            "shortcuts": [
                {"name": title, "type": "message", "callback_id": name, "description": words[:150]}
                for name, (_, title, words) in SHORTCUTS.items()
            ],
            "slash_commands": [command],
        },
        "oauth_config": oauth,
        "settings": {
            "event_subscriptions": events,
            "interactivity": interactivity,
            "org_deploy_enabled": True,
            "socket_mode_enabled": socket_mode,
            "token_rotation_enabled": False,
        },
    }


def differences(at_slack: Any, wanted: dict[str, Any], *, may_rotate: bool) -> list[str]:
    """Return what an app's manifest lacks of the wanted one, and what to do about each. More than wanted is fine.

    `may_rotate`: tokens that end are exchanged, as those of installations are.
    """
    found = []
    scopes = _missing(at_slack, wanted, "oauth_config", "scopes", "bot")
    if scopes:
        found.append(f"scopes are missing, add them and install again: {', '.join(scopes)}")
    events = _missing(at_slack, wanted, "settings", "event_subscriptions", "bot_events")
    if events:
        found.append(f"events are not subscribed to, add them under Event Subscriptions: {', '.join(events)}")
    for words, *path in _SWITCHES:
        if _at(at_slack, *path) != _at(wanted, *path):
            found.append(f"{words} ({'.'.join(path)} should be {_at(wanted, *path)!r})")
    if not _at(at_slack, "features", "agent_view"):
        found.append(
            "the agents feature is off, so that no status and no stream is shown: switch it on, install again"
        )
    if _at(at_slack, "settings", "token_rotation_enabled") and not may_rotate:
        found.append("tokens rotate, so that SLACK_BOT_TOKEN ends after 12 hours: switch rotation off, install again")
    for name, key in (("slash_commands", "command"), ("shortcuts", "callback_id")):
        there = {one.get(key) for one in _at(at_slack, "features", name) or () if isinstance(one, dict)}
        lacking = [str(one[key]) for one in _at(wanted, "features", name) if one[key] not in there]
        if lacking:
            found.append(f"features.{name} lacks {', '.join(lacking)}: take them from `steward slack manifest`")
    return found


_SWITCHES = (
    ("Slack sends events elsewhere: save the address anew", "settings", "event_subscriptions", "request_url"),
    ("Slack sends buttons and forms elsewhere: save it anew", "settings", "interactivity", "request_url"),
    ("buttons and forms are off: switch Interactivity on", "settings", "interactivity", "is_enabled"),
    ("Socket Mode is not as SLACK_APP_TOKEN says: switch it", "settings", "socket_mode_enabled"),
    (
        "nobody can write to Steward directly: switch the Messages tab on",
        "features",
        "app_home",
        "messages_tab_enabled",
    ),
    ("Home shows nothing: switch the Home tab on", "features", "app_home", "home_tab_enabled"),
)


def _at(manifest: Any, *path: str) -> Any:
    for name in path:
        manifest = manifest.get(name) if isinstance(manifest, dict) else None
    return manifest


def _missing(at_slack: Any, wanted: dict[str, Any], *path: str) -> list[str]:
    there = _at(at_slack, *path)
    return sorted(set(_at(wanted, *path)) - set(there if isinstance(there, list) else ()))


def _long_description() -> str:
    kinds = "\n".join(f"• {kind.title}: {kind.help_line}" for kind in JOB_KINDS.values())
    return (
        "Steward answers questions from your company's own documents and names the passages that its answers rest "
        "on. In a channel it uses only documents that everyone in the channel may read; in direct messages, those "
        f"that you may read; with guests or another company in the room, public ones only.\n\n{kinds}"
    )
