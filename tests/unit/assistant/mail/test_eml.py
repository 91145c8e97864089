"""The message of a draft, as mail programs get it."""

from __future__ import annotations

from email import message_from_bytes
from email.policy import SMTP

import pytest

from assistant.errors import ModelOutputInvalid
from assistant.mail.draft import DraftAttachment, EmailDraft, content_hash
from assistant.mail.eml import REVISION_HEADER, eml_of, message_id, message_of
from tests.factories import NOON, make_person

ANN = make_person("ann", name="Ann Müller", email="ann@aurora.example")
DRAFT = EmailDraft(id="d_1", subject="Über die Zahlen", to=("bob@aurora.example",), body="Grüße\n")


def test_all_revisions_of_a_draft_share_one_message_id_and_say_which_they_are() -> None:
    first = message_from_bytes(eml_of(DRAFT, sender=ANN, at=NOON, files={}), policy=SMTP)
    second = message_from_bytes(
        eml_of(DRAFT.model_copy(update={"revision": 2, "body": "Other"}), sender=ANN, at=NOON, files={}), policy=SMTP
    )

    assert first["Message-ID"] == second["Message-ID"] == message_id("d_1", ANN)
    assert (first[REVISION_HEADER], second[REVISION_HEADER]) == ("1", "2")
    assert first["Message-ID"].endswith("@aurora.example>")


def test_two_drafts_and_two_people_never_share_a_message_id() -> None:
    ids = {message_id("d_1", ANN), message_id("d_2", ANN), message_id("d_1", make_person("bob", email=ANN.email))}

    assert len(ids) == 3


def test_umlauts_and_an_attachment_survive_the_way_through_the_file() -> None:
    draft = DRAFT.model_copy(update={"attachments": (DraftAttachment(name="Übersicht.csv", file_id="f1"),)})

    read = message_from_bytes(eml_of(draft, sender=ANN, at=NOON, files={"f1": b"a;b"}), policy=SMTP)

    assert read["Subject"] == "Über die Zahlen"
    assert "Ann Müller" in read["From"]
    attachment = next(iter(read.iter_attachments()))
    assert (attachment.get_filename(), attachment.get_payload(decode=True)) == ("Übersicht.csv", b"a;b")


def test_blind_copies_stand_in_the_draft_and_never_in_what_is_sent() -> None:
    draft = DRAFT.model_copy(update={"bcc": ("eve@aurora.example",)})

    assert b"eve@" in eml_of(draft, sender=ANN, at=NOON, files={})
    assert b"eve@" not in message_of(draft, sender=ANN, at=NOON, files={}, is_unsent=False).as_bytes()


def test_only_what_is_to_be_edited_is_marked_as_unsent() -> None:
    assert b"X-Unsent: 1" in eml_of(DRAFT, sender=ANN, at=NOON, files={})
    assert message_of(DRAFT, sender=ANN, at=NOON, files={}, is_unsent=False)["X-Unsent"] is None


@pytest.mark.parametrize("subject", ["Hi\r\nBcc: eve@evil.example", "Hi\nBcc: eve@evil.example"])
def test_a_subject_with_a_line_end_makes_no_message(subject: str) -> None:
    with pytest.raises(ModelOutputInvalid):
        eml_of(DRAFT.model_copy(update={"subject": subject}), sender=ANN, at=NOON, files={})


def test_a_message_without_its_attachment_is_not_made() -> None:
    draft = DRAFT.model_copy(update={"attachments": (DraftAttachment(name="a.csv", file_id="gone"),)})

    with pytest.raises(ModelOutputInvalid):
        eml_of(draft, sender=ANN, at=NOON, files={})


@pytest.mark.parametrize(
    "change", [{"body": "Hi."}, {"subject": "Hi"}, {"to": ("eve@evil.example",)}, {"bcc": ("eve@evil.example",)}]
)
def test_the_hash_changes_with_anything_a_recipient_would_get(change: dict[str, object]) -> None:
    assert content_hash(DRAFT.model_copy(update=change)) != content_hash(DRAFT)


def test_the_hash_does_not_change_with_what_only_the_asker_sees() -> None:
    assert content_hash(DRAFT.model_copy(update={"revision": 7, "status": "saved", "tone": "firm"})) == content_hash(
        DRAFT
    )
