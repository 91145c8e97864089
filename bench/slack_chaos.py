"""The chaos run on Slack: each mention comes as app_mention and as message, and is answered once.

    python -m bench.slack_chaos [--n 1000] [--rate 15] [--seed N] [--database-url URL] [--direct]

With --direct the questions are direct messages, which begin as a status and go on as streams; a share of the streams
ends before its time, and Slack's limit of twenty beginnings a minute holds. What is killed, resent and counted is in
bench/platform_chaos.py.
"""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

from bench.platform_chaos import CHANNELS, PEOPLE, Event, FaultDice, make_parser, run
from tests.peers.serving import Running
from tests.peers.slack_events import SECRET, payload, signed
from tests.peers.slack_peer import TOKEN, Answer, Fault, SlackPeer

WRITES = (
    "assistant.threads.setStatus",
    "chat.appendStream",
    "chat.postMessage",
    "chat.startStream",
    "chat.stopStream",
    "chat.update",
)
ENDED_EARLY = 0.1  # share of the calls to a stream that find it ended: five minutes are over, or it was stopped
STARTS_A_MINUTE = 20


class FaultySlack(SlackPeer):
    """Breaks a share of the writes, ends streams, and keeps Slack's limit of their beginnings."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._dice = FaultDice(seed)
        self._rng = random.Random(seed)
        self._starts: list[float] = []
        self.fault_counts = self._dice.counts
        self.tells_tasks = bool(seed % 2)

    def _fault(self, method: str) -> Fault | None:
        if method == "chat.startStream" and self._is_over_limit():
            return Fault(method, "429", retry_after=30)
        kind = self._dice.throw() if method in WRITES else ""
        return Fault(method, kind, retry_after=1) if kind else None

    def _is_over_limit(self) -> bool:
        now = time.monotonic()
        self._starts = [at for at in self._starts if now - at < 60]
        if is_over := len(self._starts) >= STARTS_A_MINUTE:
            self.fault_counts["over the limit"] = self.fault_counts.get("over the limit", 0) + 1
        else:
            self._starts.append(now)
        return is_over

    def _streaming(self, arguments: Answer) -> dict[str, Any]:
        if self._rng.random() < ENDED_EARLY and self.streams.get(arguments["ts"]) == "streaming":
            self.streams[arguments["ts"]] = "expired"
            self.fault_counts["expired"] = self.fault_counts.get("expired", 0) + 1
        return super()._streaming(arguments)


class SlackService:
    """Slack and its people."""

    name = "slack"
    work_seconds = (0.05, 0.6)

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
        return [one["text"] for one in self._peer.said(self._place(number), _thread(number))]

    def _place(self, number: int) -> str:
        return f"C{number % CHANNELS}"

    def looks(self) -> Sequence[Event]:
        return ()  # the bot finds what it posted by itself

    def seen(self) -> dict[str, Any]:
        return {"streams": dict(Counter(self._peer.streams.values())), "statuses": len(self._peer.statuses)}


class DirectMessages(SlackService):
    """The same people, who ask in direct messages."""

    name = "slack-direct"
    work_seconds = (0.5, 5.0)  # long enough for a stream to begin

    def events(self, number: int, words: str) -> Sequence[Event]:
        event = {
            "ts": _thread(number),
            "channel": self._place(number),
            "user": f"U{number % PEOPLE:03d}",
            "text": words,
        }
        return [Event("/slack/events", payload("message_im", **event, outer={"event_id": f"Ed{number}"}))]

    def _place(self, number: int) -> str:
        return f"D{number % PEOPLE:03d}"


def _thread(number: int) -> str:
    return f"17900{number:05d}.000200"


def main(argv: list[str] | None = None) -> int:
    """Run, print the verdict as JSON; 0 when nothing was lost and nothing said twice."""
    parser = make_parser("bench.slack_chaos")
    parser.add_argument("--direct", action="store_true", help="questions are direct messages, answered in streams")
    arguments = parser.parse_args(argv)
    peer = FaultySlack(arguments.seed)
    with Running(peer.app()) as server:
        peer.url = server.url
        service = DirectMessages(peer) if arguments.direct else SlackService(peer)
        return run(service, arguments)


if __name__ == "__main__":
    raise SystemExit(main())
