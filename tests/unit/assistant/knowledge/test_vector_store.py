from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from qdrant_client import QdrantClient

from assistant.errors import DependencyUnavailable
from assistant.knowledge.chunk_index import Probe, Readable
from assistant.knowledge.vector_store import TRIES, QdrantIndex, connect
from assistant.settings import Settings
from assistant.storage.database import open_engine
from assistant.storage.document_ledger import DocumentLedger
from assistant.storage.worker_store import WorkerStore
from tests.documents import EMBEDDER, store

# The client's in-memory twin says that it ignores payload indexes; a server does not.
pytestmark = pytest.mark.filterwarnings("ignore:Payload indexes")


@pytest.fixture
def engine(embedded_settings: Settings) -> Iterator[sa.Engine]:
    engine = open_engine(embedded_settings.database)
    yield engine
    engine.dispose()


def count(index: QdrantIndex) -> int:
    index.catch_up()
    return len(index.candidates([Probe("days", EMBEDDER.embed_query("days"))], Readable(("everyone",)), limit=9))


def test_a_server_that_does_not_answer_is_tried_again_and_then_named(engine: sa.Engine) -> None:
    store(engine, "leave.md", "five days")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    waits: list[float] = []
    client = connect(f"http://127.0.0.1:{port}")
    index = QdrantIndex(client, DocumentLedger(engine), EMBEDDER, WorkerStore(engine), wait=waits.append)

    with pytest.raises(DependencyUnavailable, match="Qdrant"):
        index.catch_up()
    assert len(waits) == TRIES - 1
    assert waits == sorted(waits)


def test_while_another_process_writes_the_others_search_what_is_there(engine: sa.Engine) -> None:
    server, lease = QdrantClient(":memory:"), WorkerStore(engine)
    index = QdrantIndex(server, DocumentLedger(engine), EMBEDDER, lease)
    store(engine, "leave.md", "five days")
    assert count(index) == 1
    [collection] = [found.name for found in server.get_collections().collections]
    assert lease.lead(collection, "another", seconds=60)
    store(engine, "pay.md", "paid days")

    assert count(index) == 1
    lease.resign(collection, "another")
    assert count(index) == 2


def test_two_databases_on_one_server_do_not_meet(engine: sa.Engine) -> None:
    server = QdrantClient(":memory:")
    store(engine, "leave.md", "five days")
    assert count(QdrantIndex(server, DocumentLedger(engine), EMBEDDER, WorkerStore(engine))) == 1
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE counters SET value = 7 WHERE name = 'database.identity'"))
        connection.execute(sa.text("DELETE FROM documents"))

    assert count(QdrantIndex(server, DocumentLedger(engine), EMBEDDER, WorkerStore(engine))) == 0
    assert len(server.get_collections().collections) == 2


def test_a_dropped_collection_is_made_anew_by_the_next_process(engine: sa.Engine) -> None:
    server = QdrantClient(":memory:")
    store(engine, "leave.md", "five days")
    count(QdrantIndex(server, DocumentLedger(engine), EMBEDDER, WorkerStore(engine)))
    for found in server.get_collections().collections:
        server.delete_collection(found.name)

    assert count(QdrantIndex(server, DocumentLedger(engine), EMBEDDER, WorkerStore(engine))) == 1
