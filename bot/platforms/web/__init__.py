"""The web page: a chat platform like the others, on the same ASGI application."""

from bot.platforms.web.app import WebPlatform, build
from bot.platforms.web.dependencies import WebDependencies
from bot.platforms.web.suggestions import Suggestion, load_suggestions

__all__ = ["Suggestion", "WebDependencies", "WebPlatform", "build", "load_suggestions"]
