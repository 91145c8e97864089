"""The runbook about a cause is cited, with the asker's rights, and none is invented for another cause."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.jobs import JobResult
from assistant.mentions import Attachment
from assistant.replies import Citations, Paragraph
from tests.twins.jobs import Watched, make_context, make_job
from tests.twins.knowledge import KnowledgeTwin, TwinDocument
from workers.jobs.log_inspection.run import run

RUNBOOK = (
    "When payments runs out of database connections the connection pool is exhausted and requests wait.\n\n"
    "Call the supplier when the card terminal beeps."
)


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("logs")
    lines = [f"2026-11-17T09:{minute:02}:00Z INFO payments authorised order {minute}" for minute in range(30)]
    lines += [
        f"2026-11-17T09:{30 + n // 20:02}:{n % 20 * 3:02}Z ERROR payments connection pool exhausted after {n} ms"
        for n in range(200)
    ]
    (folder / "payments.log").write_text("\n".join(lines) + "\n")
    (folder / "search.log").write_text("2026-11-17T09:00:00Z INFO search ready\n")
    return folder


def inspected(logs: Path, *documents: TwinDocument) -> JobResult:
    job = make_job("why is payments failing?", role="engineer", kind="log_inspection")
    attachment = Attachment(name="logs", size_bytes=0, location=f"path:{logs}")
    job = job.model_copy(update={"mention": job.mention.model_copy(update={"attachments": (attachment,)})})
    return run(job, make_context(KnowledgeTwin(documents), watched=Watched()))


def cited_documents(result: JobResult) -> list[str]:
    return [item.title for block in result.reply.blocks if isinstance(block, Citations) for item in block.items]


def test_the_runbook_about_the_cause_is_cited_verbatim(logs: Path) -> None:
    result = inspected(logs, TwinDocument("runbooks/payments.md", "Payments runbook", RUNBOOK))

    blocks = [block for block in result.reply.blocks if isinstance(block, Citations)]
    assert len(blocks) == 1
    assert blocks[0].items[-1].title == "Payments runbook"
    assert blocks[0].items[-1].quote == RUNBOOK.split("\n\n")[0]
    assert [item.number for item in blocks[0].items] == list(range(1, len(blocks[0].items) + 1))


def test_a_runbook_that_the_asker_may_not_read_is_not_shown(logs: Path) -> None:
    result = inspected(logs, TwinDocument("runbooks/payments.md", "Payments runbook", RUNBOOK, allow=("security",)))

    assert "Payments runbook" not in cited_documents(result)


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("Search runbook", "When search runs out of connections the connection pool is exhausted."),
        ("Payments runbook", "The payments team meets on Mondays."),
        ("Expense policy", "payments connection pool exhausted"),
    ],
)
def test_what_is_about_something_else_is_not_shown(logs: Path, title: str, text: str) -> None:
    assert title not in cited_documents(inspected(logs, TwinDocument("a.md", title, text)))


def test_what_the_answer_says_of_it_is_whole_words_without_marks(logs: Path) -> None:
    steps = "1. Look at `payments_db_pool`: **connections** in the connection pool, exhausted or not, " + "then " * 60
    result = inspected(logs, TwinDocument("runbooks/payments.md", "Payments runbook", f"{steps}escalate."))
    said = next(
        block.markdown
        for block in result.reply.blocks
        if isinstance(block, Paragraph) and block.markdown.startswith("In your documents")
    )

    assert "“1. Look at payments_db_pool: connections in the connection pool" in said
    assert "then …”" in said
