"""The chaos run on Slack: each mention comes as app_mention and as message, and is answered once.

    python -m bench.slack_chaos [--n 1000] [--rate 15] [--seed N] [--database-url URL]

What is killed, resent and counted is in bench/platform_chaos.py.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from bench.platform_chaos import CHANNELS, PEOPLE, Event, FaultDice, read_arguments, run
from tests.peers.slack_events import SECRET, payload, signed
from tests.peers.slack_peer import TOKEN, Fault, Running, SlackPeer

WRITES = ("chat.postMessage", "chat.update")


class FaultySlack(SlackPeer):
    """Breaks a share of the writes."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._dice = FaultDice(seed)
        self.fault_counts = self._dice.counts

    def _fault(self, method: str) -> Fault | None:
        kind = self._dice.throw() if method in WRITES else ""
        return Fault(method, kind, retry_after=1) if kind else None


class SlackService:
    """Slack and its people."""

    name = "slack"

    def __init__(self, peer: FaultySlack) -> None:
        self._peer = peer
        self.faults = peer.fault_counts

    def environment(self) -> dict[str, str]:
        return {
            "SLACK_API_URL": f"{self._peer.url}/api",
            "SLACK_BOT_TOKEN": TOKEN,
            "SLACK_SIGNING_SECRET": SECRET,
        }

    def events(self, number: int, words: str) -> Sequence[Event]:
        event = {
            "ts": _thread(number),
            "channel": f"C{number % CHANNELS}",
            "user": f"U{number % PEOPLE:03d}",
            "text": f"<@U0STEWARD> {words}",
        }
        kinds = {"app_mention": f"Ea{number}", "message_channels": f"Em{number}"}
        bodies = [payload(kind, **event, outer={"event_id": name}) for kind, name in kinds.items()]
        return [Event("/slack/events", body) for body in bodies]

    def request(self, event: Event) -> dict[str, Any]:
        return signed(json.dumps(event.body).encode())

    def said(self, number: int) -> list[str]:
        return [one["text"] for one in self._peer.said(f"C{number % CHANNELS}", _thread(number))]

    def looks(self) -> Sequence[Event]:
        return ()  # the bot finds what it posted by itself


def _thread(number: int) -> str:
    return f"17900{number:05d}.000200"


def main(argv: list[str] | None = None) -> int:
    """Run, print the verdict as JSON; 0 when nothing was lost and nothing said twice."""
    arguments = read_arguments("bench.slack_chaos", argv)
    peer = FaultySlack(arguments.seed)
    with Running(peer.app()) as server:
        peer.url = server.url
        return run(SlackService(peer), arguments)


if __name__ == "__main__":
    raise SystemExit(main())
