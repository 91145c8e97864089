"""The asker's own edit of a draft: what they wrote is theirs, what no mail may hold is refused.

Facts are not checked here: whoever signs the mail may say what they know. Headers, addresses and placeholders are.
"""

from __future__ import annotations

import re

from pydantic import Field

from assistant.errors import RequestInvalid
from assistant.frozen import Frozen
from assistant.mail.draft import ADDRESS, BY_ASKER, LINE_ENDS, EmailDraft, placeholders_of

MAX_SUBJECT_CHARS = 250
MAX_BODY_CHARS = 50_000
MAX_RECIPIENTS = 100
_SPLIT = re.compile(r"[,;\s]+")
_NAMED = re.compile(rf"[^,;<>]*<({ADDRESS})>")


class OwnEdit(Frozen):
    """What a form brings back; a field that is None was not in the form and stays as it is."""

    to: str | None = Field(default=None, max_length=20_000)
    cc: str | None = Field(default=None, max_length=20_000)
    bcc: str | None = Field(default=None, max_length=20_000)
    subject: str | None = Field(default=None, max_length=MAX_SUBJECT_CHARS)
    body: str | None = Field(default=None, max_length=MAX_BODY_CHARS)


def apply_edit(draft: EmailDraft, edit: OwnEdit) -> EmailDraft:
    """Return the next revision of the draft with the edit in it.

    Warnings of the former revision that the edit may have answered (recipients) go; an open question goes too: the
    asker has seen it, and what is still missing (nobody under To, a placeholder) keeps the draft from being sent.

    Raises:
        RequestInvalid: a subject with a line end, something that is no address, or an address twice.
    """
    subject = draft.subject if edit.subject is None else edit.subject.strip()
    if LINE_ENDS.search(subject):
        raise RequestInvalid("line end in a subject", reply="The subject has to be one line.")
    body = draft.body if edit.body is None else _plain_body(edit.body)
    boxes = {
        name: getattr(draft, name) if written is None else addresses(written)
        for name, written in (("to", edit.to), ("cc", edit.cc), ("bcc", edit.bcc))
    }
    everybody = [one.lower() for found in boxes.values() for one in found]
    if len(everybody) > MAX_RECIPIENTS:
        raise RequestInvalid(
            f"{len(everybody)} recipients", reply=f"Please keep it to {MAX_RECIPIENTS} recipients, or use a list."
        )
    twice = sorted({one for one in everybody if everybody.count(one) > 1})
    if twice:
        raise RequestInvalid("an address stands twice", reply=f"{twice[0]} stands there twice.")
    changed_boxes = any(boxes[name] != getattr(draft, name) for name in boxes)
    stale = {"ambiguous_recipient", "external_recipient", "broad_recipients"} if changed_boxes else set()
    return draft.model_copy(
        update={
            **boxes,
            "revision": draft.revision + 1,
            "subject": subject,
            "body": body,
            "placeholders": placeholders_of(subject, body),
            "warnings": tuple(one for one in draft.warnings if one.code not in stale),
            "question": None,
            "asks_for": None,
            "written_by": BY_ASKER,
        }
    )


def split_recipients(written: str) -> tuple[str, ...]:
    """Return the names or addresses of a line, split at commas, semicolons and line ends; each is found later."""
    return tuple(dict.fromkeys(one for part in re.split(r"[,;\n]", written) if (one := " ".join(part.split()))))


def addresses(written: str) -> tuple[str, ...]:
    """Return the bare addresses of a line such as "Ann <ann@a.example>, bob@a.example".

    Raises:
        RequestInvalid: a part of it is no address.
    """
    if LINE_ENDS.search(written.strip()):
        raise RequestInvalid("line end among addresses", reply="Please put all addresses on one line.")
    found = _NAMED.findall(written)
    rest = _NAMED.sub(" ", written)
    for part in filter(None, _SPLIT.split(rest)):
        if not re.fullmatch(ADDRESS, part):
            raise RequestInvalid("no address", reply=f"“{part[:80]}” is no e-mail address.")
        found.append(part)
    order = sorted(found, key=written.index)
    return tuple(order)


def _plain_body(written: str) -> str:
    """Return the text with line ends as \\n and without control characters."""
    text = written.replace("\r\n", "\n").replace("\r", "\n")
    return re.sub(r"[\x00-\x08\x0b-\x1f\x7f]", "", text).strip("\n")
