"""Pieces that the library's pages share: a line with what belongs to it, its evidence, a meeting's title and day.

Pure: what the library returned in, markup out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

from markupsafe import Markup

from assistant.minutes.kept import KeptMinutes
from assistant.minutes.lines import LineEntry, text_of
from assistant.minutes.moments import moment
from assistant.minutes.schema import ActionItem, Decision, Evidence, OpenQuestion
from bot.platforms.web.icons import icon
from bot.platforms.web.markup import Child, element
from bot.platforms.web.render import day_words

ADDRESS: Final = "/minutes"


def render_line(entry: LineEntry, kept: KeptMinutes, *, among_its_kind: bool = False) -> Markup:
    """Return a line's words with what belongs to them; its kind comes first, unless it stands `among_its_kind`."""
    label, about = _told(entry, kept)
    if among_its_kind:
        label = _status(entry) if isinstance(entry, Decision) else "done" if _is_done(entry) else ""
    marks = ["little support"] if entry.is_weak else []
    if entry.edited_by:
        marks.append(f"edited by {entry.edited_by}")
    mark = element("small", f" ({', '.join(marks)})") if marks else None
    kind = element("span", label, class_="line-kind") if label else None
    words = element("span", text_of(entry), lang=kept.minutes.meeting.language)
    return element("div", kind, words, about, mark, class_="minutes-line")


def _told(entry: LineEntry, kept: KeptMinutes) -> tuple[str, list[Child]]:
    """Return what kind of line it is, and what stands behind its words."""
    if isinstance(entry, Decision):
        return f"Decision, {_status(entry)}", []
    if isinstance(entry, OpenQuestion):
        return "Open question", [element("small", f" ({entry.raised_by})")] if entry.raised_by else []
    if not isinstance(entry, ActionItem):
        return "Summary", []
    due = f"due {entry.due_date or entry.due}" if entry.due else ""
    told = ", ".join(part for part in (entry.owner or "nobody named", due) if part)
    ticket = kept.ticket_of(entry.id)
    link = link_away(ticket.url, ticket.name) if ticket and ticket.state == "done" else None
    return "Task, done" if entry.is_done else "Task", [element("small", f" ({told})"), " " if link else None, link]


def _status(entry: Decision) -> str:
    return "perhaps (unsure)" if entry.is_unsure else entry.status


def _is_done(entry: LineEntry) -> bool:
    return isinstance(entry, ActionItem) and entry.is_done


def render_evidence(evidence: Sequence[Evidence], kept: KeptMinutes, urls: Mapping[str, str]) -> Markup | None:
    """Return the words a line rests on, folded; None where a person wrote it without any."""
    if not evidence:
        return None
    quotes = [
        element(
            "li",
            element("blockquote", one.quote),
            place_of(one.speaker, one.start, kept, link_away(urls.get(one.id))),
        )
        for one in evidence
    ]
    return element(
        "details", element("summary", "Evidence"), element("ul", quotes, class_="quotes"), class_="evidence"
    )


def place_of(speaker: str | None, start: float | None, kept: KeptMinutes, link: Markup | None) -> Markup:
    """Return who said something and when, with the link to it."""
    place = ", ".join(part for part in (speaker or "", moment(start, kept.minutes.meeting.began_at)) if part)
    return element("p", place, " " if place and link else None, link, class_="about")


def link_away(url: str | None, label: str = "Open it there") -> Markup | None:
    """Return a link that leads away; None for what is no web address: transcripts are other people's files."""
    if not url or not url.startswith(("https://", "http://")):
        return None
    return element("a", label, href=url, rel="noopener noreferrer", target="_blank")


def render_notice(level: str, text: str) -> Markup:
    """Return a notice of the level: info, warning or error."""
    return element(
        "p", icon("info" if level == "info" else "warning"), element("span", text), class_=f"notice {level}"
    )


def title_of(kept: KeptMinutes) -> str:
    """Return the meeting's title, else the transcript's name."""
    return kept.minutes.meeting.title or kept.document


def day_of(kept: KeptMinutes) -> str:
    """Return the meeting's day in words."""
    held = kept.minutes.meeting.date
    return day_words(held.isoformat()) if held else "no day named"


def address_of(minutes_id: UUID, *, words: str = "") -> str:
    """Return the address of one meeting's page; `words` are looked up there in what was said."""
    return f"{ADDRESS}/{minutes_id}" + (f"?{urlencode({'words': words})}" if words else "")
