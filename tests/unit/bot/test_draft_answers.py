"""One question when something essential is missing: the asker's next words answer it and the request goes on."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa

from assistant.mail.draft import DraftStatus, EmailDraft
from assistant.mail.port import Mailroom, NoMailroom
from assistant.mail.twins import MailroomTwin, SearchTwin
from assistant.mentions import Platform
from assistant.storage.draft_store import DraftStore
from assistant.storage.job_store import JobStore
from assistant.storage.people_store import PeopleStore
from bot.draft_answers import DraftAnswers
from bot.intake import Intake
from tests.factories import make_mention
from tests.twins.jobs import make_context
from tests.unit.workers.jobs.email_draft.drafting import PEOPLE, Directory, NoDocuments
from workers.jobs.email_draft.run import run


class Talk:
    """Ada's conversation with the bot, and a worker behind it."""

    def __init__(self, engine: sa.Engine, jobs: JobStore) -> None:
        self.jobs, self.drafts = jobs, DraftStore(engine)
        self.intake = Intake(jobs, PeopleStore(engine), answers=DraftAnswers(self.drafts, jobs))
        self.mail: Mailroom = NoMailroom()

    def say(self, text: str, *, thread: str = "1.0", person: str = "ada") -> EmailDraft | str:
        """Return the draft that comes of it, or the kind of job that it became."""
        asker = PEOPLE[0].person.model_copy(update={"id": person})
        accepted = self.intake.take(make_mention(text, asker=asker, platform=Platform.WEB, thread=thread))
        job = self.jobs.claim(("email", "policy"), owner="w1")
        assert job is not None
        if job.kind != "email_draft":
            return job.kind
        context = replace(make_context(NoDocuments(), people=Directory()), drafts=self.drafts, mail=self.mail)
        assert self.jobs.finish(job, run(job, context))
        kept = self.drafts.of_job(accepted.job_id)
        assert kept is not None
        return kept.draft


@pytest.fixture
def talk(engine: sa.Engine, jobs: JobStore) -> Talk:
    return Talk(engine, jobs)


def drafted(said: EmailDraft | str) -> EmailDraft:
    assert isinstance(said, EmailDraft)
    return said


@pytest.mark.parametrize("answer", ["Anna Berg", "anna.berg@firm.test", "the one in Finance", "Finance"])
def test_an_unclear_name_is_asked_once_and_its_answer_goes_on(talk: Talk, answer: str) -> None:
    first = drafted(talk.say("Draft an email to Anna and ask whether the contract is signed."))
    then = drafted(talk.say(answer))

    assert first.question is not None
    assert first.question.startswith("Which Anna")
    assert (then.to, then.question) == (("anna.berg@firm.test",), None)
    assert "contract is signed" in then.body


def test_the_other_recipients_are_kept(talk: Talk) -> None:
    talk.say("Draft an email to Anna and Bo and ask whether the contract is signed.")
    then = drafted(talk.say("Anna Kern"))

    assert set(then.to) == {"anna.kern@firm.test", "bo@firm.test"}


def test_nobody_named_is_asked_for(talk: Talk) -> None:
    first = drafted(talk.say("Draft an email and ask whether the contract is signed."))
    then = drafted(talk.say("Bo"))

    assert first.question == "Who should get this e-mail?"
    assert (then.to, then.question) == (("bo@firm.test",), None)


def test_what_to_say_is_asked_for(talk: Talk) -> None:
    first = drafted(talk.say("Draft an email to Bo."))
    then = drafted(talk.say("Ask whether the contract is signed."))

    assert first.question == "What should the e-mail say?"
    assert then.question is None
    assert "contract is signed" in then.body


def test_which_e_mail_of_the_mailbox_is_asked_for(talk: Talk) -> None:
    talk.mail = MailroomTwin(mailbox=SearchTwin([_mail("Invoice 1999"), _mail("Invoice 2031")]))
    first = drafted(talk.say("Draft a reply to Nora's mail about the invoice that we will pay."))
    then = drafted(talk.say("Invoice 1999"))

    assert first.question is not None
    assert first.question.startswith("Which e-mail from Nora")
    assert (then.question, then.in_reply_to) == (None, "<invoice-1999@flowers.example>")


def _mail(subject: str) -> bytes:
    message_id = f"<{subject.lower().replace(' ', '-')}@flowers.example>"
    headers = f"From: Nora Blum <nora@flowers.example>\r\nSubject: {subject}\r\nMessage-ID: {message_id}\r\n"
    return f"{headers}Date: Thu, 12 Nov 2026 09:00:00 +0000\r\n\r\nThe invoice is due.\r\n".encode()


def test_the_draft_that_asked_is_closed(talk: Talk) -> None:
    first = drafted(talk.say("Draft an email to Bo."))
    talk.say("Ask whether the contract is signed.")

    kept = talk.drafts.get(first.id, tenant="T1", person_id="ada")
    assert kept.draft.status is DraftStatus.DISCARDED


@pytest.mark.parametrize(
    ("text", "thread", "person"),
    [
        ("How many days of leave do I have?", "1.0", "ada"),  # a question of their own
        ("Anna Berg", "2.0", "ada"),  # another conversation
        ("Anna Berg", "1.0", "bo"),  # somebody else
    ],
)
def test_what_is_no_answer_is_none(talk: Talk, text: str, thread: str, person: str) -> None:
    talk.say("Draft an email to Anna and ask whether the contract is signed.")

    assert talk.say(text, thread=thread, person=person) == "policy_search"


def test_after_the_answer_the_next_words_are_a_new_matter(talk: Talk) -> None:
    talk.say("Draft an email to Anna and ask whether the contract is signed.")
    talk.say("Anna Berg")

    assert talk.say("Parental leave") == "policy_search"
