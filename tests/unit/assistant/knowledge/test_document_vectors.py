from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import sqlalchemy as sa

from assistant.knowledge import document_vectors
from assistant.knowledge.document_vectors import DocumentVectors
from assistant.settings import Settings
from assistant.storage.database import open_engine
from assistant.storage.document_ledger import DocumentLedger
from tests.documents import EMBEDDER, store


@pytest.fixture
def engine(embedded_settings: Settings) -> Iterator[sa.Engine]:
    engine = open_engine(embedded_settings.database)
    yield engine
    engine.dispose()


def test_a_document_points_where_its_passages_have_in_common(engine: sa.Engine) -> None:
    store(engine, "leave.md", "five days\nsix days")
    ledger = DocumentLedger(engine)
    version_id = ledger.known("company")["leave.md"].version_id
    passages = EMBEDDER.embed_passages(["Leave\nfive days", "Leave\nsix days"])

    vector = DocumentVectors(ledger).of([version_id])[version_id]
    expected = passages.mean(axis=0)
    assert vector == pytest.approx(expected / np.linalg.norm(expected), abs=1e-6)


def test_a_version_is_read_from_the_record_once(engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    store(engine, "leave.md", "five days")
    store(engine, "pay.md", "paid monthly")
    ledger = DocumentLedger(engine)
    versions = [known.version_id for known in ledger.known("company").values()]
    vectors = DocumentVectors(ledger)
    first = vectors.of(versions[:1])
    vectors.of(versions)
    monkeypatch.setattr(DocumentLedger, "passage_vectors", None)  # asking the record again would fail

    assert vectors.of(versions).keys() == set(versions)
    assert np.array_equal(vectors.of(versions)[versions[0]], first[versions[0]])


def test_the_oldest_are_forgotten_first(engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document_vectors, "VERSIONS_KEPT", 1)
    store(engine, "leave.md", "five days")
    store(engine, "pay.md", "paid monthly")
    ledger = DocumentLedger(engine)
    versions = [known.version_id for known in ledger.known("company").values()]
    vectors = DocumentVectors(ledger)
    for version_id in versions:
        vectors.of([version_id])
    monkeypatch.setattr(DocumentLedger, "passage_vectors", lambda *_args, **_options: {})

    assert list(vectors.of(versions)) == versions[1:]
