"""A follow-up in the thread is answered from the index that is there, narrowed to what it asks about."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from assistant.errors import RequestInvalid
from assistant.jobs import JobResult
from assistant.mentions import Attachment, Person
from assistant.replies import Excerpt
from tests.twins.jobs import HistoryTwin, Watched, make_context, make_job
from tests.unit.workers.logs.log_writing import TEN, as_upload, repeated, steady
from workers.jobs.log_inspection.run import run


class Thread:
    """One conversation about one log; every question is asked by the same person unless told otherwise."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "0123abcd.log"  # uploads are kept under a hash
        self.conversation: UUID = uuid4()
        self.attachment = Attachment(name="all.log", size_bytes=0, location=f"path:{self.path}")
        self.watched = Watched()
        self.history = HistoryTwin()
        lines = [
            *steady(),
            *repeated(TEN, "pay", "ERROR", "pool exhausted tenant=acme ms={n}", lines=300, every_seconds=4),
            *repeated(TEN, "pay", "ERROR", "pool exhausted tenant=globex ms={n}", lines=30, every_seconds=40),
        ]
        self.path.write_bytes(as_upload(lines).content)

    def ask(self, text: str, *, attached: bool = False, by: str = "ada", **options: Any) -> JobResult:
        self.watched.steps.clear()
        job = make_job(text, role="engineer", kind="log_inspection")
        asker = Person(id=by, name=by, role="engineer", groups=("everyone",))
        attachments = (self.attachment,) if attached else ()
        mention = job.mention.model_copy(update={"asker": asker, "attachments": attachments, "options": options})
        context = make_context(watched=self.watched)
        object.__setattr__(context, "history", self.history)
        return run(job.model_copy(update={"conversation_id": self.conversation, "mention": mention}), context)


@pytest.fixture
def thread(tmp_path: Path) -> Thread:
    thread = Thread(tmp_path)
    thread.ask("why is shop failing?", attached=True)
    return thread


def notices(outcome: JobResult) -> str:
    return " ".join(outcome.warnings)


def test_a_follow_up_needs_neither_the_file_nor_a_second_reading(thread: Thread) -> None:
    thread.path.unlink()

    outcome = thread.ask("what about pay?")

    assert outcome.result["root_cause_service"] == "pay"
    assert "Only pay, of 3 services." in notices(outcome)
    assert "mining" not in thread.watched.step_names
    assert "looking again" in thread.watched.steps[0][1]


def test_only_one_tenants_lines_are_judged_and_counted(thread: Thread) -> None:
    outcome = thread.ask("only tenant globex")

    assert "Only the 30 lines that name tenant globex." in notices(outcome)
    assert all("globex" in line for line in outcome.result["evidence"])


def test_a_name_that_the_logs_do_not_know_is_told_and_narrows_nothing(thread: Thread) -> None:
    outcome = thread.ask("what about ledger?")

    assert "No service of these logs is called like “ledger”" in notices(outcome)
    assert outcome.result["root_cause_service"] == "pay"


def test_a_value_keeps_its_placeholder_all_through_the_thread(tmp_path: Path) -> None:
    thread = Thread(tmp_path)
    lines = [
        *steady(),
        *repeated(TEN, "pay", "ERROR", "card of ada@mill.example refused", lines=300, every_seconds=4),
        *repeated(TEN, "shop", "ERROR", "form of bob@mill.example lost", lines=300, every_seconds=4),
    ]
    thread.path.write_bytes(as_upload(lines).content)
    first = " ".join(thread.ask("why is shop failing?", attached=True).result["evidence"])

    only_shop = " ".join(thread.ask("only shop").result["evidence"])

    ours = first.split("form of ")[1].split(" lost")[0]
    assert ours.startswith("[email#")
    assert f"form of {ours} lost" in only_shop


def test_a_moment_is_answered_with_the_lines_nearest_to_it(thread: Thread) -> None:
    outcome = thread.ask("What happened around 10:05 UTC?")

    (near,) = [one for one in outcome.reply.blocks if isinstance(one, Excerpt) and "around 10:05" in one.title]
    times = [line[:16] for line in near.lines]
    assert times == sorted(times)
    assert set(times) <= {"2026-03-04T10:04", "2026-03-04T10:05"}


def test_another_person_or_another_question_reads_anew(thread: Thread) -> None:
    thread.history.attachments = (thread.attachment,)

    thread.ask("what about pay?", by="bob")
    by_another = list(thread.watched.step_names)
    thread.ask("why is shop failing?")

    assert "mining" in by_another
    assert "mining" in thread.watched.step_names


def test_after_a_restart_the_files_of_the_thread_are_read_again(tmp_path: Path) -> None:
    thread = Thread(tmp_path)
    with pytest.raises(RequestInvalid):
        thread.ask("what about pay?")
    thread.history.attachments = (thread.attachment,)

    outcome = thread.ask("what about pay?")

    assert outcome.result["root_cause_service"] == "pay"


def test_an_upload_is_shown_under_the_name_it_was_given(thread: Thread) -> None:
    outcome = thread.ask("why is shop failing?", attached=True)

    cited = outcome.claims[0].citations[0]
    assert (cited.document, cited.title) == ("all.log", "pay log")
    assert "0123abcd" not in outcome.reply.model_dump_json()


def test_a_time_outside_what_was_read_is_read_anew(thread: Thread) -> None:
    thread.history.attachments = (thread.attachment,)

    thread.ask(f"between {TEN - timedelta(days=3):%Y-%m-%d %H:%M}Z and {TEN - timedelta(days=2):%Y-%m-%d %H:%M}Z")

    assert "mining" in thread.watched.step_names
