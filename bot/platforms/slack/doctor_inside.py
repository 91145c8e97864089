"""The doctor's look at our own side: what the running bot counted, and what the database keeps."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from assistant.errors import StewardError
from assistant.settings import Settings
from assistant.storage.database import open_engine
from assistant.storage.slack_health import SlackHealth, Unsaid
from assistant.storage.slack_store import SlackStore
from bot.platforms.slack.client import SlackApi

BOT_SECONDS = 2.0
STREAM_SECONDS = 300.0  # after which Slack has ended a stream, whatever was sent (python-slack-sdk #1859)
# By the word that Slack answered with; each is what the operator does next.
_NEXT_STEPS = {
    "not_in_channel": "invite Steward into the channel again",
    "channel_not_found": "the channel is gone, or Steward is not in it: invite it again",
    "missing_scope": "add the scopes that the bot token lacks, and install the app again",
    "invalid_auth": "install the app again, and copy the new token",
    "token_revoked": "install the app again, and copy the new token",
    "token_expired": "install the app again, or switch token rotation off",
    "account_inactive": "the app's bot was switched off in Slack: install the app again",
    "restricted_action": "the workspace lets only some people post there: allow the app, or ask elsewhere",
    "429": "Slack asked for patience: they go out by themselves, at one a second and channel",
    "message_not_in_streaming_state": "Slack ended the stream after five minutes: the next try writes over it",
    "streaming_state_conflict": "a stream still runs there: it ends within five minutes, then the answer is written",
    "invalid_blocks": "Slack won't show them: a fault of Steward's, please report it with `steward explain JOB`",
    "msg_too_long": "Slack won't show them: a fault of Steward's, please report it with `steward explain JOB`",
}
_OTHERWISE = "`steward explain JOB` tells the whole story; they are tried again"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor's."""

    subject: str
    state: Literal["ok", "off", "warn", "fail"]
    text: str


async def running(settings: Settings, api: SlackApi) -> tuple[list[Finding], bool]:
    """Return what this machine's bot counted since its start, and whether it answers at all."""
    host = "127.0.0.1" if settings.host in ("0.0.0.0", "::") else settings.host  # noqa: S104  to ask, not to listen
    url = f"http://{host}:{settings.port}/metrics"
    try:
        timeout = aiohttp.ClientTimeout(total=BOT_SECONDS)
        async with api.session.get(url, timeout=timeout) as response:
            text = await response.text()
    except (aiohttp.ClientError, OSError, TimeoutError):
        return [Finding("bot", "off", f"none answers at {url}: start `steward bot`, or ask on its machine")], False
    try:
        counted = _counted(text)
    except ValueError:
        return [Finding("bot", "off", f"what answers at {url} is no bot of Steward's: see PORT")], False
    return _judged(counted), True


def _counted(metrics: str) -> Counter[str]:
    events: Counter[str] = Counter()
    for family in text_string_to_metric_families(metrics):
        for sample in family.samples:
            if sample.name == "steward_events_total" and sample.labels.get("platform") == "slack":
                events[sample.labels["outcome"]] += int(sample.value)
    return events


def _judged(events: Counter[str]) -> list[Finding]:
    taken, again = events["accepted"], events["duplicate"]
    findings = [Finding("bot", "ok", f"runs; {taken} questions taken in, {again} of Slack's repetitions recognised")]
    if events["late"]:
        text = (
            f"{events['late']} events were answered after more than 2.5 s, so that Slack sent them again (none is "
            "answered twice): see steward_acknowledge_seconds, the database's disk and the machine's load"
        )
        findings.append(Finding("lateness", "warn", text))
    if events["wrong_signature"]:
        text = (
            f"{events['wrong_signature']} requests were signed with another secret: copy this app's Signing Secret "
            "into SLACK_SIGNING_SECRET and restart the bot"
        )
        findings.append(Finding("signatures", "warn", text))
    if events["stale"]:
        text = f"{events['stale']} requests were more than five minutes old: set this machine's clock by NTP"
        findings.append(Finding("staleness", "warn", text))
    return findings


def kept(settings: Settings, clock: Callable[[], float] = time.time) -> list[Finding]:
    """Return what the database tells; nothing where it was not made yet."""
    if settings.is_embedded_database and not (settings.steward_data / "steward.db").exists():
        return []
    engine = open_engine(settings.database, pool_size=1)
    try:
        health = SlackHealth(engine)
        if not health.is_migrated():
            text = "its tables are of another version, and might not know an event again: start `steward bot` once"
            return [Finding("database", "fail", text)]
        return [
            _last_event(health.last_event_at(), clock()),
            *_unsaid(health.unsaid()),
            *_streams(SlackStore(engine, settings), clock()),
        ]
    except StewardError as error:
        return [Finding("database", "fail", str(error))]
    finally:
        engine.dispose()


def _last_event(at: datetime | None, now: float) -> Finding:
    if at is None:
        text = "none came yet: mention Steward in a channel it is in, or write to it directly"
        return Finding("events", "off", text)
    minutes = (datetime.fromtimestamp(now, UTC) - at).total_seconds() / 60
    ago = f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.0f} h"
    return Finding("events", "ok", f"the last one was taken in {ago} ago; each is known again by its key")


def _unsaid(unsaid: list[Unsaid]) -> list[Finding]:
    by_word: dict[str, list[Unsaid]] = {}
    for one in unsaid:
        word = one.error.rpartition("Slack answered ")[2].split()[0].removesuffix(":") if one.error else "?"
        by_word.setdefault(word if "Slack answered" in one.error else "", []).append(one)
    findings = []
    for word, several in by_word.items():
        why = f"Slack answered {word}" if word else several[0].error
        text = (
            f"{len(several)} can't be said, job {several[0].job_id} first: {why}; {_NEXT_STEPS.get(word, _OTHERWISE)}"
        )
        findings.append(Finding("answers", "warn" if word == "429" else "fail", text))
    return findings


def _streams(store: SlackStore, now: float) -> list[Finding]:
    over = [one for one in store.under_way() if one.streams_since and now - one.streams_since > STREAM_SECONDS]
    if not over:
        return []
    text = (
        f"{len(over)} outlived Slack's five minutes, job {over[0].job_id} first: no bot handed them over to a "
        "message after four, so start `steward bot`"
    )
    return [Finding("old streams", "fail", text)]
