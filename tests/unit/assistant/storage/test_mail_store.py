"""Mail accounts at rest: sealed, rotated, one a person on all platforms, and forgotten with the person."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from cryptography.fernet import Fernet
from pydantic import SecretStr

from assistant.errors import SettingsInvalid
from assistant.mail.accounts import MailAccount, Tokens
from assistant.mail.mailroom import AccountMailroom
from assistant.mentions import Person
from assistant.settings import Settings
from assistant.storage.mail_store import MailStore
from assistant.storage.people_store import PeopleStore, PersonProfile
from assistant.storage.person_data import PersonData

ACCOUNT = MailAccount(channel="imap", address="ada@example.test", password=SecretStr("correct horse"))
NEW, OLD = (Fernet.generate_key().decode() for _ in range(2))


def keyed(settings: Settings, *keys: str) -> Settings:
    return settings.model_copy(update={"steward_secret_keys": SecretStr(",".join(keys))})


def test_an_account_comes_back_as_it_was_and_lies_sealed(engine: sa.Engine, settings: Settings) -> None:
    store = MailStore(engine, settings)

    store.connect("T1", "U1", ACCOUNT)

    with engine.connect() as connection:
        row = connection.exec_driver_sql("SELECT * FROM mail_accounts").one()
    assert store.account("T1", "U1") == ACCOUNT
    assert "correct horse" not in str(row)
    assert "correct horse" not in repr(store.account("T1", "U1"))


def test_keys_rotate_and_a_lost_key_is_told(engine: sa.Engine, settings: Settings) -> None:
    MailStore(engine, keyed(settings, OLD)).connect("T1", "U1", ACCOUNT)

    rotated = MailStore(engine, keyed(settings, NEW, OLD)).rotate()

    assert rotated == 1
    assert MailStore(engine, keyed(settings, NEW)).account("T1", "U1") == ACCOUNT
    with pytest.raises(SettingsInvalid):
        MailStore(engine, keyed(settings, OLD)).account("T1", "U1")


def test_a_person_whose_account_cannot_be_opened_is_one_without_a_mailbox(
    engine: sa.Engine, settings: Settings
) -> None:
    values = {"email_channels": "imap", "email_imap_url": "imap://127.0.0.1:9", "email_sending": True}
    settings = settings.model_copy(update=values)
    MailStore(engine, keyed(settings, OLD)).connect("T1", "U1", ACCOUNT)
    ada = Person(id="U1", email="ada@example.test")

    before = AccountMailroom(settings, MailStore(engine, keyed(settings, OLD))).drafts_of("T1", ada)
    after = AccountMailroom(settings, MailStore(engine, keyed(settings, NEW))).drafts_of("T1", ada)

    assert before is not None
    assert after is None


def test_what_the_admin_does_not_allow_any_more_is_not_offered(engine: sa.Engine, settings: Settings) -> None:
    store, ada = MailStore(engine, settings), Person(id="U1", email="ada@example.test")
    store.connect("T1", "U1", ACCOUNT)
    imap = {"email_imap_url": "imap://127.0.0.1:9", "email_smtp_url": "smtp://127.0.0.1:9"}

    def offered(**values: object) -> tuple[bool, bool]:
        room = AccountMailroom(settings.model_copy(update={**imap, **values}), store)
        return room.drafts_of("T1", ada) is not None, room.sender_for("T1", ada) is not None

    assert offered(email_channels="imap", email_sending=True) == (True, True)
    assert offered(email_channels="imap", email_sending=False) == (True, False)
    assert offered(email_channels="imap", email_sending=True, email_smtp_url=None) == (True, False)
    assert offered(email_channels="graph", email_sending=True) == (False, False)


def test_one_mailbox_serves_a_person_wherever_they_ask(engine: sa.Engine, settings: Settings) -> None:
    people = PeopleStore(engine)
    people.upsert_all("T1", [PersonProfile(id="U1", profile={"directory_id": "ada"})])
    people.upsert_all("local", [PersonProfile(id="ada", email="ada@example.test")])
    store = MailStore(engine, settings)

    store.connect("local", "ada", ACCOUNT)

    assert store.account("T1", "U1") == ACCOUNT
    assert store.account("T1", "U2") is None
    assert store.disconnect("T1", "U1")
    assert store.account("local", "ada") is None


def test_new_tokens_are_kept_unless_the_account_was_disconnected(engine: sa.Engine, settings: Settings) -> None:
    store = MailStore(engine, settings)
    first = Tokens(access=SecretStr("a1"), refresh=SecretStr("r1"), expires_at=datetime(2026, 1, 1, tzinfo=UTC))
    store.connect("T1", "U1", MailAccount(channel="graph", address="ada@example.test", tokens=first))
    second = first.model_copy(update={"access": SecretStr("a2")})

    store.renew("T1", "U1", second)
    renewed = store.account("T1", "U1")
    store.disconnect("T1", "U1")
    store.renew("T1", "U1", first)

    assert renewed is not None
    assert renewed.tokens == second
    assert store.account("T1", "U1") is None


def test_a_consent_is_ended_once_and_by_who_began_it(engine: sa.Engine, settings: Settings) -> None:
    store = MailStore(engine, settings)
    store.begin_consent("state-1", "T1", "U1", "graph", "verifier-1")

    assert store.end_consent("state-1", "T1", "U2") is None
    assert store.end_consent("state-1", "T1", "U1") == ("graph", "verifier-1")
    assert store.end_consent("state-1", "T1", "U1") is None


def test_an_export_says_that_a_mailbox_is_connected_and_forgetting_forgets_it(
    engine: sa.Engine, settings: Settings
) -> None:
    store = MailStore(engine, settings)
    store.connect("T1", "U1", ACCOUNT)

    exported = PersonData(engine).export("T1", "U1")
    PersonData(engine).forget("T1", "U1")

    assert [(one["channel"], one["address"]) for one in exported["mail_accounts"]] == [("imap", "ada@example.test")]
    assert set(exported["mail_accounts"][0]) == {"channel", "address", "created_at"}
    assert "correct horse" not in json.dumps(exported)
    assert store.account("T1", "U1") is None
