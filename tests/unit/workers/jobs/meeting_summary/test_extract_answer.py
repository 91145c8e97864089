"""Questions about a meeting are answered with what was said, or not at all."""

from tests.unit.workers.jobs.meeting_summary.demo_meetings import budget_round
from workers.jobs.meeting_summary.extract_answer import answer_from_meeting


def test_the_answer_is_what_the_named_person_said_about_it() -> None:
    lines = answer_from_meeting(budget_round(), "What did Ben say about Nordlicht?", budget_words=15)

    assert [line.evidence[0].id for line in lines] == ["u5"]


def test_the_answer_cites_time_and_words() -> None:
    lines = answer_from_meeting(budget_round(), "How much travel budget is left?")

    found = {item.id: item for line in lines for item in line.evidence}
    assert found["u17"].start == 235.0
    assert "3,500 euros left" in found["u17"].quote


def test_a_question_the_meeting_does_not_touch_gets_no_answer() -> None:
    assert answer_from_meeting(budget_round(), "What about quantum physics?") == []
