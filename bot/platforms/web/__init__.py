"""The web page: a chat platform like the others, on the same ASGI application."""

from bot.platforms.web.app import build
from bot.platforms.web.composer import Suggestion
from bot.platforms.web.dependencies import WebDependencies

__all__ = ["Suggestion", "WebDependencies", "build"]
