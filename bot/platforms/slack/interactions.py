"""What people press: Stop, thumbs, Try again, Share, Ask a human, and the forms that follow.

Rights are looked at when something is pressed, not when the button was drawn.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any
from uuid import UUID

import structlog
from pydantic import Field
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck

from assistant.errors import DependencyUnavailable, NotPermitted, StewardError
from assistant.job_kinds import JOB_KINDS, LOG_INSPECTION
from assistant.mentions import Audience, Mention
from assistant.watch_words import WATCH_BUTTONS
from bot.platforms.slack import modals
from bot.platforms.slack.client import call
from bot.platforms.slack.desk import Desk
from bot.platforms.slack.parse import File, Message, Wire, Workspace, target
from bot.platforms.slack.text import escape, shorten
from bot.surroundings import surroundings_of

log = structlog.get_logger()

CALLED = re.compile(r"[USW][A-Z0-9]{2,30}")  # a person or a user group


class _Named(Wire):
    id: str = Field(min_length=1)


class Press(Wire):
    """A pressed button, a shortcut or a submitted form, as far as all of them say the same."""

    user: _Named
    team: _Named | None = None
    enterprise: _Named | None = None
    channel: _Named | None = None
    message: Message | None = None
    view: dict[str, Any] = Field(default_factory=dict)
    actions: tuple[dict[str, Any], ...] = ()
    trigger_id: str = ""
    response_url: str = ""
    callback_id: str = ""
    message_ts: str = ""

    @property
    def workspace(self) -> Workspace:
        """Whose token to use."""
        enterprise = self.enterprise.id if self.enterprise else None
        return Workspace(team=self.team.id if self.team else enterprise or "", enterprise=enterprise)


Deed = Callable[[Press, dict[str, Any]], Awaitable[None]]
OpenForm = Callable[[Press], Awaitable[None]]


def register(app: AsyncApp, desk: Desk) -> Presses:
    """Put the listeners for buttons and forms on the Bolt app; other rooms add their buttons to what comes back."""
    presses = Presses(desk)
    app.action(re.compile(r"^steward:"))(presses.on_action)
    app.view("steward:feedback")(presses.on_feedback)
    app.view(re.compile(r"^steward:ask:"))(presses.on_ask)
    return presses


class Presses:
    """One method a button or form."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._forms: dict[str, OpenForm] = {}
        self._deeds: dict[str, Deed] = {
            "stop": self._stop,
            "feedback": self._feedback,
            "retry": self._retry,
            "share": self._share,
            "handoff": self._handoff,
            "surroundings": self._surroundings,
            "ask": self._open_ask,
            **{name: partial(self._watch, words) for name, words in WATCH_BUTTONS.items()},
        }

    def add(self, name: str, deed: Deed) -> None:
        """Teach it another button."""
        self._deeds[name] = deed

    def add_form(self, kind: str, open_form: OpenForm) -> None:
        """Teach it a form of its own for one kind of job, in the place of the one question."""
        self._forms[kind] = open_form

    async def on_action(self, body: dict[str, Any], ack: AsyncAck) -> None:
        """Do what was pressed; a refusal is whispered to who pressed."""
        press = Press.model_validate(body)
        action = press.actions[0]
        name = str(action["action_id"]).split(":")[1]
        value = json.loads(action.get("value") or "{}")
        deed = self._deeds.get(name)
        if deed is not None:
            try:
                await deed(press, value)
            except StewardError as error:
                log.info("slack.press_refused", action=name, code=error.code)
                self._desk.later(self._desk.asides.whisper(press.response_url, error.reply))
        await ack()

    # -------------------------------------------------------------- buttons under an answer
    async def _stop(self, press: Press, value: dict[str, Any]) -> None:
        stopped = await self._desk.stop(UUID(value["job"]), press.user.id)
        if not stopped:
            words = "There is nothing to stop any more, or somebody else asked for it."
            self._desk.later(self._desk.asides.whisper(press.response_url, words))

    async def _feedback(self, press: Press, value: dict[str, Any]) -> None:
        job_id, verdict = UUID(value["job"]), value["verdict"]
        desk, audience = self._desk, _audience_of(press)
        await asyncio.to_thread(
            lambda: desk.dependencies.feedback_desk.take(job_id, press.user.id, verdict, audience=audience)
        )
        if verdict == "down":
            place = {"job": str(job_id), "is_direct": audience is Audience.ASKER}
            await self._open(press, modals.feedback(place))
        else:
            desk.later(desk.asides.whisper(press.response_url, "Thank you. You can change your mind at any time."))

    async def _retry(self, press: Press, value: dict[str, Any]) -> None:
        mention = await self._mention(value)
        if mention.asker.id != press.user.id:
            raise NotPermitted("retry by somebody else", reply="Only who asked can ask again.")
        again = mention.model_copy(update={"event_key": f"{mention.event_key}:again:{_pressed_at(press)}"})
        await self._desk.accept(again)

    async def _watch(self, words: str, press: Press, value: dict[str, Any]) -> None:
        """Say in the thread what the button stands for."""
        mention = await self._mention(value)
        if mention.asker.id != press.user.id:
            raise NotPermitted("watch by somebody else", reply="Only who asked can do that.")
        said = {"event_key": f"{mention.event_key}:{words}:{_pressed_at(press)}", "text": words, "attachments": ()}
        await self._desk.accept(mention.model_copy(update={**said, "kind": LOG_INSPECTION.name, "options": {}}))

    async def _share(self, press: Press, value: dict[str, Any]) -> None:
        """Ask the private question once more in the channel: its readers may see less than the asker."""
        mention = await self._mention(value)
        channel = mention.reply_target.get("share_to")
        if mention.asker.id != press.user.id or not channel:
            raise NotPermitted("share by somebody else", reply="Only who asked can share the answer.")
        workspace, desk = press.workspace, self._desk
        key = f"{mention.event_key}:share"
        if not await asyncio.to_thread(desk.dependencies.jobs.claim_event, f"{key}:posted"):
            desk.later(desk.asides.whisper(press.response_url, "You shared this already."))
            return
        asker = await desk.directory.known(workspace, press.user.id)
        readers = await desk.directory.readers(workspace, Message(channel=channel), asker)
        bot = await desk.installations.bot(workspace)
        words = f"<@{press.user.id}> asked: {shorten(escape(mention.text), 2_500)}"
        thread = mention.reply_target.get("share_thread")
        client = desk.api.writing(bot.token)
        said = await call(
            client.chat_postMessage(
                channel=channel, thread_ts=thread, text=words, unfurl_links=False, unfurl_media=False
            )
        )
        root = thread or str(said["ts"])
        shared = mention.model_copy(
            update={
                "event_key": key,
                "conversation": mention.conversation.model_copy(update={"channel": channel, "thread": root}),
                "audience": readers.audience,
                "channel_groups": readers.groups,
                "reply_target": target(workspace, channel, thread_ts=root, user=press.user.id),
            }
        )
        await desk.accept(shared)

    async def _handoff(self, press: Press, value: dict[str, Any]) -> None:
        """Call whom the channel's owners named, once a question."""
        mention = await self._mention(value)
        whom = str(mention.reply_target.get("handoff") or "")
        if not CALLED.fullmatch(whom):
            raise NotPermitted("no hand-off here", reply="Nobody is named to take over in this channel.")
        desk, place = self._desk, mention.reply_target
        if not await asyncio.to_thread(desk.dependencies.jobs.claim_event, f"{mention.event_key}:handoff"):
            return
        bot = await desk.installations.bot(press.workspace)
        name = f"<!subteam^{whom}>" if whom.startswith("S") else f"<@{whom}>"
        words = f"{name}, <@{press.user.id}> would like a person to look at this question."
        client = desk.api.writing(bot.token)
        await call(
            client.chat_postMessage(
                channel=place["channel"],
                thread_ts=place.get("thread_ts"),
                text=words,
                unfurl_links=False,
                unfurl_media=False,
            )
        )

    async def _surroundings(self, press: Press, value: dict[str, Any]) -> None:
        """Whisper the lines around those that the answer quotes."""
        desk = self._desk
        person = (await desk.directory.known(press.workspace, press.user.id)).person
        view = await asyncio.to_thread(desk.dependencies.jobs.view, UUID(value["job"]))
        shown = [f"{one.title}\n```\n{_in_fence(one.lines)}\n```" for one in surroundings_of(view, person)]
        desk.later(desk.asides.whisper(press.response_url, "\n".join(shown)))

    async def _mention(self, value: dict[str, Any]) -> Mention:
        mention = await asyncio.to_thread(self._desk.store.mention_of, UUID(value.get("job_id") or value["job"]))
        if mention is None:
            raise NotPermitted("the job is deleted", reply="I don't know that question any more.")
        return mention

    # -------------------------------------------------------------- forms
    async def _open_ask(self, press: Press, value: dict[str, Any]) -> None:
        kind = JOB_KINDS[value["kind"]]
        if open_form := self._forms.get(kind.name):
            await open_form(press)
            return
        place = {"channel": press.channel.id if press.channel and not _is_direct(press) else None}
        await self._open(press, modals.ask(kind, place))

    async def _open(self, press: Press, view: modals.View) -> None:
        bot = await self._desk.installations.bot(press.workspace)
        await call(self._desk.api.writing(bot.token).views_open(trigger_id=press.trigger_id, view=view))

    async def on_feedback(self, body: dict[str, Any], ack: AsyncAck) -> None:
        """Keep the reason and the correction beside the thumb."""
        press = Press.model_validate(body)
        values, place = modals.read_values(press.view), modals.read_place(press.view)
        audience = Audience.ASKER if place.get("is_direct") else Audience.CHANNEL
        desk = self._desk.dependencies.feedback_desk
        try:
            await asyncio.to_thread(
                lambda: desk.take(
                    UUID(place["job"]),
                    press.user.id,
                    "down",
                    reason=values.get("reason"),
                    correction=values.get("correction"),
                    audience=audience,
                )
            )
        except StewardError as error:
            await ack(response_action="errors", errors={"correction": error.reply})
            return
        await ack()

    async def on_ask(self, body: dict[str, Any], ack: AsyncAck) -> None:
        """Take the question of a form in; it is answered privately unless the form says otherwise."""
        press = Press.model_validate(body)
        values, place = modals.read_values(press.view), modals.read_place(press.view)
        channel = place.get("channel") if "here" in (values.get("where") or ()) else None
        kind = str(press.view["callback_id"]).rsplit(":", 1)[1]
        key = f"slack:{press.workspace.team}:view:{press.view.get('id')}"
        files = [File.model_validate(one) for one in values.get("files") or ()]
        try:
            bot = await self._desk.installations.bot(press.workspace)
            fetched = await self._desk.files.fetch(bot, files)
            if fetched.refused:
                await ack(response_action="errors", errors={"files": shorten("\n".join(fetched.refused), 1_000)})
                return
            await self._desk.ask(
                press.workspace,
                press.user.id,
                str(values.get("question") or ""),
                key=key,
                kind=kind,
                channel=channel,
                attachments=fetched.attachments,
            )
        except StewardError as error:
            is_on_its_way = files and isinstance(error, DependencyUnavailable)
            words = "Slack is still handing me the files. Please send once more." if is_on_its_way else error.reply
            name = "files" if is_on_its_way else "question"
            await ack(response_action="errors", errors={name: shorten(words, 1_000)})
            return
        await ack()


def _in_fence(lines: Sequence[str]) -> str:
    """Return the lines as they may stand between three back-ticks, which they can't end."""
    return "\n".join(lines).replace("```", "` ` `")


def _is_direct(press: Press) -> bool:
    return press.channel is None or press.channel.id.startswith("D")


def _audience_of(press: Press) -> Audience:
    return Audience.ASKER if _is_direct(press) else Audience.CHANNEL


def _pressed_at(press: Press) -> str:
    return str(press.actions[0].get("action_ts") or press.trigger_id)
