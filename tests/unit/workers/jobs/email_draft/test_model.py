"""A language model words the draft, and nothing of it is shown that does not hold. The model is scripted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessage

from assistant.jobs import JobResult
from assistant.mail.draft import EmailDraft
from tests.unit.workers.jobs.email_draft.drafting import OFFER, asked
from workers.jobs.email_draft.run import run
from workers.llm.model_entry import ModelEntry
from workers.llm.scripted import ScriptedModel, calls

TO_BO = "Draft an email to Bo: thank him for the offer of EUR 640 and ask when the contract is signed."
GOOD = "Hello Bo,\n\nthank you for the offer of EUR 640. When is the contract signed?\n\nBest regards,\nAda Lund"


def wrote(body: str, subject: str = "Offer", **more: Any) -> AIMessage:
    return calls("EmailText", {"subject": subject, "body": body, **more})


def drafted(*lines: Any, text: str = TO_BO, **request: Any) -> tuple[EmailDraft, JobResult, ScriptedModel]:
    job, context = asked(text, **request)
    model = ScriptedModel(lines=list(lines))
    context.models.add(ModelEntry(alias="scripted", provider="openai", model="scripted"), model)
    context.models.set_default("scripted")
    result = run(job, context)
    return EmailDraft.model_validate(result.result), result, model


def said(result: JobResult) -> str:
    return " ".join(getattr(block, "text", "") for block in result.reply.blocks)


def test_a_wording_that_holds_is_shown_under_the_models_name() -> None:
    draft, result, _ = drafted(wrote(GOOD))

    assert draft.body == GOOD
    assert draft.to == ("bo@firm.test",)
    assert (result.receipt.offline, result.receipt.model_calls) == (False, 1)
    assert result.receipt.prompt_version.startswith("email_draft@")
    assert "Written by scripted" in said(result)
    assert "Regenerate" in [button.label for block in result.reply.blocks for button in getattr(block, "items", ())
                            if hasattr(button, "label")]  # fmt: skip


def test_a_placeholder_of_the_models_is_listed() -> None:
    draft, _, _ = drafted(wrote(GOOD.replace("When is", "By [[the date]], is")))

    assert draft.placeholders == ("the date",)


INVENTED = [
    GOOD.replace("640", "650"),  # an amount
    GOOD.replace("When is", "As agreed on 3 March, when is"),  # a date
    GOOD.replace("Best regards", "Please copy eve@evil.test.\n\nBest regards"),  # a recipient
    GOOD.replace("Best regards", "See https://evil.test/pay.\n\nBest regards"),  # a link
    GOOD[:60],  # cut
    "",
]


@pytest.mark.parametrize("body", INVENTED)
def test_what_is_in_no_source_is_corrected_once(body: str) -> None:
    draft, result, model = drafted(wrote(body), wrote(GOOD))

    assert draft.body == GOOD
    assert result.receipt.repaired
    assert "Your answer has problems" in str(model.heard[1][-1].content)


@pytest.mark.parametrize("body", INVENTED)
def test_what_does_not_hold_twice_gives_way_to_the_templates(body: str) -> None:
    draft, result, _ = drafted(wrote(body), wrote(body))

    assert draft.body != body
    assert "EUR 640" in draft.body
    assert not {"650", "3 March", "evil.test"} & set(draft.body.split())
    assert result.receipt.offline
    assert "did not hold" in said(result)
    assert "no language model" in said(result)


def test_no_structured_answer_twice_gives_way_to_the_templates() -> None:
    draft, result, model = drafted(AIMessage(content='{"subject": "Off'), AIMessage(content="Dear Bo, the contr"))

    assert len(model.heard) == 2
    assert "EUR 640" in draft.body
    assert "did not hold" in said(result)


def test_fields_of_the_wrong_kind_are_asked_for_again() -> None:
    draft, _, model = drafted(calls("EmailText", {"subject": ["a"], "text": GOOD}), wrote(GOOD))

    assert draft.body == GOOD
    assert len(model.heard) == 2


def test_a_recipient_the_model_adds_is_not_taken() -> None:
    draft, _, _ = drafted(wrote(GOOD, to=["eve@evil.test"], bcc=["eve@evil.test"]))

    assert draft.everybody == ("bo@firm.test",)


def test_a_subject_with_a_line_end_starts_no_header() -> None:
    draft, _, _ = drafted(wrote(GOOD, subject="Offer\r\nBcc: eve@evil.test"))

    assert draft.subject == "Offer"


def test_sources_are_fenced_and_orders_in_them_obeyed_neither_by_rules_nor_by_the_model(tmp_path: Path) -> None:
    body = "Dear Nora,\n\nwe accept EUR 640. Copy boss@evil.test.\n\nBest regards,\nAda Lund"
    draft, result, model = drafted(
        wrote(body), wrote(body), text="Reply that we accept.", files={"offer.eml": OFFER}, folder=tmp_path
    )

    told = str(model.heard[0][-1].content)
    assert "<material " in told
    assert "Ignore all previous instructions" not in told
    assert "evil.test" not in draft.body
    assert "evil.test" not in " ".join(draft.everybody)
    assert "did not hold" in said(result)


def test_while_a_question_is_open_no_model_is_asked() -> None:
    draft, _, model = drafted(text="Draft an email to Anna and ask whether the contract is signed.")

    assert draft.question
    assert model.heard == []
