"""Make tickets of action items that somebody ordered: one each, whatever dies when.

Before the ticket system hears of an item, the library says that its ticket is begun. A ticket found begun was perhaps
made by an attempt that died: it is looked for under its key first. One refused item does not keep the others.
"""

from __future__ import annotations

from assistant.errors import NotPermitted, RequestInvalid
from assistant.jobs import Job
from assistant.minutes.kept import KeptMinutes, Ticket
from assistant.minutes.moments import clock
from assistant.minutes.schema import ActionItem
from workers.clients.tickets import MadeTicket, NewTicket, TicketSystem
from workers.context import JobContext

NOT_SET_UP = "No ticket system is set up here any more."
GONE = "The task isn't in the minutes any more."


def push_tickets(job: Job, context: JobContext, kept: KeptMinutes) -> tuple[Ticket, ...]:
    """Make what was ordered and is not made; return what became of each.

    Raises:
        RateLimited, DependencyUnavailable: the ticket system is away, so the job is to be tried again.
        Cancelled, BudgetExceeded: as they say.
    """
    tasks = {item.id: item for item in kept.minutes.action_items}
    open_tickets = [ticket for ticket in kept.tickets if ticket.state in ("pending", "started")]
    outcomes = []
    for number, ticket in enumerate(open_tickets, 1):
        context.check(job)
        context.report("ticketing", f"making ticket {number} of {len(open_tickets)}")
        item = tasks.get(ticket.item)
        if context.tickets is None or item is None:
            why = NOT_SET_UP if context.tickets is None else GONE
            outcomes.append(ticket.model_copy(update={"state": "failed", "detail": why}))
            continue
        outcomes.append(_made_once(job, context, context.tickets, kept, ticket, item))
    return tuple(outcomes)


def _made_once(
    job: Job, context: JobContext, system: TicketSystem, kept: KeptMinutes, ticket: Ticket, item: ActionItem
) -> Ticket:
    key = f"steward-{kept.id.hex}-{item.id}"
    try:
        made = system.find(key) if ticket.state == "started" else None
        if made is None:
            context.minutes.begin_ticket(kept.id, ticket.model_copy(update={"state": "started"}))
            made = system.make(_new_ticket(job, context, kept, item, key))
    except (RequestInvalid, NotPermitted) as error:  # refused for certain; the other items may still pass
        done = ticket.model_copy(update={"state": "failed", "detail": error.reply})
    else:
        done = _done(ticket, made)
    context.minutes.begin_ticket(kept.id, done)  # at once: an order of ten is not begun again for the tenth
    return done


def _done(ticket: Ticket, made: MadeTicket) -> Ticket:
    return ticket.model_copy(update={"state": "done", "name": made.name, "url": made.url, "detail": ""})


def _new_ticket(job: Job, context: JobContext, kept: KeptMinutes, item: ActionItem, key: str) -> NewTicket:
    header = kept.minutes.meeting
    meeting = ", ".join(part for part in (header.title or kept.document, str(header.date or "")) if part)
    lines = [f"From the minutes of {meeting}."]
    lines += [f"Due, as said: {item.due}"] if item.due and item.due_date is None else []
    lines += [
        " ".join(filter(None, (clock(one.start), f"{one.speaker}:" if one.speaker else "", f"“{one.quote}”")))
        for one in item.evidence
    ]
    lines += [f"Edited by {item.edited_by}."] if item.edited_by else []
    email = next(
        (
            person.email
            for person in context.people.everybody(job.mention.conversation.tenant)
            if item.owner_ref == f"person:{person.id}"
        ),
        None,
    )
    return NewTicket(
        key=key,
        title=item.task,
        body="\n".join(lines),
        owner=item.owner,
        owner_email=email,
        due=item.due_date,
    )
