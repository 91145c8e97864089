"""Connecting a mailbox on the web page: whose it becomes, and what a stranger's link can't do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from assistant.errors import StewardError
from assistant.mail_desk import MailDesk
from assistant.mentions import Person
from assistant.settings import Settings
from assistant.storage.database import open_engine
from assistant.storage.mail_store import MailStore
from assistant.storage.people_store import PeopleStore, PersonProfile
from bot.platforms.web import my_mail
from bot.platforms.web.routes import answer_error
from bot.platforms.web.session import SESSION_COOKIE, SignIn
from tests.peers.mail_services import ConsentService, serving

ADA = Person(id="ada", name="Ada", email="ada@example.test")
EVE = Person(id="eve", name="Eve", email="eve@example.test")


class Pages:
    """The mailbox pages, with a provider of consent behind them."""

    def __init__(self, settings: Settings, provider: ConsentService) -> None:
        self.provider = provider
        settings = settings.model_copy(
            update={
                "steward_sign_in": "demo",
                "email_channels": "graph",
                "email_microsoft_client_id": "our-app",
                "email_microsoft_login_url": provider.url,
                "public_url": "https://steward.example",
            }
        )
        engine = open_engine(settings.database)
        people = PeopleStore(engine)
        people.upsert_all("local", [PersonProfile(**one.model_dump()) for one in (ADA, EVE)])
        self.store = MailStore(engine, settings)
        self.sign_in = SignIn(settings, people)
        app = FastAPI()
        app.include_router(my_mail.build_routes(MailDesk(settings, self.store), self.sign_in))
        app.add_exception_handler(StewardError, answer_error)
        self.client = TestClient(app, base_url="http://127.0.0.1:8080", follow_redirects=False)

    def as_person(self, person: Person) -> TestClient:
        self.client.cookies.set(SESSION_COOKIE, self.sign_in.cookie_for(person))
        return self.client

    def consent_of(self, person: Person) -> dict[str, str]:
        """Begin a consent, say yes at the provider, and return what it sends the browser back with."""
        page = self.as_person(person).post("/settings/mail/consent", data={"channel": "graph"}).text
        url = unescape(re.findall(r'href="([^"]*authorize[^"]*)"', page)[0])
        asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        assert asked["code_challenge_method"] == "S256"
        assert asked["redirect_uri"] == "https://steward.example/settings/mail/callback"
        assert asked["login_hint"] == person.email
        self.provider.codes["code-1"] = asked["code_challenge"]
        return {"state": asked["state"], "code": "code-1"}


@pytest.fixture
def pages(embedded_settings: Settings) -> Iterator[Pages]:
    with serving(ConsentService()) as provider:
        yield Pages(embedded_settings, provider)


def test_consent_connects_the_mailbox_of_who_began_it(pages: Pages) -> None:
    answer = pages.as_person(ADA).get("/settings/mail/callback", params=pages.consent_of(ADA))

    account = pages.store.account("local", "ada")
    assert answer.headers["location"] == "/settings/mail"
    assert account is not None
    assert (account.channel, account.address) == ("graph", "ada@example.test")
    assert account.tokens is not None
    assert account.tokens.access.get_secret_value() in pages.provider.issued
    assert "Connected: ada@example.test by Microsoft 365." in pages.client.get("/settings/mail").text


def test_a_consent_counts_once_and_for_nobody_else(pages: Pages) -> None:
    consent = pages.consent_of(EVE)

    stolen = pages.as_person(ADA).get("/settings/mail/callback", params=consent)
    own = pages.as_person(EVE).get("/settings/mail/callback", params=consent)
    again = pages.as_person(EVE).get("/settings/mail/callback", params=consent)

    assert (stolen.status_code, own.status_code, again.status_code) == (403, 303, 403)
    assert pages.store.account("local", "ada") is None


def test_whoever_says_no_at_the_provider_has_connected_nothing(pages: Pages) -> None:
    consent = pages.consent_of(ADA)

    page = pages.client.get(
        "/settings/mail/callback", params={"state": consent["state"], "error": "access_denied"}
    ).text

    assert "Nothing was connected." in page
    assert pages.store.account("local", "ada") is None


def test_disconnecting_forgets_the_tokens(pages: Pages) -> None:
    pages.as_person(ADA).get("/settings/mail/callback", params=pages.consent_of(ADA))

    pages.client.post("/settings/mail/disconnect")

    assert pages.store.account("local", "ada") is None
    assert "Connect Microsoft 365" in pages.client.get("/settings/mail").text


def test_a_password_is_taken_only_where_the_admin_set_up_imap(pages: Pages) -> None:
    answer = pages.as_person(ADA).post("/settings/mail", data={"password": "secret"})

    assert answer.status_code == 400
    assert "aren't connected by a password here" in unescape(answer.text)
    assert pages.store.account("local", "ada") is None


def test_nobody_sees_or_changes_a_mailbox_without_signing_in(pages: Pages) -> None:
    assert pages.client.get("/settings/mail").status_code == 303
    assert pages.client.post("/settings/mail/disconnect").status_code == 403
