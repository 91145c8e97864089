"""Read minutes that travel to a draft as JSON: the lines an e-mail may tell, and who took part.

What the rules only guessed, and lines that stand on little, are left out: they are shown in the minutes to be looked
at, and are nothing to tell others. A proposal and what was turned down are never told as if they had been decided.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

LEAST_WORDS: Final = 4  # a line this long that stands in a message is the minutes' own
# What goes before a decision that is none, in the languages drafts are written in.
_NOT_DECIDED: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {"proposed": "Proposed, not decided: ", "rejected": "Turned down: "},
    "de": {"proposed": "Vorgeschlagen, nicht beschlossen: ", "rejected": "Abgelehnt: "},
    "fr": {"proposed": "Proposé, non décidé : ", "rejected": "Rejeté : "},
    "es": {"proposed": "Propuesto, no decidido: ", "rejected": "Rechazado: "},
    "pt": {"proposed": "Proposto, não decidido: ", "rejected": "Rejeitado: "},
}


@dataclass(frozen=True, slots=True)
class MinutesFile:
    """What an e-mail may take from minutes."""

    text: str  # summary, decisions under their heading, tasks as "- [ ] owner: task (due …)"
    participants: tuple[str, ...]
    lines: tuple[str, ...]  # of the minutes, in their own words

    def is_shown_in(self, message: str) -> bool:
        """Return whether a message is these minutes: then it says nothing that this file doesn't say better."""
        return any(line in message for line in self.lines)


def read_minutes(data: bytes) -> MinutesFile | None:
    """Return minutes from their JSON, None for other data."""
    try:
        found = json.loads(data)
    except ValueError:
        return None
    if not isinstance(found, dict) or not isinstance(found.get("action_items"), list):
        return None
    meeting = found.get("meeting", {})
    marks = _NOT_DECIDED.get(str(meeting.get("labels", "en")), _NOT_DECIDED["en"])
    summary = [str(item.get("text", "")) for item in found.get("summary", [])]
    told = [one for one in found.get("decisions", []) if not (one.get("is_weak") or one.get("is_unsure"))]
    decisions = [f"- {marks.get(one.get('status', ''), '')}{one['text']}" for one in told if one.get("text")]
    text = "\n".join(
        [*(line for line in summary if line), *(["Decisions", *decisions, ""] if decisions else []), *_tasks(found)]
    )
    return MinutesFile(text, tuple(map(str, meeting.get("participants", []))), _own_lines(found))


def _tasks(found: Mapping[str, Any]) -> list[str]:
    lines = []
    for item in found["action_items"]:
        due = f" (due {item['due']})" if item.get("due") else ""
        lines.append(f"- [ ] {item.get('owner') or 'no owner'}: {item.get('task', '')}{due}")
    return lines


def _own_lines(found: Mapping[str, Sequence[Any]]) -> tuple[str, ...]:
    said = [
        str(item.get("task") or item.get("text") or "")
        for section in ("summary", "decisions", "action_items")
        for item in found.get(section, [])
    ]
    return tuple(line for line in said if len(line.split()) >= LEAST_WORDS)
