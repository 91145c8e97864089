from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from assistant.knowledge import embedded_index
from assistant.knowledge.chunk_index import Probe, Readable
from assistant.knowledge.embedded_index import EmbeddedIndex
from assistant.settings import Settings
from assistant.storage.database import open_engine
from assistant.storage.document_ledger import DocumentLedger
from tests.documents import EMBEDDER, store


@pytest.fixture
def engine(embedded_settings: Settings) -> Iterator[sa.Engine]:
    engine = open_engine(embedded_settings.database)
    yield engine
    engine.dispose()


@pytest.fixture
def ledger(engine: sa.Engine) -> DocumentLedger:
    store(engine, "leave.md", "five days\nsix days")
    return DocumentLedger(engine)


def count(index: EmbeddedIndex) -> int:
    index.catch_up()
    return len(index.candidates([Probe("days", EMBEDDER.embed_query("days"))], Readable(("everyone",)), limit=9))


def slots(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*/slot-*") if path.is_dir())


def test_two_processes_on_one_folder_take_a_slot_each(ledger: DocumentLedger, tmp_path: Path) -> None:
    first, second = (EmbeddedIndex(tmp_path / "index", ledger, EMBEDDER) for _ in range(2))

    assert (count(first), count(second)) == (2, 2)
    assert slots(tmp_path / "index") == ["slot-0", "slot-1"]
    first.close()
    assert count(EmbeddedIndex(tmp_path / "index", ledger, EMBEDDER)) == 2
    assert slots(tmp_path / "index") == ["slot-0", "slot-1"]
    second.close()


def test_a_closed_slot_is_taken_up_where_it_was_left(
    ledger: DocumentLedger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = EmbeddedIndex(tmp_path / "index", ledger, EMBEDDER)
    count(index)
    index.close()
    asked: list[int] = []
    changes_since = DocumentLedger.changes_since

    def noted(self: DocumentLedger, sequence: int, **options: object) -> object:
        asked.append(sequence)
        return changes_since(self, sequence, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(DocumentLedger, "changes_since", noted)

    again = EmbeddedIndex(tmp_path / "index", ledger, EMBEDDER)
    assert count(again) == 2
    assert asked == []
    again.close()


@pytest.mark.parametrize("damage", ["segments", "state", "all"])
def test_a_damaged_folder_is_filled_anew(ledger: DocumentLedger, tmp_path: Path, damage: str) -> None:
    index = EmbeddedIndex(tmp_path / "index", ledger, EMBEDDER)
    count(index)
    index.close()
    [slot] = (tmp_path / "index").glob("*/slot-0")
    if damage == "state":
        slot.with_name("slot-0.json").write_text('{"sequence": 1}')
    else:
        for path in slot.rglob("*"):
            if path.is_file() and (damage == "all" or "segments" in path.parts):
                path.write_bytes(b"\x00" * 16)

    again = EmbeddedIndex(tmp_path / "index", ledger, EMBEDDER)
    assert count(again) == 2
    again.close()


def test_another_database_on_the_same_folder_fills_it_anew(
    ledger: DocumentLedger, engine: sa.Engine, tmp_path: Path
) -> None:
    index = EmbeddedIndex(tmp_path / "index", ledger, EMBEDDER)
    count(index)
    index.close()
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE counters SET value = 7 WHERE name = 'database.identity'"))
        connection.execute(sa.text("DELETE FROM documents"))
    store(engine, "pay.md", "paid days")

    again = EmbeddedIndex(tmp_path / "index", ledger, EMBEDDER)
    assert count(again) == 1
    again.close()


def test_no_slot_left_is_said(ledger: DocumentLedger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded_index, "MAX_SLOTS", 1)
    first, second = (EmbeddedIndex(tmp_path / "index", ledger, EMBEDDER) for _ in range(2))
    count(first)

    with pytest.raises(embedded_index.DependencyUnavailable, match="slots"):
        second.catch_up()
    first.close()


def test_a_process_that_was_killed_leaves_a_usable_slot(
    ledger: DocumentLedger, embedded_settings: Settings, tmp_path: Path
) -> None:
    program = f"""
        import os, signal
        from pathlib import Path
        from assistant.knowledge.embedded_index import EmbeddedIndex
        from assistant.storage.database import open_engine
        from assistant.storage.document_ledger import DocumentLedger
        from tests.documents import EMBEDDER
        ledger = DocumentLedger(open_engine({embedded_settings.database!r}))
        EmbeddedIndex(Path({str(tmp_path / "index")!r}), ledger, EMBEDDER).catch_up()
        os.kill(os.getpid(), signal.SIGKILL)
    """
    root = str(Path(__file__).parents[4])
    killed = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], cwd=root, env={"PYTHONPATH": root})
    assert killed.returncode == -9

    index = EmbeddedIndex(tmp_path / "index", ledger, EMBEDDER)
    assert count(index) == 2
    assert slots(tmp_path / "index") == ["slot-0"]
    index.close()
