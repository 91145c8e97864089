"""The doctor: each fault that can be seen from outside, from settings or in what is kept, with its next step."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
import sqlalchemy as sa
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from assistant.errors import RateLimited, StewardError
from assistant.job_kinds import POLICY_SEARCH
from assistant.replies import Reply
from assistant.settings import Settings
from assistant.storage.database import open_engine
from assistant.storage.job_store import JobStore
from assistant.storage.outbox_store import OutboxStore
from assistant.storage.slack_store import SlackInstallation, SlackStore
from bot.platforms.slack.client import BlocksRefused, SlackRefused
from bot.platforms.slack.command import app_findings
from bot.platforms.slack.doctor import examine
from bot.platforms.slack.doctor_inside import Finding
from bot.platforms.slack.manifest import BOT_SCOPES, make_manifest
from tests.factories import make_mention
from tests.peers.serving import Running
from tests.peers.slack_peer import APP_TOKEN, TOKEN, SlackPeer

GOOD_SECRET = "0123456789abcdef" * 2
URL = "https://s.test"
PLACEHOLDER = Reply(text="Working on it …", final=False)


@pytest.fixture
def healthy(peer: SlackPeer, embedded_settings: Settings) -> Settings:
    """Socket Mode and HTTP both, a database of this version, and no bot on this machine."""
    values = {
        "slack_api_url": f"{peer.url}/api",
        "slack_bot_token": TOKEN,
        "slack_signing_secret": GOOD_SECRET,
        "slack_app_token": APP_TOKEN,
        "public_url": URL,
        "port": 9,  # where nothing listens
    }
    return but(embedded_settings, **values)


def but(settings: Settings, **changes: object) -> Settings:
    values = settings.model_dump(exclude_unset=True)
    return Settings.model_validate({**values, **changes})


async def states(settings: Settings) -> dict[str, str]:
    return {finding.subject: finding.state for finding in await examine(settings)}


async def found(settings: Settings, subject: str, *, ahead_seconds: float = 0.0) -> Finding:
    findings = await examine(settings, clock=lambda: time.time() + ahead_seconds)
    (one,) = [finding for finding in findings if finding.subject == subject]
    return one


def metrics(**outcomes: int) -> Running:
    lines = [f'steward_events_total{{outcome="{name}",platform="slack"}} {count}' for name, count in outcomes.items()]
    text = "\n".join(["# TYPE steward_events counter", *lines, ""])
    return Running(Starlette(routes=[Route("/metrics", lambda _: PlainTextResponse(text))]))


def port_of(server: Running) -> int:
    return int(server.url.rpartition(":")[2])


async def test_a_healthy_set_up_is_all_right(healthy: Settings) -> None:
    assert await states(healthy) == {
        "signing secret": "ok",
        "socket": "ok",
        "bot token": "ok",
        "streams": "ok",
        "bot": "off",
        "events": "off",
    }


async def test_whether_work_is_streamed_is_told_and_no_failure(healthy: Settings, peer: SlackPeer) -> None:
    switched_off = await found(but(healthy, slack_streaming="off"), "streams")
    peer.fail("agents.sessions.setStatus", "not_authorized")
    no_agent = await found(healthy, "streams")

    assert (switched_off.state, no_agent.state) == ("off", "off")
    assert "agents feature" in no_agent.text


async def test_each_wrong_setting_is_named(healthy: Settings) -> None:
    assert (await found(but(healthy, slack_bot_token="xoxb-old"), "bot token")).state == "fail"
    assert (await found(but(healthy, slack_app_token="xapp-old"), "socket")).state == "fail"
    assert (await found(but(healthy, slack_signing_secret="oops"), "signing secret")).state == "fail"
    http = but(healthy, slack_app_token=None)
    assert (await found(but(http, public_url=None), "address")).state == "fail"
    away = await found(but(healthy, slack_api_url="http://127.0.0.1:9/api"), "bot token")
    assert "can't be reached" in away.text


async def test_missing_scopes_are_listed_with_their_reasons(healthy: Settings, peer: SlackPeer) -> None:
    peer.scopes = ",".join(scope for scope in BOT_SCOPES if scope != "users:read.email")
    token = await found(healthy, "bot token")

    assert token.state == "fail"
    assert "users:read.email (find the asker in the company's directory)" in token.text


async def test_no_slack_is_no_failure() -> None:
    assert await states(Settings()) == {"slack": "off"}


async def test_the_doctor_shows_no_secret(healthy: Settings) -> None:
    findings = repr(await examine(but(healthy, slack_bot_token="xoxb-old", slack_app_token="xapp-old")))

    assert not any(secret in findings for secret in ("xoxb-old", "xapp-old", GOOD_SECRET))


async def test_a_token_that_ends_or_is_a_persons_is_not_the_bots(healthy: Settings, peer: SlackPeer) -> None:
    ends = await found(but(healthy, slack_bot_token="xoxe.xoxb-1"), "bot token")
    peer.is_person = True
    persons = await found(healthy, "bot token")

    assert (ends.state, persons.state) == ("fail", "fail")
    assert "switch token rotation off" in ends.text
    assert "Bot User OAuth Token" in persons.text


async def test_a_running_bot_without_a_connection_is_a_silent_socket(healthy: Settings) -> None:
    with metrics(accepted=3) as server:
        silent = await found(but(healthy, port=port_of(server)), "socket")

    assert silent.state == "fail"
    assert "restart it" in silent.text


async def test_open_connections_are_counted_and_too_many_are_a_failure(healthy: Settings, peer: SlackPeer) -> None:
    peer.other_sockets = 2
    two = await found(healthy, "socket")
    peer.other_sockets = 9
    nine = await found(healthy, "socket")

    assert two.state == "ok"
    assert two.text.startswith("2 connections are open")
    assert nine.state == "fail"
    assert "end bots that hang" in nine.text


async def test_a_socket_that_cannot_be_opened_is_no_socket(healthy: Settings, peer: SlackPeer) -> None:
    peer.fail("apps.connections.open", "cut_before", times=3)
    cut = await found(healthy, "socket")

    assert cut.state == "fail"
    assert "wss://" in cut.text


async def test_an_organisations_app_in_no_workspace_hears_nothing(healthy: Settings, peer: SlackPeer) -> None:
    peer.organisation = []
    nowhere = await found(healthy, "bot token, organisation")
    peer.organisation = ["T1", "T2"]
    somewhere = await found(healthy, "bot token, organisation")

    assert (nowhere.state, somewhere.state) == ("fail", "ok")
    assert "admin adds it" in nowhere.text


async def test_a_clock_that_is_off_is_told_before_requests_are_stale(healthy: Settings) -> None:
    warns = await found(healthy, "clock", ahead_seconds=120)
    fails = await found(healthy, "clock", ahead_seconds=-900)

    assert (warns.state, fails.state) == ("warn", "fail")
    assert "NTP" in fails.text


async def test_what_the_running_bot_counted_is_told(healthy: Settings) -> None:
    with metrics(accepted=3, duplicate=1, late=2, wrong_signature=4, stale=5) as server:
        findings = await states(but(healthy, port=port_of(server)))
        late = await found(but(healthy, port=port_of(server)), "lateness")

    assert {findings[name] for name in ("lateness", "signatures", "staleness")} == {"warn"}
    assert findings["bot"] == "ok"
    assert "2 events were answered after more than 2.5 s" in late.text


async def test_tables_of_another_version_might_take_an_event_twice(healthy: Settings) -> None:
    engine = open_engine(healthy.database)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = 'older'"))
    engine.dispose()
    database = await found(healthy, "database")

    assert database.state == "fail"
    assert "steward bot" in database.text


@pytest.mark.parametrize(
    ("error", "state", "next_step"),
    [
        (SlackRefused("not_in_channel"), "fail", "invite Steward"),
        (SlackRefused("missing_scope"), "fail", "add the scopes"),
        (SlackRefused("message_not_in_streaming_state"), "fail", "writes over it"),
        (BlocksRefused("Slack answered msg_too_long"), "fail", "report it"),
        (RateLimited("Slack answered 429"), "warn", "go out by themselves"),
        (StewardError("Slack did not answer: ClientOSError"), "fail", "steward explain"),
    ],
)
async def test_an_answer_that_cannot_be_said_is_told_with_what_slack_said(
    healthy: Settings, error: StewardError, state: str, next_step: str
) -> None:
    engine = open_engine(healthy.database)
    JobStore(engine, healthy).accept(make_mention(), POLICY_SEARCH, PLACEHOLDER)
    outbox = OutboxStore(engine)
    (errand,) = outbox.due(["slack"])
    outbox.later(errand, 60.0, error, was_refused=False)
    engine.dispose()
    answers = await found(healthy, "answers")

    assert answers.state == state
    assert next_step in answers.text
    assert str(errand.job_id) in answers.text


async def test_a_stream_that_outlived_slacks_five_minutes_was_left_by_its_bot(healthy: Settings) -> None:
    engine = open_engine(healthy.database)
    JobStore(engine, healthy).accept(make_mention(), POLICY_SEARCH, PLACEHOLDER)
    outbox = OutboxStore(engine)
    (errand,) = outbox.due(["slack"])
    outbox.sent(errand, {"channel": "D1", "ts": "1.0", "stream": True, "began_at": time.time() - 400})
    engine.dispose()
    left = await found(healthy, "old streams")

    assert left.state == "fail"
    assert "start `steward bot`" in left.text


async def test_the_last_event_is_told(healthy: Settings) -> None:
    engine = open_engine(healthy.database)
    JobStore(engine, healthy).claim_event("slack:T1:C1:1.0")
    engine.dispose()
    events = await found(healthy, "events")
    later = await examine(healthy, clock=lambda: time.time() + 3 * 3600)

    assert events.text.startswith("the last one was taken in 0 min ago")
    assert any(one.text.startswith("the last one was taken in 3 h ago") for one in later)


async def test_installations_that_cannot_be_read_or_have_ended_are_named_each(healthy: Settings) -> None:
    many = but(healthy, slack_bot_token=None, slack_client_id="1.2", slack_client_secret="s")
    engine = open_engine(many.database)

    def installed(team: str, **data: object) -> SlackInstallation:
        return SlackInstallation(f"-:{team}", None, team, False, "B1", "U1", {"bot_token": TOKEN, **data})

    store = SlackStore(engine, many)
    for one in (
        installed("T1"),
        installed("T2", bot_token_expires_at=1, bot_refresh_token="xoxe-1"),
        installed("T3"),
    ):
        store.save_installation(one)
    with engine.begin() as connection:  # as a column that is too short would have kept it
        connection.execute(
            sa.text("UPDATE slack_installations SET sealed = substr(sealed, 1, 100) WHERE team_id = 'T3'")
        )
    engine.dispose()
    findings = {one.subject: one for one in await examine(many)}

    assert findings["workspace T1"].state == "ok"
    assert (findings["workspace T2"].state, findings["workspace -:T3"].state) == ("fail", "fail")
    assert "start the bot" in findings["workspace T2"].text
    assert "STEWARD_SECRET_KEYS" in findings["workspace -:T3"].text
    assert findings["reading"].state == "off"


def test_an_app_is_compared_with_what_this_server_needs(healthy: Settings, tmp_path: Path) -> None:
    file = tmp_path / "manifest.json"
    made = make_manifest(URL, socket_mode=True)
    file.write_text(json.dumps(made))
    as_made = app_findings(file, healthy)
    made["settings"]["event_subscriptions"]["bot_events"].remove("message.channels")
    made["settings"] |= {"token_rotation_enabled": True, "socket_mode_enabled": False}
    made["oauth_config"]["scopes"]["bot"].remove("assistant:write")
    del made["features"]["agent_view"]
    made["features"]["shortcuts"].pop()
    file.write_text(json.dumps(made))
    spoilt = [one.text for one in app_findings(file, healthy)]
    file.write_text("{")

    assert [one.state for one in as_made] == ["ok"]
    for part in ("message.channels", "assistant:write", "agents feature", "rotate", "Socket Mode", "shortcuts"):
        assert any(part in text for text in spoilt), part
    assert [one.state for one in app_findings(file, healthy)] == ["fail"]
