"""`steward slack manifest | doctor | rotate`: make the app's manifest, and tell what is wrong with its settings.

The doctor asks Slack itself: token, scopes, signing secret and socket, each with what to do.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from assistant import exit_codes
from assistant.errors import NothingFound, StewardError
from assistant.settings import Settings, load_settings
from assistant.storage.database import open_engine
from assistant.storage.slack_store import SlackInstallation, SlackStore
from bot.platforms.slack.client import SlackApi, SlackRefused, answer, call
from bot.platforms.slack.manifest import BOT_SCOPES, make_manifest

NOWHERE = "D00000000"  # a conversation that is none
_MARKETPLACE = (
    "if this app is distributed outside Slack's Marketplace, Slack hands over one page of a thread a minute; "
    "an app of each company's own reads at full speed"
)
_NO_SESSIONS = frozenset(
    {"not_authorized", "missing_scope", "unknown_method", "not_allowed_token_type", "no_permission", "invalid_auth"}
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor's."""

    subject: str
    state: Literal["ok", "off", "fail"]
    text: str


def main(argv: list[str]) -> int:
    """Run `steward slack`."""
    parser = argparse.ArgumentParser(prog="steward slack", description="Connect Slack, and find out what is wrong.")
    parser.add_argument("--data", type=Path, metavar="DIR", help="folder of the embedded parts")
    commands = parser.add_subparsers(dest="command", required=True)
    manifest = commands.add_parser("manifest", help="print the app's manifest for Slack's “create an app” page")
    manifest.add_argument("--url", help="where people reach this server (PUBLIC_URL)")
    manifest.add_argument("--socket-mode", action="store_true", help="for a server that nobody can reach")
    commands.add_parser("doctor", help="check token, scopes, secret and socket with Slack")
    commands.add_parser("rotate", help="encrypt kept tokens again with the newest of STEWARD_SECRET_KEYS")
    arguments = parser.parse_args(argv)
    settings = load_settings(steward_data=arguments.data)
    match arguments.command:
        case "manifest":
            url = arguments.url or settings.public_url or "https://steward.example.com"
            made = make_manifest(url, socket_mode=arguments.socket_mode)
            print(json.dumps(made, indent=2, ensure_ascii=False))
            return exit_codes.SUCCESS
        case "rotate":
            engine = open_engine(settings.database)
            print(f"{SlackStore(engine, settings).rotate()} installations encrypted with the newest key.")
            engine.dispose()
            return exit_codes.SUCCESS
    findings = asyncio.run(examine(settings))
    for finding in findings:
        print(f"{finding.state:<4}  {finding.subject:<14}  {finding.text}")
    failed = any(finding.state == "fail" for finding in findings)
    return exit_codes.FAILURE if failed else exit_codes.SUCCESS


async def examine(settings: Settings) -> list[Finding]:
    """Return what the doctor finds, in the order in which an event meets the parts."""
    if not settings.has_slack:
        return [Finding("slack", "off", "neither SLACK_BOT_TOKEN nor SLACK_CLIENT_ID is set (docs/connect-slack.md)")]
    api = SlackApi(settings.slack_api_url)
    try:
        return [*_door(settings), *await _socket(settings, api), *await _tokens(settings, api)]
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


async def _socket(settings: Settings, api: SlackApi) -> list[Finding]:
    token = settings.slack_app_token
    if token is None:
        return [Finding("socket", "off", "SLACK_APP_TOKEN is not set; events come over HTTP")]
    try:
        await call(api.reading(token.get_secret_value()).apps_connections_open(app_token=token.get_secret_value()))
    except SlackRefused as error:
        hint = "make an app-level token (xapp-…) with connections:write, and switch Socket Mode on in the app"
        return [Finding("socket", "fail", f"Slack says {error.error}: {hint}")]
    except StewardError as error:
        return [Finding("socket", "fail", f"{api.base_url} can't be reached: {error}")]
    return [Finding("socket", "ok", "Slack offers a connection")]


async def _tokens(settings: Settings, api: SlackApi) -> list[Finding]:
    token = settings.slack_bot_token
    if token is not None and not settings.slack_client_id:
        secret = token.get_secret_value()
        return [await _token("bot token", secret, api), await _streams("streams", secret, settings, api)]
    try:
        installed = await asyncio.to_thread(_installed, settings)
    except StewardError as error:
        return [Finding("installations", "fail", str(error))]
    if not installed:
        return [Finding("installations", "off", f"none yet: open {settings.base_url}/slack/install")]
    findings = [Finding("reading", "off", _MARKETPLACE)]
    for one in installed:
        name = one.team_id or one.enterprise_id
        findings.append(await _token(f"workspace {name}", one.data["bot_token"], api))
        findings.append(await _streams(f"streams {name}", one.data["bot_token"], settings, api))
    return findings


def _installed(settings: Settings) -> Sequence[SlackInstallation]:
    engine = open_engine(settings.database)
    try:
        return [one for one in SlackStore(engine, settings).installations() if one.data.get("bot_token")]
    finally:
        engine.dispose()


async def _token(subject: str, token: str, api: SlackApi) -> Finding:
    try:
        response = await answer(api.reading(token).auth_test())
    except SlackRefused as error:
        return Finding(
            subject, "fail", f"Slack says {error.error}: install the app again and copy the new xoxb-… token"
        )
    except StewardError as error:
        return Finding(subject, "fail", f"{api.base_url} can't be reached: {error}")
    granted = {scope.strip() for scope in str(response.headers.get("x-oauth-scopes", "")).split(",") if scope.strip()}
    missing = sorted(set(BOT_SCOPES) - granted) if granted else []
    if missing:
        reasons = "; ".join(f"{scope} ({BOT_SCOPES[scope]})" for scope in missing)
        return Finding(subject, "fail", f"scopes are missing, add them and install again: {reasons}")
    return Finding(
        subject, "ok", f"bot {response.get('user_id')} in {response.get('team') or response.get('team_id')}"
    )


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


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
