"""Cleaning takes out what speech adds and never what carries meaning."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.jobs.meeting_summary.clean_speech import clean_speech

FILLERS = ["um", "uh", "you know", "I mean", "erm", "mm"]
PLAIN = ["the price", "we sell", "Anna", "Ben", "Nordlicht", "in May", "costs", "a week", "of battery", "they said"]
NUMBERS = ["two", "two two", "5 mm", "1,250", "20 20", "four fourteen", "ten", "1 100", "double oh seven"]
NEGATIONS = ["not", "never", "no one", "don't", "nobody", "without", "cannot", "no bigger disks"]
pieces = st.lists(st.sampled_from([*FILLERS, *PLAIN, *NUMBERS, *NEGATIONS]), min_size=1, max_size=14)


def words(text: str) -> list[str]:
    return [word.lower() for word in re.findall(r"[\w'’]+", text)]


def is_subsequence(shorter: list[str], longer: list[str]) -> bool:
    rest = iter(longer)
    return all(word in rest for word in shorter)


@settings(max_examples=300, deadline=None)
@given(pieces)
def test_words_are_only_left_out(said: list[str]) -> None:
    assert is_subsequence(words(clean_speech(" ".join(said))), words(" ".join(said)))


@settings(max_examples=300, deadline=None)
@given(pieces)
def test_numbers_stay_all_of_them(said: list[str]) -> None:
    amounts = {word for phrase in NUMBERS for word in words(phrase)} - {"mm", "double"}
    text = " ".join(said)

    kept = [word for word in words(clean_speech(text)) if word in amounts]

    assert kept == [word for word in words(text) if word in amounts]


@settings(max_examples=300, deadline=None)
@given(pieces)
def test_every_name_and_negation_that_was_said_is_still_there(said: list[str]) -> None:
    told = {"anna", "ben", "nordlicht", "not", "never", "no", "nobody", "don't", "without", "cannot"}
    text = " ".join(said)

    assert set(words(clean_speech(text))) & told == set(words(text)) & told


@given(st.text(max_size=200))
def test_whatever_was_written_is_cleaned_without_error_and_cleaning_again_adds_nothing(said: str) -> None:
    once = clean_speech(said)

    assert len(words(clean_speech(once))) <= len(words(once))


@pytest.mark.parametrize(
    ("said", "line"),
    [
        ("um we we should uh I mean the the price, it it is high", "We should the price, it is high"),
        ("No, no bigger disks for now.", "No bigger disks for now."),
        ("We pay at, um, two hundred euros.", "We pay at two hundred euros."),
        ("No one came.", "No one came."),
        ("Do you know the price?", "Do you know the price?"),
        ("You know, the price is high.", "The price is high."),
        ("I'll let you know on Monday.", "I'll let you know on Monday."),
        ("What kind of battery is it?", "What kind of battery is it?"),
        ("It's kind of expensive.", "It's expensive."),
        ("The width is 5 mm and uh plan B is ready.", "The width is 5 mm and plan B is ready."),
        ("Option c is out, w we don't want it.", "Option c is out, we don't want it."),
        ("The com the commitment is the following.", "The commitment is the following."),
        (
            "We could make a like we could make a spongy remote.",
            "We could make a like we could make a spongy remote.",
        ),
        ("Could we make a could we make a red one?", "Could we make a red one?"),
        ("Call two two five.", "Call two two five."),
        ("Ann Anna said it works.", "Ann Anna said it works."),
        ("Wir treffen uns um zehn Uhr, und er sagt nichts.", "Wir treffen uns um zehn Uhr, und er sagt nichts."),
        ("We need two, or something like that.", "We need two."),
        ("Or something else that works.", "Something else that works."),
    ],
)
def test_a_line_reads_like_a_sentence(said: str, line: str) -> None:
    assert clean_speech(said) == line
