"""Everything about a person, on all their accounts: shown whole, forgotten whole, and nobody else's touched."""

from __future__ import annotations

import json

import pytest
import sqlalchemy as sa

from assistant.job_kinds import POLICY_SEARCH
from assistant.mentions import LOCAL_TENANT, Attachment, Platform
from assistant.preferences import ChannelSettings, PersonSettings
from assistant.replies import Reply
from assistant.settings import Settings
from assistant.storage.blob_store import BlobStore
from assistant.storage.feedback_store import FeedbackStore
from assistant.storage.job_store import JobStore
from assistant.storage.people_store import PeopleStore, PersonProfile
from assistant.storage.person_data import PersonData
from assistant.storage.preference_store import PreferenceStore
from tests.factories import make_mention, make_result

PLACEHOLDER = Reply(text="…", final=False)
MINE, BENS = b"my own notes", b"notes that two of us sent"


@pytest.fixture
def data(engine: sa.Engine, settings: Settings, jobs: JobStore) -> PersonData:
    """Ann in Slack and on the web page, and Ben, who asked in her thread."""
    people, feedback, blobs = PeopleStore(engine), FeedbackStore(engine), BlobStore(engine, settings)
    people.upsert_all(LOCAL_TENANT, [PersonProfile(id="ann", name="Ann")])
    people.upsert_all("T1", [PersonProfile(id="U1", name="Ann", profile={"directory_id": "ann"})])
    mine, both = (
        Attachment(name="a.txt", size_bytes=len(one), location=f"blob:{blobs.store(one)}") for one in (MINE, BENS)
    )
    slack = make_mention("May I keep a dog?", tenant="T1", person="U1", attachments=(mine, both))
    web = make_mention("And a cat?", tenant=LOCAL_TENANT, person="ann", platform=Platform.WEB, thread="w")
    bens = make_mention("And a fish?", tenant="T1", person="U2", attachments=(both,))
    asked = [jobs.accept(one, POLICY_SEARCH, PLACEHOLDER).job_id for one in (slack, web, bens)]
    while job := jobs.claim(("policy",), owner="w1"):
        jobs.finish(job, make_result("No."))
    feedback.record(asked[2], "U1", "down", "wrong", "yes")
    feedback.record(asked[2], "U2", "up")
    PreferenceStore(engine).save_person("T1", "U1", PersonSettings(tone="formal"))
    PreferenceStore(engine).save_channel("slack", "T1", "C1", ChannelSettings(tone="formal"), by="U1")
    return PersonData(engine)


def test_an_export_holds_all_accounts_and_nobody_else(data: PersonData) -> None:
    exported = data.export(LOCAL_TENANT, "ann")

    assert {(one["tenant"], one["id"]) for one in exported["accounts"]} == {("T1", "U1"), (LOCAL_TENANT, "ann")}
    assert {one["question"] for one in exported["questions"]} == {"May I keep a dog?", "And a cat?"}
    assert all(one["answer"] == "No." and one["receipt"]["model"] for one in exported["questions"])
    assert [one["correction"] for one in exported["feedback"]] == ["yes"]
    assert [one["tone"] for one in exported["settings"]] == ["formal"]
    assert [one["channel"] for one in exported["channel_settings_changed"]] == ["C1"]
    assert "fish" not in json.dumps(exported)


def test_forgetting_leaves_nothing_of_the_person_and_all_of_the_others(
    data: PersonData, engine: sa.Engine, settings: Settings
) -> None:
    count = data.forget("T1", "U1")
    left = data.export("T1", "U1")
    bens = data.export("T1", "U2")
    with engine.connect() as connection:
        holders = connection.execute(sa.text("SELECT started_by, title FROM conversations")).all()
        files = connection.execute(sa.text("SELECT count(*) FROM blobs")).scalar()

    assert count == 2
    assert [left[name] for name in ("questions", "feedback", "settings")] == [[], [], []]
    assert [one["question"] for one in bens["questions"]] == ["And a fish?"]
    assert [one["verdict"] for one in bens["feedback"]] == ["up"]
    assert [tuple(row) for row in holders] == [("", None)]
    assert files == 1  # Ben's question still names the file that both sent


def test_the_directorys_own_record_and_the_account_of_changes_stay(data: PersonData, engine: sa.Engine) -> None:
    data.forget(LOCAL_TENANT, "ann")

    assert PeopleStore(engine).get(LOCAL_TENANT, "ann") is not None
    assert PeopleStore(engine).get("T1", "U1") is None
    assert len(PreferenceStore(engine).channel_changes("slack", "T1", "C1")) == 1
