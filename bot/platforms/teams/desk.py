"""What Steward does about each Teams activity. The SDK's turn calls it; nothing here knows the SDK.

Everything that makes a job is committed before a method returns, so that 202 means "kept". What can't become a
job is answered with a sentence, once, whatever Teams sends again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import structlog

from assistant.errors import NothingFound, NotPermitted, RequestInvalid, StewardError
from assistant.job_kinds import EMAIL_DRAFT, MEETING_SUMMARY
from assistant.mentions import Attachment, Audience, Mention
from assistant.storage.job_store import JobStore, JobView
from bot.intake import Intake
from bot.platforms.teams.buttons import Buttons, button_of
from bot.platforms.teams.cards import CARD_TYPE
from bot.platforms.teams.compose import ComposeActions
from bot.platforms.teams.files import FileFetcher
from bot.platforms.teams.meetings import MeetingTranscripts
from bot.platforms.teams.memberships import Memberships
from bot.platforms.teams.opinions import Opinions
from bot.platforms.teams.outgoing import Speaker
from bot.platforms.teams.own_chat import OwnChats
from bot.platforms.teams.parse import (
    conversation_of,
    event_key,
    files_of,
    mention_of,
    person_id_of,
    question_of,
    tenant_of,
    text_mentions_bot,
    thread_reference,
)
from bot.platforms.teams.people import TeamsDirectory
from bot.platforms.teams.places import SEEN
from bot.platforms.teams.recaps import TeamsRecaps
from bot.platforms.teams.settings_forms import SETTINGS_WORDS, SettingsForms
from bot.platforms.teams.strays import Strays
from bot.platforms.teams.turns import InvokeAnswer
from bot.platforms.teams.welcome import welcome
from bot.platforms.teams.wire import TeamsActivity, text_at
from bot.routing import is_stop_word, route

log = structlog.get_logger()

DRAFT_POINTER = "An e-mail draft is its asker's alone: I write it in our chat."
MESSAGE = "application/vnd.microsoft.activity.message"
RECENT_JOBS = 10  # of a person, in which the one to stop is looked for


class TeamsDesk:
    """Acts on activities that are verified and read."""

    def __init__(
        self,
        *,
        jobs: JobStore,
        intake: Intake,
        directory: TeamsDirectory,
        memberships: Memberships,
        speaker: Speaker,
        files: FileFetcher,
        transcripts: MeetingTranscripts,
        recaps: TeamsRecaps,
        buttons: Buttons,
        opinions: Opinions,
        chats: OwnChats,
        compose: ComposeActions,
        strays: Strays,
        settings: SettingsForms,
    ) -> None:
        self._jobs = jobs
        self._intake = intake
        self._directory = directory
        self._memberships = memberships
        self._speaker = speaker
        self._files = files
        self._transcripts = transcripts
        self._recaps = recaps
        self._buttons = buttons
        self._opinions = opinions
        self._chats = chats
        self._compose = compose
        self._strays = strays
        self._settings = settings

    # -------------------------------------------------------------- messages
    async def asked(self, activity: TeamsActivity) -> None:
        """Turn a message to the bot into a job, or into a sentence that says why not.

        Raises:
            DependencyUnavailable, StorageFull: nothing was kept; Teams should send it again.
        """
        if button_of(activity.value) is not None and not (activity.text or "").strip():
            await self._clicked_by_message(activity)
        elif activity.kind == "personal" or text_mentions_bot(activity):
            await self._take(activity, event_key(activity))

    async def edited(self, activity: TeamsActivity) -> None:
        """Ask again with the new words, and stop what runs with the old ones.

        Raises:
            DependencyUnavailable, StorageFull: nothing was kept.
        """
        if text_at(activity.channel_data, "eventType") != "editMessage":
            return
        first = await asyncio.to_thread(self._jobs.of_event, event_key(activity))
        if first is None:  # not a question of ours, or one that made no job
            return
        try:
            view = await asyncio.to_thread(self._jobs.view, first)
        except NothingFound:  # deleted in the meantime
            return
        words = question_of(activity)
        if view.asker_id != person_id_of(activity) or not words or words == view.question:
            return
        await asyncio.to_thread(self._jobs.cancel, first, by=view.asker_id)
        await self._take(activity, event_key(activity, "edit", activity.timestamp or words[:40]))

    async def deleted(self, activity: TeamsActivity) -> None:
        """Stop the job of a question that its asker took back."""
        job_id = await asyncio.to_thread(self._jobs.of_event, event_key(activity))
        if job_id is not None and text_at(activity.channel_data, "eventType") == "softDeleteMessage":
            await asyncio.to_thread(self._jobs.cancel, job_id, by=activity.sender.aad_object_id or "its asker")

    async def joined(self, activity: TeamsActivity) -> None:
        """Greet whoever added the bot; forget who was in the conversation."""
        self._directory.membership_changed(activity.conversation.id)
        self._memberships.changed()
        added = activity.type == "installationUpdate" and (activity.action or "").startswith("add")
        if added and await asyncio.to_thread(self._jobs.claim_event, _greeting_key(activity)):
            self._speaker.send(thread_reference(activity), welcome())

    # -------------------------------------------------------------- invokes
    async def invoked(self, activity: TeamsActivity) -> InvokeAnswer:
        """Answer a button, a form or feedback; what is not known is not implemented (501)."""
        match activity.name:
            case "adaptiveCard/action":
                return await self._clicked(activity)
            case "message/submitAction":
                return await self._judged(activity)
            case "composeExtension/submitAction":
                return _told(await self._composed(activity))
            case _:
                return InvokeAnswer(501)

    async def _clicked(self, activity: TeamsActivity) -> InvokeAnswer:
        value = activity.value if isinstance(activity.value, Mapping) else {}
        action = value.get("action")
        data = action.get("data") if isinstance(action, Mapping) else None
        name = button_of(data)
        if name is None or not isinstance(data, Mapping):
            return _said("I don't know that button any more.")
        return await self._shown(activity, data) if name == SEEN else _said(await self._press(activity, name, data))

    async def _shown(self, activity: TeamsActivity, data: Mapping[str, Any]) -> InvokeAnswer:
        """Answer a client that shows a card of ours and asks what has become of it: no person pressed anything."""
        try:
            return InvokeAnswer(
                200, {"statusCode": 200, "type": CARD_TYPE, "value": await self._strays.seen(activity, data)}
            )
        except (RequestInvalid, NotPermitted, NothingFound) as error:
            log.info("teams.place_unknown", code=error.code)
            return _said(error.reply)

    async def _press(self, activity: TeamsActivity, name: str, data: Mapping[str, Any]) -> str | dict[str, Any]:
        try:
            return await self._buttons.press(activity, name, data)
        except (RequestInvalid, NotPermitted, NothingFound) as error:
            log.info("teams.button_refused", button=name[:40], code=error.code)
            return error.reply

    async def _judged(self, activity: TeamsActivity) -> InvokeAnswer:
        if not isinstance(activity.value, Mapping) or activity.value.get("actionName") != "feedback":
            return InvokeAnswer(501)
        try:
            await self._opinions.take(activity)
        except (RequestInvalid, NotPermitted, NothingFound) as error:
            log.info("teams.feedback_refused", code=error.code)
            return InvokeAnswer(_status_of(error))
        return InvokeAnswer()

    async def _composed(self, activity: TeamsActivity) -> str:
        try:
            return await self._compose.submit(activity)
        except (RequestInvalid, NotPermitted) as error:
            return error.reply

    # -------------------------------------------------------------- steps
    async def _take(self, activity: TeamsActivity, key: str) -> None:
        person_id_of(activity)  # an activity without a sender is the caller's mistake, nothing to talk about
        try:
            command = "" if files_of(activity) else question_of(activity).lower().strip(" .!")
            if is_stop_word(command):
                await self._tell(activity, key, await self._stop_newest(activity))
                return
            if command in SETTINGS_WORDS:
                await self._show(activity, key, await self._settings.answer(activity))
                return
            asker = await self._directory.known(activity)
            readers = await self._directory.readers(activity, asker)
            mention = mention_of(activity, asker.person, readers.audience, key=key, channel_groups=readers.groups)
            if await asyncio.to_thread(self._jobs.of_event, key) is None:  # else its files are kept already
                mention = await self._with_files(activity, mention)
            mention = await self._memberships.with_channels(activity, mention)
            is_draft = activity.kind != "personal" and route(mention).kind is EMAIL_DRAFT
            if is_draft:
                mention = await self._privately(activity, mention, is_outsider=asker.is_outsider)
            accepted = await asyncio.to_thread(self._intake.take, mention)
        except (RequestInvalid, NotPermitted) as error:
            await self._tell(activity, key, error.reply)
            return
        if is_draft:
            await self._tell(activity, f"{key}:pointer", DRAFT_POINTER)
        elif activity.kind != "personal" and not accepted.duplicate:  # a stream shows by itself that we are at it
            self._speaker.send(thread_reference(activity), {"type": "typing"})

    async def _with_files(self, activity: TeamsActivity, mention: Mention) -> Mention:
        """Return the mention with what came along, with the meeting's transcript, or with messages to recap."""
        attachments = await self._files.fetch(activity) or await self._transcript(activity, mention)
        recap = (
            None if attachments else await self._recaps.fetch(activity, mention, await self._directory.zone(activity))
        )
        if recap is None:
            return mention.model_copy(update={"attachments": attachments})
        text = mention.text.rstrip(" ?")  # a question would be answered from the messages; this asks for all of them
        return mention.model_copy(update={"attachments": (recap,), "kind": MEETING_SUMMARY.name, "text": text})

    async def _privately(self, activity: TeamsActivity, mention: Mention, *, is_outsider: bool) -> Mention:
        """Return a request made in a channel or group as one that is answered in the asker's own chat."""
        place, target = await self._chats.of(activity)
        return mention.model_copy(
            update={
                "conversation": place,
                "asked_in": mention.conversation,
                "audience": Audience.OUTSIDERS if is_outsider else Audience.ASKER,
                "channel_groups": (),
                "reply_target": target.model_dump(mode="json"),
            }
        )

    async def _transcript(self, activity: TeamsActivity, mention: Mention) -> tuple[Attachment, ...]:
        """Return the meeting's transcript when somebody in a meeting asks for its minutes."""
        if route(mention).kind is not MEETING_SUMMARY:
            return ()
        found = await self._transcripts.fetch(activity, await self._directory.zone(activity))
        return (found,) if found is not None else ()

    async def _stop_newest(self, activity: TeamsActivity) -> str:
        running = await asyncio.to_thread(self._running, activity)
        if not running:
            return "There is nothing to stop."
        try:
            return await self._buttons.stop(activity, running[0])
        except NotPermitted as error:
            return error.reply

    def _running(self, activity: TeamsActivity) -> list[JobView]:
        here = conversation_of(activity).channel
        recent = self._jobs.recent(tenant_of(activity), person_id_of(activity), RECENT_JOBS)
        return [view for view in recent if not view.status.is_answered and view.conversation.channel == here]

    async def _clicked_by_message(self, activity: TeamsActivity) -> None:
        """A client without Action.Execute sends a message instead of an invoke."""
        key = event_key(activity)
        if isinstance(activity.value, Mapping) and (name := button_of(activity.value)):
            said = await self._press(activity, name, activity.value)
            words = said if isinstance(said, str) else "Your version of Teams can't show this form. Try another one."
            await self._tell(activity, key, words)

    async def _tell(self, activity: TeamsActivity, key: str, text: str) -> None:
        """Say something that is not a job's answer: once, also when the activity comes again."""
        if await asyncio.to_thread(self._jobs.claim_event, key):
            self._speaker.say(thread_reference(activity), text)

    async def _show(self, activity: TeamsActivity, key: str, message: dict[str, Any]) -> None:
        """Send a card that is not a job's answer: once, also when the activity comes again."""
        if await asyncio.to_thread(self._jobs.claim_event, key):
            self._speaker.send(thread_reference(activity), message)


def _greeting_key(activity: TeamsActivity) -> str:
    return f"teams:welcome:{activity.conversation.id}:{activity.id or activity.timestamp or ''}"[:500]


def _said(answer: str | dict[str, Any]) -> InvokeAnswer:
    kind = MESSAGE if isinstance(answer, str) else CARD_TYPE
    return InvokeAnswer(200, {"statusCode": 200, "type": kind, "value": answer})


def _told(text: str) -> InvokeAnswer:
    return InvokeAnswer(200, {"task": {"type": "message", "value": text}})


def _status_of(error: StewardError) -> int:
    return {RequestInvalid: 400, NotPermitted: 403, NothingFound: 404}.get(type(error), 400)
