"""What people press under minutes, on every platform alike: who may, and what happens.

Platforms draw the form and hand in what was filled in. A correction is a new revision in the library at once; a
worker then makes the message and its files say it. Whoever may read minutes where the button stands may correct them,
and is named on each line they write; only who asked for them, or an administrator, can have them forgotten.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import structlog
from pydantic import Field

from assistant.errors import NotPermitted, RequestInvalid
from assistant.frozen import Frozen
from assistant.job_kinds import MEETING_SUMMARY
from assistant.mentions import Mention, Person
from assistant.minutes.edits import apply_edit, confirmed, form_values
from assistant.minutes.kept import NAME_SPEAKERS, PREFIX, KeptMinutes, Reader, SpokenLine
from assistant.minutes.naming import labels_of, names_by_label, spoken_with_names, with_names
from assistant.minutes.schema import Minutes
from assistant.queue import Doorbell, NoDoorbell
from assistant.replies import Reply
from assistant.settings import Settings
from assistant.storage.feedback_store import FeedbackStore
from assistant.storage.minutes_store import MinutesStore

log = structlog.get_logger()

EDIT: Final = PREFIX + "edit"  # opens a form
CONFIRM, TICKETS, FORGET = PREFIX + "confirm", PREFIX + "tickets", PREFIX + "forget"
ORDERS: Final = frozenset({CONFIRM, TICKETS, FORGET})
MAY_FORGET_ANYTHING: Final = ("admin",)
CORRECTED: Final = "corrected"  # the reason that feedback by an edit carries
MAX_CORRECTION_CHARS: Final = 4_000
_MEANWHILE: Final = {
    EDIT: "Writing your corrections into the minutes …",
    CONFIRM: "Marking the minutes as confirmed …",
    TICKETS: "Making tickets …",
    NAME_SPEAKERS: "Writing the names into the minutes …",
}


class MinutesPress(Frozen):
    """What travels in every button under minutes."""

    minutes: UUID
    revision: int = Field(ge=1)


class MinutesDesk:
    """Takes presses and forms. Everything blocks: await it with asyncio.to_thread."""

    def __init__(
        self,
        settings: Settings,
        minutes: MinutesStore,
        feedback: FeedbackStore,
        doorbell: Doorbell | None = None,
    ) -> None:
        self._settings = settings
        self._minutes = minutes
        self._feedback = feedback
        self._doorbell = doorbell or NoDoorbell()

    def reader(self, where: Mention) -> Reader:
        """Return who presses, from a mention they could make at this place."""
        return Reader.of(where, named=self._settings.minutes_readers)

    def channels(self, where: Mention) -> list[str]:
        """Return the channels of the mention's workspace that have minutes, those with the newest first."""
        return self._minutes.channels(where.conversation.platform.value, where.conversation.tenant)

    def form(self, press: MinutesPress, reader: Reader) -> dict[str, str]:
        """Return what the form starts with, by section.

        Raises:
            NothingFound: there are no such minutes for them. RequestInvalid: they have changed since.
        """
        return form_values(self._look(press, reader).minutes)

    def edit(self, press: MinutesPress, fields: Mapping[str, str], reader: Reader, person: Person) -> None:
        """Make the person's corrections the next revision.

        Raises:
            StewardError: as `form`, or a line of the edit can't be used; the reply names it.
        """
        kept = self._look(press, reader)
        edited = apply_edit(kept.minutes, fields, editor=_name(person))
        self._revise(kept, edited.minutes, EDIT, person, edited.changes)
        if kept.job_id is not None:
            said = "\n".join(edited.changes)[:MAX_CORRECTION_CHARS]
            self._feedback.record(kept.job_id, person.id, "down", CORRECTED, said)
        log.info("minutes.edited", job_id=str(kept.job_id), changes=len(edited.changes))

    def order(self, name: str, press: MinutesPress, reader: Reader, person: Person) -> str:
        """Do what a button of ORDERS says, and return what to say.

        Raises:
            StewardError: as `form`; NotPermitted for who may not have them forgotten.
        """
        kept = self._look(press, reader)
        if name == FORGET:
            self._minutes.forget(kept, reader, is_admin=person.role in MAY_FORGET_ANYTHING)
            log.info("minutes.forgotten", job_id=str(kept.job_id))
            return "Forgotten."
        if name == CONFIRM:
            self._confirm(kept, person)
            return "Confirmed."
        return self._order_tickets(kept, person)

    def name_speakers(self, job_id: UUID, names: Mapping[str, str], person: Person) -> bool:
        """Put the names into minutes that somebody has worked on already, as their next revision.

        Returns False where nobody has: such minutes are better asked for again, and written with the names.

        Raises:
            NotPermitted: somebody else asked for them. RequestInvalid: they are being worked on.
        """
        kept = self._minutes.of_job(job_id)
        if kept is None or (kept.revision == 1 and not kept.tickets):
            return False
        if kept.asker_id != person.id:
            raise NotPermitted(
                f"speakers of minutes {kept.id} by someone who did not ask for them",
                reply="Only who asked for the minutes can name the speakers.",
            )
        spoken = self._minutes.spoken(kept.id)
        found = names_by_label(labels_of(kept.minutes, spoken), names)
        if found:
            changes = tuple(f"{label} is {name}" for label, name in found.items())
            minutes, said = with_names(kept.minutes, found), spoken_with_names(spoken, found)
            self._revise(kept, minutes, NAME_SPEAKERS, person, changes, spoken=said)
        log.info("minutes.speakers_named", job_id=str(job_id), speakers=len(found))
        return True

    def _look(self, press: MinutesPress, reader: Reader) -> KeptMinutes:
        kept = self._minutes.get(press.minutes, reader)
        if kept.revision != press.revision:
            raise RequestInvalid(
                f"minutes {press.minutes} are at revision {kept.revision}",
                reply="These minutes have changed since. Please look at them as they stand now.",
            )
        return kept

    def _confirm(self, kept: KeptMinutes, person: Person) -> None:
        found = confirmed(kept.minutes, by=_name(person))
        self._revise(kept, found, CONFIRM, person, ("Confirmed",))
        if kept.job_id is not None and self._feedback.of(kept.job_id, person.id) is None:
            self._feedback.record(kept.job_id, person.id, "up")

    def _order_tickets(self, kept: KeptMinutes, person: Person) -> str:
        items = [item.id for item in kept.minutes.action_items if not item.is_done]
        new = self._minutes.order_tickets(kept, items, by=person.id, meanwhile=_meanwhile(TICKETS))
        if new:
            self._doorbell.ring(MEETING_SUMMARY.lane, kept.job_id)
        log.info("minutes.tickets_ordered", job_id=str(kept.job_id), tickets=new)
        return _MEANWHILE[TICKETS] if new else "These tasks have their tickets already."

    def _revise(
        self,
        kept: KeptMinutes,
        minutes: Minutes,
        name: str,
        person: Person,
        changes: tuple[str, ...],
        *,
        spoken: Sequence[SpokenLine] = (),
    ) -> None:
        self._minutes.revise(kept, minutes, by=person.id, changes=changes, meanwhile=_meanwhile(name), spoken=spoken)
        self._doorbell.ring(MEETING_SUMMARY.lane, kept.job_id)


def read_press(value: str | Mapping[str, Any]) -> MinutesPress:
    """Return what a button carried, from JSON or an object; what else travels with it is left out.

    Raises:
        RequestInvalid: it is no button under minutes.
    """
    try:
        found = json.loads(value) if isinstance(value, str) else value
        return MinutesPress.model_validate({name: found[name] for name in MinutesPress.model_fields})
    except (ValueError, TypeError, KeyError) as error:
        raise RequestInvalid("no button under minutes", reply="I don't know that button any more.") from error


def _name(person: Person) -> str:
    return (person.name or person.id)[:80]


def _meanwhile(name: str) -> Reply:
    return Reply(text=_MEANWHILE[name], final=False)
