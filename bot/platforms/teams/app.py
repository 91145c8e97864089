"""Put Teams together: its routes on the application, its platform for delivery."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import httpx
from fastapi import FastAPI

from assistant.secret_keys import secret_keys
from assistant.storage.document_reader import DocumentReader
from assistant.storage.outbox_store import OutboxStore
from bot.charts.pictures import ChartPictures
from bot.dependencies import BotDependencies
from bot.email_requests import EmailRequests
from bot.platforms.teams.activity_handler import BotBuilderTurns
from bot.platforms.teams.authentication import Authenticator, read_registration
from bot.platforms.teams.buttons import Buttons
from bot.platforms.teams.chart_pictures import ChartLinks, build_chart_routes
from bot.platforms.teams.client import ConnectorClient
from bot.platforms.teams.compose import ComposeActions
from bot.platforms.teams.desk import TeamsDesk
from bot.platforms.teams.drafts import DraftButtons
from bot.platforms.teams.email_form import EmailForm
from bot.platforms.teams.endpoint import build_routes
from bot.platforms.teams.files import FileFetcher
from bot.platforms.teams.graph import GraphClient
from bot.platforms.teams.meetings import MeetingTranscripts
from bot.platforms.teams.memberships import Memberships
from bot.platforms.teams.minutes import MinutesButtons
from bot.platforms.teams.opinions import Opinions
from bot.platforms.teams.outgoing import Speaker
from bot.platforms.teams.own_chat import OwnChats
from bot.platforms.teams.people import TeamsDirectory
from bot.platforms.teams.platform import TeamsPlatform
from bot.platforms.teams.progress import ProgressFollower
from bot.platforms.teams.recaps import TeamsRecaps
from bot.platforms.teams.settings_forms import SettingsForms
from bot.platforms.teams.signing_keys import SigningKeys
from bot.platforms.teams.strays import Strays
from bot.platforms.teams.threads import ThreadReader
from bot.platforms.teams.tokens import BotTokens
from bot.platforms.teams.turns import Turns

HTTP_SECONDS = 8.0
CONNECTIONS = 40


def build(
    app: FastAPI,
    dependencies: BotDependencies,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    make_turns: Callable[[str | None], Turns] = BotBuilderTurns,
) -> TeamsPlatform:
    """Return the platform, with its endpoint on the application; `make_turns` makes the SDK's part of an app id.

    Raises:
        SettingsInvalid: the registration is incomplete, or would leave the endpoint open.
    """
    settings = dependencies.settings
    registration = read_registration(settings)
    http = httpx.AsyncClient(
        timeout=HTTP_SECONDS, limits=httpx.Limits(max_connections=CONNECTIONS), follow_redirects=False
    )
    tokens = BotTokens(http, settings, clock=clock)
    client = ConnectorClient(http, tokens, settings.teams_oauth_scope)
    speaker = Speaker(client)
    desk = _build_desk(dependencies, http, client, GraphClient(http, tokens, settings), speaker, clock)
    authenticator = Authenticator(registration, SigningKeys(http, settings.teams_openid_metadata_url, clock=clock))
    app.include_router(build_routes(authenticator, make_turns(settings.app_id), desk))
    progress = ProgressFollower(client, dependencies.jobs, clock=clock, sleep=sleep)
    base_url = settings.base_url if settings.public_url else None
    charts = ChartLinks(secret_keys(settings), base_url) if base_url else None
    if charts is not None:
        pictures = ChartPictures(settings.steward_data / "matplotlib")
        app.include_router(build_chart_routes(charts, dependencies.jobs, pictures))
    return TeamsPlatform(client, http, speaker, progress, base_url=base_url, charts=charts)


def _build_desk(
    dependencies: BotDependencies,
    http: httpx.AsyncClient,
    client: ConnectorClient,
    graph: GraphClient,
    speaker: Speaker,
    clock: Callable[[], float],
) -> TeamsDesk:
    is_local = read_registration(dependencies.settings).is_local
    directory = TeamsDirectory(client, dependencies.people, is_local=is_local, clock=clock)
    blobs, intake, settings = dependencies.blobs, dependencies.intake, dependencies.settings
    base_url = settings.base_url if settings.public_url else None
    outbox = OutboxStore(dependencies.engine)
    chats = OwnChats(client)
    email_form = EmailForm(EmailRequests(dependencies.jobs, blobs), intake, directory, chats)
    forms = SettingsForms(
        dependencies.preferences, DocumentReader(dependencies.engine), dependencies.people, directory
    )
    drafts = DraftButtons(dependencies.drafts, base_url)
    return TeamsDesk(
        jobs=dependencies.jobs,
        intake=intake,
        directory=directory,
        memberships=Memberships(client, dependencies.minutes, clock=clock),
        speaker=speaker,
        files=FileFetcher(http, graph, blobs, dependencies.settings),
        transcripts=MeetingTranscripts(client, graph, blobs),
        recaps=TeamsRecaps(graph, blobs),
        buttons=Buttons(
            dependencies.jobs, intake, directory, drafts, email_form, MinutesButtons(dependencies.minutes), forms
        ),
        opinions=Opinions(dependencies.feedback_desk, outbox),
        chats=chats,
        compose=ComposeActions(chats, ThreadReader(graph), blobs, intake, directory),
        strays=Strays(client, dependencies.jobs, outbox),
        settings=forms,
    )
