from __future__ import annotations

import pytest

from assistant.follow_ups import reads_as_follow_up


@pytest.mark.parametrize(
    "text",
    [
        "only tenant acme",
        "Just payments please",
        "what about payments?",
        "And what about the database?",
        "around 10:05",
        "What happened around 10:05 UTC?",
        "ok, since 10:40?",
        "show me only the errors of checkout",
        "between 9:15 and 9:45",
        "without the health checks",
    ],
)
def test_what_narrows_or_moves_the_question_before_is_a_follow_up(text: str) -> None:
    assert reads_as_follow_up(text)


@pytest.mark.parametrize(
    "text",
    [
        "How many days of leave can I carry over?",
        "What is the hotel limit in Milan?",
        "Since when do we have a travel policy?",
        "Who is my manager?",
        "After how many years do I get a sabbatical?",
        "inspect the logs of payments for the last hour",
        "Only managers may approve this, and I wonder whether that also holds for contractors who work abroad?",
    ],
)
def test_a_question_that_stands_alone_is_none(text: str) -> None:
    assert not reads_as_follow_up(text)
