"""Conversations, people, files and workers, on both databases."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from assistant.errors import NothingFound, RequestInvalid
from assistant.job_kinds import POLICY_SEARCH
from assistant.mentions import Attachment
from assistant.replies import Reply
from assistant.settings import Settings
from assistant.storage.blob_store import PART_BYTES, BlobStore
from assistant.storage.conversation_store import ConversationStore
from assistant.storage.job_store import Accepted, JobStore
from assistant.storage.people_store import PeopleStore, PersonProfile
from assistant.storage.worker_store import WorkerStore
from tests.factories import make_mention, make_result

SIZES = (0, 1, PART_BYTES - 1, PART_BYTES, PART_BYTES + 1, 2 * PART_BYTES)


def ask(jobs: JobStore, text: str, **fields: object) -> Accepted:
    return jobs.accept(make_mention(text, **fields), POLICY_SEARCH, Reply(text="…", final=False))


def answer(jobs: JobStore, job_id: UUID, text: str) -> None:
    job = jobs.claim((), owner="w1", only=job_id)
    assert job is not None
    jobs.finish(job, make_result(text))


# ------------------------------------------------------------------ conversations
def test_a_follow_up_sees_what_was_said_before_it_and_nothing_after(jobs: JobStore, engine: sa.Engine) -> None:
    store = ConversationStore(engine)
    first = ask(jobs, "How many days?")
    answer(jobs, first.job_id, "Twenty-five.")
    second = ask(jobs, "And in Spain?")
    ask(jobs, "And in Peru?")
    turns = store.recent_turns(second.conversation_id, before_job=second.job_id)

    assert second.conversation_id == first.conversation_id
    assert [(turn.role, turn.text) for turn in turns] == [("user", "How many days?"), ("assistant", "Twenty-five.")]
    assert [turn.text for turn in store.recent_turns(first.conversation_id, before_job=None, limit=1)] == [
        "And in Peru?"
    ]


def test_the_files_of_the_last_job_of_a_kind_that_had_some_are_found_again(jobs: JobStore, engine: sa.Engine) -> None:
    store = ConversationStore(engine)
    file = Attachment(name="a.log", size_bytes=1, location="blob:1")
    first = ask(jobs, "What broke?", attachments=(file,))
    second = ask(jobs, "only tenant acme")
    third = ask(jobs, "around 10:05?")
    here = first.conversation_id

    assert store.recent_attachments(here, before_job=third.job_id, kind=POLICY_SEARCH.name) == (file,)
    assert store.recent_attachments(here, before_job=second.job_id, kind="log_inspection") == ()
    assert store.recent_attachments(here, before_job=first.job_id, kind=POLICY_SEARCH.name) == ()


def test_the_list_shows_ones_own_conversations_the_last_used_first(jobs: JobStore, engine: sa.Engine) -> None:
    store = ConversationStore(engine)
    old = ask(jobs, "Leave?", thread="1")
    new = ask(jobs, "Pets?", thread="2")
    ask(jobs, "Bob's", thread="3", person="bob")
    store.rename(old.conversation_id, "About leave")
    ask(jobs, "More on leave", thread="1")
    listed = store.list_for("slack", "T1", "ann")

    assert [(one.id, one.title) for one in listed] == [
        (old.conversation_id, "About leave"),
        (new.conversation_id, "Pets?"),
    ]
    assert len(store.jobs_of(old.conversation_id)) == 2


def test_deleting_a_conversation_deletes_its_jobs_also_under_a_running_one(jobs: JobStore, engine: sa.Engine) -> None:
    store = ConversationStore(engine)
    accepted = ask(jobs, "Leave?")
    job = jobs.claim((), owner="w1", only=accepted.job_id)
    assert job is not None
    store.delete(accepted.conversation_id)

    assert jobs.finish(job, make_result()) is False
    with pytest.raises(NothingFound):
        jobs.view(accepted.job_id)
    with pytest.raises(NothingFound):
        store.get(accepted.conversation_id)


# ------------------------------------------------------------------ people
def test_people_are_found_by_id_address_and_name(engine: sa.Engine) -> None:
    people = PeopleStore(engine)
    ines = PersonProfile(
        id="u1", name="Ines Roth", email="Ines@Example.com", role="hr", groups=("hr",), profile={"sign_in": True}
    )
    people.upsert_all("T1", [ines, PersonProfile(id="u2", name="Ines Berg")])

    assert [person.id for person in people.find("T1", "ines")] == ["u2", "u1"]
    assert [person.id for person in people.find("T1", "ines roth")] == ["u1"]
    assert people.by_email("T1", "INES@example.com") == people.get("T1", "u1")
    assert [profile.id for profile in people.sign_in_people("T1")] == ["u1"]
    assert people.get("T2", "u1") is None


def test_an_imported_person_replaces_the_older_record(engine: sa.Engine) -> None:
    people = PeopleStore(engine)
    people.upsert_all("T1", [PersonProfile(id="u1", name="Ines", groups=("hr", "board"))])
    people.upsert_all("T1", [PersonProfile(id="u1", name="Ines", groups=("hr",))])
    person = people.get("T1", "u1")

    assert person is not None
    assert person.groups == ("hr",)


# ------------------------------------------------------------------ files
@hypothesis_settings(max_examples=10, suppress_health_check=list(HealthCheck), deadline=None)
@given(
    size=st.sampled_from([0, 1, PART_BYTES - 1, PART_BYTES, PART_BYTES + 1, 2 * PART_BYTES]),
    byte=st.binary(min_size=1, max_size=1),
)
def test_bytes_come_back_as_they_were(engine: sa.Engine, settings: Settings, size: int, byte: bytes) -> None:
    store = BlobStore(engine, settings)
    sha256 = store.store(byte * size)

    assert store.load(sha256) == byte * size
    assert store.store(byte * size) == sha256


def test_a_blob_has_a_local_path_with_its_suffix(engine: sa.Engine, settings: Settings) -> None:
    store = BlobStore(engine, settings)
    blob = Attachment(name="Notes.PDF", size_bytes=3, location=f"blob:{store.store(b'pdf')}")
    path = store.local_path(blob)

    assert path.suffix == ".pdf"
    assert path.read_bytes() == store.read(blob) == b"pdf"
    assert store.local_path(blob) == path


def test_an_old_file_is_forgotten_once_nothing_names_it(
    jobs: JobStore, engine: sa.Engine, settings: Settings
) -> None:
    store = BlobStore(engine, settings)
    asked, loose = (
        Attachment(name="a.txt", size_bytes=1, location=f"blob:{store.store(byte)}") for byte in (b"a", b"b")
    )
    ask(jobs, "What does it say?", attachments=(asked,))
    copy = store.local_path(loose)

    assert store.forget_old(days=1) == 0
    assert store.forget_old(days=-1) == 1
    assert store.read(asked) == b"a"
    assert not copy.exists()
    with pytest.raises(NothingFound):
        store.read(loose)


def test_a_file_that_is_gone_or_out_of_reach_is_said_so(
    engine: sa.Engine, settings: Settings, tmp_path: Path
) -> None:
    store = BlobStore(engine, settings)
    here = tmp_path / "here.txt"
    here.write_text("here")

    assert store.read(Attachment(name="here.txt", size_bytes=4, location=f"path:{here}")) == b"here"
    with pytest.raises(NothingFound):
        store.read(Attachment(name="gone.txt", size_bytes=4, location=f"path:{tmp_path / 'gone.txt'}"))
    with pytest.raises(NothingFound):
        store.load("00")
    with pytest.raises(RequestInvalid):
        store.read(Attachment(name="far.txt", size_bytes=4, location="remote:https://chat.example/f1"))


# ------------------------------------------------------------------ workers
def test_one_leads_until_its_time_is_over(engine: sa.Engine) -> None:
    workers = WorkerStore(engine)

    assert workers.lead("retention", "w1", seconds=60) is True
    assert workers.lead("retention", "w2", seconds=60) is False
    assert workers.lead("retention", "w1", seconds=-1) is True
    assert workers.lead("retention", "w2", seconds=60) is True
