"""Answer a question from kept minutes: "when did we decide to drop vendor X?", "open action items of Anna".

In a conversation that has minutes, a question is about that meeting unless it asks across meetings. The library says
which meetings the asker may see and which have the question's words; their lines are ranked here by how many of
those words they hold, the rare ones counting more, and shown with day, time and the words they rest on.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from assistant.jobs import Check, Claim, Job, JobResult
from assistant.minutes.kept import KeptMinutes, Reader
from assistant.minutes.lines import LEAST_COVERED, LineEntry, LineWish, fitting_lines
from assistant.minutes.moments import moment
from assistant.minutes.question import LibraryQuestion, read_question
from assistant.minutes.schema import ActionItem, Decision, Evidence
from assistant.replies import Citation, Citations, Link, Links, Notice, Paragraph, Reply
from assistant.words import content_stems
from workers.context import JobContext
from workers.jobs.meeting_summary.ask import NOTHING_SAID, answer_about, extraction_receipt, nothing_found
from workers.jobs.meeting_summary.extract_answer import answer_from_meeting
from workers.jobs.meeting_summary.layout import action_text, decision_text
from workers.jobs.meeting_summary.recall import transcript_of, urls_of
from workers.jobs.meeting_summary.reply import QUOTE_CHARS
from workers.jobs.meeting_summary.wording import ENGLISH, wording_in

MOST_LINES = 12
MEETINGS_READ_WHOLE = 4  # what was said is looked through when no line of the minutes answers
_ACROSS = re.compile(
    r"\bwhen did\b|\bin which meeting|\bwhich meeting|\b(?:all|other|any|earlier|previous|past|every|our|recent) "
    r"meetings?\b|\blibrary\b|\b(?:last|this|past) (?:week|month|year)\b|\bsince\b|\bever\b|\bwann haben wir\b",
    re.IGNORECASE,
)
_NO_LINES = "I found nothing about that in the minutes you may see{days}."


@dataclass(frozen=True, slots=True)
class Found:
    """One line of one meeting, and how well it answers."""

    kept: KeptMinutes
    text: str
    evidence: tuple[Evidence, ...]
    score: float
    link: Link | None = None  # the ticket made of it


def ask_the_library(job: Job, context: JobContext, question: str) -> JobResult:
    """Return the lines that answer, or that there are none; never of a meeting the asker may not see.

    Raises:
        Cancelled, BudgetExceeded: as they say.
    """
    reader = Reader.of(job.mention, named=context.settings.minutes_readers)
    here = context.minutes.of_conversation(job.conversation_id, reader)
    asked = read_question(question, context.today.astimezone(context.zone_of_asker(job)).date())
    if here is not None and not _ACROSS.search(question) and asked.since is None and asked.until is None:
        context.report("searching", "looking into this meeting")
        return _ask_one(job, context, here, question, asked)
    context.report("searching", "looking into the minutes you may see")
    with context.stopwatch.stage("retrieval"):
        since, until = _iso(asked.since), _iso(asked.until)
        meetings = context.minutes.search(reader, _sought(asked, job), since=since, until=until)
    context.check(job)
    found = _lines(meetings, asked, job) or _said(job, context, meetings, question, asked)
    if not found:
        days = f" from {since or 'the beginning'} to {until or 'today'}" if since or until else ""
        return nothing_found(context, question, _NO_LINES.format(days=days))
    return _answer(context, question, found[:MOST_LINES], left=len(found) - MOST_LINES)


def _ask_one(job: Job, context: JobContext, kept: KeptMinutes, question: str, asked: LibraryQuestion) -> JobResult:
    """Answer about one meeting: from its minutes where the question names a kind of line, else from what was said."""
    found = _lines([kept], asked, job) if asked.kind else []
    if found:
        return _answer(context, question, found[:MOST_LINES], left=len(found) - MOST_LINES)
    spoken = context.minutes.spoken(kept.id)
    if not spoken:
        return nothing_found(context, question, NOTHING_SAID)
    transcript = transcript_of(spoken, kept.minutes)
    return answer_about(context, transcript, kept.document, question, check=lambda: context.check(job))


def _sought(asked: LibraryQuestion, job: Job) -> list[str]:
    """Return the stems that lead to meetings: what it is about, else whose."""
    return list(asked.stems) or content_stems(_person_of(asked, job) or "")


def _person_of(asked: LibraryQuestion, job: Job) -> str | None:
    return (job.mention.asker.name or "") if asked.person == "" else asked.person


# ------------------------------------------------------------------ lines of the minutes
def _lines(meetings: Sequence[KeptMinutes], asked: LibraryQuestion, job: Job) -> list[Found]:
    """Return the lines that fit, the best first; without words to look for, the newest first."""
    wish = LineWish(kind=asked.kind, person=_person_of(asked, job), is_open=asked.is_open, stems=asked.stems)
    return [_found(one.kept, one.entry, one.score) for one in fitting_lines(meetings, wish)]


def _found(kept: KeptMinutes, entry: LineEntry, score: float) -> Found:
    wording = wording_in(ENGLISH)
    text = action_text(entry, wording) if isinstance(entry, ActionItem) else entry.text
    if isinstance(entry, Decision):
        text = decision_text(entry, wording)
    if entry.edited_by:
        text += f" ({wording.edited(entry.edited_by)})"
    ticket = kept.ticket_of(entry.id)
    link = (
        Link(label=ticket.name, url=ticket.url, note=text)
        if ticket and ticket.state == "done" and ticket.url
        else None
    )
    return Found(kept, text, entry.evidence, score, link)


# ------------------------------------------------------------------ what was said
def _said(
    job: Job, context: JobContext, meetings: Sequence[KeptMinutes], question: str, asked: LibraryQuestion
) -> list[Found]:
    """Return what was said about it in the meetings with most of its words; for questions about lines: nothing."""
    if not asked.stems or asked.kind in ("action_items", "open_questions"):
        return []
    found = []
    for kept in meetings[:MEETINGS_READ_WHOLE]:
        context.check(job)
        if spoken := context.minutes.spoken(kept.id):
            for line in answer_from_meeting(transcript_of(spoken, kept.minutes), question):
                stems = set(content_stems(line.text))
                covered = sum(stem in stems for stem in asked.stems) / len(asked.stems)
                if covered >= LEAST_COVERED:
                    found.append(Found(kept, line.text, line.evidence, covered))
    return sorted(found, key=lambda one: -one.score)


# ------------------------------------------------------------------ the answer
def _answer(context: JobContext, question: str, found: Sequence[Found], *, left: int) -> JobResult:
    urls = {
        one.kept.id: urls_of(transcript_of(spoken, one.kept.minutes))
        for one in found
        if (spoken := context.minutes.spoken(one.kept.id))
    }
    citations: list[Citation] = []
    lines, claims = [], []
    for one in found:
        mine = [
            _citation(one.kept, item, len(citations) + number, urls.get(one.kept.id, {}).get(item.id))
            for number, item in enumerate(one.evidence, 1)
        ]
        citations += mine
        place = f"**{_day(one.kept)}, {_title(one.kept)}**"
        time = moment(one.evidence[0].start, one.kept.minutes.meeting.began_at) if one.evidence else ""
        numbers = "".join(f"[{citation.number}]" for citation in mine)
        lines.append(f"- {place}{f' ({time})' if time else ''}: {one.text} {numbers}".rstrip())
        claims.append(Claim(text=one.text, citations=tuple(mine)))
    text = "\n".join(lines)
    links = tuple(one.link for one in found if one.link)
    more = [Notice(text=f"{left} more fit; a narrower question shows them.")] if left > 0 else []
    reply = Reply(
        text=text,
        blocks=(
            Paragraph(markdown=text),
            *([Links(title="Tickets", items=links)] if links else []),
            *([Citations(items=tuple(citations))] if citations else []),
            *more,
            Notice(text="From kept minutes that you may see, by their words: no language model wrote this."),
        ),
        wants_feedback=True,
    )
    result = [
        {"minutes": str(one.kept.id), "date": _day(one.kept), "meeting": _title(one.kept), "text": one.text}
        for one in found
    ]
    return JobResult(
        outcome="answered",
        answer=text,
        claims=tuple(claims),
        result={"version": 1, "question": question, "lines": result},
        receipt=extraction_receipt(context, (Check(name="quotes_verbatim", passed=True),), repaired=False),
        reply=reply,
    )


def _citation(kept: KeptMinutes, item: Evidence, number: int, url: str | None) -> Citation:
    place = ", ".join(
        part for part in (item.speaker or "", moment(item.start, kept.minutes.meeting.began_at)) if part
    )
    return Citation(
        number=number,
        chunk_id=item.id,
        document_id=kept.document,
        document=kept.document,
        title=f"{_title(kept)}, {_day(kept)}",
        section=place,
        url=url,
        quote=item.quote[:QUOTE_CHARS],
    )


def _title(kept: KeptMinutes) -> str:
    return kept.minutes.meeting.title or kept.document


def _day(kept: KeptMinutes) -> str:
    return _iso(kept.minutes.meeting.date) or "no date"


def _iso(day: date | None) -> str:
    return day.isoformat() if day else ""
