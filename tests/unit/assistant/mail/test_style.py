"""How somebody begins and ends their mails is read by rules, and nothing that is not clear is learned."""

from __future__ import annotations

import pytest

from assistant.errors import RequestInvalid
from assistant.mail.draft import Language
from assistant.mail.style import changed_parts, from_shown, learn, shown, similarity, style_of
from assistant.manner import MailStyle

OWN = "Hi Bo,\n\nis the contract signed?\n\nCheers,\nAda\nHead of Sales, +47 22 00 11 22"


def read(body: str, language: Language = "en") -> tuple[str, str, str]:
    style = style_of(body, language, signer="Ada Lund")
    return style.greeting, style.sign_off, style.signature


def test_greeting_sign_off_and_signature_are_read_and_the_name_greeted_is_not_kept() -> None:
    assert read(OWN) == ("Hi {name},", "Cheers,", "Ada\nHead of Sales, +47 22 00 11 22")


@pytest.mark.parametrize(
    ("body", "language", "expected"),
    [
        ("Moin Bo,\n\nText.\n\nLiebe Grüße\nAda", "de", ("Moin {name},", "Liebe Grüße", "Ada")),
        ("Salut Bo,\n\nTexte.\n\nÀ bientôt,\n\nAda Lund", "fr", ("Salut {name},", "À bientôt,", "Ada Lund")),
        (
            "Hey Bo & Cleo!\n\nText.\n\nTalk soon\n--\nAda Lund\nSales",
            "en",
            ("Hey {name}!", "Talk soon", "Ada Lund\nSales"),
        ),
    ],
)
def test_it_is_read_in_several_languages_and_layouts(
    body: str, language: Language, expected: tuple[str, str, str]
) -> None:
    assert read(body, language) == expected


@pytest.mark.parametrize(
    "line", ["Liebe Anna,", "Lieber Bo,", "Sehr geehrte Frau Berg,", "Hallo zusammen,", "Hallo,"]
)
def test_a_greeting_that_fits_one_person_or_nobody_is_not_learned(line: str) -> None:
    assert read(f"{line}\n\nText.\n\nGrüße\nAda", "de")[0] == ""


@pytest.mark.parametrize(
    "body",
    [
        "Hi Bo,\n\nplease send it.\nAda",  # a sentence is no sign-off
        "Hi Bo,\n\n- the price\n- the day",  # nobody signs
        "Hi Bo,\n\nCheers,\n[[your name]]",  # a gap is no name
        "Hi Bo,\n\nBest regards,\nBo Sand",  # somebody else's name
        "Until 4 December\nAda",  # a figure belongs to the text
        "",
    ],
)
def test_an_ending_that_is_not_clear_is_not_learned(body: str) -> None:
    assert read(body)[1:] == ("", "")


def test_a_part_is_learned_when_the_last_three_changes_of_it_agree() -> None:
    known = MailStyle(language="en", greeting="Dear {name},")
    cheers, later = MailStyle(language="en", sign_off="Cheers,"), MailStyle(language="en", sign_off="Later,")

    assert learn(known, [cheers, cheers]).sign_off == ""
    assert learn(known, [cheers, later, cheers]).sign_off == ""
    assert learn(known, [cheers, MailStyle(language="en"), cheers, cheers, later]).sign_off == "Cheers,"
    assert learn(known, [cheers, cheers, cheers]).greeting == "Dear {name},"


def test_what_the_person_left_as_it_was_is_no_sign_of_their_style() -> None:
    written = "Hello Bo,\n\nis it signed?\n\nBest regards,\nAda Lund"
    edited = written.replace("Best regards,", "Cheers,")
    before, after = (style_of(one, "en", signer="Ada Lund") for one in (written, edited))

    assert changed_parts(before, after) == MailStyle(language="en", sign_off="Cheers,")


@pytest.mark.parametrize(
    "style",
    [
        MailStyle(language="en", greeting="Hi {name},", sign_off="Cheers,", signature="Ada\nSales"),
        MailStyle(language="en", greeting="Hi {name},"),
        MailStyle(language="en", signature="Ada"),
        MailStyle(language="en", sign_off="Cheers,"),
    ],
)
def test_a_style_is_shown_and_read_back_the_same(style: MailStyle) -> None:
    assert from_shown("en", shown(style)) == style


@pytest.mark.parametrize("text", ["Hi {name},\nCheers,\nAda", f"{'x' * 90}\n…\nCheers,"])
def test_a_style_that_cannot_be_read_is_refused_and_an_empty_text_is_none(text: str) -> None:
    with pytest.raises(RequestInvalid):
        from_shown("en", text)

    assert from_shown("en", " \n ").is_empty


def test_similarity_is_the_share_of_words_that_stayed() -> None:
    assert similarity("a b c d", "a b c d") == 1
    assert similarity("a b c d", "a b  c\nx") == 0.75
    assert similarity("a b", "x y") == 0
    assert similarity("", "") == 1
