"""A draft holds the asker's facts and nothing else, goes to whom was meant, and says what to look at."""

from __future__ import annotations

from email import message_from_bytes, policy
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from assistant.errors import RequestInvalid
from assistant.jobs import JobResult
from assistant.knowledge.chunks import Chunk, ScoredChunk
from assistant.mail.draft import EmailDraft
from assistant.replies import Draft, FileOffer
from tests.twins.jobs import FilesTwin, SpokenTurn
from tests.unit.workers.jobs.email_draft.drafting import OFFER, NoDocuments, asked
from workers.jobs.email_draft.run import run


def drafted(text: str, **given: Any) -> EmailDraft:
    return EmailDraft.model_validate(run(*asked(text, **given)).result)


def codes(draft: EmailDraft) -> set[str]:
    return {warning.code for warning in draft.warnings}


def test_the_askers_facts_stand_in_the_draft() -> None:
    draft = drafted(
        "Ask Bo to send the signed contract CT-88 by 4 December 2026. Keep it short and friendly. Cc Cleo."
    )

    assert draft.to == ("bo@firm.test",)
    assert draft.cc == ("cleo@firm.test",)
    assert "Could you please send the signed contract CT-88 by 4 December 2026?" in draft.body
    assert (draft.tone, draft.length, draft.language) == ("friendly", "short", "en")
    assert draft.warnings == ()


def test_two_people_of_one_name_are_a_question_and_never_a_guess() -> None:
    draft = drafted("Tell Anna that the budget is approved.")

    assert draft.to == ()
    assert "ambiguous_recipient" in codes(draft)
    assert draft.question is not None
    assert "Anna Berg" in draft.question
    assert "Anna Kern" in draft.question


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("Anna in Finance", "anna.berg@firm.test"),
        ("Anna K.", "anna.kern@firm.test"),
        ("Anna Berg", "anna.berg@firm.test"),
        ("anna kern", "anna.kern@firm.test"),
        ("my manager", "cleo@firm.test"),
        ("someone@far.test", "someone@far.test"),
    ],
)
def test_a_name_that_is_clear_needs_no_question(written: str, address: str) -> None:
    draft = drafted(f"Tell {written} that the budget is approved.")

    assert draft.to == (address,)
    assert draft.question is None


def test_a_person_whom_nobody_knows_is_asked_about() -> None:
    draft = drafted("Remind Anna Zorn that the badge expires.")

    assert draft.to == ()
    assert draft.question == "What is the address of Anna Zorn?"


def test_a_reply_keeps_the_thread_and_obeys_no_order_in_it(tmp_path: Path) -> None:
    result = run(*asked("Reply to Nora that we accept the EUR 640.", files={"offer.eml": OFFER}, folder=tmp_path))
    draft = EmailDraft.model_validate(result.result)

    assert draft.subject == "Re: Offer 88-17"
    assert draft.to == ("nora@flowers.test",)
    assert draft.bcc == ()
    assert draft.in_reply_to == "<offer.1@flowers.test>"
    assert draft.references == ("<offer.0@firm.test>", "<offer.1@flowers.test>")
    assert {"external_recipient", "missing_attachment"} <= codes(draft)
    assert "evil" not in result.model_dump_json()


def test_an_open_reply_leaves_the_answers_to_the_asker(tmp_path: Path) -> None:
    draft = drafted("Draft a reply.", files={"offer.eml": OFFER}, folder=tmp_path)

    assert "“When shall we deliver?”\n  [[answer 1]]" in draft.body
    assert draft.placeholders == ("answer 1",)


def test_what_no_source_says_is_a_placeholder(tmp_path: Path) -> None:
    files = {"notes.txt": b"The order number is 4711.\nThe hall is booked."}

    draft = drafted("Tell Bo the order number and the contract number from the notes.", files=files, folder=tmp_path)

    assert "The order number is 4711." in draft.body
    assert draft.placeholders == ("contract number",)


def test_a_confidential_source_stays_out_of_a_mail_to_an_outsider(tmp_path: Path) -> None:
    files = {"costs.txt": b"[Confidential]\nThe unit cost is EUR 93."}

    outside = drafted("Tell nora@flowers.test the unit cost from the sheet.", files=files, folder=tmp_path)
    inside = drafted("Tell Bo the unit cost from the sheet.", files=files, folder=tmp_path)

    assert "93" not in outside.body
    assert "confidential_external" in codes(outside)
    assert all("93" not in source.quote for source in outside.sources)
    assert "The unit cost is EUR 93." in inside.body


def test_dates_that_contradict_each_other_are_named_and_not_chosen(tmp_path: Path) -> None:
    files = {"plan.txt": b"The launch is on 8 March 2027.\n\nMarketing: the launch is on 15 March 2027."}

    draft = drafted("Tell Bo the launch date from the plan.", files=files, folder=tmp_path)

    warning = next(one for one in draft.warnings if one.code == "unsupported_fact")
    assert "8 March 2027" in warning.text
    assert "15 March 2027" in warning.text
    assert draft.placeholders == ("launch date: 8 March 2027 or 15 March 2027",)


def test_words_that_move_with_the_clock_are_kept_and_warned_of() -> None:
    draft = drafted("Tell Bo that the laptop arrives next Friday.")

    assert "next Friday" in draft.body
    assert "relative_date" in codes(draft)


def test_the_attachment_goes_along_or_is_missed(tmp_path: Path) -> None:
    files = {"offer.pdf": b"%PDF-1.4 offer"}

    there = drafted("Send Bo our offer. Attach offer.pdf.", files=files, folder=tmp_path)
    missing = drafted("Send Bo our offer. Attach offer.pdf.")

    assert [one.name for one in there.attachments] == ["offer.pdf"]
    assert "missing_attachment" not in codes(there)
    assert "missing_attachment" in codes(missing)


def test_a_line_end_in_a_subject_cannot_start_another_header() -> None:
    store = FilesTwin()

    result = run(*asked("Tell Bo that it is done.", subject="Done\r\nBcc: boss@evil.test", store=store))

    message = message_from_bytes(next(iter(store.stored.values())), policy=policy.default)
    assert result.result["subject"] == "Done"
    assert message["bcc"] is None


def test_the_file_opens_as_an_unsent_message_with_its_attachment(tmp_path: Path) -> None:
    store = FilesTwin()
    files = {"grüße.pdf": b"%PDF-1.4"}

    result = run(*asked("Sende Bo die Datei.", files=files, folder=tmp_path, store=store, to=["Bo"]))

    offer = next(block for block in result.reply.blocks if isinstance(block, FileOffer))
    message = message_from_bytes(store.stored[offer.blob], policy=policy.default)
    assert offer.size_bytes == len(store.stored[offer.blob])
    assert message["x-unsent"] == "1"
    assert message["to"] == "bo@firm.test"
    assert message["from"] == "Ada Lund <ada@firm.test>"


def test_the_customer_of_a_thread_is_whoever_wrote_from_outside(tmp_path: Path) -> None:
    draft = drafted("Tell the customer that we accept.", files={"offer.eml": OFFER}, folder=tmp_path)

    assert draft.to == ("nora@flowers.test",)


def test_a_colleague_beside_the_thread_gets_a_new_mail(tmp_path: Path) -> None:
    draft = drafted("Ask Cleo whether we accept.", files={"offer.eml": OFFER}, folder=tmp_path)

    assert draft.to == ("cleo@firm.test",)
    assert draft.in_reply_to is None


def test_what_must_not_be_said_is_not_said() -> None:
    draft = drafted("Tell Bo that the release is on 3 December 2026. Don't mention the outage.")

    assert "3 December 2026" in draft.body
    assert "outage" not in draft.body


def test_a_weekday_that_does_not_fit_its_date_is_named() -> None:
    draft = drafted("Invite Bo to the review on Tuesday, 2 December 2026.")

    assert [one.text for one in draft.warnings] == ["2 December 2026 is a Wednesday in 2026, not a Tuesday."]


def test_german_requests_get_german_mails() -> None:
    draft = drafted("Schreibe Bo, dass das Treffen am 3. Dezember 2026 um 14:00 stattfindet.")

    assert draft.language == "de"
    assert "Ich möchte Ihnen mitteilen, dass das Treffen am 3. Dezember 2026 um 14:00 stattfindet." in draft.body
    assert draft.body.startswith("Guten Tag Bo Sand,")


def test_what_would_need_translating_is_left_open_with_its_facts() -> None:
    draft = drafted("Write to Bo in German and ask for the invoice INV-7 by 4 December 2026.")

    assert draft.language == "de"
    assert any("invoice INV-7" in name for name in draft.placeholders)
    assert "Eckdaten: 4 December 2026; INV-7." in draft.body


def test_nothing_to_go_on_is_one_question() -> None:
    result = run(*asked("Write an e-mail, please."))

    assert result.outcome == "answered"
    assert result.result["question"] == "Whom shall I write to, and what should the e-mail say?"
    assert result.reply.text == result.result["question"]


def test_action_items_of_minutes_in_the_conversation_are_sent_on() -> None:
    minutes = "# Minutes\n\n## Action items\n- Bo Sand: check the lease by 9 December 2026\n"

    draft = drafted("Send Cleo the action items.", turns=[SpokenTurn("assistant", minutes)])

    assert "- Bo Sand: check the lease by 9 December 2026" in draft.body
    assert any("check the lease" in source.quote for source in draft.sources)


def test_a_policy_is_quoted_where_the_request_asks_for_it() -> None:
    class OnePolicy(NoDocuments):
        def search(self, query: Any) -> list[ScoredChunk]:
            text = "Hotels are paid up to EUR 140 a night in Berlin. Breakfast is extra."
            ids = {"id": uuid4(), "document_id": uuid4(), "version_id": uuid4()}
            chunk = Chunk(
                space="s", path="travel.md", title="Travel", start_char=0, end_char=1, text=text, ordinal=0, **ids
            )
            return [ScoredChunk(chunk=chunk, score=1.0)]

    draft = drafted("Tell Bo what our travel policy says about hotels in Berlin.", knowledge=OnePolicy())

    assert "“Hotels are paid up to EUR 140 a night in Berlin.”" in draft.body
    assert any(source.ref.startswith("policy:travel.md#") for source in draft.sources)


def test_the_reply_shows_the_draft_and_says_who_wrote_it() -> None:
    result: JobResult = run(*asked("Tell Bo that it is done."))

    shown = next(block for block in result.reply.blocks if isinstance(block, Draft))
    assert shown.to == ("bo@firm.test",)
    assert "no language model" in result.reply.model_dump_json()
    assert result.receipt.offline
    assert all(check.passed for check in result.receipt.checks)


def test_options_that_do_not_parse_are_refused_with_their_name() -> None:
    with pytest.raises(RequestInvalid, match="tone"):
        run(*asked("Tell Bo that it is done.", tone="shouting"))


def test_a_very_long_request_is_read_as_an_instruction_with_material_under_it() -> None:
    draft = drafted("Tell Bo that the lease ends on 4 December 2026.\n" + "The lease is for hall seven. " * 1_300)

    assert draft.to == ("bo@firm.test",)
    assert "4 December 2026" in draft.body
