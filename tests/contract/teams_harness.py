"""Teams, as the contract sees it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

from assistant.settings import Settings
from tests.contract.chat_harness import Shown, Where, Who
from tests.peers.teams_bot import ANN, ANN_ON_TEAMS, CHANNEL, PERSONAL, THREAD, TeamsBot, payload, running_bot
from tests.peers.teams_peer import TENANT, Message, TeamsPeer

BO = {"id": "29:bo", "name": "Bo", "aadObjectId": "bo-id"}
NAMES = {"private": "personal_message", "channel": "channel_mention"}
PLACES = {"private": PERSONAL, "channel": THREAD}


class TeamsHarness:
    name = "teams"
    placeholder = "Working on it"
    splits_long_answers = True

    def __init__(self, bot: TeamsBot) -> None:
        self._bot = bot
        self.engine, self.jobs = bot.engine, bot.jobs
        bot.peer.members[CHANNEL] = [
            {"id": ANN_ON_TEAMS, "objectId": ANN, "name": "Ann", "userRole": "user", "tenantId": TENANT},
            {"id": BO["id"], "objectId": BO["aadObjectId"], "name": "Bo", "userRole": "user", "tenantId": TENANT},
        ]

    async def ask(self, text: str, *, where: Where = "private", event: str = "1", file: bytes | None = None) -> int:
        changes: dict[str, Any] = {"id": f"17640000001{event}", "text": text}
        if where == "channel":
            changes["text"] = f"<at>Steward</at> {text}"
        if file is not None:
            self._bot.peer.files["notes.vtt"] = file
            url = f"{self._bot.peer.url}/files/notes.vtt"
            kind = "application/vnd.microsoft.teams.file.download.info"
            changes["attachments"] = [{"contentType": kind, "name": "notes.vtt", "content": {"downloadUrl": url}}]
        return (await self._bot.send(payload(NAMES[where], **changes))).status_code

    async def edit(self, text: str, *, event: str = "1") -> int:
        return (await self._bot.send(payload("message_update", id=f"17640000001{event}", text=text))).status_code

    async def press(self, button: str, *, where: Where, by: Who = "ann") -> None:
        actions = [action for message in self._messages(where) for action in _actions(message)]
        action = next((one for one in reversed(actions) if one["verb"] == button), None)
        if action is None:  # a stream has no buttons: writing the word is its way
            await self.ask(button, where=where, event="999")
            return
        value = {"action": {"type": "Action.Execute", "verb": button, "data": action["data"]}}
        await self._bot.send(self._from(payload("card_action", id=f"f:{by}:{button}", value=value), where, by))

    async def judge(self, words: str, *, where: Where, by: Who = "ann") -> None:
        value = {"actionName": "feedback", "actionValue": {"reaction": "dislike", "feedback": words}}
        last = self._messages(where)[-1].id
        await self._bot.send(self._from(payload("feedback", replyToId=last, value=value), where, by))

    async def settle(self) -> None:
        await self._bot.until(lambda: not self._bot.behind(), 15)

    async def progress(self, words: str, *, where: Where) -> bool:
        with contextlib.suppress(AssertionError):
            await self._bot.until(lambda: words in self.shown(where).text)
            return True
        return False

    def shown(self, where: Where) -> Shown:
        messages = self._messages(where)
        entities = [entity for message in messages for entity in message.body.get("entities", [])]
        return Shown(
            text="\n".join(_words(message.body) for message in messages),
            messages=len(messages),
            buttons=frozenset(action["verb"] for message in messages for action in _actions(message)),
            citations=frozenset(claim["position"] for entity in entities for claim in entity.get("citation", [])),
            has_thumbs=any("feedbackLoop" in message.body.get("channelData", {}) for message in messages),
        )

    def _messages(self, where: Where) -> list[Message]:
        return self._bot.peer.shown(PLACES[where])

    def _from(self, activity: dict[str, Any], where: Where, by: Who) -> dict[str, Any]:
        changed = {**activity, "conversation": payload(NAMES[where])["conversation"]}
        return {**changed, "from": BO} if by == "bo" else changed


def _actions(message: Message) -> list[dict[str, Any]]:
    cards = [attachment["content"] for attachment in message.body.get("attachments", [])]
    return [action for card in cards for action in card.get("actions", [])]


def _words(value: Any) -> str:
    """Return every text of a message, its cards' included."""
    if isinstance(value, list):
        return "\n".join(map(_words, value))
    if not isinstance(value, dict):
        return ""
    own = [value["text"]] if isinstance(value.get("text"), str) else []
    inner = [
        _words(value[name])
        for name in ("attachments", "content", "body", "rows", "cells", "items", "columns")
        if name in value
    ]
    return "\n".join([*own, *inner])


@contextlib.asynccontextmanager
async def teams(settings: Settings) -> AsyncIterator[TeamsHarness]:
    with TeamsPeer().running() as peer:
        async with running_bot(settings, peer) as bot:
            yield TeamsHarness(bot)
