"""What was not said is found out, and what was said raises no alarm."""

import random

import pytest

from assistant.minutes.schema import (
    ActionItem,
    Decision,
    Evidence,
    MeetingHeader,
    Minutes,
    SummaryLine,
)
from bench.meeting_spoils import MEANING_SPOILINGS, SPOILINGS
from tests.unit.workers.jobs.meeting_summary.demo_meetings import budget_round, chat
from workers.jobs.meeting_summary.extract import extract_minutes
from workers.jobs.meeting_summary.validate import Problem, repair, validate_minutes

TRANSCRIPT = budget_round()
SPENT = Evidence(id="u2", quote="The portal project has spent forty two thousand euros", speaker="Ben Okafor")
HOSTING = Evidence(id="u7", quote="we have decided to stay with Nordlicht for the hosting of the portal")


def minutes_with(**sections: object) -> Minutes:
    return Minutes(meeting=MeetingHeader(participants=("Anna Schmidt",)), **sections)  # type: ignore[arg-type]


def codes(minutes: Minutes) -> list[str]:
    return [problem.code for problem in validate_minutes(minutes, TRANSCRIPT)]


def line(text: str, *evidence: Evidence) -> Minutes:
    return minutes_with(summary=(SummaryLine(text=text, evidence=evidence or (SPENT,)),))


def test_clean_minutes_raise_no_alarm() -> None:
    for transcript in (budget_round(), chat()):
        assert validate_minutes(extract_minutes(transcript), transcript) == []


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("name", SPOILINGS)
def test_each_way_of_spoiling_minutes_is_caught(name: str, seed: int) -> None:
    spoiled = SPOILINGS[name](extract_minutes(TRANSCRIPT), TRANSCRIPT, random.Random(seed))

    if spoiled is None:
        assert name == "wrong_id"  # the demo meeting is too short for a far utterance
    else:
        problems = validate_minutes(spoiled, TRANSCRIPT)
        assert problems
        assert validate_minutes(repair(spoiled, problems), TRANSCRIPT) == []


@pytest.mark.parametrize("seed", range(4))
def test_a_flipped_negation_of_a_near_quote_is_caught(seed: int) -> None:
    spoiled = MEANING_SPOILINGS["flipped_negation"](extract_minutes(TRANSCRIPT), TRANSCRIPT, random.Random(seed))

    assert spoiled is not None
    assert "negation_flipped" in codes(spoiled)


def test_a_spoken_number_supports_a_written_one() -> None:
    assert codes(line("The portal has cost 42,000 euros so far.")) == []
    assert codes(line("The portal has cost 43,000 euros so far.")) == ["number_unsupported"]


def test_a_name_nobody_said_is_found() -> None:
    assert codes(line("The portal project has spent the money for Zorbulak.")) == ["name_unsupported"]
    assert codes(line("Zorbulak will pay for the portal project.")) == ["name_unsupported"]


def test_words_put_into_a_speakers_mouth_are_found() -> None:
    assert codes(line("Anna Schmidt: The portal project has spent forty two thousand euros.")) == ["wrong_speaker"]


def test_a_weakly_supported_line_is_marked_and_kept() -> None:
    weak = line("Everything about holidays, parking and lunch got reorganised quickly.")
    problems = validate_minutes(weak, TRANSCRIPT)
    repaired = repair(weak, problems)

    assert [problem.code for problem in problems] == ["weak_support"]
    assert len(repaired.summary) == 1
    assert [warning.code for warning in repaired.warnings] == ["weak_support"]


def test_an_owner_is_emptied_unless_the_evidence_names_them() -> None:
    task = ActionItem(task="Send the access forms.", owner="Chloé Martin", due="by Monday", evidence=(Evidence(id="u10", quote="I will send the access forms"),))  # fmt: skip # noqa: E501
    minutes = minutes_with(action_items=(task,))
    problems = validate_minutes(minutes, TRANSCRIPT)

    repaired = repair(minutes, problems).action_items[0]

    assert sorted(problem.code for problem in problems) == ["due_not_said", "owner_not_said"]
    assert (repaired.owner, repaired.due, repaired.task) == (None, None, "Send the access forms.")


def test_a_proposal_called_agreed_becomes_proposed_again() -> None:
    evidence = Evidence(id="u13", quote="Maybe we could ask the design team to review the payment page earlier")
    minutes = minutes_with(decisions=(Decision(text="The design team reviews the payment page.", status="agreed", evidence=(evidence,)),))  # fmt: skip # noqa: E501
    problems = validate_minutes(minutes, TRANSCRIPT)

    assert [problem.code for problem in problems] == ["status_overstated"]
    assert repair(minutes, problems).decisions[0].status == "proposed"


def test_a_decision_that_was_spoken_out_may_be_called_agreed() -> None:
    decided = Decision(text="The portal stays with Nordlicht.", status="agreed", evidence=(HOSTING,))

    assert codes(minutes_with(decisions=(decided,))) == []


def test_minutes_in_the_wrong_language_are_marked() -> None:
    german = "Wir haben die Preise für das Gerät mit den Kollegen aus dem Vertrieb besprochen und die Zahlen sind nicht gut."  # noqa: E501
    lines = tuple(SummaryLine(text=f"{german} {n * '.'}", evidence=(SPENT,)) for n in range(3))

    assert "wrong_language" in codes(minutes_with(summary=lines))


def test_a_problem_says_where_it_was_found() -> None:
    (problem,) = validate_minutes(line("Costs are fine.", Evidence(id="u99", quote="Costs are fine.")), TRANSCRIPT)

    assert problem == Problem(code="unknown_id", section="summary", index=0, text="there is no utterance u99")
