"""`steward teams`: make the app package, and see whether Teams could reach this bot and this bot Teams."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx

from assistant import exit_codes
from assistant.errors import StewardError
from assistant.settings import Settings, load_settings
from bot.platforms.teams.authentication import read_registration
from bot.platforms.teams.endpoint import PATHS
from bot.platforms.teams.package import build_package
from bot.platforms.teams.signing_keys import SigningKeys
from bot.platforms.teams.tokens import BotTokens, login_url

CHECK_SECONDS = 6.0


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the doctor's screen."""

    subject: str
    is_fine: bool
    text: str


def main(argv: list[str]) -> int:
    """Run `steward teams`."""
    parser = argparse.ArgumentParser(prog="steward teams", description="Connect Microsoft Teams.")
    parser.add_argument("--data", type=Path, metavar="DIR", help="folder of the embedded parts (STEWARD_DATA)")
    commands = parser.add_subparsers(dest="command", required=True)
    pack = commands.add_parser("package", help="write the app package to upload to Teams")
    pack.add_argument("out", type=Path, metavar="OUT.zip")
    pack.add_argument("--name", default="Steward", help="what people see and mention (default: Steward)")
    pack.add_argument(
        "--read-threads",
        action="store_true",
        help="ask each team or chat for permission to read its messages and transcripts",
    )
    commands.add_parser("doctor", help="check registration, keys, login and the public address")
    arguments = parser.parse_args(argv)
    settings = load_settings(steward_data=arguments.data)
    if arguments.command == "package":
        return _package(settings, arguments)
    return asyncio.run(_doctor(settings))


def _package(settings: Settings, arguments: argparse.Namespace) -> int:
    packed = build_package(settings, name=arguments.name, reads_threads=arguments.read_threads)
    try:
        arguments.out.write_bytes(packed)
    except OSError as error:
        print(f"steward teams package: {arguments.out}: {error.strerror}")
        return exit_codes.FAILURE
    print(f"{arguments.out}: {len(packed):,} bytes. Upload it in the Teams admin center, Manage apps.")
    return exit_codes.SUCCESS


async def _doctor(settings: Settings) -> int:
    failed = False
    async with httpx.AsyncClient(timeout=CHECK_SECONDS) as http:
        async for check in examine(settings, http):
            failed |= not check.is_fine
            print(f" {'✓' if check.is_fine else '✗'} {check.subject:<14} {check.text}")
    return exit_codes.FAILURE if failed else exit_codes.SUCCESS


async def examine(settings: Settings, http: httpx.AsyncClient) -> AsyncIterator[Check]:
    """Yield every check, in the order a message meets the parts."""
    try:
        registration = read_registration(settings)
    except StewardError as error:
        yield Check("registration", False, str(error))
        return
    if registration.is_local:
        yield Check("registration", True, "TEAMS_LOCAL_MODE: the Agents Playground on this machine, nothing verified")
        return
    yield Check("registration", True, f"{settings.app_type} {registration.app_id}, {_tenants(registration.tenants)}")
    yield await _public_address(settings, http)
    yield await _keys(settings, http)
    yield await _login(settings, http)


async def _public_address(settings: Settings, http: httpx.AsyncClient) -> Check:
    url = (settings.public_url or "").rstrip("/")
    if not url.startswith("https://"):
        return Check("public address", False, "PUBLIC_URL must be an https address that Microsoft can reach")
    endpoint = f"{url}{PATHS[0]}"
    try:
        response = await http.post(endpoint, json={})
    except httpx.HTTPError as error:
        return Check("public address", False, f"{endpoint} does not answer: {type(error).__name__}. Is the bot up?")
    if response.status_code != 401:
        return Check("public address", False, f"{endpoint} answered {response.status_code}, not 401: is it this bot?")
    return Check("public address", True, f"{endpoint} answers and refuses strangers")


async def _keys(settings: Settings, http: httpx.AsyncClient) -> Check:
    try:
        await SigningKeys(http, settings.teams_openid_metadata_url).find("none")
    except StewardError as error:
        return Check("signing keys", False, f"{settings.teams_openid_metadata_url}: {error}")
    return Check("signing keys", True, settings.teams_openid_metadata_url)


async def _login(settings: Settings, http: httpx.AsyncClient) -> Check:
    where = settings.identity_endpoint if settings.app_type == "UserAssignedMSI" else login_url(settings)
    try:
        await BotTokens(http, settings).get(settings.teams_oauth_scope)
    except StewardError as error:
        return Check("login", False, f"{where}: {error}")
    return Check("login", True, f"{where} gives this bot a token")


def _tenants(tenants: frozenset[str]) -> str:
    return "every tenant" if "*" in tenants else f"{len(tenants)} tenant{'s' if len(tenants) != 1 else ''}"
