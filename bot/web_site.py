"""Everything a browser sees: the chat page and the operations pages, put on the application together.

The web platform's line in bot/platforms names `build`; it must be the last, because it takes every path left.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from fastapi import FastAPI

from assistant.settings import Settings
from assistant.storage.document_reader import DocumentReader
from assistant.storage.minutes_quality import MinutesQuality
from assistant.storage.minutes_store import MinutesStore
from assistant.storage.quality_store import QualityStore
from bot import admin
from bot.dependencies import BotDependencies
from bot.minutes_library import MinutesLibrary
from bot.platforms import web

DEMO: Final = Path(__file__).resolve().parents[1] / "deploy" / "demo"


def build(app: FastAPI, dependencies: BotDependencies) -> web.WebPlatform:
    """Mount the pages and return the platform, not started yet.

    Raises:
        SettingsInvalid: no key to sign sessions with, or the demo's suggestions cannot be read.
    """
    pages = web.WebDependencies(
        settings=dependencies.settings,
        intake=dependencies.intake,
        jobs=dependencies.jobs,
        conversations=dependencies.conversations,
        feedback=dependencies.feedback,
        feedback_desk=dependencies.feedback_desk,
        people=dependencies.people,
        preferences=dependencies.preferences,
        person_data=dependencies.person_data,
        blobs=dependencies.blobs,
        drafts=dependencies.drafts,
        minutes=dependencies.minutes,
        library=MinutesLibrary(MinutesStore(dependencies.engine), dependencies.jobs),
        mail=dependencies.mail,
        documents=DocumentReader(dependencies.engine),
        quality=QualityStore(dependencies.engine),
        minutes_quality=MinutesQuality(dependencies.engine),
        suggestions=_suggestions(dependencies.settings),
    )
    platform = web.build(app, pages)
    admin.build(pages)
    return platform


def _suggestions(settings: Settings) -> tuple[web.Suggestion, ...]:
    file = DEMO / "suggested.toml"
    if settings.steward_sign_in != "demo" or not file.exists():
        return ()
    return web.load_suggestions(file, (DEMO, settings.steward_data))
