"""Put Teams together: its routes on the application, its platform for delivery."""

from __future__ import annotations

import time
from collections.abc import Callable

import httpx
from fastapi import FastAPI

from bot.dependencies import BotDependencies
from bot.platforms.teams.activity_handler import Turns
from bot.platforms.teams.authentication import Authenticator, read_registration
from bot.platforms.teams.client import ConnectorClient
from bot.platforms.teams.desk import TeamsDesk
from bot.platforms.teams.endpoint import build_routes
from bot.platforms.teams.outgoing import Speaker
from bot.platforms.teams.people import TeamsDirectory
from bot.platforms.teams.platform import TeamsPlatform
from bot.platforms.teams.signing_keys import SigningKeys
from bot.platforms.teams.tokens import BotTokens

HTTP_SECONDS = 8.0
CONNECTIONS = 40


def build(
    app: FastAPI, dependencies: BotDependencies, *, clock: Callable[[], float] = time.monotonic
) -> TeamsPlatform:
    """Return the platform, with its endpoint on the application.

    Raises:
        SettingsInvalid: the registration is incomplete, or would leave the endpoint open.
    """
    settings = dependencies.settings
    registration = read_registration(settings)
    http = httpx.AsyncClient(
        timeout=HTTP_SECONDS, limits=httpx.Limits(max_connections=CONNECTIONS), follow_redirects=False
    )
    client = ConnectorClient(http, BotTokens(http, settings, clock=clock), settings.teams_oauth_scope)
    speaker = Speaker(client)
    directory = TeamsDirectory(client, dependencies.people, is_local=registration.is_local, clock=clock)
    desk = TeamsDesk(dependencies, directory, speaker)
    authenticator = Authenticator(registration, SigningKeys(http, settings.teams_openid_metadata_url, clock=clock))
    app.include_router(build_routes(authenticator, Turns(settings.app_id), desk))
    return TeamsPlatform(client, http, speaker, base_url=settings.public_url and settings.base_url)
