"""Send what the asker approved: the only module of the product that reaches a mail sender.

The order of things is what makes it once: the sending is written down as begun, under the job's fence, before the
server hears of it. A worker that dies before that line leaves an order that somebody else will carry out; one that
dies after it leaves a doubt, which the Sent folder settles where the channel can look there, and which is told to
the asker where it can't. A begun sending is never begun again. An architecture test keeps every other module from
calling `sender_for`.
"""

from __future__ import annotations

from collections.abc import Mapping

from assistant.errors import StewardError
from assistant.jobs import Job
from assistant.mail.eml import message_id
from assistant.mail.port import MailSender, Sending, SendOutcome
from assistant.storage.draft_store import Order
from workers.context import JobContext

TAKEN_BACK = "the draft changed, or the order was taken back"
NO_SENDER = "sending isn't set up for you here"


def may_send(job: Job, context: JobContext) -> bool:
    """Return whether the admin allows sending and the asker has something to send with."""
    return _sender(job, context) is not None


def send_approved(job: Job, context: JobContext, order: Order, files: Mapping[str, bytes]) -> Sending:
    """Send the approved revision, at most once in all attempts, and return what became of it.

    Raises:
        ModelOutputInvalid: the message can't be made; nothing was begun.
    """
    asker = job.mention.asker
    sender = _sender(job, context)
    if order.is_started:
        return _settled(sender, message_id(order.kept.draft.id, asker))
    if sender is None:
        return Sending(SendOutcome.NOT_SENT, NO_SENDER)
    message = context.drafts.begin_sending(order, job, sender=asker, at=context.today, files=files)
    if message is None:
        return Sending(SendOutcome.NOT_SENT, TAKEN_BACK)
    return sender.send(message)


def _sender(job: Job, context: JobContext) -> MailSender | None:
    if not context.settings.email_sending or not job.mention.asker.email:
        return None
    return context.mail.sender_for(job.mention.conversation.tenant, job.mention.asker)


def _settled(sender: MailSender | None, sent_id: str) -> Sending:
    """Find out what an attempt that died has done. Not finding the message proves nothing: it may be under way."""
    try:
        found = sender.was_sent(sent_id) if sender is not None else None
    except StewardError as error:
        return Sending(SendOutcome.UNKNOWN, error.reply)
    if found:
        return Sending(SendOutcome.SENT, "found in your Sent folder")
    return Sending(SendOutcome.UNKNOWN, "I was interrupted while handing it to the mail server.")
