"""Tokens that end: exchanged before they do, once, whoever else is running, and encrypted like all others."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from typing import Any

import pytest

from assistant.errors import DependencyUnavailable
from assistant.settings import Settings
from assistant.storage.slack_store import SlackInstallation, SlackStore
from assistant.storage.worker_store import WorkerStore
from bot.platforms.slack.parse import Workspace
from bot.platforms.slack.token_rotation import TokenRotation
from tests.peers.slack_events import payload
from tests.peers.slack_peer import SlackPeer
from tests.unit.bot.platforms.slack.conftest import Bot, running
from tests.unit.bot.platforms.slack.test_oauth import install, oauth_settings

KEY = "-:T0STEWARD"


@pytest.fixture
async def bot(embedded_settings: Settings, peer: SlackPeer) -> AsyncIterator[Bot]:
    async for one in running(oauth_settings(embedded_settings, peer), peer):
        yield one


def kept(bot: Bot) -> SlackInstallation:
    found = SlackStore(bot.engine, bot.settings).installation(KEY)
    assert found is not None
    return found


def another(bot: Bot, **named: Any) -> TokenRotation:
    """What a second process would have."""
    store, leases = SlackStore(bot.engine, bot.settings), WorkerStore(bot.engine)
    return TokenRotation(bot.settings, store, leases, bot.platform.desk.api, **named)


async def installed(bot: Bot, *, expires_in: int) -> None:
    bot.peer.expires_in = expires_in
    assert await install(bot) == 200
    bot.platform.desk.installations.forget(Workspace(team="T0STEWARD"))


async def test_a_token_with_most_of_its_life_left_is_used_as_it_is(bot: Bot) -> None:
    await installed(bot, expires_in=43_200)
    await bot.send(payload("app_mention"))

    assert bot.peer.refreshed == []


async def test_a_token_near_its_end_is_exchanged_beside_the_question(bot: Bot) -> None:
    await installed(bot, expires_in=3_600)
    await bot.send(payload("app_mention"))
    await bot.platform.desk.installations.rotation.settled()
    bot.platform.desk.installations.forget(Workspace(team="T0STEWARD"))
    await bot.deliver()

    assert bot.peer.refreshed == ["xoxe-1"]
    assert kept(bot).data["bot_refresh_token"] == "xoxe-2"
    assert len(bot.peer.said("C0GENERAL")) == 1


async def test_a_token_that_has_ended_is_exchanged_before_it_is_used(bot: Bot) -> None:
    await installed(bot, expires_in=1)
    late = another(bot, clock=lambda: 4_000_000_000.0)
    renewed = await late.alive(kept(bot))

    assert renewed is not None
    assert renewed.data["bot_token"] == "xoxb-peer-token-1"


async def test_two_processes_exchange_a_token_once(bot: Bot) -> None:
    await installed(bot, expires_in=3_600)
    found, rotations = kept(bot), [another(bot) for _ in range(4)]
    await asyncio.gather(*(one.alive(found) for one in rotations))
    for one in rotations:
        await one.settled()

    assert bot.peer.refreshed == ["xoxe-1"]


async def test_while_another_process_exchanges_an_ended_token_the_event_comes_again(bot: Bot) -> None:
    await installed(bot, expires_in=3_600)
    WorkerStore(bot.engine).lead(f"slack-token:{KEY}", "another process", seconds=30)

    with pytest.raises(DependencyUnavailable):
        await another(bot, clock=lambda: 4_000_000_000.0).alive(kept(bot))


async def test_an_exchange_brings_no_removed_installation_back(bot: Bot) -> None:
    await installed(bot, expires_in=3_600)
    found = kept(bot)
    SlackStore(bot.engine, bot.settings).delete_installation(KEY)

    assert await another(bot, clock=lambda: 4_000_000_000.0).alive(found) is None
    assert bot.peer.refreshed == []


async def test_a_refused_exchange_leaves_the_token_that_still_lives(bot: Bot) -> None:
    await installed(bot, expires_in=3_600)
    bot.peer.fail("oauth.v2.access", "invalid_refresh_token")

    assert await bot.send(payload("app_mention")) == 200
    assert len(bot.job_ids()) == 1


async def test_new_tokens_are_nowhere_in_the_database(bot: Bot) -> None:
    await installed(bot, expires_in=3_600)
    await another(bot, clock=lambda: 4_000_000_000.0).alive(kept(bot))
    with sqlite3.connect(bot.settings.steward_data / "steward.db") as connection:
        dump = "\n".join(connection.iterdump())

    assert "xoxe-2" not in dump
    assert "xoxb-peer-token-1" not in dump
