"""The chaos run on Teams: channels, where answers are updates of a place, and chats, where they end a stream.

    python -m bench.teams_chaos [--n 1000] [--rate 15] [--seed N] [--database-url URL]

What is killed, resent and counted is in bench/platform_chaos.py. Teams lets bots look for nothing, so a post whose
answer is cut off leaves an empty place behind; at the end every client shows its threads once more, as people's
clients do, and the bot removes those. A stream whose start was cut off is not counted: Teams ends it by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bench.platform_chaos import CHANNELS, PEOPLE, Event, FaultDice, make_parser, run
from tests.peers.teams_bot import payload
from tests.peers.teams_peer import APP_ID, SECRET, TENANT, Message, TeamsPeer

CHAT_EVERY = 4  # each fourth question is asked in a chat with the bot alone
PATH = "/teams/messages"


class FaultyTeams(TeamsPeer):
    """Breaks a share of the writes."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.dice = FaultDice(seed)

    def next_fault(self) -> str:
        return self.dice.throw()


class TeamsService:
    """Teams and its people."""

    name = "teams"
    work_seconds = (0.05, 0.6)

    def __init__(self, peer: FaultyTeams) -> None:
        self._peer = peer
        self.faults = peer.dice.counts
        everyone = [
            {"id": one["id"], "objectId": one["aadObjectId"], "name": one["name"], "tenantId": TENANT}
            for one in map(_person, range(PEOPLE))
        ]
        peer.members = {_channel(number): everyone for number in range(CHANNELS)}

    def environment(self) -> dict[str, str]:
        return {
            "APP_ID": APP_ID,
            "APP_PASSWORD": SECRET,
            "APP_TENANTID": TENANT,
            "TEAMS_LOGIN_URL": f"{self._peer.url}/login",
            "TEAMS_OPENID_METADATA_URL": f"{self._peer.url}/openid",
            "TEAMS_GRAPH_URL": f"{self._peer.url}/graph",
        }

    def events(self, number: int, words: str) -> Sequence[Event]:
        kind = "personal_message" if _is_chat(number) else "channel_mention"
        text = words if _is_chat(number) else f"<at>Steward</at> {words}"
        body = payload(kind, id=_message_id(number), text=text, serviceUrl=self._peer.url, from_=_person(number))
        body["conversation"]["id"] = _conversation(number)
        return [Event(PATH, body)]

    def request(self, event: Event) -> dict[str, Any]:
        return {"json": event.body, "headers": self._peer.headers()}

    def said(self, number: int) -> list[str]:
        return [one.text for one in self._peer.shown(_conversation(number)) if not self._is_streaming(one)]

    def looks(self) -> Sequence[Event]:
        return [look for message in self._peer.shown() if (look := self._look(message)) is not None]

    def seen(self) -> dict[str, Any]:
        return {"streams": len(self._peer.streams)}

    def _is_streaming(self, message: Message) -> bool:
        stream = self._peer.streams.get(message.id)
        return stream is not None and not stream.is_over and message.body["type"] == "typing"

    def _look(self, message: Message) -> Event | None:
        """Return what the asker's client sends when it shows a card that asks for that."""
        cards = [attachment["content"] for attachment in message.body.get("attachments", ())]
        refresh = next((card["refresh"] for card in cards if "refresh" in card), None)
        if refresh is None:
            return None
        body = payload(
            "card_action",
            id=f"f:{message.id}",
            replyToId=message.id,
            value={"action": refresh["action"], "trigger": "automatic"},
            serviceUrl=self._peer.url,
            from_={"id": refresh["userIds"][0], "aadObjectId": refresh["userIds"][0].removeprefix("29:")},
        )
        return Event(PATH, {**body, "conversation": {**message.body["conversation"], "tenantId": TENANT}})


def _is_chat(number: int) -> bool:
    return number % CHAT_EVERY == 0


def _person(number: int) -> dict[str, str]:
    name = f"person-{number % PEOPLE:03d}"
    return {"id": f"29:{name}", "aadObjectId": name, "name": name}


def _channel(number: int) -> str:
    return f"19:channel{number % CHANNELS}@thread.tacv2"


def _message_id(number: int) -> str:
    return f"17640000{number:05d}"


def _conversation(number: int) -> str:
    if _is_chat(number):
        return f"a:chat-{number}"
    return f"{_channel(number)};messageid={_message_id(number)}"


def main(argv: list[str] | None = None) -> int:
    """Run, print the verdict as JSON; 0 when nothing was lost and nothing said twice."""
    arguments = make_parser("bench.teams_chaos").parse_args(argv)
    peer = FaultyTeams(arguments.seed)
    with peer.running():
        return run(TeamsService(peer), arguments)


if __name__ == "__main__":
    raise SystemExit(main())
