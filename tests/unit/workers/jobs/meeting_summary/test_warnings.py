"""What a reader should know, and what can be pressed, is said in the language of the minutes."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from assistant.mentions import Attachment
from assistant.minutes.schema import MinutesWarning
from assistant.replies import Actions, FileOffer, Notice
from tests.factories import make_job, make_mention
from tests.twins.jobs import FilesTwin, make_context
from tests.unit.workers.jobs.meeting_summary.demo_meetings import BUDGET_ROUND
from workers.jobs.meeting_summary import wording
from workers.jobs.meeting_summary.run import run
from workers.jobs.meeting_summary.wording import languages, make_warning, warning_in

BUTTONS = tomllib.loads(Path(wording.__file__).with_name("buttons.toml").read_text(encoding="utf-8"))
MOST_BUTTON_CHARS = 75  # of Slack's
SENTENCES = tomllib.loads(Path(wording.__file__).with_name("warnings.toml").read_text(encoding="utf-8"))


def braces(sentence: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", sentence))


@pytest.mark.parametrize("language", sorted(languages()))
def test_every_language_has_every_sentence_with_all_its_figures(language: str) -> None:
    english = SENTENCES["en"]
    ours = SENTENCES[language]

    assert ours.keys() == english.keys()
    assert {key: braces(text) for key, text in ours.items()} == {key: braces(text) for key, text in english.items()}
    assert language == "en" or not {text for text in ours.values() if text in english.values()}


@pytest.mark.parametrize("language", sorted(languages()))
def test_every_language_has_every_button_in_words_of_its_own(language: str) -> None:
    english, ours = BUTTONS["en"], BUTTONS[language]

    assert ours.keys() == english.keys()
    assert {key: braces(text) for key, text in ours.items()} == {key: braces(text) for key, text in english.items()}
    assert language == "en" or not {text for text in ours.values() if text in english.values()}
    assert all(text and len(text) <= MOST_BUTTON_CHARS for key, text in ours.items() if key != "forget_question")
    assert len(set(ours.values())) == len(ours)


def test_no_language_has_buttons_alone() -> None:
    assert BUTTONS.keys() == languages().keys()


@pytest.mark.parametrize("language", sorted(languages()))
def test_labels_are_complete_and_name_the_edit_button_as_it_is_called(language: str) -> None:
    words = languages()[language]

    assert words.texts.keys() == languages()["en"].texts.keys()
    assert BUTTONS[language]["edit"] in words.none_next()
    assert "{" not in words.none_next() + words.button("tickets", 3)


@pytest.mark.parametrize(
    ("request_words", "labels"),
    [
        ("minutes", ["Edit", "Confirm", "Forget", "Draft an e-mail about this"]),
        ("minutes in German", ["Bearbeiten", "Bestätigen", "Vergessen", "E-Mail dazu entwerfen"]),
        ("議事録を日本語で", ["編集", "確認", "削除", "この件のメールを下書き"]),
    ],
)
def test_buttons_are_in_the_language_of_the_minutes(tmp_path: Path, request_words: str, labels: list[str]) -> None:
    file = tmp_path / "weekly.txt"
    file.write_text(BUDGET_ROUND, encoding="utf-8")
    attached = Attachment(name=file.name, size_bytes=1, location=f"path:{file}")
    job = make_job(mention=make_mention(request_words, attachments=(attached,)), kind="meeting_summary")
    reply = run(job, make_context(files=FilesTwin())).reply

    assert [item.label for block in reply.blocks if isinstance(block, Actions) for item in block.items] == labels


def test_a_sentence_is_filled_once_whatever_stands_in_it() -> None:
    warning = make_warning("truncated", detail="{spoken} {detail} \\1")

    assert warning.text == "Not everything could be read: {spoken} {detail} \\1"
    assert warning_in(warning, "de") == "Nicht alles konnte gelesen werden: {spoken} {detail} \\1"


def test_without_a_sentence_in_the_language_it_stays_english() -> None:
    kept_before = MinutesWarning(code="truncated", text="Cut.")

    assert warning_in(kept_before, "de") == "Cut."
    assert warning_in(make_warning("weak_support", count=3), "fi").startswith("Lines that are only weakly supported")


def test_message_and_files_say_it_in_the_language_asked_for(tmp_path: Path) -> None:
    files, file = FilesTwin(), tmp_path / "weekly.txt"
    file.write_text(BUDGET_ROUND, encoding="utf-8")
    attached = Attachment(name=file.name, size_bytes=1, location=f"path:{file}")
    job = make_job(mention=make_mention("minutes in German", attachments=(attached,)), kind="meeting_summary")
    reply = run(job, make_context(files=files)).reply
    notices = [block.text for block in reply.blocks if isinstance(block, Notice)]
    offer = next(one for one in reply.blocks if isinstance(one, FileOffer) and one.name.endswith(".md"))
    sentence = "Die Besprechung wurde auf „en“ geführt; ohne Sprachmodell werden Zeilen nicht nach „de“ übersetzt."

    assert sentence in notices
    assert sentence in files.stored[offer.blob].decode()
