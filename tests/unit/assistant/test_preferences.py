"""What was set for a channel and by a person: what it makes of a question, and what it never does."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from pydantic import ValidationError

from assistant.access import readable_groups
from assistant.errors import NotPermitted
from assistant.job_kinds import EMAIL_DRAFT, POLICY_SEARCH
from assistant.manner import Manner
from assistant.mentions import LOCAL_TENANT, Audience, Person
from assistant.preferences import ChannelSettings, PersonSettings, check_kind, with_preferences
from assistant.storage.people_store import PeopleStore, PersonProfile
from assistant.storage.preference_store import PreferenceStore, Standing
from tests.factories import make_mention
from tests.watched_statements import watch_statements

FORMAL = ChannelSettings(spaces=("travel",), tone="formal", language="de")
FRIENDLY = PersonSettings(tone="friendly", language="fr", signature="A. Smith")


@pytest.fixture
def store(engine: sa.Engine) -> PreferenceStore:
    return PreferenceStore(engine)


def test_the_channels_manner_counts_where_others_read_and_the_askers_where_only_they_do() -> None:
    in_channel = with_preferences(make_mention(audience=Audience.CHANNEL), FORMAL, FRIENDLY)
    in_private = with_preferences(make_mention(), ChannelSettings(), FRIENDLY)

    assert in_channel.manner == Manner(tone="formal", language="de", signature="A. Smith")
    assert in_private.manner == Manner(tone="friendly", language="fr", signature="A. Smith")


def test_spaces_narrow_a_channel_and_leave_its_groups_alone() -> None:
    plain = make_mention(audience=Audience.CHANNEL, channel_groups=("hr",))
    narrowed = with_preferences(plain, FORMAL, PersonSettings())

    assert narrowed.spaces == ("travel",)
    assert readable_groups(narrowed) == readable_groups(plain)


def test_a_kind_that_is_off_is_refused_with_what_is_allowed() -> None:
    settings = ChannelSettings(kinds=("policy_search", "meeting_summary"))
    check_kind(POLICY_SEARCH, settings)

    with pytest.raises(NotPermitted) as caught:
        check_kind(EMAIL_DRAFT, settings)
    assert "policy answer, meeting minutes" in caught.value.reply


def test_a_language_that_nobody_can_name_is_refused() -> None:
    with pytest.raises(ValidationError):
        ChannelSettings(language="xx")


def test_who_changed_what_is_kept_and_the_unchanged_is_not(store: PreferenceStore) -> None:
    store.save_channel("slack", "T1", "C1", FORMAL, by="U1")
    store.save_channel("slack", "T1", "C1", FORMAL, by="U2")
    store.save_channel("slack", "T1", "C1", FORMAL.model_copy(update={"tone": "brief"}), by="U3")
    last, first = store.channel_changes("slack", "T1", "C1")

    assert (first.changed_by, set(first.changes)) == ("U1", {"spaces", "tone", "language"})
    assert (last.changed_by, last.changes) == ("U3", {"tone": ("formal", "brief")})
    assert store.channel("teams", "T1", "C1") == ChannelSettings()


def test_a_persons_settings_are_the_same_wherever_the_directory_knows_them(
    store: PreferenceStore, engine: sa.Engine
) -> None:
    PeopleStore(engine).upsert_all("T1", [PersonProfile(id="U1", profile={"directory_id": "ann"})])
    store.save_person("T1", "U1", FRIENDLY)

    assert store.person(LOCAL_TENANT, "ann") == FRIENDLY
    assert store.person("T1", "U2") == PersonSettings()
    assert store.for_mention("slack", "T1", "C1", "U1").person == FRIENDLY


def test_what_holds_for_a_question_is_read_in_one_look(store: PreferenceStore, engine: sa.Engine) -> None:
    nothing = store.for_mention("slack", "T1", "C1", "U1")
    PeopleStore(engine).upsert_all("T1", [PersonProfile(id="U1", name="Ines", role="hr", groups=("all",))])
    store.save_channel("slack", "T1", "C1", FORMAL, by="U2")
    store.save_person("T1", "U1", FRIENDLY)
    statements = watch_statements(engine)
    found = store.for_mention("slack", "T1", "C1", "U1")

    assert nothing == Standing(ChannelSettings(), PersonSettings(), None)
    assert found == Standing(FORMAL, FRIENDLY, Person(id="U1", name="Ines", role="hr", groups=("all",)))
    assert len([sql for sql in statements if "SELECT" in sql]) == 1  # SQLite: and a BEGIN
