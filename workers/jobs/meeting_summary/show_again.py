"""Bring the message of kept minutes up to date: after an edit or a confirmation, or to make tickets of their tasks.

The library says what is to be shown and which tickets were ordered, so an attempt that dies half-way is simply made
again. What anybody corrected in a form was checked there.
"""

from __future__ import annotations

from collections.abc import Sequence

from assistant.jobs import Job, JobResult
from assistant.minutes.kept import KeptMinutes, MinutesChange
from workers.by_rules import receipt_by_rules
from workers.context import JobContext
from workers.jobs.meeting_summary.layout import Layout
from workers.jobs.meeting_summary.present import Shown, naming, present
from workers.jobs.meeting_summary.push_tickets import push_tickets
from workers.jobs.meeting_summary.recall import terms_of, transcript_of
from workers.jobs.meeting_summary.templates import GENERAL, read_templates

VERSION = "meeting_summary@shown-again-1"


def show_again(job: Job, context: JobContext, kept: KeptMinutes, formats: Sequence[str]) -> JobResult:
    """Return the minutes as they stand in the library, with files made anew and tickets made that were ordered.

    Raises:
        RateLimited, DependencyUnavailable: of the ticket system; the ticket under way is looked for at the next try.
        Cancelled, BudgetExceeded: as they say.
    """
    minutes = kept.minutes
    spoken = context.minutes.spoken(kept.id)
    tickets = push_tickets(job, context, kept)
    tried = {ticket.item: ticket for ticket in tickets}
    templates = read_templates(context.settings.steward_minutes_templates)
    template = templates.get(minutes.meeting.template) or templates[GENERAL]
    shown = Shown(
        id=kept.id,
        minutes=minutes,
        layout=Layout.of(template, minutes.meeting.labels),
        document=kept.document,
        urls={line.id: line.url for line in spoken if line.url},
        revision=kept.revision,
        tickets=tuple(tried.get(ticket.item, ticket) for ticket in kept.tickets),
    )
    context.report("showing", f"writing revision {kept.revision} and its files")
    platform = job.mention.conversation.platform
    wording = shown.layout.wording
    actions, hints = naming(transcript_of(spoken, minutes), platform, wording) if spoken else ([], [])
    presented = present(context, shown, formats, platform, notices=hints, actions=actions)
    return JobResult(
        outcome="answered",
        answer=presented.answer,
        claims=presented.claims,
        warnings=(*(warning.text for warning in minutes.warnings), *presented.untold),
        result=minutes.model_dump(mode="json"),
        receipt=receipt_by_rules(context, model="no model", version=VERSION, checks=(), stages={}),
        reply=presented.reply,
        minutes=MinutesChange(
            minutes=minutes,
            document=kept.document,
            terms=terms_of(minutes, spoken),
            tickets=tickets,
            is_written=False,
        ),
    )
