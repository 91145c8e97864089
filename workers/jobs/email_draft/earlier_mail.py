"""Find the e-mail that a request speaks of ("reply to Ana's mail about the invoice") in the asker's own mailbox.

Looked for only when the request names one and no e-mail came with it. The one that was taken is named to the asker;
when several conversations fit, they are asked which one, and nothing is taken.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.errors import DocumentUnreadable, StewardError
from assistant.jobs import Job
from assistant.mail.port import MailQuery
from workers.context import JobContext
from workers.jobs.email_draft.thread import ThreadMessage, in_order, read_message

FOUND = "the e-mail in your mailbox.eml"  # the name that a found message goes by, like a file's
MOST_ASKED = 5
_MAIL = r"(?:e-?mails?|mails?|message|nachricht)"
_ABOUT = r"(?:\s+(?:about|regarding|concerning|on|wegen|über|zu|zum|zur)\s+(?P<about>[^.,;:!?\n]{2,80}))?"
_END = r"(?=[,;:!?\n]|\.(?:\s|$)|$)"
_OF = re.compile(rf"\b{_MAIL}\s+(?:from|by|von)\s+(?P<who>(?:[^.,;:!?\n]|\.(?=\w)){{2,60}}?){_ABOUT}{_END}", re.I)
_OWN = re.compile(
    rf"\b(?:to|answer|auf|beantworte)\s+(?:the\s+)?(?P<who>[^\W\d][\w.-]*(?:\s[^\W\d][\w.-]*)?)['’]?s['’]?\s+"
    rf"(?:last\s+|latest\s+|letzte\s+)?{_MAIL}\b{_ABOUT}",
    re.I,
)
_GOES_ON = re.compile(
    r"\s+(?:that|and|saying|telling|asking|to say|to tell|with|who|which|dass|und|mit|in which|explaining)\b.*$", re.I
)
_NOBODY = frozenset("this that the his her their my our your it them him me us all hi thi".split())  # noqa: SIM905
_SMALL = frozenset("the a an our my your their his her its of for in on der die das den dem des ein eine".split())  # noqa: SIM905
_REPLY_MARK = re.compile(r"^(?:(?:re|aw|fwd?|wg|sv|antw)\s*:\s*)+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Earlier:
    """What the search came to: a message, a question which one it is, or a sentence why there is none."""

    data: bytes | None = None
    said: str = ""  # to the asker
    question: str | None = None


def query_of(words: str) -> MailQuery | None:
    """Return which e-mail the request speaks of, or None: it speaks of none."""
    found = _OF.search(words) or _OWN.search(words)
    if found is None:
        return None
    who = _GOES_ON.sub("", found["who"]).strip(" \"“”'")
    if not who or who.lower() in _NOBODY:
        return None
    about = _GOES_ON.sub("", found["about"] or "")
    kept = tuple(word for word in re.findall(r"[\w-]+", about) if word.lower() not in _SMALL)
    return MailQuery(who, kept)


def find_earlier(job: Job, context: JobContext, words: str, answers: Sequence[str]) -> Earlier:
    """Look for the e-mail that the request speaks of; an empty finding when it speaks of none.

    `answers` is what the asker said when they were asked which one they mean: words of its subject or its date.
    """
    query = query_of(words)
    mailbox = context.mail.search_of(job.mention.conversation.tenant, job.mention.asker) if query else None
    if query is None or mailbox is None:
        return Earlier()
    context.report("searching", "looking for that e-mail in your mailbox")
    try:
        found = _readable(mailbox.search(query))
    except StewardError as error:
        return Earlier(said=f"I couldn't look into your mailbox: {error.reply}")
    fitting = _newest_of_each_conversation(found)
    narrowed = [one for one in fitting if all(_fits(one[0], answer) for answer in answers)]
    if len(narrowed) == 1:
        message, data = narrowed[0]
        return Earlier(data, f"I took the e-mail {_line(message)} from your mailbox.")
    asked_for = f"from {query.sender}" + (f" about {' '.join(query.words)}" if query.words else "")
    if not fitting:
        return Earlier(said=f"I found no e-mail {asked_for} in your mailbox.")
    listed = "\n".join(f"- {_line(message)}" for message, _ in (narrowed or fitting)[:MOST_ASKED])
    return Earlier(
        question=f"Which e-mail {asked_for} do you mean? Answer with words of its subject, or its date.\n{listed}"
    )


def _readable(found: Sequence[bytes]) -> list[tuple[ThreadMessage, bytes]]:
    read = []
    for data in found:
        try:
            read.append((read_message(data, FOUND), data))
        except DocumentUnreadable:
            continue
    return read


def _newest_of_each_conversation(found: Sequence[tuple[ThreadMessage, bytes]]) -> list[tuple[ThreadMessage, bytes]]:
    """Return the newest message of each sender and subject, newest first."""
    order = in_order([message for message, _ in found])
    of = {id(message): data for message, data in found}
    newest = {(one.sender.address, _REPLY_MARK.sub("", one.subject).casefold()): one for one in order}
    return [(one, of[id(one)]) for one in sorted(newest.values(), key=lambda one: one.sent_at, reverse=True)]


def _fits(message: ThreadMessage, answer: str) -> bool:
    line = _line(message).casefold()
    asked = [word for word in re.findall(r"[\w-]+", answer.casefold()) if word not in _SMALL]
    return bool(asked) and all(word in line for word in asked)


def _line(message: ThreadMessage) -> str:
    who = message.sender.name or message.sender.address
    return f"“{message.subject}” by {who} of {message.sent_at.day} {message.sent_at:%B %Y}"
