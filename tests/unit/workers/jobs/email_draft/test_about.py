"""An e-mail about a policy answer, or about minutes: what of it may be said is decided when the draft is written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from assistant.jobs import Claim
from assistant.knowledge.chunks import Chunk
from assistant.mail.about import ABOUT_NAME, ABOUT_TYPE, AboutAnswer
from assistant.mail.draft import EmailDraft
from assistant.mentions import Attachment
from assistant.replies import Citation
from tests.factories import make_chunk
from tests.unit.workers.jobs.email_draft.drafting import NoDocuments, asked
from workers.jobs.email_draft.compose import compose

CARRY = make_chunk("Staff may carry over five days of leave. Ask by 30 November 2026.", title="Leave policy")
PAY = make_chunk("The bonus is paid in March 2027.", title="Bonus rules", path="hr/bonus.md", allow=("hr",))


class Documents(NoDocuments):
    """Two documents, read by whoever is in one of a passage's groups."""

    def read(
        self, document_id: str, *, groups: tuple[str, ...], around_chunk: str | None = None, limit: int = 12
    ) -> Any:
        return [one for one in (CARRY, PAY) if str(one.document_id) == document_id and set(one.allow) & set(groups)]


def cited(chunk: Chunk, quote: str) -> Claim:
    citation = Citation(
        number=1,
        chunk_id=str(chunk.id),
        document_id=str(chunk.document_id),
        document=chunk.path,
        title=chunk.title,
        quote=quote,
    )
    return Claim(text=quote, citations=(citation,))


def drafted(
    folder: Path,
    *claims: Claim,
    groups: tuple[str, ...] = (),
    text: str = "Write an e-mail with this answer.",
    **options: Any,
) -> EmailDraft:
    answer = AboutAnswer(question="How much leave may I carry over?", claims=claims)
    job, context = asked(text, knowledge=Documents(), **options)
    path = folder / ABOUT_NAME
    path.write_text(answer.model_dump_json())
    file = Attachment(name=ABOUT_NAME, media_type=ABOUT_TYPE, size_bytes=1, location=f"path:{path}")
    asker = job.mention.asker.model_copy(update={"groups": groups})
    mention = job.mention.model_copy(update={"attachments": (file,), "asker": asker})
    return compose(job.model_copy(update={"mention": mention}), context).draft


def test_the_answers_quotes_stand_in_the_mail_with_their_document(tmp_path: Path) -> None:
    draft = drafted(tmp_path, cited(CARRY, "Staff may carry over five days of leave."), to=["Bo Sand"])

    assert draft.to == ("bo@firm.test",)
    assert draft.subject == "How much leave may I carry over"
    assert "Our policy “Leave policy” says:\n“Staff may carry over five days of leave.”" in draft.body
    assert draft.attachments == ()
    assert draft.question is None


def test_what_the_asker_adds_stands_beside_the_quotes(tmp_path: Path) -> None:
    words = "Tell Bo that I checked it."
    draft = drafted(tmp_path, cited(CARRY, "Ask by 30 November 2026."), text=words)

    assert draft.body.index("I checked it") < draft.body.index("Ask by 30 November 2026.")


def test_what_the_asker_cannot_read_is_left_out_and_said(tmp_path: Path) -> None:
    draft = drafted(tmp_path, cited(PAY, "The bonus is paid in March 2027."), to=["Bo Sand"])

    assert "bonus" not in draft.body
    assert [one.text for one in draft.warnings if "can't open" in one.text]


def test_words_that_the_passage_does_not_hold_are_left_out(tmp_path: Path) -> None:
    draft = drafted(tmp_path, cited(CARRY, "Staff may carry over ten days of leave."), to=["Bo Sand"])

    assert "ten days" not in draft.body


def test_a_restricted_quote_goes_to_colleagues_and_never_outside(tmp_path: Path) -> None:
    claim = cited(PAY, "The bonus is paid in March 2027.")
    inside = drafted(tmp_path, claim, groups=("hr",), to=["Bo Sand"])
    outside = drafted(tmp_path, claim, groups=("hr",), to=["eve@shop.test"])

    assert "paid in March 2027" in inside.body
    assert "paid in March 2027" not in outside.body
    assert "confidential_external" in {one.code for one in outside.warnings}


def test_minutes_become_a_follow_up_to_those_who_attended(tmp_path: Path) -> None:
    minutes = {
        "meeting": {"participants": ["Bo Sand", "Cleo Marsh"]},
        "summary": [],
        "decisions": [{"text": "We stay with the supplier."}],
        "action_items": [{"owner": "Bo Sand", "task": "ask for a new offer", "due": "4 December 2026"}],
    }
    words = "Write a follow-up with a summary and the action items to all attendees."
    files = {"minutes.json": json.dumps(minutes).encode()}
    job, context = asked(words, files=files, folder=tmp_path)
    draft = compose(job, context).draft

    assert set(draft.to) == {"bo@firm.test", "cleo@firm.test"}
    assert "ask for a new offer" in draft.body
    assert "4 December 2026" in draft.body
