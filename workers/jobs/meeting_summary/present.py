"""Make minutes ready to be shown: the message with its buttons, the claims, and the files to take away.

The same for minutes written just now and for those of the library after an edit, so that files never lag behind.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from assistant.jobs import Claim
from assistant.mentions import Platform
from assistant.minutes.kept import NAME_SPEAKERS, PREFIX, Ticket
from assistant.minutes.schema import Minutes
from assistant.replies import Action, FileOffer, Link, Links, Reply
from workers.context import JobContext
from workers.jobs.meeting_summary.export import to_csv, to_docx, to_ics, to_markdown
from workers.jobs.meeting_summary.export_pdf import SHOWN_LETTERS, LettersMissing, font_paths, to_pdf, undrawn_signs
from workers.jobs.meeting_summary.layout import Layout
from workers.jobs.meeting_summary.reply import Sources, minutes_claims, minutes_text, render_minutes
from workers.jobs.meeting_summary.wording import Wording
from workers.transcripts.people import unnamed_speakers
from workers.transcripts.transcript import Transcript

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@dataclass(frozen=True)
class Shown:
    """Minutes as they are to be shown."""

    id: UUID
    minutes: Minutes
    layout: Layout
    document: str  # name of the transcript
    urls: Mapping[str, str]  # by utterance
    revision: int = 1
    tickets: tuple[Ticket, ...] = ()


@dataclass(frozen=True)
class Presented:
    """What is said, and what could not be offered."""

    reply: Reply
    answer: str
    claims: tuple[Claim, ...]
    untold: tuple[str, ...]


def present(
    context: JobContext,
    shown: Shown,
    formats: Sequence[str],
    platform: Platform,
    *,
    notices: Sequence[str] = (),
    actions: Sequence[Action] = (),
) -> Presented:
    """Return message, text and claims; `actions` come before the buttons that all minutes have."""
    minutes, layout = shown.minutes, shown.layout
    sources = Sources(shown.document, minutes.meeting.title or shown.document, shown.urls, minutes.meeting.began_at)
    claims = minutes_claims(minutes, layout, sources)
    files, untold = _files(shown, formats, context)
    buttons = [*actions, *([] if platform is Platform.CONSOLE else _buttons(shown, context))]
    said = [*notices, *_failed(shown), *untold]
    links = _links(shown)
    reply = render_minutes(minutes, layout, sources, files, notices=said, actions=buttons, links=links)
    return Presented(reply, minutes_text(minutes, layout), claims, tuple(untold))


def naming(transcript: Transcript, platform: Platform, wording: Wording) -> tuple[list[Action], list[str]]:
    """Return how the asker can name speakers: a button, or a sentence where nothing can be pressed.

    It stays under the minutes through all their revisions, as long as somebody is unnamed.
    """
    if not (unnamed := unnamed_speakers(transcript)):
        return [], []
    if platform is not Platform.CONSOLE:
        return [
            Action(name=NAME_SPEAKERS, label=wording.button("name_speakers"), value={"speakers": list(unnamed)})
        ], []
    return [], [f"To name the speakers, send the file again with “{unnamed[0]} is …, …” and everyone else."]


def _buttons(shown: Shown, context: JobContext) -> list[Action]:
    """Return what can be pressed, most needed first. Every button says under which revision it stood."""
    here: dict[str, Any] = {"minutes": str(shown.id), "revision": shown.revision}
    minutes, wording = shown.minutes, shown.layout.wording
    buttons = [Action(name=PREFIX + "edit", label=wording.button("edit"), value=here)]
    if minutes.confirmed_by is None:
        buttons.append(Action(name=PREFIX + "confirm", label=wording.button("confirm"), value=here, style="primary"))
    ordered = {ticket.item for ticket in shown.tickets if ticket.state in ("pending", "done")}
    open_items = [item for item in minutes.action_items if item.id not in ordered and not item.is_done]
    if context.tickets is not None and open_items:
        label = wording.button("one_ticket" if len(open_items) == 1 else "tickets", len(open_items))
        buttons.append(Action(name=PREFIX + "tickets", label=label, value=here))
    forget, sure = wording.button("forget"), wording.button("forget_question")
    buttons.append(Action(name=PREFIX + "forget", label=forget, value=here, style="danger", ask_first=sure))
    return buttons


def _links(shown: Shown) -> Links | None:
    """Return the tickets that were made, each with its task."""
    tasks = {item.id: item.task for item in shown.minutes.action_items}
    made = [one for one in shown.tickets if one.state == "done" and one.url]
    items = tuple(Link(label=one.name, url=one.url or "", note=tasks.get(one.item, "")) for one in made)
    return Links(title="Tickets", items=items) if items else None


def _failed(shown: Shown) -> list[str]:
    """Return a sentence for each ticket that could not be made."""
    tasks = {item.id: item.task for item in shown.minutes.action_items}
    return [
        f"No ticket for “{tasks.get(one.item, one.item)}”: {one.detail}"
        for one in shown.tickets
        if one.state == "failed"
    ]


def _files(shown: Shown, formats: Sequence[str], context: JobContext) -> tuple[list[FileOffer], list[str]]:
    """Return the files to offer, and what to say of one that could not be made."""
    minutes, layout = shown.minutes, shown.layout
    stem = re.sub(r"\.\w+$", "", shown.document).replace("/", "-") or "meeting"
    fonts = font_paths(context.settings.steward_pdf_fonts)
    makers: dict[str, tuple[str, Callable[[], bytes]]] = {
        "md": ("text/markdown", lambda: to_markdown(minutes, layout).encode()),
        "docx": (DOCX, lambda: to_docx(minutes, layout)),
        "pdf": ("application/pdf", lambda: to_pdf(minutes, layout, fonts=fonts)),
        "csv": ("text/csv", lambda: to_csv(minutes).encode("utf-8-sig")),  # spreadsheets take it for Latin else,
    }
    if any(action.due_date for action in minutes.action_items):
        makers["ics"] = ("text/calendar", lambda: to_ics(minutes, layout))
    offers: dict[str, FileOffer] = {}
    untold: list[str] = []

    def offer(suffix: str) -> None:
        media_type, make = makers[suffix]
        data = make()
        offers[suffix] = FileOffer(
            name=f"{stem}-minutes.{suffix}",
            media_type=media_type,
            blob=context.files.store(data),
            size_bytes=len(data),
        )

    for suffix in dict.fromkeys(one for one in formats if one in makers):
        try:
            offer(suffix)
        except LettersMissing as missing:
            offer("docx")
            untold.append(
                f"There is no PDF: no font on the server holds {missing.letters} (STEWARD_PDF_FONTS can name one). "
                "The Word document has everything."
            )
    if "pdf" in offers and (undrawn := undrawn_signs(minutes, layout, fonts=fonts)):
        shown_signs = " ".join(undrawn[:SHOWN_LETTERS])
        untold.append(f"The PDF goes without signs that no font on the server holds: {shown_signs}")
    return list(offers.values()), untold
