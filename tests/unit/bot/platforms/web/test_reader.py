"""The document pane shows what was quoted, says what it is worth, and never shows what one may not read."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from uuid import UUID, uuid4

import pytest

from assistant.errors import DependencyUnavailable, NothingFound, StewardError
from assistant.knowledge.chunks import Chunk
from assistant.replies import Citation
from bot.platforms.web.reader import open_citation
from tests.factories import make_chunk

BODY = "# Leave\n\nFive days may be carried over.\n\n## Elsewhere\n\nFive days may be carried over."


@dataclass(frozen=True)
class Document:
    path: str = "leave.md"
    space: str = "handbook"
    body: str = BODY
    version_label: str | None = "3.1"
    is_latest: bool = True
    effective_from: date | None = date(2026, 1, 1)
    owner: str | None = "People team"
    status: str = "current"


@dataclass(frozen=True)
class Shelf:
    """One document for one group; it remembers nothing and checks what it is asked."""

    chunk: Chunk
    document_: Document = field(default_factory=Document)
    error: StewardError | None = None

    def chunks(self, chunk_ids: Sequence[UUID], *, groups: Collection[str], live: bool = True) -> list[Chunk]:
        return [self.chunk] if "everyone" in groups and self.chunk.id in chunk_ids and not live else []

    def document(self, document_id: UUID, *, groups: Collection[str], version_id: UUID | None = None) -> Document:
        if self.error:
            raise self.error
        if "everyone" not in groups or version_id not in (None, self.chunk.version_id):
            raise NothingFound("no such document for these groups")
        return self.document_


CHUNK = make_chunk(text="Five days may be carried over.", start_char=54, end_char=len(BODY))


def citation(**fields: object) -> Citation:
    values: dict[str, object] = {
        "number": 2,
        "chunk_id": str(CHUNK.id),
        "document_id": str(CHUNK.document_id),
        "document": "leave.md",
        "title": "Leave policy",
        "section": "Elsewhere",
        "quote": "five days may be\ncarried over",
    }
    return Citation.model_validate({**values, **fields})


def test_the_passage_of_the_cited_chunk_is_marked() -> None:
    page = open_citation(Shelf(CHUNK), citation(), ("everyone",), [1, 2, 3])

    before, _, after = page.partition("<mark")
    assert before.count("Five days may be carried over") == 1  # the same words in another section
    assert 'id="passage">Five days may be carried over</mark>' in after
    for words in ("People team", "1 January 2026", "3.1", "2 of 3", "handbook / leave.md"):
        assert words in page


def test_someone_without_the_group_sees_neither_document_nor_quote() -> None:
    page = open_citation(Shelf(CHUNK), citation(quote="the secret words"), ("visitors",), [2])

    assert "may not read it any more" in page
    assert "secret" not in page
    assert "carried over" not in page


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (Document(is_latest=False), "A newer one has come since"),
        (Document(status="superseded"), "replaced this one"),
        (Document(status="draft"), "in force"),
    ],
)
def test_what_is_not_in_force_says_so(document: Document, words: str) -> None:
    assert words in open_citation(Shelf(CHUNK, document), citation(), ("everyone",), [2])


def test_a_quote_that_is_gone_is_shown_beside_the_document() -> None:
    shelf = replace(Shelf(CHUNK), chunk=make_chunk(id=uuid4(), document_id=CHUNK.document_id))
    page = open_citation(shelf, citation(quote="Ten days were carried over."), ("everyone",), [2])

    assert "The document has changed since" in page
    assert "Ten days were carried over." in page
    assert "<mark" not in page


def test_with_the_store_away_the_quote_that_was_checked_is_still_shown() -> None:
    shelf = Shelf(CHUNK, error=DependencyUnavailable("database: connection refused at 10.0.0.7"))
    page = open_citation(shelf, citation(), ("everyone",), [2])

    assert "carried over" in page
    assert "10.0.0.7" not in page


def test_an_id_that_is_none_opens_nothing() -> None:
    assert "any more" in open_citation(Shelf(CHUNK), citation(document_id="d-1"), ("everyone",), [2])


def test_a_line_of_a_log_is_shown_among_the_lines_that_came_with_it() -> None:
    shown = open_citation(
        Shelf(CHUNK),
        citation(document="a.log", quote="ERROR <b>", before=("INFO 1",), after=("INFO 2",)),
        ("everyone",),
        (2,),
    )

    assert '<li>INFO 1</li><li><mark id="passage">ERROR &lt;b&gt;</mark></li><li>INFO 2</li>' in shown
