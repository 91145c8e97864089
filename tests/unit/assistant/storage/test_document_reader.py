from __future__ import annotations

from uuid import uuid4

import pytest
import sqlalchemy as sa

from assistant.errors import NothingFound
from assistant.storage.document_ledger import DocumentLedger
from assistant.storage.document_reader import DocumentReader
from tests.documents import EMBEDDER, store

EVERYONE = ("everyone",)


@pytest.fixture
def reader(engine: sa.Engine) -> DocumentReader:
    return DocumentReader(engine)


def test_a_document_opens_for_its_readers_only(engine: sa.Engine, reader: DocumentReader) -> None:
    document_id = store(engine, "pay.md", "Pay bands.", allow=("hr", "board"), title="Pay", owner="HR")

    view = reader.document(document_id, groups=("everyone", "hr"))
    assert (view.title, view.path, view.body, view.owner, view.is_latest) == (
        "Pay",
        "pay.md",
        "Pay bands.",
        "HR",
        True,
    )
    with pytest.raises(NothingFound):
        reader.document(document_id, groups=EVERYONE)
    with pytest.raises(NothingFound):
        reader.document(document_id, groups=())


def test_an_unknown_and_a_hidden_document_look_the_same(engine: sa.Engine, reader: DocumentReader) -> None:
    hidden = store(engine, "leave.md", "Five days.")
    DocumentLedger(engine).hide([hidden])

    for document_id in (hidden, uuid4()):
        with pytest.raises(NothingFound):
            reader.document(document_id, groups=EVERYONE)


def test_a_citation_of_an_earlier_version_still_opens(engine: sa.Engine, reader: DocumentReader) -> None:
    document_id = store(engine, "leave.md", "Five days.", version_label="1")
    [cited] = reader.chunks_of(document_id, groups=EVERYONE)
    store(engine, "leave.md", "Six days.", version_label="2")

    assert reader.chunks([cited.id], groups=EVERYONE) == []
    assert [chunk.text for chunk in reader.chunks([cited.id], groups=EVERYONE, live=False)] == ["Five days."]
    view = reader.document(document_id, groups=EVERYONE, version_id=cited.version_id)
    assert (view.body, view.version_label, view.is_latest) == ("Five days.", "1", False)
    assert reader.document(document_id, groups=EVERYONE).body == "Six days."


def test_chunks_come_in_the_order_asked_for_without_those_not_allowed(
    engine: sa.Engine, reader: DocumentReader
) -> None:
    open_id = store(engine, "leave.md", "one\ntwo")
    secret_id = store(engine, "pay.md", "secret", allow=("hr",))
    one, two = reader.chunks_of(open_id, groups=EVERYONE)
    [secret] = reader.chunks_of(secret_id, groups=("hr",))

    assert [chunk.text for chunk in reader.chunks([two.id, secret.id, one.id], groups=EVERYONE)] == ["two", "one"]
    assert all(chunk.text == "one\ntwo"[chunk.start_char : chunk.end_char] for chunk in (one, two))


def test_chunks_live_in_the_record_are_those_an_index_is_told(engine: sa.Engine, reader: DocumentReader) -> None:
    document_id = store(engine, "leave.md", "one\ntwo")

    told = DocumentLedger(engine).changes_since(0, embedder_id=EMBEDDER.embedder_id)
    assert [change.chunk_id for change in told] == [c.id for c in reader.chunks_of(document_id, groups=EVERYONE)]


def test_spaces_are_counted_without_hidden_documents(engine: sa.Engine, reader: DocumentReader) -> None:
    store(engine, "a.md", "a")
    DocumentLedger(engine).hide([store(engine, "b.md", "b")])
    store(engine, "c.md", "c", space="handbook")

    assert reader.spaces() == {"company": 1, "handbook": 1}
