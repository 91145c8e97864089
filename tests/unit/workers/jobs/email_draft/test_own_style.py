"""With consent, how somebody begins and ends their mails is learned from what they save, and used in what follows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from assistant.mail.draft import EmailDraft
from assistant.mail.own_edits import OwnEdit, apply_edit
from assistant.manner import MailStyle, Manner
from assistant.preferences import PersonSettings
from assistant.settings import Settings
from assistant.storage.draft_store import KeptDraft, OrderAction
from assistant.storage.person_data import PersonData
from assistant.storage.preference_store import PreferenceStore
from assistant.storage.quality_store import QualityStore
from tests.unit.workers.jobs.email_draft.drafting import asked
from tests.unit.workers.jobs.email_draft.test_orders import PostOffice
from workers.jobs.email_draft.frame import frame_of
from workers.jobs.email_draft.run import run

LONG_AGO = datetime.now(UTC) - timedelta(days=1)
OWN = MailStyle(language="en", greeting="Hi {name},", sign_off="Cheers,", signature="Ada\nHead of Sales")


class Desk(PostOffice):
    """A post office whose asker has settings."""

    def __init__(self, engine: sa.Engine, settings: Settings) -> None:
        super().__init__(engine, settings)
        self.preferences = PreferenceStore(engine)

    def consent(self, since: datetime | None = LONG_AGO) -> None:
        self.preferences.save_person("T1", "ada", PersonSettings(learns_mail_style_since=since))

    def write(self, *, action: OrderAction = "save", sign_off: str = "Cheers,") -> KeptDraft:
        """Have a draft written, put the asker's own frame around it, and save or send it."""
        kept = self.ask()
        middle = kept.draft.body.split("\n\n")[1:-1]
        own = "\n\n".join(["Hi Bo,", *middle, f"{sign_off}\nAda\nHead of Sales"])
        self.store.revise(kept, apply_edit(kept.draft, OwnEdit(body=own)))
        kept = self.kept(kept.job_id)
        self.order(kept, action)
        self.work()
        return self.kept(kept.job_id)

    def learned(self) -> tuple[MailStyle, ...]:
        return self.preferences.person("T1", "ada").mail_styles


@pytest.fixture
def desk(engine: sa.Engine, settings: Settings) -> Desk:
    return Desk(engine, settings)


def drafted(text: str, *styles: MailStyle, **manner: str) -> EmailDraft:
    job, context = asked(text)
    mention = job.mention.model_copy(update={"manner": Manner(mail_styles=styles, **manner)})  # type: ignore[arg-type]
    return EmailDraft.model_validate(run(job.model_copy(update={"mention": mention}), context).result)


# ------------------------------------------------------------------ learning
def test_three_drafts_saved_or_sent_with_the_same_frame_teach_it(desk: Desk) -> None:
    desk.consent()
    desk.write()
    desk.write(action="send")
    assert desk.learned() == ()

    desk.write()
    assert desk.learned() == (OWN,)


def test_without_consent_nothing_is_learned(desk: Desk) -> None:
    desk.consent(None)
    for _ in range(3):
        desk.write()

    assert desk.learned() == ()


def test_what_was_saved_before_the_consent_does_not_count(desk: Desk) -> None:
    for _ in range(3):
        desk.write()
    desk.consent(datetime.now(UTC))
    desk.write()

    assert desk.learned() == ()


def test_a_draft_that_was_edited_and_never_saved_teaches_nothing(desk: Desk) -> None:
    desk.consent()
    for _ in range(2):
        desk.write()
    desk.write(action="discard")

    assert desk.learned() == ()


def test_drafts_that_disagree_change_nothing_but_what_they_agree_on(desk: Desk) -> None:
    desk.consent()
    for sign_off in ("Cheers,", "Later,", "Cheers,"):
        desk.write(sign_off=sign_off)

    assert desk.learned() == (OWN.model_copy(update={"sign_off": ""}),)


def test_what_was_learned_is_in_the_export_and_forgotten_with_the_person(desk: Desk) -> None:
    desk.consent()
    for action in ("save", "save", "send"):
        desk.write(action=action)
    data = PersonData(desk.engine)
    whole = data.export("T1", "ada")
    exported = whole["settings"][0]["mail_styles"]
    data.forget("T1", "ada")

    assert exported == [OWN.model_dump()]
    assert [0 < one["sent_similarity"] < 1 for one in whole["sent_drafts"]] == [True]
    assert desk.learned() == ()
    assert QualityStore(desk.engine).overview(LONG_AGO).sent_drafts == 0


# ------------------------------------------------------------------ using
def test_a_draft_stands_in_the_askers_own_frame() -> None:
    draft = drafted("Ask Bo whether the contract is signed.", OWN)

    assert draft.body.startswith("Hi Bo,\n\n")
    assert draft.body.endswith("\n\nCheers,\nAda\nHead of Sales")
    assert draft.warnings == ()


def test_figures_of_the_askers_own_signature_are_no_facts_to_check() -> None:
    signature = "Ada Lund\nHead of Sales, Heron Works\n+47 22 00 11 22, ada@firm.test\nhttps://firm.test/sales"
    draft = drafted("Ask Bo whether the contract is signed.", OWN.model_copy(update={"signature": signature}))

    assert draft.body.endswith(signature)
    assert draft.warnings == ()
    assert draft.facts == ()


def test_a_style_is_for_its_language_alone() -> None:
    draft = drafted("Bitte schreib Bo, dass der Vertrag unterschrieben ist. Auf Deutsch.", OWN)

    assert draft.language == "de"
    assert draft.body.startswith("Guten Tag Bo Sand,")
    assert draft.body.endswith("Freundliche Grüße\nAda Lund")


def test_the_words_of_the_request_win_over_what_was_learned() -> None:
    formal = drafted("Ask Bo whether the contract is signed. Make it formal.", OWN)
    signed = drafted("Ask Bo whether the contract is signed. Sign it as Team Sales. Sign off with Onwards.", OWN)

    assert formal.body.startswith("Dear Bo Sand,")
    assert formal.body.endswith("Yours sincerely,\nAda\nHead of Sales")
    assert signed.body.endswith("\n\nOnwards,\nTeam Sales")
    assert "sign" not in signed.body.split("Onwards")[0].replace("signed", "")


def test_the_usual_tone_keeps_the_learned_words_and_several_are_greeted_together() -> None:
    draft = drafted("Ask Bo and Cleo whether the contract is signed.", OWN, tone="friendly")

    assert draft.body.startswith("Hi Bo and Cleo,")


def test_a_name_set_by_hand_stands_where_no_signature_was_learned() -> None:
    job, _ = asked("Ask Bo.")
    mention = job.mention.model_copy(update={"manner": Manner(signature="A. Lund")})
    frame = frame_of(job.model_copy(update={"mention": mention}), "Ask Bo.", language="en", tone="neutral")

    assert frame.ending == "Best regards,\nA. Lund"


# ------------------------------------------------------------------ how close the draft came
def test_a_sent_draft_keeps_how_close_it_came_and_a_saved_one_does_not(desk: Desk) -> None:
    untouched = desk.ask()
    desk.order(untouched, "send")
    desk.work()
    desk.write(action="send")
    desk.write(action="save")
    figures = QualityStore(desk.engine).overview(LONG_AGO)

    assert figures.sent_drafts == 2
    assert figures.sent_untouched == 1
    assert figures.sent_similarity is not None
    assert 0.5 < figures.sent_similarity < 1
