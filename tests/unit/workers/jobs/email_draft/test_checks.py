"""The check finds every spoiled draft and leaves clean ones alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.mail.draft import EmailDraft
from bench.email_spoils import spoiled_copies
from tests.unit.workers.jobs.email_draft.drafting import OFFER, asked
from workers.jobs.email_draft.checks import Grounds, validate_draft
from workers.jobs.email_draft.compose import Composed, compose

REQUESTS = (
    "Ask Bo to send the 3 signed contracts CT-88 by 4 December 2026 for EUR 1,250.",
    "Reply to Nora that we accept the EUR 640 and that delivery is on 2 December 2026 at 10:30.",
    "Tell Cleo the order number and that 14 of 20 desks are there.",
    "Schreibe Bo, dass das Treffen am 31. Dezember 2026 um 14:00 in Raum B-214 stattfindet.",
)


@pytest.fixture(scope="module", params=REQUESTS)
def composed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Composed:
    files = {"offer.eml": OFFER} if "Nora" in request.param else {}
    return compose(*asked(request.param, files=files, folder=tmp_path_factory.mktemp("files")))


def test_a_clean_draft_raises_no_alarm(composed: Composed) -> None:
    assert list(composed.problems) == []


def test_every_spoiled_copy_is_caught(composed: Composed) -> None:
    spoiled = list(spoiled_copies(composed.draft))

    missed = [kind for kind, copy in spoiled if not validate_draft(copy, composed.grounds)]

    assert len(spoiled) >= 12
    assert missed == []


@given(st.integers(min_value=10_000, max_value=99_999_999))
def test_no_number_gets_in_that_no_source_has(number: int) -> None:
    draft = EmailDraft(id="d_1", to=("bo@firm.test",), body=f"We need {number} desks.")
    grounds = Grounds(texts=["We need 7 desks."], recipients={"bo@firm.test"})

    assert [one.check for one in validate_draft(draft, grounds)] == ["facts_supported"]


@given(st.text(max_size=40))
def test_any_text_can_be_checked(text: str) -> None:
    draft = EmailDraft(id="d_1", subject=text, body=text)

    validate_draft(draft, Grounds(texts=[text], recipients=()))


@pytest.mark.parametrize("written", ["4 December 2026", "December 4, 2026", "2026-12-04", "4.12.2026", "4. Dezember"])
def test_one_day_is_recognised_however_it_is_written(written: str) -> None:
    draft = EmailDraft(id="d_1", body=f"Please answer by {written}.")

    assert validate_draft(draft, Grounds(texts=["Answer by the 4th of December 2026."], recipients=())) == []


def test_a_number_of_something_else_is_no_ground() -> None:
    draft = EmailDraft(id="d_1", body="The lease of the garage costs 900 a month.")
    grounds = Grounds(
        texts=["Bo counted 900 screws yesterday. The lease of the garage costs 850 a month."], recipients=()
    )

    assert [one.text for one in validate_draft(draft, grounds)] == ["“900” is in no source"]
