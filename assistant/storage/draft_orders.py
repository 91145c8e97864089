"""What the ledger's own transactions do to drafts and to the orders for them; draft_store.py is for everybody else.

An order (rewrite, save, send, discard) is `pending` until a worker begins it, `started` once something outside may
have happened, and then done, not done, or unknown. Whatever ends a job early closes its open order here, so that
the asker is always told which of the three it was, and gets the draft's buttons back.
"""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa
from pydantic import TypeAdapter

from assistant.jobs import DraftChange, Job
from assistant.mail.draft import DraftStatus, EmailDraft, content_hash
from assistant.mail.shown import Offer, show_draft
from assistant.replies import Notice, Reply
from assistant.storage.statements import Statement, json_of, json_text, plain_text
from assistant.storage.style_learning import learn_from_order

OFFERS: TypeAdapter[tuple[Offer, ...]] = TypeAdapter(tuple[Offer, ...])
NOT_DONE = {
    "send": "Not sent, for certain: {why}",
    "save": "Not saved: {why}",
    "discard": "Not discarded: {why}",
    "rewrite": "Not rewritten, so this is the draft as it was: {why}",
}
UNKNOWN = (
    "I can't tell whether this was sent: {why} Please look into your Sent folder. I won't send it again by myself."
)

_PUT_DRAFT = Statement(
    """
    INSERT INTO drafts (id, job_id, tenant, person_id, status, revision, offers, remote_id, created_at, updated_at)
    VALUES (:draft_id, :job_id, :tenant, :person_id, :status, :revision, @json(:offers), :remote_id, @now, @now)
    ON CONFLICT (id) DO UPDATE SET status = excluded.status, revision = excluded.revision, offers = excluded.offers,
        remote_id = excluded.remote_id, updated_at = excluded.updated_at
    """
)
_PUT_REVISION = Statement(
    """
    INSERT INTO draft_revisions (draft_id, revision, content, content_hash, created_at)
    VALUES (:draft_id, :revision, @json(:content), :content_hash, @now) ON CONFLICT DO NOTHING
    """
)
_END_ORDER = Statement(
    """
    UPDATE draft_orders SET state = :state, detail = :detail, finished_at = @now
    WHERE id = :order_id AND state IN ('pending', 'started')
    """
)
_OPEN_ORDER = Statement(
    """
    SELECT o.id, o.action, o.state, d.status, @text(d.offers) AS offers, @text(r.content) AS content
    FROM draft_orders o JOIN drafts d ON d.id = o.draft_id
    JOIN draft_revisions r ON r.draft_id = d.id AND r.revision = d.revision
    WHERE o.job_id = :job_id AND o.state IN ('pending', 'started')
    """
)
_MARK = Statement("UPDATE drafts SET status = :status, updated_at = @now WHERE job_id = :job_id")


def keep_change(connection: sa.Connection, job: Job, change: DraftChange) -> None:
    """Write down what a job did to its draft, and what came of the order it carried out."""
    draft = change.draft
    _PUT_DRAFT(
        connection,
        draft_id=draft.id,
        job_id=job.id,
        tenant=job.mention.conversation.tenant,
        person_id=job.mention.asker.id,
        status=draft.status.value,
        revision=draft.revision,
        offers=json_of(change.offers),
        remote_id=change.remote_id,
    )
    put_revision(connection, draft)
    if change.order is not None:
        _end(connection, change.order.order_id, change.order.state, change.order.detail)
        if change.settles:
            learn_from_order(connection, job, draft)


def put_revision(connection: sa.Connection, draft: EmailDraft) -> None:
    """Keep this revision; one that is kept already stays as it is."""
    _PUT_REVISION(
        connection,
        draft_id=draft.id,
        revision=draft.revision,
        content=json_text(draft),
        content_hash=content_hash(draft),
    )


def give_up_order(connection: sa.Connection, job_id: UUID, why: str) -> Reply | None:
    """Close the job's open order, if it has one, and return what its asker should read now; None without one.

    An order that was only waiting is clearly not done. A sending that had begun is unknown: nobody repeats it.
    """
    row = _OPEN_ORDER(connection, job_id=job_id).first()
    if row is None:
        return None
    is_unknown = row.state == "started" and row.action == "send"
    words = (UNKNOWN if is_unknown else NOT_DONE[row.action]).format(why=why)
    _end(connection, row.id, "unknown" if is_unknown else "not_done", words)
    status = DraftStatus.UNKNOWN if is_unknown else DraftStatus(row.status)
    mark(connection, job_id, status)
    draft = EmailDraft.model_validate_json(row.content).model_copy(update={"status": status})
    return show_draft(draft, offers=OFFERS.validate_json(row.offers), notices=[Notice(level="error", text=words)])


def mark(connection: sa.Connection, job_id: UUID, status: DraftStatus) -> None:
    """Set where the job's draft stands."""
    _MARK(connection, job_id=job_id, status=status.value)


def _end(connection: sa.Connection, order_id: int, state: str, detail: str) -> None:
    _END_ORDER(connection, order_id=order_id, state=state, detail=plain_text(detail)[:1000])
