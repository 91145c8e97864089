"""The command line: printing the manifest, and the doctor that says what is wrong."""

from __future__ import annotations

import json

import pytest

from assistant.settings import Settings
from bot.platforms.slack.command import examine, main
from bot.platforms.slack.manifest import BOT_SCOPES
from tests.peers.slack_peer import APP_TOKEN, TOKEN, SlackPeer

GOOD_SECRET = "0123456789abcdef" * 2


def slack(peer: SlackPeer, **fields: object) -> Settings:
    values = {"slack_bot_token": TOKEN, "slack_signing_secret": GOOD_SECRET, "public_url": "https://s.test", **fields}
    return Settings.model_validate({"slack_api_url": f"{peer.url}/api", **values})


async def states(settings: Settings) -> dict[str, str]:
    return {finding.subject: finding.state for finding in await examine(settings)}


def test_the_command_prints_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["manifest", "--url", "https://bot.example.test/"]) == 0
    printed = json.loads(capsys.readouterr().out)

    assert printed["settings"]["event_subscriptions"]["request_url"] == "https://bot.example.test/slack/events"


async def test_a_healthy_set_up_is_all_right(peer: SlackPeer) -> None:
    assert await states(slack(peer, slack_app_token=APP_TOKEN)) == {
        "signing secret": "ok",
        "socket": "ok",
        "bot token": "ok",
        "streams": "ok",
    }


async def test_whether_work_is_streamed_is_told_and_no_failure(peer: SlackPeer) -> None:
    switched_off = await examine(slack(peer, slack_streaming="off"))
    peer.fail("agents.sessions.setStatus", "not_authorized")
    no_agent = await examine(slack(peer))

    assert [one[-1].state for one in (switched_off, no_agent)] == ["off", "off"]
    assert "agents feature" in no_agent[-1].text


async def test_each_mistake_is_named(peer: SlackPeer) -> None:
    wrong_token = await states(slack(peer, slack_bot_token="xoxb-old"))
    wrong_socket = await states(slack(peer, slack_app_token="xapp-old"))
    wrong_secret = await states(slack(peer, slack_signing_secret="oops"))
    no_address = await states(slack(peer, public_url=None))
    not_there = await examine(slack(peer, slack_api_url="http://127.0.0.1:9/api"))

    assert wrong_token["bot token"] == "fail"
    assert wrong_socket["socket"] == "fail"
    assert wrong_secret["signing secret"] == "fail"
    assert no_address["address"] == "fail"
    assert "can't be reached" in not_there[-1].text


async def test_missing_scopes_are_listed_with_their_reasons(peer: SlackPeer) -> None:
    peer.scopes = ",".join(scope for scope in BOT_SCOPES if scope != "users:read.email")
    findings = await examine(slack(peer))

    (found,) = [one for one in findings if one.subject == "bot token"]

    assert found.state == "fail"
    assert "users:read.email (find the asker in the company's directory)" in found.text


async def test_no_slack_is_no_failure() -> None:
    assert await states(Settings()) == {"slack": "off"}


async def test_the_doctor_shows_no_secret(peer: SlackPeer) -> None:
    findings = repr(await examine(slack(peer, slack_bot_token="xoxb-old", slack_app_token="xapp-old")))

    assert not any(secret in findings for secret in ("xoxb-old", "xapp-old", GOOD_SECRET))
