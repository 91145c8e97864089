"""What people press under an e-mail draft, on every platform alike: who may, and what happens.

Platforms draw the forms and hand in what was filled in; drafts change here. Nothing here sends: an order goes to
the ledger, and a worker carries it out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast, get_args

import structlog
from pydantic import Field, ValidationError

from assistant.errors import RequestInvalid
from assistant.frozen import Frozen
from assistant.mail.draft import EmailDraft, Language, Length, Tone
from assistant.mail.eml import eml_of, file_name
from assistant.mail.own_edits import OwnEdit, apply_edit
from assistant.mail.shown import PREFIX, fact_notes
from assistant.mentions import Person
from assistant.queue import Doorbell, NoDoorbell
from assistant.storage.blob_store import BlobStore
from assistant.storage.draft_store import BUSY, DraftStore, KeptDraft, OrderAction
from assistant.storage.people_store import PeopleStore

log = structlog.get_logger()

ORDERS = frozenset(PREFIX + action for action in get_args(OrderAction))
REWRITE = PREFIX + "rewrite"
EDIT, CHANGE, DOWNLOAD = PREFIX + "edit", PREFIX + "change", PREFIX + "download"  # open a form, or a file


class DraftPress(Frozen):
    """What travels in every button under a draft."""

    draft: str = Field(max_length=64)
    revision: int = Field(ge=1)
    tone: Tone | None = None
    length: Length | None = None
    language: Language | None = None


@dataclass(frozen=True, slots=True)
class EmlFile:
    """A draft as a file to download."""

    name: str
    data: bytes


class DraftDesk:
    """Takes presses and forms. Everything blocks: await it with asyncio.to_thread."""

    def __init__(
        self, drafts: DraftStore, people: PeopleStore, blobs: BlobStore, doorbell: Doorbell | None = None
    ) -> None:
        self._drafts = drafts
        self._people = people
        self._blobs = blobs
        self._doorbell = doorbell or NoDoorbell()

    def look(self, press: DraftPress, *, tenant: str, person_id: str) -> KeptDraft:
        """Return the draft for a form, if it is still as it was under the button.

        Raises:
            NothingFound, NotPermitted: as DraftStore.get. RequestInvalid: it has changed since, or is closed.
        """
        kept = self._drafts.get(press.draft, tenant=tenant, person_id=person_id)
        if kept.draft.revision != press.revision or not kept.draft.status.is_open:
            raise RequestInvalid(
                f"draft {press.draft} is at revision {kept.draft.revision}",
                reply="This draft has changed since. Please look at it as it stands now.",
            )
        return kept

    def order(self, name: str, press: DraftPress, *, tenant: str, person_id: str) -> str:
        """Take an order (a button of ORDERS) and return what to say; a second press says the same.

        Raises:
            StewardError: as DraftStore.order.
        """
        action = cast(OrderAction, name.removeprefix(PREFIX))
        wanted = press.model_dump(include={"tone", "length", "language"}, exclude_none=True)
        ordered = self._drafts.order(
            press.draft, action, tenant=tenant, person_id=person_id, revision=press.revision, options=wanted
        )
        if ordered.is_new:
            self._doorbell.ring(ordered.lane, ordered.job_id)
        log.info("draft.ordered", job_id=str(ordered.job_id), action=action, is_new=ordered.is_new)
        return BUSY[action]

    def edit(self, press: DraftPress, fields: Mapping[str, Any], *, tenant: str, person_id: str) -> KeptDraft:
        """Make the asker's own words the next revision, and return the draft as it was before.

        Raises:
            StewardError: as `look`, and RequestInvalid for what no mail may hold.
        """
        kept = self.look(press, tenant=tenant, person_id=person_id)
        try:
            edit = OwnEdit.model_validate(dict(fields))
        except ValidationError as error:
            place = error.errors()[0]["loc"]
            raise RequestInvalid(f"edit: {place}", reply=f"“{place[0]}” is too long, or not text.") from error
        self._drafts.revise(kept, apply_edit(kept.draft, edit))
        log.info("draft.edited", job_id=str(kept.job_id), revision=press.revision + 1)
        return kept

    def eml(self, draft_id: str, *, tenant: str, person_id: str) -> EmlFile:
        """Return the latest revision as a file that a mail program opens for editing.

        Raises:
            NothingFound, NotPermitted: as DraftStore.get, or an attachment is no longer kept.
        """
        kept = self._drafts.get(draft_id, tenant=tenant, person_id=person_id)
        sender = self._people.get(tenant, person_id) or Person(id=person_id)
        files = {one.file_id: self._blobs.load(one.file_id) for one in kept.draft.attachments}
        return EmlFile(file_name(kept.draft), eml_of(kept.draft, sender=sender, at=datetime.now(UTC), files=files))


def form_values(draft: EmailDraft) -> dict[str, str]:
    """Return what the forms under a draft start with."""
    boxes = {name: ", ".join(getattr(draft, name)) for name in ("to", "cc", "bcc")}
    style = {"tone": draft.tone, "length": draft.length, "language": draft.language}
    return {**boxes, "subject": draft.subject, "body": draft.body, **style, "facts": fact_notes(draft)}


def read_press(value: str | Mapping[str, Any]) -> DraftPress:
    """Return what a button carried, from JSON or an object; what else travels with it is left out.

    Raises:
        RequestInvalid: it is no button under a draft.
    """
    try:
        found = json.loads(value) if isinstance(value, str) else value
        known = {name: found[name] for name in DraftPress.model_fields if found.get(name)}
        return DraftPress.model_validate(known)
    except (ValueError, TypeError, AttributeError) as error:
        raise RequestInvalid("no draft button", reply="I don't know that button any more.") from error
