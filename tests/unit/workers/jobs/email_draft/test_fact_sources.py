"""Each fact of a draft is linked to the passage it stands in, or to the asker's own words."""

from __future__ import annotations

from pathlib import Path

from assistant.mail.draft import EmailDraft
from assistant.mail.own_edits import OwnEdit, apply_edit
from assistant.mail.shown import citations_of, fact_notes, facts_line, show_draft
from assistant.replies import Draft
from tests.unit.workers.jobs.email_draft.drafting import asked
from workers.jobs.email_draft.compose import compose

NOTES = b"""Migration notes
Cluster two follows on 3 December 2026; the owner is Bo Sand.
The storage quota of 40 TB is nearly used up.
"""


def drafted(folder: Path) -> EmailDraft:
    words = "Tell Bo the storage quota from the notes and that the call is at 15:00."
    return compose(*asked(words, files={"notes.txt": NOTES}, folder=folder)).draft


def shown(draft: EmailDraft) -> Draft:
    return next(block for block in show_draft(draft).blocks if isinstance(block, Draft))


def test_a_fact_names_its_passage_and_the_askers_own_facts_are_theirs(tmp_path: Path) -> None:
    draft = drafted(tmp_path)
    (source,) = citations_of(draft)

    assert dict(shown(draft).facts) == {"40": 1, "15:00": 0}
    assert (source.title, source.quote) == ("notes.txt", "The storage quota of 40 TB is nearly used up.")
    assert facts_line(shown(draft).facts) == "Facts: 40 [1]. In your own words: 15:00"
    assert "40: notes.txt “The storage quota of 40 TB is nearly used up.”" in fact_notes(draft).splitlines()


def test_what_an_edit_takes_out_or_adds_is_linked_to_nothing(tmp_path: Path) -> None:
    edited = apply_edit(drafted(tmp_path), OwnEdit(body="Dear Bo, we have 60 TB. The call is at 15:00."))

    assert shown(edited).facts == (("15:00", 0),)


def test_a_fact_that_stands_twice_is_linked_to_the_words_that_are_alike(tmp_path: Path) -> None:
    files = {"a.txt": b"The room has 40 chairs for the guests.", "notes.txt": NOTES}
    words = "Tell Bo the storage quota from the notes."
    draft = compose(*asked(words, files=files, folder=tmp_path)).draft

    assert [fact.quote for fact in draft.facts if fact.text == "40"] == [
        "The storage quota of 40 TB is nearly used up."
    ]
