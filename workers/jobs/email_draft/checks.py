"""Hold a draft against what it was made from: facts, recipients, headers, placeholders, attachments.

Works on the letter and knows nothing of how the draft was written, so that it will judge a language model's drafts
as it judges the templates'. Reports; run.py decides. A true fact in the wrong place, or a claim without any fact,
is beyond it: the quotes beside the draft are for that.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache

from assistant.jobs import Check
from assistant.mail.draft import ADDRESS, LINE_ENDS, EmailDraft, placeholders_of
from workers.jobs.email_draft.facts import Day, Facts, Figure, facts_in, units_agree, without_placeholders
from workers.jobs.email_draft.phrases import fixed_words
from workers.validation.citations import stems
from workers.validation.spoken_numbers import unsupported_numbers
from workers.validation.text_support import proper_names

_MESSAGE_ID = re.compile(r"<[^<>\s]{1,250}>")
_CALENDAR_WORDS = frozenset(
    [
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
        "i",
    ]
)


@dataclass(frozen=True, slots=True)
class Grounds:
    """What a draft may contain: texts, addresses, message ids and files."""

    texts: Sequence[str]  # the asker's words, sources, names of people and files
    recipients: Collection[str]  # addresses that were asked for, or are the thread's
    message_ids: Collection[str] = ()
    file_ids: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing in a draft that is not grounded. `check` names the rule."""

    check: str
    text: str


CHECKS = (
    "headers_clean",
    "recipients_allowed",
    "facts_supported",
    "placeholders_listed",
    "attachments_known",
    "thread_known",
)


def validate_draft(draft: EmailDraft, grounds: Grounds) -> list[Problem]:
    """Return everything in the draft that its grounds do not hold; nothing for a clean one."""
    problems = [*_headers(draft), *_recipients(draft, grounds), *_placeholders(draft), *_files(draft, grounds)]
    return [*problems, *_unsupported(draft, grounds)]


def verdicts(problems: Sequence[Problem]) -> tuple[Check, ...]:
    """Return one verdict a rule, for the receipt."""
    by_rule = {rule: [one.text for one in problems if one.check == rule] for rule in CHECKS}
    return tuple(Check(name=rule, passed=not found, detail="; ".join(found)[:300]) for rule, found in by_rule.items())


def _headers(draft: EmailDraft) -> list[Problem]:
    values = [draft.subject, *draft.to, *draft.cc, *draft.bcc, *draft.references, draft.in_reply_to or ""]
    values += [one.name for one in draft.attachments]
    bad = [value for value in values if LINE_ENDS.search(value)]
    return [Problem("headers_clean", "a header holds a line end or control character") for _ in bad[:1]]


def _recipients(draft: EmailDraft, grounds: Grounds) -> list[Problem]:
    allowed = {address.lower() for address in grounds.recipients}
    everybody = [*draft.to, *draft.cc, *draft.bcc]
    problems = [
        Problem("recipients_allowed", f"{one} was not asked for")
        for one in everybody
        if not re.fullmatch(ADDRESS, one) or one.lower() not in allowed
    ]
    if len({one.lower() for one in everybody}) != len(everybody):
        problems.append(Problem("recipients_allowed", "an address stands twice"))
    return problems


def _placeholders(draft: EmailDraft) -> list[Problem]:
    standing, listed = set(placeholders_of(draft.subject, draft.body)), set(draft.placeholders)
    problems = [Problem("placeholders_listed", f"[[{one}]] is not listed") for one in sorted(standing - listed)]
    return problems + [
        Problem("placeholders_listed", f"{one} is listed but not in the text") for one in sorted(listed - standing)
    ]


def _files(draft: EmailDraft, grounds: Grounds) -> list[Problem]:
    problems = [
        Problem("attachments_known", f"{one.name} did not come with the request")
        for one in draft.attachments
        if one.file_id not in grounds.file_ids
    ]
    ids = [*draft.references, *([draft.in_reply_to] if draft.in_reply_to else [])]
    strange = [one for one in ids if one not in grounds.message_ids or not _MESSAGE_ID.fullmatch(one)]
    return problems + [Problem("thread_known", f"{one} is not a message of the thread") for one in strange]


def _unsupported(draft: EmailDraft, grounds: Grounds) -> list[Problem]:
    """Return days, amounts, numbers, addresses, links and names without a source; placeholders are no facts."""
    text = without_placeholders(f"{draft.subject}\n{draft.body}")
    source = "\n\n".join(grounds.texts)
    said, known = facts_in(text), facts_in(source)
    missing = [day.shown.strip() for day in said.days if not _has_day(day, known)]
    missing += [one.shown for one in said.figures if not _is_known(one, known)]
    known_addresses = {one.lower().rstrip("/") for one in known.addresses}
    missing += [one for one in said.addresses if one.lower().rstrip("/") not in known_addresses]
    missing += [one for one in unsupported_numbers(_words_only(text), source) if not any(c.isdigit() for c in one)]
    words = {word.lower() for word in re.findall(r"[^\W\d_]+", source)} | fixed_words() | _CALENDAR_WORDS
    names = (part for name in proper_names(text) for part in re.findall(r"[^\W\d_]+", name))
    missing += [name for name in names if name.lower() not in words and name.lower().removesuffix("s") not in words]
    return [Problem("facts_supported", f"“{one}” is in no source") for one in dict.fromkeys(missing)]


def _has_day(day: Day, known: Facts) -> bool:
    """Whether a source has the day, among some of the same words (where it has words at all)."""
    near = day.near - _fixed_stems()
    same = [other for other in known.days if day.agrees(other) and day.span in (None, other.span)]
    return any(not near or not other.near or near & other.near for other in same)


def _is_known(figure: Figure, known: Facts) -> bool:
    """Whether a source has the figure, in the same unit, among some of the same words (where it has words at all)."""
    same = [one for one in known.figures if one.value == figure.value and units_agree(one, figure)]
    if not same:
        return False
    near = figure.near - _fixed_stems()
    return not near or any(near & one.near or not one.near for one in same)


@lru_cache(maxsize=1)
def _fixed_stems() -> frozenset[str]:
    return stems(" ".join(sorted(fixed_words())))


def _words_only(text: str) -> str:
    return re.sub(r"\S*\d\S*", " ", text)
