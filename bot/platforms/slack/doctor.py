"""What `steward slack doctor` finds: settings, Slack's own answers, what is kept, and the bot that runs.

Each finding says what to do next. Which known faults of Slack and its SDK are seen here, and which only tests can
hold, stands in docs/connect-slack.md.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from email.utils import parsedate_to_datetime
from typing import Any

from assistant.errors import NothingFound, StewardError
from assistant.settings import Settings
from assistant.storage.database import open_engine
from assistant.storage.slack_store import SlackInstallation, SlackStore
from bot.platforms.slack.client import SlackApi, SlackRefused, answer, call
from bot.platforms.slack.doctor_inside import Finding, kept, running
from bot.platforms.slack.doctor_socket import socket
from bot.platforms.slack.manifest import BOT_SCOPES
from bot.platforms.slack.token_rotation import seconds_left

NOWHERE = "D00000000"  # a conversation that is none
CLOCK_SECONDS, CLOCK_WARNS_SECONDS = 300.0, 60.0  # how far Slack's requests may be from our clock (verify.py)
_MARKETPLACE = (
    "if this app is distributed outside Slack's Marketplace, Slack hands over one page of a thread a minute; "
    "an app of each company's own reads at full speed"
)
_NO_SESSIONS = frozenset(
    {"not_authorized", "missing_scope", "unknown_method", "not_allowed_token_type", "no_permission", "invalid_auth"}
)


async def examine(settings: Settings, *, clock: Callable[[], float] = time.time) -> list[Finding]:
    """Return what the doctor finds, in the order in which an event meets the parts."""
    if not settings.has_slack:
        return [Finding("slack", "off", "neither SLACK_BOT_TOKEN nor SLACK_CLIENT_ID is set (docs/connect-slack.md)")]
    api = SlackApi(settings.slack_api_url)
    try:
        bot, runs = await running(settings, api)
        return [
            *_door(settings),
            await socket(settings, api, bot_runs=runs),
            *await _tokens(settings, api, clock),
            *bot,
            *await asyncio.to_thread(kept, settings, clock),
        ]
    finally:
        await api.close()


def _door(settings: Settings) -> list[Finding]:
    if settings.slack_signing_secret is None:
        if settings.slack_app_token is None:
            return [
                Finding("signing secret", "fail", "set SLACK_SIGNING_SECRET: Basic Information › App Credentials")
            ]
        return [Finding("signing secret", "off", "not set; Socket Mode does without")]
    secret = settings.slack_signing_secret.get_secret_value()
    if len(secret) != 32 or any(letter not in "0123456789abcdef" for letter in secret):
        return [Finding("signing secret", "fail", "it does not look like one: 32 hexadecimal digits are expected")]
    where = f"{settings.base_url}/slack/events"
    if settings.public_url is None and settings.slack_app_token is None:
        return [
            Finding(
                "address", "fail", "set PUBLIC_URL: Slack has to reach this server over https, or use Socket Mode"
            )
        ]
    return [Finding("signing secret", "ok", f"requests are expected at {where}")]


async def _tokens(settings: Settings, api: SlackApi, clock: Callable[[], float]) -> list[Finding]:
    token = settings.slack_bot_token
    if token is not None and not settings.slack_client_id:
        return await _own_token(token.get_secret_value(), settings, api, clock)
    try:
        installed, unreadable = await asyncio.to_thread(_installed, settings)
    except StewardError as error:
        return [Finding("installations", "fail", str(error))]
    findings = [
        Finding(
            f"workspace {key}",
            "fail",
            "its kept token can't be read: put the key that sealed it into STEWARD_SECRET_KEYS, behind the newest, "
            "or install the app there again",
        )
        for key in unreadable
    ]
    if not installed and not findings:
        return [Finding("installations", "off", f"none yet: open {settings.base_url}/slack/install")]
    findings.append(Finding("reading", "off", _MARKETPLACE))
    for one in installed:
        name = one.team_id or one.enterprise_id
        left = seconds_left(one, now=clock())
        if left is not None and left <= 0:
            text = (
                f"its token ended {-left / 3600:.0f} h ago and was not exchanged: start the bot, which does; if it "
                "says slack.token_not_rotated, install the app again"
            )
            findings.append(Finding(f"workspace {name}", "fail", text))
            continue
        findings += await _token(f"workspace {name}", one.data["bot_token"], api, clock)
        findings.append(await _streams(f"streams {name}", one.data["bot_token"], settings, api))
    return findings


async def _own_token(token: str, settings: Settings, api: SlackApi, clock: Callable[[], float]) -> list[Finding]:
    if token.startswith("xoxe."):
        text = (
            "it ends after 12 hours: switch token rotation off in the app and install it again, or use "
            "SLACK_CLIENT_ID, which exchanges tokens"
        )
        return [Finding("bot token", "fail", text)]
    return [*await _token("bot token", token, api, clock), await _streams("streams", token, settings, api)]


def _installed(settings: Settings) -> tuple[Sequence[SlackInstallation], Sequence[str]]:
    engine = open_engine(settings.database)
    try:
        readable, unreadable = SlackStore(engine, settings).readable()
        return [one for one in readable if one.data.get("bot_token")], unreadable
    finally:
        engine.dispose()


async def _token(subject: str, token: str, api: SlackApi, clock: Callable[[], float]) -> list[Finding]:
    try:
        response = await answer(api.reading(token).auth_test())
    except SlackRefused as error:
        text = f"Slack says {error.error}: install the app again and copy the new xoxb-… token"
        return [Finding(subject, "fail", text)]
    except StewardError as error:
        return [Finding(subject, "fail", f"{api.base_url} can't be reached: {error}")]
    findings = [_scopes(subject, response)]
    if response.get("is_enterprise_install"):
        findings.append(await _organisation(subject, token, api))
    ahead = _seconds_ahead(response.headers, clock())
    if ahead is not None and abs(ahead) > CLOCK_WARNS_SECONDS:
        text = (
            f"this machine's is {abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} Slack's: set it by NTP; "
            f"from {CLOCK_SECONDS:.0f} s on every request is refused as stale"
        )
        findings.append(Finding("clock", "fail" if abs(ahead) > CLOCK_SECONDS else "warn", text))
    return findings


def _scopes(subject: str, response: Any) -> Finding:
    if not response.get("bot_id"):
        text = "it is a person's token, not the bot's: copy the Bot User OAuth Token, which begins with xoxb-"
        return Finding(subject, "fail", text)
    granted = {scope.strip() for scope in str(response.headers.get("x-oauth-scopes", "")).split(",") if scope.strip()}
    missing = sorted(set(BOT_SCOPES) - granted) if granted else []
    if missing:
        reasons = "; ".join(f"{scope} ({BOT_SCOPES[scope]})" for scope in missing)
        return Finding(subject, "fail", f"scopes are missing, add them and install again: {reasons}")
    return Finding(
        subject, "ok", f"bot {response.get('user_id')} in {response.get('team') or response.get('team_id')}"
    )


async def _organisation(subject: str, token: str, api: SlackApi) -> Finding:
    """An installation for an organisation hears nothing until the app is put into workspaces (table D 11)."""
    subject = f"{subject}, organisation"
    try:
        teams = (await call(api.reading(token).auth_teams_list(limit=100))).get("teams") or ()
    except StewardError as error:
        return Finding(subject, "warn", f"its workspaces can't be listed: {error}")
    if not teams:
        text = "installed for the organisation and in none of its workspaces: an organisation's admin adds it to some"
        return Finding(subject, "fail", text)
    return Finding(subject, "ok", f"installed for the organisation, in {_counted(len(teams), 'workspace')}")


def _seconds_ahead(headers: Any, now: float) -> float | None:
    try:
        return now - parsedate_to_datetime(str(headers.get("Date"))).timestamp()
    except ValueError:
        return None


async def _streams(subject: str, token: str, settings: Settings, api: SlackApi) -> Finding:
    """Ask about a session of a thread that does not exist: Slack looks first whether the app may have sessions."""
    if settings.slack_streaming == "off":
        return Finding(subject, "off", "SLACK_STREAMING is off; work is shown by messages")
    client = api.reading(token)
    try:
        await call(client.agents_sessions_setStatus(channel_id=NOWHERE, thread_ts="1.000000", status="active"))
    except SlackRefused as error:
        if error.error in _NO_SESSIONS:
            hint = "switch the agents feature on in the app (steward slack manifest has it) and install it again"
            return Finding(subject, "off", f"Slack says {error.error}, so work is shown by messages; {hint}")
    except NothingFound:
        pass  # the expected answer: it may
    except StewardError as error:
        return Finding(subject, "fail", f"{api.base_url} can't be reached: {error}")
    return Finding(subject, "ok", "statuses, streams and Slack's Stop button are allowed")


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
