from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa

from assistant.errors import NothingFound
from assistant.knowledge.chunks import SearchQuery
from assistant.knowledge.embedded_index import EmbeddedIndex
from assistant.knowledge.search import KnowledgeBase, documents_of, open_knowledge
from assistant.settings import Settings
from assistant.storage.database import open_engine
from assistant.storage.document_ledger import DocumentLedger
from assistant.storage.document_reader import DocumentReader
from tests.documents import EMBEDDER, TODAY, make_facts, store


@pytest.fixture
def engine(embedded_settings: Settings) -> Iterator[sa.Engine]:
    engine = open_engine(embedded_settings.database)
    yield engine
    engine.dispose()


@pytest.fixture
def knowledge(engine: sa.Engine, embedded_settings: Settings) -> Iterator[KnowledgeBase]:
    ledger = DocumentLedger(engine)
    index = EmbeddedIndex(embedded_settings.steward_data / "index", ledger, EMBEDDER)
    knowledge = KnowledgeBase(ledger, DocumentReader(engine), index, EMBEDDER, today=lambda: TODAY)
    yield knowledge
    knowledge.close()


def query(text: str, **fields: object) -> SearchQuery:
    return SearchQuery.model_validate({"text": text, "groups": ("everyone",), **fields})


def found(knowledge: KnowledgeBase, text: str, **fields: object) -> list[str]:
    return [hit.chunk.text for hit in knowledge.search(query(text, **fields))]


def test_the_best_passage_comes_first_with_its_scores(engine: sa.Engine, knowledge: KnowledgeBase) -> None:
    store(engine, "leave.md", "Five days may be carried over\nParental leave lasts a year")
    store(engine, "pay.md", "Salaries are paid monthly", title="Pay")
    hits = knowledge.search(query("how many days may be carried over"))

    assert hits[0].chunk.text == "Five days may be carried over"
    assert (hits[0].cosine or 0) > 0.3
    assert (hits[0].bm25 or 0) > 0
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


def test_no_more_than_the_limit_is_returned(engine: sa.Engine, knowledge: KnowledgeBase) -> None:
    store(engine, "leave.md", "\n".join(f"days of kind {number}" for number in range(30)))

    assert len(found(knowledge, "days", limit=5)) == 5


def test_nothing_is_found_for_nobody_or_for_an_empty_question(engine: sa.Engine, knowledge: KnowledgeBase) -> None:
    store(engine, "leave.md", "five days")

    assert found(knowledge, "days", groups=()) == []
    assert found(knowledge, "  \n ") == []


def test_a_follow_up_is_understood_by_the_turn_before(engine: sa.Engine, knowledge: KnowledgeBase) -> None:
    store(engine, "leave.md", "Parental leave in Germany lasts three years", title="Parental leave")
    store(engine, "travel.md", "Hotels in Germany may cost 120 euros", title="Travel")

    alone = found(knowledge, "and in Germany?", previous_text="How much may hotels cost in France?")
    assert alone[0] == "Hotels in Germany may cost 120 euros"
    other = found(knowledge, "and in Germany?", previous_text="How long is parental leave in France?")
    assert other[0] == "Parental leave in Germany lasts three years"


def test_the_same_words_in_two_documents_are_returned_once(engine: sa.Engine, knowledge: KnowledgeBase) -> None:
    store(engine, "a.md", "Five days of leave.", title="Plan A")
    store(engine, "b.md", "five days of LEAVE", title="Plan B")
    store(engine, "c.md", "Six days of leave.", title="Plan C")

    assert len(found(knowledge, "days of leave")) == 2
    assert len(knowledge.rank(query("days of leave"))) == 3


def test_what_is_not_in_force_today_is_found_only_when_asked_for(engine: sa.Engine, knowledge: KnowledgeBase) -> None:
    store(engine, "now.md", "days now", effective_from=TODAY)
    store(engine, "next.md", "days next", effective_from=TODAY + timedelta(days=1))
    store(engine, "old.md", "days then", status="superseded", effective_to=date(2025, 12, 31))
    store(engine, "draft.md", "days perhaps", status="draft")

    assert found(knowledge, "days") == ["days now"]
    assert found(knowledge, "days", as_of=date(2025, 6, 1)) == ["days then"]
    assert set(found(knowledge, "days", include_superseded=True)) == {"days now", "days next", "days then"}


def test_access_taken_away_since_the_index_was_filled_counts(
    engine: sa.Engine, knowledge: KnowledgeBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    store(engine, "leave.md", "five days")
    assert found(knowledge, "days") == ["five days"]
    ledger = DocumentLedger(engine)
    ledger.update_facts(ledger.known("company")["leave.md"], make_facts(allow=("hr",)), raw_sha256="x")
    monkeypatch.setattr(EmbeddedIndex, "catch_up", lambda self: None)  # an index that lags behind

    assert found(knowledge, "days") == []


def test_documents_are_placed_by_their_best_passage(engine: sa.Engine, knowledge: KnowledgeBase) -> None:
    store(engine, "leave.md", "carry over days\nparental leave\nsick days", title="Leave")
    store(engine, "pay.md", "salaries", title="Pay")
    documents = documents_of(knowledge.rank(query("carry over sick days")))

    assert [(document.best.chunk.path, document.passages) for document in documents] == [
        ("leave.md", 3),
        ("pay.md", 1),
    ]


def test_reading_gives_the_passages_around_one(engine: sa.Engine, knowledge: KnowledgeBase) -> None:
    document_id = store(engine, "long.md", "\n".join(f"line {number}" for number in range(10)))
    everyone = ("everyone",)
    chunks = knowledge.read(str(document_id), groups=everyone)

    def around(ordinal: int) -> list[int]:
        read = knowledge.read(str(document_id), groups=everyone, around_chunk=str(chunks[ordinal].id), limit=4)
        return [chunk.ordinal for chunk in read]

    assert (around(0), around(5), around(9)) == ([0, 1, 2, 3], [3, 4, 5, 6], [6, 7, 8, 9])
    assert [chunk.ordinal for chunk in knowledge.read(str(document_id), groups=everyone, limit=2)] == [0, 1]
    assert knowledge.read(str(document_id), groups=("hr",)) == []
    assert knowledge.read(str(uuid4()), groups=everyone) == []


def test_a_chunk_of_an_earlier_version_still_opens_for_its_readers(
    engine: sa.Engine, knowledge: KnowledgeBase
) -> None:
    store(engine, "leave.md", "five days")
    [hit] = knowledge.search(query("days"))
    store(engine, "leave.md", "six days")

    assert knowledge.chunk(hit.chunk.id, ("everyone",)).text == "five days"
    with pytest.raises(NothingFound):
        knowledge.chunk(hit.chunk.id, ("hr",))


def test_the_settings_choose_embedder_and_index(embedded_settings: Settings, engine: sa.Engine) -> None:
    store(engine, "leave.md", "five days")
    knowledge = open_knowledge(embedded_settings.model_copy(update={"steward_embedder": "hashing"}), engine)

    assert [hit.chunk.text for hit in knowledge.search(query("days"))] == ["five days"]
    knowledge.close()
    assert list((embedded_settings.steward_data / "index").glob("hashing*/slot-0"))
