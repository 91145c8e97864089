"""Nobody but the connector is heard, and nobody makes the bot stumble."""

from __future__ import annotations

import base64
import hmac
import json
import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from assistant.errors import SettingsInvalid
from assistant.settings import Settings, load_settings
from bot.main import make_app
from bot.platforms.teams.authentication import read_registration
from tests.peers.teams_bot import ENTRY, TeamsBot, payload, running_bot
from tests.peers.teams_peer import APP_ID, SECRET, TENANT, TeamsPeer


def unsigned(claims: dict[str, Any], **header: Any) -> str:
    def part(value: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return f"{part({'alg': 'none', 'typ': 'JWT', **header})}.{part(claims)}."


async def knock(bot: TeamsBot, authorization: str | None, **changes: Any) -> int:
    body = payload("personal_message", serviceUrl=bot.peer.url, **changes)
    headers = {"Authorization": authorization} if authorization is not None else {}
    return (await bot.http.post("/api/messages", json=body, headers=headers)).status_code


async def test_a_good_token_is_heard_on_both_paths(bot: TeamsBot) -> None:
    first = await bot.send(payload("personal_message"))
    second = await bot.send(payload("personal_message", id="1764000000999"), path="/api/messages")

    assert (first.status_code, second.status_code) == (202, 202)
    assert len(bot.job_ids()) == 2


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Basic dXNlcjpwYXNz",
        "Bearer garbage",
        "Bearer a.b.c",
        "Bearer " + "x" * 20_000,
        "Bearer e30.e30.",
        "Bearer " + unsigned({"iss": "https://api.botframework.com", "aud": APP_ID}),
        "Bearer " + unsigned({"iss": "https://api.botframework.com", "aud": APP_ID}, kid="k", alg="RS256"),
    ],
)
async def test_what_is_no_token_is_refused(bot: TeamsBot, authorization: str | None) -> None:
    assert await knock(bot, authorization) == 401
    assert bot.job_ids() == []


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": int(time.time()) - 301},
        {"exp": None},
        {"nbf": int(time.time()) + 900},
        {"aud": "another-bot"},
        {"aud": None},
        {"iss": "https://sts.windows.net/somebody"},
        {"iss": None},
        {"serviceurl": "https://somewhere.example.com"},
        {"serviceurl": None},
        {"serviceurl": 7},
        {"exp": "soon"},
    ],
)
async def test_a_token_for_something_else_is_refused(bot: TeamsBot, claims: dict[str, Any]) -> None:
    assert await knock(bot, f"Bearer {bot.peer.token(**claims)}") == 401
    assert bot.job_ids() == []


async def test_a_clock_that_is_four_minutes_off_is_forgiven(bot: TeamsBot) -> None:
    assert await knock(bot, f"Bearer {bot.peer.token(exp=int(time.time()) - 240)}") == 202


async def test_somebody_elses_key_is_refused(bot: TeamsBot) -> None:
    foreign = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    assert await knock(bot, f"Bearer {bot.peer.token(key=foreign)}") == 401


async def test_a_token_signed_with_the_public_key_as_a_secret_is_refused(bot: TeamsBot) -> None:
    kid, key = next(iter(bot.peer.keys.items()))
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    claims = jwt.decode(bot.peer.token(), options={"verify_signature": False})
    signed = unsigned(claims, alg="HS256", kid=kid).rstrip(".")
    seal = hmac.new(public, signed.encode(), "sha256").digest()
    forged = f"{signed}.{base64.urlsafe_b64encode(seal).decode().rstrip('=')}"

    assert await knock(bot, f"Bearer {forged}") == 401


async def test_a_rotated_key_is_fetched_and_the_old_one_dropped(bot: TeamsBot, peer: TeamsPeer) -> None:
    old = peer.token()
    before = await knock(bot, f"Bearer {old}")
    bot.clock.seconds += 11
    peer.rotate()
    rotated = await knock(bot, f"Bearer {peer.token()}", id="1764000000777")
    after = await knock(bot, f"Bearer {old}", id="1764000000778")

    assert (before, rotated, after) == (202, 202, 401)


async def test_invented_key_ids_do_not_make_the_bot_fetch_again_and_again(bot: TeamsBot, peer: TeamsPeer) -> None:
    foreign = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    await knock(bot, f"Bearer {peer.token()}")
    statuses = {await knock(bot, f"Bearer {peer.token(kid=f'invented-{n}', key=foreign)}") for n in range(5)}

    assert statuses == {401}
    assert peer.key_fetches == 1


async def test_keys_that_cannot_be_fetched_make_teams_come_back(bot: TeamsBot, peer: TeamsPeer) -> None:
    peer.keys_are_up = False
    away = await knock(bot, f"Bearer {peer.token()}")
    garbage = await knock(bot, "Bearer garbage")
    peer.keys_are_up = True
    bot.clock.seconds += 11
    back = await knock(bot, f"Bearer {peer.token()}")

    assert (away, garbage, back) == (503, 401, 202)


async def test_known_keys_outlive_an_outage_of_their_issuer(bot: TeamsBot, peer: TeamsPeer) -> None:
    await knock(bot, f"Bearer {peer.token()}")
    peer.keys_are_up = False
    bot.clock.seconds += 25 * 3600

    assert await knock(bot, f"Bearer {peer.token()}", id="1764000000777") == 202


async def test_a_key_that_is_endorsed_for_other_channels_is_refused(bot: TeamsBot, peer: TeamsPeer) -> None:
    peer.endorsements = ["webchat", "directline"]

    assert await knock(bot, f"Bearer {peer.token()}") == 401


@pytest.mark.parametrize(
    "changes",
    [
        {"channelData": {"tenant": {"id": "99999999-bbbb-cccc-dddd-eeeeeeeeeeee"}}},
        {"channelData": None, "conversation": {"id": "a:1", "conversationType": "personal"}},
        {"channelId": "webchat"},
    ],
)
async def test_another_tenant_or_channel_is_not_served(
    bot: TeamsBot, peer: TeamsPeer, changes: dict[str, Any]
) -> None:
    peer.endorsements = None

    assert await knock(bot, f"Bearer {peer.token()}", **changes) == 403
    assert bot.job_ids() == []


async def test_an_activity_is_not_marked_as_seen_by_somebody_without_a_token(bot: TeamsBot) -> None:
    await knock(bot, "Bearer garbage")
    await knock(bot, f"Bearer {bot.peer.token()}")

    assert len(bot.job_ids()) == 1


async def test_a_sovereign_clouds_issuer_is_a_setting(embedded_settings: Settings, peer: TeamsPeer) -> None:
    async with running_bot(embedded_settings, peer, teams_token_issuer="https://api.botframework.us") as bot:
        ours = await knock(bot, f"Bearer {peer.token(iss='https://api.botframework.us')}")
        public = await knock(bot, f"Bearer {peer.token()}")

    assert (ours, public) == (202, 401)


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"app_id": None, "teams_local_mode": False}, "APP_ID"),
        ({"teams_local_mode": True}, "TEAMS_LOCAL_MODE"),
        ({"app_password": None}, "APP_PASSWORD"),
        ({"app_type": "MultiTenant", "app_tenantid": None}, "TEAMS_ALLOWED_TENANTS"),
    ],
)
def test_it_does_not_start_half_configured(fields: dict[str, Any], named: str) -> None:
    values = {"app_id": APP_ID, "app_password": SECRET, "app_tenantid": TENANT, **fields}

    with pytest.raises(SettingsInvalid, match=named):
        read_registration(load_settings({}, **values))


def test_nothing_listens_for_teams_without_an_app_id(embedded_settings: Settings) -> None:
    app = make_app(embedded_settings, (ENTRY,))

    assert not any("messages" in getattr(route, "path", "") for route in app.routes)


def test_several_tenants_or_all_can_be_allowed() -> None:
    base = {"app_id": APP_ID, "app_password": SECRET, "app_type": "MultiTenant"}
    two = read_registration(load_settings({}, **base, teams_allowed_tenants="t1, T2"))
    all_of_them = read_registration(load_settings({}, **base, teams_allowed_tenants="*"))

    assert [two.allows(tenant) for tenant in ("t1", "t2", "t3", None)] == [True, True, False, False]
    assert all_of_them.allows("t3")


async def test_a_managed_identity_needs_no_secret(embedded_settings: Settings, peer: TeamsPeer) -> None:
    """The machine's identity service gives the bot its token, and the connector takes it."""
    identity = {"app_type": "UserAssignedMSI", "app_password": None, "identity_endpoint": f"{peer.url}/identity"}
    async with running_bot(embedded_settings, peer, **identity) as bot:
        await bot.send(payload("personal_message"))
        await bot.until(peer.shown)
        bot.work()
        await bot.until(lambda: not bot.behind())

    assert [message.text for message in peer.shown()] == ["Twenty-five days."]
    assert peer.logins == 1


async def test_local_mode_hears_this_machine_alone(embedded_settings: Settings, peer: TeamsPeer) -> None:
    import httpx

    off = {"app_id": None, "app_password": None, "app_tenantid": None, "teams_local_mode": True}
    async with running_bot(embedded_settings, peer, **off) as bot:
        body = payload("personal_message", serviceUrl=peer.url)
        here = await bot.http.post("/api/messages", json=body)
        as_text = await bot.http.post(
            "/api/messages", content=json.dumps(body), headers={"content-type": "text/plain"}
        )
        elsewhere = await bot.http.post("/api/messages", json={**body, "serviceUrl": "https://evil.example.com"})
        remote = httpx.ASGITransport(app=bot.app, client=("10.0.0.9", 1234))
        async with httpx.AsyncClient(transport=remote, base_url="http://bot") as stranger:
            from_afar = await stranger.post("/api/messages", json=body)

    assert here.status_code == 202
    assert as_text.status_code == 400
    assert elsewhere.status_code == 403
    assert from_afar.status_code == 401
