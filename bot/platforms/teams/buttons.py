"""What a button under a message does. Who may press it is decided at the click, from the ledger, never from the card.

Everybody in a channel sees the buttons, and a card's data can be sent by anyone who can see it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import structlog

from assistant.errors import NotPermitted, RequestInvalid
from assistant.job_kinds import LOG_INSPECTION
from assistant.mail.about import WRITE_ABOUT
from assistant.mail.shown import PREFIX
from assistant.minutes.kept import NAME_SPEAKERS
from assistant.minutes.kept import PREFIX as MINUTES_PREFIX
from assistant.storage.job_acceptance import Accepted
from assistant.storage.job_store import JobStore, JobView
from assistant.watch_words import WATCH_BUTTONS
from bot.intake import Intake
from bot.platforms.teams import speakers
from bot.platforms.teams.drafts import DraftButtons
from bot.platforms.teams.email_form import WRITTEN, EmailForm
from bot.platforms.teams.minutes import MinutesButtons
from bot.platforms.teams.parse import conversation_of, mention_of, person_id_of, tenant_of
from bot.platforms.teams.people import Known, TeamsDirectory
from bot.platforms.teams.settings_cards import NAMES as SETTINGS_BUTTONS
from bot.platforms.teams.settings_forms import SettingsForms
from bot.platforms.teams.text import fenced, plain
from bot.platforms.teams.wire import TeamsActivity, text_at
from bot.speaker_names import ask_with_names, speakers_to_name
from bot.surroundings import surroundings_of

log = structlog.get_logger()

MAY_STOP_ANYTHING = ("admin",)


class Buttons:
    """Acts on clicks; what comes back is the sentence to show, or the form (a card's content)."""

    def __init__(
        self,
        jobs: JobStore,
        intake: Intake,
        directory: TeamsDirectory,
        drafts: DraftButtons,
        email_form: EmailForm,
        minutes: MinutesButtons,
        settings: SettingsForms,
    ) -> None:
        self._jobs = jobs
        self._intake = intake
        self._directory = directory
        self._drafts = drafts
        self._email_form = email_form
        self._minutes = minutes
        self._settings = settings

    async def press(self, activity: TeamsActivity, name: str, data: Mapping[str, Any]) -> str | dict[str, Any]:
        """Do what the button says.

        Raises:
            RequestInvalid: no such button, or it carries no job. NothingFound: the job is gone.
            NotPermitted: the job is somebody else's, or of another conversation.
        """
        if name in SETTINGS_BUTTONS:  # of a channel or a person, and of no job
            return await self._settings.press(activity, name, data)
        view = await asyncio.to_thread(self._jobs.view, job_id_of(data))
        check_place(activity, view)
        if name.startswith(PREFIX):
            presser = (await self._directory.known(activity)).person
            return await self._drafts.press(name, data, tenant=tenant_of(activity), person_id=presser.id)
        if name in (WRITE_ABOUT, WRITTEN):
            return await self._email_form.press(activity, name, view, data)
        if name == NAME_SPEAKERS:
            presser = (await self._directory.known(activity)).person
            return speakers.speakers_form(speakers_to_name(view, presser.id), view.id)
        if name.startswith(MINUTES_PREFIX):
            return await self._under_minutes(activity, name, data)
        match name:
            case "stop":
                return await self.stop(activity, view)
            case "retry":
                return await self._retry(activity, view)
            case speakers.NAMED:
                return await self._named(activity, view, data)
            case "surroundings":
                person = (await self._directory.known(activity)).person
                places = surroundings_of(view, person)
                return "\n\n".join(f"**{plain(one.title)}**\n\n{fenced(one.lines)}" for one in places)
            case "watch" | "watch_on" | "stop_watch":
                return await self._watch(activity, view, WATCH_BUTTONS[name])
            case _:
                raise RequestInvalid(f"unknown button {name[:40]!r}", reply="I don't know that button any more.")

    async def _under_minutes(
        self, activity: TeamsActivity, name: str, data: Mapping[str, Any]
    ) -> str | dict[str, Any]:
        asker = await self._directory.known(activity)
        readers = await self._directory.readers(activity, asker)
        mention = mention_of(
            activity,
            asker.person,
            readers.audience,
            key=f"teams:{name}:{data.get('minutes')}:{data.get('revision')}:{asker.person.id}"[:500],
            channel_groups=readers.groups,
        )
        return await self._minutes.press(name, data, mention)

    async def _watch(self, activity: TeamsActivity, view: JobView, words: str) -> str:
        asker = await self._directory.known(activity)
        if view.asker_id != asker.person.id:
            raise NotPermitted(f"watch of job {view.id} by someone else", reply="Only who asked can do that.")
        readers = await self._directory.readers(activity, asker)
        mention = mention_of(
            activity,
            asker.person,
            readers.audience,
            key=f"teams:{words}:{view.id}",
            channel_groups=readers.groups,
            text=words,
            kind=LOG_INSPECTION.name,
        )
        await asyncio.to_thread(self._intake.take, mention)
        return "Done."

    async def stop(self, activity: TeamsActivity, view: JobView) -> str:
        """Stop the job for its asker, or for an administrator."""
        presser = (await self._directory.known(activity)).person
        if view.asker_id != presser.id and presser.role not in MAY_STOP_ANYTHING:
            raise NotPermitted(
                f"stop of job {view.id} by someone who did not ask it", reply="Only who asked can stop this."
            )
        stopped = await asyncio.to_thread(self._jobs.cancel, view.id, by=presser.id)
        return "Stopping …" if stopped else "That is already over."

    async def _retry(self, activity: TeamsActivity, view: JobView) -> str:
        asker = await self._directory.known(activity)
        if view.asker_id != asker.person.id:
            raise NotPermitted(
                f"retry of job {view.id} by someone who did not ask it", reply="Only who asked can ask that again."
            )
        if not view.status.is_answered:
            return "I'm still working on it."
        key = f"teams:retry:{view.id}"  # however often it is pressed, the question is asked once more
        accepted = await self._ask_again(activity, asker, view, key=key, options=view.options)
        return "You asked that again already." if accepted.duplicate else "Asked again."

    async def _named(self, activity: TeamsActivity, view: JobView, data: Mapping[str, Any]) -> str:
        asker = await self._directory.known(activity)
        names = speakers.names_filled_in(data)
        again = ask_with_names(view, asker.person.id, names)
        if await self._minutes.name_speakers(view.id, names, asker.person):
            return "The names are kept, and so are the corrections."
        accepted = await self._ask_again(activity, asker, view, key=f"teams:{again.key}", options=again.options)
        return "I'm on it already." if accepted.duplicate else "I'm writing the minutes again, with these names."

    async def _ask_again(
        self, activity: TeamsActivity, asker: Known, view: JobView, *, key: str, options: Mapping[str, Any]
    ) -> Accepted:
        """Take the question of a job in once more, for those who read it here now."""
        readers = await self._directory.readers(activity, asker)
        mention = mention_of(
            activity,
            asker.person,
            readers.audience,
            key=key,
            channel_groups=readers.groups,
            attachments=view.attachments,
            text=view.question,
            kind=view.kind,
            options=dict(options),
        )
        return await asyncio.to_thread(self._intake.take, mention)


def check_place(activity: TeamsActivity, view: JobView) -> None:
    """Check that a button was pressed where its job was asked.

    Raises:
        NotPermitted: it was not.
    """
    here = conversation_of(activity)
    there = view.conversation
    if (view.tenant, there.platform, there.channel) != (tenant_of(activity), here.platform, here.channel):
        log.warning("teams.button_out_of_place", job_id=str(view.id), person=person_id_of(activity))
        raise NotPermitted(f"a button of job {view.id} was pressed in another conversation")


def button_of(data: object) -> str | None:
    """Return the name of our button in a message's value or an action's data, or None when it is not ours."""
    return text_at(data, "steward") if isinstance(data, Mapping) else None


def job_id_of(data: Mapping[str, Any]) -> UUID:
    """Return the job that a button carries.

    Raises:
        RequestInvalid: it carries none.
    """
    try:
        return UUID(str(data.get("job_id")))
    except ValueError as error:
        raise RequestInvalid("a button without a job", reply="I don't know that button any more.") from error
