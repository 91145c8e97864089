"""The app package that an administrator uploads to Teams: a manifest and two icons in a zip."""

from __future__ import annotations

import io
import json
import re
import zipfile
from importlib.metadata import PackageNotFoundError, version
from typing import Any
from urllib.parse import urlsplit

from assistant.errors import SettingsInvalid
from assistant.job_kinds import JOB_KINDS
from assistant.settings import Settings
from bot.platforms.teams.compose import COMPOSE_COMMANDS
from bot.platforms.teams.icons import ACCENT_HEX, color_icon, outline_icon

MANIFEST_VERSION = "1.19"  # the newest that every Teams client of 2025 takes
SCHEMA = f"https://developer.microsoft.com/json-schemas/teams/v{MANIFEST_VERSION}/MicrosoftTeams.schema.json"
SCOPES = ("personal", "team", "groupChat")
TITLE_CHARS, DESCRIPTION_CHARS = 32, 128  # of a command, by the schema
# Asked of a team's owner or a chat's members when the app is added; without them Steward sees what mentions it.
THREAD_PERMISSIONS = ("ChannelMessage.Read.Group", "ChatMessage.Read.Chat", "OnlineMeetingTranscript.Read.Chat")
STAMP = (2026, 1, 1, 0, 0, 0)  # a fixed time: the same settings give the same bytes


def build_package(settings: Settings, *, name: str = "Steward", reads_threads: bool = False) -> bytes:
    """Return the zip.

    Raises:
        SettingsInvalid: APP_ID or PUBLIC_URL is missing; Teams takes no app without them.
    """
    files = {
        "manifest.json": json.dumps(manifest(settings, name=name, reads_threads=reads_threads), indent=2).encode(),
        "color.png": color_icon(),
        "outline.png": outline_icon(),
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in files.items():
            archive.writestr(zipfile.ZipInfo(path, STAMP), data, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def manifest(settings: Settings, *, name: str = "Steward", reads_threads: bool = False) -> dict[str, Any]:
    """Return the manifest for these settings.

    Raises:
        SettingsInvalid: APP_ID or PUBLIC_URL is missing.
    """
    if not settings.app_id or not re.fullmatch(
        r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", settings.app_id
    ):
        raise SettingsInvalid("APP_ID must be the app registration's client id (a GUID) to make an app package.")
    url = (settings.public_url or "").rstrip("/")
    host = urlsplit(url).hostname
    if not url.startswith("https://") or not host:
        raise SettingsInvalid("PUBLIC_URL must be the https address of this server to make an app package.")
    made: dict[str, Any] = {
        "$schema": SCHEMA,
        "manifestVersion": MANIFEST_VERSION,
        "version": _version(),
        "id": settings.app_id,
        "developer": {"name": name[:32], "websiteUrl": url, "privacyUrl": url, "termsOfUseUrl": url},
        "name": {"short": name[:30], "full": f"{name}, the company assistant"[:100]},
        "description": {
            "short": "Cited answers, minutes, drafts and log inspection.",
            "full": "\n".join(f"{kind.title}: {kind.help_line}" for kind in JOB_KINDS.values()),
        },
        "icons": {"color": "color.png", "outline": "outline.png"},
        "accentColor": ACCENT_HEX,
        "bots": [
            {
                "botId": settings.app_id,
                "scopes": list(SCOPES),
                "supportsFiles": True,
                "isNotificationOnly": False,
                "commandLists": [{"scopes": list(SCOPES), "commands": _commands()}],
            }
        ],
        "composeExtensions": [{"botId": settings.app_id, "commands": _message_actions()}],
        "permissions": ["identity", "messageTeamMembers"],
        "validDomains": [host],
    }
    if reads_threads:
        made["webApplicationInfo"] = {"id": settings.app_id, "resource": f"api://{host}/{settings.app_id}"}
        permissions = [{"name": permission, "type": "Application"} for permission in THREAD_PERMISSIONS]
        made["authorization"] = {"permissions": {"resourceSpecific": permissions}}
    return made


def _commands() -> list[dict[str, str]]:
    commands = [
        {"title": kind.command_words[0][:TITLE_CHARS], "description": kind.help_line[:DESCRIPTION_CHARS]}
        for kind in JOB_KINDS.values()
    ]
    return [*commands, {"title": "help", "description": "What I can do"}, {"title": "stop", "description": "Stop me"}]


def _message_actions() -> list[dict[str, Any]]:
    return [
        {
            "id": command.id,
            "type": "action",
            "title": command.title[:TITLE_CHARS],
            "description": command.description[:DESCRIPTION_CHARS],
            "context": ["message"],
            "fetchTask": False,
            "parameters": [
                {
                    "name": "note",
                    "title": "Anything to mind?",
                    "description": "Optional: what matters to you, or how it should sound",
                    "inputType": "textarea",
                }
            ],
        }
        for command in COMPOSE_COMMANDS
    ]


def _version() -> str:
    """Return the product's version as Teams wants it: three numbers."""
    try:
        numbers = re.findall(r"\d+", version("steward"))[:3]
    except PackageNotFoundError:
        numbers = []
    return ".".join([*numbers, "0", "0", "0"][:3]) if numbers else "1.0.0"
