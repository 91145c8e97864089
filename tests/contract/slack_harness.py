"""Slack, as the contract sees it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

from assistant.settings import Settings
from tests.contract.chat_harness import Shown, Where, Who
from tests.peers.serving import Running
from tests.peers.slack_events import SECRET, interact, payload
from tests.peers.slack_peer import TOKEN, SlackPeer
from tests.unit.bot.platforms.slack.conftest import Bot, running

CHANNELS = {"private": "D0ANN", "channel": "C0GENERAL"}
OPENED = "DU0ANN"  # the peer's direct messages with Ann, as conversations.open names them
PEOPLE = {"ann": "U0ANN", "bo": "U0BEN"}


class SlackHarness:
    name = "slack"
    placeholder = "Working on it"
    splits_long_answers = True

    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        self.engine, self.jobs = bot.engine, bot.jobs

    async def ask(
        self, text: str, *, where: Where = "private", event: str = "1", file: bytes | None = None, thread: str = ""
    ) -> int:
        changes: dict[str, Any] = {"ts": _ts(event), "event_ts": _ts(event), "text": text}
        name = "message_im"
        changes |= {"thread_ts": _ts(thread)} if thread else {}
        if where == "channel":
            name = "app_mention"
            changes["text"] = f"<@U0STEWARD> {text}"
            if event != "1":
                changes["thread_ts"] = _ts("1")
        elif file is not None:
            name = "message_file"
            self._bot.peer.files["notes.vtt"] = file
            shared = payload(name, self._bot.peer.url)["event"]["files"][0]
            url = f"{self._bot.peer.url}/files/notes.vtt"
            named = {"name": "notes.vtt", "title": "notes.vtt", "mimetype": "text/vtt", "filetype": "vtt"}
            changes["files"] = [
                {**shared, **named, "size": len(file), "url_private": url, "url_private_download": url}
            ]
        outer = {"event_id": f"Ev{where}{event}"}
        return await self._bot.send(payload(name, self._bot.peer.url, outer=outer, **changes))

    async def edit(self, text: str, *, event: str = "1") -> int:
        body = payload("message_changed")
        body["event"] |= {"channel": CHANNELS["private"], "channel_type": "im"}
        body["event"]["message"] |= {"text": text, "ts": _ts(event)}
        body["event"]["previous_message"] |= {"text": "as it was", "ts": _ts(event)}
        return await self._bot.send(body)

    async def press(self, button: str, *, where: Where, by: Who = "ann") -> None:
        if button == "stop" and self._standing(where):
            await self.ask("stop", where=where, event="9", thread="1")  # no message that could carry a button yet
            return
        elements = [one for message in self._messages(where) for one in _buttons(message)]
        element = next(one for one in reversed(elements) if _name(one) == button)
        action = {"action_id": element["action_id"], "value": element["value"], "type": "button", "action_ts": "1.1"}
        await self._interact("block_actions_stop", where, by, actions=[action])

    async def judge(self, words: str, *, where: Where, by: Who = "ann") -> None:
        thumbs = next(one for one in map(_thumbs, reversed(self._messages(where))) if one)
        down = {"action_id": thumbs["action_id"], "type": "feedback_buttons", "action_ts": "1.1"}
        down["value"] = thumbs["negative_button"]["value"]
        await self._interact("block_actions_stop", where, by, actions=[down])
        body = payload("view_submission", self._bot.peer.url)
        body["view"] |= {
            "callback_id": "steward:feedback",
            "private_metadata": self._bot.peer.views[-1]["view"]["private_metadata"],
            "state": {
                "values": {
                    "reason": {"value": {"type": "static_select", "selected_option": {"value": "outdated"}}},
                    "correction": {"value": {"type": "plain_text_input", "value": words}},
                }
            },
        }
        await interact(self._bot.client, {**body, "user": {"id": PEOPLE[by]}})
        await self._bot.platform.desk.settled()

    async def settle(self) -> None:
        await self._bot.deliver()

    async def progress(self, words: str, *, where: Where) -> bool:
        self._bot.platform.progress.moment_seconds = 0.0
        await self._bot.platform.progress.show()
        await self._bot.deliver()
        return words in self.shown(where).text

    def shown(self, where: Where) -> Shown:
        messages = [*self._messages(where), *self._standing(where)]
        text = "\n".join(_words(message.get("blocks", [])) for message in messages)
        return Shown(
            text=text,
            messages=len(messages),
            buttons=frozenset(_name(button) for message in messages for button in _buttons(message)),
            citations=frozenset(number for number in range(1, 13) if f"Policy {number}" in text),
            has_thumbs=any(_thumbs(message) for message in messages),
        )

    def _messages(self, where: Where) -> list[dict[str, Any]]:
        opened = self._bot.peer.said(OPENED) if where == "private" else []
        return [*self._bot.peer.said(CHANNELS[where]), *opened]

    def _standing(self, where: Where) -> list[dict[str, Any]]:
        """Return the statuses that stand in place of messages, as if they were some."""
        standing = self._bot.peer.standing.items()
        found = [words for (channel, _), words in standing if channel == CHANNELS[where]]
        return [{"blocks": [{"type": "markdown", "text": words}]} for words in found]

    async def _interact(self, name: str, where: Where, by: Who, **changes: Any) -> None:
        place = {"id": CHANNELS[where], "name": "x"}
        body = payload(name, self._bot.peer.url, channel=place, **changes)
        await interact(self._bot.client, {**body, "user": {"id": PEOPLE[by]}})
        await self._bot.platform.desk.settled()


def _ts(event: str) -> str:
    return f"17900005{int(event):02d}.000200"


def _elements(message: dict[str, Any]) -> list[dict[str, Any]]:
    return [one for block in message.get("blocks", []) for one in block.get("elements", ()) if isinstance(one, dict)]


def _buttons(message: dict[str, Any]) -> list[dict[str, Any]]:
    return [one for one in _elements(message) if one.get("type") == "button" and "action_id" in one]


def _thumbs(message: dict[str, Any]) -> dict[str, Any] | None:
    return next((one for one in _elements(message) if one.get("type") == "feedback_buttons"), None)


def _name(button: dict[str, Any]) -> str:
    return str(button["action_id"].split(":")[1])


def _words(value: Any) -> str:
    """Return every text of the blocks."""
    if isinstance(value, list):
        return "\n".join(map(_words, value))
    if isinstance(value, str):
        return value
    if not isinstance(value, dict) or value.get("type") in ("button", "feedback_buttons"):
        return ""
    return "\n".join(
        _words(value[name]) for name in value if name in ("text", "elements", "fields", "rows", "title", "tasks")
    )


@contextlib.asynccontextmanager
async def slack(settings: Settings) -> AsyncIterator[SlackHarness]:
    peer = SlackPeer()
    with Running(peer.app()) as server:
        peer.url = server.url
        values = {"slack_bot_token": TOKEN, "slack_signing_secret": SECRET, "slack_api_url": f"{peer.url}/api"}
        connected = Settings.model_validate({**settings.model_dump(), **values})
        async with contextlib.asynccontextmanager(running)(connected, peer) as bot:
            yield SlackHarness(bot)
