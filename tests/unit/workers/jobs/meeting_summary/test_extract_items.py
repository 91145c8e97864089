"""Tasks, decisions and open questions are what people said they are, with owners and days only when said."""

import datetime

import pytest

from assistant.minutes.schema import Minutes
from workers.jobs.meeting_summary.extract import extract_minutes
from workers.jobs.meeting_summary.validate import validate_minutes
from workers.transcripts.transcript import Transcript, Utterance

Item = tuple[str | None, str | None, datetime.date | None]


def minutes_of(*turns: tuple[str, str]) -> Minutes:
    """Return the minutes of a talk on Thursday, 12 November 2026; they must pass their own check."""
    transcript = Transcript(
        source="plain_text",
        date=datetime.date(2026, 11, 12),
        utterances=tuple(Utterance(id=f"u{n}", speaker=who, text=text) for n, (who, text) in enumerate(turns, 1)),
    )
    minutes = extract_minutes(transcript)
    assert validate_minutes(minutes, transcript) == []
    return minutes


def day(month: int, number: int) -> datetime.date:
    return datetime.date(2026, month, number)


@pytest.mark.parametrize(
    ("turns", "item"),
    [
        ([("Dan Roe", "I'll write the offer for the harbour.")], ("Dan Roe", None, None)),
        (
            [("Dan Roe", "You'll have the offer by the first of December.")],
            ("Dan Roe", "by the first of December", day(12, 1)),
        ),
        (
            [("Eva Lund", "Dan, will you tell the harbour?"), ("Dan Roe", "Yes, I'll tell them.")],
            ("Dan Roe", None, None),
        ),
        (
            [
                ("Eva Lund", "Dan, can you ask the harbour about the crane?"),
                ("Dan Roe", "I'll ask Priya."),
                ("Dan Roe", "I'll have an answer by Tuesday, the seventeenth."),
            ],
            ("Dan Roe", "by Tuesday, the seventeenth", day(11, 17)),
        ),
        (
            [("Eva Lund", "Just tell me before Christmas, the crane gets booked."), ("Dan Roe", "Will do.")],
            ("Dan Roe", "before Christmas", None),
        ),
        (
            [("Eva Lund", "Who asks the harbour about the crane?"), ("Dan Roe", "I'll ask them.")],
            ("Dan Roe", None, None),
        ),
        (
            [
                ("Dan Roe", "I'll tell the harbour."),
                ("Eva Lund", "When?"),
                ("Dan Roe", "This week. Let me say Friday, so the thirteenth."),
            ],
            ("Dan Roe", "Friday, so the thirteenth", day(11, 13)),
        ),
        (
            [("Eva Lund", "Priya will book the crane. She needs to do that before the eleventh of December.")],
            ("Priya", "before the eleventh of December", day(12, 11)),
        ),
        (
            [
                ("Dan Roe", "And I'll get Priya to switch off the crane by the twentieth of November."),
                ("Eva Lund", "The harbour closes on the twentieth."),
                ("Dan Roe", "No, sorry. Priya switches off the crane by the nineteenth of November."),
            ],
            ("Priya", "by the nineteenth of November", day(11, 19)),
        ),
    ],
)
def test_a_task_has_the_owner_and_the_day_that_were_said(turns: list[tuple[str, str]], item: Item) -> None:
    tasks = minutes_of(*turns).action_items

    assert [(task.owner, task.due, task.due_date) for task in tasks] == [item]


@pytest.mark.parametrize(
    "turns",
    [
        [("Dan Roe", "I'll be frank, the crane is old."), ("Eva Lund", "That I can see.")],
        [("Dan Roe", "I'll show you the crane."), ("Eva Lund", "Lovely.")],
        [("Dan Roe", "If there are any cranes, I'll write about them.")],
        [("Dan Roe", "Can you hear us alright?"), ("Eva Lund", "Yes, I can.")],
        [("Dan Roe", "Could you get two more offers?"), ("Eva Lund", "No, I can't.")],
        [("Dan Roe", "We hope to meet them before Christmas, and I will take every chance that I get.")],
        [("Dan Roe", "I'll just send you the picture."), ("Eva Lund", "I see it.")],
        [("Dan Roe", "Somebody should look at the crane."), ("Eva Lund", "Somebody should.")],
    ],
)
def test_talk_about_doing_is_no_task(turns: list[tuple[str, str]]) -> None:
    assert minutes_of(*turns).action_items == ()


def test_a_promise_that_points_is_shown_with_what_it_answers() -> None:
    (task,) = minutes_of(
        ("Eva Lund", "Some captains ask for a receipt by text message. Is that possible?"),
        ("Dan Roe", "In the north yes, in the south I'm not sure."),
        ("Dan Roe", "Let me find out."),
    ).action_items

    assert task.task == "Some captains ask for a receipt by text message. Is that possible? – Let me find out."
    assert (task.owner, task.due) == ("Dan Roe", None)


@pytest.mark.parametrize(
    ("turns", "decision"),
    [
        (
            [("Eva Lund", "Okay. Decided: nine new berths in the first quarter.")],
            ("agreed", "Decided: nine new berths in the first quarter."),
        ),
        (
            [("Eva Lund", "Then that's agreed. Four thousand euros of goodwill for the crane.")],
            ("agreed", "Four thousand euros of goodwill for the crane."),
        ),
        (
            [
                ("Dan Roe", "Do we move the loading back to six in the evening?"),
                ("Eva Lund", "No. Then that's rejected. We stay with ten thirty."),
            ],
            ("rejected", "Do we move the loading back to six in the evening? – We stay with ten thirty."),
        ),
        (
            [
                ("Eva Lund", "Can we rent out the harbour crane to others?"),
                ("Dan Roe", "There are licences involved in some states."),
                ("Eva Lund", "So it's a no?"),
                ("Dan Roe", "It's a no for now."),
            ],
            ("rejected", "Can we rent out the harbour crane to others? – It's a no for now."),
        ),
        (
            [("Eva Lund", "So that one is not decided. We reserve forty thousand euros for the crane.")],
            ("proposed", "We reserve forty thousand euros for the crane."),
        ),
    ],
)
def test_a_decision_says_what_was_settled_and_how(turns: list[tuple[str, str]], decision: tuple[str, str]) -> None:
    assert [(d.status, d.text) for d in minutes_of(*turns).decisions] == [decision]


@pytest.mark.parametrize(
    "said",
    [
        "Notice is three months, so by the end of December we'd both like to know.",
        "As we already decided in spring, the old crane stays.",
        "The harbour has an offer, it's being decided inside right now.",
        "And then we agree on a date for the clean list.",
        "This year until the end of October we spent three hundred thousand euros.",
    ],
)
def test_hopes_and_figures_are_no_decisions(said: str) -> None:
    assert minutes_of(("Eva Lund", said), ("Dan Roe", "I see what you mean.")).decisions == ()


@pytest.mark.parametrize(
    "turns",
    [
        [("Eva Lund", "What I'd propose is three months of the crane, plus a credit on the invoice.")],
        [("Eva Lund", "How much would the crane bring us?"), ("Dan Roe", "About five thousand a month.")],
        [("Eva Lund", "We take the old crane, right?"), ("Dan Roe", "I don't know.")],
        [("Eva Lund", "Shall we start with the harbour crane?"), ("Dan Roe", "I'm not sure.")],
        [
            ("Eva Lund", "What does the harbour crane cost a year?"),
            ("Dan Roe", "I don't know."),
            ("Eva Lund", "Let's go on with the berths then."),
            ("Priya", "I have it here, the harbour crane is nine thousand."),
        ],
    ],
)
def test_what_was_answered_or_never_asked_is_not_open(turns: list[tuple[str, str]]) -> None:
    assert minutes_of(*turns).open_questions == ()


@pytest.mark.parametrize(
    ("turns", "text"),
    [
        (
            [
                ("Eva Lund", "What exchange rate does the harbour plan with?"),
                ("Eva Lund", "I used one dollar eight."),
                ("Dan Roe", "No idea."),
            ],
            "What exchange rate does the harbour plan with?",
        ),
        (
            [("Eva Lund", "So that stays open: the new crane in February or in May.")],
            "That stays open: the new crane in February or in May.",
        ),
        (
            [
                ("Eva Lund", "I'd rather have the crane for a whole day, with a trained driver."),
                ("Eva Lund", "Let me see. I'll leave that open."),
            ],
            "I'd rather have the crane for a whole day, with a trained driver. I'll leave that open.",
        ),
    ],
)
def test_what_nobody_knew_or_was_left_open_is_open(turns: list[tuple[str, str]], text: str) -> None:
    assert [question.text for question in minutes_of(*turns).open_questions] == [text]
