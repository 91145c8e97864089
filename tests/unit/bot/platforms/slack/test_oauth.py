"""Installing in many workspaces, and what is left of it at rest and after the end."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import AsyncIterator

import pytest
from cryptography.fernet import Fernet

from assistant.errors import SettingsInvalid
from assistant.settings import Settings
from assistant.storage.database import open_engine
from assistant.storage.slack_store import SlackInstallation, SlackStore
from tests.peers.slack_events import SECRET, payload
from tests.peers.slack_peer import TOKEN, SlackPeer
from tests.unit.bot.platforms.slack.conftest import Bot, running

OLD_KEY, NEW_KEY = Fernet.generate_key().decode(), Fernet.generate_key().decode()


def oauth_settings(base: Settings, peer: SlackPeer, **fields: object) -> Settings:
    values = {
        "slack_client_id": "1.2",
        "slack_client_secret": "client-secret",
        "slack_signing_secret": SECRET,
        "slack_api_url": f"{peer.url}/api/",
        "public_url": "https://steward.example.test",
        **fields,
    }
    return Settings.model_validate({**base.model_dump(), **values})


@pytest.fixture
async def bot(embedded_settings: Settings, peer: SlackPeer) -> AsyncIterator[Bot]:
    async for one in running(oauth_settings(embedded_settings, peer), peer):
        yield one


async def install(bot: Bot, *, code: str | None = None) -> int:
    """Walk through the pages as a browser does; the state cookie is Secure, so it is carried by hand."""
    page = await bot.client.get("/slack/install")
    cookie = page.headers["set-cookie"].split(";")[0]
    state = cookie.split("=", 1)[1]
    assert f"state={state}" in page.text
    response = await bot.client.get(
        "/slack/oauth_redirect", params={"code": code or bot.peer.code, "state": state}, headers={"cookie": cookie}
    )
    return response.status_code


async def test_an_installed_workspace_is_answered_with_its_own_token(bot: Bot) -> None:
    before = await bot.send(payload("app_mention"))
    installed = await install(bot)
    await bot.send(payload("app_mention", ts="8.1"))
    await bot.deliver()

    assert (before, installed) == (200, 200)
    assert len(bot.peer.said("C0GENERAL")) == 1
    assert len(bot.job_ids()) == 1


async def test_the_token_is_nowhere_in_the_database(bot: Bot) -> None:
    await install(bot)
    with sqlite3.connect(bot.settings.steward_data / "steward.db") as connection:
        dump = "\n".join(connection.iterdump())

    assert "T0STEWARD" in dump
    assert TOKEN not in dump


async def test_a_consent_counts_once_and_for_its_own_browser(bot: Bot) -> None:
    page = await bot.client.get("/slack/install")
    cookie = page.headers["set-cookie"].split(";")[0]
    asked = {"code": bot.peer.code, "state": cookie.split("=", 1)[1]}
    stranger = await bot.client.get("/slack/oauth_redirect", params=asked)
    first = await bot.client.get("/slack/oauth_redirect", params=asked, headers={"cookie": cookie})
    again = await bot.client.get("/slack/oauth_redirect", params=asked, headers={"cookie": cookie})

    assert (stranger.status_code, first.status_code, again.status_code) == (400, 200, 401)


async def test_a_refused_code_installs_nothing(bot: Bot) -> None:
    assert await install(bot, code="stolen") == 401
    assert SlackStore(bot.engine, bot.settings).installations() == []


async def test_a_redirect_without_anything_is_no_server_error(bot: Bot) -> None:
    for query in ("", "?code=x", "?state=y&code=x", "?error=access_denied"):
        assert (await bot.client.get(f"/slack/oauth_redirect{query}")).status_code < 500


@pytest.mark.parametrize("name", ["app_uninstalled", "tokens_revoked"])
async def test_after_the_end_nothing_is_kept_and_nothing_is_said(bot: Bot, name: str) -> None:
    await install(bot)
    await bot.send(payload("app_mention"))
    assert await bot.send(payload(name, outer={"event_time": int(time.time()) + 1})) == 200
    await bot.deliver()
    await bot.send(payload("app_mention", ts="8.2"))
    await bot.deliver()

    assert SlackStore(bot.engine, bot.settings).installations() == []
    assert bot.peer.said("C0GENERAL") == []
    assert len(bot.job_ids()) == 1


async def test_a_persons_revoked_token_ends_nothing(bot: Bot) -> None:
    await install(bot)
    await bot.send(payload("tokens_revoked", tokens={"oauth": ["U0ANN"], "bot": []}))

    assert len(SlackStore(bot.engine, bot.settings).installations()) == 1


async def test_an_organisations_installation_serves_its_workspaces(bot: Bot) -> None:
    store = SlackStore(bot.engine, bot.settings)
    data = {"bot_token": TOKEN}
    store.save_installation(SlackInstallation("E0GRID:-", "E0GRID", None, True, "B0STEWARD", "U0STEWARD", data))
    assert await bot.send(payload("app_mention_grid")) == 200
    await bot.deliver()

    assert len(bot.peer.said("C0GENERAL")) == 1


def test_keys_rotate(embedded_settings: Settings, peer: SlackPeer) -> None:
    engine = open_engine(embedded_settings.database)

    def store(keys: str) -> SlackStore:
        return SlackStore(engine, oauth_settings(embedded_settings, peer, steward_secret_keys=keys))

    kept = SlackInstallation("-:T1", None, "T1", False, "B1", "U1", {"bot_token": "xoxb-secret"})
    store(OLD_KEY).save_installation(kept)
    assert store(f"{NEW_KEY},{OLD_KEY}").rotate() == 1
    assert store(NEW_KEY).installation("-:T1") == kept
    with pytest.raises(SettingsInvalid, match="STEWARD_SECRET_KEYS"):
        store(OLD_KEY).installation("-:T1")
    engine.dispose()


def test_a_state_counts_once(embedded_settings: Settings) -> None:
    engine = open_engine(embedded_settings.database)
    store = SlackStore(engine, embedded_settings)
    store.issue_state("s1")

    assert [store.consume_state(one) for one in ("s2", "s1", "s1")] == [False, True, False]
    engine.dispose()


async def test_an_end_that_comes_late_leaves_a_newer_installation(bot: Bot) -> None:
    await install(bot)
    await bot.send(payload("app_uninstalled", outer={"event_time": 1_700_000_000}))

    assert len(SlackStore(bot.engine, bot.settings).installations()) == 1
