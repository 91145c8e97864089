"""Socket Mode: the same questions over a connection of ours, acknowledged after the commit, kept alive."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
import sqlalchemy as sa

from assistant.errors import DependencyUnavailable
from assistant.mentions import Mention
from assistant.settings import Settings
from assistant.storage.job_store import Accepted
from bot.intake import Settle
from bot.platforms.slack.app import make_bolt
from bot.platforms.slack.socket_mode import SocketMode
from tests.peers.slack_events import payload
from tests.peers.slack_peer import APP_TOKEN, TOKEN, SlackPeer
from tests.unit.bot.platforms.slack.conftest import Bot, running


@pytest.fixture
async def bot(embedded_settings: Settings, peer: SlackPeer) -> AsyncIterator[Bot]:
    values = {"slack_bot_token": TOKEN, "slack_app_token": APP_TOKEN, "slack_api_url": f"{peer.url}/api"}
    settings = Settings.model_validate({**embedded_settings.model_dump(), **values})
    async for one in running(settings, peer):
        yield one


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not holds():
            await asyncio.sleep(0.01)


def envelope(number: int, **more: object) -> dict[str, object]:
    return {"envelope_id": f"e{number}", "type": "events_api", "payload": payload("app_mention"), **more}


async def test_an_event_is_taken_and_then_acknowledged(bot: Bot) -> None:
    bot.peer.send_envelope(envelope(1))
    await until(lambda: bot.peer.acknowledged == ["e1"])
    bot.peer.send_envelope(envelope(2, retry_attempt=1, retry_reason="timeout"))
    await until(lambda: bot.peer.acknowledged == ["e1", "e2"])

    assert len(bot.job_ids()) == 1


async def test_an_event_that_could_not_be_kept_is_not_acknowledged(bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    refused: list[str] = []
    intake = bot.platform.desk.dependencies.intake
    take = intake.take

    def noted(mention: Mention, settle: Settle | None = None) -> Accepted:
        try:
            return take(mention, settle)
        except DependencyUnavailable as error:
            refused.append(error.code)
            raise

    monkeypatch.setattr(intake, "take", noted)
    with bot.engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE jobs RENAME TO jobs_away"))
    bot.peer.send_envelope(envelope(1))
    await until(lambda: refused != [])
    with bot.engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE jobs_away RENAME TO jobs"))
    bot.peer.send_envelope(envelope(2))
    await until(lambda: bot.peer.acknowledged == ["e2"])

    assert len(bot.job_ids()) == 1


async def test_a_silent_connection_is_opened_again(bot: Bot) -> None:
    desk = bot.platform.desk
    socket = SocketMode(make_bolt(desk), APP_TOKEN, desk.api, look_seconds=0.05)
    await socket.start()
    assert socket._handler is not None
    first = socket._handler.client

    def falls_silent() -> bool:
        first.last_ping_pong_time = 1.0  # long ago, whatever it heard meanwhile; the next one is left alone
        return socket.connections == 2

    await until(falls_silent)
    alive = await socket.is_alive()
    await socket.stop()

    assert alive


async def test_a_slack_that_is_away_at_the_start_is_tried_again(bot: Bot) -> None:
    desk = bot.platform.desk
    bot.peer.fail("apps.connections.open", "internal_error")
    socket = SocketMode(make_bolt(desk), APP_TOKEN, desk.api, look_seconds=0.05, try_seconds=0.5)
    await socket.start()
    await until(lambda: socket.connections == 1)
    await socket.stop()

    assert not await socket.is_alive()
