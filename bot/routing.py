"""Which job kind a text asks for: the kind named by a button, a command word, a keyword, an attachment, else policy.

Rules, no model: routing must be instant, explainable and free. What the rules can't tell is a question.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from assistant.errors import RequestInvalid
from assistant.job_kinds import EMAIL_DRAFT, JOB_KINDS, LOG_INSPECTION, MEETING_SUMMARY, POLICY_SEARCH, JobKind
from assistant.mentions import Mention
from assistant.watch_words import read_watch_words
from bot.log_trouble import asks_for_a_rule

_COMMAND = re.compile(r"^\s*/?([\w-]+)\s*(?::|,|\s|$)\s*", re.UNICODE)
_ADDRESS = re.compile(r"^\s*[\w-]+\s*[:,]")
_SLASH = re.compile(r"^\s*/([\w-]+)")
_TEXTS = (".txt", ".md", ".docx", ".json")
# Minutes, in the languages they are written in; with a file at hand it is an order and no talk about minutes.
_MINUTES = re.compile(
    r"\b(?:(?:sitzungs|besprechungs|mötes)?protokoll|zusammenfassung|compte[- ]rendu|procès-verbal|acta|verbale|ata"
    r"|notulen|protok[óo]ł|mötesanteckningar|referat)\b|протокол|議事録",
    re.IGNORECASE,
)
_TRANSCRIPTS = (".vtt", ".srt", ".sbv")
# What Alertmanager's, Grafana's and PagerDuty's own templates begin with when somebody pastes them.
_PASTED_ALERT = re.compile(
    r"^\s*(?:\W*\s*)?(?:\[FIRING:\d+\]|\[(?:Alerting|FIRING)\]|\*{0,2}(?:Firing|Alerting)\*{0,2}\s*$|"
    r"(?:Triggered|TRIGGERED)\b.*\bincident\b|Incident #\d+ .*\btriggered\b)",
    re.MULTILINE,
)
_LOGS = (".log", ".ndjson", ".jsonl", ".log.gz", ".log.zst")
_QUESTION_WORDS = frozenset(
    {"how", "what", "when", "where", "who", "whom", "whose", "why", "which", "may", "can", "could"}
    | {"do", "does", "did", "is", "are", "am"}
)
STOP_WORDS = frozenset({"stop", "cancel", "abort", "stopp", "abbrechen", "arrête", "annuler"})
HELP_WORDS = frozenset({"help", "hilfe", "aide"})


@dataclass(frozen=True, slots=True)
class Route:
    """The kind to run, and the text without a word that only addresses it; `by` says which rule chose."""

    kind: JobKind
    text: str
    by: str


def is_stop_word(text: str) -> bool:
    """Return whether a message is nothing but the wish to stop what is at work."""
    return text.lower().strip(" .!") in STOP_WORDS


def route(mention: Mention, kinds: Mapping[str, JobKind] = JOB_KINDS) -> Route:
    """Choose the job kind for a mention.

    Raises:
        RequestInvalid: a kind or a /command was named that does not exist; `reply` lists what there is.
    """
    text = mention.text.strip()
    if mention.kind is not None:
        if mention.kind not in kinds:
            raise RequestInvalid(f"unknown job kind {mention.kind!r}", reply=_unknown(mention.kind, kinds))
        return Route(kinds[mention.kind], text, "named")
    if read_watch_words(text) is not None and LOG_INSPECTION.name in kinds:
        return Route(kinds[LOG_INSPECTION.name], text, "watch")
    if _PASTED_ALERT.search(text) and LOG_INSPECTION.name in kinds:
        return Route(kinds[LOG_INSPECTION.name], text, "alert")
    return (
        _by_command(text, mention, kinds)
        or _by_attachment(text, mention)
        or _by_keyword(text, kinds)
        or Route(POLICY_SEARCH, text, "default")
    )


def help_text(kinds: Mapping[str, JobKind] = JOB_KINDS) -> str:
    """Return what the assistant can do, one line a kind, as Markdown."""
    lines = [f"- **{kind.title}** (`{kind.command_words[0]}`): {kind.help_line}" for kind in kinds.values()]
    return "I can do this:\n" + "\n".join(lines)


def _by_command(text: str, mention: Mention, kinds: Mapping[str, JobKind]) -> Route | None:
    match = _COMMAND.match(text)
    if not match:
        return None
    word, rest = match.group(1).lower(), text[match.end() :].strip()
    is_slash = bool(_SLASH.match(text))
    for kind in kinds.values():
        if word in kind.command_words and (is_slash or _reads_as_command(kind, text, rest, mention)):
            # "logs: why …" is an address with its matter; in "Inspect the logs of …" the word is the verb.
            is_address = is_slash or not rest or bool(_ADDRESS.match(text))
            return Route(kind, rest if is_address else text, "command")
    if is_slash:
        raise RequestInvalid(f"unknown command /{word}", reply=_unknown(f"/{word}", kinds))
    return None


def _reads_as_command(kind: JobKind, text: str, rest: str, mention: Mention) -> bool:
    # "policy: how much …" is a command and "Policy on pets?" is a question; both are policy questions, so only
    # kinds that would take the asker elsewhere need care: "Email retention: how long?" asks about a policy.
    if not rest:
        return bool(mention.attachments) or kind is not POLICY_SEARCH
    if kind is POLICY_SEARCH:
        return bool(re.match(r"^\s*[\w-]+\s*:", text))
    if kind is LOG_INSPECTION:  # "Log retention: how long?" asks for a rule, "logs: why did it fail?" does not
        return bool(_ADDRESS.match(text)) or not asks_for_a_rule(text)
    follows = rest.split(maxsplit=1)[0].lower().strip("?,.:")
    return not text.rstrip().endswith("?") and follows not in _QUESTION_WORDS


def _by_attachment(text: str, mention: Mention) -> Route | None:
    names = [attachment.name.lower() for attachment in mention.attachments]
    if any(name.endswith(_TRANSCRIPTS) for name in names):
        kind = EMAIL_DRAFT if _mentions(text, EMAIL_DRAFT) else MEETING_SUMMARY
        return Route(kind, text, "attachment")
    if (
        any(name.endswith(_TEXTS) for name in names)
        and _MINUTES.search(text)
        and not _is_question(text, MEETING_SUMMARY)
    ):
        return Route(MEETING_SUMMARY, text, "attachment")
    if any(name.endswith(_LOGS) for name in names):
        return Route(LOG_INSPECTION, text, "attachment")
    if any(name.endswith((".eml", ".msg")) for name in names):
        return Route(EMAIL_DRAFT, text, "attachment")
    return None


def _by_keyword(text: str, kinds: Mapping[str, JobKind]) -> Route | None:
    for kind in kinds.values():
        # "Who may see meeting transcripts?" asks about a policy: a keyword asks for work only with material to
        # work on, or in an order ("draft an e-mail to …", "inspect the logs of …"), never in a question.
        if _mentions(text, kind) and not _is_question(text, kind):
            return Route(kind, text, "keyword")
    return None


def _mentions(text: str, kind: JobKind) -> bool:
    lowered = text.lower()
    return any(re.search(rf"(?<!\w){re.escape(keyword)}(?!\w)", lowered) for keyword in kind.keywords)


def _is_question(text: str, kind: JobKind) -> bool:
    if kind is LOG_INSPECTION:  # "Why has checkout been failing since noon?" is work for the log inspector
        return asks_for_a_rule(text)
    words = text.lower().split(maxsplit=1)
    first = words[0].strip("?,.:") if words else ""
    asks_for_work = bool(re.match(r"^\s*(please\s+)?(can|could|would|will) you\b", text.lower()))
    return not asks_for_work and (text.rstrip().endswith("?") or first in _QUESTION_WORDS)


def _unknown(word: str, kinds: Mapping[str, JobKind]) -> str:
    return f"I don't know {word}. {help_text(kinds)}"
