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


@pytest.mark.parametrize(
    ("turns", "decision"),
    [
        (
            [("Eva Lund", "Let's paint the crane yellow and use the small ferry."), ("Dan Roe", "Yes, that's fine.")],
            ("agreed", "Let's paint the crane yellow and use the small ferry."),
        ),
        (
            [("Eva Lund", "Let's use the small ferry for the island trips."), ("Dan Roe", "Okay.")],
            ("proposed", "Let's use the small ferry for the island trips."),
        ),
    ],
)
def test_what_others_accept_is_listed_as_far_as_it_went(
    turns: list[tuple[str, str]], decision: tuple[str, str]
) -> None:
    assert [(d.status, d.text) for d in minutes_of(*turns).decisions] == [decision]


@pytest.mark.parametrize(
    "turns",
    [
        [("Eva Lund", "Let's use the small ferry for the island trips."), ("Dan Roe", "It is in the dock.")],
        [("Eva Lund", "Let's use the small ferry for the island trips."), ("Dan Roe", "Mm-hmm.")],
        [("Eva Lund", "Let's use the small ferry for the island."), ("Dan Roe", "Yes, but it is in the dock.")],
        [("Eva Lund", "Maybe we should use the small ferry for the island."), ("Dan Roe", "Yes.")],
        [("Eva Lund", "Should we use the small ferry for the island?"), ("Dan Roe", "Yes.")],
        [("Eva Lund", "Let's use the slides of the last island meeting."), ("Dan Roe", "Okay.")],
        [("Eva Lund", "I suggest we start with the harbour ferry."), ("Dan Roe", "Okay.")],
        [("Eva Lund", "Let's keep that."), ("Dan Roe", "Yes.")],
    ],
)
def test_what_nobody_accepted_or_what_runs_the_meeting_is_no_decision(turns: list[tuple[str, str]]) -> None:
    assert minutes_of(*turns).decisions == ()


MOVED = ("Eva Lund", "I move that the harbour buy the yellow crane.")
DEBATE = [("Dan Roe", "The yellow crane lifts nine tons."), ("Priya", "The harbour has no money for it this spring.")]


@pytest.mark.parametrize(
    ("declared", "status"),
    [
        ("Those in favour? Five. The motion is carried.", "agreed"),
        ("I declare the motion carried.", "agreed"),
        ("The ayes have it.", "agreed"),
        ("In favour two, against six. The motion is defeated.", "rejected"),
        ("The noes have it.", "rejected"),
    ],
)
def test_a_vote_is_shown_with_what_was_moved_long_before(declared: str, status: str) -> None:
    decisions = minutes_of(MOVED, *DEBATE * 10, ("The Chair", declared), ("The Chair", "Next item.")).decisions

    assert [(d.status, d.text.split(" – ")[0]) for d in decisions] == [
        (status, "I move that the harbour buy the yellow crane.")
    ]
    assert decisions[0].evidence[-1].quote in declared


@pytest.mark.parametrize(
    "declared",
    [
        "If the motion is carried we buy it.",
        "Is the motion carried?",
        "Last year the motion was rejected.",
        "Thank you.",
    ],
)
def test_a_motion_without_an_outcome_settles_nothing(declared: str) -> None:
    decisions = minutes_of(MOVED, *DEBATE, ("The Chair", declared)).decisions

    assert decisions == ()


def test_each_motion_has_its_own_outcome() -> None:
    decisions = minutes_of(
        MOVED,
        ("The Chair", "The motion is carried."),
        ("Dan Roe", "I move that the old crane be sold to the museum."),
        ("The Chair", "The motion falls."),
        ("The Chair", "The amendment is agreed."),
    ).decisions

    assert [(d.status, "museum" in d.text) for d in decisions] == [("agreed", False), ("rejected", True)]


def debate_about(question: str, *, settled: str = "") -> Minutes:
    """Return the minutes of a long talk in which three people go back and forth about a question."""
    chat = [
        ("Priya", "The tram up the hill was full of tourists and their cameras."),
        ("Dan Roe", "It was sunny."),
    ] * 60
    doubts = [
        ("Dan Roe", "Maybe it would be too heavy for the old pier."),
        ("Priya", "But the island needs it, I think."),
        ("Dan Roe", "It could also be too slow in winter."),
        ("Priya", "Perhaps a small one would do."),
        ("Dan Roe", "But a small one costs nearly the same."),
        ("Eva Lund", settled or "The pier is sixty years old."),
    ]
    return minutes_of(*chat, ("Eva Lund", question), *doubts, *chat)


def test_a_choice_that_several_people_debate_is_open() -> None:
    questions = debate_about("Do we need a second ferry for the island?").open_questions

    assert [(q.raised_by, q.text) for q in questions] == [("Eva Lund", "Do we need a second ferry for the island?")]


@pytest.mark.parametrize(
    ("question", "settled"),
    [
        ("Do we need a second ferry for the island?", "Decided: one small ferry for the island."),
        ("Can we check that the translation of the ferry talk works?", ""),
        ("Was the second ferry to the island full of tourists?", ""),
    ],
)
def test_what_was_settled_or_is_no_choice_is_not_open(question: str, settled: str) -> None:
    assert debate_about(question, settled=settled).open_questions == ()


@pytest.mark.parametrize(
    ("turns", "item"),
    [
        ([("Priya", "Dan will call the harbour tomorrow.")], ("Dan", "tomorrow", day(11, 13))),
        ([("Priya", "The clerk will write to the harbour.")], (None, None, None)),
        (
            [("Priya", "The clerk will write to the harbour."), ("The Clerk", "Yes."), ("The Clerk", "Gladly.")],
            ("The Clerk", None, None),
        ),
    ],
)
def test_a_task_given_to_someone_else_or_to_an_office(turns: list[tuple[str, str]], item: Item) -> None:
    assert [(task.owner, task.due, task.due_date) for task in minutes_of(*turns).action_items] == [item]


@pytest.mark.parametrize(
    "said", ["I will ask the minister a simple question.", "I will ask this again.", "I'll call that a summary."]
)
def test_what_is_done_as_soon_as_said_is_no_task(said: str) -> None:
    assert minutes_of(("Dan Roe", said), ("Eva Lund", "Please.")).action_items == ()
