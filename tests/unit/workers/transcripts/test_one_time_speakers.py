"""Who speaks once is told from a word that opens a point, by what the file shows; no word is lost either way."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.transcripts.parse import parse_transcript
from workers.transcripts.transcript import Transcript

ROUND = [
    "Anna Schmidt: The budget of this year is tight.",
    "Ben Okafor: The trips cost twice as much.",
] * 12
FIRST_NAMES = [line.replace(" Schmidt", "").replace(" Okafor", "") for line in ROUND]


def read(*lines: str, among: list[str] = ROUND, at: int = 9, head: tuple[str, ...] = ()) -> Transcript:
    transcript = parse_transcript("\n".join([*head, *among[:at], *lines, *among[at:]]).encode())
    assert transcript.words_kept == transcript.words_read
    return transcript


def one_more(transcript: Transcript) -> list[str]:
    return [name for name in transcript.speakers if name not in ("Anna Schmidt", "Ben Okafor", "Anna", "Ben")]


@pytest.mark.parametrize(
    "line",
    [
        "Tom: I'm new here and will take the notes.",
        "Tom: Thanks for having me.",
        "Chloé: Yes, that works.",
        "Tom: So, I could ask the landlord.",
        "Ida: Ich schicke die Zahlen heute.",
        "Léa: Je m'en occupe.",
        "The Chair: The meeting is open.",
        "Prof. Dr. Eva Maria von Stein: The figures are right.",
        "Mr. Chris d'Entremont (West Nova, CPC): The figures are right.",
        "Hon. Mary Ng (Minister of Small Business, Export Promotion and International Trade): We are on it.",
    ],
)
def test_who_speaks_once_is_heard(line: str) -> None:
    assert one_more(read(line)) == [line.partition(":")[0]]


@pytest.mark.parametrize(
    "line",
    [
        "Note: the room is booked.",
        "Agenda: I would begin with the prices.",
        "Hamburg: two desks are free.",
        "Lanyards: we have too few of them.",
        "Kubernetes: still on the old version.",
        "Recommendation: take the cheaper one.",
        "One: I don't like the colour.",
    ],
)
def test_a_word_that_opens_a_point_stays_speech(line: str) -> None:
    transcript = read(line)

    assert one_more(transcript) == []
    assert any(line in said.text for said in transcript.utterances)


def test_a_word_the_file_writes_small_elsewhere_is_nobody_s_name() -> None:
    assert one_more(read("Lanyards: I forgot them.", "Ben Okafor: We need more lanyards.")) == []


@pytest.mark.parametrize(
    "spoken_to",
    ["Tom, can you ask the landlord?", "What do you think, Tom?", "That is all. Thanks Tom!", "Welcome, Tom."],
)
def test_who_is_spoken_to_by_name_is_somebody(spoken_to: str) -> None:
    assert one_more(read(f"Anna Schmidt: {spoken_to}", "Tom: two desks are free.", at=10)) == ["Tom"]


def test_being_talked_about_is_not_being_spoken_to() -> None:
    asked = "Anna Schmidt: We asked Hamburg, Berlin and Ulm."

    assert one_more(read(asked, "Hamburg: two desks are free.", "Ben Okafor: Good.", at=10)) == []


@pytest.mark.parametrize("name", ["Chloé Martin", "Martin", "Chloé"])
def test_an_attendee_that_the_file_lists_is_heard_by_any_part_of_the_name(name: str) -> None:
    head = ("Attendees: Anna Schmidt, Ben Okafor, Chloé Martin", "")

    assert one_more(read(f"{name}: two desks are free.", head=head)) == [name]
    assert one_more(read("Hamburg: two desks are free.", head=head)) == []


def test_who_comes_between_two_turns_of_one_person_is_a_speaker() -> None:
    between = read("Tom: two desks are free.", "Anna Schmidt: Good.", at=9)  # Anna, Tom, Anna
    chatty = [*ROUND, "Ben Okafor: The trips again."]  # a file that names people twice in a row says nothing so

    assert one_more(between) == ["Tom"]
    assert one_more(read("Tom: two desks are free.", "Anna Schmidt: Good.", among=chatty, at=9)) == []


def test_a_handle_is_heard_among_handles_alone() -> None:
    handles = [line.replace("Anna Schmidt", "anna.s").replace("Ben Okafor", "ben.o") for line in ROUND]

    assert one_more(read("tom.k: i am on my way", among=handles)) == ["anna.s", "ben.o", "tom.k"]
    assert one_more(read("ps: i am on my way", among=handles)) == ["anna.s", "ben.o"]
    assert one_more(read("tom.k: i am on my way")) == []


@pytest.mark.parametrize(("line", "found"), [("Tom: On Monday.", ["Tom"]), ("Recommendation: the cheaper one.", [])])
def test_among_first_names_one_more_is_taken_for_a_name_unless_it_is_a_noun(line: str, found: list[str]) -> None:
    assert one_more(read(line, among=FIRST_NAMES)) == found


WORDS = st.sampled_from(["Tom", "Hamburg", "Note", "Zoë", "Recommendation", "Lanyards", "The Chair", "tom.k", "Ruiz"])
SPOKEN = st.sampled_from(["I will ask.", "two desks are free.", "Tom, yes.", "thanks Zoë.", "lanyards: none."])


@given(st.lists(st.tuples(WORDS, SPOKEN), max_size=6), st.integers(1, 24))
def test_however_rare_words_are_read_none_is_lost(rare: list[tuple[str, str]], at: int) -> None:
    lines = [f"{word}: {text}" for word, text in rare]
    transcript = read(*lines, at=at)
    names = set(transcript.speakers)
    wanted = sorted(word for word, text in rare if word not in names for word in f"{word}: {text}".split())
    heard = sorted(word for said in transcript.utterances for word in said.text.split())

    assert len(heard) >= len(" ".join(ROUND).split()) - 2 * len(ROUND) + len(wanted)
