"""Signing in, sending files and fetching them, over the real stores."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from uuid import UUID

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from assistant.errors import NothingFound, RequestInvalid, StewardError
from assistant.job_kinds import POLICY_SEARCH
from assistant.mail_desk import MailDesk
from assistant.mentions import Person, Platform
from assistant.preferences import PersonSettings
from assistant.replies import FileOffer, Reply
from assistant.settings import Settings
from assistant.storage.blob_store import BlobStore
from assistant.storage.conversation_store import ConversationStore
from assistant.storage.database import open_engine
from assistant.storage.draft_store import DraftStore
from assistant.storage.feedback_store import FeedbackStore
from assistant.storage.job_store import JobStore
from assistant.storage.mail_store import MailStore
from assistant.storage.minutes_quality import MinutesQuality
from assistant.storage.minutes_store import MinutesStore
from assistant.storage.people_store import PeopleStore, PersonProfile
from assistant.storage.person_data import PersonData
from assistant.storage.preference_store import PreferenceStore
from assistant.storage.quality_store import QualityStore
from bot.drafts import DraftDesk
from bot.feedback import FeedbackDesk
from bot.intake import Intake
from bot.minutes import MinutesDesk
from bot.minutes_library import MinutesLibrary
from bot.platforms.web import WebDependencies, library, my_mail, my_settings
from bot.platforms.web.reader import Passage, ReadableDocument
from bot.platforms.web.routes import answer_error, build_routes
from bot.platforms.web.session import SESSION_COOKIE, Signer, SignIn
from bot.platforms.web.uploads import UploadTokens
from tests.factories import make_mention, make_result

ANN = Person(id="ann", name="Ann", email="ann@heron.example", groups=("everyone",))
BEN = Person(id="ben", name="Ben", email="ben@heron.example")
HIDDEN = Person(id="hidden", name="Not offered", role="admin")


class NoDocuments:
    """The routes open none."""

    def chunks(self, chunk_ids: Sequence[UUID], *, groups: Collection[str], live: bool = True) -> Sequence[Passage]:
        return []

    def document(
        self, document_id: UUID, *, groups: Collection[str], version_id: UUID | None = None
    ) -> ReadableDocument:
        raise NothingFound(f"document {document_id}")


class Web:
    """The routes on their own, with two people who may sign in."""

    def __init__(self, settings: Settings) -> None:
        engine = self.engine = open_engine(settings.database)
        people, jobs, feedback = PeopleStore(engine), JobStore(engine, settings), FeedbackStore(engine)
        people.upsert_all("local", [_profile(person) for person in (ANN, BEN, HIDDEN)])
        self.deps = WebDependencies(
            settings=settings,
            intake=Intake(jobs, people, preferences=PreferenceStore(engine)),
            jobs=jobs,
            conversations=ConversationStore(engine),
            feedback=feedback,
            feedback_desk=FeedbackDesk(jobs, feedback),
            people=people,
            preferences=PreferenceStore(engine),
            person_data=PersonData(engine),
            blobs=BlobStore(engine, settings),
            drafts=DraftDesk(DraftStore(engine), people, BlobStore(engine, settings)),
            minutes=MinutesDesk(settings, MinutesStore(engine), feedback),
            library=MinutesLibrary(MinutesStore(engine), jobs),
            mail=MailDesk(settings, MailStore(engine, settings)),
            documents=NoDocuments(),
            quality=QualityStore(engine),
            minutes_quality=MinutesQuality(engine),
        )
        self.sign_in = SignIn(settings, people)
        self.uploads = UploadTokens(Signer(("a-key",), "web upload"))
        app = FastAPI()
        app.include_router(build_routes(self.deps, self.sign_in, self.uploads))
        app.include_router(my_settings.build_routes(self.deps, self.sign_in))
        app.include_router(library.build_routes(self.deps, self.sign_in))
        app.include_router(my_mail.build_routes(self.deps.mail, self.sign_in))
        app.add_exception_handler(StewardError, answer_error)
        self.client = TestClient(app, base_url="http://127.0.0.1:8080", follow_redirects=False)

    def as_person(self, person: Person) -> TestClient:
        self.client.cookies.set(SESSION_COOKIE, self.sign_in.cookie_for(person))
        return self.client


@pytest.fixture
def web(embedded_settings: Settings) -> Web:
    return Web(embedded_settings.model_copy(update={"steward_sign_in": "demo", "max_upload_bytes": 1000}))


def test_signing_in_sets_a_cookie_that_scripts_cannot_read_and_goes_on(web: Web) -> None:
    page = web.client.get("/sign-in?next=/c/1").text
    answer = web.client.post("/sign-in", data={"person": "ann", "next": "/c/1"})

    assert re.findall(r'name="person" value="(\w+)"', page) == ["ann", "ben"]
    assert (answer.status_code, answer.headers["location"]) == (303, "/c/1")
    assert "HttpOnly" in answer.headers["set-cookie"]
    assert "SameSite=lax" in answer.headers["set-cookie"]


ELSEWHERE = ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "c/1"]


@pytest.mark.parametrize("address", ELSEWHERE)
def test_after_signing_in_nobody_is_sent_to_another_site(web: Web, address: str) -> None:
    answer = web.client.post("/sign-in", data={"person": "ann", "next": address})

    assert answer.headers["location"] == "/"


def test_only_people_who_are_offered_can_be_chosen(web: Web) -> None:
    assert web.client.post("/sign-in", data={"person": "hidden"}).status_code == 404


def test_a_cookie_that_was_changed_signs_nobody_in(web: Web) -> None:
    web.client.cookies.set(SESSION_COOKIE, web.sign_in.cookie_for(ANN)[:-2] + "xx")

    assert web.client.post("/uploads", content=b"a note").status_code == 403


def test_a_file_is_kept_and_its_token_counts_for_its_sender_only(web: Web) -> None:
    headers = {"X-File-Name": "../caf%C3%A9.txt", "Content-Type": "text/plain"}
    answer = web.as_person(ANN).post("/uploads", content=b"a note", headers=headers).json()

    (attachment,) = web.uploads.attachments(ANN, [answer["token"]])

    assert (attachment.name, attachment.size_bytes, attachment.media_type) == ("café.txt", 6, "text/plain")
    assert web.deps.blobs.read(attachment) == b"a note"
    with pytest.raises(RequestInvalid):
        web.uploads.attachments(BEN, [answer["token"]])
    with pytest.raises(RequestInvalid):
        web.uploads.attachments(ANN, [web.sign_in.cookie_for(ANN)])


@pytest.mark.parametrize(("size", "words"), [(1001, "too large: I take files up to 1 kB"), (0, "is empty")])
def test_a_file_of_the_wrong_size_is_refused_in_words(web: Web, size: int, words: str) -> None:
    answer = web.as_person(ANN).post("/uploads", content=b"x" * size, headers={"X-File-Name": "big.log"})

    assert answer.status_code == 400
    assert words in answer.json()["error"]


def test_a_file_that_grows_past_the_limit_without_saying_so_is_refused(web: Web) -> None:
    def parts() -> object:
        for _ in range(20):
            yield b"x" * 100

    answer = web.as_person(ANN).post("/uploads", content=parts(), headers={"X-File-Name": "big.log"})  # type: ignore[arg-type]

    assert answer.status_code == 400


def test_an_offered_file_is_given_to_its_asker_and_to_administrators(web: Web) -> None:
    sha256 = web.deps.blobs.store(b"<script>alert(1)</script>")
    offer = FileOffer(name="report.html", media_type="text/html", blob=sha256, size_bytes=25)
    job_id = _answered(web, Reply(text="Here.", blocks=(offer,)))
    address = f"/files/{job_id}/{sha256}"

    mine = web.as_person(ANN).get(address)

    assert (mine.status_code, mine.content) == (200, b"<script>alert(1)</script>")
    assert mine.headers["content-type"] == "application/octet-stream"
    assert mine.headers["content-disposition"].startswith("attachment;")
    assert web.as_person(BEN).get(address).status_code == 404
    assert web.as_person(HIDDEN).get(address).status_code == 200


def test_a_blob_that_the_answer_does_not_offer_is_not_given_out(web: Web) -> None:
    job_id = _answered(web, Reply(text="Nothing to fetch."))
    other = web.deps.blobs.store(b"somebody's file")

    assert web.as_person(ANN).get(f"/files/{job_id}/{other}").status_code == 404


def test_with_a_proxy_the_header_says_who_it_is(embedded_settings: Settings) -> None:
    web = Web(embedded_settings.model_copy(update={"steward_sign_in": "header"}))
    known = {"X-Forwarded-Email": "Ann@heron.example", "X-File-Name": "note.txt"}
    unknown = {"X-Forwarded-Email": "eve@heron.example"}

    assert web.client.post("/uploads", content=b"a note", headers=known).status_code == 200
    assert web.as_person(ANN).post("/uploads", content=b"a note", headers=unknown).status_code == 403
    assert "directory" in web.client.get("/sign-in").text


def test_switched_off_the_page_says_how_to_switch_it_on(embedded_settings: Settings) -> None:
    web = Web(embedded_settings)

    answer = web.as_person(ANN).get("/sign-in")

    assert answer.status_code == 503
    assert "STEWARD_SIGN_IN=header" in answer.text
    assert web.client.post("/sign-in", data={"person": "ann"}).status_code == 403
    assert web.client.post("/uploads", content=b"a note").status_code == 403


def _profile(person: Person) -> PersonProfile:
    return PersonProfile(**person.model_dump(), profile={"sign_in": person is not HIDDEN})


def _answered(web: Web, reply: Reply) -> str:
    mention = make_mention(person="ann", tenant="local")
    accepted = web.deps.jobs.accept(mention, POLICY_SEARCH, Reply(text="…"))
    job = web.deps.jobs.claim([POLICY_SEARCH.lane], owner="test", only=accepted.job_id)
    assert job is not None
    assert web.deps.jobs.finish(job, make_result(reply=reply))
    return str(accepted.job_id)


def test_a_session_that_was_signed_out_is_over_for_every_copy_of_its_cookie(web: Web) -> None:
    client = web.as_person(ANN)
    cookie = client.cookies[SESSION_COOKIE]
    client.post("/sign-out")
    client.cookies.set(SESSION_COOKIE, cookie)

    assert client.post("/uploads", content=b"a note").status_code == 403
    assert web.as_person(ANN).post("/uploads", content=b"a note").status_code == 200


# ------------------------------------------------------------------ my settings
def test_settings_are_kept_and_shown_again(web: Web) -> None:
    client = web.as_person(ANN)
    saved = client.post("/settings", data={"language": "de", "tone": "formal", "signature": " Ann <b> "})
    page = client.get("/settings").text

    assert (saved.status_code, saved.headers["location"]) == (303, "/settings?saved=true")
    assert web.deps.preferences.person("local", "ann") == PersonSettings(
        language="de", tone="formal", signature="Ann <b>", tell_when_done=False
    )
    assert '<option value="de" selected>' in page
    assert "Ann &lt;b&gt;" in page


def test_how_they_write_is_shown_changed_and_forgotten_by_the_person_alone(web: Web) -> None:
    client = web.as_person(ANN)
    before = client.get("/settings").text
    client.post("/settings", data={"learns_mail_style": "true"})
    style = {"style_en": "Hi {name},\r\n…\r\nCheers,\r\nAnn"}
    client.post("/settings", data={"learns_mail_style": "true", **style})
    page = client.get("/settings").text
    unreadable = client.post("/settings", data={"learns_mail_style": "true", "style_en": "Cheers,"})
    kept = web.deps.preferences.person("local", "ann")
    client.post("/settings", data={"learns_mail_style": "true", "style_en": ""})
    emptied = web.deps.preferences.person("local", "ann")
    client.post("/settings", data={})

    assert "style_en" not in before
    assert "Hi {name},\n…\nCheers,\nAnn</textarea>" in page
    assert unreadable.status_code == 400
    assert [one.sign_off for one in kept.mail_styles] == ["Cheers,"]
    assert emptied.mail_styles == ()
    assert emptied.learns_mail_style_since is not None
    assert kept.learns_mail_style_since is not None
    assert emptied.learns_mail_style_since > kept.learns_mail_style_since
    assert not web.deps.preferences.person("local", "ann").learns_mail_style


def test_a_setting_that_is_not_offered_is_refused(web: Web) -> None:
    assert web.as_person(ANN).post("/settings", data={"tone": "rude"}).status_code == 400


@pytest.mark.parametrize(("method", "path"), [("POST", ""), ("GET", "/my-data"), ("POST", "/forget")])
def test_settings_and_data_are_for_who_is_signed_in(web: Web, method: str, path: str) -> None:
    assert web.client.request(method, f"/settings{path}", data={"sure": "true"}).status_code == 403


def test_forgetting_takes_a_tick_and_then_everything(web: Web) -> None:
    client = web.as_person(ANN)
    web.deps.intake.take(make_mention("May I keep a dog?", tenant="local", platform=Platform.WEB))
    exported = client.get("/settings/my-data").json()
    unsure = client.post("/settings/forget")
    sure = client.post("/settings/forget", data={"sure": "true"})

    assert [one["question"] for one in exported["questions"]] == ["May I keep a dog?"]
    assert unsure.status_code == 400
    assert "1 question with" in sure.text
    assert client.get("/settings/my-data").json()["questions"] == []
