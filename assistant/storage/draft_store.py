"""Drafts and their revisions, edited in place, and the orders that their askers give for them.

Only the asker may see or change a draft. An order names the revision it is for and carries the hash of its content:
when either has changed since, nothing happens. One order at a time: a second press finds the first one open.
Orders put the draft's job back into the queue in the same commit; a worker carries them out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import sqlalchemy as sa
from pydantic import TypeAdapter

from assistant.errors import NothingFound, NotPermitted, RequestInvalid
from assistant.job_kinds import EMAIL_DRAFT
from assistant.jobs import Job
from assistant.mail.draft import DraftStatus, EmailDraft, content_hash
from assistant.mail.eml import message_id, message_of
from assistant.mail.port import ApprovedMessage
from assistant.mail.shown import Offer, show_draft
from assistant.mentions import Person
from assistant.replies import Notice
from assistant.storage.database import reading, writing
from assistant.storage.draft_orders import OFFERS, mark, put_revision
from assistant.storage.job_store import SAY
from assistant.storage.statements import Statement, json_of, json_text

OrderAction = Literal["rewrite", "save", "send", "discard"]

CHANGED = "This draft has changed since. Please look at it as it stands now."
BUSY = {
    "send": "Sending …",
    "save": "Saving to your Drafts …",
    "rewrite": "Writing it anew …",
    "discard": "Discarding …",
}
_OPTIONS: TypeAdapter[dict[str, Any]] = TypeAdapter(dict[str, Any])


@dataclass(frozen=True, slots=True)
class KeptDraft:
    """A draft as it stands now."""

    draft: EmailDraft  # the latest revision
    job_id: UUID
    tenant: str
    person_id: str
    offers: tuple[Offer, ...]
    remote_id: str | None


@dataclass(frozen=True, slots=True)
class Order:
    """What its asker wants done with one revision. `is_started`: an earlier attempt may have done it already."""

    id: int
    action: OrderAction
    content_hash: str
    options: Mapping[str, Any]
    is_started: bool
    kept: KeptDraft


@dataclass(frozen=True, slots=True)
class Ordered:
    """An order as it was taken. `is_new` is False for the second press of a double click."""

    job_id: UUID
    lane: str
    is_new: bool


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One line of the audit log: who ordered what, when, for which content, and what came of it."""

    draft_id: str
    person_id: str
    action: str
    revision: int
    content_hash: str
    state: str
    detail: str | None
    created_at: datetime
    finished_at: datetime | None


_LOOK = """
    SELECT d.id AS draft_id, d.job_id, d.tenant, d.person_id, d.status, @text(d.offers) AS offers, d.remote_id,
           @text(r.content) AS content
    FROM drafts d JOIN draft_revisions r ON r.draft_id = d.id AND r.revision = d.revision WHERE {which}
"""
_GET = Statement(_LOOK.format(which="d.id = :draft_id"), returns="job_id")
_GET_LOCKED = Statement(
    _LOOK.format(which="d.id = :draft_id FOR UPDATE OF d"),
    sqlite=_LOOK.format(which="d.id = :draft_id"),
    returns="job_id",
)
_OF_JOB = Statement(_LOOK.format(which="d.job_id = :job_id"), returns="job_id")
_ASKED = Statement(
    _LOOK.format(
        which="""d.job_id = (SELECT j.id FROM jobs j JOIN conversations c ON c.id = j.conversation_id
        WHERE c.platform = :platform AND c.tenant = :tenant AND c.channel = :channel AND c.thread = :thread
        ORDER BY j.created_at DESC LIMIT 1)"""
    ),
    returns="job_id",
)
_REVISION = Statement(
    "SELECT @text(content) AS content FROM draft_revisions WHERE draft_id = :draft_id AND revision = :revision"
)
_MOVE_ON = Statement(
    "UPDATE drafts SET revision = :revision, updated_at = @now WHERE id = :draft_id AND revision = :before"
)
_OPEN = Statement(
    """
    SELECT id, action, content_hash, state, @text(options) AS options FROM draft_orders
    WHERE draft_id = :draft_id AND state IN ('pending', 'started')
    """
)
_PUT_ORDER = Statement(
    """
    INSERT INTO draft_orders (draft_id, job_id, tenant, person_id, action, revision, content_hash, options, state,
                              created_at)
    VALUES (:draft_id, :job_id, :tenant, :person_id, :action, :revision, :content_hash, @json(:options), 'pending',
            @now)
    """
)
_QUEUE = Statement(
    """
    UPDATE jobs SET state = 'queued', lane = :lane, attempt = 0, worker_deaths = 0, run_at = @now,
           deadline_at = @in(:deadline_seconds), finished_at = NULL, cancel_requested = :no
    WHERE id = :job_id AND state IN ('waiting_for_approval', 'succeeded')
    """
)
_CLOSE = Statement("UPDATE jobs SET state = 'succeeded' WHERE id = :job_id AND state = 'waiting_for_approval'")
_BEGIN = Statement(
    """
    UPDATE draft_orders SET state = 'started', token = :token
    WHERE id = :order_id AND state = 'pending' AND content_hash = :content_hash
      AND EXISTS (SELECT 1 FROM jobs j WHERE j.id = :job_id AND j.token = :token AND j.state = 'running')
    """
)
_AUDIT = """
    SELECT draft_id, person_id, action, revision, content_hash, state, detail, created_at, finished_at
    FROM draft_orders WHERE {which}
"""
_AUDIT_OF_DRAFT = Statement(_AUDIT.format(which="draft_id = :draft_id ORDER BY id"), returns="created_at finished_at")
_RECENT_ORDERS = Statement(
    _AUDIT.format(which=":everybody = 1 OR person_id = :person_id ORDER BY id DESC LIMIT :count"),
    returns="created_at finished_at",
)


class DraftStore:
    """Keeps drafts beside the jobs that made them."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    # -------------------------------------------------------------- looking
    def get(self, draft_id: str, *, tenant: str, person_id: str) -> KeptDraft:
        """Return the draft for its asker.

        Raises:
            NothingFound: there is no such draft (any more). NotPermitted: it is somebody else's.
        """
        with reading(self._engine) as connection:
            return _owned(_GET(connection, draft_id=draft_id).first(), draft_id, tenant, person_id)

    def of_job(self, job_id: UUID) -> KeptDraft | None:
        """Return the draft that the job made, or None when it has made none."""
        with reading(self._engine) as connection:
            row = _OF_JOB(connection, job_id=job_id).first()
        return _kept(row) if row else None

    def asked_last(self, *, platform: str, tenant: str, channel: str, thread: str) -> KeptDraft | None:
        """Return the draft that the conversation's latest job made, if it ended with a question to the asker."""
        with reading(self._engine) as connection:
            row = _ASKED(connection, platform=platform, tenant=tenant, channel=channel, thread=thread).first()
        kept = _kept(row) if row else None
        return kept if kept and kept.draft.question and kept.draft.status.is_open else None

    def revision(self, draft_id: str, number: int) -> EmailDraft:
        """Return one revision as it was.

        Raises:
            NothingFound: there is none of this number.
        """
        with reading(self._engine) as connection:
            content = _REVISION(connection, draft_id=draft_id, revision=number).scalar()
        if content is None:
            raise NothingFound(f"draft {draft_id} has no revision {number}")
        return EmailDraft.model_validate_json(content)

    def audit(self, draft_id: str) -> list[AuditEntry]:
        """Return what was ordered for a draft, oldest first."""
        with reading(self._engine) as connection:
            rows = _AUDIT_OF_DRAFT(connection, draft_id=draft_id).mappings()
            return [AuditEntry(**row) for row in rows]

    def recent_orders(self, limit: int, *, person_id: str | None = None) -> list[AuditEntry]:
        """Return what was ordered last, newest first: by everybody, or by one person. It holds no texts."""
        with reading(self._engine) as connection:
            rows = _RECENT_ORDERS(
                connection, everybody=int(person_id is None), person_id=person_id or "", count=limit
            ).mappings()
            return [AuditEntry(**row) for row in rows]

    # -------------------------------------------------------------- changing, by its asker
    def revise(self, kept: KeptDraft, changed: EmailDraft) -> None:
        """Make `changed` the draft's next revision, and have the one message in the conversation say it.

        Raises:
            RequestInvalid: the draft has moved on since `kept` was read, is closed, or an order is under way.
        """
        with writing(self._engine) as connection:
            now = _owned(
                _GET_LOCKED(connection, draft_id=kept.draft.id).first(), kept.draft.id, kept.tenant, kept.person_id
            )
            _check_changeable(now, kept.draft.revision)
            if _OPEN(connection, draft_id=kept.draft.id).first() is not None:
                raise RequestInvalid(
                    "edit while an order is open", reply="One moment, I'm still working on this draft."
                )
            _MOVE_ON(connection, draft_id=changed.id, revision=changed.revision, before=kept.draft.revision)
            put_revision(connection, changed)
            SAY(connection, job_id=kept.job_id, reply=json_text(show_draft(changed, offers=kept.offers)))

    def supersede(self, kept: KeptDraft) -> None:
        """Close a draft because the conversation goes on with another one."""
        closed = kept.draft.model_copy(update={"status": DraftStatus.DISCARDED, "question": None})
        with writing(self._engine) as connection:
            mark(connection, kept.job_id, DraftStatus.DISCARDED)
            _CLOSE(connection, job_id=kept.job_id)
            said = show_draft(closed, notices=[Notice(text="It goes on below, with your answer.")])
            SAY(connection, job_id=kept.job_id, reply=json_text(said))

    def order(
        self,
        draft_id: str,
        action: OrderAction,
        *,
        tenant: str,
        person_id: str,
        revision: int,
        options: Mapping[str, Any] | None = None,
    ) -> Ordered:
        """Take an order for this revision and put the draft's job back into the queue: one commit.

        Raises:
            NothingFound, NotPermitted: as `get`.
            RequestInvalid: the draft has changed since, is closed, is not ready, or something else is under way.
        """
        with writing(self._engine) as connection:
            kept = _owned(_GET_LOCKED(connection, draft_id=draft_id).first(), draft_id, tenant, person_id)
            open_order = _OPEN(connection, draft_id=draft_id).first()
            if open_order is not None:
                if open_order.action != action:
                    raise RequestInvalid("another order is open", reply=BUSY[open_order.action])
                return Ordered(kept.job_id, EMAIL_DRAFT.lane, is_new=False)
            _check_changeable(kept, revision)
            _check_ready(kept, action)
            queued = _QUEUE(
                connection,
                job_id=kept.job_id,
                lane=EMAIL_DRAFT.lane,
                deadline_seconds=EMAIL_DRAFT.deadline_seconds,
                no=False,
            ).rowcount
            if not queued:
                raise RequestInvalid(
                    "the draft's job is over", reply="This draft has lapsed. Please ask for a new one."
                )
            _PUT_ORDER(
                connection,
                draft_id=draft_id,
                job_id=kept.job_id,
                tenant=tenant,
                person_id=person_id,
                action=action,
                revision=kept.draft.revision,
                content_hash=content_hash(kept.draft),
                options=json_of(dict(options or {})),
            )
            busy = show_draft(kept.draft, notices=[Notice(text=BUSY[action])], is_busy=True)
            SAY(connection, job_id=kept.job_id, reply=json_text(busy))
        return Ordered(kept.job_id, EMAIL_DRAFT.lane, is_new=True)

    # -------------------------------------------------------------- carrying out, by a worker
    def order_of(self, job_id: UUID) -> Order | None:
        """Return the order that this job is to carry out, or None: it is to write the draft."""
        with reading(self._engine) as connection:
            found = _OF_JOB(connection, job_id=job_id).first()
            row = _OPEN(connection, draft_id=found.draft_id).first() if found else None
        if found is None or row is None:
            return None
        return Order(
            id=row.id,
            action=row.action,
            content_hash=row.content_hash,
            options=_OPTIONS.validate_json(row.options),
            is_started=row.state == "started",
            kept=_kept(found),
        )

    def begin_sending(
        self, order: Order, job: Job, *, sender: Person, at: datetime, files: Mapping[str, bytes]
    ) -> ApprovedMessage | None:
        """Write down that the sending begins, and return the approved message; None when it must not begin.

        It must not when the order was begun before, was taken back, is for another content than the draft has, or
        the job is no longer this worker's. This is the one place that makes an ApprovedMessage.

        Raises:
            ModelOutputInvalid: the message can't be made; nothing has begun.
        """
        draft = order.kept.draft
        if order.action != "send" or content_hash(draft) != order.content_hash:
            return None
        data = message_of(draft, sender=sender, at=at, files=files, is_unsent=False).as_bytes()
        with writing(self._engine) as connection:
            begun = _BEGIN(
                connection, order_id=order.id, content_hash=order.content_hash, job_id=job.id, token=job.token
            ).rowcount
        if not begun:
            return None
        return ApprovedMessage(
            draft_id=draft.id,
            message_id=message_id(draft.id, sender),
            content_hash=order.content_hash,
            sender=sender.email or "",
            recipients=draft.everybody,
            data=data,
        )


def _kept(row: Any) -> KeptDraft:
    draft = EmailDraft.model_validate_json(row.content).model_copy(update={"status": DraftStatus(row.status)})
    return KeptDraft(draft, row.job_id, row.tenant, row.person_id, OFFERS.validate_json(row.offers), row.remote_id)


def _owned(row: Any, draft_id: str, tenant: str, person_id: str) -> KeptDraft:
    if row is None:
        raise NothingFound(f"no draft {draft_id}", reply="I don't have that draft any more.")
    if (row.tenant, row.person_id) != (tenant, person_id):
        raise NotPermitted(f"draft {draft_id} by somebody else", reply="Only who asked for this draft may use it.")
    return _kept(row)


def _check_changeable(kept: KeptDraft, revision: int) -> None:
    if not kept.draft.status.is_open:
        raise RequestInvalid(
            f"draft {kept.draft.id} is {kept.draft.status.value}",
            reply="This draft is closed: it was sent or discarded.",
        )
    if kept.draft.revision != revision:
        raise RequestInvalid(f"draft {kept.draft.id} is at revision {kept.draft.revision}", reply=CHANGED)


def _check_ready(kept: KeptDraft, action: OrderAction) -> None:
    if action in ("save", "send") and action not in kept.offers:
        raise RequestInvalid(f"{action} is not offered", reply="That isn't set up here. You can download the draft.")
    if action == "send" and (missing := kept.draft.unfinished):
        raise RequestInvalid("draft is not ready", reply=f"I can't send this yet. {missing}")
