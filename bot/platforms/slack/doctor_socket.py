"""The doctor's look at Socket Mode: does a bot really listen?

Slack tells each new connection how many the app has open. A bot whose socket fell silent is missing from that count
(bolt-python #417, #1529), and clients that never gave up are too many (python-slack-sdk #1913). The look is a
connection too, closed at once: an event that Slack sends down it meanwhile is not acknowledged, and so sent again.
"""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp

from assistant.errors import DependencyUnavailable, StewardError
from assistant.settings import Settings
from bot.platforms.slack.client import SlackApi, SlackRefused, call
from bot.platforms.slack.doctor_inside import Finding

HELLO_SECONDS = 5.0
CONNECTIONS_AT_MOST = 10  # of an app; Slack's page on Socket Mode


async def socket(settings: Settings, api: SlackApi, *, bot_runs: bool) -> Finding:
    """Return how Socket Mode stands. `bot_runs`: this machine's bot answers."""
    token = settings.slack_app_token
    if token is None:
        return Finding("socket", "off", "SLACK_APP_TOKEN is not set; events come over HTTP")
    secret = token.get_secret_value()
    try:
        offered = await call(api.reading(secret).apps_connections_open(app_token=secret))
        open_before = await _count(api, str(offered["url"])) - 1
    except SlackRefused as error:
        hint = "make an app-level token (xapp-…) with connections:write, and switch Socket Mode on in the app"
        return Finding("socket", "fail", f"Slack says {error.error}: {hint}")
    except StewardError as error:
        return Finding("socket", "fail", f"Slack's socket can't be reached: {error}; let wss:// out of this network")
    return _judged(open_before, bot_runs)


def _judged(open_before: int, bot_runs: bool) -> Finding:
    if open_before <= 0 and bot_runs:
        text = (
            "a bot runs here and has no connection to Slack, so that no event comes: its watchdog opens one within "
            "two minutes; if it does not, restart it and look for slack.socket_not_open in its log"
        )
        return Finding("socket", "fail", text)
    if open_before <= 0:
        return Finding("socket", "ok", "Slack offers a connection; no bot has one open: start `steward bot`")
    if open_before >= CONNECTIONS_AT_MOST - 1:
        text = (
            f"{open_before} connections are open, of {CONNECTIONS_AT_MOST}: Slack spreads events over all of them, "
            "also those that nobody reads; end bots that hang"
        )
        return Finding("socket", "fail", text)
    are = "connection is" if open_before == 1 else "connections are"
    return Finding("socket", "ok", f"{open_before} {are} open, and Slack offers another")


async def _count(api: SlackApi, url: str) -> int:
    """Return how many connections are open, this one included.

    Raises:
        DependencyUnavailable: none can be opened, or it says nothing.
    """
    try:
        async with asyncio.timeout(HELLO_SECONDS), api.session.ws_connect(url) as opened:
            hello: dict[str, Any] = await opened.receive_json()
    except (aiohttp.ClientError, OSError, TimeoutError, TypeError, ValueError) as error:
        raise DependencyUnavailable(type(error).__name__) from None
    return int(hello.get("num_connections") or 1)
