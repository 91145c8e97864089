"""Only what Slack signed gets past the door; everything else is a 4xx, leaves nothing behind and is not quoted."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from bot.platforms.slack.verify import MAX_BODY_BYTES, refusal, sign
from tests.peers.slack_events import SECRET, payload, send, signed
from tests.unit.bot.platforms.slack.conftest import Bot

NOW = 1_790_000_000
GOOD = json.dumps(payload("app_mention")).encode()


def headers(body: bytes = GOOD, *, at: int = NOW, secret: str = SECRET, **changed: str) -> dict[str, str]:
    timestamp = str(at)
    return {
        "content-type": "application/json",
        "x-slack-request-timestamp": timestamp,
        "x-slack-signature": sign(body, timestamp, secret),
        **{name.replace("_", "-"): value for name, value in changed.items()},
    }


def judged(found: dict[str, str], body: bytes = GOOD, secret: str = SECRET) -> int | None:
    refused = refusal(found, body, secret, now_seconds=NOW)
    return refused.status if refused else None


def test_slacks_own_example_has_the_signature_slack_says() -> None:
    body = (
        b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V"
        b"&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
        b"&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
        b"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
    )

    assert sign(body, "1531420618", "8f742231b10e8888abcd99yyyzzz85a5") == (
        "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
    )


def test_a_signed_fresh_event_is_let_in() -> None:
    assert judged(headers()) is None


@pytest.mark.parametrize("age", [-301, 301])
def test_an_old_or_future_request_is_refused(age: int) -> None:
    assert judged(headers(at=NOW - age)) == 401


@pytest.mark.parametrize("age", [-300, 300])
def test_five_minutes_are_allowed_either_way(age: int) -> None:
    assert judged(headers(at=NOW - age)) is None


@pytest.mark.parametrize("timestamp", ["", "soon", "1e9", "-1", "１７９００", "9" * 400, "1790000000.5"])
def test_a_timestamp_that_is_no_number_is_refused(timestamp: str) -> None:
    assert judged(headers(x_slack_request_timestamp=timestamp)) == 401


def test_another_secret_another_body_or_none_is_refused() -> None:
    assert judged(headers(secret="other")) == 401
    assert judged(headers(), GOOD + b" ") == 401
    assert judged({"content-type": "application/json"}) == 401
    assert judged(headers(secret=""), secret="") == 401


def test_a_body_past_the_limit_is_refused_whatever_its_signature() -> None:
    body = b"x" * (MAX_BODY_BYTES + 1)

    assert judged(headers(body), body) == 413


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b'"x"', b"{}", b"\xff\xfe", b'{"type":', b"[" * 50_000])
def test_a_signed_body_that_slack_never_sends_is_refused(body: bytes) -> None:
    assert judged(headers(body), body) == 400


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=8,
)
FIELDS = ("type", "subtype", "channel", "channel_type", "user", "text", "ts", "thread_ts", "files", "item", "message")
events = st.fixed_dictionaries(
    {"type": st.sampled_from(["message", "app_mention", "reaction_added", "user_change", "nonsense", 7, None])},
    optional={name: anything for name in FIELDS if name != "type"}
    | {"subtype": st.sampled_from(["message_changed", "message_deleted", "file_share", None, 3])},
)
envelopes = st.fixed_dictionaries(
    {"type": st.sampled_from(["event_callback", "block_actions", "view_submission", "url_verification", 1])},
    optional={
        "team_id": st.sampled_from(["T0STEWARD", "", None, 5]),
        "event": events | anything,
        "authorizations": anything,
        "actions": anything,
        "user": anything,
        "view": anything,
        "challenge": anything,
        "enterprise_id": anything,
    },
)
bodies = (
    st.binary(max_size=200) | anything.map(json.dumps).map(str.encode) | envelopes.map(json.dumps).map(str.encode)
)


@hypothesis_settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(body=bodies, form=st.booleans(), is_signed=st.booleans())
@example(body=b"payload=%7B%22type%22%3A%22block_actions%22%7D", form=True, is_signed=True)
@example(body=b"payload=%00", form=True, is_signed=True)
@example(body=b"command=%2Fsteward&team_id=T0STEWARD&user_id=U0ANN", form=True, is_signed=True)
@example(body=b'{"type":"event_callback","event":{"type":"message","user":7}}', form=False, is_signed=True)
@example(
    body=b'{"type":"event_callback","event":{"type":"app_mention"},"team_id":"T0STEWARD"}', form=False, is_signed=True
)
async def test_no_request_whatever_is_answered_with_a_server_error(
    bot: Bot, body: bytes, form: bool, is_signed: bool
) -> None:
    kind = "application/x-www-form-urlencoded" if form else "application/json"
    request = signed(body, kind, SECRET if is_signed else "guess")
    response = await bot.client.post("/slack/events", **request)
    await bot.platform.desk.settled()

    assert response.status_code < 500
    assert is_signed or response.status_code in (400, 401, 413)
    assert bot.job_ids() == []


async def test_a_refused_request_leaves_nothing_behind_and_is_not_quoted(
    bot: Bot, caplog: pytest.LogCaptureFixture
) -> None:
    secret_words = "the merger is on Monday"
    body = payload("app_mention", text=secret_words)
    caplog.set_level(logging.DEBUG)
    with capture_logs() as lines:
        forged = await bot.client.post("/slack/events", **signed(json.dumps(body).encode(), secret="guess"))
        broken = await bot.client.post("/slack/events", **signed(json.dumps({"event": secret_words}).encode()))
        body["event"]["files"] = secret_words
        odd = (await send(bot.client, body)).status_code

    assert (forged.status_code, broken.status_code, odd) == (401, 400, 400)
    assert secret_words not in repr(lines) + caplog.text
    assert bot.job_ids() == []


async def test_the_address_is_verified_as_slack_asks(bot: Bot) -> None:
    response = await send(bot.client, payload("url_verification"))

    answer: dict[str, Any] = response.json()
    assert answer["challenge"].startswith("3eZbrw1aBm2rZgRNFdxV")
