"""Ingest is idempotent, keeps what it can't read, removes what vanished, and stores documents whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from assistant.errors import RequestInvalid, StorageFull
from assistant.knowledge.embeddings import HashingEmbedder
from assistant.settings import Settings
from assistant.storage.database import open_engine
from assistant.storage.document_ledger import DocumentLedger
from assistant.storage.tables.documents import chunks, document_versions, documents
from ingest.parsing_process import ParsingProcess
from ingest.pipeline import IngestOrder, Outcome, Pipeline
from ingest.sources.files import list_files

Ingest = Callable[..., dict[str, Outcome]]


@pytest.fixture(scope="module")
def parsing() -> Iterator[ParsingProcess]:
    with ParsingProcess(seconds=30, memory_bytes=1_500_000_000) as process:
        yield process


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "handbook"
    (folder / "leave").mkdir(parents=True)
    (folder / "leave" / "annual.md").write_text("# Annual leave\n\nEveryone has 30 days.\n")
    (folder / "parking.md").write_text("# Parking\n\nB1 costs 40 euros.\n")
    return folder


@pytest.fixture
def ingest(engine: sa.Engine, folder: Path, parsing: ParsingProcess) -> Ingest:
    def run(**changes: object) -> dict[str, Outcome]:
        order = IngestOrder(**{"space": "company", "allow": ("everyone",), **changes})  # type: ignore[arg-type]
        pipeline = Pipeline(DocumentLedger(engine), HashingEmbedder(), parsing, order)
        return {outcome.path: outcome for outcome in pipeline.run(list_files([folder]), lambda _outcome: None)}

    return run


def rows(engine: sa.Engine, table: sa.Table) -> int:
    with engine.connect() as connection:
        return int(connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0)


def done(outcomes: dict[str, Outcome]) -> dict[str, str]:
    return {path: outcome.outcome for path, outcome in outcomes.items()}


def test_a_second_run_changes_nothing(ingest: Ingest, engine: sa.Engine) -> None:
    first = ingest()
    sequence = DocumentLedger(engine).last_sequence()
    second = ingest()

    assert done(first) == {"leave/annual.md": "added", "parking.md": "added"}
    assert set(done(second).values()) == {"unchanged"}
    assert DocumentLedger(engine).last_sequence() == sequence
    assert rows(engine, document_versions) == 2


def test_a_changed_text_is_a_new_version_and_changed_front_matter_is_not(
    ingest: Ingest, folder: Path, engine: sa.Engine
) -> None:
    ingest()
    (folder / "parking.md").write_text("# Parking\n\nB1 costs 45 euros.\n")
    (folder / "leave" / "annual.md").write_text("---\nowner: HR\n---\n# Annual leave\n\nEveryone has 30 days.\n")

    outcomes = done(ingest())

    assert outcomes == {"leave/annual.md": "facts_updated", "parking.md": "updated"}
    assert rows(engine, document_versions) == 3
    assert DocumentLedger(engine).known("company")["leave/annual.md"].facts.owner == "HR"


def test_a_change_of_access_embeds_nothing_but_moves_the_indexes(ingest: Ingest, engine: sa.Engine) -> None:
    ingest()
    before = DocumentLedger(engine).last_sequence()

    outcomes = done(ingest(allow=("hr",)))

    assert set(outcomes.values()) == {"unchanged"}
    changes = DocumentLedger(engine).changes_since(before, embedder_id=HashingEmbedder().embedder_id)
    assert {change.allow for change in changes} == {("hr",)}


def test_a_file_that_vanished_is_removed_and_one_that_broke_keeps_its_last_version(
    ingest: Ingest, folder: Path, engine: sa.Engine
) -> None:
    ingest()
    (folder / "parking.md").unlink()
    (folder / "leave" / "annual.md").write_bytes(b"%PDF-1.7 broken")

    outcomes = ingest()

    assert done(outcomes) == {"leave/annual.md": "failed", "parking.md": "removed"}
    assert "damaged" in (outcomes["leave/annual.md"].error or "")
    assert list(DocumentLedger(engine).known("company")) == ["leave/annual.md"]


def test_most_documents_vanishing_at_once_is_taken_for_a_mistake(
    ingest: Ingest, folder: Path, engine: sa.Engine
) -> None:
    for number in range(10):
        (folder / f"p{number}.md").write_text(f"# P{number}\n\nText {number}.\n")
    ingest()
    for number in range(10):
        (folder / f"p{number}.md").unlink()

    with pytest.raises(RequestInvalid, match="--force"):
        ingest()

    assert len(DocumentLedger(engine).known("company")) == 12
    assert list(done(ingest(force=True)).values()).count("removed") == 10


def test_pictures_in_a_folder_are_skipped_and_said(ingest: Ingest, folder: Path) -> None:
    (folder / "logo.png").write_bytes(b"\x89PNG\r\n\x1a\n0000")

    outcome = ingest()["logo.png"]

    assert outcome.outcome == "skipped"
    assert "picture" in (outcome.error or "")


def test_a_file_that_cannot_be_opened_fails_alone_and_says_why(ingest: Ingest, folder: Path) -> None:
    (folder / "gone.md").symlink_to(folder / "never-was.md")

    outcomes = ingest()

    assert done(outcomes) == {"gone.md": "failed", "leave/annual.md": "added", "parking.md": "added"}
    assert "can't be read" in (outcomes["gone.md"].error or "")


def test_a_full_disk_stops_the_run_and_leaves_no_half_document(
    embedded_settings: Settings, folder: Path, parsing: ParsingProcess
) -> None:
    engine = open_engine(embedded_settings.database)
    with engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    engine.dispose()
    # SQLite's own limit on a file's pages stands for the disk: it fails in the same place, with the same error.
    sa.event.listen(engine, "connect", lambda raw, _record: raw.execute(f"PRAGMA max_page_count={pages + 20}"))
    text = "\n\n".join(f"Paragraph {number} says {'something new ' * 30}." for number in range(400))
    (folder / "zz-large.md").write_text(f"# Large\n\n{text}\n")
    order = IngestOrder(space="company", allow=("everyone",))

    with pytest.raises(StorageFull):
        Pipeline(DocumentLedger(engine), HashingEmbedder(), parsing, order).run(list_files([folder]), lambda _: None)

    assert sorted(DocumentLedger(engine).known("company")) == ["leave/annual.md", "parking.md"]
    assert rows(engine, documents) == 2
    assert rows(engine, chunks) == 2


def test_an_empty_folder_and_a_missing_one_are_refused_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()

    with pytest.raises(RequestInvalid, match="holds no files"):
        list_files([tmp_path / "empty"])
    with pytest.raises(RequestInvalid, match="doesn't exist"):
        list_files([tmp_path / "nowhere"])
