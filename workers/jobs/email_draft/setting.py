"""What the template engine's writing depends on besides the wish, and the small words that all of its parts share."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from assistant.mail.draft import DraftSource, Language, Tone
from workers.jobs.email_draft.frame import Frame
from workers.jobs.email_draft.phrases import phrase
from workers.jobs.email_draft.thread import Mailbox, ThreadMessage


@dataclass
class Written:
    """What the template engine wrote."""

    subject: str = ""
    body: str = ""
    sources: list[DraftSource] = field(default_factory=list)
    found_items: int = 0


@dataclass(frozen=True)
class Setting:
    """What the writing depends on besides the wish."""

    language: Language
    tone: Tone
    to: Sequence[Mailbox]
    unresolved: Sequence[str]  # names as written, where no address was found
    answered: ThreadMessage | None
    frame: Frame  # greeting, sign-off and signature
    attachments: Sequence[str]  # names of the files that go along
    contradictory: Sequence[str]  # days that the sources disagree on, as written
    policy: Sequence[tuple[str, str, str]]  # (ref, title, quote)
    answers: Mapping[str, Sequence[tuple[str, str, str]]] = field(
        default_factory=dict
    )  # policies' quotes by question
    outsiders: Collection[str] = ()  # addresses of the thread outside the company
    asker: str = ""  # address


def filled(name: str, text: str, setting: Setting) -> str:
    """Return a fixed phrase with the text in its place; in English where the language has none."""
    template = phrase(name, setting.language, setting.tone) or phrase(name, "en", setting.tone) or "{}"
    return template.format(text) if text else template.replace(" {}", "").replace("{}", "")


def capital(text: str) -> str:
    """Return the text with its first letter as a capital."""
    return text[:1].upper() + text[1:]


def to_you(text: str, setting: Setting) -> str:
    """Turn "he", "her order" into "you", "your order", where they can only mean the one recipient."""
    if len(setting.to) == 1 and setting.to[0].name:
        plain = re.sub(r",.*$", "", setting.to[0].name)
        for name in (plain, plain.split(" ")[0]):
            text = re.sub(rf"\b{re.escape(name)}(?:['’]s|['’])(?=\s)", "your", text)
            text = re.sub(rf"\b(with|from|to) {re.escape(name)}\b(?! [A-Z])(?!['’])", r"\1 you", text)
    if len(setting.to) + len(setting.unresolved) != 1:
        for written, instead in (("their", "your"), ("they", "you"), ("them", "you")) if setting.to else ():
            text = re.sub(rf"\b{written}\b", instead, text)
        return text
    if not re.search(r"\b(?:they|them|people|team|customers|colleagues)\b", text, re.IGNORECASE):
        text = re.sub(r"\btheir\b", "your", text)
    others = re.findall(r"(?<!^)\b[A-Z][a-z]+\b", text)
    own = {word for box in setting.to for word in box.name.split()}
    if any(re.search(rf"\b{word}\b.*\b(?:he|she|his|her|him)\b", text) for word in others if word not in own):
        return text
    pairs = (
        (r"\bdoes (?:he|she)\b", "do you"), (r"\bDoes (?:he|she)\b", "Do you"),
        (r"\bis (?:he|she)\b", "are you"), (r"\bIs (?:he|she)\b", "Are you"),
        (r"\bhas (?:he|she)\b", "have you"), (r"\bHas (?:he|she)\b", "Have you"),
        (r"\bwas (?:he|she)\b", "were you"), (r"\bWas (?:he|she)\b", "Were you"),
        (r"\b(?:he|she)(?: is|['’]s)\b", "you are"), (r"\b(?:he|she) has\b", "you have"), (r"\b(?:he|she) was\b", "you were"),  # noqa: E501
        (r"\b(?:he|she) does\b", "you do"), (r"\b(?:he|she) (\w+[^s\W])s\b", r"you \1"),
        (r"\b(?:he|she)\b", "you"), (r"\bhim\b", "you"), (r"\bhis\b", "your"),
        (r"\bher\b(?= (?!to\b|that\b|for\b|on\b|by\b|at\b|in\b|if\b|about\b|and\b|with\b|back\b|when\b"
            r"|once\b|before\b|after\b|as\b)\w)", "your"),
        (r"\bher\b", "you"), (r"\b(?:himself|herself)\b", "yourself"),
    )  # fmt: skip
    for pattern, instead in pairs:
        text = re.sub(pattern, instead, text)
    return text
