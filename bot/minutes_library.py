"""The library of minutes as a person looks through it: filtered, a page at a time, and one meeting opened.

Who may read what is decided by the store at every look; `bot/minutes.py` does what is pressed. Everything blocks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from assistant.errors import NothingFound, RequestInvalid
from assistant.minutes.kept import KeptMinutes, Reader, SpokenLine
from assistant.minutes.lines import LEAST_COVERED, FittingLine, LineKind, LineWish, fitting_lines
from assistant.minutes.question import read_question
from assistant.replies import FileOffer
from assistant.storage.job_store import JobStore
from assistant.storage.minutes_store import MinutesStore
from assistant.words import content_stems

PAGE_LENGTH: Final = 20  # meetings
LOOKED_THROUGH: Final = 200  # meetings whose lines are compared for one look, those with most of the words first
MOST_PAGES: Final = 10_000
LINES_A_MEETING: Final = 6  # shown in the list; the meeting's own page has all
SPOKEN_LINES: Final = 12
MAX_WORDS_CHARS: Final = 400
KINDS: Final[dict[str, tuple[LineKind | None, bool]]] = {  # what the page offers: kind of line, open ones only
    "": (None, False),
    "decisions": ("decisions", False),
    "tasks": ("action_items", False),
    "open_tasks": ("action_items", True),
    "questions": ("open_questions", False),
}


@dataclass(frozen=True, slots=True)
class LibraryFilter:
    """What was filled in, as text from a form."""

    words: str = ""
    kind: str = ""  # of KINDS
    person: str = ""
    since: str = ""  # ISO days, both included
    until: str = ""
    page: int = 1


@dataclass(frozen=True, slots=True)
class Understood:
    """What is looked for: the form's fields, and what the words say where a field is empty."""

    wish: LineWish
    since: date | None
    until: date | None

    @property
    def is_about_lines(self) -> bool:
        """True where lines are looked for, and not meetings as such."""
        return bool(self.wish.kind or self.wish.person or self.wish.stems)


@dataclass(frozen=True, slots=True)
class Shelf:
    """One meeting of the list, with the lines that fit; `left` more are on its page."""

    kept: KeptMinutes
    lines: tuple[FittingLine, ...] = ()
    left: int = 0


@dataclass(frozen=True, slots=True)
class LibraryPage:
    """A page of the list. `only_spoken`: no line fits, but these meetings have the words in what was said."""

    understood: Understood
    shelves: tuple[Shelf, ...]
    number: int
    has_more: bool
    only_spoken: bool = False
    is_cut: bool = False  # more meetings fit than were looked through


@dataclass(frozen=True, slots=True)
class OpenedMinutes:
    """One meeting with what is around it."""

    kept: KeptMinutes
    urls: dict[str, str]  # of utterances that can be opened where they were written
    said: tuple[SpokenLine, ...]  # what was said about the words that led here
    files: tuple[FileOffer, ...]
    may_forget: bool


class MinutesLibrary:
    """Reads for whoever looks; holds nothing."""

    def __init__(self, minutes: MinutesStore, jobs: JobStore) -> None:
        self._minutes = minutes
        self._jobs = jobs

    def page(self, asked: LibraryFilter, reader: Reader, *, own_name: str, today: date) -> LibraryPage:
        """Return what fits. `own_name` is whose "my tasks" are, `today` the reader's own day.

        Raises:
            RequestInvalid: a field can't be read; the reply says which.
        """
        understood = understand(asked, own_name=own_name, today=today)
        start = (asked.page - 1) * PAGE_LENGTH
        if not understood.is_about_lines:
            found = self._search(understood, reader, limit=PAGE_LENGTH + 1, offset=start)
            shelves = tuple(Shelf(kept) for kept in found[:PAGE_LENGTH])
            return LibraryPage(understood, shelves, asked.page, has_more=len(found) > PAGE_LENGTH)
        found = self._search(understood, reader, limit=LOOKED_THROUGH + 1, offset=0)
        meetings = found[:LOOKED_THROUGH]
        fitting = _shelves(fitting_lines(meetings, understood.wish))
        only_spoken = not fitting and bool(understood.wish.stems) and not (asked.kind or asked.person)
        every = [Shelf(kept) for kept in meetings] if only_spoken else fitting
        return LibraryPage(
            understood,
            tuple(every[start : start + PAGE_LENGTH]),
            asked.page,
            has_more=len(every) > start + PAGE_LENGTH,
            only_spoken=only_spoken and bool(every),
            is_cut=len(found) > LOOKED_THROUGH,
        )

    def open(self, minutes_id: UUID, reader: Reader, *, words: str, is_admin: bool) -> OpenedMinutes:
        """Return one meeting's minutes.

        Raises:
            NothingFound: there are none of this id, or the reader may not know of them.
        """
        kept = self._minutes.get(minutes_id, reader)
        spoken = self._minutes.spoken(kept.id)
        return OpenedMinutes(
            kept=kept,
            urls={line.id: line.url for line in spoken if line.url},
            said=_said_about(spoken, words[:MAX_WORDS_CHARS]),
            files=self.files(kept),
            may_forget=is_admin or self._minutes.is_theirs(kept, reader),
        )

    def file(self, minutes_id: UUID, sha256: str, reader: Reader) -> FileOffer:
        """Return a file of the minutes that the reader may have.

        Raises:
            NothingFound: the minutes are not there for them, or do not have such a file any more.
        """
        kept = self._minutes.get(minutes_id, reader)
        found = next((one for one in self.files(kept) if one.blob == sha256), None)
        if found is None:
            raise NothingFound(f"minutes {minutes_id} have no file {sha256[:16]}", reply="That file isn't kept.")
        return found

    def files(self, kept: KeptMinutes) -> tuple[FileOffer, ...]:
        """Return the files that the minutes' message offers; none once that message was deleted."""
        if kept.job_id is None:
            return ()
        try:
            reply = self._jobs.view(kept.job_id).reply
        except NothingFound:
            return ()
        return tuple(block for block in reply.blocks if isinstance(block, FileOffer)) if reply else ()

    def _search(self, asked: Understood, reader: Reader, *, limit: int, offset: int) -> list[KeptMinutes]:
        stems = asked.wish.stems or tuple(content_stems(asked.wish.person or ""))
        since, until = (day.isoformat() if day else "" for day in (asked.since, asked.until))
        return self._minutes.search(reader, stems, since=since, until=until, limit=limit, offset=offset)


def understand(asked: LibraryFilter, *, own_name: str, today: date) -> Understood:
    """Return what is looked for: fields say more than words do.

    Raises:
        RequestInvalid: a day or a kind that is none.
    """
    question = read_question(asked.words[:MAX_WORDS_CHARS], today)
    if asked.kind not in KINDS:
        raise RequestInvalid(f"no kind of line {asked.kind[:40]!r}", reply="I don't know that kind of line.")
    if not 1 <= asked.page <= MOST_PAGES:
        raise RequestInvalid(f"page {asked.page}", reply="There is no such page.")
    kind, is_open = KINDS[asked.kind] if asked.kind else (question.kind, question.is_open)
    person = asked.person.strip() or (own_name if question.person == "" else question.person)
    since, until = _day(asked.since) or question.since, _day(asked.until) or question.until
    if since and until and since > until:
        raise RequestInvalid("days the wrong way round", reply="The first day comes after the last one.")
    return Understood(LineWish(kind, person or None, is_open, question.stems), since, until)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip()) if text.strip() else None
    except ValueError as error:
        raise RequestInvalid(
            f"no day: {text[:40]!r}", reply="Write days as year, month and day, such as 2026-11-24."
        ) from error


def _shelves(lines: Sequence[FittingLine]) -> list[Shelf]:
    """Return the meetings of the lines, the one with the best line first."""
    by_meeting: dict[UUID, list[FittingLine]] = {}
    for line in lines:
        by_meeting.setdefault(line.kept.id, []).append(line)
    return [
        Shelf(ones[0].kept, tuple(ones[:LINES_A_MEETING]), max(0, len(ones) - LINES_A_MEETING))
        for ones in by_meeting.values()
    ]


def _said_about(spoken: Sequence[SpokenLine], words: str) -> tuple[SpokenLine, ...]:
    """Return the utterances with most of the words, in the order they were said."""
    stems = set(read_question(words, date(2000, 1, 1)).stems)  # whatever the day: periods are left out of the stems
    if not stems:
        return ()
    covered = [(len(stems & set(content_stems(line.text))) / len(stems), n) for n, line in enumerate(spoken)]
    best = sorted((one for one in covered if one[0] >= LEAST_COVERED), key=lambda one: (-one[0], one[1]))
    return tuple(spoken[n] for n in sorted(n for _, n in best[:SPOKEN_LINES]))
