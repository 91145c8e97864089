"""Cut a parsed document into passages that one embedding can hold, without losing or changing a character of text.

A passage never crosses a heading or a page. Inside a section it ends where a reader would pause: between
paragraphs and table rows if possible, else between lines, sentences, words, and only then inside a word. The
size of 256 tokens, headings included, measured best (docs/decisions/0003-where-retrieval-runs.md): MiniLM reads no
further, and larger passages blur.

A passage that begins inside a table is embedded with the table's header row before it; the passage itself stays a
verbatim slice of the body, because quotes are checked against it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from assistant.knowledge.chunks import embedded_text
from ingest.parsed import ParsedDocument, Section

MAX_PASSAGE_TOKENS = 256  # of what is embedded; an embedder that reads less wins
LEAST_TEXT_TOKENS = 64  # left to the text even when the headings before it are endless
CHARS_PER_TOKEN = 8  # above this a passage is not prose: MiniLM counts a word of 5,000 letters as one token
WINDOW_CHARS_PER_TOKEN = 3  # how much of a run without pauses is tried at once; prose has four to five
LONGEST_HEADER_SHARE = 0.4  # a table's header is repeated only if it leaves most of the passage to rows

_PARAGRAPH = re.compile(r"(?:\r?\n[ \t\xa0]*){2,}")
_LINE = re.compile(r"\r?\n")
_SENTENCE = re.compile(r"(?<=[.!?;:…])[\"'”’)\]]*\s+")
_TABLE_RULE = re.compile(r"\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*")


class TokenCounter(Protocol):
    """What splitting needs to know of an embedder."""

    @property
    def max_tokens(self) -> int:
        """How many tokens it reads."""

    def count_tokens(self, text: str) -> int:
        """Return how many tokens the text takes."""


@dataclass(frozen=True, slots=True)
class Passage:
    """One slice of a document's body: `text == body[start_char:end_char]`."""

    heading_path: tuple[str, ...]
    page: int | None
    start_char: int
    end_char: int
    text: str
    embedded_text: str  # what the embedder gets: title, headings, a repeated table header, and the text


@dataclass(frozen=True, slots=True)
class _Piece:
    """A stretch that is not cut further. `header` is the header of the table it is a row of."""

    start: int
    end: int
    tokens: int
    header: str = ""


def split_document(document: ParsedDocument, counter: TokenCounter) -> list[Passage]:
    """Return the document's passages in reading order; none for a document without text.

    Time and memory grow linearly with the text, whatever its shape.
    """
    sections = document.sections or (Section((), 0, len(document.body)),)
    return [passage for section in sections for passage in _split_section(document, section, counter)]


def _split_section(document: ParsedDocument, section: Section, counter: TokenCounter) -> Iterator[Passage]:
    prefix = embedded_text(document.title, section.heading_path, "")
    limit = min(MAX_PASSAGE_TOKENS, counter.max_tokens)
    budget = max(limit - counter.count_tokens(prefix), min(LEAST_TEXT_TOKENS, limit))
    pieces = list(_pieces(document.body, section, counter, budget))
    for group in _packed(pieces, counter.count_tokens, budget):
        start, end = group[0].start, group[-1].end
        text = document.body[start:end]
        shown = f"{group[0].header}\n{text}" if group[0].header else text
        yield Passage(
            heading_path=section.heading_path,
            page=section.page,
            start_char=start,
            end_char=end,
            text=text,
            embedded_text=embedded_text(document.title, section.heading_path, shown),
        )


def _packed(pieces: list[_Piece], count_tokens: Callable[[str], int], budget: int) -> Iterator[list[_Piece]]:
    """Join neighbours up to the budget, in passages of about equal size rather than full ones and a crumb."""
    total = sum(piece.tokens for piece in pieces)
    passages = max(1, math.ceil(total / budget))
    aim = min(budget, math.ceil(total / passages))
    group: list[_Piece] = []
    tokens = 0
    for piece in pieces:
        too_long = piece.end - group[0].start > budget * CHARS_PER_TOKEN if group else False
        if group and (tokens >= aim or tokens + piece.tokens > budget or too_long):
            yield group
            group, tokens = [], count_tokens(piece.header) if piece.header else 0
        group.append(piece)
        tokens += piece.tokens
    if group:
        yield group


def _pieces(body: str, section: Section, counter: TokenCounter, budget: int) -> Iterator[_Piece]:
    for start, end in _cut(body, section.start_char, section.end_char, _PARAGRAPH):
        if (rows := _table_rows(body, start, end)) is not None:
            yield from _table_pieces(body, rows, counter, budget)
        else:
            yield from _small_pieces(body, start, end, counter, budget, (_LINE, _SENTENCE))


def _table_rows(body: str, start: int, end: int) -> list[tuple[int, int]] | None:
    """Return the lines of a Markdown table, or None when the paragraph is not one."""
    if body[start] != "|":
        return None
    rows = list(_cut(body, start, end, _LINE))
    is_table = len(rows) >= 3 and _TABLE_RULE.fullmatch(body[rows[1][0] : rows[1][1]]) is not None
    return rows if is_table else None


def _table_pieces(body: str, rows: list[tuple[int, int]], counter: TokenCounter, budget: int) -> Iterator[_Piece]:
    header = body[rows[0][0] : rows[0][1]]
    is_short = counter.count_tokens(header) <= budget * LONGEST_HEADER_SHARE
    for number, (start, end) in enumerate(rows):
        repeated = header if number > 1 and is_short else ""
        room = budget - counter.count_tokens(repeated) if repeated else budget
        for piece in _small_pieces(body, start, end, counter, room, (_SENTENCE,)):
            yield _Piece(piece.start, piece.end, piece.tokens, repeated)


def _small_pieces(
    body: str, start: int, end: int, counter: TokenCounter, budget: int, cuts: tuple[re.Pattern[str], ...]
) -> Iterator[_Piece]:
    """Cut at the first of `cuts` that is needed, so that every piece fits the budget."""
    is_short = end - start <= budget * CHARS_PER_TOKEN
    if is_short and (tokens := counter.count_tokens(body[start:end])) <= budget:
        yield _Piece(start, end, tokens)
    elif cuts:
        for inner_start, inner_end in _cut(body, start, end, cuts[0]):
            yield from _small_pieces(body, inner_start, inner_end, counter, budget, cuts[1:])
    elif end - start > 1:
        longest = min(budget * WINDOW_CHARS_PER_TOKEN, (end - start + 1) // 2)
        for inner_start, inner_end in _windows(body, start, end, longest):
            yield from _small_pieces(body, inner_start, inner_end, counter, budget, ())
    else:
        yield _Piece(start, end, budget)


def _windows(body: str, start: int, end: int, longest: int) -> Iterator[tuple[int, int]]:
    """Cut a run without pauses into stretches of at most `longest` characters, between words where there are any."""
    while end - start > longest:
        stop = start + longest
        while stop > start and not body[stop].isspace():
            stop -= 1
        if stop == start:
            stop = start + longest
        yield from _trimmed(body, start, stop)
        start = stop
    yield from _trimmed(body, start, end)


def _cut(body: str, start: int, end: int, separator: re.Pattern[str]) -> Iterator[tuple[int, int]]:
    """Yield the stretches between separators, trimmed of white space; white space alone is dropped."""
    at = start
    for match in separator.finditer(body, start, end):
        yield from _trimmed(body, at, match.start() if separator is not _SENTENCE else match.end())
        at = match.end()
    yield from _trimmed(body, at, end)


def _trimmed(body: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while start < end and body[start].isspace():
        start += 1
    while end > start and body[end - 1].isspace():
        end -= 1
    if start < end:
        yield start, end
