"""Minutes without a model are in the speakers' words, cited, and empty where nothing was said."""

import cProfile
import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.workers.jobs.meeting_summary.demo_meetings import budget_round, chat
from workers.jobs.meeting_summary.clean_speech import clean_speech
from workers.jobs.meeting_summary.extract import extract_minutes, summary_text
from workers.jobs.meeting_summary.validate import validate_minutes
from workers.transcripts.parse import parse_transcript
from workers.transcripts.transcript import Transcript, Utterance


def of_turns(*turns: tuple[str | None, str]) -> Transcript:
    return Transcript(
        source="plain_text",
        date=datetime.date(2026, 3, 5),
        utterances=tuple(Utterance(id=f"u{n}", speaker=who, text=text) for n, (who, text) in enumerate(turns, 1)),
    )


def test_every_line_is_a_cited_quote_of_the_meeting() -> None:
    transcript = budget_round()
    minutes = extract_minutes(transcript)

    said = {utterance.id: utterance.text for utterance in transcript.utterances}
    evidence = [item for line in minutes.summary for item in line.evidence]
    assert len(evidence) >= 5
    assert all(item.quote in said[item.id] for item in evidence)


def test_the_header_says_what_the_file_says() -> None:
    header = extract_minutes(budget_round()).meeting

    assert (header.title, header.date, header.duration_s) == ("Budget round", datetime.date(2026, 3, 5), 280)
    assert header.participants == ("Anna Schmidt", "Ben Okafor", "Chloé Martin")
    assert (header.engine, header.language) == ("extractive", "en")


def test_a_task_has_the_owner_who_took_it_and_the_day_that_was_said() -> None:
    tasks = extract_minutes(budget_round()).action_items

    assert [(task.owner, task.due, task.due_date) for task in tasks] == [
        ("Ben Okafor", "by Friday", datetime.date(2026, 3, 6)),
        ("Chloé Martin", "until the end of next week", datetime.date(2026, 3, 13)),
    ]


def test_what_the_group_settled_is_agreed() -> None:
    decisions = extract_minutes(budget_round()).decisions

    assert [(d.status, d.evidence[0].id) for d in decisions] == [("agreed", "u7")]


def test_a_question_nobody_could_answer_stays_open() -> None:
    questions = extract_minutes(budget_round()).open_questions

    assert [(q.raised_by, q.evidence[0].id) for q in questions] == [("Anna Schmidt", "u15")]


def test_a_chat_without_tasks_gets_none() -> None:
    minutes = extract_minutes(chat())

    assert minutes.action_items == minutes.decisions == minutes.open_questions == ()
    assert minutes.summary


def test_nobody_owns_a_task_that_nobody_was_named_for() -> None:
    transcript = of_turns(
        ("Speaker A", "The release notes are missing."),
        ("Speaker A", "Can you send the release notes to the customers by Friday?"),
        ("Speaker B", "The customers like the new notes."),
    )

    (task,) = extract_minutes(transcript).action_items

    assert (task.owner, task.due) == (None, "by Friday")


def test_a_transcript_without_names_says_so_and_gives_no_owner() -> None:
    transcript = of_turns((None, "I will send the release notes to all the customers by Friday."), (None, "Good."))

    minutes = extract_minutes(transcript)

    assert [task.owner for task in minutes.action_items] == [None]
    assert "no_speakers" in [warning.code for warning in minutes.warnings]


def test_minutes_in_another_language_than_asked_say_so() -> None:
    german = of_turns(
        *[("Jörg", "Wir haben die Preise für das neue Gerät mit den Kollegen aus dem Vertrieb besprochen.")] * 3
    )

    minutes = extract_minutes(german, language="en")

    assert minutes.meeting.language == "de"
    assert [warning.code for warning in minutes.warnings] == ["mixed_language"]


def test_one_utterance_is_enough_for_minutes() -> None:
    minutes = extract_minutes(of_turns(("Anna", "Hello.")))

    assert summary_text(minutes) == "Anna: Hello."


def long_meeting(words: int) -> Transcript:
    lines = [utterance.text for utterance in budget_round().utterances]
    # The numbers make each sentence its own, as in a real meeting.
    turns = [
        (
            f"Person {'ABCD'[number % 4]}na",
            f"{lines[number % len(lines)][:-1]} in part {number} of plan{number % 97}.",
        )
        for number in range(words // 14)
    ]
    return of_turns(*turns)


def test_four_times_the_talk_takes_four_times_the_steps() -> None:
    """Six hours at once, and their memory: test_run.py. Seconds are measured by the bench of meetings."""
    steps = []
    for words in (2_000, 8_000):
        transcript = long_meeting(words)
        profile = cProfile.Profile()
        profile.runcall(extract_minutes, transcript)
        steps.append(sum(one.callcount for one in profile.getstats()))

    assert steps[1] < 5 * steps[0]


WORDS = st.sampled_from(
    [
        "the",
        "we",
        "budget",
        "will",
        "you",
        "can",
        "not",
        "agreed",
        "decided",
        "Friday",
        "by",
        "send",
        "12",
        "fifty",
        "Anna",
        ",",
        ".",
        "?",
        "um",
        "I",
        "think",
        "so",
    ]
)
TALK = st.lists(st.tuples(st.sampled_from(["Anna", "Ben", None]), st.lists(WORDS, min_size=1, max_size=25).map(" ".join)), min_size=1, max_size=25)  # fmt: skip # noqa: E501


@given(TALK)
@settings(max_examples=60, deadline=None)
def test_minutes_of_any_talk_pass_their_own_validation(turns: list[tuple[str | None, str]]) -> None:
    transcript = of_turns(*turns)

    problems = validate_minutes(extract_minutes(transcript), transcript)

    assert [problem for problem in problems if not problem.is_mark] == []


def test_a_parsed_file_goes_straight_to_minutes() -> None:
    transcript = parse_transcript(
        b"WEBVTT\n\n00:01.000 --> 00:04.000\n<v Anna>We have decided to ship the portal in April.</v>\n"
    )

    minutes = extract_minutes(transcript)

    assert [(d.text, d.evidence[0].start) for d in minutes.decisions] == [
        ("We have decided to ship the portal in April.", 1.0)
    ]


@pytest.mark.parametrize(
    ("said", "line"),
    [
        ("So um, what we do, a as a first shot, is the the tram.", "What we do, as a first shot, is the tram."),
        ("The there can be a bulb here.", "There can be a bulb here."),
        ('" and then we can use this file.', "We can use this file."),
        ('She said "rounding" in the notes.', 'She said "rounding" in the notes.'),
        ("The theme is a nature walk, I think it is.", "The theme is a nature walk, I think it is."),
    ],
)
def test_what_speech_adds_is_left_out_of_lines(said: str, line: str) -> None:
    assert clean_speech(said) == line


@pytest.mark.parametrize("said", ["We decided on the red ferry,", "We decided on the red ferry so"])
def test_a_sentence_that_was_cut_off_ends_in_dots(said: str) -> None:
    transcript = Transcript(source="plain_text", utterances=(Utterance(id="u1", speaker="Dan", text=said),))

    assert [one.text for one in extract_minutes(transcript).decisions] == ["We decided on the red ferry …"]
