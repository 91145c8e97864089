"""An administrator's files become searchable for the groups that were named, and for nobody by guess."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from assistant.errors import Cancelled, RequestInvalid
from assistant.jobs import JobResult
from assistant.mentions import Attachment
from assistant.settings import Settings
from assistant.storage.database import open_engine
from assistant.storage.document_reader import DocumentReader
from tests.twins.jobs import Watched, make_context, make_job
from workers.jobs.document_ingest.run import run

LEAVE = "# Leave\n\nStaff have twenty-five days of leave a year.\n"


@pytest.fixture
def hashing(embedded_settings: Settings) -> Settings:
    return embedded_settings.model_copy(update={"steward_embedder": "hashing"})


def attach(folder: Path, name: str, data: str | bytes) -> Attachment:
    file = folder / f"stored-{name}"
    file.write_bytes(data if isinstance(data, bytes) else data.encode())
    return Attachment(name=name, size_bytes=len(data), location=f"path:{file}")


def ingest(
    settings: Settings, text: str, *files: Attachment, watched: Watched | None = None, **options: Any
) -> JobResult:
    job = make_job(text, role="admin", kind="document_ingest")
    mention = job.mention.model_copy(update={"attachments": files, "options": options})
    return run(job.model_copy(update={"mention": mention}), make_context(settings=settings, watched=watched))


def spaces(settings: Settings) -> dict[str, int]:
    engine = open_engine(settings.database)
    try:
        return DocumentReader(engine).spaces()
    finally:
        engine.dispose()


def test_files_are_added_for_the_groups_named_and_a_bad_one_is_told(hashing: Settings, tmp_path: Path) -> None:
    good, bad = attach(tmp_path, "leave.md", LEAVE), attach(tmp_path, "broken.pdf", b"%PDF-1.4 nothing more")
    outcome = ingest(hashing, "space=people allow=everyone,hr", good, bad)

    documents = {one["path"]: one["outcome"] for one in outcome.result["documents"]}
    assert documents == {"leave.md": "added", "broken.pdf": "failed"}
    assert outcome.outcome == "answered"
    assert outcome.answer.startswith("1 of 2 documents are in people, readable by everyone,hr")
    assert [warning.split(":")[0] for warning in outcome.warnings] == ["broken.pdf"]
    assert spaces(hashing) == {"people": 1}


@pytest.mark.parametrize(
    ("text", "options", "says"),
    [
        ("space=people", {}, "Who may read"),
        ("allow=everyone space=../x", {}, "can't use that space"),
        ("", {"allow": "hr;drop"}, "can't use that space"),
        ("", {"allow": "hr", "prune": True}, "can't use that space"),
    ],
)
def test_readers_are_never_guessed(
    hashing: Settings, tmp_path: Path, text: str, options: dict[str, Any], says: str
) -> None:
    with pytest.raises(RequestInvalid) as refused:
        ingest(hashing, text, attach(tmp_path, "leave.md", LEAVE), **options)

    assert says in refused.value.reply


def test_without_a_file_there_is_nothing_to_add(hashing: Settings) -> None:
    with pytest.raises(RequestInvalid, match="no files"):
        ingest(hashing, "allow=everyone")


def test_a_path_in_a_files_name_leads_nowhere(hashing: Settings, tmp_path: Path) -> None:
    file = attach(tmp_path, "leave.md", LEAVE).model_copy(update={"name": "../../etc/.leave.md"})

    assert [one["path"] for one in ingest(hashing, "allow=hr", file).result["documents"]] == ["leave.md"]


def children() -> set[str]:
    """Return the processes that this one started and that still are (Linux)."""
    return {pid for file in Path("/proc/self/task").glob("*/children") for pid in file.read_text().split()}


class StopsTheChild(Watched):
    """Someone presses Stop as soon as a process works for the job."""

    def __init__(self) -> None:
        self.others, self.ran = children(), set[str]()
        super().__init__()

    @property
    def cancelled(self) -> bool:
        self.ran = children() - self.others
        return self.ran != set()

    @cancelled.setter
    def cancelled(self, value: bool) -> None: ...


def test_stop_ends_the_child_and_nothing_is_added(hashing: Settings, tmp_path: Path) -> None:
    watched = StopsTheChild()
    with pytest.raises(Cancelled):
        ingest(hashing, "allow=hr", attach(tmp_path, "leave.md", LEAVE), watched=watched)

    assert len(watched.ran) == 1
    assert watched.ran & children() == set()
    assert spaces(hashing) == {}
