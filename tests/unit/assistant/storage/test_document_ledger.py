from __future__ import annotations

import threading
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from assistant.storage.document_ledger import DocumentLedger
from assistant.storage.document_records import ChunkChange
from tests.documents import EMBEDDER, TODAY, make_facts, make_version, sha256, store


@pytest.fixture
def ledger(engine: sa.Engine) -> DocumentLedger:
    return DocumentLedger(engine)


def changes(ledger: DocumentLedger, since: int = 0) -> list[ChunkChange]:
    return ledger.changes_since(since, embedder_id=EMBEDDER.embedder_id)


def live_texts(ledger: DocumentLedger) -> list[str]:
    return [change.text for change in changes(ledger) if change.live]


def test_a_stored_document_is_known_by_its_path(engine: sa.Engine, ledger: DocumentLedger) -> None:
    facts = make_facts(owner="HR", regions=("UK",), effective_from=date(2026, 1, 1), source="folder:/docs")
    version = make_version("Five days.\nTen days.")
    document_id = ledger.store("company", "leave.md", facts, version, today=TODAY)

    known = ledger.known("company")["leave.md"]
    assert (known.id, known.facts, known.text_sha256) == (document_id, facts, version.text_sha256)
    assert known.embedder_id == EMBEDDER.embedder_id
    assert ledger.known("other") == {}


def test_changes_are_told_in_order_and_in_parts(engine: sa.Engine, ledger: DocumentLedger) -> None:
    store(engine, "leave.md", "one\ntwo\nthree", allow=("hr",))
    told: list[ChunkChange] = []
    while part := ledger.changes_since(told[-1].sequence if told else 0, embedder_id=EMBEDDER.embedder_id, limit=2):
        told += part

    assert [(change.text, change.live, change.allow) for change in told] == [
        ("one", True, ("hr",)),
        ("two", True, ("hr",)),
        ("three", True, ("hr",)),
    ]
    assert told[-1].sequence == ledger.last_sequence()


def test_a_new_version_replaces_the_chunks_of_the_old_one(engine: sa.Engine, ledger: DocumentLedger) -> None:
    store(engine, "leave.md", "five days")
    before = ledger.last_sequence()
    store(engine, "leave.md", "six days")

    assert live_texts(ledger) == ["six days"]
    assert [change.live for change in changes(ledger, before)] == [False, True]


def test_a_version_of_the_future_leaves_the_present_one_in_force(engine: sa.Engine, ledger: DocumentLedger) -> None:
    store(engine, "leave.md", "five days")
    store(engine, "leave.md", "six days", effective_from=date(2027, 1, 1))

    ends = {change.text: (change.effective_from, change.effective_to) for change in changes(ledger) if change.live}
    assert ends == {"five days": (None, date(2026, 12, 31)), "six days": (date(2027, 1, 1), None)}


def test_a_change_of_access_moves_the_sequence_and_embeds_nothing(engine: sa.Engine, ledger: DocumentLedger) -> None:
    store(engine, "leave.md", "five days")
    before = changes(ledger)
    known = ledger.known("company")["leave.md"]
    ledger.update_facts(known, make_facts(allow=("hr",)), raw_sha256="new")

    [after] = changes(ledger, before[-1].sequence)
    assert (after.chunk_id, after.allow, after.vector) == (before[0].chunk_id, ("hr",), before[0].vector)
    assert ledger.known("company")["leave.md"].raw_sha256 == "new"


def test_vectors_are_found_again_by_text_and_embedder(engine: sa.Engine, ledger: DocumentLedger) -> None:
    store(engine, "leave.md", "five days")
    wanted = sha256("Leave\nfive days")

    assert list(ledger.vectors([wanted, "unknown"], EMBEDDER.embedder_id)) == [wanted]
    assert ledger.vectors([wanted], "another embedder") == {}


def test_chunks_of_another_embedder_are_told_as_dead(engine: sa.Engine, ledger: DocumentLedger) -> None:
    store(engine, "leave.md", "five days")

    assert [change.live for change in ledger.changes_since(0, embedder_id="another")] == [False]


def test_a_hidden_document_is_dead_at_once_and_comes_back_when_stored(
    engine: sa.Engine, ledger: DocumentLedger
) -> None:
    document_id = store(engine, "leave.md", "five days")
    ledger.hide([document_id])

    assert ledger.known("company") == {}
    assert live_texts(ledger) == []

    assert store(engine, "leave.md", "five days") == document_id
    assert live_texts(ledger) == ["five days"]


def test_purging_deletes_only_what_was_hidden_before_the_moment(engine: sa.Engine, ledger: DocumentLedger) -> None:
    ledger.hide([store(engine, "old.md", "old")])
    store(engine, "new.md", "new")

    assert ledger.purge(datetime.now(UTC) - timedelta(days=1)) == 0
    assert ledger.purge(datetime.now(UTC) + timedelta(days=1)) == 1
    assert list(ledger.known("company")) == ["new.md"]


def test_a_document_that_fails_half_way_leaves_nothing_behind(engine: sa.Engine, ledger: DocumentLedger) -> None:
    store(engine, "leave.md", "five days")
    broken = make_version("six days")
    twice = broken.chunks[0]
    object.__setattr__(twice, "vector", None)

    with pytest.raises(sa.exc.IntegrityError):
        ledger.store("company", "leave.md", make_facts(title="Broken"), broken, today=TODAY)

    assert live_texts(ledger) == ["five days"]
    assert ledger.known("company")["leave.md"].facts.title == "Leave"


def test_the_database_has_one_identity(engine: sa.Engine, ledger: DocumentLedger) -> None:
    assert ledger.identity() == DocumentLedger(engine).identity() > 0


def test_writers_at_once_take_different_numbers_in_the_order_they_commit(
    engine: sa.Engine, ledger: DocumentLedger
) -> None:
    ids: list[UUID] = []
    writers = [
        threading.Thread(target=lambda n=number: ids.append(store(engine, f"{n}.md", "a\nb\nc")))
        for number in range(6)
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()

    numbers = [change.sequence for change in changes(ledger)]
    assert numbers == list(range(1, 19))
    assert len(set(ids)) == 6
