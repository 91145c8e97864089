"""Draft an e-mail, or carry out what its asker ordered for the draft since.

A job writes its draft once and then waits: for Save, Send, Discard or a rewriting, each of which puts it back into
the queue. What can't be saved or sent here is offered as a file alone.
"""

from __future__ import annotations

from dataclasses import dataclass

from assistant.errors import ModelOutputInvalid
from assistant.jobs import DraftChange, Job, JobResult, OrderOutcome, Receipt
from assistant.mail.draft import TEMPLATE_ENGINE, EmailDraft
from assistant.mail.eml import MEDIA_TYPE, eml_of, file_name
from assistant.mail.shown import Offer, show_draft, text_of
from assistant.mentions import Platform
from assistant.replies import FileOffer, Notice
from workers.by_rules import receipt_by_rules
from workers.context import JobContext
from workers.jobs.email_draft import orders
from workers.jobs.email_draft.checks import verdicts
from workers.jobs.email_draft.compose import Composed, compose
from workers.jobs.email_draft.model import has_model, word_with_model
from workers.jobs.email_draft.reply import claims_of, notices_of

TEMPLATES_VERSION = "email_draft@templates-3"  # raise it when the phrases or the rules change
_GRAVE = frozenset({"headers_clean", "recipients_allowed"})  # a draft with these is never shown
_STAGES = {"read_sources": "retrieval", "fill_templates": "model", "check_draft": "validation"}


def run(job: Job, context: JobContext) -> JobResult:
    """Return the draft for the request, with its warnings, sources and buttons, or what became of an order for it.

    A request without recipient or purpose is answered too: the draft's `question` asks for what is missing.

    Raises:
        RequestInvalid: the options don't parse.
        ModelOutputInvalid: the draft has a recipient nobody asked for, or a broken header; it is not shown.
        Cancelled, BudgetExceeded: as they say.
    """
    order = context.drafts.order_of(job.id)
    if order is None:
        return _written(job, context)
    if order.action == "rewrite":
        return _rewritten(job, context, order)
    return orders.carry_out(job, context, order)


def _written(job: Job, context: JobContext) -> JobResult:
    authored = _authored(job, job, context)
    before = context.drafts.of_job(job.id)  # of a run that was cancelled and is repeated
    revision = before.draft.revision + 1 if before else 1
    draft = authored.composed.draft.model_copy(update={"revision": revision, "written_by": authored.engine})
    return _result(job, context, authored, draft, None, ())


def _rewritten(job: Job, context: JobContext, order: orders.Order) -> JobResult:
    """Write the draft anew with another tone, length or language; say so when that changes nothing."""
    wanted = job.mention.model_copy(update={"options": orders.options_of(job, order)})
    authored = _authored(job, job.model_copy(update={"mention": wanted}), context)
    before = order.kept.draft
    draft = authored.composed.draft.model_copy(
        update={"revision": before.revision + 1, "status": before.status, "written_by": authored.engine}
    )
    same = (draft.subject, draft.body) == (before.subject, before.body)
    outcome = OrderOutcome(order_id=order.id, state="done")
    return _result(job, context, authored, draft, outcome, orders.notices_of_rewrite(before, draft, is_same=same))


@dataclass(frozen=True)
class _Authored:
    """A draft that may be shown, with who wrote it and what that took."""

    composed: Composed
    engine: str
    receipt: Receipt
    gave_up: str | None = None  # the model whose wording did not hold


def _authored(job: Job, asked: Job, context: JobContext) -> _Authored:
    """Write by templates, and have a language model word it where there is one and nothing is left to ask."""
    composed = _checked(job, compose(asked, context))
    if composed.draft.question is None and has_model(context):
        worded = word_with_model(asked, context, composed)
        if worded.composed is not None:
            return _Authored(worded.composed, worded.label, worded.receipt)
        return _Authored(composed, TEMPLATE_ENGINE, worded.receipt, gave_up=worded.label)
    receipt = receipt_by_rules(
        context,
        model=TEMPLATE_ENGINE,
        version=TEMPLATES_VERSION,
        checks=verdicts(composed.problems),
        stages=_STAGES,
    )
    return _Authored(composed, TEMPLATE_ENGINE, receipt)


def _checked(job: Job, composed: Composed) -> Composed:
    if grave := [one for one in composed.problems if one.check in _GRAVE]:
        raise ModelOutputInvalid(f"job {job.id}: {grave[0].check}: {grave[0].text}")
    return composed


def _result(
    job: Job,
    context: JobContext,
    authored: _Authored,
    draft: EmailDraft,
    order: OrderOutcome | None,
    notices: tuple[Notice, ...],
) -> JobResult:
    composed = authored.composed
    for data in composed.files.values():
        context.files.store(data)  # whoever sends or downloads finds the attachments there
    offered = offers(job, context)
    kept = context.drafts.of_job(job.id)
    reply = show_draft(
        draft, offers=offered, notices=[*notices, *notices_of(composed, authored.engine, authored.gave_up)]
    )
    if job.mention.conversation.platform is Platform.CONSOLE:
        reply = reply.model_copy(update={"blocks": (*reply.blocks, _file(job, context, draft, composed))})
    return JobResult(
        outcome="answered",
        answer=text_of(draft),
        claims=claims_of(draft),
        warnings=tuple(warning.text for warning in draft.warnings),
        result=draft.model_dump(mode="json"),
        receipt=authored.receipt,
        reply=reply,
        draft=DraftChange(draft=draft, offers=offered, remote_id=kept.remote_id if kept else None, order=order),
    )


def _file(job: Job, context: JobContext, draft: EmailDraft, composed: Composed) -> FileOffer:
    """Return the .eml for a terminal, which has no button to ask for it with."""
    data = eml_of(draft, sender=job.mention.asker, at=context.today, files=composed.files)
    return FileOffer(
        name=file_name(draft), media_type=MEDIA_TYPE, blob=context.files.store(data), size_bytes=len(data)
    )


def offers(job: Job, context: JobContext) -> tuple[Offer, ...]:
    """Return what the asker may order here besides a download: it depends on their mail set-up and the admin."""
    tenant, asker = job.mention.conversation.tenant, job.mention.asker
    found: list[Offer] = []
    if context.mail.drafts_of(tenant, asker) is not None:
        found.append("save")
    if orders.may_send(job, context):
        found.append("send")
    return tuple(found)
