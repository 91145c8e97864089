"""What the ledger's own transactions do to minutes; minutes_store.py is for everybody else.

Minutes are kept in the commit that ends their job. An edit, a confirmation or an order for tickets puts that job back
into the queue, and a worker makes message and files say what is kept. When that fails, the message of before comes
back with the reason: the correction itself is never lost.
"""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa

from assistant.jobs import Job
from assistant.minutes.kept import MinutesChange, Ticket
from assistant.replies import Notice, Reply
from assistant.storage.statements import Statement, json_of, json_text, plain_text

MAX_TERMS = 4_000  # different stems of one meeting; six hours of talk have about 3,000

_PUT = Statement(
    """
    INSERT INTO minutes (id, job_id, platform, tenant, channel, asker_id, audience, document, held_on, revision,
                         created_at, updated_at)
    VALUES (:minutes_id, :job_id, :platform, :tenant, :channel, :asker_id, :audience, :document, :held_on, 1,
            @now, @now)
    """
)
_ID = Statement("SELECT id AS minutes_id FROM minutes WHERE job_id = :job_id", returns="minutes_id")
_PUT_REVISION = Statement(
    """
    INSERT INTO minutes_revisions (minutes_id, revision, content, changed_by, changes, created_at)
    VALUES (:minutes_id, :revision, @json(:content), :changed_by, @json(:changes), @now)
    """
)
_PUT_SPOKEN = Statement("INSERT INTO minutes_spoken (minutes_id, content) VALUES (:minutes_id, @json(:content))")
_FORGET_TERMS = Statement("DELETE FROM minutes_terms WHERE minutes_id = :minutes_id")
_PUT_TERM = Statement("INSERT INTO minutes_terms (stem, minutes_id) VALUES (:stem, :minutes_id)")
_PUT_TICKET = Statement(
    """
    UPDATE minutes_tickets SET state = :state, name = :name, url = :url, detail = :detail, updated_at = @now
    WHERE minutes_id = :minutes_id AND item = :item
    """
)
_SHOWN = Statement(
    """
    SELECT @text(r.reply) AS reply FROM results r JOIN minutes m ON m.job_id = r.job_id WHERE r.job_id = :job_id
    """
)
_STAND = Statement(
    """
    UPDATE jobs SET state = 'succeeded', token = NULL, lease_until = NULL, finished_at = @now,
           cancel_requested = :no, error_code = NULL, error_message = NULL
    WHERE id = :job_id
    """
)
_GIVE_UP_TICKETS = Statement(
    """
    UPDATE minutes_tickets SET state = 'failed', detail = :why, updated_at = @now
    WHERE state = 'pending' AND minutes_id = (SELECT id FROM minutes WHERE job_id = :job_id)
    """
)


def keep_minutes(connection: sa.Connection, job: Job, change: MinutesChange) -> None:
    """Write down what a job did to its minutes."""
    minutes_id = job.id  # known to the buttons before the first commit
    if _ID(connection, job_id=job.id).first() is None:
        _put(connection, job, change, minutes_id)
    _FORGET_TERMS(connection, minutes_id=minutes_id)
    terms = sorted({plain_text(term) for term in change.terms})[:MAX_TERMS]
    _PUT_TERM.many(connection, [{"stem": term, "minutes_id": minutes_id} for term in terms])
    for ticket in change.tickets:
        put_ticket(connection, minutes_id, ticket)


def put_revision(
    connection: sa.Connection, minutes_id: UUID, revision: int, content: str, *, by: str | None, changes: str
) -> None:
    """Keep one revision; content and changes are JSON."""
    _PUT_REVISION(
        connection, minutes_id=minutes_id, revision=revision, content=content, changed_by=by, changes=changes
    )


def put_ticket(connection: sa.Connection, minutes_id: UUID, ticket: Ticket) -> None:
    """Write down what became of an ordered ticket."""
    _PUT_TICKET(
        connection,
        minutes_id=minutes_id,
        item=ticket.item,
        state=ticket.state,
        name=plain_text(ticket.name)[:200],
        url=ticket.url,
        detail=plain_text(ticket.detail)[:1000],
    )


def stand_by(connection: sa.Connection, job_id: UUID, why: str) -> Reply | None:
    """Let the job's minutes stand as they were last shown, and return that with the reason; None without any."""
    shown = _SHOWN(connection, job_id=job_id).scalar()
    if shown is None:
        return None
    _GIVE_UP_TICKETS(connection, job_id=job_id, why=plain_text(why)[:1000])
    _STAND(connection, job_id=job_id, no=False)
    reply = Reply.model_validate_json(shown)
    words = f"These minutes couldn't be brought up to date; a correction that was made is kept. {why}"
    return reply.model_copy(update={"blocks": (Notice(level="error", text=words), *reply.blocks)})


def _put(connection: sa.Connection, job: Job, change: MinutesChange, minutes_id: UUID) -> None:
    mention, held_on = job.mention, change.minutes.meeting.date
    _PUT(
        connection,
        minutes_id=minutes_id,
        job_id=job.id,
        platform=mention.conversation.platform.value,
        tenant=mention.conversation.tenant,
        channel=mention.conversation.channel,
        asker_id=mention.asker.id,
        audience=mention.audience.value,
        document=plain_text(change.document),
        held_on=held_on.isoformat() if held_on else None,
    )
    put_revision(connection, minutes_id, 1, json_text(change.minutes), by=None, changes="[]")
    _PUT_SPOKEN(connection, minutes_id=minutes_id, content=json_of(change.spoken))
