"""Words, names and languages are compared the way people read them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.words import content_stems, stem
from workers.validation.language import guess_language
from workers.validation.text_support import addresses, comparable, proper_names


def test_forms_of_a_word_share_a_stem() -> None:
    assert len({stem(word) for word in ("decide", "decides", "decided", "deciding")}) == 1
    assert stem("button") == stem("buttons")


@given(st.text(max_size=20))
def test_a_stem_is_never_longer_than_its_word(word: str) -> None:
    assert len(stem(word)) <= len(word.lower())


def test_words_without_meaning_of_their_own_are_left_out() -> None:
    assert content_stems("We'll have to discuss the budget of the portal") == [
        stem("discuss"),
        stem("budget"),
        stem("portal"),
    ]


def test_case_marks_and_blanks_do_not_matter_to_a_comparison() -> None:
    assert comparable("Stay, with NORDLICHT!") in comparable("we stay with\nNordlicht.")


def test_names_are_capitals_inside_a_sentence_or_before_a_deed() -> None:
    assert proper_names("The plan of Anna is good. Zora will check it.") == ["Anna", "Zora"]
    assert proper_names("Pictures are new.") == []


def test_links_and_addresses_are_found_without_punctuation() -> None:
    assert addresses("See https://a.example/x, or ask a.b@c.example.") == [
        "https://a.example/x",
        "a.b@c.example",
    ]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("We have to check the price of this and the plan is not done yet.", "en"),
        ("Wir haben den Preis noch nicht geprüft und das ist auch nicht so wichtig.", "de"),
        ("Nous avons les prix et le plan est dans la liste des choses que vous avez.", "fr"),
        ("Hm.", None),
    ],
)
def test_a_language_is_told_by_its_commonest_words(text: str, language: str | None) -> None:
    assert guess_language(text) == language
