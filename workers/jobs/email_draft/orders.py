"""Carry out what the asker ordered for a draft: save it, send it, discard it; and read what a rewriting asks for.

Every ending is told: done, clearly not done with the reason, or (a sending alone) unknown.
"""

from __future__ import annotations

from typing import Any

from assistant.errors import Cancelled, StewardError
from assistant.jobs import DraftChange, Job, JobResult, OrderOutcome
from assistant.mail.draft import BY_ASKER, LANGUAGES, DraftStatus, EmailDraft
from assistant.mail.eml import message_id, message_of
from assistant.mail.port import DraftMessage, SendOutcome
from assistant.mail.shown import show_draft, text_of
from assistant.mentions import Attachment
from assistant.replies import Notice
from assistant.storage.draft_orders import NOT_DONE, UNKNOWN
from assistant.storage.draft_store import Order
from workers.by_rules import receipt_by_rules
from workers.context import JobContext
from workers.jobs.email_draft.send_approved import may_send, send_approved

__all__ = ["Order", "carry_out", "may_send", "notices_of_rewrite", "options_of"]

ORDERS_VERSION = "email_draft@orders-1"
_STATES = {SendOutcome.SENT: "done", SendOutcome.NOT_SENT: "not_done", SendOutcome.UNKNOWN: "unknown"}


def carry_out(job: Job, context: JobContext, order: Order) -> JobResult:
    """Save, send or discard, and return the draft as it stands then."""
    context.report(order.action, {"save": "saving", "send": "sending", "discard": "discarding"}[order.action])
    try:
        match order.action:
            case "send":
                return _send(job, context, order)
            case "save":
                return _save(job, context, order)
            case _:
                return _discard(job, context, order)
    except Cancelled:
        raise
    except StewardError as error:
        return _refused(context, order, error.reply)


def _send(job: Job, context: JobContext, order: Order) -> JobResult:
    kept = order.kept
    sending = send_approved(job, context, order, _files(context, kept.draft))
    said = f"{sending.detail.rstrip('.')}." if sending.detail else ""
    if sending.outcome is SendOutcome.NOT_SENT:
        return _refused(context, order, said or "the mail server refused it.")
    remote_id = kept.remote_id
    if sending.outcome is SendOutcome.SENT:
        draft = kept.draft.model_copy(update={"status": DraftStatus.SENT})
        remote_id, left = _removed(job, context, kept.remote_id)
        about = f"({said})" if said else ""
        note = Notice(text=" ".join(filter(None, (f"Sent to {', '.join(draft.everybody)}.", about, left))))
    else:
        draft = kept.draft.model_copy(update={"status": DraftStatus.UNKNOWN})
        note = Notice(level="error", text=UNKNOWN.format(why=said))
    state = "done" if sending.outcome is SendOutcome.SENT else "unknown"
    outcome = OrderOutcome(order_id=order.id, state=state, detail=note.text)
    return _result(context, DraftChange(draft=draft, offers=kept.offers, remote_id=remote_id, order=outcome), note)


def _save(job: Job, context: JobContext, order: Order) -> JobResult:
    kept, asker = order.kept, job.mention.asker
    folder = context.mail.drafts_of(job.mention.conversation.tenant, asker)
    if folder is None:
        return _refused(context, order, "no Drafts folder is set up for you here.")
    data = message_of(
        kept.draft, sender=asker, at=context.today, files=_files(context, kept.draft), is_unsent=True
    ).as_bytes()
    message = DraftMessage(kept.draft.id, message_id(kept.draft.id, asker), kept.draft.revision, data)
    remote_id = folder.replace(kept.remote_id, message) if kept.remote_id else folder.save(message)
    draft = kept.draft.model_copy(update={"status": DraftStatus.SAVED})
    note = Notice(text=f"Revision {draft.revision} lies in your Drafts.")
    outcome = OrderOutcome(order_id=order.id, state="done", detail=note.text)
    return _result(context, DraftChange(draft=draft, offers=kept.offers, remote_id=remote_id, order=outcome), note)


def _discard(job: Job, context: JobContext, order: Order) -> JobResult:
    draft = order.kept.draft.model_copy(update={"status": DraftStatus.DISCARDED})
    remote_id, left = _removed(job, context, order.kept.remote_id)
    outcome = OrderOutcome(order_id=order.id, state="done", detail=left)
    change = DraftChange(draft=draft, offers=order.kept.offers, remote_id=remote_id, order=outcome)
    return _result(context, change, Notice(text=left) if left else None)


def _removed(job: Job, context: JobContext, remote_id: str | None) -> tuple[str | None, str]:
    """Take the saved copy out of Drafts; return its id if it is still there, and what to say about that."""
    folder = context.mail.drafts_of(job.mention.conversation.tenant, job.mention.asker) if remote_id else None
    if remote_id is None:
        return None, ""
    try:
        if folder is not None:
            folder.remove(remote_id)
            return None, ""
    except StewardError as error:
        return remote_id, f"The copy in your Drafts is still there: {error.reply}"
    return remote_id, "The copy in your Drafts is still there."


def _refused(context: JobContext, order: Order, why: str) -> JobResult:
    """The order was not carried out, for certain: the draft stays open, and its asker knows why."""
    kept = order.kept
    note = Notice(level="error", text=NOT_DONE[order.action].format(why=why))
    outcome = OrderOutcome(order_id=order.id, state="not_done", detail=note.text)
    change = DraftChange(draft=kept.draft, offers=kept.offers, remote_id=kept.remote_id, order=outcome)
    return _result(context, change, note)


def _result(context: JobContext, change: DraftChange, note: Notice | None) -> JobResult:
    draft = change.draft
    receipt = receipt_by_rules(context, model="no model", version=ORDERS_VERSION, checks=(), stages={})
    return JobResult(
        outcome="answered",
        answer=text_of(draft),
        result=draft.model_dump(mode="json"),
        receipt=receipt,
        reply=show_draft(draft, offers=change.offers, notices=[note] if note else []),
        draft=change.model_copy(update={"is_rewritten": False}),
    )


def _files(context: JobContext, draft: EmailDraft) -> dict[str, bytes]:
    """Return the attachments' bytes by file id."""
    return {
        one.file_id: context.files.read(Attachment(name=one.name, size_bytes=0, location=f"blob:{one.file_id}"))
        for one in draft.attachments
    }


# ------------------------------------------------------------------ rewriting
def options_of(job: Job, order: Order) -> dict[str, Any]:
    """Return the request's options with the tone, length and language that are wanted now; the others stay."""
    before = order.kept.draft
    kept = {"tone": before.tone, "length": before.length, "language": before.language}
    wanted = {name: value for name, value in order.options.items() if name in kept and value}
    return {**job.mention.options, **kept, **wanted}


def notices_of_rewrite(before: EmailDraft, now: EmailDraft, *, is_same: bool) -> tuple[Notice, ...]:
    """Say what the template engine could not do, and that the asker's own words are gone from the new revision."""
    said = []
    if is_same:
        said.append(
            "The template engine has no other wording for this: the text is the same. With a language model "
            "it could be rephrased; Edit always works."
        )
    elif now.language != before.language and now.placeholders:
        said.append(
            f"Greeting and fixed phrases are {LANGUAGES[now.language]}; your own words are left as "
            "placeholders, because nothing is translated without a language model."
        )
    if before.written_by == BY_ASKER:
        said.append(f"This is written anew from your request; your own edits are in revision {before.revision}.")
    return tuple(Notice(level="warning", text=text) for text in said)
