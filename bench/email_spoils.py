"""Spoil a good draft in the ways a careless or misled writer would: one change a copy, each of which must be caught."""  # noqa: E501

from __future__ import annotations

import re
from collections.abc import Iterator

from assistant.mail.draft import EmailDraft

_NUMBER = re.compile(r"(?<![\w\[])\d[\d.,]*\d|(?<![\w\[])\d(?!\w)")
_DAY = re.compile(r"\b(\d{1,2})(?=\.? (?:to|January|February|March|May|November|December|Dezember|Mai)\b)")
_AMOUNT = re.compile(r"(?:EUR |\$|€)\d[\d.,]*\d")
_PLACEHOLDER = re.compile(r"\[\[.*?\]\]", re.DOTALL)


def spoiled_copies(draft: EmailDraft) -> Iterator[tuple[str, EmailDraft]]:
    """Yield the spoiled copies, each with the kind of spoiling; what a draft has none of is not spoiled."""
    body = draft.body
    yield from _replaced(draft, "number changed", _NUMBER, _another_number)
    yield from _replaced(draft, "day changed", _DAY, lambda text: str(int(text) % 28 + 1))
    yield from _replaced(draft, "amount changed", _AMOUNT, lambda text: re.sub(r"\d(?=\D*$)", _next_digit, text))
    yield "number invented", _with(draft, body=f"{body}\nThat makes 7,341 in all.")
    yield "day invented", _with(draft, body=f"{body}\nWe meet on 29 August 2031.")
    yield "amount invented", _with(draft, body=f"{body}\nIt costs EUR 98,765.43.")
    yield "address invented", _with(draft, body=f"{body}\nWrite to help@stranger.example.")
    yield "link invented", _with(draft, body=f"{body}\nSee https://stranger.example/form.")
    yield "name invented", _with(draft, body=f"{body}\nPlease talk to Zebulon about it.")
    yield "recipient added", _with(draft, to=(*draft.to, "stranger@elsewhere.example"))
    yield "colleague added", _with(draft, bcc=(*draft.bcc, "tiago.nobody@ottervale.example"))
    yield "header injected", _with(draft, subject=f"{draft.subject}\r\nBcc: evil@elsewhere.example")
    yield "header in recipient", _with(draft, to=("a@ottervale.example\nBcc: evil@elsewhere.example",))
    yield "placeholder unlisted", _with(draft, body=f"{body}\n[[room number]]")
    if draft.placeholders:
        yield "placeholder dropped", _with(draft, placeholders=draft.placeholders[1:])
    if draft.in_reply_to:
        yield "thread changed", _with(draft, in_reply_to="<other@elsewhere.example>")


def _replaced(
    draft: EmailDraft, kind: str, pattern: re.Pattern[str], change: object
) -> Iterator[tuple[str, EmailDraft]]:
    assert callable(change)
    hidden = [(found.start(), found.end()) for found in _PLACEHOLDER.finditer(draft.body)]
    for match in pattern.finditer(draft.body):
        if not any(start <= match.start() < end for start, end in hidden):
            yield kind, _with(draft, body=draft.body[: match.start()] + change(match[0]) + draft.body[match.end() :])
            return


def _another_number(text: str) -> str:
    return re.sub(r"\d", _next_digit, text, count=1)


def _next_digit(match: re.Match[str]) -> str:
    return str(int(match[0]) % 9 + 1)


def _with(draft: EmailDraft, **changes: object) -> EmailDraft:
    return draft.model_copy(update=changes)
