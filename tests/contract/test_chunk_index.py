"""What both indexes promise: the embedded one, and a Qdrant server (its client's own in-memory twin here)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa
from qdrant_client import QdrantClient

from assistant.knowledge.chunk_index import Candidate, ChunkIndex, Probe, Readable
from assistant.knowledge.embedded_index import EmbeddedIndex
from assistant.knowledge.vector_store import QdrantIndex
from assistant.settings import Settings
from assistant.storage.database import open_engine
from assistant.storage.document_ledger import DocumentLedger
from assistant.storage.document_reader import DocumentReader
from assistant.storage.worker_store import WorkerStore
from tests.documents import EMBEDDER, TODAY, make_facts, store

# The client's in-memory twin says that it ignores payload indexes; a server does not.
pytestmark = pytest.mark.filterwarnings("ignore:Payload indexes")
EVERYONE = Readable(("everyone",))
OpenIndex = Callable[[], ChunkIndex]


@pytest.fixture
def engine(embedded_settings: Settings) -> Iterator[sa.Engine]:
    engine = open_engine(embedded_settings.database)
    yield engine
    engine.dispose()


@pytest.fixture(params=["embedded", "server"])
def open_index(request: pytest.FixtureRequest, engine: sa.Engine, tmp_path: Path) -> Iterator[OpenIndex]:
    """Opens an index over the engine's record; the second one finds what the first has left."""
    ledger = DocumentLedger(engine)
    server = QdrantClient(":memory:")
    opened: list[ChunkIndex] = []

    def build() -> ChunkIndex:
        if request.param == "embedded":
            opened.append(EmbeddedIndex(tmp_path / "index", ledger, EMBEDDER))
        else:
            opened.append(QdrantIndex(server, ledger, EMBEDDER, WorkerStore(engine)))
        return opened[-1]

    yield build
    for index in opened:
        index.close()


@pytest.fixture
def index(open_index: OpenIndex) -> ChunkIndex:
    return open_index()


@pytest.fixture
def texts(engine: sa.Engine) -> Callable[[list[Candidate]], list[str]]:
    """Turns candidates into their texts, best word score first."""

    def read(candidates: list[Candidate]) -> list[str]:
        ordered = sorted(candidates, key=lambda found: (-sum(found.bm25s), -sum(found.cosines)))
        chunks = DocumentReader(engine).chunks([found.chunk_id for found in ordered], groups=("everyone", "hr"))
        return [chunk.text for chunk in chunks]

    return read


Texts = Callable[[list[Candidate]], list[str]]


def probe(text: str) -> Probe:
    return Probe(text, EMBEDDER.embed_query(text))


def search(index: ChunkIndex, text: str, readable: Readable = EVERYONE, limit: int = 10) -> list[Candidate]:
    index.catch_up()
    return index.candidates([probe(text)], readable, limit=limit)


def test_an_empty_record_has_no_candidates(index: ChunkIndex) -> None:
    assert search(index, "leave") == []


def test_a_stored_passage_is_found_by_its_words_and_its_meaning(
    engine: sa.Engine, index: ChunkIndex, texts: Texts
) -> None:
    store(engine, "leave.md", "Carry over five days of leave\nParental leave lasts a year")
    store(engine, "pay.md", "Salaries are paid monthly", title="Pay")
    found = search(index, "when are salaries paid")

    assert texts(found)[0] == "Salaries are paid monthly"
    best = max(found, key=lambda candidate: candidate.cosines)
    assert texts([best]) == ["Salaries are paid monthly"]
    assert best.bm25s[0] > 0


def test_every_candidate_is_scored_by_every_probe(engine: sa.Engine, index: ChunkIndex) -> None:
    store(engine, "leave.md", "carry over days\nparental leave")
    index.catch_up()
    found = index.candidates([probe("carry"), probe("parental"), probe("the of")], EVERYONE, limit=1)

    assert [(len(candidate.cosines), len(candidate.bm25s)) for candidate in found] == [(3, 3)] * 2
    assert sorted(tuple(score > 0 for score in candidate.bm25s) for candidate in found) == [
        (False, True, False),
        (True, False, False),
    ]
    direct = EMBEDDER.embed_query("Leave\ncarry over days") @ EMBEDDER.embed_query("carry")
    assert any(candidate.cosines[0] == pytest.approx(float(direct), abs=1e-4) for candidate in found)


def test_only_what_a_group_may_read_is_found(engine: sa.Engine, index: ChunkIndex, texts: Texts) -> None:
    store(engine, "leave.md", "open leave")
    store(engine, "pay.md", "secret leave", allow=("hr", "board"))

    assert texts(search(index, "leave")) == ["open leave"]
    assert sorted(texts(search(index, "leave", Readable(("everyone", "hr"))))) == ["open leave", "secret leave"]
    assert search(index, "leave", Readable(())) == []
    assert search(index, "leave", Readable(("nobody",))) == []


def test_a_change_of_access_counts_at_the_next_search(engine: sa.Engine, index: ChunkIndex) -> None:
    store(engine, "leave.md", "five days")
    assert search(index, "days") != []
    ledger = DocumentLedger(engine)
    ledger.update_facts(ledger.known("company")["leave.md"], make_facts(allow=("hr",)), raw_sha256="x")

    assert search(index, "days") == []
    assert len(search(index, "days", Readable(("hr",)))) == 1


def test_a_hidden_document_and_an_old_version_are_gone_at_the_next_search(
    engine: sa.Engine, index: ChunkIndex, texts: Texts
) -> None:
    gone = store(engine, "gone.md", "old days")
    store(engine, "leave.md", "five days")
    search(index, "days")
    DocumentLedger(engine).hide([gone])
    store(engine, "leave.md", "six days")

    assert texts(search(index, "days")) == ["six days"]
    assert len(search(index, "days")) == 1


def test_spaces_and_status_and_dates_narrow_the_search(engine: sa.Engine, index: ChunkIndex, texts: Texts) -> None:
    store(engine, "now.md", "days now", effective_from=date(2026, 1, 1), effective_to=TODAY)
    store(engine, "old.md", "days then", status="superseded", effective_to=date(2025, 12, 31))
    store(engine, "next.md", "days next", effective_from=date(2027, 1, 1))
    store(engine, "handbook.md", "days in the handbook", space="handbook")
    anything = ("current", "superseded")

    def found(**fields: object) -> list[str]:
        return sorted(texts(search(index, "days", Readable(("everyone",), **fields))))  # type: ignore[arg-type]

    assert found(on=TODAY) == ["days in the handbook", "days now"]
    assert found(on=date(2025, 6, 1), statuses=anything) == ["days in the handbook", "days then"]
    assert found(on=date(2027, 6, 1), spaces=("company",)) == ["days next"]
    assert found(spaces=("handbook",)) == ["days in the handbook"]
    assert len(found(statuses=anything)) == 4


def test_a_second_index_starts_from_the_record_too(engine: sa.Engine, open_index: OpenIndex, texts: Texts) -> None:
    store(engine, "leave.md", "five days")
    first = open_index()
    search(first, "days")
    second = open_index()
    store(engine, "pay.md", "paid days")

    assert sorted(texts(search(second, "days"))) == ["five days", "paid days"]
    assert sorted(texts(search(first, "days"))) == ["five days", "paid days"]


def test_a_record_older_than_the_index_fills_it_anew(engine: sa.Engine, index: ChunkIndex, texts: Texts) -> None:
    store(engine, "leave.md", "five days")
    search(index, "days")
    with engine.begin() as connection:  # as if an older copy had been restored
        connection.execute(sa.text("UPDATE chunks SET sequence = 1"))
        connection.execute(sa.text("UPDATE counters SET value = 1 WHERE name = 'chunks.sequence'"))
    store(engine, "pay.md", "paid days")
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE counters SET value = 0 WHERE name = 'chunks.sequence'"))

    assert sorted(texts(search(index, "days"))) == ["five days", "paid days"]


def test_what_was_purged_while_an_index_was_away_is_gone_from_it(engine: sa.Engine, open_index: OpenIndex) -> None:
    gone = store(engine, "gone.md", "old days")
    away = open_index()
    assert len(search(away, "days")) == 1
    ledger = DocumentLedger(engine)
    ledger.hide([gone])
    ledger.purge(datetime.now(UTC) + timedelta(days=1))
    store(engine, "leave.md", "five days")

    assert len(search(away, "days")) == 1
    assert len(search(open_index(), "days")) == 1


def test_more_changes_than_one_batch_are_followed_to_the_end(engine: sa.Engine, index: ChunkIndex) -> None:
    store(engine, "long.md", "\n".join(f"line {number}" for number in range(1100)))

    assert len(search(index, "line", limit=2000)) == 1100


def test_closing_twice_is_fine(index: ChunkIndex) -> None:
    index.catch_up()
    index.close()
    index.close()


def test_a_question_of_stop_words_alone_is_searched_by_meaning(engine: sa.Engine, index: ChunkIndex) -> None:
    store(engine, "leave.md", "five days")

    assert [candidate.bm25s for candidate in search(index, "what is the")] == [(0.0,)]


def test_scores_of_both_indexes_order_alike(engine: sa.Engine, tmp_path: Path) -> None:
    store(
        engine, "leave.md", "\n".join(f"days of leave number {number % 7} of kind {number}" for number in range(40))
    )
    ledger = DocumentLedger(engine)
    embedded = EmbeddedIndex(tmp_path / "both", ledger, EMBEDDER)
    server = QdrantIndex(QdrantClient(":memory:"), ledger, EMBEDDER, WorkerStore(engine))

    def by_id(index: ChunkIndex) -> dict[UUID, tuple[float, float]]:
        found = search(index, "leave number 3 of kind 17", limit=40)
        return {candidate.chunk_id: (candidate.cosines[0], candidate.bm25s[0]) for candidate in found}

    ours, theirs = by_id(embedded), by_id(server)
    embedded.close()
    assert ours.keys() == theirs.keys()
    for chunk_id, scores in ours.items():
        assert scores == pytest.approx(theirs[chunk_id], rel=1e-3, abs=1e-3)
