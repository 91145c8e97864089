"""Find action items in minutes, notes and transcripts, on the letter: marked lines, and tasks somebody took on.

Minutes say them best; from a bare transcript only plain commitments ("I will …", "Ben, can you …") are taken,
quoted as said. What isn't recognised is not made up.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.words import content_stems
from workers.jobs.email_draft.material import Source
from workers.validation.due_days import due_phrase

MOST_ITEMS = 12
MIN_STEMS = 3  # content words of a commitment; "I'll take it in" has too few to be a task
_CHAT = re.compile(r"\bsorry\b|\bI(?:'|’)ll (?:leave|explain|repeat|say|be|come to|let you)\b", re.IGNORECASE)
_MARKED = re.compile(
    r"^\s*(?:[-*•]|\d+[.)])?\s*(?:\[[ xX]?\]|(?:action(?: item)?|todo|to-do|ai|aufgabe)\s*:)\s*(\S.{3,300})$",
    re.I | re.M,
)
_SECTION = re.compile(
    r"^[#*\s]*(?:action items?|actions|next steps|to-?dos?|tasks|aufgaben"
    r"|nächste schritte)\b[^\n]*\n((?:\s*\n)?(?:\s*(?:[-*•|]|\d+[.)])\s*.+\n?)+)",
    re.I | re.M,
)
_BULLET = re.compile(r"^\s*(?:[-*•]|\d+[.)])\s*(?:\[[ xX]?\]\s*)?(\S.*)$", re.MULTILINE)
_COMMITMENT = re.compile(
    r"^(?P<who>[^:\n]{2,40}): (?P<text>[^\n]*\b(?:I'll|I will|I’ll|I'm going to|I can (?:do|send|write|prepare|ask"
    r"|check)|ich werde|ich mache|ich schicke)\b[^\n]*)$",
    re.MULTILINE,
)
_CLAUSE = re.compile(r"(?<=[.!?])\s+")


def action_items(sources: Sequence[Source]) -> list[tuple[str, Source]]:
    """Return the items with their source, in reading order: marked ones where there are any, else commitments."""
    marked = [(item, source) for source in sources for item in _marked(source.text)]
    found = marked or [(item, source) for source in sources for item in _spoken(source)]
    unique: dict[str, tuple[str, Source]] = {}
    for item, source in found:
        unique.setdefault(" ".join(item.lower().split()), (item, source))
    return list(unique.values())[:MOST_ITEMS]


def _marked(text: str) -> list[str]:
    items = [match[1].strip() for match in _MARKED.finditer(text)]
    for section in _SECTION.finditer(text):
        items += [bullet[1].strip() for bullet in _BULLET.finditer(section[1])]
    return [re.sub(r"\s+", " ", item) for item in items]


def _spoken(source: Source) -> list[str]:
    if source.kind != "transcript":
        return []
    items = []
    for line in source.text.splitlines():
        match = _COMMITMENT.match(line)
        if match is None:
            continue
        sentences = [
            one
            for one in _CLAUSE.split(match["text"])
            if re.search(r"\bI(?:'|’)?(?:ll| will|'m going| can)|\bich ", one)
        ]
        said = next((one for one in sentences if due_phrase(one)), sentences[0] if sentences else "")
        if len(content_stems(said)) >= MIN_STEMS and not _CHAT.search(said):
            items.append(f"{match['who']}: “{said.strip()}”")
    return items
