"""The table of chat platforms: each is imported only when the settings switch it on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from assistant.settings import Settings

if TYPE_CHECKING:
    from fastapi import FastAPI

    from bot.dependencies import BotDependencies
    from bot.platforms.base import ChatPlatform


@dataclass(frozen=True, slots=True)
class PlatformEntry:
    """One platform: `builder` is "module:function", called as build(app, dependencies) -> ChatPlatform."""

    name: str
    builder: str
    is_on: Callable[[Settings], bool]

    def build(self, app: FastAPI, dependencies: BotDependencies) -> ChatPlatform:
        """Import the platform, put its routes on the application, and return it, not started."""
        module, _, function = self.builder.partition(":")
        platform: ChatPlatform = getattr(import_module(module), function)(app, dependencies)
        return platform


# The web page comes last: it is mounted at "/" and takes every path that nobody else has.
# It is always on: with STEWARD_SIGN_IN=off it says how to switch it on.
PLATFORMS: tuple[PlatformEntry, ...] = (
    PlatformEntry("slack", "bot.platforms.slack.app:build", lambda settings: settings.has_slack),
    PlatformEntry("teams", "bot.platforms.teams.app:build", lambda settings: settings.has_teams),
    PlatformEntry("web", "bot.web_site:build", lambda _settings: True),
)
